import type { DatabaseSync } from "node:sqlite";
import { isObject } from "../collection/card-data.ts";
import { type CardRow, getRow, listRows, putCard, run } from "../collection/rows.ts";

/** The keys of a deck that an answer changes, as they were; those that were missing are undefined. */
type DeckBefore = Record<string, unknown>;

/** All that an answer changed, as it was before. Texts of `col` are kept whole only where they cannot be derived. */
export type UndoRecord = {
  card: CardRow;
  logId: number;
  colMod: number;
  decks: Record<string, DeckBefore>;
  /** `col.decks`, where it was not written in the way it is written here. */
  decksText?: string;
  confText?: string;
  tagsText?: string;
  note?: { id: number; mod: number; usn: number; tags: string };
  siblings: [id: number, queue: number, mod: number, usn: number][];
  unburied: [id: number, queue: number][];
};

export const DECK_KEYS = ["newToday", "revToday", "lrnToday", "timeToday", "mod", "usn"] as const;

/** Puts back everything that the record holds. */
export function restore(db: DatabaseSync, record: UndoRecord): void {
  run(db, "delete from revlog where id = ?", record.logId);
  putCard(db, record.card);
  for (const [id, queue, mod, usn] of record.siblings) {
    run(db, "update cards set queue = ?, mod = ?, usn = ? where id = ?", queue, mod, usn, id);
  }
  for (const [id, queue] of record.unburied) run(db, "update cards set queue = ? where id = ?", queue, id);
  if (record.note) {
    const { id, mod, usn, tags } = record.note;
    run(db, "update notes set mod = ?, usn = ?, tags = ? where id = ?", mod, usn, tags, id);
  }
  if (record.confText !== undefined) run(db, "update col set conf = ?", record.confText);
  if (record.tagsText !== undefined) run(db, "update col set tags = ?", record.tagsText);
  const decks = record.decksText ?? decksBefore(db, record.decks);
  run(db, "update col set decks = ?, mod = ?", decks, record.colMod);
}

/** What the decks' keys are now, for a record. */
export function keysOf(deck: Record<string, unknown>): DeckBefore {
  return Object.fromEntries(DECK_KEYS.filter((key) => deck[key] !== undefined).map((key) => [key, deck[key]]));
}

export function listSiblings(db: DatabaseSync, card: CardRow): CardRow[] {
  return listRows(db, "select * from cards where nid = ? and id <> ? order by id", card.nid, card.id);
}

function decksBefore(db: DatabaseSync, before: UndoRecord["decks"]): string {
  const decks: unknown = JSON.parse(getRow<{ decks: string }>(db, "select decks from col limit 1")!.decks);
  if (!isObject(decks)) throw new Error("The collection's decks cannot be read.");
  for (const [id, keys] of Object.entries(before)) {
    const deck = decks[id];
    if (!isObject(deck)) continue;
    for (const key of DECK_KEYS) {
      if (key in keys) deck[key] = keys[key];
      else delete deck[key];
    }
  }
  return JSON.stringify(decks);
}
