import { Temporal } from "temporal-polyfill";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../core/clock.ts";

/** Anki's day: `today` counts from the collection's creation, `nextDayAt` is when it ends (epoch ms). */
export type Timing = { today: number; nextDayAt: number; at: number };

/** What a collection says about its days: `crt` in seconds, offsets in minutes west of UTC, as Anki keeps them. */
export type DayRules = { crt: number; rollover: number; creationWest: number | undefined };

/** Minutes east of UTC at an instant, in an IANA zone or at a fixed offset such as `+02:00`. */
export function offsetMinutesAt(zone: string, at: number): number {
  const { offsetNanoseconds } = Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(zone);
  return Math.round(offsetNanoseconds / 60e9);
}

/**
 * The day that an instant lies in. As in Anki, the offset of that instant holds for the whole day, also on a day when
 * the clocks change. Collections without `creationOffset` count 24 hours from the rollover of their first day.
 * Source: ankitects/anki, rslib/src/scheduler/timing.rs.
 */
export function timingAt(rules: DayRules, at: number, offsetMinutes: number): Timing {
  const day = dayStartingAt(at, offsetMinutes, rules.rollover);
  const nextDayAt = instantOf(day + 1, offsetMinutes, rules.rollover);
  const createdAt = rules.crt * SECOND_MS;
  const today = rules.creationWest === undefined
    ? Math.floor((at - instantOf(calendarDay(createdAt, offsetMinutes), offsetMinutes, rules.rollover)) / DAY_MS)
    : day - calendarDay(createdAt, -rules.creationWest);
  return { today: Math.max(0, today), nextDayAt, at };
}

/** The instant at which a day of Anki's begins, as seen from now. */
export function dayStart({ today, nextDayAt }: Timing, day: number): number {
  return nextDayAt + (day - today - 1) * DAY_MS;
}

/** From and to of the person's day that an instant lies in, with the clock changes of the zone. Days begin at rollover. */
export function zonedDay(at: number, zone: string, rollover: number): { startAt: number; endAt: number } {
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
  const date = local.hour < rollover ? local.toPlainDate().subtract({ days: 1 }) : local.toPlainDate();
  const startOf = (day: Temporal.PlainDate) =>
    day.toZonedDateTime({ timeZone: zone, plainTime: new Temporal.PlainTime(rollover) }).epochMilliseconds;
  const bounds = { startAt: startOf(date), endAt: startOf(date.add({ days: 1 })) };
  // Where the clocks are put back over the rollover, the hour comes twice.
  return at < bounds.startAt ? { startAt: at, endAt: bounds.startAt } : bounds;
}

/** Days since 1970 in local time; the hours before the rollover belong to the day before. */
function dayStartingAt(at: number, offsetMinutes: number, rollover: number): number {
  return calendarDay(at - rollover * HOUR_MS, offsetMinutes);
}

function calendarDay(at: number, offsetMinutes: number): number {
  return Math.floor((at + offsetMinutes * MINUTE_MS) / DAY_MS);
}

function instantOf(day: number, offsetMinutes: number, hour: number): number {
  return day * DAY_MS + hour * HOUR_MS - offsetMinutes * MINUTE_MS;
}
