import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { openSse } from "../kit/sse.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 5, 1, 12, 30);
const iso = (at: number) => new Date(at).toISOString();
let api: TestApp;
let tenants = 0;

beforeAll(async () => {
  api = await startTestApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const OF = "count values sum min max average";
const FOLLOW = `subscription ($by: String, $after: String, $size: BucketSize!) {
  metricBuckets(sources: ["shop.sold", "JOURNEYS"], size: $size, by: $by, after: $after) {
    cursor bucket { source start ${OF} } parts { dimension { key value } bucket { start ${OF} } } } }`;
const SERIES =
  `query ($range: TimeRange!) { metrics(sources: ["shop.sold"], size: ONE_MINUTE, by: "country", range: $range) {
  dimension { value } buckets { start ${OF} } } }`;

type Shown = { start: string; count: number; sum: number | null };
type Update = { cursor: string; bucket: Shown & { source: string }; parts: { dimension: object; bucket: Shown }[] };

async function record(tenant: string, recordId: string, minutesAgo: number, country?: string, value?: number) {
  const dimensions = country === undefined ? [] : [{ key: "country", value: country }];
  const one = { source: "shop.sold", recordId, at: iso(NOW - minutesAgo * MINUTE), dimensions, value };
  const query = `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) { __typename
    ... on RecordMetricsPayload { accepted } } }`;
  expect((await api.ask(tenant, query, { records: [one] })).data.recordMetrics.accepted).toBe(1);
  await api.settle();
}

async function follow(tenantId: string, more: { by?: string; after?: string; size?: string } = {}) {
  const variables = { by: "country", size: "ONE_MINUTE", ...more };
  const stream = await openSse<{ metricBuckets: Update }>(api, { tenantId, query: FOLLOW, variables });
  return {
    leave: stream.leave,
    next: async () => (await stream.next())!.data!.metricBuckets,
    async take(n: number) {
      const all: Update[] = [];
      while (all.length < n) all.push((await stream.next())!.data!.metricBuckets);
      return all;
    },
  };
}
const short = ({ parts }: Update) =>
  parts.map(({ dimension, bucket }) => [(dimension as { value: string }).value, bucket.count, bucket.sum]);

describe("metricBuckets by a dimension", () => {
  test("gives each bucket whole and by each value, the same as the series of `metrics`", async () => {
    const tenant = `t${tenants++}`;
    await record(tenant, "a", 5, "NP", 2.5);
    await record(tenant, "b", 5, "NL", 1);
    await record(tenant, "c", 5, "NP", 4);
    await record(tenant, "d", 5, undefined, 7);
    await record(tenant, "e", 90, "IN");
    const stream = await follow(tenant);
    const given = await stream.take(242);
    await stream.leave();
    const range = { between: { from: iso(NOW - 2 * HOUR), to: iso(NOW + MINUTE) } };
    const { data } = await api.ask(tenant, SERIES, { range });
    const expected = data.metrics.flatMap((own: { dimension: { value: string }; buckets: Shown[] }) =>
      own.buckets.filter(({ count }) => count > 0).map((bucket) => ({ value: own.dimension.value, ...bucket }))
    );
    const found = given.flatMap(({ parts }) =>
      parts.map(({ dimension, bucket }: Loose) => ({ value: dimension.value, ...bucket }))
    );
    const inOrder = (all: { value: string; start: string }[]) =>
      all.sort((a, b) => (a.start + a.value < b.start + b.value ? -1 : 1));
    expect(inOrder(found)).toEqual(inOrder(expected));
    const five = given.find(({ bucket }) => bucket.start === iso(NOW - 5 * MINUTE) && bucket.source === "shop.sold")!;
    expect(five.bucket).toMatchObject({ count: 4, values: 4, sum: 14.5 });
    expect(short(five)).toEqual([["NP", 2, 6.5], ["NL", 1, 1]]);
    expect(given.filter(({ bucket }) => bucket.source === "JOURNEYS").flatMap(({ parts }) => parts)).toEqual([]);
  });

  test("pushes what changes as it is now: another value, one of a late hour, and one that is gone", async () => {
    const tenant = `t${tenants++}`;
    const stream = await follow(tenant, { size: "ONE_HOUR" });
    await stream.take(6);
    await record(tenant, "a", 5, "NP", 2);
    expect(short(await stream.next())).toEqual([["NP", 1, 2]]);
    await record(tenant, "b", 6, "NL");
    expect(short(await stream.next())).toEqual([["NL", 1, null], ["NP", 1, 2]]);
    await record(tenant, "c", 60 * 24, "IN", 3);
    expect(short(await stream.next())).toEqual([["IN", 1, 3]]);
    const correct = `mutation ($input: CorrectMetricInput!) { correctMetric(input: $input) { __typename } }`;
    const input = { source: "shop.sold", recordId: "b", expectedAt: iso(NOW - 6 * MINUTE), at: null };
    await api.ask(tenant, correct, { input });
    await api.settle();
    const last = await stream.next();
    expect(short(last)).toEqual([["NP", 1, 2]]);
    await stream.leave();
    await record(tenant, "d", 7, "US", 1);
    const again = await follow(tenant, { size: "ONE_HOUR", after: last.cursor });
    // What was counted late within the last seconds may come again.
    expect(short((await again.take(2)).at(-1)!)).toEqual([["NP", 1, 2], ["US", 1, 1]]);
    await again.leave();
  });

  test("gives no parts where nobody asks, and says what a key is", async () => {
    const tenant = `t${tenants++}`;
    await record(tenant, "a", 5, "NP");
    const query =
      `subscription { metricBuckets(sources: ["shop.sold"], size: ONE_HOUR) { bucket { count } parts { bucket { count } } } }`;
    const stream = await openSse<{ metricBuckets: Update }>(api, { tenantId: tenant, query, variables: {} });
    for (let i = 0; i < 3; i++) expect((await stream.next())!.data!.metricBuckets.parts).toEqual([]);
    await stream.leave();
    const headers = {
      ...{ "content-type": "application/json", accept: "text/event-stream" },
      authorization: `Bearer ${await api.token(tenant)}`,
    };
    const body = JSON.stringify({ query: FOLLOW, variables: { by: "a country", size: "ONE_HOUR" } });
    const wrong = await api.http.fetch(new Request("http://127.0.0.1/graphql", { method: "POST", headers, body }));
    expect(await wrong.text()).toMatch(/by: must be 1 to 32 of A-Z/);
  });

  test("costs a query more of each source that has records, for all who follow the same", async () => {
    const tenant = `t${tenants++}`;
    await record(tenant, "a", 5, "NP");
    const queriesOf = async (by?: string) => {
      api.takeCosts();
      const query =
        `subscription ($by: String) { metricBuckets(sources: ["shop.sold", "JOURNEYS"], size: ONE_HOUR, by: $by) { parts { bucket { count } } } }`;
      const stream = await openSse<{ metricBuckets: Update }>(api, { tenantId: tenant, query, variables: { by } });
      await stream.next();
      await stream.leave();
      return api.takeCosts().filter(({ operation }) => operation === "Query").length;
    };
    // Of each source its hours, and what others noted of hours that no feed shows any more.
    expect(await queriesOf()).toBe(4);
    expect(await queriesOf("country")).toBe(5);
  });
});

// oxlint-disable-next-line no-explicit-any
type Loose = any;
