import pMap from "p-map";
import { describe, expect, test } from "vitest";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createDynamo } from "../../api/aws/dynamo.ts";
import type { StreamRecord, Streams } from "../../api/aws/streams.ts";
import { parseConfig } from "../../api/config.ts";
import { createConnections } from "../../api/connections.ts";
import { consumersOf } from "../../api/ingest/consumers.ts";
import { createStreamPump } from "../../api/local/stream-pump.ts";
import { createPrecedence, type Precedence } from "../../api/rates/precedence.ts";
import { silentLog } from "../kit/local.ts";

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
/** As `insertAll` of the store writes. */
const [A_REQUEST, AT_ONCE, A_BATCH] = [25, 8, 500];

/**
 * A store that does one write after the other, each a step, with the stream of what is recorded in it: clients record batch
 * after batch, and the pump counts, a write for each record. Gives the steps until the last answer, those after it until all is
 * counted, and those for which the store had nothing to do.
 */
async function measure(clients: number, batches: number, precedence: Precedence | undefined) {
  const waiting: { writes: number; done: () => void }[] = [];
  const stream: StreamRecord[] = [];
  const world = { steps: 0, idle: 0, recorded: 0, counted: 0, answers: 0 };
  const written = (writes: number) => new Promise<void>((resolve) => void waiting.push({ writes, done: resolve }));
  const write = (writes: number) => precedence ? precedence.write(() => written(writes)) : written(writes);
  const insertAll = (n: number, then: (writes: number) => void) =>
    pMap(Array<number>(n / A_REQUEST).fill(A_REQUEST), async (writes) => {
      await write(writes);
      then(writes);
    }, { concurrency: AT_ONCE });
  const recordOf = (i: number): StreamRecord => {
    const keys = { pk: "t#0", sk: `${i}#ITEMS` };
    return { shard: "s", sequence: `${i}`, keys, before: undefined, after: keys, isExpiry: false, arrivedAt: 0 };
  };
  const streams: Pick<Streams, "arnOf" | "shardsOf" | "iterate" | "read"> = {
    arnOf: (table) => Promise.resolve(table),
    shardsOf: () => Promise.resolve([{ id: "s", parentId: undefined }]),
    iterate: (_arn, _shard, after) => Promise.resolve(after ?? "0"),
    read: (_, iterator, limit) => {
      const records = stream.slice(Number(iterator), Number(iterator) + limit);
      return Promise.resolve({ records, next: `${Number(iterator) + records.length}` });
    },
  };
  const count = async (_table: string, records: readonly StreamRecord[]) => {
    // Decoding takes some turns of the loop, in which others go on.
    for (let i = 0; i < 10; i++) await tick();
    await insertAll(records.length, (writes) => void (world.counted += writes));
  };
  const pump = createStreamPump({
    streams: streams as Streams,
    consumers: consumersOf("p", {}, []).filter(({ table }) => table === "records"),
    handle: (...part) => precedence ? precedence.first(() => count(...part)) : count(...part),
    log: silentLog,
  });
  const all = clients * batches * A_BATCH;
  const record = async () => {
    for (let i = 0; i < batches; i++) {
      await insertAll(A_BATCH, (writes) => {
        for (let n = 0; n < writes; n++) stream.push(recordOf(++world.recorded));
      });
      world.answers += 1;
    }
  };
  const recording = Array.from({ length: clients }, record);
  const pumping = (async () => {
    while (world.counted < all) {
      await tick();
      await pump.round();
    }
  })();
  let answeredAt = 0;
  while (world.counted < all) {
    const next = waiting.shift();
    if (next) {
      world.steps += next.writes;
      next.done();
    } else world.idle += 1;
    await tick();
    if (answeredAt === 0 && world.answers === clients * batches) answeredAt = world.steps;
  }
  await Promise.all([...recording, pumping]);
  return { sent: answeredAt, after: world.steps - answeredAt, steps: world.steps, idle: world.idle };
}

describe("counting before recording, at a store that does one write after the other", () => {
  test.each([[1, 40], [8, 5], [40, 2]])(
    "what is left to count after the last answer to %i clients is what a batch or two hold, and all of it takes no longer",
    async (clients, batches) => {
      const [before, now] = [
        await measure(clients, batches, undefined),
        await measure(clients, batches, createPrecedence()),
      ];
      expect(now.after).toBeLessThanOrEqual(2 * A_BATCH);
      expect(now.after).toBeLessThan(before.after / 5);
      expect(now.steps).toBe(before.steps);
      expect(now.idle).toBeLessThanOrEqual(before.idle + 50);
    },
  );

  test("recording goes on, two writes at a time, also where counting never ends", async () => {
    const own = createPrecedence();
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const ask = (i: number) => own.write(() => new Promise<void>((resolve) => (begun.push(i), ends.push(resolve))));
    void ask(0);
    void ask(1);
    void ask(2);
    const counting = Promise.withResolvers<void>();
    const counted: string[] = [];
    const work = own.first(async () => {
      await own.write(() => Promise.resolve(void counted.push("counted")));
      await counting.promise;
    });
    await tick();
    expect(counted).toEqual(["counted"]);
    for (let i = 3; i < 6; i++) void ask(i);
    await tick();
    // What was under way before goes on; nothing is added until fewer than two are.
    expect(begun).toEqual([0, 1, 2]);
    ends[0]!();
    await tick();
    expect(begun).toEqual([0, 1, 2]);
    ends[1]!();
    await tick();
    expect(begun).toEqual([0, 1, 2, 3]);
    counting.resolve();
    await work;
    await tick();
    expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("a write that fails gives its place to the next, and counting that fails is at work no more", async () => {
    const own = createPrecedence({ beside: 1 });
    const hold = Promise.withResolvers<void>();
    const work = own.first(() => hold.promise);
    const failing = Promise.withResolvers<void>();
    const failed = own.write(() => failing.promise).catch((error: Error) => error.message);
    const begun: string[] = [];
    void own.write(() => Promise.resolve(void begun.push("next")));
    void own.write(() => Promise.resolve(void begun.push("last")));
    await tick();
    expect(begun).toEqual([]);
    failing.reject(new Error("refused"));
    expect(await failed).toBe("refused");
    await tick();
    expect(begun).toEqual(["next", "last"]);
    hold.reject(new Error("again"));
    await expect(work).rejects.toThrow("again");
    for (let i = 0; i < 5; i++) void own.write(() => new Promise(() => begun.push(`${i}`)));
    await tick();
    expect(begun).toHaveLength(7);
  });
});

test("whoever is made with it asks it before each write", async () => {
  const asked: string[] = [];
  const refuse = (kind: string) => () => {
    asked.push(kind);
    return Promise.reject(new Error("not now"));
  };
  const precedence = { first: refuse("first"), write: refuse("write") };
  const connections = await createConnections(parseConfig({}), { precedence, log: silentLog });
  const { dynamo } = connections;
  await expect(dynamo.put("t", { pk: "a" })).rejects.toThrow("not now");
  await expect(dynamo.insertAll("t", [{ pk: "a" }])).rejects.toThrow("not now");
  expect(asked).toEqual(["write", "write"]);
  connections.stop();
});

test("each request that writes is told from one that reads, and inserts take their turns 25 at a time", async () => {
  const kinds: string[] = [];
  const client = {
    send: (command: { input: { Statements?: unknown[] } }) =>
      Promise.resolve({ Responses: command.input.Statements?.map(() => ({})) ?? {}, Items: [] }),
  } as unknown as DynamoDBClient;
  const dynamo = createDynamo(client, { inTurn: (call, kind) => (kinds.push(kind), call()) });
  const [key, change] = [{ pk: "a" }, { expression: "SET a = :a", values: { ":a": 1 } }];
  const condition = { expression: "attribute_exists(pk)" };
  await dynamo.get("t", key);
  await dynamo.batchGet("t", [key]);
  await dynamo.query("t", { key: { expression: "pk = :a", values: { ":a": "a" } } });
  await dynamo.count("t", { key: { expression: "pk = :a", values: { ":a": "a" } } });
  expect(kinds.splice(0)).toEqual(["read", "read", "read", "read"]);
  await dynamo.put("t", key);
  await dynamo.putIf("t", key, condition);
  await dynamo.update("t", key, change);
  await dynamo.updateIf("t", key, change, condition);
  await dynamo.remove("t", key);
  await dynamo.transact([{ table: "t", remove: key }]);
  expect(kinds.splice(0)).toEqual(Array(6).fill("write"));
  await dynamo.insertAll("t", Array.from({ length: 60 }, (_, i) => ({ pk: `${i}` })));
  expect(kinds).toEqual(["write", "write", "write"]);
});
