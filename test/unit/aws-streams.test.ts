import { ResourceNotFoundException, TrimmedDataAccessException } from "@aws-sdk/client-dynamodb-streams";
import { afterAll, describe, expect, test } from "vitest";
import { createClients } from "../../api/aws/clients.ts";
import { createQueues } from "../../api/aws/queues.ts";
import {
  createStreams,
  fromLambdaRecord,
  type StreamRecord,
  StreamTrimmedError,
  toLambdaRecord,
  toStreamRecord,
} from "../../api/aws/streams.ts";

const METADATA = { $metadata: {}, message: "" };
const url = "http://127.0.0.1:1";
const clients = createClients({ region: "eu-central-1", endpoints: { dynamodb: url, s3: url, sqs: url } });
afterAll(() => clients.destroy());

type Answer = (args: { input: Record<string, unknown> }) => Promise<never>;
type Stack = { add: (middleware: () => Answer, options: { step: "initialize"; priority: "high" }) => void };
let given: (object | Error)[] = [];
const asked: Record<string, unknown>[] = [];
for (const { middlewareStack } of [clients.streams, clients.sqs] as unknown as { middlewareStack: Stack }[]) {
  middlewareStack.add(() => ({ input }) => {
    asked.push(input);
    const next = given.shift() ?? {};
    if (next instanceof Error) return Promise.reject(next);
    return Promise.resolve({ response: {}, output: { $metadata: {}, ...next } } as never);
  }, { step: "initialize", priority: "high" });
}
/** What is answered to the next requests, one after the other; an Error is thrown. */
function answers(...next: (object | Error)[]) {
  given = next;
  asked.length = 0;
}
const streams = createStreams(clients.dynamodb, clients.streams);

const raw = (sequence: string, more: object = {}) => ({
  dynamodb: { Keys: { pk: { S: "t#0" } }, SequenceNumber: sequence, ApproximateCreationDateTime: 1_800_000_000 },
  ...more,
});
const sequences = (records: readonly StreamRecord[]) => records.map(({ sequence }) => sequence);

describe("a part of a stream", () => {
  const range = async (first: string, last: string) => {
    const found: string[] = [];
    for await (const page of streams.readRange("arn", "s", first, last)) found.push(...sequences(page));
    return found;
  };

  test("is read to its last number, as numbers go and not as text, over pages of which some are empty", async () => {
    answers(
      ...[{ ShardIterator: "1" }, { Records: [raw("9"), raw("99")], NextShardIterator: "2" }],
      ...[{ Records: [], NextShardIterator: "3" }, { Records: [raw("100"), raw("101")], NextShardIterator: "4" }],
    );
    expect(await range("9", "100")).toEqual(["9", "99", "100"]);
    expect(asked[0]).toMatchObject({ ShardIteratorType: "AT_SEQUENCE_NUMBER", SequenceNumber: "9" });
    answers({ ShardIterator: "1" }, { Records: [raw("9"), raw("10")], NextShardIterator: "2" });
    expect(await range("9", "10")).toEqual(["9", "10"]);
    // Nobody asks for what lies behind the last.
    expect(asked).toHaveLength(2);
    answers({ ShardIterator: "1" }, { Records: [raw("9")] });
    expect(await range("9", "10")).toEqual(["9"]);
  });

  test.each([
    ["the part is older than a day", new TrimmedDataAccessException(METADATA)],
    ["its whole shard is", new ResourceNotFoundException(METADATA)],
  ])("that is kept no more is told as such, where %s", async (_, error) => {
    answers(error);
    await expect(range("1", "2")).rejects.toThrow(StreamTrimmedError);
    answers({ ShardIterator: "1" }, error);
    await expect(range("1", "2")).rejects.toThrow(StreamTrimmedError);
    answers(error);
    await expect(streams.iterate("arn", "s", "1")).rejects.toThrow(StreamTrimmedError);
  });

  test("goes on after a number, or from the oldest that is kept", async () => {
    answers({ ShardIterator: "1" }, { ShardIterator: "2" });
    await streams.iterate("arn", "s", undefined);
    await streams.iterate("arn", "s", "7");
    expect(asked.map(({ ShardIteratorType, SequenceNumber }) => [ShardIteratorType, SequenceNumber])).toEqual([
      ["TRIM_HORIZON", undefined],
      ["AFTER_SEQUENCE_NUMBER", "7"],
    ]);
  });
});

test("a stream has all the shards of all pages, each with its parent", async () => {
  const shard = (id: string, parent?: string) => ({ ShardId: id, ParentShardId: parent });
  answers(
    { StreamDescription: { Shards: [shard("a")], LastEvaluatedShardId: "a" } },
    { StreamDescription: { Shards: [shard("b", "a")] } },
  );
  expect(await streams.shardsOf("arn")).toEqual([{ id: "a", parentId: undefined }, { id: "b", parentId: "a" }]);
  expect(asked.map(({ ExclusiveStartShardId }) => ExclusiveStartShardId)).toEqual([undefined, "a"]);
});

describe("a record", () => {
  const by = (principalId: string) => raw("1", { userIdentity: { type: "Service", principalId } });

  test("has expired where DynamoDB itself removed it, and not where somebody else did", () => {
    expect(toStreamRecord(by("dynamodb.amazonaws.com"), "s").isExpiry).toBe(true);
    expect(toStreamRecord(by("replication.dynamodb.amazonaws.com"), "s").isExpiry).toBe(false);
    expect(toStreamRecord(raw("1"), "s").isExpiry).toBe(false);
    const named = raw("1", { userIdentity: { Type: "Service", PrincipalId: "dynamodb.amazonaws.com" } });
    expect(toStreamRecord(named, "s").isExpiry).toBe(true);
  });

  test("says when it came in milliseconds, whether a date or seconds say it", () => {
    const at = (given: Date | number | undefined) =>
      toStreamRecord({ dynamodb: { ...raw("1").dynamodb, ApproximateCreationDateTime: given } }, "s").arrivedAt;
    expect([at(new Date(1_800_000_000_000)), at(1_800_000_000), at(undefined)]).toEqual([
      ...[1_800_000_000_000, 1_800_000_000_000, 0],
    ]);
  });

  test("that Lambda's event holds, or that is written as one, is the same again", () => {
    const record: StreamRecord = {
      ...{ shard: "s", sequence: "1", keys: { pk: "t#0" }, isExpiry: true, arrivedAt: 1_800_000_000_000 },
      ...{ before: { pk: "t#0", z: Buffer.from([1, 255]), B: { B: "x" } }, after: undefined },
    };
    const { before, ...again } = fromLambdaRecord(toLambdaRecord(record), "s");
    expect({ ...again, before: { ...before, z: Buffer.from(before!.z as Uint8Array) } }).toEqual(record);
  });
});

test("a message for a queue is the same JSON without what SQS refuses, and its attributes are text that can be shown, never empty", async () => {
  const queues = createQueues(clients.sqs);
  const content = { text: "a\u0000\uffff\ufffe\ud800 🙂 é\ufeff\n" };
  answers({ QueueUrl: "http://127.0.0.1:1/q" });
  await queues.send("q", JSON.stringify(content), { reason: "no\u0000\ud83d", empty: "", smile: "🙂" });
  const { MessageBody: body, MessageAttributes: attributes } = asked[1] as {
    MessageBody: string;
    MessageAttributes: Record<string, { StringValue: string }>;
  };
  expect(JSON.parse(body)).toEqual(content);
  expect(body).not.toMatch(/[\u0000-\u0008\ufffe\uffff]|\p{Cs}/u);
  expect(Object.entries(attributes).map(([name, { StringValue: text }]) => [name, text])).toEqual([
    ...[["reason", "no\ufffd\ufffd"], ["empty", " "], ["smile", "\ufffd"]],
  ]);
});
