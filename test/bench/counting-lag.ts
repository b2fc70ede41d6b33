/**
 * From the last answer to the last count: 10,000 records with one in each hour, and with `--large` 38,000 over 35,000 hours,
 * recorded over HTTP in batches of 500 with the service as `npm start` runs it. `--batching` is METRICS_BATCHING=TASKS=1/0.
 * Who waits reads what is not complete yet, and no more: to read 10,000 hours all the time is a load of its own. Beside the
 * time stands what both processes used of the CPU, which says more on a machine with other work.
 *
 *     deno run -A --unstable-no-legacy-abort test/bench/counting-lag.ts [--large] [--batching]
 */
import { loadavg } from "node:os";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { makeTempDir } from "../kit/local.ts";
import { killTree, treeOf } from "../kit/process.ts";
import { ask, type Client } from "../proof/journeys.ts";
import { clientOf, startLocal } from "../proof/service.ts";
import { cpuSeconds } from "./processes.ts";

const HOUR = 3_600_000;
const BATCH = 500;
/** Read at once. */
const HOURS_READ = 500;
const FROM = Date.UTC(2010, 0, 1);
const RECORD = `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) {
  ... on RecordMetricsPayload { accepted } } }`;
const TOTAL = `query ($from: DateTime!, $to: DateTime!) {
  metrics(sources: [ITEMS, TASKS], size: ONE_HOUR, range: { between: { from: $from, to: $to } }) { total } }`;

const iso = (at: number) => new Date(at).toISOString();
const seconds = (ms: number) => (ms / 1_000).toFixed(1);

function totalOf({ metrics }: { metrics: readonly { total: number }[] }): number {
  return metrics.reduce((sum, { total }) => sum + total, 0);
}

/** Waits until each stretch of hours has its records, from the first. */
async function complete(client: Client, records: number, hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour += HOURS_READ) {
    const last = Math.min(hours, hour + HOURS_READ);
    const range = { from: iso(FROM + hour * HOUR), to: iso(FROM + last * HOUR) };
    const wanted = Array.from({ length: records }, (_, i) => i % hours).filter((own) => own >= hour && own < last);
    while (totalOf(await ask(client, TOTAL, range)) < wanted.length) await pause(50);
  }
}

/** Seconds of CPU that a process and those it started have used. */
function cpuOf(pid: number): number {
  return treeOf(pid).reduce((sum, own) => sum + cpuSeconds(own), 0);
}

async function measure(records: number, hours: number): Promise<void> {
  const folder = await makeTempDir();
  const batching = process.argv.includes("--batching");
  const { url, running } = await startLocal(folder.path, 0, batching ? { METRICS_BATCHING: "TASKS=1/0" } : {});
  try {
    const client = await clientOf(folder.path, url, "bench");
    const all = Array.from({ length: records }, (_, i) => (
      { source: batching ? "TASKS" : "ITEMS", recordId: `${i}`, at: iso(FROM + (i % hours) * HOUR) }
    ));
    const cpu = cpuOf(running.pid);
    const startedAt = performance.now();
    for (let from = 0; from < records; from += BATCH) {
      await ask(client, RECORD, { records: all.slice(from, from + BATCH) });
    }
    const sentAt = performance.now();
    await complete(client, records, hours);
    const sent = sentAt - startedAt;
    console.log(
      `${records} records over ${hours} hours: sent in ${seconds(sent)} s (${Math.round(records / sent * 1_000)}/s), ` +
        `complete ${seconds(performance.now() - sentAt)} s after the last answer; ` +
        `${(cpuOf(running.pid) - cpu).toFixed(1)} s of CPU, load ${loadavg()[0]!.toFixed(1)}`,
    );
  } finally {
    await killTree(running.pid);
    await folder.remove();
  }
}

await measure(10_000, 10_000);
if (process.argv.includes("--large")) await measure(38_000, 35_000);
process.exit();
