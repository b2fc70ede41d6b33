import { isObject } from "../collection/card-data.ts";
import { readCollection } from "../collection/collection.ts";
import { QUEUE } from "../collection/rows.ts";
import { defaultDeck } from "../file/defaults.ts";
import { FILTER_ORDERS, findToBorrow } from "../queue/search.ts";
import type { Moment } from "../schedule/question.ts";
import type { Recorder } from "./before.ts";
import type { Command, DeckFilter } from "./command.ts";
import { createDeck, returnCards, type Stamp } from "./decks.ts";

/** The place of a deck's first card: before all days, so that all of them are due. */
const FIRST_PLACE = -100_000;

type Fill = Extract<Command, { do: "fillDeck" }>;

/**
 * Makes a filtered deck where there is none of the id, gives back what it had, and borrows what its searches find now. Where
 * answers do not count for schedules, all of them are shown as reviews.
 * Source: ankitects/anki, rslib/src/scheduler/filtered.
 */
export function fillDeck(
  rec: Recorder,
  { deckId, name, filter }: Fill,
  moment: Moment,
  stamp: Stamp,
): void {
  if (filter && name !== undefined) createDeck(rec, deckId, name, stamp, filteredDeck());
  if (filter) {
    rec.change("decks", (decks) => {
      const deck = decks[deckId];
      if (isObject(deck)) Object.assign(deck, settingsOf(filter), stamp);
    });
  }
  const deck = readCollection(rec.db).decks.get(deckId)?.filtered;
  if (!deck) return;
  returnCards(rec, deckId, stamp);
  let place = FIRST_PLACE;
  for (const { order, ...term } of deck.searches) {
    const found = findToBorrow(rec.db, { ...term, order: FILTER_ORDERS[order] ?? "RANDOM" }, moment);
    for (const card of found) {
      rec.update("cards", card.id, {
        did: deckId,
        odid: card.did,
        odue: card.due,
        ...(card.due > 0 && { due: place }),
        ...(!deck.reschedules && { queue: QUEUE.REVIEW }),
        ...stamp,
      });
      place++;
    }
  }
}

export function emptyDeck(rec: Recorder, deckId: number, stamp: Stamp): void {
  returnCards(rec, deckId, stamp);
}

function filteredDeck(): Record<string, unknown> {
  const { conf: _, extendNew: __, extendRev: ___, ...deck } = defaultDeck() as Record<string, unknown>;
  return {
    ...deck,
    dyn: 1,
    separate: true,
    delays: null,
    previewDelay: 10,
    previewAgainSecs: 60,
    previewHardSecs: 600,
    previewGoodSecs: 0,
  };
}

function settingsOf({ searches, reschedules }: DeckFilter): Record<string, unknown> {
  return {
    resched: reschedules,
    terms: searches.map(({ search, limit, order }) => [
      search,
      limit,
      typeof order === "number" ? order : FILTER_ORDERS.indexOf(order),
    ]),
  };
}
