import type { DatabaseSync } from "node:sqlite";
import { SECOND_MS } from "../../core/clock.ts";
import { type Collection, readCollection, timingOf } from "../collection/collection.ts";
import { getRow } from "../collection/rows.ts";
import type { Moment } from "../schedule/question.ts";
import { gather, type Gathered, type Queue } from "./gather.ts";
import { nextOfTwo } from "./order.ts";

export type DeckCounts = { new: number; learning: number; due: number };

/**
 * The card to show now, and what is left of the day. `cardId` is undefined where nothing is left to review now; `waitsUntil`
 * (epoch ms) then says when the first of those comes that are still learned today.
 */
export type Next = { cardId: number | undefined; waitsUntil?: number | undefined; remaining: DeckCounts };

/**
 * A part of a collection: cards of `today` up to which its order is the whole's (`safe`), and how many more the whole has.
 * Learning cards are all in it.
 */
export type Part = {
  today: number;
  safe: ReadonlySet<number>;
  beyond: { dayLearning: number; reviews: number; fresh: number };
};

/**
 * The next card of a deck and the counts beside it, by Anki's order: learning cards that are due, then learning cards of
 * days, reviews and new cards mixed as the options say, then learning cards before they are due. Depends on nothing but
 * the collection, the deck and the moment, so two devices are shown the same card. Of a part it is `beyond` where only the
 * whole can tell.
 */
export function nextCard(db: DatabaseSync, deckId: number, moment: Moment): Next;
export function nextCard(db: DatabaseSync, deckId: number, moment: Moment, part: Part | undefined): Next | "beyond";
export function nextCard(db: DatabaseSync, deckId: number, moment: Moment, part?: Part): Next | "beyond" {
  const collection = readCollection(db);
  const timing = timingOf(collection, moment.at, moment.offsetMinutes);
  const queue = gather(db, collection, deckId, timing);
  const beyond = part?.beyond ?? NOTHING;
  if (part && (part.today !== timing.today || !isCovered(queue, part))) return "beyond";
  const nowSecs = Math.floor(moment.at / SECOND_MS);
  const ahead = queue.learning.filter(({ due }) => due <= nowSecs + collection.learnAheadSecs);
  const next = ahead.find(({ due }) => due <= nowSecs) ??
    nextOfMain(collection, queue, deckId, timing.today, beyond) ??
    nextAhead(db, ahead);
  const [coming] = next ? [] : queue.learning;
  return {
    cardId: next?.id,
    waitsUntil: coming && (coming.due - collection.learnAheadSecs) * SECOND_MS,
    remaining: {
      new: queue.fresh.length + beyond.fresh,
      learning: ahead.length + queue.dayLearning.length + beyond.dayLearning,
      due: queue.reviews.length + beyond.reviews,
    },
  };
}

const NOTHING: Part["beyond"] = { dayLearning: 0, reviews: 0, fresh: 0 };

/** Whether the first of each kind is the first of the whole. */
function isCovered(queue: Queue, { safe, beyond }: Part): boolean {
  return (["dayLearning", "reviews", "fresh"] as const).every((kind) => {
    const head = queue[kind][0];
    return beyond[kind] <= 0 || (head !== undefined && safe.has(head.id));
  });
}

/** Where the day stands is told by what the deck counted today, so the mix goes on where it was. */
function nextOfMain(
  collection: Collection,
  queue: Queue,
  deckId: number,
  today: number,
  beyond: Part["beyond"],
): Gathered | undefined {
  const { reviews, dayLearning, fresh, options } = queue;
  const studied = collection.decks.get(deckId)?.studied;
  const done = studied?.day === today ? studied : { new: 0, review: 0 };
  const left = {
    fresh: fresh.length + beyond.fresh,
    reviews: reviews.length + beyond.reviews,
    dayLearning: dayLearning.length + beyond.dayLearning,
  };
  const main = { done: done.review, left: left.reviews + left.dayLearning };
  switch (nextOfTwo(options?.newMix ?? collection.newSpread, main, { done: done.new, left: left.fresh })) {
    case undefined:
      return undefined;
    case "two":
      return fresh[0];
    case "one": {
      const mix = options?.dayLearningMix ?? 0;
      const [one, two] = [{ done: done.review, left: left.reviews }, { done: 0, left: left.dayLearning }];
      return nextOfTwo(mix, one, two) === "two" ? dayLearning[0] : reviews[0];
    }
  }
}

/** The learning card that is due first; where it was the last one answered, the one after it. */
function nextAhead(db: DatabaseSync, ahead: readonly Gathered[]): Gathered | undefined {
  if (ahead.length < 2) return ahead[0];
  const last = getRow<{ cid: number }>(db, "select cid from revlog order by id desc limit 1")?.cid;
  return ahead.find(({ id }) => id !== last);
}
