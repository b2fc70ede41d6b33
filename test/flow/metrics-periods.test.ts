import { Temporal } from "temporal-polyfill";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";

const NOW = Date.UTC(2026, 10, 2, 18, 7);
let api: TestApp;
beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const iso = (at: number) => new Date(at).toISOString();
const SERIES = `query ($sources: [MetricSource!]!, $size: BucketSize!, $range: TimeRange!, $timeZone: TimeZone) {
  metrics(sources: $sources, size: $size, range: $range, timeZone: $timeZone) {
    total buckets { start end count sum max closed version } } }`;
type Bucket = { start: string; end: string; count: number; sum: number | null; closed: boolean };

async function seriesOf(tenant: string, size: string, timeZone: string | undefined, from: number, to: number) {
  const range = { between: { from: iso(from), to: iso(to) } };
  const answer = await api.ask(tenant, SERIES, { sources: ["TASKS"], size, range, timeZone });
  if (answer.errors) throw new Error(answer.errors[0]!.message);
  return answer.data.metrics[0] as { total: number; buckets: Bucket[] };
}

/** A record in each 7 minutes around every change of a clock that these zones have. */
const MOMENTS = [
  Date.UTC(2026, 2, 8),
  Date.UTC(2026, 2, 29),
  Date.UTC(2026, 3, 5),
  Date.UTC(2026, 9, 25),
  Date.UTC(2026, 10, 1),
]
  .flatMap((at) => Array.from({ length: 400 }, (_, i) => at - 20 * 3_600_000 + i * 7 * 60_000));

describe("buckets of a calendar", () => {
  beforeAll(async () => {
    for (let from = 0; from < MOMENTS.length; from += 500) {
      const records = MOMENTS.slice(from, from + 500).map((at, i) => ({
        ...{ source: "TASKS", recordId: `r${from + i}`, at: iso(at), value: 1 },
      }));
      await api.ask(
        "t",
        `mutation ($r: [MetricRecordInput!]!) { recordMetrics(input: { records: $r }) { __typename } }`,
        {
          r: records,
        },
      );
    }
    await api.settle();
  });

  test.each(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"])(
    "in %s hold what its clock says, over each change of it",
    async (zone) => {
      for (const size of ["DAY", "WEEK", "MONTH"]) {
        const { buckets, total } = await seriesOf("t", size, zone, Date.UTC(2026, 2, 1), NOW);
        const expected = new Map<string, number>();
        for (const at of MOMENTS) {
          const day = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDate();
          const first = size === "DAY"
            ? day
            : size === "WEEK"
            ? day.subtract({ days: day.dayOfWeek - 1 })
            : day.with({ day: 1 });
          const start = iso(first.toZonedDateTime(zone).epochMilliseconds);
          expected.set(start, (expected.get(start) ?? 0) + 1);
        }
        expect(new Map(buckets.filter(({ count }) => count > 0).map(({ start, count }) => [start, count]))).toEqual(
          expected,
        );
        expect(buckets.every(({ count, sum }) => count === (sum ?? 0))).toBe(true);
        expect(total).toBe(MOMENTS.length);
        // Without gaps, and the last one is not over.
        expect(buckets.slice(1).map(({ start }) => start)).toEqual(buckets.slice(0, -1).map(({ end }) => end));
        expect(buckets.at(-1)!.closed).toBe(false);
      }
    },
  );

  test("are UTC's where no zone is named, and of at most 400 days", async () => {
    const { buckets } = await seriesOf("t", "DAY", undefined, Date.UTC(2026, 2, 8), Date.UTC(2026, 2, 9));
    expect(buckets.map(({ start }) => start)).toEqual(["2026-03-08T00:00:00.000Z"]);
    await expect(seriesOf("t", "MONTH", "UTC", Date.UTC(2020, 1, 1), NOW)).rejects.toThrow(
      /^range: is longer than the 400 days/,
    );
  });

  test("answer a quarter at every size that can, and name one that can at the others", async () => {
    const last = (size: string) =>
      api.ask("t", `{ metrics(sources: [TASKS], size: ${size}, range: { last: QUARTER }) { total } }`);
    for (const size of ["ONE_HOUR", "DAY", "WEEK", "MONTH"]) expect((await last(size)).errors).toBeUndefined();
    for (const size of ["FIVE_MINUTES", "FIFTEEN_MINUTES"]) {
      expect((await last(size)).errors![0]!.message).toMatch(/ask for ONE_HOUR, or a shorter range$/);
    }
  });

  test("are not pushed: what is pushed are the buckets that they are sums of", async () => {
    const response = await api.http.fetch(
      new Request("http://127.0.0.1/graphql", {
        method: "POST",
        headers: {
          ...{ "content-type": "application/json", accept: "text/event-stream" },
          authorization: `Bearer ${await api.token("t")}`,
        },
        body: JSON.stringify({ query: "subscription { metricBuckets(sources: [TASKS], size: DAY) { cursor } }" }),
      }),
    );
    expect(await response.text()).toMatch(/size: must be ONE_HOUR or less/);
  });
});
