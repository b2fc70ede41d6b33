import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type StreamRecord, type Streams, type StreamShard, StreamTrimmedError } from "../aws/streams.ts";
import { type Clock, SECOND_MS, systemClock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { type ConsumerSpec, MAX_BATCH_RECORDS, takes } from "../ingest/consumers.ts";
import { GIVE_UP_SECONDS } from "../resources.ts";
import { createBackground } from "./background.ts";

export type StreamPumpOptions = {
  streams: Streams;
  consumers: readonly ConsumerSpec[];
  handle: (table: string, records: StreamRecord[]) => Promise<void>;
  /**
   * Takes, record by record, what fails until it is so old that the stream will drop it soon: the rest goes on. Without one it
   * is tried for ever.
   */
  giveUp?: (streamArn: string, records: StreamRecord[]) => Promise<void>;
  /**
   * Told in each round until when, that moment included, a consumer has handled everything that was written, and whether that
   * was all there is.
   */
  onProgress?: (consumer: ConsumerSpec, at: number, isAll: boolean) => void;
  /** Told in each round since when a consumer is behind in a shard (now where it is not), and what it handled there. */
  onShard?: (consumer: ConsumerSpec, shard: string, since: number, handled: number) => void;
  /** Told where a stream has dropped records that a consumer had not handled. */
  onGap?: (consumer: ConsumerSpec) => void;
  /** Where it keeps how far it came; without one it begins at the oldest records, which counts nothing twice. */
  positionFile?: string;
  clock?: Clock;
  log: Log;
};

const PAGE_RECORDS = 1_000;
const IDLE_MS = 100;
/** After a fault a stream waits for its next try, longer after each: 1 s, 2 s, 4 s, 5 s. */
const FAULT_MS = 1_000;
const MAX_FAULT_MS = 5_000;
/** That a table of others is missing may last. */
const MAX_MISSING_MS = 60_000;
/** New shards are looked for so often. */
const SHARDS_FRESH_MS = 10_000;

/** By consumer and shard: the last record up to which all are handled. */
type Positions = Record<string, string>;

/** What a consumer was given and has not handled: it waits for more, as long as it may. */
type Waiting = { consumer: ConsumerSpec; records: StreamRecord[]; since: number };
/** One reader of a shard, for all its consumers: AWS throttles a third. `iterator` is undefined at the end of a closed one. */
type Reader = { iterator: string | undefined; waiting: Waiting[]; lastAt: number };
type Stream = {
  tableName: string;
  consumers: readonly ConsumerSpec[];
  shards: { arn: string; list: StreamShard[]; at: number } | undefined;
  readers: Map<string, Reader>;
  /** How often it failed on end. */
  faults: number;
};
type Carried = { reader: Reader; read: number; isDone: boolean };

/** Carries tables' streams to `handle` in order, shard by shard, as Lambda's event sources do on AWS. */
export function createStreamPump(options: StreamPumpOptions) {
  const { streams, handle, giveUp, onProgress, onShard, onGap, positionFile, clock = systemClock, log } = options;
  let positions: Positions | undefined;
  let saving: Promise<void> = Promise.resolve();
  const sources = [...Map.groupBy(options.consumers, ({ tableName }) => tableName)].map(
    ([tableName, consumers]): Stream => ({
      tableName,
      consumers,
      shards: undefined,
      readers: new Map(),
      faults: 0,
    }),
  );

  async function load(): Promise<Positions> {
    if (!positionFile) return {};
    try {
      return JSON.parse(await readFile(positionFile, "utf8")) as Positions;
    } catch {
      return {};
    }
  }

  /** One at a time: streams come here side by side. */
  function save(): Promise<void> {
    saving = saving.catch(() => {}).then(write);
    return saving;
  }

  async function write(): Promise<void> {
    if (!positionFile) return;
    await mkdir(dirname(positionFile), { recursive: true });
    await writeFile(`${positionFile}.new`, JSON.stringify(positions));
    await rename(`${positionFile}.new`, positionFile);
  }

  async function shardsOf(stream: Stream): Promise<{ arn: string; list: StreamShard[] }> {
    const known = stream.shards;
    if (known && performance.now() - known.at < SHARDS_FRESH_MS) return known;
    const arn = known?.arn ?? await streams.arnOf(stream.tableName);
    if (arn === undefined) throw new MissingStreamError(stream);
    stream.shards = { arn, list: parentsFirst(await streams.shardsOf(arn)), at: performance.now() };
    return stream.shards;
  }

  async function open(stream: Stream, arn: string, shard: string): Promise<Reader> {
    const places = stream.consumers.map(({ name }) => positions![`${name}/${shard}`]);
    const least = places.includes(undefined) ? undefined : places.reduce((a, b) => (isAfter(a!, b!) ? b : a));
    return {
      iterator: await iterate(stream, arn, shard, least),
      waiting: stream.consumers.map((consumer) => ({ consumer, records: [], since: 0 })),
      lastAt: 0,
    };
  }

  /** Where to read on; from the oldest record that is kept where those after `after` are not, which is told. */
  async function iterate(stream: Stream, arn: string, shard: string, after: string | undefined) {
    try {
      return await streams.iterate(arn, shard, after);
    } catch (error) {
      if (!(error instanceof StreamTrimmedError) || after === undefined) throw error;
      log.error(
        "records of a stream were dropped before they were counted; run `npm run audit` over what was written",
        {
          table: stream.tableName,
          shard,
        },
      );
      for (const consumer of stream.consumers) onGap?.(consumer);
      return await streams.iterate(arn, shard, undefined);
    }
  }

  /**
   * Reads on in a shard and hands over what is enough or has waited enough. Where it fails, the next try begins at the last
   * position.
   */
  async function carry(stream: Stream, arn: string, shard: string, isImpatient: boolean): Promise<Carried> {
    const reader = stream.readers.get(shard) ?? await open(stream, arn, shard);
    stream.readers.delete(shard);
    const { records, next } = reader.iterator === undefined
      ? { records: [], next: undefined }
      : await streams.read(shard, reader.iterator, PAGE_RECORDS);
    for (const waiting of reader.waiting) {
      const place = `${waiting.consumer.name}/${shard}`;
      const known = positions![place];
      const wanted = records.filter(({ keys, sequence }) =>
        takes(waiting.consumer, keys) && (known === undefined || isAfter(sequence, known))
      );
      if (waiting.records.length === 0) waiting.since = clock();
      const before = waiting.records.length;
      waiting.records.push(...wanted);
      await handOver(waiting, arn, place, isImpatient);
      const since = waiting.records[0]?.arrivedAt ?? (records.length > 0 ? records.at(-1)!.arrivedAt : clock());
      onShard?.(waiting.consumer, shard, since, before + wanted.length - waiting.records.length);
      const last = records.at(-1)?.sequence;
      if (last !== undefined && waiting.records.length === 0) {
        if (positions![place] === undefined || isAfter(last, positions![place])) positions![place] = last;
      }
    }
    const now = { ...reader, iterator: next, lastAt: records.at(-1)?.arrivedAt ?? reader.lastAt };
    stream.readers.set(shard, now);
    return { reader: now, read: records.length, isDone: records.length === 0 && isEmpty(reader) };
  }

  async function handOver(waiting: Waiting, arn: string, place: string, isImpatient: boolean): Promise<void> {
    const { consumer, records } = waiting;
    const isDue = isImpatient || clock() - waiting.since >= consumer.maxWaitSeconds * SECOND_MS;
    while (records.length > 0 && (isDue || records.length >= consumer.maxRecords)) {
      const batch = records.splice(0, MAX_BATCH_RECORDS);
      await deliver(consumer, arn, batch);
      positions![place] = batch.at(-1)!.sequence;
    }
  }

  /** What is too old to be tried again is halved down to the record that fails, which is given up. */
  async function deliver(consumer: ConsumerSpec, arn: string, batch: StreamRecord[]): Promise<void> {
    try {
      await handle(consumer.table, batch);
    } catch (error) {
      if (!giveUp || clock() - batch[0]!.arrivedAt < GIVE_UP_SECONDS * SECOND_MS) throw error;
      if (batch.length > 1) {
        const half = batch.length >> 1;
        await deliver(consumer, arn, batch.slice(0, half));
        return await deliver(consumer, arn, batch.slice(half));
      }
      log.error("a record of a stream fails and is kept to be counted late", { consumer: consumer.name, error });
      await giveUp(arn, batch);
    }
  }

  /** One round over a stream: children after their parents, and what is left of each other in turn. */
  async function carryAll(stream: Stream, isImpatient: boolean): Promise<number> {
    const at = clock();
    const { arn, list } = await shardsOf(stream);
    const open = new Set(list.map(({ id }) => id));
    const carried: Carried[] = [];
    for (const { id, parentId } of list) {
      if (parentId !== undefined && open.has(parentId)) continue;
      const one = await carry(stream, arn, id, isImpatient);
      carried.push(one);
      if (one.isDone && stream.readers.get(id)?.iterator === undefined) open.delete(id);
    }
    if (carried.length === list.length) {
      for (const [i, consumer] of stream.consumers.entries()) {
        const behind = carried.flatMap((one) => behindSince(one, i) ?? []);
        onProgress?.(consumer, Math.min(at, ...behind.map((since) => since - 1)), behind.length === 0);
      }
    }
    return carried.reduce((sum, { read }) => sum + read, 0);
  }

  /** One round over a stream; gives how many records it read. */
  async function turn(stream: Stream, isImpatient = false): Promise<number> {
    positions ??= await load();
    const carried = await carryAll(stream, isImpatient);
    stream.faults = 0;
    if (carried > 0) await save();
    return carried;
  }

  /** One round over all streams. One that fails does not hold up the others; the first failure is thrown after them. */
  async function round(isImpatient = false): Promise<number> {
    let carried = 0;
    const failures: unknown[] = [];
    for (const stream of sources) {
      try {
        carried += await turn(stream, isImpatient);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return carried;
  }

  /** Each stream at its own pace: a table that is loaded makes none of the others wait. */
  async function poll(stopped: AbortSignal): Promise<void> {
    positions ??= await load();
    await Promise.all(sources.map((stream) => follow(stream, stopped)));
  }

  async function follow(stream: Stream, stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      let waitMs = 0;
      try {
        waitMs = await turn(stream) > 0 ? 0 : IDLE_MS;
      } catch (error) {
        waitMs = onFault(error, stream);
      }
      if (waitMs > 0) await pause(waitMs, undefined, { signal: stopped }).catch(() => {});
    }
  }

  /** How long the stream waits for its next try. */
  function onFault(error: unknown, stream: Stream): number {
    const isMissing = error instanceof MissingStreamError;
    const waitMs = faultWaitMs(++stream.faults, isMissing ? MAX_MISSING_MS : MAX_FAULT_MS);
    // The table may have been made anew.
    stream.shards = undefined;
    const again = { table: stream.tableName, nextTrySeconds: waitMs / SECOND_MS };
    if (isMissing) log.warn(error.message, again);
    else log.warn("a part of a stream failed and is tried again", { ...again, error });
    return waitMs;
  }

  return {
    /** Works in the background until `stop`. */
    ...createBackground(poll, log),
    /** Works until nothing is left, and waits for nothing. Throws what `handle` throws. */
    async drain(): Promise<void> {
      while (await round(true) > 0);
    },
    /** Reads once, and hands over what is enough or has waited enough. */
    round: () => round(),
  };
}

/** There is no such table, or nothing streams its changes: for its owner to mend, and no fault of ours. */
class MissingStreamError extends Error {
  constructor({ tableName, consumers }: Stream) {
    const isAttached = consumers.some(({ table }) => table === tableName);
    super(
      `there is no table ${tableName} with a stream: ` +
        (isAttached
          ? "make it with a stream of new and old images, or take it out of ATTACHED_TABLES"
          : "start again, which makes it"),
    );
  }
}

/** How long to wait after so many faults on end. */
function faultWaitMs(faults: number, maxMs: number): number {
  return Math.min(FAULT_MS * 2 ** (faults - 1), maxMs);
}

/**
 * When the oldest record was written that a consumer may not have handled of a shard; undefined where it has all. The
 * embedded stream gives nothing only where nothing is left.
 */
function behindSince({ reader, read }: Carried, consumer: number): number | undefined {
  return reader.waiting[consumer]!.records[0]?.arrivedAt ?? (read > 0 ? reader.lastAt : undefined);
}

/** In an order in which one round comes to a shard after its parent: streams name them in any. */
function parentsFirst(shards: readonly StreamShard[]): StreamShard[] {
  const parents = new Map(shards.map(({ id, parentId }) => [id, parentId]));
  const depthOf = (id: string | undefined): number =>
    id !== undefined && parents.has(id) ? depthOf(parents.get(id)) + 1 : 0;
  return [...shards].sort((a, b) => depthOf(a.id) - depthOf(b.id));
}

function isEmpty({ waiting }: Reader): boolean {
  return waiting.every(({ records }) => records.length === 0);
}

function isAfter(a: string, b: string): boolean {
  return BigInt(a) > BigInt(b);
}
