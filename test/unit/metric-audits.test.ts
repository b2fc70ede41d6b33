import { expect, test } from "vitest";
import { createHub } from "../../api/live/hub.ts";
import { createAudit } from "../../api/metrics/audit.ts";
import { createMetricStore, type MetricStore } from "../../api/metrics/store.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const NOW = Date.UTC(2026, 5, 1, 12);
const FROM = NOW - 20 * DAY;

/** Records of two days before and more that nothing counted, and what audits them; `between`: before each correction. */
async function createWorld(
  instants: readonly number[],
  between: (store: MetricStore) => Promise<void> = async () => {},
) {
  const own = createMetricStore(createMemoryDynamo(tables), { records: "records", buckets: "buckets" });
  const records = instants.map((at, i) => ({
    source: "ITEMS",
    recordId: `r${i}`,
    at,
    value: undefined,
    dimensions: [],
  }));
  await own.keepAll("t", records, FROM);
  const store: MetricStore = {
    ...own,
    async correct(...given) {
      await between(own);
      return await own.correct(...given);
    },
  };
  const hub = createHub();
  const woken: string[] = [];
  hub.watch("metrics:t", (hint) => void woken.push(hint!));
  const progress = { caughtUpAt: () => Promise.resolve(NOW), isPast: () => Promise.resolve(true) };
  const recountOf = () => (tenantId: string, fromAt: number, toAt: number) =>
    own.listRecords(tenantId, "ITEMS", fromAt, toAt);
  const { audit } = createAudit({ store, hub, clock: () => NOW, progress, recountOf, recheckMs: 0 });
  const run = (from: number, to: number, repair = false) =>
    audit("t", { source: "ITEMS", range: { between: { from, to } }, repair });
  const counts = async () =>
    (await own.listHours("t", "ITEMS", FROM - DAY, NOW)).flatMap(({ hourAt, minutes }) =>
      [...minutes].filter(([, { count }]) => count !== 0).map((
        [minute, { count }],
      ) => [hourAt + minute * MINUTE, count])
    );
  return { own, woken, run, counts };
}

test("an audit of a time from which nothing can be is refused, to the millisecond", async () => {
  const { run } = await createWorld([]);
  const first = Date.UTC(1990, 0, 1);
  for (const from of [-DAY, 0, first - 1]) {
    await expect(run(from, from + HOUR)).rejects.toThrow("must be 1990 or later");
  }
  expect(await run(first, first + HOUR)).toMatchObject({ recordsCounted: 0, bucketsChecked: 60 });
});

test("an audit over weeks looks at every minute once, also where it goes on after seven days", async () => {
  // One in each hour around where a week and two end, whether the range begins with an hour or not.
  for (const off of [0, 7 * MINUTE]) {
    const from = FROM + off;
    const instants = [0, 7, 14].flatMap((days) =>
      [-2, -1, 0, 1, 2].map((hours) => from + days * DAY + hours * HOUR).filter((at) => at >= from)
    );
    const { run } = await createWorld(instants);
    const { recordsCounted, differences, bucketsChecked } = await run(from, from + 16 * DAY);
    expect([recordsCounted, differences.length, bucketsChecked]).toEqual([13, 13, 16 * 24 * 60]);
  }
});

test("a bucket that is counted into while it is set right is looked at again: it is right, and said to be mended once", async () => {
  let times = 0;
  const { own, woken, run, counts } = await createWorld([FROM, FROM + MINUTE], async (store) => {
    if (++times > 1) return;
    // The first of the two is counted after all.
    const position = { shard: "s", sequence: "1", partition: "0", arrivedAt: FROM };
    await store.count([{ ...position, tenantId: "t", source: "ITEMS", at: FROM, n: 1 }], NOW);
  });
  expect(await run(FROM, FROM + HOUR, true)).toMatchObject({ repaired: 1, differences: [{ recounted: 1 }] });
  expect(await counts()).toEqual([[FROM, 1], [FROM + MINUTE, 1]]);
  expect(times).toBe(2);
  expect(woken).toEqual([`ITEMS ${FROM}`]);
  expect(await own.lateHours.changedSince("t", "ITEMS", 0, NOW)).toEqual([{ hourAt: FROM, minutes: new Set([1]) }]);
});
