import type { DatabaseSync } from "node:sqlite";

/** How much of a collection is not in another. */
export type Lost = { notes: number; cards: number; reviews: number };

export const NOTHING_LOST: Lost = { notes: 0, cards: 0, reviews: 0 };

/** What of `old` is not in `file`: notes by guid, cards by note and template, reviews by id. */
export function lostIn(old: DatabaseSync, file: DatabaseSync): Lost {
  const notLeft = (sql: string) => {
    const left = new Set(file.prepare(sql).all().map(({ name }) => String(name)));
    return old.prepare(sql).all().filter(({ name }) => !left.has(String(name))).length;
  };
  return {
    notes: notLeft("SELECT guid AS name FROM notes"),
    cards: notLeft("SELECT n.guid || ' ' || c.ord AS name FROM cards c JOIN notes n ON n.id = c.nid"),
    reviews: notLeft("SELECT CAST(id AS TEXT) AS name FROM revlog"),
  };
}
