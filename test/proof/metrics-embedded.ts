/**
 * Law: with three processes that serve the API and two that read the real streams of the embedded store, each of them killed with
 * -9 at random moments and started again (readers sometimes from the oldest record), every bucket of every source and size is
 * exact, where clients send again only what was not acknowledged.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/metrics-embedded.ts [RUNS] [SEED]
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { record, visit } from "../kit/journeys.ts";
import { killTree, type Running, runScript } from "../kit/process.ts";
import { mutate } from "../kit/sessions.ts";
import { createRandom, type Random, shuffled } from "./random.ts";
import { type Service, startServe } from "./service.ts";

const runs = Number(process.argv[2] ?? 20);
const seed = process.argv[3] ?? String(Date.now());
const MINUTE = 60_000;
const SIZES = { ONE_MINUTE: 1, FIVE_MINUTES: 5, FIFTEEN_MINUTES: 15, ONE_HOUR: 60 };
const RECORDED = ["ITEMS", "SCORE_RESULTS", "TASKS", "EVALUATIONS"];
const CAUGHT_UP_MS = 60_000;
const SERVERS = 3;
const MIN_KILLS = 8;
/** Between two requests of a client: long enough for kills to fall among them. */
const MAX_PAUSE_MS = 1_500;
const PATIENCE_MS = 120_000;

/** When everything happened, by source. */
type Expected = Record<string, number[]>;
type Consumer = { running: Running; positionFile: string };
type Server = Omit<Service, "endpoints">;

const counts = { runs: 0, requests: 0, written: 0, kills: 0, serversKilled: 0, sentAgain: 0, forgotten: 0, buckets: 0 };

async function startConsumer(api: TestApp, name: string): Promise<Consumer> {
  const { endpoints, dataDir, prefix } = api.system;
  const positionFile = join(dataDir, `${name}.json`);
  const running = runScript(["test/proof/metrics-consumer.ts", positionFile], {
    DATA_DIR: dataDir,
    NAME_PREFIX: prefix,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
  });
  await running.says(/reads/);
  return { running, positionFile };
}

/** Asks one of the servers, and another where it does not answer, until one does. */
function clientOf(api: TestApp, servers: readonly Server[], random: Random): TestApp {
  async function ask(tenant: string | undefined, query: string, variables: object = {}) {
    const token = await api.token(tenant!);
    for (const giveUpAt = Date.now() + PATIENCE_MS;; counts.sentAgain++) {
      try {
        const response = await fetch(servers[Math.floor(random() * servers.length)]!.url, {
          method: "POST",
          headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
          body: JSON.stringify({ query, variables }),
          signal: AbortSignal.timeout(20_000),
        });
        const answer = await response.json();
        if (response.ok && !/UNAVAILABLE|INTERNAL|RATE_LIMITED/.test(JSON.stringify(answer.errors ?? ""))) {
          return answer;
        }
      } catch {
        // It was killed, or is not there yet.
      }
      if (Date.now() > giveUpAt) throw new Error("no server takes the request");
      await pause(100);
    }
  }
  return { ...api, ask };
}

/** Requests that come in any order, some twice, and what they should give. */
function loadOf(api: TestApp, tenant: string, random: Random, now: number) {
  const below = (n: number) => Math.floor(random() * n);
  const iso = (at: number) => new Date(at).toISOString();
  const expected: Expected = { JOURNEYS: [], JOURNEY_EVENTS: [], MOTION_EVENTS: [], SESSIONS: [] };
  const requests: (() => Promise<unknown>)[] = [];
  const twice = (request: () => Promise<unknown>) =>
    requests.push(...(random() < 0.4 ? [request, request] : [request]));
  for (const source of RECORDED) {
    const records = Array.from({ length: 20 + below(150) }, (_, i) => (
      { source, recordId: `${i}`, at: iso(now - (random() < 0.8 ? below(10) : below(170)) * MINUTE - below(MINUTE)) }
    ));
    expected[source] = records.map(({ at }) => Date.parse(at));
    for (let from = 0; from < records.length;) {
      const batch = records.slice(Math.max(0, from - below(4)), from += 1 + below(30));
      twice(() => api.ask(tenant, RECORD, { records: batch }).then(failed));
    }
  }
  for (let i = 0; i < 3; i++) {
    const events = visit(`j${i}`, 1, 5 + below(40), now - (20 + below(100)) * MINUTE);
    const times = events.map(({ occurredAt }) => Date.parse(occurredAt));
    expected.JOURNEY_EVENTS!.push(...times);
    expected.JOURNEYS!.push(Math.min(...times));
    for (let from = 0; from < events.length;) {
      const batch = events.slice(Math.max(0, from - below(3)), from += 1 + below(12));
      twice(() => record(api, tenant, batch));
    }
  }
  for (let i = 0; i < 2; i++) {
    const from = now - (30 + below(60)) * MINUTE;
    const times = Array.from({ length: 3 + below(10) }, (_, n) => from + n * MINUTE);
    expected.MOTION_EVENTS!.push(...times);
    expected.SESSIONS!.push(from);
    const send = (at: number, n: number) =>
      mutate(api, tenant, "recordMotion", { sensorId: `s${i}`, seq: n, at: iso(at) });
    requests.push(async () => {
      for (const [n, at] of times.entries()) await send(at, n);
    });
  }
  return { requests: shuffled(requests, random), expected };
}

const RECORD =
  `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) { __typename } }`;
const METRICS = `query ($sources: [MetricSource!]!, $size: BucketSize!, $range: TimeRange!) {
  metrics(sources: $sources, size: $size, range: $range) { source buckets { start count } } }`;

function failed(answer: { errors?: unknown }): void {
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
}

/** What differs from the expected, in any bucket of any size. */
async function differences(api: TestApp, tenant: string, expected: Expected, now: number): Promise<string[]> {
  const range = {
    between: { from: new Date(now - 240 * MINUTE).toISOString(), to: new Date(now + MINUTE).toISOString() },
  };
  const found: string[] = [];
  for (const [size, minutes] of Object.entries(SIZES)) {
    const answer = await api.ask(tenant, METRICS, { sources: Object.keys(expected), size, range });
    failed(answer);
    for (
      const { source, buckets } of answer.data.metrics as {
        source: string;
        buckets: { start: string; count: number }[];
      }[]
    ) {
      counts.buckets += buckets.length;
      const own = Map.groupBy(expected[source]!, (at) => Math.floor(at / (minutes * MINUTE)) * minutes * MINUTE);
      const is = buckets.filter(({ count }) => count !== 0).map(({ start, count }) => [Date.parse(start), count]);
      const should = [...own].map(([start, all]) => [start, all.length]).sort(([a], [b]) => a! - b!);
      if (!isDeepStrictEqual(is, should)) {
        found.push(`${source} ${size}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`);
      }
    }
  }
  return found;
}

async function prove(api: TestApp, servers: Server[], consumers: Consumer[], name: string): Promise<void> {
  const random = createRandom(name);
  const serve = () => startServe(api.system.dataDir, api.system.endpoints, api.system.prefix);
  const now = Date.now();
  const tenant = name.replaceAll(/[^a-z0-9]/gi, "-");
  const { requests, expected } = loadOf(clientOf(api, servers, random), tenant, random, now);
  let isSent = false;
  const send = async () => {
    for (let next = requests.shift(); next; next = requests.shift()) {
      await next();
      counts.requests++;
      await pause(random() * MAX_PAUSE_MS);
    }
  };
  const kill = async () => {
    for (let i = 0; !isSent || i < MIN_KILLS; i++) {
      await pause(100 + random() * 700);
      if (random() < 0.5) {
        const own = Math.floor(random() * servers.length);
        await killTree(servers[own]!.running.pid);
        counts.serversKilled++;
        servers[own] = await serve();
        continue;
      }
      const n = random() < 0.5 ? 0 : 1;
      await killTree(consumers[n]!.running.pid);
      counts.kills++;
      if (random() < 0.4) {
        counts.forgotten++;
        await rm(consumers[n]!.positionFile, { force: true });
      }
      consumers[n] = await startConsumer(api, `consumer-${n}`);
    }
  };
  await Promise.all([Promise.all([send(), send(), send()]).then(() => isSent = true), kill()]);
  counts.written += Object.values(expected).flat().length;
  const giveUpAt = Date.now() + CAUGHT_UP_MS;
  let wrong = await differences(api, tenant, expected, now);
  while (wrong.length > 0 && Date.now() < giveUpAt) {
    await pause(200);
    wrong = await differences(api, tenant, expected, now);
  }
  if (wrong.length === 0) {
    // All of it once more, from the oldest record.
    await api.settle();
    wrong = await differences(api, tenant, expected, now);
  }
  if (wrong.length > 0) throw new Error(`DOES NOT HOLD (${name}): ${wrong.slice(0, 2).join("\n").slice(0, 2_000)}`);
  counts.runs++;
}

console.log(`${runs} runs over the embedded store, seed ${seed}`);
const startedAt = performance.now();
const api = await startTestApp();
const consumers: Consumer[] = [];
const servers: Server[] = [];
try {
  for (let i = 0; i < SERVERS; i++) {
    servers.push(await startServe(api.system.dataDir, api.system.endpoints, api.system.prefix));
  }
  for (let i = 0; i < 2; i++) consumers.push(await startConsumer(api, `consumer-${i}`));
  for (let i = 0; i < runs; i++) {
    await prove(api, servers, consumers, `${seed}-${i}`);
    console.log(`  run ${i + 1}: ${JSON.stringify(counts)}`);
  }
  console.log(`every bucket was exact (${Math.round((performance.now() - startedAt) / 1_000)} s)`);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  for (const { running } of [...consumers, ...servers]) await killTree(running.pid);
  await api.stop();
}
