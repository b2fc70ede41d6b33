import { describe, expect, test } from "vitest";
import { reviewStats } from "../../api/anki/queue/review-stats.ts";
import { createAnki } from "../kit/anki.ts";

const at = (text: string) => Date.parse(text);
const RANGE = { fromAt: at("2024-03-01T00:00:00Z"), toAt: at("2024-05-01T00:00:00Z") };

function createLogged() {
  const anki = createAnki();
  const add = (text: string, ease: number, type = 1, time = 1_000) =>
    anki.addLog({ id: at(text), cid: 1, ease, type, time });
  // Berlin: winter time until 31 March 2024, 02:00.
  add("2024-03-30T02:59:59.999Z", 3);
  add("2024-03-30T03:00:00Z", 1);
  add("2024-03-31T01:59:00Z", 3);
  add("2024-03-31T02:00:00Z", 4, 1, 2_500);
  add("2024-03-31T10:00:00Z", 1, 0);
  add("2024-03-31T11:00:00Z", 3, 2);
  add("2024-03-31T12:00:00Z", 0, 4);
  return anki.db;
}

describe("statistics", () => {
  test("count by the person's days, which begin at rollover, also when the clocks change", () => {
    expect(reviewStats(createLogged(), RANGE, "Europe/Berlin").byDay).toEqual([
      { startAt: at("2024-03-29T03:00:00Z"), reviews: 1, again: 0, timeSpentMs: 1_000 },
      { startAt: at("2024-03-30T03:00:00Z"), reviews: 2, again: 1, timeSpentMs: 2_000 },
      { startAt: at("2024-03-31T02:00:00Z"), reviews: 3, again: 1, timeSpentMs: 4_500 },
    ]);
  });

  test("differ by zone", () => {
    const days = reviewStats(createLogged(), RANGE, "UTC").byDay.map(({ startAt, reviews }) => [startAt, reviews]);
    expect(days).toEqual([
      [at("2024-03-29T04:00:00Z"), 2],
      [at("2024-03-30T04:00:00Z"), 2],
      [at("2024-03-31T04:00:00Z"), 2],
    ]);
  });

  test("know as retention the share of reviews that were passed, without learning and manual changes", () => {
    expect(reviewStats(createLogged(), RANGE, "UTC")).toMatchObject({ reviews: 6, retention: 3 / 4 });
    expect(reviewStats(createAnki().db, RANGE, "UTC")).toEqual({ reviews: 0, retention: undefined, byDay: [] });
  });

  test("hold what lies in the range, its end excluded", () => {
    const range = { fromAt: at("2024-03-30T03:00:00Z"), toAt: at("2024-03-31T02:00:00Z") };
    expect(reviewStats(createLogged(), range, "UTC")).toMatchObject({ reviews: 2, retention: 0.5 });
  });
});
