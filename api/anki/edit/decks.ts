import type { DatabaseSync } from "node:sqlite";
import { SEPARATOR } from "../collection/decks.ts";
import { type CardRow, getRow, listRows } from "../collection/rows.ts";
import { DEFAULT_DECK, defaultDeck } from "../file/defaults.ts";
import { GRAVE } from "../file/merge-graves.ts";
import { broughtHome } from "../schedule/answer.ts";
import type { Recorder } from "./before.ts";

/** What a changed row or deck says of the change: when, in seconds, and that no sync server knows it yet. */
export type Stamp = { mod: number; usn: number };
type Json = Record<string, unknown>;

export function createDeck(rec: Recorder, deckId: number, name: string, stamp: Stamp, own: Json = defaultDeck()): void {
  rec.change("decks", (decks) => {
    const names = new Set(Object.values(decks).map((deck) => nameOf(deck).toLowerCase()));
    const parts = name.split(SEPARATOR);
    // The decks above it come with it, each with an id of its own.
    for (let depth = 1, id = deckId; depth <= parts.length; depth++) {
      const path = parts.slice(0, depth).join(SEPARATOR);
      if (names.has(path.toLowerCase())) continue;
      const isLast = depth === parts.length;
      const key = isLast ? freeKey(decks, deckId) : (id = freeKey(decks, id + 1));
      decks[key] = { ...(isLast ? own : defaultDeck()), id: key, name: path, ...stamp };
    }
  });
}

export function renameDeck(rec: Recorder, deckId: number, name: string, stamp: Stamp): void {
  rec.change("decks", (decks) => {
    const old = nameOf(decks[deckId]);
    for (const deck of Object.values(decks) as Json[]) {
      const own = nameOf(deck);
      if (own !== old && !own.startsWith(old + SEPARATOR)) continue;
      Object.assign(deck, { name: name + own.slice(old.length), ...stamp });
    }
  });
  const above = name.split(SEPARATOR).slice(0, -1).join(SEPARATOR);
  if (above !== "") createDeck(rec, deckId + 1, above, stamp);
}

/** The deck and all below it, by their ids. */
export function deckAndBelow(decks: Json, deckId: number): number[] {
  const name = nameOf(decks[deckId]).toLowerCase();
  const all = Object.entries(decks).map(([id, deck]) => ({ id: Number(id), name: nameOf(deck).toLowerCase() }));
  return all.filter((deck) => deck.id === deckId || deck.name.startsWith(name + SEPARATOR.toLowerCase()))
    .map(({ id }) => id);
}

/**
 * Deletes a deck and all below it with their cards, also those that a filtered deck has borrowed, and notes that have no card
 * left. A filtered deck gives its cards back. The default deck stays, empty. What was answered stays in the log.
 * Source: ankitects/anki, rslib/src/decks/remove.rs.
 */
export function deleteDeck(rec: Recorder, deckId: number, stamp: Stamp): void {
  rec.change("decks", (decks) => {
    for (const id of deckAndBelow(decks, deckId)) {
      const deck = decks[id] as Json;
      if (deck["dyn"]) returnCards(rec, id, stamp);
      else {
        const cards = listRows<{ id: number; nid: number }>(
          rec.db,
          "select id, nid from cards where did = ? or odid = ?",
          id,
          id,
        );
        for (const card of cards) deleteCard(rec, card.id);
        for (const nid of new Set(cards.map((card) => card.nid))) {
          if (getRow(rec.db, "select 1 from cards where nid = ?", nid)) continue;
          rec.remove("notes", nid);
          rec.grave(nid, GRAVE.note);
        }
      }
      if (id === DEFAULT_DECK) Object.assign(deck, { name: "Default", ...stamp });
      else {
        delete decks[id];
        rec.grave(id, GRAVE.deck);
      }
    }
  });
}

/** How many cards lie in decks, or are borrowed from them. */
export function countCardsOf(db: DatabaseSync, deckIds: readonly number[]): number {
  const ids = deckIds.join(", ");
  return (db.prepare(`select count(*) as n from cards where did in (${ids}) or odid in (${ids})`).get() as {
    n: number;
  }).n;
}

export function deleteCard(rec: Recorder, cardId: number): void {
  rec.remove("cards", cardId);
  rec.grave(cardId, GRAVE.card);
}

/** Gives all cards of a filtered deck back. */
export function returnCards(rec: Recorder, deckId: number, stamp: Stamp): void {
  for (const card of listRows<CardRow>(rec.db, "select * from cards where did = ? and odid <> 0", deckId)) {
    const { id: _, ...values } = broughtHome(card);
    rec.update("cards", card.id, { ...values, ...stamp });
  }
}

export function nameOf(deck: unknown): string {
  const { name } = (deck ?? {}) as Json;
  return typeof name === "string" ? name : "";
}

function freeKey(json: Json, id: number): number {
  let free = id;
  while (json[free] !== undefined) free++;
  return free;
}
