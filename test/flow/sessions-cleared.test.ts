import { describe, expect, test } from "vitest";
import { useMovingApp } from "../kit/moving-app.ts";
import { mutate, SESSION_FIELDS, sessionOf } from "../kit/sessions.ts";

/** Sensors that say on and off as two messages: presence lasts from the one to the other, whatever came first. */
const NOW = Date.UTC(2026, 5, 1, 12);
const SEC = 1_000;
const MIN = 60 * SEC;
const DAY = 1_440 * MIN;
const START = NOW - 5 * 60 * MIN;
const T = "cleared";
const world = useMovingApp(NOW);

const iso = (at: number) => new Date(at).toISOString();
const on = (sensorId: string, at: number, more: object = {}) =>
  mutate(world.api, T, "recordMotion", { sensorId, at: iso(at), ...more });
const off = (sensorId: string, at: number, more: object = {}) => on(sensorId, at, { state: "CLEARED", ...more });
async function sessionsAt(sensorId: string) {
  const query =
    `query ($id: String!) { sessions(filter: { sensorId: $id }, first: 100) { nodes { ${SESSION_FIELDS} } } }`;
  return (await world.api.ask(T, query, { id: sensorId })).data.sessions.nodes.reverse();
}
const spanOf = (from: number, to: number, motionEventCount: number) => ({
  ...{ startedAt: iso(from), lastMotionAt: iso(to), endedAt: iso(to), motionEventCount },
  ...{ duration: to - from, endReason: "IDLE", status: "COMPLETED" },
});
const orders = <V>(all: readonly V[]): V[][] =>
  all.length < 2
    ? [[...all]]
    : all.flatMap((one, i) => orders(all.filter((_, j) => j !== i)).map((rest) => [one, ...rest]));

/** What is said, on (minute) or off (-minute), and the sessions that it comes to: from, to, motion events. */
const LAWS: [string, number[], [number, number, number][]][] = [
  ["on and off far beyond the timeout is one session", [10, -70], [[10, 70, 1]]],
  ["on, off and on within the timeout after it is one session", [10, -40, 44], [[10, 44, 2]]],
  ["on again after the timeout is another session", [10, -40, 46], [[10, 40, 1], [46, 46, 1]]],
  ["the first off closes it, a second closes nothing", [10, -30, -60], [[10, 30, 1]]],
  ["an off that no on comes before closes nothing", [-5, 10], [[10, 10, 1]]],
  ["an on while it is on is ordinary motion, and the off closes the latest", [10, 20, -60], [[10, 10, 1], [20, 60, 1]]],
  ["an off at the very instant of the on lasts no time", [10, -10], [[10, 10, 1]]],
];

describe("in every order, each message twice", () => {
  test.each(LAWS)("%s", async (name, said, expected) => {
    for (const [i, order] of orders(said).entries()) {
      const sensorId = `${name} ${i}`;
      for (const minute of order) {
        const say = minute < 0 ? off : on;
        const first = await say(sensorId, START + Math.abs(minute) * MIN);
        expect(await say(sensorId, START + Math.abs(minute) * MIN)).toMatchObject({ duplicate: true });
        expect(first).toMatchObject({ duplicate: false });
      }
      expect(await sessionsAt(sensorId)).toMatchObject(
        expected.map(([from, to, count]) => spanOf(START + from * MIN, START + to * MIN, count)),
      );
    }
  });

  test("with numbers of one counter for on and off", async () => {
    const said = [[10, 1], [-40, 2], [44, 3], [-60, 4]] as const;
    for (const [i, order] of orders(said).entries()) {
      for (const [minute, seq] of order) {
        const more = { seq, boot: "b" };
        expect(await (minute < 0 ? off : on)(`numbers ${i}`, START + Math.abs(minute) * MIN, more)).toMatchObject({
          duplicate: false,
        });
      }
      expect(await sessionsAt(`numbers ${i}`)).toMatchObject([spanOf(START + 10 * MIN, START + 60 * MIN, 2)]);
    }
  });
});

test("the session that it closes is shown, and none while the motion is not there", async () => {
  const early = await off("shown", START + 60 * MIN);
  expect(early).toEqual({ __typename: "MotionClearedPayload", duplicate: false, session: null });
  const { session } = await on("shown", START);
  expect(session).toMatchObject(spanOf(START, START + 60 * MIN, 1));
  expect(await off("shown", START + 60 * MIN)).toMatchObject({
    duplicate: true,
    session: { sessionId: session.sessionId },
  });
});

test("what is created while it is on takes it over, whichever came first", async () => {
  const steps = {
    on: (id: string) => on(id, START),
    off: (id: string) => off(id, START + 60 * MIN),
    create: (id: string) =>
      mutate(world.api, T, "createSession", { sensorId: id, sessionId: `in ${id}`, startedAt: iso(START + 20 * MIN) }),
  };
  for (const order of orders(["on", "off", "create"] as const)) {
    const id = order.join();
    for (const step of order) await steps[step](id);
    expect(await sessionsAt(id)).toMatchObject([
      { startedAt: iso(START), endedAt: iso(START + 20 * MIN), motionEventCount: 1 },
      { sessionId: `in ${id}`, lastMotionAt: iso(START + 60 * MIN), endedAt: iso(START + 60 * MIN) },
    ]);
  }
});

test("a live session goes on while it is on and then for the timeout after the off", async () => {
  const { session } = await on("live", NOW);
  world.now = NOW + 30 * MIN;
  expect(await off("live", world.now)).toMatchObject({ session: { sessionId: session.sessionId, status: "ACTIVE" } });
  world.now += 4 * MIN;
  expect(await on("live", world.now)).toMatchObject({ started: false, session: { sessionId: session.sessionId } });
  world.now += 6 * MIN;
  expect(await sessionOf(world.api, T, session.sessionId)).toMatchObject(spanOf(NOW, NOW + 34 * MIN, 2));
});

test("a person who splits what lasted has both halves, and motion that lasted longer than is believed lasts no time", async () => {
  const { session } = await on("split", START);
  await off("split", START + 60 * MIN);
  const { first, second } = await mutate(world.api, T, "splitSession", {
    ...{ sessionId: session.sessionId, expectedVersion: 1, at: iso(START + 30 * MIN), newSessionId: "half" },
  });
  expect([first, second]).toMatchObject([{ endedAt: iso(START + 30 * MIN) }, { endedAt: iso(START + 60 * MIN) }]);
  await on("long", NOW - 31 * DAY);
  await off("long", NOW);
  expect(await sessionsAt("long")).toMatchObject([spanOf(NOW - 31 * DAY, NOW - 31 * DAY, 1)]);
});

describe("what people do with presence that an off closed", () => {
  const span = (from: number, to: number, count: number) => spanOf(START + from * MIN, START + to * MIN, count);
  const person = (name: "deleteSession" | "undoSessionCorrection", sessionId: string, expectedVersion: number) =>
    mutate(world.api, T, name, { sessionId, expectedVersion });
  const idOf = async (sensorId: string, i = 0) => (await sessionsAt(sensorId))[i];
  /** Two presences of an hour, two hours apart. */
  async function twice(sensorId: string): Promise<void> {
    for (const minute of [0, 120]) {
      await on(sensorId, START + minute * MIN);
      await off(sensorId, START + (minute + 60) * MIN);
    }
    expect(await sessionsAt(sensorId)).toMatchObject([span(0, 60, 1), span(120, 180, 1)]);
  }

  test("deleted it is gone and restored it is as it was, whatever the sensor says meanwhile", async () => {
    await twice("deleted");
    const before = await sessionsAt("deleted");
    const { version } = await person("deleteSession", before[0].sessionId, 1);
    expect(await sessionsAt("deleted")).toMatchObject([span(120, 180, 1)]);
    // What closed it, said again, changes nothing; a message of motion that is deleted is refused.
    expect(await off("deleted", START + 60 * MIN)).toMatchObject({ duplicate: true, session: null });
    expect(await on("deleted", START + 30 * MIN)).toMatchObject({ code: "INVALID_INPUT" });
    expect(await sessionsAt("deleted")).toMatchObject([span(120, 180, 1)]);
    expect(version).toBe(2);
    await mutate(world.api, T, "restoreSession", { sessionId: before[0].sessionId });
    expect(await sessionsAt("deleted")).toMatchObject([span(0, 60, 1), span(120, 180, 1)]);
    expect((await idOf("deleted")).sessionId).toBe(before[0].sessionId);
  });

  test("deleted while it is on, the off that comes then closes it, and restored it lasts until then", async () => {
    for (const isRestoredFirst of [false, true]) {
      const id = `on ${isRestoredFirst}`;
      const { session } = await on(id, START);
      await person("deleteSession", session.sessionId, 1);
      const restore = () => mutate(world.api, T, "restoreSession", { sessionId: session.sessionId });
      if (isRestoredFirst) await restore();
      expect(await off(id, START + 60 * MIN)).toMatchObject({ duplicate: false });
      if (!isRestoredFirst) {
        expect(await sessionsAt(id)).toEqual([]);
        await restore();
      }
      expect(await sessionsAt(id)).toMatchObject([span(0, 60, 1)]);
    }
  });

  test("merged it is one from the first on to the last off, and undone two as they were", async () => {
    await twice("merged");
    const before = await sessionsAt("merged");
    const [first, second] = before;
    const { session } = await mutate(world.api, T, "mergeSessions", {
      sessions: [first, second].map(({ sessionId }) => ({ sessionId, expectedVersion: 1 })),
    });
    expect(session).toMatchObject({ sessionId: first.sessionId, startedAt: iso(START), motionEventCount: 2 });
    expect(await sessionsAt("merged")).toMatchObject([
      {
        startedAt: iso(START),
        lastMotionAt: iso(START + 180 * MIN),
        endedAt: iso(START + 180 * MIN),
        motionEventCount: 2,
      },
    ]);
    expect(await person("undoSessionCorrection", first.sessionId, session.version)).toMatchObject({
      sessionId: first.sessionId,
    });
    expect(await sessionsAt("merged")).toMatchObject([span(0, 60, 1), span(120, 180, 1)]);
    expect((await sessionsAt("merged")).map((own: { sessionId: string }) => own.sessionId)).toEqual(
      before.map((own: { sessionId: string }) => own.sessionId),
    );
  });

  test("split and undone it is as it was, also where the off came after the cut", async () => {
    for (const isOffFirst of [true, false]) {
      const id = `cut ${isOffFirst}`;
      const { session: { sessionId } } = await on(id, START);
      await on(id, START + 4 * MIN);
      const close = () => off(id, START + 60 * MIN);
      if (isOffFirst) await close();
      const { first } = await mutate(world.api, T, "splitSession", {
        ...{ sessionId, expectedVersion: 1, at: iso(START + 2 * MIN), newSessionId: `half ${id}` },
      });
      if (!isOffFirst) await close();
      expect(await sessionsAt(id)).toMatchObject([
        { sessionId, startedAt: iso(START), endedAt: iso(START + 2 * MIN), motionEventCount: 1 },
        { sessionId: `half ${id}`, endedAt: iso(START + 60 * MIN), motionEventCount: 1 },
      ]);
      await person("undoSessionCorrection", sessionId, first.version);
      expect(await sessionsAt(id)).toMatchObject([{ ...span(0, 60, 2), sessionId }]);
    }
  });
});

describe("what cannot be", () => {
  test("is refused in words: an end of its own, another state, a number with another instant", async () => {
    const fields = async (more: object) => (await off("wrong", START, more)).fields;
    expect(await fields({ endedAt: iso(START + MIN) })).toEqual([
      { path: ["endedAt"], message: "says both ends of one event; with CLEARED `at` says it" },
    ]);
    await on("wrong", START, { seq: 1 });
    expect(await off("wrong", START + MIN, { seq: 1 })).toMatchObject({ code: "PAYLOAD_MISMATCH" });
    expect(await off("wrong", START + MIN, { seq: 2 })).toMatchObject({ duplicate: false });
    expect(await on("wrong", START + 2 * MIN, { seq: 2 })).toMatchObject({ code: "PAYLOAD_MISMATCH" });
    expect(await off("wrong", START + 3 * MIN, { seq: 2 })).toMatchObject({ code: "PAYLOAD_MISMATCH" });
  });

  test("a time that is not believed is kept aside, and closes the motion once it is admitted", async () => {
    await on("ahead", NOW);
    const held = await off("ahead", NOW + 20 * MIN);
    expect(held).toMatchObject({ __typename: "QuarantinedPayload" });
    const { quarantineId } = held;
    world.now = NOW + 60 * MIN;
    await mutate(world.api, T, "resolveQuarantined", { sensorId: "ahead", quarantineId, admit: true });
    expect(await sessionsAt("ahead")).toMatchObject([spanOf(NOW, NOW + 20 * MIN, 1)]);
  });
});
