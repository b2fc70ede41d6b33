import { MINUTE_MS, SECOND_MS } from "../../core/clock.ts";
import { type CardData, formatCardData, isAway, type Memory, parseCardData } from "../collection/card-data.ts";
import type { Deck } from "../collection/decks.ts";
import { CARD_TYPE, type CardRow, LOG_TYPE, type LogRow, QUEUE, UNSYNCED } from "../collection/rows.ts";
import { dayStart, type Timing } from "../collection/timing.ts";
import { fuzzedSecs } from "./fuzz.ts";
import type { Rating } from "./memory.ts";
import { isRelearning, isReview, type Outcome, outcomeOf, type Situation } from "./outcome.ts";
import { sm2OutcomeOf, type Sm2Situation } from "./sm2.ts";
import { presentStepSecs } from "./steps.ts";

/** A card in front of a person, with all that an answer to it depends on. */
export type Question = Sm2Situation & {
  deck: Deck;
  timing: Timing;
  fuzz: number;
  /** FSRS with the deck's settings; undefined where the collection is scheduled by SM-2. */
  fsrs: Fsrs | undefined;
};

type Fsrs = Pick<Situation, "forecasts" | "shortTerm"> & { desiredRetention: number; decay: number };

/** What one answer does to the card and writes into the log; `dueAt` and `intervalMs` are what people are told. */
export type Answered = { card: CardRow; log: LogRow; isLeech: boolean; dueAt: number; intervalMs: number };

/** The card and the log row after this answer, as Anki writes them. Nothing is changed. */
export function answer(question: Question, rating: Rating, takenMs: number): Answered {
  const { card, deck, options, timing } = question;
  const at = timing.at;
  const log = (ivl: number, factor: number, type: number): LogRow => ({
    id: at,
    cid: card.id,
    usn: UNSYNCED,
    ease: rating,
    ivl,
    lastIvl: presentInterval(question),
    factor,
    time: Math.max(0, Math.min(takenMs, options.maxAnswerMs)),
    type,
  });
  if (deck.filtered && !deck.filtered.reschedules) {
    const secs = rating === 4 ? 0 : deck.filtered.previewSecs[rating - 1]!;
    const seen = stamped(secs === 0 ? broughtHome(card) : previewedAgain(card, at, secs), at);
    const dueAt = dueAtOf(seen, timing) ?? at;
    return {
      card: seen,
      log: log(0 - secs, 0, LOG_TYPE.FILTERED),
      isLeech: false,
      dueAt,
      intervalMs: Math.max(0, dueAt - at),
    };
  }
  const outcome = question.fsrs ? outcomeOf({ ...question, ...question.fsrs }, rating) : sm2OutcomeOf(question, rating);
  const after = stamped(scheduled(question, outcome), at);
  const dueAt = dueAtOf({ ...after, queue: queueOf(after) }, timing) ?? at;
  return {
    card: outcome.isLeech && options.leechSuspends ? { ...after, queue: QUEUE.SUSPENDED } : after,
    log: log(nextInterval(outcome, timing), factorOf(outcome), logTypeOf(question)),
    isLeech: outcome.isLeech,
    dueAt,
    intervalMs: outcome.type === "REVIEW" ? outcome.days * 24 * 60 * MINUTE_MS : Math.max(0, dueAt - at),
  };
}

/** When a card is due, in epoch ms; undefined for a new card. A day's cards are due from its beginning. */
export function dueAtOf(card: CardRow, timing: Timing): number | undefined {
  if (card.queue === QUEUE.PREVIEW) return card.due * SECOND_MS;
  if (card.type === CARD_TYPE.NEW) return undefined;
  // A filtered deck keeps its order in `due`, before all days.
  const due = isAway(card) && card.odue !== 0 && (isReview(card) || card.due < 0) ? card.odue : card.due;
  return queueOf({ ...card, due }) === QUEUE.LEARNING ? due * SECOND_MS : dayStart(timing, due);
}

/** The queue that a card belongs to by its type, were it not buried or suspended. */
export function queueOf(card: CardRow): number {
  switch (card.type) {
    case CARD_TYPE.NEW:
      return QUEUE.NEW;
    case CARD_TYPE.REVIEW:
      return isRelearning(card) ? card.queue : QUEUE.REVIEW;
    default:
      return card.due > 1_000_000_000 ? QUEUE.LEARNING : QUEUE.DAY_LEARNING;
  }
}

function scheduled(question: Question, outcome: Outcome): CardRow {
  const { card, deck, timing, fuzz } = question;
  const isWaiting = outcome.type !== "REVIEW";
  const daysToWait = isWaiting ? daysOf(outcome.secs, timing) : undefined;
  const due = !isWaiting
    ? timing.today + outcome.days
    : daysToWait === undefined
    ? Math.floor(timing.at / SECOND_MS) + fuzzedSecs(outcome.secs, fuzz)
    : timing.today + daysToWait;
  const staysAway = isWaiting && deck.filtered !== undefined && isAway(card);
  return {
    ...card,
    ...(staysAway ? { odue: due } : { did: card.odid || card.did, odid: 0, odue: 0 }),
    type: CARD_TYPE[outcome.type],
    queue: !isWaiting ? QUEUE.REVIEW : daysToWait === undefined ? QUEUE.LEARNING : QUEUE.DAY_LEARNING,
    due,
    ivl: outcome.days,
    factor: outcome.ease,
    reps: card.reps + 1,
    lapses: outcome.lapses,
    left: outcome.left,
    data: formatCardData(dataAfter(question, outcome.memory)),
  };
}

function dataAfter({ card, timing, fsrs }: Question, memory: Memory | undefined): CardData {
  const before = parseCardData(card.data);
  const place = card.odid !== 0 && card.odue !== 0 ? card.odue : card.due;
  return {
    pos: card.type === CARD_TYPE.NEW ? Math.max(0, place) : before.pos,
    ...(memory && { s: memory.stability, d: memory.difficulty, dr: fsrs!.desiredRetention, decay: fsrs!.decay }),
    lrt: Math.floor(timing.at / SECOND_MS),
    cd: before.cd,
  };
}

function previewedAgain(card: CardRow, at: number, secs: number): CardRow {
  return { ...card, queue: QUEUE.PREVIEW, due: Math.floor(at / SECOND_MS) + secs };
}

/** The card back in its own deck, as it was before a filtered deck borrowed it; suspended and buried cards stay so. */
export function broughtHome(card: CardRow): CardRow {
  if (!isAway(card)) return card;
  const home = { ...card, did: card.odid, due: card.odue !== 0 ? card.odue : card.due, odid: 0, odue: 0 };
  return { ...home, queue: card.queue < 0 ? card.queue : queueOf(home) };
}

function stamped(card: CardRow, at: number): CardRow {
  return { ...card, mod: Math.floor(at / SECOND_MS), usn: UNSYNCED };
}

/** A wait in seconds that reaches into another day is one of days. */
function daysOf(secs: number, { at, nextDayAt }: Timing): number | undefined {
  const untilNextDay = Math.floor(nextDayAt / SECOND_MS) - Math.floor(at / SECOND_MS);
  return secs < untilNextDay ? undefined : Math.floor((secs - untilNextDay) / 86_400) + 1;
}

function nextInterval(outcome: Outcome, timing: Timing): number {
  return outcome.type === "REVIEW" ? outcome.days : daysOf(outcome.secs, timing) ?? 0 - outcome.secs;
}

/** The interval that the card had, for the log: days, or seconds where negative. */
function presentInterval({ card, deck, options, timing }: Question): number {
  if (deck.filtered && !deck.filtered.reschedules) return 0 - deck.filtered.previewSecs[0];
  if (card.type === CARD_TYPE.NEW) return 0;
  if (isReview(card)) return card.ivl;
  const secs = presentStepSecs(isRelearning(card) ? options.relearnStepsMin : options.learnStepsMin, card.left);
  return daysOf(secs, timing) ?? 0 - secs;
}

/** A review before it is due counts as one of a filtered deck. */
function logTypeOf({ card, timing }: Question): number {
  if (isRelearning(card)) return LOG_TYPE.RELEARNING;
  if (!isReview(card)) return LOG_TYPE.LEARNING;
  const due = isAway(card) && card.odue !== 0 ? card.odue : card.due;
  return due > timing.today && isAway(card) ? LOG_TYPE.FILTERED : LOG_TYPE.REVIEW;
}

/**
 * What the log keeps as factor: SM-2's ease of a review, 0 in learning; FSRS's difficulty, of which 1 to 10 become 100 to
 * 1100. Source: rslib/src/card/mod.rs, difficulty_shifted.
 */
function factorOf({ type, ease, memory }: Outcome): number {
  if (!memory) return type === "LEARNING" ? 0 : ease;
  return Math.round(((memory.difficulty - 1) / 9 + 0.1) * 1_000);
}
