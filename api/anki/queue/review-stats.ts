import type { DatabaseSync } from "node:sqlite";
import type { TimeRange } from "../../core/range.ts";
import { readCollection } from "../collection/collection.ts";
import { LOG_TYPE, type LogRow } from "../collection/rows.ts";
import { withinDecks } from "./forecast.ts";
import { zonedDay } from "../collection/timing.ts";

/** A day of the person's: from rollover to rollover in their zone, as the day of their limits. */
export type ReviewDay = { startAt: number; reviews: number; again: number; timeSpentMs: number };

/** `retention` is the share of reviews (not of learning or relearning) that were passed; undefined without any. */
export type ReviewStats = { reviews: number; retention: number | undefined; byDay: ReviewDay[] };

type Row = Pick<LogRow, "id" | "ease" | "time" | "type">;

/**
 * What was answered from the first instant (included) to the second (excluded), from the review log; with a deck, of the
 * cards that are in it now or below it. Manual changes are no answers. Days without answers are left out.
 */
export function reviewStats(
  db: DatabaseSync,
  { fromAt, toAt }: TimeRange,
  zone: string,
  deckId?: number,
): ReviewStats {
  const { rollover } = readCollection(db);
  const cards = deckId === undefined ? "" : `and cid in (select id from cards where ${withinDecks(db, deckId) ?? "0"})`;
  const sql =
    `select id, ease, time, type from revlog where id >= ? and id < ? and ease between 1 and 4 ${cards} order by id`;
  const byDay: ReviewDay[] = [];
  let [endAt, reviews, passed, tested] = [-Infinity, 0, 0, 0];
  for (const { id, ease, time, type } of db.prepare(sql).iterate(fromAt, toAt) as Iterable<Row>) {
    if (id >= endAt) {
      const day = zonedDay(id, zone, rollover);
      endAt = day.endAt;
      byDay.push({ startAt: day.startAt, reviews: 0, again: 0, timeSpentMs: 0 });
    }
    const day = byDay.at(-1)!;
    day.reviews++;
    day.again += Number(ease === 1);
    day.timeSpentMs += time;
    reviews++;
    if (type === LOG_TYPE.REVIEW) {
      tested++;
      passed += Number(ease > 1);
    }
  }
  return { reviews, retention: tested === 0 ? undefined : passed / tested, byDay };
}
