import { describe, expect, test } from "vitest";
import { InvalidInputError } from "../../api/core/errors.ts";
import { GOAL_LIMITS, goalsOf, matchesEvent, parseSettings, propertyText } from "../../api/journeys/goals.ts";
import { createListWorld } from "../kit/list-world.ts";

const T = "shop";
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
  const has = (properties: unknown, name = "plan") => matchesEvent({ property: { name } }, event(properties));
  expect([{ plan: "pro" }, { plan: "" }, { plan: 0 }, { plan: false }, { plan: [] }].map((own) => has(own))).toEqual(
    Array(5).fill(true),
  );
  const none = [{ plan: null }, { other: 1 }, undefined, null, "plan", Object.create({ plan: 1 })];
  expect(none.map((own) => has(own))).toEqual(Array(6).fill(false));
  expect([has(["pro"], "0"), has(["pro"], "length"), has("pro", "0")]).toEqual([false, false, false]);
});

test("a property has the text that it is written as; a list, an object, nothing and what is no property have none", () => {
  const of = (properties: unknown, name = "plan") => propertyText(properties, name);
  expect([{ plan: "pro" }, { plan: 3 }, { plan: true }, { plan: "" }].map((own) => of(own))).toEqual([
    ...["pro", "3", "true", ""],
  ]);
  const none = [{ plan: ["pro"] }, { plan: {} }, { plan: null }, {}, undefined, null, Object.create({ plan: "pro" })];
  expect(none.map((own) => of(own))).toEqual(Array(7).fill(undefined));
  // Neither the letters of a text nor the places of a list are properties.
  expect([of("pro", "0"), of(["pro"], "0"), of("pro", "length")]).toEqual([undefined, undefined, undefined]);
});

test("an event is what all parts of a match say, and reaches each goal of which it is one of the matches", () => {
  const event = {
    sessionId: "s",
    source: "main",
    seq: 1,
    type: "PAID",
    occurredAt: 0,
    page: "/pay",
    properties: { n: 2 },
  };
  const property = (name: string, value?: string) => ({
    property: { name, ...(value === undefined ? {} : { value }) },
  });
  const matches = [{ type: "PAID" }, { page: "/p*" }, property("n", "2"), property("n")];
  const others = [{ type: "LEFT" }, { page: "/q*" }, property("n", "3"), property("m")];
  expect(matches.map((match) => matchesEvent(match, event))).toEqual([true, true, true, true]);
  expect(others.map((match) => matchesEvent(match, event))).toEqual([false, false, false, false]);
  expect(matchesEvent(Object.assign({}, ...matches), event)).toBe(true);
  for (const other of others) expect(matchesEvent(Object.assign({}, ...matches, other), event)).toBe(false);
  const list = [[others[0]!, matches[0]!], [others[0]!], [matches[1]!, matches[2]!]]
    .map((anyOf, i) => ({ goalId: `g${i}`, name: "g", anyOf, outranks: "ABANDONED" as const }));
  expect([goalsOf({ version: 1, list }, event), goalsOf({ version: 0, list: [] }, event)]).toEqual([[0, 2], []]);
});

describe("a pattern", () => {
  const page = (pattern: string) => (own: string) =>
    matchesEvent({ page: pattern }, {
      ...{ sessionId: "s", source: "main", seq: 1, type: "PAGE_VIEWED", occurredAt: 0 },
      page: own,
    });

  test.each([
    ["/pricing?plan=pro", ["/pricing?plan=pro", "https://a.example/pricing?plan=pro"]],
    ["https://a.example/pricing?plan=pro", ["/pricing?plan=pro", "https://b.example/pricing?plan=pro"]],
    ["/pricing?*plan=pro*", ["/pricing?plan=pro", "/pricing?a=1&plan=pro&b=2", "/pricing?plan=pro#top"]],
    ["/thanks?*", ["/thanks?", "/thanks?order=7"]],
    ["*?plan=pro", ["/pricing?plan=pro", "/a/b?plan=pro"]],
    ["/?q=*", ["/?q=", "https://a.example?q=1"]],
  ])("with ? looks at what follows it: %s", (pattern, pages) => {
    const others = [
      ...["/pricing", "/pricing/", "/pricing?", "/pricing#plan=pro", "/pricing?plan=free", "/pricing%3Fplan=pro"],
      ...["/thanks", "/thanks/", "/thanks#a", "/", "/#a", "https://a.example", "https://a.example/pricing"],
    ];
    expect(pages.filter(page(pattern))).toEqual(pages);
    expect(others.filter(page(pattern))).toEqual([]);
  });

  test.each(["/pricing", "/pricing/", "https://a.example/pricing", "/pricing#plans", "/pri*", "/pricing%3Fplan=*"])(
    "without ? looks at the path alone: %s",
    (pattern) => {
      const pages = ["/pricing", "/pricing/", "/pricing?plan=pro", "/pricing#plans", "https://b.example/pricing?a#b"];
      const isOfPath = pattern !== "/pricing%3Fplan=*";
      expect(pages.filter(page(pattern))).toEqual(isOfPath ? pages : []);
      expect(page(pattern)("/pricing%3Fplan=pro")).toBe(!isOfPath || pattern === "/pri*");
    },
  );
});

test("what a tenant sets is taken as it is said, without what was left open; what is not said is not there", () => {
  const match = { type: "PAID", page: null, property: { name: "plan", value: null } };
  const given = [{ goalId: "paid", anyOf: [match] }, {
    ...{ goalId: "Read_it-2", name: "Read", anyOf: [{ type: null, page: "/docs/*", property: null }] },
    outranks: "ABANDONED",
  }];
  expect(parseSettings({ goals: given, keepJourneysDays: 1, keepRawDays: 3_650 })).toEqual({
    goals: [
      {
        goalId: "paid",
        name: "paid",
        anyOf: [{ type: "PAID", property: { name: "plan" } }],
        outranks: "FORM_COMPLETED",
      },
      { goalId: "Read_it-2", name: "Read", anyOf: [{ page: "/docs/*" }], outranks: "ABANDONED" },
    ],
    ...{ keepJourneysDays: 1, keepRawDays: 3_650 },
  });
  expect(parseSettings({ goals: [{ goalId: "p", anyOf: [{ property: { name: "plan", value: "pro" } }] }] }).goals)
    .toEqual([
      { goalId: "p", name: "p", anyOf: [{ property: { name: "plan", value: "pro" } }], outranks: "FORM_COMPLETED" },
    ]);
  expect(parseSettings({})).toEqual({});
  expect(parseSettings({ goals: null, keepRawDays: null })).toEqual({ goals: null, keepRawDays: null });
});

test.each<[string, object, string[], RegExp]>([
  [
    "a goal without a match that says anything",
    { anyOf: [{}] },
    ["goals", "0", "anyOf", "0"],
    /a type, a page or a property/,
  ],
  ["a match of nulls", { anyOf: [{ type: null }] }, ["goals", "0", "anyOf", "0"], /a type, a page or a property/],
  ["a type in small letters", { anyOf: [{ type: "paid" }] }, ["goals", "0", "anyOf", "0", "type"], /upper snake case/],
  ["a type of 65", { anyOf: [{ type: "P".repeat(65) }] }, ["goals", "0", "anyOf", "0", "type"], /1 to 64/],
  ["a type that is a number", { anyOf: [{ type: 1 }] }, ["goals", "0", "anyOf", "0", "type"], /must be text/],
  ["a page that is a number", { anyOf: [{ page: 1 }] }, ["goals", "0", "anyOf", "0", "page"], /must be text/],
  ["a page that is none", { anyOf: [{ page: "" }] }, ["goals", "0", "anyOf", "0", "page"], /./],
  ["an id with a space", { goalId: "a b", anyOf: [{ type: "PAID" }] }, ["goals", "0", "goalId"], /letters, digits/],
  ["an id of 41", { goalId: "g".repeat(41), anyOf: [{ type: "PAID" }] }, ["goals", "0", "goalId"], /40/],
  ["a name of 101", { name: "g".repeat(101), anyOf: [{ type: "PAID" }] }, ["goals", "0", "name"], /100/],
  ["matches that are no list", { anyOf: { type: "PAID" } }, ["goals", "0", "anyOf"], /must be a list/],
  ["a rank that is none", { anyOf: [{ type: "PAID" }], outranks: "ALL" }, ["goals", "0", "outranks"], /./],
])("%s is refused by its field", (_, goal, path, message) => {
  const faults = (() => {
    try {
      return parseSettings({ goals: [{ goalId: "g", ...goal }] });
    } catch (error) {
      return (error as { fields: unknown }).fields;
    }
  })();
  expect(faults).toEqual([{ path, message: expect.stringMatching(message) }]);
});

test("goals are a list, and times are whole days from one to ten years", () => {
  for (const settings of [{ goals: {} }, { keepJourneysDays: 0 }, { keepJourneysDays: 3_651 }, { keepRawDays: 1.5 }]) {
    expect(() => parseSettings(settings)).toThrow(InvalidInputError);
  }
});

test("of two people who set other goals at once the second is told, and nothing of theirs is done", async () => {
  const { configuration } = createListWorld(T, Date.UTC(2026, 5, 1, 12));
  const set = (type: string, expectedGoalsVersion: number, more: object = {}) =>
    configuration.configure(T, { goals: [{ goalId: "paid", anyOf: [{ type }] }], expectedGoalsVersion, ...more });
  const kept = async () => (await configuration.get(T)).goals;
  const both = await Promise.all([set("PAID", 0), set("SOLD", 0)]);
  const now = await kept();
  expect(both.filter((done) => "__typename" in done)).toMatchObject([
    { code: "VERSION_CONFLICT", message: expect.stringContaining("expectedGoalsVersion 1"), current: { goals: now } },
  ]);
  // Said again by whoever had no answer; other settings are of no version.
  expect(await set(now.list[0]!.anyOf[0]!.type!, 0, { keepJourneysDays: 7 })).toMatchObject({
    goals: now,
    keepDays: 7,
  });
  expect(await configuration.configure(T, { keepJourneysDays: 8, expectedGoalsVersion: 0 })).toMatchObject({
    keepDays: 8,
  });
  // Nothing of what is refused is done.
  expect(await set("LEFT", 0, { keepJourneysDays: 9 })).toMatchObject({ current: { keepDays: 8 } });
  expect(await set("LEFT", 1)).toMatchObject({ goals: { version: 2 } });
  for (const wrong of [-1, 0.5, 1e300]) {
    await expect(set("LEFT", wrong)).rejects.toMatchObject({ fields: [{ path: ["expectedGoalsVersion"] }] });
  }
});
