import { describe, expect, test } from "vitest";
import { InvalidInputError, NotIndexedError } from "../../api/core/errors.ts";
import { createActiveVisitors } from "../../api/journeys/active.ts";
import { activeKey } from "../../api/journeys/follow.ts";
import type { Change } from "../../api/journeys/trails.ts";
import { createStillHub } from "../../api/live/hub.ts";
import { createEraseWorld } from "../kit/erase-world.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;
const T = "shop";

function createWorld() {
  const world = createEraseWorld(NOW);
  return { world, trails: world.createProcess().trails };
}

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

  test("is read of fewer than twenty thousand notes whole, and of no page of notes behind these", async () => {
    const { world } = createWorld();
    const readOf = async (...sizes: number[]) => {
      let pages = 0;
      const trails = {
        async *listChanges() {
          for (const size of sizes) {
            pages++;
            yield await Promise.resolve(Array<Change>(size).fill(change(1, { isErased: true })));
          }
        },
      };
      const active = createActiveVisitors({ trails, hub: world.hub, clock: () => NOW, indexed: true });
      return [(await active.get(T, 5)).isWhole, pages];
    };
    expect(await readOf(10_000, 9_999)).toEqual([true, 2]);
    expect(await readOf(10_000, 9_999, 1)).toEqual([false, 3]);
    expect(await readOf(10_000, 10_000, 1)).toEqual([false, 2]);
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
