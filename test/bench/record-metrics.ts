/**
 * What recording and counting cost, without the clock: CPU of this process and of the embedded store for each record, requests
 * for 500, and units; of records that are new, that come again, and of hours that are new or known. On any machine, however
 * busy, these say where the time goes; a second on a quiet one is as many records as the dearer of both has CPU for.
 *
 *     deno run -A --unstable-no-legacy-abort test/bench/record-metrics.ts [RECORDS]
 */
import process from "node:process";
import { startTestApp } from "../kit/app.ts";
import { cpuSeconds, findBelow } from "./processes.ts";

const RECORDS = Number(process.argv[2] ?? 3_000);
const BATCH = 500;
const HOUR = 3_600_000;
const FROM = Date.UTC(2010, 0, 1);
const RECORD = `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) {
  ... on RecordMetricsPayload { accepted duplicates receipts { status } } } }`;

const api = await startTestApp();
const store = findBelow(process.pid, "dynoxide");

async function measure(name: string, work: () => Promise<void>): Promise<void> {
  api.takeCosts();
  const [own, others] = [process.cpuUsage(), cpuSeconds(store)];
  await work();
  const { user, system } = process.cpuUsage(own);
  const costs = api.takeCosts();
  const units = (kind: string) =>
    costs.filter((cost) => cost.kind === kind).reduce((sum, cost) => sum + cost.units, 0) / RECORDS;
  const each = (micros: number) => `${Math.round(micros / RECORDS)} µs`;
  console.log(
    `${name.padEnd(42)} ${each(user + system)} of CPU, the store ${each((cpuSeconds(store) - others) * 1e6)}; ` +
      `${Math.round(RECORDS / (user + system) * 1e6)} a CPU-second; ` +
      `${units("write").toFixed(2)} write and ${units("read").toFixed(2)} read units each`,
  );
}

function send(name: string): () => Promise<void> {
  return async () => {
    for (let from = 0; from < RECORDS; from += BATCH) {
      const records = Array.from({ length: Math.min(BATCH, RECORDS - from) }, (_, i) => (
        { source: "ITEMS", recordId: `${name}${from + i}`, at: new Date(FROM + (from + i) * HOUR).toISOString() }
      ));
      const { errors } = await api.ask("bench", RECORD, { records });
      if (errors) throw new Error(errors[0]!.message);
    }
  };
}

for (const name of ["cold", "warm"]) {
  console.log(`${name}:`);
  await measure("a new record", send(name));
  await measure(`counted into ${name === "cold" ? "a new hour" : "an hour that is there"}`, api.settle);
  await measure("the record again", send(name));
}
await api.stop();
process.exit();
