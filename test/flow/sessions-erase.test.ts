import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createSensorEraser } from "../../api/sessions/erase.ts";
import { createSensorErasures } from "../../api/sessions/erasures.ts";
import { createReadings } from "../../api/sessions/readings.ts";
import { createSettings } from "../../api/sessions/settings.ts";
import { createLineStore } from "../../api/sessions/line-store.ts";
import { createSessionStore } from "../../api/sessions/store.ts";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { itemsOf } from "../kit/dump.ts";
import { mutate, SESSION_FIELDS } from "../kit/sessions.ts";
import { bucketOf, dynamoOf } from "../kit/stores.ts";

/** Erasing a sensor's past leaves nothing of it and counts right, wherever it breaks off; others stay as they are. */
const NOW = Date.UTC(2026, 5, 1, 12);
const MIN = 60_000;
const HOUR = 60 * MIN;
const START = NOW - 3 * HOUR;
let api: TestApp;
let now = NOW;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => now });
});
afterAll(() => api.stop());

const at = (minute: number) => new Date(START + minute * MIN).toISOString();
const motion = (tenant: string, sensorId: string, minute: number, more: object = {}) =>
  mutate(api, tenant, "recordMotion", { sensorId, at: at(minute), ...more });
const batch = (tenant: string, sensorId: string, sessionId: string, batchOffset: number, minutes: readonly number[]) =>
  mutate(api, tenant, "ingestSessionBatch", {
    ...{ sessionId, sensorId, batchOffset },
    readings: minutes.map((minute) => ({ at: at(minute), values: [minute] })),
  });
const ERASE = `mutation ($sensorId: String!) { eraseSensor(input: { sensorId: $sensorId }) { __typename
  ... on EraseSensorPayload { receiptId until sessions motionEvents batches remains { what } } ... on UserError { code } } }`;
const erase = async (tenant: string, sensorId: string) => (await api.ask(tenant, ERASE, { sensorId })).data.eraseSensor;
const shown = async (tenant: string) => {
  await api.settle();
  const range = `range: { between: { from: "${at(-60)}", to: "${at(180)}" } }`;
  const { data } = await api.ask(
    tenant,
    `{ sessions(first: 100) { nodes { ${SESSION_FIELDS} } } sensors { nodes { sensorId } }
       metrics(sources: [SESSIONS, MOTION_EVENTS], ${range}, size: ONE_HOUR) { total }
       sessionAnalytics(${range}) { totalSessions totalMotionEvents } }`,
  );
  const { sessions, sensors, metrics, sessionAnalytics } = data;
  return {
    sessions: sessions.nodes,
    sensors: sensors.nodes.map(({ sensorId }: { sensorId: string }) => sensorId),
    counts: [...metrics.map(({ total }: { total: number }) => total), ...Object.values(sessionAnalytics)],
  };
};
/** Of everything that a sensor can have, some. */
async function fill(tenant: string, sensorId: string): Promise<void> {
  for (let minute = 0; minute < 40; minute++) await motion(tenant, sensorId, minute / 10);
  for (const minute of [30, 38, 34, 60, 70]) await motion(tenant, sensorId, minute, { seq: minute });
  for (const minute of [82, 20]) await motion(tenant, sensorId, minute, { state: "CLEARED" });
  await batch(tenant, sensorId, `walk-${sensorId}`, 0, [90, 91]);
  await batch(tenant, sensorId, `walk-${sensorId}`, 1, [92, 93]);
  await batch(tenant, sensorId, `walk-${sensorId}`, 2, [94, -400_000]);
  const pauses = [{ from: at(90.5), to: at(92.5) }, { from: at(9_000) }];
  const walk = { sessionId: `walk-${sensorId}`, sensorId };
  await mutate(api, tenant, "ingestSessionBatch", { ...walk, batchOffset: 3, readings: [], pauses });
  await mutate(api, tenant, "recordPause", { sessionId: walk.sessionId, from: at(93), to: at(93.5) });
  await mutate(api, tenant, "splitSession", { sessionId: `walk-${sensorId}`, expectedVersion: 1, at: at(92) });
  await mutate(api, tenant, "renameSensor", { sensorId, name: `secret ${sensorId}` });
  const { sessions } = await shown(tenant);
  const own = sessions.filter((one: { sensor: { sensorId: string } }) => one.sensor.sensorId === sensorId);
  const [gone] = own.filter((one: { startedAt: string }) => one.startedAt === at(60));
  await mutate(api, tenant, "deleteSession", { sessionId: gone.sessionId, expectedVersion: 1 });
  await mutate(api, tenant, "annotateSession", {
    sessionId: own.at(-1).sessionId,
    expectedVersion: 1,
    notes: "secret",
  });
}
const left = async (word: string) => {
  const items = JSON.stringify([await itemsOf(api.system, "sessions"), await itemsOf(api.system, "sensors")]);
  return items.includes(word);
};

test("nothing of it is left, others stay, and what it recorded then is refused; what comes later is taken as ever", async () => {
  await fill("e1", "kept");
  const before = await shown("e1");
  await fill("e1", "gone");
  const receipt = await erase("e1", "gone");
  expect(receipt).toMatchObject({ __typename: "EraseSensorPayload", sessions: 5, motionEvents: 45, batches: 4 });
  expect(await shown("e1")).toEqual(before);
  expect(await left("gone")).toBe(false);
  expect(await erase("e1", "gone")).toEqual(receipt);
  expect(await erase("e1", "never")).toMatchObject({ code: "NOT_FOUND" });
  expect(await motion("e1", "gone", 34, { seq: 34 })).toMatchObject({
    ...{ code: "INVALID_INPUT", fields: [{ path: ["at"], message: expect.stringContaining("was erased") }] },
  });
  expect(await batch("e1", "gone", "walk-gone", 1, [92, 93])).toMatchObject({ code: "INVALID_INPUT" });
  expect(await shown("e1")).toEqual(before);
  now = NOW + MIN;
  const minute = (now - START) / MIN;
  expect(await motion("e1", "gone", minute)).toMatchObject({ started: true, session: { motionEventCount: 1 } });
  expect(await batch("e1", "gone", "walk-gone", 3, [93, minute])).toMatchObject({ accepted: 1 });
  expect((await shown("e1")).sensors).toEqual(["gone", "kept"]);
  now = NOW;
});

describe("motion that updates told of is taken out", () => {
  const tell = (tenant: string, sessionId: string, i: number) =>
    mutate(api, tenant, "updateSession", { sessionId, updateId: `u${i}`, incrementMotionCount: true });
  const counted = async (tenant: string) => {
    await api.settle();
    const range = `range: { between: { from: "${at(0)}", to: "${at(180)}" } }`;
    const { data } = await api.ask(
      tenant,
      `{ metrics(sources: [MOTION_EVENTS], ${range}, size: ONE_MINUTE) { buckets { count } } }`,
    );
    return data.metrics[0].buckets.map(({ count }: { count: number }) => count).filter((count: number) => count !== 0);
  };
  afterEach(() => {
    now = NOW;
  });

  test("of the minutes in which it was told", async () => {
    now = START;
    await mutate(api, "e4", "createSession", { sessionId: "told", sensorId: "teller" });
    for (let i = 0; i < 20; i++) {
      await tell("e4", "told", i);
      now += i < 4 ? 2 * MIN : 20_000;
    }
    expect(await counted("e4")).toEqual([1, 1, 1, 1, 3, 3, 3, 3, 3, 1]);
    expect(await erase("e4", "teller")).toMatchObject({ sessions: 1, motionEvents: 20 });
    expect(await counted("e4")).toEqual([]);
  });

  test("once, where its session became a part of another", async () => {
    now = START;
    const first = (await motion("e5", "porch", 0)).session.sessionId;
    now = START + MIN;
    await tell("e5", first, 1);
    now = START + 8 * MIN;
    const second = (await motion("e5", "porch", 8)).session.sessionId;
    await tell("e5", second, 2);
    expect((await motion("e5", "porch", 4)).session).toMatchObject({ sessionId: first, motionEventCount: 5 });
    expect(await counted("e5")).toEqual([1, 1, 1, 2]);
    expect(await erase("e5", "porch")).toMatchObject({ motionEvents: 5 });
    expect(await counted("e5")).toEqual([]);
  });
});

test("when motion ceased goes with it, said alone, beside motion or before it, and the same may be said of what comes later", async () => {
  now = NOW;
  await fill("e3", "kept");
  await motion("e3", "kept", 100);
  await motion("e3", "kept", 130, { state: "CLEARED" });
  const before = await shown("e3");
  await motion("e3", "former", 10);
  await motion("e3", "former", 70, { state: "CLEARED" });
  await motion("e3", "former", 90, { state: "CLEARED", seq: 4, boot: "former-boot" });
  await motion("e3", "former", 0, { state: "CLEARED" });
  await motion("e3", "former-alone", 50, { state: "CLEARED" });
  await motion("e3", "former-late", 50, { state: "CLEARED" });
  await motion("e3", "former-late", 20);
  expect(await left("former")).toBe(true);
  expect(await erase("e3", "former")).toMatchObject({ sessions: 1, motionEvents: 1, batches: 0 });
  expect(await erase("e3", "former-alone")).toMatchObject({ sessions: 0, motionEvents: 0, batches: 0 });
  expect(await erase("e3", "former-late")).toMatchObject({ sessions: 1, motionEvents: 1, batches: 0 });
  expect(await shown("e3")).toEqual(before);
  expect(await left("former")).toBe(false);
  expect(await motion("e3", "former", 70, { state: "CLEARED" })).toMatchObject({
    ...{ code: "INVALID_INPUT", fields: [{ path: ["at"], message: expect.stringContaining("was erased") }] },
  });
  expect(await left("former")).toBe(false);
  now = NOW + 60 * MIN;
  await motion("e3", "former", 190);
  expect(await motion("e3", "former", 220, { state: "CLEARED" })).toMatchObject({
    ...{ duplicate: false, session: { startedAt: at(190), endedAt: at(220), motionEventCount: 1 } },
  });
  now = NOW;
});

test("it can break off at any request: the next call finishes it, exactly", async () => {
  await fill("e2", "kept");
  const before = await shown("e2");
  await fill("e2", "gone");
  let budget = 0;
  const dynamo = dynamoOf(api.system, () => {
    if (budget-- <= 0) throw new Error("died");
  });
  const names = { sessions: `${api.system.prefix}-sessions`, sensors: `${api.system.prefix}-sensors` };
  const store = createSessionStore(dynamo, names);
  const erasures = createSensorErasures(dynamo, names);
  const eraseDying = createSensorEraser({
    erasures,
    store,
    lineStore: createLineStore(dynamo, names),
    readings: createReadings(bucketOf(api.system, "readings")),
    settings: createSettings({ store, erasures, clock: () => now }),
    clock: () => now,
  });
  let deaths = 0;
  for (let step = 1;; step++) {
    budget = step;
    const done = await eraseDying("e2", "gone").catch(() => undefined);
    if (done) {
      expect(done).toMatchObject({ isDone: true, sessions: 5, motions: 45 });
      break;
    }
    deaths++;
    // Each death is a little later than the last; what was done stays done.
    if (deaths > 200) throw new Error("never done");
  }
  expect(deaths).toBeGreaterThan(10);
  expect(await shown("e2")).toEqual(before);
});
