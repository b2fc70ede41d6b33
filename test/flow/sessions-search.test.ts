import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { mutate, SESSION_FIELDS, sessionOf } from "../kit/sessions.ts";

const NOW = Date.UTC(2026, 4, 20, 12);
const HOUR = 3_600_000;
const iso = (at: number) => new Date(at).toISOString();
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
});
afterAll(() => api.stop());

async function session(tenant: string, sessionId: string, sensorId: string, hoursAgo: number) {
  await mutate(api, tenant, "createSession", { sessionId, sensorId, startedAt: iso(NOW - hoursAgo * HOUR) });
  await mutate(api, tenant, "endSession", { sessionId, endedAt: iso(NOW - hoursAgo * HOUR + 1_000) });
}

async function annotate(tenant: string, sessionId: string, edit: { labels?: string[]; notes?: string | null }) {
  const { version } = await sessionOf(api, tenant, sessionId);
  await mutate(api, tenant, "annotateSession", { sessionId, expectedVersion: version, ...edit });
}

async function ask(tenant: string, query: string, variables: object = {}) {
  const { data, errors } = await api.ask(tenant, query, variables);
  if (errors) throw new Error(errors[0]!.message);
  return data;
}

describe("labels", () => {
  const labels = async (range: string) =>
    (await ask("l", `{ sessionLabels(range: ${range}) { label sessions } }`)).sessionLabels;

  test("have the number of sessions that carry them, whatever people change", async () => {
    for (let i = 0; i < 4; i++) await session("l", `s${i}`, "hall", 50 * i);
    await annotate("l", "s0", { labels: ["cat", "night#2026-01"] });
    await annotate("l", "s1", { labels: ["cat"] });
    await annotate("l", "s2", { labels: ["dog"] });
    await api.settle();
    const month = "{ last: MONTH }";
    expect(await labels(month)).toEqual([
      { label: "cat", sessions: 2 },
      { label: "dog", sessions: 1 },
      { label: "night#2026-01", sessions: 1 },
    ]);
    expect(await labels("{ last: TWO_HOURS }")).toEqual([
      { label: "cat", sessions: 1 },
      { label: "night#2026-01", sessions: 1 },
    ]);
    await annotate("l", "s0", { labels: [] });
    const { version } = await sessionOf(api, "l", "s2");
    await mutate(api, "l", "deleteSession", { sessionId: "s2", expectedVersion: version });
    await api.settle();
    expect(await labels(month)).toEqual([{ label: "cat", sessions: 1 }]);
    const audit = await ask(
      "l",
      `mutation { auditAnalytics(input: { of: SESSIONS, range: { last: MONTH } }) {
      ... on AuditAnalyticsPayload { differences { item number } } } }`,
    );
    expect(audit.auditAnalytics.differences).toEqual([]);
  });

  test("are at most as many as are asked for", async () => {
    await expect(ask("l", "{ sessionLabels(range: { last: DAY }, first: 1001) { label } }")).rejects.toThrow(
      "first: must be 1 to 1000, got 1001",
    );
    expect(await labels("{ last: MONTH }, first: 1")).toHaveLength(1);
  });
});

describe("text in notes", () => {
  const found = async (filter: object) => {
    const query = `query ($filter: SessionFilter!) { sessions(filter: $filter) { nodes { sessionId notes } } }`;
    return (await ask("n", query, { filter })).sessions.nodes.map((own: { sessionId: string }) => own.sessionId);
  };

  test("is found by its words, large or small, with or without accents, latest start first", async () => {
    await session("n", "old", "hall", 500);
    await session("n", "new", "porch", 2);
    await session("n", "mute", "porch", 1);
    await annotate("n", "old", { notes: "El niño volvió\nto the KITCHEN at night" });
    await annotate("n", "new", { notes: "Kitchen light was on" });
    expect(await found({ text: "kitchen" })).toEqual(["new", "old"]);
    expect(await found({ text: "NINO  kitch" })).toEqual(["old"]);
    expect(await found({ text: "kitchen", sensorId: "porch" })).toEqual(["new"]);
    expect(await found({ text: "kitchen", range: { last: "DAY" } })).toEqual(["new"]);
    expect(await found({ text: "kitchen", status: "ACTIVE" })).toEqual([]);
    expect(await found({ text: "garden" })).toEqual([]);
    expect(await found({ text: "" })).toEqual(["mute", "new", "old"]);
  });

  test("is not found once it is changed or its session is deleted", async () => {
    await annotate("n", "new", { notes: "Garden" });
    expect(await found({ text: "kitchen" })).toEqual(["old"]);
    const { version } = await sessionOf(api, "n", "old");
    await mutate(api, "n", "deleteSession", { sessionId: "old", expectedVersion: version });
    expect(await found({ text: "kitchen" })).toEqual([]);
    await mutate(api, "n", "restoreSession", { sessionId: "old" });
    expect(await found({ text: "kitchen" })).toEqual(["old"]);
    await annotate("n", "old", { notes: null });
    expect(await found({ text: "kitchen" })).toEqual([]);
  });

  test("is not another tenant's; more than ten words are refused", async () => {
    const { sessions } = await ask("other", `{ sessions(filter: { text: "garden" }) { nodes { id } } }`);
    expect(sessions.nodes).toEqual([]);
    await expect(found({ text: "a b c d e f g h i j k" })).rejects.toThrow(
      "filter.text: must hold at most 10 words, has 11",
    );
  });
});

test("a session says the same of itself in every list as by its id, whatever the list's index holds of it", async () => {
  const at = (minute: number) => iso(NOW - HOUR + minute * 60_000);
  const readings = [0, 10, 30].map((minute) => ({ at: at(minute), values: [minute] }));
  const batch = { sessionId: "w", sensorId: "hall", batchOffset: 0, readings, final: true };
  await mutate(api, "w", "ingestSessionBatch", batch);
  await mutate(api, "w", "recordPause", { sessionId: "w", from: at(5), to: at(7) });
  await annotate("w", "w", { labels: ["x"], notes: "in the kitchen" });
  await mutate(api, "w", "correctSession", { sessionId: "w", expectedVersion: 2, endedAt: at(40) });
  const fields =
    `${SESSION_FIELDS} corrected readings(first: 5) { nodes { at values } totalCount } readingSeries(points: 5) { firstAt count }`;
  const list = (filter: string) => `sessions(filter: ${filter}, first: 1) { nodes { ${fields} } }`;
  const { byId, ...lists } = await ask(
    "w",
    `{ byId: session(sessionId: "w") { ${fields} } all: ${list("{}")} text: ${list('{ text: "kitchen" }')}
      label: ${list('{ label: "x" }')} sensor: ${list('{ sensorId: "hall" }')} }`,
  );
  expect(byId).toMatchObject({
    corrected: ["END"],
    pauses: [{}],
    readings: { totalCount: 3 },
    notes: "in the kitchen",
  });
  expect(lists).toEqual(Object.fromEntries(Object.keys(lists).map((name) => [name, { nodes: [byId] }])));
});

describe("sensors", () => {
  const found = async (filter: object, page = "first: 25") => {
    const query = `query ($filter: SensorFilter) { sensors(filter: $filter, ${page}) {
      nodes { sensorId } pageInfo { endCursor hasNextPage } } }`;
    const { nodes, pageInfo } = (await ask("s", query, { filter })).sensors;
    return { ids: nodes.map((own: { sensorId: string }) => own.sensorId), ...pageInfo };
  };

  test("are found by how their id begins, and by a part of it, page by page", async () => {
    for (const [i, sensorId] of ["Hall/PIR/1", "hall/door", "hall/pir", "Küche"].entries()) {
      await session("s", `s${i}`, sensorId, i);
    }
    expect((await found({ prefix: "hall" })).ids).toEqual(["hall/door", "hall/pir"]);
    expect((await found({ search: "PIR" })).ids).toEqual(["Hall/PIR/1", "hall/pir"]);
    expect((await found({ prefix: "hall", search: "pir" })).ids).toEqual(["hall/pir"]);
    expect((await found({ search: "kuche" })).ids).toEqual(["Küche"]);
    const first = await found({ search: "hall" }, "first: 1");
    expect(first).toMatchObject({ ids: ["Hall/PIR/1"], hasNextPage: true });
    const next = await found({ search: "hall" }, `first: 2, after: "${first.endCursor}"`);
    expect(next).toMatchObject({ ids: ["hall/door", "hall/pir"], hasNextPage: false });
    expect((await found({})).ids).toHaveLength(4);
  });

  test("are not found by what no id is", async () => {
    expect((await found({ prefix: "x".repeat(128) })).ids).toEqual([]);
    await expect(found({ prefix: "x".repeat(129) })).rejects.toThrow("filter.prefix: must be at most 128 characters");
    await expect(found({ search: "\ud800" })).rejects.toThrow("filter.search: must be well-formed");
  });
});
