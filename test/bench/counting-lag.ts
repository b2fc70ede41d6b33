/**
 * From the last answer to the last count: 10,000 records with one in each hour, and with `--large` 38,000 over 35,000 hours,
 * recorded over HTTP in batches of 500 with the service as `npm start` runs it.
 *
 *     deno run -A --unstable-no-legacy-abort test/bench/counting-lag.ts [--large]
 */
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { makeTempDir } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import { ask, type Client } from "../proof/journeys.ts";
import { clientOf, startLocal } from "../proof/service.ts";

const HOUR = 3_600_000;
const BATCH = 500;
const MAX_BUCKETS = 1_400;
const FROM = Date.UTC(2010, 0, 1);
const RECORD = `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) {
  ... on RecordMetricsPayload { accepted } } }`;
const TOTAL = `query ($from: DateTime!, $to: DateTime!) {
  metrics(sources: [ITEMS], size: ONE_HOUR, range: { between: { from: $from, to: $to } }) { total } }`;

const iso = (at: number) => new Date(at).toISOString();
const seconds = (ms: number) => (ms / 1_000).toFixed(1);

async function totalOf(client: Client, hours: number): Promise<number> {
  let total = 0;
  for (let hour = 0; hour < hours; hour += MAX_BUCKETS) {
    const to = FROM + Math.min(hours, hour + MAX_BUCKETS) * HOUR;
    total += (await ask(client, TOTAL, { from: iso(FROM + hour * HOUR), to: iso(to) })).metrics[0].total;
  }
  return total;
}

async function measure(records: number, hours: number): Promise<void> {
  const folder = await makeTempDir();
  const { url, running } = await startLocal(folder.path, 0);
  try {
    const client = await clientOf(folder.path, url, "bench");
    const all = Array.from({ length: records }, (_, i) => (
      { source: "ITEMS", recordId: `${i}`, at: iso(FROM + (i % hours) * HOUR) }
    ));
    const startedAt = performance.now();
    for (let from = 0; from < records; from += BATCH) {
      await ask(client, RECORD, { records: all.slice(from, from + BATCH) });
    }
    const sentAt = performance.now();
    while (await totalOf(client, hours) < records) await pause(50);
    const sent = sentAt - startedAt;
    console.log(
      `${records} records over ${hours} hours: sent in ${seconds(sent)} s (${Math.round(records / sent * 1_000)}/s), ` +
        `complete ${seconds(performance.now() - sentAt)} s after the last answer`,
    );
  } finally {
    await killTree(running.pid);
    await folder.remove();
  }
}

await measure(10_000, 10_000);
if (process.argv.includes("--large")) await measure(38_000, 35_000);
process.exit();
