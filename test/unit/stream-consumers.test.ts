import { describe, expect, test } from "vitest";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StreamRecord, type Streams, StreamTrimmedError } from "../../api/aws/streams.ts";
import { DEPLOYED_BATCHING, parseConfig } from "../../api/config.ts";
import { createLog } from "../../api/core/log.ts";
import { createStreamPump } from "../../api/local/stream-pump.ts";
import { consumersOf } from "../../api/ingest/consumers.ts";
import { silentLog } from "../kit/local.ts";

const SOURCES = ["ITEMS", "SCORE_RESULTS", "TASKS", "EVALUATIONS"];

/** One shard a table that holds what is pushed to it. */
function createShards() {
  const records: Record<string, StreamRecord[]> = {};
  let sequence = 0;
  let reads = 0;
  const streams: Pick<Streams, "arnOf" | "shardsOf" | "iterate" | "read"> = {
    arnOf: (table) => Promise.resolve(table),
    shardsOf: (arn) => Promise.resolve([{ id: arn, parentId: undefined }]),
    iterate: (arn, _, after) => Promise.resolve(`${arn} ${after ?? 0}`),
    read: (_, iterator, limit) => {
      reads++;
      const [arn, after] = iterator.split(" ") as [string, string];
      const page = (records[arn] ?? []).filter((record) => Number(record.sequence) > Number(after)).slice(0, limit);
      return Promise.resolve({ records: page, next: `${arn} ${page.at(-1)?.sequence ?? after}` });
    },
  };
  return {
    streams: streams as Streams,
    reads: () => reads,
    push(table: string, source: string, count: number, arrivedAt = 0) {
      for (let i = 0; i < count; i++) {
        const keys = { pk: "t#0", sk: `${++sequence}#${source}` };
        const record = {
          shard: table,
          sequence: `${sequence}`,
          keys,
          before: undefined,
          after: keys,
          isExpiry: false,
          arrivedAt,
        };
        (records[table] ??= []).push(record);
      }
    },
  };
}

function start(batching: string) {
  const shards = createShards();
  const handled: string[] = [];
  const caughtUp: string[] = [];
  const progress: Record<string, number> = {};
  let now = 0;
  const { metricsBatching } = parseConfig({ METRICS_BATCHING: batching });
  const pump = createStreamPump({
    streams: shards.streams,
    consumers: consumersOf("p", metricsBatching, []).filter(({ table }) => table === "records"),
    handle: (_, records) => {
      handled.push(`${records.length} ${(records[0]!.keys.sk as string).split("#")[1]}`);
      return Promise.resolve();
    },
    onProgress: ({ name }, at, isAll) => {
      progress[name] = at;
      if (isAll) caughtUp.push(name);
    },
    clock: () => now,
    log: silentLog,
  });
  return { shards, pump, handled, caughtUp, progress, pass: (seconds: number) => (now += seconds * 1_000) };
}

test("an attached table that is missing is one line with what to do, later and later, and counts once it is there", async () => {
  const shards = createShards();
  const lines: Record<string, unknown>[] = [];
  const handled: number[] = [];
  let exists = false;
  const pump = createStreamPump({
    streams: { ...shards.streams, arnOf: (table) => Promise.resolve(table !== "orders" || exists ? table : undefined) },
    consumers: consumersOf("p", {}, [{ table: "orders" }]).filter(({ table }) => ["orders", "records"].includes(table)),
    handle: (_, records) => Promise.resolve(void handled.push(records.length)),
    log: createLog("warn", (line) => {
      lines.push(JSON.parse(line) as Record<string, unknown>);
      exists = lines.length === 2;
    }),
  });
  shards.push("p-records", "ITEMS", 3);
  shards.push("orders", "", 2);
  pump.start();
  await expect.poll(() => handled).toEqual([3, 2]);
  await pump.stop();
  expect(lines.map(({ nextTrySeconds, error }) => [nextTrySeconds, error])).toEqual([[1, undefined], [2, undefined]]);
  expect(lines[0]!["message"]).toBe(
    "there is no table orders with a stream: make it with a stream of new and old images, or take it out of ATTACHED_TABLES",
  );
});

test("a table whose counting takes long makes no other table wait", async () => {
  const shards = createShards();
  const [taken, freed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const handled: string[] = [];
  const pump = createStreamPump({
    streams: shards.streams,
    consumers: consumersOf("p", {}, []).filter(({ table }) => ["records", "sessions"].includes(table)),
    handle: async (table) => {
      if (table === "records") {
        taken.resolve();
        await freed.promise;
      }
      handled.push(table);
    },
    log: silentLog,
  });
  shards.push("p-records", "ITEMS", 1);
  shards.push("p-sessions", "", 1);
  pump.start();
  await taken.promise;
  await expect.poll(() => handled).toEqual(["sessions"]);
  freed.resolve();
  await expect.poll(() => handled).toEqual(["sessions", "records"]);
  await pump.stop();
});

test("where a stream dropped what was not handled, that is told, and the rest goes on", async () => {
  const shards = createShards();
  const lines: string[] = [];
  const gaps: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), "sojourn-positions-"));
  const positionFile = join(folder, "positions.json");
  writeFileSync(positionFile, JSON.stringify({ "records/p-records": "1" }));
  const handled: string[] = [];
  const pump = createStreamPump({
    streams: {
      ...shards.streams,
      iterate: (arn, shard, after) =>
        after === "1" ? Promise.reject(new StreamTrimmedError()) : shards.streams.iterate(arn, shard, after),
    },
    consumers: consumersOf("p", {}, []).filter(({ table }) => table === "records"),
    handle: (_, records) => Promise.resolve(void handled.push(...records.map(({ sequence }) => sequence))),
    onGap: ({ name }) => gaps.push(name),
    positionFile,
    log: createLog("error", (line) => lines.push(line)),
  });
  shards.push("p-records", "ITEMS", 4);
  await pump.round();
  rmSync(folder, { recursive: true });
  expect(gaps).toEqual(["records"]);
  expect(lines[0]).toContain("run `npm run audit` over what was written");
  expect(handled).toEqual(["2", "3", "4"]);
});

describe("a record that fails", () => {
  const HOUR = 3_600_000;

  async function startFailing(now: number) {
    const shards = createShards();
    const handled: string[] = [];
    const kept: string[] = [];
    const pump = createStreamPump({
      streams: shards.streams,
      consumers: consumersOf("p", {}, []).filter(({ table }) => table === "records"),
      handle: (_, records) => {
        if (records.some(({ sequence }) => sequence === "3")) return Promise.reject(new Error("cannot"));
        handled.push(...records.map(({ sequence }) => sequence));
        return Promise.resolve();
      },
      giveUp: (arn, records) => Promise.resolve(void kept.push(`${arn} ${records.map((one) => one.sequence).join()}`)),
      clock: () => now,
      log: silentLog,
    });
    shards.push("p-records", "ITEMS", 5);
    return { pump, handled, kept };
  }

  test("is tried again for most of a day, and holds up what lies behind it in its shard", async () => {
    const { pump, handled, kept } = await startFailing(20 * HOUR - 1);
    await expect(pump.round()).rejects.toThrow("cannot");
    expect([handled, kept]).toEqual([[], []]);
  });

  test("is then kept to be counted late, alone: the rest goes on", async () => {
    const { pump, handled, kept } = await startFailing(20 * HOUR);
    await pump.round();
    expect(handled).toEqual(["1", "2", "4", "5"]);
    expect(kept).toEqual(["p-records 3"]);
    await pump.round();
    expect(kept).toHaveLength(1);
  });
});

describe("a stream's consumers", () => {
  test("take everything at once where nothing says otherwise", async () => {
    const { shards, pump, handled, caughtUp } = start("");
    for (const source of SOURCES) shards.push("p-records", source, 30);
    await pump.round();
    expect(handled).toEqual(["120 ITEMS"]);
    await pump.round();
    expect(caughtUp).toEqual(["records"]);
  });

  test("count a source as soon as it has as many as its batch holds, and else after the time that it says", async () => {
    const { shards, pump, handled, caughtUp, pass } = start(DEPLOYED_BATCHING);
    shards.push("p-records", "ITEMS", 9);
    shards.push("p-records", "SCORE_RESULTS", 60);
    shards.push("p-records", "TASKS", 2);
    await pump.round();
    expect(handled).toEqual(["2 TASKS"]);
    pass(14);
    await pump.round();
    expect(handled).toHaveLength(1);
    expect(caughtUp).not.toContain("records-items");
    shards.push("p-records", "SCORE_RESULTS", 540);
    await pump.round();
    expect(handled.slice(1)).toEqual(["500 SCORE_RESULTS", "100 SCORE_RESULTS"]);
    pass(1);
    await pump.round();
    expect(handled.slice(3)).toEqual(["9 ITEMS"]);
    await pump.round();
    expect(new Set(caughtUp)).toEqual(
      new Set([...SOURCES, "OWN"].map((s) => `records-${s.toLowerCase().replace("_", "-")}`)),
    );
  });

  test("of which each record may be counted at once are counted in as few parts as where nothing is said", async () => {
    for (const batching of ["TASKS=1/0", "ITEMS=10/15 TASKS=1/0", ""]) {
      const { shards, pump, handled } = start(batching);
      shards.push("p-records", "TASKS", 10_000);
      await pump.drain();
      expect(handled).toEqual(Array.from({ length: 20 }, () => "500 TASKS"));
      // Pages of a thousand, and two that find nothing more.
      expect(shards.reads()).toBeLessThanOrEqual(12);
    }
  });

  test("say until when everything is handled, also while something waits", async () => {
    const { shards, pump, progress, pass } = start(DEPLOYED_BATCHING);
    pass(60);
    await pump.round();
    expect(progress["records-items"]).toBe(60_000);
    shards.push("p-records", "ITEMS", 3, 61_000);
    pass(5);
    await pump.round();
    pass(5);
    await pump.round();
    expect([progress["records-items"], progress["records-tasks"]]).toEqual([60_999, 70_000]);
    pass(20);
    await pump.round();
    await pump.round();
    expect(progress["records-items"]).toBe(90_000);
  });

  test("read each shard once, whatever waits", async () => {
    const { shards, pump } = start(DEPLOYED_BATCHING);
    shards.push("p-records", "ITEMS", 3);
    await pump.round();
    await pump.round();
    expect(shards.reads()).toBe(2);
  });

  test("are settled at once, whatever they would wait for", async () => {
    const { shards, pump, handled } = start(DEPLOYED_BATCHING);
    shards.push("p-records", "ITEMS", 3);
    await pump.drain();
    expect(handled).toEqual(["3 ITEMS"]);
  });

  test("of a source that is not named wait for nothing", () => {
    const { metricsBatching } = parseConfig({ METRICS_BATCHING: "ITEMS=10/15" });
    expect(metricsBatching["ITEMS"]).toEqual({ records: 10, seconds: 15 });
    expect(metricsBatching["TASKS"]).toEqual({ records: 1, seconds: 0 });
  });

  test("are refused where the batching is no batching", () => {
    for (
      const text of [
        "OTHERS=10/15",
        "ITEMS=10/15 ITEMS=1/0",
        `${DEPLOYED_BATCHING} X=1/1`,
        "ITEMS=0/1 SCORE_RESULTS=1/0 TASKS=1/0 EVALUATIONS=1/0",
      ]
    ) {
      expect(() => parseConfig({ METRICS_BATCHING: text })).toThrow(/must name some of ITEMS, SCORE_RESULTS/);
    }
  });
});
