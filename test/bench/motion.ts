/**
 * Gives motion events a second and batches of 50 readings a second over HTTP, into an empty store and into one that
 * holds 100,000 sessions, and the ratio of both: it must stay about 1.
 *
 *     deno run -A --unstable-no-legacy-abort test/bench/motion.ts [SESSIONS]
 *
 * 100,000 sessions where SESSIONS is absent; they lie in the tenant and at the sensors that are measured. Both services
 * run side by side and are asked in turn, in rounds, so that noise of the machine is in both; ratios are of a round.
 * The client shares the machine's cores: only ratios of one run compare.
 */
import { strictEqual } from "node:assert/strict";
import process from "node:process";
import { createClients } from "../../api/aws/clients.ts";
import { makeTempDir } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import { batchOf } from "../kit/sessions.ts";
import { signLocalToken } from "../../api/auth/setup.ts";
import { parseConfig } from "../../api/config.ts";
import { startLocal } from "../proof/service.ts";
import { fill, sessionAt } from "./motion-fill.ts";
import { describeRate, measure, type Rate } from "./throughput.ts";

const ROUNDS = 9;
const CONCURRENCY = 8;
const SENSORS = 200;
const MOTIONS = 2_000;
const BATCH = 50;
const BATCHES = 600;
const BATCHES_OF_A_SESSION = 20;
const QUERIES = 5_000;
const TENANT = "bench";
const PREFIX = "sojourn";
const HOUR_MS = 3_600_000;

const MOTION = `mutation ($input: RecordMotionInput!) { recordMotion(input: $input) {
  __typename ... on RecordMotionPayload { duplicate session { sessionId motionEventCount } }
} }`;
const BATCH_OF = `mutation ($input: IngestSessionBatchInput!) { ingestSessionBatch(input: $input) {
  __typename ... on IngestSessionBatchPayload { duplicate session { sessionId sampleCount } }
} }`;
const KINDS = ["motion", "batches", "queries"] as const;

type Kind = (typeof KINDS)[number];
type Body = () => string;
type Target = Awaited<ReturnType<typeof start>>;

/** A service with so many sessions in its store, all of them over. */
async function start(sessions: number) {
  const dataDir = await makeTempDir();
  const env = { TOKEN_TTL_SECONDS: "86400", NAME_PREFIX: PREFIX };
  const service = await startLocal(dataDir.path, 0, env).catch(async (error) => {
    await dataDir.remove();
    throw error;
  });
  const stop = async () => {
    await killTree(service.running.pid);
    await dataDir.remove();
  };
  try {
    const clients = createClients({ region: "eu-central-1", endpoints: service.endpoints });
    await fill(clients.dynamodb, PREFIX, past(sessions)).finally(() => clients.destroy());
    const config = parseConfig({ DATA_DIR: dataDir.path, ...env });
    const token = await signLocalToken(config, { tenantId: TENANT, scopes: ["SESSIONS_READ", "SESSIONS_WRITE"] });
    const rates: Record<Kind, Rate[]> = { motion: [], batches: [], queries: [] };
    return { sessions, url: service.url, token, rates, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Sessions of the last weeks, half an hour apart at each sensor. */
function past(count: number) {
  const newestAt = Date.now() - 24 * HOUR_MS;
  return Array.from({ length: count }, (_, i) => {
    const of = { tenantId: TENANT, sensorId: `sensor-${i % SENSORS}`, sessionId: `past-${i}` };
    const halfHoursAgo = Math.floor((count - i) / SENSORS);
    return sessionAt(of, newestAt - halfHoursAgo * (HOUR_MS / 2) + (i % SENSORS), { isOver: true });
  });
}

/** Events of one sensor lie far apart, so that they are not under way together; they happen when they are sent. */
function motions(round: number): Body[] {
  return Array.from({ length: MOTIONS }, (_, i) => () => {
    const seq = 1 + round * (MOTIONS / SENSORS) + Math.floor(i / SENSORS);
    const input = { sensorId: `sensor-${i % SENSORS}`, seq, at: new Date().toISOString() };
    return JSON.stringify({ query: MOTION, variables: { input } });
  });
}

/** Sessions from their first batch to their last, in order. */
function batches(round: number): Body[] {
  const sessions = BATCHES / BATCHES_OF_A_SESSION;
  const startAt = Date.now() - 2 * HOUR_MS;
  return Array.from({ length: BATCHES }, (_, i) => {
    const input = batchOf(`device-${round}-${i % sessions}`, Math.floor(i / sessions), startAt, BATCH);
    const body = JSON.stringify({ query: BATCH_OF, variables: { input } });
    return () => body;
  });
}

function queries(): Body[] {
  return Array(QUERIES).fill(() => JSON.stringify({ query: "{ __typename }" }));
}

async function run(target: Target, kind: Kind, round: number): Promise<Rate> {
  const bodies = { motion: () => motions(round), batches: () => batches(round), queries }[kind]();
  const headers = { "content-type": "application/json", authorization: `Bearer ${target.token}` };
  return await measure(bodies, { concurrency: CONCURRENCY }, async (body) => {
    const { data } = await (await fetch(target.url, { method: "POST", headers, body: body() })).json();
    const payload = data?.recordMotion ?? data?.ingestSessionBatch ?? { duplicate: data?.__typename !== "Query" };
    strictEqual(payload.duplicate, false);
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** The round that lies in the middle. */
function typical(rates: readonly Rate[]): Rate {
  return rates.find((rate) => rate.perSecond === median(rates.map((own) => own.perSecond)))!;
}

const many = Number(process.argv[2] ?? 100_000);
const targets: Target[] = [];
try {
  for (const sessions of [0, many]) {
    const from = performance.now();
    targets.push(await start(sessions));
    console.log(`a service over ${sessions} sessions is up after ${((performance.now() - from) / 1_000).toFixed(0)} s`);
  }
  // The first round opens sessions at all sensors and warms up; it does not count.
  for (const target of targets) for (const kind of KINDS) await run(target, kind, 0);
  for (let round = 1; round <= ROUNDS; round++) {
    for (const kind of KINDS) {
      for (const target of round % 2 ? targets : targets.toReversed()) {
        target.rates[kind].push(await run(target, kind, round));
      }
    }
  }
  const [empty, full] = targets as [Target, Target];
  for (const { sessions, rates } of targets) {
    console.log(`over ${sessions} sessions, the middle one of ${ROUNDS} rounds, ${CONCURRENCY} at a time:`);
    for (const kind of KINDS) console.log(`  ${kind}: ${describeRate(typical(rates[kind]))}`);
    const perSecond = (kind: Kind) => typical(rates[kind]).perSecond;
    console.log(
      `  a motion event costs as much time as ${(perSecond("queries") / perSecond("motion")).toFixed(1)} trivial ` +
        `queries, a batch of ${BATCH} as ${(perSecond("queries") / perSecond("batches")).toFixed(1)}`,
    );
  }
  for (const kind of KINDS) {
    const ratios = full.rates[kind].map((rate, i) => rate.perSecond / empty.rates[kind][i]!.perSecond);
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
    console.log(
      `RATIO of ${kind} a second, ${many} sessions beside none: ${median(ratios).toFixed(2)} (${least} to ${most})`,
    );
  }
} finally {
  for (const { stop } of targets) await stop();
}
