import { type FSRS, fsrs } from "ts-fsrs";
import { DAY_MS, SECOND_MS } from "../../core/clock.ts";
import type { Memory } from "../collection/card-data.ts";
import type { DeckOptions } from "../collection/options.ts";
import { type CardRow, LOG_TYPE, type LogRow } from "../collection/rows.ts";
import type { Timing } from "../collection/timing.ts";

export type Rating = 1 | 2 | 3 | 4;
export const RATINGS: readonly Rating[] = [1, 2, 3, 4];

/** One step of a card's history: the answer, and how many of Anki's days after the one before it. */
export type PastReview = { rating: Rating; elapsedDays: number };

/** FSRS's settings of a deck. */
export type FsrsSettings = { parameters: readonly number[]; desiredRetention: number; historicalRetention: number };

/** FSRS-6 with these parameters; those of FSRS-4 and -5 are brought to 21 as its authors do, none are the defaults. */
export function fsrsFor({ parameters, desiredRetention }: Omit<FsrsSettings, "historicalRetention">): FSRS {
  const w = migrated(parameters);
  return fsrs({ ...(w && { w }), request_retention: desiredRetention, enable_fuzz: false, relearning_steps: [] });
}

/** The memory after a history, from nothing or from a memory. Undefined where there is neither. */
export function replay(algorithm: FSRS, reviews: readonly PastReview[], from?: Memory): Memory | undefined {
  return reviews.reduce<Memory | undefined>(
    (memory, { rating, elapsedDays }) => nextMemory(algorithm, memory, rating, elapsedDays),
    from,
  );
}

/** The memory after one answer. */
export function nextMemory(
  algorithm: FSRS,
  memory: Memory | undefined,
  rating: Rating,
  elapsedDays: number,
): Memory {
  const { stability, difficulty } = algorithm.next_state(memory ?? null, elapsedDays, rating);
  return { stability, difficulty };
}

/**
 * The memory of a card that has only SM-2's numbers: the stability whose curve gives the retention at the interval, and
 * the difficulty at which a good answer multiplies the interval by the ease.
 * Source: open-spaced-repetition/fsrs-rs, src/inference.rs, memory_state_from_sm2 (the form with decay w20).
 */
export function memoryFromSm2(algorithm: FSRS, ease: number, intervalDays: number, retention: number): Memory {
  const { w } = algorithm.parameters;
  const decay = -w[20]!;
  const stability = Math.max(intervalDays, 0.001) * (0.9 ** (1 / decay) - 1) / (retention ** (1 / decay) - 1);
  const growth = Math.exp(w[8]!) * stability ** -w[9]! * Math.expm1((1 - retention) * w[10]!);
  const difficulty = 11 - (ease - 1) / growth;
  return {
    stability: Math.min(36_500, Math.max(0.001, stability)),
    difficulty: Math.min(10, Math.max(1, difficulty)),
  };
}

/** What of a card's log counts for its memory; `isComplete` where it begins with learning. Undefined where nothing does. */
export type History = { reviews: PastReview[]; rows: LogRow[]; isComplete: boolean };

/**
 * The history that Anki takes of a log (oldest first): from the last time the card was learned, without cramming and
 * manual changes; where learning is missing, from the first answer with an interval of days. With `hasScheduler1`, good
 * and easy of learning count as 3 and 4, as Anki rewrites them when it leaves that scheduler.
 * Source: ankitects/anki, rslib/src/scheduler/fsrs/params.rs and rslib/src/storage/revlog/v2_upgrade.sql.
 */
export function historyOf(
  log: readonly LogRow[],
  { nextDayAt }: Pick<Timing, "nextDayAt">,
  { ignoreBefore = 0, hasScheduler1 = false } = {},
): History | undefined {
  const start = startOf(log, ignoreBefore);
  if (!start) return undefined;
  const rows = log.slice(start.index).filter((row) => row.ease > 0 && !isCramming(row));
  const days = rows.map(({ id }) => Math.max(0, Math.floor((nextDayAt - floorToSecond(id)) / DAY_MS)));
  const reviews = rows.map((row, i) => ({
    rating: ratingOf(row, hasScheduler1),
    elapsedDays: i === 0 ? 0 : Math.max(0, days[i - 1]! - days[i]!),
  }));
  return rows.length === 0 ? undefined : { reviews, rows, isComplete: start.isComplete };
}

/** The memory that Anki computes for a card from its log, or from SM-2's numbers where the log does not tell. */
export function computeMemory(
  algorithm: FSRS,
  card: CardRow,
  history: History | undefined,
  historicalRetention: number,
): Memory | undefined {
  if (history?.isComplete) return replay(algorithm, history.reviews);
  if (history && history.reviews.length > 1) {
    return replay(
      algorithm,
      history.reviews.slice(1),
      truncatedStart(algorithm, history.rows[0]!, historicalRetention),
    );
  }
  if (card.type === 0 || card.ivl <= 0 || card.reps === 0) return undefined;
  return memoryFromSm2(algorithm, (card.factor || 2_500) / 1_000, card.ivl, historicalRetention);
}

/** How many of Anki's days ago the card was answered last, by `lrt` (seconds) or its log; 0 where it never was. */
export function elapsedDaysOf(
  card: CardRow,
  lastAt: number | undefined,
  { today, nextDayAt }: Timing,
): number {
  if (lastAt !== undefined) return Math.max(0, Math.floor((nextDayAt - floorToSecond(lastAt)) / DAY_MS));
  const due = card.odid !== 0 && card.odue !== 0 ? card.odue : card.due;
  return card.type === 2 ? Math.max(0, card.ivl - (due - today)) : 0;
}

/** The deck's own retention, else its options', else the one that the card was scheduled for last. */
export function fsrsSettingsOf(
  { fsrsParameters, desiredRetention, historicalRetention }: Pick<
    DeckOptions,
    "fsrsParameters" | "desiredRetention" | "historicalRetention"
  >,
  ownRetention: number | undefined,
  cardRetention: number | undefined,
): FsrsSettings {
  const wanted = ownRetention ?? desiredRetention ?? cardRetention ?? 0.9;
  return { parameters: fsrsParameters, desiredRetention: wanted, historicalRetention };
}

function startOf(log: readonly LogRow[], ignoreBefore: number): { index: number; isComplete: boolean } | undefined {
  let learned: number | undefined;
  let graded: number | undefined;
  for (let i = log.length - 1; i >= 0; i--) {
    const row = log[i]!;
    if (isCramming(row)) continue;
    if (row.ease > 0 && row.id > ignoreBefore && (row.ivl >= 1 || row.ivl <= -86_400)) graded = i;
    if (row.ease > 0 && row.type === LOG_TYPE.LEARNING) learned = i;
    else if (row.type === LOG_TYPE.MANUAL && row.factor === 0) {
      if (learned === undefined && graded === undefined) return undefined;
      break;
    } else if (learned !== undefined) break;
  }
  const isIgnored = learned !== undefined && log[learned]!.id < ignoreBefore && learned < log.length - 1;
  if (learned !== undefined && !isIgnored) return { index: learned, isComplete: true };
  return graded === undefined ? undefined : { index: graded, isComplete: false };
}

/** An answer in a filtered deck that does not reschedule. */
function isCramming(row: LogRow): boolean {
  return row.type === LOG_TYPE.FILTERED && row.factor === 0;
}

function ratingOf({ ease, type }: LogRow, hasScheduler1: boolean): Rating {
  const isShifted = hasScheduler1 && (type === LOG_TYPE.LEARNING || type === LOG_TYPE.RELEARNING) && ease > 1;
  return Math.min(4, Math.max(1, isShifted ? ease + 1 : ease)) as Rating;
}

/** FSRS writes difficulty into the log's factor, as 100 to 1100. */
function truncatedStart(algorithm: FSRS, first: LogRow, historicalRetention: number): Memory {
  const factor = (first.factor || 2_500) / 1_000;
  const memory = memoryFromSm2(algorithm, factor, Math.max(1, first.ivl), historicalRetention);
  return factor <= 1.1 ? { ...memory, difficulty: Math.min(10, Math.max(1, (factor - 0.1) * 9 + 1)) } : memory;
}

/** Parameters of FSRS-4 (17) and FSRS-5 (19) as 21, quietly; undefined where their number is none of these. */
function migrated(w: readonly number[]): number[] | undefined {
  switch (w.length) {
    case 21:
      return [...w];
    case 19:
      return [...w, 0, 0.5];
    case 17: {
      const old = [...w];
      const [w4, w5, w6] = [old[4]!, old[5]!, old[6]!];
      old[4] = places8(w5 * 2 + w4);
      old[5] = places8(Math.log(w5 * 3 + 1) / 3);
      old[6] = places8(w6 + 0.5);
      return [...old, 0, 0, 0, 0.5];
    }
    default:
      return undefined;
  }
}

function places8(value: number): number {
  return Number(value.toFixed(8));
}

function floorToSecond(at: number): number {
  return Math.floor(at / SECOND_MS) * SECOND_MS;
}
