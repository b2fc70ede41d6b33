/**
 * FSRS-6 and Anki's ranges of fuzz, written once more from their descriptions, for tests alone: days for each button before
 * fuzz, and the days among which fuzz may choose. Source: github.com/open-spaced-repetition/fsrs4anki/wiki/The-Algorithm.
 */
export type Remembered = { s: number; d: number };
type Button = 1 | 2 | 3 | 4;

export const FSRS_6 = [
  0.212,
  1.2931,
  2.3065,
  8.2956,
  6.4133,
  0.8334,
  3.0194,
  0.001,
  1.8722,
  0.1666,
  0.796,
  1.4835,
  0.0614,
  0.2629,
  1.6483,
  0.6014,
  1.8729,
  0.5425,
  0.0912,
  0.0658,
  0.1542,
];

const within = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));

export function fsrsOracle(w: readonly number[] = FSRS_6) {
  const decay = -w[20]!;
  const factor = Math.pow(0.9, 1 / decay) - 1;
  const firstHardness = (button: Button) => w[4]! - Math.exp(w[5]! * (button - 1)) + 1;

  function hardness(d: number, button: Button): number {
    const moved = d + (-w[6]! * (button - 3) * (10 - d)) / 9;
    return within(w[7]! * firstHardness(4) + (1 - w[7]!) * moved, 1, 10);
  }

  /** The memory after an answer, so many days after the one before; of a card that was never answered without one. */
  function after(memory: Remembered | undefined, button: Button, days: number): Remembered {
    if (!memory) return { s: Math.max(0.001, w[button - 1]!), d: within(firstHardness(button), 1, 10) };
    const { s, d } = memory;
    const next = hardness(d, button);
    if (days < 1) {
      const growth = Math.exp(w[17]! * (button - 3 + w[18]!)) * Math.pow(s, -w[19]!);
      return { s: within(s * (button >= 2 ? Math.max(1, growth) : growth), 0.001, 36_500), d: next };
    }
    const r = Math.pow(1 + (factor * days) / s, decay);
    if (button === 1) {
      const forgotten = w[11]! * Math.pow(d, -w[12]!) * (Math.pow(s + 1, w[13]!) - 1) * Math.exp(w[14]! * (1 - r));
      return { s: within(Math.min(forgotten, s / Math.exp(w[17]! * w[18]!)), 0.001, 36_500), d: next };
    }
    const bonus = button === 2 ? w[15]! : button === 4 ? w[16]! : 1;
    const grown = s * (1 + Math.exp(w[8]!) * (11 - d) * Math.pow(s, -w[9]!) * (Math.exp(w[10]! * (1 - r)) - 1) * bonus);
    return { s: within(grown, 0.001, 36_500), d: next };
  }

  /** Days until the retention that is wanted. */
  const daysUntil = (s: number, retention: number) => (s / factor) * (Math.pow(retention, 1 / decay) - 1);
  return { after, daysUntil };
}

/** The first and the last day that fuzz may choose for an interval, in bounds. */
export function fuzzDays(interval: number, least: number, most: number): [number, number] {
  const [low, high] = [Math.min(Math.max(1, least), most), most];
  const days = within(interval, low, high);
  let spread = 0;
  if (days >= 2.5) {
    spread = 1;
    for (const [from, to, share] of [[2.5, 7, 0.15], [7, 20, 0.1], [20, Infinity, 0.05]] as const) {
      spread += share * Math.max(0, Math.min(days, to) - from);
    }
  }
  const first = within(Math.round(days - spread), low, high);
  const last = within(Math.round(days + spread), low, high);
  return [first, last === first && last > 2 && last < high ? last + 1 : last];
}
