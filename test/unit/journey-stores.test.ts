import { describe, expect, test } from "vitest";
import { toChunks } from "../../api/journeys/chunk.ts";
import { toItem } from "../../api/journeys/item.ts";
import type { ArrivedEvent, Journey } from "../../api/journeys/model.ts";
import { createJourneyRecounts } from "../../api/journeys/recount.ts";
import { decideEvents } from "../../api/journeys/rules.ts";
import { createJourneyStore, type ListQuery } from "../../api/journeys/store.ts";
import { trailOf } from "../../api/journeys/trail.ts";
import { changeOf, createTrailStore } from "../../api/journeys/trails.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const DAY = 86_400_000;
const T = "shop";

function createWorld() {
  const dynamo = createMemoryDynamo({ journeys: tables.journeys, trails: tables.trails });
  return { dynamo, store: createJourneyStore(dynamo, "journeys"), trails: createTrailStore(dynamo, "trails") };
}

const event = (seq: number, own: Partial<ArrivedEvent> = {}): ArrivedEvent => (
  { sessionId: "s", source: "main", seq, type: "PAGE_VIEWED", occurredAt: NOW + seq, receivedAt: NOW, ...own }
);
const journeyOf = (...events: ArrivedEvent[]): Journey => decideEvents(T, undefined, events).journey!;
const withGoals = (journey: Journey, version: number): Journey => (
  { ...journey, goals: { version, reached: journey.goals.reached } }
);

describe("a journey is written where it is as it was read, and nowhere else", () => {
  const plain = journeyOf(event(1));
  const more = journeyOf(event(1), event(2));
  const named = { ...plain, otherIds: ["b"] };
  const others = { ...plain, otherIds: ["c"] };
  const goals = withGoals(plain, 2);
  const later = withGoals(plain, 3);
  const kinds = { plain, more, named, others, goals, later };
  const pairs = Object.entries(kinds).flatMap(([is, there]) =>
    Object.entries(kinds).map(([was, read]) => [is, was, there, read] as const)
  );

  test.each(pairs)("is %s, was read as %s", async (is, was, there, read) => {
    const { dynamo, store } = createWorld();
    await dynamo.put("journeys", toItem(there));
    const next = journeyOf(event(1), event(3));
    const written = await store.replace(next, read);
    expect(written.ok).toBe(is === was);
    expect(await store.find(T, ["s"])).toEqual(new Map([["s", is === was ? next : there]]));
  });

  test("one that nobody had read is not written over", async () => {
    const { store } = createWorld();
    expect((await store.replace(plain, undefined)).ok).toBe(true);
    expect(await store.replace(more, undefined)).toEqual({ ok: false, current: plain, isErased: false });
    expect((await store.replace(more, plain)).ok).toBe(true);
    // What is not there is as nobody read it.
    expect((await createWorld().store.replace(more, plain)).ok).toBe(false);
  });
});

describe("a chunk", () => {
  const keep = (store: ReturnType<typeof createJourneyStore>, text: string, now: number, receivedAt = NOW) =>
    store.keepChunk(T, "s", toChunks([event(1, { text, receivedAt })])[0]!, { keepDays: 90, now });

  test("stays as who wrote first had it, to the second in which its time ends; then it is written anew", async () => {
    const { store } = createWorld();
    const first = event(1, { text: "first" });
    expect(await keep(store, "first", NOW)).toBeUndefined();
    expect(await keep(store, "second", NOW)).toEqual([first]);
    expect(await keep(store, "third", NOW + 90 * DAY + 999)).toEqual([first]);
    expect(await keep(store, "fourth", NOW + 90 * DAY + 1_000, NOW + 90 * DAY)).toBeUndefined();
    expect(await keep(store, "fifth", NOW + 91 * DAY)).toEqual([
      event(1, { text: "fourth", receivedAt: NOW + 90 * DAY }),
    ]);
  });

  test("that goes while the time of its journey is changed does not come back", async () => {
    const { dynamo, store } = createWorld();
    await keep(store, "first", NOW);
    await store.keepChunk(T, "s", toChunks([event(2)])[0]!, { keepDays: 90, now: NOW });
    const goes = {
      ...dynamo,
      async updateIf(...asked: Parameters<typeof dynamo.updateIf>) {
        await dynamo.remove(asked[0], asked[1]);
        return await dynamo.updateIf(...asked);
      },
    };
    await createJourneyStore(goes, "journeys").keepAlike({ ...journeyOf(event(1), event(2)), keepDays: 7 });
    expect(dynamo.dump("journeys")).toEqual([]);
    await keep(store, "first", NOW);
    await store.keepAlike({ ...journeyOf(event(1)), keepDays: 7 });
    expect(dynamo.dump("journeys").map(({ ttl }) => ttl)).toEqual([(NOW + 8 * DAY) / 1_000]);
  });
});

describe("a list reads of the table what may match, and leaves the rest there", () => {
  const goal = { goalId: "paid", outranks: "FORM_COMPLETED", occurredAt: NOW, source: "main", seq: 1 } as const;
  const own = (sessionId: string, type: string, more: Partial<Journey> = {}) => (
    { ...journeyOf(event(1, { sessionId, type, text: "How?" })), ...more }
  );
  const all: Journey[] = [
    own("viewed", "PAGE_VIEWED"),
    own("sent", "MESSAGE_SENT"),
    own("form", "FORM_COMPLETED"),
    own("reached", "PAGE_VIEWED", { goals: { version: 2, reached: [goal] } }),
    own("followed", "PAGE_VIEWED", { goals: { version: 2, reached: [] } }),
    own("before", "PAGE_VIEWED", { goals: { version: 1, reached: [] } }),
  ];

  test.each<[string, Partial<ListQuery>, string[]]>([
    ["of whatever kind", {}, ["before", "followed", "form", "reached", "sent", "viewed"]],
    ["with a type", { did: ["MESSAGE_SENT"] }, ["sent"]],
    ["with two types", { did: ["MESSAGE_SENT", "PAGE_VIEWED"] }, []],
    ["without a type", { didNot: ["PAGE_VIEWED"] }, ["form", "sent"]],
    ["without two types", { didNot: ["PAGE_VIEWED", "FORM_COMPLETED"] }, ["sent"]],
    ["with a question", { asked: true }, ["sent"]],
    ["of an outcome, where there are no goals", { outcome: "FORM_COMPLETED" }, [
      ...["before", "followed", "form", "reached"],
    ]],
    ["of an outcome, and those that follow other goals", { outcome: "FORM_COMPLETED", goalsVersion: 2 }, [
      ...["before", "form", "sent", "viewed"],
    ]],
    ["with a goal, and those that follow other goals", { goal: "paid", goalsVersion: 2 }, [
      ...["before", "form", "reached", "sent", "viewed"],
    ]],
    ["with a goal and a type", { goal: "paid", goalsVersion: 2, did: ["PAGE_VIEWED"] }, [
      ...["before", "reached", "viewed"],
    ]],
    ["with a goal of an outcome", { goal: "paid", goalsVersion: 2, outcome: "FORM_COMPLETED" }, [
      ...["before", "form", "sent", "viewed"],
    ]],
  ])("%s", async (_, query, expected) => {
    const { dynamo, store } = createWorld();
    for (const journey of all) await dynamo.put("journeys", toItem(journey));
    const { journeys } = await store.list({ tenantId: T, fromAt: 0, toAt: NOW + DAY, ...query }, 100, undefined);
    expect(journeys.map(({ sessionId }) => sessionId).sort()).toEqual(expected);
  });
});

test("a journey of a clock that says 1970 is found under its visitor, also from its first millisecond", async () => {
  const { dynamo, store } = createWorld();
  const at = (occurredAt: number) => journeyOf(event(1, { visitorId: "a", occurredAt }));
  await dynamo.put("journeys", toItem({ ...at(NOW), sessionId: "now" }));
  await dynamo.put("journeys", { ...toItem(at(NOW)), startedAt: 0 });
  expect(await store.findFirst(T, "a")).toBe(0);
  const found = [];
  for await (const page of store.listSessions(T, "a")) found.push(...page);
  expect(found).toEqual(["s", "now"]);
});

test("what has expired and is still there is found by who erases, and passed over by who asks when a visitor was first seen", async () => {
  let now = NOW;
  const dynamo = createMemoryDynamo({ journeys: tables.journeys }, { clock: () => now });
  const store = createJourneyStore(dynamo, "journeys");
  await dynamo.put("journeys", toItem(journeyOf(event(1, { visitorId: "a" }))));
  now += 90 * DAY + 1_000;
  const late = journeyOf(event(2, { sessionId: "late", visitorId: "a", receivedAt: now }));
  await dynamo.put("journeys", toItem(late));
  expect(await store.findFirst(T, "a")).toBe(NOW + 2);
  expect((await Array.fromAsync(store.listSessions(T, "a"))).flat()).toEqual(["s", "late"]);
});

test("a journey is listed anew under its further ids where it began earlier, is another's, or arrived on another day", async () => {
  const { dynamo, store } = createWorld();
  const of = (own: Partial<Journey>): Journey => ({
    ...journeyOf(event(1, { visitorId: "a" })),
    otherIds: ["b"],
    ...own,
  });
  const isListed = async (journey: Journey, before: Journey | undefined) => {
    for (const { pk, sk } of dynamo.dump("journeys")) await dynamo.remove("journeys", { pk, sk });
    await store.listUnder(journey, before);
    return dynamo.dump("journeys").length;
  };
  const midnight = NOW + DAY / 2;
  const was = of({ lastArrivalAt: NOW });
  expect([await isListed(was, undefined), await isListed(was, was)]).toEqual([1, 0]);
  expect(await isListed(of({ eventCount: 9, endedAt: NOW + 9, lastArrivalAt: midnight - 1 }), was)).toBe(0);
  expect(await isListed(of({ lastArrivalAt: midnight }), was)).toBe(1);
  expect(await isListed(of({ startedAt: NOW - 1 }), was)).toBe(1);
  expect(await isListed(of({ visitor: { ...was.visitor!, visitorId: "c" } }), was)).toBe(1);
  expect(await isListed(of({ otherIds: ["b", "d"] }), was)).toBe(2);
  expect([await isListed(of({ otherIds: [] }), was), await isListed(of({ visitor: undefined }), was)]).toEqual([0, 1]);
});

test("events are counted again of each journey that touches a range: of one that ended in its first millisecond, of none before", async () => {
  const { dynamo, store } = createWorld();
  const recounts = createJourneyRecounts(dynamo, "journeys", store);
  const read: string[] = [];
  const readAllChunks = store.readAllChunks.bind(store);
  store.readAllChunks = (tenantId, sessionId, options) => {
    read.push(sessionId);
    return readAllChunks(tenantId, sessionId, options);
  };
  const ends = { "in it": NOW, before: NOW - 1, after: NOW + 9 };
  for (const [sessionId, endedAt] of Object.entries(ends)) {
    await dynamo.put("journeys", toItem({ ...journeyOf(event(1, { sessionId, occurredAt: NOW - 9 })), endedAt }));
  }
  for await (const _ of recounts.events(T, NOW, NOW + 1)) continue;
  expect(new Set(read)).toEqual(new Set(["after", "in it"]));
});

describe("what a tenant decided is written where it is as it was read", () => {
  test("of two who decide at once the one that is later is told so; also where the goals are the same", async () => {
    const { store } = createWorld();
    const none = await store.getSettings(T);
    const first = { ...none, keepDays: 7, changedAt: NOW };
    expect((await store.replaceSettings(T, first, none)).ok).toBe(true);
    expect((await store.replaceSettings(T, { ...none, keepDays: 9, changedAt: NOW }, none)).ok).toBe(false);
    expect(await store.getSettings(T)).toEqual(first);
    const second = { ...first, keepDays: 8, changedAt: NOW + 1 };
    expect((await store.replaceSettings(T, second, first)).ok).toBe(true);
    expect((await store.replaceSettings(T, { ...first, keepDays: 9, changedAt: NOW + 2 }, first)).ok).toBe(false);
    const goals = { version: 1, list: [] };
    const third = { ...second, goals };
    expect((await store.replaceSettings(T, third, second)).ok).toBe(true);
    // In the same millisecond.
    expect((await store.replaceSettings(T, { ...second, keepDays: 9 }, second)).ok).toBe(false);
    expect(await store.getSettings(T)).toEqual(third);
  });
});

describe("a trail", () => {
  const put = (
    { trails }: ReturnType<typeof createWorld>,
    count: number,
    version: number,
    seen?: string,
    now = NOW,
  ) => {
    const events = Array.from({ length: count }, (_, i) => event(i + 1));
    const journey = journeyOf(...events);
    return trails.put(trailOf(journey, events, { version, list: [] }), journey, seen, now);
  };
  const of = async ({ trails }: ReturnType<typeof createWorld>) => {
    const { trail, finished } = await trails.find(T, "s");
    return [trail?.eventCount, trail?.goalsVersion, finished];
  };

  test("gives way to one of more events, or of as many and the same or later goals; and to no other", async () => {
    const world = createWorld();
    await put(world, 2, 2, "a");
    expect(await of(world)).toEqual([2, 2, "a"]);
    await put(world, 1, 3, "b");
    await put(world, 2, 1, "c");
    expect(await of(world)).toEqual([2, 2, "a"]);
    await put(world, 2, 2, "d");
    expect(await of(world)).toEqual([2, 2, "d"]);
    await put(world, 2, 3, "e");
    expect(await of(world)).toEqual([2, 3, "e"]);
    await put(world, 3, 1, "f");
    expect(await of(world)).toEqual([3, 1, "f"]);
  });

  test("gives way to any from the second in which its time is over: the journey went, and came back", async () => {
    const world = createWorld();
    await put(world, 5, 2, "a");
    await put(world, 1, 1, "b", NOW + 90 * DAY + 999);
    expect(await of(world)).toEqual([5, 2, "a"]);
    await put(world, 1, 1, "c", NOW + 90 * DAY + 1_000);
    expect(await of(world)).toEqual([1, 1, "c"]);
  });

  test("that is settled leaves no note, unless the journey changed since it was read", async () => {
    const { trails, dynamo } = createWorld();
    const notes = () =>
      dynamo.dump("trails").filter(({ pk }) => pk === `${T}#CHANGED`).map(({ eventCount }) => eventCount);
    const [first, second] = [changeOf(journeyOf(event(1))), changeOf(journeyOf(event(1), event(2)))];
    await trails.note(T, [first]);
    await trails.note(T, [second]);
    await trails.settled(T, first);
    expect(notes()).toEqual([2]);
    await trails.settled(T, second);
    expect(notes()).toEqual([]);
    await trails.settled(T, second);
  });

  test("of a rebuild each part is noted once, of the run that is under way, and nothing after its end", async () => {
    const { trails } = createWorld();
    const begun = await trails.beginRebuild(T, NOW);
    const part = { ...begun, position: { startedAt: NOW, sessionId: "s" }, journeysRead: 5 };
    expect(await trails.advanceRebuild(begun, part)).toBe(true);
    expect(await trails.advanceRebuild(begun, { ...part, journeysRead: 6 })).toBe(false);
    const again = await trails.beginRebuild(T, NOW + 1);
    expect(await trails.advanceRebuild({ ...part, journeysRead: 0 }, part)).toBe(false);
    const done = { ...again, doneAt: NOW + 2 };
    expect(await trails.advanceRebuild(again, done)).toBe(true);
    // Nothing was read: an end is an end.
    expect(await trails.advanceRebuild(again, { ...done, doneAt: NOW + 3 })).toBe(false);
    expect(await trails.findRebuild(T)).toEqual(done);
  });
});
