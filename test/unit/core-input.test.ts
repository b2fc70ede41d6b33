import * as v from "valibot";
import { describe, expect, test } from "vitest";
import {
  checkId,
  instant,
  MAX_AHEAD_MS,
  MIN_AT,
  parseInput,
  prose,
  tooFarAhead,
  whole,
  words,
} from "../../api/core/check.ts";
import { InvalidInputError } from "../../api/core/errors.ts";
import { lengthOf, parseRange } from "../../api/core/range.ts";
import { fc } from "../kit/property.ts";

const NOW = Date.UTC(2026, 5, 1, 12);

/** The fields that are refused, as `path: message`; empty where the input is taken. */
function faultsOf(parse: () => unknown): string[] {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInputError);
    return (error as InvalidInputError).fields.map(({ path, message }) => `${path.join(".")}: ${message}`);
  }
  return [];
}
const faultOf = (schema: v.GenericSchema, input: unknown) =>
  faultsOf(() => parseInput(v.object({ x: schema }), { x: input }));

describe("text", () => {
  test.each([
    ["a", []],
    ["abc", []],
    ["", ["x: must be 1 to 3 characters, has 0"]],
    ["abcd", ["x: must be 1 to 3 characters, has 4"]],
    ["a\u0000", ["x: must not hold control characters"]],
    ["\u001f", ["x: must not hold control characters"]],
    ["\u007f", ["x: must not hold control characters"]],
    ["\ud800", ["x: must be well-formed Unicode; it holds a lone surrogate"]],
    [7, ["x: must be text"]],
  ])("of ids, %j", (text, faults) => expect(faultOf(words(3), text)).toEqual(faults));

  test.each([
    ["", []],
    ["a\nb", []],
    ["abcd", ["x: must be at most 3 characters, has 4"]],
    ["\udc00", ["x: must be well-formed Unicode; it holds a lone surrogate"]],
    [null, ["x: must be text"]],
  ])("of people, %j", (text, faults) => expect(faultOf(prose(3), text)).toEqual(faults));

  test("of an argument is refused under the argument's name", () => {
    expect(faultsOf(() => checkId("sensorId", "", 3))).toEqual(["sensorId: must be 1 to 3 characters, has 0"]);
    expect(faultsOf(() => checkId("sensorId", "abc", 3))).toEqual([]);
  });
});

test("a whole number lies between its limits, both included", () => {
  for (const n of [2, 3, 5]) expect(faultOf(whole(2, 5), n)).toEqual([]);
  for (const n of [1, 6, 2.5, Infinity]) {
    expect(faultOf(whole(2, 5), n)).toEqual([`x: must be a whole number from 2 to 5, got ${n}`]);
  }
  expect(faultOf(whole(2, 5), "3")).toEqual(["x: must be a whole number"]);
  expect(faultOf(whole(2, 5), NaN)).toEqual(["x: must be a whole number"]);
});

describe("an instant", () => {
  test("is the same as text and as a number, from 1990 on", () => {
    fc.assert(fc.property(fc.integer({ min: MIN_AT, max: Date.UTC(2100, 0) }), (at) => {
      expect(v.parse(instant, at)).toBe(at);
      expect(v.parse(instant, new Date(at).toISOString())).toBe(at);
    }));
    expect(v.parse(instant, "1990-01-01T00:00:00Z")).toBe(MIN_AT);
    expect(faultOf(instant, MIN_AT - 1)).toEqual(["x: must be 1990 or later"]);
  });

  test.each(["", "yesterday", "2026-06-01", "2026-06-01T12:00:00", 0.5, NaN, 2 ** 53])("is not %j", (at) => {
    expect(faultOf(instant, at)).toEqual([expect.stringMatching(/must be an RFC 3339 instant/)]);
  });

  test.each([true, null, {}])("is not %j either", (at) => {
    expect(faultOf(instant, at)).toEqual(["x: must be an RFC 3339 instant"]);
  });

  test("may be ten minutes ahead of our clock and no more", () => {
    expect(MAX_AHEAD_MS).toBe(600_000);
    expect(tooFarAhead(NOW + MAX_AHEAD_MS, NOW)).toBe(undefined);
    expect(tooFarAhead(NOW + MAX_AHEAD_MS + 1, NOW)).toBe(
      "must not be more than 10 minutes ahead of the service's clock, which says 2026-06-01T12:00:00.000Z",
    );
  });
});

describe("an input", () => {
  const schema = v.object({ a: whole(1, 2), list: v.array(whole(1, 2)) });

  test("is told every wrong field at once, each with its way", () => {
    expect(faultsOf(() => parseInput(schema, { a: 3, list: [1, 0] }))).toEqual([
      "a: must be a whole number from 1 to 2, got 3",
      "list.1: must be a whole number from 1 to 2, got 0",
    ]);
    expect(faultsOf(() => parseInput(v.string("must be text"), 7))).toEqual([": must be text"]);
  });

  test("is told at most twenty of them, and one for each field", () => {
    const list = Array.from({ length: 21 }, () => 9);
    expect(faultsOf(() => parseInput(schema, { a: 1, list }))).toHaveLength(20);
    const twice = v.pipe(v.number(), v.check(() => false, "first"), v.check(() => false, "second"));
    expect(faultOf(twice, 1)).toEqual(["x: first"]);
  });

  test("is told what only the whole of it shows, and given as parsed where there is nothing", () => {
    const more = ({ a }: { a: number }) => (a === 2 ? [{ path: ["a"], message: "is taken" }] : []);
    expect(faultsOf(() => parseInput(schema, { a: 2, list: [] }, more))).toEqual(["a: is taken"]);
    expect(parseInput(schema, { a: 1, list: [], unknown: 1 }, more)).toEqual({ a: 1, list: [] });
    expect(parseInput(schema, { a: 1, list: [] })).toEqual({ a: 1, list: [] });
  });
});

describe("a range", () => {
  const HOUR = 3_600_000;

  test.each([["TWO_HOURS", 2], ["DAY", 24], ["WEEK", 168], ["MONTH", 720], ["QUARTER", 2_160]] as const)(
    "of the last %s ends now, which is in it",
    (last, hours) => {
      expect(lengthOf({ last })).toBe(hours * HOUR);
      expect(parseRange({ last }, NOW)).toEqual({ fromAt: NOW - hours * HOUR, toAt: NOW + 1 });
    },
  );

  test("between two instants is refused where it is empty, and then costs nothing", () => {
    const between = { from: NOW, to: NOW + 5 };
    expect(parseRange({ between }, NOW)).toEqual({ fromAt: NOW, toAt: NOW + 5 });
    expect(lengthOf({ between })).toBe(5);
    for (const to of [NOW, NOW - 1]) {
      expect(faultsOf(() => parseRange({ between: { from: NOW, to } }, NOW))).toEqual([
        "range.between.to: must be later than `from`",
      ]);
      expect(lengthOf({ between: { from: NOW, to } })).toBe(0);
    }
  });
});
