import { describe, expect, test } from "vitest";
import { type ImageChange, isErasure, toCountChanges, toEventChanges } from "../../api/analytics/projections.ts";

const MIN = 60_000;
const pk = "t#3";
const sk = "s#META";
const meta = { pk, sk, startedAt: 10 * MIN + 5, wm: `{"main":"3,5"}` };
const open = { pk, sk, erased: "r-1", events: 4, open: true };
const bare = { pk, sk, erased: "r-1", events: 4 };
const change = (before: object | undefined, after: object | undefined) =>
  ({ table: "journeys", pk, sequence: "7", arrivedAt: 0, before, after }) as ImageChange;
const events = new Map([
  ["1#main", { occurredAt: 10 * MIN + 5 }],
  ["2#main", { occurredAt: 10 * MIN + 50 }],
  ["3#main", { occurredAt: 12 * MIN }],
  ["4#main", { occurredAt: 12 * MIN }],
  ["5#main", { occurredAt: 13 * MIN }],
]);
const numbers = (changes: readonly { source: string; at: number; n: number }[] | undefined) =>
  changes?.map(({ source, at, n }) => [source, Math.floor(at / MIN), n]);

describe("a tombstone in the place of a journey", () => {
  test("takes out the journey at its start, and each event that it had counted in its minute", () => {
    expect(numbers(toCountChanges(change(meta, open)))).toEqual([["JOURNEYS", 10, -1]]);
    expect(numbers(toEventChanges(change(meta, open), events))).toEqual([
      ["JOURNEY_EVENTS", 10, -2],
      ["JOURNEY_EVENTS", 12, -1],
      ["JOURNEY_EVENTS", 13, -1],
    ]);
  });

  test("waits for events that are not known yet, and leaves those counted that no chunk holds any more", () => {
    const rest = new Map([...events].filter(([id]) => id !== "3#main"));
    expect(toEventChanges(change(meta, open), rest)).toBeUndefined();
    expect(numbers(toEventChanges(change(meta, open), rest, true))).toEqual([
      ["JOURNEY_EVENTS", 10, -2],
      ["JOURNEY_EVENTS", 13, -1],
    ]);
    // What a journey adds must be known, always.
    expect(toEventChanges(change(undefined, meta), rest, true)).toBeUndefined();
  });

  test.each([["new", undefined, bare], ["changed", open, bare], ["removed", bare, undefined]])(
    "that is %s in itself counts nothing",
    (_, before, after) => {
      expect(toCountChanges(change(before, after))).toEqual([]);
      expect(toEventChanges(change(before, after), new Map())).toEqual([]);
      expect(isErasure(change(before, after))).toBe(false);
    },
  );
});
