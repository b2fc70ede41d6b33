import { describe, expect, test } from "vitest";
import type { CountChange } from "../../api/metrics/model.ts";
import { groupByHour } from "../../api/metrics/rules.ts";
import { createMetrics } from "../../api/metrics/service.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import { createHub } from "../../api/live/hub.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { fc } from "../kit/property.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 5, 1, 12);
const shardId = (line: number) => `shardId-${String(NOW).padStart(20, "0")}-${String(line).padStart(8, "0")}`;

const change = (sequence: number, at: number, own: Partial<CountChange> = {}): CountChange => ({
  ...{ shard: shardId(1), sequence: `${sequence}`, arrivedAt: NOW, partition: "3" },
  ...{ tenantId: "t", source: "ITEMS", at, n: 1 },
  ...own,
});

/** A process over a store, and what it asks of it: how many inserts a request held, and how many updates it made. */
function processOver(dynamo = createMemoryDynamo({ records: tables.records, buckets: tables.buckets })) {
  const asked = { inserts: [] as number[], updates: 0 };
  const watched = {
    ...dynamo,
    insertAll: (table: string, items: readonly Record<string, unknown>[]) => {
      asked.inserts.push(items.length);
      return dynamo.insertAll(table, items);
    },
    updateIf: (...args: Parameters<typeof dynamo.updateIf>) => {
      asked.updates += 1;
      return dynamo.updateIf(...args);
    },
  };
  const store = createMetricStore(watched, { records: "records", buckets: "buckets" });
  const caughtUpAt = () => Promise.resolve(undefined);
  return { dynamo, asked, store, metrics: createMetrics({ store, hub: createHub(), clock: () => NOW, caughtUpAt }) };
}

const hoursOf = (dynamo: ReturnType<typeof createMemoryDynamo>) =>
  dynamo.dump("buckets").filter(({ pk }) => pk === "t#ITEMS");

/** A record in each of so many hours. */
const eachHour = (count: number, from = 0) => Array.from({ length: count }, (_, i) => change(from + i, NOW - i * HOUR));

describe("the first counts of an hour", () => {
  test("leave the same item, whether it is begun or changed from nothing", async () => {
    const changes = fc.array(
      fc.record({ minute: fc.nat(59), n: fc.constantFrom(1, -1), isExpired: fc.boolean(), measures: fc.boolean() }),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(fc.asyncProperty(changes, async (drawn) => {
      const own = drawn.map(({ minute, n, isExpired, measures }, i) =>
        change(i, NOW + minute * 60_000, {
          n,
          ...(isExpired ? { isExpired: true } : {}),
          ...(measures ? { measures: [{ n: 1 as const, dimensions: [] }] } : {}),
        })
      );
      const [begun, changed] = [processOver(), processOver()];
      const hours = groupByHour([...own, ...eachHour(20, 100).filter(({ at }) => at !== NOW)]);
      expect(await begun.store.begin(hours, NOW)).toEqual(new Set(hours));
      for (const hour of hours) await changed.store.count(hour, NOW);
      const sorted = (all: object[]) => all.map((item) => JSON.stringify(item, Object.keys(item).sort())).sort();
      expect(sorted(begun.dynamo.dump("buckets"))).toEqual(sorted(changed.dynamo.dump("buckets")));
    }));
  });

  test("of many hours are written by batches, and of few by themselves", async () => {
    const { asked, metrics, dynamo } = processOver();
    await metrics.count(eachHour(500));
    expect(asked).toEqual({ inserts: [500], updates: 0 });
    expect(hoursOf(dynamo).map(({ version, m0 }) => [version, m0])).toEqual(Array(500).fill([1, 1]));
    await metrics.count(eachHour(9, 1_000).map((own) => ({ ...own, at: own.at + 1_000 * HOUR })));
    expect(asked).toEqual({ inserts: [500], updates: 9 });
  });

  test("of hours that a process knows are not tried again; another tries each once, and counts none twice", async () => {
    const first = processOver();
    await first.metrics.count(eachHour(100));
    await first.metrics.count(eachHour(100, 200));
    expect(first.asked).toEqual({ inserts: [100], updates: 100 });
    const second = processOver(first.dynamo);
    // The same parts again, and one that is new.
    for (const from of [0, 200, 400]) await second.metrics.count(eachHour(100, from));
    expect(second.asked).toEqual({ inserts: [100], updates: 300 });
    const counts = hoursOf(first.dynamo).map(({ m0 }) => m0);
    expect(counts).toEqual(Array.from({ length: 100 }, () => 3));
  });

  test("that come from two shards in one part are counted in both", async () => {
    const { metrics, dynamo } = processOver();
    await metrics.count(eachHour(20).flatMap((own, i) => [own, { ...own, shard: shardId(2), sequence: `${50 - i}` }]));
    expect(hoursOf(dynamo).map(({ m0 }) => m0)).toEqual(Array.from({ length: 20 }, () => 2));
  });
});
