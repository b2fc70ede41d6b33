import { DAY_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { parseRange, type RangeInput, type TimeRange } from "../core/range.ts";
import type { JourneyOutcome } from "../journeys/model.ts";
import type { Sensor } from "../sessions/model.ts";
import type { Percentiles } from "./bins.ts";
import type { JOURNEY_LETTERS, SESSION_LETTERS } from "./cells.ts";
import { SLOT_MS } from "./cells.ts";
import type { Calendar } from "../core/zone.ts";

/** What was counted in a quarter-hour, by its slot; what is missing is 0. */
export type Slot<Name extends string> = { slot: number; counts: { readonly [N in Name]?: number } };
export type SessionSlot = Slot<keyof typeof SESSION_LETTERS>;
export type JourneySlot = Slot<keyof typeof JOURNEY_LETTERS>;

export type SessionPeriod = {
  start: number;
  /** It is not over yet. */
  isOpen: boolean;
  activeTime: () => Promise<number>;
  sessions: number;
  motionEvents: number;
  totalDuration: number;
  playbackSuccessRate: number | null;
};
export type HourOfWeek = { weekday: number; hour: number; sessions: number; activeTime: () => Promise<number> };
export type SensorActivity = {
  sensor: Sensor;
  sessions: number;
  motionEvents: number;
  activeTime: () => Promise<number>;
};
/** What sensors are ranked by. */
export type SensorOrder = "SESSIONS" | "ACTIVE_TIME";
/** How many sessions carry a label. */
export type LabelCount = { label: string; sessions: number };

/** Numbers over the sessions that started in a range. What costs a read of its own, or time, comes when it is asked for. */
export type SessionAnalytics = {
  totalSessions: number;
  activeSessions: number;
  completedSessions: number;
  totalMotionEvents: number;
  averageMotionEventsPerSession: number | null;
  totalDuration: number;
  activeTime: () => Promise<number>;
  averageDuration: number | null;
  durationPercentiles: () => Promise<Percentiles | null>;
  averageTimeBetweenSessions: () => Promise<number | null>;
  peakHour: () => number | null;
  sessionsWithPlayback: number;
  playbackSuccessRate: number | null;
  byDay: () => SessionPeriod[];
  byWeek: () => SessionPeriod[];
  byMonth: () => SessionPeriod[];
  byHourOfWeek: () => HourOfWeek[];
  topSensors: (first: number, order: SensorOrder) => Promise<SensorActivity[]>;
};

export type JourneyPeriod = { start: number; isOpen: boolean; journeys: number; events: number; conversions: number };

/** Numbers over the journeys that started in a range. */
export type JourneyAnalytics = {
  totalJourneys: number;
  totalEvents: number;
  outcomes: { outcome: JourneyOutcome; journeys: number }[];
  conversionRate: number | null;
  averageMessages: number | null;
  durationPercentiles: () => Promise<Percentiles | null>;
  byDay: () => JourneyPeriod[];
};

export const LIMITS = { rangeDays: 400, topSensors: 100, labels: 1_000 } as const;

/** The calendar that is asked for. Throws InvalidInputError. */
export function parseCalendar(calendar: Calendar): Calendar {
  const { dayStartsAt = 0 } = calendar;
  if (Number.isInteger(dayStartsAt) && dayStartsAt >= 0 && dayStartsAt <= 23) return calendar;
  throw new InvalidInputError([{ path: ["dayStartsAt"], message: `must be an hour from 0 to 23, got ${dayStartsAt}` }]);
}

/** The range, widened to whole quarter-hours. Throws InvalidInputError where it ends before it starts or is too long. */
export function parseAnalyticsRange(input: RangeInput, now: number): TimeRange {
  const { fromAt, toAt } = parseRange(input, now);
  if (toAt - fromAt > LIMITS.rangeDays * DAY_MS) {
    const days = Math.ceil((toAt - fromAt) / DAY_MS);
    throw new InvalidInputError([{
      path: ["range"],
      message: `holds ${days} days; at most ${LIMITS.rangeDays} are given. Ask for a shorter range`,
    }]);
  }
  return { fromAt: Math.floor(fromAt / SLOT_MS) * SLOT_MS, toAt: Math.ceil(toAt / SLOT_MS) * SLOT_MS };
}
