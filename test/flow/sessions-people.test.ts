import { describe, expect, test } from "vitest";
import { useMovingApp } from "../kit/moving-app.ts";
import { fc } from "../kit/property.ts";
import { mutate, SESSION_FIELDS, sessionOf } from "../kit/sessions.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const MIN = 60_000;
const HOUR = 60 * MIN;
const world = useMovingApp(NOW);

const iso = (at: number) => new Date(at).toISOString();
const T = "t";
const motion = (sensorId: string, seq: number, at: number) =>
  mutate(world.api, T, "recordMotion", { sensorId, seq, at: iso(at) });
const listOf = async (filter: object, first = 25, after?: string) => {
  const answer = await world.api.ask(
    T,
    `query ($filter: SessionFilter, $first: Int!, $after: String) { sessions(filter: $filter, first: $first, after: $after) { nodes { ${SESSION_FIELDS} } pageInfo { hasNextPage endCursor } } }`,
    { filter, first, after },
  );
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data.sessions;
};
const ids = (page: { nodes: { sessionId: string }[] }) => page.nodes.map((node) => node.sessionId);

type Annotation = { notes?: string | null; labels?: string[]; pinned?: boolean | null };

describe("people and their programs", () => {
  test("create a session; the same again gives the same, another content under its id is refused", async () => {
    const input = {
      sensorId: "c1",
      sessionId: "created",
      startedAt: iso(NOW - MIN),
      playbackDeviceId: "speaker",
      playbackContextUri: "spotify:x",
    };
    const created = await mutate(world.api, T, "createSession", input);
    expect(created.session).toMatchObject({
      sessionId: "created",
      status: "ACTIVE",
      userId: "u",
      startedAt: iso(NOW - MIN),
      playback: { started: false, deviceId: "speaker", contextUri: "spotify:x" },
    });
    expect(await mutate(world.api, T, "createSession", input)).toEqual(created);
    expect(await mutate(world.api, T, "createSession", { ...input, playbackDeviceId: "other" })).toMatchObject({
      code: "PAYLOAD_MISMATCH",
    });
    const { session } = await mutate(world.api, T, "createSession", { sensorId: "c2" });
    expect(session).toMatchObject({ startedAt: iso(NOW), status: "ACTIVE" });
    expect((await motion("c2", 1, NOW + MIN)).session).toMatchObject({
      sessionId: session.sessionId,
      motionEventCount: 1,
    });
  });

  test("at most one session of a sensor is active: a new one ends the one before", async () => {
    for (const [i, sessionId] of ["one", "two", "three"].entries()) {
      await mutate(world.api, T, "createSession", {
        sensorId: "single",
        sessionId,
        startedAt: iso(NOW - 4 * MIN + i * MIN),
      });
    }
    await mutate(world.api, T, "createSession", {
      sensorId: "single",
      sessionId: "earlier",
      startedAt: iso(NOW - 30 * MIN),
    });
    const { nodes } = await listOf({ sensorId: "single" });
    expect(nodes.map((node: { sessionId: string; status: string }) => [node.sessionId, node.status]))
      .toEqual([["three", "ACTIVE"], ["two", "COMPLETED"], ["one", "COMPLETED"], ["earlier", "COMPLETED"]]);
    expect(nodes[1]).toMatchObject({ endReason: "EXPLICIT", endedAt: iso(NOW - 2 * MIN) });
    expect(ids(await listOf({ sensorId: "single", status: "ACTIVE" }))).toEqual(["three"]);
  });

  test("update once for each update id, also when eight do at once", async () => {
    await mutate(world.api, T, "createSession", { sensorId: "u1", sessionId: "updated" });
    const update = (updateId: string, more: object = {}) =>
      mutate(world.api, T, "updateSession", { sessionId: "updated", updateId, ...more });
    await Promise.all(Array.from({ length: 8 }, (_, i) => update(`a${i % 4}`, { incrementMotionCount: true })));
    expect((await sessionOf(world.api, T, "updated")).motionEventCount).toBe(4);
    expect((await update("fail", { playbackFailure: "no device" })).session.playback).toMatchObject({
      started: false,
      failure: "no device",
    });
    world.now = NOW + MIN;
    expect((await update("start", { playbackStarted: true })).session.playback).toMatchObject({
      started: true,
      startedAt: iso(NOW + MIN),
      failure: null,
    });
    expect(await update("start", { playbackStarted: false })).toMatchObject({ code: "PAYLOAD_MISMATCH" });
    const end = await mutate(world.api, T, "endSession", { sessionId: "updated", playbackStopped: true });
    expect(end.session).toMatchObject({
      status: "COMPLETED",
      endReason: "EXPLICIT",
      endedAt: iso(NOW + MIN),
      playback: { stoppedAt: iso(NOW + MIN) },
    });
    expect(await update("after")).toMatchObject({ code: "SESSION_ENDED", session: { sessionId: "updated" } });
    expect(await update("start", { playbackStarted: true })).toMatchObject({ __typename: "SessionPayload" });
    world.now = NOW + HOUR;
    // Of several ends the earliest holds; a later one is kept, and moves nothing but when something was said last.
    const again = await mutate(world.api, T, "endSession", { sessionId: "updated", endedAt: iso(world.now) });
    expect(again.session).toEqual({ ...end.session, updatedAt: iso(world.now), expiresAt: again.session.expiresAt });
  });

  test("annotate by version; who was too late gets the session as it is", async () => {
    await mutate(world.api, T, "createSession", { sensorId: "a1", sessionId: "annotated" });
    const annotate = (expectedVersion: number, more: object) =>
      mutate(world.api, T, "annotateSession", { sessionId: "annotated", expectedVersion, ...more });
    const answers = await Promise.all([
      annotate(1, { notes: "a" }),
      annotate(1, { notes: "b" }),
      annotate(1, { labels: ["c"] }),
    ]);
    expect(answers.filter((answer) => answer.__typename === "SessionPayload")).toHaveLength(1);
    const winner = answers.find((answer) => answer.session)!.session;
    for (const loser of answers.filter((answer) => !answer.session)) {
      expect(loser).toMatchObject({
        code: "VERSION_CONFLICT",
        current: { version: 2, notes: winner.notes, labels: winner.labels },
      });
    }
    expect((await annotate(2, { labels: ["x", "y", "x"] })).session).toMatchObject({
      version: 3,
      labels: ["x", "y"],
      notes: winner.notes,
    });
    expect((await annotate(3, { notes: null })).session).toMatchObject({ version: 4, labels: ["x", "y"], notes: null });
    await mutate(world.api, T, "endSession", { sessionId: "annotated" });
    expect((await annotate(4, { pinned: true })).session).toMatchObject({
      version: 5,
      status: "COMPLETED",
      expiresAt: null,
    });
    world.now = NOW + HOUR;
    expect((await annotate(5, { pinned: false })).session).toMatchObject({
      version: 6,
      pinned: false,
      expiresAt: iso(NOW + HOUR + 30 * 24 * HOUR),
    });
  });

  test("keep a session for its time from their last write on, in every list as by its id, and unpin one however old it is", async () => {
    const DAY = 24 * HOUR;
    let run = 0;
    const writes = fc.constantFrom<Annotation>({ notes: "a" }, { notes: null }, { pinned: null }, { labels: ["x"] }, {
      pinned: true,
    }, {
      pinned: false,
    });
    const steps = fc.array(fc.tuple(writes, fc.constantFrom(0, 5, 29, 31, 60)), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(steps, async (given) => {
        const tenant = `keep-${run++}`;
        world.now = NOW;
        const startedAt = iso(NOW - HOUR);
        await mutate(world.api, tenant, "createSession", { sensorId: "k", sessionId: "k", startedAt });
        await mutate(world.api, tenant, "endSession", { sessionId: "k", endedAt: iso(NOW) });
        let [written, isPinned, version] = [NOW, false, 1];
        const fields = "sessionId notes labels pinned expiresAt";
        const query = `{ session(sessionId: "k") { ${fields} } sessions { nodes { ${fields} } }
        ofSensor: sessions(filter: { sensorId: "k", range: { between: { from: "${startedAt}", to: "${
          iso(NOW)
        }" } } }) { nodes { ${fields} } }
        labelled: sessions(filter: { label: "x" }) { nodes { ${fields} } } noted: sessions(filter: { text: "a" }) { nodes { ${fields} } } }`;
        for (const [write, days] of given) {
          const expectedVersion = version;
          const { session } = await mutate(world.api, tenant, "annotateSession", {
            sessionId: "k",
            expectedVersion,
            ...write,
          });
          [written, isPinned, version] = [world.now, write.pinned ?? isPinned, session.version];
          expect(session.pinned).toBe(isPinned);
          world.now += days * DAY;
          const { data } = await world.api.ask(tenant, query);
          if (!isPinned && days > 30) {
            const none = { nodes: [] };
            expect(data).toEqual({ session: null, sessions: none, ofSensor: none, labelled: none, noted: none });
            return;
          }
          expect(data.session.expiresAt).toBe(isPinned ? null : iso(written + 30 * DAY));
          const own = (isIn: boolean) => ({ nodes: isIn ? [data.session] : [] });
          expect(data).toMatchObject({ sessions: own(true), ofSensor: own(true) });
          expect(data).toMatchObject({ labelled: own(session.labels.length > 0), noted: own(session.notes === "a") });
        }
      }),
      { numRuns: 20 },
    );
  });

  test("list by sensor, range, status and label, in full pages", async () => {
    const own = (i: number) => ({
      sensorId: `list-${i % 3}`,
      sessionId: `l${i}`,
      startedAt: iso(NOW - 40 * HOUR + i * MIN),
    });
    for (let i = 0; i < 30; i++) await mutate(world.api, T, "createSession", own(i));
    for (const i of [4, 9, 14]) {
      await mutate(world.api, T, "annotateSession", {
        sessionId: `l${i}`,
        expectedVersion: 1,
        labels: ["fall", "seen"],
      });
    }
    const range = { between: { from: iso(NOW - 41 * HOUR), to: iso(NOW - 39 * HOUR) } };
    expect(ids(await listOf({ range }, 4))).toEqual(["l29", "l28", "l27", "l26"]);
    expect(ids(await listOf({ range, sensorId: "list-1" }, 3))).toEqual(["l28", "l25", "l22"]);
    expect(ids(await listOf({ range, status: "ACTIVE" }))).toEqual([]);
    expect(ids(await listOf({ range, status: "COMPLETED" }, 3))).toEqual(["l29", "l28", "l27"]);
    const labelled = await listOf({ range, label: "fall" }, 2);
    expect([ids(labelled), labelled.pageInfo.hasNextPage]).toEqual([["l14", "l9"], true]);
    expect(ids(await listOf({ range, label: "fall" }, 2, labelled.pageInfo.endCursor))).toEqual(["l4"]);
    const { data } = await world.api.ask(T, `{ sensors(first: 100) { nodes { sensorId } } }`);
    expect(data.sensors.nodes.map((node: { sensorId: string }) => node.sensorId)).toEqual(
      expect.arrayContaining(["list-0", "list-1", "list-2"]),
    );
  });

  test("see nothing of another tenant", async () => {
    await mutate(world.api, T, "createSession", { sensorId: "private", sessionId: "private" });
    const { data } = await world.api.ask(T, `{ session(sessionId: "private") { id sensor { id } } }`);
    const theirs = await world.api.ask(
      "other",
      `query ($ids: [ID!]!) { nodes(ids: $ids) { id } session(sessionId: "private") { id } sensor(sensorId: "private") { id } sessions { nodes { id } } sensors { nodes { id } } }`,
      { ids: [data.session.id, data.session.sensor.id] },
    );
    expect(theirs.data).toEqual({
      nodes: [null, null],
      session: null,
      sensor: null,
      sessions: { nodes: [] },
      sensors: { nodes: [] },
    });
    expect(await mutate(world.api, "other", "endSession", { sessionId: "private" })).toMatchObject({
      code: "NOT_FOUND",
    });
    expect(
      await mutate(world.api, "other", "annotateSession", { sessionId: "private", expectedVersion: 1, notes: "x" }),
    )
      .toMatchObject({ code: "NOT_FOUND" });
    expect(await mutate(world.api, "other", "updateSession", { sessionId: "private", updateId: "x" })).toMatchObject({
      code: "NOT_FOUND",
    });
  });
});
