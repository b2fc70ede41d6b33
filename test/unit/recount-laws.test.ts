import { describe, expect, test } from "vitest";
import { type AuditJobOptions, createAuditJob } from "../../api/jobs/audit.ts";
import { createRecount } from "../../api/jobs/recount.ts";
import type { AuditMark } from "../../api/metrics/audit-marks.ts";
import { silentLog } from "../kit/local.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOON = Date.UTC(2026, 5, 1, 12);
const iso = (at: number) => new Date(at).toISOString();
const RIGHT = {
  ...{ recordsCounted: 6, bucketsChecked: 60, differences: [], measureDifferences: [] },
  ...{ repaired: 0, unsettled: 0, inDoubt: 0, short: 0 },
};
const minute = (at: number, count: number, recounted: number) => ({ bucket: { start: at, count }, recounted });
const measure = (at: number, dimension?: { key: string; value: string }) => (
  { start: at, dimension, found: { sum: 1 }, recounted: { sum: 2 } }
);

describe("a recount", () => {
  /** What is found of sources and of rollups, by their names; and who has counts in which hour. */
  function createWorld(found: Record<string, object>, active: Record<number, string[]> = {}) {
    const asked: string[] = [];
    const listed: number[] = [];
    const recount = createRecount({
      audits: {
        canAudit: () => true,
        audit: (tenantId, { source, range, repair }) => {
          const { from, to } = range.between!;
          asked.push(`${tenantId} ${source} ${(from - NOON) / HOUR} ${(to - NOON) / HOUR} ${repair}`);
          return Promise.resolve({ ...RIGHT, ...found[source] } as never);
        },
      },
      auditRollups: (_, { of }) =>
        Promise.resolve(
          { ...RIGHT, thingsCounted: 3, daysChecked: 31, daysInDoubt: [], ...found[`rollups of ${of}`] } as never,
        ),
      store: {
        listSources: (tenantId) => Promise.resolve([`own-of-${tenantId}`]),
        async *listActive(hourAt) {
          listed.push((hourAt - NOON) / HOUR);
          for (const tenantId of active[hourAt] ?? []) yield [{ tenantId, source: "ITEMS", shard: 0 }];
        },
      },
    });
    const run = (fromAt: number, toAt: number, tenantId?: string, repair = false) =>
      Array.fromAsync(recount({ tenantId, range: { fromAt, toAt }, repair }));
    return { run, asked, listed };
  }

  test("looks at each hour that its range touches, and at nobody twice, in order; of one tenant at none", async () => {
    const { run, listed, asked } = createWorld({}, {
      [NOON]: ["b", "a"],
      [NOON + HOUR]: ["b"],
      [NOON + 2 * HOUR]: ["c"],
    });
    const found = await run(NOON + HOUR / 2, NOON + 2 * HOUR);
    expect(listed.splice(0)).toEqual([0, 1]);
    expect([...new Set(found.map(({ tenantId }) => tenantId))]).toEqual(["a", "b"]);
    expect(asked.splice(0).filter((one) => /own|ITEMS/.test(one))).toEqual(
      ["a", "b"].flatMap((tenant) => [`${tenant} ITEMS 0.5 2 false`, `${tenant} own-of-${tenant} 0.5 2 false`]),
    );
    await run(NOON, NOON + HOUR, "t", true);
    expect([listed, asked.filter((one) => one.includes("own"))]).toEqual([[], ["t own-of-t 0 1 true"]]);
  });

  test("says what is wrong where and how, five of them at most, and what is wrong still", async () => {
    const differences = [1, 2, 3, 4].map((n) => minute(NOON + n * 60_000, n, n + 1));
    const measures = [measure(NOON), measure(NOON, { key: "shop", value: "north" })];
    const { run } = createWorld({
      ITEMS: { differences, measureDifferences: measures, repaired: 4, unsettled: 1, inDoubt: 2 },
      TASKS: { repaired: 1, measureDifferences: measures },
      "rollups of SESSIONS": {
        ...{
          differences: [{ item: "2026-06-01", number: "count", count: 3, recounted: 2 }],
          repaired: 1,
          unsettled: 1,
        },
        daysInDoubt: ["2026-06-01"],
      },
    });
    // Rollups are counted again by a month at once.
    const found = await run(NOON, NOON + 40 * DAY, "t");
    const of = (name: string) => found.find((one) => one.of === name)!;
    expect(of("ITEMS")).toMatchObject({ tenantId: "t", wrong: 6 - 4 + 1 });
    expect(of("ITEMS").line.split("\n")).toEqual([
      "t ITEMS: 6 in 60 minutes, 6 differences, 4 set right, 1 not settled: run it again, 2 in doubt: something of them has expired",
      ...[1, 2, 3, 4].map((n) => `  ${iso(NOON + n * 60_000)} has ${n}, not ${n + 1}`),
      `  ${iso(NOON)} has {"sum":1}, not {"sum":2}`,
    ]);
    expect(of("TASKS").line.split("\n")).toEqual([
      "t TASKS: 6 in 60 minutes, 2 differences, 1 set right",
      `  ${iso(NOON)} has {"sum":1}, not {"sum":2}`,
      `  ${iso(NOON)} shop north has {"sum":1}, not {"sum":2}`,
    ]);
    expect(of("own-of-t")).toMatchObject({ wrong: 0, line: "t own-of-t: 6 in 60 minutes, 0 differences" });
    expect(of("rollups of SESSIONS")).toMatchObject({ wrong: 2 - 2 + 2 });
    expect(of("rollups of SESSIONS").line.split("\n")).toEqual([
      "t rollups of SESSIONS: 6 in 62 days, 2 differences, 2 set right, 2 not settled: run it again, 2 in doubt: something of them has expired",
      ...Array.from({ length: 2 }, () => "  2026-06-01 count is 3, not 2"),
    ]);
  });
});

test("an audit is of the hour that ends in the very millisecond in which it begins", async () => {
  const listed: number[] = [];
  let now = NOON;
  const job = createAuditJob({
    audit: () => Promise.resolve(RIGHT),
    canAudit: () => true,
    store: {
      async *listActive(hourAt) {
        listed.push((hourAt - NOON) / HOUR);
        yield [];
      },
      audits: {} as never,
    },
    clock: () => now,
    log: silentLog,
    raise: () => {},
  });
  await job();
  now -= 1;
  await job();
  expect(listed).toEqual([-1, -2]);
});

test("a part of an audit that fails in its turn is tried as often as any: those before it count for nothing", async () => {
  let kept: AuditMark | undefined;
  const tenants = Array.from({ length: 60 }, (_, i) => `t${10 + i}`);
  const failing = ["t10", "t10", "t69"];
  const said: unknown[] = [];
  const job = createAuditJob({
    audit: (tenantId) => {
      if (tenantId !== failing[0]) return Promise.resolve(RIGHT);
      failing.shift();
      return Promise.reject(new Error("away"));
    },
    canAudit: () => true,
    store: {
      async *listActive(_hourAt, _part, after) {
        const rows = tenants.filter((tenantId) => !after || tenantId > after.tenantId);
        yield rows.map((tenantId) => ({ tenantId, source: "ITEMS", shard: 0 }));
      },
      audits: {
        find: () => Promise.resolve(kept),
        put: (_, mark) => Promise.resolve(void (kept = structuredClone(mark))),
      },
    },
    clock: () => NOON,
    log: { ...silentLog, error: (_, more) => void said.push(more) },
    raise: () => {},
  });
  const part = { index: 0, of: 1, untilAt: NOON + HOUR };
  for (let i = 0; i < 3; i++) await expect(job(part)).rejects.toThrow("away");
  await job(part);
  expect([said, failing]).toEqual([[], []]);
});

test("an audit that fails again and again says whom it passes over, each once", async () => {
  let kept: AuditMark | undefined;
  const said: unknown[] = [];
  const job = createAuditJob({
    audit: () => Promise.reject(new Error("away")),
    canAudit: () => true,
    store: {
      async *listActive(_hourAt, _part, after) {
        if (!after) yield ["a", "b", "b"].map((tenantId) => ({ tenantId, source: "ITEMS", shard: 0 }));
      },
      audits: { find: () => Promise.resolve(kept), put: (_, mark) => Promise.resolve(void (kept = mark)) },
    },
    clock: () => NOON,
    log: { ...silentLog, error: (_, more) => void said.push(more) },
    raise: () => {},
  });
  const part = { index: 0, of: 1, untilAt: NOON + HOUR };
  for (let i = 0; i < 2; i++) await expect(job(part)).rejects.toThrow("away");
  await job(part);
  expect(said).toEqual([{ hour: iso(NOON - HOUR), tenants: ["a", "b"], error: new Error("away") }]);
});

test("the audit of an hour counts what measures say too, raises one that is wrong, and says where, ten at most", async () => {
  const raised: number[] = [];
  const said: Record<string, unknown>[] = [];
  const job = (report: object) =>
    createAuditJob(
      {
        audit: () => Promise.resolve({ ...RIGHT, ...report } as never),
        canAudit: () => true,
        store: {
          async *listActive() {
            yield [{ tenantId: "t", source: "ITEMS", shard: 0 }];
          },
          audits: {} as never,
        },
        clock: () => NOON,
        log: {
          ...silentLog,
          info: (_, more) => void said.push(more as Record<string, unknown>),
          error: (_, more) => void said.push(more as Record<string, unknown>),
        },
        raise: (n) => raised.push(n),
      } satisfies AuditJobOptions,
    )();
  await job({ measureDifferences: [measure(NOON - HOUR)] });
  expect(raised.splice(0)).toEqual([1]);
  expect(said.splice(0)[0]).toMatchObject({ measures: [{ start: iso(NOON - HOUR), found: { sum: 1 } }], minutes: [] });
  await job({
    differences: Array.from({ length: 11 }, (_, n) => minute(NOON - HOUR, n, 0)),
    measureDifferences: Array.from({ length: 11 }, () => measure(NOON - HOUR)),
    unsettled: 2,
  });
  expect(raised).toEqual([22]);
  expect(said[0]).toMatchObject({ minutes: { length: 10 }, measures: { length: 10 } });
  // An hour of sixty minutes, in each size of bucket.
  expect(said[1]).toMatchObject({
    hour: iso(NOON - HOUR),
    unsettled: 2,
    buckets: { "1": 60, "5": 12, "15": 4, "60": 1 },
  });
});
