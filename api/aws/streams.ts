import { type AttributeValue, DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from "@aws-sdk/client-dynamodb-streams";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { SECOND_MS } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import { pages } from "../core/page.ts";
import { nameOf, translating } from "./faults.ts";

/** One record of a table's stream. */
export type StreamRecord = {
  /** The shard that holds it: there it comes after those of lower numbers, and from there it comes again. */
  shard: string;
  sequence: string;
  /** The item's key, and the item as it was and is; undefined where it was not, or is no more. */
  keys: Record<string, unknown>;
  before: Record<string, unknown> | undefined;
  after: Record<string, unknown> | undefined;
  /** Whether the item was removed because its time had come. */
  isExpiry: boolean;
  /** When it was written, by the table's clock; to the second. */
  arrivedAt: number;
};

/** A record as Streams and Lambda's events give it. */
export type RawStreamRecord = {
  eventName?: string | undefined;
  userIdentity?:
    | { Type?: string | undefined; PrincipalId?: string | undefined; type?: string; principalId?: string }
    | undefined;
  dynamodb?: {
    Keys?: Record<string, AttributeValue> | undefined;
    OldImage?: Record<string, AttributeValue> | undefined;
    NewImage?: Record<string, AttributeValue> | undefined;
    SequenceNumber?: string | undefined;
    /** A Date as Streams gives it, epoch seconds in Lambda's events. */
    ApproximateCreationDateTime?: Date | number | undefined;
  } | undefined;
};

/** What was asked for is in the stream no more: it keeps a record for a day. Never retryable. */
export class StreamTrimmedError extends AppError {
  constructor(cause?: unknown) {
    super("STREAM_TRIMMED", "the stream keeps these records no more", { cause });
  }
}

/**
 * Tables of others hold numbers that no number here is: an id such as 1234567890123456789, or 2^53 + 0.5. They are their text,
 * where the SDK makes of one what JSON cannot hold, and fails at the other, for every record of the page.
 */
const EXACT = {
  wrapNumbers: (text: string) => Math.abs(Number(text)) <= Number.MAX_SAFE_INTEGER ? Number(text) : text,
};

/** Of other digits a number here may be another one's, too; and keys tell which item it is. */
const MAX_DIGITS = 15;
const EXACT_KEYS = {
  wrapNumbers: (text: string) =>
    text.replace(/e.*/i, "").replace(/^[-0.]+|\./g, "").length > MAX_DIGITS ? text : EXACT.wrapNumbers(text),
};

/** By whom DynamoDB says that an item was removed because its time had come. */
const EXPIRED_BY = "dynamodb.amazonaws.com";
const TRIMMED: readonly string[] = ["TrimmedDataAccessException", "ResourceNotFoundException"];

export function toStreamRecord({ dynamodb, userIdentity }: RawStreamRecord, shard: string): StreamRecord {
  const by = userIdentity?.PrincipalId ?? userIdentity?.principalId;
  return {
    shard,
    sequence: dynamodb!.SequenceNumber!,
    keys: unmarshall(dynamodb!.Keys!, EXACT_KEYS),
    before: dynamodb!.OldImage && unmarshall(dynamodb!.OldImage, EXACT),
    after: dynamodb!.NewImage && unmarshall(dynamodb!.NewImage, EXACT),
    isExpiry: by === EXPIRED_BY,
    arrivedAt: arrivalOf(dynamodb!.ApproximateCreationDateTime),
  };
}

/** A record as Lambda's events hold it, in JSON: its binary values are base64. */
export function fromLambdaRecord(record: DynamoDBRecord, shard: string): StreamRecord {
  return toStreamRecord(withBytes(record as unknown as RawStreamRecord), shard);
}

/** The same record as Lambda's events hold it: JSON, bytes as base64, its time in epoch seconds. */
export function toLambdaRecord({ sequence, keys, before, after, isExpiry, arrivedAt }: StreamRecord): object {
  const text = JSON.stringify({
    eventSource: "aws:dynamodb",
    eventName: after === undefined ? "REMOVE" : before === undefined ? "INSERT" : "MODIFY",
    ...(isExpiry ? { userIdentity: { type: "Service", principalId: EXPIRED_BY } } : {}),
    dynamodb: {
      Keys: marshall(keys),
      ...(before ? { OldImage: marshall(before) } : {}),
      ...(after ? { NewImage: marshall(after) } : {}),
      SequenceNumber: sequence,
      ApproximateCreationDateTime: arrivedAt / SECOND_MS,
      StreamViewType: "NEW_AND_OLD_IMAGES",
    },
  }, (_, value: unknown) => value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value);
  return JSON.parse(text) as object;
}

/**
 * A copy whose binary values are bytes. Binary is `{"B": "aGk="}`: a key "B" with a string under it. An attribute that is called B
 * is no such key: its value is an object, `{"B": {"S": "text"}}`.
 */
function withBytes<T>(value: T): T {
  const revived = (name: string, inner: unknown): unknown => {
    if (name === "B" && typeof inner === "string") return Buffer.from(inner, "base64");
    if (name === "BS" && Array.isArray(inner)) return inner.map((one) => Buffer.from(one as string, "base64"));
    return withBytes(inner);
  };
  if (Array.isArray(value)) return value.map(withBytes) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, revived(name, inner)])) as T;
}

function arrivalOf(at: Date | number | undefined): number {
  return at instanceof Date ? at.getTime() : (at ?? 0) * 1_000;
}

export type Streams = ReturnType<typeof createStreams>;
export type StreamShard = { id: string; parentId: string | undefined };

/** Reading tables' streams shard by shard, as Lambda does on AWS. */
export function createStreams(tablesClient: DynamoDBClient, client: DynamoDBStreamsClient) {
  const run = <T>(call: () => Promise<T>) => translating("DynamoDB Streams", call);

  return {
    /** The table's stream; undefined where there is no such table, or it has none. */
    arnOf: (table: string): Promise<string | undefined> =>
      run(async () => {
        try {
          return (await tablesClient.send(new DescribeTableCommand({ TableName: table }))).Table?.LatestStreamArn;
        } catch (error) {
          if (nameOf(error) === "ResourceNotFoundException") return undefined;
          throw error;
        }
      }),

    /** All shards that hold records that are kept, or take what comes. A child is to be read after its parent. */
    shardsOf: (arn: string): Promise<StreamShard[]> =>
      run(async () => {
        const shards: StreamShard[] = [];
        let ExclusiveStartShardId: string | undefined;
        do {
          const { StreamDescription: stream } = await client.send(
            new DescribeStreamCommand({ StreamArn: arn, ExclusiveStartShardId }),
          );
          shards.push(...(stream?.Shards ?? []).map(({ ShardId, ParentShardId }) => (
            { id: ShardId!, parentId: ParentShardId }
          )));
          ExclusiveStartShardId = stream?.LastEvaluatedShardId;
        } while (ExclusiveStartShardId !== undefined);
        return shards;
      }),

    /**
     * Where to read on in a shard: after a sequence number, or from the oldest record that is kept. Throws
     * StreamTrimmedError where what comes after the number is not kept any more.
     */
    iterate: (arn: string, shard: string, after: string | undefined): Promise<string | undefined> =>
      run(async () => {
        const position = after === undefined
          ? { ShardIteratorType: "TRIM_HORIZON" as const }
          : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, SequenceNumber: after };
        const asked = new GetShardIteratorCommand({ StreamArn: arn, ShardId: shard, ...position });
        return (await untrimmed(() => client.send(asked))).ShardIterator;
      }),

    /**
     * The records of a shard from one sequence number to another, both included, page by page. Throws StreamTrimmedError
     * where the first is not kept any more; whether all others are is for the caller to see.
     */
    async *readRange(arn: string, shard: string, first: string, last: string): AsyncGenerator<StreamRecord[]> {
      const position = { ShardIteratorType: "AT_SEQUENCE_NUMBER" as const, SequenceNumber: first };
      const iterator = await run(() =>
        untrimmed(async () =>
          (await client.send(new GetShardIteratorCommand({ StreamArn: arn, ShardId: shard, ...position })))
            .ShardIterator
        )
      );
      for await (const { records } of pages((from?: string) => this.read(shard, from!, 1_000), iterator)) {
        const own = records.filter(({ sequence }) => BigInt(sequence) <= BigInt(last));
        if (own.length > 0) yield own;
        if (own.length < records.length || records.some(({ sequence }) => sequence === last)) return;
      }
    },

    /** Up to `limit` records in order, and where to read on; undefined at the end of a closed shard. */
    read: (
      shard: string,
      iterator: string,
      limit: number,
    ): Promise<{ records: StreamRecord[]; next: string | undefined }> =>
      run(async () => {
        const page = await untrimmed(() =>
          client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: limit }))
        );
        return {
          records: (page.Records ?? []).map((record) => toStreamRecord(record, shard)),
          next: page.NextShardIterator,
        };
      }),
  };
}

/** A shard, or a part of one, that went after a day is told as such. */
async function untrimmed<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw TRIMMED.includes(nameOf(error)) ? new StreamTrimmedError(error) : error;
  }
}
