import { describe, expect, test } from "vitest";
import { tables } from "../../api/resources.ts";
import type { MotionInput } from "../../api/sessions/model.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { createRandom, shuffled } from "../proof/random.ts";
import { hostOf } from "../proof/sessions-hosts.ts";

/** Sensors that say on and off as two messages, at the edges of what is believed and of what is read. */
const NOW = Date.UTC(2026, 5, 1, 12);
const [MIN, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const START = NOW - 40 * DAY;
const LONGEST = 30 * DAY;
let worlds = 0;

function createWorld(processes = 1) {
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const methods = dynamo as unknown as Record<string, (...args: unknown[]) => unknown>;
  let ids = 0;
  const hosts = Array.from({ length: processes }, (_, n) =>
    hostOf(n, {
      ask: async (method, args) =>
        method === "read" ? [] : method === "keep" ? undefined : await methods[method]!(...args),
      ...{ now: () => NOW, id: () => `m${ids++}` },
    }));
  const host = hosts[0]!;
  const tenant = `presence${worlds++}`;
  const say = (at: number, more: Partial<MotionInput> = {}, sensorId = "hall") =>
    host.recordMotion(tenant, "u", { sensorId, at: START + at, ...more });
  const rows = async (sensorId = "hall") => {
    const { edges } = await host.list(tenant, { sensorId }, { first: 100 });
    return edges.map(({ node }) => node).reverse();
  };
  /** From when to when each session lasts, with its motion events, in minutes. */
  const spans = async (sensorId = "hall") =>
    (await rows(sensorId)).map((one) =>
      [one.startedAt, one.lastMotionAt].map((at) => (at - START) / MIN)
        .concat(one.motionEventCount)
    );
  return {
    ...{ dynamo, host, tenant, rows, spans },
    on: say,
    off: (at: number, more: Partial<MotionInput> = {}, sensorId = "hall") =>
      say(at, { state: "CLEARED", ...more }, sensorId),
    create: (sessionId: string, at: number, sensorId = "hall") =>
      host.create(tenant, "u", { sensorId, sessionId, startedAt: START + at }),
  };
}

const orders = <V>(all: readonly V[]): V[][] =>
  all.length < 2
    ? [[...all]]
    : all.flatMap((one, i) => orders(all.filter((_, j) => j !== i)).map((rest) => [one, ...rest]));

describe("in every order", () => {
  test.each<[string, number[], [number, number, number][]]>([
    ["an off that is told of late closes the motion before it, and a later one what comes then", [10, -16, -12, 14], [
      [10, 16, 2],
    ]],
    ["an off at the very instant of an on closes what was before it", [10, 12, -12], [[10, 12, 2]]],
    ["an off a minute after the last on lasts from there", [10, 14, -40], [[10, 40, 2]]],
    ["an off at the very instant of an on closes nothing, a later one closes it", [12, -12, -40], [[12, 40, 1]]],
    ["the off closes the latest motion, not what opened a session before it", [10, 60, -90], [[10, 10, 1], [
      60,
      90,
      1,
    ]]],
    ["two presences with an off each", [10, -20, 60, -90], [[10, 20, 1], [60, 90, 1]]],
  ])("%s", async (_, said, expected) => {
    const world = createWorld();
    for (const [i, order] of orders(said).entries()) {
      const sensorId = `hall ${i}`;
      for (const minute of order) await (minute < 0 ? world.off : world.on)(Math.abs(minute) * MIN, {}, sensorId);
      expect([order, await world.spans(sensorId)]).toEqual([order, expected]);
    }
  });

  test("numbers of two starts of a sensor: each message counts once, however often it comes", async () => {
    const world = createWorld();
    const said = [
      ["on", 10 * MIN, { seq: 5, boot: "a" }],
      ["on", 12 * MIN, { seq: 6, boot: "a" }],
      ["off", 40 * MIN, { seq: 1, boot: "b" }],
      ["on", 43 * MIN, { seq: 2, boot: "b" }],
    ] as const;
    for (const [i, order] of orders(said).entries()) {
      const sensorId = `hall ${i}`;
      for (const [kind, at, more] of order) {
        expect(await world[kind](at, more, sensorId)).toMatchObject({ duplicate: false });
      }
      for (const [kind, at, more] of order) {
        expect(await world[kind](at, more, sensorId)).toMatchObject({ duplicate: true });
      }
      expect(await world.spans(sensorId)).toEqual([[10, 43, 3]]);
    }
  });
});

test("what a sensor counted before it was started anew is known also where an off of the new start came the quick way", async () => {
  const { on, off, spans } = createWorld();
  const said = [
    () => on(10 * MIN, { seq: 5, boot: "a" }),
    () => off(12 * MIN, { seq: 6, boot: "a" }),
    () => on(14 * MIN, { seq: 7, boot: "a" }),
    () => off(40 * MIN, { seq: 1, boot: "b" }),
  ];
  for (const say of said) expect(await say()).toMatchObject({ duplicate: false });
  for (const say of said) expect(await say()).toMatchObject({ duplicate: true });
  expect(await spans()).toEqual([[10, 40, 2]]);
});

test("an off shows the session that it closes, also asked again; one that closes nothing shows none", async () => {
  const { on, off } = createWorld();
  const { session } = await on(0) as { session: { sessionId: string } };
  expect(await off(-MIN)).toMatchObject({ session: undefined });
  for (const duplicate of [false, true]) {
    expect(await off(HOUR)).toMatchObject({ duplicate, session: { sessionId: session.sessionId } });
  }
  expect(await off(2 * HOUR)).toMatchObject({ duplicate: false, session: undefined });
});

describe("motion lasts until an off", () => {
  test.each([["told in order", false], ["told before the motion", true]])(
    "that comes within thirty days, to the millisecond: %s",
    async (_, isFirst) => {
      for (const [beyond, expected] of [[0, LONGEST / MIN], [1, 0]] as const) {
        const { on, off, spans } = createWorld();
        const steps = [() => on(0), () => off(LONGEST + beyond)];
        for (const step of isFirst ? steps.reverse() : steps) await step();
        expect(await spans()).toEqual([[0, expected, 1]]);
      }
    },
  );

  test.each([["half an hour", HOUR / 2], ["a millisecond", 1]])(
    "also through what began %s after it and has no motion of its own",
    async (_, after) => {
      for (const order of orders(["on", "off", "create"] as const)) {
        const { on, off, create, spans } = createWorld();
        const steps = { on: () => on(0), off: () => off(LONGEST), create: () => create("in it", after) };
        for (const step of order) await steps[step]();
        expect([order, await spans()]).toEqual([order, [[0, after / MIN, 1], [after / MIN, LONGEST / MIN, 0]]]);
      }
    },
  );

  test("also through many sessions that have none, whenever each was told of", async () => {
    const random = createRandom("presence");
    const starts = Array.from({ length: 7 }, (_, i) => i + 1);
    let expected: unknown;
    for (let i = 0; i < 12; i++) {
      const { on, off, create, spans } = createWorld();
      const steps = [
        () => on(0),
        () => off(20 * HOUR),
        ...starts.map((n) => () => create(`s${n}`, n * HOUR)),
      ];
      const order = i === 0 ? steps : shuffled(steps, random);
      for (const step of order) await step();
      const found = await spans();
      expected ??= found;
      expect(found).toEqual(expected);
      expect(found.at(-1)).toEqual([7 * 60, 20 * 60, 0]);
    }
  });
});

test("what a sensor said is kept as long as its sessions, from when it came, whenever it was", async () => {
  const { dynamo, on, off } = createWorld();
  await on(0);
  await off(HOUR);
  await off(-HOUR);
  const cleared = dynamo.dump("sessions").filter(({ sk }) => String(sk).startsWith("hall#C#"));
  expect(cleared.map(({ at, ttl }) => [at, ttl])).toEqual(
    [START + HOUR, START - HOUR].map((at) => [at, (NOW + 30 * DAY) / 1_000]),
  );
});

test("an off that is known without a number and comes with one takes the number, which then is of no other instant", async () => {
  const { on, off } = createWorld();
  await on(0, { seq: 1 });
  expect(await off(HOUR)).toMatchObject({ duplicate: false });
  expect(await off(HOUR, { seq: 2 })).toMatchObject({ duplicate: true });
  expect(await off(2 * HOUR, { seq: 2 })).toMatchObject({ __typename: "PayloadMismatchError" });
  expect(await on(HOUR, { seq: 2 })).toMatchObject({ __typename: "PayloadMismatchError" });
});

test("an off of presence that a person deleted brings nothing back, and shows nothing", async () => {
  const { host, tenant, on, off, rows } = createWorld();
  await on(0);
  const { sessionId, version } = (await rows())[0]!;
  await host.remove(tenant, { sessionId, expectedVersion: version });
  expect(await off(HOUR)).toEqual({ __typename: "MotionClearedPayload", session: undefined, duplicate: false });
  expect(await rows()).toEqual([]);
});

test("an off that is the first word of a new start of its device keeps what the start before it had counted", async () => {
  const { on, off, host, tenant } = createWorld();
  await on(10 * MIN, { seq: 5, boot: "a" });
  await off(12 * MIN, { seq: 6, boot: "a" });
  await on(14 * MIN, { seq: 7, boot: "a" });
  await off(20 * MIN, { seq: 1, boot: "b" });
  // By the service's clock the number alone says which event it is.
  const again = { sensorId: "hall", seq: 7, boot: "a", useServiceTime: true } as const;
  expect(await host.recordMotion(tenant, "u", again)).toMatchObject({ duplicate: true });
});
