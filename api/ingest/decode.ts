import { LRUCache } from "lru-cache";
import {
  type Image,
  type ImageChange,
  toCountChanges,
  toEventChanges,
  toExpiredChanges,
  toExpiredEvents,
  UncountableError,
} from "./projections/counts.ts";
import type { StreamRecord } from "../aws/streams.ts";
import { idOf } from "../core/keys.ts";
import { fromChunk } from "../journeys/chunk.ts";
import type { HeldChunk, HeldEvent } from "../journeys/counted.ts";
import { META } from "../journeys/item.ts";
import { chunkIdOf } from "../journeys/store.ts";
import type { CountChange } from "../metrics/model.ts";

export type StreamTable = ImageChange["table"];

/** What a record of a stream does to the counts, and the change that it shows; none where the item has expired. */
export type Decoded = { counts: CountChange[]; change: ImageChange | undefined };

/**
 * All chunks that are kept of a journey, as they are this moment. Undefined where it was erased and taken out of all
 * counts: then every change of it was counted before.
 */
export type ReadChunks = (tenantId: string, sessionId: string) => Promise<readonly HeldChunk[] | undefined>;

/** When the motion events happened that a session held, by its item as it was last. */
export type ReadMotion = (image: Image) => Promise<readonly number[]>;

/** Journeys whose chunks were seen in the stream a moment ago. */
const MAX_JOURNEYS = 1_000;

type Chunks = Map<string, HeldChunk>;

/**
 * Reads what records of a table's stream count, in order. Things that went because their time had come stay counted.
 * Throws UncountableError for a record that can never be counted as it is.
 */
export function createDecoder(readChunks: ReadChunks, readMotion: ReadMotion) {
  /** By journey, and by their ids: chunks come before the journey that counts them, so they are seldom read again. */
  const seen = new LRUCache<string, Chunks>({ max: MAX_JOURNEYS });

  return async function decode(table: StreamTable, record: StreamRecord): Promise<Decoded> {
    const { shard, sequence, keys, before, after, arrivedAt } = record;
    const change: ImageChange = { table, pk: keys.pk as string, shard, sequence, arrivedAt, before, after };
    if (record.isExpiry) return { counts: await expiredOf(change), change: undefined };
    const counts = toCountChanges(change);
    if (table === "journeys") counts.push(...await eventsOf(change));
    return { counts, change };
  };

  async function eventsOf(change: ImageChange): Promise<CountChange[]> {
    const { pk, before, after } = change;
    if (!after) return [];
    const key = `${pk} ${idOf(after.sk)}`;
    if (after.z !== undefined) {
      if (!before) remember(key, [chunkOf(after)]);
      return [];
    }
    const changes = toEventChanges(change, [...seen.get(key)?.values() ?? []]);
    if (changes) return changes;
    const chunks = await readChunks(tenantOf(pk), idOf(after.sk));
    if (!chunks) return [];
    remember(key, chunks);
    const found = toEventChanges(change, [...seen.get(key)!.values()], true);
    if (found) return found;
    throw new UncountableError("it counts events that none of the journey's chunks holds");
  }

  function remember(key: string, chunks: readonly HeldChunk[]): void {
    const known: Chunks = seen.get(key) ?? new Map();
    for (const { id, events } of chunks) known.set(id, { id, events: events.map(slim) });
    seen.set(key, known);
  }

  async function expiredOf(change: ImageChange): Promise<CountChange[]> {
    const { table, pk, before } = change;
    const things = toExpiredChanges(change);
    if (table === "sessions" && before && (before.sk as string).endsWith("#SESSION")) {
      return [...things, ...toExpiredEvents(change, "MOTION_EVENTS", await readMotion(before))];
    }
    if (table !== "journeys" || !before) return things;
    if (before.z !== undefined) {
      // Of an erased journey: its events were taken out of the counts.
      return before.hollow ? [] : eventsGone(change, chunkOf(before).events);
    }
    if (!(before.sk as string).endsWith(`#${META}`)) return things;
    // Its chunks may stay for a while. Nothing says any more that they are counted, so no recount finds their events.
    const chunks = await readChunks(tenantOf(pk), idOf(before.sk)) ?? [];
    return [...things, ...eventsGone(change, chunks.flatMap(({ events }) => events))];
  }
}

function eventsGone(change: ImageChange, events: readonly HeldEvent[]): CountChange[] {
  return toExpiredEvents(change, "JOURNEY_EVENTS", events.map(({ occurredAt }) => occurredAt));
}

function chunkOf(image: Image): HeldChunk {
  return { id: chunkIdOf(image.sk), events: fromChunk(idOf(image.sk), image.z as Uint8Array) };
}

/** What counting needs of an event. */
function slim({ source, seq, occurredAt, receivedAt }: HeldEvent): HeldEvent {
  return { source, seq, occurredAt, receivedAt };
}

function tenantOf(pk: string): string {
  return pk.split("#")[0]!;
}
