import type { Item } from "../aws/dynamo.ts";
import type { ArrivedEvent, EventPosition, Journey, JourneyEvent } from "./model.ts";
import { compareEvents, isVisible } from "./rules.ts";
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
  if (from || wanted < journey.eventCount) return await readChunks(store, journey, from, wanted, true);
  // Of a whole journey the count says whether the cheaper read saw all of it.
  const seen = await readChunks(store, journey, from, wanted, false);
  return seen.events.length === journey.eventCount ? seen : await readChunks(store, journey, from, wanted, true);
}

async function readChunks(
  store: JourneyStore,
  journey: Journey,
  from: EventPosition | undefined,
  wanted: number,
  consistent: boolean,
): Promise<Stretch> {
  const { tenantId, sessionId, watermarks, eventCount, chunks } = journey;
  // A chunk that begins earlier than this ends before `from`.
  const fromAt = from ? from.occurredAt - chunks.maxSpanMs : 0;
  const perChunk = Math.max(1, eventCount / Math.max(1, chunks.count));
  const limit = Math.ceil((Math.min(wanted, eventCount) / perChunk) * 1.25) + 3;
  const found = new Map<string, ArrivedEvent>();
  let startKey: Item | undefined;
  for (;;) {
    const page = await store.readChunks(tenantId, sessionId, { fromAt, limit, startKey, consistent });
    for (const event of page.events) {
      if (!isVisible(watermarks, event) || (from && compareEvents(event, from) <= 0)) continue;
      keepFirst(found, event);
    }
    startKey = page.lastKey;
    // Chunks not read yet begin at this time or later: what lies before it is settled.
    const settledBefore = startKey ? firstAtOf(startKey.sk) : Infinity;
    const events = [...found.values()].filter((event) => event.occurredAt < settledBefore).sort(compareEvents);
    if (!startKey || events.length >= wanted) return { events, complete: !startKey };
  }
}

/** Numbers events that directly follow `before` others. */
export function withSteps(events: readonly ArrivedEvent[], before: number): JourneyEvent[] {
  return events.map((event, i) => ({ ...event, step: before + i + 1 }));
}

/** Two writers may have stored an event in chunks of different cut; the one that arrived first counts. */
function keepFirst(found: Map<string, ArrivedEvent>, event: ArrivedEvent): void {
  const id = `${event.seq}#${event.source}`;
  const other = found.get(id);
  if (!other || event.receivedAt < other.receivedAt) found.set(id, event);
}
