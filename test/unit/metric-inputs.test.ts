import { describe, expect, test } from "vitest";
import type { InvalidInputError } from "../../api/core/errors.ts";
import { createHub } from "../../api/live/hub.ts";
import { type MetricRecord, parseCorrection, parseRecords } from "../../api/metrics/model.ts";
import { createMetrics } from "../../api/metrics/service.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const AT = new Date(NOW).toISOString();
const OF = { source: "TASKS", recordId: "r", at: AT };
const parsed = (more: object) => parseRecords({ records: [{ ...OF, ...more }] }, NOW)[0]!;
const reasonOf = (more: object) => (parsed(more) as { reason?: string }).reason;
const dims = (...pairs: [key: string, value: string][]) => ({
  dimensions: pairs.map(([key, value]) => ({ key, value })),
});

describe("a record that comes in", () => {
  test("has its number to six digits after the point, within its bounds", () => {
    const numbers = [0.1 + 0.2, 1e-7, -1.0000014, 1e12, -1e12, 0];
    expect(numbers.map((value) => (parsed({ value }) as MetricRecord).value)).toEqual([
      ...[0.3, 0, -1.000001, 1e12, -1e12, 0],
    ]);
    for (const value of [1e12 + 1, -1e12 - 1, Infinity, NaN, "1", true]) {
      expect(reasonOf({ value })).toMatch(/^value: must be/);
    }
    expect([parsed({ value: null }), parsed({})].map((own) => (own as MetricRecord).value)).toEqual([
      undefined,
      undefined,
    ]);
  });

  test("has its dimensions by their keys, none twice, five at most", () => {
    const sorted = parsed(dims(["shop", "north"], ["Till", "2"], ["a", "z"])) as MetricRecord;
    expect(sorted.dimensions).toEqual([["Till", "2"], ["a", "z"], ["shop", "north"]]);
    expect(reasonOf(dims(["shop", "north"], ["shop", "south"]))).toBe("dimensions: must not have a key twice");
    const six = ["a", "b", "c", "d", "e", "f"].map((key): [string, string] => [key, "x"]);
    expect([reasonOf(dims(...six.slice(1))), reasonOf(dims(...six))]).toEqual([
      ...[undefined, "dimensions: must be at most 5, are 6"],
    ]);
    for (const key of ["", "1a", "a b", "a#b", "a=b", "x".repeat(33)]) {
      expect(reasonOf(dims([key, "v"]))).toMatch(/^dimensions\.0\.key: /);
    }
    for (const value of ["", "x".repeat(65), "a\nb", "\ud800"]) {
      expect(reasonOf(dims(["k", value]))).toMatch(/^dimensions\.0\.value: /);
    }
  });

  test("lies from 1990 to ten minutes ahead, to the millisecond", () => {
    const ahead = NOW + 600_000;
    expect([reasonOf({ at: ahead }), reasonOf({ at: Date.UTC(1990, 0, 1) })]).toEqual([undefined, undefined]);
    expect(reasonOf({ at: ahead + 1 })).toMatch(/^at: must not be more than 10 minutes ahead/);
    expect(reasonOf({ at: Date.UTC(1990, 0, 1) - 1 })).toMatch(/^at: must be 1990 or later/);
  });

  test("is corrected by the same rules: to a time with whatever else, or taken back with nothing beside it", () => {
    const fieldsOf = (more: object) => {
      try {
        return parseCorrection({ source: "TASKS", recordId: "r", expectedAt: AT, ...more }, NOW);
      } catch (error) {
        return (error as InvalidInputError).fields.map(({ path }) => path.join("."));
      }
    };
    expect(fieldsOf({ at: null })).toMatchObject({ recordId: "r" });
    expect(fieldsOf({ at: AT, ...dims(["b", "1"], ["a", "2"]), expectedDimensions: [] })).toMatchObject({
      ...{ dimensions: [["a", "2"], ["b", "1"]], expectedDimensions: [] },
    });
    for (const beside of [{ value: 0 }, dims(), { isTakenBack: true }]) expect(fieldsOf(beside)).toEqual(["at"]);
    expect(fieldsOf({ at: NOW + 600_001 })).toEqual(["at"]);
    expect(fieldsOf({ at: AT, isWithoutValue: true, expectedValue: 0 })).toEqual(["isWithoutValue"]);
    expect(fieldsOf({ at: AT, expectedDimensions: [{ key: "a", value: "1" }, { key: "a", value: "2" }] })).toEqual([
      "expectedDimensions",
    ]);
  });
});

test("of an id that a request names twice the first that can be kept is kept, also where another before it is beyond a bound", async () => {
  const store = createMetricStore(createMemoryDynamo(tables), { records: "records", buckets: "buckets" });
  const metrics = createMetrics({ store, hub: createHub(), clock: () => NOW, caughtUpAt: () => Promise.resolve(NOW) });
  const full = Array.from({ length: 100 }, (_, i) => ({ ...OF, recordId: `r${i}`, ...dims(["k", `${i}`]) }));
  expect(await metrics.record("t", { records: full })).toMatchObject({ accepted: 100 });
  const { receipts } = await metrics.record("t", {
    records: [{ ...OF, recordId: "x", ...dims(["k", "more"]) }, { ...OF, recordId: "x" }, { ...OF, recordId: "x" }],
  });
  expect(receipts.map(({ status }) => status)).toEqual(["REJECTED", "ACCEPTED", "DUPLICATE"]);
  expect(await store.findRecord("t", { source: "TASKS", recordId: "x" })).toMatchObject({ dimensions: [] });
});

test("a record that is moved takes its dimensions along, or is given others, only where the new hour has room", async () => {
  const store = createMetricStore(createMemoryDynamo(tables), { records: "records", buckets: "buckets" });
  const metrics = createMetrics({ store, hub: createHub(), clock: () => NOW, caughtUpAt: () => Promise.resolve(NOW) });
  const before = new Date(NOW - 3_600_000).toISOString();
  const full = Array.from({ length: 100 }, (_, i) => ({ ...OF, recordId: `r${i}`, ...dims(["k", `${i}`]) }));
  await metrics.record("t", { records: [...full, { ...OF, recordId: "x", at: before, ...dims(["k", "more"]) }] });
  const correct = (more: object) =>
    metrics.correct("t", { source: "TASKS", recordId: "x", expectedAt: before, ...more });
  const fields = (error: InvalidInputError) => error.fields.map(({ path }) => path.join("."));
  expect(await correct({ at: AT }).catch(fields)).toEqual(["at"]);
  expect(await correct({ at: AT, ...dims(["k", "other"]) }).catch(fields)).toEqual(["dimensions"]);
  expect(await correct({ at: before, ...dims(["k", "other"]) })).toMatchObject({ kind: "DONE" });
  expect(await correct({ at: AT, ...dims(["k", "7"]) })).toMatchObject({ kind: "DONE", at: NOW });
});
