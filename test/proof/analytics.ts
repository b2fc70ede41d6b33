/**
 * Laws: numbers over sessions of real sensors equal an independent computation over the raw file, in every field, in zones
 * of whole, half and quarter hours; and 90 days cost the same read units and requests with 100 sessions and with 100,000.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/analytics.ts [SEED]
 */
import { deepStrictEqual, ok } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { readOrdonez } from "../../api/local/load/ordonez.ts";
import { between, sessionNumbers } from "../kit/analytics.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { mutate } from "../kit/sessions.ts";
import { proveCosts } from "./analytics-costs.ts";
import { expectedNumbers, type Fact, percentileError } from "./analytics-oracle.ts";
import { motionFile } from "./motion.ts";
import { countStretches } from "./motion-count.ts";

const TENANT = "house";
const ZONES = ["Europe/Madrid", "Asia/Kathmandu", "America/St_Johns"];
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Ranges that begin and end where the data does, at midnights of zones, and at odd quarter-hours. */
const RANGES: [from: number, to: number][] = [
  [Date.UTC(2012, 10, 1), Date.UTC(2012, 11, 31)],
  [Date.UTC(2012, 10, 11, 23), Date.UTC(2012, 10, 25, 23)],
  [Date.UTC(2012, 10, 12, 18, 15), Date.UTC(2012, 10, 19, 18, 15)],
  [Date.UTC(2012, 10, 13, 3, 30), Date.UTC(2012, 11, 1, 3, 30)],
  [Date.UTC(2012, 10, 20, 7, 41, 12), Date.UTC(2012, 10, 21, 20, 3)],
  [Date.UTC(2012, 10, 22, 13), Date.UTC(2012, 10, 22, 13, 15)],
  [Date.UTC(2013, 0, 1), Date.UTC(2013, 2, 1)],
];

/** Records the file's motion as the loader reads it, the service's clock at each event. Only `isSwept` sessions all end. */
async function load(api: TestApp, clock: { now: number }, file: string, isSwept: boolean): Promise<void> {
  const motions = readOrdonez((await readFile(file, "utf8")).split(/\r?\n/)).map((motion) => (
    { ...motion, ms: Date.parse(motion.at) }
  )).sort((a, b) => a.ms - b.ms);
  for (const { ms, ...motion } of motions) {
    clock.now = ms;
    await mutate(api, TENANT, "recordMotion", motion);
  }
  if (isSwept) {
    clock.now += HOUR;
    await api.app.jobs[0]!.run();
  }
  await api.settle();
}

async function proveValues(file: string, isSwept: boolean): Promise<void> {
  const clock = { now: 0 };
  // The clock of the limits stands as well.
  const env = { RATE_TOKEN: "off", RATE_TENANT: "off" };
  const api = await startTestApp({ clock: () => clock.now, env });
  try {
    await load(api, clock, file, isSwept);
    const stretches = await countStretches(file);
    const facts = stretches.map(({ sensorId, startedAt, endedAt, events }, i): Fact => {
      const isOver = isSwept || stretches[i + 1]?.sensorId === sensorId;
      return { sensorId, startedAt, motions: events, duration: isOver ? endedAt - startedAt : undefined };
    });
    const sensors = [...new Set(facts.map(({ sensorId }) => sensorId))];
    let [compared, worst] = [0, 0];
    for (const zone of ZONES) {
      for (const [from, to] of RANGES) {
        for (const sensorId of [undefined, ...sensors]) {
          const own = sensorId === undefined ? facts : facts.filter((fact) => fact.sensorId === sensorId);
          const exact = expectedNumbers(own, from, to, zone);
          const scope = sensorId === undefined ? { zone } : { zone, sensorId };
          const found = await sessionNumbers(api, TENANT, between(from, to), scope);
          deepStrictEqual(
            JSON.parse(JSON.stringify({ ...found, durationPercentiles: null })),
            JSON.parse(JSON.stringify({ ...exact, durationPercentiles: null })),
            `${zone} ${new Date(from).toISOString()} ${sensorId ?? "all sensors"}`,
          );
          worst = Math.max(worst, percentileError(found.durationPercentiles, exact.durationPercentiles));
          compared++;
        }
      }
    }
    ok(worst <= 0.02, `a percentile is ${worst} off`);
    const running = facts.filter(({ duration }) => duration === undefined).length;
    console.log(
      `values: ${facts.length} sessions (${running} running) of ${sensors.length} sensors; ${compared} answers in ` +
        `${ZONES.length} zones and ${RANGES.length} ranges equal in every field; ` +
        `percentiles at most ${(worst * 100).toFixed(2)} % off`,
    );
  } finally {
    await api.stop();
  }
}

const seed = process.argv[2] ?? String(Date.now());
const file = motionFile("ordonez-b/OrdonezB_Sensors.txt");
console.log(`seed ${seed}`);
const startedAt = performance.now();
try {
  await proveValues(file, false);
  await proveValues(file, true);
  await proveCosts(seed, 90 * DAY);
  console.log(`holds (${Math.round((performance.now() - startedAt) / 1_000)} s)`);
} catch (error) {
  console.error(`DOES NOT HOLD (seed ${seed}): ${(error as Error).message.slice(0, 3_000)}`);
  process.exitCode = 1;
}
