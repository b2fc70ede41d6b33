import pMap from "p-map";
import type { Clock } from "../core/clock.ts";
import { NotIndexedError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { LOST, retryLost } from "../core/writes.ts";
import type { Files } from "../files/keep.ts";
import type { Columns } from "./columns.ts";
import type { ErasureStore, Receipt } from "./erasures.ts";
import { type ArrivedEvent, type Journey, LIMITS } from "./model.ts";
import type { Fate, Named, RawEvents } from "./raw.ts";
import { decideEvents } from "./rules.ts";
import type { JourneyStore } from "./store.ts";
import { erasedChange, type TrailStore } from "./trails.ts";

export type EraserOptions = {
  store: JourneyStore;
  erasures: ErasureStore;
  raw: RawEvents;
  trails: TrailStore;
  columns: Pick<Columns, "forget">;
  files: Pick<Files, "removeAll">;
  clock: Clock;
  log: Log;
  /** False: events are kept in the object store only. */
  indexed: boolean;
};

export type EraseVisitor = ReturnType<typeof createEraser>;

/** A receipt, with the ids that belong together as far as they were still known. */
export type Erasure = Receipt & { ids: readonly string[] };

/** What there is of a visitor. */
type Found = {
  /** Sessions that may be the visitor's: of journeys that are, and those with an event that names the visitor. */
  sessions: Set<string>;
  /** Sessions that were erased, of which something arrived again. */
  leftovers: Set<string>;
};

/** Objects, or sessions, that are worked on at the same time. */
const CONCURRENCY = 16;

/** Whether an event names one of these ids. */
function names({ visitorId, aliasOf }: Named, ids: ReadonlySet<string>): boolean {
  return (visitorId !== undefined && ids.has(visitorId)) || (aliasOf !== undefined && ids.has(aliasOf));
}

/**
 * Erases a visitor under all ids that belong together. The visitor's journeys go whole: those that the earliest event with
 * a visitor names it in. An event that names the visitor in somebody else's journey stays, without the name.
 *
 * Tombstones come first: from then on nothing counts into these sessions, and whoever stores a batch for one takes it
 * back. So the pass over the objects that follows finds all that will ever be there. Each step is the same when it is
 * done again, and the receipt closes only over what it had seen, so a crash at any moment is finished by the next call.
 */
export function createEraser({ store, erasures, raw, trails, columns, files, clock, log, indexed }: EraserOptions) {
  /**
   * Gives the receipt: the same one where there was nothing more to erase. Undefined where there never was anything. Throws
   * InvalidInputError where so many ids belong together that they are no one person's.
   */
  return async function eraseVisitor(tenantId: string, visitorId: string): Promise<Erasure | undefined> {
    if (!indexed) throw new NotIndexedError();
    if (visitorId.length < 1 || visitorId.length > LIMITS.visitorIdChars || !visitorId.isWellFormed()) return undefined;
    return await retryLost(async (): Promise<Erasure | undefined | typeof LOST> => {
      const latest = await erasures.findLatest(tenantId, visitorId);
      const ids = await store.findAllIds(tenantId, visitorId);
      const found = await look(tenantId, visitorId, new Set(ids));
      // Also of whom no journey is left that other ids are the same person: that is to be forgotten, too.
      const isNothing = found.sessions.size + found.leftovers.size === 0 && ids.length === 1;
      if (isNothing && (!latest || latest.isDone)) return latest && { ...latest, ids };
      const receipt = latest && !latest.isDone ? latest : await erasures.begin(tenantId, visitorId, latest, clock());
      const done = receipt && await run(receipt, visitorId, new Set(ids), found);
      return done ? { ...done, ids } : LOST;
    });
  };

  /** Undefined where another process got between. */
  async function run(
    begun: Receipt,
    visitorId: string,
    ids: ReadonlySet<string>,
    found: Found,
  ): Promise<Receipt | undefined> {
    const { tenantId, receiptId } = begun;
    log.info("an erasure begins or goes on", { receiptId, sessions: found.sessions.size });
    const { receipt, others } = await buryAll(begun, visitorId, ids, [...found.sessions].sort());
    if (!receipt) return undefined;
    const { all, own } = await listErased(receipt, visitorId);
    log.info("its journeys are gone", { receiptId, journeys: own, events: receipt.events });
    await pMap(all, (sessionId) => scrub(tenantId, sessionId), { concurrency: CONCURRENCY });
    const unnameAll = () =>
      pMap(others, (sessionId) => erasures.unname(tenantId, sessionId, ids), { concurrency: CONCURRENCY });
    await unnameAll();
    const rewritten = await rewriteAll(receipt, ids, all.union(found.leftovers), others);
    // Those of earlier tries too. What is being made from the lines of before is removed by whoever makes it.
    await columns.forget(rewritten);
    await files.removeAll(tenantId);
    // Twice: before the objects, since they are what says which journeys name the visitor, and a crash between must leave
    // that; and after them, for what a batch that arrived meanwhile put into a journey.
    await unnameAll();
    await store.removeAliases(tenantId, [...ids]);
    const done = await erasures.close({ ...receipt, journeys: own }, rewritten.length, clock());
    log.info("an erasure went through", { receiptId, isDone: done !== undefined, objectsRewritten: rewritten.length });
    return done;
  }

  /** A trail that somebody derives at this moment is found by who takes the note. */
  async function scrub(tenantId: string, sessionId: string): Promise<void> {
    await erasures.scrub(tenantId, sessionId, clock());
    await trails.remove(tenantId, sessionId);
    await trails.note(tenantId, [erasedChange(sessionId)]);
  }

  /** Everything there is: the index knows journeys whose raw events are gone, the objects those that left the table. */
  async function look(tenantId: string, visitorId: string, ids: ReadonlySet<string>): Promise<Found> {
    const sessions = new Set<string>();
    const known = new Set<string>();
    for await (const page of erasures.listSessions(tenantId, visitorId)) {
      for (const { sessionId } of page) known.add(sessionId);
    }
    await pMap(known, (sessionId) => erasures.scrub(tenantId, sessionId, clock()), { concurrency: CONCURRENCY });
    for (const id of ids) {
      for await (const page of store.listSessions(tenantId, id)) for (const sessionId of page) sessions.add(sessionId);
    }
    const leftovers = new Set<string>();
    await eachBatch(tenantId, (events) => {
      for (const event of events) {
        if (known.has(event.sessionId)) leftovers.add(event.sessionId);
        else if (names(event, ids)) sessions.add(event.sessionId);
      }
    });
    // Sessions of others' erasures too: of those, nothing is to be there again.
    for (const sessionId of (await store.look(tenantId, [...sessions])).erased) {
      sessions.delete(sessionId);
      if (!known.has(sessionId)) leftovers.add(sessionId);
    }
    return { sessions, leftovers };
  }

  /** Puts the tombstones; gives the sessions that are somebody else's. */
  async function buryAll(begun: Receipt, visitorId: string, ids: ReadonlySet<string>, sessions: readonly string[]) {
    const { tenantId } = begun;
    const rebuilt = await rebuild(tenantId, new Set(sessions));
    const others = new Set<string>();
    let receipt: Receipt | undefined = begun;
    for (const sessionId of sessions) {
      receipt = await bury(receipt, sessionId);
      if (!receipt) break;
    }
    return { receipt, others };

    async function bury(from: Receipt, sessionId: string): Promise<Receipt | undefined> {
      let current = from;
      return await retryLost(async () => {
        const { journeys, erased } = await store.look(tenantId, [sessionId]);
        if (erased.has(sessionId)) return current;
        const known = journeys.get(sessionId);
        const journey = known ?? rebuilt.get(sessionId);
        if (journey?.visitor && !ids.has(journey.visitor.visitorId)) {
          others.add(sessionId);
          return current;
        }
        const next = await erasures.bury(current, sessionId, known, journey?.eventCount ?? 0);
        if (next) return next;
        const latest = await erasures.findLatest(tenantId, visitorId);
        if (latest?.ordinal !== current.ordinal || latest.isDone) return undefined;
        current = latest;
        return LOST;
      });
    }
  }

  /** The journeys that are not in the table, expired or never indexed, as their raw events make them. */
  async function rebuild(tenantId: string, sessions: ReadonlySet<string>): Promise<Map<string, Journey>> {
    const journeys = new Map<string, Journey>();
    const missing = sessions.difference((await store.look(tenantId, [...sessions])).journeys);
    if (missing.size === 0) return journeys;
    await eachBatch(tenantId, (events) => {
      const own = events.filter(({ sessionId }) => missing.has(sessionId));
      for (const [sessionId, part] of Map.groupBy(own, (event) => event.sessionId)) {
        journeys.set(sessionId, decideEvents(tenantId, journeys.get(sessionId), part).journey!);
      }
    });
    return journeys;
  }

  /** All erased sessions of the visitor, and how many of them are this receipt's. */
  async function listErased({ tenantId, ordinal }: Receipt, visitorId: string) {
    const all = new Set<string>();
    let own = 0;
    for await (const page of erasures.listSessions(tenantId, visitorId)) {
      for (const erased of page) {
        all.add(erased.sessionId);
        if (erased.ordinal === ordinal) own++;
      }
    }
    return { all, own };
  }

  async function eachBatch(tenantId: string, take: (events: readonly ArrivedEvent[]) => void): Promise<void> {
    for await (const keys of raw.listAll(tenantId)) {
      await pMap(keys, async (key) => take(await raw.read(key)), { concurrency: CONCURRENCY });
    }
  }

  /** Gives the objects that were written anew for the receipt, now and by earlier tries. */
  async function rewriteAll(
    { tenantId, receiptId }: Receipt,
    ids: ReadonlySet<string>,
    erased: ReadonlySet<string>,
    others: ReadonlySet<string>,
  ): Promise<string[]> {
    const fateOf = (event: Named & { sessionId: string }): Fate => {
      if (erased.has(event.sessionId)) return "DROP";
      return others.has(event.sessionId) && names(event, ids) ? { without: ids } : "KEEP";
    };
    let objects = 0;
    const rewritten: string[] = [];
    for await (const keys of raw.listAll(tenantId)) {
      await pMap(keys, async (key) => {
        if (await raw.rewrite(key, fateOf, receiptId)) rewritten.push(key);
      }, { concurrency: CONCURRENCY });
      objects += keys.length;
      log.info("an erasure goes through the objects", { receiptId, objects, rewritten: rewritten.length });
    }
    return rewritten;
  }
}
