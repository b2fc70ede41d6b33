import { LRUCache } from "lru-cache";
import { eventId, type ImageChange, toCountChanges, toEventChanges } from "../analytics/projections.ts";
import type { StreamRecord } from "../aws/streams.ts";
import { AppError } from "../core/errors.ts";
import { idOf } from "../core/keys.ts";
import { fromChunk } from "../journeys/chunk.ts";
import type { ArrivedEvent } from "../journeys/model.ts";
import type { CountChange } from "../metrics/model.ts";

export type StreamTable = ImageChange["table"];

export type StreamIngestOptions = {
  count: (changes: readonly CountChange[]) => Promise<void>;
  /** All events that are kept of a journey, as they are this moment. */
  readEvents: (tenantId: string, sessionId: string) => Promise<readonly ArrivedEvent[]>;
  /** Told of each item of a session that was deleted because its time had come. */
  sessionExpired: (image: Readonly<Record<string, unknown>>) => Promise<void>;
};

/** Journeys whose chunks were seen in the stream a moment ago. */
const MAX_JOURNEYS = 1_000;

type Events = Map<string, ArrivedEvent>;

/**
 * Takes a part of a table's stream, in order, and counts it. A throw means again, from the first record: what was counted
 * already is left out then. Items that went because their time had come were counted for what they were.
 */
export function createStreamIngest({ count, readEvents, sessionExpired }: StreamIngestOptions) {
  /** Events by journey: chunks come before the journey that counts them, so they are seldom read again. */
  const seen = new LRUCache<string, Events>({ max: MAX_JOURNEYS });

  return async function ingestStream(table: StreamTable, records: readonly StreamRecord[]): Promise<void> {
    const changes: CountChange[] = [];
    for (const record of records) {
      if (record.isExpiry) {
        if (table === "sessions" && record.before) await sessionExpired(record.before);
        continue;
      }
      const { sequence, keys, before, after } = record;
      const change: ImageChange = { table, pk: keys.pk as string, sequence, before, after };
      changes.push(...toCountChanges(change));
      if (table === "journeys") changes.push(...await eventsOf(change));
    }
    if (changes.length > 0) await count(changes);
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
    remember(key, await readEvents(tenantId, idOf(after.sk)));
    const found = toEventChanges(change, seen.get(key)!);
    if (found) return found;
    throw new AppError("EVENTS_MISSING", `A journey in ${pk} counts events that none of its chunks holds.`);
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
