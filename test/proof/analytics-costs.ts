import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { createAnalytics } from "../../api/analytics/service.ts";
import { createRollupStore } from "../../api/analytics/store.ts";
import type { ImageChange } from "../../api/ingest/projections/counts.ts";
import { toItemChanges } from "../../api/ingest/projections/rollups.ts";
import { type Cost, createDynamo } from "../../api/aws/dynamo.ts";
import { createStreams } from "../../api/aws/streams.ts";
import { SESSION_NUMBERS } from "../kit/analytics.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { itemsOf } from "../kit/dump.ts";
import type { Session } from "../../api/sessions/model.ts";
import { imageOf, sessionBase } from "../kit/images.ts";
import { mutate } from "../kit/sessions.ts";
import { createRandom } from "./random.ts";

const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
const FEW = 100;
const MANY = 100_000;
const SENSORS = 20;
const NOW = Date.UTC(2026, 10, 21, 15, 7);
/** Records in a part of a stream, as Lambda and the local pump hand them over. */
const PART = 500;

/** Numbers over 90 days cost the same with 100 and with 100,000 sessions, and images fed by hand count as the API's do. */
export async function proveCosts(seed: string, spanMs: number): Promise<void> {
  const random = createRandom(seed);
  const clock = { now: NOW };
  const api = await startTestApp({ clock: () => clock.now });
  try {
    const sent = Array.from({ length: FEW }, (_, i) => ({
      sensorId: `sensor-${i % SENSORS}`,
      startedAt: NOW - spanMs + DAY + Math.floor((i / FEW) * (spanMs - 2 * DAY)),
      motions: Array.from({ length: 1 + (i % 4) }, () => Math.floor(random() * 20 * MIN)),
    }));
    for (const tenant of ["few", "many"]) await sendSessions(api, tenant, sent);
    clock.now = NOW;
    await api.app.jobs[0]!.run();
    await api.settle();

    const { roll, writes } = createRoll(api);
    await feedAgain(api, "few", "fed", random, roll);
    const [own, fed] = [await numbersOf(api, "few"), await numbersOf(api, "fed")];
    deepStrictEqual(fed, own);
    console.log(
      `images: ${Object.keys(own).length} numbers of ${FEW} sessions are the same through the API and fed by hand`,
    );

    writes.length = 0;
    const startedAt = performance.now();
    const changes = await feedMany(MANY - FEW, spanMs, random, roll);
    const units = writes.reduce((sum, cost) => sum + cost.units, 0);
    console.log(
      `feeding: ${changes} changes of ${
        MANY - FEW
      } sessions in parts of ${PART}: ${writes.length} writes, ${units} WCU ` +
        `(${(units / changes).toFixed(2)} a change), ${Math.round((performance.now() - startedAt) / 1_000)} s`,
    );

    for (const [name, query] of Object.entries(QUERIES)) {
      const [few, many] = [await costOf(api, "few", query), await costOf(api, "many", query)];
      strictEqual(few.sessions, name === "one sensor" ? FEW / SENSORS : FEW);
      console.log(
        `${name}: ${few.sessions} sessions ${few.units} RCU in ${few.requests} requests; ` +
          `${many.sessions} sessions ${many.units} RCU in ${many.requests} requests`,
      );
      if (name !== "one sensor") strictEqual(many.sessions, MANY);
      deepStrictEqual([many.units, many.requests], [few.units, few.requests], name);
    }
    await reportChanges(roll, writes);
  } finally {
    await api.stop();
  }
}

const QUERIES: Record<string, string> = {
  "every field": `{ sessionAnalytics(range: { last: QUARTER }, timeZone: "Asia/Kathmandu") { ${SESSION_NUMBERS} } }`,
  "counts and periods": `{ sessionAnalytics(range: { last: QUARTER }) { totalSessions totalMotionEvents averageDuration
    peakHour byDay { start sessions } byHourOfWeek { sessions } } }`,
  "percentiles alone": `{ sessionAnalytics(range: { last: QUARTER }) { totalSessions durationPercentiles { p50 } } }`,
  "one sensor": `{ sensor(sensorId: "sensor-7") { analytics(range: { last: QUARTER }) { ${SESSION_NUMBERS} } } }`,
};

async function costOf(api: TestApp, tenant: string, query: string) {
  api.takeCosts();
  const { data, errors } = await api.ask(tenant, query);
  if (errors) throw new Error(JSON.stringify(errors));
  const costs = api.takeCosts();
  const { totalSessions } = data.sessionAnalytics ?? data.sensor.analytics;
  return {
    sessions: totalSessions as number,
    units: costs.reduce((sum, cost) => sum + cost.units, 0),
    requests: costs.length,
  };
}

type Sent = { sensorId: string; startedAt: number; motions: number[] };

async function sendSessions(api: TestApp, tenant: string, sessions: readonly Sent[]): Promise<void> {
  const seqs = new Map<string, number>();
  for (const { sensorId, startedAt, motions } of sessions) {
    let at = startedAt;
    for (const after of [0, ...motions.map((ms) => ms % (5 * MIN))]) {
      at += after;
      const seq = seqs.get(sensorId) ?? 0;
      seqs.set(sensorId, seq + 1);
      await mutate(api, tenant, "recordMotion", { sensorId, seq, at: new Date(at).toISOString() });
    }
  }
}

/** The service's own `roll`, outside the app, and what its writes cost. */
function createRoll(api: TestApp) {
  const writes: Cost[] = [];
  const dynamo = createDynamo(api.system.clients.dynamodb, { onCost: (cost) => void writes.push(cost) });
  const never = () => Promise.reject(new Error("rolling reads nothing"));
  const { roll } = createAnalytics({
    store: createRollupStore(dynamo, `${api.system.prefix}-rollups`),
    sessions: { find: never, findSensors: never },
    lists: { outerStarts: never, running: never, sensors: never },
    clock: () => NOW,
    indexed: true,
  });
  return { roll: (changes: readonly ImageChange[]) => roll(changes.flatMap(toItemChanges)), writes };
}

type Roll = (changes: readonly ImageChange[]) => Promise<void>;

/** Takes a tenant's changes from the table's stream and rolls them, cut anew, as another tenant's. */
async function feedAgain(api: TestApp, from: string, to: string, random: () => number, roll: Roll): Promise<void> {
  const streams = createStreams(api.system.clients.dynamodb, api.system.clients.streams);
  const arn = (await streams.arnOf(`${api.system.prefix}-sessions`))!;
  const changes: ImageChange[] = [];
  for (const { id: shard } of await streams.shardsOf(arn)) {
    let iterator = await streams.iterate(arn, shard, undefined);
    while (iterator) {
      const { records, next } = await streams.read(shard, iterator, 1_000);
      for (const { keys, sequence, before, after, arrivedAt } of records) {
        if (!(keys.pk as string).startsWith(`${from}#`)) continue;
        const renamed = JSON.parse(
          JSON.stringify({ pk: keys.pk, before, after }).replaceAll(`"${from}#`, `"${to}#`).replaceAll(
            `"${from}"`,
            `"${to}"`,
          ),
        ) as Pick<ImageChange, "pk" | "before" | "after">;
        changes.push({ table: "sessions", shard, sequence, arrivedAt, ...renamed });
      }
      iterator = records.length > 0 ? next : undefined;
    }
  }
  for (let at = 0; at < changes.length;) {
    const length = 1 + Math.floor(random() * 60);
    await roll(changes.slice(at, at + length));
    at += length;
  }
}

/** What the rollups of a tenant count, by key and attribute. */
async function numbersOf(api: TestApp, tenant: string): Promise<Record<string, number>> {
  const items = (await itemsOf(api.system, "rollups")).map((item) => unmarshall(item));
  return Object.fromEntries(
    items.filter(({ pk }) => (pk as string).startsWith(`${tenant}#`)).flatMap((item) =>
      Object.entries(item).filter(([, n]) => typeof n === "number" && n !== 0).map(([name, n]) =>
        [`${(item.pk as string).slice(tenant.length)} ${String(item.sk)} ${name}`, n as number] as const
      )
    ).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Sessions as their table's stream would show them: one change opens each, another ends it. */
async function feedMany(count: number, spanMs: number, random: () => number, roll: Roll): Promise<number> {
  const changes: ImageChange[] = [];
  let fed = 0;
  const flush = async () => {
    await roll(changes);
    fed += changes.length;
    changes.length = 0;
  };
  for (let i = 0; i < count; i++) {
    // Not beyond the range's first and last slot: the range is widened to whole quarter-hours.
    const startedAt = NOW - spanMs + 15 * MIN + Math.floor((i / count) * (spanMs - HOUR));
    const opened = {
      ...sessionBase,
      tenantId: "many",
      sessionId: `fed-${i}`,
      sensorId: `sensor-${Math.floor(random() * SENSORS)}`,
      startedAt,
      lastMotionAt: startedAt,
      motionEventCount: 1,
    };
    const lastMotionAt = startedAt + Math.floor(Math.exp(random() * Math.log(2 * HOUR)));
    const ended = { ...opened, lastMotionAt, motionEventCount: 1 + Math.floor(random() * 50) };
    const images = [
      undefined,
      imageOf(opened),
      imageOf({ ...ended, status: "COMPLETED", endedBy: "IDLE", endedAt: lastMotionAt }),
    ];
    for (const step of [1, 2]) {
      const sequence = `9${String(2 * i + step).padStart(29, "0")}`;
      const [before, after] = [images[step - 1], images[step]];
      changes.push({ table: "sessions", pk: after!.pk as string, shard: "s", sequence, arrivedAt: NOW, before, after });
      if (changes.length === PART) await flush();
    }
  }
  await flush();
  return fed;
}

/** What single changes cost where each is delivered alone, on a day that is full: the dearest case. */
async function reportChanges(roll: Roll, writes: Cost[]): Promise<void> {
  let sequence = 10n ** 31n;
  let before: ImageChange["before"];
  const measure = async (name: string, session: Session) => {
    const after = imageOf(session);
    writes.length = 0;
    await roll([{
      table: "sessions",
      pk: after.pk as string,
      shard: "s",
      sequence: `${sequence++}`,
      arrivedAt: NOW,
      before,
      after,
    }]);
    before = after;
    const units = writes.map((cost) => cost.units);
    const sum = units.reduce((all, own) => all + own, 0);
    console.log(
      `a change alone on a day of ${Math.round(MANY / 90)} sessions: ${name}: ${sum} WCU (${
        units.join(" + ") || "none"
      })`,
    );
  };
  const of = { ...sessionBase, tenantId: "many", sessionId: "alone", sensorId: "sensor-3" };
  const running = { ...of, startedAt: NOW - DAY, lastMotionAt: NOW - DAY, motionEventCount: 1 };
  await measure("a session opens", running);
  const moved = { ...running, lastMotionAt: NOW - DAY + MIN, motionEventCount: 2 };
  await measure("a motion event of a running session", moved);
  await measure("a batch of a running session", { ...moved, sampleCount: 500, lastMotionAt: NOW - DAY + 2 * MIN });
  const ended = { ...moved, status: "COMPLETED" as const, endedBy: "IDLE" as const, endedAt: moved.lastMotionAt };
  await measure("a session ends", ended);
  const later = NOW - DAY + 4 * MIN;
  const longer = { ...ended, motionEventCount: 3, lastMotionAt: later, endedAt: later };
  await measure("late motion that moves its end", longer);
  await measure("a person's edit", { ...longer, labels: ["a"] });
}
