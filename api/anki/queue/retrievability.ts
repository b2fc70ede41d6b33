import { DAY_MS, SECOND_MS } from "../../core/clock.ts";
import { memoryOf, parseCardData } from "../collection/card-data.ts";
import type { CardRow } from "../collection/rows.ts";
import type { Timing } from "../collection/timing.ts";

/** FSRS's curve: 0.9 after as many days as the stability. Source: open-spaced-repetition/fsrs-rs, src/model.rs. */
export function retrievability(elapsedDays: number, stability: number, decay: number): number {
  return (1 + (0.9 ** (-1 / decay) - 1) * elapsedDays / stability) ** -decay;
}

/** What of a card tells how well it is known; `due` is that of its home deck. */
export type Recalled = Pick<CardRow, "data" | "due" | "ivl">;
type Day = Pick<Timing, "today" | "nextDayAt">;

/** What is due later than this is due at a second and not on a day, as in Anki. */
export const MAX_DUE_DAY = 365_000;
/** FSRS's decay before its parameters held one. */
const OLD_DECAY = 0.5;
const SHORTEST = 0.001;

/** How likely a card is known today; by its interval where FSRS has not seen it. */
export function recallOf(card: Recalled, day: Day): number {
  const { lrt, decay, ...data } = parseCardData(card.data);
  const stability = memoryOf(data)?.stability ?? Math.max(card.ivl, SHORTEST);
  return retrievability(daysSince(lrt, card, day), stability, decay || OLD_DECAY);
}

/**
 * How many of Anki's days ago a card was answered last, by the second of that; what never kept one, by its interval before
 * it is due, which another due date belies. Whole days, as FSRS schedules by: so an order is the same all day.
 */
function daysSince(lrt: number | undefined, { due, ivl }: Recalled, { today, nextDayAt }: Day): number {
  if (lrt === undefined && due <= MAX_DUE_DAY) return Math.max(0, today - due + ivl);
  return Math.max(0, Math.floor((nextDayAt - (lrt ?? due) * SECOND_MS) / DAY_MS));
}

/**
 * How far a card is beyond what is wanted of it, by FSRS: 1 where it is known as likely as that. Without its memory, the days
 * since by the interval. Source: ankitects/anki, rslib/src/storage/sqlite.rs, extract_fsrs_relative_retrievability.
 */
export function overdueOf(card: Recalled, day: Day): number {
  const { dr, decay = OLD_DECAY, ...data } = parseCardData(card.data);
  if (memoryOf(data) === undefined || dr === undefined) {
    return (daysSince(undefined, card, day) + SHORTEST) / Math.max(card.ivl, 1);
  }
  const lost = (known: number) => Math.max(known, 0.0001) ** (-1 / (decay || OLD_DECAY)) - 1;
  return lost(recallOf(card, day)) / lost(dr);
}
