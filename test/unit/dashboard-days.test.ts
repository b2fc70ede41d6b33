import { expect, test } from "vitest";
import { openFromOf, withEmptyDays } from "../../api/dashboard/parts/days.ts";
import { marksOf } from "../../api/dashboard/parts/marks.ts";

const DAY = 86_400_000;
const hours = (lengths: readonly number[]) =>
  lengths.map((_, i) => lengths.slice(0, i).reduce((sum, h) => sum + h, 0) * DAY / 24);

test("days are named where they begin, those of 23 and 25 hours too, and the last one always is", () => {
  const starts = hours([24, 24, 23, 24, 25, 24, 24]);
  expect(marksOf(starts, 1_000)).toEqual(starts);
  expect(marksOf(starts, 200)).toEqual([starts[0], starts[3], starts[6]]);
  expect(marksOf(starts, 0)).toEqual([starts[6]]);
  expect(marksOf([], 500)).toEqual([]);
});

test("days without anything are filled in, once each, over both days on which clocks change", () => {
  // Days of reviews begin at 4:00: in Los Angeles that is noon of UTC in winter and 11:00 in summer.
  const dayOf = (text: string) => ({ start: Date.parse(text), n: 1 });
  const filled = (days: string[]) => withEmptyDays(days.map(dayOf), (start) => ({ start, n: 0 })).map(({ n }) => n);
  expect(filled(["2026-10-31T11:00Z", "2026-11-01T12:00Z", "2026-11-02T12:00Z"])).toEqual([1, 1, 1]);
  expect(filled(["2026-10-31T11:00Z", "2026-11-03T12:00Z"])).toEqual([1, 0, 0, 1]);
  expect(filled(["2026-03-07T12:00Z", "2026-03-08T11:00Z", "2026-03-10T11:00Z"])).toEqual([1, 1, 0, 1]);
  expect(filled(["2026-03-07T12:00Z", "2026-03-09T11:00Z"])).toEqual([1, 0, 1]);
  expect(filled([])).toEqual([]);
});

test("the last day of a chart is open while it goes on, and one of last week is over", () => {
  const days = hours([24, 24]).map((start) => ({ start }));
  const last = days.at(-1)!.start;
  expect([last, last + DAY - 1].map((now) => openFromOf(days, now))).toEqual([last, last]);
  expect([last + DAY, last + 7 * DAY].map((now) => openFromOf(days, now))).toEqual([Infinity, Infinity]);
  expect(openFromOf([], last)).toBe(Infinity);
});
