import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { itemsOf, removeItem } from "../kit/dump.ts";
import { batchOf, mutate } from "../kit/sessions.ts";

/** Law: whatever is said of a session, in whatever state it is, is answered in a bounded number of requests, with what stands. */
const NOW = Date.UTC(2026, 5, 1, 12);
const MIN = 60_000;
const START = NOW - 180 * MIN;
const T = "states";
const MAX_REQUESTS = 25;
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const iso = (at: number) => new Date(at).toISOString();
const motion = (sensorId: string, minute: number) =>
  mutate(api, T, "recordMotion", { sensorId, at: iso(START + minute * MIN) });
const sweep = () => api.app.jobs.find((job) => job.name === "end-idle-sessions")!.run();
const remove = async (sessionId: string) => {
  expect(await mutate(api, T, "deleteSession", { sessionId, expectedVersion: 1 })).toMatchObject({ version: 2 });
};
/** What DynamoDB does once the time of an item has come. */
async function takeAway(sessionId: string): Promise<void> {
  const item = (await itemsOf(api.system, "sessions")).find(({ sk }) => sk?.S === `${sessionId}#SESSION`)!;
  await removeItem(api.system, "sessions", item);
}
/** A session that late motion made a part of an earlier one. */
async function joined(sensorId: string): Promise<{ into: string; gone: string }> {
  const into = (await motion(sensorId, 0)).session.sessionId;
  const gone = (await motion(sensorId, 8)).session.sessionId;
  await motion(sensorId, 4);
  return { into, gone };
}

/** Each gives the id of a session in its state, at the sensor. */
const states: Record<string, (sensorId: string) => Promise<string>> = {
  absent: (sensorId) => Promise.resolve(`absent-${sensorId}`),
  active: async (sensorId) => (await motion(sensorId, 0)).session.sessionId,
  over: async (sensorId) => {
    const { sessionId } = (await motion(sensorId, 0)).session;
    await sweep();
    return sessionId;
  },
  "of a device": async (sensorId) => {
    await mutate(api, T, "ingestSessionBatch", { ...batchOf(sensorId, 0, START), sensorId });
    return sensorId;
  },
  created: async (sensorId) => {
    await mutate(api, T, "createSession", { sessionId: sensorId, sensorId, startedAt: iso(START) });
    return sensorId;
  },
  "created and deleted": async (sensorId) => {
    await mutate(api, T, "createSession", { sessionId: sensorId, sensorId, startedAt: iso(START) });
    await remove(sensorId);
    return sensorId;
  },
  "deleted, of motion": async (sensorId) => {
    const { sessionId } = (await motion(sensorId, 0)).session;
    await remove(sessionId);
    return sessionId;
  },
  "a part of another": async (sensorId) => (await joined(sensorId)).gone,
  "merged into another by a person": async (sensorId) => {
    const sessions = [await motion(sensorId, 0), await motion(sensorId, 20)].map(({ session }) => (
      { sessionId: session.sessionId, expectedVersion: 1 }
    ));
    await mutate(api, T, "mergeSessions", { sessions });
    return sessions[1]!.sessionId;
  },
  "split by a person": async (sensorId) => {
    await mutate(api, T, "ingestSessionBatch", { ...batchOf(sensorId, 0, START), sensorId });
    await mutate(api, T, "splitSession", { sessionId: sensorId, expectedVersion: 1, at: iso(START + 5_000) });
    return sensorId;
  },
  "a part of one that is deleted": async (sensorId) => {
    const { into, gone } = await joined(sensorId);
    await remove(into);
    return gone;
  },
  "a part of one that has expired": async (sensorId) => {
    const { into, gone } = await joined(sensorId);
    await takeAway(into);
    return gone;
  },
};

type Say = (sessionId: string, sensorId: string) => Promise<{ __typename: string; code?: string }>;
const mutations: Record<string, Say> = {
  "createSession": (sessionId, sensorId) =>
    mutate(api, T, "createSession", { sessionId, sensorId, startedAt: iso(START + MIN) }),
  "createSession elsewhere": (sessionId) => mutate(api, T, "createSession", { sessionId, sensorId: "elsewhere" }),
  "updateSession": (sessionId) =>
    mutate(api, T, "updateSession", { sessionId, updateId: "u", incrementMotionCount: true }),
  "endSession": (sessionId) => mutate(api, T, "endSession", { sessionId, endedAt: iso(START + 20 * MIN) }),
  "annotateSession": (sessionId) => mutate(api, T, "annotateSession", { sessionId, expectedVersion: 1, notes: "x" }),
  "correctSession": (sessionId) =>
    mutate(api, T, "correctSession", { sessionId, expectedVersion: 1, startedAt: iso(START - MIN) }),
  "mergeSessions": async (sessionId, sensorId) => {
    const other = (await motion(sensorId, 60)).session.sessionId;
    const sessions = [sessionId, other].map((id) => ({ sessionId: id, expectedVersion: 1 }));
    return await mutate(api, T, "mergeSessions", { sessions });
  },
  "splitSession": (sessionId) =>
    mutate(api, T, "splitSession", {
      sessionId,
      expectedVersion: 1,
      at: iso(START + 1),
      newSessionId: `${sessionId}2`,
    }),
  "undoSessionCorrection": (sessionId) => mutate(api, T, "undoSessionCorrection", { sessionId, expectedVersion: 1 }),
  "correctSession (sensor)": (sessionId) =>
    mutate(api, T, "correctSession", { sessionId, expectedVersion: 1, sensorId: "elsewhere" }),
  "deleteSession": (sessionId) => mutate(api, T, "deleteSession", { sessionId, expectedVersion: 1 }),
  "restoreSession": (sessionId) => mutate(api, T, "restoreSession", { sessionId }),
  "ingestSessionBatch": (sessionId, sensorId) =>
    mutate(api, T, "ingestSessionBatch", { ...batchOf(sessionId, 7, START), sensorId }),
  "recordMotion in it": (_, sensorId) => motion(sensorId, 0.5),
  "recordMotion before it": (_, sensorId) => motion(sensorId, -2),
  "recordMotion after it": (_, sensorId) => motion(sensorId, 100),
};

describe.each(Object.entries(states))("a session that is %s", (state, make) => {
  test.each(Object.entries(mutations))("answers %s", async (mutation, say) => {
    const sensorId = `${state} ${mutation}`;
    const sessionId = await make(sensorId);
    for (let i = 0; i < 2; i++) {
      api.takeCosts();
      const answer = await say(sessionId, sensorId);
      expect(answer.__typename).toMatch(/(Payload|Error)$/);
      expect(api.takeCosts().length).toBeLessThanOrEqual(MAX_REQUESTS);
    }
  });
});

test("of a deleted session each says that it is deleted, and what brings it back", async () => {
  const sessionId = "told";
  await mutate(api, T, "createSession", { sessionId, sensorId: "told", startedAt: iso(START) });
  await remove(sessionId);
  for (const name of ["createSession", "createSession elsewhere", "ingestSessionBatch"] as const) {
    expect(await mutations[name]!(sessionId, "told")).toMatchObject({
      code: "INVALID_INPUT",
      fields: [{ path: ["sessionId"], message: expect.stringContaining("restoreSession brings it back") }],
    });
  }
  const others = ["updateSession", "endSession", "annotateSession", "correctSession", "splitSession", "deleteSession"];
  for (const name of others) {
    expect(await mutations[name]!(sessionId, "told")).toMatchObject({
      ...{ code: "NOT_FOUND", message: expect.stringContaining("restoreSession brings it back") },
    });
  }
});

test("a batch of a session that late motion made a part of another is counted there, once", async () => {
  const { into, gone } = await joined("led");
  const send = (offset: number) =>
    mutate(api, T, "ingestSessionBatch", { ...batchOf(gone, offset, START + 9 * MIN), sensorId: "led" });
  expect(await send(1)).toMatchObject({
    accepted: 10,
    session: { sessionId: into, sampleCount: 10, motionEventCount: 3 },
  });
  expect(await send(0)).toMatchObject({ accepted: 10, session: { sessionId: into, sampleCount: 20 } });
  expect(await send(1)).toMatchObject({ duplicate: true, session: { sessionId: into, sampleCount: 20 } });
});

test("what goes on at a sensor is one answer at every door: of two devices', of one moved there, of a clock ahead and one behind", async () => {
  const goingOn = async (sensorId: string) => {
    const query = `{ activeSession(sensorId: "${sensorId}") { sessionId }
      sensor(sensorId: "${sensorId}") { activeSession { sessionId } } }`;
    const { data } = await api.ask(T, query);
    expect(data.sensor.activeSession).toEqual(data.activeSession);
    return data.activeSession?.sessionId;
  };
  for (const [sessionId, ago, final] of [["goes on", 20_000, false], ["last batch", 10_000, true]] as const) {
    const readings = [{ at: iso(NOW - ago), values: [1] }];
    await mutate(api, T, "ingestSessionBatch", {
      sessionId,
      sensorId: "wrists",
      batchOffset: 0,
      readings,
      final,
    });
  }
  expect(await goingOn("wrists")).toBe("goes on");
  const moved = (await motion("from here", 180)).session.sessionId;
  await mutate(api, T, "correctSession", { sessionId: moved, expectedVersion: 1, sensorId: "to there" });
  await motion("to there", 0);
  expect([await goingOn("from here"), await goingOn("to there")]).toEqual([undefined, moved]);
  await motion("clock", 189);
  const now = (await motion("clock", 180)).session.sessionId;
  expect(await goingOn("clock")).toBe(now);
  const { session } = await motion("slow clock", 173);
  expect([session.status, await goingOn("slow clock")]).toEqual(["ACTIVE", session.sessionId]);
  await sweep();
  const query = `{ sessions(filter: { sensorId: "slow clock", status: ACTIVE }) { nodes { sessionId endedAt } } }`;
  expect((await api.ask(T, query)).data.sessions.nodes).toEqual([{ sessionId: session.sessionId, endedAt: null }]);
});
