/** So wide is a mark below a chart of days, with room beside it. */
const MARK_PX = 64;

/**
 * Which days are named below a chart: of the bars' own beginnings every so many, counted from the last, so that today always is.
 * A day is named where it begins, whether it had 23 hours, 24 or 25.
 */
export function marksOf(starts: readonly number[], width: number): number[] {
  // Without any width it is beyond all: today alone.
  const every = Math.ceil((starts.length * MARK_PX) / width);
  return starts.filter((_, i) => (starts.length - 1 - i) % every === 0);
}
