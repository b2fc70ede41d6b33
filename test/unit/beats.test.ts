import { expect, test } from "vitest";
import type { StreamRecord } from "../../api/aws/streams.ts";
import { MIN_AT } from "../../api/core/check.ts";
import { UnavailableError } from "../../api/core/errors.ts";
import { createBeats, isBeat } from "../../api/metrics/beats.ts";
import { OWN_SOURCES, RECORDED_SOURCES, tables } from "../../api/resources.ts";
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
  let looks = 0;
  const query = (...asked: Parameters<typeof dynamo.query>) => (looks++, dynamo.query(...asked));
  const of = { dynamo: { ...dynamo, query }, tables: STREAMED, buckets: "buckets", clock: () => now };
  const create = () => createBeats(of);
  const reader = create();
  return {
    asker: create(),
    reader,
    pass: (ms: number) => now += ms,
    now: () => now,
    dynamo,
    /** One that waits for nothing. */
    hasty: createBeats({ ...of, firstWaitMs: 0 }),
    /** How often somebody looked since this was asked last. */
    looks: () => looks + (looks = 0),
    read: async (most = Infinity) => {
      const part = stream.splice(0, most);
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

const beatOf = (sk: string, place: number, arrivedAt: number, n = 1) =>
  ({ shard: "s", arrivedAt, keys: { pk: `#${place}`, sk }, after: { n } }) as unknown as StreamRecord;
const ofAll = (sk: string, arrivedAt: number) => [0, 1, 2, 3].map((place) => beatOf(sk, place, arrivedAt));

test("where no beat ever came back nothing is known to be counted, and a beat of fifteen seconds is fresh, to the millisecond", async () => {
  const world = createWorld();
  expect(await world.hasty.caughtUpAt("sessions", "SESSIONS")).toBe(MIN_AT);
  await world.read();
  world.pass(15_000);
  const sent = () => world.dynamo.dump("sessions").map(({ n }) => n);
  expect(await world.hasty.caughtUpAt("sessions", "SESSIONS")).toBe(world.now() - 15_000);
  expect(sent()).toEqual([1, 1, 1, 1]);
  world.pass(1);
  expect(await world.hasty.caughtUpAt("sessions", "SESSIONS")).toBe(world.now() - 15_001);
  expect(sent()).toEqual([2, 2, 2, 2]);
});

test("whoever asks first after two minutes waits for an answer of now, and nobody before", async () => {
  const world = createWorld();
  const first = world.asker.caughtUpAt("sessions", "SESSIONS");
  await expect.poll(() => world.dynamo.dump("sessions").length).toBe(4);
  await world.read();
  await first;
  world.pass(120_000);
  expect(await world.asker.caughtUpAt("sessions", "SESSIONS")).toBe(world.now() - 120_000);
  const sentAt = world.now();
  world.pass(1);
  const asked = world.asker.caughtUpAt("sessions", "SESSIONS");
  await world.read();
  expect(await asked).toBe(sentAt);
});

test("all of a table's places have to come, not some, before it is passed", async () => {
  const world = createWorld();
  expect(await world.asker.pass("sessions", 0)).toBe(false);
  await world.read(3);
  expect(await world.asker.pass("sessions", 0)).toBe(false);
  await world.read();
  expect(await world.asker.pass("sessions", 0)).toBe(true);
  // What is written later is not passed by beats of before.
  world.pass(1);
  expect(await world.asker.pass("sessions", 0)).toBe(false);
});

test("a source of records goes by its own beats, for its readers may take it alone, and by all where it has none", async () => {
  const world = createWorld();
  const at = world.now();
  await world.reader.handled("records", [...ofAll("beat#ITEMS", at), ...ofAll("beat#TASKS", at - 9_000)]);
  expect(await world.hasty.caughtUpAt("records", "ITEMS")).toBe(at);
  expect(await world.hasty.caughtUpAt("records", "TASKS")).toBe(at - 9_000);
  expect(await world.hasty.caughtUpAt("records", "REVIEWS")).toBe(at - 9_000);
});

test("a clock that goes back makes nothing young that was read before", async () => {
  const world = createWorld();
  await world.reader.handled("sessions", ofAll("beat#", world.now()));
  const at = world.now();
  expect(await world.hasty.caughtUpAt("sessions", "SESSIONS")).toBe(at);
  await world.reader.note("sessions", [{ shard: "other", arrivedAt: at - 5_000 } as StreamRecord], false);
  world.pass(-1);
  expect(await world.hasty.caughtUpAt("sessions", "SESSIONS")).toBe(at - 5_000);
});

test("a part that waited for half a minute is not worth a word, and one a millisecond longer is", async () => {
  const world = createWorld();
  const notes = () => world.dynamo.dump("buckets").map(({ sk, since }) => [sk, since]);
  const handled = (ago: number) =>
    world.reader.note("sessions", [{ shard: "x", arrivedAt: world.now() - ago } as StreamRecord], true);
  await handled(30_000);
  expect(notes()).toEqual([]);
  await handled(30_001);
  expect(notes()).toEqual([["!x", world.now() - 30_001]]);
  // Whoever noted it takes it back, once.
  await handled(0);
  expect(notes()).toEqual([["!x", Number.MAX_SAFE_INTEGER]]);
  const taken = world.dynamo.dump("buckets");
  world.pass(1_000);
  await handled(0);
  expect(world.dynamo.dump("buckets")).toEqual(taken);
});

test("whoever asks within two seconds of another costs no look at the store, and waits for no beat that is under way", async () => {
  const world = createWorld();
  await world.reader.handled("sessions", ofAll("beat#", world.now()));
  const ask = async () => {
    await world.hasty.caughtUpAt("sessions", "SESSIONS");
    return world.looks();
  };
  expect(await ask()).toBe(1);
  world.pass(1_999);
  expect(await ask()).toBe(0);
  world.pass(1);
  expect(await ask()).toBe(1);
  // Beats go out now. That they are not there is worth a look only where the last are two minutes old.
  world.pass(100_000);
  expect(await ask()).toBe(1);
  world.pass(18_000);
  expect(await ask()).toBe(1);
  world.pass(2_000);
  expect(await ask()).toBe(2);
});

test("a note holds no longer where a beat of its own shard is behind it, whatever lies in others", async () => {
  const world = createWorld();
  const [at, shards] = [world.now(), ["a", "b", "c", "d"]];
  const beats = (arrivedAt: number, n: number) =>
    ofAll("beat#", arrivedAt).map((beat, i) => ({ ...beat, shard: shards[i]!, after: { n } }));
  await world.reader.note("sessions", [{ shard: "a", arrivedAt: at } as StreamRecord], false);
  await world.reader.handled("sessions", beats(at, 1));
  expect(await world.hasty.caughtUpAt("sessions", "SESSIONS")).toBe(at);
  world.pass(5_000);
  await world.reader.handled("sessions", beats(at + 3_000, 2));
  expect(await world.hasty.caughtUpAt("sessions", "SESSIONS")).toBe(at + 3_000);
  await world.reader.note("sessions", [{ shard: "e", arrivedAt: at - 1_000 } as StreamRecord], false);
  world.pass(2_000);
  expect(await world.hasty.caughtUpAt("sessions", "SESSIONS")).toBe(at - 1_000);
});

test("a note holds for a source though its shard had another's beat, unless that came behind it", async () => {
  const world = createWorld();
  const at = world.now();
  const told = async (beatAt: number) => {
    await world.reader.handled("records", [
      ...ofAll("beat#ITEMS", at),
      ...ofAll("beat#TASKS", beatAt).map((beat) => ({ ...beat, shard: "a", after: { n: beatAt } })),
    ]);
    world.pass(2_000);
    return await world.hasty.caughtUpAt("records", "ITEMS");
  };
  await world.reader.note("records", [{ shard: "a", arrivedAt: at - 5_000 } as StreamRecord], false);
  expect(await told(at - 9_000)).toBe(at - 5_000);
  expect(await told(at - 5_000)).toBe(at - 5_000);
  expect(await told(at - 4_999)).toBe(at);
});

test("beats go out in four places of a table, and of the records' in four for each source that a reader may take alone", async () => {
  const world = createWorld();
  expect(await world.asker.pass("records", 0)).toBe(false);
  const beats = world.dynamo.dump("records");
  expect(new Set(beats.map(({ sk }) => sk))).toEqual(
    new Set([...RECORDED_SOURCES, OWN_SOURCES].map((source) => `beat#${source}`)),
  );
  for (const own of Map.groupBy(beats, ({ sk }) => sk).values()) {
    expect(own.map(({ pk, n }) => [pk, n])).toEqual([0, 1, 2, 3].map((place) => [`#${place}`, 1]));
  }
  expect(beats.every(({ pk, sk }) => isBeat({ keys: { pk, sk } }))).toBe(true);
  expect(isBeat({ keys: { pk: "shop#0", sk: "beat#ITEMS" } })).toBe(false);
});

test("a table's beats are told by their last number and moment, each where it lies, and what is no beat is not", async () => {
  const world = createWorld();
  const none = { ...beatOf("beat#", 1, 5), after: undefined };
  await world.reader.handled("sessions", [beatOf("beat#", 0, 10, 3), beatOf("beat#", 0, 20, 4), none]);
  expect(world.dynamo.dump("buckets")).toEqual([
    { pk: "progress#sessions", sk: "beat##0", n: 4, at: 20, shard: "s" },
  ]);
  await world.reader.note("sessions", [{ shard: "x", arrivedAt: 7 } as StreamRecord], false);
  const now = world.now();
  expect(world.dynamo.dump("buckets")[1]).toEqual({
    ...{ pk: "progress#sessions", sk: "!x", shard: "x", since: 7, at: now },
    ttl: (now + 3_600_000) / 1_000,
  });
});

test("beats that could not be written are written by whoever asks next", async () => {
  const { dynamo } = createWorld();
  let failures = 1;
  const update: typeof dynamo.update = (...asked) =>
    failures-- > 0 ? Promise.reject(new UnavailableError("DynamoDB")) : dynamo.update(...asked);
  const beats = createBeats({
    ...{ dynamo: { ...dynamo, update }, tables: STREAMED, buckets: "buckets", clock: () => 1_000_000_000_000 },
    firstWaitMs: 0,
  });
  await expect(beats.caughtUpAt("sessions", "SESSIONS")).rejects.toThrow(UnavailableError);
  expect(await beats.caughtUpAt("sessions", "SESSIONS")).toBe(MIN_AT);
  expect(dynamo.dump("sessions")).toHaveLength(4);
});
