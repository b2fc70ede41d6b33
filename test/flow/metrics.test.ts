import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { record, visit } from "../kit/journeys.ts";
import { mutate } from "../kit/sessions.ts";

const NOW = Date.UTC(2026, 5, 1, 12, 30);
const MIN = 60_000;
const HOUR = 60 * MIN;
let api: TestApp;

beforeAll(async () => {
  api = await startTestApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const iso = (at: number) => new Date(at).toISOString();
const RECORD = `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) { __typename
  ... on RecordMetricsPayload { accepted duplicates } ... on InvalidInputError { code fields { path message } } } }`;
const METRICS = `query ($sources: [MetricSource!]!, $size: BucketSize!, $range: TimeRange!) {
  metrics(sources: $sources, size: $size, range: $range) { source size total buckets { start end count closed version } } }`;

type Bucket = { start: string; end: string; count: number; closed: boolean; version: string };

async function recordAll(tenant: string, records: object[]) {
  const answer = await api.ask(tenant, RECORD, { records });
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data.recordMetrics;
}

async function seriesOf(
  tenant: string,
  source: string,
  size: string,
  from: number,
  to: number,
): Promise<{ total: number; buckets: Bucket[] }> {
  const answer = await api.ask(tenant, METRICS, {
    sources: [source],
    size,
    range: { between: { from: iso(from), to: iso(to) } },
  });
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data.metrics[0];
}

const filled = (buckets: Bucket[]) =>
  Object.fromEntries(buckets.filter(({ count }) => count !== 0).map(({ start, count }) => [start, count]));

describe("records", () => {
  const records = Array.from(
    { length: 300 },
    (_, i) => ({ source: "ITEMS", recordId: `r${i}`, at: iso(NOW - 100 * MIN + i * 17_000) }),
  );

  test("are counted once each in one bucket of every size, by their own time, however often they come", async () => {
    expect(await recordAll("r", records)).toEqual({ __typename: "RecordMetricsPayload", accepted: 300, duplicates: 0 });
    expect(await recordAll("r", [...records].reverse())).toMatchObject({ accepted: 0, duplicates: 300 });
    await api.settle();
    for (
      const [size, minutes] of [["ONE_MINUTE", 1], ["FIVE_MINUTES", 5], ["FIFTEEN_MINUTES", 15], [
        "ONE_HOUR",
        60,
      ]] as const
    ) {
      const { total, buckets } = await seriesOf("r", "ITEMS", size, NOW - 3 * HOUR, NOW);
      const counted = Map.groupBy(
        records,
        ({ at }) => iso(Math.floor(Date.parse(at) / (minutes * MIN)) * minutes * MIN),
      );
      expect(filled(buckets)).toEqual(Object.fromEntries([...counted].map(([start, own]) => [start, own.length])));
      expect(total).toBe(300);
      expect(
        buckets.every(({ start, end }, i) =>
          Date.parse(end) - Date.parse(start) === minutes * MIN && (i === 0 || start === buckets[i - 1]!.end)
        ),
      ).toBe(true);
    }
  });

  test("delivered again from the beginning, cut anew and by another process, change no bucket", async () => {
    const before = await seriesOf("r", "ITEMS", "ONE_MINUTE", NOW - 3 * HOUR, NOW);
    const other = await startTestApp({ system: api.system, clock: () => NOW });
    await other.settle();
    expect(await seriesOf("r", "ITEMS", "ONE_MINUTE", NOW - 3 * HOUR, NOW)).toEqual(before);
    await recordAll("r", [{ source: "ITEMS", recordId: "late", at: iso(NOW - 100 * MIN) }]);
    await Promise.all([api.settle(), other.settle()]);
    await other.stop();
    const after = await seriesOf("r", "ITEMS", "ONE_MINUTE", NOW - 3 * HOUR, NOW);
    expect(after.total).toBe(301);
    const changed = after.buckets.filter(({ version }, i) => version > before.buckets[i]!.version);
    expect(changed.map(({ start }) => start)).toEqual([iso(NOW - 100 * MIN)]);
  });

  test("of one tenant are nobody else's", async () => {
    expect((await seriesOf("other", "ITEMS", "ONE_HOUR", NOW - 3 * HOUR, NOW)).total).toBe(0);
  });

  test("cost the same write however many were counted before; an hour's first also its place in the list of hours", async () => {
    const write = async (id: string) => {
      await recordAll("cost", [{ source: "TASKS", recordId: id, at: iso(NOW) }]);
      api.takeCosts();
      await api.settle();
      return api.takeCosts().map(({ operation, units }) => `${operation} ${units}`);
    };
    expect(await write("first")).toEqual(["UpdateItem 2"]);
    expect(await write("a")).toEqual(["UpdateItem 1"]);
    for (let i = 0; i < 4; i++) {
      await recordAll(
        "cost",
        Array.from(
          { length: 500 },
          (_, j) => ({ source: "TASKS", recordId: `${i}-${j}`, at: iso(NOW - (j % 20) * MIN) }),
        ),
      );
    }
    await api.settle();
    expect(await write("b")).toEqual(["UpdateItem 1"]);
  });
});

describe("what the service keeps itself", () => {
  test("is counted from its tables: journeys and their events, sessions and motion, each by its own time", async () => {
    const start = NOW - 50 * MIN;
    const events = visit("j", 1, 40, start);
    await record(api, "own", events.slice(20));
    await record(api, "own", events);
    for (const [i, minutes] of [50, 48, 20, 49, 19].entries()) {
      await mutate(api, "own", "recordMotion", { sensorId: "m", seq: i + 1, at: iso(NOW - minutes * MIN) });
    }
    await mutate(api, "own", "recordMotion", { sensorId: "m", seq: 1, at: iso(NOW - 50 * MIN) });
    await api.settle();
    const of = async (source: string) => filled((await seriesOf("own", source, "ONE_MINUTE", NOW - HOUR, NOW)).buckets);
    const minuteOf = (at: string) => iso(Math.floor(Date.parse(at) / MIN) * MIN);
    const byMinute = Map.groupBy(events, ({ occurredAt }) => minuteOf(occurredAt));
    expect(await of("JOURNEY_EVENTS")).toEqual(
      Object.fromEntries([...byMinute].map(([minute, own]) => [minute, own.length])),
    );
    // The journey moved to where it really began.
    expect(await of("JOURNEYS")).toEqual({ [minuteOf(events[0]!.occurredAt)]: 1 });
    expect(await of("MOTION_EVENTS")).toEqual(
      Object.fromEntries([50, 49, 48, 20, 19].map((minutes) => [iso(NOW - minutes * MIN), 1])),
    );
    expect(await of("SESSIONS")).toEqual({ [iso(NOW - 50 * MIN)]: 1, [iso(NOW - 20 * MIN)]: 1 });
  });
});

describe("bad input", () => {
  test.each([
    ["501 records", Array.from({ length: 501 }, (_, i) => ({ source: "ITEMS", recordId: `${i}`, at: iso(NOW) })), [
      "records",
    ], "must hold 1 to 500 records, has 501"],
    ["no record", [], ["records"], "must hold 1 to 500 records, has 0"],
  ])("%s: refused, the field named, nothing kept", async (_name, records, path, message) => {
    expect(await recordAll("bad", records)).toMatchObject({
      __typename: "InvalidInputError",
      fields: [{ path, message: expect.stringContaining(message) }],
    });
    await api.settle();
    expect((await seriesOf("bad", "ITEMS", "ONE_HOUR", NOW - HOUR, NOW)).total).toBe(0);
  });

  test("a range of more than 2,200 buckets, one that ends before it starts, and no source are refused", async () => {
    const ask = async (variables: object) =>
      (await api.ask("bad", METRICS, { sources: ["ITEMS"], size: "ONE_MINUTE", range: { last: "DAY" }, ...variables }))
        .errors?.[0]?.message;
    expect(await ask({ range: { last: "WEEK" } })).toContain(
      "range: holds 10081 buckets of ONE_MINUTE; at most 2200 are given: ask for FIVE_MINUTES, or a shorter range",
    );
    expect(await ask({ range: { last: "QUARTER" } })).toContain("ask for ONE_HOUR");
    expect(await ask({ range: { last: "QUARTER" }, size: "ONE_HOUR" })).toBeUndefined();
    expect(await ask({ range: { between: { from: iso(NOW), to: iso(NOW - 1) } } })).toContain(
      "range.between.to: must be later than `from`",
    );
    expect(await ask({ sources: [] })).toContain("sources: must name at least one source");
    expect(await ask({ sources: ["NOTHING"] })).toContain("NOTHING");
    expect(await ask({})).toBeUndefined();
  });
});
