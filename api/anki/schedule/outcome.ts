import type { Memory } from "../collection/card-data.ts";
import type { DeckOptions } from "../collection/options.ts";
import { CARD_TYPE, type CardRow, QUEUE } from "../collection/rows.ts";
import { clamp, type Pick } from "./fuzz.ts";
import type { Rating } from "./memory.ts";
import { nextStep, type Step } from "./steps.ts";

/** What FSRS says of one answer: the memory after it, and days until the desired retention, not yet rounded. */
export type Forecast = { memory: Memory; days: number };

/** Everything that decides where an answer leads. Days of the card are counted before it was borrowed by a filtered deck. */
export type Situation = {
  card: CardRow;
  options: DeckOptions;
  forecasts: Readonly<Record<Rating, Forecast>>;
  pick: Pick;
  /** Whether FSRS may give intervals shorter than half a day after learning steps that were given, or without any. */
  shortTerm: { allowed: boolean; withSteps: boolean };
};

/** Where an answer leads. `secs` is the wait of a learning step before fuzz; `days` a review's interval. */
export type Outcome = {
  type: "LEARNING" | "RELEARNING" | "REVIEW";
  secs: number;
  days: number;
  left: number;
  ease: number;
  lapses: number;
  isLeech: boolean;
  /** FSRS's memory; none by SM-2. */
  memory: Memory | undefined;
};

export const MIN_EASE = 1_300;

/** Whether the card is being relearned; scheduler 1 kept such cards as reviews in the learning queue. */
export function isRelearning({ type, queue }: CardRow): boolean {
  return type === CARD_TYPE.RELEARNING ||
    (type === CARD_TYPE.REVIEW && (queue === QUEUE.LEARNING || queue === QUEUE.DAY_LEARNING));
}

export function isReview(card: CardRow): boolean {
  return card.type === CARD_TYPE.REVIEW && !isRelearning(card);
}

/** Where this answer leads, by Anki's rules for FSRS. Sources: rslib/src/scheduler/states/{learning,relearning,review}.rs. */
export function outcomeOf(situation: Situation, rating: Rating): Outcome {
  if (isReview(situation.card)) return rating === 1 ? lapse(situation) : passed(situation, rating);
  return isRelearning(situation.card) ? relearned(situation, rating) : learned(situation, rating);
}

function learned(situation: Situation, rating: Rating): Outcome {
  const { card, options, forecasts } = situation;
  const left = card.type === CARD_TYPE.NEW ? options.learnStepsMin.length : card.left;
  const step = nextStep(options.learnStepsMin, left, rating) ??
    shortStep(situation, options.learnStepsMin, left, rating);
  const base = { lapses: card.lapses, isLeech: false, memory: forecasts[rating].memory };
  if (step) return { ...base, ...step, type: "LEARNING", days: card.ivl, ease: card.factor };
  return { ...base, type: "REVIEW", secs: 0, left: 0, days: graduated(situation, rating), ease: options.initialEase };
}

function relearned(situation: Situation, rating: Rating): Outcome {
  const { card, options, forecasts } = situation;
  const steps = options.relearnStepsMin;
  const step = nextStep(steps, card.left, rating) ?? shortStep(situation, steps, card.left, rating);
  const base = { lapses: card.lapses, isLeech: false, memory: forecasts[rating].memory, ease: card.factor };
  if (step) return { ...base, ...step, type: "RELEARNING", days: rating === 1 ? failedDays(situation) : card.ivl };
  return { ...base, type: "REVIEW", secs: 0, left: 0, days: graduated(situation, rating) };
}

function lapse(situation: Situation): Outcome {
  const { card, options, forecasts } = situation;
  const steps = options.relearnStepsMin;
  const lapses = card.lapses + 1;
  const step = nextStep(steps, steps.length, 1) ?? shortStep(situation, steps, steps.length, 1);
  return {
    type: step ? "RELEARNING" : "REVIEW",
    secs: step?.secs ?? 0,
    left: step?.left ?? 0,
    days: failedDays(situation),
    ease: Math.max(MIN_EASE, card.factor - 200),
    lapses,
    isLeech: isLeech(lapses, options.leechLapses),
    memory: forecasts[1].memory,
  };
}

function passed(situation: Situation, rating: Rating): Outcome {
  const { card, forecasts } = situation;
  const ease = rating === 2 ? Math.max(MIN_EASE, card.factor - 150) : card.factor + (rating === 4 ? 150 : 0);
  const days = passedDays(situation)[rating as 2 | 3 | 4];
  return {
    type: "REVIEW",
    secs: 0,
    left: 0,
    days,
    ease,
    lapses: card.lapses,
    isLeech: false,
    memory: forecasts[rating].memory,
  };
}

/** Hard, good and easy grow in this order; an interval that grows never falls back to the last one by fuzz. */
function passedDays({ card, options, forecasts, pick }: Situation): Record<2 | 3 | 4, number> {
  const max = options.maxIntervalDays;
  const floor = (days: number) => (Math.round(days) > card.ivl ? card.ivl + 1 : 0);
  const fuzzed = (rating: Rating, min: number) =>
    pick(forecasts[rating].days, Math.max(min, floor(forecasts[rating].days)), max);
  const hard = fuzzed(2, 1);
  const good = fuzzed(3, hard + 1);
  return { 2: hard, 3: good, 4: fuzzed(4, good + 1) };
}

/** The first interval of a card that leaves its steps; easy is longer than good. */
function graduated({ options, forecasts, pick }: Situation, rating: Rating): number {
  const max = options.maxIntervalDays;
  const min = rating === 4 ? pick(forecasts[3].days, 1, max) + 1 : 1;
  return pick(Math.max(1, Math.round(forecasts[rating].days)), min, max);
}

function failedDays({ options, forecasts }: Situation): number {
  return clamp(Math.round(forecasts[1].days), 1, options.maxIntervalDays);
}

function shortStep(
  { forecasts, shortTerm }: Situation,
  stepsMin: readonly number[],
  left: number,
  rating: Rating,
): Step | undefined {
  const { days } = forecasts[rating];
  const isAllowed = shortTerm.allowed && (shortTerm.withSteps || stepsMin.length === 0);
  if (!isAllowed || rating === 4 || days >= 0.5) return undefined;
  return { secs: Math.floor(days * 86_400), left: rating === 1 ? stepsMin.length : left };
}

/** At the limit, and at each half of it beyond. */
export function isLeech(lapses: number, limit: number): boolean {
  if (limit === 0 || lapses < limit) return false;
  return (lapses - limit) % Math.max(1, Math.ceil(limit / 2)) === 0;
}
