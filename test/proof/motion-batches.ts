/**
 * Law: real recordings that are uploaded as batches of 50 in random order, each batch 1 to 3 times, through two API
 * processes on one store, are afterwards the files: sessions, samples and every value of every reading. At random moments
 * in between, when nothing is under way for a session, it shows exactly what was acknowledged and what is missing.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/motion-batches.ts [SEED]
 */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import process from "node:process";
import pMap from "p-map";
import type { LoadedBatch } from "../../api/local/load/send-motion.ts";
import { DEFAULT_START, readW2isp } from "../../api/local/load/w2isp.ts";
import { startTestSystem } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import { ask } from "./journeys.ts";
import { type Ask, FACTS, motionFile, readReadings, readSessions, type SessionFacts } from "./motion.ts";
import { countTrial, type Trial } from "./motion-count.ts";
import { createRandom, shuffled } from "./random.ts";
import { clientOf, startServe } from "./service.ts";

const TENANT = "room";
const BATCH_SIZE = 50;
const MAX_COPIES = 3;
/** At most so many requests of one session at a time, for so many sessions at once. */
const MAX_AT_ONCE = 8;
const SESSIONS_AT_ONCE = 4;
const PAGE_SIZE = 777;

const SEND = `mutation ($input: IngestSessionBatchInput!) { ingestSessionBatch(input: $input) {
  __typename ... on IngestSessionBatchPayload { duplicate } ... on UserError { message }
} }`;
const SHOW = `query ($id: String!) { session(sessionId: $id) { sampleCount missingBatches { from to } } }`;

const seed = process.argv[2] ?? String(Date.now());
const folder = motionFile("w2isp-room1");
const names = (await readdir(folder)).filter((name) => name.startsWith("d1p")).sort();
const trials = await Promise.all(names.map((name) => countTrial(`${folder}/${name}`)));
const startAt = Date.parse(DEFAULT_START);
const iso = (afterMs: number) => new Date(startAt + afterMs).toISOString();

const report = { sent: 0, counted: 0, checks: 0, checksWithGaps: 0 };

/** Sends all copies of a trial's batches in waves of random size, each wave at once, and looks after each. */
async function upload(asks: readonly Ask[], name: string): Promise<void> {
  const random = createRandom(`${seed} ${name}`);
  const anyOf = () => asks[Math.floor(random() * asks.length)]!;
  const lines = (await readFile(`${folder}/${name}`, "utf8")).split("\n");
  const batches = readW2isp(name, lines, { startAt, batchSize: BATCH_SIZE });
  const copies = batches.flatMap((batch) => Array<LoadedBatch>(1 + Math.floor(random() * MAX_COPIES)).fill(batch));
  const waiting = shuffled(copies, random);
  const acknowledged = new Map<number, number>();
  while (waiting.length > 0) {
    const wave = waiting.splice(0, 1 + Math.floor(random() * MAX_AT_ONCE));
    await Promise.all(wave.map((batch) => send(anyOf(), batch)));
    for (const { batchOffset, readings } of wave) acknowledged.set(batchOffset, readings.length);
    await look(anyOf(), name, acknowledged);
  }
  strictEqual(acknowledged.size, batches.length);
}

async function send(ask: Ask, input: LoadedBatch): Promise<void> {
  const { ingestSessionBatch: answer } = await ask(SEND, { input });
  strictEqual(answer.__typename, "IngestSessionBatchPayload", answer.message);
  report.sent++;
  if (!answer.duplicate) report.counted++;
}

/** Nothing is under way for the session: what it shows must be what was acknowledged. */
async function look(ask: Ask, id: string, acknowledged: ReadonlyMap<number, number>): Promise<void> {
  const { session } = await ask(SHOW, { id });
  const highest = Math.max(...acknowledged.keys());
  const missing = Array.from({ length: highest }, (_, offset) => offset).filter((offset) => !acknowledged.has(offset));
  const shown = session.missingBatches.flatMap(({ from, to }: { from: number; to: number }) =>
    Array.from({ length: to - from + 1 }, (_, i) => from + i)
  );
  deepStrictEqual(shown, missing, `missing batches of ${id}`);
  strictEqual(session.sampleCount, [...acknowledged.values()].reduce((a, b) => a + b, 0), `samples of ${id}`);
  report.checks++;
  if (missing.length > 0) report.checksWithGaps++;
}

function expectedFacts({ name, sensorId, readings }: Trial): SessionFacts {
  const lengthMs = readings.at(-1)!.afterMs;
  return {
    sessionId: name,
    sensor: { sensorId },
    status: "COMPLETED",
    startedAt: DEFAULT_START,
    endedAt: iso(lengthMs),
    endReason: "EXPLICIT",
    lastMotionAt: iso(lengthMs),
    duration: lengthMs,
    motionEventCount: 0,
    sampleCount: readings.length,
    missingBatches: [],
  };
}

async function check(asks: readonly Ask[]): Promise<void> {
  for (const read of asks) {
    const sessions = (await readSessions(read)).sort((a, b) => (a.sessionId < b.sessionId ? -1 : 1));
    deepStrictEqual(sessions, trials.map(expectedFacts));
    const one = `query ($id: String!) { session(sessionId: $id) { ${FACTS} } }`;
    for (const trial of trials) {
      deepStrictEqual((await read(one, { id: trial.name })).session, expectedFacts(trial));
      const found = await readReadings(read, trial.name, PAGE_SIZE);
      const expected = trial.readings.map(({ afterMs, values }) => ({ at: iso(afterMs), values }));
      deepStrictEqual(found, expected, `readings of ${trial.name}`);
    }
    const samples = sessions.reduce((sum, session) => sum + session.sampleCount, 0);
    console.log(`GraphQL shows ${sessions.length} sessions, ${samples} samples, every reading as the files have it`);
  }
}

async function prove(): Promise<void> {
  const system = await startTestSystem();
  const servers: Awaited<ReturnType<typeof startServe>>[] = [];
  try {
    for (let i = 0; i < 2; i++) servers.push(await startServe(system.dataDir, system.endpoints, system.prefix));
    const clients = await Promise.all(servers.map(({ url }) => clientOf(system.dataDir, url, TENANT)));
    const asks = clients.map((client): Ask => (query, variables) => ask(client, query, variables));
    await pMap(names, (name) => upload(asks, name), { concurrency: SESSIONS_AT_ONCE });
    const batches = trials.reduce((sum, { readings }) => sum + Math.ceil(readings.length / BATCH_SIZE), 0);
    console.log(
      `${report.sent} batches sent, ${report.counted} counted of ${batches}; ` +
        `${report.checks} looks in between, ${report.checksWithGaps} of them at a session with missing batches`,
    );
    strictEqual(report.counted, batches);
    await check(asks);
  } finally {
    for (const server of servers) await killTree(server.running.pid);
    await system.stop();
  }
}

const rows = trials.reduce((sum, { readings }) => sum + readings.length, 0);
console.log(`seed ${seed}: ${trials.length} files, ${rows} readings, through two processes at once`);
const startedAt = performance.now();
try {
  await prove();
  console.log(`holds (${Math.round((performance.now() - startedAt) / 1_000)} s)`);
} catch (error) {
  console.error(`DOES NOT HOLD (seed ${seed}): ${(error as Error).message.slice(0, 2_000)}`);
  process.exitCode = 1;
}
