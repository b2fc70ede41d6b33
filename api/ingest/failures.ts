import * as v from "valibot";
import type { DynamoDBRecord } from "aws-lambda";
import type { Objects } from "../aws/objects.ts";
import type { Queues } from "../aws/queues.ts";
import { fromLambdaRecord, type StreamRecord, toLambdaRecord } from "../aws/streams.ts";
import { formatInstant } from "../core/time.ts";
import { failures } from "../resources.ts";

export type Failures = ReturnType<typeof createFailures>;

/** A part of a stream that was given up. `isWhole`: all its records are there. */
export type FailedPart = { streamArn: string; records: StreamRecord[]; isWhole: boolean };

/** Which part of a stream it was, as Lambda says it. */
export const batchInfo = v.object({
  shardId: v.string(),
  startSequenceNumber: v.string(),
  endSequenceNumber: v.string(),
  approximateArrivalOfFirstRecord: v.optional(v.string()),
  approximateArrivalOfLastRecord: v.optional(v.string()),
  batchSize: v.optional(v.number()),
  streamArn: v.string(),
});
export type BatchInfo = v.InferOutput<typeof batchInfo>;

/** What Lambda puts into a bucket that is a failure destination: the event itself is JSON in its JSON. */
const invocation = v.object({ DDBStreamBatchInfo: batchInfo, payload: v.string() });
const event = v.object({ Records: v.array(v.custom<DynamoDBRecord>((value) => typeof value === "object")) });

/** What S3 tells a queue: objects are new; of the keys a space is a plus. Once it only tries whether it may. */
const notification = v.object({
  Records: v.array(v.object({ s3: v.object({ object: v.object({ key: v.string() }) }) })),
});
const trial = v.object({ Event: v.literal("s3:TestEvent") });

/** The keys that a message of S3 names; none for its trial message, undefined where it is no message of S3. */
export function parseNotification(content: unknown): string[] | undefined {
  if (v.safeParse(trial, content).success) return [];
  const told = v.safeParse(notification, content);
  return told.success ? told.output.Records.map(({ s3 }) => decodeKey(s3.object.key)) : undefined;
}

/**
 * Parts of streams that were given up, in the object store until they are counted: whole, so that they outlive the day for
 * which a stream keeps its records. On AWS Lambda writes them and S3 tells; here the local pump does both, word for word.
 */
export function createFailures(
  { objects, queues, lateQueue }: {
    objects: Pick<Objects, "find" | "replace" | "remove" | "list">;
    queues: Pick<Queues, "send">;
    lateQueue: string;
  },
) {
  async function tell(key: string): Promise<void> {
    const told = { eventSource: "aws:s3", eventName: "ObjectCreated:Put", s3: { object: { key: encodeURI(key) } } };
    await queues.send(lateQueue, JSON.stringify({ Records: [told] }));
  }

  return {
    /** Keeps a part of one shard, then tells of it. Both may happen twice; it is counted once. */
    async add(streamArn: string, records: readonly StreamRecord[], now: number): Promise<void> {
      const [first, last] = [records[0]!, records.at(-1)!];
      const info: BatchInfo = {
        shardId: first.shard,
        startSequenceNumber: first.sequence,
        endSequenceNumber: last.sequence,
        approximateArrivalOfFirstRecord: formatInstant(first.arrivedAt),
        approximateArrivalOfLastRecord: formatInstant(last.arrivedAt),
        batchSize: records.length,
        streamArn,
      };
      const payload = JSON.stringify({ Records: records.map(toLambdaRecord), shardId: first.shard });
      const at = formatInstant(now);
      const day = at.slice(0, 10).replaceAll("-", "/");
      const key = `${failures.prefix}local/${first.shard}/${day}/${at}-${first.sequence}-${last.sequence}`;
      const body = JSON.stringify({ version: "1.0", timestamp: at, DDBStreamBatchInfo: info, payload });
      await objects.replace(key, Buffer.from(body), { contentType: "application/json" });
      await tell(key);
    },

    /** Undefined where it was counted and removed, "unreadable" where the object is no such part. */
    async find(key: string): Promise<FailedPart | "unreadable" | undefined> {
      const object = await objects.find(key);
      return object && parsePart(Buffer.from(object.body).toString("utf8"));
    },

    remove: (key: string): Promise<void> => objects.remove(key),

    /** Tells again of every part that lies there; gives of how many. */
    async tellAll(max = Infinity): Promise<number> {
      let told = 0;
      for await (const page of objects.list(failures.prefix)) {
        for (const { key } of page) {
          if (told >= max) return told;
          await tell(key);
          told += 1;
        }
      }
      return told;
    },
  };
}

function parsePart(text: string): FailedPart | "unreadable" {
  try {
    const { DDBStreamBatchInfo: info, payload } = v.parse(invocation, JSON.parse(text));
    const records = v.parse(event, JSON.parse(payload)).Records.map((record) => fromLambdaRecord(record, info.shardId));
    return { streamArn: info.streamArn, records, isWhole: isWhole(info, records) };
  } catch {
    return "unreadable";
  }
}

/** Whether records are all of a part: first, last, and as many as it had. */
export function isWhole(
  { startSequenceNumber, endSequenceNumber, batchSize = 1 }: BatchInfo,
  records: readonly StreamRecord[],
): boolean {
  return records[0]?.sequence === startSequenceNumber && records.at(-1)?.sequence === endSequenceNumber &&
    records.length >= batchSize;
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return key;
  }
}
