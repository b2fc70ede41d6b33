import pMap from "p-map";
import type { Clock } from "../core/clock.ts";
import type { SessionLists } from "./lists.ts";
import type { Session } from "./model.ts";
import { decideSweep } from "./rules.ts";
import type { SessionStore } from "./store.ts";

export type SweepReport = { looked: number; ended: number; purged: number };

const CONCURRENCY = 16;

/**
 * Ends the sessions that had no motion for their idle timeout, looks again later at those that had, and removes for good what
 * a person deleted so long ago that it cannot be restored any more. It reads only sessions whose time has come, and each write is conditional: any number of sweepers may run, each session ends once.
 */
export function createSweep({ store, lists, purge, changed, clock }: {
  store: SessionStore;
  lists: SessionLists;
  /** Removes a deleted session with its readings; false where it is not as it was read. */
  purge: (session: Session) => Promise<boolean>;
  changed: (session: Session) => void;
  clock: Clock;
}) {
  return async function sweep(): Promise<SweepReport> {
    const report = { looked: 0, ended: 0, purged: 0 };
    for await (const sessions of lists.due(clock())) {
      await pMap(sessions, async (session) => {
        report.looked++;
        if (session.deletedAt !== undefined) {
          if (session.deletedAt + session.keepMs <= clock() && await purge(session)) report.purged++;
          return;
        }
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
