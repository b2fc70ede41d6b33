import type { DatabaseSync } from "node:sqlite";

/** The kinds of graves: what lay in them. */
export const GRAVE = { card: 0, note: 1, deck: 2 } as const;

const MS = 1_000;

/** How many rows went because they were deleted in the other collection. */
export type Deleted = { notes: number; cards: number };

/**
 * Deletes what was deleted in the other collection, unless it was changed after the last change there: a grave has no
 * time of its own. Reviews stay in the log. Notes without cards go.
 */
export function bury(db: DatabaseSync, other: DatabaseSync): Deleted {
  const until = Number(other.prepare("SELECT mod FROM col").get()!.mod);
  const graves = other.prepare("SELECT DISTINCT oid, type FROM graves WHERE type IN (0, 1)").all();
  const [findNote, findCard] = ["notes", "cards"].map((table) => db.prepare(`SELECT mod FROM ${table} WHERE id = ?`));
  const cardsOf = db.prepare("SELECT max(mod) AS mod FROM cards WHERE nid = ?");
  const removeCard = db.prepare("DELETE FROM cards WHERE id = ?");
  const removeCards = db.prepare("DELETE FROM cards WHERE nid = ?");
  const deleted = { notes: 0, cards: 0 };
  for (const { oid, type } of graves) {
    const id = Number(oid);
    const found = (type === GRAVE.note ? findNote! : findCard!).get(id);
    if (!found || Number(found.mod) * MS > until) continue;
    if (type === GRAVE.note && Number(cardsOf.get(id)?.mod ?? 0) * MS > until) continue;
    deleted.cards += Number((type === GRAVE.note ? removeCards : removeCard).run(id).changes);
  }
  deleted.notes = Number(db.prepare("DELETE FROM notes WHERE id NOT IN (SELECT nid FROM cards)").run().changes);
  return deleted;
}
