import { describe, expect, test } from "vitest";
import type { InvalidInputError } from "../../api/core/errors.ts";
import type { TimeRange } from "../../api/core/range.ts";
import {
  BUCKET_MINUTES,
  type BucketSize,
  type Counted,
  type HourBucket,
  PERIODS,
  type Slot,
} from "../../api/metrics/model.ts";
import {
  alignRange,
  boundsOf,
  compareHour,
  firstOfEach,
  formatVersion,
  groupByHour,
  judgeRecord,
  largerSize,
  minutesInDoubt,
  minutesShort,
  seriesBy,
  toBucket,
  toHourWrite,
  toSeries,
  withMeasures,
} from "../../api/metrics/rules.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const AT = Date.UTC(2026, 5, 1, 12);
const hour = (
  minutes: Record<number, [count: number, version?: number, expired?: number]>,
  hourAt = AT,
): HourBucket => ({
  ...{ source: "ITEMS", hourAt, version: 9 },
  minutes: new Map(
    Object.entries(minutes).map(([minute, [count, version = 1, expired = 0]]) => [
      Number(minute),
      { count, version, expired },
    ]),
  ),
});
const things = (...minutes: [minute: number, arrivedAt?: number][]): Counted[] =>
  minutes.map(([minute, arrivedAt = 0]) => ({ at: AT + minute * MINUTE + 999, arrivedAt }));

describe("a minute's count", () => {
  const range = { fromAt: AT, toAt: AT + 2 * MINUTE };
  const compared = (held: HourBucket, found: Counted[], settledAt = 100) =>
    Object.fromEntries(compareHour(held, range, found, settledAt));

  test.each([
    ["as many as are found", hour({ 0: [2] }), things([0], [0]), {}],
    ["fewer", hour({ 0: [1] }), things([0], [0]), { 0: { recounted: 2, isSettled: true } }],
    ["more", hour({ 0: [3] }), things([0], [0]), { 0: { recounted: 2, isSettled: true } }],
    ["none, where something is", hour({}), things([1]), { 1: { recounted: 1, isSettled: true } }],
    ["some, where nothing is", hour({ 1: [4] }), [], { 1: { recounted: 0, isSettled: true } }],
    ["one fewer, where one may be counted or not", hour({ 0: [1] }), things([0], [0, 100]), {}],
    ["as many, where one may be counted or not", hour({ 0: [2] }), things([0], [0, 100]), {}],
    ["two fewer, where one may be counted or not", hour({ 0: [0] }), things([0], [0, 100]), {
      0: { recounted: 1, isSettled: false },
    }],
    ["more, where one may be counted or not", hour({ 0: [5] }), things([0], [0, 100]), {
      0: { recounted: 2, isSettled: false },
    }],
    ["one fewer, of what was written just before", hour({ 0: [1] }), things([0], [0, 99]), {
      0: { recounted: 2, isSettled: true },
    }],
    ["more, of which as many have expired", hour({ 0: [3, 1, 2] }), things([0]), {}],
    ["less than is found, though some have expired", hour({ 0: [1, 1, 2] }), things([0], [0]), {
      0: { recounted: 2, isSettled: false },
    }],
    ["more than is found and has expired", hour({ 0: [5, 1, 2] }), things([0]), {
      0: { recounted: 3, isSettled: false },
    }],
    ["anything, outside of what is compared", hour({ 2: [7] }), things([2]), {}],
  ])("of %s", (_, held, found, wrong) => expect(compared(held, found)).toEqual(wrong));

  test("is in doubt where something has expired, and is less than that and what is found together", () => {
    const held = hour({ 0: [2, 1, 2], 1: [1, 1, 1], 2: [0, 1, 3], 3: [1] });
    expect(minutesInDoubt(held, range, things([0], [3]))).toBe(1);
    expect(minutesInDoubt(held, range, things([1]))).toBe(1);
    expect(minutesInDoubt(held, range, [])).toBe(0);
    expect(minutesInDoubt(held, { fromAt: AT + 2 * MINUTE, toAt: AT + 3 * MINUTE }, [])).toBe(1);
  });
});

test("a minute is short where it holds less than is found and some of that is too young to tell why, each once", () => {
  const range = { fromAt: AT, toAt: AT + 3 * MINUTE };
  const short = (held: HourBucket, found: Counted[]) => minutesShort(held, range, found, 100);
  const held = hour({ 0: [1], 1: [2], 3: [0] });
  expect(short(held, things([0], [0, 100]))).toBe(1);
  // All of it is old, or it holds as many.
  expect(short(held, things([0], [0, 99]))).toBe(0);
  expect(short(held, things([1, 100], [1]))).toBe(0);
  expect(short(held, things([1, 100], [1], [1]))).toBe(1);
  // Of a minute that holds nothing, and the last of the range; none outside of it.
  expect(short(held, things([2, 100]))).toBe(1);
  expect(short(held, things([3, 100]))).toBe(0);
  expect(minutesShort(held, { fromAt: AT + MINUTE, toAt: AT + 2 * MINUTE }, things([0, 100], [0, 100]), 100)).toBe(0);
  expect(short(held, things([0, 100], [0, 100], [2, 100]))).toBe(2);
  expect(short(held, [])).toBe(0);
});

describe("changes of an hour", () => {
  const change = (at: number, n: number, more = {}) => ({
    ...{ tenantId: "t", source: "ITEMS", at, n, shard: "s", sequence: "1", partition: "0", arrivedAt: 0 },
    ...more,
  });

  test("are grouped by tenant, source and hour, whose last moment is its own", () => {
    const changes = [
      change(AT, 1),
      change(AT + HOUR - 1, 1),
      change(AT + HOUR, 1),
      change(AT, 1, { source: "TASKS" }),
      change(AT, 1, { tenantId: "u" }),
    ];
    expect(groupByHour(changes).map((group) => group.length)).toEqual([2, 1, 1, 1]);
  });

  test("add up by minute; what expired beside them, and minutes that only measure otherwise by name", () => {
    const write = toHourWrite([
      change(AT, 1),
      change(AT + 59_999, 2),
      change(AT + MINUTE, -1, { measures: [] }),
      change(AT + 59 * MINUTE, 3, { isExpired: true }),
    ]);
    expect(write).toEqual({
      minutes: new Map([[0, 3], [1, -1]]),
      expired: new Map([[59, 3]]),
      measured: new Set([1]),
    });
  });
});

describe("a range", () => {
  test("is widened to whole buckets, and is as it is where it ends with one", () => {
    expect(alignRange({ fromAt: AT + 1, toAt: AT + 5 * MINUTE + 1 }, "FIVE_MINUTES")).toEqual({
      fromAt: AT,
      toAt: AT + 10 * MINUTE,
    });
    expect(alignRange({ fromAt: AT, toAt: AT + HOUR }, "ONE_HOUR")).toEqual({ fromAt: AT, toAt: AT + HOUR });
    expect(boundsOf({ fromAt: AT, toAt: AT + 15 * MINUTE }, "FIVE_MINUTES", "UTC")).toEqual(
      [0, 5, 10, 15].map((minutes) => AT + minutes * MINUTE),
    );
  });

  test("holds at most 2,200 buckets, and is told the next size that is enough", () => {
    const most = { fromAt: AT, toAt: AT + 2_200 * MINUTE };
    expect(boundsOf(most, "ONE_MINUTE", "UTC")).toHaveLength(2_201);
    expect(() => alignRange({ fromAt: AT, toAt: AT + 2_201 * MINUTE }, "ONE_MINUTE")).toThrow(
      /holds 2201 buckets of ONE_MINUTE; at most 2200 are given: ask for FIVE_MINUTES/,
    );
    expect(() => alignRange({ fromAt: AT, toAt: AT + 2_200 * HOUR + 1 }, "ONE_HOUR")).toThrow(/ask for DAY/);
    const fields = (size: "DAY" | "ONE_MINUTE") => {
      try {
        return boundsOf({ fromAt: AT, toAt: AT + 401 * DAY }, size, "UTC");
      } catch (error) {
        return (error as InvalidInputError).fields.map(({ path }) => path.join("."));
      }
    };
    expect([fields("DAY"), fields("ONE_MINUTE")]).toEqual([["range"], ["range"]]);
  });

  test("is told by the smallest size of which it holds at most so many, to the last one, wherever it begins", () => {
    const sizeOf = (minutes: number) => largerSize({ fromAt: 0, toAt: minutes * MINUTE }, "ONE_MINUTE", 100);
    expect([sizeOf(98 * 5), sizeOf(99 * 5 - 1), sizeOf(99 * 5)]).toEqual([
      "FIVE_MINUTES",
      "FIVE_MINUTES",
      "FIFTEEN_MINUTES",
    ]);
  });

  test("that is refused names a size at which the same range works, wherever it begins and a moment later; none where none does", () => {
    const named = (range: TimeRange, size: BucketSize, timeZone: string): BucketSize | undefined => {
      try {
        boundsOf(range, size, timeZone);
        return undefined;
      } catch (error) {
        const { message } = (error as InvalidInputError).fields[0]!;
        expect(message).toMatch(/: ask for (at most 400 days|[A-Z_]+, or a shorter range)$/);
        const next = /ask for ([A-Z_]+),/.exec(message)?.[1] as BucketSize | undefined;
        expect(next === undefined).toBe(range.toAt - range.fromAt > 400 * DAY);
        return next;
      }
    };
    const sizes = Object.keys({ ...BUCKET_MINUTES, ...PERIODS }) as BucketSize[];
    let told = 0;
    const hold = (fromAt: number, length: number, timeZone: string, asked = sizes.slice(0, 4)) => {
      for (const size of asked) {
        const next = named({ fromAt, toAt: fromAt + length }, size, timeZone);
        if (next === undefined) continue;
        told += 1;
        expect(sizes.indexOf(next)).toBeGreaterThan(sizes.indexOf(size));
        for (const later of [0, HOUR - 1]) {
          const range = { fromAt: fromAt + later, toAt: fromAt + later + length };
          expect(boundsOf(range, next, timeZone).length).toBeLessThanOrEqual(2_201);
        }
      }
    };
    const lengths = [5, 15, 60].flatMap((minutes) => [2_198, 2_199, 2_200].map((n) => n * minutes * MINUTE));
    for (const length of lengths) for (const off of [-1, 1]) hold(AT, length + off, "UTC");
    for (const length of [400 * DAY, 400 * DAY + 1]) hold(AT, length, "UTC", ["ONE_HOUR", "DAY", "MONTH"]);
    for (const zone of ["Pacific/Apia", "Australia/Lord_Howe"]) hold(AT - 1, 2_200 * HOUR - 1, zone);
    expect(told).toBeGreaterThan(20);
  });

  test("of days follows the zone, also where one has 23 hours, and ends with the day that it ends in", () => {
    const march = (day: number, h: number) => Date.UTC(2026, 2, day, h);
    expect(boundsOf({ fromAt: march(28, 12), toAt: march(30, 1) }, "DAY", "Europe/Vienna")).toEqual(
      [march(27, 23), march(28, 23), march(29, 22), march(30, 22)],
    );
    expect(boundsOf({ fromAt: march(1, 0), toAt: march(1, 0) + DAY }, "DAY", "UTC")).toEqual([
      march(1, 0),
      march(2, 0),
    ]);
    expect(boundsOf({ fromAt: AT, toAt: AT + 400 * DAY }, "DAY", "UTC")).toHaveLength(402);
    expect(() => boundsOf({ fromAt: AT, toAt: AT + 400 * DAY + 1 }, "DAY", "UTC")).toThrow(/longer than the 400 days/);
  });
});

describe("a series", () => {
  const held = [hour({ 0: [1, 3], 4: [2, 5], 5: [4, 6], 59: [8, 7] }), hour({ 0: [16, 2] }, AT + HOUR)];
  const bounds = boundsOf({ fromAt: AT, toAt: AT + HOUR }, "FIVE_MINUTES", "UTC");

  test("counts each minute into the bucket that holds it, gaps as 0, and says the version of the newest", () => {
    const { buckets, total } = toSeries("ITEMS", "FIVE_MINUTES", bounds, held, AT + 6 * MINUTE);
    expect(buckets.map(({ count }) => count)).toEqual([3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8]);
    expect(buckets.slice(0, 3).map(({ version }) => Number(version))).toEqual([5, 6, 0]);
    expect(total).toBe(15);
    // A bucket is closed a minute after its end.
    expect(buckets.slice(0, 2).map(({ closed }) => closed)).toEqual([true, false]);
    expect(toBucket("ITEMS", "FIVE_MINUTES", AT, undefined, AT + 6 * MINUTE - 1)).toMatchObject({
      closed: false,
      count: 0,
    });
  });

  test("of days adds up all hours between its bounds, with versions that grow with any of them", () => {
    const days = [AT + 4 * MINUTE, AT + HOUR + MINUTE, AT + DAY];
    const { buckets } = toSeries("ITEMS", "DAY", days, held, AT + HOUR + 2 * MINUTE);
    expect(buckets.map(({ count, closed, version }) => [count, closed, Number(version)])).toEqual([
      [30, true, 9],
      [0, false, 0],
    ]);
    expect(toSeries("ITEMS", "DAY", days, held, AT + HOUR + 2 * MINUTE - 1).buckets[0]!.closed).toBe(false);
  });

  const cell = (n: number, value: number) => ({
    ...{ n, values: n, units: BigInt(n * value) * 1_000_000n, min: value, max: value, isInDoubt: false },
  });
  const slot = (slotAt: number, minutes: Record<number, [n: number, value: number]>, value?: string): Slot => ({
    ...{ slotAt, version: 2, group: value === undefined ? undefined : { key: "room", value } },
    cells: new Map(Object.entries(minutes).map(([minute, [n, own]]) => [Number(minute), cell(n, own)])),
  });

  test("measures what lies in each bucket, whatever the order of the slots, and nothing outside", () => {
    const series = toSeries("ITEMS", "FIVE_MINUTES", bounds.slice(1, 4), held, AT);
    const slots = [slot(AT + 15 * MINUTE, { 0: [9, 9] }), slot(AT, { 4: [1, 7], 5: [2, 3], 9: [1, 4], 10: [1, 5] })];
    expect(withMeasures(series, slots).buckets.map(({ measured }) => [measured!.values, measured!.sum])).toEqual([
      [3, 10],
      [1, 5],
    ]);
  });

  test("measures in each bucket what lies there, though later slots and minutes come first, and counts nothing of before", () => {
    const within = boundsOf({ fromAt: AT + 5 * MINUTE, toAt: AT + 25 * MINUTE }, "FIVE_MINUTES", "UTC");
    const slots = [
      slot(AT + 15 * MINUTE, { 7: [2, 2], 3: [1, 1] }, "a"),
      slot(AT, { 14: [8, 1], 10: [16, 1], 6: [4, 1], 4: [99, 9] }, "a"),
    ];
    const counts = [4, 24, 1, 2];
    const { buckets } = withMeasures(toSeries("ITEMS", "FIVE_MINUTES", within, [], AT), slots);
    expect(buckets.map(({ measured }) => measured!.values)).toEqual(counts);
    const asked = { source: "ITEMS", size: "FIVE_MINUTES", bounds: within, now: AT, countedUpTo: undefined } as const;
    const [series] = seriesBy(asked, slots);
    expect([series!.buckets.map(({ count }) => count), series!.total]).toEqual([counts, 31]);
    expect(seriesBy(asked, [slot(AT, { 4: [9, 9] }, "before")])).toEqual([]);
  });

  test("of one bucket has what its records measure, and parts by a dimension, only where somebody asked", () => {
    const bucket = (own: Partial<HourBucket>) =>
      toBucket("ITEMS", "FIVE_MINUTES", AT + 5 * MINUTE, { ...held[0]!, ...own }, AT);
    expect(Object.keys(bucket({}))).not.toContain("measured");
    expect(Object.keys(bucket({}))).not.toContain("parts");
    const slots = [slot(AT, { 4: [1, 1], 5: [2, 3], 9: [1, 4], 10: [9, 9] })];
    expect(bucket({ slots }).measured).toEqual({ values: 3, sum: 10, min: 3, max: 4 });
    const groups = [
      slot(AT, { 5: [1, 8] }, "b"),
      slot(AT, { 4: [9, 1], 5: [1, 7] }, "a"),
      slot(AT, { 5: [1, 2], 9: [2, 3] }, "c"),
      slot(AT, { 4: [5, 1], 10: [5, 1] }, "elsewhere"),
      slot(AT, { 5: [0, 1] }, "gone"),
    ];
    const parts = bucket({ groups }).parts!();
    expect(parts.map(({ dimension, bucket }) => [dimension, bucket.count, bucket.measured!.sum])).toEqual([
      [{ key: "room", value: "c" }, 3, 8],
      [{ key: "room", value: "a" }, 1, 7],
      [{ key: "room", value: "b" }, 1, 8],
    ]);
    const { start, end, version, source } = bucket({});
    expect(parts[0]!.bucket).toMatchObject({ start, end, version, source });
    const many = Array.from({ length: 101 }, (_, i) => slot(AT, { 5: [i + 1, 1] }, `v${i}`));
    expect(bucket({ groups: many }).parts!().map(({ bucket }) => bucket.count)).toEqual(
      Array.from({ length: 100 }, (_, i) => 101 - i),
    );
  });

  test("for each value of a dimension is ranked by its records in the range; of equals by their names", () => {
    const asked = { source: "ITEMS", size: "FIVE_MINUTES", bounds, now: AT, countedUpTo: undefined } as const;
    const slots = [
      slot(AT, { 0: [1, 1] }, "b"),
      slot(AT, { 14: [1, 1] }, "a"),
      slot(AT + 15 * MINUTE, { 0: [3, 1] }, "c"),
      slot(AT - 15 * MINUTE, { 14: [9, 1] }, "before"),
      slot(AT + HOUR, { 0: [9, 1] }, "after"),
    ];
    const found = seriesBy(asked, slots);
    expect(found.map(({ dimension, total }) => [dimension!.value, total])).toEqual([["c", 3], ["a", 1], ["b", 1]]);
    expect(found[1]!.buckets.map(({ count }) => count)).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    // Its version grows with each write of any of its slots.
    const versions = seriesBy(asked, [slot(AT, { 0: [1, 1] }, "b"), {
      ...slot(AT + 15 * MINUTE, {}, "b"),
      version: 5,
    }]);
    expect(versions.flatMap(({ buckets }) => buckets.map(({ version }) => Number(version)))).toEqual(Array(12).fill(7));
    const many = Array.from({ length: 101 }, (_, i) => slot(AT, { 0: [i + 1, 1] }, `v${i}`));
    expect(seriesBy(asked, many).map(({ total }) => total)).toEqual(Array.from({ length: 100 }, (_, i) => 101 - i));
  });
});

describe("a record", () => {
  const record = { source: "ITEMS", recordId: "r", at: AT, value: 2, dimensions: [["room", "hall"]] } as const;
  const stands = { isNew: false, isGone: false, at: AT, value: 2, dimensions: [["room", "hall"]] } as const;

  test("is judged by what stands: new and first, the same, gone, or another, whose differences are named", () => {
    expect(judgeRecord(record, { ...stands, isNew: true }, true)).toEqual({ status: "ACCEPTED" });
    expect(judgeRecord(record, { ...stands, isNew: true }, false)).toEqual({ status: "DUPLICATE" });
    expect(judgeRecord(record, stands, true)).toEqual({ status: "DUPLICATE" });
    expect(judgeRecord(record, { ...stands, isGone: true, at: 0 }, true)).toEqual({ status: "DUPLICATE" });
    expect(judgeRecord({ ...record, at: AT + 1, value: undefined }, stands, true)).toEqual({
      status: "CONFLICT",
      reason: "at: is 2026-06-01T12:00:00.000Z since it was first recorded, and came as 2026-06-01T12:00:00.001Z; " +
        "value: is 2 since it was first recorded, and came as none; correctMetric changes it",
      stands: AT,
      standsValue: 2,
      standsDimensions: [["room", "hall"]],
    });
    expect(judgeRecord({ ...record, dimensions: [] }, stands, true)).toMatchObject({
      reason: expect.stringMatching(/^dimensions: is \{"room":"hall"\} .* came as \{\}/),
    });
  });

  test("of a batch is the first of its source and id", () => {
    const later = { ...record, at: AT + 1 };
    const other = { ...record, source: "TASKS" } as const;
    expect([...firstOfEach([record, later, other]).values()]).toEqual([record, other]);
  });

  test("versions sort as text as they do as numbers", () => {
    expect([9, 10, 123_456].map(formatVersion)).toEqual(["000000000009", "000000000010", "000000123456"]);
  });
});
