/** Lambda: one job a call, named by the event that EventBridge's rule was given. */
import type { Context } from "aws-lambda";
import { createJobs } from "../../jobs/jobs.ts";
import {
  createBase,
  createJourneyParts,
  createMetricParts,
  createReviewParts,
  createSessionParts,
} from "../../parts.ts";
import { start, within } from "./runtime.ts";

const { jobs, log } = await start(async (config, log) => {
  const base = await createBase(config, { log });
  const sessions = createSessionParts(base);
  const { audit, store, audited } = createMetricParts(base, createJourneyParts(base), sessions);
  return {
    log,
    jobs: createJobs({
      sessions: sessions.sessions,
      sweepReviews: createReviewParts(base).sweep,
      // What it finds is in the log, where the alarm looks.
      audit: { audit, store, sources: audited, clock: base.clock, log, raise: () => {} },
    }),
  };
});

export async function handler(event: { job?: unknown }, context: Context): Promise<Record<string, number>> {
  const job = jobs.find(({ name }) => name === event.job);
  if (!job) throw new Error(`job must be one of ${jobs.map(({ name }) => name).join(", ")}`);
  const did = await within(context, job.run);
  log.info("a job ran", { job: job.name, ...did });
  return did;
}
