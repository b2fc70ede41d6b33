import pMap from "p-map";
import { describe, expect, test } from "vitest";
import { startTestApp } from "../kit/app.ts";
import { useMovingApp } from "../kit/moving-app.ts";
import { batchOf, mutate, SESSION_FIELDS, sessionOf } from "../kit/sessions.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const MIN = 60_000;
const HOUR = 60 * MIN;
const world = useMovingApp(NOW, startTestApp);

const iso = (at: number) => new Date(at).toISOString();
const T = "t";
const sweep = () => world.api.app.jobs.find((job) => job.name === "end-idle-sessions")!.run();
const motion = (sensorId: string, seq: number, at: number) =>
  mutate(world.api, T, "recordMotion", { sensorId, seq, at: iso(at) });
const send = (batch: object) => mutate(world.api, T, "ingestSessionBatch", batch);
const listOf = async (filter: object, first = 25, after?: string) => {
  const answer = await world.api.ask(
    T,
    `query ($filter: SessionFilter, $first: Int!, $after: String) { sessions(filter: $filter, first: $first, after: $after) { nodes { ${SESSION_FIELDS} } pageInfo { hasNextPage endCursor } } }`,
    { filter, first, after },
  );
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data.sessions;
};

describe("batches of a device", () => {
  test("open a session, and each counts once in any order", async () => {
    const start = NOW - HOUR;
    const order = [3, 0, 0, 5, 1, 3, 2, 4, 1];
    const answers = [];
    for (const offset of order) answers.push(await send(batchOf("any-order", offset, start)));
    expect(answers.map((answer) => answer.duplicate)).toEqual([
      false,
      false,
      true,
      false,
      false,
      true,
      false,
      false,
      true,
    ]);
    expect(answers.map((answer) => answer.session.missingBatches)).toEqual([
      [{ from: 0, to: 2 }],
      [{ from: 1, to: 2 }],
      [{ from: 1, to: 2 }],
      [{ from: 1, to: 2 }, { from: 4, to: 4 }],
      [{ from: 2, to: 2 }, { from: 4, to: 4 }],
      [{ from: 2, to: 2 }, { from: 4, to: 4 }],
      [{ from: 4, to: 4 }],
      [],
      [],
    ]);
    expect(answers.at(-1).session).toMatchObject({
      status: "ACTIVE",
      sampleCount: 60,
      startedAt: iso(start),
      lastMotionAt: iso(start + 59_000),
      endedAt: null,
      duration: null,
      userId: "u",
      version: 1,
      createdAt: iso(NOW),
      expiresAt: iso(NOW + 30 * 24 * HOUR),
    });
  });

  test("end it with the last one; its length is what the device says, else last minus first reading", async () => {
    const start = NOW - HOUR;
    await send(batchOf("measured", 0, start));
    const { session } = await send({ ...batchOf("measured", 1, start), durationMs: 21_500, final: true });
    expect(session).toMatchObject({
      status: "COMPLETED",
      endReason: "EXPLICIT",
      duration: 21_500,
      endedAt: iso(start + 21_500),
    });
    await send(batchOf("unmeasured", 0, start));
    const other = (await send({ ...batchOf("unmeasured", 1, start), final: true })).session;
    expect(other).toMatchObject({ status: "COMPLETED", duration: 19_000, endedAt: iso(start + 19_000) });
  });

  test("that come after the last one, or in front of it, still count, and correct start, end and length", async () => {
    const start = NOW - HOUR;
    await send({ ...batchOf("late", 2, start), final: true });
    expect(await sessionOf(world.api, T, "late")).toMatchObject({
      status: "COMPLETED",
      sampleCount: 10,
      missingBatches: [{ from: 0, to: 1 }],
    });
    await send(batchOf("late", 0, start));
    await send(batchOf("late", 3, start));
    expect(await sessionOf(world.api, T, "late")).toMatchObject({
      sampleCount: 30,
      startedAt: iso(start),
      endedAt: iso(start + 39_000),
      missingBatches: [{ from: 1, to: 1 }],
    });
  });

  test("with another content under the same offset change nothing, and say so", async () => {
    const batch = batchOf("mismatch", 0, NOW - HOUR);
    await send(batch);
    const before = await sessionOf(world.api, T, "mismatch");
    const other = { ...batch, readings: batch.readings.map((reading) => ({ ...reading, values: [0, 0] })) };
    expect(await send(other)).toMatchObject({
      __typename: "PayloadMismatchError",
      code: "PAYLOAD_MISMATCH",
      message: expect.stringContaining("Batch 0"),
    });
    expect(await send({ ...batch, sensorId: "another" })).toMatchObject({ __typename: "PayloadMismatchError" });
    expect(await sessionOf(world.api, T, "mismatch")).toEqual(before);
    expect((await send(batch)).duplicate).toBe(true);
  });

  test("from eight writers at once, doubled and mixed, count each once", async () => {
    const all = Array.from({ length: 40 }, (_, i) => batchOf("crowd", i, NOW - HOUR));
    const sends = Array.from({ length: 8 }, (_, w) => all.filter((_, i) => (i + w) % 3 !== 0)).flat();
    // As many at once as the embedded object store answers in time, also on a machine that does other work.
    const answers = await pMap([...sends, ...all], send, { concurrency: 24 });
    expect(answers.filter((answer) => !answer.duplicate)).toHaveLength(40);
    expect(await sessionOf(world.api, T, "crowd")).toMatchObject({ sampleCount: 400, missingBatches: [] });
  });

  test("never touch what people wrote: not when they come first, late, twice or last", async () => {
    const start = NOW - HOUR;
    await send(batchOf("kept", 0, start));
    const edit = {
      sessionId: "kept",
      expectedVersion: 1,
      labels: ["walk", "good"],
      notes: "Kept by hand. 🙂",
      pinned: true,
    };
    const edited = (await mutate(world.api, T, "annotateSession", edit)).session;
    expect(edited).toMatchObject({
      labels: ["walk", "good"],
      notes: "Kept by hand. 🙂",
      pinned: true,
      version: 2,
      expiresAt: null,
    });
    await send(batchOf("kept", 0, start));
    await send(batchOf("kept", 1, start));
    await send(batchOf("kept", 4, start));
    await send({ ...batchOf("kept", 5, start), final: true });
    await send(batchOf("kept", 2, start));
    expect(await sessionOf(world.api, T, "kept")).toMatchObject({
      labels: ["walk", "good"],
      notes: "Kept by hand. 🙂",
      pinned: true,
      version: 2,
      expiresAt: null,
      sampleCount: 50,
    });
  });
});

describe("readings", () => {
  const READINGS =
    `query ($id: String!, $first: Int!, $after: String) { session(sessionId: $id) { readings(first: $first, after: $after) { nodes { at values } pageInfo { hasNextPage endCursor } } } }`;
  const page = async (id: string, first: number, after?: string) =>
    (await world.api.ask(T, READINGS, { id, first, after })).data.session.readings;

  test("are paged in the order of time over all batches, each once, also where batches overlap", async () => {
    const start = NOW - 3 * HOUR;
    const batches = Array.from({ length: 60 }, (_, i) => {
      const batch = batchOf("pages", i, start, 20);
      return {
        ...batch,
        readings: batch.readings.map((reading, j) => ({
          ...reading,
          at: iso(start + (i - (i % 3) * 2) * 20_000 + j * 1_500 + 60_000),
        })),
      };
    });
    for (const i of batches.keys()) await send(batches[(i * 7) % 60]!);
    const found: { at: string; values: number[] }[] = [];
    let after: string | undefined;
    do {
      const { nodes, pageInfo } = await page("pages", 130, after);
      found.push(...nodes);
      after = pageInfo.hasNextPage ? pageInfo.endCursor : undefined;
    } while (after);
    const sent = batches.flatMap((batch) => batch.readings);
    expect(found).toHaveLength(1_200);
    expect(new Set(found.map((reading) => reading.values[0]))).toEqual(
      new Set(sent.map((reading) => reading.values[0])),
    );
    expect(found.map((reading) => reading.at)).toEqual(sent.map((reading) => reading.at).sort());
  });

  test("of a session of 50,000 are read near the page only", async () => {
    const start = NOW - 24 * HOUR;
    for (let i = 0; i < 100; i++) await send(batchOf("long", i, start, 500));
    let after: string | undefined;
    for (let i = 0; i < 10; i++) after = (await page("long", 2_000, after)).pageInfo.endCursor;
    world.api.takeCosts();
    const { nodes } = await page("long", 100, after);
    expect(nodes[0].values).toEqual([20_000, 2_000]);
    const units = world.api.takeCosts().reduce((sum, cost) => sum + cost.units, 0);
    expect(units).toBeLessThanOrEqual(4);
  });
});

describe("motion of a sensor", () => {
  test("opens a session where none is active, and counts each event once by its number", async () => {
    const at = NOW - 2 * MIN;
    const first = await motion("m1", 1, at);
    expect(first).toMatchObject({
      started: true,
      duplicate: false,
      session: { status: "ACTIVE", motionEventCount: 1, startedAt: iso(at), lastMotionAt: iso(at) },
    });
    expect(await motion("m1", 2, at + MIN)).toMatchObject({
      started: false,
      duplicate: false,
      session: { sessionId: first.session.sessionId, motionEventCount: 2 },
    });
    expect(await motion("m1", 2, at + MIN)).toMatchObject({
      started: false,
      duplicate: true,
      session: { motionEventCount: 2 },
    });
    expect(await motion("m1", 1, at)).toMatchObject({
      started: false,
      duplicate: true,
      session: { motionEventCount: 2 },
    });
    const { data } = await world.api.ask(
      T,
      `{ activeSession(sensorId: "m1") { sessionId } sensor(sensorId: "m1") { lastMotionAt activeSession { sessionId } } }`,
    );
    expect(data).toEqual({
      activeSession: { sessionId: first.session.sessionId },
      sensor: { lastMotionAt: iso(at + MIN), activeSession: { sessionId: first.session.sessionId } },
    });
  });

  test("twenty racing events open one session, and none is lost", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => motion("race", i + 1, NOW - MIN + i * 1_000)),
    );
    expect(answers.filter((answer) => answer.started)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.session.sessionId)).size).toBe(1);
    const page = await listOf({ sensorId: "race" });
    expect(page.nodes).toHaveLength(1);
    expect(page.nodes[0]).toMatchObject({
      motionEventCount: 20,
      startedAt: iso(NOW - MIN),
      lastMotionAt: iso(NOW - MIN + 19_000),
    });
  });

  test("later than the idle timeout opens a new session and ends the one before at its last motion, without a sweeper", async () => {
    const at = NOW - HOUR;
    const { session: one } = await motion("gap", 1, at);
    expect((await motion("gap", 2, at + 5 * MIN)).session.sessionId).toBe(one.sessionId);
    const { session: two, started } = await motion("gap", 3, at + 10 * MIN + 1);
    expect(started).toBe(true);
    expect(await sessionOf(world.api, T, one.sessionId)).toMatchObject({
      status: "COMPLETED",
      endReason: "IDLE",
      endedAt: iso(at + 5 * MIN),
      duration: 5 * MIN,
      motionEventCount: 2,
    });
    expect(two.sessionId).not.toBe(one.sessionId);
  });

  test("that is late goes to the session whose span or timeout it lies in, and corrects its numbers and its end", async () => {
    const at = NOW - HOUR;
    const { session: one } = await motion("late-motion", 1, at);
    await motion("late-motion", 2, at + 2 * MIN);
    const { session: two } = await motion("late-motion", 10, at + 30 * MIN);
    // Inside the first one's span; within the timeout of its end; just before the second; and alone between them.
    expect((await motion("late-motion", 3, at + MIN)).session).toMatchObject({
      sessionId: one.sessionId,
      motionEventCount: 3,
      endedAt: iso(at + 2 * MIN),
    });
    expect((await motion("late-motion", 4, at + 6 * MIN)).session).toMatchObject({
      sessionId: one.sessionId,
      motionEventCount: 4,
      endedAt: iso(at + 6 * MIN),
      duration: 6 * MIN,
    });
    expect((await motion("late-motion", 5, at + 27 * MIN)).session).toMatchObject({
      sessionId: two.sessionId,
      motionEventCount: 2,
      startedAt: iso(at + 27 * MIN),
      status: "COMPLETED",
    });
    const between = await motion("late-motion", 6, at + 17 * MIN);
    expect(between).toMatchObject({
      started: true,
      session: { status: "COMPLETED", endReason: "IDLE", motionEventCount: 1, endedAt: iso(at + 17 * MIN) },
    });
    const sent = [[1, 0], [2, 2], [10, 30], [3, 1], [4, 6], [5, 27], [6, 17]] as const;
    for (const [seq, minute] of sent) {
      expect((await motion("late-motion", seq, at + minute * MIN)).duplicate).toBe(true);
      expect(await motion("late-motion", seq, at + HOUR)).toMatchObject({ code: "PAYLOAD_MISMATCH" });
    }
    const { nodes } = await listOf({ sensorId: "late-motion" });
    expect(nodes.map((node: { motionEventCount: number }) => node.motionEventCount)).toEqual([2, 1, 4]);
  });

  test("after somebody ended the session opens a new one; before that end it belongs to it", async () => {
    const at = NOW - HOUR;
    const { session } = await motion("ended", 1, at);
    await mutate(world.api, T, "endSession", { sessionId: session.sessionId, endedAt: iso(at + 3 * MIN) });
    expect((await motion("ended", 3, at + 4 * MIN)).started).toBe(true);
    expect((await motion("ended", 2, at + 2 * MIN)).session).toMatchObject({
      sessionId: session.sessionId,
      motionEventCount: 2,
      endedAt: iso(at + 3 * MIN),
      endReason: "EXPLICIT",
    });
  });
});

describe("the sweeper", () => {
  test("ends sessions without motion for their timeout, at the last motion, and not before", async () => {
    const { session } = await motion("swept", 1, NOW);
    await motion("swept", 2, NOW + 2 * MIN);
    world.now = NOW + 7 * MIN;
    await sweep();
    expect((await sessionOf(world.api, T, session.sessionId)).status).toBe("ACTIVE");
    world.now = NOW + 7 * MIN + 1;
    await sweep();
    expect(await sessionOf(world.api, T, session.sessionId)).toMatchObject({
      status: "COMPLETED",
      endReason: "IDLE",
      endedAt: iso(NOW + 2 * MIN),
      duration: 2 * MIN,
    });
    expect((await world.api.ask(T, `{ activeSession(sensorId: "swept") { sessionId } }`)).data.activeSession)
      .toBeNull();
    // A motion within the timeout of its end still belongs to it, and it goes on: silence was only a guess.
    expect((await motion("swept", 3, NOW + 6 * MIN)).session).toMatchObject({
      sessionId: session.sessionId,
      motionEventCount: 3,
      status: "ACTIVE",
    });
    world.now = NOW + 11 * MIN + 1;
    await sweep();
    expect(await sessionOf(world.api, T, session.sessionId)).toMatchObject({
      status: "COMPLETED",
      endedAt: iso(NOW + 6 * MIN),
    });
  });

  test("four at once end each session once", async () => {
    for (let i = 0; i < 30; i++) await motion(`many-${i}`, 1, NOW - 20 * MIN);
    const reports = await Promise.all([sweep(), sweep(), sweep(), sweep()]);
    expect(reports.reduce((sum, report) => sum + report.ended!, 0)).toBeGreaterThanOrEqual(30);
    const { nodes } = await listOf({
      status: "ACTIVE",
      range: { between: { from: iso(NOW - 21 * MIN), to: iso(NOW - 19 * MIN) } },
    });
    expect(nodes).toEqual([]);
    expect(await sweep()).toMatchObject({ ended: 0 });
  });

  test("keeps to the timeout of the sensor, else of the tenant", async () => {
    const own = async (sensorId: string) =>
      (await mutate(world.api, "idle", "recordMotion", { sensorId, seq: 1, at: iso(world.now) })).session.sessionId;
    const status = async (id: string) => (await sessionOf(world.api, "idle", id)).status;
    await mutate(world.api, "idle", "configureSessions", { idleTimeout: 60_000, keepDays: 7 });
    await mutate(world.api, "idle", "configureSessions", { sensorId: "slow", idleTimeout: 600_000 });
    const [fast, slow] = [await own("fast"), await own("slow")];
    expect((await sessionOf(world.api, "idle", fast)).expiresAt).toBe(iso(NOW + 7 * 24 * HOUR));
    world.now = NOW + MIN + 1;
    await sweep();
    expect([await status(fast), await status(slow)]).toEqual(["COMPLETED", "ACTIVE"]);
    world.now = NOW + 10 * MIN + 1;
    await sweep();
    expect(await status(slow)).toBe("COMPLETED");
  });
});
