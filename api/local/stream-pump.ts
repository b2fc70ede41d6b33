import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { StreamRecord, Streams } from "../aws/streams.ts";
import { type Clock, SECOND_MS, systemClock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { type ConsumerSpec, takes } from "../resources.ts";
import { createBackground } from "./background.ts";

export type StreamPumpOptions = {
  streams: Streams;
  consumers: readonly ConsumerSpec[];
  handle: (table: string, records: StreamRecord[]) => Promise<void>;
  /** Told that a consumer has handled everything that was written before an instant. */
  onCaughtUp?: (consumer: ConsumerSpec, at: number) => void;
  /** Where it keeps how far it came; without one it begins at the oldest records, which counts nothing twice. */
  positionFile?: string;
  clock?: Clock;
  log: Log;
};

const PAGE_RECORDS = 500;
const IDLE_MS = 100;
const FAULT_MS = 1_000;
/** New shards are looked for so often. */
const SHARDS_FRESH_MS = 10_000;

type Positions = Record<string, string>;

/** What a consumer has read of a shard and not handled: it waits for more, as long as it may. */
type Reader = { iterator: string | undefined; waiting: StreamRecord[]; since: number };

/** Carries tables' streams to `handle` in order, shard by shard, as Lambda's event sources do on AWS. */
export function createStreamPump(options: StreamPumpOptions) {
  const { streams, consumers, handle, onCaughtUp, positionFile, clock = systemClock, log } = options;
  let positions: Positions | undefined;
  const shards = new Map<string, { arn: string; shards: string[]; at: number }>();
  const readers = new Map<string, Reader>();

  async function load(): Promise<Positions> {
    if (!positionFile) return {};
    try {
      return JSON.parse(await readFile(positionFile, "utf8")) as Positions;
    } catch {
      return {};
    }
  }

  async function save(): Promise<void> {
    if (!positionFile) return;
    await mkdir(dirname(positionFile), { recursive: true });
    await writeFile(`${positionFile}.new`, JSON.stringify(positions));
    await rename(`${positionFile}.new`, positionFile);
  }

  async function shardsOf(tableName: string): Promise<{ arn: string; shards: string[] }> {
    const known = shards.get(tableName);
    if (known && performance.now() - known.at < SHARDS_FRESH_MS) return known;
    const arn = known?.arn ?? await streams.arnOf(tableName);
    const fresh = { arn, shards: await streams.shardsOf(arn), at: performance.now() };
    shards.set(tableName, fresh);
    return fresh;
  }

  /**
   * Reads on in a shard and hands over what is enough or has waited enough; gives how many records it read, and whether
   * nothing is left. Where it fails, the next try begins at the last position.
   */
  async function carry(consumer: ConsumerSpec, arn: string, shard: string, isImpatient: boolean) {
    const place = `${consumer.name}/${shard}`;
    const reader = readers.get(place) ?? { iterator: undefined, waiting: [], since: 0 };
    readers.delete(place);
    const iterator = reader.iterator ?? await streams.iterate(arn, shard, positions![place]);
    if (!iterator) return { read: 0, isDone: true };
    const { records, next } = await streams.read(iterator, PAGE_RECORDS);
    const wanted = records.filter((record) => takes(consumer, record.keys));
    if (reader.waiting.length === 0) reader.since = clock();
    const waiting = [...reader.waiting, ...wanted];
    const isDue = () => isImpatient || clock() - reader.since >= consumer.maxWaitSeconds * SECOND_MS;
    while (waiting.length >= consumer.maxRecords || (waiting.length > 0 && isDue())) {
      const batch = waiting.splice(0, consumer.maxRecords);
      await handle(consumer.table, batch);
      positions![place] = batch.at(-1)!.sequence;
    }
    const last = records.at(-1);
    if (last && waiting.length === 0) positions![place] = last.sequence;
    if (next) readers.set(place, { iterator: next, waiting, since: reader.since });
    return { read: records.length, isDone: records.length === 0 && waiting.length === 0 };
  }

  async function carryAll(consumer: ConsumerSpec, isImpatient: boolean): Promise<number> {
    const at = clock();
    const { arn, shards } = await shardsOf(consumer.tableName);
    const carried = [];
    for (const shard of shards) carried.push(await carry(consumer, arn, shard, isImpatient));
    // The embedded stream gives nothing only where nothing is left.
    if (carried.every(({ isDone }) => isDone)) onCaughtUp?.(consumer, at);
    return carried.reduce((sum, { read }) => sum + read, 0);
  }

  /** One round over all consumers; gives how many records it read. One that fails does not hold up the others. */
  async function round(
    isImpatient = false,
    onFault: (error: unknown, consumer: ConsumerSpec) => void = raise,
  ): Promise<number> {
    positions ??= await load();
    let carried = 0;
    for (const consumer of consumers) {
      try {
        carried += await carryAll(consumer, isImpatient);
      } catch (error) {
        onFault(error, consumer);
      }
    }
    if (carried > 0) await save();
    return carried;
  }

  async function poll(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      let waitMs = IDLE_MS;
      const carried = await round(false, (error, { name }) => {
        log.warn("a part of a stream failed and is tried again", { consumer: name, error });
        waitMs = FAULT_MS;
      });
      if (carried > 0 && waitMs === IDLE_MS) waitMs = 0;
      if (waitMs > 0) await pause(waitMs, undefined, { signal: stopped }).catch(() => {});
    }
  }

  return {
    /** Works in the background until `stop`. */
    ...createBackground(poll),
    /** Works until nothing is left, and waits for nothing. Throws what `handle` throws. */
    async drain(): Promise<void> {
      while (await round(true) > 0);
    },
    /** Reads once, and hands over what is enough or has waited enough. */
    round: () => round(),
  };
}

function raise(error: unknown): never {
  throw error;
}
