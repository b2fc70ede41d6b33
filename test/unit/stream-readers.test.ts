import { describe, expect, test } from "vitest";
import { consumersOf, readersOf, takes } from "../../api/ingest/consumers.ts";

type Waits = Record<string, [records: number, seconds: number]>;
const batching = (waits: Waits) =>
  Object.fromEntries(Object.entries(waits).map(([source, [records, seconds]]) => [source, { records, seconds }]));
/** What reads the table of records: its sources, how many it takes, how long it waits. */
const readers = (waits: Waits, of = readersOf) =>
  of("p", batching(waits), []).filter(({ table }) => table === "records").map((own) => [
    ...[own.name, own.sources?.join(" "), own.maxRecords, own.maxWaitSeconds],
  ]);

describe("a stream is read on AWS", () => {
  test("by one, as much as there is and at once, where nothing waits", () => {
    const all = ["records", undefined, 500, 0];
    expect([readers({}), readers({ TASKS: [1, 0] }), readers({ TASKS: [1, 0], ITEMS: [500, 0] })]).toEqual([
      ...[[all], [all], [all]],
    ]);
  });

  test("by two at most: at once what waits for nothing, and by a hundred at least, or after the shortest of the times, what waits", () => {
    expect(readers({ TASKS: [1, 0], ITEMS: [10, 15], SCORE_RESULTS: [100, 1], EVALUATIONS: [1, 0] })).toEqual([
      ["records-prompt", "TASKS EVALUATIONS", 500, 0],
      ["records-waiting", "ITEMS SCORE_RESULTS", 100, 1],
    ]);
    expect(readers({ TASKS: [1, 0], ITEMS: [400, 300], SCORE_RESULTS: [300, 20] })).toEqual([
      ["records-prompt", "TASKS", 500, 0],
      ["records-waiting", "ITEMS SCORE_RESULTS", 300, 20],
    ]);
    // One reader is all there is where everything waits: it takes whatever comes.
    expect(readers({ TASKS: [1, 5], ITEMS: [200, 60] })).toEqual([["records", undefined, 100, 5]]);
  });

  test("by one for each other table, of others too", () => {
    const own = readersOf("p", batching({ TASKS: [1, 0], ITEMS: [10, 15] }), [{ table: "orders" }]);
    const others = own.filter(({ table }) => table !== "records");
    expect(others.every(({ maxRecords, maxWaitSeconds }) => maxRecords === 500 && maxWaitSeconds === 0)).toBe(true);
    expect(others.at(-1)).toMatchObject({ name: "attached-orders", table: "orders", tableName: "orders" });
    expect(new Set(others.map(({ table }) => table)).size).toBe(others.length);
  });
});

test("here each source that waits is counted by itself, as it says", () => {
  expect(readers({ TASKS: [1, 0], SCORE_RESULTS: [100, 15] }, consumersOf)).toEqual([
    ["records-tasks", "TASKS", 1, 0],
    ["records-score-results", "SCORE_RESULTS", 100, 15],
  ]);
  expect(readers({}, consumersOf)).toEqual([["records", undefined, 500, 0]]);
});

test("a reader of some sources takes what ends in one of them, and one of all takes everything", () => {
  const [prompt, waiting] = readersOf("p", batching({ TASKS: [1, 0], ITEMS: [10, 15] }), [])
    .filter(({ table }) => table === "records");
  const [all] = readersOf("p", {}, []);
  const keys = ["t#TASKS", "TASKS#ITEMS", "ITEMS", "t#XTASKS", "t#TASKS#"];
  const taken = (own: typeof prompt) => keys.map((sk) => takes(own!, { sk }));
  expect(taken(prompt)).toEqual([true, false, false, false, false]);
  expect(taken(waiting)).toEqual([false, true, false, false, false]);
  expect(taken(all)).toEqual([true, true, true, true, true]);
});
