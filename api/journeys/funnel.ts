import * as v from "valibot";
import { parseInput, whole, words } from "../core/check.ts";
import { DAY_MS } from "../core/clock.ts";
import type { InvalidField } from "../core/errors.ts";
import { eventType } from "./goals.ts";
import type { Goals } from "./model.ts";
import { matchesPage, parsePattern } from "./pages.ts";
import { firstValue, type Step, type Trail } from "./trail.ts";

/** What a step of a trail must be: all that is given holds. A property is asked for by a goal that names it. */
export type StepMatch = { type?: string | undefined; page?: string | undefined; goal?: string | undefined };

/** What breaks numbers down: what a journey came from, a device, a campaign, or any property of its events. */
export const DIMENSIONS = {
  REFERRER: "referrer",
  DEVICE: "device",
  UTM_SOURCE: "utm_source",
  UTM_MEDIUM: "utm_medium",
  UTM_CAMPAIGN: "utm_campaign",
  UTM_TERM: "utm_term",
  UTM_CONTENT: "utm_content",
} as const;

export type Dimension = keyof typeof DIMENSIONS | "PROPERTY";
export type Breakdown = { by: Dimension; property?: string | undefined; top: number };

export type FunnelInput = {
  steps: readonly StepMatch[];
  order: "IN_ORDER" | "STRICT";
  /** The most that may pass from the first step to the last, in ms. */
  withinMs: number | undefined;
  breakdown: Breakdown | undefined;
};

/** When a journey reached each step, as far as it came: as many instants as steps. */
export type Reached = readonly number[];

export const FUNNEL_LIMITS = { least: 2, steps: 20, withinDays: 90, top: 50 } as const;

/** A pattern of paths: what follows `?` is not kept in trails. */
export const pathPattern = v.pipe(
  v.string("must be text"),
  v.rawCheck(({ dataset, addIssue }) => {
    const reason = dataset.typed ? parsePattern(dataset.value).reason : undefined;
    if (reason) addIssue({ message: reason });
    else if (dataset.typed && dataset.value.includes("?")) {
      addIssue({ message: "looks at the path of a page alone; name a goal for what follows the ?" });
    }
  }),
);

export const stepMatch = v.pipe(
  v.strictObject({ type: v.nullish(eventType), page: v.nullish(pathPattern), goal: v.nullish(words(40)) }),
  v.transform(({ type, page, goal }): StepMatch => (
    { ...(type ? { type } : {}), ...(page ? { page } : {}), ...(goal ? { goal } : {}) }
  )),
  v.check((match) => Object.keys(match).length > 0, "must say a type, a page or a goal"),
);

const breakdown = v.pipe(
  v.strictObject({
    by: v.picklist([...Object.keys(DIMENSIONS) as (keyof typeof DIMENSIONS)[], "PROPERTY"]),
    property: v.nullish(words(64)),
    top: v.nullish(whole(1, FUNNEL_LIMITS.top), 10),
  }),
  v.transform(({ property, ...own }): Breakdown => ({ ...own, ...(property ? { property } : {}) })),
  v.check(
    ({ by, property }) => (by === "PROPERTY") === (property !== undefined),
    "must name a property with PROPERTY, and only with it",
  ),
);

const funnel = v.strictObject({
  steps: v.pipe(
    v.array(stepMatch, "must be a list"),
    v.check(
      ({ length }) => length >= FUNNEL_LIMITS.least && length <= FUNNEL_LIMITS.steps,
      (i) => `must hold ${FUNNEL_LIMITS.least} to ${FUNNEL_LIMITS.steps} steps, has ${i.input.length}`,
    ),
  ),
  order: v.nullish(v.picklist(["IN_ORDER", "STRICT"]), "IN_ORDER"),
  within: v.nullish(whole(1, FUNNEL_LIMITS.withinDays * DAY_MS)),
  breakdown: v.nullish(breakdown),
});

/** The funnel that is asked for. Throws InvalidInputError, also for a goal that the tenant does not have. */
export function parseFunnel(input: unknown, goals: Goals): FunnelInput {
  const { steps, order, within, breakdown } = parseInput(
    funnel,
    input,
    ({ steps }) => steps.flatMap((step, i) => unknownGoal(step, goals, ["steps", String(i), "goal"])),
  );
  return { steps, order, withinMs: within ?? undefined, breakdown: breakdown ?? undefined };
}

/** That a match names a goal that the tenant does not have. */
export function unknownGoal({ goal }: StepMatch, { list }: Goals, path: string[]): InvalidField[] {
  if (goal === undefined || list.some(({ goalId }) => goalId === goal)) return [];
  const names = list.map(({ goalId }) => goalId).join(", ") || "none; name some by configureJourneys";
  return [{ path, message: `must be a goal of the tenant: ${names}` }];
}

/** Says whether a step of a trail is what a match says. */
export function createStepTest({ type, page, goal }: StepMatch, goals: Goals): (step: Step) => boolean {
  const bit = goal === undefined ? 0 : 1 << goals.list.findIndex(({ goalId }) => goalId === goal);
  const known = new Map<string, boolean>();
  const isPage = (path: string) => {
    const found = known.get(path);
    if (found !== undefined) return found;
    if (known.size >= MAX_KNOWN) known.clear();
    const matches = matchesPage(page!, path);
    known.set(path, matches);
    return matches;
  };
  return (step) =>
    (type === undefined || step.type === type) &&
    (goal === undefined || (step.goals & bit) !== 0) &&
    (page === undefined || (step.page !== undefined && isPage(step.page)));
}

/** Pages of which a pattern was asked before. */
const MAX_KNOWN = 10_000;

/**
 * How far a journey comes in a funnel, and when it was at each step on the way: on the earliest way that comes so far. In order,
 * anything may lie between two steps; strictly, nothing but repeats of the step before. From the first step to any other no
 * more than `withinMs` may pass. An event counts for one step.
 */
export function createFunnelReader({ steps, order, withinMs = Infinity }: FunnelInput, goals: Goals) {
  const tests = steps.map((step) => createStepTest(step, goals));

  /** Of each number of steps the way that began last: whatever comes, it is in time for that one, if for any. */
  return function reach(trail: Pick<Trail, "steps">): Reached {
    let ways: (Reached | undefined)[] = steps.map(() => undefined);
    let furthest: Reached = [];
    let before: Step | undefined;
    for (const step of trail.steps) {
      const isRepeat = before !== undefined && isSame(before, step);
      const next = order === "IN_ORDER" || isRepeat ? [...ways] : steps.map(() => undefined) as typeof ways;
      for (let k = steps.length - 1; k >= 0; k--) {
        if (!tests[k]!(step)) continue;
        const way = k === 0 ? [] : isRepeat && order === "STRICT" ? undefined : ways[k - 1];
        if (way === undefined || (k > 0 && step.at - way[0]! > withinMs)) continue;
        const on = [...way, step.at];
        if (next[k] === undefined || on[0]! >= next[k]![0]!) next[k] = on;
        if (on.length > furthest.length) furthest = on;
      }
      ways = next;
      before = step;
    }
    return furthest;
  };
}

/** Whether two events that follow each other are one step for whoever looks at what follows what. */
export function isSame(a: Step, b: Step): boolean {
  return a.type === b.type && a.page === b.page && a.goals === b.goals;
}

/** The value by which a journey is broken down; undefined where it has none. */
export function valueOf(trail: Trail, { by, property }: Breakdown): string | undefined {
  return firstValue(trail, by === "PROPERTY" ? property! : DIMENSIONS[by]);
}
