import type { DatabaseSync } from "node:sqlite";
import { type Collection, isUnburyDue, readCollection, timingOf } from "../collection/collection.ts";
import { withChildren } from "../collection/decks.ts";
import { type CardRow, findCard, freeLogId, getRow, QUEUE } from "../collection/rows.ts";
import { queueOf } from "./answer.ts";
import { findAnswer } from "./answers-table.ts";
import type { Moment } from "./question.ts";

export type Refusal =
  | "INVALID_RATING"
  | "CARD_GONE"
  | "DECK_GONE"
  | "OTHER_DECK"
  | "SUSPENDED"
  | "BURIED"
  | "NOT_DUE";

export type AnswerDecision = { kind: "accepted" } | { kind: "known" } | { kind: "refused"; reason: Refusal };

/** What is asked: may this answer be counted, in a review of this deck, at this moment? */
export type AnswerRequest = Moment & { answerId: string; cardId: number; rating: number; deckId: number };

/**
 * Whether an answer can be applied to the collection as it is. `known` where its id was applied before, also where it
 * was taken back since. A learning card may be answered as early as Anki shows it; daily limits are no reason to refuse.
 */
export function decideAnswer(db: DatabaseSync, request: AnswerRequest): AnswerDecision {
  if (findAnswer(db, request.answerId)) return { kind: "known" };
  const reason = reasonAgainst(db, readCollection(db), request);
  return reason ? { kind: "refused", reason } : { kind: "accepted" };
}

/** The instant of an answer: now, but after the last one of the journal, and not one that the log holds already. */
export function decideAnswerTime(db: DatabaseSync, now: number, lastAt = 0): number {
  return freeLogId(db, Math.max(Math.floor(now), lastAt + 1));
}

function reasonAgainst(db: DatabaseSync, collection: Collection, request: AnswerRequest): Refusal | undefined {
  if (![1, 2, 3, 4].includes(request.rating)) return "INVALID_RATING";
  const card = findCard(db, request.cardId);
  if (!card || !getRow(db, "select 1 from notes where id = ?", card.nid)) return "CARD_GONE";
  if (!collection.decks.has(request.deckId) || !collection.decks.has(card.odid || card.did)) return "DECK_GONE";
  if (!withChildren(collection.decks, request.deckId).some(({ id }) => id === card.did)) return "OTHER_DECK";
  return reasonByQueue(collection, card, request);
}

function reasonByQueue(collection: Collection, card: CardRow, { at, offsetMinutes }: Moment): Refusal | undefined {
  const timing = timingOf(collection, at, offsetMinutes);
  if (card.queue === QUEUE.SUSPENDED) return "SUSPENDED";
  const isBuried = card.queue < QUEUE.SUSPENDED;
  if (isBuried && !isUnburyDue(collection, timing)) return "BURIED";
  const queue = isBuried ? queueOf(card) : card.queue;
  // Shown as new, whatever its type: Anki 2.1 left reviews in this queue when it built decks that do not reschedule.
  if (queue === QUEUE.NEW) return undefined;
  const isBySeconds = queue === QUEUE.LEARNING || queue === QUEUE.PREVIEW;
  const limit = isBySeconds ? Math.floor(at / 1_000) + collection.learnAheadSecs : timing.today;
  return card.due <= limit ? undefined : "NOT_DUE";
}
