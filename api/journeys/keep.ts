import type { Clock } from "../core/clock.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { type Chunk, toChunks } from "./chunk.ts";
import { eventId, toggled } from "./counted.ts";
import type { ArrivedEvent, Journey } from "./model.ts";
import { decideEvents, type Decision, ERASED } from "./rules.ts";
import type { JourneyStore } from "./store.ts";

/**
 * Counts events of one session into its journey: the chunks first, then the journey, whose watermarks make the chunks'
 * events visible. A crash between the two leaves nothing that shows, and the next try finishes. `known` is what the
 * journey was believed to be; a wrong belief costs one more try. Of a session that was erased nothing counts, and
 * `isErased` is true; a chunk of it may have been written. Throws UnavailableError.
 */
export async function keepEvents(
  { store, clock }: { store: JourneyStore; clock: Clock },
  tenantId: string,
  known: Journey | undefined,
  events: readonly ArrivedEvent[],
): Promise<Decision & { isErased?: true }> {
  let before = known;
  return await retryLost(async () => {
    const decision = decideEvents(tenantId, before, events);
    if (decision.added.length === 0) return decision;
    const { added, chunks } = await keepChunks(store, tenantId, decision.added, clock());
    const journey = withChunks(decideEvents(tenantId, before, added).journey!, chunks);
    const written = await store.replace(journey, before);
    if (written.ok) return { ...decision, added, journey };
    if (written.isErased) {
      return { verdicts: events.map(() => ERASED), added: [], journey: undefined, isErased: true as const };
    }
    before = written.current;
    return LOST;
  });
}

async function keepChunks(store: JourneyStore, tenantId: string, events: readonly ArrivedEvent[], now: number) {
  const { sessionId } = events[0]!;
  const chunks = toChunks(events);
  const kept = await Promise.all(chunks.map((chunk) => store.keepChunk(tenantId, sessionId, chunk, now)));
  return {
    chunks,
    added: kept.every((other) => !other) ? events : replaced(events, kept.flatMap((other) => other ?? [])),
  };
}

/** The events, with those that had been stored before as they were stored. */
function replaced(events: readonly ArrivedEvent[], stored: readonly ArrivedEvent[]): ArrivedEvent[] {
  const byId = new Map(stored.map((event) => [eventId(event), event]));
  return events.map((event) => byId.get(eventId(event)) ?? event);
}

function withChunks(journey: Journey, added: readonly Chunk[]): Journey {
  const { count, maxSpanMs, mark } = journey.chunks;
  const spans = added.map((chunk) => chunk.lastAt - chunk.firstAt);
  return {
    ...journey,
    chunks: {
      count: count + added.length,
      maxSpanMs: Math.max(maxSpanMs, ...spans),
      mark: mark && toggled(mark, added.map(({ id }) => id)),
    },
  };
}
