const DAY_MS = 86_400_000;

/** From which instant on the days of a chart may still grow: the last one's start where that day goes on, else never. */
export function openFromOf(days: readonly { start: number }[], now: number): number {
  const last = days.at(-1)?.start ?? -Infinity;
  return last + DAY_MS > now ? last : Infinity;
}

/**
 * Days with those between them that have nothing: a chart that leaves them out looks busier than it was. `starts` ascend, epoch
 * ms, and lie whole days apart, where a day may have 23 or 25 hours; an empty day is put where 24 hours would end the one before.
 */
export function withEmptyDays<T extends { start: number }>(days: readonly T[], empty: (start: number) => T): T[] {
  return days.flatMap((day, i) => {
    const next = days[i + 1];
    const missing = next ? Math.round((next.start - day.start) / DAY_MS) - 1 : 0;
    return [day, ...Array.from({ length: missing }, (_, j) => empty(day.start + (j + 1) * DAY_MS))];
  });
}
