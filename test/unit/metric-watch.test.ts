import { describe, expect, test } from "vitest";
import type { CountChange, FixedSize } from "../../api/metrics/model.ts";
import { createAudit } from "../../api/metrics/audit.ts";
import { createMetrics } from "../../api/metrics/service.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import { createMetricWatch, type MetricUpdate } from "../../api/metrics/watch.ts";
import { createHub, createStillHub, type Hub } from "../../api/live/hub.ts";
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
    /** Notes so many hours of before as counted into, one moment for all. */
    note: (hours: number) =>
      store.lateHours.note(
        Array.from({ length: hours }, (_, i): CountChange => ({
          ...{ shard: "s", sequence: `${++sequence}`, partition: "0", arrivedAt: now },
          ...{ tenantId: TENANT, source: "ITEMS", at: START - (10 + i) * HOUR, n: 1 },
        })),
        now,
      ),
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

describe("an hour that no feed shows any more", () => {
  /** Two processes over one store, whose hubs do not hear of each other; the first one is watched. */
  function createPair({ onNotes = () => Promise.resolve(), maxLate = 1_000, hub: ownHub }: {
    onNotes?: () => Promise<void>;
    maxLate?: number;
    hub?: Hub;
  } = {}) {
    let now = START;
    let sequence = 0;
    const memory = createMemoryDynamo(tables);
    const watched: typeof memory = {
      ...memory,
      async query(table, options) {
        const page = await memory.query(table, options);
        if (String(options.key.values?.[":pk"]).endsWith("#late")) await onNotes();
        return page;
      },
    };
    const [one, other] = [watched, memory].map((dynamo) => {
      const store = createMetricStore(dynamo, { records: "records", buckets: "buckets" });
      const hub = createHub();
      const clock = () => now;
      return { store, hub, metrics: createMetrics({ store, hub, clock, caughtUpAt: () => Promise.resolve(now) }) };
    }) as [Process, Process];
    type Process = {
      store: ReturnType<typeof createMetricStore>;
      hub: ReturnType<typeof createHub>;
      metrics: ReturnType<typeof createMetrics>;
    };
    const hub = ownHub ?? one.hub;
    const watch = createMetricWatch({ ...{ store: one.store, hub, maxLate }, clock: () => now, pollMs: 1 });
    const change = (at: number): CountChange => ({
      ...{ shard: "s", sequence: `${++sequence}`, partition: "0", arrivedAt: now },
      ...{ tenantId: TENANT, source: "ITEMS", at, n: 1 },
    });
    return {
      ...{ one, other, change },
      pass: (ms: number) => now += ms,
      count: ({ metrics }: Process, ...ats: number[]) => metrics.count(ats.map(change)),
      watch: (after?: string) => watch(TENANT, ["ITEMS"], "ONE_HOUR", after, new AbortController().signal),
    };
  }
  const LONG = START - 30 * DAY;
  /** The messages up to that of a bucket, in their order: its start and count. */
  async function upTo(stream: AsyncGenerator<MetricUpdate>, start: number) {
    const told: [number, number][] = [];
    for (;;) {
      const { bucket, cursor } = (await stream.next()).value as MetricUpdate;
      told.push([bucket.start, bucket.count]);
      if (bucket.start === start) return { told, cursor };
    }
  }
  const hour = (at: number) => Math.floor(at / HOUR) * HOUR;

  test("is told live whoever counted into it, in its turn, late or by an audit, once", async () => {
    const { one, other, change, count, pass, watch } = createPair();
    const stream = watch();
    await upTo(stream, hour(START));
    await count(one, LONG);
    expect((await upTo(stream, hour(LONG))).told).toEqual([[hour(LONG), 1]]);
    // Of what another process counted the hub says nothing here.
    await count(other, LONG + DAY);
    pass(5_000);
    expect((await upTo(stream, hour(LONG + DAY))).told).toEqual([[hour(LONG + DAY), 1]]);
    const left = [change(LONG + 2 * DAY)];
    await other.store.writeOnce("left", other.metrics.lateWrites(left));
    await other.metrics.tell(left);
    pass(5_000);
    expect((await upTo(stream, hour(LONG + 2 * DAY))).told).toEqual([[hour(LONG + 2 * DAY), 1]]);
    // What was told is not told again while it is found anew.
    for (let i = 0; i < 6; i++) pass(4_000);
    await count(other, LONG + 3 * DAY);
    pass(5_000);
    expect((await upTo(stream, hour(LONG + 3 * DAY))).told).toEqual([[hour(LONG + 3 * DAY), 1]]);
    await stream.return(undefined);
  });

  test("or that nobody's clock has come to yet is told as it is counted into", async () => {
    const { one, count, watch } = createPair();
    const stream = watch();
    await upTo(stream, hour(START));
    await count(one, START + 3 * HOUR);
    expect((await upTo(stream, hour(START + 3 * HOUR))).told).toEqual([[hour(START + 3 * HOUR), 1]]);
    await stream.return(undefined);
  });

  test("is told to who comes back with as many others as are told at once, to the last one; of more nothing but that", async () => {
    for (const hours of [3, 4]) {
      const { other, count, watch } = createPair({ maxLate: 3 });
      const stream = watch();
      const { cursor } = await upTo(stream, hour(START));
      await stream.return(undefined);
      await count(other, ...Array.from({ length: hours }, (_, i) => LONG + i * HOUR));
      const again = watch(cursor);
      if (hours === 3) expect((await upTo(again, hour(LONG) + 2 * HOUR)).told).toHaveLength(3);
      else await expect(again.next()).rejects.toThrow(/was away while 4 hours of before .* at most 3/);
      await again.return(undefined);
    }
  });

  test("is told live with any number of others: as many as are looked for at once, and then the next", async () => {
    const { other, count, pass, watch } = createPair({ maxLate: 3 });
    const stream = watch();
    await upTo(stream, hour(START));
    for (let i = 0; i < 8; i++) await count(other, LONG + i * HOUR);
    pass(5_000);
    const { told } = await upTo(stream, hour(LONG) + 7 * HOUR);
    expect(told).toEqual(Array.from({ length: 8 }, (_, i) => [hour(LONG) + i * HOUR, 1]));
    await stream.return(undefined);
  });

  test("is told though its wake was lost among more than are kept, and not again to who was given it before it left", async () => {
    const { one, count, pass, watch } = createPair();
    const stream = watch();
    await upTo(stream, hour(START));
    for (let i = 0; i < 1_000; i++) one.hub.wake(`metrics:${TENANT}`, `OTHER ${i}`);
    await count(one, LONG);
    pass(5_000);
    expect((await upTo(stream, hour(LONG))).told).toEqual([[hour(LONG), 1]]);
    pass(80_000);
    await count(one, START + MINUTE);
    await upTo(stream, hour(START));
    const second = watch();
    const { cursor } = await upTo(second, hour(START));
    await second.return(undefined);
    pass(3 * HOUR);
    await count(one, START + 3 * HOUR);
    const again = watch(cursor);
    const { told } = await upTo(again, hour(START + 3 * HOUR));
    expect(told.filter(([start]) => start < START - DAY)).toEqual([]);
    await Promise.all([again.return(undefined), stream.return(undefined)]);
  });

  test("is told by the hub after it is noted, so that who comes back in between finds the note", async () => {
    const { one, count } = createPair();
    const said: string[] = [];
    const note = one.store.lateHours.note.bind(one.store.lateHours);
    one.store.lateHours.note = async (...given) => (await note(...given), void said.push("note"));
    one.hub.watch(`metrics:${TENANT}`, (hint) => void said.push(`wake ${hint}`));
    await count(one, LONG, START);
    expect(said).toEqual([`wake ITEMS ${hour(START)}`, "note", `wake ITEMS ${hour(LONG)}`]);
  });

  test("costs nothing where a feed ends at once, but for who comes back", async () => {
    let reads = 0;
    const { watch } = createPair({ hub: createStillHub(), onNotes: () => Promise.resolve(void reads++) });
    let cursor = "";
    for await (const update of watch()) cursor = update.cursor;
    expect(reads).toBe(0);
    for await (const _ of watch(cursor));
    expect(reads).toBe(1);
  });

  test("that an audit set right is told to who comes back", async () => {
    const { one, watch, pass } = createPair();
    const stream = watch();
    const { cursor } = await upTo(stream, hour(START));
    await stream.return(undefined);
    const progress = { caughtUpAt: () => Promise.resolve(START), isPast: () => Promise.resolve(true) };
    const at = LONG + 7 * MINUTE;
    await one.store.keepAll(TENANT, [{ source: "ITEMS", recordId: "r", at, value: undefined, dimensions: [] }], LONG);
    pass(HOUR);
    const { audit } = createAudit({
      ...{ store: one.store, hub: createHub(), clock: () => START + HOUR, progress, recheckMs: 0 },
      recountOf: () => (tenantId, fromAt, toAt) => one.store.listRecords(tenantId, "ITEMS", fromAt, toAt),
    });
    const range = { between: { from: LONG, to: LONG + HOUR } };
    expect(await audit(TENANT, { source: "ITEMS", range, repair: true })).toMatchObject({ repaired: 1 });
    const again = watch(cursor);
    expect((await upTo(again, hour(LONG))).told).toContainEqual([hour(LONG), 1]);
    await again.return(undefined);
  });

  test("that is counted into while somebody comes back is told, whenever that is, by whichever process, and nothing twice", async () => {
    for (const by of ["one", "other"] as const) {
      let meanwhile = () => Promise.resolve();
      const pair = createPair({ onNotes: () => meanwhile() });
      const first = pair.watch();
      const { cursor } = await upTo(first, hour(START));
      await pair.count(pair.other, LONG);
      pair.pass(HOUR);
      // Just after the notes were read for who comes back.
      let reads = 0;
      meanwhile = async () => {
        reads += 1;
        meanwhile = () => Promise.resolve();
        await pair.count(pair[by], LONG + DAY);
      };
      const again = pair.watch(cursor);
      const told = [(await upTo(again, hour(LONG))).told, (pair.pass(5_000), await upTo(again, hour(LONG + DAY))).told]
        .flat();
      expect(reads).toBe(1);
      const old = told.filter(([start]) => start < START - DAY);
      expect(old).toEqual([[hour(LONG), 1], [hour(LONG + DAY), 1]]);
      // Looking again finds what was told, and tells nothing.
      pair.pass(5_000);
      await pair.count(pair.other, LONG + 2 * DAY);
      expect((await upTo(again, hour(LONG + 2 * DAY))).told).toEqual([[hour(LONG + 2 * DAY), 1]]);
      await Promise.all([again.return(undefined), first.return(undefined)]);
    }
  });
});

test("who comes back is told what a thousand hours of before hold by now; of one more, only that they are too many", async () => {
  const world = createWorld();
  await world.count(START);
  const { cursor } = await given(world.watch(), (counts) => counts.has(START));
  world.pass(MINUTE);
  await world.note(1_000);
  await world.count(START);
  expect((await given(world.watch(cursor), (counts) => counts.has(START))).counts).toEqual(new Map([[START, 2]]));
  await world.note(1_001);
  await expect(world.watch(cursor).next()).rejects.toThrow("1001 hours of before were counted into, and at most 1000");
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
