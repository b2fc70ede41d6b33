/**
 * Law: real recordings said in any order through two API processes at once, with a third of it said twice, are what an
 * independent count of the files makes: number of sessions, starts, ends, durations, motion, samples. Ordonez's house, its
 * events numbered and by their instants, and the trials of w2isp as batches, the last one of each anywhere among them.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/motion-shuffled.ts [SEED]
 */
import { strictEqual } from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import process from "node:process";
import pMap from "p-map";
import { readOrdonez } from "../../api/local/load/ordonez.ts";
import { DEFAULT_START, readW2isp } from "../../api/local/load/w2isp.ts";
import { startTestSystem } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import { ask } from "./journeys.ts";
import { type Ask, motionFile, readSessions } from "./motion.ts";
import { countStretches, countTrial } from "./motion-count.ts";
import { createRandom, shuffled } from "./random.ts";
import { clientOf, startServe } from "./service.ts";

/** Requests under way at once. */
const AT_ONCE = 12;
const TWICE = 0.33;
const BATCH_SIZE = 100;

const MOTION = `mutation ($input: RecordMotionInput!) { recordMotion(input: $input) {
  __typename ... on RecordMotionPayload { duplicate } ... on UserError { message } } }`;
const BATCH = `mutation ($input: IngestSessionBatchInput!) { ingestSessionBatch(input: $input) {
  __typename ... on IngestSessionBatchPayload { duplicate } ... on UserError { message } } }`;

const seed = process.argv[2] ?? String(Date.now());
const random = createRandom(seed);
const iso = (at: number) => new Date(at).toISOString();

/** Says all of it in a random order, some twice, each through any of the processes; all is counted once. */
async function say(asks: readonly Ask[], query: string, inputs: readonly object[]): Promise<void> {
  const all = shuffled(inputs.flatMap((input) => (random() < TWICE ? [input, input] : [input])), random);
  const duplicates = await pMap(all, async (input) => {
    const own = asks[Math.floor(random() * asks.length)]!;
    const [answer] = Object.values(await own(query, { input })) as { __typename: string; message?: string }[];
    strictEqual(answer!.__typename.endsWith("Payload"), true, answer!.message);
    return (answer as { duplicate?: boolean }).duplicate === true;
  }, { concurrency: AT_ONCE });
  strictEqual(duplicates.filter(Boolean).length, all.length - inputs.length, "what was said twice is told so");
  console.log(`  said ${all.length} messages, ${all.length - inputs.length} of them twice`);
}

async function house(asks: readonly Ask[], isNumbered: boolean): Promise<void> {
  const file = motionFile("ordonez-b/OrdonezB_Sensors.txt");
  const stretches = await countStretches(file);
  const events = readOrdonez((await readFile(file, "utf8")).split(/\r?\n/));
  // Where an interval ends as another begins, an instant is one event.
  const instants = new Map(events.map(({ sensorId, at }) => [`${sensorId} ${at}`, { sensorId, at }]));
  const counted = new Map<string, number>();
  for (const { sensorId, at } of instants.values()) {
    const own = stretches.find((one) =>
      one.sensorId === sensorId && iso(one.startedAt) <= at && at <= iso(one.endedAt)
    )!;
    const key = `${sensorId} ${own.startedAt}`;
    counted.set(key, (counted.get(key) ?? 0) + 1);
  }
  await say(asks, MOTION, isNumbered ? events : [...instants.values()]);
  const expected = stretches.map((own) => {
    const motions = isNumbered ? own.events : counted.get(`${own.sensorId} ${own.startedAt}`);
    return lineOf(own.sensorId, own.startedAt, own.endedAt, own.endedAt - own.startedAt, "IDLE", motions!, 0);
  });
  await check(asks, expected);
}

async function trials(asks: readonly Ask[]): Promise<void> {
  const folder = motionFile("w2isp-room1");
  const names = (await readdir(folder)).filter((name) => name.startsWith("d1p")).sort();
  const startAt = Date.parse(DEFAULT_START);
  const batches = await Promise.all(
    names.map(async (
      name,
    ) => [
      ...readW2isp(name, (await readFile(`${folder}/${name}`, "utf8")).split("\n"), { startAt, batchSize: BATCH_SIZE }),
    ]),
  );
  await say(asks, BATCH, batches.flat());
  const counts = await Promise.all(names.map((name) => countTrial(`${folder}/${name}`)));
  await check(
    asks,
    counts.map(({ sensorId, readings }) => {
      const length = readings.at(-1)!.afterMs;
      return lineOf(sensorId, startAt, startAt + length, length, "EXPLICIT", 0, readings.length);
    }),
  );
}

function lineOf(
  sensorId: string,
  startedAt: number,
  endedAt: number,
  duration: number,
  reason: string,
  motions: number,
  samples: number,
): string {
  return [sensorId, iso(startedAt), iso(endedAt), duration, reason, motions, samples].join(" ");
}

async function check(asks: readonly Ask[], expected: readonly string[]): Promise<void> {
  for (const read of asks) {
    const sessions = await readSessions(read);
    const found = sessions.map(({ sensor, startedAt, endedAt, duration, endReason, motionEventCount, sampleCount }) => (
      [sensor.sensorId, startedAt, endedAt, duration, endReason, motionEventCount, sampleCount].join(" ")
    ));
    strictEqual([...found].sort().join("\n"), [...expected].sort().join("\n"));
  }
  console.log(`  both processes show ${expected.length} sessions, each as counted`);
}

async function prove(): Promise<void> {
  const system = await startTestSystem();
  const servers: Awaited<ReturnType<typeof startServe>>[] = [];
  try {
    for (let i = 0; i < 2; i++) servers.push(await startServe(system.dataDir, system.endpoints, system.prefix));
    const asTenant = async (tenant: string) => {
      console.log(`${tenant}:`);
      const clients = await Promise.all(servers.map(({ url }) => clientOf(system.dataDir, url, tenant)));
      return clients.map((client): Ask => (query, variables) => ask(client, query, variables));
    };
    await trials(await asTenant("w2isp"));
    await house(await asTenant("ordonez-numbered"), true);
    await house(await asTenant("ordonez-by-instant"), false);
  } finally {
    for (const server of servers) await killTree(server.running.pid);
    await system.stop();
  }
}

console.log(`seed ${seed}`);
const startedAt = performance.now();
try {
  await prove();
  console.log(`holds (${Math.round((performance.now() - startedAt) / 1_000)} s)`);
} catch (error) {
  console.error(`DOES NOT HOLD (seed ${seed}): ${(error as Error).message.slice(0, 2_000)}`);
  process.exitCode = 1;
}
