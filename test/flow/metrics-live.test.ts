import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { type TestSystem } from "../kit/local.ts";
import { startMemorySystem } from "../kit/memory-system.ts";
import { openSse } from "../kit/sse.ts";

const MIN = 60_000;
const NOW = Date.UTC(2026, 5, 1, 12, 30);
let system: TestSystem;
/** Two processes' worth of service over one store. */
let api: TestApp;
let other: TestApp;

beforeAll(async () => {
  system = await startMemorySystem({ clock: () => NOW });
  api = await startTestApp({ system, clock: () => NOW });
  other = await startTestApp({ system, clock: () => NOW });
});
afterAll(async () => {
  await api.stop();
  await other.stop();
  await system.stop();
});

const iso = (at: number) => new Date(at).toISOString();
const SUBSCRIBE = `subscription ($sources: [MetricSource!]!, $size: BucketSize!, $after: String) {
  metricBuckets(sources: $sources, size: $size, after: $after) { cursor bucket { source start count version } } }`;
const METRICS = `query ($sources: [MetricSource!]!, $size: BucketSize!, $range: TimeRange!) {
  metrics(sources: $sources, size: $size, range: $range) { buckets { source start count version } } }`;

type Bucket = { source: string; start: string; count: number; version: string };
type Update = { metricBuckets: { cursor: string; bucket: Bucket } };
let ids = 0;

/** Records that happened so many minutes ago. */
async function count(on: TestApp, tenant: string, source: string, minutesAgo: number[]) {
  const records = minutesAgo.map((minutes) => ({ source, recordId: `r${ids++}`, at: iso(NOW - minutes * MIN) }));
  await on.ask(
    tenant,
    `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) { __typename } }`,
    { records },
  );
  await on.settle();
}

async function subscribe(
  on: TestApp,
  tenantId: string,
  variables: { sources?: string[]; size?: string; after?: string | undefined } = {},
) {
  const given = { sources: ["ITEMS"], size: "ONE_MINUTE", ...variables };
  const stream = await openSse<Update>(on, { tenantId, query: SUBSCRIBE, variables: given });
  return {
    leave: stream.leave,
    next: async () => (await stream.next())!.data!.metricBuckets,
    take: async (n: number) => {
      const updates = [];
      while (updates.length < n) updates.push((await stream.next())!.data!.metricBuckets);
      return updates;
    },
  };
}

async function stored(tenant: string, size = "ONE_MINUTE"): Promise<Map<string, Bucket>> {
  const range = { between: { from: iso(NOW - 120 * MIN), to: iso(NOW + MIN) } };
  const { data } = await api.ask(tenant, METRICS, { sources: ["ITEMS"], size, range });
  return new Map(data.metrics[0].buckets.map((bucket: Bucket) => [bucket.start, bucket]));
}

describe("the subscription metricBuckets", () => {
  test("gives the last two hours as they are, then each change as a total", async () => {
    // The last one lies in the window's first hour and before the window.
    await count(api, "live", "ITEMS", [0, 0, 5, 125]);
    const stream = await subscribe(api, "live");
    const first = await stream.take(121);
    expect(new Map(first.map(({ bucket }) => [bucket.start, bucket]))).toEqual(await stored("live"));
    await count(api, "live", "ITEMS", [5]);
    expect((await stream.next()).bucket).toMatchObject({ start: iso(NOW - 5 * MIN), count: 2 });
    await stream.leave();
  });

  test.each([["FIVE_MINUTES", 25], ["FIFTEEN_MINUTES", 9], ["ONE_HOUR", 3]] as const)(
    "sums to %s",
    async (size, buckets) => {
      await count(api, size, "ITEMS", [0, 1, 2, 70]);
      const stream = await subscribe(api, size, { size });
      const given = await stream.take(buckets);
      expect(new Map(given.map(({ bucket }) => [bucket.start, bucket]))).toEqual(await stored(size, size));
      expect(given.reduce((sum, { bucket }) => sum + bucket.count, 0)).toBe(4);
      await stream.leave();
    },
  );

  test("sees what another process counts, and changes of buckets long closed", async () => {
    const stream = await subscribe(api, "two");
    await stream.take(121);
    await count(other, "two", "ITEMS", [3]);
    expect((await stream.next()).bucket).toMatchObject({ start: iso(NOW - 3 * MIN), count: 1 });
    await count(api, "two", "ITEMS", [60 * 24 * 30]);
    expect((await stream.next()).bucket).toMatchObject({ start: iso(NOW - 60 * 24 * 30 * MIN), count: 1 });
    await stream.leave();
  });

  test("cut at every message and resumed with its cursor in any process, misses nothing, repeats nothing, goes never back", async () => {
    const first = await subscribe(api, "cut");
    const [start] = (await first.take(121)).slice(-1);
    await first.leave();
    const seen = new Map<string, Bucket>();
    let messages = 0;
    let after = start!.cursor;
    for (let round = 0; round < 12; round++) {
      await count(round % 2 ? api : other, "cut", "ITEMS", [round, round, round + 1, 64, 65]);
      // Four buckets changed; each is taken on a connection of its own.
      for (let i = 0; i < 4; i++) {
        const stream = await subscribe((round + i) % 2 ? api : other, "cut", { after });
        const { cursor, bucket } = await stream.next();
        await stream.leave();
        const before = seen.get(bucket.start);
        expect(before === undefined || bucket.version > before.version).toBe(true);
        seen.set(bucket.start, bucket);
        after = cursor;
        messages++;
      }
    }
    const counted = [...await stored("cut")].filter(([, bucket]) => bucket.count > 0);
    expect(seen).toEqual(new Map(counted));
    expect(messages).toBe(48);
  });

  test("resumed after hours gives what was counted meanwhile, also what left the window since", async () => {
    let now = NOW;
    const later = await startTestApp({ system, clock: () => now });
    const stream = await subscribe(later, "away");
    const [last] = (await stream.take(121)).slice(-1);
    await stream.leave();
    const countedAt = NOW + 10 * MIN;
    now = NOW + 30 * MIN;
    await count(later, "away", "ITEMS", [-10, -10]);
    now = NOW + 60 * 24 * MIN;
    const resumed = await subscribe(later, "away", { after: last!.cursor });
    expect((await resumed.next()).bucket).toMatchObject({ start: iso(countedAt), count: 2 });
    await resumed.leave();
    now = NOW + 8 * 60 * 24 * MIN;
    const answer = await later.ask("away", SUBSCRIBE, { sources: ["ITEMS"], size: "ONE_MINUTE", after: last!.cursor });
    expect(answer.errors?.[0]).toMatchObject({ message: expect.stringContaining("older than a week") });
    await later.stop();
  });

  test("resumed with a cursor gets what was counted meanwhile into hours long before its window, once", async () => {
    const on = await subscribe(api, "older", {});
    await on.take(121);
    await count(other, "older", "ITEMS", [1]);
    const { cursor } = await on.next();
    await on.leave();
    // By another process, while nobody was there: three hours and three days back.
    await count(other, "older", "ITEMS", [180, 180, 200, 3 * 24 * 60]);
    const again = await subscribe(api, "older", { after: cursor });
    const told = await again.take(3);
    expect(new Map(told.map(({ bucket }) => [bucket.start, bucket.count]))).toEqual(
      new Map([[iso(NOW - 3 * 24 * 60 * MIN), 1], [iso(NOW - 200 * MIN), 1], [iso(NOW - 180 * MIN), 2]]),
    );
    await again.leave();
  });

  test("reads the store once for all who watch the same", async () => {
    const streams = await Promise.all(Array.from({ length: 50 }, () => subscribe(api, "many")));
    await Promise.all(streams.map((stream) => stream.take(121)));
    api.takeCosts();
    const next = streams.map((stream) => stream.next());
    await count(api, "many", "ITEMS", [1]);
    const given = await Promise.all(next);
    expect(new Set(given.map(({ cursor }) => cursor)).size).toBe(1);
    // One for each read of the feed: the change, and a look once a second.
    expect(api.takeCosts().filter(({ operation }) => operation === "Query").length).toBeLessThan(10);
    await Promise.all(streams.map((stream) => stream.leave()));
  });

  test("of one tenant tells nothing of another's, and refuses its cursor", async () => {
    await count(api, "a", "ITEMS", [0]);
    const stream = await subscribe(api, "a");
    const [update] = await stream.take(1);
    await stream.leave();
    for (
      const variables of [{ sources: ["ITEMS"], size: "ONE_MINUTE" }, { sources: ["TASKS"], size: "ONE_MINUTE" }, {
        sources: ["ITEMS"],
        size: "ONE_HOUR",
      }]
    ) {
      const tenant = variables.sources[0] === "ITEMS" && variables.size === "ONE_MINUTE" ? "b" : "a";
      const answer = await api.ask(tenant, SUBSCRIBE, { ...variables, after: update!.cursor });
      expect(answer.errors?.[0]!.extensions.code).toBe("INVALID_INPUT");
    }
    const theirs = await subscribe(api, "b");
    expect((await theirs.take(121)).every(({ bucket }) => bucket.count === 0)).toBe(true);
    await theirs.leave();
    expect(
      (await api.ask("a", SUBSCRIBE, { sources: ["ITEMS"], size: "ONE_MINUTE" }, ["JOURNEYS_READ"])).errors?.[0]!
        .extensions.code,
    ).toBe("FORBIDDEN");
  });
});
