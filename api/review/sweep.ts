import pMap from "p-map";
import type { Clock } from "../core/clock.ts";
import { decideSweep, ended } from "./lease.ts";
import type { Lease, Person } from "./model.ts";
import type { Saver } from "./save.ts";
import type { LeaseStore } from "./store.ts";

const CONCURRENCY = 4;

/**
 * Ends sessions that nobody touched for too long, and writes the files of those that are over: whoever served them may be
 * gone. Gives how many it ended and saved. What fails is found again by the next run.
 */
export function createReviewSweep(
  { store, saver, clock, changed }: {
    store: LeaseStore;
    saver: Saver;
    clock: Clock;
    changed: (lease: Lease) => void;
  },
) {
  return async function sweep(): Promise<{ ended: number; saved: number; failed: number }> {
    const sums = { ended: 0, saved: 0, failed: 0 };
    for await (const people of store.listDue(clock())) {
      await pMap(people, async (person) => {
        try {
          await settle(person, sums);
        } catch {
          sums.failed += 1;
        }
      }, { concurrency: CONCURRENCY });
    }
    return sums;
  };

  async function settle(person: Person, sums: { ended: number; saved: number }): Promise<void> {
    let lease = await store.find(person);
    while (lease) {
      const decision = decideSweep(lease, clock());
      if (decision.kind === "save") {
        await saver.finish(lease);
        sums.saved += 1;
        return;
      }
      // It ended with nothing left to write.
      if (decision.kind === "done" && lease.checkAt === undefined) return void await saver.finish(lease);
      const next: Lease = decision.kind === "end"
        ? ended(lease, "EXPIRED", clock())
        : { ...lease, checkAt: decision.kind === "wait" ? decision.until : undefined };
      const written = await store.replace(next, lease);
      lease = written.current;
      if (!written.ok) continue;
      if (decision.kind !== "end") return;
      sums.ended += 1;
      changed(lease);
    }
  }
}
