import { DatabaseSync } from "node:sqlite";
import { CARD_COLUMNS } from "../collection/rows.ts";
import { createTables } from "../file/take.ts";
import type { Part } from "../queue/next.ts";

export const NOTE_COLUMNS = ["id", "mid", "mod", "usn", "tags", "flds"] as const;

type Json = Record<string, unknown>;

/** A slice as JSON: rows in the order of their columns, and what the whole collection has more. */
export type Body = {
  deckId: number;
  today: number;
  crt: number;
  mod: number;
  conf: Json;
  decks: Json;
  dconf: Json;
  models: Json;
  cards: (string | number)[][];
  notes: (string | number)[][];
  /** The card that was answered last, and when; slices of before do not say when. */
  last: number | undefined;
  lastAt?: number | undefined;
  /** Cards that the session answered before, and when. */
  answeredAt: readonly (readonly [cardId: number, at: number])[];
  /** The cards up to which the order is that of the whole. */
  safe: readonly number[];
  /** Marks of the answers that the session gave before, one after another. */
  answers: string;
  beyond: Part["beyond"];
  /** How many more cards a deck has: its id, then new, learning, due and all. */
  counts: readonly (readonly [id: number, ...counts: number[]])[];
};

/** So many letters of an answer's id: two of a session's hundreds are alike once in fifty thousand sessions. */
export const MARK_CHARS = 5;

export function markOf(answerId: string): string {
  return answerId.slice(0, MARK_CHARS);
}

/** The collection in memory that a slice is. Close it. */
export function fillSlice(
  { crt, mod, conf, decks, dconf, models, cards, notes, last, lastAt, answeredAt }: Body,
): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  createTables(db);
  db.exec("create index ix_cards_sched on cards (did, queue, due); begin");
  db.prepare("insert into col values (1, ?, ?, 0, 11, 0, 0, 0, ?, ?, ?, ?, '{}')").run(
    crt,
    mod,
    ...[conf, models, decks, dconf].map((part) => JSON.stringify(part)),
  );
  const places = (columns: readonly string[]) => columns.map(() => "?").join(", ");
  const card = db.prepare(`insert into cards (${CARD_COLUMNS.join(", ")}) values (${places(CARD_COLUMNS)})`);
  for (const row of cards) card.run(...row);
  const note = db.prepare(
    `insert into notes (${NOTE_COLUMNS.join(", ")}, guid, sfld, csum, flags, data) values (${
      places(NOTE_COLUMNS)
    }, '', 0, 0, 0, '')`,
  );
  for (const row of notes) note.run(...row);
  // Of the log a slice knows who was answered last, and what the session answered; the rest is in the cards' memory.
  const log = db.prepare("insert into revlog values (?, ?, 0, 1, 0, 0, 0, 0, 4)");
  for (const [cardId, at] of answeredAt) log.run(at, cardId);
  const newest = answeredAt.reduce<readonly [number, number]>((a, b) => (b[1] > a[1] ? b : a), [0, 0]);
  // At its own time: where a clock went back, what is answered now is not the newest row of the whole log either.
  const isThere = lastAt === undefined ? newest[0] === last : answeredAt.some(([, at]) => at === lastAt);
  if (last !== undefined && !isThere) log.run(lastAt ?? newest[1] + 1, last);
  db.exec("commit");
  return db;
}
