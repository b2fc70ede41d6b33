import type { Item, ReadOptions } from "../aws/dynamo.ts";
import { MINUTE_MS } from "../core/clock.ts";
import { pages } from "../core/page.ts";
import { eventId, pickCounted, type Picked } from "./counted.ts";
import type { ArrivedEvent, EventPosition, Journey, JourneyEvent } from "./model.ts";
import { compareEvents, differingField, type Held, isVisible } from "./rules.ts";
import { firstAtOf, type JourneyStore } from "./store.ts";

type Stretch = { events: ArrivedEvent[]; complete: boolean };

/**
 * A stretch of the journey's events in their order: those after `from`, at least `wanted` of them where there are so
 * many, and only events that `journey` counts. `complete` is true where the stretch goes up to the last event.
 */
export async function readStretch(
  store: JourneyStore,
  journey: Journey,
  from: EventPosition | undefined,
  wanted: number,
): Promise<Stretch> {
  const part = from || wanted < journey.eventCount ? await readPart(store, journey, from, wanted) : undefined;
  if (part) return part;
  const { events } = await readWhole(store, journey);
  return { events: events.filter((event) => !from || compareEvents(event, from) > 0), complete: true };
}

/** All events of the journey in their order, each as the journey counted it; those that have expired where they are asked for. */
export async function readWhole(
  store: JourneyStore,
  journey: Journey,
  { expired }: Pick<ReadOptions, "expired"> = {},
): Promise<Picked<ArrivedEvent>> {
  const { tenantId, sessionId, watermarks, eventCount } = journey;
  const { count, mark } = journey.chunks;
  const limit = Math.ceil(count * 1.25) + 3;
  const read = async (consistent: boolean) => {
    const chunks = await store.readAllChunks(tenantId, sessionId, { limit, consistent, expired });
    const picked = pickCounted(chunks, (event) => isVisible(watermarks, event), eventCount, mark);
    return { ...picked, events: picked.events.sort(compareEvents) };
  };
  // Of a whole journey its mark says whether the cheaper read saw all of it.
  const seen = await read(false);
  return seen.isExact ? seen : await read(true);
}

/** A clock that is corrected at each try moves a repeat by no more than this. */
const REPEAT_SLACK_MS = MINUTE_MS;

/** A journey of so many chunks is read whole where a number comes again: for 500 events that is 4 read units at most. */
const MAX_WHOLE_CHUNKS = 64;

/**
 * What was recorded under those numbers of `events` that were counted before. Where there are none, as for whoever goes
 * on in order, nothing is read. Of a longer journey, only what begins near a repeat is read, for a repeat lies where its
 * first was, and the whole only for a number with other content; there, a chunk that a writer stored and nobody counted
 * can be taken for a counted one. `isRace`: the writer has just stored such a chunk itself. Numbers whose chunk has
 * expired are left out.
 */
export async function readHeld(
  store: JourneyStore,
  journey: Journey,
  events: readonly ArrivedEvent[],
  isRace: boolean,
): Promise<Held> {
  const again = events.filter((event) => isVisible(journey.watermarks, event));
  if (again.length === 0) return new Map();
  const ids = new Set(again.map(eventId));
  const pick = (found: readonly ArrivedEvent[]) =>
    new Map(found.filter((event) => ids.has(eventId(event))).map((event) => [eventId(event), event]));
  const readAll = async () => pick((await readWhole(store, journey, { expired: true })).events);
  if (isRace || journey.chunks.count <= MAX_WHOLE_CHUNKS) return await readAll();
  const times = again.map(({ occurredAt }) => occurredAt);
  const near = pick(await readNear(store, journey, Math.min(...times), Math.max(...times)));
  const isRepeat = (event: ArrivedEvent) => {
    const first = near.get(eventId(event));
    return first !== undefined && differingField(event, first) === undefined;
  };
  return again.every(isRepeat) ? near : await readAll();
}

/** Events of chunks that the journey may count and that touch a stretch of time; the earliest arrival of each. */
async function readNear(store: JourneyStore, journey: Journey, from: number, to: number): Promise<ArrivedEvent[]> {
  const { tenantId, sessionId, watermarks, chunks } = journey;
  const found: ArrivedEvent[] = [];
  const read = (startKey?: Item) =>
    store.readChunks(tenantId, sessionId, {
      fromAt: from - chunks.maxSpanMs - REPEAT_SLACK_MS,
      toAt: to + REPEAT_SLACK_MS,
      limit: 1_000,
      startKey,
      consistent: true,
      expired: true,
    });
  for await (const page of pages(read)) {
    const own = page.chunks.filter(({ events }) => events.every((event) => isVisible(watermarks, event)));
    found.push(...own.flatMap(({ events }) => events));
  }
  return found.sort((a, b) => b.receivedAt - a.receivedAt);
}

/** Undefined where what was read holds two that differ under one number: only the whole journey tells which one is counted. */
async function readPart(
  store: JourneyStore,
  journey: Journey,
  from: EventPosition | undefined,
  wanted: number,
): Promise<Stretch | undefined> {
  const { tenantId, sessionId, watermarks, eventCount, chunks } = journey;
  const isOwn = (event: ArrivedEvent) => isVisible(watermarks, event);
  // A chunk that begins earlier than this ends before `from`.
  const fromAt = from ? from.occurredAt - chunks.maxSpanMs : 0;
  const perChunk = Math.max(1, eventCount / Math.max(1, chunks.count));
  const limit = Math.ceil((Math.min(wanted, eventCount) / perChunk) * 1.25) + 3;
  const found = new Map<string, ArrivedEvent>();
  let events: ArrivedEvent[] = [];
  const read = (startKey?: Item) =>
    store.readChunks(tenantId, sessionId, { fromAt, limit, startKey, consistent: true });
  for await (const page of pages(read)) {
    // A chunk counts as a whole, or not at all.
    for (const event of page.chunks.flatMap(({ events }) => (events.every(isOwn) ? events : []))) {
      const other = found.get(eventId(event));
      if (other && (other.occurredAt !== event.occurredAt || differingField(other, event) !== undefined)) {
        return undefined;
      }
      if (!other || event.receivedAt < other.receivedAt) found.set(eventId(event), event);
    }
    // Chunks not read yet begin at this time or later: what lies before it is settled.
    const settledBefore = page.next ? firstAtOf(page.next.sk) : Infinity;
    events = [...found.values()]
      .filter((event) => event.occurredAt < settledBefore && (!from || compareEvents(event, from) > 0))
      .sort(compareEvents);
    if (events.length >= wanted) return { events, complete: !page.next };
  }
  return { events, complete: true };
}

/** Numbers events that directly follow `before` others. */
export function withSteps(events: readonly ArrivedEvent[], before: number): JourneyEvent[] {
  return events.map((event, i) => ({ ...event, step: before + i + 1 }));
}
