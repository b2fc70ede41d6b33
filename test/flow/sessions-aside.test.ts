import { describe, expect, test } from "vitest";
import { useMovingApp } from "../kit/moving-app.ts";
import { mutate, SESSION_FIELDS, sessionOf } from "../kit/sessions.ts";

/** Readings of a session whose device had a wrong clock for a while. */
const NOW = Date.UTC(2026, 5, 1, 12);
const SEC = 1_000;
const MIN = 60 * SEC;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
const T = "aside";
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
async function asideAt(sensorId: string) {
  const query =
    `query ($id: String!) { sensor(sensorId: $id) { quarantined { quarantineId kind sessionId batchOffset count reason } } }`;
  return (await world.api.ask(T, query, { id: sensorId })).data.sensor?.quarantined ?? [];
}

test("a batch that is the next by its number and overlaps the one before moves nothing back", async () => {
  const start = NOW - HOUR;
  await batch("overlap", "overlap", 0, [start, start + 2 * MIN]);
  await batch("overlap", "overlap", 1, [start + 3 * MIN, start + 9 * MIN]);
  await batch("overlap", "overlap", 2, [start + 4 * MIN, start + 5 * MIN]);
  expect(await sessionOf(world.api, T, "overlap")).toMatchObject({
    lastMotionAt: iso(start + 9 * MIN),
    sampleCount: 6,
  });
  await batch("overlap", "overlap", 3, [start - MIN], { final: true });
  expect(await sessionOf(world.api, T, "overlap")).toMatchObject({
    startedAt: iso(start - MIN),
    endedAt: iso(start + 9 * MIN),
  });
});

test("a page of readings is in the order of time where the next batch lies among those of the one before", async () => {
  const minutes = [[0, 10, 11, 12], [1, 9], [2, 3]];
  for (const [offset, own] of minutes.entries()) {
    await batch(
      "among",
      "among",
      offset,
      own.map((n) => NOW - HOUR + n * MIN),
    );
  }
  const query = `query ($after: String) { session(sessionId: "among") {
    readings(first: 3, after: $after) { nodes { at } pageInfo { endCursor hasNextPage } } } }`;
  const found: string[] = [];
  for (let after: string | null = null, hasMore = true; hasMore;) {
    const page: { nodes: { at: string }[]; pageInfo: { endCursor: string; hasNextPage: boolean } } =
      (await world.api.ask(T, query, { after })).data.session.readings;
    found.push(...page.nodes.map(({ at }) => at));
    [after, hasMore] = [page.pageInfo.endCursor, page.pageInfo.hasNextPage];
  }
  expect(found).toEqual([0, 1, 2, 3, 9, 10, 11, 12].map((n) => iso(NOW - HOUR + n * MIN)));
});

describe("readings that lie far from the others of their session", () => {
  const start = NOW - HOUR;
  const y2008 = Date.UTC(2008, 0, 1);
  const today = [start, start + MIN, start + 2 * MIN];
  const readingsOf = async (id: string) => {
    const query = `query ($id: String!) { session(sessionId: $id) {
      readings(first: 50) { nodes { at } } readingSeries(points: 10) { firstAt count } } }`;
    return (await world.api.ask(T, query, { id })).data.session;
  };
  /** The same readings, cut into batches in several ways, and sent in several orders. */
  const CUTS: [string, number[][]][] = [
    ["in a batch of its own, last", [today, [y2008]]],
    ["in a batch of its own, first", [[y2008], today]],
    ["in one batch with the others", [[...today.slice(0, 1), y2008, ...today.slice(1)]]],
    ["each in a batch of its own", [[today[1]!], [y2008], [today[0]!], [today[2]!]]],
  ];

  test.each(CUTS)("are kept aside, told and listed, whichever came first: %s", async (name, batches) => {
    const answers = [];
    for (const [offset, at] of batches.entries()) answers.push(await batch(name, name, offset, at));
    const session = { startedAt: iso(start), lastMotionAt: iso(start + 2 * MIN), sampleCount: 3 };
    expect(await sessionOf(world.api, T, name)).toMatchObject(session);
    expect(answers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(batches[0]![0] === y2008 ? 4 : 3);
    const reason = expect.stringContaining("are more than 24 hours from the session's other readings");
    const [aside] = await asideAt(name);
    expect(aside).toMatchObject({ kind: "READINGS", sessionId: name, batchOffset: null, count: 1, reason });
    const shown = await readingsOf(name);
    expect(shown.readings.nodes).toEqual(today.map((at) => ({ at: iso(at) })));
    expect(shown.readingSeries.map((one: { firstAt: string }) => one.firstAt)).toEqual(today.map(iso));
    const repeat = await batch(
      name,
      name,
      batches.findIndex((at) => at.includes(y2008)),
      batches.find((at) => at.includes(y2008))!,
    );
    expect(repeat).toMatchObject({
      ...{ duplicate: true, accepted: 0, quarantineId: aside.quarantineId },
      receipts: [{ status: "QUARANTINED", reason: "at: is more than 24 hours from the session's other readings" }],
    });
  });

  test("count once a person admits them, in whatever they come later too", async () => {
    await batch("wide", "wide", 0, today);
    const { quarantineId } = await batch("wide", "wide", 1, [y2008]);
    const resolve = { sensorId: "wide", quarantineId, admit: true };
    expect(await mutate(world.api, T, "resolveQuarantined", resolve)).toMatchObject({ admitted: true });
    expect(await asideAt("wide")).toEqual([]);
    expect(await sessionOf(world.api, T, "wide")).toMatchObject({ startedAt: iso(y2008), sampleCount: 4 });
    expect(await batch("wide", "wide", 2, [y2008 + 9 * DAY])).toMatchObject({ accepted: 1, receipts: [] });
    expect((await readingsOf("wide")).readings.nodes).toHaveLength(5);
  });

  test("are of no page and no count once a person dropped them, also where more come beside them", async () => {
    await batch("drop", "drop", 0, [...today, y2008]);
    const [{ quarantineId }] = await asideAt("drop");
    await mutate(world.api, T, "resolveQuarantined", { sensorId: "drop", quarantineId, admit: false });
    expect(await asideAt("drop")).toEqual([]);
    await batch("drop", "drop", 1, [1, 2, 3, 4, 5].map((n) => y2008 + n * MIN));
    expect(await sessionOf(world.api, T, "drop")).toMatchObject({ startedAt: iso(start), sampleCount: 3 });
    expect((await readingsOf("drop")).readings.nodes).toHaveLength(3);
  });

  test("the part with the most readings is the session: a better batch moves it, with the motion that it holds", async () => {
    await batch("moves", "moves", 0, [y2008, y2008 + MIN]);
    await motion("moves", start + 30 * SEC);
    expect(await sessionOf(world.api, T, "moves")).toMatchObject({ startedAt: iso(y2008), motionEventCount: 0 });
    await batch("moves", "moves", 1, today);
    expect(await sessionOf(world.api, T, "moves")).toMatchObject({ startedAt: iso(start), motionEventCount: 1 });
    expect(await sessionsAt("moves")).toHaveLength(1);
  });

  test("hours or days are no doubt where the readings between them say so, or the sensor's settings", async () => {
    const days = Array.from({ length: 9 }, (_, i) => NOW - 10 * DAY + i * 20 * HOUR);
    expect(await batch("days", "days", 0, days)).toMatchObject({ accepted: 9, receipts: [] });
    await mutate(world.api, T, "configureSessions", { sensorId: "weekly", maxApart: 8 * DAY });
    // The one in the middle, which comes last, joins the others.
    for (const week of [3, 1, 2]) {
      await batch("weekly", "weekly", week - 1, [NOW - 30 * DAY + week * 7 * DAY]);
    }
    expect(await sessionOf(world.api, T, "weekly")).toMatchObject({ startedAt: iso(NOW - 23 * DAY), sampleCount: 3 });
    const scattered = Array.from({ length: 101 }, (_, i) => NOW - (i + 1) * 2 * DAY);
    expect(await batch("scattered", "scattered", 0, scattered)).toMatchObject({
      code: "INVALID_INPUT",
      fields: [{ message: expect.stringContaining("set `maxApart` (configureSessions)") }],
    });
  });

  test("a length that ends after the device can have measured it is left out, and told", async () => {
    for (
      const [id, durationMs, duration] of [["long", 29 * DAY, 2 * MIN], [
        "in time",
        HOUR + 9 * MIN,
        HOUR + 9 * MIN,
      ]] as const
    ) {
      await batch(id, id, 0, today);
      const answer = await batch(id, id, 1, [], { durationMs, final: true });
      expect(answer.doubts).toEqual(id === "long" ? [expect.stringContaining("durationMs: ends later than")] : []);
      expect(await sessionOf(world.api, T, id)).toMatchObject({ duration, startedAt: iso(start) });
    }
  });
});

test("what a person decided holds where its device sends it again, and what was dropped can be counted still", async () => {
  const y2000 = Date.UTC(2000, 0, 1);
  const resolve = (sensorId: string, quarantineId: string, admit: boolean) =>
    mutate(world.api, T, "resolveQuarantined", { sensorId, quarantineId, admit });
  const send = {
    motion: (sensorId: string) => motion(sensorId, y2000),
    batch: (sensorId: string) => batch(sensorId, sensorId, 0, [NOW - MIN, y2000]),
  };
  for (const kind of ["motion", "batch"] as const) {
    const [dropped, taken] = [`${kind} dropped`, `${kind} taken`];
    let admitted = "";
    for (const sensorId of [dropped, taken]) {
      const { quarantineId } = await send[kind](sensorId);
      admitted = quarantineId;
      await resolve(sensorId, quarantineId, sensorId === taken);
      expect(await send[kind](sensorId)).toMatchObject({ quarantineId });
      if (kind === "motion") {
        const done = sensorId === taken ? "admitted" : "dropped";
        expect((await send[kind](sensorId)).reason).toMatch(new RegExp(`a person ${done} it$`));
      }
      expect(await asideAt(sensorId)).toEqual([]);
      // The same decision again is done; what counts cannot be dropped.
      expect(await resolve(sensorId, quarantineId, sensorId === taken)).toMatchObject({ admitted: sensorId === taken });
      if (sensorId === taken) {
        expect(await resolve(sensorId, quarantineId, false)).toMatchObject({ code: "NOT_FOUND" });
      } else expect(await resolve(sensorId, quarantineId, true)).toMatchObject({ admitted: true });
    }
    const counts = await Promise.all([dropped, taken].map((id) => sessionsAt(id)));
    const of = counts.map((all) =>
      all.map((one: { motionEventCount: number; sampleCount: number }) => [one.motionEventCount, one.sampleCount])
    );
    expect(of).toEqual(kind === "motion" ? [[[1, 0]], [[1, 0]]] : [[[0, 2]], [[0, 2]]]);
    // It was done, also where what it counts in was deleted since.
    const [{ sessionId, version }] = counts[1];
    await mutate(world.api, T, "deleteSession", { sessionId, expectedVersion: version });
    expect(await resolve(taken, admitted, true)).toMatchObject({ admitted: true });
  }
});
