/**
 * Gives requests, units and time for each record counted, with 1,000, 10,000 and 100,000 records in the last two hours,
 * beside the design that this one replaces, which counts all of them anew at each trigger, on the same store.
 *
 *     deno run -A --unstable-no-legacy-abort test/bench/recount.ts [RECORDS ...]
 *
 * A trigger is a stream batch of 10 records, in both designs. Ours runs all of them; the other one a few when the window is
 * full. What it costs to keep the records is the same in both and shown on its own. About three minutes.
 */
import { strictEqual } from "node:assert/strict";
import process from "node:process";
import { type Cost, createDynamo } from "../../api/aws/dynamo.ts";
import { createStreams, type StreamRecord } from "../../api/aws/streams.ts";
import { fullName, tables } from "../../api/resources.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { createRecount } from "./recount-baseline.ts";

const TRIGGER = 10;
const BATCH = 500;
const READ = 1_000;
const MINUTE_MS = 60_000;
const WINDOW_MS = 120 * MINUTE_MS;
/** Not at the start of an hour: the window touches three hours. */
const NOW = Date.UTC(2026, 5, 1, 12, 30);
/** Triggers of the baseline that are run, by the records in the window. */
const samplesFor = (count: number) => Math.max(3, Math.min(20, Math.round(50_000 / count)));

type Figures = { seconds: number; requests: number; readUnits: number; writeUnits: number };
const NAMES = ["requests", "readUnits", "writeUnits", "seconds"] as const;

const RECORD = `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) {
  ... on RecordMetricsPayload { accepted }
} }`;
const METRICS = `query ($from: DateTime!, $to: DateTime!) {
  metrics(sources: [ITEMS], size: ONE_MINUTE, range: { between: { from: $from, to: $to } }) { total }
}`;

/** What `run` cost, by what `takeCosts` says, for each of `count` records. */
async function costEach(count: number, takeCosts: () => Cost[], run: () => Promise<void>): Promise<Figures> {
  takeCosts();
  const from = performance.now();
  await run();
  const seconds = (performance.now() - from) / 1_000;
  const costs = takeCosts();
  const sum = (kind: Cost["kind"]) =>
    costs.filter((cost) => cost.kind === kind).reduce((all, own) => all + own.units, 0);
  return {
    seconds: seconds / count,
    requests: costs.length / count,
    readUnits: sum("read") / count,
    writeUnits: sum("write") / count,
  };
}

/** Records over the two hours before NOW, nearly in the order of their times, through the API. */
async function keep(api: TestApp, tenant: string, count: number): Promise<void> {
  const at = (i: number) => new Date(NOW - WINDOW_MS + Math.floor(((i + 1) / count) * WINDOW_MS)).toISOString();
  for (let from = 0; from < count; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => from + i);
    const records = numbers.map((i) => ({ source: "ITEMS", recordId: `item-${i}`, at: at(i) }));
    const { data } = await api.ask(tenant, RECORD, { records });
    strictEqual(data.recordMetrics.accepted, records.length);
  }
}

/** Reads on in the records' stream where it stopped the time before. */
function createReader(api: TestApp) {
  const { clients, prefix } = api.system;
  const streams = createStreams(clients.dynamodb, clients.streams);
  let last: string | undefined;

  return async function readAll(): Promise<StreamRecord[]> {
    const arn = (await streams.arnOf(fullName(prefix, tables.records)))!;
    const [shard] = await streams.shardsOf(arn);
    const { id } = shard!;
    let iterator = await streams.iterate(arn, id, last);
    const all: StreamRecord[] = [];
    while (iterator) {
      const { records, next } = await streams.read(id, iterator, READ);
      if (records.length === 0) break;
      all.push(...records);
      iterator = next;
    }
    last = all.at(-1)?.sequence ?? last;
    return all;
  };
}

/** Counts them as the stream's consumer does, a trigger after the other. */
async function count(api: TestApp, records: readonly StreamRecord[]): Promise<void> {
  for (let from = 0; from < records.length; from += TRIGGER) {
    await api.app.ingestStream("records", records.slice(from, from + TRIGGER));
  }
}

async function countedIn(api: TestApp, tenant: string): Promise<number> {
  const iso = (at: number) => new Date(at).toISOString();
  const { data } = await api.ask(tenant, METRICS, { from: iso(NOW - WINDOW_MS), to: iso(NOW + MINUTE_MS) });
  return data.metrics[0].total;
}

const format = (figures: Figures) =>
  `${figures.requests.toFixed(3)} requests, ${figures.writeUnits.toFixed(3)} write units, ` +
  `${figures.readUnits.toFixed(3)} read units, ${(figures.seconds * 1_000).toFixed(3)} ms`;

/** How many times as much the first is. */
function ratios(a: Figures, b: Figures): string {
  const of = (name: (typeof NAMES)[number]) =>
    b[name] === 0
      ? `${name} ${a[name] === 0 ? "0 to 0" : `${a[name].toFixed(1)} to 0`}`
      : `${name} ${(a[name] / b[name]).toFixed(2)}`;
  return NAMES.map(of).join(", ");
}

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000, 10_000, 100_000];
const api = await startTestApp({ clock: () => NOW });
try {
  const costs: Cost[] = [];
  const { clients, prefix } = api.system;
  const recount = createRecount(createDynamo(clients.dynamodb, { onCost: (cost) => costs.push(cost) }), {
    records: fullName(prefix, tables.records),
    buckets: fullName(prefix, tables.buckets),
  });
  const read = createReader(api);
  const warm = async () => {
    await keep(api, "warm", 2_000);
    await count(api, await read());
    for (let i = 0; i < 20; i++) await recount("warm", NOW);
  };
  await warm();

  console.log(`Each line is for one record; a trigger is ${TRIGGER} records.`);
  const ours: Figures[] = [];
  for (const records of sizes) {
    const tenant = `window-${records}`;
    const kept = await costEach(records, api.takeCosts, () => keep(api, tenant, records));
    const stream = await read();
    strictEqual(stream.length, records);
    const mine = await costEach(records, api.takeCosts, () => count(api, stream));
    strictEqual(await countedIn(api, tenant), records);
    const samples = samplesFor(records);
    const other = await costEach(samples * TRIGGER, () => costs.splice(0), async () => {
      for (let i = 0; i < samples; i++) strictEqual(await recount(tenant, NOW), records);
    });
    ours.push(mine);
    console.log(`${records} records in the window`);
    console.log(`  keeping them, in either design: ${format(kept)}`);
    console.log(`  OURS, all ${Math.ceil(records / TRIGGER)} triggers: ${format(mine)}`);
    console.log(`  RECOUNT, ${samples} triggers of a full window: ${format(other)}`);
    console.log(`  RECOUNT a trigger: ${(other.seconds * TRIGGER).toFixed(3)} s`);
    console.log(`  RECOUNT beside OURS: ${ratios(other, mine)}`);
  }
  console.log(`OURS with ${sizes.at(-1)} beside ${sizes[0]}: ${ratios(ours.at(-1)!, ours[0]!)}`);
} finally {
  await api.stop();
}
