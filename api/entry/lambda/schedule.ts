/** Lambda: one job a call, named by the event that EventBridge's rule was given. */
import type { Context } from "aws-lambda";
import { createScheduleFunction } from "../../domains.ts";
import { createConnections } from "../../connections.ts";
import { schedules, type ScheduleSpec } from "../../resources.ts";
import { start, within } from "./runtime.ts";

const { jobs, log } = await start(async (config, log) => ({
  jobs: createScheduleFunction(await createConnections(config, { log })),
  log,
}));

/** So long before the function's end a part begins nothing more: what is under way comes to its end. */
const ENDING_MS = 60_000;

/** Which part of a job that is done in parts; undefined stands for all of it. */
function partOf(name: string, index: unknown, leftMs: number) {
  if (index === undefined) return undefined;
  const { parts: of = 1 } = Object.values<ScheduleSpec>(schedules).find((spec) => spec.name === name) ?? {};
  if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= of) {
    throw new Error(`part must be a whole number from 0 to ${of - 1}`);
  }
  return { index, of, untilAt: Date.now() + leftMs - ENDING_MS };
}

export async function handler(
  event: { job?: unknown; part?: unknown },
  context: Context,
): Promise<Record<string, number>> {
  const job = jobs.find(({ name }) => name === event.job);
  if (!job) throw new Error(`job must be one of ${jobs.map(({ name }) => name).join(", ")}`);
  const part = partOf(job.name, event.part, context.getRemainingTimeInMillis());
  const did = await within(context, () => job.run(part));
  log.info("a job ran", { job: job.name, ...did });
  return did;
}
