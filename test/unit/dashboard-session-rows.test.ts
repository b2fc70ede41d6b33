import { describe, expect, test } from "vitest";
import { type Listed, type Told, withTold } from "../../api/dashboard/sessions/rows.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 5, 1, 12);

const row = (id: string, hours: number, own: Partial<Told> = {}): Told => ({
  ...{ id, sessionId: id, sensor: { sensorId: "hall" }, status: "COMPLETED", endedAt: null, endReason: null },
  ...{ startedAt: new Date(NOW - hours * HOUR).toISOString(), lastMotionAt: new Date(NOW).toISOString() },
  ...{ duration: null, motionEventCount: 1, sampleCount: 0, labels: [], pinned: false, version: 1 },
  updatedAt: new Date(NOW).toISOString(),
  ...own,
});
const after = (rows: Told[], told: Told, own: Partial<Listed> = {}) =>
  withTold(rows, told, { filter: {}, sinceAt: NOW - 24 * HOUR, isWhole: true, ...own }).map(({ id }) => id);
const ROWS = [row("new", 1), row("mid", 3), row("old", 5)];

describe("a list of sessions that is looked at", () => {
  test("takes in what begins, in its place, also as its first", () => {
    expect(after(ROWS, row("x", 0))).toEqual(["x", "new", "mid", "old"]);
    expect(after(ROWS, row("x", 4))).toEqual(["new", "mid", "x", "old"]);
    expect(after(ROWS, row("x", 3))).toEqual(["new", "x", "mid", "old"]);
    expect(after([], row("x", 0))).toEqual(["x"]);
  });

  test("moves what begins at another time by now, and has it once", () => {
    expect(after(ROWS, row("new", 4))).toEqual(["mid", "new", "old"]);
    expect(after(ROWS, row("new", 6))).toEqual(["mid", "old", "new"]);
    expect(after(ROWS, row("mid", 3))).toEqual(["new", "mid", "old"]);
  });

  test("has at its end what its last page would, and leaves to a page that is still to come what is there", () => {
    expect(after(ROWS, row("x", 6))).toEqual(["new", "mid", "old", "x"]);
    expect(after(ROWS, row("x", 6), { isWhole: false })).toEqual(["new", "mid", "old"]);
    expect(after([], row("x", 0), { isWhole: false })).toEqual([]);
    expect(after(ROWS, row("old", 6), { isWhole: false })).toEqual(["new", "mid", "old"]);
  });

  test("has nothing of before its range, however it comes", () => {
    expect(after(ROWS, row("x", 24))).toEqual(["new", "mid", "old", "x"]);
    expect(after(ROWS, row("x", 25))).toEqual(["new", "mid", "old"]);
    expect(after([], row("x", 9_000))).toEqual([]);
    expect(after([], row("x", 9_000), { sinceAt: -Infinity })).toEqual(["x"]);
  });

  test("loses what is deleted or a part of another by now, and takes in neither", () => {
    for (const gone of [{ deletedAt: new Date(NOW).toISOString() }, { mergedInto: { sessionId: "new" } }]) {
      expect(after(ROWS, row("mid", 3, gone))).toEqual(["new", "old"]);
      expect(after(ROWS, row("x", 3, gone))).toEqual(["new", "mid", "old"]);
    }
    expect(after(ROWS, row("x", 4, { deletedAt: null, mergedInto: null }))).toEqual(["new", "mid", "x", "old"]);
  });

  test("loses what no longer fits its filter, and takes in what does", () => {
    const running = { filter: { status: "ACTIVE" } } as const;
    expect(after(ROWS, row("mid", 3), running)).toEqual(["new", "old"]);
    expect(after(ROWS, row("x", 0), running)).toEqual(["new", "mid", "old"]);
    expect(after(ROWS, row("x", 0, { status: "ACTIVE" }), running)).toEqual(["x", "new", "mid", "old"]);
    expect(after(ROWS, row("mid", 3, { labels: ["walk"] }), { filter: { label: "run" } })).toEqual(["new", "old"]);
    expect(after(ROWS, row("x", 0, { labels: ["walk", "run"] }), { filter: { label: "run" } })[0]).toBe("x");
  });

  test("of one sensor loses what a person moved to another, and takes in what they moved to it", () => {
    const elsewhere = { sensor: { sensorId: "door" } };
    expect(after(ROWS, row("mid", 3, elsewhere), { filter: { sensorId: "hall" } })).toEqual(["new", "old"]);
    expect(after(ROWS, row("x", 3, elsewhere), { filter: { sensorId: "hall" } })).toEqual(["new", "mid", "old"]);
    expect(after(ROWS, row("x", 0), { filter: { sensorId: "hall" } })).toEqual(["x", "new", "mid", "old"]);
    expect(after(ROWS, row("mid", 3, elsewhere))).toEqual(["new", "mid", "old"]);
  });

  test("by words of notes keeps what it has, and takes in nothing of which no row says whether it fits", () => {
    expect(after(ROWS, row("mid", 3), { filter: { text: "kitchen" } })).toEqual(["new", "mid", "old"]);
    expect(after(ROWS, row("x", 0), { filter: { text: "kitchen" } })).toEqual(["new", "mid", "old"]);
  });
});
