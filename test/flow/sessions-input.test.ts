import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { dumpTable } from "../kit/dump.ts";
import { batchOf, mutate, sessionOf } from "../kit/sessions.ts";
import { bucketOf } from "../kit/stores.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const T = "input";
const AHEAD = "must not be more than 10 minutes ahead of the service's clock, which says 2026-06-01T12:00:00.000Z";
const OFFSET = "must be a whole number from 0 to 2147483647, got";
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
  const { session } = await mutate(api, T, "recordMotion", motion(0));
  known.sessionId = session.sessionId;
  await mutate(api, T, "createSession", { sensorId: "other", sessionId: "begun", startedAt: iso(NOW - 60_000) });
});
afterAll(() => api.stop());

type Mutation = Parameters<typeof mutate>[2];
const iso = (at: number) => new Date(at).toISOString();
const known = { sessionId: "" };
const motion = (seq: number, more: object = {}) => ({ sensorId: "m", seq, at: iso(NOW - 1_000), ...more });
const batch = (more: object = {}) => ({ ...batchOf("s", 0, NOW - 60_000, 3), ...more });
const readings = (...values: unknown[][]) => values.map((own) => ({ at: iso(NOW), values: own }));
const edit = (more: object) => ({ ...known, expectedVersion: 1, ...more });

/** All that is stored of sessions: both tables and the names of the objects. */
async function stored(): Promise<string[]> {
  const objects = bucketOf(api.system, "readings");
  const keys: string[] = [];
  for await (const page of objects.list("")) keys.push(...page.map((object) => object.key));
  return [...await dumpTable(api.system, "sessions"), ...await dumpTable(api.system, "sensors"), ...keys];
}

/** Each row: what is wrong, the mutation, its input (made when it is needed), the field and what is said of it. */
const REFUSED: [string, Mutation, () => object, string, string][] = [
  ["a negative offset", "ingestSessionBatch", () => batch({ batchOffset: -1 }), "batchOffset", `${OFFSET} -1`],
  [
    "5,001 readings",
    "ingestSessionBatch",
    () => batch({ readings: readings(...Array<number[]>(5_001).fill([1])) }),
    "readings",
    "must hold at most 5000 readings, has 5001; send more in further batches",
  ],
  [
    "a reading of 65 values",
    "ingestSessionBatch",
    () => batch({ readings: readings(Array(65).fill(1)) }),
    "readings.0.values",
    "must hold at most 64 values, has 65",
  ],
  [
    "a reading of no values",
    "ingestSessionBatch",
    () => batch({ readings: readings([]) }),
    "readings.0.values",
    "must hold at least one value",
  ],
  [
    "a start before 1990",
    "ingestSessionBatch",
    () => batch({ startedAt: iso(-1) }),
    "startedAt",
    "must be 1990 or later",
  ],
  [
    "a length of more than ten years",
    "ingestSessionBatch",
    () => batch({ durationMs: 315_360_000_001 }),
    "durationMs",
    "must be a whole number from 0 to 315360000000, got 315360000001",
  ],
  [
    "an empty session id",
    "ingestSessionBatch",
    () => batch({ sessionId: "" }),
    "sessionId",
    "must be 1 to 128 characters, has 0",
  ],
  [
    "a sensor id of 129 characters",
    "ingestSessionBatch",
    () => batch({ sensorId: "x".repeat(129) }),
    "sensorId",
    "must be 1 to 128 characters, has 129",
  ],
  ["a negative number", "recordMotion", () => motion(-1), "seq", `${OFFSET} -1`],
  [
    "motion before 1990",
    "recordMotion",
    () => motion(1, { at: "1989-12-31T23:59:59.999Z" }),
    "at",
    "must be 1990 or later",
  ],
  [
    "motion without any time",
    "recordMotion",
    () => motion(1, { at: undefined }),
    "at",
    "must be given, or else `useServiceTime` for a device without a clock; not both",
  ],
  [
    "motion at the service's time without a number",
    "recordMotion",
    () => motion(1, { at: undefined, seq: undefined, useServiceTime: true }),
    "seq",
    "must be given with `useServiceTime`: no instant of the device says whether the event came before",
  ],
  [
    "an empty sensor id",
    "recordMotion",
    () => motion(1, { sensorId: "" }),
    "sensorId",
    "must be 1 to 128 characters, has 0",
  ],
  [
    "a control character",
    "recordMotion",
    () => motion(1, { sensorId: "a\u0000b" }),
    "sensorId",
    "must not hold control characters",
  ],
  [
    "a lone surrogate",
    "recordMotion",
    () => motion(1, { sensorId: "a\ud800" }),
    "sensorId",
    "must be well-formed Unicode; it holds a lone surrogate",
  ],
  [
    "a lone surrogate as session id",
    "createSession",
    () => ({ sensorId: "c", sessionId: "\udc00" }),
    "sessionId",
    "must be well-formed Unicode; it holds a lone surrogate",
  ],
  [
    "a creation ahead of time",
    "createSession",
    () => ({ sensorId: "c", startedAt: iso(NOW + 600_001) }),
    "startedAt",
    AHEAD,
  ],
  [
    "513 characters of what is played",
    "createSession",
    () => ({ sensorId: "c", playbackContextUri: "u".repeat(513) }),
    "playbackContextUri",
    "must be 1 to 512 characters, has 513",
  ],
  ["an end ahead of time", "endSession", () => ({ ...known, endedAt: iso(NOW + 600_001) }), "endedAt", AHEAD],
  [
    "an empty update id",
    "updateSession",
    () => ({ ...known, updateId: "" }),
    "updateId",
    "must be 1 to 128 characters, has 0",
  ],
  [
    "101 labels",
    "annotateSession",
    () => edit({ labels: Array.from({ length: 101 }, String) }),
    "labels",
    "must hold at most 100 labels, has 101",
  ],
  [
    "a label of 65 characters",
    "annotateSession",
    () => edit({ labels: ["a", "b".repeat(65)] }),
    "labels.1",
    "must be 1 to 64 characters, has 65",
  ],
  ["an empty label", "annotateSession", () => edit({ labels: [""] }), "labels.0", "must be 1 to 64 characters, has 0"],
  [
    "a label with a line break",
    "annotateSession",
    () => edit({ labels: ["a\nb"] }),
    "labels.0",
    "must not hold control characters",
  ],
  [
    "notes of 10,001 characters",
    "annotateSession",
    () => edit({ notes: "n".repeat(10_001) }),
    "notes",
    "must be at most 10000 characters, has 10001",
  ],
  [
    "a lone surrogate in notes",
    "annotateSession",
    () => edit({ notes: "a\ud800b" }),
    "notes",
    "must be well-formed Unicode; it holds a lone surrogate",
  ],
  ["a version of -1", "annotateSession", () => ({ ...known, expectedVersion: -1 }), "expectedVersion", `${OFFSET} -1`],
  [
    "a timeout below 10 seconds",
    "configureSessions",
    () => ({ idleTimeout: 9_999 }),
    "idleTimeout",
    "must be 10000 to 86400000 milliseconds, got 9999",
  ],
  [
    "a timeout over a day",
    "configureSessions",
    () => ({ sensorId: "m", idleTimeout: 86_400_001 }),
    "idleTimeout",
    "must be 10000 to 86400000 milliseconds, got 86400001",
  ],
  ["0 days to keep", "configureSessions", () => ({ keepDays: 0 }), "keepDays", "must be 1 to 3650, got 0"],
  ["3,651 days to keep", "configureSessions", () => ({ keepDays: 3_651 }), "keepDays", "must be 1 to 3650, got 3651"],
  [
    "days to keep of one sensor",
    "configureSessions",
    () => ({ sensorId: "m", keepDays: 7 }),
    "keepDays",
    "is of the tenant; leave sensorId out to set it",
  ],
  ["nothing to set", "configureSessions", () => ({}), "idleTimeout", "nothing to set was given"],
  [
    "a sensor with a control character",
    "configureSessions",
    () => ({ sensorId: "\u0001", idleTimeout: 60_000 }),
    "sensorId",
    "must be 1 to 128 characters and no control characters",
  ],
];

describe("bad input is refused with the field, the limit and the value, and nothing is stored", () => {
  test.each(REFUSED)("%s", async (_name, mutation, input, path, message) => {
    const before = await stored();
    const answer = await mutate(api, T, mutation, input());
    expect(answer).toMatchObject({ __typename: "InvalidInputError", code: "INVALID_INPUT" });
    expect(answer.fields).toEqual([{ path: path.split("."), message }]);
    expect(await stored()).toEqual(before);
  });

  test.each<[string, string, string]>([
    ["an offset of 2^31", '"batchOffset": 2147483648, "readings": []', "batchOffset"],
    ["an offset of 1.5", '"batchOffset": 1.5, "readings": []', "batchOffset"],
    ["a negative length", '"batchOffset": 0, "readings": [], "durationMs": -1', "durationMs"],
    ["a person's field", '"batchOffset": 0, "readings": [], "notes": "x"', "notes"],
  ])("what is no value of its type (%s) is refused with its place", async (_name, fields, place) => {
    const before = await stored();
    const query = "mutation ($input: IngestSessionBatchInput!) { ingestSessionBatch(input: $input) { __typename } }";
    const input = `{ "sessionId": "typed", "sensorId": "typed", ${fields} }`;
    const response = await api.http.fetch(
      new Request("http://127.0.0.1/graphql", {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${await api.token(T)}` },
        body: `{ "query": ${JSON.stringify(query)}, "variables": { "input": ${input} } }`,
      }),
    );
    const { errors: [error] } = await response.json() as { errors: { message: string; extensions: object }[] };
    expect(error).toMatchObject({ extensions: { code: "BAD_USER_INPUT" }, message: expect.stringContaining(place) });
    expect(await stored()).toEqual(before);
  });

  test("a reading that is null, or nothing of the kind, refuses itself alone", async () => {
    const answer = await api.ask(
      T,
      `mutation ($readings: [ReadingInput]!) { ingestSessionBatch(input: {
        sessionId: "nothing", sensorId: "nothing", batchOffset: 0, readings: $readings
      }) { ... on IngestSessionBatchPayload { session { sampleCount } receipts { index status reason } } } }`,
      {
        readings: [
          ...[null, { at: iso(NOW), values: [1] }, "x", { at: iso(NOW), values: [1], unit: "g" }],
          { at: Math.floor(NOW / 1_000), values: [1] },
        ],
      },
    );
    expect(answer.errors).toBeUndefined();
    const reason = "must be an object of at and values";
    expect(answer.data.ingestSessionBatch).toEqual({
      session: { sampleCount: 1 },
      receipts: [
        ...[{ index: 0, status: "REJECTED", reason }, { index: 2, status: "REJECTED", reason }],
        { index: 3, status: "REJECTED", reason: "unit: is no field of a reading" },
        {
          ...{ index: 4, status: "REJECTED" },
          reason: "at: must be 1990 or later; a number is of milliseconds since 1970",
        },
      ],
    });
  });

  test("every wrong field is named at once, at most 20", async () => {
    const wrong = batch({ readings: readings(...Array<number[]>(50).fill([])) });
    const { fields } = await mutate(api, T, "ingestSessionBatch", wrong);
    expect(fields.map((field: { path: string[] }) => field.path.join("."))).toEqual(
      Array.from({ length: 20 }, (_, i) => `readings.${i}.values`),
    );
  });

  test.each<[Mutation, object]>([
    ["updateSession", { updateId: "1" }],
    ["endSession", {}],
    ["annotateSession", { expectedVersion: 1, notes: "x" }],
  ])("%s of a session that is not there says so", async (mutation, more) => {
    const before = await stored();
    expect(await mutate(api, T, mutation, { sessionId: "nobody's", ...more })).toMatchObject({
      __typename: "NotFoundError",
      code: "NOT_FOUND",
      message: 'There is no session "nobody\'s".',
    });
    expect(await stored()).toEqual(before);
  });
});

describe("limits themselves are accepted", () => {
  test("of batches: 5,000 readings, the last instant, the longest ids and length; 64 values", async () => {
    const sessionId = "漢".repeat(128);
    const sensorId = "字".repeat(128);
    // In digits, so that all of them fit into the 1 MB of a request.
    const values = Array.from({ length: 64 }, (_, i) => i % 10);
    const many = Array.from({ length: 4_998 }, (_, i) => ({ at: iso(NOW - i * 1_000), values }));
    const edges = [iso(NOW - 6 * 3_600_000), iso(NOW + 600_000)].map((at) => ({ at, values }));
    const input = { sessionId, sensorId, batchOffset: 0, readings: [...edges, ...many], durationMs: 22_200_000 };
    const answer = await mutate(api, T, "ingestSessionBatch", { ...input, final: true });
    expect(answer).toMatchObject({ duplicate: false, session: { sessionId, sampleCount: 5_000 } });
    expect(await sessionOf(api, T, sessionId)).toMatchObject({
      sensor: { sensorId },
      startedAt: iso(NOW - 6 * 3_600_000),
      lastMotionAt: iso(NOW + 600_000),
      duration: 22_200_000,
    });
    const query = "query ($id: String!) { session(sessionId: $id) { readings(first: 2) { nodes { at values } } } }";
    expect((await api.ask(T, query, { id: sessionId })).data.session.readings.nodes[0]).toEqual(edges[0]);
    const wide = { at: iso(NOW), values: Array.from({ length: 64 }, (_, i) => i / 3) };
    const widest = await mutate(
      api,
      T,
      "ingestSessionBatch",
      batch({ sessionId: "wide", sensorId: "wide", readings: [wide] }),
    );
    expect(widest).toMatchObject({ accepted: 1, receipts: [] });
    // S3 takes keys of up to 1,024 bytes.
    const keys = (await stored()).filter((key) => key.startsWith("readings/"));
    expect(Math.max(...keys.map((key) => Buffer.byteLength(key)))).toBeLessThanOrEqual(1_024);
  });

  test("of numbers, labels, notes and settings", async () => {
    const last = 2 ** 31 - 1;
    expect(await mutate(api, T, "ingestSessionBatch", batch({ sessionId: "far", sensorId: "far", batchOffset: last })))
      .toMatchObject({ duplicate: false, session: { missingBatches: [{ from: 0, to: last - 1 }] } });
    expect((await mutate(api, T, "recordMotion", motion(last, { at: iso(NOW + 600_000) }))).duplicate).toBe(false);
    const labels = Array.from({ length: 100 }, (_, i) => `${i}`.padEnd(64, "x"));
    const edited = await mutate(api, T, "annotateSession", edit({ labels, notes: "\u0000🙂".padEnd(10_000, "n") }));
    expect(edited.session).toMatchObject({ labels, notes: "\u0000🙂".padEnd(10_000, "n"), version: 2 });
    const emptied = await mutate(api, T, "annotateSession", edit({ expectedVersion: 2, labels: [], notes: "" }));
    expect(emptied.session).toMatchObject({ labels: [], notes: "", version: 3 });
    for (const set of [{ idleTimeout: 10_000 }, { idleTimeout: 86_400_000 }, { keepDays: 1 }, { keepDays: 3_650 }]) {
      expect(await mutate(api, "settings", "configureSessions", set)).toEqual({
        __typename: "ConfigureSessionsPayload",
        sensorId: null,
      });
    }
  });
});
