import { describe, expect, test } from "vitest";
import { InvalidInputError, NotIndexedError } from "../../api/core/errors.ts";
import { createActiveVisitors } from "../../api/journeys/active.ts";
import { activeKey, createFollower } from "../../api/journeys/follow.ts";
import { keepEvents } from "../../api/journeys/keep.ts";
import type { Journey } from "../../api/journeys/model.ts";
import type { Change } from "../../api/journeys/trails.ts";
import { createStillHub } from "../../api/live/hub.ts";
import { createEraseWorld, type OnCall } from "../kit/erase-world.ts";
import type { EventInput } from "../kit/journeys.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const [MINUTE, HOUR] = [60_000, 3_600_000];
const T = "shop";
const event = (seq: number, occurredAt: number, own: Partial<EventInput> = {}): EventInput => (
  { sessionId: "s", seq, type: "PAGE_VIEWED", occurredAt: new Date(occurredAt).toISOString(), ...own }
);

function createWorld() {
  let now = NOW;
  const world = createEraseWorld(NOW, () => now);
  const { journeys, store, trails, configuration } = world.createProcess();
  const told: Journey[] = [];
  const onFinished = (journey: Journey) => Promise.resolve(void told.push(journey));
  const followerOf = (own = onFinished, onCall?: OnCall) =>
    createFollower({ ...world.createProcess(onCall), hub: world.hub, clock: () => now, onFinished: own });
  /** What the stream shows of the journey, as it is. */
  const imageOf = () => world.dynamo.dump("journeys").find(({ sk }) => sk === "s#META")!;
  const changes = async () => {
    const found: Change[] = [];
    for await (const page of trails.listChanges(T)) found.push(...page);
    return found;
  };
  const trailOf = async () => (await trails.find(T, "s")).trail;
  return {
    ...{ world, journeys, store, trails, configuration, told, followerOf, imageOf, changes, trailOf },
    at: (time: number) => void (now = time),
  };
}

describe("a journey that changed", () => {
  test("is told of half an hour and a millisecond after its last event, once", async () => {
    const { journeys, followerOf, imageOf, told, changes, at } = createWorld();
    await journeys.record(T, [event(1, NOW)]);
    await followerOf().note([imageOf()]);
    at(NOW + 30 * MINUTE);
    expect(await followerOf().run()).toEqual({ settled: 0, rebuilt: 0 });
    at(NOW + 30 * MINUTE + 1);
    expect(await followerOf().run()).toEqual({ settled: 1, rebuilt: 0 });
    expect([told.map(({ eventCount }) => eventCount), await changes()]).toEqual([[1], []]);
    await followerOf().note([imageOf()]);
    await followerOf().run();
    expect(told).toHaveLength(1);
  });

  test("is told before that is noted: where it cannot be, the next run tells", async () => {
    const { journeys, followerOf, imageOf, told, changes, trailOf, at } = createWorld();
    await journeys.record(T, [event(1, NOW)]);
    await followerOf().note([imageOf()]);
    at(NOW + HOUR);
    await expect(followerOf(() => Promise.reject(new Error("away"))).run()).rejects.toThrow("away");
    expect([await trailOf(), (await changes()).length]).toEqual([undefined, 1]);
    await followerOf().run();
    expect([told.length, (await trailOf())?.eventCount]).toEqual([1, 1]);
  });

  test("and goes on, which nobody noted yet, stays noted as it is now", async () => {
    const { journeys, followerOf, imageOf, told, changes, at } = createWorld();
    await journeys.record(T, [event(1, NOW)]);
    await followerOf().note([imageOf()]);
    at(NOW + 31 * MINUTE);
    await journeys.record(T, [event(2, NOW + 20 * MINUTE)]);
    await followerOf().run();
    expect(told).toEqual([]);
    expect(await changes()).toMatchObject([{ sessionId: "s", endedAt: NOW + 20 * MINUTE, eventCount: 2 }]);
  });

  test("has a trail that goes with it: ninety days after it arrived, whenever its events happened", async () => {
    const { world, journeys, followerOf, imageOf } = createWorld();
    await journeys.record(T, [event(1, NOW - 900 * 24 * HOUR)]);
    await followerOf().note([imageOf()]);
    await followerOf().run();
    const trail = world.dynamo.dump("trails").find(({ sk }) => sk === "s#TRAIL")!;
    expect(trail.ttl).toBe((NOW + 90 * 24 * HOUR) / 1_000);
    expect(trail.ttl).toBe(imageOf().ttl);
  });

  test("wakes whoever looks at who is there", async () => {
    const { world, journeys, followerOf, imageOf } = createWorld();
    await journeys.record(T, [event(1, NOW)]);
    let wakes = 0;
    const stop = world.hub.watch(activeKey(T), () => void wakes++);
    await followerOf().note([imageOf()]);
    stop();
    expect(wakes).toBe(1);
  });

  test("and is erased while its trail is made leaves none", async () => {
    const { world, journeys, followerOf, imageOf, trailOf, at } = createWorld();
    await journeys.record(T, [event(1, NOW, { visitorId: "ada" })]);
    await followerOf().note([imageOf()]);
    at(NOW + HOUR);
    let isMet = false;
    const meanwhile: OnCall = async (when, call) => {
      if (isMet || when === "after" || call !== "putIf") return;
      isMet = true;
      await world.createProcess().erase(T, "ada");
    };
    await followerOf(undefined, meanwhile).run();
    expect([isMet, await trailOf()]).toEqual([true, undefined]);
  });
});

describe("a rebuild", () => {
  const rebuilt = async (world: ReturnType<typeof createWorld>, at: number) => {
    world.at(at);
    await world.configuration.rebuild(T);
    await world.followerOf().run();
    expect((await world.trailOf())?.eventCount).toBe(1);
    await world.followerOf().note([world.imageOf()]);
    world.at(at + HOUR);
    await world.followerOf().run();
    return world.told.length;
  };

  test.each([
    ["an hour ago, of which the stream has not told yet, leaves it to be told of", HOUR, 1],
    ["longer ago, which is of before anything was told, tells of it no more", HOUR + 1, 0],
  ])("of a journey that arrived %s", async (_, age, expected) => {
    const world = createWorld();
    await world.journeys.record(T, [event(1, NOW)]);
    expect(await rebuilt(world, NOW + age)).toBe(expected);
  });

  test("of one that is noted leaves it to be told of, however long ago it arrived", async () => {
    const world = createWorld();
    await world.journeys.record(T, [event(1, NOW)]);
    await world.followerOf().note([world.imageOf()]);
    expect(await rebuilt(world, NOW + 2 * HOUR)).toBe(1);
  });
});

test("a rebuild says how many journeys it read and changed, and goes on from where it was", async () => {
  const { journeys, configuration, followerOf, trails } = createWorld();
  for (const sessionId of ["a", "b", "c"]) await journeys.record(T, [event(1, NOW, { sessionId })]);
  const told = async () => {
    const { rebuilt } = await followerOf().run();
    const { journeysRead, journeysChanged, doneAt } = (await configuration.get(T)).rebuild!;
    return { rebuilt, journeysRead, journeysChanged, doneAt };
  };
  await configuration.rebuild(T);
  expect(await told()).toEqual({ rebuilt: 3, journeysRead: 3, journeysChanged: 3, doneAt: NOW });
  await configuration.rebuild(T);
  expect(await told()).toEqual({ rebuilt: 3, journeysRead: 3, journeysChanged: 0, doneAt: NOW });
  const begun = (await configuration.rebuild(T)).rebuild!;
  await trails.advanceRebuild(begun, { ...begun, journeysRead: 10, position: { startedAt: NOW, sessionId: "a" } });
  const { rebuilt, journeysRead } = await told();
  expect(journeysRead - rebuilt).toBe(10);
  expect(rebuilt).toBeLessThan(3);
});

test("a rebuild gives all that is kept of a journey the time that is decided now, once; what is as it was is not written", async () => {
  const { world, journeys, configuration, followerOf } = createWorld();
  const own = [event(1, NOW, { visitorId: "ada" }), event(2, NOW + 1, { visitorId: "bob" })];
  await journeys.record(T, own);
  const run = async (): Promise<string[]> => {
    const calls: string[] = [];
    const { rebuilt } = await followerOf(undefined, (when, call) => void (when === "before" && calls.push(call))).run();
    expect(rebuilt).toBe(1);
    return calls.filter((call) => ["put", "putIf", "updateIf", "remove"].includes(call));
  };
  const ttls = () =>
    [...world.dynamo.dump("journeys"), ...world.dynamo.dump("trails")]
      .filter(({ sk }) => String(sk).startsWith("s#")).map(({ sk, ttl }) => [String(sk).split("#")[1], ttl])
      .toSorted(([a], [b]) => (a! < b! ? -1 : 1));
  await configuration.rebuild(T);
  await run();
  const days = (count: number) => (NOW + count * 24 * HOUR) / 1_000;
  expect(ttls()).toEqual([["E", days(90)], ["META", days(90)], ["TRAIL", days(90)], ["V", days(91)]]);
  await configuration.configure(T, { keepJourneysDays: 30 });
  await run();
  expect(ttls()).toEqual([["E", days(30)], ["META", days(30)], ["TRAIL", days(30)], ["V", days(31)]]);
  await configuration.rebuild(T);
  // That the rebuild came to its end, and no more.
  expect(await run()).toHaveLength(1);
});

test("a rebuild gives a journey the goals that are decided now, also where it is written to meanwhile", async () => {
  const { world, journeys, store, configuration, followerOf } = createWorld();
  await journeys.record(T, [event(1, NOW, { type: "PAID" })]);
  await configuration.configure(T, { goals: [{ goalId: "paid", anyOf: [{ type: "PAID" }] }] });
  let isMet = false;
  const meanwhile: OnCall = async (when, call) => {
    if (isMet || when === "after" || call !== "putIf") return;
    isMet = true;
    await world.createProcess().journeys.record(T, [event(2, NOW + 1)]);
  };
  await followerOf(undefined, meanwhile).run();
  const journey = (await store.find(T, ["s"])).get("s")!;
  expect([isMet, journey]).toMatchObject([true, {
    eventCount: 2,
    goals: { version: 1, reached: [{ goalId: "paid" }] },
  }]);
});

describe("who is there", () => {
  const change = (n: number, own: Partial<Change> = {}): Change => ({
    ...{ sessionId: `s${n}`, version: "v", startedAt: NOW, endedAt: NOW, page: "/", pageAt: NOW, eventCount: 1 },
    isErased: false,
    ...own,
  });
  async function activeOf(changes: Change[]) {
    const { world, trails } = createWorld();
    await trails.note(T, changes);
    return await createActiveVisitors({ trails, hub: world.hub, clock: () => NOW, indexed: true }).get(T, 5);
  }
  const many = (count: number, own: (n: number) => Partial<Change> = () => ({})) =>
    Array.from({ length: count }, (_, n) => change(n, own(n)));

  test("is whoever did something in the last minutes, to the millisecond, and was not erased", async () => {
    const { count, visitors } = await activeOf([
      change(1, { endedAt: NOW - 5 * MINUTE }),
      change(2, { endedAt: NOW - 5 * MINUTE + 1 }),
      change(3, { isErased: true }),
    ]);
    expect([count, visitors.map(({ sessionId }) => sessionId)]).toEqual([1, ["s2"]]);
  });

  test("is told with who did something last first, and the page where most are first; of one time and number by their names", async () => {
    const { visitors, pages, cursor } = await activeOf([
      change(3, { page: "/b" }),
      change(1, { page: "/c", endedAt: NOW - 1 }),
      change(2, { page: "/a" }),
      change(4, { page: undefined, endedAt: NOW + 1 }),
      change(5, { page: "/c", endedAt: NOW - 2 }),
    ]);
    expect(visitors.map(({ sessionId }) => sessionId)).toEqual(["s4", "s2", "s3", "s1", "s5"]);
    expect(pages).toEqual([
      ...[{ page: "/c", count: 2 }, { page: undefined, count: 1 }, { page: "/a", count: 1 }, { page: "/b", count: 1 }],
    ]);
    expect(cursor).toMatch(/^[\w-]{20}$/);
  });

  test("is asked for by one to thirty minutes, and where journeys are kept in tables", async () => {
    const { world, trails } = createWorld();
    const of = (indexed: boolean) => createActiveVisitors({ trails, hub: world.hub, clock: () => NOW, indexed });
    const { signal } = new AbortController();
    for (const minutes of [0, 31, 1.5]) {
      await expect(of(true).get(T, minutes)).rejects.toMatchObject({ fields: [{ path: ["minutes"] }] });
      expect(() => of(true).watch(T, minutes, undefined, signal)).toThrow(InvalidInputError);
    }
    expect([await of(true).get(T, 1), await of(true).get(T, 30)]).toMatchObject([{ count: 0 }, { count: 0 }]);
    await expect(of(false).get(T, 5)).rejects.toBeInstanceOf(NotIndexedError);
    expect(() => of(false).watch(T, 5, undefined, signal)).toThrow(NotIndexedError);
  });

  test("is told to whoever follows where it is not what they know, and is over where nobody waits", async () => {
    const { trails } = createWorld();
    await trails.note(T, [change(1)]);
    const hub = createStillHub();
    const active = createActiveVisitors({ trails, hub, clock: () => NOW, indexed: true });
    const { signal } = new AbortController();
    const now = await active.get(T, 5);
    expect(await Array.fromAsync(active.watch(T, 5, undefined, signal))).toEqual([now]);
    expect(hub.take()).toEqual({ keys: [activeKey(T)], rest: { fades: true } });
    expect(await Array.fromAsync(active.watch(T, 5, now.cursor, signal))).toEqual([]);
    await trails.note(T, [change(2)]);
    expect(await Array.fromAsync(active.watch(T, 5, now.cursor, signal))).toMatchObject([{ count: 2 }]);
  });

  test("is told whole up to a hundred people and a hundred pages", async () => {
    const wholes = [100, 101].map(async (count) => {
      const { isWhole, visitors, pages, ...all } = await activeOf(many(count));
      return [isWhole, all.count, visitors.length, pages];
    });
    expect(await Promise.all(wholes)).toEqual([
      [true, 100, 100, [{ page: "/", count: 100 }]],
      [false, 101, 100, [{ page: "/", count: 101 }]],
    ]);
    const pages = await activeOf(many(100, (n) => ({ page: `/${n}` })));
    expect([pages.isWhole, pages.pages.length]).toEqual([true, 100]);
    const more = await activeOf([...many(101, (n) => ({ page: `/${n}` }))]);
    expect([more.isWhole, more.pages.length]).toEqual([false, 100]);
  });
});

test("what is recorded by whoever knew earlier goals follows those by which its journey was written", async () => {
  const { journeys, store, configuration } = createWorld();
  const earlier = await store.getSettings(T);
  await configuration.configure(T, { goals: [{ goalId: "paid", anyOf: [{ type: "PAID" }] }] });
  await journeys.record(T, [event(1, NOW)]);
  const known = (await store.find(T, ["s"])).get("s")!;
  const paid = { sessionId: "s", source: "main", seq: 2, type: "PAID", occurredAt: NOW + 1, receivedAt: NOW };
  const { journey } = await keepEvents({ store, clock: () => NOW }, T, known, [paid], earlier);
  expect(journey!.goals).toMatchObject({ version: 1, reached: [{ goalId: "paid", seq: 2 }] });
  expect((await store.find(T, ["s"])).get("s")).toEqual(journey);
});
