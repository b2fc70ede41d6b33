import { expect, test } from "vitest";
import { GOAL_LIMITS, matchesEvent, parseSettings } from "../../api/journeys/goals.ts";

const goal = (goalId: string, matches: number) => (
  { goalId, anyOf: Array.from({ length: matches }, (_, i) => ({ page: `/${goalId}/${i}` })) }
);
const goals = (count: number, matches: number) => Array.from({ length: count }, (_, i) => goal(`g${i}`, matches));
const fits = (list: unknown) => {
  try {
    return parseSettings({ goals: list }).goals!.length;
  } catch (error) {
    return (error as Error).message;
  }
};

test("goals are as many as they may be, to the last one, and not one more", () => {
  expect(fits(goals(GOAL_LIMITS.goals, 1))).toBe(20);
  expect(fits(goals(GOAL_LIMITS.goals + 1, 1))).toMatch(/at most 20 goals, has 21/);
  expect(fits([goal("g", GOAL_LIMITS.matches)])).toBe(1);
  expect(fits([goal("g", GOAL_LIMITS.matches + 1)])).toMatch(/1 to 10 matches, has 11/);
  expect(fits([goal("g", 0)])).toMatch(/1 to 10 matches, has 0/);
  expect(fits(goals(6, 10))).toBe(6);
  expect(fits([...goals(6, 10), goal("one-more", 1)])).toMatch(/at most 60 matches in all/);
  expect(fits([goal("g", 1), goal("g", 1)])).toMatch(/each goalId once/);
});

test("a property that is asked for without a value is there with any but null, of its own alone", () => {
  const event = (properties: unknown) => ({
    ...{ sessionId: "s", source: "main", seq: 1, type: "PAGE_VIEWED", occurredAt: 0 },
    properties,
  });
  const has = (properties: unknown) => matchesEvent({ property: { name: "plan" } }, event(properties));
  expect([{ plan: "pro" }, { plan: "" }, { plan: 0 }, { plan: false }, { plan: [] }].map(has)).toEqual(
    Array(5).fill(true),
  );
  expect([{ plan: null }, { other: 1 }, undefined, null, "plan", Object.create({ plan: 1 })].map(has)).toEqual(
    Array(6).fill(false),
  );
});
