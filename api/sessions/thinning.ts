import { InvalidInputError } from "../core/errors.ts";
import { type BatchSpan, LIMITS, type Reading } from "./model.ts";

/** What the readings of a stretch of time come to. `min` and `max` have a number a channel; null where no reading has one. */
export type ReadingStretch = {
  firstAt: number;
  lastAt: number;
  count: number;
  min: readonly (number | null)[];
  max: readonly (number | null)[];
};

/** At most `points` stretches of the readings from `from` (included) to `to` (excluded), epoch ms. */
export type SeriesArgs = { points: number; from?: number | null | undefined; to?: number | null | undefined };

/** From `fromAt` (included) to `toAt` (excluded), epoch ms; infinite where there is no bound. */
type Range = { fromAt: number; toAt: number };

/** Readings of one batch, in the order in which they were sent. */
type Batch = { offset: number; readings: readonly Reading[] };

/** What is asked for. Throws InvalidInputError. */
export function parseSeries({ points, from, to }: SeriesArgs): Range & { points: number } {
  const { seriesPoints } = LIMITS;
  if (points < 1 || points > seriesPoints) throw invalid("points", `must be 1 to ${seriesPoints}, got ${points}`);
  const [fromAt, toAt] = [from ?? -Infinity, to ?? Infinity];
  if (fromAt >= toAt) throw invalid("to", "must be later than `from`");
  return { points, fromAt, toAt };
}

/** The batches that may hold readings of the range. Throws InvalidInputError where they are more than a series reads. */
export function spansOf<B extends BatchSpan>(directory: readonly B[], { fromAt, toAt }: Range): B[] {
  const spans = directory.filter(({ firstAt, lastAt }) => lastAt >= fromAt && firstAt < toAt);
  if (spans.length <= LIMITS.seriesBatches) return spans;
  const found = `the range holds ${spans.length} batches, and a series reads at most ${LIMITS.seriesBatches}`;
  throw invalid("from", `${found}; ask for a shorter range with \`from\` and \`to\``);
}

/** The part of the range in which these batches lie, at least one. */
export function within(spans: readonly BatchSpan[], { fromAt, toAt }: Range): Range {
  return {
    fromAt: Math.max(fromAt, Math.min(...spans.map((span) => span.firstAt))),
    toAt: Math.min(toAt, Math.max(...spans.map((span) => span.lastAt)) + 1),
  };
}

/**
 * Thins the readings of `[fromAt, toAt)` (epoch ms) to at most `points` stretches, batch by batch, in any order. It holds
 * no more than `points` readings or stretches. As many readings as points, or fewer, stay as they are, each a
 * stretch of its own; more fall into `points` equal stretches of the time, of which empty ones are left out.
 */
export function createThinning({ fromAt, toAt }: Range, points: number) {
  let single: { offset: number; stretch: ReadingStretch }[] | undefined = [];
  const stretches = new Map<number, ReadingStretch>();

  function put(stretch: ReadingStretch): void {
    const part = (stretch.firstAt - fromAt) / (toAt - fromAt);
    // A product of floats may reach `points`.
    const index = Math.min(points - 1, Math.floor(part * points));
    const known = stretches.get(index);
    stretches.set(index, known ? joined(known, stretch) : stretch);
  }

  return {
    add({ offset, readings }: Batch): void {
      for (const reading of readings) {
        if (reading.at < fromAt || reading.at >= toAt) continue;
        const stretch = toStretch(reading);
        if (!single) {
          put(stretch);
          continue;
        }
        single.push({ offset, stretch });
        if (single.length <= points) continue;
        for (const each of single) put(each.stretch);
        single = undefined;
      }
    },

    /** The stretches so far, in the order of time. */
    result(): ReadingStretch[] {
      if (!single) return [...stretches].sort(([a], [b]) => a - b).map(([, stretch]) => stretch);
      // Readings of one batch stay in the order in which they were sent: sorting is stable.
      return [...single].sort((a, b) => a.stretch.firstAt - b.stretch.firstAt || a.offset - b.offset)
        .map(({ stretch }) => stretch);
    },
  };
}

function toStretch({ at, values }: Reading): ReadingStretch {
  return { firstAt: at, lastAt: at, count: 1, min: values, max: values };
}

function joined(a: ReadingStretch, b: ReadingStretch): ReadingStretch {
  return {
    firstAt: Math.min(a.firstAt, b.firstAt),
    lastAt: Math.max(a.lastAt, b.lastAt),
    count: a.count + b.count,
    min: eachChannel(Math.min, a.min, b.min),
    max: eachChannel(Math.max, a.max, b.max),
  };
}

/** A channel that one of them lacks is the other's: [1, null] and [2, 5, 7] have the least values [1, 5, 7]. */
function eachChannel(
  choose: (a: number, b: number) => number,
  a: readonly (number | null)[],
  b: readonly (number | null)[],
): (number | null)[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => {
    const [one, other] = [a[i] ?? null, b[i] ?? null];
    return one === null || other === null ? one ?? other : choose(one, other);
  });
}

function invalid(field: string, message: string): InvalidInputError {
  return new InvalidInputError([{ path: [field], message }]);
}
