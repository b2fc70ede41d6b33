import pMap from "p-map";
import type { Clock } from "../core/clock.ts";
import type { SessionLists } from "./lists.ts";
import type { Session } from "./model.ts";
import { decideSweep } from "./rules.ts";
import type { SessionStore } from "./store.ts";

export type SweepReport = { looked: number; ended: number };

const CONCURRENCY = 16;

/**
 * Ends the sessions that had no motion for their idle timeout, and looks again later at those that had. It reads only
 * sessions whose time has come, and each write is conditional: any number of sweepers may run, each session ends once.
 */
export function createSweep({ store, lists, changed, clock }: {
  store: SessionStore;
  lists: SessionLists;
  changed: (session: Session) => void;
  clock: Clock;
}) {
  return async function sweep(): Promise<SweepReport> {
    const report = { looked: 0, ended: 0 };
    for await (const sessions of lists.due(clock())) {
      await pMap(sessions, async (session) => {
        report.looked++;
        const next = decideSweep(session, clock());
        if (!next) return;
        // Where something came between, it is looked at again: its `checkAt` is still due.
        const written = await store.replace(next, session);
        if (!written.ok || next.status === "ACTIVE") return;
        report.ended++;
        changed(written.current);
      }, { concurrency: CONCURRENCY });
    }
    return report;
  };
}
