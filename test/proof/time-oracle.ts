/**
 * An independent computation of where the time of sessions lies: quarter-hour by quarter-hour, with Intl for what clocks of
 * a zone say. It shares no code with the service.
 */
export type Stretch = { sensorId: string; startedAt: number; endedAt: number };
type Calendar = { zone: string; dayStartsAt: number; weekStartsOn: "MONDAY" | "SUNDAY" };

const QUARTER = 15 * 60_000;
const DAY = 86_400_000;

/** Milliseconds in all, by date of the day and of the week's first day, by "weekday hour", and by sensor. */
export function expectedTime(all: readonly Stretch[], from: number, to: number, calendar: Calendar) {
  const wall = wallOf(calendar.zone);
  const sums = { days: new Map<string, number>(), weeks: new Map<string, number>(), hours: new Map<string, number>() };
  const sensors = new Map<string, number>();
  let total = 0;
  const add = (to: Map<string, number>, name: string, ms: number) => to.set(name, (to.get(name) ?? 0) + ms);
  for (const { sensorId, startedAt, endedAt } of all) {
    for (let at = Math.floor(startedAt / QUARTER) * QUARTER; at < endedAt; at += QUARTER) {
      if (at < from || at >= to) continue;
      const ms = Math.min(endedAt, at + QUARTER) - Math.max(startedAt, at);
      const { date, hour } = wall(at);
      const day = hour < calendar.dayStartsAt ? before(date, 1) : date;
      const weekday = new Date(day).getUTCDay();
      add(sums.days, day, ms);
      add(sums.weeks, before(day, calendar.weekStartsOn === "SUNDAY" ? weekday : (weekday + 6) % 7), ms);
      add(sums.hours, `${new Date(date).getUTCDay() || 7} ${hour}`, ms);
      add(sensors, sensorId, ms);
      total += ms;
    }
  }
  const plain = (map: Map<string, number>) => Object.fromEntries([...map].filter(([, ms]) => ms > 0));
  return { total, days: plain(sums.days), weeks: plain(sums.weeks), hours: plain(sums.hours), sensors: plain(sensors) };
}

const walls = new Map<string, (at: number) => { date: string; hour: number }>();

/** What a clock on the wall shows; asked of Intl once for each instant, since that takes nearly all of the time here. */
export function wallOf(zone: string): (at: number) => { date: string; hour: number } {
  const known = walls.get(zone) ?? createWall(zone);
  walls.set(zone, known);
  return known;
}

function createWall(zone: string): (at: number) => { date: string; hour: number } {
  const known = new Map<number, { date: string; hour: number }>();
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    hourCycle: "h23",
    ...{ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit" },
  });
  const read = (at: number) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return { date: `${parts.year}-${parts.month}-${parts.day}`, hour: Number(parts.hour) };
  };
  return (at) => {
    const shown = known.get(at) ?? read(at);
    known.set(at, shown);
    return shown;
  };
}

function before(date: string, days: number): string {
  return new Date(Date.parse(date) - days * DAY).toISOString().slice(0, 10);
}
