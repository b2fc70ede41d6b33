import pMap from "p-map";
import type { Clock } from "../core/clock.ts";
import { NotIndexedError } from "../core/errors.ts";
import { parseRange, type RangeInput } from "../core/range.ts";
import type { Hub } from "../live/hub.ts";
import type { ErasureStore } from "./erasures.ts";
import { keepEvents } from "./keep.ts";
import { createLives } from "./lives.ts";
import { isExpired, type Journey } from "./model.ts";
import type { RawEvents, ReplayedEvent } from "./raw.ts";
import { decideEvents, isFull } from "./rules.ts";
import { journeyKey } from "./service.ts";
import type { JourneyStore } from "./store.ts";

/** What a rebuild did, or would do. */
export type BackfillReport = {
  objectsRead: number;
  eventsRead: number;
  journeysCreated: number;
  journeysChanged: number;
  journeysUnchanged: number;
  journeysExpired: number;
};

/** Objects in memory at once. */
const SLICE = 200;
const CONCURRENCY = 16;

type Change = "created" | "changed" | "unchanged" | "expired";
type Batch = { key: string; events: ReplayedEvent[] };

/**
 * Counts the stored batches of a range again, in the order in which they arrived, by the same function that counted
 * them first. What is there already is not written, so it may run at any time and any number of times. Sessions that
 * were erased stay so; what a crash left of them in the objects is removed. What is over stays over: it would count again with
 * each run, where it is not asked for by `withExpired`.
 */
export function createBackfill(
  { store, erasures, raw, hub, clock, indexed }: {
    store: JourneyStore;
    erasures: ErasureStore;
    raw: RawEvents;
    hub: Hub;
    clock: Clock;
    indexed: boolean;
  },
) {
  return async function backfill(
    tenantId: string,
    range: RangeInput,
    dryRun: boolean,
    withExpired = false,
  ): Promise<BackfillReport> {
    if (!indexed) throw new NotIndexedError();
    const { fromAt, toAt } = parseRange(range, clock());
    const changes = new Map<string, Change>();
    /** In a dry run: what the journeys that would change have become so far. */
    const imagined = new Map<string, Journey>();
    let objectsRead = 0;
    let eventsRead = 0;

    const arrivals = await listByArrival(tenantId, fromAt, toAt);
    const lives = withExpired ? undefined : await livesOf(tenantId, arrivals);
    const keys = arrivals.map(({ key }) => key);
    let full = await countAll(keys, ({ events }) => {
      objectsRead++;
      eventsRead += events.length;
    });
    // What found room when it was tried again, after what arrived later: it does so here.
    while (full.isWorthIt) full = await countAll(keys.filter((key) => full.keys.has(key)));
    const total = (change: Change) => [...changes.values()].filter((own) => own === change).length;
    return {
      objectsRead,
      eventsRead,
      journeysCreated: total("created"),
      journeysChanged: total("changed"),
      journeysUnchanged: total("unchanged"),
      journeysExpired: total("expired"),
    };

    /** Counts these batches; gives those with events for which there was no room, and whether there may be some now. */
    async function countAll(keys: readonly string[], onBatch: (batch: Batch) => void = () => {}) {
      const full = new Set<string>();
      let added = 0;
      for await (const batches of slices(keys)) {
        for (const batch of batches) onBatch(batch);
        added += await countSlice(tenantId, batches, full);
      }
      return { keys: full, isWorthIt: added > 0 && full.size > 0 };
    }

    async function* slices(keys: readonly string[]): AsyncGenerator<Batch[]> {
      for (let from = 0; from < keys.length; from += SLICE) {
        yield await pMap(keys.slice(from, from + SLICE), async (key) => ({ key, events: await raw.read(key) }), {
          concurrency: CONCURRENCY,
        });
      }
    }

    /** Where all arrived a short while ago nothing is over, and nothing is read for that. */
    async function livesOf(tenantId: string, arrivals: readonly Arrival[]) {
      const { keepDays } = await store.getSettings(tenantId);
      const now = clock();
      if (!arrivals.some(({ receivedAt }) => isExpired({ lastArrivalAt: receivedAt, keepDays }, now))) return undefined;
      const found = createLives(keepDays, now);
      for await (const batches of slices(arrivals.map(({ key }) => key))) {
        for (const { events } of batches) found.note(events);
      }
      return found;
    }

    /**
     * All batches in the range, in the order in which they arrived, whatever hour they lie in. When a batch
     * arrived stands in it and nowhere else (an erasure writes objects anew), so each is read here and again when its
     * turn comes: in memory are keys.
     */
    async function listByArrival(tenantId: string, fromAt: number, toAt: number): Promise<Arrival[]> {
      const found: Arrival[] = [];
      for await (const hour of raw.list(tenantId, fromAt, toAt)) {
        const batches = await pMap(hour, async ({ key }) => ({ key, receivedAt: await raw.arrivedAt(key) }), {
          concurrency: CONCURRENCY,
        });
        found.push(...batches);
      }
      return found.sort(byArrival);
    }

    async function countSlice(tenantId: string, batches: readonly Batch[], full: Set<string>): Promise<number> {
      const sessions = Map.groupBy(
        batches.flatMap(({ key, events }) => {
          const counted = events.filter(({ outdone }) => !outdone);
          return [...Map.groupBy(counted, (event) => event.sessionId)].map(([sessionId, own]) => (
            { key, sessionId, events: own }
          ));
        }),
        ({ sessionId }) => sessionId,
      );
      let addedInAll = 0;
      const { journeys: known, erased, policy } = await store.lookToWrite(tenantId, [...sessions.keys()]);
      await pMap(sessions, async ([sessionId, parts]) => {
        if (erased.has(sessionId)) return;
        const before = imagined.get(sessionId) ?? known.get(sessionId);
        let journey = before;
        let added = 0;
        const own = parts.filter(({ events: [first] }) => !lives?.isOver(first!, before !== undefined));
        if (own.length === 0) return note(sessionId, "expired");
        for (const { key, events } of own) {
          const decision = dryRun
            ? { ...decideEvents(tenantId, journey, events, undefined, policy), isErased: false }
            : await keepEvents({ store, clock }, tenantId, journey, events, policy);
          if (decision.isErased) return void erased.add(sessionId);
          journey = decision.journey;
          added += decision.added.length;
          if (decision.verdicts.some(isFull)) full.add(key);
        }
        addedInAll += added;
        note(sessionId, added === 0 ? "unchanged" : before ? "changed" : "created");
        if (added === 0) return;
        if (dryRun) imagined.set(sessionId, journey!);
        else hub.wake(journeyKey(tenantId, sessionId));
      }, { concurrency: CONCURRENCY });
      if (!dryRun && erased.size > 0) await removeErased(tenantId, batches, erased);
      return addedInAll;
    }

    async function removeErased(tenantId: string, batches: readonly Batch[], erased: ReadonlySet<string>) {
      const isGone = ({ sessionId }: { sessionId: string }) => erased.has(sessionId);
      await pMap(
        batches.filter(({ events }) => events.some(isGone)),
        ({ key }) => raw.rewrite(key, (event) => isGone(event) ? "DROP" : "KEEP"),
        { concurrency: CONCURRENCY },
      );
      await pMap(erased, (sessionId) => erasures.scrub(tenantId, sessionId, clock()), { concurrency: CONCURRENCY });
    }

    /** A journey that was created stays so; one that was unchanged may yet change, and what was over have come again. */
    function note(sessionId: string, change: Change): void {
      const earlier = changes.get(sessionId);
      if (earlier === "expired" || earlier === undefined || (earlier === "unchanged" && change !== "expired")) {
        changes.set(sessionId, change);
      }
    }
  };
}

type Arrival = { key: string; receivedAt: number };

/** Of one millisecond either may be first: they stay as they lie. */
function byArrival(a: Arrival, b: Arrival): number {
  return a.receivedAt - b.receivedAt;
}
