import { describe, expect, test } from "vitest";
import { useMovingApp } from "../kit/moving-app.ts";
import { batchOf, mutate, sessionOf } from "../kit/sessions.ts";

/** Workouts and playbacks that are paused and go on: how long they took, and how long they were active. */
const NOW = Date.UTC(2026, 5, 1, 12);
const SEC = 1_000;
const MIN = 60 * SEC;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
const START = NOW - 5 * HOUR;
const T = "paused";
const world = useMovingApp(NOW);

const iso = (at: number) => new Date(at).toISOString();
type Said = { from?: number; to?: number };
const stretch = ({ from, to }: Said) => ({
  ...(from === undefined ? {} : { from: iso(START + from * MIN) }),
  ...(to === undefined ? {} : { to: iso(START + to * MIN) }),
});
const pause = (sessionId: string, said: Said) => mutate(world.api, T, "recordPause", { sessionId, ...stretch(said) });
const motion = (sensorId: string, minute: number) =>
  mutate(world.api, T, "recordMotion", { sensorId, at: iso(START + minute * MIN) });
const create = (sessionId: string, minute = 0) =>
  mutate(world.api, T, "createSession", {
    sessionId,
    sensorId: `at ${sessionId}`,
    startedAt: iso(START + minute * MIN),
  });
const end = (sessionId: string, minute: number) =>
  mutate(world.api, T, "endSession", { sessionId, endedAt: iso(START + minute * MIN) });
const seen = (sessionId: string) => sessionOf(world.api, T, sessionId);
/** What a session shows: its stretch and its pauses in minutes, and how long it took and was active. */
async function shown(sessionId: string) {
  const { startedAt, endedAt, pauses, duration, activeDuration, status } = await seen(sessionId);
  const minute = (at: string | null) => at === null ? null : (Date.parse(at) - START) / MIN;
  return {
    ...{ span: [minute(startedAt), minute(endedAt)], took: duration === null ? null : duration / MIN },
    active: activeDuration === null ? null : activeDuration / MIN,
    pauses: pauses.map((own: { from: string; to: string | null }) => [minute(own.from), minute(own.to)]),
    status,
  };
}
const orders = <V>(all: readonly V[]): V[][] =>
  all.length < 2
    ? [[...all]]
    : all.flatMap((one, i) => orders(all.filter((_, j) => j !== i)).map((rest) => [one, ...rest]));

describe("in every order, each message twice", () => {
  test("a playback that is paused, goes on and ends: the time it took, and the time without pauses", async () => {
    const steps = {
      pause: (id: string) => pause(id, { from: 10 }),
      resume: (id: string) => pause(id, { to: 40 }),
      both: (id: string) => pause(id, { from: 60, to: 70 }),
      end: (id: string) => end(id, 90),
    };
    for (const order of orders(Object.keys(steps) as (keyof typeof steps)[])) {
      const id = order.join(" ");
      await create(id);
      for (const step of order) {
        await steps[step](id);
        expect(await steps[step](id)).toMatchObject({ __typename: "SessionPayload" });
      }
      expect(await shown(id)).toEqual({
        ...{ span: [0, 90], took: 90, active: 50, pauses: [[10, 40], [60, 70]], status: "COMPLETED" },
      });
    }
  });

  test("motion that opened a session, paused for longer than the timeout: one session, also where motion lay within", async () => {
    for (const order of orders(["pause", "resume", "in it", "after it"])) {
      const sensorId = `lounge ${order.join(" ")}`;
      const { session: { sessionId } } = await motion(sensorId, 0);
      for (const step of order) {
        if (step === "pause") await pause(sessionId, { from: 3 });
        else if (step === "resume") await pause(sessionId, { to: 63 });
        else await motion(sensorId, step === "in it" ? 30 : 65);
      }
      expect(await shown(sessionId)).toEqual({
        ...{ span: [0, 65], took: 65, active: 5, pauses: [[3, 63]], status: "COMPLETED" },
      });
      expect(await seen(sessionId)).toMatchObject({ motionEventCount: 3, endReason: "IDLE" });
    }
  });
});

test("pauses that a device states in its batches are those of its session, whichever batch came first", async () => {
  const batches = [[0, { from: 1 }], [1, { from: 1, to: 4 }], [2, { from: 3, to: 6 }]] as const;
  for (const order of orders(batches)) {
    const id = `ride ${order.map(([offset]) => offset).join("")}`;
    for (const [offset, said] of order) {
      const batch = { ...batchOf(id, offset, START, 200), pauses: [stretch(said)], final: offset === 2 };
      expect(await mutate(world.api, T, "ingestSessionBatch", batch)).toMatchObject({ duplicate: false, doubts: [] });
      expect(await mutate(world.api, T, "ingestSessionBatch", batch)).toMatchObject({ duplicate: true, doubts: [] });
      expect(await mutate(world.api, T, "ingestSessionBatch", { ...batch, pauses: [] })).toMatchObject({
        code: "PAYLOAD_MISMATCH",
      });
    }
    expect(await shown(id)).toMatchObject({ pauses: [[1, 6]], took: 599 / 60 });
    expect((await seen(id)).activeDuration).toBe(599 * SEC - 5 * MIN);
  }
});

describe("while it is paused", () => {
  test("a session goes on far beyond the timeout, is told as paused, and ends when it was paused where nobody resumes it", async () => {
    world.now = START;
    await create("live");
    world.now = START + 10 * MIN;
    // Nothing came for longer than the timeout, so it is over; a pause says that it was not.
    expect(await shown("live")).toMatchObject({ status: "COMPLETED", span: [0, 0] });
    await pause("live", { from: 10 });
    world.now = START + 69 * MIN;
    expect(await shown("live")).toMatchObject({ status: "ACTIVE", span: [0, null], pauses: [[10, null]] });
    expect(await mutate(world.api, T, "updateSession", { sessionId: "live", updateId: "u", playbackStarted: true }))
      .toMatchObject({ __typename: "SessionPayload" });
    world.now = START + 71 * MIN;
    expect(await shown("live")).toEqual({
      ...{ span: [0, 10], took: 10, active: 10, pauses: [], status: "COMPLETED" },
    });
    // Said late, its end holds however long it was.
    world.now = START + 200 * MIN;
    await pause("live", { to: 199 });
    expect(await shown("live")).toMatchObject({ status: "ACTIVE", pauses: [[10, 199]] });
    world.now = START + 300 * MIN;
    expect(await shown("live")).toMatchObject({ span: [0, 199], active: 10, pauses: [[10, 199]] });
  });

  test("`maxPause` says for how long, by tenant and sensor", async () => {
    await world.api.ask(
      T,
      `mutation { configureSessions(input: { sensorId: "at long", maxPause: 7200000 }) { __typename } }`,
    );
    world.now = START;
    for (const id of ["long", "short"]) {
      await create(id);
      await pause(id, { from: 0 });
    }
    world.now = START + 119 * MIN;
    expect([(await seen("long")).status, (await seen("short")).status]).toEqual(["ACTIVE", "COMPLETED"]);
  });

  test("the next session that somebody creates at the sensor ends it, and its pause", async () => {
    await create("first");
    await pause("first", { from: 10 });
    await mutate(world.api, T, "createSession", {
      sessionId: "second",
      sensorId: "at first",
      startedAt: iso(START + 40 * MIN),
    });
    expect(await shown("first")).toMatchObject({ span: [0, 40], active: 10, pauses: [[10, 40]] });
    expect((await seen("first")).endReason).toBe("EXPLICIT");
  });
});

describe("what people do with a session that was paused", () => {
  const versions = (sessionId: string, expectedVersion: number) => ({ sessionId, expectedVersion });
  async function film(id: string) {
    await create(id);
    await pause(id, { from: 10, to: 40 });
    await end(id, 60);
  }

  test("corrected, its pauses are those that lie in it; taken back, all are there", async () => {
    await film("corrected");
    const ends = { startedAt: iso(START + 20 * MIN), endedAt: iso(START + 30 * MIN) };
    await mutate(world.api, T, "correctSession", { ...versions("corrected", 1), ...ends });
    expect(await shown("corrected")).toMatchObject({ span: [20, 30], active: 0, pauses: [[20, 30]] });
    await mutate(world.api, T, "correctSession", { ...versions("corrected", 2), startedAt: null, endedAt: null });
    expect(await shown("corrected")).toMatchObject({ span: [0, 60], active: 30, pauses: [[10, 40]] });
  });

  test("a person says what the pauses were, against all that is stated, and takes it back", async () => {
    await film("told");
    const say = (expectedVersion: number, pauses: Said[] | null) =>
      mutate(world.api, T, "correctSession", {
        ...versions("told", expectedVersion),
        pauses: pauses && pauses.map(stretch),
      });
    await say(1, []);
    expect(await shown("told")).toMatchObject({ active: 60, pauses: [] });
    await say(2, [{ from: 50, to: 90 }, { from: 5, to: 15 }]);
    await pause("told", { from: 20, to: 21 });
    expect(await shown("told")).toMatchObject({ span: [0, 60], active: 40, pauses: [[5, 15], [50, 60]] });
    expect((await say(3, [{ from: 1 }])).fields).toEqual([
      { path: ["pauses", "0", "to"], message: "must be given: a correction says both ends of each pause" },
    ]);
    // Both halves know it, and so does what they become again.
    const at = iso(START + 10 * MIN);
    const { first, second } = await mutate(world.api, T, "splitSession", {
      ...versions("told", 3),
      at,
      newSessionId: "rest",
    });
    expect([first.pauses, second.pauses]).toMatchObject([[{ to: at }], [{ from: at }, { to: iso(START + 60 * MIN) }]]);
    const sessions = [versions("told", first.version), versions("rest", second.version)];
    const { session } = await mutate(world.api, T, "mergeSessions", { sessions });
    expect(await shown("told")).toMatchObject({ span: [0, 60], active: 40, pauses: [[5, 15], [50, 60]] });
    // What nobody can see is told.
    const beyond = await say(session.version, [{ from: 5, to: 15 }, { from: 61, to: 70 }]);
    expect(beyond).toMatchObject({ held: expect.stringContaining("pauses.1: lies outside of the session") });
    expect((await say(session.version + 1, null)).held).toBeNull();
    expect(await shown("told")).toMatchObject({ active: 30, pauses: [[10, 40]] });
  });

  test("deleted and restored it is as it was; what is said meanwhile is refused", async () => {
    await film("deleted");
    await mutate(world.api, T, "deleteSession", versions("deleted", 1));
    expect(await pause("deleted", { from: 50 })).toMatchObject({ code: "NOT_FOUND" });
    await mutate(world.api, T, "restoreSession", { sessionId: "deleted" });
    expect(await shown("deleted")).toMatchObject({ span: [0, 60], active: 30, pauses: [[10, 40]] });
  });

  test("split, each half has the part of a pause that lies in it, also of what is said later; undone it is as it was", async () => {
    for (const isLate of [false, true]) {
      const id = `split ${isLate}`;
      await create(id);
      const messages = () => [pause(id, { from: 10 }), pause(id, { to: 40 }), pause(id, { from: 50, to: 55 })];
      await end(id, 60);
      if (!isLate) { for (const message of messages()) await message; }
      const { first, second } = await mutate(world.api, T, "splitSession", {
        ...{ ...versions(id, 1), at: iso(START + 20 * MIN), newSessionId: `half ${id}` },
      });
      if (isLate) { for (const message of messages()) await message; }
      expect(await shown(first.sessionId)).toMatchObject({ span: [0, 20], active: 10, pauses: [[10, 20]] });
      expect(await shown(second.sessionId)).toMatchObject({
        ...{ span: [20, 60], active: 15, pauses: [[20, 40], [50, 55]] },
      });
      await mutate(world.api, T, "undoSessionCorrection", versions(id, first.version));
      expect(await shown(id)).toMatchObject({ span: [0, 60], active: 25, pauses: [[10, 40], [50, 55]] });
    }
  });

  test("merged it has the pauses of both, and undone each its own, with what was said meanwhile", async () => {
    const { session: one } = await motion("merged", 0);
    const { session: two } = await motion("merged", 60);
    await pause(one.sessionId, { from: 0, to: 4 });
    const { session } = await mutate(world.api, T, "mergeSessions", {
      sessions: [versions(one.sessionId, 1), versions(two.sessionId, 1)],
    });
    await pause(two.sessionId, { from: 61, to: 64 });
    expect(await shown(one.sessionId)).toMatchObject({ span: [0, 64], pauses: [[0, 4], [61, 64]], active: 57 });
    const undone = await mutate(world.api, T, "undoSessionCorrection", versions(one.sessionId, session.version));
    expect(undone).toMatchObject({ sessionId: one.sessionId });
    expect(await shown(one.sessionId)).toMatchObject({ span: [0, 4], pauses: [[0, 4]] });
    expect(await shown(two.sessionId)).toMatchObject({ span: [60, 64], pauses: [[61, 64]], active: 1 });
  });
});

describe("what cannot be", () => {
  test("is refused in words that name the field, and nothing is changed", async () => {
    await create("wrong");
    await end("wrong", 60);
    const fields = async (said: object) =>
      (await mutate(world.api, T, "recordPause", { sessionId: "wrong", ...said })).fields as {
        path: string[];
        message: string;
      }[];
    expect(await fields({})).toEqual([
      { path: ["from"], message: "must be given, or `to`, or both: when it was paused, and when it went on" },
    ]);
    expect(await fields(stretch({ from: 10, to: 9 }))).toEqual([{
      path: ["to"],
      message: "must not be before `from`",
    }]);
    expect(await fields({ from: iso(NOW + HOUR) })).toEqual([
      { path: ["from"], message: expect.stringContaining("must not be more than 10 minutes ahead") },
    ]);
    await create("old", -40 * 24 * 60);
    expect((await pause("old", { to: 0 })).fields).toEqual([{
      path: ["to"],
      message: `is more than 30 days after the session's start, ${
        iso(START - 40 * DAY)
      } (maxLength of configureSessions)`,
    }]);
    expect(await pause("nobody", { from: 1 })).toMatchObject({ code: "NOT_FOUND" });
    expect(await shown("wrong")).toMatchObject({ pauses: [], active: 60 });
  });

  test("a pause outside of the session is kept, told so, and shows once the session is known to reach there", async () => {
    await create("outside", 30);
    await end("outside", 60);
    expect((await pause("outside", { from: 10, to: 20 })).held).toBe(
      `lies outside of the session as it is known, ${iso(START + 30 * MIN)} to ${
        iso(START + 60 * MIN)
      }; it is kept, and shows once the session reaches there`,
    );
    expect((await pause("outside", { from: 20, to: 40 })).held).toBeNull();
    expect(await shown("outside")).toMatchObject({ pauses: [[30, 40]] });
    await mutate(world.api, T, "ingestSessionBatch", { ...batchOf("outside", 0, START, 2), sensorId: "at outside" });
    expect(await shown("outside")).toMatchObject({ span: [0, 60], pauses: [[10, 40]], active: 30 });
  });

  test("of a batch: what is no stretch refuses it with its place; what no clock can have said is kept aside and can be admitted", async () => {
    const send = (id: string, more: object) =>
      mutate(world.api, T, "ingestSessionBatch", { ...batchOf(id, 0, START, 600), ...more });
    expect((await send("bad", { pauses: [stretch({ from: 1, to: 2 }), stretch({ from: 5, to: 4 })] })).fields).toEqual([
      { path: ["pauses", "1", "to"], message: "must not be before `from`" },
    ]);
    expect(await seen("bad")).toBeNull();
    const ahead = { from: iso(NOW + HOUR), to: iso(NOW + 2 * HOUR) };
    const { doubts, quarantineId } = await send("ahead", { pauses: [stretch({ from: 1, to: 2 }), ahead] });
    expect(doubts).toEqual([
      `pauses.1.from: is more than 10 minutes ahead of the service's clock, which says ${iso(NOW)}`,
      `pauses.1.to: is more than 10 minutes ahead of the service's clock, which says ${iso(NOW)}`,
    ]);
    expect(await shown("ahead")).toMatchObject({ pauses: [[1, 2]] });
    world.now = NOW + 3 * HOUR;
    const input = { sensorId: "device-of-ahead", quarantineId, admit: true };
    expect(await mutate(world.api, T, "resolveQuarantined", input)).toMatchObject({ admitted: true });
    expect(await shown("ahead")).toMatchObject({ pauses: [[1, 2], [360, 420]], span: [0, 420] });
  });

  test("more than 500 of a session: those that are too many are told, the others kept", async () => {
    const many = Array.from({ length: 500 }, (_, i) => ({ from: i / 100, to: i / 100 + 0.005 })).map(stretch);
    const first = await mutate(world.api, T, "ingestSessionBatch", { ...batchOf("many", 0, START, 600), pauses: many });
    expect(first).toMatchObject({ doubts: [] });
    const second = await mutate(world.api, T, "ingestSessionBatch", {
      ...{ ...batchOf("many", 1, START, 600), pauses: [many[0], stretch({ from: 9, to: 10 })] },
    });
    expect(second.doubts).toEqual([
      "pauses.1.to: is one of more than 500 pauses of this session; say those that follow each other as one; it is left out",
    ]);
    expect((await pause("many", { to: 9 })).fields).toEqual([
      {
        path: ["to"],
        message: "is one of more than 500 pauses of this session; say those that follow each other as one",
      },
    ]);
    expect((await shown("many")).pauses).toHaveLength(500);
    const over = await mutate(world.api, T, "ingestSessionBatch", {
      ...{ ...batchOf("over", 0, START, 2), pauses: [...many, many[0]] },
    });
    expect(over.fields).toEqual([
      { path: ["pauses"], message: "must hold at most 500 pauses, has 501; say those that follow each other as one" },
    ]);
  });
});
