/**
 * Law: what a load leaves behind is exactly its file, though the whole process tree is killed with SIGKILL 20 times at
 * random moments meanwhile, some of them during a start; the client only sends again what was not acknowledged.
 * A killed process is not a lost power supply: what the kernel had taken, it writes.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/kill.ts [SEED]
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { readNasa } from "../../api/local/load/nasa.ts";
import { sendEvents } from "../../api/local/load/send.ts";
import { makeTempDir } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import { backfillDryRun, dataFile, differences, eventsIn, expectedJourneys, readJourneys } from "./journeys.ts";
import { createRandom } from "./random.ts";
import { clientOf, freePort, launchLocal, startLocal } from "./service.ts";

const KILLS = 20;
const SHARE_DURING_START = 0.25;
/** A start takes about a second here; kills fall into it, and into the moments after a batch was acknowledged. */
const START_MS = 1_000;
const AFTER_BATCH_MS = 150;
const BATCH_SIZE = 50;
const PATIENCE_MS = 60_000;
const TENANT = "nasa";
const FROM = "1995-08-01T00:00:00Z";
const TO = "1995-08-02T00:00:00Z";

const seed = process.argv[2] ?? String(Date.now());
const file = dataFile("nasa_19950801.tsv");
const events = [...readNasa((await readFile(file, "utf8")).split("\n"))];
const expected = await expectedJourneys(file);
console.log(`seed ${seed}: ${KILLS} kills while ${events.length} events are sent`);

/** When to kill: during a start, or some time after so many events were acknowledged, spread over the whole load. */
const random = createRandom(seed);
const plan = Array.from({ length: KILLS }, (_, i) => ({
  duringStart: random() < SHARE_DURING_START,
  acknowledged: Math.floor(((i + random()) / KILLS) * 0.97 * events.length),
  afterShare: random(),
}));

async function prove(dataDir: string): Promise<void> {
  const port = await freePort();
  const client = await clientOf(dataDir, `http://127.0.0.1:${port}/graphql`, TENANT);
  let acknowledged = 0;
  let isOver = false;
  const sent = sendEvents({
    ...client,
    events,
    batchSize: BATCH_SIZE,
    concurrency: 4,
    patienceMs: PATIENCE_MS,
    onProgress: (count) => (acknowledged += count),
  }).finally(() => (isOver = true));
  sent.catch(() => {});

  let duringStart = 0;
  for (const kill of plan) {
    const running = kill.duringStart ? launchLocal(dataDir, port) : (await startLocal(dataDir, port)).running;
    try {
      while (!kill.duringStart && acknowledged < kill.acknowledged && !isOver) await pause(2);
      await pause(kill.afterShare * (kill.duringStart ? START_MS : AFTER_BATCH_MS));
      ok(!isOver, "the load ended before all kills were done");
      duringStart += kill.duringStart ? 1 : 0;
    } finally {
      await killTree(running.pid);
    }
  }
  const { running, url } = await startLocal(dataDir, port);
  try {
    const totals = await sent;
    console.log(
      `${KILLS} kills, ${duringStart} during a start; acknowledged: ` +
        `accepted ${totals.accepted}, duplicates ${totals.duplicates}, rejected ${totals.rejected}`,
    );
    strictEqual(totals.accepted + totals.duplicates, events.length);
    const found = await readJourneys({ ...client, url }, FROM, TO);
    console.log(`GraphQL shows ${found.size} journeys, ${eventsIn(found)} events`);
    strictEqual(differences(expected, found).join("; "), "");
    const rebuilt = await backfillDryRun({ ...client, url }, FROM, TO);
    console.log(`a backfill would read ${rebuilt.objectsRead} objects, ${rebuilt.eventsRead} events`);
    const { journeysCreated, journeysChanged, journeysUnchanged } = rebuilt;
    deepStrictEqual([journeysCreated, journeysChanged, journeysUnchanged], [0, 0, expected.size]);
  } finally {
    await killTree(running.pid);
  }
}

const dataDir = await makeTempDir();
const startedAt = performance.now();
try {
  await prove(dataDir.path);
  console.log(`holds (${Math.round((performance.now() - startedAt) / 1_000)} s)`);
} catch (error) {
  console.error(`DOES NOT HOLD (seed ${seed}): ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await dataDir.remove();
}
