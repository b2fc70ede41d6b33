import { fc } from "../kit/property.ts";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { createZone, weekdayOf } from "../../api/core/zone.ts";

const SLOT = 900_000;
const HOUR = 4 * SLOT;
const DAY = 24 * HOUR;

/** Zones of whole, half and quarter hours, of both halves of the year, with and without changes of the clock. */
const ZONES = [
  ...["UTC", "Europe/Madrid", "America/New_York", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"],
  ...["Pacific/Chatham", "Pacific/Apia", "Africa/Casablanca", "America/Sao_Paulo", "Asia/Tehran", "Antarctica/Troll"],
];
const zone = fc.constantFrom(...ZONES);
/** From 2012 on: until 2011 clocks of St. John's changed at a minute past midnight, in the middle of a slot. */
const slot = fc.integer({ min: Date.UTC(2012, 0) / SLOT, max: Date.UTC(2030, 0) / SLOT });
const slots = fc.integer({ min: 1, max: 400 * 96 });

function local(at: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
}

describe("a zone", () => {
  test("tells day, weekday and hour of every quarter-hour as clocks on the wall do", () => {
    fc.assert(
      fc.property(zone, slot, slots, fc.array(fc.double({ min: 0, max: 0.999999, noNaN: true }), { maxLength: 20 }), (
        timeZone,
        from,
        length,
        picks,
      ) => {
        const range = { fromAt: from * SLOT, toAt: (from + length) * SLOT };
        const own = createZone({ timeZone }, range);
        for (const at of [0, ...picks].map((pick) => (from + Math.floor(pick * length)) * SLOT)) {
          const there = local(at, timeZone);
          expect(own.hourOf(at)).toBe(there.hour);
          expect(weekdayOf(own.dayOf(at))).toBe(there.dayOfWeek);
          expect(new Date(own.dayOf(at) * DAY).toISOString().slice(0, 10)).toBe(there.toPlainDate().toString());
        }
      }),
      { numRuns: 300 },
    );
  });

  test("lists every day, week and month that a range touches, ascending, from where they start there", () => {
    fc.assert(
      fc.property(zone, slot, fc.integer({ min: 1, max: 33 * 96 }), (timeZone, from, length) => {
        const range = { fromAt: from * SLOT, toAt: (from + length) * SLOT };
        const own = createZone({ timeZone }, range);
        const dates: Record<string, Set<number>> = { day: new Set(), week: new Set(), month: new Set() };
        for (let at = range.fromAt; at < range.toAt; at += SLOT) {
          const day = local(at, timeZone).startOfDay();
          const date = day.toPlainDate();
          dates.day!.add(day.epochMilliseconds);
          const monday = date.subtract({ days: date.dayOfWeek - 1 });
          dates.week!.add(monday.toZonedDateTime(timeZone).epochMilliseconds);
          dates.month!.add(date.with({ day: 1 }).toZonedDateTime(timeZone).epochMilliseconds);
        }
        for (const unit of ["day", "week", "month"] as const) {
          expect(own.periods(unit).map(({ startAt }) => startAt)).toEqual([...dates[unit]!]);
        }
      }),
      { numRuns: 15 },
    );
  });

  test("has each instant in the period that began and did not end before it, whenever days begin, over days left out as well", () => {
    const range = { fromAt: Date.UTC(2011, 11, 27), toAt: Date.UTC(2012, 0, 3) };
    for (let dayStartsAt = 0; dayStartsAt < 24; dayStartsAt++) {
      const own = createZone({ timeZone: "Pacific/Apia", dayStartsAt }, range);
      const days = own.periods("day");
      for (let at = range.fromAt; at < range.toAt; at += SLOT) {
        const [period, ...others] = days.filter(({ startAt, endAt }) => startAt <= at && at < endAt);
        expect(others).toEqual([]);
        expect(own.dayOf(at)).toBe(period!.day);
      }
    }
  });

  test("leaves out a day that its calendar left out", () => {
    const range = { fromAt: Date.UTC(2011, 11, 29, 10), toAt: Date.UTC(2012, 0, 1, 10) };
    const days = createZone({ timeZone: "Pacific/Apia" }, range).periods("day").map(({ startAt }) =>
      new Date(startAt).toISOString()
    );
    expect(days).toEqual(["2011-12-29T10:00:00.000Z", "2011-12-30T10:00:00.000Z", "2011-12-31T10:00:00.000Z"]);
  });
});
