import type { DatabaseSync } from "node:sqlite";
import type { Col } from "./col.ts";
import { DEFAULT_DECK } from "./defaults.ts";

/** The kinds of graves: what lay in them. */
export const GRAVE = { card: 0, note: 1, deck: 2 } as const;

const MS = 1_000;

/** How many rows went because they were deleted in the other collection. */
export type Deleted = { notes: number; cards: number };

/**
 * Deletes what was deleted in the other collection, unless it was changed after the last change there: a grave has no
 * time of its own. What lives there is not deleted: Anki leaves the graves of notes that come back, as by an import of a
 * backup, with their old ids. Reviews stay in the log. Notes without cards go.
 */
export function bury(db: DatabaseSync, other: DatabaseSync): Deleted {
  const until = Number(other.prepare("SELECT mod FROM col").get()!.mod);
  const graves = other.prepare(`SELECT DISTINCT oid, type FROM graves
    WHERE (type = ${GRAVE.card} AND oid NOT IN (SELECT id FROM cards))
      OR (type = ${GRAVE.note} AND oid NOT IN (SELECT id FROM notes))`).all();
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

/** The ids of decks that a collection says are deleted. */
function deckGraves(db: DatabaseSync): number[] {
  return db.prepare(`SELECT DISTINCT oid FROM graves WHERE type = ${GRAVE.deck}`).all().map(({ oid }) => Number(oid));
}

/**
 * Takes decks out of a merged collection that were deleted in one of the two: those without a card and without a deck
 * below them, unless the other changed them after its last change (`until`, epoch ms). `ids` is what each deck of `from` is
 * now, `known` are those of `into` before. Gives them with their names.
 */
export function buryDecks(
  col: Col,
  { into, from, ids, known, until }: {
    into: DatabaseSync;
    from: DatabaseSync;
    ids: ReadonlyMap<number, number>;
    known: ReadonlySet<number>;
    until: { ours: number; theirs: number };
  },
): { id: number; name: string }[] {
  // A deck that lives beside its own grave is no deleted deck, nor is one of theirs that was made anew by such a name.
  const ours = new Set(deckGraves(into).filter((id) => !known.has(id)));
  const kept = new Set(ids.values());
  const theirs = new Set(deckGraves(from).filter((id) => !kept.has(id)));
  const hasCards = into.prepare("SELECT 1 FROM cards WHERE did = ?1 OR odid = ?1 LIMIT 1");
  const isLast = ({ name }: { name: string }) =>
    ![...col.decks.values()].some((other) => other.name.toLowerCase().startsWith(`${name.toLowerCase()}::`));
  const gone: { id: number; name: string }[] = [];
  // The deepest first: a deck whose decks below it go may go as well.
  const byDepth = [...ours, ...theirs].toSorted((a, b) => depthOf(col, b) - depthOf(col, a));
  for (const id of byDepth) {
    const deck = col.decks.get(id);
    if (!deck || id === DEFAULT_DECK) continue;
    const changedAt = Number(deck.mod ?? 0) * MS;
    const isDeleted = (ours.has(id) && changedAt <= until.ours) || (theirs.has(id) && changedAt <= until.theirs);
    if (!isDeleted || hasCards.get(id) || !isLast(deck)) continue;
    col.decks.delete(id);
    gone.push({ id, name: deck.name });
  }
  return gone;
}

function depthOf(col: Col, id: number): number {
  return col.decks.get(id)?.name.split("::").length ?? 0;
}
