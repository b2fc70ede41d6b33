import { describe, expect, test } from "vitest";
import type { Item } from "../../api/aws/dynamo.ts";
import { tables } from "../../api/resources.ts";
import { sensorKeyOf } from "../../api/sessions/item.ts";
import { createLines } from "../../api/sessions/lines.ts";
import { createSensorErasures } from "../../api/sessions/erasures.ts";
import { createLineStore } from "../../api/sessions/line-store.ts";
import type { Session } from "../../api/sessions/model.ts";
import { pausesOf } from "../../api/sessions/pauses.ts";
import type { Sessions } from "../../api/sessions/service.ts";
import { createSettings } from "../../api/sessions/settings.ts";
import { createSessionStore } from "../../api/sessions/store.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { hostOf } from "../proof/sessions-hosts.ts";

const NOW = Date.UTC(2026, 5, 1);
const T = "ghosts";

/**
 * A process between whose read and write something else happens, once: before it calls one of these of its store, or one of these
 * for a key, as `get a#SESSION`.
 */
function hostWith(
  meanwhile: (dynamo: ReturnType<typeof createMemoryDynamo>, other: Sessions) => void | Promise<unknown>,
  ...before: string[]
) {
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const methods = {
    ...dynamo,
    // Readings lie in the object store, each batch under its name.
    keep: () => Promise.resolve("new"),
    read: () => Promise.resolve([]),
  } as unknown as Record<string, (...args: unknown[]) => unknown>;
  const nameOf = (method: string, [, key]: readonly unknown[]) =>
    `${method} ${(key as Item | undefined)?.sk as string}`;
  const state = { armed: -1 };
  let ids = 0;
  const [now, id] = [() => NOW, () => `m${ids++}`];
  const other = hostOf(1, { ask: async (method, args) => await methods[method]!(...args), now, id });
  const host = hostOf(0, {
    ask: async (method, args) => {
      const isThere = before.includes(method) || before.includes(nameOf(method, args));
      if (isThere && state.armed-- === 0) await meanwhile(dynamo, other);
      return await methods[method]!(...args);
    },
    ...{ now, id },
  });
  /** `skipped`: so many of them go by before. */
  const arm = (skipped = 0) => void (state.armed = skipped);
  return { host, dynamo, arm };
}

test("what outlives deleted sessions is what the latest said: until when there were any never goes back, nor do numbers", async () => {
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const store = createSessionStore(dynamo, { sessions: "sessions", sensors: "sensors" });
  const pk = sensorKeyOf(T, "hall");
  const keep = (sessionId: string, lastMotionAt: number, boot: string) =>
    store.keepMotions(
      {
        ...{ tenantId: T, sensorId: "hall", sessionId, lastMotionAt },
        numbers: { boot, counted: { hi: 3n, ahead: [] }, vague: -1, clearedAt: lastMotionAt + 5 },
      } as unknown as Parameters<typeof store.keepMotions>[0],
    );
  // Of a sensor that nobody knows nothing is kept.
  await keep("a", NOW, "x");
  expect(dynamo.peek("sensors", { pk })).toBeUndefined();
  await dynamo.put("sensors", { pk, latest: "b" });
  await keep("b", NOW, "of b");
  await keep("a", NOW - 1, "of a");
  expect(dynamo.peek("sensors", { pk })).toMatchObject({ forgottenUntil: NOW, mBoot: "of b", mCleared: NOW + 5 });
  await keep("c", NOW + 1, "of c");
  expect(dynamo.peek("sensors", { pk })).toMatchObject({ forgottenUntil: NOW + 1, mBoot: "of b" });
});

test("a pause of a session that is deleted between its read and its write leaves no ghost of it, and is told so", async () => {
  const gone = (dynamo: ReturnType<typeof createMemoryDynamo>) => {
    for (const { pk, sk } of dynamo.dump("sessions")) void dynamo.remove("sessions", { pk, sk });
  };
  const { host, dynamo, arm } = hostWith(gone, "updateIf");
  await host.create(T, "u", { sensorId: "s", sessionId: "a", startedAt: NOW });
  arm();
  expect(await host.recordPause(T, { sessionId: "a", from: NOW })).toMatchObject({ code: "NOT_FOUND" });
  expect(dynamo.dump("sessions")).toEqual([]);
});

test("a pause and what another process counts in the session meanwhile are both kept", async () => {
  const { host, arm } = hostWith(
    (_, other) => other.recordMotion(T, "u", { sensorId: "s", at: NOW + 1 }),
    "updateIf",
  );
  await host.create(T, "u", { sensorId: "s", sessionId: "a", startedAt: NOW - 1_000 });
  arm();
  await host.recordPause(T, { sessionId: "a", from: NOW, to: NOW + 2 });
  const session = (await host.find(T, ["a"])).get("a")!;
  expect([session.motionEventCount, pausesOf(session)]).toEqual([1, [{ from: NOW, to: NOW + 2 }]]);
});

test("an update and what another process counts in the session meanwhile are both kept", async () => {
  const { host, arm } = hostWith(
    (_, other) => other.recordMotion(T, "u", { sensorId: "s", at: NOW + 1 }),
    "transact",
  );
  await host.create(T, "u", { sensorId: "s", sessionId: "a", startedAt: NOW - 1_000 });
  arm();
  expect(await host.update(T, { sessionId: "a", updateId: "1", playbackStarted: true })).toMatchObject({
    session: { sessionId: "a" },
  });
  expect((await host.find(T, ["a"])).get("a")).toMatchObject({ motionEventCount: 1, playback: { started: true } });
});

test("an update that another try had done before the session ended is done, also where it shows between two reads", async () => {
  let marker: Item | undefined;
  const { host, dynamo, arm } = hostWith((made) => made.put("sessions", marker!), "get a#U#1");
  const update = { sessionId: "a", updateId: "1", playbackStarted: true };
  await host.create(T, "u", { sensorId: "s", sessionId: "a", startedAt: NOW - 60_000 });
  await host.update(T, update);
  marker = dynamo.dump("sessions").find(({ sk }) => sk === "a#U#1");
  await dynamo.remove("sessions", { pk: marker!.pk, sk: marker!.sk });
  await host.end(T, { sessionId: "a", endedAt: NOW - 1_000 });
  expect(await host.update(T, { ...update, updateId: "2" })).toMatchObject({ code: "SESSION_ENDED" });
  arm(1);
  const done = await host.update(T, update);
  expect(done).toMatchObject({ session: { sessionId: "a", status: "COMPLETED" } });
  expect(done).not.toHaveProperty("code");
});

test("an end before motion that was heard, and what another process counts in the session meanwhile, are both kept", async () => {
  const { host, arm } = hostWith(
    (_, other) => other.recordMotion(T, "u", { sensorId: "s", at: NOW - 9_000 }),
    "transact",
  );
  await host.create(T, "u", { sensorId: "s", sessionId: "a", startedAt: NOW - 60_000 });
  await host.recordMotion(T, "u", { sensorId: "s", at: NOW - 50_000 });
  await host.recordMotion(T, "u", { sensorId: "s", at: NOW - 10_000 });
  arm();
  expect(await host.end(T, { sessionId: "a", endedAt: NOW - 20_000 })).toMatchObject({
    session: { endedAt: NOW - 20_000 },
  });
  expect((await host.find(T, ["a"])).get("a")).toMatchObject({ status: "COMPLETED", endedAt: NOW - 20_000 });
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

test("numbers that another process counts in the latest session between two reads of it are not written back", async () => {
  const MIN = 60_000;
  const off = (host: Sessions, minute: number, more: object = {}) =>
    host.recordMotion(T, "u", { sensorId: "s", at: NOW - 60 * MIN + minute * MIN, state: "CLEARED", ...more });
  const on = (host: Sessions, minute: number) =>
    host.recordMotion(T, "u", { sensorId: "s", at: NOW - 60 * MIN + minute * MIN });
  // "Off" at 20, the sensor's number 7, is said while motion at 5, which lies before the latest session, is being placed.
  const { host, arm } = hostWith((_, other) => off(other, 20, { seq: 7 }), "query");
  await off(host, 1);
  await on(host, 15);
  await off(host, 10);
  arm();
  await on(host, 5);
  await off(host, 30);
  const { edges } = await host.list(T, { sensorId: "s" }, { first: 2 });
  expect(edges.map(({ node }) => node)).toMatchObject([{ startedAt: NOW - 55 * MIN, endedAt: NOW - 40 * MIN }]);
  expect(await off(host, 31, { seq: 7 })).toMatchObject({ code: "PAYLOAD_MISMATCH" });
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

describe("what is read twice for one write is one state of it, where another process writes between the two reads", () => {
  const [MIN, START] = [60_000, NOW - 60 * 60_000];
  const seen = async (sessions: Sessions, ...ids: string[]) => {
    const found = await sessions.find(T, ids);
    return ids.map((sessionId) => ({ sessionId, expectedVersion: found.get(sessionId)!.version }));
  };
  const batchOf = (batchOffset: number, minute: number) => ({
    ...{ sessionId: "walk", sensorId: "tag", batchOffset },
    readings: [{ at: START + minute * MIN, values: [1] }],
  });

  test("a batch of a session that was split takes nothing from a merge of the two", async () => {
    const { host, arm } = hostWith(
      async (_dynamo, other) => await other.merge(T, { sessions: await seen(other, "walk", "later") }),
      "get later#SESSION",
    );
    await host.ingestBatch(T, "u", batchOf(0, 0));
    await host.ingestBatch(T, "u", batchOf(1, 20));
    await host.end(T, { sessionId: "walk", endedAt: START + 30 * MIN, playbackStopped: false });
    const [whole] = await seen(host, "walk");
    await host.split(T, { ...whole, at: START + 10 * MIN, newSessionId: "later" });
    arm();
    await host.ingestBatch(T, "u", batchOf(2, 21));
    const found = await host.find(T, ["walk", "later"]);
    expect(found.get("later")).toMatchObject({ mergedInto: "walk" });
    expect(found.get("walk")).toMatchObject({ version: 3, sampleCount: 3, endedAt: START + 30 * MIN });
  });

  test("until when motion lasted is kept, and what was counted is no duplicate, where the line moves while its place is read", async () => {
    let isBetween = false;
    const { host, arm } = hostWith(async (_dynamo, other) => {
      isBetween = true;
      const [old] = await seen(other, "old");
      await other.correct(T, { ...old, startedAt: START - MIN });
    }, "batchGet");
    for (const [i, sessionId] of ["old", "latest"].entries()) {
      await host.create(T, "u", { sensorId: "gate", sessionId, startedAt: START + i * 60 * MIN });
    }
    // Its own place is read first, then where it is now.
    arm(1);
    const motion = { sensorId: "gate", at: START + 5 * MIN, endedAt: START + 9 * MIN };
    expect(await host.recordMotion(T, "u", motion)).toMatchObject({ duplicate: false });
    expect(isBetween).toBe(true);
    const old = (await host.find(T, ["old"])).get("old");
    expect(old).toMatchObject({ startedAt: START - MIN, motionEventCount: 1, lastMotionAt: START + 9 * MIN });
  });

  const move = (sessions: Sessions, minute: number, seq: number, useServiceTime = false) =>
    sessions.recordMotion(T, "u", {
      ...{ sensorId: "door", seq },
      ...(useServiceTime ? { useServiceTime } : { at: START + minute * MIN }),
    });

  test.each([
    ["a person merges what lies before", 1, async (host: Sessions) => {
      await host.merge(T, { sessions: await seen(host, "first", "second") });
    }],
    ["motion comes late", 0, (host: Sessions) => move(host, 18, 0)],
  ])("no number of motion is forgotten: %s", async (_, skipped, act) => {
    let isBetween = false;
    const { host, dynamo, arm } = hostWith((_dynamo, other) => {
      isBetween = true;
      return move(other, 22, 2);
    }, "query");
    await host.create(T, "u", { sensorId: "door", sessionId: "first", startedAt: START });
    await host.create(T, "u", { sensorId: "door", sessionId: "second", startedAt: START + MIN });
    await move(host, 20, 1);
    arm(skipped);
    await act(host);
    expect(isBetween).toBe(true);
    expect(dynamo.dump("sessions").map(({ mTop }) => mTop)).toContain(2);
    // By the service's clock the number alone says which event it is.
    expect(await move(host, 0, 2, true)).toMatchObject({ duplicate: true });
  });
});

describe("a person splits what was merged, while another takes the merge back", () => {
  const [MIN, START] = [60_000, NOW - 60 * 60_000];
  const seen = async (sessions: Sessions, sessionId: string) => ({
    sessionId,
    expectedVersion: (await sessions.find(T, [sessionId])).get(sessionId)!.version,
  });

  // Each request of the split in turn: the last of them come after it is written.
  test("between any two requests: one of the two is done, and no motion is lost or doubled", async () => {
    const done = new Set<string>();
    for (let skipped = 0, isBetween = true; isBetween; skipped++) {
      isBetween = false;
      const { host, arm } = hostWith(
        async (_dynamo, other) => {
          isBetween = true;
          await other.undo(T, await seen(other, "first")).catch(() => undefined);
        },
        ...["get", "query", "batchGet", "transact", "updateIf"],
      );
      await host.create(T, "u", { sensorId: "hall", sessionId: "first", startedAt: START });
      for (const minute of [2, 4, 6]) await host.recordMotion(T, "u", { sensorId: "hall", at: START + minute * MIN });
      await host.create(T, "u", { sensorId: "hall", sessionId: "second", startedAt: START + 8 * MIN });
      for (const minute of [9, 11]) await host.recordMotion(T, "u", { sensorId: "hall", at: START + minute * MIN });
      await host.merge(T, { sessions: [await seen(host, "first"), await seen(host, "second")] });
      const whole = await seen(host, "first");
      arm(skipped);
      const answer = await host.split(T, { ...whole, at: START + 5 * MIN, newSessionId: "half" }).then(
        ({ __typename }) => __typename,
        (error: { code?: string }) => error.code,
      );
      done.add(`${answer}`);
      const { edges } = await host.list(T, { sensorId: "hall" }, { first: 10 });
      expect([skipped, edges.reduce((sum, { node }) => sum + node.motionEventCount, 0)]).toEqual([skipped, 5]);
    }
    expect([...done].sort()).toEqual(["SplitSessionPayload", "VersionConflictError"]);
  });
});

test("two sessions are split by one new id, between any two requests: one of them is, and no motion is lost", async () => {
  const [MIN, START] = [60_000, NOW - 60 * 60_000];
  const done = new Set<string>();
  for (let skipped = 0, isBetween = true; isBetween; skipped++) {
    isBetween = false;
    const split = async (host: Sessions, { sessionId, version: expectedVersion }: Session, minute: number) => {
      const at = START + minute * MIN;
      return (await host.split(T, { sessionId, expectedVersion, at, newSessionId: "half" })).__typename;
    };
    const answers: string[] = [];
    let sessions: Session[] = [];
    const { host, arm } = hostWith(
      async (_dynamo, other) => {
        isBetween = true;
        answers.push(await split(other, sessions[1]!, 22));
      },
      ...["get", "query", "batchGet", "transact"],
    );
    // Motion that lasts over where the later one is split: a change of the earlier one looks beyond itself.
    for (const minute of [0, 2, 20, 23]) {
      await host.recordMotion(T, "u", { sensorId: "hall", at: START + minute * MIN });
    }
    await host.recordMotion(T, "u", { sensorId: "hall", at: START + 24 * MIN, state: "CLEARED" });
    const list = async () => (await host.list(T, { sensorId: "hall" }, { first: 10 })).edges.map(({ node }) => node);
    sessions = (await list()).reverse();
    arm(skipped);
    answers.push(await split(host, sessions[0]!, 1));
    done.add(`${answers.join()}: ${(await list()).reverse().map((one) => one.motionEventCount).join()}`);
  }
  expect([...done].sort()).toEqual([
    "PayloadMismatchError,SplitSessionPayload: 1,1,2",
    "SplitSessionPayload,PayloadMismatchError: 2,1,1",
    "SplitSessionPayload: 1,1,2",
  ]);
});

test("what was a part of another as it was read, and has a place beyond by now, has moved: nothing is written", async () => {
  const [MIN, START] = [60_000, NOW - 60 * 60_000];
  const { host, dynamo } = hostWith(() => undefined);
  const of = { tenantId: T, sensorId: "hall", userId: "u" };
  const ids: string[] = [];
  for (const minute of [0, 10, 20]) {
    const said = await host.recordMotion(T, "u", { sensorId: "hall", at: START + minute * MIN });
    ids.push((said as { session: { sessionId: string } }).session.sessionId);
  }
  const names = { sessions: "sessions", sensors: "sensors" };
  const store = createSessionStore(dynamo, names);
  const lines = createLines({
    store,
    lineStore: createLineStore(dynamo, names),
    settings: createSettings({ store, erasures: createSensorErasures(dynamo, names), clock: () => NOW }),
    clock: () => NOW,
    ids: () => "new",
  });
  const found = await store.find(T, ids);
  const [first, last] = [found.get(ids[0]!)!, found.get(ids[2]!)!];
  // A person bridges the silence after the first, and has the last as it was before somebody took a merge of the two back.
  const next = { ...first, bridges: [{ until: START + 25 * MIN, anchor: START }] };
  const part = { ...last, mergedInto: ids[0]! };
  const before = dynamo.dump("sessions");
  expect(await lines.stateAll(of, [{ next, known: first }, { next: part, known: part }])).toBe(false);
  expect(dynamo.dump("sessions")).toEqual(before);
});
