import { expect, test } from "vitest";
import { createAudit } from "../../api/metrics/audit.ts";
import type { CountChange, Counted } from "../../api/metrics/model.ts";
import { toSlotChanges } from "../../api/metrics/measures.ts";
import { emptyHour } from "../../api/metrics/rules.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { fc } from "../kit/property.ts";

const MINUTE = 60_000;
const HOUR_AT = Date.UTC(2026, 5, 1, 12);
const MINUTES = 3;
const TENANT = "shop";

type Step = "nothing" | "count" | "record" | "move";

/**
 * Records of an hour, the stream that counts them, and an audit that repairs; between any two calls of the audit's happens what
 * `steps` says, in their order.
 */
function createWorld(steps: Step[], damage: readonly number[]) {
  let now = HOUR_AT + 3 * 60 * MINUTE;
  let readToEndAt = now;
  let sequence = 0;
  const records: Counted[] = [];
  const waiting: CountChange[] = [];
  const woken: string[] = [];
  const store = createMetricStore(createMemoryDynamo(tables), { records: "records", buckets: "buckets" });
  /** As the table's clock gives it: to the second. */
  const stamp = () => Math.floor(now / 1_000) * 1_000;
  const at = (minute: number) => HOUR_AT + minute % MINUTES * MINUTE;

  function tell(changed: number, n: number): void {
    const position = { shard: "s", sequence: `${++sequence}`, partition: "0", arrivedAt: stamp() };
    waiting.push({ ...position, tenantId: TENANT, source: "ITEMS", at: changed, n });
  }
  async function step(kind: Step): Promise<void> {
    now += 400;
    if (kind === "record") {
      records.push({ at: at(sequence), arrivedAt: stamp() });
      tell(records.at(-1)!.at, 1);
    } else if (kind === "move" && records.length > 0) {
      const moved = records.shift()!;
      tell(moved.at, -1);
      records.push({ at: at(moved.at / MINUTE + 1), arrivedAt: stamp() });
      tell(records.at(-1)!.at, 1);
    } else if (kind === "count" && waiting.length > 0) {
      await store.count(waiting.splice(0, 2), now);
    }
    if (waiting.length === 0) readToEndAt = now;
  }
  const next = async () => await step(steps.shift() ?? "nothing");
  const between = async <T>(call: () => Promise<T>): Promise<T> => {
    await next();
    const done = await call();
    await next();
    return done;
  };

  const inRange = (fromAt: number, toAt: number) => records.filter((record) => record.at >= fromAt && record.at < toAt);

  const { audit } = createAudit({
    store: {
      ...store,
      listHours: (...asked) => between(() => store.listHours(...asked)),
      correct: (...asked) => between(() => store.correct(...asked)),
      async listMeasured(_tenant, _source, fromAt, toAt) {
        await next();
        return inRange(fromAt, toAt).map((record) => ({ ...record, dimensions: [] }));
      },
    },
    hub: { wake: (_, hint) => void woken.push(hint!), watch: () => () => {} },
    clock: () => now,
    progress: {
      caughtUpAt: () => Promise.resolve(waiting.length === 0 ? now : waiting[0]!.arrivedAt - 1),
      isPast: async (_, seenAt) => (await next(), readToEndAt >= seenAt),
    },
    recountOf: () =>
      async function* (_, fromAt, toAt) {
        const found = inRange(fromAt, toAt);
        await next();
        yield found;
      },
    recheckMs: 0,
  });

  return {
    woken,
    record: () => step("record"),
    move: () => step("move"),
    /** The oldest record goes, because its time has come: it stays counted. */
    async expire() {
      const gone = records.shift()!;
      const position = { shard: "s", sequence: `${++sequence}`, partition: "0", arrivedAt: stamp() };
      await store.count([{ ...position, tenantId: TENANT, source: "ITEMS", at: gone.at, n: 1, isExpired: true }], now);
    },
    async countAll() {
      while (waiting.length > 0) await step("count");
      now += 5_000;
      await step("nothing");
    },
    async damageAll() {
      const [hour] = await store.listHours(TENANT, "ITEMS", HOUR_AT, HOUR_AT + 1);
      const wrong = damage.map((n, minute) => [minute, (hour!.minutes.get(minute)?.count ?? 0) + n] as const);
      await store.correct(TENANT, hour!, new Map(wrong.filter((_, minute) => damage[minute] !== 0)));
    },
    repair: (repair = true) =>
      audit(TENANT, {
        source: "ITEMS",
        range: { between: { from: HOUR_AT, to: HOUR_AT + MINUTES * MINUTE } },
        repair,
      }),
    /** By how much each minute's count is wrong. */
    async wrong() {
      const [hour] = await store.listHours(TENANT, "ITEMS", HOUR_AT, HOUR_AT + 1);
      return damage.map((_, minute) =>
        (hour?.minutes.get(minute)?.count ?? 0) - records.filter((record) => record.at === at(minute)).length
      );
    },
  };
}

const kinds: Step[] = ["nothing", "count", "record", "move"];

test("a repair beside whatever is recorded, moved and counted leaves each minute as it was or right, and then all are right", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...kinds), { maxLength: 30 }),
      fc.tuple(...Array.from({ length: MINUTES }, () => fc.constantFrom(0, 0, 1, 3))),
      async (given, damage) => {
        const steps = [...given];
        const world = createWorld(steps, damage);
        for (let i = 0; i < 5; i++) await world.record();
        await world.countAll();
        await world.damageAll();
        const { differences, repaired } = await world.repair();
        await world.countAll();
        const left = await world.wrong();
        for (const [minute, n] of left.entries()) expect([0, damage[minute]]).toContain(n);
        // Nothing is told to be wrong that was not, and what is set right is told to who watches.
        for (const { bucket } of differences) expect(damage[(bucket.start - HOUR_AT) / MINUTE]).not.toBe(0);
        expect(world.woken.length > 0).toBe(repaired > 0);
        // And what is told to be repaired is.
        const wrongIn = (counts: readonly number[]) => counts.filter((n) => n !== 0).length;
        expect(repaired).toBe(wrongIn(damage) - wrongIn(left));
        steps.length = 0;
        const last = await world.repair();
        expect(last).toMatchObject({ repaired: left.filter((n) => n !== 0).length, unsettled: 0 });
        expect(await world.wrong()).toEqual(damage.map(() => 0));
      },
    ),
    { numRuns: 200 },
  );
});

test("an audit that only looks, beside whatever happens, tells of no minute that is right, and in the end of each that is wrong", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...kinds), { maxLength: 30 }),
      fc.tuple(...Array.from({ length: MINUTES }, () => fc.constantFrom(0, 0, 1, 3))),
      async (given, damage) => {
        const steps = [...given];
        const world = createWorld(steps, damage);
        for (let i = 0; i < 5; i++) await world.record();
        await world.countAll();
        await world.damageAll();
        const minutesOf = ({ differences }: Awaited<ReturnType<typeof world.repair>>) =>
          differences.map(({ bucket }) => (bucket.start - HOUR_AT) / MINUTE);
        for (const minute of minutesOf(await world.repair(false))) expect(damage[minute]).not.toBe(0);
        steps.length = 0;
        await world.countAll();
        const wrong = damage.flatMap((n, minute) => n === 0 ? [] : [minute]);
        expect(minutesOf(await world.repair(false))).toEqual(wrong);
        expect([await world.wrong(), world.woken]).toEqual([[...damage], []]);
      },
    ),
    { numRuns: 60 },
  );
});

test("of what the stream has not shown nothing is said, but that it is not settled", async () => {
  const world = createWorld([], [0, 0, 0]);
  for (let i = 0; i < 5; i++) await world.record();
  await world.countAll();
  await world.move();
  expect(await world.repair()).toMatchObject({ differences: [], repaired: 0, unsettled: 1 });
  await world.countAll();
  expect(await world.repair()).toMatchObject({ differences: [], repaired: 0, unsettled: 0 });
});

test("what waits to be counted is no difference, however often it is looked at", async () => {
  const world = createWorld([], [0, 0, 0]);
  await world.record();
  await world.countAll();
  await world.record();
  for (let i = 0; i < 3; i++) {
    expect(await world.repair()).toMatchObject({ recordsCounted: 2, differences: [], repaired: 0, unsettled: 0 });
  }
});

test("a minute of which something has expired is said to be wrong, and never set: nothing tells what is right", async () => {
  const world = createWorld([], [0, 3, 0]);
  for (let i = 0; i < 5; i++) await world.record();
  await world.countAll();
  // The second minute's one.
  await world.expire();
  await world.expire();
  await world.damageAll();
  const { differences, repaired } = await world.repair();
  expect(differences.map(({ bucket }) => (bucket.start - HOUR_AT) / MINUTE)).toEqual([1]);
  expect(repaired).toBe(0);
});

test("a count is set where its hour is as it was read, and nowhere else: not where somebody counted first into one that was not there", async () => {
  const store = createMetricStore(createMemoryDynamo(tables), { records: "records", buckets: "buckets" });
  const position = (n: number) => ({ shard: "s", sequence: `${n}`, partition: "0", arrivedAt: HOUR_AT });
  const count = (n: number) =>
    store.count([{ ...position(n), tenantId: TENANT, source: "ITEMS", at: HOUR_AT, n: 1 }], HOUR_AT);
  const read = async () => (await store.listHours(TENANT, "ITEMS", HOUR_AT, HOUR_AT + 1))[0]!;
  const set = (hour: Awaited<ReturnType<typeof read>>, n: number) => store.correct(TENANT, hour, new Map([[0, n]]));
  const counted = async () => (await read()).minutes.get(0)?.count;
  const none = emptyHour("ITEMS", HOUR_AT);
  await count(1);
  expect([await set(none, 5), await counted()]).toEqual([false, 1]);
  const seen = await read();
  await count(2);
  expect([await set(seen, 5), await counted()]).toEqual([false, 2]);
  const before = await read();
  expect([await set(before, 5), await counted()]).toEqual([true, 5]);
  // Whoever follows is told of it, as of whatever is counted.
  const { version, minutes } = await read();
  expect([version, minutes.get(0)!.version]).toEqual([before.version + 1, before.version + 1]);
  const other = createMetricStore(createMemoryDynamo(tables), { records: "records", buckets: "buckets" });
  expect(await other.correct(TENANT, none, new Map([[0, 5]]))).toBe(true);
  expect(await other.correct(TENANT, none, new Map([[0, 6]]))).toBe(false);
});

test("what is wrong in a first look and too young to tell in the second is told as short: the audit says of no such hour that it is right", async () => {
  const now = HOUR_AT + 3 * 60 * MINUTE;
  const store = createMetricStore(createMemoryDynamo(tables), { records: "records", buckets: "buckets" });
  // As motion of a session that somebody changes between the two: it is found as written when the session was.
  for (
    const [arrivals, expected] of [
      [[HOUR_AT, now], { short: 1, repaired: 0 }],
      [[HOUR_AT, now, HOUR_AT, HOUR_AT], { short: 1, repaired: 0 }],
      [[HOUR_AT, HOUR_AT], { short: 0, repaired: 1 }],
    ] as const
  ) {
    const looks = [...arrivals];
    const { audit } = createAudit({
      ...{ store, hub: { wake: () => {}, watch: () => () => {} }, clock: () => now, recheckMs: 0 },
      progress: { caughtUpAt: () => Promise.resolve(now), isPast: () => Promise.resolve(true) },
      recountOf: () =>
        async function* () {
          yield [{ at: HOUR_AT, arrivedAt: looks.shift()! }];
        },
    });
    const range = { between: { from: HOUR_AT, to: HOUR_AT + MINUTE } };
    expect(await audit(TENANT, { source: "MOTION_EVENTS", range, repair: true })).toMatchObject({
      ...{ ...expected, unsettled: 0, inDoubt: 0 },
    });
  }
});

test("what was counted a moment before is seen by both looks, in counts and in numbers, also where the store answers late", async () => {
  const now = HOUR_AT + 3 * 60 * MINUTE;
  const store = createMetricStore(createMemoryDynamo(tables, { stale: () => 5 }), {
    records: "records",
    buckets: "buckets",
  });
  const record = { source: "ITEMS" as const, recordId: "r", at: HOUR_AT, value: 5, dimensions: [] };
  let sequence = 0;
  const count = async (at: number) => {
    const position = { shard: "s", sequence: `${++sequence}`, partition: "0", arrivedAt: HOUR_AT };
    const measures = [{ n: 1 as const, value: 5, dimensions: [] }];
    const changes = [{ ...position, tenantId: TENANT, source: "ITEMS" as const, at, n: 1, measures }];
    await store.count(changes, now);
    for (const slot of toSlotChanges(changes)) await store.measures.count(slot, now);
  };
  await store.keepAll(TENANT, [record], HOUR_AT);
  await count(HOUR_AT);
  for (let hour = 1; hour <= 5; hour++) await count(HOUR_AT - hour * 60 * MINUTE);
  // As a part that was given up, and is counted beside a repair that had counted it already.
  await count(HOUR_AT);
  const { audit } = createAudit({
    ...{ store, hub: { wake: () => {}, watch: () => () => {} }, clock: () => now, recheckMs: 0 },
    progress: { caughtUpAt: () => Promise.resolve(now), isPast: () => Promise.resolve(true) },
    recountOf: () =>
      async function* (tenantId, fromAt, toAt) {
        yield await store.listMeasured(tenantId, "ITEMS", fromAt, toAt);
      },
  });
  const range = { between: { from: HOUR_AT, to: HOUR_AT + MINUTE } };
  expect(await audit(TENANT, { source: "ITEMS", range, repair: false })).toMatchObject({
    differences: [{ bucket: { count: 2 }, recounted: 1 }],
    measureDifferences: [{ found: { count: 2, sum: 10 }, recounted: { count: 1, sum: 5 } }],
  });
});

test("counts and numbers that are others at each look are no difference: nobody knows what is right", async () => {
  const now = HOUR_AT + 3 * 60 * MINUTE;
  const store = createMetricStore(createMemoryDynamo(tables), { records: "records", buckets: "buckets" });
  let sequence = 0;
  const count = async () => {
    const position = { shard: "s", sequence: `${++sequence}`, partition: "0", arrivedAt: HOUR_AT };
    const measures = [{ n: 1 as const, value: 5, dimensions: [] }];
    const changes = [{ ...position, tenantId: TENANT, source: "ITEMS" as const, at: HOUR_AT, n: 1, measures }];
    await store.count(changes, now);
    for (const slot of toSlotChanges(changes)) await store.measures.count(slot, now);
  };
  await count();
  const { audit } = createAudit({
    store: {
      ...store,
      async listMeasured() {
        await count();
        return [];
      },
    },
    ...{ hub: { wake: () => {}, watch: () => () => {} }, clock: () => now, recheckMs: 0 },
    progress: { caughtUpAt: () => Promise.resolve(now), isPast: () => Promise.resolve(true) },
    recountOf: () => async function* () {},
  });
  const range = { between: { from: HOUR_AT, to: HOUR_AT + MINUTE } };
  for (const repair of [false, true]) {
    expect(await audit(TENANT, { source: "ITEMS", range, repair })).toMatchObject({
      ...{ differences: [], measureDifferences: [], repaired: 0, unsettled: 1 },
    });
  }
});
