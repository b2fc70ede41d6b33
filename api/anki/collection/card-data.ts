import type { CardRow } from "./rows.ts";

/** FSRS's memory of a card: stability in days, difficulty from 1 to 10. */
export type Memory = { stability: number; difficulty: number };

/**
 * What Anki keeps as JSON in `cards.data`: `pos` the place among new cards before the first answer, `s` and `d` the
 * memory, `dr` the desired retention, `decay` of the curve, `lrt` the last review in seconds, `cd` custom data.
 * Source: ankitects/anki, rslib/src/storage/card/data.rs, which rounds to 3, 3, 2 and 3 places.
 */
export type CardData = {
  pos?: number | undefined;
  s?: number | undefined;
  d?: number | undefined;
  dr?: number | undefined;
  decay?: number | undefined;
  lrt?: number | undefined;
  cd?: string | undefined;
};

const MIN_STABILITY = 0.001;
const MAX_STABILITY = 36_500;
/** Within these a value means something; what is outside is as if it were not there. */
const MEANT: Readonly<Record<string, readonly [number, number]>> = {
  pos: [-(2 ** 31), 2 ** 31],
  s: [0, Infinity],
  dr: [0, 1],
  decay: [0, 10],
  lrt: [0, 2 ** 32],
};

/** Never throws: what cannot be read is as if it were not there, as in Anki. */
export function parseCardData(text: string): CardData {
  const value = parseObject(text);
  const data: CardData = {};
  for (const key of ["pos", "s", "d", "dr", "decay", "lrt"] as const) {
    const number = value[key];
    if (typeof number !== "number" || !Number.isFinite(number)) continue;
    const [min, max] = MEANT[key] ?? [-Infinity, Infinity];
    if (number >= min && number <= max) data[key] = number;
  }
  if (typeof value["cd"] === "string") data.cd = value["cd"];
  return data;
}

export function formatCardData({ pos, s, d, dr, decay, lrt, cd }: CardData): string {
  return JSON.stringify({
    pos,
    s: rounded(s, 3),
    d: rounded(d, 3),
    dr: rounded(dr, 2),
    decay: rounded(decay, 3),
    lrt,
    cd: cd === "" || cd === "{}" ? undefined : cd,
  });
}

/** The memory that is kept with a card; undefined where there is none. Values out of bounds are brought into them. */
export function memoryOf({ s, d }: CardData): Memory | undefined {
  if (s === undefined || d === undefined || s <= 0) return undefined;
  return { stability: Math.min(MAX_STABILITY, Math.max(s, MIN_STABILITY)), difficulty: Math.min(10, Math.max(1, d)) };
}

/** An object of a JSON text; empty where the text is none. */
export function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether the card lies in a filtered deck at the moment. */
export function isAway(card: CardRow): boolean {
  return card.odid !== 0;
}

function rounded(value: number | undefined, places: number): number | undefined {
  return value === undefined ? undefined : Math.round(value * 10 ** places) / 10 ** places;
}
