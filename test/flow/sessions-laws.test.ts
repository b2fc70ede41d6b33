import { describe, expect, test } from "vitest";
import { useMovingApp } from "../kit/moving-app.ts";
import { mutate, SESSION_FIELDS, sessionOf } from "../kit/sessions.ts";

/** The sessions of a sensor are a function of the set of what was said about it. */
const NOW = Date.UTC(2026, 5, 1, 12);
const SEC = 1_000;
const MIN = 60 * SEC;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
const T = "laws";
const world = useMovingApp(NOW);

const iso = (at: number) => new Date(at).toISOString();
const sweep = () => world.api.app.jobs.find((job) => job.name === "end-idle-sessions")!.run();
const motion = (sensorId: string, at: number, more: object = {}) =>
  mutate(world.api, T, "recordMotion", { sensorId, at: iso(at), ...more });
const batch = (sessionId: string, sensorId: string, batchOffset: number, at: number[], more: object = {}) =>
  mutate(world.api, T, "ingestSessionBatch", {
    ...{ sessionId, sensorId, batchOffset, readings: at.map((one) => ({ at: iso(one), values: [1] })) },
    ...more,
  });
/** What a sensor's sessions are, the earliest first, after all silence was seen. */
async function sessionsAt(sensorId: string) {
  world.now = Math.max(world.now, NOW) + 2 * DAY;
  await sweep();
  return await rowsAt(sensorId);
}
async function rowsAt(sensorId: string) {
  const query =
    `query ($id: String!) { sessions(filter: { sensorId: $id }, first: 100) { nodes { ${SESSION_FIELDS} } } }`;
  const { data } = await world.api.ask(T, query, { id: sensorId });
  return data.sessions.nodes.reverse();
}

describe("motion makes the same sessions in whatever order it comes", () => {
  test.each([
    ["0, 153 and 405 seconds", SEC, [[0, 153, 405], [0, 405, 153], [405, 153, 0], [153, 405, 0]], [[0, 405, 3]]],
    ["0 to 20 minutes", MIN, [[0, 4, 8, 12, 16, 20], [0, 20, 4, 8, 12, 16], [20, 0, 8, 16, 4, 12]], [[0, 20, 6]]],
    ["two hours with a gap", MIN, [[0, 4, 60, 64], [64, 0, 60, 4], [4, 64, 0, 60]], [[0, 4, 2], [60, 64, 2]]],
  ])("%s", async (name, unit, orders, expected) => {
    const start = NOW - 6 * HOUR;
    for (const [i, order] of orders.entries()) {
      for (const [isNumbered, kind] of [[true, "numbered"], [false, "by instant"]] as const) {
        const sensorId = `${name} ${i} ${kind}`;
        for (const at of [...order, ...order]) {
          const seq = [...order].sort((a, b) => a - b).indexOf(at);
          await motion(sensorId, start + at * unit, isNumbered ? { seq } : {});
        }
        const found = await sessionsAt(sensorId);
        expect(found).toMatchObject(expected.map(([from, to, motionEventCount]) => ({
          ...{ startedAt: iso(start + from! * unit), endedAt: iso(start + to! * unit), motionEventCount },
        })));
      }
    }
  });

  test("two sessions that late motion joins are one: the earlier stays, the later leads to it, what people wrote is joined", async () => {
    const at = NOW - HOUR;
    const one = (await motion("joined", at)).session.sessionId;
    const two = (await motion("joined", at + 8 * MIN)).session.sessionId;
    await mutate(world.api, T, "annotateSession", {
      sessionId: one,
      expectedVersion: 1,
      labels: ["a", "b"],
      notes: "One.",
    });
    await mutate(world.api, T, "annotateSession", {
      ...{ sessionId: two, expectedVersion: 1, labels: ["b", "c"], notes: "Two.", pinned: true },
    });
    expect((await motion("joined", at + 4 * MIN)).session.sessionId).toBe(one);
    expect(await sessionsAt("joined")).toMatchObject([{
      ...{ sessionId: one, labels: ["a", "b", "c"], notes: "One.\nTwo.", pinned: true, version: 3, expiresAt: null },
      ...{ motionEventCount: 3, startedAt: iso(at), endedAt: iso(at + 8 * MIN) },
    }]);
    const query = `query ($id: String!) { session(sessionId: $id) { mergedInto { sessionId } } }`;
    expect((await world.api.ask(T, query, { id: two })).data.session).toEqual({ mergedInto: { sessionId: one } });
    expect((await world.api.ask(T, query, { id: one })).data.session).toEqual({ mergedInto: null });
    // Whoever still knows the later id edits the one that is there.
    expect(await mutate(world.api, T, "annotateSession", { sessionId: two, expectedVersion: 2, notes: "lost?" }))
      .toMatchObject({ code: "VERSION_CONFLICT", current: { sessionId: one, version: 3 } });
    expect(
      (await mutate(world.api, T, "annotateSession", { sessionId: two, expectedVersion: 3, labels: ["d"] })).session,
    )
      .toMatchObject({ sessionId: one, labels: ["d"] });
    for (const minute of [0, 4, 8]) expect((await motion("joined", at + minute * MIN)).duplicate).toBe(true);
  });
});

test("sessions that begin at the very same instant are the same whichever came first, and no motion counts in two of them", async () => {
  const at = NOW - HOUR;
  for (const moved of ["a", "b", "c"]) {
    const say = (tenantId: string, name: Parameters<typeof mutate>[2], input: object) => () =>
      mutate(world.api, tenantId, name, { sensorId: "tie", ...input });
    const made = async (tenantId: string, isReversed: boolean) => {
      world.now = NOW;
      const creates = ["a", "b", "c"].map((sessionId) => (
        say(tenantId, "createSession", { sessionId, startedAt: iso(at) })
      ));
      const motions = [-60, 0, 180].map((second) => say(tenantId, "recordMotion", { at: iso(at + second * SEC) }));
      const end = () => mutate(world.api, tenantId, "endSession", { sessionId: "b", endedAt: iso(at + 20 * MIN) });
      // One of them turns out to have begun earlier.
      const startedAt = iso(at - 90 * SEC);
      const readings = [{ at: iso(at), values: [1] }];
      const batch = say(tenantId, "ingestSessionBatch", { sessionId: moved, batchOffset: 0, readings, startedAt });
      const order = isReversed ? [...creates.reverse(), end, ...motions, batch] : [...motions, ...creates, end, batch];
      for (const one of order) await one();
      world.now = NOW + 2 * DAY;
      await sweep();
      const query = `{ sessions(first: 10) { nodes { sessionId startedAt endedAt endReason motionEventCount } } }`;
      const { nodes } = (await world.api.ask(tenantId, query)).data.sessions;
      return Object.fromEntries(nodes.map((node: { sessionId: string }) => [node.sessionId, node]));
    };
    const [one, other] = [await made(`ties-${moved}`, false), await made(`ties-${moved}-reversed`, true)];
    expect(one).toEqual(other);
    const counts = Object.values<{ motionEventCount: number }>(one).map((session) => session.motionEventCount);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3);
  }
});

describe("what is stated beats what is guessed, and the arrival's clock places nothing", () => {
  const old = NOW - 3 * DAY;
  const readings = [0, 20, 40, 60].map((second) => old + second * SEC);
  const uploadOld = (sensorId: string) => batch(`old-${sensorId}`, sensorId, 0, readings, { durationMs: 60_000 });
  const uploadLive = (sensorId: string) => batch(`live-${sensorId}`, sensorId, 0, [NOW - SEC, NOW]);

  test("an upload of three days ago and a live batch keep their own ends, whichever comes first", async () => {
    for (const [sensorId, uploads] of [["a", [uploadOld, uploadLive]], ["b", [uploadLive, uploadOld]]] as const) {
      for (const upload of uploads) await upload(sensorId);
      const [first, second] = await sessionsAt(sensorId);
      expect(first).toMatchObject({ endReason: "IDLE", duration: 60_000, endedAt: iso(old + 60 * SEC) });
      expect(second).toMatchObject({ startedAt: iso(NOW - SEC), endedAt: iso(NOW) });
      world.now = NOW;
    }
  });

  test("a device's last word with its own duration counts after any guess", async () => {
    await uploadOld("c");
    await uploadLive("c");
    world.now = NOW + HOUR;
    await sweep();
    await batch("old-c", "c", 1, [], { durationMs: 61_500, final: true });
    expect(await sessionOf(world.api, T, "old-c")).toMatchObject({ endReason: "EXPLICIT", duration: 61_500 });
  });

  test("two devices that take turns at one sensor keep what each of them measured", async () => {
    const start = NOW - HOUR;
    for (let offset = 0; offset < 6; offset++) {
      for (const [id, from] of [["left", start], ["right", start + 10 * SEC]] as const) {
        const at = [0, 5, 10].map((second) => from + (offset * 10 + second) * SEC);
        await batch(id, "pair", offset, at, { final: offset === 5, durationMs: (offset + 1) * 10_000 });
      }
    }
    for (const id of ["left", "right"]) {
      expect(await sessionOf(world.api, T, id)).toMatchObject({
        sampleCount: 18,
        duration: 60_000,
        endReason: "EXPLICIT",
      });
    }
  });

  test("yesterday's batch that was not the last takes in nothing of today", async () => {
    await batch("yesterday", "hall", 0, [NOW - DAY, NOW - DAY + SEC]);
    const { started, session } = await motion("hall", NOW);
    expect(started).toBe(true);
    expect(session).toMatchObject({ startedAt: iso(NOW), motionEventCount: 1 });
    expect(await sessionsAt("hall")).toMatchObject([{ sessionId: "yesterday", duration: SEC }, { duration: 0 }]);
  });

  test("an end that is said after silence ended the session holds: playback over more than five minutes keeps its end", async () => {
    const startedAt = NOW - 2 * DAY;
    const input = { sensorId: "film", sessionId: "film", startedAt: iso(startedAt) };
    await mutate(world.api, T, "createSession", input);
    await sweep();
    expect((await sessionOf(world.api, T, "film")).endReason).toBe("IDLE");
    const end = { sessionId: "film", endedAt: iso(startedAt + 90 * MIN) };
    expect((await mutate(world.api, T, "endSession", end)).session).toMatchObject({
      duration: 90 * MIN,
      endReason: "EXPLICIT",
    });
    await mutate(world.api, T, "endSession", { sessionId: "film" });
    await mutate(world.api, T, "endSession", { sessionId: "film", endedAt: iso(startedAt + 91 * MIN) });
    expect(await sessionOf(world.api, T, "film")).toMatchObject({ duration: 90 * MIN, endReason: "EXPLICIT" });
    await mutate(world.api, T, "endSession", { sessionId: "film", endedAt: iso(startedAt + 89 * MIN) });
    expect(await sessionOf(world.api, T, "film")).toMatchObject({ duration: 89 * MIN });
  });

  test("a moving time shorter than the span is the duration, and the end is not before the last reading", async () => {
    const start = NOW - HOUR;
    await batch("moving", "bike", 0, [start, start + 30 * MIN], { durationMs: 20 * MIN, final: true });
    expect(await sessionOf(world.api, T, "moving")).toMatchObject({
      ...{ startedAt: iso(start), endedAt: iso(start + 30 * MIN), lastMotionAt: iso(start + 30 * MIN) },
      duration: 20 * MIN,
    });
  });

  test("a clock that is nine minutes ahead hides nothing that is live", async () => {
    await motion("ahead", NOW + 9 * MIN);
    for (const minute of [0, 1, 2, 3]) {
      world.now = NOW + minute * MIN;
      await motion("ahead", world.now);
      await sweep();
      const { data } = await world.api.ask(
        T,
        `{ activeSession(sensorId: "ahead") { status startedAt motionEventCount } }`,
      );
      expect(data.activeSession).toEqual({ status: "ACTIVE", startedAt: iso(NOW), motionEventCount: minute + 1 });
    }
  });
});

describe("the numbers of a sensor's motion", () => {
  test("that come again with another instant are no repeat: PAYLOAD_MISMATCH says what to do, nothing changes", async () => {
    await motion("reset", NOW - 2 * HOUR, { seq: 1 });
    const answer = await motion("reset", NOW, { seq: 1 });
    expect(answer).toMatchObject({ __typename: "PayloadMismatchError", code: "PAYLOAD_MISMATCH" });
    expect(answer.message).toContain("send `boot`, an id of each start; or leave `seq` out");
    expect(await sessionsAt("reset")).toMatchObject([{ motionEventCount: 1 }]);
  });

  test("begin anew with each start of the device that says which start it is", async () => {
    for (const [boot, from] of [["x", 0], ["y", 60], ["x", 120]] as const) {
      for (let i = 0; i < 4; i++) {
        const seq = i + (from === 120 ? 4 : 0);
        const at = NOW - 3 * HOUR + (from + i) * MIN;
        expect((await motion("boots", at, { seq, boot })).duplicate).toBe(false);
        expect((await motion("boots", at, { seq, boot })).duplicate).toBe(true);
      }
    }
    expect(await motion("boots", NOW, { seq: 2, boot: "y" })).toMatchObject({ code: "PAYLOAD_MISMATCH" });
    expect(await sessionsAt("boots")).toMatchObject([4, 4, 4].map((motionEventCount) => ({ motionEventCount })));
  });

  test("may be left out: then an instant counts once, for ever and in any order", async () => {
    const at = Array.from({ length: 120 }, (_, i) => NOW - 5 * HOUR + i * MIN);
    const order = at.map((_, i) => at[(i * 77) % 120]!);
    const seen = new Set<number>();
    for (const one of [...order, ...at]) {
      const { duplicate } = await motion("unnumbered", one);
      expect(duplicate).toBe(seen.has(one));
      seen.add(one);
    }
  });

  test("with more than a hundred gaps open are counted all the same, once", async () => {
    const start = NOW - 6 * HOUR;
    const seqs = Array.from({ length: 103 }, (_, i) => 2 * i + 1);
    for (const seq of seqs) await motion("gaps", start + seq * MIN, { seq });
    expect(await motion("gaps", start + 2 * MIN, { seq: 2 })).toMatchObject({ duplicate: false });
    for (const seq of [2, 1, 3, 205]) expect((await motion("gaps", start + seq * MIN, { seq })).duplicate).toBe(true);
    expect(await sessionsAt("gaps")).toMatchObject([{ motionEventCount: 104 }]);
  });

  test("a start may be called anything, also what JavaScript calls its own", async () => {
    const names = ["__proto__", "___proto__", "____proto__", "constructor", "toString", "__proto__"];
    for (const [i, boot] of names.entries()) {
      const at = NOW + i * MIN;
      expect([boot, (await motion("own", at, { seq: i, boot })).duplicate]).toEqual([boot, false]);
      expect([boot, (await motion("own", at, { seq: i, boot })).duplicate]).toEqual([boot, true]);
    }
    expect(await motion("own", NOW - MIN, { seq: 0, boot: "__proto__" })).toMatchObject({ code: "PAYLOAD_MISMATCH" });
  });

  test("without them, `boot` says nothing and is refused", async () => {
    expect(await motion("m", NOW, { boot: "x" })).toMatchObject({
      code: "INVALID_INPUT",
      fields: [{ path: ["boot"] }],
    });
  });
});

describe("what no clock can have said is kept aside and told, and counts once it is admitted", () => {
  const heldAt = async (sensorId: string) => {
    const query = `query ($id: String!) { sensor(sensorId: $id) { quarantined { quarantineId kind count reason } } }`;
    return (await world.api.ask(T, query, { id: sensorId })).data.sensor.quarantined;
  };
  const y2000 = Date.UTC(2000, 0, 1);

  test("one reading of the year 2000 in a batch of today leaves the session where it is", async () => {
    const start = NOW - HOUR;
    const answer = await batch("today", "tag", 0, [start, y2000, start + MIN], { durationMs: 3_600_000_000 });
    expect(answer).toMatchObject({
      ...{
        accepted: 2,
        receipts: [{ index: 1, status: "QUARANTINED", reason: expect.stringContaining("7300 days behind") }],
      },
      ...{ doubts: ["durationMs: is more than 30 days"], session: { startedAt: iso(start), sampleCount: 2 } },
    });
    await batch("today", "tag", 1, [], { final: true });
    expect(await sessionOf(world.api, T, "today")).toMatchObject({ duration: MIN, endedAt: iso(start + MIN) });
    const [held] = await heldAt("tag");
    expect(held).toMatchObject({ kind: "BATCH", count: 1, reason: expect.stringContaining("durationMs") });
    const resolve = { sensorId: "tag", quarantineId: held.quarantineId };
    expect(await mutate(world.api, T, "resolveQuarantined", { ...resolve, admit: true })).toMatchObject({
      admitted: true,
    });
    expect(await sessionOf(world.api, T, "today")).toMatchObject({ startedAt: iso(y2000), sampleCount: 3 });
    expect(await heldAt("tag")).toEqual([]);
    const readings = `{ session(sessionId: "today") { readings(first: 5) { nodes { at } } } }`;
    const { nodes } = (await world.api.ask(T, readings)).data.session.readings;
    expect(nodes.map(({ at }: { at: string }) => at)).toEqual([y2000, start, start + MIN].map(iso));
    expect(await mutate(world.api, T, "resolveQuarantined", { ...resolve, admit: false })).toMatchObject({
      code: "NOT_FOUND",
    });
    expect((await batch("today", "tag", 0, [start, y2000, start + MIN], { durationMs: 3_600_000_000 })).duplicate).toBe(
      true,
    );
  });

  test("a clock that says 2000 after a start opens no session there", async () => {
    await motion("clockless", NOW - MIN);
    for (let i = 0; i < 3; i++) {
      expect(await motion("clockless", y2000 + i * MIN)).toMatchObject({
        ...{ __typename: "QuarantinedPayload", reason: expect.stringContaining("at: is more than 7300 days behind") },
      });
    }
    expect(await rowsAt("clockless")).toMatchObject([{ motionEventCount: 1 }]);
    expect(await heldAt("clockless")).toHaveLength(3);
    const [first] = await heldAt("clockless");
    await mutate(world.api, T, "resolveQuarantined", {
      sensorId: "clockless",
      quarantineId: first.quarantineId,
      admit: false,
    });
    expect(await heldAt("clockless")).toHaveLength(2);
    expect(await rowsAt("clockless")).toHaveLength(1);
  });

  test("each tenant and sensor says what is believed", async () => {
    await mutate(world.api, T, "configureSessions", { sensorId: "strict", maxBehindDays: 1 });
    expect(await motion("strict", NOW - 2 * DAY)).toMatchObject({ __typename: "QuarantinedPayload" });
    expect(await motion("lenient", NOW - 2 * DAY)).toMatchObject({ started: true });
    expect(await mutate(world.api, T, "configureSessions", { maxAhead: DAY + 1 })).toMatchObject({
      code: "INVALID_INPUT",
    });
  });

  test("one bad reading of many refuses itself alone, and a channel may have no value", async () => {
    const start = NOW - HOUR;
    const readings = Array.from(
      { length: 50 },
      (_, i) => ({ at: iso(start + i * SEC), values: [i, null] as unknown[] }),
    );
    readings[7] = { at: "2026-06-01", values: [1, 2] };
    readings[9] = { at: iso(start), values: [1, "x"] };
    readings[11] = { at: iso(start), values: [1] };
    const input = { sessionId: "many", sensorId: "many", batchOffset: 0, readings };
    const answer = await mutate(world.api, T, "ingestSessionBatch", input);
    expect(answer).toMatchObject({ accepted: 47, session: { sampleCount: 47 } });
    expect(answer.receipts.map(({ index, reason }: { index: number; reason: string }) => `${index} ${reason}`)).toEqual(
      [
        "7 at: must be an RFC 3339 instant such as 2026-01-31T12:00:00.000Z",
        "9 values.1: must be a number",
        "11 values: must hold as many values as the other readings: 2, has 1",
      ],
    );
    const query = `{ session(sessionId: "many") { readings(first: 1) { nodes { values } } } }`;
    expect((await world.api.ask(T, query)).data.session.readings.nodes).toEqual([{ values: [0, null] }]);
  });

  test("a device without a clock asks for the service's time, and its number counts once", async () => {
    for (const minute of [0, 1]) {
      world.now = NOW + minute * MIN;
      const input = { sensorId: "timeless", seq: 4, useServiceTime: true };
      expect(await mutate(world.api, T, "recordMotion", input)).toMatchObject({
        ...{ duplicate: minute === 1, session: { startedAt: iso(NOW), motionEventCount: 1 } },
      });
    }
  });
});
