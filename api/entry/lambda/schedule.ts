/** Lambda: one job a call, named by the event that EventBridge's rule was given. */
import type { Context } from "aws-lambda";
import { createScheduleFunction } from "../../domains.ts";
import { createConnections } from "../../connections.ts";
import { partOf } from "./parts.ts";
import { start, within } from "./runtime.ts";

const { jobs, log } = await start(async (config, log) => ({
  jobs: createScheduleFunction(await createConnections(config, { log })),
  log,
}));

export async function handler(
  event: { job?: unknown; part?: unknown },
  context: Context,
): Promise<Record<string, number>> {
  const job = jobs.find(({ name }) => name === event.job);
  if (!job) throw new Error(`job must be one of ${jobs.map(({ name }) => name).join(", ")}`);
  const part = partOf(job.name, event.part, Date.now() + context.getRemainingTimeInMillis());
  const did = await within(context, () => job.run(part));
  log.info("a job ran", { job: job.name, ...did });
  return did;
}
