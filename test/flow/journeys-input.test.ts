import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { type EventInput, record, tryRecord, visit } from "../kit/journeys.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
let api: TestApp;

beforeAll(async () => {
  api = await startTestApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const good = (seq: number): EventInput => ({
  sessionId: "s",
  seq,
  type: "PAGE_VIEWED",
  occurredAt: "2026-06-01T11:00:00.000Z",
});

describe("one bad event rejects only itself, and says which field, limit and value", () => {
  test.each<[string, Partial<EventInput>, string]>([
    ["a number of 0", { seq: 0 }, "seq: must be a whole number from 1 to 2147483647, got 0"],
    ["a negative number", { seq: -3 }, "seq: must be a whole number from 1 to 2147483647, got -3"],
    [
      "a time more than 10 minutes ahead",
      { occurredAt: "2026-06-01T12:10:00.001Z" },
      "occurredAt: must not be more than 10 minutes ahead of the service's clock, which says 2026-06-01T12:00:00.000Z; where the sender's clock is wrong, send sentAt with the batch",
    ],
    ["a time before 1990", { occurredAt: "1989-12-31T23:59:59.999Z" }, "occurredAt: must be 1990 or later"],
    [
      "9 KB of properties",
      { properties: { x: "y".repeat(9_000) } },
      "properties: must be at most 8192 bytes as JSON, has 9008",
    ],
    [
      "properties nested 33 deep",
      { properties: JSON.parse("[".repeat(33) + "]".repeat(33)) },
      "properties: must not be nested deeper than 32",
    ],
    ["a lone surrogate in text", { text: "a\ud800b" }, "text: must be well-formed Unicode; it holds a lone surrogate"],
    [
      "a lone surrogate in the session",
      { sessionId: "a\udc00" },
      "sessionId: must be well-formed Unicode; it holds a lone surrogate",
    ],
    [
      "a lone surrogate in properties",
      { properties: { a: ["\ud800"] } },
      "properties: must be well-formed Unicode; it holds a lone surrogate",
    ],
    ["an empty session", { sessionId: "" }, "sessionId: must be 1 to 128 characters, has 0"],
    ["a session of 129 characters", { sessionId: "s".repeat(129) }, "sessionId: must be 1 to 128 characters, has 129"],
    ["a control character in the session", { sessionId: "a\nb" }, "sessionId: must not hold control characters"],
    ["a source of 65 characters", { source: "x".repeat(65) }, "source: must be 1 to 64 characters, has 65"],
    [
      "a type in lower case",
      { type: "page_viewed" },
      'type: must be upper snake case of 1 to 64 characters, such as PAGE_VIEWED; got "page_viewed"',
    ],
    ["a page of 2,049 characters", { page: "p".repeat(2_049) }, "page: must be at most 2048 characters, has 2049"],
    ["text of 8,193 characters", { text: "t".repeat(8_193) }, "text: must be at most 8192 characters, has 8193"],
    ["a visitor of 129 characters", { visitorId: "v".repeat(129) }, "visitorId: must be 1 to 128 characters, has 129"],
  ])("%s", async (name, wrong, reason) => {
    const tenant = `bad-${name.replace(/\W+/g, "-")}`.slice(0, 60);
    const answer = await record(api, tenant, [good(1), { ...good(2), ...wrong }, good(3)]);
    expect(answer).toMatchObject({ accepted: 2, duplicates: 0, rejected: 1 });
    expect(answer.receipts).toEqual([
      { status: "ACCEPTED", reason: null },
      { status: "REJECTED", reason },
      { status: "ACCEPTED", reason: null },
    ]);
    expect((await api.ask(tenant, `{ journey(sessionId: "s") { eventCount } }`)).data.journey.eventCount).toBe(2);
  });

  test("limits themselves are accepted", async () => {
    const extreme = {
      ...good(2 ** 31 - 1),
      occurredAt: "2026-06-01T12:10:00.000Z",
      text: "t".repeat(8_192),
      page: "p".repeat(2_048),
      sessionId: "s".repeat(128),
      source: "x".repeat(64),
      properties: { x: "y".repeat(8_184) },
    };
    expect(await record(api, "extreme", [extreme])).toMatchObject({ accepted: 1 });
    expect(await record(api, "extreme", [{ ...good(1), occurredAt: "1990-01-01T00:00:00Z", sessionId: "old" }]))
      .toMatchObject({ accepted: 1 });
    expect(
      await record(api, "extreme", [{ ...good(1), sessionId: "zoned", occurredAt: "2026-06-01T16:30:00.5+05:30" }]),
    ).toMatchObject({ accepted: 1 });
    const zoned = await api.ask("extreme", `{ journey(sessionId: "zoned") { startedAt } }`);
    expect(zoned.data.journey.startedAt).toBe("2026-06-01T11:00:00.500Z");
  });
});

describe("a bad batch is refused whole, and nothing is stored", () => {
  test.each([0, 501])("%i events", async (count) => {
    const answer = await record(
      api,
      "sizes",
      visit("sizes", 1, count, NOW - 3_600_000).map((event) => ({ ...event, occurredAt: good(1).occurredAt })),
    );
    expect(answer).toMatchObject({
      __typename: "InvalidInputError",
      code: "INVALID_INPUT",
      fields: [{ path: ["events"], message: `must hold 1 to 500 events, has ${count}; send more in further requests` }],
    });
    expect((await api.ask("sizes", `{ journey(sessionId: "sizes") { id } }`)).data.journey).toBeNull();
  });

  test.each([
    ["a time that is none", { occurredAt: "2026-02-30T00:00:00Z" }, "DateTime must be an RFC 3339 instant"],
    ["a time without a zone", { occurredAt: "2026-06-01T12:00:00" }, "DateTime must be an RFC 3339 instant"],
    ["a number that is text", { seq: "1" }, "Int cannot represent non-integer value"],
    ["a number beyond 32 bits", { seq: 1e300 }, "Int cannot represent non 32-bit signed integer value"],
  ])("%s", async (_name, wrong, message) => {
    const answer = await tryRecord(api, "types", [good(1), { ...good(2), ...wrong } as EventInput]);
    expect(answer.errors?.[0]!.message).toContain(message);
    expect(answer.errors?.[0]!.message).toContain("events[1].");
  });

  test("a filter with a type in lower case or over 20 types names the field", async () => {
    const ask = (filter: object) =>
      api.ask("f", `query ($filter: JourneyFilter) { journeys(filter: $filter) { nodes { id } } }`, { filter });
    expect((await ask({ did: ["lower"] })).errors?.[0]!.message).toContain(
      "filter.did: must hold types in upper snake case",
    );
    expect((await ask({ didNot: Array(21).fill("A") })).errors?.[0]!.message).toContain(
      "filter.didNot: must hold at most 20 types, has 21",
    );
    expect(
      (await ask({ range: { between: { from: "2026-02-02T00:00:00Z", to: "2026-02-01T00:00:00Z" } } })).errors?.[0]!
        .message,
    ).toContain("range.between.to: must be later than `from`");
    expect(
      (await ask({ range: { last: "DAY", between: { from: "2026-02-02T00:00:00Z", to: "2026-02-01T00:00:00Z" } } }))
        .errors?.[0]!.message,
    ).toContain("Exactly one key must be specified");
  });

  test("a page asked for by many ids costs once for each id", async () => {
    const ids = Array.from({ length: 50 }, () => Buffer.from("Journey:s").toString("base64url"));
    const query =
      `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Journey { events(first: 500) { nodes { seq } } } } }`;
    expect((await api.ask("f", query, { ids })).errors?.[0]!.extensions.code).toBe("QUERY_TOO_COSTLY");
    expect((await api.ask("f", query, { ids: ids.slice(0, 2) })).errors).toBeUndefined();
  });

  test("over 100 ids at once are refused", async () => {
    const answer = await api.ask("f", `query ($ids: [ID!]!) { nodes(ids: $ids) { id } }`, {
      ids: Array(101).fill("x"),
    });
    expect(answer.errors?.[0]!.message).toContain("ids: must hold at most 100 ids, has 101");
  });

  test.each([
    "",
    "x",
    "Sm91cm5leQ",
    "🙂",
    "Journey:s",
    Buffer.from("Session:s").toString("base64url"),
    Buffer.from("constructor:s").toString("base64url"),
  ])(
    "the id %j is nothing",
    async (id) => {
      expect((await api.ask("f", `query ($id: ID!) { node(id: $id) { id } }`, { id })).data).toEqual({ node: null });
    },
  );

  test("without a token every entry point but register and login answers that one is needed", async () => {
    for (
      const query of [
        "{ viewer { userId } }",
        `{ journey(sessionId: "s") { id } }`,
        `{ node(id: "x") { id } }`,
        "{ journeys { nodes { id } } }",
      ]
    ) {
      expect((await api.ask(undefined, query)).errors?.[0]).toMatchObject({
        message: expect.stringContaining("Authorization: Bearer TOKEN"),
        extensions: { code: "UNAUTHENTICATED" },
      });
    }
  });

  test("a token without the scope is told which one it needs", async () => {
    const answer = await api.ask("f", `{ journeys { nodes { id } } }`, {}, ["SESSIONS_READ"]);
    expect(answer.errors?.[0]).toMatchObject({
      message: "This needs the scope journeys:read; ask for a token that has it.",
      extensions: { code: "FORBIDDEN" },
    });
    const node = await api.ask("f", `query ($id: ID!) { node(id: $id) { id } }`, {
      id: Buffer.from("Journey:s").toString("base64url"),
    }, ["SESSIONS_READ"]);
    expect(node.errors?.[0]!.extensions.code).toBe("FORBIDDEN");
  });
});
