/**
 * From the moment a client sends a record to the moment a subscriber has its count, over SSE: p50 and p99 at 100 records
 * a second, with 1 and with 1,000 subscribers in one process, and where the time goes. Subscribers see totals, so the
 * nth record sent counts as delivered with the first total of n or more.
 *
 *     deno run -A --unstable-no-legacy-abort test/bench/push.ts [SECONDS] [A_SECOND]
 */
import { setTimeout as pause } from "node:timers/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { makeTempDir } from "../kit/local.ts";
import { clientOf } from "../proof/service.ts";
import { openSseClients } from "./sse-clients.ts";

const PER_SECOND = Number(process.argv[3] ?? 100);
const SECONDS = Number(process.argv[2] ?? 20);
/** The first records find cold code. */
const WARM = 2 * PER_SECOND;
const SUBSCRIBERS = [1, 1_000];

const now = () => performance.timeOrigin + performance.now();
const ROOT = new URL("../..", import.meta.url).pathname;

async function startServer(dataDir: string) {
  const args = ["run", "--quiet", "-A", "--unstable-no-legacy-abort", "test/bench/push-server.ts"];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, DATA_DIR: dataDir, PORT: "0", MAX_SUBSCRIPTIONS_PER_TOKEN: "2000" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value as string;
  const url = /listens on (\S+)/.exec(await line())![1]!;
  return {
    url: `${url}/graphql`,
    async stop(): Promise<Map<string, { seenAt: number; countedAt: number }>> {
      child.kill("SIGTERM");
      const { notes } = JSON.parse(await line()) as { notes: [string, number, number][] };
      await once(child, "exit");
      return new Map(notes.map(([id, seenAt, countedAt]) => [id, { seenAt, countedAt }]));
    },
  };
}

function summary(samples: number[]): string {
  samples.sort((a, b) => a - b);
  const at = (share: number) => (samples[Math.floor((samples.length - 1) * share)] ?? NaN).toFixed(0).padStart(5);
  const mean = samples.reduce((sum, each) => sum + each, 0) / samples.length;
  return `p50 ${at(0.5)} ms   p99 ${at(0.99)} ms   mean ${mean.toFixed(0).padStart(4)} ms`;
}

async function run(subscribers: number): Promise<void> {
  const dataDir = await makeTempDir();
  const server = await startServer(dataDir.path);
  try {
    const { token } = await clientOf(dataDir.path, server.url, "push");
    const at = new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString();
    const query = "subscription { metricBuckets(sources: [ITEMS], size: ONE_HOUR) { bucket { count start } } }";
    const total = PER_SECOND * SECONDS + WARM;
    const sentAt: number[] = [];
    const ackedAt: number[] = [];
    /** Of each subscriber, how many records it has; and of each record, when subscribers had it. */
    const has = new Uint32Array(subscribers);
    const delivered = Array.from({ length: total }, () => [] as number[]);
    let messages = 0;
    const tails: string[] = Array.from({ length: subscribers }, () => "");
    const clients = await openSseClients({
      url: server.url,
      token,
      query,
      count: subscribers,
      onData(client, text) {
        const arrivedAt = now();
        const all = tails[client]! + text;
        tails[client] = all.slice(all.lastIndexOf("\n") + 1);
        for (const [, count] of all.slice(0, all.lastIndexOf("\n") + 1).matchAll(/"count":(\d+)/g)) {
          if (Number(count) > has[client]!) messages += 1;
          for (; has[client]! < Number(count); has[client]! += 1) delivered[has[client]!]!.push(arrivedAt);
        }
      },
    });
    const startedAt = now();
    const mutation = `mutation ($id: ID!, $at: DateTime!) {
      recordMetrics(input: { records: [{ source: ITEMS, recordId: $id, at: $at }] }) { __typename } }`;
    const sends: Promise<void>[] = [];
    for (let i = 0; i < total; i++) {
      const waitMs = startedAt + i * 1_000 / PER_SECOND - now();
      if (waitMs > 0) await pause(waitMs);
      sends.push(send(i));
    }
    await Promise.all(sends);
    for (let waits = 0; has.some((count) => count < total) && waits < 100; waits++) await pause(100);
    clients.forEach(({ close }) => close());
    const stages = await server.stop();
    report();

    async function send(i: number): Promise<void> {
      sentAt[i] = now();
      const response = await fetch(server.url, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({ query: mutation, variables: { id: `r${i}`, at } }),
      });
      const text = await response.text();
      if (!text.includes("RecordMetricsPayload")) throw new Error(text.slice(0, 300));
      ackedAt[i] = now();
    }

    function report(): void {
      const measured = Array.from({ length: total - WARM }, (_, i) => WARM + i);
      const stage = (of: (i: number) => number[]) => summary(measured.flatMap(of));
      const at = (i: number) => stages.get(`r${i}`)!;
      const missing = has.reduce((sum, count) => sum + (total - count), 0);
      console.log(`${subscribers} subscribers, ${measured.length} records at ${PER_SECOND}/s, ${messages} messages:`);
      console.log(`  RECORD TO PUSH              ${stage((i) => delivered[i]!.map((each) => each - sentAt[i]!))}`);
      console.log(`  sent -> acknowledged        ${stage((i) => [ackedAt[i]! - sentAt[i]!])}`);
      console.log(`  acknowledged -> in stream   ${stage((i) => [Math.max(0, at(i).seenAt - ackedAt[i]!)])}`);
      console.log(`  in stream -> counted        ${stage((i) => [at(i).countedAt - at(i).seenAt])}`);
      console.log(`  counted -> delivered        ${stage((i) => delivered[i]!.map((each) => each - at(i).countedAt))}`);
      console.log(`  not delivered: ${missing}`);
    }
  } finally {
    await dataDir.remove();
  }
}

for (const subscribers of SUBSCRIBERS) await run(subscribers);
process.exit(0);
