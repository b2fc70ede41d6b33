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
