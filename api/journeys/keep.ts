import type { Item } from "../aws/dynamo.ts";
import type { Clock } from "../core/clock.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { type Chunk, toChunks } from "./chunk.ts";
import { eventId, toggled } from "./counted.ts";
import { type ArrivedEvent, isKeptOtherwise, type Journey, type JourneyPolicy } from "./model.ts";
import {
  decideEvents,
  type Decision,
  differingField,
  ERASED,
  type Held,
  isFull,
  judgeAgain,
  withGoals,
} from "./rules.ts";
import type { JourneyStore } from "./store.ts";
import { readHeld, readWhole } from "./timeline.ts";

/** What became of a batch's events of one session. */
export type Kept = Decision & {
  isErased?: true;
  /** What is counted under the numbers of the batch, as far as it is known. */
  stored: Held;
  /** Events that are not counted, and that a replay by arrival would count. */
  outdone: readonly ArrivedEvent[];
};

/**
 * Counts events of one session into its journey: the chunks first, then the journey, whose watermarks make the chunks'
 * events visible. A crash between the two leaves nothing that shows, and the next try finishes. `known` is what the
 * journey was believed to be; a wrong belief costs one more try. Of a session that was erased nothing counts, and
 * `isErased` is true; a chunk of it may have been written. `policy` is what the tenant decided; a journey that followed other goals
 * is read whole, once. Throws UnavailableError.
 */
export async function keepEvents(
  { store, clock }: { store: JourneyStore; clock: Clock },
  tenantId: string,
  known: Journey | undefined,
  events: readonly ArrivedEvent[],
  policy: JourneyPolicy,
): Promise<Kept> {
  let before = known;
  let isRace = false;
  let current = policy;
  /** Which ids are one person's, as far as nobody had said so before. */
  const made: Item[] = [];
  return await retryLost(async (): Promise<Kept | typeof LOST> => {
    // Whoever wrote it knew later goals.
    if (before && before.goals.version > current.goals.version) current = await store.getSettings(tenantId);
    const held = before ? await readHeld(store, before, events, isRace) : new Map<string, ArrivedEvent>();
    const decision = decideEvents(tenantId, before, events, held, current);
    if (decision.added.length === 0) return { ...decision, ...outdoneBy(held, events, decision) };
    const to = { ...current, now: clock(), lastArrivalAt: before?.lastArrivalAt };
    const { added, chunks } = await keepChunks(store, tenantId, decision.added, to);
    const base = before && await follow(store, before, current);
    const journey = withChunks(decideEvents(tenantId, base, added, new Map(), current).journey!, chunks);
    // Before the journey: an erasure that comes after that finds them, and whoever meets its tombstone takes back what was new.
    for (const { visitorId, aliasOf } of added) {
      if (visitorId && aliasOf) made.push(...await store.alias(tenantId, visitorId, aliasOf));
    }
    // The journey goes on, and so does what it had.
    if (before && isKeptOtherwise(journey, before)) await store.keepAlike(journey);
    else await store.listUnder(journey, before);
    const written = await store.replace(journey, before);
    if (written.ok) {
      // Another writer had stored other texts under the same numbers, times and types: those are what counts now.
      const stored = new Map([...held, ...added.map((event) => [eventId(event), event] as const)]);
      const verdicts = decision.verdicts.map((verdict, i) => {
        const again = judgeAgain(events[i]!, stored.get(eventId(events[i]!)));
        return again.status === "DUPLICATE" ? verdict : again;
      });
      return { verdicts, added, journey, ...outdoneBy(stored, events, { verdicts }) };
    }
    if (written.isErased) {
      await store.unalias(made);
      const nothing = { added: [], journey: undefined, stored: new Map<string, ArrivedEvent>(), outdone: [] };
      return { verdicts: events.map(() => ERASED), isErased: true, ...nothing };
    }
    before = written.current;
    isRace = true;
    return LOST;
  });
}

/** The journey with what it reached by these goals. Where not all of it is there any more, no goal that it reached is taken back. */
export async function follow(store: JourneyStore, journey: Journey, { goals }: JourneyPolicy): Promise<Journey> {
  if (journey.goals.version === goals.version) return journey;
  const { events, isExact } = goals.list.length > 0 ? await readWhole(store, journey) : { events: [], isExact: true };
  return { ...journey, goals: withGoals(isExact ? undefined : journey.goals, events, goals) };
}

/**
 * A replay would count what says something else than the first of its number and arrived no later, unless the batch itself
 * says the first before it; and what had no room, where the order is another.
 */
function outdoneBy(stored: Held, events: readonly ArrivedEvent[], { verdicts }: Pick<Decision, "verdicts">) {
  const outdone = events.filter((event, i) => {
    const first = stored.get(eventId(event));
    if (first === undefined) return isFull(verdicts[i]!);
    if (isAlike(event, first) || first.receivedAt < event.receivedAt) return false;
    return !events.slice(0, i).some((one) => eventId(one) === eventId(event) && isAlike(one, first));
  });
  return { stored, outdone };
}

/**
 * Whether an event is what was recorded, to the letter: a wrong clock is corrected a little otherwise at each try, and an id may
 * have been erased since.
 */
export function isAlike(event: ArrivedEvent, first: ArrivedEvent): boolean {
  return differingField(event, first) === undefined &&
    event.visitorId === first.visitorId && event.aliasOf === first.aliasOf &&
    event.occurredAt === first.occurredAt && event.clientAt === first.clientAt &&
    JSON.stringify(event.properties) === JSON.stringify(first.properties);
}

async function keepChunks(
  store: JourneyStore,
  tenantId: string,
  events: readonly ArrivedEvent[],
  to: Parameters<JourneyStore["keepChunk"]>[3],
) {
  const { sessionId } = events[0]!;
  const chunks = toChunks(events);
  const kept = await Promise.all(chunks.map((chunk) => store.keepChunk(tenantId, sessionId, chunk, to)));
  return { chunks, added: replaced(events, kept.filter((other) => other !== undefined).flat()) };
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
