import { isObject } from "./card-data.ts";

/** A deck's options, with Anki's defaults where a collection leaves one out. */
export type DeckOptions = {
  learnStepsMin: readonly number[];
  relearnStepsMin: readonly number[];
  newPerDay: number;
  reviewsPerDay: number;
  /** SM-2's first intervals, after good and after easy. */
  graduatingDays: number;
  easyDays: number;
  hardFactor: number;
  easyBonus: number;
  intervalModifier: number;
  /** What is left of an interval after a lapse, and the least of it. */
  lapseFactor: number;
  lapseLeastDays: number;
  /** How much of a day's share each day of the week shall have, Monday first; empty where all have the same. */
  weekdayShares: readonly number[];
  /** Ease of a card that leaves learning, in permille. */
  initialEase: number;
  maxIntervalDays: number;
  /** Lapses from which a card is a leech; 0 is never. */
  leechLapses: number;
  leechSuspends: boolean;
  maxAnswerMs: number;
  buryNew: boolean;
  buryReviews: boolean;
  buryDayLearning: boolean;
  /** 0 mixed with reviews, 1 after, 2 before; undefined where the collection's own `newSpread` says it. */
  newMix: number | undefined;
  dayLearningMix: number;
  reviewOrder: number;
  newGatherOrder: number;
  newSortOrder: number;
  fsrsParameters: readonly number[];
  /** Undefined where the options do not say it. */
  desiredRetention: number | undefined;
  historicalRetention: number;
  /** Log entries before this instant (epoch ms) are not replayed. */
  ignoreLogBefore: number;
};

/** A hundred years: as long as Anki lets an interval be chosen. Choosing takes as many steps as a range of them has days. */
export const MAX_DAYS = 36_500;
/** The last place among new cards: Anki brings all beyond to it. */
export const MAX_PLACE = 1_000_000;
const DAY_MIN = 1_440;
/** What no options that a person chose reach; a file may say anything. */
const MOST = { cards: 1_000_000, ease: 100_000, factor: 1_000, secs: 1_000_000, steps: 1_000 } as const;

/** Options from the JSON of schema 11 (`col.dconf`). Names: ankitects/anki, rslib/src/deckconfig/schema11.rs. */
export function toOptions(value: unknown): DeckOptions {
  const top = objectOf(value);
  const [fresh, review, lapse] = [objectOf(top["new"]), objectOf(top["rev"]), objectOf(top["lapse"])];
  const firstIntervals: unknown[] = Array.isArray(fresh["ints"]) ? fresh["ints"] : [];
  const days = (value: unknown, fallback: number) => Math.max(1, count(value, fallback, MAX_DAYS));
  return {
    learnStepsMin: stepsOf(fresh["delays"]) ?? [1, 10],
    relearnStepsMin: stepsOf(lapse["delays"]) ?? [10],
    newPerDay: count(fresh["perDay"], 20, MOST.cards),
    reviewsPerDay: count(review["perDay"], 200, MOST.cards),
    graduatingDays: days(firstIntervals[0], 1),
    easyDays: days(firstIntervals[1], 4),
    hardFactor: positive(review["hardFactor"], 1.2),
    easyBonus: positive(review["ease4"], 1.3),
    intervalModifier: positive(review["ivlFct"], 1),
    lapseFactor: typeof lapse["mult"] === "number" ? Math.min(1, Math.max(0, lapse["mult"])) : 0,
    lapseLeastDays: days(lapse["minInt"], 1),
    weekdayShares: sharesOf(top["easyDaysPercentages"]),
    initialEase: count(fresh["initialFactor"], 2500, MOST.ease),
    maxIntervalDays: days(review["maxIvl"], MAX_DAYS),
    leechLapses: count(lapse["leechFails"], 8, MOST.cards),
    leechSuspends: count(lapse["leechAction"], 1) === 0,
    maxAnswerMs: count(top["maxTaken"], 60, MOST.secs) * 1_000,
    buryNew: fresh["bury"] === true,
    buryReviews: review["bury"] === true,
    buryDayLearning: top["buryInterdayLearning"] === true,
    newMix: typeof top["newMix"] === "number" ? top["newMix"] : undefined,
    dayLearningMix: count(top["interdayLearningMix"], 0),
    reviewOrder: count(top["reviewOrder"], 0),
    newGatherOrder: count(top["newGatherPriority"], 0),
    newSortOrder: count(top["newSortOrder"], 0),
    fsrsParameters: parametersOf(top),
    desiredRetention: top["desiredRetention"] === undefined ? undefined : retention(top["desiredRetention"]),
    historicalRetention: retention(top["sm2Retention"] ?? top["historicalRetention"]),
    ignoreLogBefore: dateOf(top["ignoreRevlogsBeforeDate"]),
  };
}

/** A retention that FSRS can use, else 0.9. Decks keep theirs in percent. */
export function retention(value: unknown): number {
  if (typeof value !== "number" || !(value > 0)) return 0.9;
  const share = value > 1 ? value / 100 : value;
  return share < 1 ? share : 0.9;
}

export function objectOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

/** A whole number of at least 0 and at most `most`, else the default. */
export function count(value: unknown, fallback: number, most = Number.MAX_SAFE_INTEGER): number {
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) return fallback;
  return Math.min(most, Math.max(0, Math.floor(number)));
}

function positive(value: unknown, fallback: number): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? Math.min(value, MOST.factor) : fallback;
}

function sharesOf(value: unknown): readonly number[] {
  const isWeek = Array.isArray(value) && value.length === 7 && value.every((share) => typeof share === "number");
  return isWeek ? value.map((share: number) => Math.min(1, Math.max(0, share))) : [];
}

/** Steps in minutes. Cards count what is left of them in less than a thousand. */
function stepsOf(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const steps = value.slice(0, MOST.steps).filter((entry): entry is number => typeof entry === "number" && entry > 0);
  return steps.map((minutes) => Math.min(minutes, MAX_DAYS * DAY_MIN));
}

/** The newest parameters there are: those of FSRS-6, -5 or -4. */
function parametersOf(top: Record<string, unknown>): readonly number[] {
  const sets = [top["fsrsParams6"], top["fsrsParams5"], top["fsrsWeights"]];
  const found = sets.find((set) => Array.isArray(set) && set.length > 0);
  return Array.isArray(found) && found.every((entry) => typeof entry === "number" && Number.isFinite(entry))
    ? found
    : [];
}

function dateOf(value: unknown): number {
  const at = typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) ? Date.parse(`${value}T00:00:00Z`) : 0;
  return Number.isNaN(at) ? 0 : at;
}
