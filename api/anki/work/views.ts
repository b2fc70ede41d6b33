import type { DatabaseSync } from "node:sqlite";
import { checkMedia } from "../file/media-check.ts";
import { listDecks } from "../queue/counts.ts";
import { countDeckStats } from "../queue/deck-stats.ts";
import { forecastDue } from "../queue/forecast.ts";
import { reviewStats } from "../queue/review-stats.ts";
import { type DeckSearch, FILTER_ORDERS, findToBorrow, searchCards } from "../queue/search.ts";
import { readCollection } from "../collection/collection.ts";
import { momentOf } from "../schedule/question.ts";

/** When somebody asks, and where they are; without a zone, where the collection was made. */
export type Asked = { at: number; zone?: string | null | undefined };

type Of = { deckId?: number | undefined };

/** Reads that go through a whole collection, by the names by which a thread is asked for them. */
export const VIEWS = {
  decks: (db: DatabaseSync, { at, zone }: Asked) => listDecks(db, momentOf(db, at, zone)),
  forecast: (db: DatabaseSync, { at, zone }: Asked, of: Of & { days: number }) =>
    forecastDue(db, { ...of, moment: momentOf(db, at, zone) }),
  deckStats: (db: DatabaseSync, { at, zone }: Asked, of: Of) =>
    countDeckStats(db, { ...of, moment: momentOf(db, at, zone) }),
  media: checkMedia,
  reviewStats,
  /** How many cards a filtered deck would borrow by these searches, or by its own. */
  borrowable: (
    db: DatabaseSync,
    { at, zone }: Asked,
    { deckId, searches }: Of & { searches?: readonly DeckSearch[] | undefined },
  ): number => {
    const own = deckId === undefined ? undefined : readCollection(db).decks.get(deckId)?.filtered;
    const wanted = searches ?? own?.searches.map((term) => ({ ...term, order: FILTER_ORDERS[term.order] ?? "RANDOM" }));
    return (wanted ?? []).reduce((sum, one) => sum + findToBorrow(db, one, momentOf(db, at, zone), deckId).length, 0);
  },
  search: (
    db: DatabaseSync,
    { at, zone }: Asked,
    { text, ...page }: { text: string; after?: number | undefined; limit: number },
  ) => searchCards(db, text, { ...page, moment: momentOf(db, at, zone) }),
};
export type Views = typeof VIEWS;
