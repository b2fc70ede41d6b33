import { DAY_MS, HOUR_MS } from "./clock.ts";
import { InvalidInputError } from "./errors.ts";

/** From the first instant (included) to the second (excluded), in epoch milliseconds. */
export type TimeRange = { fromAt: number; toAt: number };

/** A range as clients give it: one of the two. */
export type RangeInput =
  | { last: keyof typeof PRESETS_MS; between?: never }
  | { last?: never; between: { from: number; to: number } };

const PRESETS_MS = {
  TWO_HOURS: 2 * HOUR_MS,
  DAY: DAY_MS,
  WEEK: 7 * DAY_MS,
  MONTH: 30 * DAY_MS,
  QUARTER: 90 * DAY_MS,
};

/** How long a range is in ms, whether or not it is a right one: what it costs is asked before it is parsed. */
export function lengthOf({ last, between }: RangeInput): number {
  return last === undefined ? Math.max(0, between.to - between.from) : PRESETS_MS[last];
}

/** The range in instants; `last` ends now. Throws InvalidInputError where it ends before it starts. */
export function parseRange(input: RangeInput, now: number): TimeRange {
  if (input.last !== undefined) return { fromAt: now - PRESETS_MS[input.last], toAt: now + 1 };
  const { from, to } = input.between;
  if (to > from) return { fromAt: from, toAt: to };
  throw new InvalidInputError([{ path: ["range", "between", "to"], message: "must be later than `from`" }]);
}
