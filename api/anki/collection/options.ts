import { isObject } from "./card-data.ts";

/** A deck's options, with Anki's defaults where a collection leaves one out. */
export type DeckOptions = {
  learnStepsMin: readonly number[];
  relearnStepsMin: readonly number[];
  newPerDay: number;
  reviewsPerDay: number;
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
  desiredRetention: number;
  historicalRetention: number;
  /** Log entries before this instant (epoch ms) are not replayed. */
  ignoreLogBefore: number;
};

/** Options from the JSON of schema 11 (`col.dconf`). Names: ankitects/anki, rslib/src/deckconfig/schema11.rs. */
export function toOptions(value: unknown): DeckOptions {
  const top = objectOf(value);
  const [fresh, review, lapse] = [objectOf(top["new"]), objectOf(top["rev"]), objectOf(top["lapse"])];
  return {
    learnStepsMin: numbersOf(fresh["delays"]) ?? [1, 10],
    relearnStepsMin: numbersOf(lapse["delays"]) ?? [10],
    newPerDay: count(fresh["perDay"], 20),
    reviewsPerDay: count(review["perDay"], 200),
    initialEase: count(fresh["initialFactor"], 2500),
    maxIntervalDays: Math.max(1, count(review["maxIvl"], 36_500)),
    leechLapses: count(lapse["leechFails"], 8),
    leechSuspends: count(lapse["leechAction"], 1) === 0,
    maxAnswerMs: count(top["maxTaken"], 60) * 1_000,
    buryNew: fresh["bury"] === true,
    buryReviews: review["bury"] === true,
    buryDayLearning: top["buryInterdayLearning"] === true,
    newMix: typeof top["newMix"] === "number" ? top["newMix"] : undefined,
    dayLearningMix: count(top["interdayLearningMix"], 0),
    reviewOrder: count(top["reviewOrder"], 0),
    newGatherOrder: count(top["newGatherPriority"], 0),
    newSortOrder: count(top["newSortOrder"], 0),
    fsrsParameters: parametersOf(top),
    desiredRetention: retention(top["desiredRetention"]),
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

/** A number of at least 0, else the default. */
export function count(value: unknown, fallback: number): number {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? Math.max(0, Math.floor(number)) : fallback;
}

function numbersOf(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter((entry): entry is number => typeof entry === "number" && entry > 0);
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
