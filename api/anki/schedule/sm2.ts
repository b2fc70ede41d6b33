import type { DeckOptions } from "../collection/options.ts";
import { CARD_TYPE, type CardRow } from "../collection/rows.ts";
import { type Pick } from "./fuzz.ts";
import type { Rating } from "./memory.ts";
import { isLeech, isRelearning, isReview, MIN_EASE, type Outcome } from "./outcome.ts";
import { nextStep } from "./steps.ts";

/** What an answer by SM-2 depends on. `daysLate` is negative before the card is due. `pick` fuzzes an interval. */
export type Sm2Situation = { card: CardRow; options: DeckOptions; daysLate: number; pick: Pick };

/**
 * Where this answer leads by SM-2 as Anki does it, where FSRS is off.
 * Sources: ankitects/anki, rslib/src/scheduler/states/{learning,relearning,review}.rs.
 */
export function sm2OutcomeOf(situation: Sm2Situation, rating: Rating): Outcome {
  if (isReview(situation.card)) return rating === 1 ? lapse(situation) : passed(situation, rating);
  return isRelearning(situation.card) ? relearned(situation, rating) : learned(situation, rating);
}

function learned({ card, options, pick }: Sm2Situation, rating: Rating): Outcome {
  const left = card.type === CARD_TYPE.NEW ? options.learnStepsMin.length : card.left;
  const step = nextStep(options.learnStepsMin, left, rating);
  const base = { lapses: card.lapses, isLeech: false, memory: undefined };
  if (step) return { ...base, ...step, type: "LEARNING", days: card.ivl, ease: card.factor };
  const days = pick(rating === 4 ? options.easyDays : options.graduatingDays, 1, options.maxIntervalDays);
  return { ...base, type: "REVIEW", secs: 0, left: 0, days, ease: options.initialEase };
}

function relearned(situation: Sm2Situation, rating: Rating): Outcome {
  const { card, options } = situation;
  const step = nextStep(options.relearnStepsMin, card.left, rating);
  const base = { lapses: card.lapses, isLeech: false, memory: undefined, ease: card.factor };
  const days = rating === 1 ? failedDays(situation) : Math.max(1, card.ivl);
  if (step) return { ...base, ...step, type: "RELEARNING", days };
  const most = options.maxIntervalDays;
  return { ...base, type: "REVIEW", secs: 0, left: 0, days: Math.min(most, rating === 4 ? days + 1 : days) };
}

function lapse(situation: Sm2Situation): Outcome {
  const { card, options } = situation;
  const step = nextStep(options.relearnStepsMin, options.relearnStepsMin.length, 1);
  const lapses = card.lapses + 1;
  return {
    type: step ? "RELEARNING" : "REVIEW",
    secs: step?.secs ?? 0,
    left: step?.left ?? 0,
    days: failedDays(situation),
    ease: Math.max(MIN_EASE, card.factor - 200),
    lapses,
    isLeech: isLeech(lapses, options.leechLapses),
    memory: undefined,
  };
}

function passed(situation: Sm2Situation, rating: Rating): Outcome {
  const { card } = situation;
  const ease = rating === 2 ? Math.max(MIN_EASE, card.factor - 150) : card.factor + (rating === 4 ? 150 : 0);
  const days = (situation.daysLate < 0 ? earlyDays : dueDays)(situation)[rating as 2 | 3 | 4];
  return { type: "REVIEW", secs: 0, left: 0, days, ease, lapses: card.lapses, isLeech: false, memory: undefined };
}

/** Hard, good and easy of a card that is due: each longer than the one before, and half of the delay counts for good. */
function dueDays({ card, options, daysLate, pick }: Sm2Situation): Record<2 | 3 | 4, number> {
  const { hardFactor, easyBonus, intervalModifier, maxIntervalDays: most } = options;
  const factor = (card.factor || options.initialEase) / 1_000;
  const next = (days: number, least: number) => pick(days * intervalModifier, least, most);
  const hard = next(card.ivl * hardFactor, hardFactor <= 1 ? 0 : card.ivl + 1);
  const good = next((card.ivl + daysLate / 2) * factor, hardFactor <= 1 ? card.ivl + 1 : hard + 1);
  const easy = next((card.ivl + daysLate) * factor * easyBonus, good + 1);
  return { 2: hard, 3: good, 4: easy };
}

/** Before a card is due only the days that passed count; there is no fuzz. */
function earlyDays({ card, options, daysLate }: Sm2Situation): Record<2 | 3 | 4, number> {
  const { hardFactor, easyBonus, intervalModifier, maxIntervalDays } = options;
  const elapsed = card.ivl + daysLate;
  const factor = (card.factor || options.initialEase) / 1_000;
  const next = (days: number) =>
    Math.min(Math.max(1, maxIntervalDays), Math.max(1, Math.round(days * intervalModifier)));
  const good = Math.max(elapsed * factor, card.ivl);
  return {
    2: next(Math.max(elapsed * hardFactor, card.ivl * hardFactor / 2)),
    3: next(good),
    4: next(good * (easyBonus - (easyBonus - 1) / 2)),
  };
}

function failedDays({ card, options, pick }: Sm2Situation): number {
  return pick(Math.max(1, card.ivl) * options.lapseFactor, options.lapseLeastDays, options.maxIntervalDays);
}
