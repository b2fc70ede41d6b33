import type { Collection } from "../collection/collection.ts";
import { type Deck, type DeckLimit, withChildren } from "../collection/decks.ts";

/** How many more cards of a kind may be given today. New cards are also held to what is left of the reviews. */
export type Remaining = { review: number; new: number };

/** What filtered decks have, whose cards no limit holds. */
export const UNLIMITED: Remaining = { review: 9_999, new: 9_999 };

/**
 * What is left of a deck's own limits today. New cards count as reviews too, unless the collection says otherwise.
 * Source: ankitects/anki, rslib/src/decks/limits.rs.
 */
export function remainingOf(collection: Collection, deck: Deck, today: number): Remaining {
  if (deck.filtered) return UNLIMITED;
  const options = collection.optionsOf(deck);
  const done = deck.studied.day === today ? deck.studied : { new: 0, review: 0 };
  const reviews = limitOf(deck.reviewLimit, today, options.reviewsPerDay) - done.review;
  const fresh = limitOf(deck.newLimit, today, options.newPerDay) - done.new;
  if (collection.newIgnoresReviewLimit) return { review: Math.max(0, reviews), new: Math.max(0, fresh) };
  const review = Math.max(0, reviews - done.new);
  return { review, new: Math.max(0, Math.min(fresh, review)) };
}

/** Limits that go down as cards are gathered from a deck and the decks below it. */
export type LimitTree = {
  decks: readonly Deck[];
  root(kind: keyof Remaining): number;
  isReached(deckId: number, kind: keyof Remaining): boolean;
  take(deckId: number, kind: keyof Remaining): void;
};

/** The limits of a deck under review: its own hold all below it, each deck below has its own too. */
export function createLimitTree(collection: Collection, deckId: number, today: number): LimitTree {
  const decks = withChildren(collection.decks, deckId);
  const above = collection.parentLimitsApply ? collection.decks.get(deckId)?.parents ?? [] : [];
  const ids = new Set([...above, ...decks.map(({ id }) => id)]);
  const left = new Map([...ids].map((id) => [id, remainingOf(collection, collection.decks.get(id)!, today)]));
  const chainOf = (id: number) =>
    [id, ...(collection.decks.get(id)?.parents ?? [])].map((link) => left.get(link)).filter((found) =>
      found !== undefined
    );
  const chains = new Map(decks.map(({ id }) => [id, chainOf(id)]));
  const least = (id: number, kind: keyof Remaining) => {
    let found = Infinity;
    for (const one of chains.get(id)!) found = Math.min(found, one[kind]);
    return found;
  };
  return {
    decks,
    root: (kind) => (decks.length === 0 ? 0 : least(deckId, kind)),
    isReached: (id, kind) => least(id, kind) <= 0,
    take: (id, kind) => {
      for (const one of chains.get(id)!) {
        one[kind] = Math.max(0, one[kind] - 1);
        if (kind === "review" && !collection.newIgnoresReviewLimit) one.new = Math.min(one.new, one.review);
      }
    },
  };
}

function limitOf(own: DeckLimit, today: number, preset: number): number {
  return (own.today?.day === today ? own.today.limit : undefined) ?? own.always ?? preset;
}
