import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { StreamRecord, Streams } from "../aws/streams.ts";
import type { Log } from "../core/log.ts";
import { createBackground } from "./background.ts";

export type StreamPumpOptions = {
  streams: Streams;
  /** Full names of the tables, by the names that `handle` gets. */
  tables: Readonly<Record<string, string>>;
  handle: (table: string, records: StreamRecord[]) => Promise<void>;
  /** Where it keeps how far it came; without one it begins at the oldest records, which counts nothing twice. */
  positionFile?: string;
  log: Log;
};

const MAX_RECORDS = 500;
const IDLE_MS = 100;
const FAULT_MS = 1_000;
/** New shards are looked for so often. */
const SHARDS_FRESH_MS = 10_000;

type Positions = Record<string, string>;

/** Carries tables' streams to `handle` in order, shard by shard, as Lambda's event source does on AWS. */
export function createStreamPump({ streams, tables, handle, positionFile, log }: StreamPumpOptions) {
  let positions: Positions | undefined;
  const shards = new Map<string, { arn: string; shards: string[]; at: number }>();
  const iterators = new Map<string, string>();

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

  async function shardsOf(table: string): Promise<{ arn: string; shards: string[] }> {
    const known = shards.get(table);
    if (known && performance.now() - known.at < SHARDS_FRESH_MS) return known;
    const arn = known?.arn ?? await streams.arnOf(table);
    const fresh = { arn, shards: await streams.shardsOf(arn), at: performance.now() };
    shards.set(table, fresh);
    return fresh;
  }

  /** Carries what comes next in a shard; gives how many records it was. Where it fails, the next try begins there again. */
  async function carry(name: string, arn: string, shard: string): Promise<number> {
    const iterator = iterators.get(shard) ?? await streams.iterate(arn, shard, positions![shard]);
    iterators.delete(shard);
    if (!iterator) return 0;
    const { records, next } = await streams.read(iterator, MAX_RECORDS);
    const last = records.at(-1);
    if (last) {
      await handle(name, records);
      positions![shard] = last.sequence;
    }
    if (next) iterators.set(shard, next);
    return records.length;
  }

  /** One round over all tables; gives how many records it carried. */
  async function round(): Promise<number> {
    positions ??= await load();
    let carried = 0;
    for (const [name, table] of Object.entries(tables)) {
      const { arn, shards } = await shardsOf(table);
      for (const shard of shards) carried += await carry(name, arn, shard);
    }
    if (carried > 0) await save();
    return carried;
  }

  async function poll(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      let waitMs = IDLE_MS;
      try {
        if (await round() > 0) waitMs = 0;
      } catch (error) {
        log.warn("a part of a stream failed and is tried again", { error });
        waitMs = FAULT_MS;
      }
      if (waitMs > 0) await pause(waitMs, undefined, { signal: stopped }).catch(() => {});
    }
  }

  return {
    /** Works in the background until `stop`. */
    ...createBackground(poll),
    /** Works until nothing is left. Throws what `handle` throws. */
    async drain(): Promise<void> {
      while (await round() > 0);
    },
  };
}
