/**
 * Law: motion of real sensors makes the sessions that an independent count of the file makes, at a timeout of 5 minutes:
 * with a sweeper in the API process, with sweeps forced between events under a moved clock, and with no sweep at all.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/motion-sessions.ts [SEED]
 */
import { strictEqual } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { readOrdonez } from "../../api/local/load/ordonez.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { makeTempDir } from "../kit/local.ts";
import { killTree, runScript } from "../kit/process.ts";
import { mutate } from "../kit/sessions.ts";
import { ask } from "./journeys.ts";
import { type Ask, motionFile, readSessions, type SessionFacts } from "./motion.ts";
import { countStretches } from "./motion-count.ts";
import { createRandom } from "./random.ts";
import { clientOf, startLocal } from "./service.ts";

const TENANT = "house";
const LOAD_TIMEOUT_MS = 300_000;
/** An idle end is known at most a minute after the timeout. */
const SWEEPER_MS = 60_000;
const SWEEP_SHARE = 0.3;

const seed = process.argv[2] ?? String(Date.now());
const file = motionFile("ordonez-b/OrdonezB_Sensors.txt");
const stretches = await countStretches(file);
const iso = (at: number) => new Date(at).toISOString();

/** What a session must be, as one line, whether or not a sweeper has looked. */
function expectedLines(): string {
  return lines(stretches.map(({ sensorId, startedAt, endedAt, events }) => {
    const end = `COMPLETED IDLE ${iso(endedAt)} ${endedAt - startedAt}`;
    return `${sensorId} ${iso(startedAt)} ${iso(endedAt)} ${events} ${end}`;
  }));
}

function linesOf(sessions: readonly SessionFacts[]): string {
  return lines(sessions.map((session) => {
    const { sensor, startedAt, lastMotionAt, motionEventCount, status, endReason, endedAt, duration } = session;
    const end = `${status} ${endReason} ${endedAt} ${duration}`;
    return `${sensor.sensorId} ${startedAt} ${lastMotionAt} ${motionEventCount} ${end}`;
  }));
}

const lines = (all: readonly string[]) => [...all].sort().join("\n");

async function check(name: string, read: Ask): Promise<void> {
  const sessions = await readSessions(read);
  const events = sessions.reduce((sum, session) => sum + session.motionEventCount, 0);
  const running = sessions.filter((session) => session.status === "ACTIVE").length;
  console.log(
    `${name}: GraphQL shows ${sessions.length} sessions, ${running} of them running, ${events} motion events`,
  );
  strictEqual(linesOf(sessions), expectedLines());
}

/** The whole service as `npm start` runs it, loaded by the loader; its sweeper ticks by itself. */
async function proveTicking(): Promise<void> {
  const dataDir = await makeTempDir();
  const service = await startLocal(dataDir.path, 0);
  const args = ["api/entry/cli/load.ts", "motion", file, "--tenant", TENANT, "--url", service.url];
  const loader = runScript(args, { DATA_DIR: dataDir.path });
  try {
    const [line] = await loader.says(/accepted (\d+), duplicates 0, rejected 0, .*/, LOAD_TIMEOUT_MS);
    console.log(`ticking: the loader says ${line}`);
    const client = await clientOf(dataDir.path, service.url, TENANT);
    const read: Ask = (query, variables) => ask(client, query, variables);
    const giveUpAt = Date.now() + SWEEPER_MS;
    while (Date.now() < giveUpAt && (await readSessions(read)).some((session) => session.status === "ACTIVE")) {
      await pause(1_000);
    }
    await check("ticking", read);
  } finally {
    await killTree(loader.pid);
    await killTree(service.running.pid);
    await dataDir.remove();
  }
}

/** The service in this process, its clock at each event's instant; `before` is called between events. */
async function proveOwn(
  name: string,
  play: (api: TestApp, clock: { now: number }) => Promise<void>,
): Promise<void> {
  const clock = { now: 0 };
  // The clock of the limits stands as well.
  const env = { RATE_TOKEN: "off", RATE_TENANT: "off" };
  const api = await startTestApp({ clock: () => clock.now, env });
  try {
    await play(api, clock);
    clock.now += 5 * 60_000 + 1;
    const read: Ask = async (query, variables) => {
      const answer = await api.ask(TENANT, query, variables);
      if (answer.errors) throw new Error(JSON.stringify(answer.errors));
      return answer.data;
    };
    await check(name, read);
  } finally {
    await api.stop();
  }
}

/** All events in the order of time, over all sensors. */
async function events() {
  const motions = readOrdonez((await readFile(file, "utf8")).split(/\r?\n/));
  return motions.map((motion) => ({ ...motion, ms: Date.parse(motion.at) })).sort((a, b) => a.ms - b.ms);
}

async function playWithoutSweeps(api: TestApp, clock: { now: number }): Promise<void> {
  for (const { ms, ...motion } of await events()) {
    clock.now = ms;
    await mutate(api, TENANT, "recordMotion", motion);
  }
}

async function playWithSweeps(api: TestApp, clock: { now: number }): Promise<void> {
  const random = createRandom(seed);
  const report = { sweeps: 0, ended: 0 };
  const sweep = async (now: number) => {
    clock.now = now;
    report.sweeps++;
    report.ended += (await api.app.jobs[0]!.run()).ended!;
  };
  for (const { ms, ...motion } of await events()) {
    // At random moments of the silence before the event, and at the very instant of it.
    if (clock.now > 0 && random() < SWEEP_SHARE) await sweep(Math.floor(clock.now + random() * (ms - clock.now)));
    if (random() < SWEEP_SHARE) await sweep(ms);
    clock.now = ms;
    await mutate(api, TENANT, "recordMotion", motion);
  }
  await sweep(clock.now + 5 * 60_000 + 1);
  console.log(`swept: ${report.sweeps} sweeps between events ended ${report.ended} sessions`);
}

console.log(`seed ${seed}: the independent count is ${stretches.length} sessions`);
const startedAt = performance.now();
try {
  await proveOwn("without sweeps", playWithoutSweeps);
  await proveOwn("swept", playWithSweeps);
  await proveTicking();
  console.log(`holds (${Math.round((performance.now() - startedAt) / 1_000)} s)`);
} catch (error) {
  console.error(`DOES NOT HOLD (seed ${seed}): ${(error as Error).message.slice(0, 2_000)}`);
  process.exitCode = 1;
}
