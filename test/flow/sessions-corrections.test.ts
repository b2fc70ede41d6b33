import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { batchOf, mutate, SESSION_FIELDS, sessionOf } from "../kit/sessions.ts";

/** A person's correction beats a device's statement, that beats motion, that beats a guess by timeout. */
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
const motions = async (tenant: string, sensorId: string, minutes: readonly number[]) => {
  for (const minute of minutes) {
    await mutate(api, tenant, "recordMotion", { sensorId, at: iso(START + minute * MIN) });
  }
};
const sweep = () => api.app.jobs.find((job) => job.name === "end-idle-sessions")!.run();
const rows = async (tenant: string) => {
  await sweep();
  const answer = await api.ask(tenant, `{ sessions(first: 100) { nodes { ${SESSION_FIELDS} } } }`);
  return answer.data.sessions.nodes.reverse();
};
const numbers = async (tenant: string) => {
  await api.settle();
  const range = `range: { between: { from: "${iso(START - HOUR)}", to: "${iso(NOW)}" } }`;
  const query = `{ metrics(sources: [SESSIONS, MOTION_EVENTS], ${range}, size: ONE_HOUR) { total } }`;
  const counted = await api.ask(tenant, query);
  const counts = counted.data.metrics.map(({ total }: { total: number }) => total);
  const { data } = await api.ask(tenant, `{ sessionAnalytics(${range}) { totalSessions totalMotionEvents } }`);
  return [...counts, data.sessionAnalytics.totalSessions, data.sessionAnalytics.totalMotionEvents];
};

describe("a person corrects a session", () => {
  test("what of it was corrected is told, alike by itself and in lists, until it is taken back", async () => {
    const walk = { ...batchOf("told", 0, START, 3), final: true };
    await mutate(api, "told", "ingestSessionBatch", walk);
    const told = async () => {
      const query = `{ session(sessionId: "told") { corrected } sessions { nodes { corrected } } }`;
      const { data } = await api.ask("told", query);
      expect(data.sessions.nodes).toEqual([data.session]);
      return data.session.corrected;
    };
    const correct = (version: number, input: object) =>
      mutate(api, "told", "correctSession", { sessionId: "told", expectedVersion: version, ...input });
    await correct(1, { startedAt: iso(START - MIN), endedAt: iso(START + MIN), sensorId: "wrist", pauses: [] });
    expect(await told()).toEqual(["START", "END", "SENSOR", "PAUSES"]);
    await correct(2, { startedAt: null, sensorId: null });
    expect(await told()).toEqual(["END", "PAUSES"]);
    await correct(3, { endedAt: null, pauses: null });
    expect(await told()).toEqual([]);
  });

  test("no start lies after an end that was stated, whoever stated it, unless the end is corrected with it", async () => {
    const ended = async (sessionId: string) => {
      await mutate(api, "after", "createSession", { sessionId, sensorId: sessionId, startedAt: iso(START) });
      await mutate(api, "after", "endSession", { sessionId, endedAt: iso(START + MIN) });
    };
    const correct = (sessionId: string, version: number, input: object) =>
      mutate(api, "after", "correctSession", { sessionId, expectedVersion: version, ...input });
    const refused = (end: number) => ({
      fields: [{ path: ["startedAt"], message: expect.stringContaining(`must not be after the end, ${iso(end)}`) }],
    });
    await ended("said");
    expect(await correct("said", 1, { startedAt: iso(START + MIN + 1) })).toMatchObject(refused(START + MIN));
    expect(await correct("said", 1, { startedAt: iso(START + MIN) })).toMatchObject({ session: { duration: 0 } });
    const both = { startedAt: iso(START + HOUR), endedAt: iso(START + 2 * HOUR) };
    expect(await correct("said", 2, both)).toMatchObject({ session: { ...both, endReason: "CORRECTED" } });
    expect(await correct("said", 3, { startedAt: iso(START + 3 * HOUR) })).toMatchObject(refused(START + 2 * HOUR));
    // What was said beneath holds again, and the start would lie after that.
    expect(await correct("said", 3, { startedAt: iso(START + HOUR), endedAt: null })).toMatchObject(
      refused(START + MIN),
    );
    await mutate(api, "after", "ingestSessionBatch", { ...batchOf("device", 0, START, 3), final: true });
    expect(await correct("device", 1, { startedAt: iso(START + 2_001) })).toMatchObject(refused(START + 2_000));
    // Only silence ended it, so nobody said an end.
    await mutate(api, "after", "createSession", { sessionId: "silent", sensorId: "silent", startedAt: iso(START) });
    expect(await correct("silent", 1, { startedAt: iso(START + HOUR) })).toMatchObject({
      session: { endReason: "IDLE" },
    });
  });

  test("its end: motion after it is another session, all numbers follow, and taking it back makes them one again", async () => {
    await motions("end", "hall", [0, 2, 4, 6]);
    const [{ sessionId }] = await rows("end");
    expect(await numbers("end")).toEqual([1, 4, 1, 4]);
    const correct = { sessionId, expectedVersion: 1, endedAt: iso(START + 3 * MIN) };
    expect((await mutate(api, "end", "correctSession", correct)).session).toMatchObject({
      ...{ endReason: "CORRECTED", duration: 3 * MIN, motionEventCount: 2, version: 2 },
    });
    expect(await rows("end")).toMatchObject([
      { sessionId, endedAt: iso(START + 3 * MIN) },
      { startedAt: iso(START + 4 * MIN), endedAt: iso(START + 6 * MIN), motionEventCount: 2, endReason: "IDLE" },
    ]);
    expect(await numbers("end")).toEqual([2, 4, 2, 4]);
    expect(await mutate(api, "end", "correctSession", correct)).toMatchObject({ code: "VERSION_CONFLICT" });
    await motions("end", "hall", [3.5, 2]);
    expect((await rows("end")).map((row: { motionEventCount: number }) => row.motionEventCount)).toEqual([2, 3]);
    await mutate(api, "end", "correctSession", { sessionId, expectedVersion: 2, endedAt: null });
    expect(await rows("end")).toMatchObject([{
      ...{ sessionId, startedAt: iso(START), endedAt: iso(START + 6 * MIN), motionEventCount: 5, endReason: "IDLE" },
    }]);
    expect(await numbers("end")).toEqual([1, 5, 1, 5]);
  });

  test("its start: motion before it is another session, and what reaches it from an earlier start joins", async () => {
    await motions("start", "hall", [0, 3, 20, 23]);
    const [, { sessionId }] = await rows("start");
    await mutate(api, "start", "correctSession", { sessionId, expectedVersion: 1, startedAt: iso(START + 2 * MIN) });
    expect(await rows("start")).toMatchObject([
      { startedAt: iso(START), motionEventCount: 1 },
      { sessionId, startedAt: iso(START + 2 * MIN), endedAt: iso(START + 23 * MIN), motionEventCount: 3 },
    ]);
    await mutate(api, "start", "correctSession", { sessionId, expectedVersion: 2, startedAt: iso(START + 22 * MIN) });
    expect(await rows("start")).toMatchObject([
      { startedAt: iso(START), motionEventCount: 2 },
      { startedAt: iso(START + 20 * MIN), motionEventCount: 1 },
      { sessionId, startedAt: iso(START + 22 * MIN), motionEventCount: 1 },
    ]);
    expect(await numbers("start")).toEqual([3, 4, 3, 4]);
  });

  test("and no device changes it back", async () => {
    await mutate(api, "kept", "ingestSessionBatch", batchOf("walk", 1, START, 60));
    const correct = { startedAt: iso(START + 30_000), endedAt: iso(START + 90_000) };
    await mutate(api, "kept", "correctSession", { sessionId: "walk", expectedVersion: 1, ...correct });
    await mutate(api, "kept", "ingestSessionBatch", batchOf("walk", 0, START, 60));
    await mutate(api, "kept", "ingestSessionBatch", { ...batchOf("walk", 2, START, 60), durationMs: 1, final: true });
    await mutate(api, "kept", "endSession", { sessionId: "walk", endedAt: iso(START + 100_000) });
    expect(await sessionOf(api, "kept", "walk")).toMatchObject({
      ...{ ...correct, endReason: "CORRECTED", duration: MIN, sampleCount: 180 },
    });
    const back = { sessionId: "walk", expectedVersion: 2, startedAt: null, endedAt: null };
    expect((await mutate(api, "kept", "correctSession", back)).session).toMatchObject({
      ...{ startedAt: iso(START), endedAt: iso(START + 100_000), endReason: "EXPLICIT" },
    });
    expect(await mutate(api, "kept", "correctSession", { sessionId: "walk", expectedVersion: 3 })).toMatchObject({
      ...{ code: "INVALID_INPUT", fields: [{ path: ["startedAt"] }] },
    });
  });
});

describe("a person deletes a session", () => {
  test("its id is not free again: creating it once more is refused at once, with what to do", async () => {
    const input = { sensorId: "hall", sessionId: "once", startedAt: iso(START) };
    await mutate(api, "taken", "createSession", input);
    await mutate(api, "taken", "deleteSession", { sessionId: "once", expectedVersion: 1 });
    for (const again of [input, { ...input, startedAt: iso(START + MIN) }, { ...input, sensorId: "door" }]) {
      expect(await mutate(api, "taken", "createSession", again)).toMatchObject({
        code: "INVALID_INPUT",
        fields: [{ path: ["sessionId"], message: expect.stringContaining("restoreSession brings it back") }],
      });
    }
    await mutate(api, "taken", "restoreSession", { sessionId: "once" });
    expect(await mutate(api, "taken", "createSession", input)).toMatchObject({ session: { sessionId: "once" } });
  });

  test("and it is in no list and no number, what comes for it is refused, and it can be brought back as it was", async () => {
    await motions("gone", "hall", [0, 2, 4]);
    await motions("gone", "hall", [60, 62]);
    const [{ sessionId }, { sessionId: other }] = await rows("gone");
    const annotated = { sessionId, expectedVersion: 1, labels: ["cat"], notes: "Not me." };
    await mutate(api, "gone", "annotateSession", annotated);
    const before = await sessionOf(api, "gone", sessionId);
    expect(await numbers("gone")).toEqual([2, 5, 2, 5]);
    expect(await mutate(api, "gone", "deleteSession", { sessionId, expectedVersion: 1 })).toMatchObject({
      code: "VERSION_CONFLICT",
    });
    await mutate(api, "gone", "deleteSession", { sessionId, expectedVersion: 2 });
    expect(await rows("gone")).toMatchObject([{ sessionId: other }]);
    expect(await numbers("gone")).toEqual([1, 2, 1, 2]);
    expect((await api.ask("gone", `{ session(sessionId: "${sessionId}") { deletedAt } }`)).data.session.deletedAt)
      .toBe(iso(NOW));
    // What was counted is known, and what is new lies in what was deleted.
    const send = (minute: number) =>
      mutate(api, "gone", "recordMotion", { sensorId: "hall", at: iso(START + minute * MIN) });
    expect((await send(2)).duplicate).toBe(true);
    expect(await send(3)).toMatchObject({ code: "INVALID_INPUT", fields: [{ path: ["at"] }] });
    // A session that began there would take of the motion that is deleted, and show what nothing counts.
    const begin = (ms: number) => {
      const input = { sensorId: "hall", sessionId: `at ${ms}`, startedAt: iso(START + ms) };
      return mutate(api, "gone", "createSession", input);
    };
    for (const ms of [0, MIN, 4 * MIN]) {
      expect(await begin(ms)).toMatchObject({
        ...{ code: "INVALID_INPUT", fields: [{ path: ["startedAt"] }] },
      });
    }
    expect(await numbers("gone")).toEqual([1, 2, 1, 2]);
    expect(await mutate(api, "gone", "annotateSession", { sessionId, expectedVersion: 3, notes: "x" })).toMatchObject({
      code: "NOT_FOUND",
    });
    await mutate(api, "gone", "restoreSession", { sessionId });
    expect(await sessionOf(api, "gone", sessionId)).toEqual({ ...before, version: 4 });
    expect(await rows("gone")).toMatchObject([{ sessionId, labels: ["cat"] }, { sessionId: other }]);
    expect(await numbers("gone")).toEqual([2, 5, 2, 5]);
    expect((await send(3)).session).toMatchObject({ sessionId, motionEventCount: 4 });
  });

  test("of a device: its batches are refused in words, and motion of another session stays", async () => {
    await mutate(api, "device", "ingestSessionBatch", batchOf("walk", 0, START, 60));
    await mutate(api, "device", "deleteSession", { sessionId: "walk", expectedVersion: 1 });
    expect(await mutate(api, "device", "ingestSessionBatch", batchOf("walk", 1, START, 60))).toMatchObject({
      code: "INVALID_INPUT",
      fields: [{ path: ["sessionId"], message: expect.stringContaining("a person deleted") }],
    });
    expect(await rows("device")).toEqual([]);
    expect(await mutate(api, "device", "deleteSession", { sessionId: "walk", expectedVersion: 2 })).toMatchObject({
      code: "NOT_FOUND",
    });
    await mutate(api, "device", "restoreSession", { sessionId: "walk" });
    expect((await mutate(api, "device", "ingestSessionBatch", batchOf("walk", 1, START, 60))).duplicate).toBe(false);
    expect(await sessionOf(api, "device", "walk")).toMatchObject({ sampleCount: 120 });
  });
});
