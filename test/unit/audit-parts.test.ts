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

test("a part that goes on after a tenant asks for what comes after it in its shard, and for the shards behind", async () => {
  const asked: object[] = [];
  const dynamo = {
    query(_table: string, { key }: { key: object }) {
      asked.push(key);
      return Promise.resolve({ items: [], next: undefined });
    },
  };
  const store = createMetricStore(dynamo as never, { records: "records", buckets: "buckets" });
  for await (const _ of store.listActive(0, { index: 1, of: 4 }, { tenantId: "t", source: "ITEMS", shard: 1 })) {
    continue;
  }
  expect(asked).toMatchObject([
    { expression: "hourShard = :shard AND pk > :after", values: { ":after": "t#ITEMS" } },
    { expression: "hourShard = :shard" },
  ]);
});

test("how far a part has come is read as it was written", async () => {
  const items = new Map<string, Record<string, unknown>>();
  const dynamo = {
    get: (_table: string, { sk }: { sk: string }) => Promise.resolve(items.get(sk)),
    put: (_table: string, item: Record<string, unknown>) => Promise.resolve(void items.set(item.sk as string, item)),
  };
  const { audits } = createMetricStore(dynamo as never, { records: "records", buckets: "buckets" });
  const part = { index: 1, of: 4 };
  const mark = { hourAt: 3_600_000, isDone: false, attempts: 2, sums: { audited: 5 } };
  expect(await audits.find(part)).toBeUndefined();
  for (const one of [mark, { ...mark, after: { tenantId: "t", source: "ITEMS", shard: 5 } }]) {
    await audits.put(part, one, 0);
    expect(await audits.find(part)).toEqual(one);
    expect(await audits.find({ index: 0, of: 4 })).toBeUndefined();
  }
  expect([...items.values()][0]).toMatchObject({ pk: "audit", ttl: 7 * 86_400 });
});
