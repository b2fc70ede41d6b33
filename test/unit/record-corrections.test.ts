import { beforeEach, describe, expect, test } from "vitest";
import { createHub } from "../../api/live/hub.ts";
import { createMetrics } from "../../api/metrics/service.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;
const [A, B] = [NOW - 10 * MINUTE, NOW - 5 * MINUTE];
const iso = (at: number) => new Date(at).toISOString();
const OF = { source: "ITEMS", recordId: "r" } as const;
let store: ReturnType<typeof createMetricStore>;
let metrics: ReturnType<typeof createMetrics>;

beforeEach(async () => {
  store = createMetricStore(createMemoryDynamo(tables), { records: "records", buckets: "buckets" });
  metrics = createMetrics({ ...{ store, hub: createHub(), clock: () => NOW }, caughtUpAt: () => Promise.resolve(NOW) });
  const record = { ...OF, at: iso(A), value: 3, dimensions: [{ key: "shop", value: "north" }] };
  await metrics.record("t", { records: [record] });
});

const correct = (expectedAt: number, more: object) =>
  metrics.correct("t", { ...OF, expectedAt: iso(expectedAt), ...more });
const listed = async (fromAt = A, toAt = NOW) => await store.listMeasured("t", OF.source, fromAt, toAt);
const standing = async () => (await listed(0))[0];

describe("a correction", () => {
  test("moves a record once; asked again, as whose answer was lost, it is done, and of another time it conflicts", async () => {
    for (let i = 0; i < 2; i++) {
      expect(await correct(A, { at: iso(B) })).toMatchObject({ kind: "DONE", at: B, value: 3 });
    }
    expect(await correct(A, { at: iso(B + 1) })).toMatchObject({ kind: "CONFLICT", stands: B });
    // It stands at its new time with another number: what is asked is not so.
    expect(await correct(A, { at: iso(B), value: 4 })).toMatchObject({ kind: "CONFLICT", stands: B });
    expect(await correct(A, { at: iso(B), dimensions: [] })).toMatchObject({ kind: "CONFLICT", stands: B });
    expect(await correct(A, { at: iso(B), value: 3, dimensions: [{ key: "shop", value: "north" }] })).toMatchObject({
      kind: "DONE",
    });
    expect(await standing()).toMatchObject({ at: B, value: 3, dimensions: [["shop", "north"]] });
  });

  test("takes a record back, once or again; then it stands at no time, and is there again where it is moved", async () => {
    for (let i = 0; i < 2; i++) expect(await correct(A, { at: null })).toMatchObject({ kind: "DONE", at: undefined });
    expect(await listed(0)).toEqual([]);
    // Whoever saw it at another time is told no: also who would have it at the time at which it was.
    expect(await correct(B, { at: iso(A) })).toMatchObject({ kind: "CONFLICT", stands: A });
    // Nor is it brought back by who did not see that it was taken back.
    expect(await correct(A, { at: iso(A) })).toMatchObject({ kind: "CONFLICT", isTakenBack: true });
    expect(await correct(A, { at: iso(A), isTakenBack: true })).toMatchObject({ kind: "DONE", at: A });
    expect(await correct(A, { at: iso(B), isTakenBack: true })).toMatchObject({ kind: "CONFLICT", isTakenBack: false });
    expect(await standing()).toMatchObject({ at: A, value: 3 });
    expect(
      await metrics.record("t", {
        records: [{ ...OF, at: iso(A), value: 3, dimensions: [{ key: "shop", value: "north" }] }],
      }),
    )
      .toMatchObject({ duplicates: 1 });
  });

  test("is of the number that was seen, where one is named", async () => {
    const seen = (expectedValue: number) => correct(A, { at: iso(A), value: 9, expectedValue });
    expect(await seen(2)).toMatchObject({ kind: "CONFLICT", standsValue: 3 });
    expect(await seen(3)).toMatchObject({ kind: "DONE", value: 9 });
    expect(await correct(A, { at: iso(A), value: 8, expectedValue: 3 })).toMatchObject({
      kind: "CONFLICT",
      standsValue: 9,
    });
  });

  test("is of the number and the dimensions that were seen, also of none: of two at once the later is told what stands", async () => {
    const [north, south, west] = ["north", "south", "west"].map((own) => [{ key: "shop", value: own }]);
    const both = [{ key: "till", value: "2" }, ...north!];
    const seen = (expectedDimensions: object[] | null, dimensions: object[]) =>
      correct(A, { at: iso(A), expectedDimensions, dimensions });
    expect(await seen(both, west!)).toMatchObject({ kind: "CONFLICT", standsDimensions: [["shop", "north"]] });
    expect(await seen([], west!)).toMatchObject({ kind: "CONFLICT" });
    expect(await seen(north!, [])).toMatchObject({ kind: "DONE", dimensions: [] });
    expect(await seen(north!, west!)).toMatchObject({ kind: "CONFLICT", standsDimensions: [] });
    // In any order of the keys.
    expect(await seen([], both)).toMatchObject({ kind: "DONE", dimensions: [["shop", "north"], ["till", "2"]] });
    expect(await seen([...both].reverse(), south!)).toMatchObject({ kind: "DONE", value: 3 });
    // Asked again, as whose answer was lost, it is done; not asked for, the later holds.
    expect(await seen(north!, south!)).toMatchObject({ kind: "DONE" });
    expect(await seen(null, west!)).toMatchObject({ kind: "DONE", dimensions: [["shop", "west"]] });
    // A taking back is of what was seen too.
    expect(await correct(A, { at: null, expectedDimensions: south })).toMatchObject({ kind: "CONFLICT" });
    expect(await standing()).toMatchObject({ dimensions: [["shop", "west"]] });
    expect(await correct(A, { at: null, expectedDimensions: west, expectedValue: 3 })).toMatchObject({ kind: "DONE" });

    await metrics.record("t", { records: [{ source: "ITEMS", recordId: "bare", at: iso(A) }] });
    const number = (isWithoutValue: boolean, own: number) =>
      correct(A, { recordId: "bare", at: iso(A), isWithoutValue, value: own });
    expect(await correct(A, { recordId: "bare", at: iso(A), expectedValue: 0, value: 1 })).toMatchObject({
      ...{ kind: "CONFLICT", standsValue: undefined },
    });
    expect(await number(true, 0)).toMatchObject({ kind: "DONE", value: 0 });
    expect(await number(true, 5)).toMatchObject({ kind: "CONFLICT", standsValue: 0 });
    expect(await number(false, 5)).toMatchObject({ kind: "DONE", value: 5 });
    await expect(correct(A, { at: iso(A), isWithoutValue: true, expectedValue: 3 })).rejects.toThrow(/isWithoutValue/);
  });

  test("of numbers and dimensions sets those that it names: others, none, or as they were", async () => {
    await correct(A, { at: iso(A), value: 5 });
    expect(await standing()).toMatchObject({ value: 5, dimensions: [["shop", "north"]] });
    await correct(A, { at: iso(A), dimensions: [{ key: "shop", value: "south" }] });
    expect(await standing()).toMatchObject({ value: 5, dimensions: [["shop", "south"]] });
    await correct(A, { at: iso(A), dimensions: [] });
    expect(await standing()).toMatchObject({ value: 5, dimensions: [] });
  });

  test("of a record that nobody knows is none", async () => {
    expect(await metrics.correct("t", { ...OF, recordId: "x", expectedAt: iso(A), at: null })).toEqual({
      kind: "NOT_FOUND",
    });
    expect(await metrics.correct("u", { ...OF, expectedAt: iso(A), at: null })).toEqual({ kind: "NOT_FOUND" });
  });
});

test("records are listed as they are from the beginning of a range up to its end, which is left out, whatever the index shows", async () => {
  expect(await listed(A, A + 1)).toHaveLength(1);
  expect(await listed(A - 1, A)).toEqual([]);
  expect(await listed(A + 1, A + 2)).toEqual([]);
  // Each is read anew: one that moved to the end of the range meanwhile is not in it any more.
  const behind = createMemoryDynamo(tables, { lag: () => 1 });
  const other = createMetricStore(behind, { records: "records", buckets: "buckets" });
  await other.keepAll("t", [{ ...OF, at: A, value: 1, dimensions: [] }], NOW);
  const move = { ...OF, expectedAt: A, at: B, value: undefined, dimensions: undefined };
  await other.correctRecord("t", move, NOW);
  expect(await other.listMeasured("t", OF.source, A, B)).toEqual([]);
});
