import { type ImageChange, toCountChanges, toExpiredChanges } from "../../api/ingest/projections/counts.ts";
import { toSlotChanges } from "../../api/metrics/measures.ts";
import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { countInto, firstWatermark, uncounted } from "../../api/aws/counting.ts";
import { isOver, shardName, sortableSequence, type StreamPosition } from "../../api/core/stream-position.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 5, 1, 12);
const KEY = { pk: "t#ITEMS", sk: "0000000000000" };

/** An id as DynamoDB makes them, of the shard that began at an hour in a line of shards. */
const shardId = (line: number, hour = 0) =>
  `shardId-${String(NOW + hour * HOUR).padStart(20, "0")}-${String(line).padStart(8, "0")}`;

const change = (shard: string, sequence: number | bigint, arrivedAt = NOW, partition = "3"): StreamPosition => (
  { shard, sequence: `${sequence}`, arrivedAt, partition }
);

function setup(item?: object) {
  const dynamo = createMemoryDynamo({ buckets: tables.buckets });
  if (item) void dynamo.put("buckets", { ...KEY, ...item });
  return {
    dynamo,
    count: (changes: readonly StreamPosition[], now = NOW) =>
      countInto(dynamo, "buckets", KEY, changes, now, (own) => (
        { sets: [], adds: ["n :n"], values: { ":n": own.length } }
      )),
    item: () => dynamo.peek("buckets", KEY)!,
  };
}

describe("what an item counts of a stream", () => {
  test("counts once, whatever shards it comes from, however it is cut and however often it comes", async () => {
    const numbers = fc.uniqueArray(fc.bigInt({ min: 1n, max: 10n ** 40n - 1n }), { maxLength: 20 });
    const reads = fc.array(fc.record({ shard: fc.nat(), size: fc.integer({ min: 1, max: 9 }), back: fc.nat(8) }), {
      maxLength: 40,
    });
    await fc.assert(fc.asyncProperty(fc.array(numbers, { minLength: 1, maxLength: 5 }), reads, async (lines, parts) => {
      const { count, item } = setup();
      const shards = lines.map((line, i) =>
        [...line].sort((a, b) => (a < b ? -1 : 1)).map((n) => change(shardId(i), n))
      );
      const read = shards.map(() => 0);
      for (const part of [...parts, ...shards.map((all, shard) => ({ shard, size: all.length, back: all.length }))]) {
        const own = part.shard % shards.length;
        const from = Math.max(0, read[own]! - part.back);
        const records = shards[own]!.slice(from, from + part.size);
        read[own] = Math.max(read[own]!, from + records.length);
        if (records.length > 0) await count(records);
      }
      for (const [own, all] of shards.entries()) if (read[own]! < all.length) await count(all.slice(read[own]));
      expect(item()?.n ?? 0).toBe(shards.flat().length);
    }));
  });

  test("in two shards of one collection is counted in both, though their numbers interleave", async () => {
    const { count, item } = setup();
    await count([change(shardId(1), 20)]);
    await count([change(shardId(2), 10)]);
    expect(item().n).toBe(2);
  });

  test("and was counted by partition keys before is not counted again, and the rest is", async () => {
    const { count, item } = setup({ w3: sortableSequence("10"), a3: NOW / 1_000, n: 7 });
    await count([change(shardId(1), 9), change(shardId(1), 11)]);
    expect(item().n).toBe(8);
    await count([change(shardId(1), 9), change(shardId(1), 11)]);
    expect(item().n).toBe(8);
    // Written later, in a shard whose numbers are lower.
    await count([change(shardId(2), 5, NOW + HOUR)], NOW + HOUR);
    expect(item().n).toBe(9);
    // Written before, by another key that has no watermark of before.
    await count([change(shardId(2), 6, NOW, "4")], NOW + HOUR);
    expect(item().n).toBe(10);
    for (let i = 0; i < 4; i++) await count([change(shardId(3 + i), 1, NOW + 40 * HOUR)], NOW + 40 * HOUR);
    expect(Object.keys(item()).filter((name) => /^[wa][0-7c]/.test(name))).toEqual([]);
    expect(item().n).toBe(14);
  });

  test("goes by partition keys only where it was written before shards were told apart, to the second of that", async () => {
    const { count, item } = setup({ w3: sortableSequence("10"), n: 7 });
    // The first write that tells shards apart says when that was.
    await count([change(shardId(1), 9), change(shardId(1), 11)]);
    expect(item()).toMatchObject({ n: 8, wc: NOW / 1_000 });
    await count([change(shardId(2), 5, NOW + 1_000)]);
    // Again, with one that comes after it and one from before: only that after it is new.
    await count([change(shardId(2), 5, NOW + 1_000), change(shardId(2), 6, NOW + 1_000), change(shardId(2), 7, NOW)]);
    expect(item().n).toBe(10);
  });

  test("and was counted by partition keys in that very second is not counted again by who has not read the item", async () => {
    const { dynamo, count, item } = setup({ w3: sortableSequence("10"), wc: NOW / 1_000, n: 7 });
    const { updateIf } = dynamo;
    let writes = 0;
    dynamo.updateIf = (...asked) => {
      writes++;
      return updateIf(...asked);
    };
    await count([change(shardId(1), 9, NOW)]);
    expect([item().n, writes]).toEqual([7, 1]);
    // What arrived later costs one write, unread.
    await count([change(shardId(2), 8, NOW + 1_000)]);
    expect([item().n, writes]).toEqual([8, 2]);
  });

  test("in one part with what came later is judged by the oldest of them, by who has not read the item", async () => {
    const { count, item } = setup({ w3: sortableSequence("10"), wc: NOW / 1_000, n: 7 });
    await count([change(shardId(1), 9, NOW), change(shardId(1), 12, NOW + 5_000)]);
    expect(item().n).toBe(8);
  });

  test("is remembered for 30 hours from the last moment of the hour in which it was written, to the millisecond", () => {
    expect([31 * HOUR, 31 * HOUR + 1].map((later) => isOver(NOW, NOW + later))).toEqual([false, true]);
  });

  test("stays counted where a watermark moves while it is to be dropped", async () => {
    const dynamo = createMemoryDynamo({ buckets: tables.buckets });
    const late = NOW + 40 * HOUR;
    const own = (lines: readonly number[], now: number, on: typeof dynamo = dynamo) =>
      countInto(on, "buckets", KEY, lines.map((line) => change(shardId(line), 10 + now / HOUR, now)), now, (all) => (
        { sets: [], adds: ["n :n"], values: { ":n": all.length } }
      ));
    await own([1, 2, 3, 4, 5], NOW);
    let isRaced = false;
    const raced = {
      ...dynamo,
      async updateIf(...asked: Parameters<typeof dynamo.updateIf>) {
        if (asked[2].expression.startsWith("REMOVE") && !isRaced) {
          isRaced = true;
          await own([2], late);
        }
        return await dynamo.updateIf(...asked);
      },
    };
    await own([9], late, raced);
    expect(isRaced).toBe(true);
    await own([2], late);
    expect(dynamo.peek("buckets", KEY)!.n).toBe(7);
  });

  test("that was counted by partition keys is left out by whoever has not seen the item, since shards are told apart too", async () => {
    const before = { w3: sortableSequence("10"), wc: NOW / 1_000, n: 7 };
    const counted = async (sequence: number, arrivedAt: number) => {
      const { count, item } = setup(before);
      await count([change(shardId(1), sequence, arrivedAt)]);
      return (item().n as number) - 7;
    };
    expect([await counted(10, NOW), await counted(10, NOW - 1_000), await counted(11, NOW)]).toEqual([0, 0, 1]);
    // In the second of the change, and after it.
    expect([await counted(10, NOW + 1), await counted(10, NOW + 1_000)]).toEqual([1, 1]);
  });

  test("is by its shard's mark what lies behind that, and by its partition's what lies behind this, up to the change", () => {
    const [one, other] = [shardId(1), shardId(2)];
    const mark = firstWatermark([change(one, 4), change(one, 5)], NOW);
    const all = [4, 5, 6].flatMap((n) => [change(one, n), change(other, n)]);
    const left = (item: object, from = all) =>
      [...Map.groupBy(from, ({ shard }) => shard).values()].map((own) =>
        uncounted(own, item as never).map(({ sequence }) => Number(sequence))
      );
    expect(left(mark)).toEqual([[6], [4, 5, 6]]);
    expect(left({})).toEqual([[4, 5, 6], [4, 5, 6]]);
    expect(left({ w3: sortableSequence("5") })).toEqual([[6], [6]]);
    expect(left({ w4: sortableSequence("5") })).toEqual([[4, 5, 6], [4, 5, 6]]);
    expect(left({ w3: sortableSequence("5"), wc: NOW / 1_000 })).toEqual([[6], [6]]);
    expect(left({ w3: sortableSequence("5"), wc: NOW / 1_000 - 1 })).toEqual([[4, 5, 6], [4, 5, 6]]);
    expect(left({ ...mark, w3: sortableSequence("6") })).toEqual([[], []]);
    expect(uncounted([], mark)).toEqual([]);
  });

  test("keeps a watermark as long as its shard can repeat something, and no longer", async () => {
    const { count, item } = setup();
    for (let hour = 0; hour < 7 * 24; hour += 4) {
      for (let line = 0; line < 4; line++) {
        await count([change(shardId(line, hour), 1 + hour, NOW + hour * HOUR)], NOW + hour * HOUR);
      }
      // Everything that a stream can still hold, once more.
      for (let back = hour; back >= Math.max(0, hour - 28); back -= 4) {
        await count([change(shardId(hour % 4, back), 1 + back, NOW + back * HOUR)], NOW + hour * HOUR);
      }
      const marks = Object.keys(item()).filter((name) => name.startsWith("w")).length;
      expect(marks).toBeLessThanOrEqual(4 * 9 + 3);
    }
    expect(item().n).toBe(4 * 7 * 6);
  });
});

test("the name of a shard is short, and of no two shards the same", () => {
  fc.assert(fc.property(
    fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 0, max: 2 ** 32 - 1 })), {
      selector: String,
      maxLength: 50,
    }),
    (parts) => {
      const ids = parts.map(([at, n]) => `shardId-${String(at).padStart(20, "0")}-${n.toString(16).padStart(8, "0")}`);
      const names = ids.map(shardName);
      expect(new Set(names).size).toBe(ids.length);
      for (const name of names) expect(name.length).toBeLessThanOrEqual(16);
    },
  ));
  expect(shardName("of-another-kind")).toBe(".of-another-kind");
});

/** As DynamoDB counts it: names, texts by their bytes, numbers by two digits a byte and one more. */
function bytesOf(item: object): number {
  return Object.entries(item).reduce((sum, [name, value]) => {
    const size = typeof value === "number" ? Math.ceil(String(value).replace(/0+$/, "").length / 2) + 1 : value.length;
    return sum + name.length + size;
  }, 0);
}

test("a full hour that four shards fed, of which one was replaced, is at most 1 KB; late for a week, 3 KB", async () => {
  const dynamo = createMemoryDynamo({ records: tables.records, buckets: tables.buckets });
  const store = createMetricStore(dynamo, { records: "records", buckets: "buckets" });
  // As DynamoDB's own have: 21 to 28 digits.
  const first = 10n ** 26n;
  const count = (shard: string, minute: number, now: number, n: number) =>
    store.count([{
      ...change(shard, first + BigInt(now), now),
      tenantId: "tenant-1",
      source: "ITEMS",
      at: NOW + minute * 60_000,
      n,
    }], now);
  for (let minute = 0; minute < 60; minute++) {
    for (let line = 0; line < 4; line++) await count(shardId(line), minute, NOW + minute * 60_000 + line, 20);
  }
  await count(shardId(4, 0.5), 59, NOW + HOUR, 1);
  const item = () => dynamo.dump("buckets")[0]!;
  expect(bytesOf(item())).toBeLessThanOrEqual(1_024);
  let most = 0;
  for (let hour = 4; hour < 7 * 24; hour += 4) {
    for (let line = 0; line < 4; line++) await count(shardId(line, hour), hour % 60, NOW + hour * HOUR, 1);
    most = Math.max(most, bytesOf(item()));
  }
  expect(most).toBeLessThanOrEqual(3 * 1_024);
});

test("what expires stays counted with what it measures: it is marked, and measured no second time", () => {
  const image = { pk: "t#0", sk: "r#ITEMS", tenantSource: "t#ITEMS#0", at: 60_000, value: 2, dims: '[["k","a"]]' };
  const change: ImageChange = {
    ...{ table: "records", pk: "t#0", shard: "s", sequence: "2", arrivedAt: 0, before: image, after: undefined },
  };
  expect(toExpiredChanges(change)).toEqual([
    expect.objectContaining({ source: "ITEMS", at: 60_000, n: 1, isExpired: true }),
  ]);
  expect(toSlotChanges(toExpiredChanges(change))).toEqual([]);
  expect(toSlotChanges(toCountChanges(change)).flatMap(({ changes }) => changes.map(({ n }) => n))).toEqual([-1, -1]);
});
