import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createQueues } from "../../api/aws/queues.ts";
import { createPump } from "../../api/local/pump.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { dumpTable, itemsOf } from "../kit/dump.ts";
import { dumpEvents } from "../kit/dump-objects.ts";
import { type EventInput, record, visit } from "../kit/journeys.ts";
import { silentLog, startTestSystem, type TestSystem } from "../kit/local.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;
const FROM = NOW - 6 * HOUR;
const T = "shop";
let system: TestSystem;
let api: TestApp;

beforeAll(async () => {
  system = await startTestSystem();
  api = await startTestApp({ system, clock: () => NOW });
});
afterAll(async () => {
  await api.stop();
  await system.stop();
});

const ERASE = `mutation ($visitorId: String!) { eraseVisitor(input: { visitorId: $visitorId }) { __typename
  ... on EraseVisitorPayload { receiptId journeys events objectsRewritten } ... on UserError { code message } } }`;
const BACKFILL =
  `mutation ($range: TimeRange!, $dryRun: Boolean!) { backfillJourneys(input: { range: $range, dryRun: $dryRun }) {
  ... on BackfillJourneysPayload { objectsRead eventsRead journeysCreated journeysChanged journeysUnchanged } } }`;
const AUDIT = `mutation ($source: MetricSource!, $range: TimeRange!) {
  auditMetrics(input: { source: $source, range: $range }) { ... on AuditMetricsPayload { recordsCounted differences { recounted } } } }`;
const TOTALS =
  `query ($range: TimeRange!) { metrics(sources: [JOURNEYS, JOURNEY_EVENTS], size: ONE_MINUTE, range: $range) {
  source total buckets { start count } } }`;
const JOURNEYS = `query ($range: TimeRange!, $visitorId: String) {
  journeys(filter: { range: $range, visitorId: $visitorId }, first: 40) { nodes {
    sessionId visitorId eventCount firstQuestion outcome events(first: 60) { nodes { seq type page text step } } } } }`;
const range = { between: { from: new Date(FROM).toISOString(), to: new Date(NOW).toISOString() } };

async function ask(query: string, variables: object = {}, tenant = T) {
  const { data, errors } = await api.ask(tenant, query, { range, ...variables });
  if (errors) throw new Error(JSON.stringify(errors));
  return Object.values(data)[0] as any; // oxlint-disable-line no-explicit-any
}
const erase = (visitorId: string, tenant = T) => ask(ERASE, { visitorId }, tenant);
const journeysOf = async (tenant = T, visitorId?: string) =>
  (await ask(JOURNEYS, { visitorId }, tenant)).nodes as { sessionId: string; eventCount: number }[];

/** Everything that is there, but for the buckets' versions. */
const dump = async (tenant: string) =>
  JSON.stringify([await dumpTable(system, "journeys"), await dumpEvents(system, tenant)]);

async function fill(tenant: string): Promise<EventInput[]> {
  const batches = Array.from({ length: 12 }, (_, i) => [
    ...visit(`s${i}`, 1, 20, FROM + i * 600_000, { visitorId: i % 3 === 0 ? "gone" : `kept-${i}` }),
    ...visit(`s${(i + 1) % 12}`, 15, 30, FROM + ((i + 1) % 12) * 600_000, {
      visitorId: (i + 1) % 12 % 3 === 0 ? "gone" : `kept-${(i + 1) % 12}`,
    }),
  ]);
  for (const batch of batches) await record(api, tenant, batch);
  return batches.flat();
}

const isGone = ({ visitorId }: { visitorId?: string | undefined }) => visitorId === "gone";
const distinct = (events: readonly EventInput[]) => [
  ...new Map(events.map((event) => [`${event.sessionId} ${event.seq}`, event])).values(),
];

describe("erasing a visitor", () => {
  let events: EventInput[];
  let receipt: object;
  beforeAll(async () => {
    events = await fill(T);
    await api.settle();
  });

  test("removes journeys, raw events and counts, and leaves everything else as it was", async () => {
    const kept = (await journeysOf()).filter(({ sessionId }) => Number(sessionId.slice(1)) % 3 !== 0);
    const itemsBefore = (await dumpTable(system, "journeys")).filter((item) => !/"S":"s(0|3|6|9)#/.test(item));
    const objectsBefore = await dumpEvents(system, T);
    receipt = await erase("gone");
    expect(receipt).toEqual({
      __typename: "EraseVisitorPayload",
      receiptId: expect.stringMatching(/^[0-9a-f]{24}-1$/),
      journeys: 4,
      events: 120,
      objectsRewritten: 8,
    });
    await api.settle();

    expect(await journeysOf()).toEqual(kept);
    expect(await journeysOf(T, "gone")).toEqual([]);
    for (const id of ["s0", "s3"]) {
      expect((await api.ask(T, `{ journey(sessionId: "${id}") { id } }`)).data.journey).toBeNull();
    }
    const after = await dumpTable(system, "journeys");
    expect(after.filter((item) => itemsBefore.includes(item))).toEqual(itemsBefore);
    expect(JSON.stringify(await itemsOf(system, "journeys"))).not.toContain("gone");
    // Four tombstones, the receipt and its four sessions.
    expect(after).toHaveLength(itemsBefore.length + 9);
    const stays = (line: string) => !isGone(JSON.parse(line) as EventInput);
    const objectsAfter = await dumpEvents(system, T);
    expect(objectsAfter.map(({ key, lines }) => ({ key, lines }))).toEqual(
      objectsBefore.map(({ key, lines }) => ({ key, lines: lines.filter(stays) })),
    );
    expect(objectsAfter.map(({ metadata }) => metadata["received-at"])).toEqual(
      objectsBefore.map(({ metadata }) => metadata["received-at"]),
    );
  });

  test("takes exactly its journeys and events out of every bucket, and the audit finds no difference", async () => {
    const rest = distinct(events).filter((event) => !isGone(event));
    const [journeys, counted] = await ask(TOTALS);
    expect([journeys.total, counted.total]).toEqual([8, 240]);
    const byMinute = Map.groupBy(rest, ({ occurredAt }) => `${occurredAt.slice(0, 16)}:00.000Z`);
    expect(
      Object.fromEntries(
        counted.buckets.filter((b: { count: number }) => b.count !== 0)
          .map((b: { start: string; count: number }) => [b.start, b.count]),
      ),
    ).toEqual(Object.fromEntries([...byMinute].map(([minute, own]) => [minute, own.length])));
    for (const source of ["JOURNEYS", "JOURNEY_EVENTS"]) {
      expect(await ask(AUDIT, { source })).toMatchObject({
        differences: [],
        recordsCounted: source === "JOURNEYS" ? 8 : 240,
      });
    }
  });

  test("again gives the same receipt and changes nothing", async () => {
    const before = await dump(T);
    expect(await erase("gone")).toEqual(receipt);
    await api.settle();
    expect(await dump(T)).toBe(before);
  });

  test("is not undone by the backfill", async () => {
    const before = await dump(T);
    for (const dryRun of [true, false]) {
      expect(await ask(BACKFILL, { dryRun })).toMatchObject({
        journeysCreated: 0,
        journeysChanged: 0,
        journeysUnchanged: 8,
      });
    }
    expect(await dump(T)).toBe(before);
  });

  test("is not undone by batches that come again, as they were or cut anew: they are refused, and stored nowhere", async () => {
    const own = visit("s3", 1, 30, FROM + 1_800_000, { visitorId: "gone" });
    const kept = visit("s4", 1, 30, FROM + 2_400_000, { visitorId: "kept-4" });
    const before = await dumpTable(system, "journeys");
    const batches = [[...own.slice(0, 20), ...kept.slice(14)], own.slice(3, 25), [...own.slice(7), ...kept]];
    for (const batch of batches) {
      const { receipts } = await record(api, T, batch);
      expect(receipts).toEqual(
        batch.map((event) =>
          isGone(event)
            ? {
              status: "REJECTED",
              code: "SESSION_ERASED",
              reason: "sessionId: its visitor was erased; begin a new session",
            }
            : { status: "DUPLICATE", code: null, reason: null }
        ),
      );
    }
    expect(await dumpTable(system, "journeys")).toEqual(before);
    expect((await dumpEvents(system, T)).flatMap(({ lines }) => lines).filter((line) => line.includes("gone"))).toEqual(
      [],
    );
    expect(await erase("gone")).toEqual(receipt);
  });

  test("is not undone by the queue, and what it refuses is not kept on the dead-letter queue", async () => {
    const queues = createQueues(system.clients.sqs);
    const drain = createPump({ queues, queueName: "test-ingest", handle: api.app.ingest, log: silentLog });
    const batch = [
      ...visit("s6", 1, 3, FROM, { visitorId: "gone" }),
      ...visit("queued", 1, 2, FROM, { visitorId: "kept" }),
    ];
    await queues.send("test-ingest", JSON.stringify({ tenant: T, events: batch }));
    await drain.drain();
    expect(await queues.receive("test-ingest-dead")).toEqual([]);
    expect((await journeysOf(T, "kept")).map(({ eventCount }) => eventCount)).toEqual([2]);
    expect(JSON.stringify(await dumpEvents(system, T))).not.toContain("gone");
  });

  test("does not forbid a new session: that is new data, and erased again under a receipt of its own", async () => {
    expect(await record(api, T, visit("back", 1, 7, FROM, { visitorId: "gone" }))).toMatchObject({ accepted: 7 });
    expect(await journeysOf(T, "gone")).toHaveLength(1);
    expect(await erase("gone")).toMatchObject({
      receiptId: expect.stringMatching(/-2$/),
      journeys: 1,
      events: 7,
      objectsRewritten: 1,
    });
    expect(await erase("gone")).toMatchObject({ receiptId: expect.stringMatching(/-2$/) });
    expect(await journeysOf(T, "gone")).toEqual([]);
  });
});

describe("a visitor who is named in somebody else's journey", () => {
  test("goes from it by name only: the journey and its events stay", async () => {
    const first = visit("shared", 1, 5, FROM, { visitorId: "first" });
    const second = visit("shared", 6, 9, FROM, { visitorId: "second" });
    await record(api, "two", [...first, ...second]);
    await api.settle();
    const [before] = await journeysOf("two");
    expect(await erase("second", "two")).toMatchObject({ journeys: 0, events: 0, objectsRewritten: 1 });
    await api.settle();
    const [after] = await journeysOf("two");
    expect(after).toEqual(before);
    expect(JSON.stringify(await dumpEvents(system, "two"))).not.toContain("second");
    expect((await ask(TOTALS, {}, "two")).map(({ total }: { total: number }) => total)).toEqual([1, 9]);
    expect(await ask(BACKFILL, { dryRun: true }, "two")).toMatchObject({ journeysUnchanged: 1 });
  });
});

describe("bad input", () => {
  test.each([["of whom nothing is known", "nobody"], ["without an id", ""], ["with an id too long", "x".repeat(129)]])(
    "a visitor %s is not found, and nothing is written",
    async (_, visitorId) => {
      const before = await dump(T);
      expect(await erase(visitorId)).toEqual({
        __typename: "NotFoundError",
        code: "NOT_FOUND",
        message: "There is no such visitor.",
      });
      expect(await dump(T)).toBe(before);
    },
  );

  test("a visitor of another tenant is not found", async () => {
    await record(api, "theirs", visit("x", 1, 3, FROM, { visitorId: "shared-name" }));
    expect(await erase("shared-name")).toMatchObject({ code: "NOT_FOUND" });
    expect(await journeysOf("theirs")).toHaveLength(1);
  });

  test("it needs the scope admin, and the index", async () => {
    const refused = await api.ask(T, ERASE, { visitorId: "x" }, ["JOURNEYS_READ", "JOURNEYS_WRITE"]);
    expect(refused.errors?.[0]!.extensions).toMatchObject({ code: "FORBIDDEN" });
    const off = await startTestApp({ system, clock: () => NOW, env: { JOURNEYS_INDEX: "off" } });
    const { errors } = await off.ask(T, ERASE, { visitorId: "x" });
    await off.stop();
    expect(errors?.[0]!.extensions).toMatchObject({ code: "JOURNEYS_NOT_INDEXED" });
  });
});

test("the log tells of an erasure by its receipt, never by the visitor", async () => {
  const lines: string[] = [];
  const write = (message: string, fields: object = {}) => void lines.push(JSON.stringify({ message, ...fields }));
  const log = { debug: write, info: write, warn: write, error: write };
  const logged = await startTestApp({ system, clock: () => NOW, log });
  await record(logged, "quiet", visit("loud", 1, 3, FROM, { visitorId: "somebody" }));
  const { data } = await logged.ask("quiet", ERASE, { visitorId: "somebody" });
  await logged.stop();
  expect(lines.filter((line) => line.includes(data.eraseVisitor.receiptId)).length).toBeGreaterThanOrEqual(3);
  expect(lines.join("\n")).not.toMatch(/somebody|loud/);
});
