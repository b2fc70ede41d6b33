import type { DatabaseSync } from "node:sqlite";
import { InvalidInputError } from "../core/errors.ts";
import { type CardRow, findCard, lastAnswerAt } from "../anki/collection/rows.ts";
import { findAnswer, isEdit, type KeptAnswer, ratingOf } from "../anki/schedule/answers-table.ts";
import { decideAnswer, decideAnswerTime, type Refusal } from "../anki/schedule/decide.ts";
import type { Entry } from "../anki/schedule/entry.ts";
import { momentOf, showingOf } from "../anki/schedule/question.ts";
import { tagOf, type View } from "./desk.ts";
import { sessionOf } from "./lease.ts";
import { type AnswerInput, type Lease, type ReviewSession, shortIdOf } from "./model.ts";

/** The entry of an answer; undefined where it is known already, or answers what was answered on another device. */
export function decideEntry(view: View, lease: Lease, input: AnswerInput, now: number): Entry | undefined {
  const { db } = view;
  const session = sessionOf(lease, input.sessionId)!;
  const { cardId, rating, duration } = input;
  const answerId = shortIdOf(input.answerId);
  const known = findAnswer(db, answerId);
  if (known) {
    requireSameAnswer(db, known, input);
    return undefined;
  }
  view.requireNew(answerId);
  const card = findCard(db, cardId) ?? view.missing();
  if (card && isSameShowing(view, card, session, input, now)) return undefined;
  const at = decideAnswerTime(db, now);
  const moment = momentOf(db, at, session.zone);
  const decision = decideAnswer(db, { ...moment, answerId, cardId, rating, deckId: session.deckId });
  if (decision.kind === "refused") {
    throw new InvalidInputError([{ path: ["cardId"], message: REFUSALS[decision.reason] }]);
  }
  return { kind: "answer", answerId, cardId, rating, ...moment, tookMs: duration ?? 0, session: tagOf(session) };
}

/** Throws where the id stands for something else already: what is asked would not count. */
function requireSameAnswer(db: DatabaseSync, known: KeptAnswer, { cardId, rating }: AnswerInput): void {
  const of = isEdit(known)
    ? "a change"
    : known.cid !== cardId
    ? "an answer to another card"
    : (ratingOf(db, known) ?? rating) !== rating
    ? "another rating of this card, which stands"
    : undefined;
  if (of === undefined) return;
  const message = `was used for ${of}; give each answer an id of its own`;
  throw new InvalidInputError([{ path: ["answerId"], message }]);
}

/**
 * Whether the card was answered in this session since it was shown to whoever answers it now: on another device, which
 * showed the same. `showing` tells; without it, the time that the person took does, unless the card is to be shown again.
 */
function isSameShowing(
  view: View,
  card: CardRow,
  session: ReviewSession,
  { showing, duration }: AnswerInput,
  now: number,
): boolean {
  const lastAt = lastAnswerAt(view.db, card.id);
  if (lastAt === undefined || lastAt < session.startedAt) return false;
  if (showing) return showing !== showingOf(card);
  if (duration === undefined || duration === null || now - duration >= lastAt) return false;
  return view.next(session.deckId, momentOf(view.db, now, session.zone)).cardId !== card.id;
}

const REFUSALS: Record<Refusal, string> = {
  INVALID_RATING: "must be rated AGAIN, HARD, GOOD or EASY",
  CARD_GONE: "is no card of this collection; ask for `nextCard`",
  DECK_GONE: "lies in a deck that is gone; ask for `nextCard`",
  OTHER_DECK: "lies in another deck than the one under review; ask for `nextCard`",
  SUSPENDED: "is suspended; ask for `nextCard`",
  BURIED: "is buried until tomorrow; ask for `nextCard`",
  NOT_DUE: "is not due; ask for `nextCard`",
};
