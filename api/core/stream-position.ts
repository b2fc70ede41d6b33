import { HOUR_MS } from "./clock.ts";

/** Where something came from: a stream is in order within a shard, and no further. */
export type StreamPosition = {
  /** The shard's id, as the stream names it. */
  shard: string;
  /** The stream's sequence number: digits. It says nothing beside those of other shards. */
  sequence: string;
  /** When it was written, by the table's clock; epoch milliseconds, exact to the second. */
  arrivedAt: number;
  /** The partition of its tenant, 0 to 7: what items went by that were written before shards were told apart. */
  partition: string;
};

/**
 * Sequence numbers have up to 40 digits: as short text, with its length in front, they sort as numbers do. Several of them
 * lie in each item that counts, which is to stay small.
 */
export function sortableSequence(sequence: string): string {
  const digits = BigInt(sequence).toString(36);
  return digits.length.toString(36) + digits;
}

/** The first and the last of some changes of one shard: what a write's condition and watermark name. */
export function sequenceSpanOf(changes: readonly StreamPosition[]): { first: string; last: string } {
  const all = changes.map(({ sequence }) => sortableSequence(sequence));
  return {
    first: all.reduce((least, one) => (one < least ? one : least)),
    last: all.reduce((most, one) => (one > most ? one : most)),
  };
}

/** Each id of DynamoDB's holds when the shard began, and a random part: `shardId-00000001414576573621-f55eea83`. */
const AWS_SHARD = /^shardId-(\d{20})-([0-9a-f]{8})$/;
const RANDOM_BITS = 32n;

/** A shard's name in the items that count it: short where the id is one of DynamoDB's, and of no two shards the same. */
export function shardName(shard: string): string {
  const [, begin, random] = AWS_SHARD.exec(shard) ?? [];
  if (begin === undefined) return `.${shard}`;
  return `_${((BigInt(begin) << RANDOM_BITS) | BigInt(`0x${random}`)).toString(36)}`;
}

/**
 * How far an item has counted a shard: the sortable sequence number of the last change, then the hour in which that was
 * written. Beside one with the same number it is greater, so a number is less exactly if it is not counted.
 */
export function formatShardWatermark(sequence: string, now: number): string {
  return sequence + Math.floor(now / HOUR_MS).toString(36);
}

export function parseShardWatermark(text: string): { sequence: string; movedAt: number } {
  const length = 1 + parseInt(text[0]!, 36);
  return { sequence: text.slice(0, length), movedAt: parseInt(text.slice(length), 36) * HOUR_MS };
}

/**
 * A watermark that was not moved for so long can go: a stream keeps a record for a day, and may be some hours late to drop
 * it. Whoever reads it again does so within that time.
 */
export const WATERMARK_KEEP_MS = 30 * HOUR_MS;

export function isOver(movedAt: number, now: number): boolean {
  return movedAt + HOUR_MS + WATERMARK_KEEP_MS < now;
}
