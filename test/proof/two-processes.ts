/**
 * Law: two API processes on one store, fed with the same load at once, count each event once. Each gets its own cut of
 * the file; the second's batches overlap besides, so that two fifths of its events come twice. Once both go through
 * the file abreast, where they meet in the same journeys all the time, and once each in a random order of its own.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/two-processes.ts [SEED]
 */
import { strictEqual } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import process from "node:process";
import type { LoadedEvent } from "../../api/local/load/events.ts";
import { readNasa } from "../../api/local/load/nasa.ts";
import { sendEvents } from "../../api/local/load/send.ts";
import { startTestSystem } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import {
  backfillDryRun,
  type Client,
  dataFile,
  differences,
  eventsIn,
  expectedJourneys,
  readJourneys,
} from "./journeys.ts";
import { createRandom, shuffled } from "./random.ts";
import { clientOf, startServe } from "./service.ts";

const FROM = "1995-08-01T00:00:00Z";
const TO = "1995-08-02T00:00:00Z";

const seed = process.argv[2] ?? String(Date.now());
const file = dataFile("nasa_19950801.tsv");
const events = [...readNasa((await readFile(file, "utf8")).split("\n"))];
const expected = await expectedJourneys(file);
const random = createRandom(seed);

type Order = <T>(values: readonly T[]) => readonly T[];
const orders: Record<string, Order> = {
  abreast: (values) => values,
  shuffled: (values) => shuffled(values, random),
};

/** Batches of `size` events that begin every `step` events. */
function cut(size: number, step: number, order: Order): LoadedEvent[][] {
  const batches = [];
  for (let from = 0; from < events.length; from += step) batches.push([...order(events.slice(from, from + size))]);
  // Short batches at the end of the file go last, so that the others stay as they were cut.
  return [...order(batches)].sort((a, b) => b.length - a.length);
}

async function send(client: Client, batches: LoadedEvent[][]) {
  const sent = batches.flat();
  const totals = await sendEvents({
    ...client,
    events: sent,
    batchSize: batches[0]!.length,
    concurrency: 4,
    patienceMs: 60_000,
  });
  console.log(`  sent ${sent.length}: accepted ${totals.accepted}, duplicates ${totals.duplicates}`);
  strictEqual(totals.rejected, 0);
  return totals.accepted;
}

async function proveOrder(name: string, order: Order, clients: Client[]): Promise<void> {
  console.log(`${name}:`);
  const [first, second] = clients as [Client, Client];
  const accepted = await Promise.all([send(first, cut(50, 50, order)), send(second, cut(70, 50, order))]);
  strictEqual(accepted[0] + accepted[1], events.length, "accepted by both together");
  for (const client of clients) {
    const found = await readJourneys(client, FROM, TO);
    console.log(`  GraphQL shows ${found.size} journeys, ${eventsIn(found)} events`);
    strictEqual(differences(expected, found).join("; "), "");
  }
  const rebuilt = await backfillDryRun(first, FROM, TO);
  strictEqual(rebuilt.journeysUnchanged, expected.size);
}

async function prove(): Promise<void> {
  const system = await startTestSystem();
  const servers: Awaited<ReturnType<typeof startServe>>[] = [];
  try {
    for (let i = 0; i < 2; i++) servers.push(await startServe(system.dataDir, system.endpoints, system.prefix));
    for (const [name, order] of Object.entries(orders)) {
      await proveOrder(name, order, await Promise.all(servers.map(({ url }) => clientOf(system.dataDir, url, name))));
    }
  } finally {
    for (const server of servers) await killTree(server.running.pid);
    await system.stop();
  }
}

console.log(`seed ${seed}: ${events.length} events through two processes at once`);
const startedAt = performance.now();
try {
  await prove();
  console.log(`holds (${Math.round((performance.now() - startedAt) / 1_000)} s)`);
} catch (error) {
  console.error(`DOES NOT HOLD (seed ${seed}): ${(error as Error).message}`);
  process.exitCode = 1;
}
