const DAY_MS = 86_400_000;

/** A unit, what it is called, and to what it is rounded. */
const STEPS: readonly [number, string, number][] = [
  [365 * DAY_MS, "y", 36.5 * DAY_MS],
  [30 * DAY_MS, "mo", 3 * DAY_MS],
  [DAY_MS, "d", DAY_MS],
  [3_600_000, "h", 3_600_000],
  [60_000, "min", 60_000],
  [1_000, "s", 1_000],
];

/** How long until a card comes again, as short as a button needs: 10 min, 4 d, 1.5 mo, 2.1 y. */
export function intervalOf(ms: number): string {
  const rounded = (to: number) => Math.round(ms / to) * to;
  // What would round up to a whole of the next unit is one: never 60 min, nor 24 h.
  const step = STEPS.find(([unit], i) => rounded(STEPS[i + 1]?.[2] ?? 1) >= unit) ?? STEPS.at(-1)!;
  const [unit, name, to] = step;
  return `${Math.round(rounded(to) / unit * 10) / 10} ${name}`;
}
