import { describe, expect, test } from "vitest";
import { type Alert, type AlertChange, type NewAlert, parseAlert } from "../../api/metrics/alert-model.ts";
import { isSameRule, isSo, judge, lastEnd, toChange, toData, valueOf } from "../../api/metrics/alert-rules.ts";
import { createAlertStore } from "../../api/metrics/alert-store.ts";
import { createAlerts } from "../../api/metrics/alerts.ts";
import { createMeasuring } from "../../api/metrics/measuring.ts";
import type { CountChange, HourBucket, MetricBucket } from "../../api/metrics/model.ts";
import { createMetrics } from "../../api/metrics/service.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import { createHub } from "../../api/live/hub.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { fc } from "../kit/property.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 5, 1, 12);
const RULE: NewAlert = {
  ...{ alertId: "a", name: "tasks", source: "TASKS", size: "ONE_MINUTE", measure: "COUNT", condition: "ABOVE" },
  ...{ threshold: 2, lasting: 1 },
};
const ALERT: Alert = {
  ...RULE,
  ...{ tenantId: "shop", createdAt: START, createdBy: "u", state: "OK", since: START, streak: 0, judgedTo: START },
  ...{ version: 1, ruleVersion: 1 },
};
const bucketsOf = (counts: readonly number[]): MetricBucket[] =>
  counts.map((count, i) => ({
    ...{ source: "TASKS", size: "ONE_MINUTE", count, closed: true, version: "1" },
    ...{ start: START + i * MINUTE, end: START + (i + 1) * MINUTE },
  }));

test.each<[string, Partial<NewAlert>, string | undefined]>([
  [
    "a count below 0",
    { condition: "BELOW", threshold: 0 },
    "must be above 0; no count is below that: it would never ring",
  ],
  ["a count below 0.5", { condition: "BELOW", threshold: 0.5 }, undefined],
  ["a count above 0", { threshold: 0 }, undefined],
  ["a count above -1", { threshold: -1 }, "must be 0 or more; every count is: it would never end"],
  ["a sum below 0", { measure: "SUM", condition: "BELOW", threshold: 0 }, undefined],
  ["a least number above -1", { measure: "MIN", threshold: -1 }, undefined],
])("an alert that could never turn is refused: of %s", (_, own, message) => {
  const parse = () => parseAlert({ ...RULE, ...own });
  if (message === undefined) expect(parse()).toMatchObject(own);
  else expect(parse).toThrow(expect.objectContaining({ fields: [{ path: ["threshold"], message }] }));
});

describe("a bucket", () => {
  test.each(
    [
      ["ONE_MINUTE", 12, 0, 59.999, 11, 59],
      ["ONE_MINUTE", 12, 1, 0, 12, 0],
      ["FIVE_MINUTES", 12, 5, 59.999, 12, 0],
      ["FIVE_MINUTES", 12, 6, 0, 12, 5],
      ["ONE_HOUR", 13, 0, 59.999, 12, 0],
      ["ONE_HOUR", 13, 1, 0, 13, 0],
    ] as const,
  )("of %s is over a minute after its end: at %i:%i:%d the last ended at %i:%i", (size, h, m, s, eh, em) => {
    const at = Date.UTC(2026, 5, 1, h, m) + s * 1_000;
    expect(new Date(lastEnd(at, size)).toISOString()).toBe(new Date(Date.UTC(2026, 5, 1, eh, em)).toISOString());
  });

  const measured = { values: 4, sum: 10, min: 1, max: 5 };
  test.each(
    [
      ["COUNT", 7],
      ["SUM", 10],
      ["AVERAGE", 2.5],
      ["MIN", 1],
      ["MAX", 5],
    ] as const,
  )("comes by %s to %d", (measure, value) => {
    const [bucket] = bucketsOf([7]);
    expect(valueOf({ ...bucket!, measured }, measure)).toBe(value);
    const none = { COUNT: 7, SUM: 0, AVERAGE: undefined, MIN: undefined, MAX: undefined }[measure];
    expect(valueOf(bucket!, measure)).toBe(none);
    expect(valueOf({ ...bucket!, measured: { ...measured, values: 0 } }, measure)).toBe(none);
  });

  test.each(
    [
      ["ABOVE", 3, true],
      ["ABOVE", 2, false],
      ["BELOW", 1, true],
      ["BELOW", 2, false],
      ["ABOVE", undefined, false],
      ["BELOW", undefined, false],
    ] as const,
  )("is %s two where it comes to %s: %s", (condition, value, isIt) => {
    expect(isSo({ condition, threshold: 2 }, value)).toBe(isIt);
  });
});

test("a rule is another where anything is that decides it, and the same by another name", () => {
  const other: NewAlert = { ...RULE, name: "other", alertId: "b" };
  expect(isSameRule(RULE, other)).toBe(true);
  const changes: Partial<NewAlert>[] = [
    ...[{ source: "ITEMS" }, { threshold: 3 }, { lasting: 2 }],
    ...[{ size: "ONE_HOUR" as const }, { measure: "SUM" as const }, { condition: "BELOW" as const }],
  ];
  for (const change of changes) expect(isSameRule(RULE, { ...RULE, ...change })).toBe(false);
});

test("a change is told with its instants as text, and null where a bucket or a value is none", () => {
  const { tenantId: _, ...configured } = toChange(ALERT, "OK", START, { reason: "CONFIGURED" });
  const at = "2026-06-01T12:00:00.000Z";
  expect(toData(configured)).toEqual({
    ...{
      changeId: configured.changeId,
      alertId: "a",
      name: "tasks",
      state: "OK",
      reason: "CONFIGURED",
      source: "TASKS",
    },
    ...{ size: "ONE_MINUTE", measure: "COUNT", threshold: 2 },
    ...{ at, bucketStart: null, bucketEnd: null, value: null },
  });
  const [bucket] = bucketsOf([0]);
  const told = toData(toChange(ALERT, "RINGING", START, { reason: "BUCKET", bucket: bucket!, value: 0 }));
  expect(told).toMatchObject({ value: 0, bucketStart: at, bucketEnd: "2026-06-01T12:01:00.000Z" });
  const of = { reason: "BUCKET", bucket: bucket!, value: undefined } as const;
  expect(toData(toChange(ALERT, "OK", START, of))).toMatchObject({ value: null });
});

test("buckets judged in any parts turn an alert where all of them at once do, and say since when", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 4 }), { maxLength: 30 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 7 }),
      (counts, lasting, part) => {
        const whole = judge({ ...ALERT, lasting }, bucketsOf(counts));
        let alert: Alert = { ...ALERT, lasting };
        const turns = [];
        for (let from = 0; from < counts.length; from += part) {
          const { turns: own, ...judged } = judge(alert, bucketsOf(counts).slice(from, from + part));
          turns.push(...own);
          alert = { ...alert, ...judged };
        }
        const { turns: all, ...end } = whole;
        expect(turns).toEqual(all);
        expect({ streak: alert.streak, state: alert.state, since: alert.since }).toEqual(end);
        // It rings from the end of the bucket that made its row full to the end of the first that is not so.
        const isRinging = (i: number) => i + 1 >= lasting && counts.slice(i + 1 - lasting, i + 1).every((n) => n > 2);
        const expected = counts.flatMap((_, i) =>
          isRinging(i) === (i > 0 && isRinging(i - 1)) ? [] : [[isRinging(i) ? "RINGING" : "OK", i]]
        );
        expect(all.map(({ state, bucket }) => [state, (bucket.start - START) / MINUTE])).toEqual(expected);
        expect(end.since).toBe(all.at(-1)?.bucket.end ?? START);
      },
    ),
  );
});

function createWorld() {
  let now = START;
  let counted = Infinity;
  const counts = new Map<number, number>();
  const woken: string[] = [];
  const dynamo = createMemoryDynamo(tables);
  const store = createAlertStore(dynamo, "buckets");
  let during: () => Promise<unknown> = async () => {};
  const service = createAlerts({
    alerts: store,
    wakeElsewhere: () => Promise.resolve(),
    store: {
      async listHours(_tenant, source, fromAt, toAt) {
        await during();
        const hours = new Map<number, HourBucket>();
        for (const [at, count] of counts) {
          if (at < fromAt || at >= toAt) continue;
          const hourAt = Math.floor(at / HOUR) * HOUR;
          const hour = hours.get(hourAt) ?? { source, hourAt, minutes: new Map(), version: 1 };
          hours.set(hourAt, hour);
          (hour.minutes as Map<number, object>).set((at - hourAt) / MINUTE, { count, version: 1, expired: 0 });
        }
        return [...hours.values()];
      },
    },
    measuring: { list: () => Promise.resolve([]) },
    hub: { wake: (key) => void woken.push(key), watch: () => () => {} },
    clock: () => now,
    caughtUpAt: () => Promise.resolve(counted === Infinity ? undefined : counted),
    tell: ({ changeId }) => ({ table: "webhooks", put: { pk: `told#${changeId}`, sk: "told" } }),
  });
  const kept = (part: string) => dynamo.dump("buckets").filter(({ pk }) => pk === `shop#${part}`);
  return {
    ...{ service, store, woken, dynamo },
    count: (minute: number, n: number) => void counts.set(START + minute * MINUTE, n),
    pass: (ms: number) => now += ms,
    countedUpTo: (at: number) => void (counted = at),
    during: (what: typeof during) => void (during = what),
    alert: () => store.findAlert("shop", "a"),
    changes: () => kept("changes"),
    told: () => dynamo.dump("webhooks"),
  };
}

describe("alerts", () => {
  test("are judged up to what is counted, forty buckets in one go and then the next, each once", async () => {
    const { service, count, pass, countedUpTo, alert, changes, told, woken } = createWorld();
    await service.configure("shop", "u", RULE);
    for (let minute = 0; minute < 100; minute += 2) count(minute, 3);
    pass(101 * MINUTE);
    countedUpTo(START + 61 * MINUTE - 1);
    expect(await service.sweep()).toEqual({ alerts: 1, judged: 59, changed: 59 });
    expect((await alert())!.judgedTo).toBe(START + 59 * MINUTE);
    countedUpTo(Infinity);
    expect(await service.sweep()).toEqual({ alerts: 1, judged: 41, changed: 41 });
    expect(await service.sweep()).toEqual({ alerts: 1, judged: 0, changed: 0 });
    // Each turn is kept, told to the world, and to who watches.
    expect([changes().length, told().length]).toEqual([100, 100]);
    expect(new Set(woken)).toEqual(new Set(["alerts:shop"]));
  });

  test("that two processes judge at once turn once, and what is told is told once", async () => {
    const world = createWorld();
    const { service, count, pass, changes, told, during } = world;
    await service.configure("shop", "u", RULE);
    count(0, 3);
    pass(2 * MINUTE);
    during(async () => {
      during(async () => {});
      expect(await service.sweep()).toMatchObject({ changed: 1 });
    });
    expect(await service.sweep()).toMatchObject({ changed: 0 });
    expect([changes().length, told().length]).toEqual([1, 1]);
  });

  test("that are configured while they are judged are judged by what they are then", async () => {
    const { service, count, pass, changes, alert, during } = createWorld();
    await service.configure("shop", "u", RULE);
    count(0, 3);
    pass(2 * MINUTE);
    during(async () => {
      during(async () => {});
      await service.configure("shop", "v", { ...RULE, threshold: 100 });
    });
    await service.sweep();
    expect(changes()).toEqual([]);
    expect(await alert()).toMatchObject({ state: "OK", threshold: 100, createdBy: "u", judgedTo: START + 2 * MINUTE });
  });

  test("begin with the bucket that is running, also anew by another rule", async () => {
    const { service, pass, alert } = createWorld();
    pass(30 * MINUTE + 1);
    await service.configure("shop", "u", { ...RULE, size: "FIFTEEN_MINUTES" });
    expect(await alert()).toMatchObject({ judgedTo: START + 30 * MINUTE, since: START + 30 * MINUTE + 1 });
    pass(20 * MINUTE);
    await service.configure("shop", "u", { ...RULE, size: "FIFTEEN_MINUTES", name: "same" });
    expect(await alert()).toMatchObject({ judgedTo: START + 30 * MINUTE, name: "same" });
    await service.configure("shop", "u", { ...RULE, size: "FIVE_MINUTES" });
    expect(await alert()).toMatchObject({ judgedTo: START + 50 * MINUTE, version: 3 });
  });

  test("that no one has, or that another changed first, are not written over", async () => {
    const { store, alert } = createWorld();
    expect(await store.write(undefined, ALERT)).toBe(true);
    expect(await store.write(undefined, { ...ALERT, name: "second" })).toBe(false);
    expect(await store.write({ ...ALERT, version: 9 }, { ...ALERT, name: "second", version: 10 })).toBe(false);
    const change = toChange(ALERT, "OK", START, { reason: "CONFIGURED" });
    expect(await store.write({ ...ALERT, version: 9 }, undefined, [change])).toBe(false);
    expect(await alert()).toEqual(ALERT);
    expect(await store.listChanges("shop", {})).toEqual([]);
    expect(await store.write(ALERT, undefined, [change])).toBe(true);
    expect(await alert()).toBeUndefined();
  });

  test("are written whole, with their changes and what else there is, or not at all", async () => {
    const { store, changes, told } = createWorld();
    const other = (id: string) => ({ table: "webhooks", put: { pk: `told#${id}`, sk: "told" } });
    const change = toChange(ALERT, "OK", START, { reason: "CONFIGURED" });
    expect(await store.write(undefined, ALERT, [change])).toBe(true);
    expect(await store.write(ALERT, { ...ALERT, version: 2 }, [], [other("a")])).toBe(true);
    expect(await store.write(ALERT, { ...ALERT, version: 2 }, [], [other("b")])).toBe(false);
    expect(await store.write({ ...ALERT, version: 2 }, undefined, [], [other("c")])).toBe(true);
    expect([changes().length, told().map(({ pk }) => pk)]).toEqual([1, ["told#a", "told#c"]]);
    expect(await store.write(undefined, ALERT)).toBe(true);
    expect(await store.write(ALERT, undefined)).toBe(true);
    expect(await store.listAlerts("shop")).toEqual([]);
  });

  test("are listed by tenant, and all of them, each once, as they are, whatever the pages", async () => {
    const page = { pageOf: () => 2 };
    const dynamo = createMemoryDynamo(tables, page);
    const store = createAlertStore(dynamo, "buckets");
    const ids = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    const alerts = ids.flatMap((alertId) => ["shop", "other"].map((tenantId) => ({ ...ALERT, alertId, tenantId })));
    for (const alert of alerts) {
      await store.write(undefined, alert, [toChange(alert, "OK", START, { reason: "DELETED" })]);
    }
    expect(await store.listAlerts("shop")).toEqual(alerts.filter(({ tenantId }) => tenantId === "shop"));
    expect(await store.listAlerts("nobody")).toEqual([]);
    const inOrder = (all: readonly Alert[]) =>
      all.toSorted((a, b) => (`${a.tenantId} ${a.alertId}` < `${b.tenantId} ${b.alertId}` ? -1 : 1));
    expect(inOrder((await Array.fromAsync(store.listAll())).flat())).toEqual(inOrder(alerts));
    // In lists of which none is hot.
    expect(new Set(dynamo.dump("buckets").map(({ hourShard }) => hourShard)).size).toBeGreaterThan(2);
    expect(await store.findAlert("shop", "j")).toEqual(alerts.find((a) => a.tenantId === "shop" && a.alertId === "j"));
    expect(await store.findAlert("shop", "k")).toBeUndefined();
    expect((await store.listChanges("shop", { limit: 3 })).map(({ alertId }) => alertId)).toEqual(["j", "i", "h"]);
    expect((await store.listChanges("shop", { alertId: "b" })).map(({ alertId }) => alertId)).toEqual(["b"]);
  });

  test("have a history that is read from either end, of one or of all, and kept for ninety days", async () => {
    const { store, dynamo } = createWorld();
    const changes = Array.from({ length: 6 }, (_, i) => ({
      ...toChange({ ...ALERT, alertId: i % 2 ? "b" : "a" }, "OK", START + i, { reason: "CONFIGURED" }),
    }));
    await store.write(undefined, ALERT, changes);
    const ids = (found: readonly AlertChange[]) => found.map(({ at }) => at - START);
    expect(ids(await store.listChanges("shop", {}))).toEqual([5, 4, 3, 2, 1, 0]);
    expect(ids(await store.listChanges("shop", { alertId: "b", limit: 2 }))).toEqual([5, 3]);
    expect(ids(await store.listChanges("shop", { limit: 9, after: changes[3]!.changeId }))).toEqual([2, 1, 0]);
    expect(ids(await store.listChanges("shop", { since: changes[3]!.changeId }))).toEqual([3, 4, 5]);
    expect(ids(await store.listChanges("other", {}))).toEqual([]);
    const [kept] = dynamo.dump("buckets").filter(({ pk }) => pk === "shop#changes");
    expect(kept!.ttl).toBe(Math.ceil(START / 1_000) + 90 * 24 * 3_600);
  });
});

test("a bucket is judged as it is, its count and its numbers, where other reads still are as they were before the last writes", async () => {
  const dynamo = createMemoryDynamo(tables, { stale: () => 5 });
  const store = createMetricStore(dynamo, { records: "records", buckets: "buckets" });
  const [hub, clock] = [createHub(), () => START + 2 * MINUTE];
  const caughtUpAt = () => Promise.resolve(clock());
  const alerts = createAlertStore(dynamo, "buckets");
  const service = createAlerts({
    ...{ alerts, store, hub, clock, caughtUpAt, measuring: createMeasuring(store) },
    wakeElsewhere: () => Promise.resolve(),
    tell: ({ changeId }) => ({ table: "webhooks", put: { pk: changeId, sk: "told" } }),
  });
  for (const measure of ["COUNT", "SUM"] as const) {
    await alerts.write(undefined, { ...ALERT, alertId: measure, measure });
  }
  const change: CountChange = {
    ...{
      tenantId: "shop",
      source: "TASKS",
      at: START,
      n: 3,
      arrivedAt: START,
      shard: "s",
      sequence: "1",
      partition: "0",
    },
    measures: [{ n: 1, value: 3, dimensions: [] }],
  };
  await createMetrics({ store, hub, clock, caughtUpAt }).count([change]);
  await service.sweep();
  const turned = dynamo.dump("buckets").filter(({ pk }) => pk === "shop#changes");
  expect(new Map(turned.map(({ alertId, state, value }) => [alertId, [state, value]]))).toEqual(
    new Map([["COUNT", ["RINGING", 3]], ["SUM", ["RINGING", 3]]]),
  );
});
