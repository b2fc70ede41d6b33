import { expect, test } from "vitest";
import { createAuditMarks } from "../../api/metrics/audit-marks.ts";
import { createLateHours } from "../../api/metrics/late-hours.ts";
import type { CountChange } from "../../api/metrics/model.ts";
import { createMetrics } from "../../api/metrics/service.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const NOW = Date.UTC(2026, 5, 1, 12);

function createWorld() {
  const dynamo = createMemoryDynamo(tables);
  const late = createLateHours(dynamo, "buckets");
  const change = (at: number, sequence = "1", shard = "s"): CountChange => (
    { tenantId: "shop", source: "TASKS", at, n: 1, shard, sequence, partition: "0", arrivedAt: NOW }
  );
  const changed = async (since = 0, beforeAt = NOW) =>
    (await late.changedSince("shop", "TASKS", since, beforeAt)).map(({ hourAt, minutes }) => [
      ...[(NOW - hourAt) / HOUR, [...minutes].sort((a, b) => a - b)],
    ]);
  return { dynamo, late, change, changed };
}

test("hours are noted that no feed shows any more: of before the last two, and no later ones", async () => {
  const { late, change, changed, dynamo } = createWorld();
  await late.note([change(NOW - 2 * HOUR), change(NOW)], NOW);
  expect(dynamo.dump("buckets")).toEqual([]);
  await late.note([change(NOW - 2 * HOUR - 1), change(NOW - 3 * HOUR), change(NOW)], NOW);
  expect(await changed()).toEqual([[3, [0, 59]]]);
  // An hour later one more is.
  await late.note([change(NOW - 2 * HOUR, "2")], NOW + HOUR);
  expect(await changed()).toEqual([[3, [0, 59]], [2, [0]]]);
});

test("what two parts of a stream changed in one moment is all there, and what comes again changes nothing", async () => {
  const { late, change, changed, dynamo } = createWorld();
  for (let i = 0; i < 2; i++) {
    await late.note([change(NOW - 5 * HOUR, "1", "a")], NOW);
    await late.note([change(NOW - 5 * HOUR + MINUTE, "1", "b")], NOW);
    await late.note([change(NOW - 5 * HOUR + 2 * MINUTE, "2", "b")], NOW);
  }
  expect(await changed()).toEqual([[5, [0, 1, 2]]]);
  expect(dynamo.dump("buckets")).toHaveLength(3);
});

test("who asks hears of what changed in that millisecond or later, in hours before the one that they name", async () => {
  const { late, change, changed } = createWorld();
  await late.note([change(NOW - 5 * HOUR), change(NOW - 4 * HOUR)], NOW);
  expect(await changed(NOW)).toEqual([[5, [0]], [4, [0]]]);
  expect(await changed(NOW + 1)).toEqual([]);
  expect(await changed(NOW, NOW - 4 * HOUR)).toEqual([[5, [0]]]);
});

test("who looks again and again is given each note once: what others write from the first look on, own ones on demand, so many at once", async () => {
  const { dynamo, late: own, change } = createWorld();
  const other = createLateHours(dynamo, "buckets");
  const old = (hours: number, sequence: string) => change(NOW - hours * HOUR, sequence);
  const look = own.follow("shop", "TASKS");
  const found = async (after: number, { isAll = false, most = 10 } = {}) =>
    (await look(NOW + after, { isAll, most })).map((hourAt) => (NOW - hourAt) / HOUR);
  await other.note([old(5, "1")], NOW);
  expect(await found(0)).toEqual([]);
  await own.note([old(6, "2")], NOW + 1);
  await other.note([old(7, "3"), old(8, "3"), old(7, "3")], NOW + 1);
  await other.note([{ ...old(9, "3"), source: "ITEMS" }], NOW + 1);
  expect(await found(1)).toEqual([7, 8]);
  expect(await found(2)).toEqual([]);
  // By a clock that is fifteen seconds behind, and by one that is more.
  await other.note([old(9, "4")], NOW + 2 - 15_000);
  await other.note([old(10, "5")], NOW + 1 - 15_000);
  expect(await found(3)).toEqual([9]);
  await own.note([old(11, "6")], NOW + 4);
  expect(await found(4, { isAll: true })).toEqual([11]);
  for (const hours of [12, 13, 14]) await other.note([old(hours, `${hours}`)], NOW + 5);
  const parts = [await found(5, { most: 2 }), await found(6, { most: 2 }), await found(7, { most: 2 })];
  expect(parts).toEqual([[12, 13], [14], []]);
});

test("it is kept for eight days from then on, however old the hour is", async () => {
  const { late, change, dynamo } = createWorld();
  await late.note([change(NOW - 400 * DAY)], NOW);
  expect(dynamo.dump("buckets").map(({ ttl }) => ttl)).toEqual([(NOW + 8 * DAY) / 1_000]);
});

test("how far an audit came is of its own part, of so many; another number of parts begins anew", async () => {
  const { dynamo } = createWorld();
  const marks = createAuditMarks(dynamo, "buckets");
  const mark = { hourAt: NOW - 30 * DAY, isDone: false, attempts: 2, sums: { records: 3 } };
  await marks.put({ index: 0, of: 4 }, mark, NOW);
  expect(await marks.find({ index: 0, of: 4 })).toEqual(mark);
  expect(await marks.find({ index: 0, of: 8 })).toBeUndefined();
  expect(await marks.find({ index: 1, of: 4 })).toBeUndefined();
  expect(dynamo.dump("buckets").map(({ ttl }) => ttl)).toEqual([(NOW + 7 * DAY) / 1_000]);
});

test("whoever watches is woken for each hour that is counted into: for those that are begun together, and for those that were there", async () => {
  const { dynamo, change } = createWorld();
  const woken: string[] = [];
  const hub = { wake: (_key: string, hint = "") => void woken.push(hint), watch: () => () => {} };
  const store = createMetricStore(dynamo, { records: "records", buckets: "buckets" });
  const metrics = createMetrics({ store, hub, clock: () => NOW, caughtUpAt: () => Promise.resolve(NOW) });
  const hours = Array.from({ length: 24 }, (_, i) => NOW - i * HOUR);
  const expected = hours.map((at) => `TASKS ${at}`).sort();
  for (const sequence of ["1", "2"]) {
    await metrics.count(hours.map((at) => change(at, sequence)));
    expect(woken.splice(0).sort()).toEqual(expected);
  }
});

test("whoever looks for hours that change is given each note once, some at a time, and none of before", async () => {
  const { late, change } = createWorld();
  const HOURS = [5, 6, 7, 8, 9];
  // Of a moment that is looked at again, in case that it was kept late.
  await late.note([change(NOW - 4 * HOUR, "before")], NOW - 1_000);
  const look = late.follow("shop", "TASKS");
  const given = async (now: number, most = 10) =>
    (await look(now, { isAll: true, most })).map((hourAt) => (NOW - hourAt) / HOUR);
  expect(await given(NOW)).toEqual([]);
  for (const [i, hour] of HOURS.entries()) await late.note([change(NOW - hour * HOUR, `${i}`, `s${i}`)], NOW + i);
  expect(await given(NOW + 10, 2)).toHaveLength(2);
  expect(await given(NOW + 10, 3)).toHaveLength(3);
  expect(await given(NOW + 10)).toEqual([]);
});

test("what a process noted itself it is given again where it asks for all, and else what others noted alone", async () => {
  const { dynamo, late, change } = createWorld();
  const other = createLateHours(dynamo, "buckets");
  const [all, others] = [late.follow("shop", "TASKS"), late.follow("shop", "TASKS")];
  const asked = async (at: number) =>
    await Promise.all([all(at, { isAll: true, most: 10 }), others(at, { isAll: false, most: 10 })]);
  expect(await asked(NOW)).toEqual([[], []]);
  await late.note([change(NOW - 5 * HOUR, "1", "own")], NOW + 1);
  await other.note([change(NOW - 6 * HOUR, "1", "other")], NOW + 1);
  const [given, ofOthers] = await asked(NOW + 2);
  expect([given.toSorted((a, b) => a - b), ofOthers]).toEqual([[NOW - 6 * HOUR, NOW - 5 * HOUR], [NOW - 6 * HOUR]]);
});
