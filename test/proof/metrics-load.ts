/**
 * Law: a file of records that is loaded through the public API is counted in every bucket of every size as an independent
 * count of it says, and nothing is counted outside; loading it again, and in another cut, changes nothing; the audit finds
 * no difference.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/metrics-load.ts [--only commits|anonreviews] [--no-audit]
 *
 * Takes about a quarter of an hour.
 */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { existsSync } from "node:fs";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import pMap from "p-map";
import { makeTempDir } from "../kit/local.ts";
import { killTree, runScript } from "../kit/process.ts";
import { countMinutes, inBuckets, totalOf } from "./count-metrics.ts";
import { ask, type Client } from "./journeys.ts";
import { clientOf, type Service, startLocal } from "./service.ts";

const DATA = new URL("../../../shared/data/events/", import.meta.url).pathname;
const SIZES = { ONE_MINUTE: 1, FIVE_MINUTES: 5, FIFTEEN_MINUTES: 15, ONE_HOUR: 60 } as const;
type Size = keyof typeof SIZES;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** The most that a query gives. */
const BUCKETS = 1_500;
const QUERIES_AT_ONCE = 4;
/** No record can be of before that. */
const FIRST_AT = Date.UTC(1990, 0, 1);
const LOAD_TIMEOUT_MS = 3_600_000;
/** The counting has stopped where nothing was added for so long. */
const STUCK_MS = 60_000;
const POLL_MS = 2_000;

const METRICS = `query ($source: MetricSource!, $size: BucketSize!, $from: DateTime!, $to: DateTime!) {
  metrics(sources: [$source], size: $size, range: { between: { from: $from, to: $to } }) { total buckets { start count } }
}`;
const AUDIT = `mutation ($source: MetricSource!, $from: DateTime!, $to: DateTime!) {
  auditMetrics(input: { source: $source, range: { between: { from: $from, to: $to } }, repair: false }) {
    ... on AuditMetricsPayload { recordsCounted bucketsChecked differences { recounted bucket { start count } } repaired }
    ... on UserError { message }
  }
}`;

type Series = { total: number; buckets: { start: string; count: number }[] };
/** A stretch of time, in epoch milliseconds: the first instant is in it, the second is not. */
type Span = { fromAt: number; toAt: number };

const iso = (at: number) => new Date(at).toISOString();
const seconds = (ms: number) => (ms / 1_000).toFixed(1);

/** Stretches of at most so many buckets as a query gives, which make up the whole. */
function* windowsOf({ fromAt, toAt }: Span, size: Size): Generator<Span> {
  const windowMs = BUCKETS * SIZES[size] * MINUTE_MS;
  for (let at = fromAt; at < toAt; at += windowMs) yield { fromAt: at, toAt: Math.min(at + windowMs, toAt) };
}

/** One tenant's records of one source, as a client of the service sees and loads them. */
async function subjectOf(service: Service, dataDir: string, tenant: string, source: string) {
  const client: Client = await clientOf(dataDir, service.url, tenant);

  async function seriesOf(size: Size, { fromAt, toAt }: Span): Promise<Series> {
    const { metrics } = await ask(client, METRICS, { source, size, from: iso(fromAt), to: iso(toAt) });
    return metrics[0];
  }

  async function totalIn(span: Span): Promise<number> {
    const all = await pMap(windowsOf(span, "ONE_HOUR"), (own) => seriesOf("ONE_HOUR", own), {
      concurrency: QUERIES_AT_ONCE,
    });
    return all.reduce((sum, { total }) => sum + total, 0);
  }

  return {
    totalIn,

    /** Runs the loader as `npm run load` does, and gives what it says at the end. */
    async load(file: string, ...more: string[]) {
      const args = [
        "api/entry/cli/load.ts",
        "metrics",
        file,
        "--tenant",
        tenant,
        "--source",
        source,
        "--url",
        service.url,
      ];
      const from = performance.now();
      const loader = runScript([...args, ...more], { DATA_DIR: dataDir });
      try {
        const [line, ...counts] = await loader.says(
          /accepted (\d+), duplicates (\d+), rejected (\d+), .*/,
          LOAD_TIMEOUT_MS,
        );
        strictEqual(await loader.ended, 0);
        console.log(`${tenant}: ${line} (${seconds(performance.now() - from)} with reading the file twice)`);
        const [accepted, duplicates, rejected] = counts.map(Number);
        return { accepted, duplicates, rejected };
      } finally {
        await killTree(loader.pid);
      }
    },

    /** Waits until so many are counted. Throws where no more are added, or too many. */
    async settle(span: Span, expected: number): Promise<void> {
      let counted = -1;
      let grewAt = Date.now();
      for (;;) {
        const now = await totalIn(span);
        if (now > counted) grewAt = Date.now();
        counted = now;
        if (counted === expected) return;
        if (counted > expected || Date.now() - grewAt > STUCK_MS) {
          throw new Error(`${tenant}: ${counted} of ${expected} are counted, and it goes no further`);
        }
        await pause(POLL_MS);
      }
    },

    /** Every bucket of a size in a span against the expected ones; gives how many were looked at. */
    async compare(size: Size, span: Span, minutes: ReadonlyMap<number, number>): Promise<number> {
      const expected = inBuckets(minutes, SIZES[size]);
      const bucketMs = SIZES[size] * MINUTE_MS;
      const looked = await pMap(windowsOf(span, size), async ({ fromAt, toAt }) => {
        const { total, buckets } = await seriesOf(size, { fromAt, toAt });
        strictEqual(buckets.length, (toAt - fromAt) / bucketMs);
        let sum = 0;
        for (const [i, { start, count }] of buckets.entries()) {
          const at = fromAt + i * bucketMs;
          strictEqual(start, iso(at));
          if (count !== (expected.get(at) ?? 0)) {
            throw new Error(`${tenant}: ${size} ${start} has ${count}, expected ${expected.get(at) ?? 0}`);
          }
          sum += count;
        }
        strictEqual(total, sum);
        return { buckets: buckets.length, total };
      }, { concurrency: QUERIES_AT_ONCE });
      strictEqual(looked.reduce((sum, own) => sum + own.total, 0), totalOf(minutes));
      return looked.reduce((sum, own) => sum + own.buckets, 0);
    },

    async audit({ fromAt, toAt }: Span) {
      return (await ask(client, AUDIT, { source, from: iso(fromAt), to: iso(toAt) })).auditMetrics;
    },
  };
}

async function prove(service: Service, dataDir: string, name: string, source: string, isLoadedAgain: boolean) {
  const file = `${DATA}${name}.csv.gz`;
  const minutes = await countMinutes(file);
  const records = totalOf(minutes);
  let [first, last] = [Infinity, 0];
  for (const at of minutes.keys()) [first, last] = [Math.min(first, at), Math.max(last, at)];
  const span = { fromAt: first - first % HOUR_MS, toAt: last - last % HOUR_MS + HOUR_MS };
  console.log(`${name}: the independent count is ${records} records, ${iso(span.fromAt)} to ${iso(span.toAt)}`);
  const subject = await subjectOf(service, dataDir, name, source);

  const compareAll = async () => {
    for (const size of Object.keys(SIZES) as Size[]) {
      const from = performance.now();
      const buckets = await subject.compare(size, span, minutes);
      console.log(`${name}: ${buckets} buckets of ${size} are equal (${seconds(performance.now() - from)} s)`);
    }
    const everywhere = { fromAt: FIRST_AT, toAt: Date.now() - Date.now() % HOUR_MS + HOUR_MS };
    strictEqual(await subject.totalIn(everywhere), records);
    console.log(`${name}: from 1990 to now there are ${records}, so nothing is outside`);
  };

  const from = performance.now();
  deepStrictEqual(await subject.load(file), { accepted: records, duplicates: 0, rejected: 0 });
  const loadedMs = performance.now() - from;
  await subject.settle(span, records);
  const countedMs = performance.now() - from;
  const rate = (ms: number) => Math.round(records / (ms / 1_000));
  console.log(
    `${name}: kept after ${seconds(loadedMs)} s (${rate(loadedMs)} records a second), ` +
      `counted after ${seconds(countedMs)} s (${rate(countedMs)} a second)`,
  );
  await compareAll();
  if (isLoadedAgain) {
    const again = await subject.load(file, "--batch", "333", "--concurrency", "2");
    deepStrictEqual(again, { accepted: 0, duplicates: records, rejected: 0 });
    await compareAll();
    console.log(`${name}: all buckets are the same after it was loaded again and cut anew`);
  }
  if (!flags["no-audit"]) await proveAudit(subject, name, span, records);
}

async function proveAudit(
  subject: Awaited<ReturnType<typeof subjectOf>>,
  name: string,
  span: Span,
  records: number,
): Promise<void> {
  const from = performance.now();
  const { recordsCounted, bucketsChecked, differences, repaired, message } = await subject.audit(span);
  if (message) throw new Error(`${name}: the audit refuses: ${message}`);
  deepStrictEqual({ recordsCounted, differences, repaired }, { recordsCounted: records, differences: [], repaired: 0 });
  console.log(
    `${name}: auditMetrics counted ${recordsCounted} records in ${bucketsChecked} buckets, 0 differences ` +
      `(${seconds(performance.now() - from)} s)`,
  );
}

const { values: flags } = parseArgs({ options: { only: { type: "string" }, "no-audit": { type: "boolean" } } });
const isMeant = (name: string) => flags.only === undefined || flags.only === name;
if (!existsSync(`${DATA}commits.csv.gz`)) {
  console.log("skipped: there is no ../shared/data/events/commits.csv.gz");
  process.exit(0);
}
const dataDir = await makeTempDir();
const service = await startLocal(dataDir.path, 0);
try {
  if (isMeant("commits")) await prove(service, dataDir.path, "commits", "ITEMS", true);
  if (isMeant("anonreviews")) await prove(service, dataDir.path, "anonreviews", "EVALUATIONS", false);
  console.log("holds");
} catch (error) {
  console.error(`DOES NOT HOLD: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await killTree(service.running.pid);
  await dataDir.remove();
}
