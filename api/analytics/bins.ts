/**
 * Bins of whole milliseconds for percentiles, each as wide as one number can stand for with at most 2 % error. Counts of
 * bins add up and subtract, so bins of slots, days and sensors merge. This is DDSketch (Masson, Rim, Lee, "DDSketch: a fast
 * and fully-mergeable quantile sketch with relative-error guarantees", PVLDB 12(12), 2019) with bins cut for whole
 * numbers: below 50 ms each number is its own bin, and rounding costs no part of the 2 %.
 */
const [STARTS, VALUES] = cutBins();

/** Bins by number: how many durations lie in each. */
export type Bins = ReadonlyMap<number, number>;

/** How many bins there are; the last one takes whatever is longer than a century. */
export const BINS = STARTS.length;

/** Percent; whole, so that ranks are exact. */
export const PERCENTS = [50, 95, 99] as const;
export type Percentiles = { p50: number; p95: number; p99: number };

/** The bin of a duration in milliseconds. */
export function binOf(ms: number): number {
  let [low, high] = [0, BINS - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (STARTS[middle]! <= ms) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** What stands for all durations of a bin. */
export function valueOf(bin: number): number {
  return VALUES[bin]!;
}

/**
 * Percentiles by nearest rank: of n durations in ascending order, the p-th is number ⌈p·n/100⌉, given with at most 2 %
 * error. Null where there are none.
 */
export function percentilesOf(bins: Bins): Percentiles | null {
  const filled = [...bins].filter(([, n]) => n > 0).sort(([a], [b]) => a - b);
  const total = filled.reduce((sum, [, n]) => sum + n, 0);
  if (total === 0) return null;
  const [p50, p95, p99] = PERCENTS.map((percent) => {
    let left = Math.ceil((percent * total) / 100);
    return valueOf(filled.find(([, n]) => (left -= n) <= 0)![0]);
  }) as [number, number, number];
  return { p50, p95, p99 };
}

/** From the least number of a bin: the value 2 % above it stands for it, and for all up to 2 % above that value. */
function cutBins(): [starts: number[], values: number[]] {
  const longest = 36_600 * 86_400_000;
  const starts: number[] = [];
  const values: number[] = [];
  for (let start = 0; start <= longest;) {
    const value = Math.floor((start * 102) / 100);
    starts.push(start);
    values.push(value);
    start = Math.floor((value * 100) / 98) + 1;
  }
  return [starts, values];
}
