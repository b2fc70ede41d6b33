import { describe, expect, test } from "vitest";
import type { CountChange, FixedSize } from "../../api/metrics/model.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import { createMetricWatch, type MetricUpdate } from "../../api/metrics/watch.ts";
import { createHub } from "../../api/live/hub.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 5, 1, 12, 30);
const TENANT = "shop";

function createWorld(size: FixedSize = "ONE_MINUTE") {
  let now = START;
  let sequence = 0;
  const store = createMetricStore(createMemoryDynamo(tables), { records: "records", buckets: "buckets" });
  const hub = createHub();
  const watch = createMetricWatch({ store, hub, clock: () => now, pollMs: 1 });
  return {
    pass: (ms: number) => now += ms,
    /** Counts one at an instant, as the stream does, and notes hours that no feed shows. */
    async count(at: number) {
      const position = { shard: "s", sequence: `${++sequence}`, partition: "0", arrivedAt: now };
      const changes: CountChange[] = [{ ...position, tenantId: TENANT, source: "ITEMS", at, n: 1 }];
      await store.count(changes, now);
      await store.lateHours.note(changes, now);
    },
    watch: (after?: string) => watch(TENANT, ["ITEMS"], size, after, new AbortController().signal),
  };
}

/** What a watcher is given up to the last bucket with anything in it that is `expected`, by start. */
async function given(stream: AsyncGenerator<MetricUpdate>, isEnough: (counts: Map<number, number>) => boolean) {
  const counts = new Map<number, number>();
  let cursor: string | undefined;
  for await (const { cursor: at, bucket } of stream) {
    if (bucket.count > 0) counts.set(bucket.start, bucket.count);
    cursor = at;
    if (isEnough(counts)) break;
  }
  return { counts, cursor: cursor! };
}

describe("who comes back with a cursor", () => {
  test.each([1, 2, 3, 5, 24, 7 * 24 - 3])(
    "after %i hours misses no minute between its window and the new one",
    async (hours) => {
      const world = createWorld();
      await world.count(START);
      const { cursor } = await given(world.watch(), (counts) => counts.has(START));
      // One in each hour that it saw, left, and that is new.
      const begun = Math.floor((START - 2 * HOUR) / HOUR) * HOUR;
      const away = Array.from({ length: hours + 3 }, (_, i) => begun + i * HOUR + 45 * MINUTE).filter((at) =>
        at > START - 2 * HOUR
      );
      for (const at of away) {
        const ahead = at - START;
        if (ahead > 0) break;
        await world.count(at);
      }
      for (let i = 0; i < hours; i++) {
        world.pass(HOUR);
        await world.count(START + i * HOUR + 45 * MINUTE);
      }
      const expected = [
        ...away.filter((at) => at <= START),
        ...Array.from({ length: hours }, (_, i) => START + i * HOUR + 45 * MINUTE),
      ];
      const { counts } = await given(world.watch(cursor), (seen) => expected.every((at) => seen.has(at)));
      expect(counts.size).toBe(new Set(expected).size);
    },
    10_000,
  );

  test.each([
    ["long before", START - 20 * HOUR],
    // The window begins at half past ten.
    ["just before", START - 2.5 * HOUR - 2 * MINUTE],
  ])("gets what was counted into an hour %s its window, also a moment before the cursor was given", async (_, long) => {
    const world = createWorld();
    await world.count(START);
    await world.count(long);
    world.pass(14_000);
    const { cursor } = await given(world.watch(), (counts) => counts.has(START));
    world.pass(HOUR);
    await world.count(long + MINUTE);
    await world.count(START + HOUR);
    const { counts } = await given(world.watch(cursor), (seen) => seen.has(START + HOUR));
    expect(counts.get(long)).toBe(1);
    expect(counts.get(long + MINUTE)).toBe(1);
  });

  test("within a week goes on, and a moment later begins anew", async () => {
    const world = createWorld();
    await world.count(START);
    const { cursor } = await given(world.watch(), (counts) => counts.has(START));
    // The window began two hours before the cursor was given.
    world.pass(7 * DAY - 2 * HOUR);
    expect(() => world.watch(cursor)).not.toThrow();
    world.pass(1);
    expect(() => world.watch(cursor)).toThrow(/older than a week/);
  });
});

test("at most twenty sources are watched at once, each once", () => {
  const watch = createMetricWatch({
    store: {} as never,
    hub: createHub(),
    clock: () => START,
  });
  const asked = (n: number) => Array.from({ length: n }, (_, i) => `own${i}`);
  const { signal } = new AbortController();
  expect(() => watch(TENANT, [...asked(20), "own1", "own2"], "ONE_MINUTE", null, signal)).not.toThrow();
  expect(() => watch(TENANT, asked(21), "ONE_MINUTE", null, signal)).toThrow(/at most 20, are 21/);
  expect(() => watch(TENANT, [], "ONE_MINUTE", null, signal)).toThrow(/at least one/);
  expect(() => watch(TENANT, ["ITEMS"], "DAY", null, signal)).toThrow(/larger buckets are sums/);
});
