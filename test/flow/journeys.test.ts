import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { dumpTable } from "../kit/dump.ts";
import { type EventInput, record, visit } from "../kit/journeys.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const MIN = 60_000;
let api: TestApp;
let now = NOW;

beforeAll(async () => {
  api = await startTestApp({ clock: () => now });
});
afterAll(() => api.stop());

const JOURNEY = `query ($id: String!) { journey(sessionId: $id) {
  id sessionId visitorId startedAt endedAt duration outcome eventCount messageCount userMessageCount botMessageCount
  firstQuestion expiresAt outcomeEvent { seq type step }
  events { nodes { source seq type occurredAt receivedAt step page text properties } pageInfo { hasNextPage } }
} }`;
const journeyOf = async (tenant: string, id: string) => (await api.ask(tenant, JOURNEY, { id })).data.journey;

describe("recording", () => {
  test("a batch is shown by journey as soon as it is answered", async () => {
    const events = visit("first", 1, 50, NOW - 20 * MIN);
    expect(await record(api, "shown", events)).toMatchObject({ accepted: 50, duplicates: 0, rejected: 0 });
    const journey = await journeyOf("shown", "first");
    expect(journey).toMatchObject({
      sessionId: "first",
      visitorId: "visitor-first",
      eventCount: 50,
      messageCount: 20,
      userMessageCount: 10,
      botMessageCount: 10,
      firstQuestion: "Can I change the delivery address? (1)",
      startedAt: events[0]!.occurredAt,
      endedAt: events[49]!.occurredAt,
      expiresAt: new Date(NOW + 90 * 24 * 60 * MIN).toISOString(),
    });
    expect(journey.events.nodes.map((node: { step: number }) => node.step)).toEqual(events.map((_, i) => i + 1));
    expect(journey.events.nodes[1]).toMatchObject({
      source: "main",
      seq: 2,
      type: "MESSAGE_RECEIVED",
      occurredAt: events[1]!.occurredAt,
      receivedAt: new Date(NOW).toISOString(),
      text: events[1]!.text,
      page: null,
      properties: null,
    });
  });

  test("a batch sent again is all duplicates and changes no item and no object", async () => {
    const events = visit("again", 1, 30, NOW - 20 * MIN);
    await record(api, "again", events);
    const before = await dumpTable(api.system, "journeys");
    now += 3 * 60 * MIN;
    expect(await record(api, "again", events)).toMatchObject({ accepted: 0, duplicates: 30 });
    expect(await dumpTable(api.system, "journeys")).toEqual(before);
    now = NOW;
  });

  test("batches that overlap, cut anew and out of order count each event once", async () => {
    const events = visit("recut", 1, 60, NOW - 20 * MIN);
    expect(await record(api, "recut", events.slice(20, 50))).toMatchObject({ accepted: 30 });
    expect(await record(api, "recut", events.slice(0, 40))).toMatchObject({ accepted: 20, duplicates: 20 });
    expect(await record(api, "recut", [...events].reverse())).toMatchObject({ accepted: 10, duplicates: 50 });
    const journey = await journeyOf("recut", "recut");
    expect(journey.eventCount).toBe(60);
    expect(journey.events.nodes.map((node: { seq: number }) => node.seq)).toEqual(events.map((event) => event.seq));
  });

  test("twenty writers of the same and of overlapping batches at once count each event once", async () => {
    const events = visit("race", 1, 100, NOW - 20 * MIN);
    const batches = Array.from({ length: 20 }, (_, i) => events.slice((i % 5) * 15, (i % 5) * 15 + 40));
    const answers = await Promise.all(batches.map((batch) => record(api, "race", batch)));
    expect(answers.reduce((sum, answer) => sum + answer.accepted, 0)).toBe(100);
    const journey = await journeyOf("race", "race");
    expect(journey.eventCount).toBe(100);
    expect(journey.events.nodes.map((node: { step: number; seq: number }) => [node.step, node.seq]))
      .toEqual(events.map((event, i) => [i + 1, event.seq]));
  });

  test("sources of one session number their events apart", async () => {
    const tab = (source: string) => visit("tabs", 1, 5, NOW - 10 * MIN, { source });
    expect(await record(api, "tabs", [...tab("a"), ...tab("b")])).toMatchObject({ accepted: 10 });
    expect((await journeyOf("tabs", "tabs")).eventCount).toBe(10);
  });

  test("one batch may hold many sessions; each gets its own journey", async () => {
    const events = Array.from({ length: 120 }, (_, i) => visit(`many-${i}`, 1, 4, NOW - 10 * MIN)).flat();
    expect(await record(api, "many", events)).toMatchObject({ accepted: 480 });
    expect((await journeyOf("many", "many-77")).eventCount).toBe(4);
  });

  test("a tenant sees nothing of another: not by session, not by id, not in lists", async () => {
    await record(api, "mine", visit("secret", 1, 3, NOW - 10 * MIN));
    const { id } = await journeyOf("mine", "secret");
    const query =
      `query ($id: ID!, $unknown: ID!) { node(id: $id) { id } nodes(ids: [$id, $unknown]) { id } journey(sessionId: "secret") { id } journeys { nodes { id } } }`;
    const unknown = Buffer.from("Journey:nobody").toString("base64url");
    expect((await api.ask("theirs", query, { id, unknown })).data)
      .toEqual({ node: null, nodes: [null, null], journey: null, journeys: { nodes: [] } });
    expect((await api.ask("mine", query, { id, unknown })).data.nodes).toEqual([{ id }, null]);
  });

  test("an id differs from that of another tenant's thing of the same name, and ids of before are still understood", async () => {
    const events = visit("same", 1, 2, NOW - 10 * MIN);
    for (const tenant of ["mine", "theirs"]) await record(api, tenant, events);
    const idsIn = async (tenant: string) => {
      const { data } = await api.ask(tenant, `{ journey(sessionId: "same") { id events { nodes { id } } } }`);
      return [data.journey.id, ...data.journey.events.nodes.map(({ id }: { id: string }) => id)];
    };
    const [mine, theirs] = [await idsIn("mine"), await idsIn("theirs")];
    expect(new Set([...mine, ...theirs]).size).toBe(6);
    const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on JourneyEvent { step } } }`;
    const nodesOf = async (ids: string[]) => (await api.ask("mine", query, { ids })).data.nodes;
    expect(await nodesOf(mine)).toEqual([{ id: mine[0] }, { id: mine[1], step: 1 }, { id: mine[2], step: 2 }]);
    expect(await nodesOf(theirs)).toEqual([null, null, null]);
    const before = Buffer.from("Journey:same").toString("base64url");
    expect(await nodesOf([before])).toEqual([{ id: mine[0] }]);
  });

  test("a tenant that begins with another's name is another tenant", async () => {
    await record(api, "ab", visit("c", 1, 1, NOW - MIN));
    expect(await journeyOf("a", "b#c")).toBeNull();
  });
});

describe("outcomes", () => {
  const at = (minutes: number, seq: number, type: string): EventInput => (
    { sessionId: `outcome-${type}`, seq, type, occurredAt: new Date(NOW - minutes * MIN).toISOString() }
  );

  test.each([
    ["FORM_COMPLETED", "FORM_COMPLETED"],
    ["CTA_CLICKED", "CTA_CLICKED"],
    ["LINK_CLICKED", "LINK_CLICKED"],
    ["FORM_STARTED", "ABANDONED"],
    ["PAGE_VIEWED", "BROWSING"],
  ])("%s an hour ago makes the outcome %s", async (type, outcome) => {
    await record(api, "outcomes", [at(60, 1, type)]);
    const journey = await journeyOf("outcomes", `outcome-${type}`);
    expect(journey.outcome).toBe(outcome);
    expect(journey.outcomeEvent?.type ?? null).toBe(type === outcome ? type : null);
  });

  test("a journey is abandoned 30 minutes after its last event, and not before", async () => {
    await record(api, "idle", [{ ...at(0, 1, "MESSAGE_SENT"), sessionId: "idle" }]);
    now = NOW + 30 * MIN;
    expect((await journeyOf("idle", "idle")).outcome).toBe("BROWSING");
    now = NOW + 30 * MIN + 1;
    expect((await journeyOf("idle", "idle")).outcome).toBe("ABANDONED");
    now = NOW;
  });

  test("a journey is gone from reads 90 days after its last arrival, and comes back whole with a late event", async () => {
    await record(api, "old", visit("old", 1, 3, NOW - 10 * MIN));
    now = NOW + 90 * 24 * 60 * MIN + 1;
    expect(await journeyOf("old", "old")).toBeNull();
    expect(await record(api, "old", visit("old", 3, 4, NOW - 10 * MIN))).toMatchObject({ accepted: 1, duplicates: 1 });
    expect((await journeyOf("old", "old")).eventCount).toBe(4);
    now = NOW;
  });
});

describe("the list", () => {
  const LIST = `query ($filter: JourneyFilter, $first: Int!, $after: String) {
    journeys(filter: $filter, first: $first, after: $after) { edges { cursor node { sessionId startedAt } } nodes { sessionId } pageInfo { hasNextPage hasPreviousPage endCursor } }
  }`;
  const list = async (variables: object) => (await api.ask("list", LIST, { first: 25, ...variables })).data.journeys;
  const ids = (page: { nodes: { sessionId: string }[] }) => page.nodes.map((node) => node.sessionId);

  beforeAll(async () => {
    const sessions = Array.from({ length: 60 }, (_, i) => {
      const startAt = NOW - i * 60 * MIN - 60 * MIN;
      const extra = i % 10 === 3
        ? [{ sessionId: `s${i}`, seq: 3, type: "FORM_COMPLETED", occurredAt: new Date(startAt + 60_000).toISOString() }]
        : [];
      return [...visit(`s${i}`, 1, 2, startAt, { visitorId: `v${i % 6}` }), ...extra];
    });
    await record(api, "list", sessions.flat());
  });

  test("gives the latest start first, in full pages, and every journey once", async () => {
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await list({ first: 25, after });
      seen.push(...ids(page));
      expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
      expect(page.nodes.length === 25 || !page.pageInfo.hasNextPage).toBe(true);
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after);
    expect(seen).toEqual(Array.from({ length: 60 }, (_, i) => `s${i}`));
  });

  test("goes on where it was when rows are added before and after", async () => {
    const page = await list({ first: 10 });
    await record(api, "list", [
      ...visit("newest", 1, 2, NOW - MIN, { visitorId: "late" }),
      ...visit("between", 1, 2, NOW - 12.5 * 60 * MIN, { visitorId: "late" }),
    ]);
    const next = await list({ first: 4, after: page.pageInfo.endCursor });
    expect(ids(next)).toEqual(["s10", "s11", "between", "s12"]);
  });

  test("filters by outcome, visitor, range and by what did and did not happen; pages stay full", async () => {
    const forms = await list({ filter: { outcome: "FORM_COMPLETED" }, first: 4 });
    expect(ids(forms)).toEqual(["s3", "s13", "s23", "s33"]);
    expect(forms.pageInfo.hasNextPage).toBe(true);
    expect(ids(await list({ filter: { outcome: "FORM_COMPLETED" }, first: 4, after: forms.pageInfo.endCursor })))
      .toEqual(["s43", "s53"]);
    expect(ids(await list({ filter: { visitorId: "v1" }, first: 3 }))).toEqual(["s1", "s7", "s13"]);
    expect(ids(await list({ filter: { visitorId: "v1", did: ["FORM_COMPLETED"] } }))).toEqual(["s13", "s43"]);
    const between = {
      from: new Date(NOW - 5 * 60 * MIN).toISOString(),
      to: new Date(NOW - 3 * 60 * MIN).toISOString(),
    };
    expect(ids(await list({ filter: { range: { between } } }))).toEqual(["s3", "s4"]);
    expect(ids(await list({ filter: { range: { between }, didNot: ["FORM_COMPLETED"] } }))).toEqual(["s4"]);
    expect(ids(await list({ filter: { outcome: "BROWSING", range: { last: "TWO_HOURS" } } }))).toEqual(["newest"]);
    expect((await list({ filter: { outcome: "ABANDONED" }, first: 100 })).nodes.length).toBe(55);
    expect(ids(await list({ filter: { did: ["NEVER_HAPPENED"] } }))).toEqual([]);
  });

  test("without a range hides nothing: history shows, also filtered, and the page says what it looked through", async () => {
    const at = (sessionId: string, occurredAt: string) => [
      { sessionId, seq: 1, type: "FORM_STARTED", occurredAt },
      { sessionId, seq: 2, type: "PAGE_VIEWED", occurredAt },
    ];
    await record(api, "history", [...at("old", "2020-01-05T00:00:00Z"), ...at("new", "2022-08-01T00:00:00Z")]);
    const list = async (filter: object) =>
      (await api.ask(
        "history",
        `query ($filter: JourneyFilter) { journeys(filter: $filter, first: 1) {
          nodes { sessionId } from to hasEarlier pageInfo { hasNextPage endCursor } } }`,
        { filter },
      )).data.journeys;
    expect(await list({})).toMatchObject({ nodes: [{ sessionId: "new" }], from: null, hasEarlier: false });
    expect(await list({ outcome: "ABANDONED" })).toMatchObject({
      nodes: [{ sessionId: "new" }],
      from: "2022-07-02T00:00:00.000Z",
      hasEarlier: true,
      pageInfo: { hasNextPage: false },
    });
    expect(await list({ range: { last: "DAY" } })).toMatchObject({ nodes: [], hasEarlier: true });
  });

  test("shows what a clock ahead of ours sent, with and without a range", async () => {
    const occurredAt = new Date(now + 300_000).toISOString();
    await record(api, "early", [{ sessionId: "s", seq: 1, type: "PAGE_VIEWED", occurredAt }]);
    for (const filter of [{}, { range: { last: "DAY" } }, { range: { last: "TWO_HOURS" } }]) {
      const query = `query ($filter: JourneyFilter) { journeys(filter: $filter) { nodes { sessionId } } }`;
      expect((await api.ask("early", query, { filter })).data.journeys.nodes).toHaveLength(1);
    }
  });

  test("refuses a cursor of another filter, of another tenant and of another list", async () => {
    const { pageInfo } = await list({ first: 2 });
    for (
      const variables of [{ after: pageInfo.endCursor, filter: { visitorId: "v1" } }, { after: "nonsense" }, {
        after: "",
      }]
    ) {
      const answer = await api.ask("list", LIST, { first: 2, ...variables });
      expect(answer.errors?.[0]).toMatchObject({
        message: expect.stringContaining("after: is no cursor of this list"),
        extensions: { code: "INVALID_INPUT" },
      });
    }
    expect((await api.ask("shown", LIST, { first: 2, after: pageInfo.endCursor })).errors?.[0]!.extensions.code).toBe(
      "INVALID_INPUT",
    );
    const events = await api.ask(
      "shown",
      `query ($after: String) { journey(sessionId: "first") { events(after: $after) { nodes { seq } } } }`,
      { after: pageInfo.endCursor },
    );
    expect(events.errors?.[0]!.extensions.code).toBe("INVALID_INPUT");
  });

  test.each([0, -1, 101])("refuses a page of %i", async (first) => {
    const answer = await api.ask("list", LIST, { first });
    expect(answer.errors?.[0]!.message).toContain(`first: must be 1 to 100, got ${first}`);
  });

  test("costs one request for many journeys asked for at once", async () => {
    const fields = Array.from({ length: 20 }, (_, i) => `j${i}: journey(sessionId: "s${i}") { sessionId }`).join(" ");
    api.takeCosts();
    const { data } = await api.ask("list", `{ ${fields} }`);
    expect(data.j19.sessionId).toBe("s19");
    expect(api.takeCosts().map((cost) => cost.operation)).toEqual(["BatchGetItem"]);
  });
});

describe("the timeline", () => {
  const EVENTS =
    `query ($first: Int!, $after: String) { journey(sessionId: "long") { eventCount events(first: $first, after: $after) { nodes { seq step } pageInfo { hasNextPage endCursor } } } }`;
  const page = async (first: number, after?: string) =>
    (await api.ask("timeline", EVENTS, { first, after })).data.journey.events;

  test("of 10,000 events is read in pages, each event once, in order, with its step", async () => {
    const startAt = NOW - 60 * 24 * 60 * MIN;
    const batches = Array.from({ length: 40 }, (_, i) => visit("long", i * 250 + 1, (i + 1) * 250, startAt));
    for (const batch of [...batches].reverse()) await record(api, "timeline", batch);
    const nodes: { seq: number; step: number }[] = [];
    let after: string | undefined;
    do {
      const { nodes: some, pageInfo } = await page(500, after);
      nodes.push(...some);
      after = pageInfo.hasNextPage ? pageInfo.endCursor : undefined;
    } while (after);
    expect(nodes).toHaveLength(10_000);
    expect(nodes.every((node, i) => node.seq === i + 1 && node.step === i + 1)).toBe(true);
  });

  test("reads only near the page: page 50 of 100 costs no more than three of its size", async () => {
    let after: string | undefined;
    for (let i = 0; i < 10; i++) after = (await page(500, after)).pageInfo.endCursor;
    api.takeCosts();
    const { nodes } = await page(100, after);
    expect(nodes[0].step).toBe(5_001);
    const units = api.takeCosts().filter((cost) => cost.operation === "Query").reduce(
      (sum, cost) => sum + cost.units,
      0,
    );
    expect(units).toBeLessThan(12);
  });

  test("keeps steps right when an earlier event arrives between two pages", async () => {
    const { pageInfo } = await page(100);
    await record(api, "timeline", [{
      sessionId: "long",
      source: "late",
      seq: 1,
      type: "LATE",
      occurredAt: new Date(NOW - 61 * 24 * 60 * MIN).toISOString(),
    }]);
    const next = await page(2, pageInfo.endCursor);
    expect(next.nodes).toEqual([{ seq: 101, step: 102 }, { seq: 102, step: 103 }]);
  });
});
