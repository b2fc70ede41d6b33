/**
 * An independent computation of the numbers over sessions: by the plain definitions, from the sessions themselves, with
 * Intl for what clocks of a zone say. It shares no code with the service.
 */

/** One session as it is known to be. Instants and durations in milliseconds; no duration while it goes on. */
export type Fact = {
  sensorId: string;
  startedAt: number;
  duration: number | undefined;
  motions: number;
  tried?: boolean;
  started?: boolean;
};

type Local = { date: string; hour: number };
type Period = "day" | "week" | "month";

const QUARTER = 15 * 60_000;
const DAY = 86_400_000;

/** The numbers over the facts that started from one instant to another, as GraphQL shows them; percentiles are exact. */
export function expectedNumbers(all: readonly Fact[], from: number, to: number, zone: string) {
  const [first, end] = [Math.floor(from / QUARTER) * QUARTER, Math.ceil(to / QUARTER) * QUARTER];
  const clock = wallOf(zone);
  const facts = all.filter(({ startedAt }) => startedAt >= first && startedAt < end);
  const done = facts.filter(({ duration }) => duration !== undefined).map(({ duration }) => duration!);
  const starts = facts.map(({ startedAt }) => startedAt).sort((a, b) => a - b);
  const week = Array.from({ length: 168 }, (_, i) => ({ weekday: Math.floor(i / 24) + 1, hour: i % 24, sessions: 0 }));
  const hours = Array.from({ length: 24 }, () => 0);
  for (const at of starts) {
    const { date, hour } = clock(at);
    hours[hour]!++;
    week[(isoWeekday(date) - 1) * 24 + hour]!.sessions++;
  }
  const motions = add(facts.map((fact) => fact.motions));
  const sensors = [...new Set(facts.map(({ sensorId }) => sensorId))].map((sensorId) => {
    const own = facts.filter((fact) => fact.sensorId === sensorId);
    return { sensor: { sensorId }, sessions: own.length, motionEvents: add(own.map((fact) => fact.motions)) };
  });
  return {
    totalSessions: facts.length,
    activeSessions: facts.length - done.length,
    completedSessions: done.length,
    totalMotionEvents: motions,
    averageMotionEventsPerSession: facts.length ? motions / facts.length : null,
    totalDuration: add(done),
    averageDuration: done.length ? Math.round(add(done) / done.length) : null,
    durationPercentiles: done.length
      ? { p50: nearest(done, 50), p95: nearest(done, 95), p99: nearest(done, 99) }
      : null,
    averageTimeBetweenSessions: starts.length > 1
      ? Math.round((starts.at(-1)! - starts[0]!) / (starts.length - 1))
      : null,
    peakHour: starts.length ? hours.indexOf(Math.max(...hours)) : null,
    sessionsWithPlayback: facts.filter(({ started }) => started).length,
    playbackSuccessRate: rate(facts),
    byDay: periods(facts, first, end, clock, "day"),
    byWeek: periods(facts, first, end, clock, "week"),
    byMonth: periods(facts, first, end, clock, "month"),
    byHourOfWeek: week,
    topSensors: sensors.sort((a, b) => b.sessions - a.sessions || (a.sensor.sensorId < b.sensor.sensorId ? -1 : 1)),
  };
}

/** The farthest that percentiles are from the exact ones, as a share; Infinity where only one side has any. */
export function percentileError(
  found: Record<string, number> | null,
  exact: Record<string, number> | null,
): number {
  if (found === null || exact === null) return found === exact ? 0 : Infinity;
  return Math.max(
    ...["p50", "p95", "p99"].map((p) => {
      const off = Math.abs(found[p]! - exact[p]!);
      return off === 0 ? 0 : off / exact[p]!;
    }),
  );
}

function periods(facts: readonly Fact[], from: number, to: number, clock: (at: number) => Local, period: Period) {
  const starts = new Map<string, number>();
  const touched = new Set<string>();
  for (let at = from - 33 * DAY; at < to; at += QUARTER) {
    const name = nameOf(clock(at).date, period);
    if (!starts.has(name)) starts.set(name, at);
    if (at >= from) touched.add(name);
  }
  return [...touched].sort().map((name) => {
    const own = facts.filter(({ startedAt }) => nameOf(clock(startedAt).date, period) === name);
    return {
      start: new Date(starts.get(name)!).toISOString(),
      sessions: own.length,
      motionEvents: add(own.map(({ motions }) => motions)),
      totalDuration: add(own.map(({ duration }) => duration ?? 0)),
      playbackSuccessRate: rate(own),
    };
  });
}

function nameOf(date: string, period: Period): string {
  if (period === "day") return date;
  if (period === "month") return date.slice(0, 7);
  return new Date(Date.parse(date) - (isoWeekday(date) - 1) * DAY).toISOString().slice(0, 10);
}

/** Monday is 1. */
function isoWeekday(date: string): number {
  return new Date(date).getUTCDay() || 7;
}

const walls = new Map<string, (at: number) => Local>();

function wallOf(zone: string): (at: number) => Local {
  const wall = walls.get(zone) ?? createWall(zone);
  walls.set(zone, wall);
  return wall;
}

/** What a clock on the wall shows at an instant. */
function createWall(zone: string): (at: number) => Local {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    hourCycle: "h23",
    ...{ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit" },
  });
  const known = new Map<number, Local>();
  return (at) => {
    const found = known.get(at);
    if (found) return found;
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const local = {
      date: `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`,
      hour: Number(parts.get("hour")),
    };
    known.set(at, local);
    return local;
  };
}

function rate(facts: readonly Fact[]): number | null {
  const tried = facts.filter((fact) => fact.tried);
  return tried.length ? tried.filter(({ started }) => started).length / tried.length : null;
}

function nearest(values: readonly number[], percent: number): number {
  return [...values].sort((a, b) => a - b)[Math.ceil((values.length * percent) / 100) - 1]!;
}

function add(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
