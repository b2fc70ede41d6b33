import { describe, expect, test } from "vitest";
import type { TransactWrite } from "../../api/aws/dynamo.ts";
import { UnavailableError } from "../../api/core/errors.ts";
import type { CountChange } from "../../api/metrics/model.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const AT = Date.UTC(2026, 5, 1, 12);
const SHARDS = 8;
const ALL = Array.from({ length: 40 }, (_, i) => `t${i}`);

function createWorld({ pageOf }: { pageOf?: () => number } = {}) {
  let sequence = 0;
  const dynamo = createMemoryDynamo(tables, pageOf ? { pageOf } : {});
  const store = createMetricStore(dynamo, { records: "records", buckets: "buckets" });
  const change = (own: Partial<CountChange> = {}): CountChange => ({
    ...{ shard: "s", sequence: `${++sequence}`, partition: "0", arrivedAt: AT },
    ...{ tenantId: "shop", source: "ITEMS", at: AT, n: 1 },
    ...own,
  });
  const active = async (...asked: Parameters<typeof store.listActive>) => {
    const found = [];
    for await (const page of store.listActive(...asked)) found.push(...page);
    return found;
  };
  return {
    ...{ dynamo, store, change, active },
    count: (...all: Partial<CountChange>[]) => store.count(all.map(change), AT),
    late: (...all: Partial<CountChange>[]) => dynamo.transact([store.lateWrite(all.map(change))]),
    hour: async (hourAt = AT) => (await store.listHours("shop", "ITEMS", hourAt, hourAt + 1))[0],
    item: () => dynamo.dump("buckets").find(({ pk }) => pk === "shop#ITEMS"),
  };
}

describe("who has counts in an hour", () => {
  test("is listed once, whatever the pages, by shards that parts share out; who begins behind one goes on there", async () => {
    let page = 3;
    const { count, active } = createWorld({ pageOf: () => page });
    for (const tenantId of ALL) await count({ tenantId }, { tenantId, at: AT + MINUTE });
    await count({ tenantId: "t0", source: "TASKS" });
    await count({ tenantId: "later", at: AT + HOUR });
    await count({ tenantId: "before", at: AT - 1 });
    const whole = await active(AT);
    const nameOf = ({ tenantId, source }: { tenantId: string; source: string }) => `${tenantId} ${source}`;
    expect(whole.map(nameOf).toSorted()).toEqual([...ALL.map((id) => `${id} ITEMS`), "t0 TASKS"].toSorted());
    expect(new Set(whole.map(({ shard }) => shard))).toEqual(new Set(Array.from({ length: SHARDS }, (_, i) => i)));
    expect(await active(AT, { index: 0, of: 1 })).toEqual(whole);
    const parts = await Promise.all([0, 1, 2].map((index) => active(AT, { index, of: 3 })));
    for (const [index, own] of parts.entries()) expect(own).toEqual(whole.filter(({ shard }) => shard % 3 === index));
    for (page of [1, 100]) {
      for (const [i, one] of whole.entries()) {
        expect(await active(AT, undefined, one)).toEqual(whole.slice(i + 1));
      }
      for (const [i, one] of parts[1]!.entries()) {
        expect(await active(AT, { index: 1, of: 3 }, one)).toEqual(parts[1]!.slice(i + 1));
      }
    }
  });
});

describe("an hour", () => {
  test("holds each minute's count and version, and what has expired of it; what became 0 again is a change", async () => {
    const { count, hour, item } = createWorld();
    await count({ at: AT }, { at: AT + 59_999 }, { at: AT + MINUTE }, { at: AT + 59 * MINUTE });
    expect(await hour()).toEqual({
      ...{ source: "ITEMS", hourAt: AT, version: 1 },
      minutes: new Map([
        [0, { count: 2, version: 1, expired: 0 }],
        [1, { count: 1, version: 1, expired: 0 }],
        [59, { count: 1, version: 1, expired: 0 }],
      ]),
    });
    await count({ at: AT, n: -2 }, { at: AT + MINUTE, isExpired: true });
    expect((await hour())!.minutes).toEqual(
      new Map([
        [0, { count: 0, version: 2, expired: 0 }],
        [1, { count: 1, version: 1, expired: 1 }],
        [59, { count: 1, version: 1, expired: 0 }],
      ]),
    );
    // One that came and went again within a part says nothing of its minute.
    await count({ at: AT + 5 * MINUTE }, { at: AT + 5 * MINUTE, n: -1 });
    expect((await hour())!.version).toBe(3);
    expect(Object.keys(item()!).filter((name) => /^[mxe]5$/.test(name))).toEqual([]);
    // Where it measured something that changed, though the count is the same.
    const measured = (n: 1 | -1, value: number) => ({
      n,
      measures: [{ n, value, dimensions: [] }],
      at: AT + 5 * MINUTE,
    });
    await count(measured(1, 1), measured(-1, 2));
    expect((await hour())!.minutes.get(5)).toEqual({ count: 0, version: 4, expired: 0 });
    expect(Object.keys(item()!).filter((name) => /^[mxe]5$/.test(name))).toEqual(["x5"]);
  });

  test("that is counted late becomes what it is by counting in time, but for how far its shards are", async () => {
    const changes = [{ at: AT }, { at: AT + MINUTE, n: 2 }, { at: AT + MINUTE, isExpired: true as const }, {
      ...{ at: AT + 2 * MINUTE, n: 0 },
      measures: [],
    }];
    const [inTime, late] = [createWorld(), createWorld()];
    await inTime.count(...changes);
    await late.late(...changes);
    const numbers = (item: object | undefined) =>
      Object.fromEntries(Object.entries(item!).filter(([name]) => !name.startsWith("w")));
    expect(numbers(late.item())).toEqual(numbers(inTime.item()));
    expect(Object.keys(late.item()!).filter((name) => name.startsWith("w"))).toEqual([]);
    // Of nothing that changes a number it is still another hour than it was.
    await late.late({ n: 0 });
    expect((await late.hour())!.version).toBe(2);
  });

  test("is listed where the range meets it, ascending, and no other's; what has expired in it is known", async () => {
    const { count, store } = createWorld({ pageOf: () => 1 });
    for (const at of [AT + HOUR, AT - HOUR, AT, AT + 2 * HOUR]) await count({ at });
    await count({ tenantId: "other" });
    const hours = async (fromAt: number, toAt: number) =>
      (await store.listHours("shop", "ITEMS", fromAt, toAt)).map(({ hourAt }) => (hourAt - AT) / HOUR);
    expect(await hours(AT, AT + HOUR)).toEqual([0]);
    expect(await hours(AT - 1, AT + HOUR + 1)).toEqual([-1, 0, 1]);
    expect(await hours(AT + HOUR - 1, AT + HOUR)).toEqual([0]);
    const hasExpired = (fromAt: number, toAt: number) => store.hasExpired("shop", "ITEMS", { fromAt, toAt });
    expect(await hasExpired(AT - HOUR, AT + 3 * HOUR)).toBe(false);
    await count({ at: AT + MINUTE });
    await count({ at: AT, isExpired: true });
    expect(await hasExpired(AT, AT + HOUR)).toBe(true);
    expect(await hasExpired(AT - HOUR, AT + 3 * HOUR)).toBe(true);
    expect(await hasExpired(AT + HOUR, AT + 3 * HOUR)).toBe(false);
    expect(await hasExpired(AT - HOUR, AT)).toBe(false);
  });

  test("that is set right has new versions where it was, and is listed among those that have counts", async () => {
    const { store, hour, active, count } = createWorld();
    const none = { source: "ITEMS", hourAt: AT, minutes: new Map(), version: 0 };
    expect(await store.correct("shop", none, new Map([[3, 7], [4, 0]]))).toBe(true);
    expect(await hour()).toMatchObject({
      version: 1,
      minutes: new Map([[3, { count: 7, version: 1, expired: 0 }], [4, { count: 0, version: 1, expired: 0 }]]),
    });
    expect((await active(AT)).map(({ tenantId }) => tenantId)).toEqual(["shop"]);
    await count({ at: AT });
    expect(await store.correct("shop", (await hour())!, new Map([[3, 8]]))).toBe(true);
    expect((await hour())!.minutes).toEqual(
      new Map([
        [3, { count: 8, version: 3, expired: 0 }],
        [4, { count: 0, version: 1, expired: 0 }],
        [0, { count: 1, version: 2, expired: 0 }],
      ]),
    );
  });
});

describe("the first counts of many hours", () => {
  const hoursFrom = (change: ReturnType<typeof createWorld>["change"], count: number, own: Partial<CountChange> = {}) =>
    Array.from({ length: count }, (_, i) => [change({ at: AT + i * HOUR, ...own })]);

  test("are begun together where there are ten that this process does not know, and not where there are nine", async () => {
    const { store, change, dynamo } = createWorld();
    expect(await store.begin(hoursFrom(change, 9), AT)).toEqual(new Set());
    expect(dynamo.dump("buckets")).toEqual([]);
    const more = hoursFrom(change, 19);
    // Nine of them it met before.
    expect(await store.begin(more, AT)).toEqual(new Set(more.slice(9)));
    const again = hoursFrom(change, 19);
    expect(await store.begin(again, AT)).toEqual(new Set());
  });

  test("write no count that is 0, of a minute in which only what was measured changed", async () => {
    const { store, change, item } = createWorld();
    const measured = (n: 1 | -1) => change({ n, measures: [{ n, value: n + 1, dimensions: [] }] });
    await store.begin([[measured(1), measured(-1)], ...hoursFrom(change, 11).slice(1)], AT);
    expect(item()).toMatchObject({ x0: 1, version: 1 });
    expect(item()).not.toHaveProperty("m0");
  });

  test("leave out an hour of two shards, which one item's first write cannot count, and one that is there", async () => {
    const { store, change, count } = createWorld();
    await count({ at: AT });
    const hours = hoursFrom(change, 12);
    hours[1]!.push(change({ at: AT + HOUR, shard: "other" }));
    expect(await store.begin(hours, AT)).toEqual(new Set(hours.slice(2)));
  });
});

describe("what is written once by a marker", () => {
  const key = { pk: "x", sk: "y" };
  const part = (): TransactWrite => ({
    table: "buckets",
    key,
    change: { expression: "ADD n :one", values: { ":one": 1 } },
  });
  test("is written once for each marker, however often it comes, and one that was lost comes again", async () => {
    let conflicts = 0;
    const dynamo = createMemoryDynamo(tables, { conflicts: () => conflicts-- > 0 });
    const store = createMetricStore(dynamo, { records: "records", buckets: "buckets" });
    const n = () => dynamo.peek("buckets", key)?.n;
    for (const marker of ["a", "a", "b"]) await store.writeOnce(marker, [part()]);
    expect(n()).toBe(2);
    conflicts = 1;
    await expect(store.writeOnce("c", [part()])).rejects.toThrow(UnavailableError);
    expect(n()).toBe(2);
    await store.writeOnce("c", [part()]);
    expect(n()).toBe(3);
  });
});

describe("hours that no feed shows any more", () => {
  test("are noted with their minutes, once for each part, and read by when they changed and where they lie", async () => {
    const { store: { lateHours }, change, dynamo } = createWorld({ pageOf: () => 1 });
    const now = AT + 30 * MINUTE;
    const note = (at: number, ...ats: number[]) => lateHours.note(ats.map((own) => change({ at: own })), at);
    // Feeds show two hours, and the hour in which these begin.
    await note(now, AT - 2 * HOUR, AT);
    expect(dynamo.dump("buckets")).toEqual([]);
    await note(now, AT - 2 * HOUR - 1, AT, AT - 5 * HOUR, AT - 5 * HOUR + MINUTE, AT - 5 * HOUR + MINUTE + 1);
    const [item] = dynamo.dump("buckets");
    expect(item).toMatchObject({ pk: "shop#ITEMS#late", ttl: Math.ceil(now / 1_000) + 8 * 24 * 3_600 });
    await note(now + 5, AT - 5 * HOUR + 2 * MINUTE, AT - 9 * HOUR);
    const changed = async (since: number, beforeAt = AT) =>
      (await lateHours.changedSince("shop", "ITEMS", since, beforeAt)).map(({ hourAt, minutes }) => [
        (hourAt - AT) / HOUR,
        [...minutes],
      ]);
    expect(await changed(now)).toEqual([[-9, [0]], [-5, [0, 1, 2]], [-3, [59]]]);
    expect(await changed(now + 5)).toEqual([[-9, [0]], [-5, [2]]]);
    expect(await changed(now + 6)).toEqual([]);
    expect(await changed(now, AT - 3 * HOUR)).toEqual([[-9, [0]], [-5, [0, 1, 2]]]);
    expect(await changed(now, AT - 3 * HOUR + 1)).toHaveLength(3);
    expect(await lateHours.changedSince("other", "ITEMS", now, AT)).toEqual([]);
    expect(await lateHours.changedSince("shop", "TASKS", now, AT)).toEqual([]);
    // A part that comes again is noted in its place.
    const again = [change({ at: AT - 9 * HOUR })];
    for (let i = 0; i < 2; i++) await lateHours.note(again, now + 9);
    expect(dynamo.dump("buckets")).toHaveLength(3);
  });
});
