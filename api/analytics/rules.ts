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
import type { PeriodUnit, Zone } from "../core/zone.ts";
import type { Spent } from "./time.ts";

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

/** A period with its first local day. */
type Placed<P> = P & { day: number };

export function sessionPeriods(
  slots: readonly SessionSlot[],
  zone: Zone,
  unit: PeriodUnit,
  now: number,
): Placed<Omit<SessionPeriod, "activeTime">>[] {
  return byPeriod(slots, zone, unit, ({ day, startAt, endAt }, own) => ({
    day,
    start: startAt,
    isOpen: startAt <= now && now < endAt,
    sessions: total(own, "sessions"),
    motionEvents: total(own, "motions"),
    totalDuration: total(own, "durationMs"),
    playbackSuccessRate: successOf(own),
  }));
}

export function journeyPeriods(slots: readonly JourneySlot[], zone: Zone, now: number): JourneyPeriod[] {
  return byPeriod(slots, zone, "day", ({ startAt, endAt }, own) => ({
    start: startAt,
    isOpen: startAt <= now && now < endAt,
    journeys: total(own, "journeys"),
    events: total(own, "events"),
    conversions: conversions(own),
  }));
}

export function conversions(slots: readonly JourneySlot[]): number {
  return total(slots, "GOAL_REACHED") + total(slots, "FORM_COMPLETED") + total(slots, "CTA_CLICKED") +
    total(slots, "LINK_CLICKED");
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

/** The time that was spent in each period, by its first local day. */
export function spentByPeriod(spent: Spent, zone: Zone, unit: PeriodUnit): Map<number, number> {
  return summedBy(spent, (at) => zone.periodOf(unit, at));
}

/** The time that was spent in each hour of the week, by its place. */
export function spentByHour(spent: Spent, zone: Zone): Map<number, number> {
  return summedBy(spent, (at) => placeInWeek(zone, at));
}

function summedBy(spent: Spent, nameOf: (at: number) => number): Map<number, number> {
  const sums = new Map<number, number>();
  for (const [slot, ms] of spent) {
    const name = nameOf(slot * SLOT_MS);
    sums.set(name, (sums.get(name) ?? 0) + ms);
  }
  return sums;
}

/** The place of an instant's hour among the 168 of a week, which begins where the calendar says. */
function placeInWeek(zone: Zone, at: number): number {
  return (zone.weekdayOf(at) - firstWeekday(zone) + 7) % 7 * HOURS + zone.hourOf(at);
}

function firstWeekday({ weekStartsOn }: Zone): number {
  return weekStartsOn === "SUNDAY" ? 7 : 1;
}

/** 7 x 24 cells, the first day of the week first. */
export function hoursOfWeek(slots: readonly SessionSlot[], zone: Zone): Omit<HourOfWeek, "activeTime">[] {
  const sessions = Array.from({ length: 7 * HOURS }, () => 0);
  for (const { slot, counts } of slots) sessions[placeInWeek(zone, slot * SLOT_MS)]! += counts.sessions ?? 0;
  return sessions.map((n, i) => (
    { weekday: (firstWeekday(zone) - 1 + Math.floor(i / HOURS)) % 7 + 1, hour: i % HOURS, sessions: n }
  ));
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

/** Those with most first, by what `weigh` says of them; of equals, those whose id comes first. Those with nothing are left out. */
export function rank<A extends Pick<SensorActivity, "sensor">>(
  sensors: readonly A[],
  first: number,
  weigh: (activity: A) => number,
): A[] {
  return sensors.filter((own) => weigh(own) > 0)
    .sort((a, b) => weigh(b) - weigh(a) || (a.sensor.sensorId < b.sensor.sensorId ? -1 : 1))
    .slice(0, first);
}

/** Every period of the range with what was counted in it. */
function byPeriod<S extends Slot<string>, P>(
  slots: readonly S[],
  zone: Zone,
  unit: PeriodUnit,
  toPeriod: (period: { day: number; startAt: number; endAt: number }, own: readonly S[]) => P,
): P[] {
  const byDay = Map.groupBy(slots, ({ slot }) => zone.periodOf(unit, slot * SLOT_MS));
  return zone.periods(unit).map((period) => toPeriod(period, byDay.get(period.day) ?? []));
}
