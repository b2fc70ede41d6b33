import { SECOND_MS } from "../core/clock.ts";
import type { Sessions } from "../sessions/service.ts";

/** Work that is due again and again: a name and one call into a service. Gives what it did, for the log. */
export type Job = { name: string; everyMs: number; run: () => Promise<Record<string, number>> };

/** All jobs. Each is harmless where it runs in several processes at once. */
export function createJobs({ sessions }: { sessions: Pick<Sessions, "sweep"> }): Job[] {
  // Twice a minute: an idle end is known at most a minute after the timeout.
  return [{ name: "end-idle-sessions", everyMs: 30 * SECOND_MS, run: sessions.sweep }];
}
