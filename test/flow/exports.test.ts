import { parse } from "csv-parse/sync";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFiles } from "../../api/files/keep.ts";
import { createSessionExports } from "../../api/sessions/export.ts";
import type { OpenContext } from "../../schema/context.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { rowsOf } from "../kit/columns.ts";
import { record } from "../kit/journeys.ts";
import { createMemoryObjects } from "../kit/memory-objects.ts";
import { fc } from "../kit/property.ts";
import { batchOf, mutate, sessionOf } from "../kit/sessions.ts";

const NOW = Date.UTC(2026, 5, 10, 12);
const HOUR = 3_600_000;
const iso = (at: number) => new Date(at).toISOString();
let api: TestApp;

beforeAll(async () => {
  api = await startTestApp({ clock: () => NOW });
});
afterAll(() => api.stop());

type Exported = {
  __typename: string;
  url: string;
  fileName: string;
  rows: number;
  bytes: number;
  expiresAt: string;
  endCursor: string | null;
  message: string;
};

async function exported(tenant: string, name: string, input: object): Promise<Exported> {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input!`;
  const { data, errors } = await api.ask(
    tenant,
    `mutation ($input: ${type}) { ${name}(input: $input) { __typename
      ... on ExportPayload { url fileName rows bytes expiresAt endCursor } ... on UserError { message } } }`,
    { input },
  );
  if (errors) throw new Error(JSON.stringify(errors));
  return data[name];
}

/** What a link gives. */
async function fetched({ url, bytes }: { url: string; bytes: number }) {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  const body = await response.arrayBuffer();
  expect(body.byteLength).toBe(bytes);
  return { body, disposition: response.headers.get("content-disposition"), type: response.headers.get("content-type") };
}

const csvOf = async (file: Exported): Promise<Record<string, string>[]> =>
  parse(Buffer.from((await fetched(file)).body).toString("utf8"), { columns: true, relax_column_count: false });
const parquetOf = async (file: Exported) =>
  (await parquetReadObjects({ file: (await fetched(file)).body })) as Record<string, unknown>[];

describe("sessions", () => {
  beforeAll(async () => {
    for (let i = 0; i < 3; i++) {
      const startedAt = NOW - (i + 1) * HOUR;
      await mutate(api, "s", "createSession", { sessionId: `s${i}`, sensorId: "-1+1", startedAt: iso(startedAt) });
      await mutate(api, "s", "endSession", { sessionId: `s${i}`, endedAt: iso(startedAt + 1_000) });
    }
    for (const from of [200, 500]) {
      const at = NOW - HOUR + from;
      await mutate(api, "s", "recordPause", { sessionId: "s0", from: iso(at), to: iso(at + 100) });
    }
    const notes = '=HYPERLINK("http://evil.example","you, won")\nsecond line';
    const edit = { sessionId: "s0", expectedVersion: 1, notes, labels: ["a,b", '"q"'], pinned: true };
    await mutate(api, "s", "annotateSession", edit);
  });

  test("are a CSV file by a link that ends, in the order of the list", async () => {
    const file = await exported("s", "exportSessions", {});
    expect(file).toMatchObject({ __typename: "ExportPayload", rows: 3, fileName: "sessions.csv", endCursor: null });
    expect(file.expiresAt).toBe(iso(NOW + 15 * 60_000));
    const { disposition, type } = await fetched(file);
    expect(disposition).toBe('attachment; filename="sessions.csv"');
    expect(type).toContain("text/csv");
    const rows = await csvOf(file);
    expect(rows.map(({ session_id }) => session_id)).toEqual(["s0", "s1", "s2"]);
    expect(rows[1]).toMatchObject({
      status: "COMPLETED",
      started_at: iso(NOW - 2 * HOUR),
      duration_ms: "1000",
      active_ms: "1000",
      pauses: "",
      end_reason: "EXPLICIT",
      labels: "",
      notes: "",
      pinned: "false",
    });
  });

  test("hold no formula that a spreadsheet would run, and text as it was typed else", async () => {
    const [first] = await csvOf(await exported("s", "exportSessions", { format: "CSV" }));
    expect(first).toMatchObject({
      sensor_id: "'-1+1",
      notes: `'=HYPERLINK("http://evil.example","you, won")\nsecond line`,
      labels: '["a,b","\\"q\\""]',
      active_ms: "800",
      pauses: [200, 500].map((from) => `${iso(NOW - HOUR + from)}/${iso(NOW - HOUR + from + 100)}`).join(";"),
    });
  });

  test("are a Parquet file with types, text untouched", async () => {
    const file = await exported("s", "exportSessions", { format: "PARQUET", filter: { label: "a,b" } });
    expect(file).toMatchObject({ rows: 1, fileName: "sessions.parquet" });
    const [row] = await parquetOf(file);
    expect(row).toMatchObject({
      session_id: "s0",
      sensor_id: "-1+1",
      started_at: new Date(NOW - HOUR),
      duration_ms: 1_000n,
      active_ms: 800n,
      pauses: expect.stringMatching(/^[^;/]+\/[^;/]+;[^;/]+\/[^;/]+$/),
      pinned: true,
      labels: '["a,b","\\"q\\""]',
    });
    expect(row!["notes"]).toContain("=HYPERLINK");
    expect(row!["user_id"]).toBe("u");
  });

  test("say in every column what a session says of itself by its id, whatever people corrected", async () => {
    const at = (minute: number) => iso(NOW - 2 * HOUR + minute * 60_000);
    const minutes = fc.uniqueArray(fc.nat(60), { minLength: 2, maxLength: 4 }).map((all) => all.sort((a, b) => a - b));
    const stretch = fc.record({ from: fc.nat(29), to: fc.integer({ min: 30, max: 60 }) });
    const drawn = fc.record({
      readings: minutes,
      paused: fc.option(stretch),
      pauses: fc.option(fc.array(stretch, { maxLength: 1 })),
      endedAt: fc.option(fc.integer({ min: 61, max: 90 })),
      sensorId: fc.option(fc.constant("moved")),
      notes: fc.option(fc.constant("noted")),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(drawn, async ({ readings, paused, pauses, endedAt, sensorId, notes }) => {
        const [tenant, sessionId] = [`columns-${run++}`, "c"];
        const sent = readings.map((minute) => ({ at: at(minute), values: [1] }));
        const batch = { sessionId, sensorId: "own", batchOffset: 0, readings: sent, final: true };
        await mutate(api, tenant, "ingestSessionBatch", batch);
        const instants = ({ from, to }: { from: number; to: number }) => ({ from: at(from), to: at(to) });
        if (paused) await mutate(api, tenant, "recordPause", { sessionId, ...instants(paused) });
        const corrected = {
          ...(pauses ? { pauses: pauses.map(instants) } : {}),
          ...(endedAt === null ? {} : { endedAt: at(endedAt) }),
          ...(sensorId ? { sensorId } : {}),
        };
        await mutate(api, tenant, "correctSession", { sessionId, expectedVersion: 1, ...corrected });
        await mutate(api, tenant, "annotateSession", { sessionId, expectedVersion: 2, notes });
        const own = await sessionOf(api, tenant, sessionId);
        const [row] = await csvOf(await exported(tenant, "exportSessions", {}));
        const text = (value: unknown) => value === null ? "" : `${value as string | number}`;
        const said = (own.pauses as { from: string; to: string | null }[]).map(({ from, to }) => `${from}/${to ?? ""}`);
        expect(row).toEqual({
          ...{
            session_id: own.sessionId,
            sensor_id: own.sensor.sensorId,
            status: own.status,
            user_id: text(own.userId),
          },
          ...{ started_at: own.startedAt, ended_at: text(own.endedAt), end_reason: text(own.endReason) },
          ...{ last_motion_at: own.lastMotionAt, duration_ms: text(own.duration), active_ms: text(own.activeDuration) },
          ...{ pauses: said.join(";"), motion_events: text(own.motionEventCount), readings: text(own.sampleCount) },
          ...{ labels: "", notes: text(own.notes), pinned: text(own.pinned), version: text(own.version) },
          ...{ playback_started: text(own.playback.started), created_at: own.createdAt, updated_at: own.updatedAt },
        });
      }),
      { numRuns: 20 },
    );
  });

  test("are a file with a heading alone where there are none, and another tenant's never", async () => {
    const csv = await exported("nobody", "exportSessions", {});
    expect(csv.rows).toBe(0);
    expect(Buffer.from((await fetched(csv)).body).toString()).toMatch(/^session_id,.*version\r\n$/);
    expect(await parquetOf(await exported("nobody", "exportSessions", { format: "PARQUET" }))).toEqual([]);
  });

  test("need the scope that reads them", async () => {
    const query = `mutation { exportSessions(input: {}) { __typename } }`;
    const { errors } = await api.ask("s", query, {}, ["SESSIONS_WRITE"]);
    expect(errors![0]!.extensions.code).toBe("FORBIDDEN");
  });

  test("go on where a file ended, by its cursor; another list's is refused", async () => {
    const { data } = await api.ask("s", `{ sessions(first: 1) { pageInfo { endCursor } } }`);
    const after = data.sessions.pageInfo.endCursor;
    const rest = await exported("s", "exportSessions", { after });
    expect((await csvOf(rest)).map(({ session_id }) => session_id)).toEqual(["s1", "s2"]);
    const other = await exported("s", "exportSessions", { after, filter: { label: "x" } });
    expect(other).toMatchObject({ __typename: "InvalidInputError" });
  });
});

describe("readings", () => {
  beforeAll(async () => {
    for (const offset of [1, 0, 2]) {
      await mutate(api, "r", "ingestSessionBatch", batchOf("walk", offset, NOW - HOUR, 10));
    }
    const wide = {
      ...batchOf("wide", 0, NOW - 2 * HOUR, 1),
      readings: [{ at: iso(NOW - 2 * HOUR), values: [1, null, -2.5] }],
    };
    await mutate(api, "r", "ingestSessionBatch", wide);
  });

  test("of a session are in the order of time, a column a channel", async () => {
    const rows = await csvOf(await exported("r", "exportReadings", { sessionId: "walk" }));
    expect(rows).toHaveLength(30);
    expect(rows[29]).toEqual({
      session_id: "walk",
      sensor_id: "device-of-walk",
      at: iso(NOW - HOUR + 29_000),
      v1: "29",
      v2: "2.9",
    });
    expect(rows.map(({ v1 }) => Number(v1))).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  test("of a list follow session by session, with as many columns as the widest has, numbers as they are", async () => {
    const file = await exported("r", "exportReadings", { filter: {}, format: "PARQUET" });
    expect(file.rows).toBe(31);
    const rows = await parquetOf(file);
    expect(rows[0]).toEqual({
      session_id: "walk",
      sensor_id: "device-of-walk",
      at: new Date(NOW - HOUR),
      v1: 0,
      v2: 0,
      v3: null,
    });
    expect(rows[30]).toMatchObject({ session_id: "wide", v1: 1, v2: null, v3: -2.5 });
    expect((await csvOf(await exported("r", "exportReadings", { filter: {} })))[30]).toMatchObject({
      v2: "",
      v3: "-2.5",
    });
  });

  test.each([[{}], [{ sessionId: "walk", filter: {} }]])(
    "are of a session or of a list: %j is refused",
    async (input) => {
      expect((await exported("r", "exportReadings", input)).message).toContain(
        "sessionId: is needed, or `filter`; not both",
      );
    },
  );

  test("go on in the next file where one is full, at any reading of any session", async () => {
    const objects = createMemoryObjects();
    const { services } = api.app.contextFor({ viewer: undefined, requestId: "r", header: {} }) as Pick<
      OpenContext,
      "services"
    >;
    let ids = 0;
    const files = createFiles({ objects, clock: () => NOW, ids: () => `f${ids++}` });
    const limits = { sessions: 1, readings: 7 };
    const exports = createSessionExports({ sessions: services.sessions, files, clock: () => NOW, limits });
    const found: string[] = [];
    for (let after: string | undefined;;) {
      const file = await exports.exportReadings("r", { filter: {}, format: "PARQUET", after });
      const rows = await rowsOf(objects.entries().at(-1)![1].body);
      expect(rows.length).toBeLessThanOrEqual(7);
      found.push(...rows.map(({ session_id, v1 }) => `${String(session_id)} ${String(v1)}`));
      if (file.endCursor === undefined) break;
      after = file.endCursor;
    }
    expect(found).toEqual([...Array.from({ length: 30 }, (_, i) => `walk ${i}`), "wide 1"]);
    const first = await exports.exportSessions("r", { format: "CSV" });
    const second = await exports.exportSessions("r", { format: "CSV", after: first.endCursor });
    expect([first.rows, second.rows, second.endCursor]).toEqual([1, 1, undefined]);
  });

  test("of sessions that people split or joined are those that each holds now", async () => {
    await mutate(api, "split", "ingestSessionBatch", { ...batchOf("walk", 0, NOW - HOUR, 10), final: true });
    const { data } = await api.ask(
      "split",
      `mutation { splitSession(input: { sessionId: "walk", expectedVersion: 1,
      at: "${iso(NOW - HOUR + 4_000)}", newSessionId: "rest" }) { __typename } }`,
    );
    expect(data.splitSession.__typename).toBe("SplitSessionPayload");
    const valuesOf = async (sessionId: string) =>
      (await csvOf(await exported("split", "exportReadings", { sessionId }))).map(({ v1 }) => Number(v1));
    expect(await valuesOf("walk")).toEqual([0, 1, 2, 3]);
    expect(await valuesOf("rest")).toEqual([4, 5, 6, 7, 8, 9]);
    // Also in a file of a list, whose rows do not know where readings are.
    const listed = await csvOf(await exported("split", "exportReadings", { filter: {} }));
    expect(listed.map(({ session_id, v1 }) => `${session_id} ${v1}`)).toEqual(
      Array.from({ length: 10 }, (_, i) => i < 4 ? `walk ${i}` : `rest ${i}`).toSorted((a, b) =>
        a[0] === b[0] ? 0 : a < b ? -1 : 1
      ),
    );
  });

  test("of a list are there of sessions that go on and of those that are over, under the id of the one that holds them", async () => {
    for (const [i, id] of ["one", "two", "three", "on"].entries()) {
      const last = { ...batchOf(id, 0, NOW - HOUR + i * 60_000, 2), sensorId: "wrist", final: id !== "on" };
      await mutate(api, "over", "ingestSessionBatch", last);
    }
    const rowsOfList = async () =>
      (await csvOf(await exported("over", "exportReadings", { filter: {} }))).map(({ session_id }) => session_id);
    expect(await rowsOfList()).toEqual(["on", "on", "three", "three", "two", "two", "one", "one"]);
    for (const [first, second] of [["two", "three"], ["one", "two"]]) {
      const sessions = await Promise.all([first!, second!].map(async (sessionId) => {
        const { data } = await api.ask("over", `{ session(sessionId: "${sessionId}") { version } }`);
        return { sessionId, expectedVersion: data.session.version };
      }));
      expect(await mutate(api, "over", "mergeSessions", { sessions })).toMatchObject({ session: { sessionId: first } });
    }
    expect(await rowsOfList()).toEqual(["on", "on", ...Array.from({ length: 6 }, () => "one")]);
    // An id that was joined twice leads to where everything is now, at every door.
    expect((await exported("over", "exportReadings", { sessionId: "three" })).rows).toBe(6);
    const { data } = await api.ask("over", `{ session(sessionId: "three") { mergedInto { sessionId sampleCount } } }`);
    expect(data.session).toEqual({ mergedInto: { sessionId: "one", sampleCount: 6 } });
  });

  test("of a session that is not there are refused by its name", async () => {
    expect((await exported("r", "exportReadings", { sessionId: "none" })).message).toContain(
      'sessionId: names no session that is kept: "none"',
    );
  });
});

describe("journeys", () => {
  test("of any list are a file, with whom they name and what was asked first", async () => {
    const occurredAt = iso(NOW - HOUR);
    await record(api, "j", [
      { sessionId: "a", seq: 1, type: "MESSAGE_SENT", occurredAt, text: "@SUM(1) do you ship?", visitorId: "ada" },
      { sessionId: "a", seq: 2, type: "CTA_CLICKED", occurredAt: iso(NOW - HOUR + 5_000), visitorId: "ada-2" },
      { sessionId: "b", seq: 1, type: "PAGE_VIEWED", occurredAt: iso(NOW - 2 * HOUR) },
    ]);
    const rows = await csvOf(await exported("j", "exportJourneys", {}));
    expect(rows).toEqual([{
      session_id: "a",
      visitor_id: "ada",
      visitor_ids: '["ada","ada-2"]',
      started_at: occurredAt,
      ended_at: iso(NOW - HOUR + 5_000),
      duration_ms: "5000",
      outcome: "CTA_CLICKED",
      events: "2",
      user_messages: "1",
      bot_messages: "0",
      first_question: "'@SUM(1) do you ship?",
      goal: "",
      goals: "",
    }, expect.objectContaining({ session_id: "b", visitor_id: "", outcome: "BROWSING" })]);
    const filtered = await exported("j", "exportJourneys", { filter: { did: ["PAGE_VIEWED"] }, format: "PARQUET" });
    expect(await parquetOf(filtered)).toMatchObject([{ session_id: "b", visitor_ids: null, events: 1n }]);
  });

  test("say the goals that were reached, and which one decided", async () => {
    await api.ask(
      "goals",
      `mutation { configureJourneys(input: { goals: [
        { goalId: "paid", anyOf: [{ page: "/thanks" }] }, { goalId: "asked", anyOf: [{ type: "MESSAGE_SENT" }], outranks: ABANDONED }
      ] }) { __typename } }`,
    );
    await record(api, "goals", [
      { sessionId: "a", seq: 1, type: "MESSAGE_SENT", occurredAt: iso(NOW - HOUR) },
      { sessionId: "a", seq: 2, type: "PAGE_VIEWED", page: "/thanks", occurredAt: iso(NOW - HOUR) },
    ]);
    expect(await csvOf(await exported("goals", "exportJourneys", {})))
      .toMatchObject([{ outcome: "GOAL_REACHED", goal: "paid", goals: '["paid","asked"]' }]);
  });

  test("of a filter without a range are those of all times: a file cannot say what it leaves out", async () => {
    await record(
      api,
      "old",
      [2, 200, 900].map((days) => (
        { sessionId: `d${days}`, seq: 1, type: "CTA_CLICKED", occurredAt: iso(NOW - days * 24 * HOUR) }
      )),
    );
    const rows = await csvOf(await exported("old", "exportJourneys", { filter: { outcome: "CTA_CLICKED" } }));
    expect(rows.map(({ session_id }) => session_id)).toEqual(["d2", "d200", "d900"]);
  });
});
