import { expect, test } from "vitest";
import { itemKey } from "../../api/core/keys.ts";
import { sortableSequence } from "../../api/core/stream-position.ts";
import { createRecordStore } from "../../api/metrics/records.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { fc } from "../kit/property.ts";

const OF = { tenantId: "shop", source: "TASKS", recordId: "orders/1" } as const;
const BEGAN = Date.UTC(2026, 5, 1);

/** What the stream of another table tells of one of its items: since when it counts, or that it is gone. */
type Told = { shard: string; sequence: string; arrivedAt: number; at: number | undefined; value?: number | undefined };

function createStore(before?: Record<string, unknown>) {
  const dynamo = createMemoryDynamo(tables);
  const records = createRecordStore(dynamo, "records");
  const key = itemKey(OF.tenantId, OF.recordId, OF.source);
  if (before) void dynamo.put("records", { ...key, ...before });
  return {
    async tell({ at, value, ...version }: Told, now = BEGAN) {
      const dimensions = value === undefined ? [] : [["of", `${value}`] as const];
      if (at === undefined) await records.takeBackForeign({ ...OF, ...version });
      else await records.keepForeign({ ...OF, ...version, at, measures: { value, dimensions } }, now);
    },
    /** What it measures. */
    measured() {
      const [{ value, dims }] = dynamo.dump("records") as [Record<string, unknown>];
      return { value, dims };
    },
    item: () => dynamo.dump("records")[0],
    /** Its time, or undefined where it counts no more. */
    async at() {
      const [item] = dynamo.dump("records");
      return item!.tenantSource === undefined ? undefined : item!.at as number;
    },
  };
}

/** A line of shards, each split or ended somewhere, with changes that are numbered anew in each of them. */
const line = fc.array(
  fc.array(
    fc.record({
      ...{ pauseMs: fc.constantFrom(0, 0, 1_000), isGone: fc.boolean() },
      value: fc.constantFrom(undefined, 1, 2),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  { minLength: 1, maxLength: 3 },
).map((shards) => {
  let now = BEGAN;
  return shards.flatMap((changes, s) =>
    changes.map(({ pauseMs, isGone, value }, i): Told => {
      now += pauseMs;
      const at = isGone ? undefined : BEGAN + s * 10 + i;
      // A later shard's numbers may be lower.
      return { shard: `shardId-${s}`, sequence: `${1_000 - 100 * s + i}`, arrivedAt: now, at, value };
    })
  );
});

test("the changes of an attached item, told in whatever order and often, leave the last of them", async () => {
  await fc.assert(
    fc.asyncProperty(line, fc.infiniteStream(fc.nat()), fc.nat({ max: 6 }), async (told, order, repeats) => {
      const all = [...told, ...told.slice(0, repeats)].map((one) => ({ one, n: order.next().value as number }))
        .sort((a, b) => a.n - b.n);
      const store = createStore();
      for (const { one } of all) await store.tell(one);
      const { at, value } = told.at(-1)!;
      expect(await store.at()).toBe(at);
      const dims = value === undefined ? undefined : JSON.stringify([["of", `${value}`]]);
      if (at !== undefined) expect(store.measured()).toEqual({ value, dims });
    }),
    { numRuns: 300 },
  );
});

test.each([
  ["place", { place: sortableSequence("500") }],
  ["streamPosition", { streamPosition: sortableSequence("500") }],
])("what was kept by %s, when a stream was one sequence, gives way to what is later alone", async (_, before) => {
  const kept = { ...before, at: BEGAN, tenantSource: "shop#TASKS#0" };
  const told = { shard: "shardId-9", arrivedAt: BEGAN };
  const store = createStore(kept);
  await store.tell({ ...told, sequence: "500", at: BEGAN + 1 });
  await store.tell({ ...told, sequence: "99", at: undefined });
  expect(await store.at()).toBe(BEGAN);
  await store.tell({ ...told, sequence: "501", at: BEGAN + 2 });
  expect(await store.at()).toBe(BEGAN + 2);
});

test("in a shard the position alone says what is later, whatever its clock said; what is told again changes nothing", async () => {
  const store = createStore();
  const told = { shard: "shardId-1", at: BEGAN + 1 };
  await store.tell({ ...told, sequence: "5", arrivedAt: BEGAN });
  await store.tell({ ...told, sequence: "4", arrivedAt: BEGAN + 60_000, at: undefined });
  expect(await store.at()).toBe(BEGAN + 1);
  const before = store.item();
  await store.tell({ ...told, sequence: "5", arrivedAt: BEGAN }, BEGAN + 60_000);
  expect(store.item()).toEqual(before);
});

test("of two shards the change that arrived earlier gives way, also where its shard is called later", async () => {
  const store = createStore();
  await store.tell({ shard: "shardId-1", sequence: "5", arrivedAt: BEGAN + 1, at: BEGAN + 1 });
  await store.tell({ shard: "shardId-2", sequence: "9", arrivedAt: BEGAN, at: undefined });
  expect(await store.at()).toBe(BEGAN + 1);
});
