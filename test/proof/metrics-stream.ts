import { createHash } from "node:crypto";
import { type StreamRecord, StreamTrimmedError } from "../../api/aws/streams.ts";
import type { Random } from "./random.ts";

/** A part of a stream: the records of the items whose place lies from `from` (included) to `to` (excluded). */
export type Shard = {
  name: string;
  from: string;
  to: string;
  /** All of it is read before this one. */
  parent: Shard | undefined;
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
/** A table is in so many partitions at most. */
const MAX_OPEN = 12;
/** After every place: a hash begins with hexadecimal digits. */
const END = "~";

/**
 * A table's stream as DynamoDB keeps it: a shard for each partition of the table, in the order of writing. A partition that
 * is hot or full splits where it likes, also in the middle of a collection, by sort key; each is replaced every few hours.
 * Numbers grow from parent to child, and those of siblings interleave and may be the same. `heat` is the chance that a partition
 * splits at what was just written to it.
 */
export function createStreamModel(random: Random, heat = 0) {
  const shards: Shard[] = [];
  const listeners = new Map<Shard, (() => void)[]>();
  const below = (n: number) => Math.floor(random() * n);
  const count = 1 + below(4);
  const bounds = Array.from({ length: count }, (_, i) => i === 0 ? "" : toHex(Math.floor(i / count * 2 ** 32)));
  for (const [i, from] of bounds.entries()) open(from, bounds[i + 1] ?? END, undefined);

  function open(from: string, to: string, parent: Shard | undefined): void {
    shards.push({
      // As DynamoDB names them: the time of their beginning, and eight random hexadecimal digits.
      name: `shardId-${String(1_780_000_000_000 + shards.length).padStart(20, "0")}-${toHex(below(2 ** 32))}`,
      from,
      to,
      parent,
      closed: false,
      records: [],
      trimmed: 0,
      last: parent?.last ?? firstOf(),
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

  /** Where a hot or full shard splits: at one of its items, or between two hashes. */
  function middleOf({ from, to, records }: Shard): string {
    const places = [...new Set(records.map(({ keys }) => placeOf(keys)))].filter((place) => place > from).sort();
    const isHot = random() < 0.5;
    if (places.length > 0) return isHot ? places[below(places.length)]! : places[places.length >> 1]!;
    const [low, high] = [from, to].map((bound) => bound === END ? 2 ** 32 : parseInt(bound.slice(0, 8) || "0", 16));
    const middle = toHex(Math.floor((low! + high!) / 2));
    return middle > from && middle < to ? middle : to;
  }

  const openShards = () => shards.filter(({ closed }) => !closed);

  /** By two shards, or by one where the middle is its end. */
  function replace(shard: Shard, middle: string): string {
    shard.closed = true;
    tell(shard);
    open(shard.from, middle, shard);
    if (middle === shard.to) return `${shard.name} is replaced`;
    open(middle, shard.to, shard);
    return `${shard.name} splits at ${middle}`;
  }

  return {
    shards: shards as readonly Shard[],

    /** Gives what became of the shard, where it was too hot. */
    append(record: Omit<StreamRecord, "sequence" | "shard">): string | undefined {
      const place = placeOf(record.keys);
      const shard = openShards().find(({ from, to }) => from <= place && place < to)!;
      shard.records.push({ ...record, shard: shard.name, sequence: next(shard) });
      tell(shard);
      if (heat === 0 || random() >= heat || place === shard.from || openShards().length >= MAX_OPEN) return undefined;
      return replace(shard, place);
    },

    /** Splits a shard, or replaces it by a new one. */
    reshard(splits = random() < 0.6): string {
      const open_ = openShards();
      const shard = open_[below(open_.length)]!;
      return replace(shard, splits ? middleOf(shard) : shard.to);
    },

    /** The records of a shard from one number to another, both included. Throws where the first is too old, as AWS does. */
    range(name: string, first: string, last: string): StreamRecord[] {
      const { records, trimmed } = shards.find((shard) => shard.name === name)!;
      if (records.findIndex(({ sequence }) => sequence === first) < trimmed) throw new StreamTrimmedError();
      return records.slice(trimmed).filter(({ sequence }) =>
        BigInt(sequence) >= BigInt(first) && BigInt(sequence) <= BigInt(last)
      );
    },

    /** What was written before an instant is not kept any longer. */
    trim(before: number): void {
      for (const shard of shards) {
        const kept = shard.records.findIndex(({ arrivedAt }) => arrivedAt >= before);
        shard.trimmed = Math.max(shard.trimmed, kept < 0 ? shard.records.length : kept);
      }
    },

    /** When something was written to the shard, or it was closed, after this call. */
    more: (shard: Shard): Promise<void> =>
      new Promise((resolve) => listeners.set(shard, [...listeners.get(shard) ?? [], resolve])),
  };
}

/** Where an item lies in its table: by the hash of its partition key, then by its sort key. */
function placeOf({ pk, sk }: StreamRecord["keys"]): string {
  return `${createHash("sha256").update(pk as string).digest("hex").slice(0, 8)} ${sk as string}`;
}

function toHex(n: number): string {
  return n.toString(16).padStart(8, "0");
}
