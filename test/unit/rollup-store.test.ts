import { describe, expect, test } from "vitest";
import { type ItemChange, keys } from "../../api/analytics/cells.ts";
import { createAnalytics } from "../../api/analytics/service.ts";
import { createRollupStore } from "../../api/analytics/store.ts";
import type { Dynamo, Expression } from "../../api/aws/dynamo.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 5, 1, 12);
const KEY = { pk: "shop#SESSIONS", sk: "2026-06-01" };

let sequence = 0;
const change = (adds: Record<string, number>, more: Partial<ItemChange> = {}): ItemChange => ({
  ...KEY,
  ...{ shard: "s", sequence: `${++sequence}`, partition: "0", arrivedAt: NOW, until: undefined },
  adds: new Map(Object.entries(adds)),
  ...more,
});
const names = (letter: string, n: number, value = 1) =>
  Object.fromEntries(Array.from({ length: n }, (_, i) => [`${letter}${i}`, value]));

/** The store; `before` is called before each conditional write of an item. */
function createStore(before: (write: Expression) => Promise<void> = async () => {}) {
  const dynamo = createMemoryDynamo({ rollups: tables.rollups });
  const updateIf: Dynamo["updateIf"] = async (table, key, write, condition) => {
    await before(write);
    return await dynamo.updateIf(table, key, write, condition);
  };
  const store = createRollupStore({ ...dynamo, updateIf }, "rollups");
  const numbers = () => {
    const [item] = dynamo.dump("rollups");
    return Object.fromEntries(Object.entries(item ?? {}).filter(([, n]) => typeof n === "number"));
  };
  return { dynamo, store, numbers };
}

describe("numbers that came back to 0", () => {
  test("are removed once there are sixteen of them, and no others with them", async () => {
    const { store, numbers } = createStore();
    await store.count([change({ ...names("s", 15), m1: 5 })], NOW);
    await store.count([change(names("s", 15, -1))], NOW);
    expect(numbers()).toEqual({ ...names("s", 15, 0), m1: 5 });
    await store.count([change({ r1: 1 })], NOW);
    await store.count([change({ r1: -1 })], NOW);
    expect(numbers()).toEqual({ m1: 5 });
  });

  test("stay where one of them is counted while they are to be removed: nothing of it is lost", async () => {
    let isRaced = false;
    const { store, numbers, dynamo } = createStore(async ({ expression }) => {
      if (!expression.startsWith("REMOVE") || isRaced) return;
      isRaced = true;
      await createRollupStore(dynamo, "rollups").count([change({ s3: 2 }, { shard: "other" })], NOW);
    });
    await store.count([change(names("s", 16))], NOW);
    await store.count([change(names("s", 16, -1))], NOW);
    expect(isRaced).toBe(true);
    expect(numbers()).toMatchObject({ s3: 2 });
    await store.count([change({ m1: 1 })], NOW);
    expect(numbers()).toEqual({ ...names("s", 16, 0), s3: 2, m1: 1 });
  });
});

test.each([[150, 1], [151, 2], [300, 2], [301, 3]])(
  "%i numbers of an item are counted in %i writes, since an expression holds 4 KB; all of them once",
  async (n, writes) => {
    const sizes: number[] = [];
    const { store, numbers } = createStore(({ names: used }) =>
      Promise.resolve(void sizes.push(Object.keys(used!).length))
    );
    const changes = Array.from({ length: n }, (_, i) => change({ [`s${i}`]: 1 }));
    for (let i = 0; i < 2; i++) await store.count(changes, NOW);
    expect(numbers()).toEqual(names("s", n));
    // The shard's watermark has a name too. What comes again is refused, and written no more.
    expect(sizes.slice(0, writes).every((size) => size <= 151)).toBe(true);
    expect(sizes).toHaveLength(2 * writes);
  },
);

test("a correction changes nothing of forty numbers where one of them was counted meanwhile, and says so", async () => {
  const { store, numbers } = createStore();
  await store.count([change({ s1: 3, s2: 4 })], NOW);
  const right = [{ name: "s1", count: 3, recounted: 2 }, { name: "s9", count: 0, recounted: 7 }];
  expect(await store.correct(KEY, [...right, { name: "s2", count: 5, recounted: 1 }])).toBe(false);
  expect(await store.correct(KEY, [{ name: "s2", count: 0, recounted: 1 }])).toBe(false);
  expect(numbers()).toEqual({ s1: 3, s2: 4 });
  expect(await store.correct(KEY, right)).toBe(true);
  expect(numbers()).toEqual({ s1: 2, s2: 4, s9: 7 });
  // One that came back to 0 is there, and is 0.
  await store.count([change({ s1: -2 })], NOW);
  expect(await store.correct(KEY, [{ name: "s1", count: 0, recounted: 2 }])).toBe(true);
  const many = Array.from({ length: 95 }, (_, i) => ({ name: `m${i}`, count: 0, recounted: i + 1 }));
  expect(await store.correct(KEY, many)).toBe(true);
  expect(numbers()).toMatchObject(Object.fromEntries(many.map(({ name, recounted }) => [name, recounted])));
});

test("what waits for an instant is written up to ten minutes after it, for readers whose clocks are behind, and no longer", async () => {
  const { dynamo, store } = createStore();
  const { roll, lateWrites } = createAnalytics({
    store,
    sessions: { find: async () => new Map(), findSensors: async () => new Map() },
    lists: {
      outerStarts: async () => ({ first: undefined, last: undefined }),
      running: async () => [],
      sensors: async () => ({ sensors: [], next: undefined }),
    },
    clock: () => NOW,
    indexed: true,
  });
  const waiting = (minutes: number) =>
    change({ g1: 1 }, { pk: "shop#PENDING", sk: `m${minutes}`, until: NOW - minutes * MINUTE });
  const changes = [waiting(-30), waiting(0), waiting(10), { ...waiting(10), sk: "late", until: NOW - 10 * MINUTE - 1 }];
  await roll(changes);
  expect(dynamo.dump("rollups").map(({ sk }) => sk as string).sort((a, b) => (a < b ? -1 : 1))).toEqual([
    "m-30",
    "m0",
    "m10",
  ]);
  expect(lateWrites(changes)).toHaveLength(3);
});

test("a journey that will be abandoned waits for as long as its minute has not passed, and not a minute longer", async () => {
  const { store } = createStore();
  await store.count([change({ w7: 2 }, { pk: "shop#PENDING", sk: keys.minute(NOW) })], NOW);
  expect(await store.pending("shop", NOW + MINUTE - 1)).toEqual(new Map([[7, 2]]));
  expect(await store.pending("shop", NOW + MINUTE)).toEqual(new Map());
});
