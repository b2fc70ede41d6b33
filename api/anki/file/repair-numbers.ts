import type { DatabaseSync } from "node:sqlite";
import { MAX_DAYS, MAX_PLACE } from "../collection/options.ts";
import { readColumns } from "./col.ts";

const INT_32 = 2 ** 31;
/** More answers than anybody gives. */
const MANY = 1_000_000;
const DAY_S = 86_400;
/** Anki brings days beyond this back to today. */
const MAX_DAY = 100_000;
/** From here on `due` of a learning card is no day but an instant, in seconds. */
const INSTANT_S = 1_000_000_000;
/** In seconds this is the year 5138, in milliseconds 1973. */
const MAX_MOD_S = 100_000_000_000;

/**
 * What Anki can keep in each column of a card, and what stands there in place of more: what grows with answers gets room.
 * Source: ankitects/anki, rslib/src/card/mod.rs.
 */
const RANGES = {
  due: [-INT_32, 2 * INT_32 - 1, 2 * INT_32 - 1],
  odue: [-INT_32, 2 * INT_32 - 1, 2 * INT_32 - 1],
  ivl: [-INT_32, INT_32 - 1, MAX_DAYS],
  factor: [0, 65_535, 32_767],
  reps: [0, INT_32 - 1, MANY],
  lapses: [0, INT_32 - 1, MANY],
  left: [0, INT_32 - 1, INT_32 - 1],
  flags: [0, 255, 0],
} as const;

/**
 * Brings numbers of cards into what Anki keeps, days that nobody lives to see to today as its own check does, and times of
 * changes in milliseconds, as some producers write, to seconds: one of them would be later than any change to come. Gives
 * how many cards and how many times were mended.
 */
export function repairNumbers(db: DatabaseSync, now: number): { cards: number; times: number } {
  const { crt } = readColumns(db, "crt");
  const today = Math.max(0, Math.floor((now / 1_000 - crt) / DAY_S));
  const changes = (sql: string) => Number(db.prepare(sql).run().changes);
  const clamped = Object.entries(RANGES).map(([name, [min, max, most]]) =>
    `${name} = CASE WHEN ${name} > ${max} THEN ${most} ELSE max(${min}, ${name}) END`
  );
  const outside = Object.entries(RANGES).map(([name, [min, max]]) => `${name} NOT BETWEEN ${min} AND ${max}`);
  let cards = changes(`UPDATE cards SET ${clamped.join(", ")} WHERE ${outside.join(" OR ")}`);
  cards += changes(`UPDATE cards SET due = ${MAX_PLACE} WHERE type = 0 AND queue <= 0 AND due > ${MAX_PLACE}`);
  for (const column of ["due", "odue"]) {
    const isDay = column === "due"
      ? `(type = 2 AND queue NOT IN (1, 4)) OR queue = 3 OR ${column} <= ${INSTANT_S}`
      : "1";
    const isOdd = `(${column} > ${MAX_DAY} OR ${column} < -${MAX_PLACE})`;
    cards += changes(
      `UPDATE cards SET ${column} = ${today} WHERE type != 0 AND queue != 4 AND (${isDay}) AND ${isOdd}`,
    );
  }
  const times = changes(`UPDATE cards SET mod = min(mod / 1000, ${MAX_MOD_S}) WHERE mod > ${MAX_MOD_S}`) +
    changes(`UPDATE notes SET mod = min(mod / 1000, ${MAX_MOD_S}) WHERE mod > ${MAX_MOD_S}`);
  return { cards, times };
}
