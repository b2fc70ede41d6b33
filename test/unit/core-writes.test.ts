import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { UnavailableError } from "../../api/core/errors.ts";
import { randomIds } from "../../api/core/ids.ts";
import { partitionOf } from "../../api/core/keys.ts";
import {
  formatShardWatermark,
  isOver,
  parseShardWatermark,
  sequenceSpanOf,
  shardName,
  sortableSequence,
  WATERMARK_KEEP_MS,
} from "../../api/core/stream-position.ts";
import { LOST, mapWritten, retryLost } from "../../api/core/writes.ts";
import { fc } from "../kit/property.ts";

const HOUR = 3_600_000;

describe("a write that another writer may overtake", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Tries that are lost so often; when each began, in ms from the first. */
  async function triesLost(times: number) {
    const began: number[] = [];
    const start = Date.now();
    const result = retryLost(() => {
      began.push(Date.now() - start);
      return Promise.resolve(began.length > times ? "written" : LOST);
    }).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    return { began, result: await result };
  }

  test("is tried until it is not lost", async () => {
    expect(await triesLost(0)).toEqual({ began: [0], result: "written" });
    expect((await triesLost(5)).began).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("waits from its 22nd try on, each time 1 ms longer and at most 50, so that a crowd thins out", async () => {
    const { began, result } = await triesLost(99);
    expect(result).toBe("written");
    expect(began).toHaveLength(100);
    const pauses = began.slice(1).map((at, i) => at - began[i]!);
    expect(pauses).toEqual([
      ...Array.from({ length: 20 }, () => 0),
      ...Array.from({ length: 50 }, (_, i) => i + 1),
      ...Array.from({ length: 29 }, () => 50),
    ]);
  });

  test("is given up after a hundred tries, as the store's failing, with its reason", async () => {
    const { began, result } = await triesLost(1_000);
    expect(began).toHaveLength(100);
    expect(result).toBeInstanceOf(UnavailableError);
    expect((result as UnavailableError).message).toMatch(/^DynamoDB did not answer/);
    expect((result as UnavailableError).cause).toEqual(new Error("100 tries were overtaken by other writers"));
  });

  test("fails at once where the try does", async () => {
    await expect(retryLost(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });
});

test("what was written and what stood there is read alike; nothing stays nothing", () => {
  const read = vi.fn<(n: number) => string>((n) => `${n}`);
  expect(mapWritten({ ok: true, current: 1 }, read)).toEqual({ ok: true, current: "1" });
  expect(mapWritten({ ok: false, current: 2 }, read)).toEqual({ ok: false, current: "2" });
  expect(mapWritten({ ok: false, current: undefined }, read)).toEqual({ ok: false, current: undefined });
  expect(read).toHaveBeenCalledTimes(2);
});

describe("sequence numbers", () => {
  const sequence = fc.bigInt(1n, 10n ** 40n).map(String);

  test("as text sort as the numbers do", () => {
    fc.assert(fc.property(sequence, sequence, (a, b) => {
      expect(sortableSequence(a) < sortableSequence(b)).toBe(BigInt(a) < BigInt(b));
    }));
  });

  test("of some changes span from the least to the greatest, in whatever order they come", () => {
    fc.assert(fc.property(fc.array(sequence, { minLength: 1, maxLength: 6 }), (all) => {
      const sorted = all.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
      const positions = all.map((one) => ({ shard: "s", sequence: one, arrivedAt: 0, partition: "0" }));
      expect(sequenceSpanOf(positions)).toEqual({
        first: sortableSequence(sorted[0]!),
        last: sortableSequence(sorted.at(-1)!),
      });
    }));
  });

  test("as watermarks are greater than the number alone and less than any later one, and give both parts back", () => {
    fc.assert(fc.property(sequence, fc.bigInt(1n, 10n ** 6n), fc.nat(60_000), (one, more, hours) => {
      const sortable = sortableSequence(one);
      const watermark = formatShardWatermark(sortable, hours * HOUR + 1);
      expect(sortable < watermark).toBe(true);
      expect(watermark < sortableSequence(String(BigInt(one) + more))).toBe(true);
      expect(parseShardWatermark(watermark)).toEqual({ sequence: sortable, movedAt: hours * HOUR });
    }));
  });

  test("of a shard that was not moved for 30 hours after its hour can be forgotten", () => {
    expect(WATERMARK_KEEP_MS).toBe(30 * HOUR);
    expect(isOver(0, 31 * HOUR)).toBe(false);
    expect(isOver(0, 31 * HOUR + 1)).toBe(true);
  });
});

describe("a shard's name", () => {
  const aws = fc.tuple(fc.bigInt(0n, 10n ** 20n - 1n), fc.integer({ min: 0, max: 2 ** 32 - 1 })).map((
    [begin, random],
  ) => `shardId-${String(begin).padStart(20, "0")}-${random.toString(16).padStart(8, "0")}`);

  test("is short where DynamoDB named it", () => {
    expect(shardName("shardId-00000001414576573621-f55eea83")).toMatch(/^_[0-9a-z]{14,16}$/);
  });

  test.each([
    "s1",
    "xshardId-00000001414576573621-f55eea83",
    "shardId-00000001414576573621-f55eea83x",
    "shardId-1-f55eea83",
  ])(
    "is its own where somebody else did: %s",
    (shard) => expect(shardName(shard)).toBe(`.${shard}`),
  );

  test("is of no two shards the same", () => {
    fc.assert(fc.property(fc.oneof(aws, fc.string()), fc.oneof(aws, fc.string()), (a, b) => {
      expect(shardName(a) === shardName(b)).toBe(a === b);
    }));
  });
});

test("the partition of a key is what follows its last #", () => {
  expect(partitionOf("tenant#7")).toBe("7");
  expect(partitionOf("a#b#0")).toBe("0");
});

test("ids are never the same twice", () => {
  expect(randomIds()).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(Array.from({ length: 1_000 }, () => randomIds())).size).toBe(1_000);
});
