import { beforeAll, describe, expect, test } from "vitest";
import type { InvalidInputError } from "../../api/core/errors.ts";
import type { RangeInput } from "../../api/core/range.ts";
import { createHub } from "../../api/live/hub.ts";
import { BUCKET_MINUTES, type BucketSize, PERIODS } from "../../api/metrics/model.ts";
import { createMetrics } from "../../api/metrics/service.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 5, 1, 12);
const YEAR_1990 = Date.UTC(1990, 0, 1);
const SIZES = Object.keys({ ...BUCKET_MINUTES, ...PERIODS }) as BucketSize[];
const store = createMetricStore(createMemoryDynamo(tables), { records: "records", buckets: "buckets" });
const metrics = createMetrics({ store, hub: createHub(), clock: () => NOW, caughtUpAt: () => Promise.resolve(NOW) });
const between = (from: number, to: number): RangeInput => ({ between: { from, to } });
const ask = (size: BucketSize, range: RangeInput, more: object = {}) =>
  metrics.series("t", { sources: ["ITEMS"], size, range, ...more });

beforeAll(async () => {
  // A hundred values of a dimension, which all have a number.
  const changes = Array.from({ length: 100 }, (_, i) => ({
    ...{ shard: "s", sequence: `${i + 1}`, partition: "0", arrivedAt: NOW, tenantId: "t", source: "ITEMS", n: 1 },
    ...{ at: NOW - HOUR, measures: [{ n: 1 as const, value: i, dimensions: [["shop", `s${i}`] as const] }] },
  }));
  await metrics.count(changes);
});

describe("series", () => {
  test("are one for each source, however often it is named, from 1990 on", async () => {
    const twice = await ask("ONE_HOUR", { last: "TWO_HOURS" }, { sources: ["ITEMS", "TASKS", "ITEMS"] });
    expect(twice.map(({ source, total }) => [source, total])).toEqual([["ITEMS", 100], ["TASKS", 0]]);
    expect((await ask("ONE_HOUR", between(YEAR_1990, YEAR_1990 + HOUR)))[0]!.buckets).toHaveLength(1);
    await expect(ask("ONE_HOUR", between(YEAR_1990 - 1, YEAR_1990 + HOUR))).rejects.toThrow(/must be 1990 or later/);
  });

  test("by a dimension are 22,000 buckets at most, to the last one", async () => {
    const asked = (hours: number) => ask("ONE_HOUR", between(NOW - hours * HOUR, NOW), { by: "shop" });
    const found = await asked(220);
    expect([found.length, found[0]!.buckets.length]).toEqual([100, 220]);
    await expect(asked(221)).rejects.toThrow(
      /holds 221 buckets in 100 series; at most 22000 are given in all: ask for DAY, or a shorter range/,
    );
  });

  test.each([undefined, "shop"])(
    "of each range that has a name are given at each size, or refused with one that is given (by: %s)",
    async (by) => {
      let refused = 0;
      for (const last of ["TWO_HOURS", "DAY", "WEEK", "MONTH", "QUARTER"] as const) {
        for (const size of SIZES) {
          const error = await ask(size, { last }, { by }).then(() => undefined, (thrown: InvalidInputError) => thrown);
          if (!error) continue;
          refused += 1;
          const named = /ask for ([A-Z_]+), or a shorter range$/.exec(error.fields[0]!.message)![1] as BucketSize;
          await expect(ask(named, { last }, { by })).resolves.toBeDefined();
        }
      }
      expect(refused).toBe(by ? 13 : 7);
    },
  );
});
