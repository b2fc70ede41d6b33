import { describe, expect, test } from "vitest";
import { createHub } from "../../api/live/hub.ts";
import type { CountChange } from "../../api/metrics/model.ts";
import { createMetrics } from "../../api/metrics/service.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 5, 1, 12);

/** Two records with the numbers 1 and 5 in each of some hours, of which that with 1 is taken back. */
async function createWorld(hours: number, { isSettled = true } = {}) {
  const dynamo = createMemoryDynamo(tables);
  const store = createMetricStore(dynamo, { records: "records", buckets: "buckets" });
  const metrics = createMetrics({ store, hub: createHub(), clock: () => NOW, caughtUpAt: () => Promise.resolve(NOW) });
  const ats = Array.from({ length: hours }, (_, i) => NOW - (hours - i) * HOUR);
  let sequence = 0;
  const change = (at: number, value: number, n: 1 | -1): CountChange => ({
    ...{ shard: "s", sequence: `${++sequence}`, partition: "0", arrivedAt: NOW, tenantId: "t", source: "ITEMS", at, n },
    measures: [{ n, value, dimensions: [] }],
  });
  const records = ats.map((at, i) => ({ source: "ITEMS", recordId: `r${i}`, at, value: 5, dimensions: [] }));
  await metrics.count(ats.flatMap((at) => [change(at, 1, 1), change(at, 5, 1)]));
  if (isSettled) await store.keepAll("t", records, NOW);
  await metrics.count(ats.map((at) => change(at, 1, -1)));
  if (!isSettled) await store.keepAll("t", records, NOW);
  let writes = 0;
  const { updateIf } = dynamo;
  dynamo.updateIf = (...asked) => (writes++, updateIf(...asked));
  const stored = async () =>
    (await store.measures.listSlots("t", "ITEMS", undefined, NOW - 100 * HOUR, NOW)).map(({ cells }) => cells.get(0)!);
  const list = async () =>
    (await metrics.measuring.list("t", "ITEMS", undefined, NOW - 100 * HOUR, NOW)).map(({ cells }) => cells.get(0)!);
  return { stored, list, writes: () => writes };
}

describe("the least of numbers of which one was taken back", () => {
  test("is found among the records as that is counted, and kept", async () => {
    const { stored } = await createWorld(2);
    expect((await stored()).map(({ min, max, isInDoubt }) => [min, max, isInDoubt])).toEqual([
      ...[[5, 5, false], [5, 5, false]],
    ]);
  });

  test("is found by who reads where the records were not there yet, of the latest twenty hours, and nothing is written", async () => {
    const { stored, list, writes } = await createWorld(21, { isSettled: false });
    expect((await stored()).every(({ isInDoubt }) => isInDoubt)).toBe(true);
    const found = await list();
    expect(found.map(({ isInDoubt }) => isInDoubt)).toEqual([true, ...Array.from({ length: 20 }, () => false)]);
    expect(found.slice(1).every(({ min }) => min === 5)).toBe(true);
    expect(writes()).toBe(0);
  });
});
