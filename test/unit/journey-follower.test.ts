import { describe, expect, test } from "vitest";
import { activeKey, createFollower } from "../../api/journeys/follow.ts";
import type { Journey } from "../../api/journeys/model.ts";
import type { Change } from "../../api/journeys/trails.ts";
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

  test("is told of in one run with all others that did, on however many pages their notes are", async () => {
    const { world, journeys, followerOf, told, changes, at } = createWorld();
    for (const sessionId of ["a", "b", "c"]) await journeys.record(T, [event(1, NOW, { sessionId })]);
    await followerOf().note(world.dynamo.dump("journeys").filter(({ sk }) => String(sk).endsWith("#META")));
    at(NOW + HOUR);
    const own = world.createProcess();
    async function* listChanges(tenantId: string) {
      for await (const page of own.trails.listChanges(tenantId)) for (const one of page) yield [one];
    }
    const onFinished = (journey: Journey) => Promise.resolve(void told.push(journey));
    const trails = { ...own.trails, listChanges };
    const follower = createFollower({ ...own, trails, hub: world.hub, clock: () => NOW + HOUR, onFinished });
    expect(await follower.run()).toEqual({ settled: 3, rebuilt: 0 });
    expect([told.length, await changes()]).toEqual([3, []]);
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

  test("wakes whoever looks at who is there, of its tenant alone", async () => {
    const { world, journeys, followerOf, imageOf } = createWorld();
    await journeys.record(T, [event(1, NOW)]);
    let wakes = 0;
    const stops = [T, "other"].map((tenant) => world.hub.watch(activeKey(tenant), () => void wakes++));
    await followerOf().note([imageOf()]);
    for (const stop of stops) stop();
    expect(wakes).toBe(1);
  });

  test("is noted as it was last, of its own tenant; one that was erased is noted as such, and forgotten by the next run", async () => {
    const { world, journeys, followerOf, imageOf, changes, trails } = createWorld();
    const images = [];
    for (const seq of [1, 2]) {
      await journeys.record(T, [event(seq, NOW, { visitorId: "ada" })]);
      images.push(imageOf());
    }
    await journeys.record("other", [event(1, NOW + 7)]);
    images.push(world.dynamo.dump("journeys").find(({ tenant }) => tenant === "other")!);
    await followerOf().note(images);
    const [others = []] = await Array.fromAsync(trails.listChanges("other"));
    expect([await changes(), others]).toMatchObject([[{ eventCount: 2 }], [{ startedAt: NOW + 7, eventCount: 1 }]]);
    await world.createProcess().erase(T, "ada");
    await followerOf().note([imageOf()]);
    expect(await changes()).toMatchObject([{ sessionId: "s", isErased: true }]);
    expect([await followerOf().run(), await changes()]).toEqual([{ settled: 1, rebuilt: 0 }, []]);
  });

  test("and whose time is over by then loses its trail, and is not told of", async () => {
    const { journeys, followerOf, imageOf, told, changes, trailOf, at } = createWorld();
    await journeys.record(T, [event(1, NOW)]);
    const images = [imageOf()];
    await followerOf().note(images);
    at(NOW + HOUR);
    await followerOf().run();
    expect(await trailOf()).toBeDefined();
    await journeys.record(T, [event(2, NOW)]);
    await followerOf().note([imageOf()]);
    at(NOW + 90 * 24 * HOUR + HOUR + 1);
    await followerOf().run();
    expect([await trailOf(), await changes(), told.length]).toEqual([undefined, [], 1]);
  });

  test("and came back after its time has a trail again, also while the one of before is not removed yet", async () => {
    const { world, journeys, followerOf, imageOf, changes, trailOf, told, at } = createWorld();
    await journeys.record(T, [1, 2, 3, 4, 5].map((seq) => event(seq, NOW)));
    await followerOf().note([imageOf()]);
    at(NOW + HOUR);
    await followerOf().run();
    const back = NOW + 91 * 24 * HOUR;
    at(back);
    for (const { pk, sk } of world.dynamo.dump("journeys")) await world.dynamo.remove("journeys", { pk, sk });
    await journeys.record(T, [event(1, back)]);
    await followerOf().note([imageOf()]);
    at(back + HOUR);
    await followerOf().run();
    expect([(await trailOf())?.eventCount, (await trailOf())?.startedAt, await changes()]).toEqual([1, back, []]);
    expect(told.map(({ eventCount }) => eventCount)).toEqual([5, 1]);
  });

  test("and goes on, and is gone as that is noted, is left to whoever takes the note next", async () => {
    const { world, journeys, followerOf, imageOf, changes, at } = createWorld();
    await journeys.record(T, [event(1, NOW)]);
    await followerOf().note([imageOf()]);
    at(NOW + 31 * MINUTE);
    await journeys.record(T, [event(2, NOW + 20 * MINUTE)]);
    const goes: OnCall = async (when, call) => {
      const { pk, sk } = imageOf() ?? {};
      if (when === "before" && call === "get" && pk) await world.dynamo.remove("journeys", { pk, sk });
    };
    await followerOf(undefined, goes).run();
    expect([imageOf(), await changes()]).toMatchObject([undefined, [{ eventCount: 1 }]]);
    await followerOf().run();
    expect(await changes()).toEqual([]);
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

test("a rebuild makes trails anew by other goals, and tells of no journey that was told of", async () => {
  const { world, journeys, configuration, followerOf, imageOf, told, trailOf, at } = createWorld();
  await journeys.record(T, [event(1, NOW)]);
  await followerOf().note([imageOf()]);
  at(NOW + 31 * MINUTE);
  await followerOf().run();
  const before = imageOf();
  await configuration.configure(T, { goals: [{ goalId: "seen", anyOf: [{ type: "PAGE_VIEWED" }] }] });
  await followerOf().run();
  expect(await trailOf()).toMatchObject({ goalsVersion: 1 });
  await followerOf().note([imageOf()]);
  await followerOf().run();
  expect(told).toHaveLength(1);
  // Its trail is right already; that it follows them itself is a change.
  await world.dynamo.put("journeys", before);
  await configuration.rebuild(T);
  await followerOf().run();
  expect((await configuration.get(T)).rebuild).toMatchObject({ journeysRead: 1, journeysChanged: 1 });
});

test("of two who take a rebuild on at once each part is one's", async () => {
  const { journeys, configuration, followerOf } = createWorld();
  await journeys.record(T, [event(1, NOW)]);
  await followerOf().run();
  await configuration.rebuild(T);
  let isMet = false;
  const meanwhile: OnCall = async (when, call) => {
    if (isMet || when === "after" || call !== "putIf") return;
    isMet = true;
    await followerOf().run();
  };
  expect([await followerOf(undefined, meanwhile).run(), isMet]).toEqual([{ settled: 0, rebuilt: 0 }, true]);
  expect((await configuration.get(T)).rebuild).toMatchObject({ journeysRead: 1 });
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
  expect(ttls()).toEqual([["E", days(91)], ["META", days(90)], ["TRAIL", days(90)], ["V", days(91)]]);
  await configuration.configure(T, { keepJourneysDays: 30 });
  await run();
  expect(ttls()).toEqual([["E", days(31)], ["META", days(30)], ["TRAIL", days(30)], ["V", days(31)]]);
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
