import type { DatabaseSync } from "node:sqlite";
import { isAway, type Memory, memoryOf, parseCardData } from "../collection/card-data.ts";
import { type Collection, localOffsetOf, readCollection, timingOf } from "../collection/collection.ts";
import type { DeckOptions } from "../collection/options.ts";
import { CARD_TYPE, type CardRow, findCard, listLog } from "../collection/rows.ts";
import { offsetMinutesAt } from "../collection/timing.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../core/clock.ts";
import { answer, dueAtOf, type Question } from "./answer.ts";
import { createPick, fuzzOf } from "./fuzz.ts";
import { computeMemory, elapsedDaysOf, fsrsFor, fsrsSettingsOf, historyOf, nextMemory, type Rating } from "./memory.ts";
import { RATINGS } from "./memory.ts";
import { isRelearning } from "./outcome.ts";

/** An instant and the person's offset at it, in minutes east of UTC. The offset decides which day it is. */
export type Moment = { at: number; offsetMinutes: number };

/** The moment as the person lives it; without a zone, as the collection was made. */
export function momentOf(db: DatabaseSync, at: number, zone: string | null | undefined): Moment {
  return { at, offsetMinutes: zone ? offsetMinutesAt(zone, at) : localOffsetOf(db) ?? 0 };
}

export type CardState = "NEW" | "LEARNING" | "REVIEW" | "RELEARNING";

/** What each answer would lead to. Repeats give the same; nothing is changed. */
export type Choice = { rating: Rating; intervalMs: number; dueAt: number };

export type CardView = {
  cardId: number;
  /** Tells one showing of the card from the next: it changes with each answer, and back where one is taken back. */
  showing: string;
  deckId: number;
  state: CardState;
  /** Epoch ms; undefined for new cards. */
  dueAt: number | undefined;
  reps: number;
  lapses: number;
  choices: Choice[];
};

/** A card with its state and its four choices; undefined where the card or its deck is gone. */
export function viewCard(db: DatabaseSync, cardId: number, moment: Moment): CardView | undefined {
  const card = findCard(db, cardId);
  const question = card && readQuestion(db, readCollection(db), card, moment);
  if (!question) return undefined;
  return {
    cardId: card.id,
    showing: showingOf(card),
    deckId: card.did,
    state: stateOf(card),
    dueAt: dueAtOf(card, question.timing),
    reps: card.reps,
    lapses: card.lapses,
    choices: RATINGS.map((rating) => {
      const { intervalMs, dueAt } = answer(question, rating, 0);
      return { rating, intervalMs, dueAt };
    }),
  };
}

export function showingOf({ reps, mod }: Pick<CardRow, "reps" | "mod">): string {
  return `${reps.toString(36)}-${mod.toString(36)}`;
}

export function stateOf(card: CardRow): CardState {
  if (isRelearning(card)) return "RELEARNING";
  return card.type === CARD_TYPE.NEW ? "NEW" : card.type === CARD_TYPE.LEARNING ? "LEARNING" : "REVIEW";
}

/** All that an answer to this card depends on; undefined where its deck is gone. */
export function readQuestion(
  db: DatabaseSync,
  collection: Collection,
  card: CardRow,
  { at, offsetMinutes }: Moment,
): Question | undefined {
  const deck = collection.decks.get(card.did);
  const home = collection.decks.get(card.odid || card.did);
  if (!deck || !home) return undefined;
  const options = collection.optionsOf(home);
  const timing = timingOf(collection, at, offsetMinutes);
  const fuzz = fuzzOf(card.id, card.reps);
  return {
    card,
    deck,
    options,
    timing,
    fuzz,
    pick: createPick(fuzz, weekdayWeights(options, collection, { at, offsetMinutes })),
    daysLate: timing.today - (isAway(card) && card.odue !== 0 ? card.odue : card.due),
    fsrs: collection.usesFsrs
      ? fsrsOf(db, collection, card, { timing, options, ownRetention: home.desiredRetention })
      : undefined,
  };
}

/** How much of a day's share a day so far ahead shall have, by the options' easy days. */
function weekdayWeights({ weekdayShares }: DeckOptions, { rollover }: Collection, { at, offsetMinutes }: Moment) {
  if (weekdayShares.length === 0) return undefined;
  // 1 January 1970 was a Thursday, the fourth day of a week that begins on Monday.
  const weekday = Math.floor((at + offsetMinutes * MINUTE_MS - rollover * HOUR_MS) / DAY_MS) + 3;
  return (days: number) => weekdayShares[(weekday + days) % 7]!;
}

function fsrsOf(
  db: DatabaseSync,
  collection: Collection,
  card: CardRow,
  { timing, options, ownRetention }: Pick<Question, "timing" | "options"> & { ownRetention: number | undefined },
): Question["fsrs"] {
  const settings = fsrsSettingsOf(options, ownRetention, parseCardData(card.data).dr);
  const algorithm = fsrsFor(settings);
  const { w } = algorithm.parameters;
  const { memory, elapsedDays } = rememberedOf(db, collection, card, { timing, settings, algorithm, options });
  const forecastOf = (rating: Rating) => {
    const next = nextMemory(algorithm, memory, rating, elapsedDays);
    return { memory: next, days: next.stability * algorithm.interval_modifier };
  };
  return {
    forecasts: { 1: forecastOf(1), 2: forecastOf(2), 3: forecastOf(3), 4: forecastOf(4) },
    shortTerm: { allowed: w[17]! > 0 && w[18]! > 0, withSteps: collection.shortTermWithSteps },
    desiredRetention: settings.desiredRetention,
    decay: w[20]!,
  };
}

/** The memory of a card and when it was answered last, where FSRS is on; undefined where it is off. */
export function rememberedNow(
  db: DatabaseSync,
  card: CardRow,
  { at, offsetMinutes }: Moment,
): { memory: Memory | undefined; lastAt: number | undefined } | undefined {
  const collection = readCollection(db);
  const home = collection.decks.get(card.odid || card.did);
  if (!collection.usesFsrs || !home) return undefined;
  const options = collection.optionsOf(home);
  const settings = fsrsSettingsOf(options, home.desiredRetention, parseCardData(card.data).dr);
  const timing = timingOf(collection, at, offsetMinutes);
  return rememberedOf(db, collection, card, { timing, settings, algorithm: fsrsFor(settings), options });
}

type Ground = Pick<Question, "timing" | "options"> & {
  settings: ReturnType<typeof fsrsSettingsOf>;
  algorithm: ReturnType<typeof fsrsFor>;
};

/** The memory kept with the card, else the one computed from its log; and how many days ago it was answered. */
function rememberedOf(
  db: DatabaseSync,
  { hasScheduler1 }: Collection,
  card: CardRow,
  { timing, options, settings, algorithm }: Ground,
): { memory: Memory | undefined; elapsedDays: number; lastAt: number | undefined } {
  if (card.type === CARD_TYPE.NEW) return { memory: undefined, elapsedDays: 0, lastAt: undefined };
  const data = parseCardData(card.data);
  const kept = memoryOf(data);
  const isLogNeeded = !kept || data.lrt === undefined;
  const log = isLogNeeded ? listLog(db, card.id) : [];
  const lastAt = data.lrt === undefined ? log.findLast(({ ease }) => ease >= 1 && ease <= 4)?.id : data.lrt * SECOND_MS;
  const history = () => historyOf(log, timing, { ignoreBefore: options.ignoreLogBefore, hasScheduler1 });
  return {
    memory: kept ?? computeMemory(algorithm, card, history(), settings.historicalRetention),
    elapsedDays: elapsedDaysOf(card, lastAt, timing),
    lastAt,
  };
}
