import { expect, test } from "vitest";
import { schedules } from "../../api/resources.ts";
import { createMetricStore } from "../../api/metrics/store.ts";

test("the parts of an audit of all tenants are all of them, each once", async () => {
  const asked: string[] = [];
  const dynamo = {
    query(_table: string, { key }: { key: { values: Record<string, string> } }) {
      asked.push(key.values[":shard"]!);
      return Promise.resolve({ items: [], nextKey: undefined });
    },
  };
  const store = createMetricStore(dynamo as never, { records: "records", buckets: "buckets" });
  const listed = async (part?: { index: number; of: number }) => {
    for await (const _ of store.listActive(0, part)) continue;
    return asked.splice(0);
  };
  const all = await listed();
  const of = schedules.auditMetrics.parts;
  const parts = await Array.fromAsync(Array.from({ length: of }, (_, index) => ({ index, of })), listed);
  expect(all.length).toBeGreaterThanOrEqual(of);
  expect(parts.flat().sort()).toEqual(all.sort());
  expect(parts.every((shards) => shards.length === all.length / of)).toBe(true);
});
