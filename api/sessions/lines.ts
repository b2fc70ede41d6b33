import type { TransactWrite } from "../aws/dynamo.ts";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { LOST, retryLost, type Written } from "../core/writes.ts";
import { deletedIn, withTakenOut } from "./deleted.ts";
import {
  byId,
  goneInto,
  hasPeoples,
  inLine,
  isAsSeen,
  isOwn,
  isPlaced,
  isSaidFrom,
  isSame,
  linked,
  movesMotion,
  nextOf,
  overflows,
  placeKeyOf,
  reachesNext,
  type Settled,
  settleLine,
} from "./line.ts";
import { isSince, type LineChange, type LinePlace, type LineStore } from "./line-store.ts";
import { DEFAULT_IDLE_MS, DEFAULT_KEEP_MS, type Heard, type Sensor, type Session } from "./model.ts";
import { noNumbers, type Numbers } from "./numbers.ts";
import { createPresence } from "./presence.ts";
import { stand, startOf } from "./rules.ts";
import type { createSettings } from "./settings.ts";
import type { SessionStore } from "./store.ts";

/**
 * A sensor with its latest session, as they are this moment. `isMended`: sessions were deleted when their time had come, and
 * what is left does not know it yet; whoever writes next writes it as a change of the line.
 */
export type SensorState = { sensor: Sensor | undefined; latest: Session | undefined; isMended: boolean };
export type Near = { before: Session | undefined; after: Session | undefined; isMended: boolean };
export type Owner = { tenantId: string; sensorId: string; userId?: string | undefined };

/** A session as it becomes, and as it was read; undefined: not there. */
export type Part = { next: Session; known: Session | undefined };

/** What a message of a sensor says beside its place: numbers and starts of the device, and that motion ceased then. */
export type Message = { was: SensorState; sensor: Partial<Sensor>; numbers: Numbers; cleared?: readonly number[] };

/** Sessions of a line as they become, and as they were; with those that are, or become, a part of another. */
type Stretch = {
  line: Session[];
  originals: Map<string, Session>;
  stubs?: Map<string, Session>;
  gone?: readonly Session[];
};

/** A stretch of a line that one change may reach over; how many of its sessions it may move, the store says. */
const MAX_STRETCH = 1_600;
const PAGE = 25;

export type Lines = ReturnType<typeof createLines>;

/**
 * Changes of a sensor's line: what is stated of a session, and what motion follows from it. A change that moves neither
 * a start nor anybody's motion is one conditional write of one session; any other is a transaction that also moves the
 * sensor's revision, so that there is one at a time.
 */
export function createLines({ store, lineStore, settings, clock, ids }: {
  store: SessionStore;
  lineStore: LineStore;
  settings: ReturnType<typeof createSettings>;
  clock: Clock;
  ids: () => string;
}) {
  const presence = createPresence({ lineStore, find, settings });

  async function find({ tenantId }: Pick<Owner, "tenantId">, ids: readonly string[]): Promise<Map<string, Session>> {
    return ids.length === 0 ? new Map() : await store.find(tenantId, ids);
  }

  function findSensorState({ tenantId, sensorId }: Owner): Promise<SensorState> {
    const of = { tenantId, sensorId };
    return retryLost(async () => {
      const known = (await store.findSensors(tenantId, [sensorId])).get(sensorId);
      const id = known?.latestSessionId;
      const past = await settings.pastOf(of, known);
      const sensor = past ? { ...of, ...known, ...past } : known;
      const latest = id === undefined ? undefined : (await store.find(tenantId, [id])).get(id);
      // Between the two reads another may have become the latest: what is counted in this one now would count again there.
      if (latest?.mergedInto !== undefined) return LOST;
      if (latest?.next && (await lineStore.last(of))?.sessionId !== id) return LOST;
      // It was deleted when its time had come, or what it names next.
      if (id !== undefined && (!latest || latest.next)) return await mended(of, sensor!);
      // Or the sensor may have said for the first time that motion ceased, which the latest session knows by itself.
      const more = latest?.numbers.clearedAt === undefined ? {} : { clears: true as const };
      return { sensor: sensor && { ...sensor, ...more }, latest, isMended: false };
    });
  }

  /** The latest of the sessions that are left, where the sensor's latest one was deleted, or one after it. */
  async function mended(of: Owner, sensor: Sensor): Promise<SensorState> {
    const place = await lineStore.last(of);
    const left = place && (await find(of, [place.sessionId])).get(place.sessionId);
    if (place && !left) await lineStore.removePlace(of, place);
    const latest = left && { ...left, next: undefined, numbers: sensor.numbers ?? left.numbers };
    return { sensor, latest, isMended: true };
  }

  /** A session as it begins at an instant, not yet written. */
  async function begin(
    { tenantId, sensorId, userId }: Owner,
    sessionId: string,
    { sensor, latest }: SensorState,
    { startedAt, isStated }: { startedAt: number; isStated: boolean },
  ): Promise<Session> {
    const { idleMs, keepMs = DEFAULT_KEEP_MS } = await settings.of(tenantId);
    const now = clock();
    return {
      ...{ tenantId, sessionId, sensorId, userId },
      ...startOf(startedAt, isStated, latest?.numbers ?? sensor?.numbers ?? noNumbers(), now),
      idleMs: sensor?.idleMs ?? idleMs ?? DEFAULT_IDLE_MS,
      keepMs,
      createdAt: now,
      playback: { started: false },
      revision: 0,
      labels: [],
      notes: null,
      pinned: false,
      version: 1,
    };
  }

  /** The sessions of these places in their order; undefined where one of them is no longer there. */
  async function sessionsAt(of: Owner, places: readonly LinePlace[]) {
    const ids = new Set(places.map(({ sessionId }) => sessionId));
    // A session whose place moves meanwhile is found twice.
    if (ids.size < places.length) return undefined;
    const found = await find(of, [...ids]);
    const sessions = places.map(({ sessionId }) => found.get(sessionId));
    for (const [i, session] of sessions.entries()) {
      // Deleted when its time had come, and its place not yet.
      if (!session) await lineStore.removePlace(of, places[i]!);
    }
    const isWhole = sessions.every((session, i) =>
      session && session.mergedInto === undefined && session.startedAt === places[i]!.startedAt
    );
    return isWhole ? sessions as Session[] : undefined;
  }

  /** The neighbours of an instant; undefined where the line moved while it was read. */
  async function around(of: Owner, { sensor, latest, isMended }: SensorState, at: number): Promise<Near | undefined> {
    if (latest && at >= latest.startedAt) return { before: latest, after: undefined, isMended };
    if (!sensor?.latestSessionId) return { before: undefined, after: undefined, isMended };
    const places = await lineStore.around(of, at);
    const both = await sessionsAt(of, [places.before, places.after].filter((place) => place !== undefined));
    if (!both) return undefined;
    const before = places.before && both[0];
    const after = places.after && both.at(-1);
    if (!before || before.next?.at === after?.startedAt) return { before, after, isMended };
    return { before: { ...before, next: after && nextOf(after) }, after, isMended: true };
  }

  /**
   * Writes a session as it becomes by what was stated of it, with all that follows for its neighbours; `known` is as it was
   * read, undefined: not there. False where something moved meanwhile.
   */
  async function state(
    of: Owner,
    next: Session,
    known: Session | undefined,
    seen?: SensorState,
    also: readonly TransactWrite[] = [],
  ): Promise<boolean> {
    if (known && isOwn(next, known) && !seen?.isMended) {
      const takesPeoples = next.version !== known.version;
      return await lineStore.commit({ changes: [{ session: stand(next, clock()), known, takesPeoples }], also });
    }
    const was = seen ?? await findSensorState(of);
    const stretch = newest(next, known, was) ?? await read(of, [{ next, known }]);
    if (!stretch) return false;
    // Its motion may lie before it now, or beyond what it reaches from there, which its own view does not tell.
    const isMoved = known?.lastHeardAt !== undefined && movesMotion(next, known);
    const change = await settled(of, stretch, was, isMoved);
    return change && isSince(change, [{ next, known }]) ? await commit(change, also) : false;
  }

  /**
   * Writes several sessions of a sensor as they become, with all that follows, or nothing: what a person merges, splits, or
   * takes back, and what a device sends for it. Those that become a part of another may be among them.
   */
  async function stateAll(of: Owner, parts: readonly Part[], also: readonly TransactWrite[] = []): Promise<boolean> {
    const was = await findSensorState(of);
    const stretch = await read(of, parts);
    const change = stretch && await settled(of, stretch, was, true);
    return change && isSince(change, parts) ? await commit(change, also) : false;
  }

  /** Writes what a message of a sensor changes of these sessions, and all that follows; its numbers go to the latest one. */
  async function stateMessage(
    of: Owner,
    parts: readonly Part[],
    { was, sensor, numbers, cleared = [] }: Message,
    also: readonly TransactWrite[],
  ): Promise<boolean> {
    const { tenantId, sensorId } = of;
    const { latest } = was;
    const alone = latest ? {} : { numbers };
    const turned = { ...was, sensor: { tenantId, sensorId, ...was.sensor, ...sensor, ...alone } };
    const numbered = latest && { ...latest, numbers };
    const moved = numbered && !isSame(numbered, latest) ? [{ session: numbered, known: latest }] : [];
    if (parts.length === 0) {
      return await lineStore.commit({ changes: moved, sensor: { now: turned.sensor, known: was.sensor }, also });
    }
    const stretch = await read(of, parts);
    const change = stretch && await settled(of, stretch, { ...turned, latest: numbered }, true, cleared);
    if (!change || !isSince(change, [])) return false;
    const isIn = change.changes.some(({ session }) => session.sessionId === latest?.sessionId);
    return await commit({ ...change, changes: isIn ? change.changes : [...change.changes, ...moved] }, also);
  }

  /** Where a change begins to matter, up to the first session that it cannot reach. */
  async function read(of: Owner, parts: readonly Part[]): Promise<Stretch | undefined> {
    const known = parts.flatMap((part) => (part.known && isPlaced(part.known) ? [part.known] : []));
    const next = parts.map((part) => part.next).filter(isPlaced);
    const places = [...known, ...next].map(placeKeyOf).sort();
    // What begins at the same instant may go into what is stated there, and the one before sees another next then.
    const instant = places[0]!.split("#")[0]!;
    const first = await lineStore.before(of, instant);
    const later = await following(of, first?.key ?? instant, places.at(-1)!);
    const found = await sessionsAt(of, later);
    if (!found || (first && found[0]?.sessionId !== first.sessionId)) return undefined;
    const ids = new Set(parts.map((part) => part.next.sessionId));
    const line = found.filter((session) => !ids.has(session.sessionId));
    if (found.length - line.length !== known.length) return undefined;
    const originals = byId([...line, ...known]);
    const stubs = parts.flatMap((part) => (part.known && !isPlaced(part.known) ? [part.known] : []));
    const gone = parts.map((part) => part.next).filter((session) => !isPlaced(session));
    return { line: [...line, ...next].sort(inLine), originals, stubs: byId(stubs), gone };
  }

  /** The places from one on, to the second beyond both others. */
  async function following(of: Owner, from: string, last: string) {
    for (let limit = PAGE; limit <= MAX_STRETCH; limit *= 4) {
      const places = await lineStore.from(of, from, limit);
      const beyond = places.findIndex(({ key }) => key > last);
      if (places.length < limit || (beyond >= 0 && beyond < limit - 1)) {
        return beyond < 0 ? places : places.slice(0, beyond + 1);
      }
    }
    throw tooFar();
  }

  /** What a stretch becomes; undefined where it moved while it was read. */
  async function settled(
    of: Owner,
    { line, originals, stubs = new Map(), gone = [] }: Stretch,
    was: SensorState,
    isMoved: boolean,
    cleared: readonly number[] = [],
  ): Promise<LineChange | undefined> {
    const now = clock();
    let stretch = line;
    let isLast = false;
    for (;;) {
      const end = [...originals.values()].sort(inLine).at(-1);
      // What it names next may have been deleted when its time had come.
      const beyond = isLast ? undefined : end?.next;
      const chain = linked(stretch, beyond);
      // The motion of those that go lies in the line. What was a part of another before, and stays so, has none, wherever it began.
      const moving = [...chain, ...gone.flatMap(({ sessionId }) => originals.get(sessionId) ?? [])];
      const clears = was.sensor?.clears === true;
      if (!isMoved && !clears && !chain.some((session) => reachesNext(session) || overflows(session))) {
        return changeOf(of, { sessions: chain, gone: [] }, originals, was, undefined, now);
      }
      const from = chain[0]!;
      const first = Math.min(
        ...moving.map((session) => originals.get(session.sessionId)?.startedAt ?? session.startedAt),
      );
      // What begins beyond holds all motion from its start on, also where the last one here begins at that very instant.
      const to = Math.min(
        Math.max(...moving.map((session) => session.lastHeardAt ?? session.startedAt)),
        (beyond?.at ?? Infinity) - 1,
      );
      const tails = moving.flatMap((session) => session.heard);
      const sheets = moving.some((session) => session.hasSheets)
        ? await lineStore.listHeard(of, Math.min(from.startedAt, first), to)
        : [];
      const heard = [...tails, ...sheets].map(({ at }) => at);
      const fresh = await begin(of, "", was, { startedAt: 0, isStated: false });
      const lasting = clears ? await presence.lasting(of, from, heard, beyond, cleared) : [];
      const opened = (at: number) => ({ ...fresh, sessionId: ids(), startedAt: at });
      const deleted = deletedIn(originals);
      const result = settleLine(chain, heard, opened, fresh.idleMs, lasting, deleted);
      const sessions = linked(result.sessions, beyond);
      // What begins beyond while motion lasts takes it over, or has motion of its own that ends it.
      const goesOn = beyond !== undefined && lasting.some(({ until }) => until >= beyond.at);
      const isSaidBeyond = beyond !== undefined && chain.some((session) => isSaidFrom(session, beyond.at));
      if (!goesOn && !isSaidBeyond && !reachesNext(sessions.at(-1)!)) {
        const all = {
          sessions,
          gone: [...result.gone, ...gone.map((session) => ({ session, into: session.mergedInto! }))],
        };
        const change = changeOf(of, all, new Map([...stubs, ...originals]), was, tails, now);
        return change && withTakenOut(lineStore, change, heard);
      }
      const more = end ? await lineStore.from(of, placeKeyOf(end), 2) : [];
      const added = await sessionsAt(of, more.slice(1));
      isLast = more.length === 1 && more[0]!.sessionId === end!.sessionId;
      if (isLast) continue;
      // What was a part of another as it was read, or not there at all, and has a place of its own by now, has moved meanwhile.
      const isKnown = (id: string) => stubs.has(id) || stretch.some(({ sessionId }) => sessionId === id);
      if (!added || added.length === 0 || added.some(({ sessionId }) => isKnown(sessionId))) return undefined;
      for (const session of added) originals.set(session.sessionId, session);
      stretch = [...stretch, ...added];
    }
  }

  function changeOf(
    of: Owner,
    { sessions, gone }: Settled,
    originals: ReadonlyMap<string, Session>,
    { sensor, latest, isMended }: SensorState,
    tails: readonly Heard[] | undefined,
    now: number,
  ): LineChange | undefined {
    if (latest && !isAsSeen(latest, originals.get(latest.sessionId))) return undefined;
    const last = sessions.at(-1)!;
    const isLatest = last.next === undefined;
    const becoming = sessions.map((session) => {
      const sheeted = tails ? { ...session, heard: [], hasSheets: true as const } : session;
      return isLatest && session === last && latest ? { ...sheeted, numbers: latest.numbers } : sheeted;
    });
    const changes = [
      ...becoming.map((session) => stand(session, now)),
      ...gone.map(({ session, into }) => goneInto(session, into)),
    ].flatMap((session) => {
      const known = originals.get(session.sessionId);
      // One that is the last again, since those after it are gone, is kept as that: as it was read it was mended already.
      const isLastAgain = isMended && isLatest && session.sessionId === last.sessionId;
      if (known && isSame(session, known) && !isLastAgain) return [];
      const takesPeoples = known ? known.version !== session.version : hasPeoples(session);
      return [{ session: { ...session, updatedAt: now }, known, takesPeoples }];
    });
    const latestSessionId = isLatest ? last.sessionId : sensor?.latestSessionId;
    return {
      changes,
      sheet: tails ?? [],
      sensor: {
        now: { ...sensor, tenantId: of.tenantId, sensorId: of.sensorId, latestSessionId },
        known: sensor,
      },
    };
  }

  const commit = (change: LineChange, also: readonly TransactWrite[]) =>
    lineStore.commit({ ...change, also: [...change.also ?? [], ...also] });

  return {
    find,
    /** The ids of the sessions that begin between two others, in their order. */
    async between(a: Session, b: Session): Promise<string[]> {
      const places = await following(a, placeKeyOf(a), placeKeyOf(b));
      return places.filter(({ key }) => key > placeKeyOf(a) && key < placeKeyOf(b))
        .map(({ sessionId }) => sessionId);
    },
    findSensorState,
    begin,
    around,
    state,
    stateAll,
    stateMessage,
    presence,

    /**
     * Writes a session that is there as it becomes, where that is its own affair: one conditional write. Undefined where it
     * moves others too, and `state` has to write it.
     */
    stateOwn(next: Session, known: Session): Promise<Written<Session>> | undefined {
      return isOwn(next, known) ? store.replace(stand(next, clock()), known) : undefined;
    },
  };
}

/** The stretch of a session that simply begins last; nothing has to be read for it. Undefined for any other. */
function newest(
  next: Session,
  known: Session | undefined,
  { sensor, latest, isMended }: SensorState,
): Stretch | undefined {
  if (known || isMended) return undefined;
  if (!sensor?.latestSessionId) return { line: [next], originals: new Map<string, Session>() };
  // Another writer may have opened this very session since it was looked for.
  if (!latest || latest.sessionId === next.sessionId || latest.startedAt >= next.startedAt) return undefined;
  return { line: [latest, next], originals: new Map([[latest.sessionId, latest]]) };
}

function tooFar(): InvalidInputError {
  const message =
    `would reach over more than ${MAX_STRETCH} sessions of the sensor; nothing was changed. Merge some first (mergeSessions)`;
  return new InvalidInputError([{ path: ["startedAt"], message }]);
}
