import { expect, test } from "vitest";
import { tables } from "../../api/resources.ts";
import { pausesOf } from "../../api/sessions/pauses.ts";
import type { Sessions } from "../../api/sessions/service.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { hostOf } from "../proof/sessions-hosts.ts";

const T = "deleted";
const MIN = 60_000;
const START = Date.UTC(2026, 5, 1, 12);
const minute = (n: number) => START + n * MIN;

/** A sensor in a world of its own: the sessions that are shown, by minutes from start to last sign, and the motion that counts nowhere. */
function world() {
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const methods: Record<string, (...args: unknown[]) => unknown> = {
    ...dynamo as unknown as Record<string, (...args: unknown[]) => unknown>,
    keep: () => "created",
    drop: () => undefined,
    read: () => [],
    hold: () => undefined,
  };
  let ids = 0;
  const ask = async (name: string, args: readonly unknown[]) => await methods[name]!(...args);
  const link = { now: () => minute(120), id: () => `m${ids++}` };
  const other = hostOf(1, { ...link, ask });
  let next: { name: string; skipped: number; act: (other: Sessions) => Promise<unknown> } | undefined;
  const host = hostOf(0, {
    ...link,
    ask: async (name, args) => {
      const own = next?.name === name && next.skipped-- === 0 ? next : undefined;
      if (own) next = undefined;
      await own?.act(other);
      return await ask(name, args);
    },
  });
  const list = async () => (await host.list(T, { sensorId: "s" }, { first: 100 })).edges.map(({ node }) => node);
  const since = (at: number | undefined) => at && (at - START) / MIN;
  const shown = async () => {
    const out = dynamo.dump("sessions").flatMap(({ takenOut }) => (takenOut ?? []) as number[]);
    return {
      sessions: (await list()).reverse().map((
        one,
      ) => [one.sessionId, since(one.startedAt), since(one.lastMotionAt), one.motionEventCount]),
      takenOut: out.toSorted((a, b) => a - b).map(since),
    };
  };
  const seen = async (sessionId: string) => {
    const version = (await host.find(T, [sessionId])).get(sessionId)!.version;
    return { sessionId, expectedVersion: version };
  };
  const motion = async (...at: number[]) => {
    for (const one of at) await host.recordMotion(T, "u", { sensorId: "s", at: minute(one) });
  };
  const batch = (sessionId: string, batchOffset: number, ...at: number[]) => {
    const readings = at.map((one) => ({ at: minute(one), values: [1] }));
    return host.ingestBatch(T, "u", { sessionId, sensorId: "s", batchOffset, readings });
  };
  const pauses = async (sessionId: string) => {
    const session = (await host.find(T, [sessionId])).get(sessionId)!;
    return pausesOf(session).map(({ from, to }) => [since(from), since(to)]);
  };
  /** What another does before the process calls that of its store next, or after so many of these. */
  const meanwhile = (name: string, act: (other: Sessions) => Promise<unknown>, skipped = 0) =>
    void (next = { name, skipped, act });
  /** Where sessions lie on the line. */
  const places = () =>
    dynamo.dump("sessions").filter(({ sk }) => (sk as string).includes("#T#"))
      .map((one) => [one.session, since(one.at as number)]);
  return { host, shown, seen, motion, batch, meanwhile, pauses, places };
}

test("a session that is restored within one that is deleted is there, with those after it, until that is restored too", async () => {
  const { host, shown, seen, motion } = world();
  await motion(0, 2);
  await host.remove(T, await seen("m0"));
  await motion(8);
  await host.create(T, "u", { sensorId: "s", sessionId: "film", startedAt: minute(-10) });
  await host.correct(T, { ...await seen("film"), endedAt: minute(30) });
  await host.remove(T, await seen("film"));
  await host.restore(T, { sessionId: "m0" });
  const alone = [["m0", 0, 2, 2], ["m1", 8, 8, 1]];
  expect(await shown()).toEqual({ sessions: alone, takenOut: [] });
  // Nor does what comes for the line later change it.
  await motion(40);
  expect(await shown()).toEqual({ sessions: [...alone, ["m2", 40, 40, 1]], takenOut: [] });
  await host.restore(T, { sessionId: "film" });
  expect(await shown()).toEqual({ sessions: [["film", -10, 8, 3], ["m2", 40, 40, 1]], takenOut: [] });
});

test("what a deleted session had is its own again once a session that began within it begins before it", async () => {
  const orders = [[3, -5], [-5, 3]];
  for (const order of orders) {
    const { host, shown, seen, motion } = world();
    await motion(0, 2, 4);
    await host.remove(T, await seen("m0"));
    for (const at of order) {
      const readings = [{ at: minute(at), values: [1] }];
      await host.ingestBatch(T, "u", { sessionId: "walk", sensorId: "s", batchOffset: at === 3 ? 1 : 0, readings });
    }
    expect(await shown()).toEqual({ sessions: [["walk", -5, 3, 0]], takenOut: [0, 2, 4] });
    await host.restore(T, { sessionId: "m0" });
    expect((await shown()).takenOut).toEqual([]);
  }
});

test("a session of another device that begins within a deleted one has the motion from there on, and that counts again", async () => {
  const { host, shown, seen, motion, batch } = world();
  await motion(0, 2, 4);
  await host.remove(T, await seen("m0"));
  expect(await shown()).toEqual({ sessions: [], takenOut: [0, 2, 4] });
  await batch("walk", 0, 3);
  expect(await shown()).toEqual({ sessions: [["walk", 3, 4, 1]], takenOut: [0, 2] });
  await batch("run", 0, 1);
  expect(await shown()).toEqual({ sessions: [["run", 1, 2, 1], ["walk", 3, 4, 1]], takenOut: [0] });
  await host.restore(T, { sessionId: "m0" });
  const all = [["m0", 0, 0, 1], ["run", 1, 2, 1], ["walk", 3, 4, 1]];
  expect(await shown()).toEqual({ sessions: all, takenOut: [] });
});

test("what it has left of a session that was deleted whole takes nothing out any more", async () => {
  const { host, shown, seen, motion, batch } = world();
  await motion(2);
  await host.create(T, "u", { sensorId: "s", sessionId: "film", startedAt: minute(0) });
  await host.remove(T, await seen("film"));
  await batch("walk", 0, 1);
  expect(await shown()).toEqual({ sessions: [["walk", 1, 2, 1]], takenOut: [] });
});

test("what began within it and begins before it by now gives its motion back: as if that had been known at once", async () => {
  const say = async (...batches: number[][]) => {
    const { host, shown, seen, motion, batch } = world();
    await motion(2, 4);
    await host.create(T, "u", { sensorId: "s", sessionId: "film", startedAt: minute(0) });
    await host.remove(T, await seen("film"));
    for (const [i, at] of batches.entries()) await batch("walk", i, ...at);
    return await shown();
  };
  const expected = { sessions: [["walk", -9, 3, 0]], takenOut: [2, 4] };
  expect([await say([3], [-9]), await say([-9, 3])]).toEqual([expected, expected]);
});

test("a pause that is said of a session while a person deletes it is not found, and its batch's are there once it is restored", async () => {
  const { host, shown, seen, motion, meanwhile, pauses } = world();
  await motion(0, 2);
  const { expectedVersion } = await seen("m0");
  meanwhile("updateIf", (other) => other.remove(T, { sessionId: "m0", expectedVersion }));
  const said = { sessionId: "m0", from: minute(1), to: minute(3) };
  expect(await host.recordPause(T, said)).toMatchObject({ __typename: "NotFoundError" });
  await host.restore(T, { sessionId: "m0" });
  // Nothing of it stays, so what comes next moves nothing back.
  await motion(1);
  expect(await shown()).toEqual({ sessions: [["m0", 0, 2, 3]], takenOut: [] });

  const readings = [{ at: minute(50), values: [1] }];
  const batch = { sessionId: "walk", sensorId: "s", batchOffset: 0, readings };
  await host.ingestBatch(T, "u", batch);
  meanwhile("updateIf", (other) => other.remove(T, { sessionId: "walk", expectedVersion: 1 }), 1);
  const more = { ...batch, batchOffset: 1, pauses: [{ from: minute(50), to: minute(53) }] };
  expect(await host.ingestBatch(T, "u", more)).toMatchObject({ duplicate: false, doubts: [] });
  expect((await shown()).sessions).toHaveLength(1);
  await host.restore(T, { sessionId: "walk" });
  expect(await pauses("walk")).toEqual([[50, 53]]);
});

test("what is restored where another begins by now, which has its motion, is a part of that one, and is told so", async () => {
  // Of sessions that begin at one instant the hashes of their ids say which comes last.
  for (const walk of ["walk", "run", "film", "swim"]) {
    const { host, shown, seen, motion, batch } = world();
    await motion(0);
    await host.remove(T, await seen("m0"));
    await batch(walk, 1, 1);
    await batch(walk, 0, 0);
    for (const _ of ["once", "again"]) {
      expect(await host.restore(T, { sessionId: "m0" })).toMatchObject({ session: { sessionId: walk } });
    }
    expect(await shown()).toEqual({ sessions: [[walk, 0, 1, 1]], takenOut: [] });
  }
});

test("motion that came to others since a deletion stays there, whatever begins elsewhere then", async () => {
  const { host, shown, seen, motion, batch } = world();
  await host.create(T, "u", { sensorId: "s", sessionId: "film", startedAt: minute(0) });
  await host.correct(T, { ...await seen("film"), endedAt: minute(30) });
  await host.remove(T, await seen("film"));
  await batch("walk", 1, 1);
  await host.ingestBatch(T, "u", { sessionId: "walk", sensorId: "s", batchOffset: 2, final: true, readings: [] });
  await motion(1, 11, 12);
  expect((await shown()).sessions).toEqual([["walk", 1, 1, 1], ["m0", 11, 12, 2]]);
  // Now the deleted session begins last before that motion.
  await batch("walk", 0, -2);
  expect(await shown()).toEqual({ sessions: [["walk", -2, 1, 0], ["m1", 1, 1, 1], ["m0", 11, 12, 2]], takenOut: [] });
});

test("what held motion of a session may hold it no more once a person's end is taken back, or what was deleted is restored", async () => {
  const { host, shown, seen, motion, meanwhile } = world();
  await host.create(T, "u", { sensorId: "s", sessionId: "film", startedAt: minute(0) });
  await host.correct(T, { ...await seen("film"), endedAt: minute(25) });
  await motion(3, 20);
  expect((await shown()).sessions).toEqual([["film", 0, 20, 2]]);
  await host.correct(T, { ...await seen("film"), endedAt: null });
  expect((await shown()).sessions).toEqual([["film", 0, 3, 1], ["m0", 20, 20, 1]]);

  const batch = { sessionId: "walk", sensorId: "s", readings: [{ at: minute(50), values: [1] }] };
  await host.ingestBatch(T, "u", { ...batch, batchOffset: 0, pauses: [{ from: minute(52) }] });
  await motion(53, 70);
  expect((await shown()).sessions.at(-1)).toEqual(["walk", 50, 70, 2]);
  const { expectedVersion } = await seen("walk");
  meanwhile("transact", (other) => other.remove(T, { sessionId: "walk", expectedVersion }));
  await host.ingestBatch(T, "u", { ...batch, batchOffset: 1, pauses: [{ to: minute(54) }] });
  expect((await shown()).sessions).toHaveLength(2);
  await host.restore(T, { sessionId: "walk" });
  expect((await shown()).sessions.slice(2)).toEqual([["walk", 50, 54, 1], ["m2", 70, 70, 1]]);
});

test("what motion opens at the very instant of a deleted session that had none is not ended by that, and has what comes next", async () => {
  // Of sessions that begin at one instant the hashes of their ids say which comes last, and that has the motion: that of m0 lies between.
  for (const [twin, walk] of [["film", "swim"], ["double", "jog"]] as const) {
    const { host, shown, seen, motion, batch } = world();
    await host.create(T, "u", { sensorId: "s", sessionId: twin, startedAt: minute(0) });
    await batch(walk, 0, 0);
    await motion(0);
    await host.remove(T, await seen(twin));
    expect((await shown()).sessions).toEqual([[walk, 0, 0, 1]]);
    await batch(walk, 1, -2);
    expect((await shown()).sessions).toEqual([[walk, -2, 0, 0], ["m0", 0, 0, 1]]);
    expect((await host.find(T, ["m0"])).get("m0")).toMatchObject({ endedBy: "IDLE" });
    await motion(1);
    expect((await shown()).sessions).toEqual([[walk, -2, 0, 0], ["m0", 0, 1, 2]]);
    await host.restore(T, { sessionId: twin });
    expect((await shown()).sessions).toEqual([[walk, -2, 0, 0], [twin, 0, 1, 2]]);
  }
});

test("of a batch that is refused, since a person deleted its session, nothing is kept aside that could be admitted", async () => {
  const { host, seen, batch } = world();
  await batch("walk", 0, 0);
  await host.remove(T, await seen("walk"));
  // One reading of a clock far ahead.
  await expect(batch("walk", 1, -2, 900)).rejects.toThrow("a person deleted");
  expect(await host.listQuarantined(T, "s")).toEqual([]);
  await host.restore(T, { sessionId: "walk" });
  await batch("walk", 1, -2, 900);
  expect(await host.listQuarantined(T, "s")).toHaveLength(1);
});

test("what held motion by its extent lets it go once the start that it came with is taken back, be that where it was", async () => {
  const { host, shown, seen, motion, batch } = world();
  await batch("walk", 0, 0);
  await host.recordPause(T, { sessionId: "walk", from: minute(2) });
  await motion(3, 20);
  await host.correct(T, { ...await seen("walk"), startedAt: minute(0) });
  await host.recordPause(T, { sessionId: "walk", to: minute(4) });
  expect((await shown()).sessions).toEqual([["walk", 0, 20, 2]]);
  await host.correct(T, { ...await seen("walk"), startedAt: null });
  expect((await shown()).sessions).toEqual([["walk", 0, 4, 1], ["m0", 20, 20, 1]]);
});

test("what was deleted without motion and is restored has one place on its line, wherever it begins then", async () => {
  const { host, places, seen } = world();
  await host.create(T, "u", { sensorId: "s", sessionId: "film", startedAt: minute(0) });
  await host.remove(T, await seen("film"));
  await host.restore(T, { sessionId: "film" });
  await host.correct(T, { ...await seen("film"), startedAt: minute(-5) });
  expect(places()).toEqual([["film", -5]]);
});

test("a session that is deleted keeps all motion that it holds, also where its own end lies before that", async () => {
  const { host, shown, seen, motion, batch } = world();
  await motion(20, 40);
  await host.merge(T, { sessions: [await seen("m0"), await seen("m1")] });
  // The bridge from the first motion beats the end that is said, by which that is held; so the end is what its device says.
  await batch("walk", 0, 0);
  await host.end(T, { sessionId: "walk", endedAt: minute(39) });
  await host.ingestBatch(T, "u", { sessionId: "walk", sensorId: "s", batchOffset: 1, readings: [], final: true });
  const before = await shown();
  expect(before).toEqual({ sessions: [["walk", 0, 20, 1], ["m2", 40, 40, 1]], takenOut: [] });
  await host.remove(T, await seen("walk"));
  expect(await shown()).toEqual({ sessions: [["m2", 40, 40, 1]], takenOut: [20] });
  await host.restore(T, { sessionId: "walk" });
  expect(await shown()).toEqual(before);
});
