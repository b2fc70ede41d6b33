import { describe, expect, test } from "vitest";
import { type ImageChange, isErasure, toCountChanges, toEventChanges } from "../../api/ingest/projections/counts.ts";

const MIN = 60_000;
const pk = "t#3";
const sk = "s#META";
const meta = { pk, sk, startedAt: 10 * MIN + 5, wm: `{"main":"3,5"}`, mark: "000000000016" };
const open = { pk, sk, erased: "r-1", events: 4, open: true };
const bare = { pk, sk, erased: "r-1", events: 4 };
const change = (before: object | undefined, after: object | undefined) =>
  ({ table: "journeys", pk, sequence: "7", arrivedAt: 0, before, after }) as ImageChange;
const held = (seq: number, occurredAt: number) => ({ source: "main", seq, occurredAt, receivedAt: 0 });
const chunks = [
  { id: "00000000000a", events: [held(1, 10 * MIN + 5), held(2, 10 * MIN + 50)] },
  { id: "00000000000c", events: [held(3, 12 * MIN)] },
  { id: "000000000010", events: [held(5, 13 * MIN)] },
  // What another writer stored and did not count.
  { id: "0000000000e0", events: [held(2, 40 * MIN), held(3, 41 * MIN)] },
  { id: "0000000000f1", events: [held(4, 12 * MIN), held(5, 42 * MIN)] },
];
const numbers = (changes: readonly { source: string; at: number; n: number }[] | undefined) =>
  changes?.map(({ source, at, n }) => [source, Math.floor(at / MIN), n]);

describe("a tombstone in the place of a journey", () => {
  test("takes out the journey at its start, and each event that it had counted in its minute", () => {
    expect(numbers(toCountChanges(change(meta, open)))).toEqual([["JOURNEYS", 10, -1]]);
    expect(numbers(toEventChanges(change(meta, open), chunks))).toEqual([
      ["JOURNEY_EVENTS", 10, -2],
      ["JOURNEY_EVENTS", 12, -1],
      ["JOURNEY_EVENTS", 13, -1],
    ]);
  });

  test("waits for events that are not known yet, and leaves those counted that no chunk holds any more", () => {
    const rest = chunks.filter(({ events }) => events.every(({ seq }) => seq !== 3));
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
      expect(toEventChanges(change(before, after), [])).toEqual([]);
      expect(isErasure(change(before, after))).toBe(false);
    },
  );
});
