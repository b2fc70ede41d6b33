import { expect, test } from "vitest";
import type { StreamRecord } from "../../api/aws/streams.ts";
import { createBeats } from "../../api/metrics/beats.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const STREAMED = { records: "records", sessions: "sessions", journeys: "journeys", reviews: "reviews" };

/** A table of sessions whose stream is one shard; `read` hands over what was written since. */
function createWorld() {
  let now = 1_000_000_000_000;
  const stream: StreamRecord[] = [];
  const dynamo = createMemoryDynamo(tables, {
    onWrite: (written) => {
      for (const { table, before, after } of written) {
        if (table !== "sessions") continue;
        const keys = { pk: after!.pk, sk: after!.sk };
        stream.push({ shard: "s", sequence: `${stream.length}`, keys, before, after, isExpiry: false, arrivedAt: now });
      }
    },
  });
  const create = () => createBeats({ dynamo, tables: STREAMED, buckets: "buckets", clock: () => now });
  const reader = create();
  return {
    asker: create(),
    reader,
    pass: (ms: number) => now += ms,
    now: () => now,
    dynamo,
    read: async () => {
      const part = stream.splice(0);
      if (part.length > 0) await reader.handled("sessions", part);
    },
  };
}

test("beats go out where somebody asks, and not again while those that came back are fresh", async () => {
  const world = createWorld();
  const asked = world.asker.caughtUpAt("sessions", "SESSIONS");
  await expect.poll(() => world.dynamo.dump("sessions").length).toBe(4);
  await world.read();
  expect(await asked).toBe(world.now());
  world.pass(14_000);
  expect(await world.asker.caughtUpAt("sessions", "SESSIONS")).toBe(world.now() - 14_000);
  expect(world.dynamo.dump("sessions").map(({ n }) => n)).toEqual([1, 1, 1, 1]);
  world.pass(2_000);
  // This one goes out in vain for now: nobody waits for it.
  expect(await world.asker.caughtUpAt("sessions", "SESSIONS")).toBe(world.now() - 16_000);
  expect(world.dynamo.dump("sessions").map(({ n }) => n)).toEqual([2, 2, 2, 2]);
  await world.read();
  world.pass(3_000);
  expect(await world.asker.caughtUpAt("sessions", "SESSIONS")).toBe(world.now() - 3_000);
});

test("a part that fails holds the whole table's moment back, until it is handled or a beat behind it is", async () => {
  const world = createWorld();
  const asked = world.asker.caughtUpAt("sessions", "SESSIONS");
  await expect.poll(() => world.dynamo.dump("sessions").length).toBe(4);
  await world.read();
  await asked;
  const failing = [{ shard: "other", arrivedAt: world.now() - 5_000 } as StreamRecord];
  await world.reader.note("sessions", failing, false);
  world.pass(3_000);
  expect(await world.asker.caughtUpAt("sessions", "SESSIONS")).toBe(world.now() - 8_000);
  await world.reader.note("sessions", failing, true);
  world.pass(3_000);
  expect(await world.asker.caughtUpAt("sessions", "SESSIONS")).toBe(world.now() - 6_000);
});

test("what was noted by a process that is gone ends by itself", async () => {
  const world = createWorld();
  await world.reader.note("sessions", [{ shard: "other", arrivedAt: world.now() - 5_000 } as StreamRecord], false);
  world.pass(11 * 60_000);
  const asked = world.asker.caughtUpAt("sessions", "SESSIONS");
  await expect.poll(() => world.dynamo.dump("sessions").length).toBe(4);
  await world.read();
  expect(await asked).toBe(world.now());
});

test("a beat that comes again, or late, takes nothing back", async () => {
  const world = createWorld();
  const beat = (n: number, arrivedAt: number) =>
    ({ shard: "s", arrivedAt, keys: { pk: "#0", sk: "beat#" }, after: { n } }) as unknown as StreamRecord;
  await world.reader.handled("sessions", [beat(1, 10), beat(2, 20)]);
  await world.reader.handled("sessions", [beat(1, 10)]);
  expect(world.dynamo.dump("buckets").map(({ n, at }) => [n, at])).toEqual([[2, 20]]);
});
