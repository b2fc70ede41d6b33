import { beforeEach, expect, test } from "vitest";
import { tables } from "../../api/resources.ts";
import { pausesOf } from "../../api/sessions/pauses.ts";
import type { Sessions } from "../../api/sessions/service.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { hostOf } from "../proof/sessions-hosts.ts";

const MIN = 60_000;
const NOW = Date.UTC(2026, 5, 1, 12);
const START = NOW - 8 * 60 * MIN;
const minute = (at: number) => START + at * MIN;

/** Each test has a tenant of its own, of which no process has heard. */
let tenants = 0;
let T: string;
let host: Sessions;

beforeEach(() => {
  T = `kept${tenants++}`;
  type Batch = { batchOffset: number; readings: unknown };
  const objects = new Map<number, unknown>();
  const methods = {
    ...createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors }),
    keep: (_: string, { batchOffset, readings }: Batch) => objects.set(batchOffset, readings) && "created",
    read: (_: unknown, offset: number) => objects.get(offset) ?? [],
  } as unknown as Record<string, (...args: unknown[]) => unknown>;
  let ids = 0;
  const ask = async (name: string, args: readonly unknown[]) => await methods[name]!(...args);
  host = hostOf(0, { ask, now: () => NOW, id: () => `m${ids++}` });
});

async function shown(...sessionIds: string[]) {
  const found = await host.find(T, sessionIds);
  return sessionIds.map((id) => pausesOf(found.get(id)!));
}

/** Start, end and motion of each. */
async function line() {
  const { edges } = await host.list(T, { sensorId: "s" }, { first: 100 });
  const all = edges.map(({ node }) => node).sort((a, b) => a.startedAt - b.startedAt);
  return all.map((one) => [(one.startedAt - START) / MIN, (one.endedAt! - START) / MIN, one.motionEventCount]);
}

test("the end of a pause gives back the motion that it held, also where a person said that there was none", async () => {
  await host.create(T, "u", { sensorId: "s", sessionId: "film", startedAt: minute(0) });
  await host.recordPause(T, { sessionId: "film", from: minute(1) });
  await host.recordMotion(T, "u", { sensorId: "s", at: minute(30) });
  expect(await line()).toEqual([[0, 30, 1]]);
  await host.correct(T, { sessionId: "film", expectedVersion: 1, pauses: [] });
  const said = await host.recordPause(T, { sessionId: "film", to: minute(2) });
  expect(said).toMatchObject({ __typename: "SessionPayload" });
  expect(await line()).toEqual([[0, 2, 0], [30, 30, 1]]);
});

test("also where the motion had brought the same end", async () => {
  await host.create(T, "u", { sensorId: "s", sessionId: "film", startedAt: minute(0) });
  await host.recordMotion(T, "u", { sensorId: "s", at: minute(30) });
  const { edges } = await host.list(T, { sensorId: "s" }, { first: 9 });
  const { sessionId } = edges.map(({ node }) => node).find(({ startedAt }) => startedAt === minute(30))!;
  await host.recordPause(T, { sessionId, to: minute(2) });
  await host.recordPause(T, { sessionId: "film", from: minute(1) });
  expect(await line()).toEqual([[0, 30, 1]]);
  await host.recordPause(T, { sessionId: "film", to: minute(2) });
  expect(await line()).toEqual([[0, 2, 0], [30, 30, 1]]);
});

test("a merge that is taken back gives its sessions no pause of another whose readings one of them holds", async () => {
  const batch = (batchOffset: number, ...at: number[]) =>
    host.ingestBatch(T, "u", {
      ...{ sensorId: "s", sessionId: "whole", batchOffset },
      readings: at.map((one) => ({ at: minute(one), values: [1] })),
    });
  await batch(0, 0, 60);
  await host.split(T, { sessionId: "whole", expectedVersion: 1, at: minute(30), newSessionId: "half" });
  await host.recordMotion(T, "u", { sensorId: "s", at: minute(-10) });
  const { edges } = await host.list(T, { sensorId: "s" }, { first: 9 });
  const { sessionId } = edges.map(({ node }) => node).find(({ startedAt }) => startedAt === minute(-10))!;
  await host.recordPause(T, { sessionId, from: minute(-9), to: minute(40) });
  await host.create(T, "u", { sensorId: "s", sessionId: "next", startedAt: minute(70) });
  await host.end(T, { sessionId: "next", endedAt: minute(80) });
  const seen = ["half", "next"].map((id) => ({ sessionId: id, expectedVersion: 1 }));
  await host.merge(T, { sessions: seen });
  // The motion, with its pause, is of the first half by now.
  await batch(1, -12);
  expect(await shown("whole", "half")).toEqual([[{ from: minute(-9), to: minute(30) }], []]);
  await host.undo(T, { sessionId: "half", expectedVersion: 2 });
  expect(await shown("whole", "half", "next")).toEqual([[{ from: minute(-9), to: minute(30) }], [], []]);
});

test("a split that is taken back leaves a pause of motion with that motion alone", async () => {
  await host.recordMotion(T, "u", { sensorId: "s", at: minute(10) });
  await host.recordPause(T, { sessionId: "m0", from: minute(10), to: minute(20) });
  const readings = [0, 11].map((at) => ({ at: minute(at), values: [1] }));
  const batch = { sessionId: "run", sensorId: "s", batchOffset: 0, readings, final: true };
  await host.ingestBatch(T, "u", batch);
  // The device's last word is its own: no pause of motion that it holds moves it.
  expect(await line()).toEqual([[0, 11, 1]]);
  await host.split(T, { sessionId: "run", expectedVersion: 1, at: minute(5), newSessionId: "later" });
  await host.undo(T, { sessionId: "run", expectedVersion: 2 });
  expect(await line()).toEqual([[0, 11, 1]]);
});

test("a pause said of a merge is, once that is taken back, of the session that begins last by then as its device says by now", async () => {
  const batch = (sessionId: string, batchOffset: number, ...at: number[]) => {
    const readings = at.map((one) => ({ at: minute(one), values: [1] }));
    return host.ingestBatch(T, "u", { sessionId, sensorId: "s", batchOffset, readings });
  };
  await batch("walk", 0, 10);
  await batch("run", 1, 12, 40);
  await host.split(T, { sessionId: "run", expectedVersion: 1, at: minute(30), newSessionId: "later" });
  const seen = (sessionId: string, expectedVersion: number) => ({ sessionId, expectedVersion });
  await host.merge(T, { sessions: [seen("walk", 1), seen("run", 2)] });
  await host.recordPause(T, { sessionId: "walk", from: minute(13), to: minute(14) });
  await batch("run", 0, 9);
  await host.undo(T, seen("walk", 3));
  expect(await shown("run", "walk")).toEqual([[], [{ from: minute(13), to: minute(14) }]]);
});

test("a pause said of a merge of two halves is, once that is taken back, of both, as if nobody had merged them", async () => {
  const say = async (isMerged: boolean) => {
    T = `kept${tenants++}`;
    const readings = [0, 20].map((at) => ({ at: minute(at), values: [1] }));
    await host.ingestBatch(T, "u", { sessionId: "walk", sensorId: "s", batchOffset: 0, readings });
    await host.recordPause(T, { sessionId: "walk", from: minute(2) });
    await host.split(T, { sessionId: "walk", expectedVersion: 1, at: minute(10), newSessionId: "later" });
    const seen = [{ sessionId: "walk", expectedVersion: 2 }, { sessionId: "later", expectedVersion: 1 }];
    if (isMerged) await host.merge(T, { sessions: seen });
    await host.recordPause(T, { sessionId: "walk", to: minute(3) });
    if (isMerged) await host.undo(T, { sessionId: "walk", expectedVersion: 3 });
    return await shown("walk", "later");
  };
  const expected = [[{ from: minute(2), to: minute(3) }], []];
  expect([await say(false), await say(true)]).toEqual([expected, expected]);
});

test("a pause before all of them is, once a merge is taken back, the first one's: its device may say an earlier start", async () => {
  for (const [sessionId, at] of [["a", 0], ["b", 10]] as const) {
    await host.create(T, "u", { sensorId: "s", sessionId, startedAt: minute(at) });
  }
  await host.merge(T, { sessions: ["a", "b"].map((sessionId) => ({ sessionId, expectedVersion: 1 })) });
  await host.recordPause(T, { sessionId: "b", from: minute(-9), to: minute(-8) });
  await host.undo(T, { sessionId: "a", expectedVersion: 2 });
  const kept = [...(await host.find(T, ["a", "b"])).values()].map(({ reported }) => reported.length);
  expect(kept).toEqual([1, 0]);
});
