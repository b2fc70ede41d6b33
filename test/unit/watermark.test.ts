import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import {
  count,
  difference,
  emptyWatermark,
  formatWatermark,
  isCounted,
  missing,
  parseWatermark,
  size,
  type Watermark,
} from "../../api/core/watermark.ts";

const FIRST = 1n;
const range = fc.tuple(fc.bigInt(FIRST, 60n), fc.bigInt(0n, 8n)).map(([from, more]) => [from, from + more] as const);
const ranges = fc.array(range, { maxLength: 25 });

function countAll(all: readonly (readonly [bigint, bigint])[], start = emptyWatermark(FIRST)): Watermark {
  return all.reduce((wm, [from, to]) => count(wm, from, to), start);
}

/** The same as a plain set of numbers: slow, and obviously right. */
function numbersOf(all: readonly (readonly [bigint, bigint])[]): Set<bigint> {
  const numbers = new Set<bigint>();
  for (const [from, to] of all) for (let n = from; n <= to; n++) numbers.add(n);
  return numbers;
}

describe("a watermark", () => {
  test("counts exactly the numbers that were given to it", () => {
    fc.assert(
      fc.property(ranges, (all) => {
        const wm = countAll(all);
        const numbers = numbersOf(all);
        for (let n = FIRST; n <= 80n; n++) expect(isCounted(wm, n)).toBe(numbers.has(n));
        expect(size(wm, FIRST)).toBe(BigInt(numbers.size));
      }),
      { numRuns: 2_000 },
    );
  });

  test("is the same whatever the order, the cut and the repeats", () => {
    fc.assert(
      fc.property(
        ranges.chain((all) => {
          const singles = all.flatMap(([from, to]) => [...numbersOf([[from, to]])].map((n) => [n, n] as const));
          return fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray([...all, ...singles, ...singles], { minLength: all.length + 2 * singles.length }),
          );
        }),
        ([all, shuffled]) => {
          expect(formatWatermark(countAll(shuffled))).toBe(formatWatermark(countAll(all)));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("never shrinks: what is counted stays counted", () => {
    fc.assert(fc.property(ranges, range, (all, [from, to]) => {
      const before = countAll(all);
      const after = count(before, from, to);
      for (let n = FIRST; n <= 80n; n++) if (isCounted(before, n)) expect(isCounted(after, n)).toBe(true);
    }));
  });

  test("counting a repeat changes nothing", () => {
    fc.assert(fc.property(ranges, (all) => {
      const wm = countAll(all);
      expect(countAll(all, wm)).toEqual(wm);
    }));
  });

  test("keeps its ranges ascending, apart from each other and from what is settled", () => {
    fc.assert(fc.property(ranges, (all) => {
      const { hi, ahead } = countAll(all);
      let last = hi;
      for (const [from, to] of ahead) {
        expect(from > last + 1n && to >= from).toBe(true);
        last = to;
      }
    }));
  });

  test("knows its gaps: counting them leaves none", () => {
    fc.assert(fc.property(ranges, (all) => {
      const wm = countAll(all);
      const gaps = missing(wm);
      for (const [from, to] of gaps) for (let n = from; n <= to; n++) expect(isCounted(wm, n)).toBe(false);
      const filled = countAll(gaps, wm);
      expect(filled.ahead).toEqual([]);
      expect(missing(filled)).toEqual([]);
    }));
  });

  test("tells what another has not counted", () => {
    fc.assert(fc.property(ranges, ranges, (a, b) => {
      const fresh = numbersOf(difference(countAll(a), countAll(b), FIRST));
      const expected = [...numbersOf(a)].filter((n) => !numbersOf(b).has(n));
      expect(fresh).toEqual(new Set(expected));
    }));
  });

  test("tells that in ranges that ascend, and none of them is empty", () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const fresh = difference(countAll(a), countAll(b), FIRST).flat();
        for (const [i, n] of fresh.slice(1).entries()) expect(n >= fresh[i]!).toBe(true);
      }),
    );
    expect(difference(countAll([[1n, 9n]]), countAll([[4n, 5n]]), FIRST)).toEqual([[1n, 3n], [6n, 9n]]);
    expect(difference(countAll([[1n, 9n]]), countAll([[1n, 9n]]), FIRST)).toEqual([]);
  });

  test("refuses a range that ends before it starts", () => {
    expect(() => count(emptyWatermark(FIRST), 5n, 4n)).toThrow(new RangeError("a range ends before it starts: 5 to 4"));
  });

  test("reads back from its text as it was", () => {
    fc.assert(fc.property(ranges, fc.constantFrom(0n, 1n), (all, first) => {
      const wm = countAll(all, emptyWatermark(first));
      expect(parseWatermark(formatWatermark(wm))).toEqual(wm);
    }));
  });

  test("holds numbers of 40 digits", () => {
    const big = 10n ** 39n;
    const wm = count(count(emptyWatermark(big), big), big + 2n);
    expect(formatWatermark(wm)).toBe(`${big},${big + 2n}`);
    expect(missing(wm)).toEqual([[big + 1n, big + 1n]]);
  });

  test.each(["", "x", "x5", "5x", "5,", "5,6", "5,9-7", "5,9,8", "5,7-9,8", "1.5", "5, 7", "5,-7"])(
    "does not read %j",
    (text) => {
      expect(() => parseWatermark(text)).toThrow(SyntaxError);
    },
  );

  test("one watermark for two sources would lose numbers, so each source has its own", () => {
    const shared = count(count(emptyWatermark(1n), 1n), 1n);
    const a = count(emptyWatermark(1n), 1n);
    const b = count(emptyWatermark(1n), 1n);
    expect(size(shared, 1n)).toBe(1n);
    expect(size(a, 1n) + size(b, 1n)).toBe(2n);
  });
});
