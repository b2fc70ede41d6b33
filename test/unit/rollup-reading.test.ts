import { describe, expect, test } from "vitest";
import { type ItemChange, keys, labelsPk, sensorPk, SESSION_LETTERS, SLOT_MS } from "../../api/analytics/cells.ts";
import { createReading } from "../../api/analytics/reading.ts";
import { createRollupStore, nameOf } from "../../api/analytics/store.ts";
import type { ReadOptions } from "../../api/aws/dynamo.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const DAY = 86_400_000;
const MINUTE = 60_000;
/** The 1st of June 2026, as a day since 1970, and the first slot of it. */
const FIRST = Date.UTC(2026, 5, 1) / DAY;
const [T, SESSIONS] = ["shop", "shop#SESSIONS"];
const slotOf = (day: number, place: number) => (FIRST + day) * 96 + place;
/** From a slot of a day, counted from the 1st of June, to another. */
const range = (fromDay: number, fromPlace: number, toDay: number, toPlace: number) => ({
  fromAt: slotOf(fromDay, fromPlace) * SLOT_MS,
  toAt: slotOf(toDay, toPlace) * SLOT_MS,
});

function createWorld({ pageOf }: { pageOf?: () => number } = {}) {
  const dynamo = createMemoryDynamo({ rollups: tables.rollups }, pageOf ? { pageOf } : {});
  const asked: { size: number; options: ReadOptions | undefined }[] = [];
  const batchGet: typeof dynamo.batchGet = (table, wanted, options) => {
    asked.push({ size: wanted.length, options });
    return dynamo.batchGet(table, wanted, options);
  };
  const store = createRollupStore({ ...dynamo, batchGet }, "rollups");
  return {
    ...{ dynamo, store, asked, reading: createReading(store) },
    /** What is known of some key, whoever counted it. */
    put: (pk: string, sk: string, numbers: Record<string, number>) => dynamo.put("rollups", { pk, sk, ...numbers }),
  };
}
const sorted = (found: ReadonlyMap<number, number>) => [...found].sort(([a], [b]) => a - b);

describe("items of rollups", () => {
  test("are found by a hundred keys to a request, by their names, and read as they are where that is asked", async () => {
    const { store, put, asked } = createWorld();
    for (const sk of ["a", "b"]) await put("p", sk, { n1: 1 });
    expect(await store.find([])).toEqual(new Map());
    expect(asked).toEqual([]);
    const wanted = Array.from({ length: 201 }, (_, i) => ({ pk: "p", sk: i === 200 ? "b" : i === 0 ? "a" : `x${i}` }));
    const found = await store.find(wanted, { consistent: true });
    expect([...found.keys()]).toEqual([nameOf({ pk: "p", sk: "a" }), nameOf({ pk: "p", sk: "b" })]);
    expect(asked.map(({ size }) => size).sort((a, b) => a - b)).toEqual([1, 100, 100]);
    expect(asked.every(({ options }) => options?.consistent)).toBe(true);
    await store.find(wanted.slice(0, 100));
    expect(asked.slice(3)).toEqual([{ size: 100, options: {} }]);
  });

  test("of days on which long sessions began are listed up to a day, and no others; all below a key whatever the pages", async () => {
    const { store, put } = createWorld({ pageOf: () => 2 });
    for (const day of [-40, -2, 0, 1, 2, 3]) await put(SESSIONS, keys.long(FIRST + day), { x1: 1 });
    await put(SESSIONS, keys.time(FIRST), { x1: 1 });
    await put("other#SESSIONS", keys.long(FIRST), { x1: 1 });
    const long = await store.listLong(SESSIONS, FIRST + 2);
    expect(long.map(({ day }) => day - FIRST)).toEqual([-40, -2, 0, 1, 2]);
    expect(long[0]!.item).toEqual({ pk: SESSIONS, sk: keys.long(FIRST - 40), x1: 1 });
    expect(await store.listLong("nobody", FIRST)).toEqual([]);
    expect(await store.list(SESSIONS)).toHaveLength(7);
    expect(await store.list("nobody")).toEqual([]);
  });

  test("of journeys that wait are those of the minute that is and of later ones, added up by where they began", async () => {
    const { store, put } = createWorld({ pageOf: () => 1 });
    const now = Date.UTC(2026, 5, 1, 12, 30, 59);
    const waiting = (minutes: number, numbers: Record<string, number>) =>
      put(`${T}#PENDING`, keys.minute(now + minutes * MINUTE), numbers);
    await waiting(-1, { g7: 9 });
    await waiting(0, { g7: 1, g8: 2 });
    await waiting(1, { g8: 3, g9: 0 });
    expect(sorted(await store.pending(T, now))).toEqual([[7, 1], [8, 5]]);
    expect(await store.pending("other", now)).toEqual(new Map());
  });

  test("change by what adds up to something, with the time at which they go where they wait", async () => {
    const { store, dynamo } = createWorld();
    const change = (adds: Record<string, number>, until?: number): ItemChange => ({
      ...{ pk: "p", sk: "s", shard: "s", sequence: "1", partition: "0", arrivedAt: 0, until },
      adds: new Map(Object.entries(adds)),
    });
    const written = async (...changes: ItemChange[]) => {
      await dynamo.transact([store.writeOf(changes)]);
      return dynamo.peek("rollups", { pk: "p", sk: "s" });
    };
    expect(await written(change({ a1: 2, b1: 1 }), change({ a1: 1, b1: -1 }))).toEqual({ pk: "p", sk: "s", a1: 3 });
    const until = DAY + 1;
    expect(await written(change({ a1: 1 }, until))).toEqual({ pk: "p", sk: "s", a1: 4, ttl: 2 * 86_400 + 1 });
  });
});

describe("labels", () => {
  test("are those of the days of a range, of any month, most sessions first, then by their text; so many of them", async () => {
    const { put, reading } = createWorld({ pageOf: () => 2 });
    const label = (name: string, day: number, numbers: Record<string, number>) =>
      put(labelsPk(T), keys.label(name, FIRST + day), numbers);
    await label("walk", -1, { c30: 4, c31: 1 });
    await label("walk", 0, { c1: 2, c2: 9 });
    await label("a#b", 0, { c1: 3 });
    await label("zoo", 0, { c1: 3 });
    await label("gone", 0, { c1: 0, c2: 5 });
    const labels = async (asked: ReturnType<typeof range>, first = 9) =>
      (await reading.labels(T, asked, first)).map(({ label, sessions }) => [label, sessions]);
    expect(await labels(range(0, 0, 1, 0))).toEqual([["a#b", 3], ["zoo", 3], ["walk", 2]]);
    expect(await labels(range(-1, 5, 1, 0))).toEqual([["a#b", 3], ["walk", 3], ["zoo", 3]]);
    // A day counts that the range only begins.
    expect(await labels(range(0, 95, 1, 1))).toEqual([["walk", 11], ["gone", 5], ["a#b", 3], ["zoo", 3]]);
    expect(await labels(range(-2, 0, -1, 0))).toEqual([["walk", 4]]);
    expect(await labels(range(0, 0, 1, 0), 2)).toHaveLength(2);
    // Not in the order of their keys, in which `a!` comes before `a`.
    await label("a!", 3, { c4: 1 });
    await label("a", 3, { c4: 1 });
    expect(await labels(range(3, 0, 4, 0))).toEqual([["a", 1], ["a!", 1]]);
    expect(await reading.labels("other", range(0, 0, 1, 0), 9)).toEqual([]);
  });
});

describe("what lies in a range", () => {
  test("is counted by slot from both items of a day, by the letters that are asked for, its end left out", async () => {
    const { put, reading } = createWorld();
    await put(SESSIONS, keys.counts(FIRST), { s0: 1, s95: 2, r5: 0, z9: 7, h3: 9 });
    await put(SESSIONS, keys.moving(FIRST), { m0: 4, m7: 5 });
    await put(SESSIONS, keys.counts(FIRST + 1), { s0: 8, s1: 9 });
    const { sessions, motions, running } = SESSION_LETTERS;
    const slots = async (asked: ReturnType<typeof range>) =>
      (await reading.slots(SESSIONS, asked, { sessions, motions, running }))
        .map(({ slot, counts }) => [slot - slotOf(0, 0), counts]);
    expect(await slots(range(0, 0, 1, 1))).toEqual([
      [0, { sessions: 1, motions: 4 }],
      [7, { motions: 5 }],
      [95, { sessions: 2 }],
      [96, { sessions: 8 }],
    ]);
    expect(await slots(range(0, 1, 0, 95))).toEqual([[7, { motions: 5 }]]);
    expect(await slots(range(3, 0, 4, 0))).toEqual([]);
    await put(sensorPk(T, "hall"), keys.day(FIRST), { s0: 1, m0: 4 });
    expect(await reading.sensorSlots(T, "hall", range(0, 0, 0, 1))).toEqual([
      { slot: slotOf(0, 0), counts: { sessions: 1, motions: 4 } },
    ]);
    expect(await reading.sensorSlots(T, "door", range(0, 0, 1, 0))).toEqual([]);
  });

  test("is counted of sensors by months where days are whole, and by slots where they are not", async () => {
    const { put, reading } = createWorld();
    const hall = sensorPk(T, "hall");
    await put(hall, keys.month(FIRST), { s1: 10, m1: 100, s2: 20, s3: 40, z1: 5 });
    await put(hall, keys.month(FIRST - 1), { s31: 7 });
    await put(hall, keys.day(FIRST), { s5: 1, s6: 2, m6: 3 });
    await put(hall, keys.day(FIRST + 2), { s0: 4, s1: 8 });
    const sensors = async (asked: ReturnType<typeof range>) =>
      (await reading.sensors(T, ["hall", "door"], asked)).map((own) => Object.values(own));
    expect(await sensors(range(0, 0, 1, 0))).toEqual([["hall", 10, 100], ["door", 0, 0]]);
    expect(await sensors(range(-1, 0, 2, 0))).toEqual([["hall", 37, 100], ["door", 0, 0]]);
    expect(await sensors(range(0, 6, 2, 1))).toEqual([["hall", 26, 3], ["door", 0, 0]]);
    expect(await sensors(range(0, 5, 0, 6))).toEqual([["hall", 1, 0], ["door", 0, 0]]);
    expect(await reading.sensors(T, [], range(0, 0, 1, 0))).toEqual([]);
  });
});

describe("time", () => {
  /** A session of so many whole slots, from one on. */
  const filled = (from: number, slots: number) => ({ [`x${from}`]: 1, [`x${from + slots}`]: -1 });
  const slots = (found: ReadonlyMap<number, number>) => sorted(found).map(([slot, ms]) => [slot - slotOf(0, 0), ms]);

  test("lies where sessions reach that began up to seven days before, and long ones whenever they began", async () => {
    const { put, reading } = createWorld();
    const asked = range(0, 0, 0, 3);
    await put(SESSIONS, keys.time(FIRST), { t0: 5, ...filled(1, 1), t3: 9 });
    await put(SESSIONS, keys.time(FIRST - 7), filled(7 * 96 + 2, 9));
    await put(SESSIONS, keys.time(FIRST - 8), filled(8 * 96, 1));
    await put(SESSIONS, keys.long(FIRST - 90), filled(0, 90 * 96 + 1));
    await put(SESSIONS, keys.long(FIRST + 1), filled(0, 1));
    expect(slots(await reading.time(SESSIONS, asked))).toEqual([[0, 5 + SLOT_MS], [1, SLOT_MS], [2, SLOT_MS]]);
    await put(SESSIONS, keys.long(FIRST + 2), filled(0, 2));
    const later = slots(await reading.time(SESSIONS, range(1, 90, 2, 1)));
    expect(later).toEqual([[2 * 96, SLOT_MS]]);
    await put(sensorPk(T, "hall"), keys.day(FIRST), { t0: 5, s0: 1 });
    await put(sensorPk(T, "hall"), keys.long(FIRST - 9), filled(9 * 96 + 1, 1));
    expect(slots(await reading.sensorTime(T, "hall", asked))).toEqual([[0, 5], [1, SLOT_MS]]);
    expect(await reading.sensorTime(T, "door", asked)).toEqual(new Map());
  });

  test("of sensors is their sessions' length on days whose sessions cannot reach the end, and looked up on the others", async () => {
    const { put, reading } = createWorld();
    const hall = sensorPk(T, "hall");
    const time = async (asked: ReturnType<typeof range>) =>
      Object.fromEntries(await reading.sensorsTime(T, ["hall", "door"], asked));
    // By the month, the lengths of its days. The last eight of the range are looked up, and those before it.
    await put(hall, keys.month(FIRST), { u1: 1_000, u2: 2_000, u3: 4_000, s1: 7 });
    await put(hall, keys.day(FIRST), { t0: 16 });
    await put(hall, keys.day(FIRST + 1), { t0: 32 });
    await put(hall, keys.day(FIRST + 9), { t0: 64, t1: 128 });
    await put(hall, keys.day(FIRST - 1), { t96: 256, t97: 512 });
    expect(await time(range(0, 0, 9, 1))).toEqual({ hall: 1_000 + 2_000 + 64 + 256 + 512, door: 0 });
    expect(await time(range(0, 0, 8, 0))).toEqual({ hall: 1_000 + 32 + 256 + 512, door: 0 });
    expect(await time(range(0, 0, 7, 95))).toEqual({ hall: 16 + 32 + 256 + 512, door: 0 });
    expect(await time(range(0, 1, 9, 0))).toEqual({ hall: 2_000 + 512, door: 0 });
    // Long ones are looked up where the tenant has any.
    await put(hall, keys.long(FIRST - 20), filled(20 * 96, 1));
    expect(await time(range(0, 0, 8, 0))).toEqual({ hall: 1_000 + 32 + 256 + 512, door: 0 });
    await put(SESSIONS, keys.long(FIRST - 20), filled(20 * 96, 1));
    expect(await time(range(0, 0, 8, 0))).toEqual({ hall: 1_000 + 32 + 256 + 512 + SLOT_MS, door: 0 });
    await put(hall, keys.long(FIRST + 7), filled(0, 1));
    expect(await time(range(0, 0, 8, 0))).toEqual({ hall: 1_000 + 32 + 256 + 512 + 2 * SLOT_MS, door: 0 });
  });

  test("is open at an instant for sessions of the days that are told, the latest first", async () => {
    const { put, reading } = createWorld();
    const at = slotOf(0, 10) * SLOT_MS + 7;
    await put(SESSIONS, keys.time(FIRST), { t10: 1 });
    await put(SESSIONS, keys.time(FIRST - 1), { t105: 1 });
    await put(SESSIONS, keys.time(FIRST - 2), filled(2 * 96 + 10, 1));
    await put(SESSIONS, keys.time(FIRST - 3), filled(3 * 96 + 9, 1));
    await put(SESSIONS, keys.counts(FIRST - 4), { r5: 1, s5: 1 });
    await put(SESSIONS, keys.counts(FIRST - 5), { r5: 0, s5: 1 });
    await put(SESSIONS, keys.long(FIRST - 30), filled(0, 30 * 96 + 11));
    await put(SESSIONS, keys.long(FIRST - 31), filled(0, 31 * 96 + 10));
    const days = async (sensorId?: string) => (await reading.daysOpenAt(T, sensorId, at)).map((day) => day - FIRST);
    expect(await days()).toEqual([0, -2, -4, -30]);
    const hall = sensorPk(T, "hall");
    await put(hall, keys.day(FIRST - 6), { r5: 1 });
    await put(hall, keys.day(FIRST), filled(10, 1));
    expect(await days("hall")).toEqual([0, -6]);
    expect(await days("door")).toEqual([]);
  });
});

test("durations of a range are those of days where it holds them whole, and of quarters of hours where not", async () => {
  const { put, reading } = createWorld();
  const bin = (place: number, code: number) => `h${(place * 1_024 + code).toString(36)}`;
  await put(SESSIONS, keys.dayBins(FIRST), { [bin(0, 3)]: 5, s1: 9 });
  await put(SESSIONS, keys.hourBins(slotOf(0, 4)), { [bin(0, 3)]: 1, [bin(1, 3)]: 2, [bin(3, 7)]: 4 });
  await put(SESSIONS, keys.hourBins(slotOf(0, 8)), { [bin(0, 7)]: 8 });
  const bins = async (asked: ReturnType<typeof range>) => sorted(await reading.bins(SESSIONS, asked));
  expect(await bins(range(0, 0, 1, 0))).toEqual([[3, 5]]);
  expect(await bins(range(0, 4, 0, 8))).toEqual([[3, 3], [7, 4]]);
  expect(await bins(range(0, 5, 0, 9))).toEqual([[3, 2], [7, 12]]);
  expect(await bins(range(1, 0, 2, 0))).toEqual([]);
  await put(sensorPk(T, "hall"), keys.dayBins(FIRST), { [bin(4, 3)]: 1, [bin(5, 3)]: 2 });
  const own = async (asked: ReturnType<typeof range>) => sorted(await reading.sensorBins(T, "hall", asked));
  expect([await own(range(0, 0, 1, 0)), await own(range(0, 5, 1, 0)), await own(range(0, 0, 0, 5))]).toEqual([
    ...[[[3, 3]], [[3, 2]], [[3, 1]]],
  ]);
  expect((await reading.sensorBins(T, "door", range(0, 0, 1, 0))).size).toBe(0);
});
