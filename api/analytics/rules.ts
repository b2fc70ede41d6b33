import { type JourneyOutcome, OUTCOMES } from "../journeys/model.ts";
import { SLOT_MS } from "./cells.ts";
import type {
  HourOfWeek,
  JourneyPeriod,
  JourneySlot,
  SensorActivity,
  SessionPeriod,
  SessionSlot,
  Slot,
} from "./model.ts";
import { firstDayOf, type PeriodUnit, weekdayOf, type Zone } from "./zone.ts";

const HOURS = 24;

/** A count over all slots. */
export function total<Name extends string>(slots: readonly Slot<Name>[], name: Name): number {
  return slots.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0);
}

/** Null where there is nothing to divide by. */
export function ratio(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}

/** Sessions whose playback started among those that tried. */
export function successOf(slots: readonly SessionSlot[]): number | null {
  const started = total(slots, "started");
  return ratio(started, started + total(slots, "failed"));
}

export function sessionPeriods(slots: readonly SessionSlot[], zone: Zone, unit: PeriodUnit): SessionPeriod[] {
  return byPeriod(slots, zone, unit, (start, own) => ({
    start,
    sessions: total(own, "sessions"),
    motionEvents: total(own, "motions"),
    totalDuration: total(own, "durationMs"),
    playbackSuccessRate: successOf(own),
  }));
}

export function journeyPeriods(slots: readonly JourneySlot[], zone: Zone): JourneyPeriod[] {
  return byPeriod(slots, zone, "day", (start, own) => ({
    start,
    journeys: total(own, "journeys"),
    events: total(own, "events"),
    conversions: conversions(own),
  }));
}

export function conversions(slots: readonly JourneySlot[]): number {
  return total(slots, "FORM_COMPLETED") + total(slots, "CTA_CLICKED") + total(slots, "LINK_CLICKED");
}

/**
 * How many journeys came to each outcome, strongest first. `pending` are those that engaged and are not abandoned yet,
 * because 30 minutes have not passed.
 */
export function outcomesOf(
  slots: readonly JourneySlot[],
  pending: number,
): { outcome: JourneyOutcome; journeys: number }[] {
  const engaged = total(slots, "engaged");
  const abandoned = total(slots, "ABANDONED") + Math.max(0, engaged - pending);
  const browsing = Math.max(0, total(slots, "journeys") - conversions(slots) - abandoned);
  return OUTCOMES.map((outcome) => ({
    outcome,
    journeys: outcome === "ABANDONED" ? abandoned : outcome === "BROWSING" ? browsing : total(slots, outcome),
  }));
}

/** 7 x 24 cells, Monday first. */
export function hoursOfWeek(slots: readonly SessionSlot[], zone: Zone): HourOfWeek[] {
  const sessions = Array.from({ length: 7 * HOURS }, () => 0);
  for (const { slot, counts } of slots) {
    const at = slot * SLOT_MS;
    sessions[(weekdayOf(zone.dayOf(at)) - 1) * HOURS + zone.hourOf(at)]! += counts.sessions ?? 0;
  }
  return sessions.map((n, i) => ({ weekday: Math.floor(i / HOURS) + 1, hour: i % HOURS, sessions: n }));
}

/** The hour of the day with the most sessions, the earliest of equals; null without sessions. */
export function peakHourOf(slots: readonly SessionSlot[], zone: Zone): number | null {
  const cells = hoursOfWeek(slots, zone);
  const hours = Array.from(
    { length: HOURS },
    (_, hour) => cells.reduce((sum, cell) => sum + (cell.hour === hour ? cell.sessions : 0), 0),
  );
  const most = Math.max(...hours);
  return most > 0 ? hours.indexOf(most) : null;
}

/** Where the sessions of a slot started on the average: exact where it holds one. */
export function startWithin({ slot, counts }: SessionSlot): number {
  return slot * SLOT_MS + (counts.offsetMs ?? 0) / counts.sessions!;
}

/** Most sessions first; of equals, those whose id comes first. */
export function rank(sensors: readonly SensorActivity[], first: number): SensorActivity[] {
  return sensors.filter(({ sessions }) => sessions > 0)
    .sort((a, b) => b.sessions - a.sessions || (a.sensor.sensorId < b.sensor.sensorId ? -1 : 1))
    .slice(0, first);
}

/** Every period of the range with what was counted in it. */
function byPeriod<S extends Slot<string>, P>(
  slots: readonly S[],
  zone: Zone,
  unit: PeriodUnit,
  toPeriod: (start: number, own: readonly S[]) => P,
): P[] {
  const byDay = Map.groupBy(slots, ({ slot }) => firstDayOf(unit, zone.dayOf(slot * SLOT_MS)));
  return zone.periods(unit).map(({ day, startAt }) => toPeriod(startAt, byDay.get(day) ?? []));
}
