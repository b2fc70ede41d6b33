import { describe, expect, test } from "vitest";
import { createHub } from "../../api/live/hub.ts";
import { tables } from "../../api/resources.ts";
import { sensorKeyOf } from "../../api/sessions/item.ts";
import { createSensorErasures } from "../../api/sessions/erasures.ts";
import { createLineStore } from "../../api/sessions/line-store.ts";
import { createSessionLists } from "../../api/sessions/lists.ts";
import { createQuarantineStore } from "../../api/sessions/quarantine.ts";
import type { Readings } from "../../api/sessions/readings.ts";
import { createSessions, type Sessions } from "../../api/sessions/service.ts";
import { createSessionStore } from "../../api/sessions/store.ts";
import { createSessionWatch } from "../../api/sessions/watch.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { hostOf } from "../proof/sessions-hosts.ts";

const NOW = Date.UTC(2026, 5, 1);
const T = "ghosts";

/** A process between whose read and write something else happens, once. */
function hostWith(
  meanwhile: (dynamo: ReturnType<typeof createMemoryDynamo>, other: Sessions) => void | Promise<unknown>,
  ...before: string[]
) {
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const methods = dynamo as unknown as Record<string, (...args: unknown[]) => unknown>;
  const state = { isArmed: false };
  let ids = 0;
  const [now, id] = [() => NOW, () => `m${ids++}`];
  const other = hostOf(1, { ask: async (method, args) => await methods[method]!(...args), now, id });
  const host = hostOf(0, {
    ask: async (method, args) => {
      if (state.isArmed && before.includes(method)) {
        state.isArmed = false;
        await meanwhile(dynamo, other);
      }
      return await methods[method]!(...args);
    },
    ...{ now, id },
  });
  return { host, dynamo, arm: () => void (state.isArmed = true) };
}

test("what outlives deleted sessions is what the latest said: until when there were any never goes back, nor do numbers", async () => {
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const store = createSessionStore(dynamo, { sessions: "sessions", sensors: "sensors" });
  const pk = sensorKeyOf(T, "hall");
  const keep = (sessionId: string, lastMotionAt: number, boot: string) =>
    store.keepMotions(
      {
        ...{ tenantId: T, sensorId: "hall", sessionId, lastMotionAt },
        numbers: { boot, counted: { hi: 3n, ahead: [] }, vague: -1 },
      } as unknown as Parameters<typeof store.keepMotions>[0],
    );
  // Of a sensor that nobody knows nothing is kept.
  await keep("a", NOW, "x");
  expect(dynamo.peek("sensors", { pk })).toBeUndefined();
  await dynamo.put("sensors", { pk, latest: "b" });
  await keep("b", NOW, "of b");
  await keep("a", NOW - 1, "of a");
  expect(dynamo.peek("sensors", { pk })).toMatchObject({ forgottenUntil: NOW, mBoot: "of b" });
  await keep("c", NOW + 1, "of c");
  expect(dynamo.peek("sensors", { pk })).toMatchObject({ forgottenUntil: NOW + 1, mBoot: "of b" });
});

test("an edit of a session that is deleted between its read and its write leaves no ghost of it", async () => {
  const gone = (dynamo: ReturnType<typeof createMemoryDynamo>) => {
    for (const { pk, sk } of dynamo.dump("sessions")) void dynamo.remove("sessions", { pk, sk });
  };
  const { host, dynamo, arm } = hostWith(gone, "updateIf");
  await host.create(T, "u", { sensorId: "s", sessionId: "a", startedAt: NOW });
  arm();
  const edit = { sessionId: "a", expectedVersion: 1, labels: ["x"] };
  expect(await host.annotate(T, edit)).toMatchObject({ code: "NOT_FOUND" });
  expect(dynamo.dump("sessions")).toEqual([]);
});

test("a session that another process opens at the sensor between a read and a write is not lost, nor is one of two writers", async () => {
  const { host, arm } = hostWith((dynamo) => {
    const item = dynamo.dump("sensors").find(({ sensorId }) => sensorId === "s")!;
    void dynamo.put("sensors", { ...item, revision: (item.revision as number) + 1 });
  }, "transact");
  await host.create(T, "u", { sensorId: "s", sessionId: "a", startedAt: NOW - 1_000 });
  arm();
  await host.create(T, "u", { sensorId: "s", sessionId: "b", startedAt: NOW });
  expect([...(await host.find(T, ["a", "b"])).keys()].sort()).toEqual(["a", "b"]);
});

describe("the first time that a sensor says that motion ceased, while another process counts motion in an older session", () => {
  const [HOUR, MIN] = [3_600_000, 60_000];
  const FROM = NOW - 9 * HOUR;
  type Say = (sessions: Sessions, sensorId: string) => Promise<unknown>;
  const cease: Say = (sessions, sensorId) =>
    sessions.recordMotion(`${T} first`, "u", { sensorId, at: FROM + HOUR, state: "CLEARED" });
  const moveAs = (seq?: number): Say => (sessions, sensorId) =>
    sessions.recordMotion(`${T} first`, "u", { sensorId, at: FROM + 2 * MIN, ...(seq === undefined ? {} : { seq }) });

  test.each([
    ["motion", "late motion", moveAs(), cease],
    ["ceased", "the other way round", cease, moveAs()],
    ["numbered", "late motion with a number", moveAs(7), cease],
    ["ceased numbered", "a number, the other way round", cease, moveAs(7)],
  ])("closes that motion: %s, %s", async (sensorId, _, first, between) => {
    let isBetween = false;
    const { host, arm } = hostWith(
      (_dynamo, other) => {
        isBetween = true;
        return between(other, sensorId);
      },
      ...["transact", "updateIf", "update"],
    );
    const tenantId = `${T} first`;
    const [older, later] = [`older ${sensorId}`, `later ${sensorId}`];
    await host.create(tenantId, "u", { sensorId, sessionId: older, startedAt: FROM });
    await host.create(tenantId, "u", { sensorId, sessionId: later, startedAt: FROM + 8 * HOUR });
    // Once a person merged it the session keeps its motion on sheets, and only motion in its own item changes it.
    await host.create(tenantId, "u", { sensorId, sessionId: `joined ${sensorId}`, startedAt: FROM + MIN });
    const sessions = [older, `joined ${sensorId}`].map((sessionId) => ({ sessionId, expectedVersion: 1 }));
    await host.merge(tenantId, { sessions });
    arm();
    await first(host, sensorId);
    expect(isBetween).toBe(true);
    const session = (await host.find(tenantId, [older])).get(older)!;
    expect(session).toMatchObject({ startedAt: FROM, motionEventCount: 1, lastMotionAt: FROM + HOUR });
  });
});

test(
  "whoever follows hears at once of a session that the sweeper ended, without looking again by the clock",
  async () => {
    const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
    const names = { sessions: "sessions", sensors: "sensors" };
    const hub = createHub();
    let now = NOW;
    const clock = () => now;
    const sessions = createSessions({
      store: createSessionStore(dynamo, names),
      lineStore: createLineStore(dynamo, names),
      erasures: createSensorErasures(dynamo, names),
      quarantine: createQuarantineStore(dynamo, names),
      lists: createSessionLists(dynamo, names),
      daysOpenAt: () => Promise.resolve([]),
      readings: {} as Readings,
      hub,
      clock,
      ids: () => "m",
    });
    const watch = createSessionWatch({ sessions, log: { since: async () => [] }, hub, clock, pollMs: 2 ** 30 });
    const leave = new AbortController();
    const feed = watch(T, undefined, undefined, leave.signal);
    const first = feed.next();
    await new Promise((resolve) => setImmediate(resolve));
    await sessions.recordMotion(T, "u", { sensorId: "s", at: NOW });
    expect((await first).value).toMatchObject({ sessionId: "m", status: "ACTIVE" });
    // Whatever the motion woke has read by then.
    const next = feed.next();
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
    now = NOW + 6 * 60_000;
    await sessions.sweep();
    expect((await next).value).toMatchObject({ sessionId: "m", status: "COMPLETED", endedBy: "IDLE" });
    leave.abort();
  },
  10_000,
);
