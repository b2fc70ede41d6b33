import { describe, expect, test } from "vitest";
import { MAX_AHEAD_MS } from "../../api/core/check.ts";
import { keyOf } from "../../api/journeys/item.ts";
import { type JourneyFilter, MAX_COUNTED } from "../../api/journeys/lists.ts";
import { createListWorld } from "../kit/list-world.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const [HALF_AN_HOUR, DAY] = [1_800_000, 86_400_000];
const T = "shop";

const createWorld = () => createListWorld(T, NOW);

describe("journeys of a clock that is ahead", () => {
  const edge = NOW + MAX_AHEAD_MS;
  test.each<[string, JourneyFilter, string[]]>([
    ["all", {}, ["ahead"]],
    ["the last day", { range: { last: "DAY" } }, ["ahead"]],
    ["of a visitor", { visitorId: "v" }, ["ahead"]],
    ["up to an instant", { range: { between: { from: NOW - DAY, to: edge } } }, []],
    ["up to a later one", { range: { between: { from: NOW - DAY, to: edge + 1 } } }, ["ahead"]],
  ])("are in the list of %s up to the furthest that is taken, and no further", async (_, filter, expected) => {
    const { put, ids } = createWorld();
    await put("ahead", edge, "v");
    await put("beyond", edge + 1, "v");
    expect(await ids(filter)).toEqual(expected);
  });

  test("are a visitor's last ones", async () => {
    const { journeys, put } = createWorld();
    await put("now", NOW, "v");
    await put("ahead", edge, "v");
    expect(await journeys.findVisitor(T, "v")).toEqual({ ids: ["v"], firstSeenAt: NOW, lastSeenAt: edge });
  });
});

describe("a filter that may pass over most, without a range", () => {
  test("reads thirty days up to the latest journey, to the millisecond, and says whether there are earlier ones", async () => {
    const { calls, journeys, put, list, ids } = createWorld();
    const latest = NOW - 100 * DAY;
    await put("latest", latest);
    await put("first", latest - 30 * DAY);
    expect(await ids({ did: ["PAGE_VIEWED"] })).toEqual(["latest", "first"]);
    expect(await (await list({ did: ["PAGE_VIEWED"] })).hasEarlier()).toBe(false);
    await put("before", latest - 30 * DAY - 1);
    expect(await ids({ did: ["PAGE_VIEWED"] })).toEqual(["latest", "first"]);
    expect(await (await list({ did: ["PAGE_VIEWED"] })).hasEarlier()).toBe(true);
    // One that passes over little reads all, and so does a file; then there is nothing earlier, and nobody looks for it.
    expect(await ids({})).toEqual(["latest", "first", "before"]);
    const file = await journeys.list(T, { did: ["PAGE_VIEWED"] }, { first: 9 }, true);
    expect([file.edges.length, file.range.fromAt]).toEqual([3, 0]);
    calls.length = 0;
    expect([await file.hasEarlier(), calls]).toEqual([false, []]);
  });

  test.each<[JourneyFilter, boolean]>([
    [{ did: ["PAGE_VIEWED"] }, true],
    [{ didNot: ["PAID"] }, true],
    [{ did: ["PAGE_VIEWED"], didNot: ["PAID"] }, true],
    [{ outcome: "BROWSING" }, true],
    [{ goal: "seen" }, true],
    [{ question: "nepal" }, true],
    [{ page: "/" }, true],
    [{}, false],
    [{ visitorId: "v", did: ["PAGE_VIEWED"] }, false],
  ])("is one that asks for what not all have, of all visitors: %j", async (filter, isLong) => {
    const { configuration, put, list } = createWorld();
    await configuration.configure(T, { goals: [{ goalId: "seen", anyOf: [{ type: "PAGE_VIEWED" }] }] });
    await put("latest", NOW - 100 * DAY, "v");
    const { range, isComplete } = await list(filter);
    expect([range, isComplete]).toEqual([
      { fromAt: isLong ? NOW - 130 * DAY : 0, toAt: NOW + MAX_AHEAD_MS + 1 },
      true,
    ]);
  });

  test("goes on from page to page within the stretch in which it began, whatever comes meanwhile", async () => {
    const { put, list } = createWorld();
    for (const [i, name] of ["a", "b", "c"].entries()) await put(name, NOW - (100 + 14 * i) * DAY);
    const filter = { didNot: ["PAID"] };
    const first = await list(filter, { first: 1 });
    await put("later", NOW);
    const rest = await list(filter, { first: 5, after: first.edges[0]!.cursor });
    expect(rest.edges.map(({ node }) => node.sessionId)).toEqual(["b", "c"]);
  });

  test("names twenty types, and not one more", async () => {
    const { list } = createWorld();
    const types = Array.from({ length: 21 }, (_, i) => `TYPE_${i}`);
    for (const name of ["did", "didNot"] as const) {
      // Where there is no latest journey, all of them are read.
      const range = { fromAt: 0, toAt: NOW + MAX_AHEAD_MS + 1 };
      await expect(list({ [name]: types.slice(0, 20) })).resolves.toMatchObject({ edges: [], range });
      await expect(list({ [name]: types })).rejects.toMatchObject({
        fields: [{ path: ["filter", name], message: "must hold at most 20 types, has 21" }],
      });
    }
  });
});

test("a list is counted to ten thousand, exactly; beyond, it says that there are more", async () => {
  const { dynamo, put, list } = createWorld();
  await put("s0", NOW);
  const [item] = dynamo.dump("journeys");
  for (let i = 1; i < MAX_COUNTED; i++) {
    await dynamo.put("journeys", { ...item, ...keyOf(T, `s${i}`), startedAt: NOW - i });
  }
  expect(await (await list({}, { first: 1 })).total()).toEqual({ count: 10_000, isExact: true });
  await put("more", NOW - MAX_COUNTED);
  expect(await (await list({}, { first: 1 })).total()).toEqual({ count: MAX_COUNTED, isExact: false });
});

test("a list reads two thousand journeys from their events, exactly; where there are more, it says that some may be missing", async () => {
  const { dynamo, put, list } = createWorld();
  const MOST = 2_000;
  for (let i = 0; i <= MOST; i++) await put(`s${i}`, NOW - i);
  const first = () => list({ page: "/none" }, { first: 1 });
  const { isComplete, total } = await first();
  expect([isComplete, await total()]).toEqual([false, { count: 0, isExact: false }]);
  await dynamo.remove("journeys", keyOf(T, "s7"));
  expect(await first()).toMatchObject({ isComplete: true });
});

test("a list is counted by what it shows, whatever its pages hold, which are a hundred at most", async () => {
  const { put, list } = createWorld();
  await expect(list({}, { first: 101 })).rejects.toMatchObject({ fields: [{ path: ["first"] }] });
  for (const [i, name] of ["a", "b", "c"].entries()) await put(name, NOW - i, i < 2 ? "v" : "w");
  const counts = [{}, { visitorId: "v" }, { visitorId: "x" }].map(async (filter) =>
    (await list(filter, { first: 1 })).total()
  );
  expect(await Promise.all(counts)).toEqual([3, 2, 0].map((count) => ({ count, isExact: true })));
});

test("the journeys that name an id come from the latest to the first, but for those that are over", async () => {
  const { dynamo, journeys, put } = createWorld();
  for (let i = 0; i < 120; i++) await put(`s${i}`, NOW + MAX_AHEAD_MS - i, i < 110 ? "v" : "w");
  const [over] = dynamo.dump("journeys").filter(({ sk }) => sk === keyOf(T, "s3").sk);
  await dynamo.put("journeys", { ...over, arrivedAt: NOW - 91 * DAY });
  const named = async (id: string) => {
    const found: string[] = [];
    for await (const page of journeys.listNamed(T, id)) found.push(...page.map(({ sessionId }) => sessionId));
    return found;
  };
  const all = Array.from({ length: 110 }, (_, i) => `s${i}`).filter((id) => id !== "s3");
  expect([await named("v"), await named("x")]).toEqual([all, []]);
});

test("each page of a person's journeys costs the same requests, the last as the first, in either direction", async () => {
  const { calls, put, list } = createWorld();
  for (let i = 0; i < 12; i++) await put(`s${i}`, NOW - i, "v");
  const costs: number[] = [];
  const seen: string[] = [];
  for (let after: string | undefined, more = true; more;) {
    calls.length = 0;
    const page = await list({ visitorId: "v" }, { first: 3, after });
    costs.push(calls.filter((call) => call === "query").length);
    seen.push(...page.edges.map(({ node }) => node.sessionId));
    [more, after] = [page.hasNextPage, page.edges.at(-1)?.cursor];
  }
  expect(seen).toHaveLength(12);
  for (let before: string | undefined, more = true; more;) {
    calls.length = 0;
    const page = await list({ visitorId: "v" }, { first: 100, last: 3, before });
    costs.push(calls.filter((call) => call === "query").length);
    [more, before] = [page.hasPreviousPage, page.edges[0]!.cursor];
  }
  // One for the ids, one for the journeys, one for such as began at the instant of the last of them.
  expect(costs).toEqual([3, 3, 3, 3, 3, 3, 3, 3]);
});

test("journeys of a visitor that began in one instant are each on one page, in either direction, by whatever ids", async () => {
  const { journeys, put, list, ids } = createWorld();
  const names = ["d", "a", "f", "c", "b", "e"];
  for (const [i, name] of names.entries()) await put(name, i < 5 ? NOW : NOW - 1, i < 4 ? "v" : "w");
  await journeys.record(T, [{
    ...{ sessionId: "link", seq: 1, type: "IDENTIFIED", occurredAt: new Date(NOW - 5).toISOString() },
    ...{ visitorId: "v", aliasOf: "w" },
  }]);
  const all = ["a", "b", "c", "d", "f", "e", "link"];
  for (const visitorId of ["v", "w"]) {
    expect(await ids({ visitorId })).toEqual(all);
    for (const size of [1, 2, 3]) {
      const forward: string[] = [];
      for (let after: string | undefined, more = true; more;) {
        const page = await list({ visitorId }, { first: size, after });
        forward.push(...page.edges.map(({ node }) => node.sessionId));
        [more, after] = [page.hasNextPage, page.edges.at(-1)?.cursor];
      }
      const backward: string[] = [];
      for (let before: string | undefined, more = true; more;) {
        const page = await list({ visitorId }, { first: 100, last: size, before });
        backward.unshift(...page.edges.map(({ node }) => node.sessionId));
        [more, before] = [page.hasPreviousPage, page.edges[0]?.cursor];
      }
      expect([size, forward, backward]).toEqual([size, all, all]);
    }
  }
});

test("a journey is in the list of each id that its events name, and of no other", async () => {
  const { journeys, ids } = createWorld();
  const event = (seq: number, visitorId: string) => (
    { sessionId: "s", seq, type: "PAGE_VIEWED", occurredAt: new Date(NOW - 10 + seq).toISOString(), visitorId }
  );
  await journeys.record(T, [event(1, "ada"), event(2, "bob")]);
  await journeys.record(T, [event(3, "eve")]);
  for (const visitorId of ["ada", "bob", "eve"]) expect(await ids({ visitorId })).toEqual(["s"]);
  expect(await ids({ visitorId: "ad" })).toEqual([]);
});

describe("a filter", () => {
  const at = (seq: number) => new Date(NOW - 1_000 + seq).toISOString();
  const said = (sessionId: string, text: string) => (
    { sessionId, seq: 1, type: "MESSAGE_SENT", occurredAt: at(1), text, visitorId: "v" }
  );

  test("by words finds them in the first question, also in one that is kept with its event alone", async () => {
    const { journeys, put, ids } = createWorld();
    await journeys.record(T, [
      said("short", "Do you ship to Nepal?"),
      said("long", `${"Hello. ".repeat(60)} And to Nepal?`),
    ]);
    const viewed = { sessionId: "other", seq: 2, type: "PAGE_VIEWED", occurredAt: at(0), visitorId: "v" };
    await journeys.record(T, [viewed, said("other", "Do you ship at all?")]);
    const before = { ...viewed, sessionId: "long" };
    await journeys.record(T, [before, { ...before, source: "tab", seq: 1 }]);
    await put("none", NOW);
    expect(await ids({ question: "nepal" })).toEqual(["short", "long"]);
    expect(await ids({ question: "ship nepal" })).toEqual(["short"]);
  });

  test("by a goal finds who reached it, whatever else they reached, and is refused where there is none of that id", async () => {
    const { journeys, configuration, ids, list } = createWorld();
    const goals = ["paid", "signed-up"].map((goalId) => ({
      goalId,
      anyOf: [{ type: goalId.replace("-", "_").toUpperCase() }],
    }));
    await configuration.configure(T, { goals });
    const reach = (sessionId: string, ...types: string[]) =>
      journeys.record(T, types.map((type, i) => ({ sessionId, seq: i + 1, type, occurredAt: at(i) })));
    await reach("both", "PAID", "SIGNED_UP");
    await reach("one", "SIGNED_UP");
    await reach("neither", "PAGE_VIEWED");
    expect([await ids({ goal: "paid" }), (await ids({ goal: "signed-up" })).toSorted()]).toEqual([["both"], [
      "both",
      "one",
    ]]);
    await expect(list({ goal: "left" })).rejects.toMatchObject({
      fields: [{ path: ["filter", "goal"], message: "must be a goal of the tenant: paid, signed-up" }],
    });
    await configuration.configure(T, { goals: [] });
    await expect(list({ goal: "paid" })).rejects.toMatchObject({
      fields: [{ message: "must be a goal of the tenant: none; name some by configureJourneys" }],
    });
  });

  test("by an outcome finds what journeys come to by now", async () => {
    const { journeys, ids } = createWorld();
    const started = (sessionId: string, ago: number) => (
      { sessionId, seq: 1, type: "FORM_STARTED", occurredAt: new Date(NOW - ago).toISOString() }
    );
    await journeys.record(T, [started("still", HALF_AN_HOUR), started("left", HALF_AN_HOUR + 1)]);
    expect([await ids({ outcome: "BROWSING" }), await ids({ outcome: "ABANDONED" })]).toEqual([["still"], ["left"]]);
  });

  test("that says nothing of a part, or null, has all, and is one and the same", async () => {
    const { put, list } = createWorld();
    for (const [i, name] of ["a", "b"].entries()) await put(name, NOW - i, "v");
    const nulls = { range: null, outcome: null, visitorId: null, did: null, didNot: null, goal: null, question: null };
    const page = await list(nulls, { first: 1 });
    const rest = await list({}, { first: 1, after: page.edges[0]!.cursor });
    expect([page, rest].flatMap(({ edges }) => edges.map(({ node }) => node.sessionId))).toEqual(["a", "b"]);
    expect((await list({ ...nulls, did: ["PAGE_VIEWED"] })).edges).toHaveLength(2);
  });

  test("by types finds who did all of some, and none of others", async () => {
    const { journeys, ids } = createWorld();
    for (const types of [["A"], ["A", "B"], ["B", "C"]]) {
      await journeys.record(
        T,
        types.map((type, i) => ({ sessionId: types.join(""), seq: i + 1, type, occurredAt: at(i) })),
      );
    }
    const filters = [{ did: ["A"] }, { did: ["A", "B"] }, { didNot: ["A"] }, { did: ["B"], didNot: ["C", "D"] }];
    const found = filters.map(async (filter) => (await ids(filter)).toSorted());
    expect(await Promise.all(found)).toEqual([["A", "AB"], ["AB"], ["BC"], ["AB"]]);
  });

  test("by pages and properties finds whose events have them", async () => {
    const { journeys, ids } = createWorld();
    const of = (sessionId: string, page: string, plan: string) => (
      { sessionId, seq: 1, type: "PAGE_VIEWED", occurredAt: at(1), page, properties: { plan } }
    );
    await journeys.record(T, [of("a", "/pricing", "pro"), of("b", "/pricing", "free"), of("c", "/docs", "pro")]);
    const [page, plan] = [{ page: "/pri*" }, { properties: [{ name: "plan", value: "pro" }] }];
    const found = [page, plan, { ...page, ...plan }, { page: "/x" }].map(async (filter) =>
      (await ids(filter)).toSorted()
    );
    expect(await Promise.all(found)).toEqual([["a", "b"], ["a", "c"], ["a"], []]);
  });

  test("of which each page holds one passes over what does not match as it reads, no further than it must", async () => {
    const { dynamo, calls, limits, put, list, journeys } = createWorld();
    for (let i = 0; i < 9; i++) await put(`s${i}`, NOW - i);
    const costOf = async (filter: JourneyFilter, first: number) => {
      calls.length = 0;
      const { edges } = await list(filter, { first });
      return [edges.length, calls.filter((call) => call === "query").length];
    };
    expect(await costOf({}, 4)).toEqual([4, 1]);
    expect(await costOf({}, 9)).toEqual([9, 1]);
    // Where few may match, many are read at a time; once more for where the stretch ends.
    expect(await costOf({ did: ["PAID"] }, 4)).toEqual([0, 2]);
    const [over] = dynamo.dump("journeys").filter(({ sk }) => sk === keyOf(T, "s1").sk);
    await dynamo.put("journeys", { ...over, arrivedAt: NOW - 91 * DAY });
    limits.length = 0;
    expect(await list({}, { first: 4 })).toMatchObject({ hasNextPage: true, edges: { length: 4 } });
    expect(limits).toEqual([5, 1]);
    await journeys.record(T, [said("asked", "Do you ship?")]);
    expect(await ids({ question: "ship" })).toEqual(["asked"]);
    async function ids(filter: JourneyFilter) {
      return (await list(filter, { first: 4 })).edges.map(({ node }) => node.sessionId);
    }
  });

  test("names types in upper snake case, or is refused", async () => {
    const { list } = createWorld();
    for (const type of ["page_viewed", "PAGE VIEWED", "1PAGE", "", `P${"X".repeat(64)}`]) {
      await expect(list({ did: [type] })).rejects.toMatchObject({ fields: [{ path: ["filter", "did"] }] });
    }
    await expect(list({ did: [`P${"X".repeat(63)}`] })).resolves.toMatchObject({ edges: [] });
  });

  test("has cursors of its own: those of any other are refused", async () => {
    const { journeys, configuration, list } = createWorld();
    const goals = ["g1", "g2"].map((goalId) => ({ goalId, anyOf: [{ type: "MESSAGE_SENT" }] }));
    await configuration.configure(T, { goals });
    for (const name of ["a", "b"]) {
      const { occurredAt: _, ...message } = said(name, "Do you ship to Nepal?");
      const viewed = { ...message, seq: 2, type: "PAGE_VIEWED", text: undefined, page: "/" };
      await journeys.record(
        T,
        [message, viewed].map((own) => ({ ...own, occurredAt: new Date(NOW - 1).toISOString() })),
      );
    }
    const range = { between: { from: NOW - DAY, to: NOW } };
    const all: JourneyFilter[] = [
      ...[{}, { range }, { range: { between: { from: NOW - DAY, to: NOW + 1 } } }, { visitorId: "v" }],
      ...[{ range: { between: { from: NOW - DAY + 1, to: NOW } } }, { range: { last: "DAY" as const } }],
      ...[{ did: ["PAGE_VIEWED"] }, { didNot: ["PAID"] }, { outcome: "GOAL_REACHED" as const }, {
        visitorId: "v",
        range,
      }],
      ...[{ goal: "g1" }, { goal: "g2" }, { question: "ship" }, { question: "nepal" }, { page: "/" }, { page: "/*" }],
    ];
    const cursors = await Promise.all(all.map(async (filter) => (await list(filter, { first: 1 })).edges[0]!.cursor));
    for (const [i, filter] of all.entries()) {
      for (const [j, after] of cursors.entries()) {
        const page = list(filter, { first: 1, after }).then(() => "taken", () => "refused");
        expect([i, j, await page]).toEqual([i, j, i === j ? "taken" : "refused"]);
      }
    }
  });
});

test("a journey is listed under further ids where they, its start or its day are others, and not at each write", async () => {
  const { journeys, calls } = createWorld();
  const event = (seq: number, visitorId: string) => (
    { sessionId: "s", seq, type: "PAGE_VIEWED", occurredAt: new Date(NOW - 10 + seq).toISOString(), visitorId }
  );
  const puts = async (...events: object[]) => {
    calls.length = 0;
    await journeys.record(T, events);
    return calls.filter((call) => call === "put").length;
  };
  expect(await puts(event(1, "ada"), event(2, "bob"))).toBe(1);
  expect([await puts(event(3, "bob")), await puts(event(4, "ada"))]).toEqual([0, 0]);
  expect(await puts(event(5, "eve"))).toBe(2);
});
