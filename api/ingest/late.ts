import * as v from "valibot";
import type { TransactWrite } from "../aws/dynamo.ts";
import type { QueueMessage } from "../aws/queues.ts";
import { type StreamRecord, type Streams, StreamTrimmedError } from "../aws/streams.ts";
import type { Outcome } from "./worker.ts";
import { type BatchInfo, batchInfo, type Failures, isWhole, parseNotification } from "./failures.ts";
import { isPassing, reasonOf } from "./stream.ts";
import type { Quarantine } from "./quarantine.ts";

export type LateIngestOptions = {
  quarantine: Pick<Quarantine, "find" | "remove">;
  failures: Pick<Failures, "find" | "remove">;
  streams: Pick<Streams, "readRange">;
  /** The name of a table by the ARN of its stream; undefined where it is none of ours. */
  tableOf: (streamArn: string) => string | undefined;
  /**
   * Counts a part of a stream that was given up. Of records 1 to 100 it may have counted 1 to 40 in some items before it
   * failed: so each goes by its item's watermark again, not by a marker, which would count 1 to 40 twice. Gives in words
   * what may lack records all the same; undefined where nothing does.
   */
  countAgain: (table: string, records: readonly StreamRecord[]) => Promise<string | undefined>;
  /** What counts a record, as parts of transactions. Throws where it can never be counted as it is. */
  writesOf: (table: string, record: StreamRecord) => Promise<{ parts: TransactWrite[]; done: () => Promise<void> }>;
  /** Writes the parts if the marker is not there yet, together with it. */
  writeOnce: (marker: string, parts: readonly TransactWrite[]) => Promise<void>;
};

/** A record that is in quarantine. */
const quarantinedMessage = v.object({ table: v.string(), key: v.pipe(v.string(), v.startsWith("late/")) });
/** What Lambda tells a queue of a part of a stream that it gave up: which it was, and nothing that it held. */
const failure = v.object({ DDBStreamBatchInfo: batchInfo });

/** Parts of one transaction, beside its marker. */
const MAX_PARTS = 50;

/**
 * Counts quarantined records: nothing of them was counted in their turn. To a watermark they look counted, so each has a
 * marker of its own, written in one transaction with what it counts: however often a message comes, it counts once. A part
 * of a stream that was given up is another matter: it is counted as far as no watermark has passed it, and then audited. What
 * nobody can read any more is never taken for done: its message says what may be short, and waits.
 */
export function createLateIngest(
  { quarantine, failures, streams, tableOf, countAgain, writesOf, writeOnce }: LateIngestOptions,
) {
  return async function handle({ body }: QueueMessage): Promise<Outcome> {
    const content = parseJson(body);
    const own = v.safeParse(quarantinedMessage, content);
    if (own.success) return await takeQuarantined(own.output);
    const keys = parseNotification(content);
    if (keys) return await takeFailures(keys);
    const lambda = v.safeParse(failure, content);
    if (lambda.success) return await takeRange(lambda.output.DDBStreamBatchInfo);
    return {
      kind: "reject",
      reason: "body: must name a quarantined record (table, key), a failed part (S3), or hold DDBStreamBatchInfo",
    };
  };

  async function takeQuarantined({ table, key }: { table: string; key: string }): Promise<Outcome> {
    const record = await quarantine.find(key);
    if (!record) return { kind: "done" };
    const reason = await take(table, record);
    if (reason !== undefined) return { kind: "reject", reason };
    await quarantine.remove(key);
    return { kind: "done" };
  }

  /** Counts parts that lie whole in the object store. One of which something stays in doubt stays there, too. */
  async function takeFailures(keys: readonly string[]): Promise<Outcome> {
    const reasons: string[] = [];
    for (const key of keys) {
      const reason = await takeFailure(key);
      if (reason === undefined) await failures.remove(key);
      else reasons.push(`${key}: ${reason}`);
    }
    return reasons.length === 0 ? { kind: "done" } : { kind: "reject", reason: reasons.join("; ") };
  }

  async function takeFailure(key: string): Promise<string | undefined> {
    const part = await failures.find(key);
    if (part === undefined) return undefined;
    if (part === "unreadable") return "is no part of a stream as Lambda writes it";
    const table = tableOf(part.streamArn);
    if (table === undefined) return "is of no stream of this installation";
    const doubt = await countAgain(table, part.records);
    return part.isWhole ? doubt : "lacks records: audit the hours that it touches (`npm run audit`)";
  }

  /** Reads from the stream what a message only names. What it has dropped meanwhile is for an audit. */
  async function takeRange(range: BatchInfo): Promise<Outcome> {
    const { streamArn, shardId, startSequenceNumber, endSequenceNumber, batchSize } = range;
    const table = tableOf(streamArn);
    if (table === undefined) return { kind: "reject", reason: "streamArn: is no stream of this installation" };
    const records: StreamRecord[] = [];
    try {
      for await (const page of streams.readRange(streamArn, shardId, startSequenceNumber, endSequenceNumber)) {
        records.push(...page);
      }
    } catch (error) {
      if (!(error instanceof StreamTrimmedError)) throw error;
    }
    const doubt = records.length > 0 ? await countAgain(table, records) : undefined;
    if (isWhole(range, records)) return doubt === undefined ? { kind: "done" } : { kind: "reject", reason: doubt };
    const { approximateArrivalOfFirstRecord: from = "?", approximateArrivalOfLastRecord: to = "?" } = range;
    return {
      kind: "reject",
      reason:
        `the stream of ${table} keeps ${records.length} of ${batchSize ?? "the"} records of this part: what was ` +
        `written between ${from} and ${to} may not be counted; audit the hours that it belongs to (\`npm run audit\`)`,
    };
  }

  /** Counts a record, once; gives the reason where it can never be. */
  async function take(table: string, record: StreamRecord): Promise<string | undefined> {
    try {
      const { parts, done } = await writesOf(table, record);
      for (let from = 0; from < parts.length; from += MAX_PARTS) {
        // What went to quarantine before shards were told apart names none.
        const source = record.shard ?? String(record.keys.pk);
        const marker = `${table}#${source}#${record.sequence}#${from}`;
        await writeOnce(marker, parts.slice(from, from + MAX_PARTS));
      }
      await done();
      return undefined;
    } catch (error) {
      if (isPassing(error)) throw error;
      return reasonOf(error);
    }
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
