import { LRUCache } from "lru-cache";
import {
  eventId,
  type ImageChange,
  toCountChanges,
  toEventChanges,
  toExpiredChanges,
  toExpiredEvents,
  UncountableError,
} from "../analytics/projections.ts";
import type { StreamRecord } from "../aws/streams.ts";
import { idOf } from "../core/keys.ts";
import { fromChunk } from "../journeys/chunk.ts";
import type { ArrivedEvent } from "../journeys/model.ts";
import type { CountChange } from "../metrics/model.ts";

export type StreamTable = ImageChange["table"];

/** What a record of a stream does to the counts, and the change that it shows; none where the item has expired. */
export type Decoded = { counts: CountChange[]; change: ImageChange | undefined };

/**
 * All events that are kept of a journey, as they are this moment. Undefined where it was erased and taken out of all
 * counts: then every change of it was counted before.
 */
export type ReadEvents = (tenantId: string, sessionId: string) => Promise<readonly ArrivedEvent[] | undefined>;

/** Journeys whose chunks were seen in the stream a moment ago. */
const MAX_JOURNEYS = 1_000;

type Events = Map<string, ArrivedEvent>;

/**
 * Reads what records of a table's stream count, in order. Things that went because their time had come stay counted.
 * Throws UncountableError for a record that can never be counted as it is.
 */
export function createDecoder(readEvents: ReadEvents) {
  /** Events by journey: chunks come before the journey that counts them, so they are seldom read again. */
  const seen = new LRUCache<string, Events>({ max: MAX_JOURNEYS });

  return async function decode(table: StreamTable, record: StreamRecord): Promise<Decoded> {
    const { sequence, keys, before, after, arrivedAt } = record;
    const change: ImageChange = { table, pk: keys.pk as string, sequence, arrivedAt, before, after };
    if (record.isExpiry) return { counts: expiredOf(change), change: undefined };
    const counts = toCountChanges(change);
    if (table === "journeys") counts.push(...await eventsOf(change));
    return { counts, change };
  };

  async function eventsOf(change: ImageChange): Promise<CountChange[]> {
    const { pk, before, after } = change;
    if (!after) return [];
    const key = `${pk} ${idOf(after.sk)}`;
    if (after.z !== undefined) {
      if (!before) remember(key, fromChunk(idOf(after.sk), after.z as Uint8Array));
      return [];
    }
    const changes = toEventChanges(change, seen.get(key) ?? new Map());
    if (changes) return changes;
    const [tenantId] = pk.split("#") as [string];
    const events = await readEvents(tenantId, idOf(after.sk));
    if (!events) return [];
    remember(key, events);
    const found = toEventChanges(change, seen.get(key)!, true);
    if (found) return found;
    throw new UncountableError("it counts events that none of the journey's chunks holds");
  }

  /** Of an event that lies in two chunks, the one that arrived first counts, as readers of the journey see it. */
  function remember(key: string, events: readonly ArrivedEvent[]): void {
    const known: Events = seen.get(key) ?? new Map();
    for (const event of events) {
      const id = eventId(event.source, event.seq);
      const other = known.get(id);
      if (!other || event.receivedAt < other.receivedAt) known.set(id, event);
    }
    seen.set(key, known);
  }
}

function expiredOf(change: ImageChange): CountChange[] {
  const { table, before } = change;
  if (table !== "journeys" || before?.z === undefined) return toExpiredChanges(change);
  // Of an erased journey: its events were taken out of the counts.
  if (before.hollow) return [];
  return toExpiredEvents(change, fromChunk(idOf(before.sk), before.z as Uint8Array));
}
