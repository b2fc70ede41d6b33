import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { mutate, SESSION_FIELDS, sessionOf } from "../kit/sessions.ts";

/** People merge and split sessions: what is said and sent before and after comes to the same, and all numbers follow. */
const NOW = Date.UTC(2026, 5, 1, 12);
const MIN = 60_000;
const HOUR = 60 * MIN;
const START = NOW - 3 * HOUR;
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const iso = (at: number) => new Date(at).toISOString();
const at = (minute: number) => iso(START + minute * MIN);
const motion = (tenant: string, minute: number) =>
  mutate(api, tenant, "recordMotion", { sensorId: "hall", at: at(minute) });
const motions = async (tenant: string, minutes: readonly number[]) => {
  for (const minute of minutes) await motion(tenant, minute);
};
const batch = (tenant: string, sessionId: string, batchOffset: number, minutes: readonly number[], more: object = {}) =>
  mutate(api, tenant, "ingestSessionBatch", {
    ...{ sessionId, sensorId: "hall", batchOffset },
    readings: minutes.map((minute) => ({ at: at(minute), values: [minute] })),
    ...more,
  });
const rows = async (tenant: string) => {
  await api.app.jobs.find((job) => job.name === "end-idle-sessions")!.run();
  const answer = await api.ask(tenant, `{ sessions(first: 100) { nodes { ${SESSION_FIELDS} } } }`);
  return answer.data.sessions.nodes.reverse();
};
const readingsOf = async (tenant: string, sessionId: string) => {
  const query = `query ($id: String!) { session(sessionId: $id) {
    readings(first: 100) { totalCount nodes { values } } readingSeries(points: 100) { firstAt count } } }`;
  const { session } = (await api.ask(tenant, query, { id: sessionId })).data;
  const values = session.readings.nodes.map(({ values: [value] }: { values: number[] }) => value);
  expect(session.readingSeries.map(({ firstAt }: { firstAt: string }) => firstAt)).toEqual(
    values.map((minute: number) => at(minute)),
  );
  expect(session.readings.totalCount).toBe(values.length);
  return values;
};
const seen = (...sessions: { sessionId: string; version: number }[]) => ({
  sessions: sessions.map(({ sessionId, version }) => ({ sessionId, expectedVersion: version })),
});
const merge = (tenant: string, ...sessions: { sessionId: string; version: number }[]) =>
  mutate(api, tenant, "mergeSessions", seen(...sessions));
const numbers = async (tenant: string) => {
  await api.settle();
  const range = `range: { between: { from: "${iso(START - HOUR)}", to: "${iso(NOW)}" } }`;
  const query = `{ metrics(sources: [SESSIONS, MOTION_EVENTS], ${range}, size: ONE_HOUR) { total } }`;
  const counts = (await api.ask(tenant, query)).data.metrics.map(({ total }: { total: number }) => total);
  const { sessionAnalytics } = (await api.ask(
    tenant,
    `{ sessionAnalytics(${range}) { totalSessions totalMotionEvents averageDuration } }`,
  )).data;
  const { totalSessions, totalMotionEvents, averageDuration } = sessionAnalytics;
  return [...counts, totalSessions, totalMotionEvents, averageDuration];
};

describe("a person merges sessions", () => {
  test("of motion: the first stays, ids lead to it, what people wrote is joined, numbers follow, and it is taken back", async () => {
    await motions("m1", [0, 2, 60, 62]);
    const [one, two] = await rows("m1");
    await mutate(api, "m1", "annotateSession", { ...seen(one).sessions[0], labels: ["a"], notes: "One." });
    await mutate(api, "m1", "annotateSession", {
      ...{ ...seen(two).sessions[0], labels: ["b"], notes: "Two.", pinned: true },
    });
    const before = await rows("m1");
    expect(await merge("m1", one, two)).toMatchObject({ code: "VERSION_CONFLICT" });
    const merged = await merge("m1", before[1], before[0]);
    expect((await merge("m1", before[1], before[0])).session).toEqual(merged.session);
    expect(merged.session).toMatchObject({
      ...{ sessionId: one.sessionId, startedAt: at(0), lastMotionAt: at(62), motionEventCount: 4, version: 3 },
      ...{ labels: ["a", "b"], notes: "One.\nTwo.", pinned: true },
    });
    expect(await rows("m1")).toMatchObject([{ sessionId: one.sessionId, endedAt: at(62), endReason: "IDLE" }]);
    const query = `{ session(sessionId: "${two.sessionId}") { mergedInto { sessionId } } }`;
    expect((await api.ask("m1", query)).data.session.mergedInto.sessionId).toBe(one.sessionId);
    expect(await numbers("m1")).toEqual([1, 4, 1, 4, 62 * MIN]);
    for (const minute of [0, 60, 62]) expect((await motion("m1", minute)).duplicate).toBe(true);
    await motions("m1", [30, -3, 65]);
    expect(await rows("m1")).toMatchObject([{ startedAt: at(-3), endedAt: at(65), motionEventCount: 7 }]);
    const back = { sessionId: two.sessionId, expectedVersion: 3 };
    expect(await mutate(api, "m1", "undoSessionCorrection", back)).toMatchObject({
      sessionId: one.sessionId,
      version: 4,
    });
    expect(await sessionOf(api, "m1", one.sessionId)).toMatchObject({ labels: ["a"], notes: "One.", pinned: false });
    expect(await rows("m1")).toMatchObject([
      { sessionId: one.sessionId, startedAt: at(-3), endedAt: at(2), motionEventCount: 3 },
      { startedAt: at(30), motionEventCount: 1 },
      {
        sessionId: two.sessionId,
        startedAt: at(60),
        endedAt: at(65),
        motionEventCount: 3,
        notes: "Two.",
        labels: ["b"],
      },
    ]);
    expect(await numbers("m1")).toEqual([3, 7, 3, 7, 10 * MIN / 3]);
    expect(await mutate(api, "m1", "undoSessionCorrection", { ...back, sessionId: one.sessionId, expectedVersion: 4 }))
      .toMatchObject({ code: "INVALID_INPUT", fields: [{ path: ["sessionId"] }] });
  });

  test.each([["a", "b"], ["constructor", "toString"], ["valueOf", "__proto__"], ["hasOwnProperty", "constructor"]])(
    "called %s and %s: taken back, each is what it was",
    async (first, second) => {
      const tenant = `m-${first.toLowerCase().replaceAll("_", "")}`;
      await batch(tenant, first, 0, [0, 1]);
      await batch(tenant, second, 0, [60, 61]);
      const before = await rows(tenant);
      const { session } = await merge(tenant, before[0], before[1]);
      expect(await readingsOf(tenant, first)).toEqual([0, 1, 60, 61]);
      const undo = { sessionId: first, expectedVersion: session.version };
      expect(await mutate(api, tenant, "undoSessionCorrection", undo)).toMatchObject({ sessionId: first });
      const unversioned = (found: object[]) => found.map((own) => ({ ...own, version: 0, updatedAt: "" }));
      expect(unversioned(await rows(tenant))).toEqual(unversioned(before));
      expect([await readingsOf(tenant, first), await readingsOf(tenant, second)]).toEqual([[0, 1], [60, 61]]);
    },
  );

  test("one of which was merged before: that is taken back too, whatever was merged into what", async () => {
    const tenant = "m-chain";
    await motions(tenant, [0, 20, 40, 60]);
    const one = (id: string) => sessionOf(api, tenant, id);
    const ids: string[] = (await rows(tenant)).map(({ sessionId }: { sessionId: string }) => sessionId);
    const [a, b, c, d] = ids as [string, string, string, string];
    await merge(tenant, await one(c), await one(d));
    await merge(tenant, await one(b), await one(c));
    const before = await rows(tenant);
    await merge(tenant, await one(a), await one(b));
    expect(await rows(tenant)).toMatchObject([{ sessionId: a, motionEventCount: 4, endedAt: at(60) }]);
    const { version } = await one(a);
    expect(await mutate(api, tenant, "undoSessionCorrection", { sessionId: a, expectedVersion: version }))
      .toMatchObject({ sessionId: a });
    const unversioned = (found: { version: number; updatedAt: string }[]) => (
      found.map((own) => ({ ...own, version: 0, updatedAt: "" }))
    );
    expect(unversioned(await rows(tenant))).toEqual(unversioned(before));
    expect(await numbers(tenant)).toEqual([2, 4, 2, 4, 20 * MIN]);
  });

  test("a device's session and motion: its last batch, before the merge or after it, is beaten like any other end", async () => {
    const outcomes: unknown[] = [];
    for (const [tenant, isFirst] of [["m-last-1", true], ["m-last-2", false]] as const) {
      const last = () => batch(tenant, `${tenant}-d`, 1, [2], { final: true, durationMs: 2 * MIN });
      await batch(tenant, `${tenant}-d`, 0, [0]);
      if (isFirst) await last();
      await motion(tenant, 20);
      await merge(tenant, ...await rows(tenant));
      if (!isFirst) await last();
      await motion(tenant, 8);
      const [only, ...others] = await rows(tenant);
      expect(others).toEqual([]);
      expect(await numbers(tenant)).toEqual([1, 2, 1, 2, 20 * MIN]);
      outcomes.push({ ...only, sessionId: "" });
    }
    expect(outcomes[0]).toMatchObject({ startedAt: at(0), endedAt: at(20), motionEventCount: 2, sampleCount: 2 });
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  test("of devices: readings of both are its own, also late ones, whatever ends were said, and it is taken back", async () => {
    await batch("m2", "a", 0, [0, 1, 2], { final: true, durationMs: 3 * MIN });
    await batch("m2", "b", 1, [60, 61]);
    await mutate(api, "m2", "endSession", { sessionId: "b", endedAt: at(70) });
    const before = await rows("m2");
    expect((await merge("m2", ...before)).session).toMatchObject({
      ...{
        sessionId: "a",
        startedAt: at(0),
        endedAt: at(70),
        endReason: "EXPLICIT",
        duration: 70 * MIN,
        sampleCount: 5,
      },
    });
    const late = await batch("m2", "b", 0, [50, 59]);
    expect(late).toMatchObject({ duplicate: false, accepted: 2, session: { sessionId: "a", sampleCount: 7 } });
    expect((await batch("m2", "b", 0, [50, 59])).duplicate).toBe(true);
    expect(await batch("m2", "b", 0, [50])).toMatchObject({ code: "PAYLOAD_MISMATCH" });
    await batch("m2", "a", 1, [3]);
    await mutate(api, "m2", "endSession", { sessionId: "a", endedAt: at(5) });
    expect(await rows("m2")).toMatchObject([{ sessionId: "a", sampleCount: 8, endedAt: at(70), lastMotionAt: at(61) }]);
    expect(await readingsOf("m2", "a")).toEqual([0, 1, 2, 3, 50, 59, 60, 61]);
    // The end that was said since would be lost.
    const undo = { sessionId: "a", expectedVersion: 2 };
    expect(await mutate(api, "m2", "undoSessionCorrection", undo)).toMatchObject({ code: "INVALID_INPUT" });
  });

  test("and takes it back after late batches: each goes on as its device says", async () => {
    await batch("m3", "a", 0, [0, 1, 2], { final: true, durationMs: 3 * MIN });
    await batch("m3", "b", 1, [60, 61]);
    const before = await rows("m3");
    await merge("m3", ...before);
    await batch("m3", "b", 0, [50, 59]);
    await batch("m3", "b", 2, [64], { final: true });
    expect(await rows("m3")).toMatchObject([{
      sampleCount: 8,
      endReason: "EXPLICIT",
      endedAt: at(64),
      duration: 64 * MIN,
    }]);
    await mutate(api, "m3", "undoSessionCorrection", { sessionId: "a", expectedVersion: 2 });
    expect(await rows("m3")).toMatchObject([
      { ...before[0], version: 3 },
      { sessionId: "b", startedAt: at(50), endedAt: at(64), sampleCount: 5, endReason: "EXPLICIT", missingBatches: [] },
    ]);
    expect(await readingsOf("m3", "b")).toEqual([50, 59, 60, 61, 64]);
    expect((await batch("m3", "b", 3, [66])).session).toMatchObject({ sessionId: "b", sampleCount: 6 });
  });

  test("that do not follow each other, or twice the same, is refused in words", async () => {
    await motions("m4", [0, 10, 20]);
    const [one, two, three] = await rows("m4");
    expect(await merge("m4", one, three)).toMatchObject({
      ...{ code: "INVALID_INPUT", fields: [{ message: expect.stringContaining(`"${two.sessionId}" begins between`) }] },
    });
    expect(await merge("m4", one)).toMatchObject({ code: "INVALID_INPUT" });
    expect(await merge("m4", one, { sessionId: "none", version: 1 })).toMatchObject({ code: "NOT_FOUND" });
    const other = (await mutate(api, "m4", "recordMotion", { sensorId: "door", at: at(0) })).session;
    expect(await merge("m4", one, other)).toMatchObject({
      ...{ code: "INVALID_INPUT", fields: [{ message: expect.stringContaining("at one sensor") }] },
    });
    expect((await merge("m4", three, two, one)).session).toMatchObject({
      sessionId: one.sessionId,
      motionEventCount: 3,
    });
  });
});

describe("a person splits a session", () => {
  test("of motion: each part has its own, also what comes late, numbers follow, and it is taken back", async () => {
    await motions("s1", [0, 3, 6, 9]);
    const [one] = await rows("s1");
    await mutate(api, "s1", "annotateSession", { ...seen(one).sessions[0], labels: ["a"], notes: "One." });
    const split = { sessionId: one.sessionId, expectedVersion: 2, at: at(5), newSessionId: "second" };
    const { first, second } = await mutate(api, "s1", "splitSession", split);
    expect(first).toMatchObject({
      ...{ sessionId: one.sessionId, startedAt: at(0), endedAt: at(5), endReason: "CORRECTED", motionEventCount: 2 },
      ...{ labels: ["a"], notes: "One.", version: 3 },
    });
    expect(second).toMatchObject({
      sessionId: "second",
      startedAt: at(5),
      motionEventCount: 2,
      labels: ["a"],
      notes: null,
    });
    expect(await mutate(api, "s1", "splitSession", split)).toMatchObject({
      first: { version: 3 },
      second: { version: 1 },
    });
    expect(await mutate(api, "s1", "splitSession", { ...split, at: at(4) })).toMatchObject({
      code: "PAYLOAD_MISMATCH",
    });
    await motions("s1", [4, 5, 12, -2]);
    expect(await rows("s1")).toMatchObject([
      { startedAt: at(-2), endedAt: at(5), motionEventCount: 4 },
      { startedAt: at(5), endedAt: at(12), motionEventCount: 4, endReason: "IDLE" },
    ]);
    expect(await numbers("s1")).toEqual([2, 8, 2, 8, 7 * MIN]);
    const undo = { sessionId: one.sessionId, expectedVersion: 3 };
    expect(await mutate(api, "s1", "undoSessionCorrection", undo)).toMatchObject({ version: 4 });
    expect(await sessionOf(api, "s1", one.sessionId)).toMatchObject({ notes: "One." });
    expect(await rows("s1")).toMatchObject([{ startedAt: at(-2), endedAt: at(12), motionEventCount: 8 }]);
    expect(await numbers("s1")).toEqual([1, 8, 1, 8, 14 * MIN]);
    const query = `{ session(sessionId: "second") { mergedInto { sessionId } } }`;
    expect((await api.ask("s1", query)).data.session.mergedInto.sessionId).toBe(one.sessionId);
  });

  test("of a device: a late batch across the cut goes to both, ends go to the part where they lie, and it is taken back", async () => {
    await batch("s2", "a", 0, [0, 10, 20]);
    await batch("s2", "a", 2, [40, 50]);
    await mutate(api, "s2", "splitSession", { sessionId: "a", expectedVersion: 1, at: at(15), newSessionId: "b" });
    expect(await rows("s2")).toMatchObject([
      { sessionId: "a", sampleCount: 2, startedAt: at(0), endedAt: at(15), duration: 15 * MIN },
      { sessionId: "b", sampleCount: 3, startedAt: at(15), lastMotionAt: at(50) },
    ]);
    const late = await batch("s2", "a", 1, [12, 14, 15, 30], { final: true });
    expect(late).toMatchObject({ accepted: 4, duplicate: false, session: { sessionId: "a" } });
    expect((await batch("s2", "a", 1, [12, 14, 15, 30], { final: true })).duplicate).toBe(true);
    await mutate(api, "s2", "endSession", { sessionId: "a", endedAt: at(55) });
    expect(await rows("s2")).toMatchObject([
      { sessionId: "a", sampleCount: 4, endedAt: at(15), endReason: "CORRECTED" },
      { sessionId: "b", sampleCount: 5, startedAt: at(15), endedAt: at(55), endReason: "EXPLICIT" },
    ]);
    expect(await readingsOf("s2", "a")).toEqual([0, 10, 12, 14]);
    expect(await readingsOf("s2", "b")).toEqual([15, 20, 30, 40, 50]);
    // Split once more, and put together again.
    await mutate(api, "s2", "splitSession", { sessionId: "b", expectedVersion: 1, at: at(35), newSessionId: "c" });
    await batch("s2", "a", 3, [13, 33, 36]);
    expect(await readingsOf("s2", "b")).toEqual([15, 20, 30, 33]);
    expect(await readingsOf("s2", "c")).toEqual([36, 40, 50]);
    await mutate(api, "s2", "undoSessionCorrection", { sessionId: "b", expectedVersion: 2 });
    expect(await readingsOf("s2", "b")).toEqual([15, 20, 30, 33, 36, 40, 50]);
    await merge("s2", { sessionId: "a", version: 2 }, { sessionId: "b", version: 3 });
    expect(await rows("s2")).toMatchObject([{
      ...{ sessionId: "a", startedAt: at(0), endedAt: at(55), sampleCount: 12, endReason: "EXPLICIT" },
    }]);
    await batch("s2", "a", 4, [16, 51]);
    expect(await readingsOf("s2", "a")).toEqual([0, 10, 12, 13, 14, 15, 16, 20, 30, 33, 36, 40, 50, 51]);
  });

  test("outside of it is refused in words", async () => {
    await motions("s3", [0, 3]);
    const [{ sessionId }] = await rows("s3");
    for (const minute of [0, -1, 4]) {
      expect(await mutate(api, "s3", "splitSession", { sessionId, expectedVersion: 1, at: at(minute) })).toMatchObject({
        ...{ code: "INVALID_INPUT", fields: [{ path: ["at"], message: expect.stringContaining(at(3)) }] },
      });
    }
  });
});

describe("a person says at which sensor a session was", () => {
  test("there it is listed and counted, what its devices send goes on to be its own, and null takes it back", async () => {
    await motions("p1", [0, 2]);
    await batch("p1", "walk", 0, [60, 61]);
    const [one] = await rows("p1");
    const list = async (sensorId: string) => {
      const query =
        `query ($id: String!) { sessions(filter: { sensorId: $id }) { nodes { sessionId sensor { sensorId } } } }`;
      return (await api.ask("p1", query, { id: sensorId })).data.sessions.nodes;
    };
    const moved = { sessionId: one.sessionId, expectedVersion: 1, sensorId: "kitchen" };
    expect((await mutate(api, "p1", "correctSession", moved)).session).toMatchObject({
      sensor: { sensorId: "kitchen" },
    });
    await mutate(api, "p1", "correctSession", { sessionId: "walk", expectedVersion: 1, sensorId: "garden" });
    expect(await list("kitchen")).toMatchObject([{ sessionId: one.sessionId, sensor: { sensorId: "kitchen" } }]);
    const latest = async (id: string) =>
      (await api.ask(
        "p1",
        `query ($id: String!) { sensor(sensorId: $id) { lastMotionAt activeSession { sessionId } } }`,
        {
          id,
        },
      )).data.sensor.lastMotionAt;
    const { lastMotionAt } = (await api.ask("p1", `{ session(sessionId: "walk") { lastMotionAt } }`)).data.session;
    expect(await latest("garden")).toBe(lastMotionAt);
    expect(await list("garden")).toMatchObject([{ sessionId: "walk" }]);
    expect(await list("hall")).toEqual([]);
    expect((await motion("p1", 4)).session).toMatchObject({ sessionId: one.sessionId, motionEventCount: 3 });
    expect((await batch("p1", "walk", 1, [62, 63])).session).toMatchObject({ sessionId: "walk", sampleCount: 4 });
    expect(await readingsOf("p1", "walk")).toEqual([60, 61, 62, 63]);
    await api.settle();
    const range = `range: { between: { from: "${iso(START - HOUR)}", to: "${iso(NOW)}" } }`;
    const { topSensors } = (await api.ask(
      "p1",
      `{ sessionAnalytics(${range}) { topSensors(first: 5) { sensor { sensorId } sessions motionEvents } } }`,
    )).data.sessionAnalytics;
    expect(topSensors.map((row: { sensor: { sensorId: string } }) => row.sensor.sensorId).sort()).toEqual([
      ...["garden", "kitchen"],
    ]);
    await mutate(api, "p1", "correctSession", { sessionId: one.sessionId, expectedVersion: 2, sensorId: null });
    expect(await list("hall")).toMatchObject([{ sessionId: one.sessionId }]);
    expect(await sessionOf(api, "p1", one.sessionId)).toMatchObject({ startedAt: at(0), endedAt: at(4) });
  });
});
