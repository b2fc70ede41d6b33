import { describe, expect, test } from "vitest";
import type { InvalidInputError } from "../../api/core/errors.ts";
import { addNumber, type Boots, isNumberKnown, noNumbers, type Numbers, turnTo } from "../../api/sessions/numbers.ts";
import {
  DEFAULT_PLAUSIBLE,
  erasedSince,
  implausible,
  judgeReadings,
  judgeStatements,
  parsePlausible,
  spoken,
} from "../../api/sessions/plausible.ts";
import { AT, MINUTE } from "../kit/session.ts";

const DAY = 24 * 60 * MINUTE;
const numbered = (...all: number[]) => all.reduce(addNumber, noNumbers());

describe("a sensor's numbers", () => {
  test("are known where they were counted, from 0 on, in any order", () => {
    expect(isNumberKnown(noNumbers(), 0)).toBe(false);
    const some = numbered(5, 0, 1, 7);
    expect([0, 1, 2, 4, 5, 6, 7, 8].filter((seq) => isNumberKnown(some, seq))).toEqual([0, 1, 5, 7]);
  });

  test("are remembered exactly over a hundred gaps; the oldest of more becomes vague, which is neither known nor missing", () => {
    const odd = Array.from({ length: 100 }, (_, i) => 2 * i + 1);
    const full = numbered(...odd);
    expect(full.vague).toBe(-1);
    expect(full.counted.ahead).toHaveLength(100);
    const more = addNumber(full, 201);
    // Of 0 nothing is known any more.
    expect([more.vague, more.counted.hi, more.counted.ahead.length]).toEqual([0, 1n, 100]);
    expect([0, 1, 2, 3, 201].map((seq) => isNumberKnown(more, seq))).toEqual([false, true, false, true, true]);
    const late = addNumber(more, 203);
    expect([late.vague, late.counted.hi]).toEqual([2, 3n]);
    // What was vague stays so where the next that is given up lies elsewhere.
    expect(addNumber({ ...full, vague: 50 }, 201).vague).toBe(50);
  });

  test("are those of one start of the device; another's are put aside, if there are any, and come back", () => {
    const first = { ...numbered(0, 1), boot: "a" };
    expect(turnTo("a", first, {})).toEqual({ numbers: first, boots: {} });
    const turned = turnTo("b", first, {});
    const { counted, vague } = first;
    expect(turned).toEqual({ numbers: noNumbers("b"), boots: { a: { counted, vague } } });
    // Nothing came with the start b: it is not remembered.
    expect(turnTo("a", turned.numbers, turned.boots)).toEqual({ numbers: first, boots: {} });
    const ahead = { ...addNumber(noNumbers(), 4), boot: "b" };
    const back = turnTo("a", ahead, turned.boots);
    expect(back).toEqual({ numbers: first, boots: { b: { counted: ahead.counted, vague: -1 } } });
    // A name that each object has is a start's as any other.
    expect(turnTo("constructor", first, {}).numbers).toEqual(noNumbers("constructor"));
  });

  test("know when motion ceased last, whatever the start", () => {
    const first: Numbers = { ...numbered(0), boot: "a", clearedAt: AT };
    const turned = turnTo("b", first, {});
    expect(turned.numbers).toEqual({ ...noNumbers("b"), clearedAt: AT });
    expect(turned.boots.a).toEqual({ counted: first.counted, vague: -1 });
    expect(turnTo("b", { ...first, clearedAt: undefined }, {}).numbers).not.toHaveProperty("clearedAt");
  });

  test("of sixteen starts are remembered beside the present one, the last that were put aside", () => {
    let [numbers, boots]: [Numbers, Boots] = [{ ...numbered(0), boot: "0" }, {}];
    for (let i = 1; i <= 17; i++) {
      ({ numbers, boots } = turnTo(`b${i}`, numbers, boots));
      numbers = addNumber(numbers, i);
    }
    expect(Object.keys(boots)).toEqual(Array.from({ length: 16 }, (_, i) => `b${i + 1}`));
    // One that was put aside before is the last again.
    const again = turnTo("b17", turnTo("b3", numbers, boots).numbers, turnTo("b3", numbers, boots).boots);
    expect([Object.keys(again.boots).length, Object.keys(again.boots).at(-1)]).toEqual([16, "b3"]);
  });
});

describe("what a device's clock says", () => {
  const limits = { ...DEFAULT_PLAUSIBLE, aheadMs: 10 * MINUTE, behindMs: 3 * DAY };

  test("is believed so far ahead and so far behind, to the millisecond", () => {
    const said = (at: number) => implausible(AT + at, AT, limits);
    expect([said(10 * MINUTE), said(-3 * DAY), said(0)]).toEqual([undefined, undefined, undefined]);
    const clock = "the service's clock, which says 2026-06-01T12:00:00.000Z";
    expect(said(10 * MINUTE + 1)).toBe(`is more than 10 minutes ahead of ${clock}`);
    expect(said(-3 * DAY - 1)).toBe(`is more than 3 days behind ${clock}`);
  });

  test.each([
    ...[[0, "0 seconds"], [1, "1 millisecond"], [999, "999 milliseconds"], [1_000, "1 second"], [30_000, "30 seconds"]],
    ...[[MINUTE, "1 minute"], [90_000, "90 seconds"], [60 * MINUTE, "1 hour"], [90 * MINUTE, "90 minutes"]],
    ...[[DAY, "24 hours"], [36 * 60 * MINUTE, "36 hours"], [2 * DAY, "2 days"], [
      2 * DAY - 1,
      "172799999 milliseconds",
    ]],
    ...[[7_300 * DAY, "7300 days"], [2 * DAY + MINUTE, "2881 minutes"]],
  ] as [number, string][])("%i is said as %s", (ms, text) => expect(spoken(ms)).toBe(text));

  test("is limited as somebody says, within what a calendar has; what is not said stays", () => {
    expect(parsePlausible({})).toEqual({});
    expect(parsePlausible({ maxAhead: null, maxBehindDays: null, maxApart: null, maxLength: null })).toEqual({});
    expect(parsePlausible({ maxAhead: 0, maxBehindDays: 1, maxApart: MINUTE, maxLength: 3_650 * DAY })).toEqual({
      ...{ aheadMs: 0, behindMs: DAY, apartMs: MINUTE, lengthMs: 3_650 * DAY },
    });
    const refused = (input: object) => {
      try {
        return parsePlausible(input);
      } catch (error) {
        return (error as InvalidInputError).fields.map(({ path }) => path[0]);
      }
    };
    const wrong = { maxAhead: DAY + 1, maxBehindDays: 36_501, maxApart: MINUTE - 1, maxLength: 3_650 * DAY + 1 };
    expect(refused(wrong)).toEqual(Object.keys(wrong));
    expect(refused({ maxAhead: -1, maxBehindDays: 0, maxLength: MINUTE - 1 })).toEqual([
      ...["maxAhead", "maxBehindDays", "maxLength"],
    ]);
    expect(parsePlausible({ maxAhead: DAY, maxBehindDays: 36_500 })).toEqual({ aheadMs: DAY, behindMs: 36_500 * DAY });
  });
});

describe("readings", () => {
  const limits = { ...DEFAULT_PLAUSIBLE, aheadMs: 10 * MINUTE, behindMs: 3 * DAY };
  const good = (at: number, ...values: (number | null)[]) => ({ at: AT + at, values });
  const judge = (sent: unknown[], erasedUntil?: number) => judgeReadings(sent, AT, limits, erasedUntil);
  const reasons = (sent: unknown[]) => judge(sent).receipts.map(({ index, reason }) => [index, reason]);

  test("are judged each by itself: one that is wrong leaves the others, one that no clock can have said is kept aside", () => {
    const sent = [good(0, 1), { at: "x", values: [1] }, good(1, 2), good(11 * MINUTE, 3), good(-4 * DAY, 4)];
    const { readings, receipts, held } = judge(sent);
    expect(readings).toEqual([sent[0], sent[2]]);
    expect(held).toEqual([sent[3], sent[4]]);
    expect(receipts.map(({ index, status }) => [index, status])).toEqual([
      ...[[1, "REJECTED"], [3, "QUARANTINED"], [4, "QUARANTINED"]],
    ]);
    expect(receipts[1]!.reason).toMatch(/^at: is more than 10 minutes ahead/);
    expect(judge([])).toEqual({ readings: [], receipts: [], held: [], erased: 0 });
  });

  test("say what is wrong, and where", () => {
    const values = Array.from({ length: 65 }, () => 1);
    expect(reasons([
      ...[7, { at: AT, values: [] }, { at: AT, values }, { at: AT, values: [1, "x"] }, { at: AT, values: [Infinity] }],
      ...[{ at: AT, values: 7 }, { at: AT, values: [1], more: 1 }],
    ])).toEqual([
      [0, "must be an object of at and values"],
      [1, "values: must hold at least one value"],
      [2, "values: must hold at most 64 values, has 65"],
      [3, "values.1: must be a number"],
      [4, "values.0: must be a finite number"],
      [5, "values: must be a list of numbers"],
      [6, "more: is no field of a reading"],
    ]);
    expect(judge([good(0, ...values.slice(1)), good(0, ...values.slice(1).map(() => null))]).receipts).toEqual([]);
  });

  test("hold as many values as most of them do, of as many the fewest", () => {
    const [one, two, other] = [good(0, 1), good(1, 1, 2), good(2, 3, 4)];
    const refused = (index: number, width: number, has: number) => [
      index,
      `values: must hold as many values as the other readings: ${width}, has ${has}`,
    ];
    expect(reasons([one, two, other])).toEqual([refused(0, 2, 1)]);
    expect(reasons([two, one])).toEqual([refused(0, 1, 2)]);
    expect(reasons([one, two])).toEqual([refused(1, 1, 2)]);
    // One that is wrong has no say.
    expect(reasons([{ at: AT, values: [1, "x"] }, { at: AT, values: [1, "x"] }, one])).toHaveLength(2);
  });

  test("that lie in a past that was erased are refused, its last instant too", () => {
    const { readings, receipts } = judge([good(-1, 1), good(0, 2), good(1, 3)], AT);
    expect(readings).toEqual([good(1, 3)]);
    const reason = "at: lies in the past of this sensor that was erased (until 2026-06-01T12:00:00.000Z)";
    expect(receipts).toEqual([0, 1].map((index) => ({ index, status: "REJECTED", reason })));
    expect(`at: ${erasedSince(AT)}`).toBe(reason);
  });
});

describe("what a batch states", () => {
  const limits = { ...DEFAULT_PLAUSIBLE, apartMs: 60 * MINUTE, lengthMs: 2 * DAY };
  const judge = (stated: Parameters<typeof judgeStatements>[0], firstAt: number | undefined = AT) =>
    judgeStatements(stated, firstAt, AT, limits);

  test.each<[string, Parameters<typeof judgeStatements>[0], number | undefined, number | undefined, string[]]>([
    ["nothing", {}, undefined, undefined, []],
    ["nothing by null", { startedAt: null, durationMs: null }, undefined, undefined, []],
    ["a start and a length", { startedAt: AT - 1, durationMs: 5 }, AT - 1, 5, []],
    ["a length of nothing", { durationMs: 0 }, undefined, 0, []],
    ["the earliest start, and the longest length", { startedAt: AT - 60 * MINUTE, durationMs: 2 * DAY }, ...[
      AT - 60 * MINUTE,
      2 * DAY,
      [],
    ] as [number, number, string[]]],
    ["a start too far before the first reading", { startedAt: AT - 60 * MINUTE - 1, durationMs: 5 }, undefined, 5, [
      "startedAt: is more than 1 hour before the first reading",
    ]],
    ["a start that no clock can have said", { startedAt: AT + 11 * MINUTE }, undefined, undefined, [
      "startedAt: is more than 10 minutes ahead of the service's clock, which says 2026-06-01T12:00:00.000Z",
    ]],
    ["a length that is too long", { startedAt: AT, durationMs: 2 * DAY + 1 }, AT, undefined, [
      "durationMs: is more than 2 days",
    ]],
  ])("%s", (_, stated, startedAt, durationMs, doubts) => {
    expect(judge(stated)).toEqual({ startedAt, durationMs, doubts });
  });

  test("is far from no reading where there is none", () => {
    expect(judgeStatements({ startedAt: AT - DAY }, undefined, AT, limits)).toEqual({
      ...{ startedAt: AT - DAY, durationMs: undefined, doubts: [] },
    });
  });
});
