import { randomUUID } from "node:crypto";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClients } from "../../api/aws/clients.ts";
import { createDynamo, type Item } from "../../api/aws/dynamo.ts";
import { createObjects } from "../../api/aws/objects.ts";
import { createQueues } from "../../api/aws/queues.ts";
import { createStreams } from "../../api/aws/streams.ts";
import { createTopics } from "../../api/aws/topics.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";

/**
 * Every call that we make, as AWS answers it. It runs against the embedded stores; with CONTRACT_PREFIX (the prefix of a
 * stack that is deployed), AWS_REGION and credentials against AWS:
 *
 *     CONTRACT_PREFIX=acme-sojourn AWS_REGION=eu-central-1 npx vitest run test/store/contract.test.ts
 *
 * and with CONTRACT_TOPIC (the output `webhook_topic`) a message to that topic too.
 *
 * What only AWS does, and what holds us to it here instead:
 *
 *  | behaviour                                                          | held by                                       |
 *  |--------------------------------------------------------------------|-----------------------------------------------|
 *  | TransactionConflictException on a plain write                      | test/unit/aws-clients.test.ts; the simulation |
 *  | requests that are throttled; UnprocessedKeys of a batch            | test/unit/aws-faults.test.ts; the simulation  |
 *  | pages of a query that end at 1 MB                                  | the simulation (`early`)                      |
 *  | a request that is never answered                                   | test/unit/aws-clients.test.ts                 |
 *  | eventually consistent reads, indexes that lag                      | `stale`, `lag`; proof:consistent-reads        |
 *  | shards that split, are replaced, and lose what is a day old        | test/proof/metrics-stream.ts                  |
 *  | items that stay for days after their time                          | test/flow/expired.test.ts                     |
 *  | a put that changes nothing leaves no record in the stream          | nothing: such a record counts nothing         |
 *  | links that expire and whose signature is looked at                 | below, against AWS                            |
 *  | lifecycle, versions, tags of objects                               | test/infra                                    |
 *  | messages of more than 10 tries going to the dead-letter queue      | test/store/embedded.test.ts                   |
 */
const PREFIX = process.env["CONTRACT_PREFIX"];
const isAws = PREFIX !== undefined;
const prefix = PREFIX ?? "test";
const TABLE = `${prefix}-records`;
/** A name that no other run has: this may run where others do. */
const id = randomUUID().slice(0, 8);
const bytes = (text: string) => new TextEncoder().encode(text);

/** The methods of each that were called. */
const called = new Map<string, Set<string>>();
function noting<T extends object>(name: string, methods: T): T {
  const own = new Set<string>();
  called.set(name, own);
  return new Proxy(methods, {
    get(target, method, receiver) {
      own.add(String(method));
      return Reflect.get(target, method, receiver) as unknown;
    },
  });
}

let system: TestSystem | undefined;
let dynamo: ReturnType<typeof createDynamo>;
let objects: ReturnType<typeof createObjects>;
let queues: ReturnType<typeof createQueues>;
let streams: ReturnType<typeof createStreams>;
let topics: ReturnType<typeof createTopics>;
const written: Item[] = [];

beforeAll(async () => {
  system = isAws ? undefined : await startTestSystem();
  const region = process.env["AWS_REGION"] ?? "eu-central-1";
  const clients = system?.clients ??
    createClients({ region, endpoints: { dynamodb: undefined, s3: undefined, sqs: undefined } });
  dynamo = noting("dynamo", createDynamo(clients.dynamodb));
  objects = noting("objects", createObjects(clients.s3, `${prefix}-collections`));
  queues = noting("queues", createQueues(clients.sqs));
  streams = noting("streams", createStreams(clients.dynamodb, clients.streams));
  topics = noting("topics", createTopics({ endpoint: system?.endpoints.sns }));
});
afterAll(async () => {
  for (const { pk, sk } of written) await dynamo.remove(TABLE, { pk, sk });
  await system?.stop();
});

function item(name: string, more: Item = {}): Item {
  const own = { pk: `contract-${id}#0`, sk: `${name}#ITEMS`, ...more };
  written.push(own);
  return own;
}
const keyOf = ({ pk, sk }: Item) => ({ pk, sk });

describe("DynamoDB", () => {
  const isFree = { expression: "attribute_not_exists(pk)" };

  test("gives what was put, whole, and nothing where nothing is", async () => {
    const all = { n: 1.5, big: 2 ** 53 - 1, text: "ä🙂", bytes: bytes("raw"), list: [1, { a: null }], yes: true };
    const own = item("whole", { ...all, left: undefined });
    await dynamo.put(TABLE, own);
    expect(await dynamo.get(TABLE, keyOf(own), { consistent: true })).toEqual({ ...keyOf(own), ...all });
    expect(await dynamo.get(TABLE, keyOf(item("never")), { consistent: true })).toBeUndefined();
    const many = Array.from({ length: 130 }, (_, i) => ({ pk: own.pk, sk: `absent-${i}` }));
    expect(await dynamo.batchGet(TABLE, [...many, keyOf(own)], { consistent: true })).toHaveLength(1);
  });

  test("a condition that does not hold changes nothing and gives the item as it is", async () => {
    const own = item("held", { n: 1 });
    expect(await dynamo.putIf(TABLE, own, isFree)).toMatchObject({ ok: true });
    expect(await dynamo.putIf(TABLE, { ...own, n: 2 }, isFree)).toEqual({ ok: false, current: own });
    const add = { expression: "SET m = if_not_exists(m, :zero) + :one ADD n :one", values: { ":zero": 0, ":one": 1 } };
    const isOne = { expression: "n = :n AND #sk = :sk", names: { "#sk": "sk" }, values: { ":n": 1, ":sk": own.sk } };
    expect(await dynamo.updateIf(TABLE, keyOf(own), add, isOne)).toEqual({ ok: true, current: { ...own, n: 2, m: 1 } });
    expect(await dynamo.updateIf(TABLE, keyOf(own), add, isOne)).toEqual({
      ok: false,
      current: { ...own, n: 2, m: 1 },
    });
    expect(await dynamo.update(TABLE, keyOf(own), { expression: "REMOVE m" })).toEqual({ ...own, n: 2 });
  });

  test("texts are compared by their bytes, and a text is less than one that goes on after it", async () => {
    const own = item("compared", { w: "5abc1" });
    await dynamo.put(TABLE, own);
    const set = { expression: "SET #seen = :n", names: { "#seen": "seen" }, values: { ":n": 1 } };
    for (
      const [than, holds] of [["5abc", false], ["5abc1", false], ["5abd", true], ["6a", true], ["5Z", false]] as const
    ) {
      const isBefore = { expression: "w < :than", values: { ":than": than } };
      expect([than, (await dynamo.updateIf(TABLE, keyOf(own), set, isBefore)).ok]).toEqual([than, holds]);
    }
  });

  test("of many inserts each has a verdict of its own, at the price of a put", async () => {
    const all = Array.from({ length: 60 }, (_, n) => item(`many-${n}`, { n, text: "ä" }));
    expect(await dynamo.insertAll(TABLE, all.slice(0, 30))).toEqual(Array(30).fill(true));
    expect(await dynamo.insertAll(TABLE, all.map((one) => ({ ...one, n: -1 })))).toEqual(
      all.map((_, n) => n >= 30),
    );
    expect(await dynamo.get(TABLE, keyOf(all[3]!), { consistent: true })).toEqual(all[3]);
  });

  test("a transaction writes all or nothing", async () => {
    const [a, b] = [item("a", { n: 1 }), item("b", { n: 1 })];
    expect(await dynamo.transact([{ table: TABLE, put: a, condition: isFree }, { table: TABLE, put: b }])).toBe(true);
    const add = { expression: "ADD n :one", values: { ":one": 1 } };
    expect(
      await dynamo.transact([
        { table: TABLE, key: keyOf(b), change: add },
        { table: TABLE, put: a, condition: isFree },
      ]),
    ).toBe(false);
    expect(await dynamo.get(TABLE, keyOf(b), { consistent: true })).toEqual(b);
  });

  test("a query gives a collection by its sort key, page after page, filtered after its limit", async () => {
    const all = [1, 2, 3, 4, 5].map((n) => item(`page-${n}`, { n }));
    for (const one of all) await dynamo.put(TABLE, one);
    const key = {
      expression: "pk = :pk AND begins_with(sk, :page)",
      values: { ":pk": all[0]!.pk, ":page": "page-" },
    };
    const filter = { expression: "n <> :three", values: { ":three": 3 } };
    const first = await dynamo.query(TABLE, { key, filter, limit: 3, consistent: true, descending: true });
    expect(first.items.map(({ n }) => n)).toEqual([5, 4]);
    const second = await dynamo.query(TABLE, {
      key,
      limit: 3,
      startKey: first.next,
      descending: true,
      consistent: true,
    });
    expect([second.items.map(({ n }) => n), second.next]).toEqual([[2, 1], undefined]);
    expect(await dynamo.count(TABLE, { key, filter })).toEqual({ all: 5, passing: 4 });
  });

  test("a stream shows each change with both images, in the order of the item, and by its numbers again", async () => {
    const own = item("streamed", { n: 1 });
    await dynamo.put(TABLE, own);
    await dynamo.update(TABLE, keyOf(own), { expression: "SET n = :two", values: { ":two": 2 } });
    await dynamo.remove(TABLE, keyOf(own));
    const arn = (await streams.arnOf(TABLE))!;
    const found = [];
    for (const { id: shard } of await streams.shardsOf(arn)) {
      let next = await streams.iterate(arn, shard, undefined);
      for (let empty = 0; next !== undefined && empty < (isAws ? 30 : 1);) {
        const page = await streams.read(shard, next, 1_000);
        empty = page.records.length === 0 ? empty + 1 : 0;
        found.push(...page.records.filter(({ keys }) => keys.pk === own.pk && keys.sk === own.sk));
        next = page.next;
      }
    }
    expect(found.map(({ before, after, isExpiry }) => [before?.n, after?.n, isExpiry])).toEqual([
      [undefined, 1, false],
      [1, 2, false],
      [2, undefined, false],
    ]);
    const [first, last] = [found[0]!, found.at(-1)!];
    const again = [];
    for await (const page of streams.readRange(arn, first.shard, first.sequence, last.sequence)) again.push(...page);
    expect(again.filter(({ keys }) => keys.sk === own.sk).map(({ sequence }) => sequence)).toEqual(
      found.map(({ sequence }) => sequence),
    );
  });
});

describe("S3", () => {
  const plain = { contentType: "text/plain", metadata: { "made-by": "contract" } };
  const key = (name: string) => `uploads/contract/${id}/${name}`;

  test("creates where the key is free, replaces what was read, and says what an object is", async () => {
    expect(await objects.create(key("one"), bytes("1"), plain)).toBe("created");
    expect(await objects.create(key("one"), bytes("2"), plain)).toBe("exists");
    const { etag, body, metadata } = await objects.get(key("one"));
    expect([Buffer.from(body).toString(), metadata]).toEqual(["1", plain.metadata]);
    expect(await objects.replaceIf(key("one"), bytes("3"), plain, etag)).toBe(true);
    expect(await objects.replaceIf(key("one"), bytes("4"), plain, etag)).toBe(false);
    await objects.replace(key("one"), bytes("five"), plain);
    expect([await objects.findBytes(key("one")), await objects.findMetadata(key("one"))]).toEqual([4, plain.metadata]);
    await objects.remove(key("one"));
    expect([await objects.find(key("one")), await objects.findBytes(key("one"))]).toEqual([undefined, undefined]);
    expect(await objects.findMetadata(key("one"))).toBeUndefined();
    await objects.check();
  });

  test("what lies directly below is told once, in its order", async () => {
    const names = ["days/2/a", "days/1/a", "days/1/b", "days/none"].map(key);
    for (const name of names) await objects.create(name, bytes("1"), plain);
    const folders: string[] = [];
    for await (const folder of objects.folders(key("days/"))) folders.push(folder);
    expect(folders).toEqual([key("days/1/"), key("days/2/")]);
    for (const name of names) await objects.remove(name);
  });

  test("a link takes an upload of any body, and another gives it as a file of that name", async () => {
    const put = await fetch(await objects.linkToPut(key("upload"), 60), { method: "PUT", body: "what a page sends" });
    expect(put.status).toBe(200);
    const got = await fetch(await objects.linkToGet(key("upload"), 60, "mine.colpkg"));
    expect([await got.text(), got.headers.get("content-disposition")]).toEqual([
      "what a page sends",
      'attachment; filename="mine.colpkg"',
    ]);
    const listed = [];
    for await (const page of objects.list(key(""), undefined)) listed.push(...page.map((object) => object.key));
    expect(listed).toEqual([key("upload")]);
    await objects.remove(key("upload"));
  });

  test.skipIf(!isAws)("a link whose signature is another's is refused", async () => {
    const link = new URL(await objects.linkToGet(key("none"), 60, "x"));
    link.searchParams.set("X-Amz-Signature", "0".repeat(64));
    expect((await fetch(link)).status).toBe(403);
  });
});

test("SQS gives a message with its attributes, hides it, gives it back when it is released, and forgets it", async () => {
  // A queue that nothing consumes.
  const queue = `${prefix}-late-dead`;
  const body = JSON.stringify({ contract: id, text: "ä🙂" });
  await queues.send(queue, body, { reason: "a contract test" });
  // Nobody has taken it.
  expect((await queues.depth(queue)).inFlight).toBe(0);
  for (const receives of [1, 2]) {
    const [message] = (await queues.receive(queue, { waitSeconds: 2 })).filter((one) => one.body.includes(id));
    expect(message).toMatchObject({ receives, attributes: { reason: "a contract test" } });
    expect(JSON.parse(message!.body)).toEqual({ contract: id, text: "ä🙂" });
    if (receives === 1) await queues.release(queue, message!, 0);
    else await queues.remove(queue, message!);
  }
});

test("SNS takes a message with its attributes, and says in words why it does not take another", async () => {
  const topic = isAws ? process.env["CONTRACT_TOPIC"] : system!.topic;
  if (topic !== undefined) await topics.publish(topic, JSON.stringify({ contract: id, text: "ä🙂" }), { tenantId: id });
  const none = `arn:aws:sns:${process.env["AWS_REGION"] ?? "eu-central-1"}:000000000000:contract-${id}`;
  await expect(topics.publish(none, "{}", { tenantId: id })).rejects.toThrow(/there is no such topic|may not publish/);
  topics.stop();
});

test("no call is left out", () => {
  for (const [name, methods] of Object.entries({ dynamo, objects, queues, streams, topics })) {
    expect([name, Object.keys(methods).filter((method) => !called.get(name)!.has(method))]).toEqual([name, []]);
  }
});
