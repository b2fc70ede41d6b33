/**
 * Law: a subscriber of metric buckets that is cut at random moments, 200 times, while records are counted, and goes on
 * with its last cursor in one of two processes (of which each is killed and started again once), has at the end what the
 * store has. No version goes back, and none comes twice. With Redis between the processes where this machine has one.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/metric-cuts.ts [SEED]
 */
import { deepStrictEqual, ok } from "node:assert/strict";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { startTestApp } from "../kit/app.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import { hasRedis, startTestRedis } from "../kit/redis.ts";
import { createRandom, type Random } from "./random.ts";
import { clientOf, startServe } from "./service.ts";

const CUTS = 200;
const MAX_STRETCH_MS = 500;
const MINUTE = 60_000;
const TENANT = "cuts";
const SOURCES = ["ITEMS", "TASKS"];
/** Records lie in so many of the last minutes: fewer than the window has, so that none leaves it meanwhile. */
const MINUTES = 100;
const SUBSCRIBE = `subscription ($sources: [MetricSource!]!, $after: String) {
  metricBuckets(sources: $sources, size: ONE_MINUTE, after: $after) { cursor bucket { source start count version } } }`;
const METRICS = `query ($sources: [MetricSource!]!, $range: TimeRange!) {
  metrics(sources: $sources, size: ONE_MINUTE, range: $range) { buckets { source start count version } } }`;

type Bucket = { source: string; start: string; count: number; version: string };
type Update = { cursor: string; bucket: Bucket };

const seed = process.argv[2] ?? String(Date.now());
const random = createRandom(seed);

/** Takes what comes for so long, then hangs up; whatever came whole was received. */
async function take(url: string, token: string, after: string | undefined, ms: number, onUpdate: (u: Update) => void) {
  const cut = new AbortController();
  const isCut = new Promise<undefined>((resolve) => cut.signal.addEventListener("abort", () => resolve(undefined)));
  const timer = setTimeout(() => cut.abort(), ms);
  try {
    const response = await Promise.race([isCut, subscribe(url, token, after, cut.signal)]);
    const reader = response?.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const part = await Promise.race([isCut, reader?.read()]);
      if (!part || part.done) return;
      const events = (text + part.value).split("\n\n");
      text = events.pop()!;
      for (const event of events) {
        const data = /^data: (\{.+)$/m.exec(event)?.[1];
        if (!data) continue;
        const result = JSON.parse(data) as { data?: { metricBuckets: Update }; errors?: unknown };
        ok(result.data, `an error in the stream: ${data}`);
        onUpdate(result.data.metricBuckets);
      }
    }
  } catch (error) {
    if (!cut.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    cut.abort();
  }
}

function subscribe(url: string, token: string, after: string | undefined, signal: AbortSignal): Promise<Response> {
  const answer = fetch(url, {
    method: "POST",
    signal,
    headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: SUBSCRIBE, variables: { sources: SOURCES, after } }),
  });
  // Where it is cut before it answers, nobody waits for it any more.
  answer.catch(() => {});
  return answer;
}

/** Records in random minutes, a few at a time, until it is stopped. */
function startLoad(app: Awaited<ReturnType<typeof startTestApp>>, own: Random) {
  let isStopped = false;
  let count = 0;
  const ended = (async () => {
    while (!isStopped) {
      const records = Array.from({ length: 1 + Math.floor(own() * 5) }, () => ({
        source: SOURCES[Math.floor(own() * SOURCES.length)],
        recordId: `r${count++}`,
        at: new Date(Date.now() - own() * MINUTES * MINUTE).toISOString(),
      }));
      await app.ask(
        TENANT,
        "mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) { __typename } }",
        { records },
      );
      await app.settle();
      await pause(own() * 40);
    }
  })();
  return async () => {
    isStopped = true;
    await ended;
    await app.settle();
    return count;
  };
}

async function prove(system: TestSystem, servers: Awaited<ReturnType<typeof startServe>>[]): Promise<void> {
  const serve = () => startServe(system.dataDir, system.endpoints, system.prefix);
  for (let i = 0; i < 2; i++) servers.push(await serve());
  const counting = await startTestApp({ system, env: redisUrl ? { REDIS_URL: redisUrl } : {} });
  const { token } = await clientOf(system.dataDir, servers[0]!.url, TENANT);
  const seen = new Map<string, Bucket>();
  let after: string | undefined;
  let messages = 0;
  const onUpdate = ({ cursor, bucket }: Update) => {
    const key = `${bucket.source} ${bucket.start}`;
    const before = seen.get(key);
    // Without a cursor the window comes as it is, once more.
    const isNewer = before === undefined || bucket.version > before.version ||
      (after === undefined && bucket.version === before.version);
    ok(isNewer, `${key} of version ${bucket.version} came after ${before?.version}`);
    seen.set(key, bucket);
    after = cursor;
    messages += 1;
  };
  const stopLoad = startLoad(counting, createRandom(`${seed} load`));
  for (let cut = 0; cut < CUTS; cut++) {
    const own = Math.floor(random() * servers.length);
    await take(servers[own]!.url, token, after, random() * MAX_STRETCH_MS, onUpdate);
    if (cut % 50 === 49) console.log(`  ${cut + 1} cuts, ${messages} messages`);
    if (cut === CUTS / 4 || cut === CUTS / 2) {
      const dying = cut === CUTS / 4 ? 0 : 1;
      await killTree(servers[dying]!.running.pid);
      servers[dying] = await serve();
    }
  }
  const records = await stopLoad();
  await take(servers[0]!.url, token, after, 3_000, onUpdate);
  const now = Date.now();
  const between = { from: new Date(now - (MINUTES + 15) * MINUTE).toISOString(), to: new Date(now).toISOString() };
  const answer = await counting.ask(TENANT, METRICS, { sources: SOURCES, range: { between } });
  const stored = (answer.data.metrics as { buckets: Bucket[] }[]).flatMap(({ buckets }) => buckets);
  const counted = stored.filter(({ count }) => count > 0);
  deepStrictEqual(counted.map(({ source, start }) => seen.get(`${source} ${start}`)), counted);
  const total = [...seen.values()].reduce((sum, { count }) => sum + count, 0);
  deepStrictEqual(total, records, "all records are in the buckets received");
  console.log(`  ${CUTS} cuts, ${records} records, ${messages} messages, ${counted.length} buckets equal the store's`);
  await counting.stop();
}

const redis = hasRedis ? await startTestRedis() : undefined;
const redisUrl = redis?.url;
// What this starts inherits it.
if (redisUrl) process.env["REDIS_URL"] = redisUrl;
console.log(`seed ${seed}: two processes, ${redis ? "with Redis" : "without Redis (there is none here)"}`);
const system = await startTestSystem();
const servers: Awaited<ReturnType<typeof startServe>>[] = [];
const startedAt = performance.now();
try {
  await prove(system, servers);
  console.log(`holds (${Math.round((performance.now() - startedAt) / 1_000)} s)`);
} catch (error) {
  console.error(`DOES NOT HOLD (seed ${seed}): ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  for (const server of servers) await killTree(server.running.pid);
  await system.stop();
  await redis?.kill();
}
process.exit();
