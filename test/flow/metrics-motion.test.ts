import { afterAll, beforeAll, expect, test } from "vitest";
import type { StreamRecord } from "../../api/aws/streams.ts";
import { fullName, tables } from "../../api/resources.ts";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { itemsOf, removeItem } from "../kit/dump.ts";
import { metricsOf } from "../kit/metrics.ts";
import { mutate } from "../kit/sessions.ts";
import { dynamoOf } from "../kit/stores.ts";
import { unmarshall } from "@aws-sdk/util-dynamodb";

const NOW = Date.UTC(2026, 5, 1, 12, 30);
const [MINUTE, HOUR] = [60_000, 3_600_000];
const [FROM, TO] = [NOW - 6 * HOUR, NOW + HOUR];
const iso = (at: number) => new Date(at).toISOString();
let now = NOW;
let api: TestApp;
beforeAll(async () => {
  api = await startMemoryApp({ clock: () => now, recheckMs: 0 });
});
afterAll(() => api.stop());

const total = async (tenant: string) =>
  (await metricsOf(api, tenant).series("MOTION_EVENTS", "ONE_HOUR", FROM, TO)).total;
const audit = async (tenant: string, repair = false) =>
  await metricsOf(api, tenant).audit("MOTION_EVENTS", FROM, TO, repair);
const RIGHT = { differences: [], repaired: 0 };

async function move(tenant: string, sensorId: string, from: number, count: number): Promise<string> {
  let sessionId = "";
  for (let n = 0; n < count; n++) {
    const { session } = await mutate(api, tenant, "recordMotion", { sensorId, at: iso(from + n * MINUTE) });
    sessionId = session.sessionId;
  }
  return sessionId;
}

test("motion is counted again: of sessions that run, are over, joined, were told of, deleted and brought back", async () => {
  await move("m", "hall", NOW - 3 * HOUR, 70);
  await move("m", "hall", NOW - 4 * HOUR, 3);
  // Late motion bridges two sessions.
  await move("m", "door", NOW - 2 * HOUR, 2);
  await move("m", "door", NOW - 2 * HOUR + 9 * MINUTE, 2);
  await move("m", "door", NOW - 2 * HOUR + 5 * MINUTE, 1);
  await mutate(api, "m", "createSession", { sessionId: "told", sensorId: "porch", startedAt: iso(NOW - 2 * MINUTE) });
  for (let i = 0; i < 3; i++) {
    now += 2 * MINUTE;
    await mutate(api, "m", "updateSession", { sessionId: "told", updateId: `u${i}`, incrementMotionCount: true });
  }
  now = NOW;
  const gone = await move("m", "attic", NOW - HOUR, 4);
  await api.settle();
  expect(await total("m")).toBe(85);
  expect(await audit("m")).toMatchObject({ ...RIGHT, recordsCounted: 85 });

  for (const [sessionId, left] of [[gone, 81], ["told", 78]] as const) {
    const { session } = (await api.ask("m", `{ session(sessionId: "${sessionId}") { version } }`)).data;
    await mutate(api, "m", "deleteSession", { sessionId, expectedVersion: session.version });
    await api.settle();
    expect(await total("m")).toBe(left);
    expect(await audit("m")).toMatchObject({ ...RIGHT, recordsCounted: left });
  }
  await mutate(api, "m", "restoreSession", { sessionId: "told" });
  await api.settle();
  expect(await total("m")).toBe(81);
  expect(await audit("m")).toMatchObject({ ...RIGHT, recordsCounted: 81 });
});

test("a count of motion that is damaged is found, named, and mended", async () => {
  await move("d", "hall", NOW - 5 * MINUTE, 5);
  await api.settle();
  const hour = String(Math.floor(NOW / HOUR) * HOUR).padStart(13, "0");
  await dynamoOf(api.system).update(fullName(api.system.prefix, tables.buckets), { pk: "d#MOTION_EVENTS", sk: hour }, {
    expression: "SET m26 = :n",
    values: { ":n": 0 },
  });
  now += 5_000;
  await api.settle();
  const { differences } = await audit("d");
  expect(differences).toEqual([{ recounted: 1, bucket: { start: "2026-06-01T12:26:00.000Z", count: 0 } }]);
  expect(await audit("d", true)).toMatchObject({ repaired: 1 });
  expect(await total("d")).toBe(5);
});

test("motion of a session that expired stays counted, also that on sheets, and also where the expiry comes twice", async () => {
  await move("e", "hall", NOW - 3 * HOUR, 40);
  await api.settle();
  const [item] = (await itemsOf(api.system, "sessions")).filter(({ pk, sk }) =>
    pk!.S!.startsWith("e#") && sk!.S!.endsWith("#SESSION")
  );
  const before = unmarshall(item!);
  const { pk, sk } = item!;
  await removeItem(api.system, "sessions", { pk: pk!, sk: sk! });
  // As DynamoDB tells of what it removes itself; the plain removal that the embedded store shows is not read here.
  const expiry = {
    shard: "s",
    sequence: "9000000000",
    keys: { pk: before.pk, sk: before.sk },
    before,
    after: undefined,
  };
  for (let i = 0; i < 2; i++) {
    await api.app.ingestStream("sessions", [{ ...expiry, isExpiry: true, arrivedAt: NOW }] as StreamRecord[]);
  }
  expect(await total("e")).toBe(40);
  expect(await audit("e", true)).toMatchObject({ ...RIGHT, recordsCounted: 0 });
  expect(await total("e")).toBe(40);
});

test("motion that was told of counts where it was told, wherever its session comes to lie", async () => {
  const told = async (sessionId: string, minutes: number) => {
    now = NOW + minutes * MINUTE;
    await mutate(api, "t", "updateSession", { sessionId, updateId: `${minutes}`, incrementMotionCount: true });
    now = NOW;
  };
  // It ends, as is said later, before what was told of it.
  await mutate(api, "t", "createSession", { sessionId: "early", sensorId: "a", startedAt: iso(NOW - 2 * MINUTE) });
  await told("early", 1);
  await told("early", 3);
  await mutate(api, "t", "endSession", { sessionId: "early", endedAt: iso(NOW - MINUTE) });
  // It begins, as its readings say later, after what was told of it.
  const batch = { sessionId: "late", sensorId: "b", batchOffset: 1, readings: [], durationMs: null, final: false };
  await mutate(api, "t", "ingestSessionBatch", batch);
  await told("late", 2);
  now = NOW + 2 * HOUR;
  const readings = [{ at: iso(NOW + 2 * HOUR - MINUTE), values: [1] }];
  await mutate(api, "t", "ingestSessionBatch", { ...batch, batchOffset: 0, readings });
  await api.settle();
  expect(await total("t")).toBe(3);
  for (const minutes of [0, 1, 2, 3]) {
    const from = NOW + minutes * MINUTE;
    expect(await metricsOf(api, "t").audit("MOTION_EVENTS", from, from + MINUTE, false)).toMatchObject(RIGHT);
  }
  now = NOW;
});

test("motion of a session that ended in the very moment in which a range begins is found in it", async () => {
  now = NOW;
  // Of an hour: they are counted again one by one.
  const edge = NOW - 1.5 * HOUR;
  await move("e", "hall", edge - MINUTE, 1);
  const last = await mutate(api, "e", "recordMotion", { sensorId: "hall", at: iso(edge), endedAt: iso(edge) });
  expect(last).toMatchObject({ session: { endedAt: iso(edge) } });
  await api.settle();
  expect(await metricsOf(api, "e").audit("MOTION_EVENTS", edge, TO)).toMatchObject({ ...RIGHT, recordsCounted: 1 });
});
