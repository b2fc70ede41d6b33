import { createHash } from "node:crypto";
import type { StreamRecord } from "../../api/aws/streams.ts";
import type { Random } from "./random.ts";

/** A part of a stream: the records of the partition keys whose hash lies from `from` to `to`. */
export type Shard = {
  name: string;
  from: number;
  to: number;
  parents: readonly Shard[];
  /** True once its children take what is written. */
  closed: boolean;
  records: StreamRecord[];
  /** So many of its records are too old to be read again. */
  trimmed: number;
  /** The sequence number that was given last. */
  last: bigint;
};

export type StreamModel = ReturnType<typeof createStreamModel>;

const MAX_SEQUENCE = 10n ** 40n - 1n;

/**
 * A table's stream as DynamoDB keeps it: a record lies in the shard of its partition key, in the order of writing. Shards
 * split, merge and are replaced; a key's sequence numbers grow also from parent to child, and say nothing between shards.
 */
export function createStreamModel(random: Random) {
  const shards: Shard[] = [];
  const listeners = new Map<Shard, (() => void)[]>();
  const below = (n: number) => Math.floor(random() * n);
  const count = 1 + below(4);
  for (let i = 0; i < count; i++) open(i / count, (i + 1) / count, []);

  function open(from: number, to: number, parents: Shard[]): void {
    const last = parents.reduce((most, shard) => (shard.last > most ? shard.last : most), 0n);
    shards.push({
      name: `shard ${shards.length}`,
      from,
      to,
      parents,
      closed: false,
      records: [],
      trimmed: 0,
      last: parents.length > 0 ? last : firstOf(),
    });
  }

  /** Numbers of 1 to 40 digits, often just before they get one digit more. */
  function firstOf(): bigint {
    const digits = below(39);
    const whole = 10n ** BigInt(digits);
    return random() < 0.5 ? whole + BigInt(below(1_000)) : whole - BigInt(Math.min(below(60), 10 ** digits));
  }

  function next(shard: Shard): string {
    const step = random() < 0.8 ? 1n + BigInt(below(3)) : 10n ** BigInt(below(String(shard.last).length));
    shard.last = shard.last + step > MAX_SEQUENCE ? shard.last + 1n : shard.last + step;
    return String(shard.last);
  }

  function tell(shard: Shard): void {
    const told = listeners.get(shard) ?? [];
    listeners.delete(shard);
    for (const listener of told) listener();
  }

  function close(shard: Shard): void {
    shard.closed = true;
    tell(shard);
  }

  return {
    shards: shards as readonly Shard[],

    append(record: Omit<StreamRecord, "sequence">): void {
      const place = placeOf(record.keys.pk as string);
      const shard = shards.find(({ closed, from, to }) => !closed && from <= place && place < to)!;
      shard.records.push({ ...record, sequence: next(shard) });
      tell(shard);
    },

    /** Splits a shard, merges two neighbours, or replaces one by a new one. */
    reshard(): string {
      const open_ = shards.filter(({ closed }) => !closed).sort((a, b) => a.from - b.from);
      const index = below(open_.length);
      const shard = open_[index]!;
      const neighbour = open_[index + 1];
      const kind = below(3);
      close(shard);
      if (kind === 0) {
        const middle = (shard.from + shard.to) / 2;
        open(shard.from, middle, [shard]);
        open(middle, shard.to, [shard]);
      } else if (kind === 1 && neighbour) {
        close(neighbour);
        open(shard.from, neighbour.to, [shard, neighbour]);
      } else open(shard.from, shard.to, [shard]);
      return `${shard.name} ${["splits", "merges", "is replaced"][kind]}`;
    },

    /** A day has passed: what was written is not kept any longer. */
    trim(): void {
      for (const shard of shards) shard.trimmed = shard.records.length;
    },

    /** When something was written to the shard, or it was closed, after this call. */
    more: (shard: Shard): Promise<void> =>
      new Promise((resolve) => listeners.set(shard, [...listeners.get(shard) ?? [], resolve])),
  };
}

/** Where a partition key lies, from 0 (included) to 1 (excluded). */
export function placeOf(key: string): number {
  return createHash("sha256").update(key).digest().readUInt32BE(0) / 2 ** 32;
}
