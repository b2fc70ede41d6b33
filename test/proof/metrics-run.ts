import { isDeepStrictEqual } from "node:util";
import { checkBuckets, checkRollups, checkTimelines } from "./metrics-end.ts";
import { checkMeasures } from "./metrics-measures.ts";
import { createAlertRun } from "./metrics-alerts.ts";
import { type EventTimes, operationsOf, type Plan } from "./metrics-inputs.ts";
import type { Item } from "../../api/aws/dynamo.ts";
import { createOracle, journeyOf } from "./metrics-oracle.ts";
import { SOURCES } from "../../api/metrics/model.ts";
import type { Services } from "./metrics-wiring.ts";
import type { Counts, Planted, Weather } from "./metrics-weather.ts";
import { createWorld, START_AT } from "./metrics-world.ts";
import { createRandom } from "./random.ts";

export type Failure = { seed: string; violations: string[]; trace: string[] };

const DAY_MS = 86_400_000;
const SETTLED_MS = 3 * 60 * 60_000;
/** A session that was made of two, months apart, may be corrected to begin as long before the first of them. */
const EARLIER_MS = 100 * DAY_MS;
/** Whoever mends does it so often at most. */
const MAX_MENDED = 8;

export function noCounts(): Counts & Record<"checked" | "measured" | "turns" | "audits" | "audited", number> {
  return {
    ...{
      runs: 0,
      calls: 0,
      writes: 0,
      streamed: 0,
      counted: 0,
      conflicts: 0,
      lost: 0,
      repeated: 0,
      refused: 0,
      held: 0,
    },
    ...{ died: 0, abandoned: 0, reshards: 0, expired: 0, quarantined: 0, late: 0 },
    ...{
      batches: 0,
      failed: 0,
      bisected: 0,
      handovers: 0,
      restarts: 0,
      pauses: 0,
      givenUp: 0,
      checked: 0,
      measured: 0,
      turns: 0,
      audits: 0,
      audited: 0,
    },
  };
}

/** One interleaving, the same for the same seed; gives what was wrong, undefined where nothing was. */
export async function runOnce(
  seed: string,
  counts: ReturnType<typeof noCounts>,
  planted?: Planted,
): Promise<Failure | undefined> {
  const random = createRandom(seed);
  const chance = (p: number) => random() < p;
  const weather: Weather & { givesUp: boolean } = {
    givesUp: false,
    keepsFailures: true,
    faults: chance(0.15) ? 0 : random() * 0.12,
    maxFaults: 40,
    disturbances: chance(0.1) ? 0 : random() * 0.06,
    maxDisturbances: 40,
    lag: chance(0.6) ? 0 : random() * 0.5,
    ...{ stale: 0, heat: 0, conflicts: 0, early: 0, cuts: createRandom(`${seed} cuts`) },
    skewMs: chance(0.5) ? 0 : 30_000,
    processes: 1 + Math.floor(random() * 3),
    functions: 1 + Math.floor(random() * 4),
    mappings: chance(0.7) ? 1 : 2,
    planted,
  };
  const measures = createRandom(`${seed} measures`);
  const plan: Plan = { corrections: chance(0.5), poison: chance(0.4), crowded: false, measures };
  // A journey's raw events are a tenant's, and a tenant's name is new in each run.
  const tenants = chance(0.5) ? [`${seed}a`] : [`${seed}a`, `${seed}b`];
  const times: EventTimes = new Map();
  // What Lambda gives up comes hours later, when every index is up to date.
  weather.givesUp = !plan.poison && chance(0.25);
  if (weather.givesUp) weather.lag = 0;
  // Drawn after all else, so that a seed of before shows what it showed.
  weather.stale = createRandom(`${seed} stale`)() < 0.5 ? 0 : 0.3;
  weather.heat = createRandom(`${seed} heat`)() < 0.3 ? 0 : 0.1;
  plan.crowded = weather.heat > 0 && createRandom(`${seed} crowd`)() < 0.7;
  if (weather.cuts() < 0.5) [weather.conflicts, weather.early] = [0.03, 0.4];
  weather.keepsFailures = !weather.givesUp || chance(0.7);
  const oracle = createOracle(times, () => !weather.givesUp, () => world.now());
  const { violations } = oracle;
  // What is given up, or cannot be counted, is not waited for.
  const watched = createRandom(`${seed} alerts`);
  const alerts = weather.givesUp || plan.poison || watched() < 0.5
    ? undefined
    : createAlertRun(watched, tenants, oracle, () => world.now());
  const world = createWorld({
    ...{ random, weather, counts },
    onWrite: (written, isExpiry) => {
      oracle.onWrite(written, isExpiry);
      alerts?.onWrite(written);
    },
  });
  const isOver = () => violations.length > 0;
  const must = (law: string, found: unknown, expected: unknown) => {
    if (!isDeepStrictEqual(found, expected)) violations.push(`${law}: ${shown(found)}, not ${shown(expected)}`);
  };
  counts.runs++;
  try {
    const operations = alerts
      ? alerts.among(operationsOf(random, tenants, START_AT, plan, times))
      : operationsOf(random, tenants, START_AT, plan, times);
    // Late for days: into the same hours, while shards come and go.
    const waves = chance(0.25) ? 2 + Math.floor(random() * 12) : 1;
    const size = Math.ceil(operations.length / waves);
    for (let from = 0; from < operations.length && !isOver(); from += size) {
      if (from > 0) world.later();
      await world.run(operations.slice(from, from + size), isOver);
    }
    if (chance(0.3)) {
      // Sessions expire, and journeys; then some of it comes again.
      await settle();
      world.calm(SETTLED_MS);
      await world.run([{ name: "sweep", run: ({ sessions }) => sessions.sweep() }], isOver);
      world.calm((chance(0.5) ? 31 : 95) * DAY_MS);
      world.storm();
      await world.run(operationsOf(random, tenants, world.now(), plan, times), isOver);
    }
    await settle();
    world.calm(SETTLED_MS);
    // Of a sensor's running sessions analytics read the latest; the sweeper ends the others once they are idle.
    await world.run([{ name: "sweep", run: ({ sessions }) => sessions.sweep() }], isOver);
    if (!isOver()) await atTheEnd(world.reader());
  } catch (error) {
    violations.push(error instanceof Error ? error.stack ?? error.message : String(error));
  }
  return isOver() ? { seed, violations, trace: world.trace } : undefined;

  /** Until everything is delivered, and what was put aside is mended. */
  async function settle(): Promise<void> {
    world.calm(0);
    for (let tries = 0; tries === 0 || world.mend() > 0; tries++) {
      if (tries > MAX_MENDED) throw new Error("what was put aside is never counted, however often it is mended");
      await world.run([], isOver);
    }
  }

  /** What a message says that nobody can count: a person audits all that may be short, and has it set right. */
  async function auditAll(services: Services): Promise<void> {
    counts.audited++;
    const days = [START_AT, world.now()].map((at) => ({ between: { from: at - DAY_MS, to: at + DAY_MS } }));
    for (const range of days) {
      for (const tenantId of tenants) {
        for (const source of SOURCES) await services.audit(tenantId, { source, range, repair: true });
        for (const kind of ["SESSIONS", "JOURNEYS"] as const) {
          await services.auditRollups(tenantId, { of: kind, range, repair: true });
        }
      }
    }
  }

  async function atTheEnd(services: Services): Promise<void> {
    if (world.isInDoubt()) await auditAll(services);
    if (alerts) counts.turns += await alerts.atTheEnd(services, world.told, must);
    counts.checked += await checkBuckets(services, world.dynamo.dump("buckets"), oracle, must);
    counts.measured += await checkMeasures(services, oracle.measures, must);
    const isOld = ({ ttl }: Item) => typeof ttl === "number" && ttl * 1_000 < world.now();
    const old = new Set(world.dynamo.dump("journeys").filter(isOld).map(journeyOf));
    await checkTimelines(services, oracle, (journey) => !old.has(journey), must);
    for (const tenantId of tenants) {
      await checkRollups(services, tenantId, oracle, [START_AT - EARLIER_MS, world.now()], must);
      for (const kind of ["SESSIONS", "JOURNEYS"] as const) {
        const range = { between: { from: START_AT - DAY_MS, to: START_AT + DAY_MS } };
        const { differences } = await services.auditRollups(tenantId, { of: kind, range, repair: false });
        must(`an audit of the rollups of ${kind} finds no difference`, differences, []);
      }
      if (plan.poison) continue;
      for (const source of SOURCES) {
        const range = { between: { from: START_AT - DAY_MS / 4, to: START_AT + DAY_MS / 4 } };
        const report = await services.audit(tenantId, { source, range, repair: true });
        counts.audits++;
        must(
          `an audit of ${source} finds no difference`,
          [
            report.differences.map(({ bucket, recounted }) => [bucket.start, bucket.count, recounted]),
            report.measureDifferences,
          ],
          [[], []],
        );
      }
    }
  }
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => typeof part === "bigint" ? String(part) : part)?.slice(0, 1_500) ??
    "nothing";
}
