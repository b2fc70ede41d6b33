import pMap from "p-map";
import type { Item } from "../aws/dynamo.ts";
import type { Clock } from "../core/clock.ts";
import { pages } from "../core/page.ts";
import type { JourneyConfiguration } from "./configure.ts";
import { NO_GOALS } from "./goals.ts";
import { isExpired, type Journey } from "./model.ts";
import type { JourneyStore, ListPosition } from "./store.ts";
import { readWhole } from "./timeline.ts";
import { seenOf, type Trail, trailOf } from "./trail.ts";
import type { TrailStore } from "./trails.ts";

export type TrailReader = ReturnType<typeof createTrailReader>;

/** Which trails, by the starts of their journeys; both ends of the range are included. */
export type TrailQuery = {
  tenantId: string;
  fromAt: number;
  lastAt: number;
  /** Only what comes after this in the list. */
  after?: ListPosition | undefined;
  isBackward?: boolean;
  /** So many rows are read at a time; as many as there are where absent. */
  limit?: number;
};

/** What reading came to so far. `unread`: journeys that were left out, because too many had to be read from their events. */
export type Tally = { journeys: number; events: number; unread: number };

/** What was read from events for an answer, so that its parts need not do it again. Undefined: there is none any more. */
export type Derived = Map<string, Trail | undefined>;

/** Journeys that one answer reads from their events: those that changed a moment ago, and long ones. */
const MAX_FROM_EVENTS = 2_000;
const CONCURRENCY = 16;
const SLICE = 250;
const FEW = 16;

type Row = ListPosition & { trail?: Trail };

/**
 * Reads trails, latest start first, of journeys that start at the same instant by their session. Such as have changed since, or
 * hold more than a trail, are derived from their events when their turn comes, so that the answer is what it would be from
 * events alone.
 */
export function createTrailReader(
  { store, trails, configuration, clock }: {
    store: JourneyStore;
    trails: TrailStore;
    configuration: Pick<JourneyConfiguration, "of">;
    clock: Clock;
  },
) {
  return async function* read(
    query: TrailQuery,
    tally: Tally,
    derived: Derived,
  ): AsyncGenerator<Trail[]> {
    const { tenantId, isBackward = false, after } = query;
    const { goals } = await configuration.of(tenantId);
    const order = (a: ListPosition, b: ListPosition) => isBackward ? compare(b, a) : compare(a, b);
    const isWanted = (row: ListPosition) => !after || order(row, after) > 0;
    const changed = await listChanged(query);
    const { fromAt, lastAt } = query;
    const waiting = [...changed.values()]
      .filter((row) => row.startedAt >= fromAt && row.startedAt <= lastAt && isWanted(row))
      .sort(order);

    for await (const rows of settledRows(query, order)) {
      const own = rows.filter((row) => isWanted(row) && !changed.has(row.sessionId));
      const later = waiting.findIndex((row) => order(row, rows.at(-1)!) > 0);
      const passed = waiting.splice(0, later < 0 ? waiting.length : later);
      yield* emit([...own, ...passed].sort(order));
    }
    yield* emit(waiting);

    async function* emit(rows: readonly Row[]): AsyncGenerator<Trail[]> {
      for (let from = 0; from < rows.length; from += SLICE) {
        const slice = rows.slice(from, from + SLICE);
        const stale = slice.filter(({ trail }) => !trail?.isWhole || trail.goalsVersion !== goals.version);
        const unknown = stale.filter(({ sessionId }) => !derived.has(sessionId));
        const room = MAX_FROM_EVENTS - derived.size;
        tally.unread += Math.max(0, unknown.length - room);
        await derive(tenantId, unknown.slice(0, room).map(({ sessionId }) => sessionId), tally, derived);
        const isStale = new Set(stale);
        const found = slice.flatMap((row) => (isStale.has(row) ? derived.get(row.sessionId) : row.trail) ?? []);
        tally.journeys += found.length;
        if (found.length > 0) yield found;
      }
    }
  };

  /** The journeys that changed since their trails; such as were erased start at no time. */
  async function listChanged({ tenantId }: TrailQuery): Promise<Map<string, Row>> {
    const found = new Map<string, Row>();
    for await (const changes of trails.listChanges(tenantId)) {
      for (const { sessionId, startedAt, isErased } of changes) {
        found.set(sessionId, { sessionId, startedAt: isErased ? NaN : startedAt });
      }
    }
    return found;
  }

  /** What is kept, in order; of one instant all comes together. */
  async function* settledRows(
    { tenantId, fromAt, lastAt, after, isBackward = false, limit }: TrailQuery,
    order: (a: ListPosition, b: ListPosition) => number,
  ): AsyncGenerator<Row[]> {
    const range = {
      fromAt: after && isBackward ? Math.max(fromAt, after.startedAt) : fromAt,
      lastAt: after && !isBackward ? Math.min(lastAt, after.startedAt) : lastAt,
      ascending: isBackward,
      ...(limit ? { limit } : {}),
    };
    let held: Row[] = [];
    for await (
      const page of pages((startKey?: Item) => trails.list(tenantId, { ...range, ...(startKey ? { startKey } : {}) }))
    ) {
      const rows = [
        ...held,
        ...page.trails.map((trail): Row =>
          "steps" in trail ? { startedAt: trail.startedAt, sessionId: trail.sessionId, trail } : trail
        ),
      ];
      const edge = page.next ? rows.at(-1)?.startedAt : undefined;
      held = rows.filter(({ startedAt }) => startedAt === edge);
      const ready = rows.filter(({ startedAt }) => startedAt !== edge).sort(order);
      if (ready.length > 0) yield ready;
    }
  }

  async function derive(tenantId: string, sessionIds: readonly string[], tally: Tally, into: Derived): Promise<void> {
    if (sessionIds.length === 0) return;
    const { goals } = await configuration.of(tenantId);
    const found = await store.find(tenantId, sessionIds);
    await pMap(sessionIds, async (sessionId) => {
      const journey = found.get(sessionId);
      if (!journey || isExpired(journey, clock())) return void into.set(sessionId, undefined);
      const { events } = await readWhole(store, journey);
      tally.events += events.length;
      into.set(sessionId, trailOf(journey, events, goals, true));
    }, { concurrency: CONCURRENCY });
  }
}

/** Journeys that were read from their events so far, and such as were left out since there were too many. */
export type DerivedCount = { read: number; unread: number };

/**
 * The whole trails of a tenant's journeys that lie near each other, without goals: as they are kept where that is of the events
 * that a journey has now, else from these. So a list is right at once, before anything is derived.
 */
export async function readTrailsOf(
  { store, trails, clock }: { store: JourneyStore; trails: Pick<TrailStore, "find" | "list">; clock: Clock },
  journeys: readonly Journey[],
  derived: DerivedCount,
): Promise<Map<string, Trail>> {
  const kept = await findKept(trails, journeys, clock());
  const isOfNow = (journey: Journey) => kept.get(journey.sessionId)?.seen === seenOf(journey);
  const found = new Map(journeys.filter(isOfNow).map(({ sessionId }) => [sessionId, kept.get(sessionId)!]));
  const stale = journeys.filter(({ sessionId }) => !found.has(sessionId));
  const own = stale.slice(0, MAX_FROM_EVENTS - derived.read);
  derived.read += own.length;
  derived.unread += stale.length - own.length;
  await pMap(own, async (journey) => {
    const { events } = await readWhole(store, journey);
    found.set(journey.sessionId, trailOf(journey, events, NO_GOALS, true));
  }, { concurrency: CONCURRENCY });
  return found;
}

/** Few are read one by one, many as the stretch in which they lie. */
async function findKept(trails: Pick<TrailStore, "find" | "list">, journeys: readonly Journey[], now: number) {
  const kept: Trail[] = [];
  if (journeys.length <= FEW) {
    const found = await Promise.all(journeys.map(({ tenantId, sessionId }) => trails.find(tenantId, sessionId)));
    kept.push(...found.flatMap(({ trail }) => trail ?? []));
  } else {
    const starts = journeys.map(({ startedAt }) => startedAt);
    const range = { fromAt: Math.min(...starts), lastAt: Math.max(...starts), ascending: false, now };
    const read = (startKey?: Item) =>
      trails.list(journeys[0]!.tenantId, { ...range, ...(startKey ? { startKey } : {}) });
    for await (const page of pages(read)) kept.push(...page.trails.flatMap((trail) => "steps" in trail ? trail : []));
  }
  return new Map(kept.filter(({ isWhole }) => isWhole).map((trail) => [trail.sessionId, trail]));
}

/** Negative where `a` comes first: the later start, and of one instant the session that sorts first. */
function compare(a: ListPosition, b: ListPosition): number {
  if (a.startedAt !== b.startedAt) return b.startedAt - a.startedAt;
  return a.sessionId < b.sessionId ? -1 : a.sessionId > b.sessionId ? 1 : 0;
}
