import { describe, expect, test } from "vitest";
import { useMovingApp } from "../kit/moving-app.ts";
import { mutate, SESSION_FIELDS, sessionOf } from "../kit/sessions.ts";

/** Inputs as real devices send them, at and around each limit: what each comes to, whatever the order. */
const NOW = Date.UTC(2026, 5, 1, 12);
const SEC = 1_000;
const MIN = 60 * SEC;
const IDLE = 5 * MIN;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
const T = "neighbours";
const world = useMovingApp(NOW);

const iso = (at: number) => new Date(at).toISOString();
const sweep = () => world.api.app.jobs.find((job) => job.name === "end-idle-sessions")!.run();
const motion = (sensorId: string, at: number | string, more: object = {}) =>
  mutate(world.api, T, "recordMotion", { sensorId, at: typeof at === "number" ? iso(at) : at, ...more });
const batch = (sessionId: string, sensorId: string, batchOffset: number, at: number[], more: object = {}) =>
  mutate(world.api, T, "ingestSessionBatch", {
    ...{ sessionId, sensorId, batchOffset, readings: at.map((one) => ({ at: iso(one), values: [1] })) },
    ...more,
  });
/** A sensor's sessions after all silence was seen, the earliest first. */
async function sessionsAt(sensorId: string) {
  world.now = Math.max(world.now, NOW) + 2 * DAY;
  await sweep();
  const query =
    `query ($id: String!) { sessions(filter: { sensorId: $id }, first: 100) { nodes { ${SESSION_FIELDS} } } }`;
  return (await world.api.ask(T, query, { id: sensorId })).data.sessions.nodes.reverse();
}
const orders = <V>(all: readonly V[]): V[][] =>
  all.length < 2
    ? [[...all]]
    : all.flatMap((one, i) => orders(all.filter((_, j) => j !== i)).map((rest) => [one, ...rest]));
/** Every n-th of them: those that are left begin and end with each. */
const each = <V>(n: number, all: readonly V[]): V[] => all.filter((_, i) => i % n === 0);
const heldAt = async (sensorId: string) => {
  const query = `query ($id: String!) { sensor(sensorId: $id) { quarantined { quarantineId count reason } } }`;
  return (await world.api.ask(T, query, { id: sensorId })).data.sensor?.quarantined ?? [];
};

describe("numbers that a device reuses", () => {
  test.each([[255], [65_535]])(
    "that wrap after %i are refused in words without `boot`, and count with one",
    async (top) => {
      const start = NOW - 3 * HOUR;
      const sent = [top - 1, top, 0, 1, top].map((seq, i) => ({ seq, at: start + i * MIN }));
      const bare = `wrap ${top}`;
      for (const { seq, at } of [{ seq: 0, at: start - 2 * MIN }, { seq: 1, at: start - MIN }]) {
        expect(await motion(bare, at, { seq })).toMatchObject({ duplicate: false });
      }
      const answers = [];
      for (const { seq, at } of sent) answers.push((await motion(bare, at, { seq })).code ?? "counted");
      expect(answers).toEqual(["counted", "counted", "PAYLOAD_MISMATCH", "PAYLOAD_MISMATCH", "PAYLOAD_MISMATCH"]);
      expect(await sessionsAt(bare)).toMatchObject([{ motionEventCount: 4 }]);
      world.now = NOW;
      for (const [i, { seq, at }] of sent.entries()) {
        const more = { seq, boot: i < 2 ? "round-1" : "round-2" };
        for (const duplicate of [false, true]) {
          expect(await motion(`${bare} boot`, at, more)).toMatchObject({
            duplicate,
          });
        }
      }
      expect(await sessionsAt(`${bare} boot`)).toMatchObject([{ motionEventCount: 5 }]);
    },
  );

  test.each([100, 101])(
    "with %i gaps open count each event once, in whatever order the rest comes",
    async (gaps) => {
      const start = NOW - 8 * HOUR;
      const sensorId = `gaps ${gaps}`;
      const at = (seq: number) => start + seq * SEC;
      const odd = Array.from({ length: gaps + 1 }, (_, i) => 2 * i + 1);
      for (const seq of odd) expect(await motion(sensorId, at(seq), { seq })).toMatchObject({ duplicate: false });
      const even = [2 * gaps, 2, gaps - (gaps % 2), 0];
      for (const seq of even) expect(await motion(sensorId, at(seq), { seq })).toMatchObject({ duplicate: false });
      for (const seq of [...even, 1, 3, odd.at(-1)!]) {
        expect(await motion(sensorId, at(seq), { seq })).toMatchObject({ duplicate: true });
      }
      const motionEventCount = odd.length + even.length;
      expect(await sessionsAt(sensorId)).toMatchObject([{ motionEventCount }]);
    },
  );

  test("by the service's time count once, and are refused in words where too many gaps make them vague", async () => {
    const odd = Array.from({ length: 103 }, (_, i) => 2 * i + 1);
    const send = async (seq: number) => {
      world.now += SEC;
      return await mutate(world.api, T, "recordMotion", { sensorId: "clockless", seq, useServiceTime: true });
    };
    for (const seq of odd) expect(await send(seq)).toMatchObject({ duplicate: false });
    expect(await send(205)).toMatchObject({ duplicate: true });
    expect(await send(1)).toMatchObject({
      code: "INVALID_INPUT",
      fields: [{ path: ["seq"], message: expect.stringContaining("Send `at` with it") }],
    });
    expect(await sessionsAt("clockless")).toMatchObject([{ motionEventCount: 103 }]);
  });

  test("that two devices with one id share are refused in words, and told apart by `boot` they all count", async () => {
    const start = NOW - HOUR;
    const sent = Array.from(
      { length: 8 },
      (_, i) => ({ seq: Math.floor(i / 2), boot: i % 2 ? "b" : "a", at: start + i * MIN }),
    );
    for (const { seq, at, boot } of sent) {
      expect((await motion("two", at, { seq })).code).toBe(boot === "a" ? undefined : "PAYLOAD_MISMATCH");
      expect(await motion("two told apart", at, { seq, boot })).toMatchObject({ duplicate: false });
    }
    for (const { seq, at, boot } of sent) {
      expect(await motion("two told apart", at, { seq, boot })).toMatchObject({ duplicate: true });
    }
    expect(await sessionsAt("two")).toMatchObject([{ motionEventCount: 4 }]);
    expect(await sessionsAt("two told apart")).toMatchObject([{ motionEventCount: 8 }]);
  });

  test("and events without any at the same sensor: each identity counts once, also at one instant", async () => {
    const at = NOW - HOUR;
    const sent = [{}, { seq: 0 }, { seq: 1 }, { seq: 0, boot: "x" }];
    for (const [i, order] of each(5, orders(sent)).entries()) {
      const sensorId = `mixed ${i}`;
      for (const more of [...order, ...order.toReversed()]) await motion(sensorId, at, more);
      expect(await sessionsAt(sensorId)).toMatchObject([{ motionEventCount: 4, startedAt: iso(at), duration: 0 }]);
      world.now = NOW;
    }
  });
});

describe("clocks that are wrong", () => {
  test.each([
    ["1970", "1970-01-01T00:00:05Z", "INVALID_INPUT"],
    ["1980, as GPS begins", "1980-01-06T00:00:00Z", "INVALID_INPUT"],
    ["2000", "2000-01-01T00:00:05Z", "aside"],
    ["2036, as NTP turns", "2036-02-07T06:28:16Z", "aside"],
    ["2038", "2038-01-19T03:14:08Z", "aside"],
    ["tomorrow", iso(NOW + DAY), "aside"],
    ["10 minutes and 1 ms ahead", iso(NOW + 10 * MIN + 1), "aside"],
    ["10 minutes ahead", iso(NOW + 10 * MIN), "counted"],
  ])("after a start: %s opens no session unless it is believed, and uses up no number", async (name, at, expected) => {
    await motion(name, NOW - HOUR, { seq: 7, boot: "before" });
    const answer = await motion(name, at, { seq: 1, boot: "after" });
    expect(answer.code ?? (answer.quarantineId ? "aside" : "counted")).toBe(expected);
    expect(await heldAt(name)).toHaveLength(expected === "aside" ? 1 : 0);
    if (expected !== "counted") {
      expect(await motion(name, NOW, { seq: 1, boot: "after" })).toMatchObject({ duplicate: false, started: true });
    }
    expect(await sessionsAt(name)).toHaveLength(2);
  });

  test("what was kept aside stays there where its number was counted with another instant meanwhile, and the answer says so", async () => {
    const { quarantineId } = await motion("late", Date.UTC(2000, 0, 1), { seq: 1 });
    await motion("late", NOW, { seq: 1 });
    const resolve = { sensorId: "late", quarantineId };
    expect(await mutate(world.api, T, "resolveQuarantined", { ...resolve, admit: true })).toMatchObject({
      code: "PAYLOAD_MISMATCH",
    });
    expect(await heldAt("late")).toHaveLength(1);
    expect(await mutate(world.api, T, "resolveQuarantined", { ...resolve, admit: false })).toMatchObject({
      admitted: false,
    });
    expect(await heldAt("late")).toEqual([]);
    expect(await sessionsAt("late")).toMatchObject([{ motionEventCount: 1 }]);
  });

  test("motion that lasted is kept aside with its end, and lasts once it is admitted", async () => {
    const at = Date.UTC(2001, 0, 1);
    const { quarantineId } = await motion("lasted", at, { endedAt: iso(at + HOUR) });
    await mutate(world.api, T, "resolveQuarantined", { sensorId: "lasted", quarantineId, admit: true });
    expect(await sessionsAt("lasted")).toMatchObject([{ startedAt: iso(at), endedAt: iso(at + HOUR) }]);
  });

  test("one instant is one event in whatever offset it is written, and the doubled hour of autumn is two", async () => {
    for (const at of ["2025-10-26T01:30:00Z", "2025-10-26T02:30:00+01:00", "2025-10-26T07:15:00+05:45"]) {
      await motion("autumn", at);
    }
    await motion("autumn", "2025-10-26T02:30:00+02:00");
    await motion("spring", "2026-03-29T01:59:00+01:00");
    expect(await motion("spring", "2026-03-29T03:01:00+02:00")).toMatchObject({ started: false });
    expect(await sessionsAt("autumn")).toMatchObject([
      { startedAt: "2025-10-26T00:30:00.000Z", motionEventCount: 1 },
      { startedAt: "2025-10-26T01:30:00.000Z", motionEventCount: 1 },
    ]);
    expect(await sessionsAt("spring")).toMatchObject([{ duration: 2 * MIN, motionEventCount: 2 }]);
  });
});

describe("at the timeout, to the millisecond", () => {
  test.each([
    [IDLE - 1, 1],
    [IDLE, 1],
    [IDLE + 1, 2],
  ])(
    "motions %i ms apart are %i sessions, in either order, late or live, and beside a device's",
    async (gap, count) => {
      const at = NOW - HOUR;
      for (const [i, order] of [[at, at + gap], [at + gap, at]].entries()) {
        const sensorId = `edge ${gap} ${i}`;
        for (const one of order) await motion(sensorId, one);
        expect(await sessionsAt(sensorId)).toHaveLength(count);
        world.now = at;
        const live = `live ${gap} ${i}`;
        for (const one of [at, at + gap]) {
          world.now = one;
          await motion(live, one);
          if (i === 1) await sweep();
        }
        expect(await sessionsAt(live)).toHaveLength(count);
        world.now = NOW;
        const beside = `beside ${gap} ${i}`;
        const both = [() => batch(beside, beside, 0, [at - MIN, at]), () => motion(beside, at + gap)];
        for (const send of i === 0 ? both : both.toReversed()) await send();
        expect(await sessionsAt(beside)).toHaveLength(count);
        world.now = NOW;
      }
    },
  );

  test("the last millisecond of silence bridges: three motions, the middle one last", async () => {
    const at = NOW - HOUR;
    for (const [middle, count] of [[IDLE, 1], [IDLE + 1, 2], [IDLE - 1, 2]] as const) {
      for (const order of orders([0, middle, 2 * IDLE])) {
        const sensorId = `bridge ${middle} ${order.join()}`;
        for (const one of order) await motion(sensorId, at + one);
        expect([sensorId, await sessionsAt(sensorId)]).toMatchObject([sensorId, { length: count }]);
        world.now = NOW;
      }
    }
  });
});

describe("what is stated, in whatever order it comes", () => {
  const start = NOW - 6 * HOUR;

  test("a last batch, the batches before it, motion and silence: one session of the device's own length", async () => {
    const steps: Record<string, (id: string) => Promise<unknown>> = {
      first: (id) => batch(id, id, 0, [start, start + MIN]),
      second: (id) => batch(id, id, 1, [start + 2 * MIN, start + 3 * MIN]),
      last: (id) => batch(id, id, 2, [], { final: true, durationMs: 4 * MIN }),
      motion: (id) => motion(id, start + 90 * SEC),
      silence: () => sweep(),
    };
    for (const [i, order] of each(13, orders(Object.keys(steps))).entries()) {
      const id = `final ${i}`;
      for (const step of order) await steps[step]!(id);
      expect([order, await sessionOf(world.api, T, id)]).toMatchObject([order, {
        ...{ startedAt: iso(start), endedAt: iso(start + 4 * MIN), duration: 4 * MIN, endReason: "EXPLICIT" },
        ...{ motionEventCount: 1, sampleCount: 4, status: "COMPLETED" },
      }]);
    }
  });

  test("an end before the idle end, at it and after it holds; of two the earlier one", async () => {
    for (const end of [MIN, IDLE + 1, 3 * HOUR]) {
      const steps: Record<string, (id: string) => Promise<unknown>> = {
        end: (id) => mutate(world.api, T, "endSession", { sessionId: id, endedAt: iso(start + end) }),
        later: (id) => mutate(world.api, T, "endSession", { sessionId: id, endedAt: iso(start + end + MIN) }),
        motion: (id) => motion(id, start + SEC),
        silence: () => sweep(),
      };
      for (const [i, order] of each(5, orders(Object.keys(steps))).entries()) {
        const id = `end ${end} ${i}`;
        await mutate(world.api, T, "createSession", { sensorId: id, sessionId: id, startedAt: iso(start) });
        for (const step of order) await steps[step]!(id);
        expect([order, await sessionOf(world.api, T, id)]).toMatchObject([order, {
          ...{ duration: end, endReason: "EXPLICIT", motionEventCount: 1 },
        }]);
      }
    }
  });

  test("a length that is shorter, longer or 0 is the duration, and no end is before the last reading", async () => {
    for (const [i, durationMs] of [0, 10 * MIN, 30 * MIN, 45 * MIN].entries()) {
      const id = `moving ${i}`;
      await batch(id, id, 0, [start, start + 30 * MIN], { durationMs, final: true });
      const endedAt = iso(start + Math.max(durationMs, 30 * MIN));
      expect(await sessionOf(world.api, T, id)).toMatchObject({ duration: durationMs, endedAt });
    }
  });

  test("a session without any reading is one all the same, and what is said of it counts", async () => {
    await batch("empty", "empty", 0, []);
    await batch("empty", "empty", 2, [], { startedAt: iso(start), durationMs: MIN, final: true });
    expect(await sessionOf(world.api, T, "empty")).toMatchObject({
      ...{ startedAt: iso(start), endedAt: iso(start + MIN), sampleCount: 0, missingBatches: [{ from: 1, to: 1 }] },
    });
  });
});

describe("the same identity with other content is told, whatever it is", () => {
  const reading = (n: number) => [{ at: iso(NOW - MIN), values: [n] }];

  test("a batch: other readings, another statement, another order of them", async () => {
    const sent = { sessionId: "b", sensorId: "b", batchOffset: 0 };
    await mutate(world.api, T, "ingestSessionBatch", { ...sent, readings: reading(1) });
    expect(await mutate(world.api, T, "ingestSessionBatch", { ...sent, readings: reading(1) })).toMatchObject({
      duplicate: true,
    });
    for (
      const other of [{ readings: reading(2) }, { readings: [] }, { readings: reading(1), final: true }, {
        ...{ readings: reading(1), durationMs: 5 },
      }, { readings: [...reading(1), ...reading(1)] }]
    ) {
      expect(await mutate(world.api, T, "ingestSessionBatch", { ...sent, ...other })).toMatchObject({
        code: "PAYLOAD_MISMATCH",
      });
    }
    expect(await sessionOf(world.api, T, "b")).toMatchObject({ sampleCount: 1, status: "ACTIVE" });
  });

  test("an update: the same id that says another thing changes nothing", async () => {
    await mutate(world.api, T, "createSession", { sensorId: "u", sessionId: "u" });
    const update = (more: object) => mutate(world.api, T, "updateSession", { sessionId: "u", updateId: "1", ...more });
    expect(await update({ incrementMotionCount: true })).toMatchObject({ session: { motionEventCount: 1 } });
    expect(await update({ incrementMotionCount: true })).toMatchObject({ session: { motionEventCount: 1 } });
    for (const other of [{ playbackStarted: true }, { incrementMotionCount: true, playbackFailure: "no device" }, {}]) {
      expect(await update(other)).toMatchObject({ code: "PAYLOAD_MISMATCH" });
    }
    expect(await sessionOf(world.api, T, "u")).toMatchObject({ motionEventCount: 1, playback: { started: false } });
  });

  test("motion: the same number at another instant, by a millisecond", async () => {
    await motion("n", NOW - MIN, { seq: 3 });
    for (const by of [-1, 1]) {
      expect(await motion("n", NOW - MIN + by, { seq: 3 })).toMatchObject({ code: "PAYLOAD_MISMATCH" });
    }
    expect(await sessionsAt("n")).toMatchObject([{ motionEventCount: 1 }]);
  });
});

describe("what is read is what was said and what time it is, whether or not a sweeper has looked", () => {
  const STATES = `status endedAt endReason duration`;
  const old = NOW - 3 * DAY;
  const over = { status: "COMPLETED", endedAt: iso(old + MIN), endReason: "IDLE", duration: MIN };

  test("motion of three days ago, in either order: over, wherever it is read", async () => {
    for (const [i, order] of [[old, old + MIN], [old + MIN, old]].entries()) {
      const sensorId = `unswept ${i}`;
      let answer;
      for (const at of order) answer = await motion(sensorId, at);
      expect(answer.session).toMatchObject(over);
      const id = answer.session.sessionId as string;
      const query = `query ($id: String!, $on: String!) {
        session(sessionId: $id) { id ${STATES} } activeSession(sensorId: $on) { sessionId }
        sensor(sensorId: $on) { activeSession { sessionId } }
        all: sessions(filter: { sensorId: $on }) { nodes { ${STATES} } }
        active: sessions(filter: { sensorId: $on, status: ACTIVE }) { nodes { ${STATES} } }
        completed: sessions(filter: { sensorId: $on, status: COMPLETED }) { nodes { ${STATES} } } }`;
      const { data } = await world.api.ask(T, query, { id, on: sensorId });
      const node = await world.api.ask(T, `query ($id: ID!) { node(id: $id) { ... on Session { ${STATES} } } }`, {
        id: data.session.id,
      });
      expect([data.session, node.data.node]).toMatchObject([over, over]);
      expect(data).toMatchObject({
        ...{ activeSession: null, sensor: { activeSession: null }, active: { nodes: [] } },
        ...{ all: { nodes: [over] }, completed: { nodes: [over] } },
      });
      const update = { sessionId: id, updateId: "u", incrementMotionCount: true };
      expect(await mutate(world.api, T, "updateSession", update)).toMatchObject({
        code: "SESSION_ENDED",
        session: over,
      });
      await sweep();
      expect((await world.api.ask(T, query, { id, on: sensorId })).data).toEqual(data);
    }
  });

  test("a live session is over one millisecond after its timeout, and goes on with motion in time that comes later", async () => {
    const sensorId = "ends by itself";
    const { session } = await motion(sensorId, NOW);
    for (const [at, status] of [[NOW + IDLE, "ACTIVE"], [NOW + IDLE + 1, "COMPLETED"]] as const) {
      world.now = at;
      expect(await sessionOf(world.api, T, session.sessionId)).toMatchObject({ status });
    }
    expect((await motion(sensorId, NOW + IDLE)).session).toMatchObject({ status: "ACTIVE", motionEventCount: 2 });
  });
});
