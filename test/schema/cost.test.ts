import { parse } from "graphql";
import { describe, expect, test } from "vitest";
import { createCostCheck } from "../../api/entry/http/cost.ts";
import { type Cost, toExtensions } from "../../schema/cost.ts";
import { buildSchema } from "../../schema/build.ts";

const schema = buildSchema(Date.now);
const LIMIT = 20_000;

/** How many fields a document asks for; undefined where that is within the limit. */
function costOf(source: string, variables: Record<string, unknown> = {}): number | undefined {
  const error = createCostCheck(LIMIT)({ schema, document: parse(source), variableValues: variables });
  if (typeof error === "number") return undefined;
  const found = /asks for (?:more than )?(\d+) fields/.exec(error.message);
  if (!found) throw error;
  return Number(found[1]);
}

const SOURCES = "ITEMS SCORE_RESULTS TASKS EVALUATIONS SESSIONS MOTION_EVENTS JOURNEYS JOURNEY_EVENTS REVIEWS";
const day = { from: "2026-01-31T00:00:00Z", to: "2026-02-01T00:00:00Z" };
const aliased = (times: number, field: string) => Array.from({ length: times }, (_, i) => `a${i}: ${field}`).join(" ");

describe("a field", () => {
  const weightOf = (cost: Cost<string>, args: object = {}, childComplexity = 10) =>
    toExtensions(cost).complexity({ args: { ...args }, childComplexity });

  test("weighs itself, and once for each row what is selected below it", () => {
    expect([weightOf({}), weightOf({ own: 7 }), weightOf({ rows: 3 }), weightOf({ own: 7, rows: 3 })])
      .toEqual([11, 17, 31, 37]);
    expect(weightOf({ rows: "first" }, { first: 4, last: 9 })).toBe(41);
    expect(weightOf({ own: 0, rows: "ids" }, { ids: ["a", "b"] })).toBe(20);
  });

  test("weighs by the first argument that is given, and as a page of 25 where none is; a negative page buys nothing", () => {
    const either = { rows: ["first", "last"] };
    expect(weightOf(either, { first: null, last: 2 })).toBe(21);
    expect(weightOf(either, { first: 3, last: 2 })).toBe(31);
    expect(weightOf(either, { other: 3 })).toBe(251);
    for (const first of [0, -100]) expect(weightOf(either, { first })).toBe(11);
    expect(weightOf({ rows: "ids" }, { ids: [] })).toBe(11);
  });

  test("weighs by what reads its arguments, where several decide", () => {
    const cost = { by: ["a", "b"], weigh: ({ a, b }: { a: number; b: number }) => ({ own: a, rows: b }) };
    expect(weightOf(cost as Cost<string>, { a: 5, b: 2 })).toBe(25);
  });

  test("names the arguments that decide: what is kept of a document holds for no other values of these", () => {
    const decidedBy = (cost: Cost<string>) => toExtensions(cost).decidedBy;
    expect([{}, { rows: 3 }].map(decidedBy)).toEqual([[], []]);
    expect(decidedBy({ rows: "first" })).toEqual(["first"]);
    expect(decidedBy({ rows: ["first", "last"] })).toEqual(["first", "last"]);
    expect(decidedBy({ by: ["a"], weigh: () => ({}) })).toEqual(["a"]);
  });
});

describe("buckets", () => {
  const metrics = (sources: string, size: string) =>
    `metrics(sources: [${sources}], size: ${size}, range: { last: DAY }) { buckets { start count } }`;

  test("count by tens, of each source: a small document buys no large answer", () => {
    expect(costOf(`{ ${aliased(30, metrics(SOURCES, "ONE_MINUTE"))} }`)).toBe(30 * (1 + 9 * 144 * 3));
    expect(costOf(`{ ${metrics(SOURCES, "ONE_MINUTE")} }`)).toBeUndefined();
  });

  test("of all that a page of them shows at once are within the limit", () => {
    const whole = "source total countedUpTo buckets { start count closed version }";
    const query = (size: string, range: string) =>
      `{ metrics(sources: [${SOURCES}], size: ${size}, range: { last: ${range} }) { ${whole} } }`;
    expect(costOf(query("ONE_MINUTE", "DAY"))).toBeUndefined();
    expect(costOf(query("FIFTEEN_MINUTES", "WEEK"))).toBeUndefined();
  });

  test("count by the range that a variable gives, each time anew", () => {
    const check = createCostCheck(2_000);
    const document = parse(`query ($range: TimeRange!) {
      metrics(sources: [${SOURCES}], size: FIVE_MINUTES, range: $range) { buckets { start count } } }`);
    const isRefused = (range: object) => typeof check({ schema, document, variableValues: { range } }) !== "number";
    expect(isRefused({ between: day })).toBe(false);
    expect(isRefused({ between: { ...day, to: "2026-02-04T00:00:00Z" } })).toBe(true);
    expect(isRefused({ between: day })).toBe(false);
    expect(isRefused({ last: "MONTH" })).toBe(true);
  });
});

test("an audit counts a field for each hour that it recounts", () => {
  const audit = (range: string) =>
    `auditMetrics(input: { source: ITEMS, range: ${range} }) { ... on AuditMetricsPayload { repaired } }`;
  const years = (from: number, to: number) =>
    `{ between: { from: "${from}-01-01T00:00:00Z", to: "${to}-01-01T00:00:00Z" } }`;
  expect(costOf(`mutation { ${audit(years(1990, 2030))} }`)).toBe(14_610 * 24 + 1);
  expect(costOf(`mutation { ${audit(years(2026, 2027))} }`)).toBeUndefined();
  expect(costOf(`mutation { ${aliased(30, audit(years(2026, 2027)))} }`)).toBe(30 * (365 * 24 + 1));
});

test("pages backward weigh what they ask for", () => {
  const page = (args: string) => `{ journeys(${args}) { nodes { events(${args}) { nodes { id } } } } }`;
  expect(costOf(page("last: 100"))).toBe(1 + 100 * (1 + (1 + 100 * 2)));
  expect(costOf(page("first: 100, last: 1"))).toBeUndefined();
});

test("a series of readings weighs its points, and the batches that it reads", () => {
  const series = (points: number) => `readingSeries(points: ${points}) { firstAt lastAt count min max }`;
  const list = (first: number, points: number) => `{ sessions(first: ${first}) { nodes { ${series(points)} } } }`;
  expect(costOf(`{ session(sessionId: "s") { ${series(1_000)} } }`)).toBeUndefined();
  expect(costOf(list(100, 1))).toBe(1 + 100 * (1 + 250 + 5));
  expect(costOf(list(10, 1_000))).toBe(1 + 10 * (1 + 250 + 1_000 * 5));
});
