import { HOUR_MS, SECOND_MS } from "../core/clock.ts";
import type { Sessions } from "../sessions/service.ts";
import { type AuditJobOptions, createAuditJob } from "./audit.ts";

/** Work that is due again and again: a name and one call into a service. Gives what it did, for the log. */
export type Job = { name: string; everyMs: number; run: () => Promise<Record<string, number>> };

/** All jobs. Each is harmless where it runs in several processes at once. */
export function createJobs(
  { sessions, sweepReviews, audit }: {
    sessions: Pick<Sessions, "sweep">;
    sweepReviews: () => Promise<Record<string, number>>;
    audit: AuditJobOptions;
  },
): Job[] {
  return [
    // Twice a minute: an idle end is known at most a minute after the timeout.
    { name: "end-idle-sessions", everyMs: 30 * SECOND_MS, run: sessions.sweep },
    { name: "save-reviews", everyMs: 30 * SECOND_MS, run: sweepReviews },
    { name: "audit-metrics", everyMs: HOUR_MS, run: createAuditJob(audit) },
  ];
}
