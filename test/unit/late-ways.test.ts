import { describe, expect, test } from "vitest";
import { StreamTrimmedError } from "../../api/aws/streams.ts";
import type { StreamRecord } from "../../api/aws/streams.ts";
import type { TransactWrite } from "../../api/aws/dynamo.ts";
import { UnavailableError } from "../../api/core/errors.ts";
import { createFailures, isWhole, parseNotification } from "../../api/ingest/failures.ts";
import { createLateIngest } from "../../api/ingest/late.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { createMemoryObjects } from "../kit/memory-objects.ts";

const AT = Date.UTC(2026, 5, 1, 12);
const ARN = "arn:aws:dynamodb:eu-west-1:1:table/records/stream/1";
const record = (sequence: string): StreamRecord => ({
  ...{ shard: "s", sequence, keys: { pk: "t#0", sk: "a" }, isExpiry: false, arrivedAt: AT },
  ...{ before: undefined, after: { pk: "t#0", sk: "a", n: 1 } },
});

/** What takes late parts, over a bucket of parts that were given up and a stream that still holds `held`. */
function createWorld({ doubt, held = [], isTrimmed = false, isAway = false, isOurs = true }: {
  doubt?: string;
  held?: string[][];
  isTrimmed?: boolean;
  isAway?: boolean;
  isOurs?: boolean;
} = {}) {
  const objects = createMemoryObjects();
  const told: string[] = [];
  const counted: [string, string[]][] = [];
  const failures = createFailures({
    objects: { ...objects, find: (key) => Promise.resolve(new Map(objects.entries()).get(key)) },
    queues: { send: (_, body) => Promise.resolve(void told.push(body)) },
    lateQueue: "late",
  });
  const handle = createLateIngest({
    failures,
    quarantine: { find: () => Promise.reject(new Error("is not asked")), remove: () => Promise.reject() },
    streams: {
      async *readRange() {
        for (const page of held) yield await Promise.resolve(page.map(record));
        if (isTrimmed) throw new StreamTrimmedError();
        if (isAway) throw new UnavailableError("DynamoDB");
      },
    },
    tableOf: (arn) => (isOurs && arn === ARN ? "records" : undefined),
    countAgain(table, records) {
      counted.push([table, records.map(({ sequence }) => sequence)]);
      return Promise.resolve(doubt);
    },
    writesOf: () => Promise.resolve({ parts: [] as TransactWrite[], done: () => Promise.resolve() }),
    writeOnce: () => Promise.resolve(),
  });
  const send = (content: unknown) =>
    handle({ body: typeof content === "string" ? content : JSON.stringify(content) } as Parameters<typeof handle>[0]);
  return { objects, failures, told, counted, send, keys: () => objects.entries().map(([key]) => key) };
}
const range = { streamArn: ARN, shardId: "s", startSequenceNumber: "1", endSequenceNumber: "3", batchSize: 3 };
const ofLambda = { DDBStreamBatchInfo: range };

describe("a part of a stream that was given up", () => {
  test("lies whole in the bucket, is counted from there, and then it is gone", async () => {
    const { failures, told, counted, send, keys } = createWorld();
    await failures.add(ARN, ["1", "2", "3"].map(record), AT);
    expect(keys()).toEqual([expect.stringMatching(/\/local\/s\/2026\/06\/01\/.*-1-3$/)]);
    expect(await send(told[0]!)).toEqual({ kind: "done" });
    expect(counted).toEqual([["records", ["1", "2", "3"]]]);
    expect(keys()).toEqual([]);
    // Again it is counted already.
    expect(await send(told[0]!)).toEqual({ kind: "done" });
    expect(counted).toHaveLength(1);
  });

  test("stays where something of it is in doubt, is of another's stream or unreadable; the others of its message are done", async () => {
    const inDoubt = createWorld({ doubt: "may lack one" });
    await inDoubt.failures.add(ARN, [record("1")], AT);
    const [key] = inDoubt.keys();
    expect(await inDoubt.send(inDoubt.told[0]!)).toEqual({ kind: "reject", reason: `${key}: may lack one` });
    expect(inDoubt.keys()).toEqual([key]);

    const world = createWorld();
    await world.failures.add(ARN, [record("1")], AT);
    await world.failures.add("arn:of:another", [record("2")], AT);
    await world.objects.replace("failures/x", Buffer.from("{}"), { contentType: "application/json" });
    const messages = world.told.flatMap((body) => JSON.parse(body).Records);
    const wrong = { s3: { object: { key: "failures/x" } } };
    const outcome = await world.send({ Records: [...messages, wrong] });
    expect(outcome).toMatchObject({ kind: "reject" });
    const { reason } = outcome as { reason: string };
    expect(reason.split("; ").map((one) => one.replace(/^.*?: /, ""))).toEqual([
      "is of no stream of this installation",
      "is no part of a stream as Lambda writes it",
    ]);
    expect(world.counted).toEqual([["records", ["1"]]]);
    expect(world.keys()).toHaveLength(2);
  });

  test("of which records are missing is counted as far as it goes, and says which hours to audit", async () => {
    const world = createWorld();
    await world.failures.add(ARN, ["1", "2"].map(record), AT);
    const [key, { body }] = world.objects.entries()[0]!;
    const cut = Buffer.from(Buffer.from(body).toString().replace('"batchSize":2', '"batchSize":3'));
    await world.objects.replace(key, cut, { contentType: "application/json" });
    expect(await world.send(world.told[0]!)).toMatchObject({ reason: expect.stringMatching(/lacks records: audit/) });
    expect(world.counted).toEqual([["records", ["1", "2"]]]);
    expect(world.keys()).toEqual([key]);
  });

  test("is told of again, each of them, up to as many as are asked for", async () => {
    const { failures, told } = createWorld();
    for (const n of ["1", "2", "3"]) await failures.add(ARN, [record(n)], AT);
    told.splice(0);
    expect(await failures.tellAll(2)).toBe(2);
    expect(told).toHaveLength(2);
    expect(await failures.tellAll()).toBe(3);
    expect(told).toHaveLength(5);
  });

  test("that a message only names is read from the stream, and done where all of it is there", async () => {
    const whole = createWorld({ held: [["1"], ["2", "3"]] });
    expect(await whole.send(ofLambda)).toEqual({ kind: "done" });
    expect(whole.counted).toEqual([["records", ["1", "2", "3"]]]);
    const doubtful = createWorld({ held: [["1", "2", "3"]], doubt: "may lack one" });
    expect(await doubtful.send(ofLambda)).toEqual({ kind: "reject", reason: "may lack one" });
  });

  test("that the stream holds in part, or not at all any more, is never done", async () => {
    const part = createWorld({ held: [["2", "3"]], isTrimmed: true });
    expect(
      await part.send({
        DDBStreamBatchInfo: { ...range, approximateArrivalOfFirstRecord: "A", approximateArrivalOfLastRecord: "B" },
      }),
    ).toMatchObject({ reason: expect.stringMatching(/of records keeps 2 of 3 records.*between A and B/) });
    expect(part.counted).toEqual([["records", ["2", "3"]]]);
    const none = createWorld({ isTrimmed: true });
    expect(await none.send(ofLambda)).toMatchObject({
      reason: expect.stringMatching(/keeps 0 of 3.*between \? and \?/),
    });
    // Nothing to count asks nobody.
    expect(none.counted).toEqual([]);
    // A stream that does not answer says nothing of what it holds: it is asked again.
    const away = createWorld({ held: [["1"]], isAway: true });
    await expect(away.send(ofLambda)).rejects.toMatchObject({ retryable: true });
    expect(away.counted).toEqual([]);
    const other = createWorld({ isOurs: false });
    expect(await other.send(ofLambda)).toEqual({
      ...{ kind: "reject", reason: "streamArn: is no stream of this installation" },
    });
  });

  test("is whole with its first, its last and as many as it had", () => {
    const records = ["1", "2", "3"].map(record);
    expect(isWhole(range, records)).toBe(true);
    expect(isWhole(range, records.slice(1))).toBe(false);
    expect(isWhole(range, records.slice(0, 2))).toBe(false);
    expect(isWhole(range, [records[0]!, records[2]!])).toBe(false);
    expect(isWhole(range, ["0", "2", "3"].map(record))).toBe(false);
    expect(isWhole(range, ["1", "2", "4"].map(record))).toBe(false);
    expect(isWhole({ ...range, batchSize: 4 }, records)).toBe(false);
    expect(isWhole(range, [])).toBe(false);
  });
});

test("parts that are counted late are written together with their marker, once, or not at all", async () => {
  const dynamo = createMemoryDynamo({ records: tables.records, buckets: tables.buckets });
  const store = createMetricStore(dynamo, { records: "records", buckets: "buckets" });
  const key = { pk: "shop#ITEMS", sk: "1" };
  const part = {
    table: "buckets",
    key,
    change: { expression: "ADD #n :one", names: { "#n": "n" }, values: { ":one": 1 } },
  };
  for (let i = 0; i < 2; i++) await store.writeOnce("records#s#7#0", [part]);
  expect(dynamo.peek("buckets", key)).toMatchObject({ n: 1 });
  await store.writeOnce("records#s#7#50", [part]);
  expect(dynamo.peek("buckets", key)).toMatchObject({ n: 2 });
  // Others were at the items: it is tried again later, and nothing of it is written.
  const lost = {
    ...part,
    key: { ...key, sk: "2" },
    condition: { expression: "#n = :none", names: { "#n": "n" }, values: { ":none": 0 } },
  };
  await expect(store.writeOnce("records#s#8#0", [part, lost])).rejects.toMatchObject({ retryable: true });
  expect(dynamo.peek("buckets", key)).toMatchObject({ n: 2 });
  await store.writeOnce("records#s#8#0", [part]);
  expect(dynamo.peek("buckets", key)).toMatchObject({ n: 3 });
});

test.each([["no JSON", "{"], ["a number", 7], ["nothing of ours", {}], ["a key that is not late", {
  table: "t",
  key: "x",
}]])(
  "a message that is %s is rejected with what it must be",
  async (_, content) => {
    expect(await createWorld().send(content)).toMatchObject({
      kind: "reject",
      reason: expect.stringMatching(/^body: /),
    });
  },
);

test("a message of S3 names keys as S3 writes them, and none where it only tries", () => {
  const named = (key: string) => parseNotification({ Records: [{ s3: { object: { key } } }] });
  expect(named("a+b%2Fc%C3%A9")).toEqual(["a b/cé"]);
  expect(named("100%")).toEqual(["100%"]);
  expect(parseNotification({ Event: "s3:TestEvent" })).toEqual([]);
  expect(parseNotification({ Event: "other" })).toBeUndefined();
});
