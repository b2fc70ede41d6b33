import type { DatabaseSync } from "node:sqlite";
import { SECOND_MS } from "../../core/clock.ts";
import { type Collection, isUnburyDue, readCollection, timingOf } from "../collection/collection.ts";
import { type Deck, type FilterTerm, withChildren } from "../collection/decks.ts";
import type { Moment } from "../schedule/question.ts";
import { type Remaining, remainingOf, UNLIMITED } from "./limits.ts";

/** A deck as the list of decks shows it: counts with the decks below it, within the limits of the day. */
export type DeckView = {
  deckId: number;
  name: string;
  newCount: number;
  learningCount: number;
  dueCount: number;
  cardCount: number;
  /** What it borrows from other decks, and whether answers in it count for the cards' schedules; undefined for others. */
  filter?: { searches: readonly FilterTerm[]; reschedules: boolean } | undefined;
};

type Kind = "new" | "review" | "learning" | "dayLearning" | "cards";
type Counts = Record<Kind, number>;

const NONE: Counts = { new: 0, review: 0, learning: 0, dayLearning: 0, cards: 0 };

/** Each reads only its part of the index on (did, queue, due). */
const CONDITIONS: readonly (readonly [Kind, string])[] = [
  ["cards", "true"],
  ["new", "queue = 0"],
  ["review", "queue = 2 and due <= :today"],
  ["dayLearning", "queue = 3 and due <= :today"],
  ["learning", "queue = 1 and due < :ahead"],
  ["learning", "queue = 4 and due <= :ahead"],
];
const OF_BURIED: readonly (readonly [Kind, string])[] = [
  ["new", "queue in (-2, -3) and type = 0"],
  ["review", "queue in (-2, -3) and type = 2 and due <= :today"],
  ["dayLearning", "queue in (-2, -3) and type in (1, 3) and due <= :today"],
  ["learning", "queue in (-2, -3) and type in (1, 3) and due > 1000000000 and due < :ahead"],
];

/**
 * All decks with their counts at this moment, as Anki's list of decks counts them: learning cards that are due within
 * the time they may be shown ahead; then, within what is left of each deck's limits, learning cards of days, reviews and
 * new cards. Suspended and buried cards do not count; cards buried on an earlier day do.
 * Source: ankitects/anki, rslib/src/decks/tree.rs and rslib/src/storage/deck/due_counts.sql.
 */
export function listDecks(db: DatabaseSync, moment: Moment): DeckView[] {
  const collection = readCollection(db);
  const tops = [...collection.decks.values()].filter(({ parents }) => parents.length === 0);
  const found = countDecks(db, collection, tops, moment);
  return [...collection.decks.values()].map(({ id }) => found.get(id)!);
}

/** One deck with its counts; undefined where there is none. */
export function findDeck(db: DatabaseSync, deckId: number, moment: Moment): DeckView | undefined {
  const collection = readCollection(db);
  const deck = collection.decks.get(deckId);
  return deck && countDecks(db, collection, [deck], moment).get(deckId);
}

function countDecks(
  db: DatabaseSync,
  collection: Collection,
  tops: readonly Deck[],
  moment: Moment,
): Map<number, DeckView> {
  const timing = timingOf(collection, moment.at, moment.offsetMinutes);
  const ids = tops.flatMap(({ id }) => withChildren(collection.decks, id)).map(({ id }) => id);
  const ahead = Math.floor(moment.at / SECOND_MS) + collection.learnAheadSecs;
  const counts = new Map(ids.map((id) => [id, { ...NONE }]));
  for (const [kind, condition] of [...CONDITIONS, ...(isUnburyDue(collection, timing) ? OF_BURIED : [])]) {
    const bound = condition.replace(":today", String(timing.today)).replace(":ahead", String(ahead));
    const sql = `select did, count(*) as n from cards where did in (${ids.join(", ")}) and ${bound} group by did`;
    for (const { did, n } of db.prepare(sql).all() as { did: number; n: number }[]) counts.get(did)![kind] += n;
  }
  const found = new Map<number, DeckView>();
  for (const deck of tops) {
    sum(collection, counts, timing.today, deck.id, found, leftAbove(collection, deck, timing.today));
  }
  return found;
}

/** What the decks above a deck leave it, where the collection says that they do. */
function leftAbove(collection: Collection, { parents }: Deck, today: number): Remaining {
  if (!collection.parentLimitsApply) return UNLIMITED;
  return parents.reduce(
    (least, id) => leastOf(least, remainingOf(collection, collection.decks.get(id)!, today)),
    UNLIMITED,
  );
}

function leastOf(a: Remaining, b: Remaining): Remaining {
  return { review: Math.min(a.review, b.review), new: Math.min(a.new, b.new) };
}

/** Counts of a deck with those below it, each within its own limits; and, where the collection says so, within those above it. */
function sum(
  collection: Collection,
  counts: ReadonlyMap<number, Counts>,
  today: number,
  deckId: number,
  found: Map<number, DeckView>,
  above: Remaining = UNLIMITED,
): Counts {
  const deck = collection.decks.get(deckId)!;
  const left = leastOf(remainingOf(collection, deck, today), above);
  const toBelow = collection.parentLimitsApply ? left : UNLIMITED;
  const below = deck.children.map((child) => sum(collection, counts, today, child, found, toBelow));
  const all = below.reduce(plus, counts.get(deckId) ?? NONE);
  const capped = within(all, left, collection.newIgnoresReviewLimit);
  found.set(deckId, toView(deck, capped));
  return capped;
}

function within(all: Counts, left: Remaining, newIgnoresReviewLimit: boolean): Counts {
  const dayLearning = Math.min(all.dayLearning, left.review);
  const review = Math.min(all.review, left.review - dayLearning);
  const room = newIgnoresReviewLimit ? left.new : Math.min(left.new, left.review - dayLearning - review);
  return { ...all, dayLearning, review, new: Math.min(all.new, room) };
}

function plus(a: Counts, b: Counts): Counts {
  return {
    new: a.new + b.new,
    review: a.review + b.review,
    learning: a.learning + b.learning,
    dayLearning: a.dayLearning + b.dayLearning,
    cards: a.cards + b.cards,
  };
}

function toView({ id, name, filtered }: Deck, counts: Counts): DeckView {
  return {
    ...(filtered && { filter: filtered }),
    deckId: id,
    name,
    newCount: counts.new,
    learningCount: counts.learning + counts.dayLearning,
    dueCount: counts.review,
    cardCount: counts.cards,
  };
}
