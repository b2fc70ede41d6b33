import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { NOON } from "../kit/review.ts";
import { mutate } from "../kit/sessions.ts";

/** Each list: what asks for it with `$page` in place of its page, where it lies in the answer, what tells its rows. */
const LISTS = {
  sessions: ["{ list: sessions($page) { $fields } }", "sessionId"],
  "sessions with a status": ["{ list: sessions(filter: { status: COMPLETED }, $page) { $fields } }", "sessionId"],
  "sessions of a sensor": [`{ on: sensor(sensorId: "s0") { list: sessions($page) { $fields } } }`, "sessionId"],
  sensors: ["{ list: sensors($page) { $fields } }", "sensorId"],
  journeys: ["{ list: journeys($page) { $fields } }", "sessionId"],
  "journeys with a filter": [`{ list: journeys(filter: { did: ["PAGE_VIEWED"] }, $page) { $fields } }`, "sessionId"],
  "events of a journey": [`{ on: journey(sessionId: "j0") { list: events($page) { $fields } } }`, "step"],
  "readings of a session": [`{ on: session(sessionId: "walk") { list: readings($page) { $fields } } }`, "at values"],
} as const;

const ROWS = 7;
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOON });
  const iso = (at: number) => new Date(at).toISOString();
  for (let i = 0; i < ROWS; i++) {
    // Some begin at the same instant.
    const startedAt = iso(NOON - 3_600_000 + Math.floor(i / 2) * 60_000);
    await mutate(api, "t", "createSession", { sensorId: `s${i % 3 === 0 ? 0 : i}`, sessionId: `x${i}`, startedAt });
    const event = { sessionId: `j${i}`, source: "main", type: "PAGE_VIEWED", occurredAt: startedAt };
    const events = Array.from({ length: i === 0 ? ROWS : 1 }, (_, n) => ({ ...event, seq: n + 1 }));
    await api.ask("t", `mutation ($e: [EventInput!]!) { recordEvents(input: { events: $e }) { __typename } }`, {
      e: events,
    });
    // Batches that overlap in time, and readings of the same instant.
    const readings = [0, 30_000].map((ms) => ({
      at: iso(NOON - 600_000 + Math.floor(i / 2) * 20_000 + ms),
      values: [i],
    }));
    await mutate(api, "t", "ingestSessionBatch", { sessionId: "walk", sensorId: "tag", batchOffset: i, readings });
  }
  await api.settle();
});
afterAll(() => api.stop());

async function answer(query: string, page: string, fields: string) {
  const whole = `pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { ${fields} }`;
  return await api.ask("t", query.replace("$page", page).replace("$fields", whole));
}

async function pageOf(query: string, page: string, fields: string) {
  const { data, errors } = await answer(query, page, fields);
  if (errors) throw new Error(JSON.stringify(errors));
  return data.list ?? data.on.list;
}

describe.each(Object.entries(LISTS))("%s", (_name, [query, fields]) => {
  test("backward in pages of any size are the same rows in the same order as forward", async () => {
    const { nodes: all, pageInfo } = await pageOf(query, "first: 50", fields);
    expect(all.length).toBeGreaterThan(2);
    expect(pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false });
    for (const size of [1, 2, 3, all.length, 50]) {
      const rows: object[] = [];
      let before = "";
      for (;;) {
        const { nodes, pageInfo } = await pageOf(query, `last: ${size}${before}`, fields);
        expect(nodes.length).toBeLessThanOrEqual(size);
        expect(pageInfo.hasNextPage).toBe(rows.length > 0);
        rows.unshift(...nodes);
        if (!pageInfo.hasPreviousPage) break;
        expect(nodes).toHaveLength(size);
        before = `, before: "${pageInfo.startCursor}"`;
      }
      expect(rows).toEqual(all);
    }
  });

  test("go on forward where they went backward", async () => {
    const { nodes: all } = await pageOf(query, "first: 50", fields);
    const { pageInfo } = await pageOf(query, "last: 2", fields);
    expect((await pageOf(query, `first: 50, after: "${pageInfo.startCursor}"`, fields)).nodes).toEqual(all.slice(-1));
    const first = await pageOf(query, "first: 2", fields);
    const cursor = first.pageInfo.endCursor;
    expect((await pageOf(query, `last: 50, before: "${cursor}"`, fields)).nodes).toEqual(all.slice(0, 1));
  });

  test("refuse a cursor of the other direction, and a size that is none", async () => {
    const { pageInfo: { endCursor } } = await pageOf(query, "first: 1", fields);
    const refusal = async (page: string) => (await answer(query, page, fields)).errors?.[0];
    expect(await refusal(`last: 1, after: "${endCursor}"`)).toMatchObject({
      message: expect.stringContaining("after: goes with `first`"),
      extensions: { code: "INVALID_INPUT" },
    });
    expect((await refusal(`first: 1, before: "${endCursor}"`))?.message).toContain("before: goes with `last`");
    expect((await refusal("last: 0"))?.message).toContain("last: must be 1 to ");
    expect((await refusal(`last: 1, before: "cmFuZG9t"`))?.message).toContain("before: is no cursor of this list");
  });
});

test("a journey and a session say how many there are, whichever page is asked for", async () => {
  const { data } = await api.ask(
    "t",
    `{ journey(sessionId: "j0") { events(last: 1) { totalCount nodes { step } } }
       session(sessionId: "walk") { readings(first: 1) { totalCount } } }`,
  );
  expect(data).toEqual({
    journey: { events: { totalCount: ROWS, nodes: [{ step: ROWS }] } },
    session: { readings: { totalCount: 2 * ROWS } },
  });
});

test("a page backward costs what it asks for", async () => {
  const { errors } = await api.ask("t", `{ journeys(last: 100) { nodes { events(last: 500) { nodes { step } } } } }`);
  expect(errors?.[0]?.extensions.code).toBe("QUERY_TOO_COSTLY");
});
