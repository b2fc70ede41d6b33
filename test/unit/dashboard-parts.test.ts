import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { decoded } from "../../api/dashboard/core/decoded.ts";
import { parseSteps } from "../../api/dashboard/journeys/flows/steps.ts";
import { noMatch, toDrafts, toInput, toSettings } from "../../api/dashboard/journeys/goals/draft.ts";
import { ruleOf, whatOf } from "../../api/dashboard/live/alerts/words.ts";
import { createPaced } from "../../api/dashboard/parts/paced.ts";
import { pageOf } from "../../api/dashboard/pages.ts";
import { intervalOf } from "../../api/dashboard/review/interval.ts";
import { installPageGlobals, type PageGlobals } from "../kit/page-globals.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let page: PageGlobals;
beforeAll(() => {
  page = installPageGlobals({ location: { pathname: "/live", search: "" }, addEventListener: () => {} });
});
afterAll(() => page.restore());

test("an address that somebody typed is read as far as it can be", () => {
  expect(["hall%2F1", "50%", "%E0%A4%A", "a b"].map(decoded)).toEqual(["hall/1", "50%", "%E0%A4%A", "a b"]);
});

describe("an action", () => {
  const create = async (after?: () => Promise<void>) =>
    (await import("../../api/dashboard/parts/action.svelte.ts")).createAction(after);

  test("is one at a time: a second press while one is under way does nothing", async () => {
    const action = await create();
    const work = Promise.withResolvers<void>();
    let runs = 0;
    const first = action.run(() => (runs++, work.promise));
    expect(action.busy).toBe(true);
    expect(await action.run(() => Promise.resolve(void runs++))).toBe(false);
    work.resolve();
    expect(await first).toBe(true);
    expect([runs, action.busy]).toEqual([1, false]);
  });

  test("that failed says why until the next begins, whatever follows it; and what follows fails it too", async () => {
    const did: string[] = [];
    let fails = true;
    const action = await create(() => {
      did.push("after");
      return fails ? Promise.reject(new Error("not told")) : Promise.resolve();
    });
    expect(await action.run(() => Promise.reject(new Error("refused")))).toBe(false);
    expect([action.failure, action.busy, did]).toEqual(["refused", false, []]);
    expect(await action.run(() => Promise.resolve(expect(action.failure).toBeUndefined()))).toBe(false);
    expect([action.failure, did]).toEqual(["not told", ["after"]]);
    fails = false;
    expect(await action.run(() => Promise.resolve())).toBe(true);
    expect(action.failure).toBeUndefined();
  });

  test("was done where its result says so, and else says what the result says", async () => {
    const { done } = await import("../../api/dashboard/parts/action.svelte.ts");
    expect(done({ __typename: "Payload", n: 1 } as never, "Payload" as never)).toEqual({ __typename: "Payload", n: 1 });
    const refused = { __typename: "UserError", message: "taken", code: "NAME_TAKEN" };
    expect(() => done(refused, "Payload" as never)).toThrow(
      expect.objectContaining({ message: "taken", code: "NAME_TAKEN" }),
    );
    expect(() => done({ __typename: "Other" }, "Payload" as never)).toThrow(
      expect.objectContaining({ code: "INTERNAL" }),
    );
  });
});

describe("a form over what others set as well", () => {
  type Days = { journeys: number; raw: number | null; goals: string[] };
  const create = async () => (await import("../../api/dashboard/parts/form.svelte.ts")).createForm<Days>();
  const now: Days = { journeys: 90, raw: 30, goals: ["paid"] };

  test("says what was typed alone, whatever kind of value it is", async () => {
    const form = await create();
    expect([form.typed, form.changes]).toEqual([undefined, {}]);
    form.fill(structuredClone(now));
    expect(form.changes).toEqual({});
    form.typed!.raw = null;
    expect(form.changes).toEqual({ raw: null });
    form.typed!.goals = ["paid", "asked"];
    expect(form.changes).toEqual({ raw: null, goals: ["paid", "asked"] });
    form.typed!.raw = 30;
    expect(form.changes).toEqual({ goals: ["paid", "asked"] });
  });

  test("shows what others set meanwhile, and neither sets it back nor loses what is typed", async () => {
    const form = await create();
    form.fill(structuredClone(now));
    form.typed!.raw = 7;
    form.fill({ ...now, journeys: 365 });
    expect([form.typed, form.changes]).toEqual([{ ...now, journeys: 365, raw: 7 }, { raw: 7 }]);
    // Somebody else set what is typed here: then it is no change.
    form.fill({ ...now, journeys: 365, raw: 7 });
    expect(form.changes).toEqual({});
  });

  test("has nothing to say once that was kept, also where it cannot be asked what holds", async () => {
    const form = await create();
    form.kept({ raw: 7 });
    form.fill(structuredClone(now));
    form.typed!.raw = 7;
    form.kept(form.changes);
    expect([form.typed, form.changes]).toEqual([{ ...now, raw: 7 }, {}]);
    form.fill({ ...now, raw: 8 });
    expect(form.typed).toEqual({ ...now, raw: 8 });
  });
});

describe("a list that grows by pages", () => {
  type Page = { rows: number[]; endCursor: string | null; hasNextPage: boolean };
  const create = async (...answers: (Page | Error)[]) => {
    const asked: (string | undefined)[] = [];
    const { createPager } = await import("../../api/dashboard/parts/pager.svelte.ts");
    const pager = createPager<number>((row) => row, (after, signal) => {
      asked.push(after);
      const answer = answers.shift();
      if (answer) return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("left"))));
    });
    return { pager, asked };
  };

  test("goes on where it ended, also after a failure and after a page without rows", async () => {
    const { pager, asked } = await create(
      { rows: [1, 2], endCursor: "b", hasNextPage: true },
      new Error("away"),
      { rows: [], endCursor: null, hasNextPage: true },
      { rows: [3], endCursor: "c", hasNextPage: false },
    );
    expect([pager.busy, pager.hasMore]).toEqual([true, false]);
    await pager.next();
    expect([pager.rows, pager.busy, pager.hasMore]).toEqual([[1, 2], false, true]);
    await pager.next();
    expect([pager.rows, pager.failure, pager.hasMore, pager.busy]).toEqual([[1, 2], "away", true, false]);
    await pager.next();
    expect(pager.failure).toBeUndefined();
    await pager.next();
    expect([pager.rows, pager.hasMore]).toEqual([[1, 2, 3], false]);
    expect(asked).toEqual([undefined, "b", "b", "b"]);
    pager.update((rows) => rows.filter((row) => row !== 2));
    expect(pager.rows).toEqual([1, 3]);
  });

  test("has a row once that moved between two pages: where it came last", async () => {
    const { pager } = await create(
      { rows: [1, 2, 3], endCursor: "a", hasNextPage: true },
      { rows: [4, 2], endCursor: "b", hasNextPage: false },
    );
    await pager.next();
    await pager.next();
    expect(pager.rows).toEqual([1, 3, 4, 2]);
  });

  test("that is left is no failure", async () => {
    const { pager } = await create();
    const end = pager.start();
    end();
    await expect.poll(() => pager.busy).toBe(false);
    expect(pager.failure).toBeUndefined();
  });
});

test("what a page shows stays while it is asked anew, and where that fails; one that is left fails no more", async () => {
  const { createLoaded } = await import("../../api/dashboard/parts/loaded.svelte.ts");
  const answers: (() => Promise<number>)[] = [
    () => Promise.resolve(1),
    () => Promise.reject(new Error("away")),
    () => Promise.resolve(2),
  ];
  const signals: AbortSignal[] = [];
  const loaded = createLoaded((signal) =>
    (signals.push(signal), answers.shift()?.()) ??
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("left"))))
  );
  await loaded.again();
  await loaded.again();
  expect([loaded.value, loaded.failure]).toEqual([1, "away"]);
  await loaded.again();
  expect([loaded.value, loaded.failure]).toEqual([2, undefined]);
  const end = loaded.start();
  end();
  expect(signals.at(-1)!.aborted).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect([loaded.value, loaded.failure]).toEqual([2, undefined]);
});

test("what is called for again and again is asked for at once, then every so often, never twice at a time, and at last once more", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const answers: PromiseWithResolvers<void>[] = [];
    const paced = createPaced(2 * SECOND, () => {
      answers.push(Promise.withResolvers<void>());
      return answers.at(-1)!.promise;
    });
    const call = async (passed: number, answered?: number) => {
      paced.call();
      paced.call();
      if (answered !== undefined) answers[answered]!.resolve();
      await vi.advanceTimersByTimeAsync(passed);
      return answers.length;
    };
    expect(await call(0)).toBe(1);
    expect(await call(10 * SECOND)).toBe(1);
    expect(await call(2 * SECOND - 1, 0)).toBe(1);
    expect(await call(1)).toBe(2);
    answers[1]!.resolve();
    // Nobody called since: it rests, and the next call is done at once.
    await vi.advanceTimersByTimeAsync(10 * SECOND);
    expect(answers).toHaveLength(2);
    expect(await call(0)).toBe(3);
    paced.call();
    paced.stop();
    answers[2]!.resolve();
    await vi.advanceTimersByTimeAsync(10 * SECOND);
    expect(answers).toHaveLength(3);
  } finally {
    vi.useRealTimers();
  }
});

test("a length of time is said in its two largest units, and rounds up into the next one", async () => {
  const { durationOf, countOf } = await import("../../api/dashboard/core/zone.svelte.ts");
  const said: [number, string][] = [
    ...[[0, "0 s"], [300, "0.3 s"], [9_940, "9.9 s"], [9_960, "10 s"], [10_000, "10 s"], [59_499, "59 s"]] as const,
    ...[[59_500, "1 min"], [61_000, "1 min 1 s"], [HOUR - 500, "1 h"], [HOUR + MINUTE, "1 h 1 min"]] as const,
    ...[[48 * HOUR - SECOND, "47 h 59 min"], [48 * HOUR, "2 d"], [49 * HOUR, "2 d 1 h"]] as const,
  ].map(([ms, text]) => [ms, text]);
  for (const [ms, text] of said) expect(durationOf(ms)).toBe(text);
  expect([countOf(1, "journey"), countOf(0, "journey"), countOf(2, "is", "are")]).toEqual([
    "1 journey",
    "0 journeys",
    "2 are",
  ]);
});

test.each([
  [0, "0 s"],
  [59 * SECOND, "59 s"],
  [59.6 * SECOND, "1 min"],
  [MINUTE, "1 min"],
  [59.6 * MINUTE, "1 h"],
  [23.6 * HOUR, "1 d"],
  [DAY - 1, "1 d"],
  [29 * DAY, "29 d"],
  [30 * DAY, "1 mo"],
  [45 * DAY, "1.5 mo"],
  [365 * DAY - 1, "1 y"],
  [365 * DAY, "1 y"],
  [770 * DAY, "2.1 y"],
])("a card that comes again in %d ms is said to come in %s", (ms, text) => expect(intervalOf(ms)).toBe(text));

test("steps of an address are pages, goals and types of events, blanks and empty ones left out", () => {
  expect(parseSteps(" /shop/* > FORM_STARTED >> goal:paid>")).toEqual([
    ...[{ page: "/shop/*" }, { type: "FORM_STARTED" }, { goal: "paid" }],
  ]);
  expect(parseSteps("")).toEqual([]);
});

describe("a goal that is typed", () => {
  const goal = { goalId: "", name: " Paid for it! ", outranks: "ABANDONED", anyOf: [] } as const;

  test("asks for what is typed alone, and comes back as it was kept", () => {
    const anyOf = [{ ...noMatch(), page: "/thanks" }, {
      ...noMatch(),
      type: "CTA_CLICKED",
      property: "plan",
      value: "pro",
    }, {
      ...noMatch(),
      property: "plan",
    }];
    const input = toInput({ ...goal, anyOf });
    expect(input).toEqual({
      ...{ goalId: "paid-for-it", name: "Paid for it!", outranks: "ABANDONED" },
      anyOf: [{ page: "/thanks" }, { type: "CTA_CLICKED", property: { name: "plan", value: "pro" } }, {
        property: { name: "plan" },
      }],
    });
    const kept = input.anyOf.map(({ type = null, page = null, property }) => ({
      ...{ type, page, propertyName: property?.name ?? null, propertyValue: property?.value ?? null },
    }));
    expect(toDrafts({ goals: [{ ...input, anyOf: kept }] } as never)[0]!.anyOf).toEqual(anyOf);
  });

  test("sets no days that journeys are kept, and another number of days sets no goal", async () => {
    const { changesOf } = await import("../../api/dashboard/parts/form.svelte.ts");
    const settings = {
      keepJourneysDays: 90,
      goals: [{ ...goal, goalId: "paid", anyOf: [{ type: null, page: "/thanks" }] }],
    };
    const drafts = toDrafts(settings as never);
    const was = toSettings(drafts, 90);
    expect(changesOf(was, toSettings(drafts, 90))).toEqual({});
    expect(changesOf(was, toSettings(drafts, 30))).toEqual({ keepJourneysDays: 30 });
    drafts[0]!.anyOf.push({ ...noMatch(), type: "CTA_CLICKED" });
    expect(changesOf(was, toSettings(drafts, 90))).toEqual({
      goals: [{ ...toInput({ ...goal, goalId: "paid", anyOf: drafts[0]!.anyOf }) }],
    });
  });

  test.each([
    ["keeps the id that it has", { goalId: "old", name: "New" }, "old"],
    ["of letters of elsewhere has what is left of them", { name: "Überzeugt — ja" }, "u-berzeugt-ja"],
    ["of none has an id all the same", { name: "買った" }, "goal"],
    ["with a long name has an id that the service takes", { name: `${"a".repeat(39)} b` }, "a".repeat(39)],
  ])("%s", (_, own, goalId) => expect(toInput({ ...goal, ...own, anyOf: [] }).goalId).toBe(goalId));
});

test("what is kept aside is named by its kind, with or without a number, and holds no null", async () => {
  const { whatOf } = await import("../../api/dashboard/admin/aside/words.ts");
  const none = { sensorId: "tag-7", at: null, sessionId: null, batchOffset: null, count: 1 };
  const said = (more: object) => whatOf({ ...none, ...more } as never);
  const batch = { kind: "BATCH", sessionId: "walk-7", batchOffset: 0 };
  const readings = { kind: "READINGS", sessionId: "walk-7" };
  expect([
    said({ ...batch, count: 12 }),
    said({ ...batch, count: 0 }),
    said({ ...readings, count: 12 }),
    said(readings),
    said({ kind: "MOTION" }),
  ]).toEqual([
    "batch 0 of walk-7: 12 readings",
    "batch 0 of walk-7: what it states of its time",
    "12 readings of walk-7",
    "1 reading of walk-7",
    "motion at no time",
  ]);
  expect(said({ kind: "MOTION", at: "2026-01-31T12:00:00Z" })).toMatch(/^motion at .*2026/);
});

test("an alert says when it rings, and what became of it", () => {
  const rule = { measure: "COUNT", condition: "ABOVE", threshold: 100, size: "FIVE_MINUTES", lasting: 1 } as never;
  expect(ruleOf(rule)).toBe("how many above 100 in 5 minutes");
  expect(ruleOf({ ...rule as object, condition: "BELOW", measure: "MIN", size: "DAY", lasting: 2 } as never))
    .toBe("the least below 100 in 1 day, 2 times in a row");
  const what = (state: string, reason: string) => whatOf({ state, reason } as never);
  expect([
    what("RINGING", "CONFIGURED"),
    what("RINGING", "DELETED"),
    what("RINGING", "COUNTED"),
    what("QUIET", "COUNTED"),
  ])
    .toEqual(["was changed", "was ended", "began to ring", "fell quiet"]);
});

test("an address is of the page that its first part names, and of none where it names none", () => {
  expect(["/", "/live", "/sessions/a/b", "/live/"].map((path) => pageOf(path)?.title)).toEqual([
    ...["Start", "Live", "Sessions", "Live"],
  ]);
  expect([pageOf("/liver"), pageOf("/x/live")]).toEqual([undefined, undefined]);
});
