import { describe, expect, test } from "vitest";
import { quarterOf } from "../../api/analytics/cells.ts";
import type { JourneySlot, SessionSlot } from "../../api/analytics/model.ts";
import {
  conversions,
  hoursOfWeek,
  journeyPeriods,
  outcomesOf,
  peakHourOf,
  rank,
  ratio,
  sessionPeriods,
  spentByHour,
  spentByPeriod,
  startWithin,
  successOf,
} from "../../api/analytics/rules.ts";
import { createZone } from "../../api/core/zone.ts";
import type { Sensor } from "../../api/sessions/model.ts";

const SLOT = 900_000;
const HOUR = 4 * SLOT;
const DAY = 24 * HOUR;
/** A Monday. */
const FROM = Date.UTC(2026, 5, 1);
const DAY_0 = FROM / DAY;
const zoneOf = (calendar: Parameters<typeof createZone>[0] = { timeZone: "UTC" }, days = 3) =>
  createZone(calendar, { fromAt: FROM, toAt: FROM + days * DAY });

/** A slot so many quarter-hours after the Monday began. */
const sessions = (quarter: number, counts: SessionSlot["counts"]): SessionSlot => ({
  slot: FROM / SLOT + quarter,
  counts,
});
const journeys = (quarter: number, counts: JourneySlot["counts"]): JourneySlot => ({
  slot: FROM / SLOT + quarter,
  counts,
});

describe("periods", () => {
  test("are all of the range, each with what was counted in it, and open from their first moment to before their end", () => {
    const slots = [
      sessions(0, { sessions: 2, motions: 5, durationMs: 100, started: 1, failed: 3 }),
      sessions(95, { sessions: 1, durationMs: 11 }),
      sessions(96, { motions: 7 }),
    ];
    const shown = (now: number) => sessionPeriods(slots, zoneOf(), "day", now);
    expect(shown(FROM + DAY)).toEqual([
      {
        day: DAY_0,
        start: FROM,
        isOpen: false,
        sessions: 3,
        motionEvents: 5,
        totalDuration: 111,
        playbackSuccessRate: 0.25,
      },
      ...[1, 2].map((day) => ({
        ...{
          day: DAY_0 + day,
          start: FROM + day * DAY,
          isOpen: day === 1,
          sessions: 0,
          motionEvents: day === 1 ? 7 : 0,
        },
        ...{ totalDuration: 0, playbackSuccessRate: null },
      })),
    ]);
    const open = (now: number) => shown(now).map(({ isOpen }) => isOpen);
    expect(open(FROM)).toEqual([true, false, false]);
    expect(open(FROM + DAY - 1)).toEqual([true, false, false]);
    expect(open(FROM + 3 * DAY - 1)).toEqual([false, false, true]);
    expect(open(FROM - 1)).toEqual([false, false, false]);
    expect(open(FROM + 3 * DAY)).toEqual([false, false, false]);
  });

  test("of journeys count them, their events and what each came to", () => {
    const slots = [
      journeys(3, { journeys: 9, events: 30, GOAL_REACHED: 1, FORM_COMPLETED: 2, CTA_CLICKED: 3, LINK_CLICKED: 1 }),
      journeys(100, { journeys: 1 }),
    ];
    expect(conversions(slots)).toBe(7);
    expect(journeyPeriods(slots, zoneOf(undefined, 2), FROM + DAY)).toEqual([
      { start: FROM, isOpen: false, journeys: 9, events: 30, conversions: 7 },
      { start: FROM + DAY, isOpen: true, journeys: 1, events: 0, conversions: 0 },
    ]);
    expect(journeyPeriods(slots, zoneOf(undefined, 1), FROM)[0]!.isOpen).toBe(true);
    expect(journeyPeriods(slots, zoneOf(undefined, 1), FROM + DAY - 1)[0]!.isOpen).toBe(true);
    expect(journeyPeriods(slots, zoneOf(undefined, 1), FROM - 1)[0]!.isOpen).toBe(false);
  });
});

describe("outcomes", () => {
  const counts = {
    journeys: 20,
    engaged: 5,
    ABANDONED: 2,
    GOAL_REACHED: 1,
    FORM_COMPLETED: 2,
    CTA_CLICKED: 3,
    LINK_CLICKED: 4,
  };
  const outcomes = (pending: number, own = counts) =>
    Object.fromEntries(outcomesOf([journeys(0, own)], pending).map(({ outcome, journeys }) => [outcome, journeys]));

  test("share all journeys out: who engaged and is not pending has gone, and the rest looks around", () => {
    const others = { GOAL_REACHED: 1, FORM_COMPLETED: 2, CTA_CLICKED: 3, LINK_CLICKED: 4 };
    expect(outcomes(1)).toEqual({ ...others, ABANDONED: 6, BROWSING: 4 });
    expect(outcomes(5)).toEqual({ ...others, ABANDONED: 2, BROWSING: 8 });
  });

  test("are never less than none, where one part was counted before another", () => {
    expect(outcomes(9)).toMatchObject({ ABANDONED: 2, BROWSING: 8 });
    expect(outcomes(0, { ...counts, journeys: 3 })).toMatchObject({ BROWSING: 0 });
  });
});

describe("hours of the week", () => {
  test("begin with the day that the calendar says, and hold each session in the hour that clocks showed there", () => {
    const slots = [
      sessions(3, { sessions: 2 }),
      sessions(4, { sessions: 1 }),
      sessions(2 * 96 + 95, { sessions: 4 }),
      sessions(7, {}),
    ];
    const counted = (calendar: Parameters<typeof createZone>[0]) =>
      hoursOfWeek(slots, zoneOf(calendar)).filter(({ sessions }) => sessions > 0);
    expect(counted({ timeZone: "UTC" })).toEqual([
      { weekday: 1, hour: 0, sessions: 2 },
      { weekday: 1, hour: 1, sessions: 1 },
      { weekday: 3, hour: 23, sessions: 4 },
    ]);
    // Kathmandu is 5:45 ahead.
    expect(counted({ timeZone: "Asia/Kathmandu" })).toEqual([
      { weekday: 1, hour: 6, sessions: 3 },
      { weekday: 4, hour: 5, sessions: 4 },
    ]);
    const cells = hoursOfWeek(slots, zoneOf({ timeZone: "UTC", weekStartsOn: "SUNDAY" }));
    expect(cells).toHaveLength(168);
    expect([cells[0], cells[24], cells[167]].map((cell) => [cell!.weekday, cell!.hour, cell!.sessions])).toEqual([
      [7, 0, 0],
      [1, 0, 2],
      [6, 23, 0],
    ]);
    expect(hoursOfWeek(slots, zoneOf()).map(({ weekday, hour }) => [weekday, hour])).toEqual(
      Array.from({ length: 168 }, (_, i) => [1 + Math.floor(i / 24), i % 24]),
    );
  });

  test("have a peak: the hour of the day with the most, the earliest of equals, none without sessions", () => {
    const at = (hour: number, n: number, day = 0) => sessions(day * 96 + hour * 4, { sessions: n });
    expect(peakHourOf([at(9, 2), at(9, 2, 1), at(10, 3)], zoneOf())).toBe(9);
    expect(peakHourOf([at(20, 3), at(10, 3)], zoneOf())).toBe(10);
    expect(peakHourOf([at(0, 1)], zoneOf())).toBe(0);
    expect(peakHourOf([sessions(0, { motions: 1 })], zoneOf())).toBe(null);
  });

  test("and periods hold the time that was spent in each", () => {
    const spent = new Map([[0, 10], [1, 5], [4, 7], [96, 1]].map(([quarter, ms]) => [FROM / SLOT + quarter!, ms!]));
    expect([...spentByPeriod(spent, zoneOf(), "day")]).toEqual([[DAY_0, 22], [DAY_0 + 1, 1]]);
    expect([...spentByHour(spent, zoneOf())]).toEqual([[0, 15], [1, 7], [24, 1]]);
    expect([...spentByHour(spent, zoneOf({ timeZone: "UTC", weekStartsOn: "SUNDAY" }))].map(([place]) => place))
      .toEqual([24, 25, 48]);
  });
});

test("a ratio of nothing is none; of sessions that tried to play it is how many did", () => {
  expect([ratio(1, 0), ratio(0, 2), ratio(1, 2)]).toEqual([null, 0, 0.5]);
  expect(successOf([sessions(0, { started: 3, failed: 1 })])).toBe(0.75);
  expect(successOf([sessions(0, { sessions: 1 })])).toBe(null);
});

test("sessions of a slot began on the average where their offsets say", () => {
  expect(startWithin(sessions(2, { sessions: 4, offsetMs: 10 }))).toBe(FROM + 2 * SLOT + 2.5);
  expect(startWithin(sessions(2, { sessions: 4 }))).toBe(FROM + 2 * SLOT);
  expect([0, 3, 4, 97].map(quarterOf)).toEqual([0, 3, 0, 1]);
});

test("sensors are ranked by most, of equals by id; who has nothing is left out, and so is who comes behind the first", () => {
  const all = [["b", 2], ["c", 9], ["none", 0], ["a", 2], ["d", 1]] as const;
  const activities = all.map(([sensorId, n]) => ({ sensor: { sensorId } as Sensor, n }));
  const ranked = (first: number) => rank(activities, first, ({ n }) => n).map(({ sensor }) => sensor.sensorId);
  expect(ranked(10)).toEqual(["c", "a", "b", "d"]);
  expect(ranked(2)).toEqual(["c", "a"]);
});
