import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { binOf, BINS, percentilesOf, valueOf } from "../../api/analytics/bins.ts";
import { binName, counterName, keys, parseLabelKey, readBins, readCounters } from "../../api/analytics/cells.ts";

const CENTURY = 36_500 * 86_400_000;
/** As many short durations as long ones. */
const duration = fc.oneof(
  fc.nat(100),
  fc.double({ min: 0, max: Math.log(CENTURY), noNaN: true }).map((x) => Math.floor(Math.exp(x))),
);

function binsOf(durations: readonly number[]): Map<number, number> {
  const bins = new Map<number, number>();
  for (const ms of durations) bins.set(binOf(ms), (bins.get(binOf(ms)) ?? 0) + 1);
  return bins;
}

/** The p-th percentile by nearest rank, from the durations themselves. */
function exactly(durations: readonly number[], percent: number): number {
  const sorted = [...durations].sort((a, b) => a - b);
  return sorted[Math.ceil((percent * sorted.length) / 100) - 1]!;
}

describe("bins of durations", () => {
  test("stand for each duration of a century with at most 2 % error, in whole milliseconds", () => {
    fc.assert(
      fc.property(duration, (ms) => {
        const value = valueOf(binOf(ms));
        expect(Number.isSafeInteger(value)).toBe(true);
        expect(Math.abs(value - ms) * 100).toBeLessThanOrEqual(2 * ms);
      }),
      { numRuns: 5_000 },
    );
    for (let ms = 0; ms < 50; ms++) expect(valueOf(binOf(ms))).toBe(ms);
  });

  test("are so few that those of a day fit into 4 KB, were there one of each length up to a year", () => {
    const names = Array.from({ length: binOf(365 * 86_400_000) + 1 }, (_, bin) => binName(bin));
    // A number of up to 4 digits takes 3 bytes, and an attribute up to 30 bytes of a watermark with its name.
    const bytes = names.reduce((sum, name) => sum + name.length + 3, 0) + 8 * 30 + 60;
    expect(bytes).toBeLessThan(4_096);
  });

  test("give percentiles by nearest rank with at most 2 % error, whatever they were merged from", () => {
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1, maxLength: 300 }), fc.nat(300), (durations, cut) => {
        const merged = binsOf(durations.slice(0, cut));
        for (const [bin, n] of binsOf(durations.slice(cut))) merged.set(bin, (merged.get(bin) ?? 0) + n);
        const found = percentilesOf(merged)!;
        for (const percent of [50, 95, 99] as const) {
          const exact = exactly(durations, percent);
          expect(Math.abs(found[`p${percent}`] - exact) * 100).toBeLessThanOrEqual(2 * exact);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("without durations have no percentiles, also where something was counted and taken back", () => {
    expect(percentilesOf(new Map())).toBeNull();
    // What was taken out before it was counted is none yet.
    expect(percentilesOf(new Map([[5, 1], [9, -1]]))).toEqual(percentilesOf(new Map([[5, 1]])));
    expect(percentilesOf(new Map([[7, 0]]))).toBeNull();
  });
});

describe("attributes of rollup items", () => {
  test("read back as they were named, and nothing else is read as one of them", () => {
    fc.assert(fc.property(fc.nat(BINS - 1), fc.nat(95), fc.integer({ min: 1 }), (bin, place, n) => {
      const item = { pk: "t#SESSIONS", sk: "2026-11-21#n", w0: "1z", w7: "2zz", ttl: 17, [binName(bin, place)]: n };
      expect(readBins(item)).toEqual([{ place, bin, n }]);
      expect(readCounters(item)).toEqual([]);
      const counted = { ...item, [counterName("s", place)]: n, [counterName("o", place)]: 0 };
      expect(readCounters(counted)).toEqual([{ letter: "s", place, n }]);
    }));
  });
});

test("the bins of an item are those that count something, and nothing else that an item holds", () => {
  const item = { pk: "p", sk: "2026-01-31#h", [binName(3, 2)]: 4, [binName(1)]: 0, [binName(5)]: "7", s3: 2, n: 1 };
  expect(readBins(item)).toEqual([{ place: 2, bin: 3, n: 4 }]);
});

test("the key of a label's month is read back, whatever the label is", () => {
  const day = Date.UTC(2026, 0, 31) / 86_400_000;
  for (const label of ["walk", "a#b", "#", "2026-02"]) {
    expect(parseLabelKey(keys.label(label, day))).toEqual({ label, month: "2026-01" });
  }
});
