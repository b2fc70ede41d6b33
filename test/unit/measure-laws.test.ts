import { describe, expect, test } from "vitest";
import { createMeasureStore } from "../../api/metrics/measure-store.ts";
import {
  addUp,
  hoursInDoubt,
  isIn,
  type MeasureChange,
  recountCells,
  settled,
  slotOf,
  toMeasured,
  toSlotChanges,
} from "../../api/metrics/measures.ts";
import type { Cell, CountChange, Dimensions, Group } from "../../api/metrics/model.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { fc } from "../kit/property.ts";

const MINUTE = 60_000;
const AT = Date.UTC(2026, 5, 1, 12);
const COLOUR: Group = { key: "colour", value: "red" };

let sequence = 0;
const change = (minute: number, value: number | undefined, n: 1 | -1 = 1): MeasureChange => ({
  ...{ shard: "s", sequence: `${++sequence}`, partition: "0", arrivedAt: AT },
  ...{ minute, n, value },
});

/** Two processes over one table, each with what it remembers of the items that it wrote. */
function createWorld() {
  const dynamo = createMemoryDynamo(tables);
  const [one, other] = [createMeasureStore(dynamo, "buckets"), createMeasureStore(dynamo, "buckets")];
  const slotOfGroup = (group: Group, changes: MeasureChange[], slotAt = AT) => ({
    ...{ tenantId: "shop", source: "orders", group, slotAt, changes },
  });
  return {
    dynamo,
    stores: [one, other] as const,
    count: (changes: MeasureChange[], { store = one, group = undefined as Group, slotAt = AT } = {}) =>
      store.count(slotOfGroup(group, changes, slotAt), AT),
    late: (changes: MeasureChange[]) => dynamo.transact([one.lateWrite(slotOfGroup(undefined, changes))]),
    list: (key?: string, fromAt = AT, toAt = AT + 15 * MINUTE) => one.listSlots("shop", "orders", key, fromAt, toAt),
  };
}
const shown = (cells: ReadonlyMap<number, Cell>) =>
  [...cells].map(([minute, { n, values, units, min, max }]) => [minute, n, values, Number(units) / 1e6, min, max]);

describe("what records measure", () => {
  test("adds up to the same whatever process counts which part, however often each comes again", async () => {
    const value = fc.oneof(fc.constant(undefined), fc.integer({ min: -3_000, max: 3_000 }).map((n) => n / 100));
    const part = fc.array(fc.tuple(fc.nat({ max: 2 }), value), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(part, fc.boolean(), fc.boolean()), { maxLength: 8 }), async (parts) => {
        const { count, list, stores } = createWorld();
        const all: MeasureChange[] = [];
        for (const [cells, isOther, isAgain] of parts) {
          const own = cells.map(([minute, one]) => change(minute, one));
          all.push(...own);
          await count(own, { store: stores[isOther ? 1 : 0] });
          if (isAgain) await count(own, { store: stores[isOther ? 0 : 1] });
        }
        const [slot] = await list();
        for (const minute of [0, 1, 2]) {
          const own = all.filter((one) => one.minute === minute);
          const numbers = own.flatMap(({ value }) => value ?? []);
          const cell = slot?.cells.get(minute);
          expect([cell?.n ?? 0, cell?.values ?? 0, cell?.units ?? 0n, cell?.min, cell?.max]).toEqual([
            own.length,
            numbers.length,
            numbers.reduce((sum, one) => sum + BigInt(Math.round(one * 1e6)), 0n),
            numbers.length > 0 ? Math.min(...numbers) : undefined,
            numbers.length > 0 ? Math.max(...numbers) : undefined,
          ]);
          expect(cell?.isInDoubt ?? false).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("is in doubt as to the least and the greatest once something is taken away or was counted late, and in nothing else", async () => {
    const { count, late, list } = createWorld();
    await count([change(0, 5), change(0, 9), change(1, 7)]);
    await count([change(0, 9, -1)]);
    expect(toMeasured((await list())[0]!.cells.get(0)!)).toEqual({ values: 1, sum: 5, min: undefined, max: undefined });
    expect(toMeasured((await list())[0]!.cells.get(1)!)).toEqual({ values: 1, sum: 7, min: 7, max: 7 });
    await late([change(1, 1), change(2, undefined)]);
    const cells = (await list())[0]!.cells;
    expect(toMeasured(cells.get(1)!)).toEqual({ values: 2, sum: 8, min: undefined, max: undefined });
    // A record without a number has none of either.
    expect(cells.get(2)).toMatchObject({ n: 1, values: 0, isInDoubt: false });
    expect(addUp([...cells.values()])).toMatchObject({ n: 4, values: 3, units: 13_000_000n, isInDoubt: true });
  });

  test("is set right where the slot is as it was read, and nowhere else; what was in doubt is then known", async () => {
    const { count, list, stores: [store] } = createWorld();
    await count([change(0, 5), change(0, 9), change(3, 1)]);
    await count([change(0, 9, -1)]);
    const [read] = await list();
    const { slot, minutes } = settled(read!, [{ at: AT + 30_000, value: 5, dimensions: [], arrivedAt: AT }]);
    // The third minute is not in doubt, so it stays as it is though no record is shown of it.
    expect(minutes).toEqual([0]);
    expect(slot.cells.get(0)).toMatchObject({ n: 1, min: 5, max: 5, isInDoubt: false });
    expect(slot.cells.get(3)).toEqual(read!.cells.get(3));
    await count([change(1, 2)]);
    const cells = new Map([[0, slot.cells.get(0)!]]);
    expect(await store.setCells("shop", "orders", read!, cells)).toBe(false);
    const [now] = await list();
    expect(now!.version).toBe(read!.version + 1);
    expect(await store.setCells("shop", "orders", now!, cells)).toBe(true);
    expect(await store.setCells("shop", "orders", now!, cells)).toBe(false);
    const [after] = await list();
    expect(after!.version).toBe(now!.version + 1);
    expect(shown(after!.cells)).toEqual([[0, 1, 1, 5, 5, 5], [3, 1, 1, 1, 1, 1], [1, 1, 1, 2, 2, 2]]);
    expect(after!.cells.get(0)!.isInDoubt).toBe(false);
    // Also after it was set by somebody else, the process that counted before goes by what stands.
    await count([change(0, 6)]);
    expect((await list())[0]!.cells.get(0)).toMatchObject({ n: 2, min: 5, max: 6 });
  });

  test("costs whoever counted last one write and no read; another finds out by one that is lost", async () => {
    const { count, stores, dynamo } = createWorld();
    let writes = 0;
    const updateIf = dynamo.updateIf.bind(dynamo);
    Object.assign(dynamo, { updateIf: (...asked: Parameters<typeof updateIf>) => (writes++, updateIf(...asked)) });
    const cost = async (value: number, store = stores[0]) => {
      writes = 0;
      await count([change(0, value)], { store });
      return writes;
    };
    expect([await cost(1), await cost(2), await cost(3, stores[1]), await cost(4, stores[1])]).toEqual([1, 1, 2, 1]);
  });

  test("of a slot that nobody counted into is set once", async () => {
    const { list, stores: [store] } = createWorld();
    const empty = { group: undefined, slotAt: AT, version: 0, cells: new Map() };
    const cells = new Map([[0, { n: 0, values: 0, units: 0n, min: undefined, max: undefined, isInDoubt: false }]]);
    expect(await store.setCells("shop", "orders", empty, cells)).toBe(true);
    expect(await store.setCells("shop", "orders", empty, cells)).toBe(false);
    expect(await list()).toHaveLength(1);
  });

  test("is told for whole slots from that of the beginning to that before the end, each value of a dimension apart", async () => {
    const { count, list } = createWorld();
    const slots = [-15, 0, 15].map((minutes) => AT + minutes * MINUTE);
    for (const slotAt of slots) {
      await count([change(0, 1)], { slotAt });
      await count([change(0, 1)], { slotAt, group: COLOUR });
      await count([change(0, undefined)], { slotAt, group: { key: "colour", value: "a#\u{10fffd}" } });
      await count([change(0, 1)], { slotAt, group: { key: "colours", value: "red" } });
    }
    const between = async (key: string | undefined, fromAt: number, toAt: number) =>
      (await list(key, fromAt, toAt)).map(({ slotAt, group }) => [slotAt, group?.value]);
    expect(await between(undefined, AT + 14 * MINUTE, AT + 15 * MINUTE)).toEqual([[AT, undefined]]);
    expect(await between(undefined, AT - 1, AT + 1)).toEqual([[slots[0], undefined], [AT, undefined]]);
    expect(await between("colour", AT, AT + 15 * MINUTE)).toEqual([[AT, "a#\u{10fffd}"], [AT, "red"]]);
    expect(await between("colour", AT, AT + 15 * MINUTE + 1)).toHaveLength(4);
    expect(slotOf(AT + 15 * MINUTE - 1)).toBe(AT);
  });

  test("is in doubt as a whole where a cell with a number is, and not by one whose numbers are all gone", async () => {
    const { count, list } = createWorld();
    await count([change(0, 5), change(1, 7)]);
    await count([change(0, 5, -1)]);
    const cells = [...(await list())[0]!.cells.values()];
    expect(cells.map(({ values, isInDoubt }) => [values, isInDoubt])).toEqual([[0, true], [1, false]]);
    expect(toMeasured(addUp(cells))).toEqual({ values: 1, sum: 7, min: 7, max: 7 });
    expect(addUp([...cells, { ...cells[1]!, isInDoubt: true }]).isInDoubt).toBe(true);
  });

  test("goes to the slot and the groups of each record: all with a number, and each value of its dimensions", () => {
    const counted = (at: number, tenantId: string, measures: CountChange["measures"]): CountChange => ({
      ...{ tenantId, source: "orders", at, n: 1, measures: measures! },
      ...{ shard: "s", sequence: "1", partition: "0", arrivedAt: AT },
    });
    const red: Dimensions = [["colour", "red"]];
    const told = (changes: CountChange[]) =>
      toSlotChanges(changes).map(({ tenantId, group, slotAt, changes }) => [
        ...[tenantId, group?.key, group?.value, (slotAt - AT) / MINUTE],
        changes.map(({ minute, n, value }) => [minute, n, value]),
      ]);
    expect(told([
      counted(AT + 14 * MINUTE, "shop", [{ n: 1, value: 5, dimensions: red }]),
      counted(AT + 15 * MINUTE, "shop", [{ n: -1, value: undefined, dimensions: red }]),
      counted(AT, "shop", [{ n: 1, value: 2, dimensions: [["colour", "blue"], ["size", "red"]] }]),
      counted(AT, "other", [{ n: 1, value: 2, dimensions: [] }]),
      counted(AT, "other", undefined),
    ])).toEqual([
      ["shop", undefined, undefined, 0, [[14, 1, 5], [0, 1, 2]]],
      ["shop", "colour", "red", 0, [[14, 1, 5]]],
      ["shop", "colour", "red", 15, [[0, -1, undefined]]],
      ["shop", "colour", "blue", 0, [[0, 1, 2]]],
      ["shop", "size", "red", 0, [[0, 1, 2]]],
      ["other", undefined, undefined, 0, [[0, 1, 2]]],
    ]);
    const isInGroup = (value: number | undefined, dimensions: Dimensions) =>
      [undefined, COLOUR, { key: "size", value: "red" }].map((group) => isIn({ value, dimensions }, group));
    expect(isInGroup(1, red)).toEqual([true, true, false]);
    expect(isInGroup(undefined, [["colour", "blue"], ["size", "red"]])).toEqual([false, false, true]);
  });

  test("has hours in doubt where a number of theirs is, each once and in their order", async () => {
    const { count, list } = createWorld();
    for (const quarter of [5, 1, 0, 9]) {
      const slotAt = AT + quarter * 15 * MINUTE;
      await count([change(0, 5), change(1, 5)], { slotAt });
      if (quarter !== 9) await count([change(0, 5, -1)], { slotAt });
      // Of this one a number is left.
      if (quarter !== 0) await count([change(0, 6)], { slotAt });
    }
    const slots = await list(undefined, AT, AT + 180 * MINUTE);
    expect(hoursInDoubt(slots.toReversed())).toEqual([AT, AT + 60 * MINUTE]);
    expect(hoursInDoubt(slots.slice(0, 1))).toEqual([]);
  });

  test("adds up exactly beyond what a number holds", async () => {
    const { count, list } = createWorld();
    await count(Array.from({ length: 41 }, () => change(0, 999_999_999.999999)));
    await count(Array.from({ length: 40 }, () => change(0, 0.000001)));
    const units = async () => (await list())[0]!.cells.get(0)!.units;
    expect(await units()).toBe(41n * 999_999_999_999_999n + 40n);
    await count(Array.from({ length: 82 }, () => change(0, -999_999_999.999999)));
    expect(await units()).toBe(-41n * 999_999_999_999_999n + 40n);
  });

  test("is written as a number where that is exact, to the last millionth, and as a whole one of any length beyond", () => {
    const { stores: [store] } = createWorld();
    const most = (rest: number, sign: number) =>
      store.lateWrite({
        ...{ tenantId: "shop", source: "orders", group: undefined, slotAt: AT },
        changes: [...Array.from({ length: 9 }, () => change(0, sign * 1_000_000_000)), change(0, sign * rest)],
      }) as { change: { values: Record<string, unknown> } };
    const sum = (rest: number, sign: number) => most(rest, sign).change.values[":s0"];
    expect([sum(7_199_254.740991, 1), sum(7_199_254.740992, 1)]).toEqual([2 ** 53 - 1, 2n ** 53n]);
    expect([sum(7_199_254.740991, -1), sum(7_199_254.740992, -1)]).toEqual([1 - 2 ** 53, -(2n ** 53n)]);
  });

  test("takes no room for what is 0, in time and late, and counts nothing where all of it is", async () => {
    const names = ({ dynamo }: ReturnType<typeof createWorld>) =>
      Object.keys(dynamo.dump("buckets")[0]!).filter((name) => /\d/.test(name)).toSorted();
    const [inTime, late] = [createWorld(), createWorld()];
    for (const write of [inTime.count, late.late]) {
      await write([change(0, undefined), change(1, 5), change(1, -5), change(2, undefined), change(2, undefined, -1)]);
    }
    expect(names(inTime)).toEqual(["h1", "k1", "l1", "n0", "n1"]);
    expect(names(late)).toEqual(["k1", "n0", "n1", "q1"]);
    const none = createWorld();
    await none.late([change(0, undefined), change(0, undefined, -1)]);
    expect((await none.list())[0]).toMatchObject({ version: 1, cells: new Map() });
  });

  test("is kept so that a number that changes neither the least nor the greatest moves none, and one beyond either moves that", async () => {
    const { count, list, stores } = createWorld();
    const extremes = async () => (({ min, max }) => [min, max])((await list())[0]!.cells.get(0)!);
    const after: (number | undefined)[][] = [];
    for (const value of [5, 5, 6, 4, 5, 7, 3]) {
      await count([change(0, value)], { store: stores[value % 2]! });
      after.push(await extremes());
    }
    expect(after).toEqual([[5, 5], [5, 5], [5, 6], [4, 6], [4, 6], [4, 7], [3, 7]]);
    await count([change(0, undefined)]);
    expect(await extremes()).toEqual([3, 7]);
  });

  test("of a record without a number is written without asking how the slot was seen", async () => {
    const { count, dynamo, stores } = createWorld();
    await count([change(0, 1)]);
    const locks: boolean[] = [];
    const updateIf = dynamo.updateIf.bind(dynamo);
    Object.assign(dynamo, {
      updateIf: (...asked: Parameters<typeof updateIf>) => {
        locks.push(asked[3].expression.includes("version"));
        return updateIf(...asked);
      },
    });
    // The other process has seen nothing of the slot, and loses nothing by it.
    await count([change(0, undefined)], { store: stores[1] });
    await count([change(0, 5, -1)], { store: stores[1] });
    expect(locks).toEqual([false, false]);
    await count([change(0, undefined), change(1, 2)], { store: stores[1] });
    expect(locks.slice(2)).toEqual([true]);
  });
});

test("the numbers of a group are those of its own records, minute by minute; of all, those that have a number", () => {
  const record = (minute: number, value: number | undefined, colour?: string) => ({
    ...{ at: AT + minute * MINUTE, arrivedAt: AT, value },
    dimensions: (colour === undefined ? [] : [["colour", colour]]) as Dimensions,
  });
  const records = [record(0, 5, "red"), record(0, 7, "blue"), record(1, undefined, "red"), record(2, 9)];
  const told = (group: Group) =>
    [...recountCells(records, group, AT)].map(([minute, cell]) => [minute, cell.n, toMeasured(cell).sum]);
  expect(told(COLOUR)).toEqual([[0, 1, 5], [1, 1, 0]]);
  expect(told(undefined)).toEqual([[0, 2, 12], [2, 1, 9]]);
});

test("what is settled of a slot are its minutes in doubt that count what their records say, and no others", () => {
  const record = (minute: number, value: number) => ({
    ...{ at: AT + minute * MINUTE, arrivedAt: AT, value, dimensions: [] },
  });
  const all = recountCells([record(0, 5), record(1, 6), record(2, 7)], undefined, AT);
  const doubted = (minute: number, more: Partial<Cell> = {}): [number, Cell] => [
    minute,
    { ...all.get(minute)!, isInDoubt: true, min: 1, ...more },
  ];
  const slot = {
    ...{ group: undefined, slotAt: AT, version: 1 },
    cells: new Map([
      doubted(0),
      [1, all.get(1)!] as const,
      doubted(2, { units: 0n }),
      doubted(3, { ...all.get(0)!, values: 2 }),
    ]),
  };
  const { minutes, slot: after } = settled(slot, [record(0, 5), record(1, 6), record(2, 7)]);
  expect(minutes).toEqual([0]);
  expect(toMeasured(after.cells.get(0)!)).toEqual({ values: 1, sum: 5, min: 5, max: 5 });
  expect(after.cells.get(2)).toBe(slot.cells.get(2));
});
