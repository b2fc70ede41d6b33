import { describe, expect, test } from "vitest";
import { tables } from "../../api/resources.ts";
import type { BatchInput } from "../../api/sessions/model.ts";
import { pausesOf } from "../../api/sessions/pauses.ts";
import type { Sessions } from "../../api/sessions/service.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { hostOf } from "../proof/sessions-hosts.ts";

const T = "taken-back";
const MIN = 60_000;
const START = Date.UTC(2026, 5, 1, 12);
const minute = (n: number) => START + n * MIN;

/** A sensor in a world of its own: what is there, by minutes; and who says it, at the minute that is given. */
function world() {
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const objects = new Map<string, readonly unknown[]>();
  const methods: Record<string, (...args: unknown[]) => unknown> = {
    ...dynamo as unknown as Record<string, (...args: unknown[]) => unknown>,
    keep: (_, batch) => {
      const { sessionId, batchOffset, readings } = batch as BatchInput;
      objects.set(`${sessionId} ${batchOffset}`, readings);
      return "created";
    },
    read: (of, offset) => objects.get(`${(of as BatchInput).sessionId} ${offset as number}`) ?? [],
  };
  let [ids, now] = [0, minute(60)];
  const ask = async (name: string, args: readonly unknown[]) => await methods[name]!(...args);
  const host = hostOf(0, { ask, now: () => now, id: () => `m${ids++}` });
  const sessions = async () => {
    const { edges } = await host.list(T, { sensorId: "s" }, { first: 100 });
    const found = await host.find(T, edges.map(({ node }) => node.sessionId));
    return [...found.values()].sort((a, b) => a.startedAt - b.startedAt);
  };
  const shown = async () => {
    const since = (at: number | undefined) => at && (at - START) / MIN;
    return (await sessions()).map((one) => {
      const pauses = pausesOf(one).map(({ from, to }) => [since(from), since(to)]);
      const { endedBy, motionEventCount: motions } = one;
      return {
        from: since(one.startedAt),
        to: since(one.endedAt),
        endedBy,
        motions,
        ...(pauses.length ? { pauses } : {}),
      };
    });
  };
  /** The latest session as a person sees it. */
  const seen = async () => {
    const { sessionId, version: expectedVersion } = (await sessions()).at(-1)!;
    return { sessionId, expectedVersion };
  };
  const motion = (...at: number[]) =>
    at.reduce<Promise<unknown>>(
      (before, one) => before.then(() => host.recordMotion(T, "u", { sensorId: "s", at: minute(one) })),
      Promise.resolve(),
    );
  return { host, shown, seen, motion, at: (n: number) => void (now = minute(n)) };
}

test("a pause that was said of motion, and again while a person's start of it held, is one once that is taken back", async () => {
  const { host, seen, motion } = world();
  await motion(0, 2);
  const paused = async () =>
    host.recordPause(T, { sessionId: (await seen()).sessionId, from: minute(1), to: minute(2) });
  await paused();
  await host.correct(T, { ...await seen(), startedAt: minute(-2) });
  await paused();
  await host.correct(T, { ...await seen(), startedAt: null });
  const { sessionId } = await seen();
  const { reported } = (await host.find(T, [sessionId])).get(sessionId)!;
  expect(reported.filter(({ pause }) => pause)).toHaveLength(1);
});

describe("a start that a person takes back leaves what was said of the session meanwhile", () => {
  type Say = (host: Sessions, sessionId: string) => Promise<unknown>;
  const told: Say = (host, sessionId) => host.update(T, { sessionId, updateId: "u", incrementMotionCount: true });
  const ended: Say = (host, sessionId) => host.end(T, { sessionId, endedAt: minute(4) });
  const paused: Say = (host, sessionId) => host.recordPause(T, { sessionId, from: minute(1), to: minute(2) });

  test.each<[string, Say, object]>([
    ["motion that an update told of", told, { to: 3, endedBy: "IDLE", motions: 3 }],
    ["an end", ended, { to: 4, endedBy: "EXPLICIT", motions: 2 }],
    ["a pause", paused, { to: 2, endedBy: "IDLE", motions: 2, pauses: [[1, 2]] }],
  ])("%s, also once earlier motion opens it", async (_what, say, expected) => {
    const { host, shown, seen, motion, at } = world();
    at(3);
    await motion(0, 2);
    await host.correct(T, { ...await seen(), startedAt: minute(-2) });
    await say(host, (await seen()).sessionId);
    await host.correct(T, { ...await seen(), startedAt: null });
    at(60);
    expect(await shown()).toEqual([{ from: 0, ...expected }]);
    // Whatever holds the motion that opened it has it.
    await motion(-4);
    expect(await shown()).toEqual([{ from: -4, ...expected, motions: (expected as { motions: number }).motions + 1 }]);
  });

  test("a merge, and a split", async () => {
    const { host, shown, seen, motion } = world();
    await motion(0, 20);
    const first = { sessionId: "m0", expectedVersion: 1 };
    await host.correct(T, { ...first, startedAt: minute(-2) });
    await host.merge(T, { sessions: [{ ...first, expectedVersion: 2 }, { sessionId: "m1", expectedVersion: 1 }] });
    await host.correct(T, { ...await seen(), startedAt: null });
    expect(await shown()).toEqual([{ from: 0, to: 20, endedBy: "IDLE", motions: 2 }]);
    await host.correct(T, { ...await seen(), startedAt: minute(-2) });
    await host.split(T, { ...await seen(), at: minute(10), newSessionId: "rest" });
    await host.correct(T, { sessionId: "m0", expectedVersion: 6, startedAt: null });
    expect(await shown()).toEqual([
      { from: 0, to: 10, endedBy: "CORRECTED", motions: 1 },
      { from: 10, to: 20, endedBy: "IDLE", motions: 1 },
    ]);
  });

  test("a session that somebody created stays stated where it was merged into one with such a start", async () => {
    const { host, shown, seen, motion } = world();
    await motion(0);
    await host.correct(T, { sessionId: "m0", expectedVersion: 1, startedAt: minute(-2) });
    await host.create(T, "u", { sensorId: "s", sessionId: "c", startedAt: minute(20) });
    await host.merge(T, {
      sessions: [{ sessionId: "m0", expectedVersion: 2 }, { sessionId: "c", expectedVersion: 1 }],
    });
    await host.correct(T, { ...await seen(), startedAt: null });
    await motion(-1);
    expect(await shown()).toEqual([
      { from: -1, to: -1, endedBy: "IDLE", motions: 1 },
      { from: 0, to: 0, endedBy: "IDLE", motions: 1 },
    ]);
  });

  test("with an end of a person's that stays, it begins where it began before", async () => {
    const { host, shown, seen, motion } = world();
    await motion(0, 2);
    await host.correct(T, { ...await seen(), startedAt: minute(-2), endedAt: minute(5) });
    await host.correct(T, { ...await seen(), startedAt: null });
    expect(await shown()).toEqual([{ from: 0, to: 5, endedBy: "CORRECTED", motions: 2 }]);
  });
});

describe("a merge that is taken back, where motion has joined the two meanwhile", () => {
  test("is as if nobody had merged: the one session ends as it was said of either", async () => {
    const say = async (isMerged: boolean) => {
      const { host, shown, seen, motion } = world();
      await motion(0, 10);
      await host.end(T, { sessionId: "m1", endedAt: minute(12) });
      const sessions = ["m0", "m1"].map((sessionId) => ({ sessionId, expectedVersion: 1 }));
      if (isMerged) await host.merge(T, { sessions });
      await motion(5);
      if (isMerged) await host.undo(T, await seen());
      return await shown();
    };
    const joined = [{ from: 0, to: 12, endedBy: "EXPLICIT", motions: 3 }];
    expect([await say(false), await say(true)]).toEqual([joined, joined]);
  });
});

test("two merges that hold parts of one device's readings are taken back in any order, and each part is its own again", async () => {
  for (const order of [["a", "c"], ["c", "a"]]) {
    const { host } = world();
    const batch = (sessionId: string, ...at: number[]) =>
      host.ingestBatch(T, "u", {
        ...{ sessionId, sensorId: "s", batchOffset: 0, readings: at.map((one) => ({ at: minute(one), values: [1] })) },
      });
    await batch("a", 0, 1);
    await batch("b", 10, 11, 20);
    await batch("c", 30);
    const seen = async (...ids: string[]) =>
      [...(await host.find(T, ids)).values()].map(({ sessionId, version: expectedVersion }) => ({
        sessionId,
        expectedVersion,
      }));
    const samples = async () =>
      [...(await host.find(T, ["a", "b", "rest", "c"])).values()].map(({ sessionId, sampleCount }) => [
        sessionId,
        sampleCount,
      ]);
    await host.split(T, { ...(await seen("b"))[0], at: minute(15), newSessionId: "rest" });
    const apart = await samples();
    expect(apart).toEqual([["a", 2], ["b", 2], ["rest", 1], ["c", 1]]);
    await host.merge(T, { sessions: await seen("a", "b") });
    await host.merge(T, { sessions: await seen("rest", "c") });
    const into = { a: "a", c: "rest" } as Record<string, string>;
    for (const one of order) await host.undo(T, (await seen(into[one]!))[0]);
    expect(await samples()).toEqual(apart);
  }
});

test("motion of one instant is of one session, whatever was said of its first event", async () => {
  const { host, shown, motion } = world();
  await motion(0, 12);
  const versions = [...(await host.find(T, ["m0", "m1"])).values()].map(({ sessionId, version }) => (
    { sessionId, expectedVersion: version }
  ));
  await host.merge(T, { sessions: versions });
  for (const seq of [1, 2]) await host.recordMotion(T, "u", { sensorId: "s", at: minute(0), seq });
  // Its end reaches that motion, and is beaten by the merge once it has it.
  const readings = [{ at: minute(-20), values: [1] }];
  await host.ingestBatch(T, "u", { sessionId: "walk", sensorId: "s", batchOffset: 0, final: true, readings });
  await host.end(T, { sessionId: "walk", endedAt: minute(5) });
  await host.recordMotion(T, "u", { sensorId: "s", at: minute(0), seq: 3 });
  const motions = (await shown()).map(({ from, motions }) => [from, motions]);
  expect(motions.filter(([from]) => from === 0)).toEqual([]);
  expect(motions).toContainEqual([-20, 4]);
});

test("a session of which nothing says when it began begins when its batch came, also merged with one of which that is said", async () => {
  for (const isDevice of [false, true]) {
    const { host, shown, at } = world();
    const batch = (sessionId: string) =>
      host.ingestBatch(T, "u", { sessionId, sensorId: "s", batchOffset: 0, readings: [] });
    at(10);
    await batch("walk");
    at(60);
    await host.create(T, "u", { sensorId: "s", sessionId: "film", startedAt: minute(30) });
    if (isDevice) await batch("film");
    const found = await host.find(T, ["walk", "film"]);
    const sessions = [...found.values()].map(({ sessionId, version }) => ({ sessionId, expectedVersion: version }));
    await host.merge(T, { sessions });
    expect(await shown()).toMatchObject([{ from: 10 }]);
    // Its device says it later.
    const readings = [{ at: minute(20), values: [1] }];
    await host.ingestBatch(T, "u", { sessionId: "walk", sensorId: "s", batchOffset: 1, readings });
    expect(await shown()).toMatchObject([{ from: 20 }]);
    expect((await host.find(T, ["walk"])).get("walk")!.isStartGuessed).toBeUndefined();
  }
});

test("a merge that is taken back leaves what others hold by then, whose readings were split between them", async () => {
  const { host } = world();
  for (const [sessionId, at] of [["b", [10, 11, 20]], ["d", [12]], ["c", [30]]] as const) {
    const readings = at.map((one) => ({ at: minute(one), values: [1] }));
    await host.ingestBatch(T, "u", { sessionId, sensorId: "s", batchOffset: 0, readings });
  }
  const seen = async (...ids: string[]) =>
    [...(await host.find(T, ids)).values()].map(({ sessionId, version }) => ({ sessionId, expectedVersion: version }));
  await host.split(T, { ...(await seen("b"))[0], at: minute(15), newSessionId: "rest" });
  await host.merge(T, { sessions: await seen("rest", "c") });
  await host.merge(T, { sessions: await seen("b", "d") });
  await host.undo(T, (await seen("rest"))[0]);
  const held = [...(await host.find(T, ["b", "rest", "c"])).values()];
  expect(held.map(({ sessionId, sampleCount }) => [sessionId, sampleCount])).toEqual([["b", 3], ["rest", 1], ["c", 1]]);
});
