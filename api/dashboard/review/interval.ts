const STEPS: readonly [number, string][] = [
  [365 * 86_400_000, "y"],
  [30 * 86_400_000, "mo"],
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

/** How long until a card comes again, as short as a button needs: 10 min, 4 d, 1.5 mo, 2.1 y. */
export function intervalOf(ms: number): string {
  const [unit, name] = STEPS.find(([unit]) => ms >= unit) ?? STEPS.at(-1)!;
  const count = ms / unit;
  const isRough = name === "y" || name === "mo";
  return `${isRough ? Math.round(count * 10) / 10 : Math.round(count)} ${name}`;
}
