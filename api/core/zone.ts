import { Temporal } from "temporal-polyfill";
import { DAY_MS, HOUR_MS } from "./clock.ts";
import type { TimeRange } from "./range.ts";

export type PeriodUnit = "day" | "week" | "month";

/** A stretch in which a zone's clock keeps one offset to UTC. */
type Stretch = { fromAt: number; toAt: number; offsetMs: number };

/** What days, weeks and hours are meant by. */
export type Calendar = {
  timeZone: string;
  /** The hour on the wall at which a day begins, 0 where absent. What happens before it is of the day before. */
  dayStartsAt?: number | undefined;
  weekStartsOn?: "MONDAY" | "SUNDAY" | undefined;
};

/**
 * What clocks and calendars of an IANA zone say within a range: its changes of the clock are looked up once, the rest is
 * arithmetic. Local days are counted from 1970.
 */
export type Zone = ReturnType<typeof createZone>;

export function createZone(
  { timeZone, dayStartsAt = 0, weekStartsOn = "MONDAY" }: Calendar,
  { fromAt, toAt }: TimeRange,
) {
  const stretches = findStretches(timeZone, fromAt, toAt);

  function localOf(at: number): number {
    const stretch = stretches.find((own) => at < own.toAt) ?? stretches.at(-1)!;
    return at + stretch.offsetMs;
  }

  function startOf(day: number): number {
    const [year, month, date] = partsOf(day);
    const plainTime = dayStartsAt === 0 ? undefined : new Temporal.PlainTime(dayStartsAt);
    return Temporal.PlainDate.from({ year, month, day: date }).toZonedDateTime({
      timeZone,
      ...(plainTime && { plainTime }),
    })
      .epochMilliseconds;
  }

  const shiftMs = dayStartsAt * HOUR_MS;
  const dayOfLocal = (local: number): number => Math.floor((local - shiftMs) / DAY_MS);

  /**
   * The local day of an instant. Just after a clock changed it is the one that has begun and not ended by then: where a zone left
   * out a day, a morning that would be of that day's is of the day before it.
   */
  function dayOf(at: number): number {
    let day = dayOfLocal(localOf(at));
    const changedAt = stretches.findLast((own) => own.fromAt <= at)?.fromAt ?? fromAt;
    if (changedAt === stretches[0]?.fromAt || at - changedAt >= 2 * DAY_MS) return day;
    while (startOf(day) > at) day--;
    return day;
  }

  /** The first local day of the period that a day lies in. */
  function firstDayOf(unit: PeriodUnit, day: number): number {
    if (unit === "day") return day;
    if (unit === "week") return day - (weekStartsOn === "SUNDAY" ? weekdayOf(day) % 7 : weekdayOf(day) - 1);
    return day - (partsOf(day)[2] - 1);
  }

  return {
    weekStartsOn,

    /** The local day of an instant of the range. */
    dayOf,

    /** The first local day of the period in which an instant of the range lies. */
    periodOf: (unit: PeriodUnit, at: number): number => firstDayOf(unit, dayOf(at)),

    /** The day of the week by the calendar, whenever days begin: Monday is 1, Sunday is 7. */
    weekdayOf: (at: number): number => weekdayOf(Math.floor(localOf(at) / DAY_MS)),

    /** The hour on the wall, 0 to 23. */
    hourOf: (at: number): number => Math.floor(modulo(localOf(at), DAY_MS) / HOUR_MS),

    /** Every period that the range touches, ascending: its first local day, and the instants at which it starts and ends. */
    periods(unit: PeriodUnit): { day: number; startAt: number; endAt: number }[] {
      // Where a clock goes back at midnight, a day comes twice: the range then touches what lies between as well.
      const touched = stretches.flatMap((own) => [own.fromAt, own.toAt - 1].map((at) => at + own.offsetMs));
      const days = touched.map(dayOfLocal);
      const [first, last] = [Math.min(...days), Math.max(...days)];
      const periods: { day: number; startAt: number; endAt: number }[] = [];
      for (let day = firstDayOf(unit, first); day <= last; day = nextOf(unit, day)) {
        periods.push({ day, startAt: startOf(day), endAt: startOf(nextOf(unit, day)) });
      }
      // A day that a zone left out, to get to the other side of the date line, starts when the next one does.
      return periods.filter(({ startAt, endAt }) => startAt !== endAt);
    },
  };
}

/** Monday is 1, Sunday is 7. */
export function weekdayOf(day: number): number {
  return modulo(day + 3, 7) + 1;
}

function nextOf(unit: PeriodUnit, day: number): number {
  if (unit !== "month") return day + (unit === "day" ? 1 : 7);
  const [year, month] = partsOf(day);
  return Date.UTC(year, month, 1) / DAY_MS;
}

function findStretches(timeZone: string, fromAt: number, toAt: number): Stretch[] {
  const stretches: Stretch[] = [];
  let moment: Temporal.ZonedDateTime | null = Temporal.Instant.fromEpochMilliseconds(fromAt).toZonedDateTimeISO(
    timeZone,
  );
  let from = fromAt;
  while (moment && from < toAt) {
    const offsetMs = moment.offsetNanoseconds / 1e6;
    moment = moment.getTimeZoneTransition("next");
    const to = Math.min(moment?.epochMilliseconds ?? Infinity, toAt);
    stretches.push({ fromAt: from, toAt: to, offsetMs });
    from = to;
  }
  return stretches;
}

function partsOf(day: number): [year: number, month: number, date: number] {
  const date = new Date(day * DAY_MS);
  return [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
}

function modulo(a: number, b: number): number {
  return ((a % b) + b) % b;
}
