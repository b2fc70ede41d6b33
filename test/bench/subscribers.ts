/**
 * What subscribers cost one process that serves what `npm start` serves: the memory of idle ones, over SSE, and how many
 * messages a second it delivers to a thousand. All subscribers and the load are in this process, on the same machine.
 *
 *     deno run -A --unstable-no-legacy-abort test/bench/subscribers.ts [IDLE] [BUSY]
 */
import { execSync } from "node:child_process";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { makeTempDir } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import { clientOf, startLocal } from "../proof/service.ts";
import { cpuSeconds, memoryMegabytes } from "./processes.ts";
import { openSseClients } from "./sse-clients.ts";

const IDLE = Number(process.argv[2] ?? 10_000);
const BUSY = Number(process.argv[3] ?? 1_000);
const ROUNDS = 10;
/** Buckets that each round changes: each is a message to each subscriber. */
const BUCKETS = 100;
const ROUND_TIMEOUT_MS = 60_000;
const QUERY =
  "subscription { metricBuckets(sources: [ITEMS], size: ONE_MINUTE) { cursor bucket { start count version } } }";

const MINUTE = 60_000;

function checkFiles(): void {
  const limit = Number(execSync("ulimit -n", { encoding: "utf8" }));
  if (limit >= IDLE + 200) return;
  console.error(
    `This shell allows ${limit} open files; ${IDLE} subscribers need ${IDLE + 200}: ulimit -n ${IDLE + 200}`,
  );
  process.exit(2);
}

async function idle(url: string, token: string, pid: number): Promise<void> {
  await settle(url, token, "warm", 100);
  const before = memoryMegabytes(pid).now;
  const startedAt = performance.now();
  const clients = await openSseClients({ url, token, query: QUERY, count: IDLE, onData: () => {} });
  const seconds = (performance.now() - startedAt) / 1_000;
  await pause(5_000);
  const after = memoryMegabytes(pid).now;
  const cpu = cpuSeconds(pid);
  await pause(10_000);
  const idleCpu = (cpuSeconds(pid) - cpu) / 10;
  console.log(
    `${IDLE} idle subscribers, each after its first two hours of buckets (opened in ${seconds.toFixed(0)} s):`,
  );
  console.log(
    `  MEMORY EACH ${((after - before) * 1_024 / IDLE).toFixed(1)} KB (${before} MB before, ${after} MB after)`,
  );
  console.log(`  processor while nothing happens: ${(idleCpu * 100).toFixed(1)} % of a core`);
  clients.forEach(({ close }) => close());
  await pause(5_000);
  console.log(`  after all of them left: ${memoryMegabytes(pid).now} MB`);
}

async function busy(url: string, token: string, pid: number): Promise<void> {
  let received = 0;
  const clients = await openSseClients({
    url,
    token,
    query: QUERY,
    count: BUSY,
    onData: (_, text) => {
      for (let at = text.indexOf("event: next"); at >= 0; at = text.indexOf("event: next", at + 1)) received += 1;
    },
  });
  await pause(3_000);
  const cpu = cpuSeconds(pid);
  let seconds = 0;
  let expected = 0;
  const from = received;
  for (let round = 0; round < ROUNDS; round++) {
    const firstOf = received;
    let firstAt = 0;
    await record(url, token, `round${round}`);
    expected += BUCKETS * BUSY;
    const startedAt = performance.now();
    while (received - from < expected) {
      if (firstAt === 0 && received > firstOf) firstAt = performance.now();
      if (performance.now() - startedAt > ROUND_TIMEOUT_MS) throw new Error(`Got ${received - from} of ${expected}.`);
      await pause(1);
    }
    seconds += (performance.now() - firstAt) / 1_000;
  }
  const used = cpuSeconds(pid) - cpu;
  console.log(`${BUSY} subscribers, ${ROUNDS} times ${BUCKETS} buckets that change at once:`);
  console.log(
    `  DELIVERED ${Math.round(expected / seconds)} messages a second (${expected} in ${seconds.toFixed(1)} s), ` +
      `${Math.round(expected / used)} to a processor second of the API, with storing and counting`,
  );
  clients.forEach(({ close }) => close());
}

/** Opens and closes some, so that code is warm and memory is taken that is taken once. */
async function settle(url: string, token: string, name: string, count: number): Promise<void> {
  await record(url, token, name);
  const clients = await openSseClients({ url, token, query: QUERY, count, onData: () => {} });
  clients.forEach(({ close }) => close());
  await pause(3_000);
}

/** One record in each of the last minutes. */
async function record(url: string, token: string, name: string): Promise<void> {
  const records = Array.from({ length: BUCKETS }, (_, i) => ({
    source: "ITEMS",
    recordId: `${name}-${i}`,
    at: new Date(Date.now() - (i + 1) * MINUTE).toISOString(),
  }));
  const query =
    `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) { __typename } }`;
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables: { records } }),
  });
  const text = await response.text();
  if (!text.includes("RecordMetricsPayload")) throw new Error(text.slice(0, 300));
}

checkFiles();
const dataDir = await makeTempDir();
// All of them come with one token.
const host = await startLocal(dataDir.path, 0, {
  MAX_SUBSCRIPTIONS_PER_TOKEN: "100000",
  MAX_SUBSCRIPTIONS_PER_TENANT: "100000",
});
try {
  const { url, token } = await clientOf(dataDir.path, host.url, "bench");
  if (IDLE > 0) await idle(url, token, host.running.pid);
  if (BUSY > 0) await busy(url, token, host.running.pid);
} finally {
  await killTree(host.running.pid);
  await dataDir.remove();
}
process.exit(0);
