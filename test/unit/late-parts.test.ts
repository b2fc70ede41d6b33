import type { Counted } from "../../api/metrics/model.ts";
import { compareHour, emptyHour, minutesShort } from "../../api/metrics/rules.ts";
import { describe, expect, test } from "vitest";
import { createLateIngest } from "../../api/ingest/late.ts";
import type { StreamRecord } from "../../api/aws/streams.ts";
import type { TransactWrite } from "../../api/aws/dynamo.ts";

const record = { keys: { pk: "t#0", sk: "a" }, shard: "s", sequence: "7" } as unknown as StreamRecord;
const part = (i: number): TransactWrite => ({ table: "buckets", put: { pk: "t", sk: String(i) } });

/** A store that writes parts together with their marker, once. */
function createWorld(count: number) {
  const written: string[] = [];
  const markers = new Set<string>();
  let failsAt = Infinity;
  const never = () => Promise.reject(new Error("is not asked"));
  const handle = createLateIngest({
    quarantine: { find: () => Promise.resolve(record), remove: () => Promise.resolve() },
    failures: { find: never, remove: never },
    streams: { readRange: never as never },
    tableOf: () => undefined,
    countAgain: never,
    writesOf: () =>
      Promise.resolve({ parts: Array.from({ length: count }, (_, i) => part(i)), done: () => Promise.resolve() }),
    writeOnce(marker, parts) {
      if (markers.size >= failsAt) return Promise.reject(Object.assign(new Error("away"), { retryable: true }));
      expect(parts.length).toBeLessThanOrEqual(99);
      if (!markers.has(marker)) written.push(...parts.map((one) => (one as unknown as { put: { sk: string } }).put.sk));
      markers.add(marker);
      return Promise.resolve();
    },
  });
  const body = JSON.stringify({ table: "records", key: "late/1" });
  return {
    written,
    failAt: (n: number) => void (failsAt = n),
    take: () => handle({ body } as Parameters<typeof handle>[0]),
  };
}

describe("a quarantined record that counts in more places than one transaction holds", () => {
  test.each([1, 50, 51, 100, 120])(
    "is counted in all of its %i places, each once, however often it comes",
    async (count) => {
      const world = createWorld(count);
      for (let i = 0; i < 2; i++) expect(await world.take()).toEqual({ kind: "done" });
      expect(world.written).toEqual(Array.from({ length: count }, (_, i) => String(i)));
    },
  );

  test("goes on where it broke off", async () => {
    const world = createWorld(120);
    world.failAt(1);
    await world.take().catch(() => {});
    expect(world.written).toHaveLength(50);
    world.failAt(Infinity);
    await world.take();
    expect(world.written).toEqual(Array.from({ length: 120 }, (_, i) => String(i)));
  });
});

test("a minute that holds less than is found is short as long as some of that is too young, and else it is wrong", () => {
  const hour = (count: number) => ({
    ...emptyHour("ITEMS", 0),
    minutes: new Map([[19, { count, version: 1, expired: 0 }]]),
  });
  const range = { fromAt: 0, toAt: 3_600_000 };
  const [old, young] = [100, 200].map((arrivedAt) => ({ at: 19 * 60_000, arrivedAt })) as [Counted, Counted];
  const short = (count: number, things: Counted[], settledAt: number) =>
    minutesShort(hour(count), range, things, settledAt);
  expect(short(0, [young], 150)).toBe(1);
  expect(short(1, [old, young], 150)).toBe(1);
  // All is counted, or nothing is young: then `compareHour` says what is wrong.
  expect(short(2, [old, young], 150)).toBe(0);
  expect(short(0, [old, young], 300)).toBe(0);
  expect(compareHour(hour(0), range, [old, young], 300).get(19)).toEqual({ recounted: 2, isSettled: true });
  // Minutes outside of what is asked are no matter of it: its end is left out.
  const ofRange = (fromAt: number, toAt: number) =>
    minutesShort(hour(0), { fromAt: fromAt * 60_000, toAt: toAt * 60_000 }, [young], 150);
  expect([ofRange(19, 20), ofRange(20, 60), ofRange(0, 19)]).toEqual([1, 0, 0]);
});
