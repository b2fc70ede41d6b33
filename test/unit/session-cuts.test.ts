import { beforeEach, describe, expect, test } from "vitest";
import { tables } from "../../api/resources.ts";
import type { Sessions } from "../../api/sessions/service.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { hostOf } from "../proof/sessions-hosts.ts";

const MIN = 60_000;
const NOW = Date.UTC(2026, 5, 1, 12);
const START = NOW - 8 * 60 * MIN;
const S = "hall";
const at = (minute: number) => START + minute * MIN;

/** Each test has a tenant of its own, of which no process has heard. */
let tenants = 0;
let T: string;
let host: Sessions;

beforeEach(() => {
  T = `cuts${tenants++}`;
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const methods = { ...dynamo, keep: () => "created", drop: () => undefined, read: () => [] } as unknown as Record<
    string,
    (...args: unknown[]) => unknown
  >;
  let ids = 0;
  const ask = async (name: string, args: readonly unknown[]) => await methods[name]!(...args);
  host = hostOf(0, { ask, now: () => NOW, id: () => `m${ids++}` });
});

/** The sensor's sessions in their order: start, end and how it ended, motion. */
async function line() {
  const { edges } = await host.list(T, { sensorId: S }, { first: 100 });
  return edges.map(({ node }) => node).sort((a, b) => a.startedAt - b.startedAt).map((one) => [
    (one.startedAt - START) / MIN,
    one.endedAt === undefined ? undefined : (one.endedAt - START) / MIN,
    one.endedBy,
    one.motionEventCount,
  ]);
}

async function seen(sessionId: string) {
  const session = (await host.find(T, [sessionId])).get(sessionId)!;
  return { sessionId: session.mergedInto ?? sessionId, expectedVersion: session.version };
}

const motion = (minute: number) => host.recordMotion(T, "u", { sensorId: S, at: at(minute) });
const split = async (sessionId: string, minute: number, newSessionId: string) =>
  await host.split(T, { ...await seen(sessionId), at: at(minute), newSessionId });
const merge = async (...ids: string[]) => await host.merge(T, { sessions: await Promise.all(ids.map(seen)) });

describe.each(["motion opened it", "somebody created it"])(
  "where a session is split at its last instant, and %s",
  (how) => {
    const first = how === "motion opened it" ? "m0" : "film";

    beforeEach(async () => {
      if (first === "film") await host.create(T, "u", { sensorId: S, sessionId: first, startedAt: at(0) });
      for (const minute of [0, 2, 4]) await motion(minute);
      await split(first, 4, "rest");
    });

    test("what lies there is the later half's, and motion that follows too", async () => {
      expect(await line()).toEqual([[0, 4, "CORRECTED", 2], [4, 4, "IDLE", 1]]);
      await motion(6);
      expect(await line()).toEqual([[0, 4, "CORRECTED", 2], [4, 6, "IDLE", 2]]);
    });

    test("there is nothing of the first half left to split off there, and the answer says so", async () => {
      await expect(split(first, 4, "again")).rejects.toMatchObject({
        fields: [{ path: ["at"], message: expect.stringContaining("was split before") }],
      });
      expect(await line()).toEqual([[0, 4, "CORRECTED", 2], [4, 4, "IDLE", 1]]);
      await split(first, 3, "again");
      expect(await line()).toEqual([[0, 3, "CORRECTED", 2], [3, 4, "CORRECTED", 0], [4, 4, "IDLE", 1]]);
    });

    test.each([4, 10])("nor where a person said since that it ended there, or later: at %i", async (end) => {
      await host.correct(T, { ...await seen(first), endedAt: at(end) });
      const before = await line();
      await expect(split(first, 4, "again")).rejects.toMatchObject({
        fields: [{ path: ["at"], message: expect.stringContaining("was split before") }],
      });
      expect(await line()).toEqual(before);
      await split(first, 3, "again");
      expect((await line()).map(([start]) => start)).toEqual([0, 3, 4]);
    });

    test("also the later half cannot be split at its start, which is its end", async () => {
      await expect(split("rest", 4, "again")).rejects.toMatchObject({ fields: [{ path: ["at"] }] });
    });

    test("merged with the later half it goes on as if nobody had split it", async () => {
      await merge(first, "rest");
      expect(await line()).toEqual([[0, 4, "IDLE", 3]]);
      await motion(6);
      expect(await line()).toEqual([[0, 6, "IDLE", 4]]);
      await split(first, 4, "again");
      expect(await line()).toEqual([[0, 4, "CORRECTED", 2], [4, 6, "IDLE", 2]]);
    });

    test("merged with what is before it alone, it ends where it was split", async () => {
      await host.create(T, "u", { sensorId: S, sessionId: "before", startedAt: at(-20) });
      await merge("before", first);
      await motion(6);
      expect(await line()).toEqual([[-20, 4, "CORRECTED", 2], [4, 6, "IDLE", 2]]);
    });

    test("a person who gives it a later end may split that off, and asked again it is the same", async () => {
      await host.correct(T, { ...await seen(first), endedAt: at(10) });
      const version = await seen(first);
      const asked = { ...version, at: at(8), newSessionId: "more" };
      const once = await host.split(T, asked);
      expect(once).toMatchObject({
        __typename: "SplitSessionPayload",
        second: { sessionId: "more", startedAt: at(8) },
      });
      expect(await host.split(T, asked)).toMatchObject({ __typename: "SplitSessionPayload" });
      // Of two cuts the earlier one ends it.
      expect(await line()).toEqual([[0, 4, "CORRECTED", 2], [4, 4, "IDLE", 1], [8, 10, "CORRECTED", 0]]);
    });

    test("an end that is said of that instant is of the later half, whenever it is said", async () => {
      await host.end(T, { sessionId: first, endedAt: at(4) });
      expect(await line()).toEqual([[0, 4, "CORRECTED", 2], [4, 4, "EXPLICIT", 1]]);
    });
  },
);

test("an end that was said of the instant of a split goes to the later half", async () => {
  for (const minute of [0, 4]) await motion(minute);
  await host.end(T, { sessionId: "m0", endedAt: at(4) });
  await split("m0", 4, "rest");
  expect(await line()).toEqual([[0, 4, "CORRECTED", 1], [4, 4, "EXPLICIT", 1]]);
});

test("a session that a person corrects to no length has nothing to split", async () => {
  for (const minute of [0, 4]) await motion(minute);
  await host.correct(T, { ...await seen("m0"), startedAt: at(0), endedAt: at(0) });
  expect(await line()).toEqual([[0, 0, "CORRECTED", 1], [4, 4, "IDLE", 1]]);
  await expect(split("m0", 0, "again")).rejects.toMatchObject({ fields: [{ path: ["at"] }] });
});

test("motion that lasted over the instant of a split lasts in both halves up to their ends, and said again it changes nothing", async () => {
  const lasting = () => host.recordMotion(T, "u", { sensorId: S, at: at(0), endedAt: at(20) });
  await lasting();
  await split("m0", 10, "rest");
  const halves = async () =>
    [...(await host.find(T, ["m0", "rest"])).values()].map((
      { lastMotionAt, version },
    ) => [(lastMotionAt - START) / MIN, version]);
  expect(await halves()).toEqual([[10, 2], [20, 1]]);
  await lasting();
  expect(await halves()).toEqual([[10, 2], [20, 1]]);
  expect(await line()).toEqual([[0, 10, "CORRECTED", 1], [10, 20, "IDLE", 0]]);
  // Whole again, however often, each is known once.
  for (const again of ["more", "most"]) {
    await merge("m0", again === "more" ? "rest" : "more");
    await split("m0", 10, again);
    expect((await host.find(T, [again])).get(again)!.reported).toHaveLength(1);
  }
  expect(await line()).toEqual([[0, 10, "CORRECTED", 1], [10, 20, "IDLE", 0]]);
});
