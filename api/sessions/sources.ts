import type { TransactWrite } from "../aws/dynamo.ts";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { deletedByPerson } from "./hearing.ts";
import type { Lines, Owner, Part } from "./lines.ts";
import { leadOf } from "./lead.ts";
import { isExpired } from "./listing.ts";
import { LIMITS, type Reading, type Session } from "./model.ts";
import { addReadings, asSource, asStated, compose, isWithin, pieceAt, withOwn } from "./pieces.ts";
import { splitOff } from "./rules.ts";
import type { SessionStore } from "./store.ts";

export type Sources = ReturnType<typeof createSources>;

/** Sessions that hold readings of others, because people or late motion merged them, or people split them. */
export function createSources({ store, lines, clock }: { store: SessionStore; lines: Lines; clock: Clock }) {
  /** The session of an id, or the one that it became a part of; undefined where that is gone. */
  const lead = (tenantId: string, sessionId: string): Promise<Session | undefined> =>
    leadOf(async (id) => (await store.find(tenantId, [id])).get(id), sessionId);

  /** The same for whoever is shown sessions: one that has expired is gone, also before it is deleted. */
  async function findShown(tenantId: string, sessionId: string): Promise<Session | undefined> {
    const session = await lead(tenantId, sessionId);
    return session && !isExpired(session, clock()) ? session : undefined;
  }

  /** A session with all that people split off it, one after the other. */
  async function familyOf(session: Session): Promise<Session[]> {
    const found = new Map([[session.sessionId, session]]);
    // What is added while it goes on is looked at as well.
    for (const one of found.values()) {
      for (const id of splitsOf(one)) {
        const next = found.has(id) || found.size >= LIMITS.mergedSteps ? undefined : await lead(session.tenantId, id);
        if (next && next.purgedAt === undefined && !found.has(next.sessionId)) found.set(next.sessionId, next);
      }
    }
    return [...found.values()];
  }

  /** All sessions that have pieces of what these hold, but for these. */
  async function sourcesOf(sessions: readonly Session[]): Promise<Session[]> {
    const own = new Set(sessions.map(({ sessionId }) => sessionId));
    const ids = [...new Set(sessions.flatMap(({ sources = [] }) => sources))].filter((id) => !own.has(id));
    return ids.length === 0 ? [] : [...(await lines.find(sessions[0]!, ids)).values()];
  }

  /** Whether what a device sends of a session is held, wholly or in part, by another. */
  const isShared = ({ pieces, mergedInto }: Session) => pieces !== undefined || mergedInto !== undefined;

  /**
   * Writes what a device sent of a session that people or motion gave to others: with each that holds a part of it.
   * `state` gives the session as its device states it now. False where something moved meanwhile. Throws
   * InvalidInputError where nobody holds it any more.
   */
  async function change(
    known: Session,
    state: (stated: Session) => Session,
    readings: readonly Pick<Reading, "at">[],
    also: readonly TransactWrite[] = [],
  ): Promise<boolean> {
    const source = asSource(known);
    const holders = new Map<string, Session>();
    const pieces = await Promise.all(source.pieces!.map(async (piece) => {
      const holder = piece.into === known.sessionId && known.mergedInto === undefined
        ? known
        : await lead(known.tenantId, piece.into);
      if (holder) holders.set(holder.sessionId, holder);
      return holder ? { ...piece, into: holder.sessionId } : piece;
    }));
    // Led to by another id, it was read again: what becomes of it must rest on the one that its condition names.
    if ((holders.get(known.sessionId) ?? known).revision !== known.revision) return false;
    const touched = pieces.filter((piece) => readings.length === 0 || readings.some(({ at }) => isWithin(piece, at)));
    const takers = touched.flatMap(({ into }) => holders.get(into) ?? []);
    if (takers.length === 0) throw gone();
    if (takers.every(({ deletedAt }) => deletedAt !== undefined)) throw deletedByPerson("sessionId");
    const stated = state(asStated(source));
    const next = withOwn(source, stated, addReadings(pieces, readings));
    const parts = await composed([...holders.values()], next, stated.arrivingUntil);
    const isOwn = holders.has(known.sessionId);
    return await lines.stateAll(known, isOwn ? parts : [{ next, known }, ...parts], also);
  }

  /** Each holder with what follows for it from one source as it becomes. */
  async function composed(
    holders: readonly Session[],
    next: Session,
    arrivingUntil: number | undefined,
  ): Promise<Part[]> {
    const own = holders.map((known) => (known.sessionId === next.sessionId ? next : asSource(known)));
    const others = await sourcesOf(holders);
    // A holder may hold readings of another holder.
    const all = [...new Map([...others, ...own, next].map((one) => [one.sessionId, one])).values()];
    return own.map((holder, i) => (
      { next: { ...compose(holder, all), arrivingUntil, updatedAt: next.updatedAt }, known: holders[i] }
    ));
  }

  return {
    lead,
    findShown,
    familyOf,
    sourcesOf,
    isShared,
    change,

    /** The session that an instant of another belongs to, where that was split. */
    async at(session: Session, at: number): Promise<Session | undefined> {
      let holder: Session | undefined = session;
      for (let step = 0; holder && step < LIMITS.mergedSteps; step++) {
        const held = holder.pieces && pieceAt(holder.pieces, at)?.into;
        const into = held === undefined || held === holder.sessionId ? splitOff(holder, at) : held;
        if (into === undefined) break;
        const next: Session | undefined = await lead(session.tenantId, into);
        if (next?.sessionId === holder.sessionId) break;
        holder = next;
      }
      return holder;
    },
  };
}

function gone(): InvalidInputError {
  const message = "became a part of a session that is gone since; nothing was counted";
  return new InvalidInputError([{ path: ["sessionId"], message }]);
}

/**
 * The sessions that people split off one, and what holds readings of its device. Cuts that came to it with motion are none: they were
 * made of another session.
 */
export function splitsOf({ ends, isStated, said, pieces = [] }: Session): Set<string> {
  const isOpened = !(said?.isStated ?? isStated);
  const cuts = ends.flatMap(({ into, anchor }) =>
    into === undefined || (anchor !== undefined && !isOpened) ? [] : into
  );
  return new Set([...pieces.map(({ into }) => into), ...cuts]);
}

/** The sensor on whose line a session lies. */
export function lineOf({ tenantId, sensorId }: Session): Owner {
  return { tenantId, sensorId };
}
