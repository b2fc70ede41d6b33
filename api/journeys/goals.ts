import * as v from "valibot";
import { parseInput, whole, words } from "../core/check.ts";
import type { EventMatch, Goal, Goals, RecordedEvent } from "./model.ts";
import { matchesPage, parsePattern } from "./pages.ts";

export const NO_GOALS: Goals = { version: 0, list: [] };

export const GOAL_LIMITS = { goals: 20, matches: 10, allMatches: 60, idChars: 40, nameChars: 100 } as const;

const OUTRANKED = ["FORM_COMPLETED", "CTA_CLICKED", "LINK_CLICKED", "ABANDONED"] as const;

const pattern = v.pipe(
  v.string("must be text"),
  v.rawCheck(({ dataset, addIssue }) => {
    const reason = dataset.typed ? parsePattern(dataset.value).reason : undefined;
    if (reason) addIssue({ message: reason });
  }),
);

export const eventType = v.pipe(
  v.string("must be text"),
  v.regex(/^[A-Z][A-Z0-9_]{0,63}$/, "must be upper snake case of 1 to 64 characters, such as PAGE_VIEWED"),
);

export const eventMatch = v.pipe(
  v.strictObject({
    type: v.nullish(eventType),
    page: v.nullish(pattern),
    property: v.nullish(v.strictObject({ name: words(100), value: v.nullish(words(100)) })),
  }),
  v.transform(({ type, page, property }): EventMatch => ({
    ...(type ? { type } : {}),
    ...(page ? { page } : {}),
    ...(property ? { property: { name: property.name, ...(property.value ? { value: property.value } : {}) } } : {}),
  })),
  v.check((match) => Object.keys(match).length > 0, "must say a type, a page or a property"),
);

const goals = v.pipe(
  v.array(
    v.strictObject({
      goalId: v.pipe(
        words(GOAL_LIMITS.idChars),
        v.regex(/^[A-Za-z0-9_-]+$/, "must hold letters, digits, `-` and `_` only, such as signed-up"),
      ),
      name: v.nullish(words(GOAL_LIMITS.nameChars)),
      anyOf: v.pipe(
        v.array(eventMatch, "must be a list"),
        v.check(
          (list) => list.length >= 1 && list.length <= GOAL_LIMITS.matches,
          (i) => `must hold 1 to ${GOAL_LIMITS.matches} matches, has ${i.input.length}`,
        ),
      ),
      outranks: v.nullish(v.picklist(OUTRANKED), "FORM_COMPLETED"),
    }),
    "must be a list",
  ),
  v.transform((list) => list.map((goal): Goal => ({ ...goal, name: goal.name ?? goal.goalId }))),
  v.check(
    (list) => list.length <= GOAL_LIMITS.goals,
    (i) => `must hold at most ${GOAL_LIMITS.goals} goals, has ${i.input.length}`,
  ),
  v.check(
    (list) => list.reduce((sum, { anyOf }) => sum + anyOf.length, 0) <= GOAL_LIMITS.allMatches,
    `must hold at most ${GOAL_LIMITS.allMatches} matches in all; a pattern with * is one for many pages`,
  ),
  v.check((list) => new Set(list.map(({ goalId }) => goalId)).size === list.length, "must name each goalId once"),
);

const KEEP_DAYS = { least: 1, most: 3_650 } as const;

const settings = v.strictObject({
  goals: v.nullish(goals),
  expectedGoalsVersion: v.nullish(whole(0, Number.MAX_SAFE_INTEGER)),
  keepJourneysDays: v.nullish(whole(KEEP_DAYS.least, KEEP_DAYS.most)),
  keepRawDays: v.nullish(whole(KEEP_DAYS.least, KEEP_DAYS.most)),
});

/** What a tenant sets; what is absent stays. Throws InvalidInputError. */
export function parseSettings(input: unknown): v.InferOutput<typeof settings> {
  return parseInput(settings, input);
}

/** Whether an event is what a match says. */
export function matchesEvent({ type, page, property }: EventMatch, event: RecordedEvent): boolean {
  if (type !== undefined && event.type !== type) return false;
  if (page !== undefined && !matchesPage(page, event.page)) return false;
  return property === undefined || hasProperty(event.properties, property.name, property.value);
}

/** The goals that an event reaches, by their places in the list. */
export function goalsOf({ list }: Goals, event: RecordedEvent): number[] {
  return list.flatMap(({ anyOf }, i) => anyOf.some((match) => matchesEvent(match, event)) ? [i] : []);
}

/** A property's value as text; undefined where there is none, or it is a list or an object. */
export function propertyText(properties: unknown, name: string): string | undefined {
  return textOf(propertyOf(properties, name));
}

/** A property's value as JSON writes it, and text as it is; undefined for nothing, lists and objects. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? JSON.stringify(value) : undefined;
}

function hasProperty(properties: unknown, name: string, value: string | undefined): boolean {
  const own = propertyOf(properties, name);
  return value === undefined ? own !== undefined && own !== null : textOf(own) === value;
}

/** Neither the letters of a text nor the places of a list are properties. */
function propertyOf(properties: unknown, name: string): unknown {
  if (typeof properties !== "object" || properties === null || Array.isArray(properties)) return undefined;
  return Object.hasOwn(properties, name) ? (properties as Record<string, unknown>)[name] : undefined;
}
