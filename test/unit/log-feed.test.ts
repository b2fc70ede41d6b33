import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { createCursors } from "../../api/core/page.ts";
import { createHub, createStillHub, type Hub } from "../../api/live/hub.ts";
import { createLogFeed, feedCursorOf, type LogEntry } from "../../api/live/log-feed.ts";

const AT = Date.UTC(2026, 5, 1);
const DAY = 24 * 3_600_000;
type Change = { n: number };
type Line = LogEntry<Change> & { keptAt: number };

/** A log that others write, each line with the moment at which it is kept, and who follows it. */
function createWorld(hub: Hub = createHub()) {
  let now = AT;
  const lines: Line[] = [];
  const remembered: boolean[][] = [];
  const asked: { sinceAt: number; filter: string | undefined; hints: readonly string[] }[] = [];
  let waiting: { reads: number; resolve: () => void }[] = [];
  const followLog = createLogFeed<Change>({
    ...{ hub, clock: () => now, pollMs: 3_600_000, formerKind: "former", hubKey: (tenantId) => `changes#${tenantId}` },
    read(_tenant, filter, sinceAt, hints, memory) {
      remembered.push([memory.has("seen"), memory.has("other")]);
      memory.add("seen");
      asked.push({ sinceAt, filter, hints });
      waiting = waiting.filter(({ reads, resolve }) => asked.length < reads || resolve());
      return Promise.resolve(lines.filter(({ keptAt }) => keptAt >= sinceAt));
    },
  });
  return {
    ...{ asked, remembered },
    keep: (n: number, { key = "a", at = now } = {}) =>
      void lines.push({ id: `s${n}`, key, message: { n }, keptAt: at }),
    pass: (ms: number) => void (now += ms),
    wake: (hint?: string) => hub.wake("changes#shop", hint),
    /** When so many reads have begun. Who follows reads twice at first: what was there, and what is new since. */
    reads: (reads: number) => new Promise<void>((resolve) => void waiting.push({ reads, resolve })),
    follow(after?: string, filter?: string, tenantId = "shop") {
      const leave = new AbortController();
      const feed = followLog(tenantId, filter, after, leave.signal);
      return {
        feed,
        leave: () => leave.abort(),
        next: async () => (await feed.next()).value as Change & { cursor: string },
      };
    },
  };
}

describe("who follows a log", () => {
  test("is told of what is kept from then on, each state once, also where it is kept late in a moment that was read", async () => {
    const world = createWorld();
    world.keep(1);
    const { next, leave } = world.follow();
    const first = next();
    await world.reads(2);
    // Before it began there was a change; what comes with the moment before it is new all the same.
    world.keep(2, { at: AT - 14_000 });
    world.wake("hint");
    expect(await first).toMatchObject({ n: 2 });
    world.pass(10_000);
    world.keep(3, { at: AT });
    const second = next();
    world.wake();
    expect(await second).toMatchObject({ n: 3 });
    expect(world.asked.map(({ sinceAt, hints }) => [sinceAt - AT, hints])).toEqual([
      [-15_000, []],
      [-15_000, []],
      [-15_000, ["hint"]],
      [-15_000, []],
    ]);
    leave();
  });

  test("goes on behind a cursor without a gap, and is given nothing again that it names", async () => {
    const world = createWorld();
    const begun = world.follow();
    const first = begun.next();
    await world.reads(2);
    world.keep(1);
    world.wake();
    const { cursor } = await first;
    begun.leave();
    world.keep(2);
    world.pass(60_000);
    world.keep(3);
    const resumed = world.follow(cursor);
    expect([(await resumed.next()).n, (await resumed.next()).n]).toEqual([2, 3]);
    const next = resumed.next();
    world.keep(4);
    world.wake();
    expect(await next).toMatchObject({ n: 4 });
    resumed.leave();
  });

  test("joins others, and is given nothing of what they were that its cursor names, or that is long ago", async () => {
    const world = createWorld();
    const others = world.follow();
    const first = others.next();
    await world.reads(2);
    world.keep(1, { key: "a" });
    world.wake();
    const { cursor } = await first;
    const joined = async (after: string, n: number) => {
      const { next, leave } = world.follow(after);
      const given = next();
      await world.reads(world.asked.length + 1);
      world.keep(n, { key: `${n}` });
      world.wake();
      expect(await given).toMatchObject({ n });
      leave();
    };
    await joined(cursor, 2);
    world.pass(30_001);
    const read = world.reads(world.asked.length + 1);
    world.wake();
    await read;
    await joined(feedCursorOf("shop", AT + 30_001), 3);
    others.leave();
  });

  test("is given the same thing in another state, and another thing in a state of the same name", async () => {
    const world = createWorld();
    const { next, leave } = world.follow();
    const first = next();
    await world.reads(2);
    world.keep(1, { key: "a" });
    world.keep(1, { key: "b" });
    world.keep(1, { key: "a" });
    world.wake();
    expect([(await first).n, (await next()).n]).toEqual([1, 1]);
    const third = next();
    world.keep(2, { key: "a" });
    world.wake();
    expect(await third).toMatchObject({ n: 2 });
    leave();
  });

  test("remembers from read to read what it has read, each reader for itself", async () => {
    const world = createWorld();
    const { next, leave } = world.follow();
    const first = next();
    await world.reads(2);
    world.keep(1);
    world.wake();
    const { cursor } = await first;
    expect(world.remembered).toEqual([[false, false], [true, false], [true, false]]);
    const resumed = world.follow(cursor);
    void resumed.next();
    await world.reads(4);
    expect(world.remembered[3]).toEqual([false, false]);
    leave();
    resumed.leave();
  });

  test("has a cursor that names two hundred states of the last moments at most, and none of before", async () => {
    const world = createWorld(still);
    const cursorAfter = async (from: string) => {
      await Array.fromAsync(world.follow(from).feed);
      return still.take().rest!.cursor!;
    };
    const keep = (count: number, from: number) => {
      for (let n = 0; n < count; n++) world.keep(from + n, { key: `${from + n}` });
    };
    const begin = await cursorOf(world);
    keep(50, 50);
    const fifty = await cursorAfter(begin);
    world.pass(15_000);
    const later = await cursorAfter(fifty);
    expect([fifty.length > 50 * 11, later.length]).toEqual([true, fifty.length]);
    world.pass(1);
    expect((await cursorAfter(later)).length).toBeLessThan(200);
    world.pass(60_000);
    const anew = await cursorOf(world);
    keep(200, 100);
    const full = await cursorAfter(anew);
    keep(100, 300);
    expect([full.length > 200 * 11, (await cursorAfter(full)).length]).toEqual([true, full.length]);
  });

  test("remembers of two thousand states that they were given, the last ones: of more at once the first come again", async () => {
    const world = createWorld();
    for (let n = 0; n < 2_001; n++) world.keep(n, { key: `${n}` });
    const { next, leave } = world.follow();
    const first = next();
    await world.reads(2);
    // The first of those that were there when it began; the others are known.
    expect(await first).toMatchObject({ n: 0 });
    const second = next();
    world.keep(5_000, { key: "new" });
    world.wake();
    expect(await second).toMatchObject({ n: 1 });
    leave();
  });

  test("was away for a week at most, to the millisecond", async () => {
    const world = createWorld(still);
    const begin = await cursorOf(world);
    world.pass(7 * DAY);
    world.keep(1);
    expect(await world.follow(begin).next()).toMatchObject({ n: 1 });
    world.pass(1);
    await expect(world.follow(begin).next()).rejects.toMatchObject({
      ...{
        code: "INVALID_INPUT",
        fields: [{ path: ["after"], message: expect.stringContaining("older than a week") }],
      },
    });
  });

  test("goes on from a cursor of any feed of its tenant, and of no other's", async () => {
    const world = createWorld(still);
    const cursor = await cursorOf(world);
    await expect(world.follow(cursor, undefined, "other").next()).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(world.follow("x").next()).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(world.follow("").next()).rejects.toMatchObject({ code: "INVALID_INPUT" });
    expect(await world.follow(cursor, "ERROR").next()).toBe(undefined);
    expect(await world.follow(cursor).next()).toBe(undefined);
  });

  test("goes on from a cursor of before they were of all feeds, with the filter that it was given for", async () => {
    const world = createWorld(still);
    world.keep(1);
    const former = (filter: string | null) => createCursors("former", ["shop", filter], v.any()).encode([AT, []]);
    expect(await world.follow(former(null)).next()).toMatchObject({ n: 1 });
    expect(await world.follow(former("ERROR"), "ERROR").next()).toMatchObject({ n: 1 });
    await expect(world.follow(former(null), "ERROR").next()).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(world.follow(former(null), undefined, "other").next()).rejects.toMatchObject({
      code: "INVALID_INPUT",
    });
  });

  test("of a list that was read a while ago is given what changed since, and what did in the moments before", async () => {
    const world = createWorld();
    world.keep(1, { key: "long ago", at: AT - 15_001 });
    world.keep(2, { key: "moments ago", at: AT - 15_000 });
    const listed = feedCursorOf("shop", AT);
    world.pass(60_000);
    world.keep(3, { key: "since", at: AT + 1 });
    const { next, leave } = world.follow(listed, "ERROR");
    expect([(await next()).n, (await next()).n]).toEqual([2, 3]);
    const third = next();
    world.keep(4, { key: "now" });
    world.wake();
    expect(await third).toMatchObject({ n: 4 });
    leave();
  });

  test("that waits for nothing gives what was missed, says what wakes it, and remembers nothing that was not", async () => {
    const world = createWorld(still);
    world.keep(1);
    const begin = await cursorOf(world);
    world.keep(2, { key: "b" });
    const { feed } = world.follow(begin);
    expect((await Array.fromAsync(feed)).map(({ n }) => n)).toEqual([2]);
    expect(world.asked.map(({ hints }) => hints)).toEqual([[], []]);
    expect(still.take()).toMatchObject({ keys: ["changes#shop"], rest: { cursor: expect.any(String) } });
  });

  test("is given nothing again that was kept fifteen seconds before its cursor, the last instant that is read again", async () => {
    const world = createWorld(still);
    world.keep(1);
    const begin = await cursorOf(world);
    world.pass(15_000);
    expect(await Array.fromAsync(world.follow(begin).feed)).toEqual([]);
    const { cursor } = still.take().rest!;
    expect(await Array.fromAsync(world.follow(cursor).feed)).toEqual([]);
  });

  test("takes its time, and is given each thing that changed meanwhile, of each its last state", async () => {
    const world = createWorld();
    const { next, leave } = world.follow();
    const first = next();
    await world.reads(2);
    world.keep(1);
    world.wake();
    await first;
    for (const [n, key] of [[2, "a"], [3, "b"], [4, "a"]] as const) world.keep(n, { key });
    world.wake();
    await world.reads(4);
    // All of it is there by then.
    await new Promise((resolve) => setImmediate(resolve));
    expect([(await next()).n, (await next()).n]).toEqual([3, 4]);
    leave();
  });

  test("of one filter shares its reader with those of the same, and with no others", async () => {
    const world = createWorld();
    const all = [
      world.follow(),
      world.follow(),
      world.follow(undefined, "ERROR"),
      world.follow(undefined, undefined, "b"),
    ];
    const first = all.map(({ next }) => next());
    await world.reads(6);
    world.keep(1);
    world.wake();
    // Of three readers: each began with two reads.
    expect((await Promise.all(first.slice(0, 3))).map(({ n }) => n)).toEqual([1, 1, 1]);
    expect(world.asked.slice(0, 6).filter(({ filter }) => filter === "ERROR")).toHaveLength(2);
    all.forEach(({ leave }) => leave());
  });

  /** Of a process that waits for nothing: it tells where whoever begins goes on from. */
  async function cursorOf(world: ReturnType<typeof createWorld>): Promise<string> {
    const { feed } = world.follow();
    expect((await feed.next()).done).toBe(true);
    return still.take().rest!.cursor!;
  }
  const still = createStillHub();
});
