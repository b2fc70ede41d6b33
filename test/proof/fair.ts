/**
 * Two tenants in one process that serves what `npm start` serves: one floods it with dear queries over many connections,
 * the other asks one thing after the other. Shown: the other's p99 within twice its own when it is alone. Alone and flooded
 * alternate, so that what else the machine does meets both. Ends with 1 where it is not so.
 *
 *     npm run proof:fair -- [ROUNDS] [REQUESTS] [CONNECTIONS]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { makeTempDir } from "../kit/local.ts";
import { visit } from "../kit/journeys.ts";
import { killTree } from "../kit/process.ts";
import type { Client } from "./journeys.ts";
import { clientOf, startLocal } from "./service.ts";

const ROUNDS = Number(process.argv[2] ?? 10);
const REQUESTS = Number(process.argv[3] ?? 100);
const CONNECTIONS = Number(process.argv[4] ?? 64);
const MOST = 2;
const DEAR = `{ journeys(first: 50) { nodes { sessionId startedAt outcome eventCount firstQuestion
  events(first: 20) { nodes { step type text occurredAt } } } } }`;
const ASKED = "{ journeys(first: 25) { nodes { sessionId startedAt outcome eventCount } } }";

async function ask({ url, token }: Client, query: string, variables: object = {}): Promise<number> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  const text = await response.text();
  if (response.status === 200 && text.includes('"errors"')) throw new Error(text.slice(0, 500));
  return response.status;
}

async function fill(client: Client): Promise<void> {
  const record = "mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) { __typename } }";
  for (let i = 0; i < 100; i++) {
    const events = visit(`s-${i}`, 1, 20, Date.now() - 3_600_000 - i * 1_000);
    await ask(client, record, { events });
  }
}

/** How long each of so many requests took, in milliseconds, one after the other. */
async function measure(client: Client): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    const startedAt = performance.now();
    await ask(client, ASKED);
    times.push(performance.now() - startedAt);
  }
  return times;
}

/** Asks on so many connections, without a pause, in a process of its own, until it is told to stop. */
async function floodHere(client: Client): Promise<void> {
  const answers: Record<string, number> = {};
  let isOver = false;
  process.stdin.once("data", () => isOver = true);
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    while (!isOver) {
      const status = await ask(client, DEAR);
      answers[status] = (answers[status] ?? 0) + 1;
    }
  }));
  console.log(JSON.stringify(answers));
  process.exit(0);
}

/** Such a process; `stop` gives what it was answered. */
function flood(client: Client): { stop: () => Promise<Record<string, number>> } {
  const args = ["run", "--quiet", "--unstable-no-legacy-abort", "--allow-all", import.meta.filename];
  const child = spawn(process.execPath, [...args, "0", "0", String(CONNECTIONS)], {
    env: { ...process.env, FLOOD: JSON.stringify(client) },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (data: Buffer) => said += data.toString());
  return {
    async stop() {
      const isDone = once(child, "close");
      child.stdin.end("stop");
      await isDone;
      return JSON.parse(said) as Record<string, number>;
    },
  };
}

function quantile(times: readonly number[], q: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)]!;
}

const told = process.env["FLOOD"];
if (told !== undefined) await floodHere(JSON.parse(told) as Client);

const folder = await makeTempDir();
const service = await startLocal(folder.path, 0, { RATE_TOKEN: "off", RATE_TENANT: "off" });
try {
  const [hostile, other] = [
    await clientOf(folder.path, service.url, "hostile"),
    await clientOf(folder.path, service.url, "other"),
  ];
  await Promise.all([fill(hostile), fill(other)]);
  await measure(other);
  const [alone, flooded]: [number[], number[]] = [[], []];
  const answers: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(...await measure(other));
    const { stop } = flood(hostile);
    await pause(2_000);
    flooded.push(...await measure(other));
    for (const [status, count] of Object.entries(await stop())) answers[status] = (answers[status] ?? 0) + count;
    await pause(500);
  }
  const row = (name: string, times: number[]) =>
    console.log(
      `${name.padEnd(10)} p50 ${quantile(times, 0.5).toFixed(1)} ms   p99 ${quantile(times, 0.99).toFixed(1)} ms`,
    );
  row("alone", alone);
  row("flooded", flooded);
  console.log(`hostile    ${Object.entries(answers).map(([status, count]) => `${count} times ${status}`).join(", ")}`);
  const ratio = quantile(flooded, 0.99) / quantile(alone, 0.99);
  console.log(`RATIO OF P99 ${ratio.toFixed(2)}, at most ${MOST}`);
  if (ratio > MOST) process.exitCode = 1;
} finally {
  await killTree(service.running.pid);
  await folder.remove();
}
