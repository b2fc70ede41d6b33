import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { fc } from "../kit/property.ts";
import { type Card, createEmptyCard, default_w, fsrs, type Grade, migrateParameters } from "ts-fsrs";
import { describe, expect, test, vi } from "vitest";
import { readCollection } from "../../api/anki/collection/collection.ts";
import type { LogRow } from "../../api/anki/collection/rows.ts";
import { timingAt } from "../../api/anki/collection/timing.ts";
import {
  computeMemory,
  fsrsFor,
  historyOf,
  memoryFromSm2,
  type PastReview,
  replay,
} from "../../api/anki/schedule/memory.ts";
import { createAnki, DAY_MS } from "../kit/anki.ts";

const KANJI = fileURLToPath(
  new URL("../../../shared/data/spaced-repetition/kanji_collection.anki2", import.meta.url),
);
const plain = fsrsFor({ parameters: [], desiredRetention: 0.9 });
const NEXT_DAY_AT = 1_000 * DAY_MS;

/** A new card, in the type that all others have. */
const emptyAt = (date: Date): Card => createEmptyCard(date);

/** ts-fsrs's own scheduler over a history, on days that begin at midnight UTC. */
function byTsFsrs(reviews: readonly PastReview[]) {
  const scheduler = fsrs({ enable_fuzz: false });
  let at = Date.UTC(2020, 0, 1, 12);
  let card = createEmptyCard(new Date(at));
  for (const { rating, elapsedDays } of reviews) {
    at += elapsedDays * DAY_MS;
    card = scheduler.next(card, new Date(at), rating).card;
  }
  return { stability: card.stability, difficulty: card.difficulty };
}

const log = (over: Partial<LogRow> & { id: number }): LogRow => ({
  cid: 1,
  usn: 0,
  ease: 3,
  ivl: 1,
  lastIvl: 0,
  factor: 2500,
  time: 0,
  type: 1,
  ...over,
});
const daysAgo = (days: number, over: Partial<LogRow> = {}) => log({ id: NEXT_DAY_AT - days * DAY_MS - 1_000, ...over });
const LEARN = { type: 0, ivl: -600, factor: 0 };

describe("memory", () => {
  test("is ts-fsrs's own, for any history", () => {
    const review = fc.record({
      rating: fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const),
      elapsedDays: fc.integer({ min: 0, max: 400 }),
    });
    fc.assert(
      fc.property(fc.array(review, { minLength: 1, maxLength: 25 }), (reviews) => {
        const history = reviews.map((one, i) => (i === 0 ? { ...one, elapsedDays: 0 } : one));
        expect(replay(plain, history)).toEqual(byTsFsrs(history));
      }),
    );
  });

  test.skipIf(!existsSync(KANJI))("is ts-fsrs's own for the whole log of a real collection, replayed", () => {
    const db = new DatabaseSync(KANJI, { readOnly: true });
    const { hasScheduler1, ...rules } = readCollection(db);
    expect(hasScheduler1).toBe(true);
    // In Germany, where the log was written, at the end of its last day; days begin at 4 o'clock there.
    const timing = timingAt(rules, Date.UTC(2013, 8, 12, 12), 120);
    const rows = db.prepare("select * from revlog order by cid, id").all() as unknown as LogRow[];
    const logs = Map.groupBy(rows, ({ cid }) => cid);
    const byOwn = (entries: readonly LogRow[], ratingOf: (row: LogRow) => Grade) => {
      const scheduler = fsrs({ enable_fuzz: false });
      // The same days, by shifting the rollover to midnight UTC.
      const dates = entries.map(({ id }) => new Date(id - (timing.nextDayAt % DAY_MS)));
      const last = entries.reduce(
        (card, row, i) => scheduler.next(card, dates[i]!, ratingOf(row)).card,
        emptyAt(dates[0]!),
      );
      return { stability: last.stability, difficulty: last.difficulty };
    };
    const asKept = ({ ease }: LogRow) => ease as Grade;
    const asAnki = ({ ease, type }: LogRow) => (ease > 1 && (type === 0 || type === 2) ? ease + 1 : ease) as Grade;
    const dayOf = ({ id }: LogRow) => Math.floor((id - timing.nextDayAt) / DAY_MS);
    const figures = { cards: logs.size, answers: 0, counted: 0, complete: 0 };
    for (const entries of logs.values()) {
      const whole = entries.map((row, i) => ({
        rating: row.ease as PastReview["rating"],
        elapsedDays: i === 0 ? 0 : dayOf(row) - dayOf(entries[i - 1]!),
      }));
      expect(replay(plain, whole)).toEqual(byOwn(entries, asKept));
      const history = historyOf(entries, timing, { hasScheduler1 })!;
      expect(replay(plain, history.reviews)).toEqual(byOwn(history.rows, asAnki));
      figures.answers += entries.length;
      figures.counted += history.rows.length;
      figures.complete += Number(history.isComplete);
    }
    db.close();
    expect(figures).toEqual({ cards: 1_011, answers: 6_158, counted: 6_111, complete: 1_011 });
  });

  test("takes parameters of FSRS-4 and FSRS-5 as ts-fsrs does", () => {
    const quiet = vi.spyOn(console, "debug").mockImplementation(() => undefined);
    for (const length of [17, 19, 21]) {
      const given = default_w.slice(0, length);
      const expected = fsrs({ w: migrateParameters(given), relearning_steps: [] }).parameters.w;
      quiet.mockClear();
      expect(fsrsFor({ parameters: given, desiredRetention: 0.9 }).parameters.w).toEqual(expected);
      expect(quiet).not.toHaveBeenCalled();
    }
    quiet.mockRestore();
    expect(fsrsFor({ parameters: [1, 2, 3], desiredRetention: 0.9 }).parameters.w).toEqual([...default_w]);
  });
});

describe("a card that has SM-2's numbers only", () => {
  test("remembers for its interval at the retention that it was scheduled for", () => {
    for (const retention of [0.8, 0.9, 0.95]) {
      const memory = memoryFromSm2(plain, 2.5, 40, retention);
      expect(plain.forgetting_curve(40, memory.stability)).toBeCloseTo(retention, 5);
    }
  });

  test("has the difficulty at which a good answer multiplies its interval by its ease", () => {
    const memory = memoryFromSm2(plain, 1.8, 100, 0.9);
    const after = plain.next_state(memory, 100, 3);
    expect(after.stability / memory.stability).toBeCloseTo(1.8, 3);
    expect(memory.difficulty).toBeGreaterThan(1);
    expect(memory.difficulty).toBeLessThan(10);
  });

  test("stays within FSRS's bounds, whatever the numbers", () => {
    for (const [ease, ivl] of [[1.3, 36_500], [9.9, 1], [0.1, 0]] as const) {
      const { stability, difficulty } = memoryFromSm2(plain, ease, ivl, 0.9);
      expect(difficulty).toBeGreaterThanOrEqual(1);
      expect(difficulty).toBeLessThanOrEqual(10);
      expect(stability).toBeGreaterThan(0);
    }
  });
});

describe("a card's history", () => {
  const of = (entries: LogRow[], options = {}) => historyOf(entries, { nextDayAt: NEXT_DAY_AT }, options);
  const pairs = (entries: LogRow[], options = {}) =>
    of(entries, options)?.reviews.map(({ rating, elapsedDays }) => [rating, elapsedDays]);

  test("counts days between answers by rollovers, not by hours", () => {
    const late = NEXT_DAY_AT - 2 * DAY_MS - 60_000;
    const early = NEXT_DAY_AT - 2 * DAY_MS + 60_000;
    expect(pairs([log({ id: late, ...LEARN }), log({ id: early })])).toEqual([[3, 0], [3, 1]]);
  });

  test("begins where the card was learned last", () => {
    const entries = [daysAgo(30, LEARN), daysAgo(20), daysAgo(9, LEARN), daysAgo(9, LEARN), daysAgo(4, { ease: 1 })];
    expect(pairs(entries)).toEqual([[3, 0], [3, 0], [1, 5]]);
  });

  test("leaves out cramming and manual changes, and what came before a reset", () => {
    const cram = daysAgo(8, { type: 3, factor: 0 });
    const moved = daysAgo(7, { type: 4, ease: 0, factor: 2500 });
    expect(pairs([daysAgo(10, LEARN), cram, moved, daysAgo(5)])).toEqual([[3, 0], [3, 5]]);
    const reset = daysAgo(6, { type: 4, ease: 0, factor: 0 });
    expect(pairs([daysAgo(10, LEARN), reset, daysAgo(3, LEARN)])).toEqual([[3, 0]]);
    expect(of([daysAgo(10, LEARN), reset])).toBeUndefined();
  });

  test("reads the three buttons of scheduler 1 as again, good and easy", () => {
    const entries = [daysAgo(3, { ...LEARN, ease: 2 }), daysAgo(3, { ...LEARN, ease: 3 }), daysAgo(1, { ease: 2 })];
    expect(pairs(entries, { hasScheduler1: true })).toEqual([[3, 0], [4, 0], [2, 2]]);
    expect(pairs(entries)).toEqual([[2, 0], [3, 0], [2, 2]]);
  });

  test("without its learning goes on from the first answer with SM-2's numbers", () => {
    const { addReview, card } = createAnki();
    addReview(1, 5);
    const entries = [daysAgo(100, { ivl: 100 }), daysAgo(0)];
    const history = of(entries)!;
    expect(history.isComplete).toBe(false);
    const start = memoryFromSm2(plain, 2.5, 100, 0.9);
    expect(computeMemory(plain, card(1), history, 0.9)).toEqual(plain.next_state(start, 100, 3));
  });

  test("of one answer without learning gives way to what the card says itself", () => {
    const { addReview, card } = createAnki();
    addReview(1, 5, { ivl: 123, factor: 2000 });
    const history = of([daysAgo(100, { ivl: 100 })]);
    expect(computeMemory(plain, card(1), history, 0.9)).toEqual(memoryFromSm2(plain, 2, 123, 0.9));
  });
});
