import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";

const NOW = Date.UTC(2026, 5, 1, 12, 30);
const MIN = 60_000;
const iso = (at: number) => new Date(at).toISOString();
let api: TestApp;
beforeAll(async () => {
  api = await startTestApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const RECORD = `mutation ($records: [MetricRecordInput]!) { recordMetrics(input: { records: $records }) {
  ... on RecordMetricsPayload { accepted duplicates conflicts rejected receipts { status reason stands } }
  ... on UserError { code message } } }`;
const CORRECT = `mutation ($input: CorrectMetricInput!) { correctMetric(input: $input) { __typename
  ... on CorrectMetricPayload { at value }
  ... on MetricConflictError { stands standsValue isTakenBack } ... on UserError { code message } } }`;
const METRICS = `query ($range: TimeRange!) {
  metrics(sources: [ITEMS], size: ONE_MINUTE, range: $range) { buckets { start count } } }`;

async function ask(tenant: string, query: string, variables: object) {
  const { data, errors } = await api.ask(tenant, query, variables);
  expect(errors).toBeUndefined();
  return data;
}
const recordAll = async (tenant: string, records: readonly unknown[]) =>
  (await ask(tenant, RECORD, { records })).recordMetrics;
const correct = async (tenant: string, input: object) =>
  (await ask(tenant, CORRECT, { input: { source: "ITEMS", recordId: "a", ...input } })).correctMetric;
const item = (recordId: string, at = NOW) => ({ source: "ITEMS", recordId, at: iso(at) });

/** Counts by minutes before now. */
async function counts(tenant: string): Promise<Record<string, number>> {
  await api.settle();
  const range = { between: { from: iso(NOW - 60 * MIN), to: iso(NOW + MIN) } };
  const [{ buckets }] = (await ask(tenant, METRICS, { range })).metrics;
  return Object.fromEntries(
    (buckets as { start: string; count: number }[]).filter(({ count }) => count !== 0)
      .map(({ start, count }) => [(NOW - Date.parse(start)) / MIN, count]),
  );
}

describe("a batch of records", () => {
  test("gets a receipt for each, and one that is wrong holds up no other", async () => {
    await recordAll("receipts", [item("old")]);
    const answer = await recordAll("receipts", [
      item("new"),
      item("ahead", NOW + 20 * MIN),
      item("x".repeat(129)),
      item("old"),
      item("old", NOW - MIN),
      item("new"),
      item("new", NOW - 2 * MIN),
      { ...item("s"), source: "SESSIONS" },
    ]);
    expect([answer.accepted, answer.duplicates, answer.conflicts, answer.rejected]).toEqual([1, 2, 2, 3]);
    expect(answer.receipts).toEqual([
      { status: "ACCEPTED", reason: null, stands: null },
      {
        status: "REJECTED",
        reason: expect.stringContaining("at: must not be more than 10 minutes ahead"),
        stands: null,
      },
      { status: "REJECTED", reason: "recordId: must be 1 to 128 characters, has 129", stands: null },
      { status: "DUPLICATE", reason: null, stands: null },
      { status: "CONFLICT", reason: expect.stringContaining("correctMetric changes it"), stands: iso(NOW) },
      { status: "DUPLICATE", reason: null, stands: null },
      { status: "CONFLICT", reason: expect.stringContaining(iso(NOW)), stands: iso(NOW) },
      { status: "REJECTED", reason: expect.stringContaining("must be one of ITEMS"), stands: null },
    ]);
    expect(await counts("receipts")).toEqual({ 0: 2 });
  });

  // Each as a client, or a queue's message, may send it; beside it one that is right.
  test.each<[string, unknown]>([
    ["record: must be an object", null],
    ["record: must be an object", "ITEMS"],
    ["source: is missing; recordId: is missing; at: must be an RFC 3339 instant", []],
    ["source: is missing; recordId: is missing; at: is missing", {}],
    ["at: must be an RFC 3339 instant", { ...item("b"), at: "yesterday" }],
    ["at: must be an RFC 3339 instant", { ...item("b"), at: "2026-06-01T12:00:00" }],
    ["at: must be an RFC 3339 instant", { ...item("b"), at: null }],
    ["at: must be 1990 or later", { ...item("b"), at: "1970-01-01T00:00:00Z" }],
    ["recordId: must be 1 to 128 characters", { ...item("b"), recordId: "" }],
    ["recordId: must be text, or a whole number", { ...item("b"), recordId: 1.5 }],
    ["recordId: must be well-formed", { ...item("b"), recordId: "\ud800" }],
    ["source: must be text", { ...item("b"), source: 7 }],
    ["source: must be one of", { ...item("b"), source: "Not one" }],
    ["value: must be a number", { ...item("b"), value: "12" }],
    ["value: must be from", { ...item("b"), value: 1e13 }],
    ["dimensions: must be a list", { ...item("b"), dimensions: "DE" }],
    ["dimensions.0: must be an object of key and value", { ...item("b"), dimensions: [null] }],
    ["dimensions.0.value: is missing", { ...item("b"), dimensions: [{ key: "a" }] }],
    ["dimensions: must be at most 5, are 50000", { ...item("b"), dimensions: Array.from({ length: 50_000 }, () => 1) }],
    ["more: is no field of a record", { ...item("b"), more: 1, [`${"x".repeat(200)}\n`]: 1 }],
  ])("tells what is wrong with one (%s), and keeps the others", async (reason, wrong) => {
    const good = item(`good ${reason} ${JSON.stringify(wrong).slice(0, 60)}`.slice(0, 120));
    const { accepted, rejected, receipts } = await recordAll("shapes", [wrong, good]);
    expect([accepted, rejected]).toEqual([1, 1]);
    expect(receipts[0]).toMatchObject({ status: "REJECTED", reason: expect.stringContaining(reason) });
    expect(receipts[0].reason.length).toBeLessThan(500);
  });

  test("may be written into the document, with a variable as a time, and with numbers as ids", async () => {
    const written = `mutation ($at: DateTime!) { recordMetrics(input: { records: [
      { source: ITEMS, recordId: 5, at: $at }, { source: "ITEMS", recordId: "5", at: $at, dimensions: [{ key: "a", value: "b" }] }
    ] }) { ... on RecordMetricsPayload { receipts { status } } } }`;
    const { receipts } = (await ask("written", written, { at: iso(NOW) })).recordMetrics;
    expect(receipts).toEqual([{ status: "ACCEPTED" }, { status: "CONFLICT" }]);
  });

  test("of two times of one id keeps the first, each time", async () => {
    for (let i = 0; i < 30; i++) await recordAll("twice", [item(`t${i}`, NOW - 3 * MIN), item(`t${i}`, NOW - 4 * MIN)]);
    expect(await counts("twice")).toEqual({ 3: 30 });
  });

  test("is written in 20 requests for 500, at two units each, and costs no more than reads where it came before", async () => {
    const records = Array.from({ length: 500 }, (_, i) => item(`r${i}`, NOW - (i % 10) * MIN));
    api.takeCosts();
    await recordAll("cost", records);
    const costs = api.takeCosts();
    expect(costs.map(({ operation }) => operation)).toEqual(Array(20).fill("BatchExecuteStatement"));
    expect(costs.reduce((sum, { units }) => sum + units, 0)).toBeLessThanOrEqual(1_000);
    expect(await recordAll("cost", records)).toMatchObject({ accepted: 0, duplicates: 500 });
    const again = api.takeCosts();
    expect(again.filter(({ operation }) => operation === "BatchGetItem")).toHaveLength(5);
    expect(again.length).toBeLessThanOrEqual(30);
  });

  test("sent by two at once is kept once", async () => {
    const records = Array.from({ length: 100 }, (_, i) => item(`r${i}`));
    const answers = await Promise.all([recordAll("race", records), recordAll("race", [...records].reverse())]);
    expect(answers.reduce((sum, { accepted }) => sum + (accepted as number), 0)).toBe(100);
    expect(await counts("race")).toEqual({ 0: 100 });
  });
});

describe("a correction", () => {
  test("moves a record from one bucket to another, once", async () => {
    await recordAll("move", [item("a"), item("b")]);
    const input = { expectedAt: iso(NOW), at: iso(NOW - 5 * MIN) };
    for (let i = 0; i < 2; i++) {
      expect(await correct("move", input)).toMatchObject({
        __typename: "CorrectMetricPayload",
        at: iso(NOW - 5 * MIN),
      });
      expect(await counts("move")).toEqual({ 0: 1, 5: 1 });
    }
    expect(await correct("move", { ...input, at: iso(NOW - 6 * MIN) })).toMatchObject({
      code: "VERSION_CONFLICT",
      stands: iso(NOW - 5 * MIN),
    });
    expect(await recordAll("move", [item("a")])).toMatchObject({ conflicts: 1 });
  });

  test("takes a record back, and it does not come again when it is sent again", async () => {
    await recordAll("back", [item("a")]);
    expect(await correct("back", { expectedAt: iso(NOW) })).toMatchObject({
      __typename: "CorrectMetricPayload",
      at: null,
    });
    expect(await counts("back")).toEqual({});
    expect(await recordAll("back", [item("a")])).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(await counts("back")).toEqual({});
    // Who did not see that it was taken back does not bring it back.
    const move = { expectedAt: iso(NOW), at: iso(NOW - MIN) };
    expect(await correct("back", move)).toMatchObject({
      ...{ code: "VERSION_CONFLICT", stands: iso(NOW), isTakenBack: true },
      message: expect.stringContaining("`isTakenBack: true` brings it back"),
    });
    expect(await counts("back")).toEqual({});
    for (let i = 0; i < 2; i++) {
      expect(await correct("back", { ...move, isTakenBack: true })).toMatchObject({ at: iso(NOW - MIN) });
    }
    expect(await counts("back")).toEqual({ 1: 1 });
  });

  test("and another at once: one of them is done, and the other is told what stands", async () => {
    const [move, takeBack] = [{ expectedAt: iso(NOW), at: iso(NOW - MIN) }, { expectedAt: iso(NOW) }];
    const number = (value: number) => ({ expectedAt: iso(NOW), at: iso(NOW), expectedValue: 5, value });
    const pairs = [[move, takeBack], [takeBack, move], [number(6), number(7)], [number(6), takeBack]];
    for (let i = 0; i < 12; i++) {
      const tenant = `pair${i}`;
      await recordAll(tenant, [{ ...item("a"), value: 5 }]);
      const answers = await Promise.all(pairs[i % pairs.length]!.map((input) => correct(tenant, input)));
      const done = answers.filter(({ __typename }) => __typename === "CorrectMetricPayload");
      const [conflict] = answers.filter(({ code }) => code === "VERSION_CONFLICT");
      expect(done.length + (conflict ? 1 : 0)).toBe(2);
      // To take back what somebody gave another number says nothing of its number.
      if (i % pairs.length !== 3) expect(conflict).toBeDefined();
      if (conflict) {
        const [{ at, value }] = done;
        expect(conflict.isTakenBack).toBe(at === null);
        expect([conflict.stands, conflict.standsValue]).toEqual([at ?? iso(NOW), value]);
      }
    }
  });

  test("of what is not there, or to a time ahead, is refused with the reason", async () => {
    expect(await correct("none", { expectedAt: iso(NOW) })).toMatchObject({ code: "NOT_FOUND" });
    expect(await correct("none", { expectedAt: iso(NOW), at: iso(NOW + 20 * MIN) })).toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringContaining("at: must not be more than 10 minutes ahead"),
    });
  });
});
