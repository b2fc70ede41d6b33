import type { DatabaseSync } from "node:sqlite";
import { SECOND_MS } from "../../core/clock.ts";
import { readCollection, timingOf } from "../collection/collection.ts";
import { withChildren } from "../collection/decks.ts";
import { dayStart } from "../collection/timing.ts";
import type { Moment } from "../schedule/question.ts";

/**
 * What will be due: cards whose day has passed, those of each day from today on, and how many a day that makes in the long
 * run (each card once an interval). New and suspended cards have no day.
 */
export type Forecast = { overdue: number; days: { startAt: number; due: number }[]; beyond: number; dailyLoad: number };

export type ForecastOf = { deckId?: number | undefined; days: number; moment: Moment };

/** Source: ankitects/anki, rslib/src/stats/graphs/future_due.rs. Undefined where there is no such deck. */
export function forecastDue(db: DatabaseSync, { deckId, days, moment }: ForecastOf): Forecast | undefined {
  const collection = readCollection(db);
  const timing = timingOf(collection, moment.at, moment.offsetMinutes);
  const where = withinDecks(db, deckId);
  if (where === undefined) return undefined;
  const due = "(case when odue <> 0 then odue else due end)";
  const nextDayS = Math.floor(timing.nextDayAt / SECOND_MS);
  // Whole days after the next one begins; within today all that is before.
  const day = `(case when ${due} > 1000000000 then (${due} - ${nextDayS} + 86400 * 100000) / 86400 - 100000 + 1
    else ${due} - ${timing.today} end)`;
  const sql = `select max(${day}, -1) as day, queue < -1 as buried, count(*) as n, sum(1.0 / max(ivl, 1)) as load
    from cards where type <> 0 and queue <> -1 and ${where} group by 1, 2`;
  const rows = db.prepare(sql).all() as { day: number; buried: number; n: number; load: number }[];
  const found: Forecast = {
    overdue: 0,
    days: Array.from({ length: days }, (_, i) => ({ startAt: dayStart(timing, timing.today + i), due: 0 })),
    beyond: 0,
    dailyLoad: 0,
  };
  for (const { day, buried, n, load } of rows) {
    found.dailyLoad += load;
    // What is buried comes back tomorrow.
    if (day <= 0 && buried) continue;
    if (day < 0) found.overdue += n;
    else if (day < days) found.days[day]!.due += n;
    else found.beyond += n;
  }
  return { ...found, dailyLoad: Math.floor(found.dailyLoad) };
}

/** Cards of a deck and of those below it, also while others borrow them; undefined where there is no such deck. */
export function withinDecks(db: DatabaseSync, deckId: number | undefined): string | undefined {
  if (deckId === undefined) return "1";
  const ids = withChildren(readCollection(db).decks, deckId).map(({ id }) => id).join(", ");
  return ids === "" ? undefined : `(did in (${ids}) or odid in (${ids}))`;
}
