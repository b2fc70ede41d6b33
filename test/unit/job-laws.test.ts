import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createAuditJob } from "../../api/jobs/audit.ts";
import type { AuditMark } from "../../api/metrics/audit-marks.ts";
import { createRecount } from "../../api/jobs/recount.ts";
import { createRemovalJob } from "../../api/jobs/removals.ts";
import { startTicker } from "../../api/jobs/ticker.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import type { Removed } from "../../api/removals/model.ts";
import { createRemovalStore } from "../../api/removals/store.ts";
import { tables } from "../../api/resources.ts";
import { silentLog } from "../kit/local.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 5, 1, 12, 30);

describe("the removal of a tenant", () => {
  const NOTHING: Removed = { items: 0, objects: 0, isWhole: true };

  function createWorld(...runs: (Removed | Error)[]) {
    let now = START;
    const asked: { at: number; isLast: boolean }[] = [];
    const dynamo = createMemoryDynamo(tables);
    const store = createRemovalStore(dynamo, "access");
    const job = createRemovalJob({
      store,
      clock: () => now,
      log: silentLog,
      removeData(_, isLast) {
        asked.push({ at: now - START, isLast });
        const did = runs.shift() ?? NOTHING;
        return did instanceof Error ? Promise.reject(did) : Promise.resolve(did);
      },
    });
    const removal = { removalId: "r", tenantId: "shop", begunAt: START, lookAt: START, items: 0, objects: 0 };
    return {
      ...{ store, job, asked, dynamo },
      begin: () => dynamo.transact([store.beginning({ ...removal, emptiedAt: undefined, doneAt: undefined })]),
      pass: (ms: number) => now += ms,
      found: async () => (await store.find("r"))!,
      /** Runs the job each minute, for so long. */
      whileDue: async (ms: number) => {
        for (const until = now + ms; now < until; now += MINUTE) await job();
      },
    };
  }

  test("goes on a minute later where a run was not enough, then looks each hour until nothing is left, and last after two days", async () => {
    const part = { items: 6, objects: 1, isWhole: false };
    const none = { items: 0, objects: 0, isWhole: false };
    const { begin, asked, found, whileDue, dynamo } = createWorld(part, none, { items: 2, objects: 0, isWhole: true });
    await begin();
    await whileDue(3 * DAY);
    expect(asked).toEqual([
      { at: 0, isLast: false },
      { at: MINUTE, isLast: false },
      { at: 2 * MINUTE, isLast: false },
      { at: 2 * MINUTE + HOUR, isLast: false },
      { at: 2 * DAY, isLast: true },
    ]);
    expect(await found()).toMatchObject({
      items: 8,
      objects: 1,
      emptiedAt: START + 2 * MINUTE,
      doneAt: START + 2 * DAY,
    });
    const [item] = dynamo.dump("access");
    expect((item!.ttl as number) * 1_000).toBe(START + 367 * DAY);
    // The receipt says no more whose it is.
    expect(JSON.stringify(item)).not.toContain("shop");
  });

  test("that finds something at its last look looks again, and is done where nothing was left", async () => {
    const late = { items: 0, objects: 1, isWhole: true };
    const { begin, asked, found, whileDue } = createWorld(NOTHING, late);
    await begin();
    await whileDue(2 * DAY + 2 * HOUR);
    expect(asked.map(({ at }) => at)).toEqual([0, 2 * DAY, 2 * DAY + HOUR]);
    expect(await found()).toMatchObject({ objects: 1, emptiedAt: START, doneAt: START + 2 * DAY + HOUR });
  });

  test("that breaks off is taken up by the next ten minutes later, and by nobody before", async () => {
    const { begin, asked, whileDue, job, pass } = createWorld(new Error("died"));
    await begin();
    await expect(job()).rejects.toThrow("died");
    pass(MINUTE);
    await whileDue(HOUR);
    expect(asked.slice(0, 2).map(({ at }) => at)).toEqual([0, 10 * MINUTE]);
  });

  test("says how much it took away, of all that are due together, and is not found under another's id", async () => {
    const { begin, job, store, dynamo } = createWorld({ items: 6, objects: 1, isWhole: true }, {
      ...{ items: 3, objects: 2, isWhole: false },
    });
    await begin();
    const other = { removalId: "s", tenantId: "other", begunAt: START, lookAt: START, items: 0, objects: 0 };
    await dynamo.transact([store.beginning({ ...other, emptiedAt: undefined, doneAt: undefined })]);
    expect(await job()).toEqual({ removals: 2, items: 9, objects: 3 });
    expect(await job()).toEqual({ removals: 0, items: 0, objects: 0 });
    expect(await store.find("r")).toMatchObject({ removalId: "r", tenantId: "shop", items: 6, lookAt: START + HOUR });
    expect(await store.find("unknown")).toBeUndefined();
  });

  test("is taken by one of those who look at it at once", async () => {
    const { begin, asked, job, store } = createWorld();
    await begin();
    const [seen] = await store.listDue(START);
    expect(await store.claim(seen!, START + MINUTE)).toBe(true);
    expect(await store.claim(seen!, START + MINUTE)).toBe(false);
    await job();
    expect(asked).toEqual([]);
    expect(await store.listDue(START + MINUTE - 1)).toEqual([]);
    expect(await store.listDue(START + MINUTE)).toHaveLength(1);
  });

  test("is done by one of two jobs that find it at once", async () => {
    const { begin, asked, job } = createWorld();
    await begin();
    await Promise.all([job(), job()]);
    expect(asked).toHaveLength(1);
  });

  test("that is done is taken by nobody any more", async () => {
    const { begin, store } = createWorld();
    await begin();
    const [seen] = await store.listDue(START);
    await store.finish(seen!, START + 1, DAY);
    expect(await store.claim(seen!, START + MINUTE)).toBe(false);
    expect(await store.listDue(START + DAY)).toEqual([]);
  });
});

describe("the ticker", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
  afterEach(() => void vi.useRealTimers());

  test("runs a job at once, then at each turn, but not while it still runs; one that fails is run again", async () => {
    const runs: PromiseWithResolvers<Record<string, number>>[] = [];
    const run = () => {
      runs.push(Promise.withResolvers());
      return runs.at(-1)!.promise;
    };
    const said: unknown[] = [];
    const log = { ...silentLog, error: (...of: unknown[]) => void said.push(of) };
    const { stop } = startTicker([{ name: "a", everyMs: 1_000, run }], log);
    expect(runs).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(runs).toHaveLength(1);
    runs[0]!.reject(new Error("a fault"));
    await vi.advanceTimersByTimeAsync(999);
    expect(runs).toHaveLength(1);
    expect(said).toEqual([["a job failed and is tried at its next turn", { job: "a", error: new Error("a fault") }]]);
    await vi.advanceTimersByTimeAsync(1);
    expect(runs).toHaveLength(2);
    let isOver = false;
    const stopped = stop().then(() => isOver = true);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([runs.length, isOver]).toEqual([2, false]);
    runs[1]!.resolve({});
    await stopped;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the audit of each hour", () => {
  test("counts the hour before the one that is running, of every tenant and source, and raises what is wrong together", async () => {
    const asked: unknown[] = [];
    const raised: number[] = [];
    const listed: number[] = [];
    const said: unknown[] = [];
    let isWrong = false;
    const bucket = { start: START, count: 3 } as never;
    const job = createAuditJob({
      audit: (tenantId, { source, range, repair, isThorough }) => {
        asked.push([tenantId, source, range, repair, isThorough]);
        const differences = tenantId === "a" || !isWrong ? [] : [{ bucket, recounted: 2 }];
        return Promise.resolve({
          ...{ recordsCounted: 5, bucketsChecked: 60, repaired: 0, unsettled: 1, inDoubt: 0, short: 0, differences },
          measureDifferences: [],
        });
      },
      canAudit: (source) => source !== "REVIEWS",
      store: {
        async *listActive(hourAt) {
          listed.push(hourAt);
          yield [{ tenantId: "a", source: "ITEMS", shard: 0 }, { tenantId: "a", source: "REVIEWS", shard: 0 }];
          yield [{ tenantId: "b", source: "ITEMS", shard: 0 }, { tenantId: "c", source: "own", shard: 0 }];
        },
        audits: {} as never,
      },
      clock: () => START,
      log: { ...silentLog, error: (...of: unknown[]) => void said.push(of) },
      raise: (n) => raised.push(n),
    });
    const hourAt = Date.UTC(2026, 5, 1, 11);
    const range = { between: { from: hourAt, to: hourAt + HOUR } };
    await job();
    expect([raised, said, asked.splice(0).length, listed.splice(0).length]).toEqual([[], [], 3, 1]);
    isWrong = true;
    expect(await job()).toEqual({ audited: 3, records: 15, minuteBuckets: 180, differences: 2, unsettled: 3 });
    expect(listed).toEqual([hourAt]);
    const [a, b, c] = [["a", "ITEMS"], ["b", "ITEMS"], ["c", "own"]].map((of) => [...of, range, false, false]);
    expect(asked).toEqual([a, b, c]);
    expect(raised).toEqual([2]);
    // And the log says where.
    const minutes = [{ start: new Date(START).toISOString(), count: 3, recounted: 2 }];
    const hour = new Date(hourAt).toISOString();
    expect(said).toEqual([["b", "ITEMS"], ["c", "own"]].map(([tenantId, source]) => [
      "buckets are wrong; run auditMetrics with repair",
      { tenantId, source, hour, minutes, measures: [] },
    ]));
  });
});

describe("a part of an audit of all tenants", () => {
  const FIRST = Date.UTC(2026, 5, 1, 11);
  const TENANTS = Array.from({ length: 170 }, (_, i) => `t${String(i).padStart(3, "0")}`);

  /** Parts over a store in memory; `fail` throws for a tenant, `spend` is the time that an audit takes. */
  function world({ tenants = TENANTS }: { tenants?: string[] } = {}) {
    let now = START;
    const marks = new Map<string, AuditMark>();
    const audited: string[] = [];
    const raised: number[] = [];
    const told: string[] = [];
    const on = {
      fail: (tenant: string): boolean => tenant === "",
      spendMs: 0,
      wrong: new Set<string>(),
      writes: 0,
      most: 0,
    };
    let atOnce = 0;
    const say = (message: string) => void told.push(message);
    const job = createAuditJob({
      audit: async (tenantId, { range }) => {
        if (on.fail(tenantId)) throw new Error("away");
        on.most = Math.max(on.most, ++atOnce);
        now += on.spendMs;
        audited.push(`${tenantId} ${new Date(range.between!.from).getUTCHours()}`);
        const differences = on.wrong.has(tenantId)
          ? [{ bucket: { start: START, count: 3 } as never, recounted: 2 }]
          : [];
        await new Promise((resolve) => setImmediate(resolve));
        atOnce -= 1;
        return {
          ...{ recordsCounted: 1, bucketsChecked: 60, repaired: 0, unsettled: 0, inDoubt: 0, short: 0, differences },
          measureDifferences: [],
        };
      },
      canAudit: () => true,
      store: {
        async *listActive(_hourAt, _part, after) {
          const rows = tenants.map((tenantId) => ({ tenantId, source: "ITEMS", shard: 0 }));
          yield rows.filter(({ tenantId }) => !after || tenantId > after.tenantId);
        },
        audits: {
          find: ({ index }) => Promise.resolve(marks.get(`${index}`)),
          put: ({ index }, mark) => {
            on.writes += 1;
            marks.set(`${index}`, structuredClone(mark));
            return Promise.resolve();
          },
        },
      },
      clock: () => now,
      log: { ...silentLog, info: say, error: say },
      raise: (n) => raised.push(n),
    });
    return {
      ...{ on, audited, raised, told },
      run: (leftMs = HOUR) => job({ index: 0, of: 1, untilAt: now + leftMs }),
      pass: (ms: number) => void (now += ms),
    };
  }

  test("begins nothing in the very millisecond in which its time is over", async () => {
    const { run, audited } = world();
    await run(0);
    expect(audited).toEqual([]);
    await run(1);
    expect(audited.length).toBeGreaterThan(0);
  });

  test("that runs out of time goes on where it was, and looks at each tenant once", async () => {
    const { on, run, audited, told } = world();
    on.spendMs = 1_000;
    expect(await run(30_000)).toMatchObject({ audited: 50 });
    expect(told).toEqual([]);
    expect(await run(60_000)).toMatchObject({ audited: 100 });
    expect(await run()).toMatchObject({ audited: 20 });
    expect(audited).toEqual(TENANTS.map((tenant) => `${tenant} 11`));
    expect(told).toEqual(["the hour just closed was audited"]);
    expect(await run()).toMatchObject({ audited: 0 });
    expect(told).toHaveLength(1);
  });

  test("that fails goes on where it was; what fails three times is passed over and told, the others are looked at", async () => {
    const { on, run, audited, told } = world();
    on.fail = (tenant) => tenant === "t060";
    await expect(run()).rejects.toThrow("away");
    expect(audited.filter((one) => one < "t050")).toHaveLength(50);
    await expect(run()).rejects.toThrow("away");
    expect(await run()).toMatchObject({ audited: 70 });
    expect(told).toEqual(["an audit failed again and again, and is passed over", "the hour just closed was audited"]);
    expect(new Set(audited.filter((one) => one < "t050" || one > "t100")).size).toBe(120);
    expect(audited.filter((one) => one < "t050")).toHaveLength(50);
  });

  test("of an hour that was not done by the next one finishes it first, with what it found before", async () => {
    const { on, run, pass, audited, raised } = world({ tenants: TENANTS.slice(0, 100) });
    on.wrong = new Set(["t003", "t099"]);
    on.spendMs = 1_000;
    await run(10_000);
    expect(raised).toEqual([]);
    pass(HOUR);
    await run();
    expect(raised).toEqual([2, 2]);
    const hours = audited.map((one) => one.split(" ")[1]);
    expect(hours).toEqual([...Array.from({ length: 100 }, () => "11"), ...Array.from({ length: 100 }, () => "12")]);
    expect(new Date(FIRST).getUTCHours()).toBe(11);
  });

  test("looks at four at once, and no more: they wait for the store, which serves others too", async () => {
    const { on, run } = world({ tenants: TENANTS.slice(0, 50) });
    await run();
    expect(on.most).toBe(4);
  });

  test("costs two writes for fifty tenants, and one read where all is done", async () => {
    const { on, run } = world();
    await run();
    expect(on.writes).toBe(2 * 4 + 1);
    on.writes = 0;
    await run();
    expect(on.writes).toBe(0);
  });
});

test("the tenants and sources of an hour are found in whatever parts, each once, and none of another hour", async () => {
  const store = createMetricStore(createMemoryDynamo(tables), { records: "records", buckets: "buckets" });
  const hourAt = Date.UTC(2026, 5, 1, 11);
  const count = (tenantId: string, source: "ITEMS" | "TASKS", at: number) =>
    store.count([{ shard: "s", sequence: "1", partition: "0", arrivedAt: START, tenantId, source, at, n: 1 }], START);
  const tenants = Array.from({ length: 12 }, (_, i) => `tenant${i}`);
  for (const tenant of tenants) {
    for (const source of ["ITEMS", "TASKS"] as const) await count(tenant, source, hourAt + 1);
  }
  for (const at of [hourAt - 1, hourAt + HOUR]) await count("other", "ITEMS", at);
  for (const parts of [1, 3, 4]) {
    const found: string[] = [];
    for (let index = 0; index < parts; index++) {
      for await (const page of store.listActive(hourAt, { index, of: parts })) {
        found.push(...page.map(({ tenantId, source }) => `${tenantId} ${source}`));
      }
    }
    expect(found.sort()).toEqual(tenants.flatMap((tenant) => [`${tenant} ITEMS`, `${tenant} TASKS`]).sort());
  }
});

test("a recount goes through a range without a gap or an overlap: all tenants of its hours, rollups by 31 days", async () => {
  const rolled: [string, number, number][] = [];
  const listed: number[] = [];
  const report = {
    recordsCounted: 0,
    bucketsChecked: 1,
    differences: [],
    measureDifferences: [],
    repaired: 0,
    unsettled: 0,
    inDoubt: 0,
    short: 0,
  };
  const recount = createRecount({
    audits: { audit: () => Promise.resolve(report), canAudit: () => true },
    auditRollups(tenantId, { of, range }) {
      const { from, to } = range.between!;
      if (of === "SESSIONS") rolled.push([tenantId, (from - START) / DAY, (to - START) / DAY]);
      return Promise.resolve({ ...report, thingsCounted: 0, daysChecked: 31, daysInDoubt: [], unsettled: 1 });
    },
    store: {
      async *listActive(hourAt) {
        listed.push(hourAt);
        if (listed.length < 3) yield [{ tenantId: listed.length === 1 ? "b" : "a", source: "ITEMS", shard: 0 }];
      },
      listSources: () => Promise.resolve(["own"]),
    },
  });
  const found = [];
  for await (const one of recount({ range: { fromAt: START, toAt: START + 70 * DAY }, repair: false })) found.push(one);
  expect(listed).toHaveLength(70 * 24 + 1);
  expect(rolled).toEqual(["a", "b"].flatMap((tenant) => [[tenant, 0, 31], [tenant, 31, 62], [tenant, 62, 70]]));
  expect(found.filter(({ of }) => of === "own")).toHaveLength(2);
  // What was not settled is not right.
  expect(found.filter(({ of }) => of === "rollups of JOURNEYS").map(({ wrong }) => wrong)).toEqual([3, 3]);
});
