import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { LIMITS, type Reading } from "../../api/sessions/model.ts";
import { createThinning, parseSeries, type SeriesArgs, spansOf, within } from "../../api/sessions/thinning.ts";

const END = 1_000;
const value = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }));
const reading: fc.Arbitrary<Reading> = fc.record({ at: fc.nat(END - 1), values: fc.array(value, { maxLength: 4 }) });
const batches = fc.array(fc.array(reading, { maxLength: 30 }), { maxLength: 6 });
const points = fc.integer({ min: 1, max: 40 });

function thin(sent: readonly (readonly Reading[])[], points: number, range = { fromAt: 0, toAt: END }) {
  const thinning = createThinning(range, points);
  for (const [offset, readings] of sent.entries()) thinning.add({ offset, readings });
  return thinning.result();
}

const numbersOf = (readings: readonly Reading[], channel: number) =>
  readings.map(({ values }) => values[channel] ?? null).filter((each) => each !== null);

describe("a thinned series", () => {
  test("holds each value within its stretch, names only least and greatest that occur, and counts each reading once", () => {
    fc.assert(fc.property(batches, points, (sent, points) => {
      const all = sent.flat();
      const stretches = thin(sent, points);
      expect(stretches.length).toBeLessThanOrEqual(points);
      expect(stretches.reduce((sum, { count }) => sum + count, 0)).toBe(all.length);
      if (all.length <= points) return;
      for (const [i, { firstAt, lastAt, count, min, max }] of stretches.entries()) {
        if (i > 0) expect(firstAt).toBeGreaterThan(stretches[i - 1]!.lastAt);
        const own = all.filter(({ at }) => at >= firstAt && at <= lastAt);
        expect(own).toHaveLength(count);
        expect([firstAt, lastAt].every((at) => own.some((each) => each.at === at))).toBe(true);
        expect((lastAt - firstAt) * points).toBeLessThan(END);
        const channels = Math.max(...own.map(({ values }) => values.length));
        expect([min.length, max.length]).toEqual([channels, channels]);
        for (let channel = 0; channel < channels; channel++) {
          const numbers = numbersOf(own, channel);
          // 0 and -0 are one value.
          expect(min[channel]! + 0).toBe(numbers.length === 0 ? 0 : Math.min(...numbers) + 0);
          expect(max[channel]! + 0).toBe(numbers.length === 0 ? 0 : Math.max(...numbers) + 0);
          expect([min[channel] === null, max[channel] === null]).toEqual(Array(2).fill(numbers.length === 0));
        }
      }
    }));
  });

  test("of as many readings as points, or fewer, is these readings in the order of time", () => {
    fc.assert(fc.property(batches, (sent) => {
      const all = sent.flat().sort((a, b) => a.at - b.at);
      const unthinned = all.map(({ at, values }) => ({ firstAt: at, lastAt: at, count: 1, min: values, max: values }));
      expect(thin(sent, Math.max(1, all.length))).toEqual(unthinned);
    }));
  });

  test("is the same in whatever order batches are read", () => {
    fc.assert(fc.property(batches, points, (sent, points) => {
      const thinning = createThinning({ fromAt: 0, toAt: END }, points);
      for (const [offset, readings] of [...sent.entries()].reverse()) thinning.add({ offset, readings });
      expect(thinning.result()).toEqual(thin(sent, points));
    }));
  });

  test("of a part of the time has its readings alone", () => {
    fc.assert(fc.property(batches, points, fc.nat(END - 1), fc.nat(END), (sent, points, fromAt, length) => {
      const range = { fromAt, toAt: fromAt + length + 1 };
      const own = sent.map((batch) => batch.filter(({ at }) => at >= range.fromAt && at < range.toAt));
      expect(thin(sent, points, range)).toEqual(thin(own, points, range));
    }));
  });
});

test("a series has 1 to 2,000 points, and ends after it begins", () => {
  const refused = (more: Partial<SeriesArgs>) => () => parseSeries({ points: 10, ...more });
  expect(refused({ points: 0 })).toThrow("points: must be 1 to 2000, got 0");
  expect(refused({ points: 2_001 })).toThrow("points: must be 1 to 2000, got 2001");
  for (const to of [4, 5]) expect(refused({ from: 5, to })).toThrow("to: must be later than `from`");
  expect(parseSeries({ points: 1, from: 5, to: 6 })).toEqual({ points: 1, fromAt: 5, toAt: 6 });
  expect(parseSeries({ points: 2_000, from: null })).toEqual({ points: 2_000, fromAt: -Infinity, toAt: Infinity });
  expect(parseSeries({ points: 1, from: 0, to: 1 })).toMatchObject({ fromAt: 0 });
});

describe("a series reads", () => {
  const spans = Array.from({ length: LIMITS.seriesBatches + 1 }, (_, offset) => (
    { offset, firstAt: offset * 10, lastAt: offset * 10 + 9, count: 10 }
  ));

  test("the batches of its range, and says how many these are where that is too many", () => {
    const all = parseSeries({ points: 10 });
    expect(() => spansOf(spans, all)).toThrow(
      "from: the range holds 1001 batches, and a series reads at most 1000; ask for a shorter range with `from` and `to`",
    );
    expect(spansOf(spans.slice(1), all)).toHaveLength(LIMITS.seriesBatches);
    const part = parseSeries({ points: 10, from: 19, to: 30 });
    expect(spansOf(spans, part).map(({ offset }) => offset)).toEqual([1, 2]);
    expect(within(spansOf(spans, part), part)).toEqual({ fromAt: 19, toAt: 30 });
    expect(within(spans.slice(3, 5), all)).toEqual({ fromAt: 30, toAt: 50 });
  });
});
