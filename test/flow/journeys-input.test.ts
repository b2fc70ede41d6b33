import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { type EventInput, record, visit } from "../kit/journeys.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const good = (seq: number): EventInput => ({
  sessionId: "s",
  seq,
  type: "PAGE_VIEWED",
  occurredAt: "2026-06-01T11:00:00.000Z",
});

const RFC_3339 = "occurredAt: must be RFC 3339 text such as 2026-01-31T12:00:00.000Z";
const instant = (given: string) =>
  `occurredAt: must be an RFC 3339 instant with its offset, such as 2026-01-31T12:00:00.000Z; got ${
    JSON.stringify(given)
  }`;

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
    ["a time that is none", { occurredAt: "2026-02-30T00:00:00Z" }, instant("2026-02-30T00:00:00Z")],
    ["a time without an offset", { occurredAt: "2026-06-01T12:00:00" }, instant("2026-06-01T12:00:00")],
    ["an empty time", { occurredAt: "" }, instant("")],
    ["a number as the time", { occurredAt: NOW as never }, `${RFC_3339}, got ${NOW}`],
    ["a number that is text", { seq: "1" as never }, "seq: must be a whole number"],
    ["half a number", { seq: 1.5 }, "seq: must be a whole number from 1 to 2147483647, got 1.5"],
    ["a number beyond 32 bits", { seq: 1e300 }, "seq: must be a whole number from 1 to 2147483647, got 1e+300"],
    ["an unknown field", { referer: "/" } as never, "referer: is no field of an event; put it into properties"],
    ["no session", { sessionId: null as never }, "sessionId: must be text"],
    ["a page of 2,049 characters", { page: "p".repeat(2_049) }, "page: must be at most 2048 characters, has 2049"],
    ["text of 8,193 characters", { text: "t".repeat(8_193) }, "text: must be at most 8192 characters, has 8193"],
    ["a visitor of 129 characters", { visitorId: "v".repeat(129) }, "visitorId: must be 1 to 128 characters, has 129"],
  ])("%s", async (name, wrong, reason) => {
    const tenant = `bad-${name.replace(/\W+/g, "-")}`.slice(0, 60);
    const answer = await record(api, tenant, [good(1), { ...good(2), ...wrong }, good(3)]);
    expect(answer).toMatchObject({ accepted: 2, duplicates: 0, rejected: 1 });
    expect(answer.receipts).toEqual([
      { status: "ACCEPTED", code: null, reason: null },
      { status: "REJECTED", code: "INVALID_EVENT", reason },
      { status: "ACCEPTED", code: null, reason: null },
    ]);
    expect((await api.ask(tenant, `{ journey(sessionId: "s") { eventCount } }`)).data.journey.eventCount).toBe(2);
  });

  test("an event that is no object is refused in its place, and a null where a field may be absent is none", async () => {
    const answer = await record(api, "shapes", [good(1), 5 as never, { ...good(2), source: null as never, text: "" }]);
    expect(answer.receipts.map((receipt: { status: string }) => receipt.status))
      .toEqual(["ACCEPTED", "REJECTED", "ACCEPTED"]);
    expect(answer.receipts[1].reason).toBe("event: must be an object, got 5");
    const { data } = await api.ask("shapes", `{ journey(sessionId: "s") { events { nodes { source text page } } } }`);
    expect(data.journey.events.nodes[1]).toEqual({ source: "main", text: "", page: null });
  });

  test("an event in the document itself may be made of variables, of times too", async () => {
    const answer = await api.ask(
      "inline",
      `mutation ($id: String!, $seq: Int!, $at: DateTime!, $text: String) { recordEvents(input: { events: [
        { sessionId: $id, seq: $seq, type: "MESSAGE_SENT", occurredAt: $at, text: $text, properties: { a: [1, 2.5] } }
      ] }) { ... on RecordEventsPayload { receipts { status reason } } } }`,
      { id: "s", seq: 1, at: "2026-06-01T13:00:00+02:00", text: "hi" },
    );
    expect(answer.data.recordEvents.receipts).toEqual([{ status: "ACCEPTED", reason: null }]);
    const { data } = await api.ask("inline", `{ journey(sessionId: "s") { startedAt firstQuestion } }`);
    expect(data.journey).toEqual({ startedAt: "2026-06-01T11:00:00.000Z", firstQuestion: "hi" });
  });

  test("a sender whose clock is wrong says what it shows, and its events are placed by ours", async () => {
    const events = [1, 2].map((seq) => ({ ...good(seq), occurredAt: `2026-06-01T12:1${3 + seq}:00.000Z` }));
    const send = (sentAt: string) =>
      api.ask(
        "ahead",
        `mutation ($events: [EventInput!]!, $sentAt: DateTime) { recordEvents(input: { events: $events, sentAt: $sentAt }) {
          ... on RecordEventsPayload { accepted duplicates rejected } } }`,
        { events, sentAt },
      );
    expect((await send("2026-06-01T12:15:00.500Z")).data.recordEvents).toMatchObject({ accepted: 2 });
    expect((await send("2026-06-01T12:15:20.000Z")).data.recordEvents).toMatchObject({ duplicates: 2 });
    const { data } = await api.ask(
      "ahead",
      `{
      journey(sessionId: "s") { events { nodes { occurredAt clientAt } } }
      journeys(filter: { range: { last: DAY } }) { nodes { sessionId } }
    }`,
    );
    expect(data.journey.events.nodes.map(({ occurredAt }: { occurredAt: string }) => occurredAt))
      .toEqual(["2026-06-01T11:58:59.500Z", "2026-06-01T11:59:59.500Z"]);
    expect(data.journey.events.nodes[0].clientAt).toBe("2026-06-01T12:14:00.000Z");
    expect(data.journeys.nodes).toHaveLength(1);
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
