import { SECOND_MS } from "../core/clock.ts";
import { schedules, type ScheduleSpec } from "../resources.ts";
import type { Sessions } from "../sessions/service.ts";
import { type AuditJobOptions, createAuditJob, type Part } from "./audit.ts";

/** Work that is due again and again: a name and one call into a service. Gives what it did, for the log. */
export type Job = {
  name: string;
  everyMs: number;
  /** All of it, or one of several parts that are done apart. */
  run: (part?: Part) => Promise<Record<string, number>>;
};

/** All jobs. Each is harmless where it runs in several processes at once. */
export function createJobs(
  { sessions, sweepReviews, followJourneys, judgeAlerts, deliverWebhooks, compactEvents, audit, removeTenants }: {
    sessions: Pick<Sessions, "sweep">;
    sweepReviews: Job["run"];
    followJourneys: Job["run"];
    judgeAlerts: Job["run"];
    deliverWebhooks: Job["run"];
    compactEvents: Job["run"];
    audit: AuditJobOptions;
    removeTenants: () => Promise<Record<string, number>>;
  },
): Job[] {
  const runs = {
    endIdleSessions: sessions.sweep,
    saveReviews: sweepReviews,
    followJourneys,
    judgeAlerts,
    deliverWebhooks,
    compactEvents,
    auditMetrics: createAuditJob(audit),
    removeTenants,
  } satisfies Record<keyof typeof schedules, Job["run"]>;
  return Object.entries<ScheduleSpec>(schedules).map(([key, { name, everySeconds }]) => (
    { name, everyMs: everySeconds * SECOND_MS, run: runs[key as keyof typeof schedules] }
  ));
}
