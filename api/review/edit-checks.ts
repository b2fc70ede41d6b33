import type { DatabaseSync } from "node:sqlite";
import { InvalidInputError } from "../core/errors.ts";
import { isEdit, isSameEdit, type KeptAnswer } from "../anki/schedule/answers-table.ts";
import { readCollection } from "../anki/collection/collection.ts";
import { type Deck, SEPARATOR } from "../anki/collection/decks.ts";

export const invalid = (field: string, message: string) => new InvalidInputError([{ path: [field], message }]);

/** Throws where an id stands for something else already. Nothing is changed then. */
export function requireSameEdit(kept: KeptAnswer, asked: string): void {
  if (isEdit(kept) && isSameEdit(kept, asked)) return;
  throw invalid(
    "editId",
    `was used for another ${isEdit(kept) ? "change" : "answer"}; give each change an id of its own`,
  );
}

/** Names are the same whatever their case is, and however their accents are written. */
const nameKey = (name: string) => name.normalize("NFC").toLowerCase();

/** Whether a name is one below another. */
export function isBelow(name: string, above: string): boolean {
  return nameKey(name).startsWith(nameKey(above) + SEPARATOR);
}

/** Throws unless there is such a deck and it is none that borrows. */
export function requireDeck(db: DatabaseSync, deckId: number, field: string): Deck {
  const deck = readCollection(db).decks.get(deckId);
  if (!deck) throw invalid(field, "is no deck of this collection; `decks` lists them");
  if (deck.filtered) throw invalid(field, "is a filtered deck, which borrows its cards; choose another");
  return deck;
}

/** Throws where another deck has the name, or a deck above it is one that borrows: nothing can lie below that. */
export function requireFreeName(db: DatabaseSync, name: string, except?: number): void {
  for (const deck of readCollection(db).decks.values()) {
    if (deck.id === except) continue;
    if (nameKey(deck.name) === nameKey(name)) {
      throw invalid("name", `is taken: deck ${deck.id} is called "${deck.name}"`);
    }
    if (deck.filtered && isBelow(name, deck.name)) {
      throw invalid("name", `lies below "${deck.name}", a filtered deck, which can have no deck below it`);
    }
  }
}

/** The id itself where it is free, else the next one that is. */
export function freeId(id: number, taken: { has(id: number): boolean }): number {
  let free = id;
  while (taken.has(free)) free++;
  return free;
}
