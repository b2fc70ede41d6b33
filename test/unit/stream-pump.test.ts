import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type StreamRecord, type Streams, type StreamShard, StreamTrimmedError } from "../../api/aws/streams.ts";
import type { ConsumerSpec } from "../../api/ingest/consumers.ts";
import { createStreamPump, type StreamPumpOptions } from "../../api/local/stream-pump.ts";
import { silentLog } from "../kit/local.ts";

const ALL: ConsumerSpec = {
  ...{ name: "all", table: "records", tableName: "p-records" },
  ...{ maxRecords: 1, maxWaitSeconds: 0 },
};
let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sojourn-positions-"))));
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

/** A stream of shards that hold what is pushed; a shard that is closed has an end. Which reads were made, by shard. */
function createStream(list: StreamShard[]) {
  const records = new Map(list.map(({ id }) => [id, [] as StreamRecord[]]));
  const closed = new Set<string>();
  const begun: string[] = [];
  const streams: Pick<Streams, "arnOf" | "shardsOf" | "iterate" | "read"> = {
    arnOf: (table) => Promise.resolve(table),
    shardsOf: () => Promise.resolve([...list]),
    iterate: (_, shard, after) => {
      begun.push(`${shard} after ${after}`);
      return Promise.resolve(`${after ?? 0}`);
    },
    read: (shard, iterator, limit) => {
      const own = records.get(shard)!;
      const page = own.filter(({ sequence }) => Number(sequence) > Number(iterator)).slice(0, limit);
      const last = page.at(-1)?.sequence ?? iterator;
      const isOver = closed.has(shard) && last === (own.at(-1)?.sequence ?? "0");
      return Promise.resolve({ records: page, next: isOver ? undefined : last });
    },
  };
  return {
    ...{ closed, begun },
    streams: streams as Streams,
    add: (id: string) => {
      list.push({ id, parentId: undefined });
      records.set(id, []);
    },
    push: (shard: string, ...sequences: number[]) =>
      records.get(shard)!.push(...sequences.map((n) => {
        const keys = { pk: "t#0", sk: `${n}#ITEMS` };
        return { shard, sequence: `${n}`, keys, before: undefined, after: keys, isExpiry: false, arrivedAt: n };
      })),
  };
}

function createWorld(list: StreamShard[], more: Partial<StreamPumpOptions> = {}) {
  const stream = createStream(list);
  const handled: string[] = [];
  const start = (own: Partial<StreamPumpOptions> = {}) =>
    createStreamPump({
      ...{ streams: stream.streams, consumers: [ALL], log: silentLog, clock: () => 1_000_000 },
      handle: (_, records) => Promise.resolve(void handled.push(...records.map(({ sequence }) => sequence))),
      ...more,
      ...own,
    });
  return { ...stream, handled, start };
}
const one = [{ id: "a", parentId: undefined }];

describe("a stream", () => {
  test("whose shard was divided is read to its end before those that follow it, which keep their order", async () => {
    const shards = ["a", "child", "other"].map((id) => ({ id, parentId: { a: "gone", child: "a" }[id] }));
    const { start, push, handled, closed } = createWorld(shards);
    push("a", 1, 2);
    push("child", 3);
    push("other", 4);
    const pump = start();
    await pump.round();
    await pump.round();
    expect(handled).toEqual(["1", "2", "4"]);
    closed.add("a");
    push("a", 5);
    await pump.drain();
    expect(handled).toEqual(["1", "2", "4", "5", "3"]);
  });

  test("whose shards are named in any order is read to its end by one call, parents first", async () => {
    const parents: Record<string, string> = { grandchild: "child", child: "a", a: "gone" };
    const shards = ["grandchild", "child", "a"].map((id) => ({ id, parentId: parents[id] }));
    const { start, push, handled, closed } = createWorld(shards);
    push("grandchild", 3);
    push("child", 2);
    push("a", 1);
    for (const id of ["a", "child"]) closed.add(id);
    await start().drain();
    expect(handled).toEqual(["1", "2", "3"]);
  });

  test("whose shard was divided is not behind by what was not looked at: nobody is told before all was", async () => {
    const told: unknown[] = [];
    const { start, push, closed } = createWorld([{ id: "a", parentId: undefined }, { id: "child", parentId: "a" }], {
      onProgress: ({ name }, at, isAll) => told.push([name, at, isAll]),
    });
    push("a", 1);
    const pump = start();
    await pump.round();
    await pump.round();
    expect(told).toEqual([]);
    closed.add("a");
    await pump.round();
    expect(told).toEqual([["all", 1_000_000, true]]);
  });

  test("whose shard was divided hands over what still waits of it before anything of those that follow it", async () => {
    const slow: ConsumerSpec = { ...ALL, maxRecords: 10, maxWaitSeconds: 60 };
    const shards = ["a", "child"].map((id) => ({ id, parentId: { child: "a" }[id] }));
    const { start, push, closed, handled, begun } = createWorld(shards, { consumers: [slow] });
    push("a", 1, 2);
    push("child", 3);
    closed.add("a");
    const pump = start();
    for (let i = 0; i < 3; i++) await pump.round();
    expect([handled, begun]).toEqual([[], ["a after undefined"]]);
    await pump.drain();
    expect(handled).toEqual(["1", "2", "3"]);
  });

  test("is read on where it was, by numbers: the tenth comes after the ninth", async () => {
    const positionFile = join(folder, "below", "positions.json");
    const { start, push, handled, begun } = createWorld(one, { positionFile });
    push("a", 8, 9);
    await start().round();
    push("a", 10, 11);
    await start().round();
    push("a", 100);
    await start().round();
    expect(handled).toEqual(["8", "9", "10", "11", "100"]);
    expect(begun).toEqual(["a after undefined", "a after 9", "a after 11"]);
    expect(JSON.parse(readFileSync(positionFile, "utf8"))).toEqual({ "all/a": "100" });
  });

  test("is read from the place of the one that is furthest behind, and from the beginning for one that is new; no record twice", async () => {
    const positionFile = join(folder, "positions.json");
    writeFileSync(positionFile, JSON.stringify({ "one/a": "12", "two/a": "9" }));
    const got: string[] = [];
    const named = (name: string): ConsumerSpec => ({ ...ALL, name, table: name });
    const { start, push, begun } = createWorld(one, {
      positionFile,
      handle: (name, records) =>
        Promise.resolve(void got.push(...records.map(({ sequence }) => `${name} ${sequence}`))),
    });
    push("a", 8, 9, 10);
    const pump = start({ consumers: [named("one"), named("two")] });
    await pump.round();
    push("a", 12, 13);
    await pump.round();
    expect(got.splice(0)).toEqual(["two 10", "one 13", "two 12", "two 13"]);
    await start({ consumers: [named("one"), named("new")] }).round();
    expect(got).toEqual(["new 8", "new 9", "new 10", "new 12", "new 13"]);
    expect(begun).toEqual(["a after 9", "a after undefined"]);
  });

  test("is read on from what was handled: what only waited comes again", async () => {
    const slow: ConsumerSpec = { ...ALL, maxRecords: 10, maxWaitSeconds: 60 };
    const { start, push, handled } = createWorld(one, {
      consumers: [slow],
      positionFile: join(folder, "positions.json"),
    });
    push("a", 1, 2);
    await start().round();
    expect(handled).toEqual([]);
    await start().drain();
    expect(handled).toEqual(["1", "2"]);
  });

  test("that failed is read again from what was handled: what was handed over before is not again", async () => {
    let isAway = true;
    const { start, push, handled } = createWorld(one, {
      handle: (_, records) => {
        if (isAway && records.some(({ sequence }) => Number(sequence) > 500)) return Promise.reject(new Error("away"));
        return Promise.resolve(void handled.push(...records.map(({ sequence }) => sequence)));
      },
    });
    const all = Array.from({ length: 800 }, (_, i) => i + 1);
    push("a", 1);
    const pump = start();
    await pump.round();
    push("a", ...all.slice(1));
    await expect(pump.round()).rejects.toThrow("away");
    await expect(pump.round()).rejects.toThrow("away");
    isAway = false;
    await pump.round();
    expect(handled).toEqual(all.map(String));
  });

  test("whose oldest record is too old to be tried again gives that one up, and hands over what came with it", async () => {
    const [OLD, NEW] = [1, 20 * 3_600_000];
    const kept: string[] = [];
    const handled: string[] = [];
    const { start, push } = createWorld(one, {
      clock: () => OLD + NEW,
      handle: (_, records) => {
        if (records[0]!.arrivedAt === OLD) return Promise.reject(new Error("cannot"));
        return Promise.resolve(void handled.push(...records.map(({ sequence }) => sequence)));
      },
      giveUp: (_, records) => Promise.resolve(void kept.push(...records.map(({ sequence }) => sequence))),
    });
    push("a", OLD, NEW);
    await start().round();
    expect([kept, handled]).toEqual([[`${OLD}`], [`${NEW}`]]);
  });

  test("that dropped what was not handled is told to all that read it; one that does not answer dropped nothing", async () => {
    const positionFile = join(folder, "positions.json");
    writeFileSync(positionFile, JSON.stringify({ "one/a": "1", "two/a": "1" }));
    const gaps: string[] = [];
    const lost = [new Error("away"), new StreamTrimmedError()];
    const { start, push, streams } = createWorld(one, { positionFile, onGap: ({ name }) => gaps.push(name) });
    push("a", 5);
    const pump = start({
      consumers: ["one", "two"].map((name) => ({ ...ALL, name })),
      streams: {
        ...streams,
        iterate: (arn, shard, after) => after ? Promise.reject(lost.shift()!) : streams.iterate(arn, shard, after),
      },
    });
    await expect(pump.round()).rejects.toThrow("away");
    expect(gaps).toEqual([]);
    await pump.round();
    expect(gaps).toEqual(["one", "two"]);
  });

  test("is asked for its shards every ten seconds: those that are new are read, too", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const list = [...one];
    const { start, push, handled, add } = createWorld(list);
    const pump = start();
    await pump.round();
    add("b");
    push("b", 1);
    vi.advanceTimersByTime(9_999);
    await pump.round();
    expect(handled).toEqual([]);
    vi.advanceTimersByTime(1);
    await pump.round();
    expect(handled).toEqual(["1"]);
  });

  test("that failed is looked up anew: its table may have been made again", async () => {
    const { start, push, handled, streams } = createWorld(one);
    push("a", 1);
    let reads = 0;
    const named: string[] = [];
    const pump = start({
      streams: {
        ...streams,
        arnOf: (table) => (named.push(table), streams.arnOf(table)),
        read: (...args) => ++reads === 1 ? Promise.reject(new Error("away")) : streams.read(...args),
      },
    });
    pump.start();
    await expect.poll(() => handled).toEqual(["1"]);
    await pump.stop();
    expect(named).toEqual(["p-records", "p-records"]);
  });

  test("that fails does not keep the others waiting, and the first failure is told after them", async () => {
    const handled: string[] = [];
    const { start, push } = createWorld(one, {
      handle: (table, records) => {
        if (table !== "fine") return Promise.reject(new Error(table));
        return Promise.resolve(void handled.push(...records.map(({ sequence }) => sequence)));
      },
    });
    push("a", 1);
    const consumers = ["bad", "fine", "worse"].map((table) => ({ ...ALL, name: table, table, tableName: table }));
    await expect(start({ consumers }).round()).rejects.toThrow("bad");
    expect(handled).toEqual(["1"]);
  });
});

test("a consumer is behind in a shard since the oldest record that it has and did not handle, and else since what was read last", async () => {
  const told: unknown[] = [];
  const progress: unknown[] = [];
  const slow: ConsumerSpec = { ...ALL, name: "slow", maxRecords: 10, maxWaitSeconds: 60 };
  const { start, push } = createWorld(one, {
    consumers: [ALL, slow],
    onProgress: ({ name }, at, isAll) => progress.push([name, at, isAll]),
    onShard: ({ name }, shard, since, handled) => told.push([name, shard, since, handled]),
  });
  push("a", 5, 7);
  const pump = start();
  await pump.round();
  expect(told.splice(0)).toEqual([["all", "a", 7, 2], ["slow", "a", 5, 0]]);
  // Of the same millisecond there may be more.
  expect(progress.splice(0)).toEqual([["all", 6, false], ["slow", 4, false]]);
  await pump.round();
  expect(told.splice(0)).toEqual([["all", "a", 1_000_000, 0], ["slow", "a", 5, 0]]);
  await pump.drain();
  expect(told.splice(0, 2)).toEqual([["all", "a", 1_000_000, 0], ["slow", "a", 1_000_000, 2]]);
});
