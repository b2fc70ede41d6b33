import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import { LOST, retryLost } from "../core/writes.ts";
import {
  type Correction,
  IMAGE,
  type Image,
  type Left,
  parseMerge,
  parseSeen,
  parseSplit,
  type Seen,
} from "./correction-model.ts";
import type { History } from "./history.ts";
import { goneInto, inLine } from "./line.ts";
import type { Lines, Part } from "./lines.ts";
import { type Carved, isDevice, mergeSessions, splitSession } from "./merging.ts";
import type { Piece, Report, Session } from "./model.ts";
import { isSamePause, type PauseSaid, signOf } from "./pauses.ts";
import { asItsOwn, compose, isWithin, regrouped } from "./pieces.ts";
import { mustBeSince } from "./plausible.ts";
import {
  conflict,
  mismatch,
  type NotFound,
  notFound,
  type PayloadMismatch,
  type SessionPayload,
  sessionPayload,
  type SplitPayload,
  type VersionConflict,
} from "./results.ts";
import { anchorOf, applyPauses, sensorOf, statedEndOf } from "./rules.ts";
import { type Sources, splitsOf } from "./sources.ts";
import type { SessionStore } from "./store.ts";

/** How people merge and split sessions, and take that back. All throw InvalidInputError for input that can never work. */
export function createCorrections({ store, lines, sources, history, changed, clock, ids }: {
  store: SessionStore;
  lines: Lines;
  sources: Sources;
  history: Pick<History, "countReadings">;
  changed: (session: Session) => void;
  clock: Clock;
  ids: Ids;
}) {
  return {
    /** Makes sessions of one sensor that follow each other one: the first, to which the ids of the others lead. */
    async merge(tenantId: string, input: unknown): Promise<SessionPayload | NotFound | VersionConflict> {
      const asked = parseMerge(input);
      return await retryLost(async () => {
        // Asked again: they are one already.
        const [one, ...others] = await Promise.all(
          asked.map(({ sessionId }) => sources.findShown(tenantId, sessionId)),
        );
        const isOne = one?.deletedAt === undefined && others.every((other) => other?.sessionId === one?.sessionId);
        if (one && isOne) return sessionPayload(one);
        const found = await see(tenantId, asked);
        if (!Array.isArray(found)) return found;
        const members = [...found].sort(inLine);
        await mustFollow(members);
        const held = await sources.sourcesOf(members);
        return await write(members, held, mergeSessions(members, held), members[0]!.sessionId);
      });
    },

    /** Makes a session two: it ends at the instant, and a new one begins there. The same new id again gives the same. */
    async split(
      tenantId: string,
      input: unknown,
    ): Promise<SplitPayload | NotFound | VersionConflict | PayloadMismatch> {
      const { at, newSessionId, ...asked } = parseSplit(input);
      const secondId = newSessionId ?? ids();
      return await retryLost(async () => {
        const known = (await store.find(tenantId, [secondId])).get(secondId);
        const [session] = known ? [await sources.lead(tenantId, asked.sessionId)] : [];
        if (known) {
          const isSame = session && known.said?.startedAt === at && isSplitOf(session, known, at);
          if (isSame) return splitPayload(session, known);
          return mismatch(`The session ${JSON.stringify(secondId)} is there already; choose another id.`);
        }
        const found = await see(tenantId, [asked]);
        if (!Array.isArray(found)) return found;
        const [whole] = found as [Session];
        mustLieWithin(whole, at);
        const held = await sources.sourcesOf([whole]);
        const before = new Map<string, Pick<Piece, "samples" | "lastAt">>();
        for (const source of [whole, ...held]) {
          const piece = source.pieces?.find((own) => own.into === whole.sessionId && isWithin(own, at));
          before.set(source.sessionId, await history.countReadings(source, piece?.from, at));
        }
        const was = await lines.findSensorState(whole);
        mustBeSince(was.sensor, "at", at);
        const begun = await lines.begin(whole, secondId, was, { startedAt: at, isStated: true });
        const carved = splitSession(whole, at, begun, held, ({ sessionId }) => before.get(sessionId)!);
        const payload = await write([whole], held, carved, whole.sessionId);
        if (payload === LOST) return LOST;
        const second = (await store.find(tenantId, [secondId])).get(secondId);
        return second ? splitPayload(payload.session, second) : LOST;
      });
    },

    /** Takes the newest merge or split of a session back, for as long as nothing else changed. */
    async undo(tenantId: string, input: unknown): Promise<SessionPayload | NotFound | VersionConflict> {
      const asked = parseSeen(input);
      return await retryLost(async () => {
        const found = await see(tenantId, [asked]);
        if (!Array.isArray(found)) return found;
        const [session] = found as [Session];
        const correction = await store.findCorrection(session);
        if (!correction || !isLeft(correction.left, session)) throw nothingToUndo();
        return await takeBack(session, correction);
      });
    },
  };

  /** The sessions that a person saw, as they are; or why that cannot be. */
  async function see(tenantId: string, asked: readonly Seen[]): Promise<Session[] | NotFound | VersionConflict> {
    const found: Session[] = [];
    for (const { sessionId, expectedVersion } of asked) {
      const session = await sources.findShown(tenantId, sessionId);
      if (!session || session.deletedAt !== undefined) return notFound(sessionId, session);
      if (session.version !== expectedVersion) return conflict(session, expectedVersion);
      found.push(session);
    }
    return found;
  }

  async function mustFollow(members: readonly Session[]): Promise<void> {
    const [first] = members as [Session];
    const fail = (message: string) => {
      throw new InvalidInputError([{ path: ["sessions"], message }]);
    };
    if (new Set(members.map(({ sessionId }) => sessionId)).size < members.length) {
      fail("name one session under two of its ids");
    }
    if (members.some((one) => one.sensorId !== first.sensorId || sensorOf(one) !== sensorOf(first))) {
      fail("must be at one sensor, and have been there when they were recorded");
    }
    const between = await lines.between(first, members.at(-1)!);
    const other = between.find((id) => !members.some(({ sessionId }) => sessionId === id));
    if (other !== undefined) {
      const isDeleted = (await lines.find(first, [other])).get(other)?.deletedAt !== undefined;
      const remedy = isDeleted ? "a person deleted it: restore it first" : "name it too, or correct it first";
      fail(`must follow each other: ${JSON.stringify(other)} begins between them; ${remedy}`);
    }
  }

  /** Writes what a person made of sessions, and how to take it back. */
  async function write(
    known: readonly Session[],
    held: readonly Session[],
    { shown, gone, sources: kept }: Carved,
    main: string,
  ): Promise<SessionPayload | typeof LOST> {
    const now = clock();
    const before = new Map([...known, ...held].map((session) => [session.sessionId, session]));
    const next = [...shown, ...gone.map((session) => goneInto(session, main)), ...kept];
    const parts = next.map((session): Part => (
      { next: { ...session, updatedAt: now }, known: before.get(session.sessionId) }
    ));
    const correction: Correction = {
      sessions: [...shown, ...gone].map(({ sessionId }) => ({ sessionId, image: imageOf(before.get(sessionId)) })),
      left: shown.map(leftOf),
      held: Object.fromEntries(
        next.filter(({ pieces }) => pieces).map(({ sessionId }) => [sessionId, before.get(sessionId)?.pieces]),
      ),
    };
    const done = shown.find(({ sessionId }) => sessionId === main)!;
    const also = [store.correctionOf(done, correction)];
    if (!await lines.stateAll(done, parts, also)) return LOST;
    return await announced(done, parts);
  }

  async function takeBack(
    session: Session,
    { sessions, left, held }: Correction,
  ): Promise<SessionPayload | VersionConflict | typeof LOST> {
    const heldBy = new Map(Object.entries(held));
    const all = [...sessions.map(({ sessionId }) => sessionId), ...heldBy.keys()];
    const known = await lines.find(session, [...new Set(all)]);
    for (const { sessionId, version } of left) {
      const now = known.get(sessionId);
      if (!now) throw nothingToUndo();
      if (!isLeft(left, now)) return conflict(now, version);
    }
    const members = new Set(sessions.map(({ sessionId }) => sessionId));
    const own = new Map([...known].map(([id, one]) => {
      const before = heldBy.get(id);
      return [id, before && one.pieces ? { ...one, pieces: regrouped(one.pieces, before, members) } : one] as const;
    }));
    for (const { sessionId, image } of sessions) {
      const one = known.get(sessionId);
      // What a device sent by the new id since has no other place.
      if (!one || (!image && isDevice(one))) throw nothingToUndo();
      const was = image
        ? restored(one, image, heldBy.get(sessionId), members)
        : { ...goneInto(one, session.sessionId), own: undefined, pieces: undefined, sources: undefined };
      own.set(sessionId, was);
    }
    // Others that only sent readings hold what they held; whose else they hold is not read here.
    const isWhole = ({ sessionId, mergedInto, pieces }: Session) =>
      members.has(sessionId) && mergedInto === undefined && pieces !== undefined;
    const back = new Map(
      [...own].map(([id, one]) => [id, isWhole(one) ? compose(one, [...own.values()]) : one] as const),
    );
    // What others that only sent readings know of pauses is none of it.
    const ours = (of: ReadonlyMap<string, Session>) => sessions.flatMap(({ sessionId }) => of.get(sessionId) ?? []);
    for (const { report, isOwn } of pausesSince(ours(known), sessions, left)) {
      // By the starts that they have then: their devices may have said since when they began.
      const shown = ours(back).filter((one) => one.mergedInto === undefined).sort(inLine);
      const holders = holdersIn(shown, report.pause!);
      const [holder] = holders as [Session];
      // What came with motion goes wherever that lies now; who has it here the line does not ask.
      if (!isOwn) back.set(holder.sessionId, { ...holder, reported: [...holder.reported, report] });
      else for (const one of familyIn(shown, holders)) back.set(one.sessionId, applyPauses(one, [report.pause!]));
    }
    const next = [...back.values()];
    const now = clock();
    const parts = next.map((one): Part => ({ next: { ...one, updatedAt: now }, known: known.get(one.sessionId) }));
    const isDone = await lines.stateAll(session, parts, [store.noCorrectionOf(session)]);
    return isDone ? await announced(session, parts) : LOST;
  }

  /** What was corrected, as it is now; LOST where it is gone already, with its sensor: that is to be told. */
  async function announced({ tenantId, sessionId }: Session, parts: readonly Part[]) {
    for (const { next } of parts) changed(next);
    const session = (await store.find(tenantId, [sessionId])).get(sessionId);
    return session ? sessionPayload(session) : LOST;
  }
}

/** Of sessions in their order those in which a pause lies, or the last that had begun by then. */
function holdersIn(sessions: readonly Session[], pause: PauseSaid): Session[] {
  const { from = signOf(pause) } = pause;
  const holders = sessions.filter(({ startedAt }, i) =>
    startedAt <= signOf(pause) && (sessions[i + 1]?.startedAt ?? Infinity) > from
  );
  return holders.length > 0 ? holders : sessions.slice(0, 1);
}

/** Sessions with those of all that had been split off them: these know what is said of them (`Sources.familyOf`). */
function familyIn(sessions: readonly Session[], holders: readonly Session[]): Session[] {
  const family = [...holders];
  for (const one of family) {
    const ids = splitsOf(one);
    family.push(...sessions.filter((other) => ids.has(other.sessionId) && !family.includes(other)));
  }
  return family;
}

function splitPayload(first: Session, second: Session): SplitPayload {
  return { __typename: "SplitSessionPayload", first, second };
}

/** Whether one was split off another there, with readings of its device or with none that were left to give. */
function isSplitOf(session: Session, second: Session, at: number): boolean {
  return second.sources?.includes(session.sessionId) === true ||
    session.ends.some((end) => end.at === at && end.into === second.sessionId);
}

function mustLieWithin(session: Session, at: number): void {
  const end = statedEndOf(session)?.at ?? session.lastMotionAt;
  // What lies at a cut is no part of it, also where a person said since that it ended there: there is nothing to split off.
  const beneath = statedEndOf({ ...session, corrected: undefined });
  if (beneath?.isCut && at === beneath.at) throw splitThere(at);
  if (at > session.startedAt && at <= end) return;
  const [from, to] = [session.startedAt, end].map((one) => new Date(one).toISOString());
  const message = `must be after the start, ${from}, and not after the end, ${to}`;
  throw new InvalidInputError([{ path: ["at"], message }]);
}

function splitThere(at: number): InvalidInputError {
  const message = `is where this session was split before, ${new Date(at).toISOString()}; choose an earlier instant`;
  return new InvalidInputError([{ path: ["at"], message }]);
}

function imageOf(session: Session | undefined): Image | undefined {
  return session && Object.fromEntries(IMAGE.map((name) => [name, session[name]]));
}

function leftOf({ sessionId, version, ends, reported, corrected, bridges }: Session): Left {
  return { sessionId, version, ends, reported, corrected, bridges };
}

/** Whether a session is as a correction left it: no person and no statement changed it since. */
function isLeft(left: readonly Left[], session: Session): boolean {
  const own = left.find(({ sessionId }) => sessionId === session.sessionId);
  return own !== undefined && isDeepStrictEqual(plain(own), plain(leftOf(session))) &&
    session.deletedAt === undefined &&
    session.mergedInto === undefined;
}

/**
 * Without what is undefined, as it is stored; what was said stands in no order, and a line puts it into its own. Until when
 * motion lasted follows from what the sensor said, as motion does; pauses that were said since are kept.
 */
function plain({ ends, reported, bridges, ...left }: Left): unknown {
  const textOf = (one: object) => {
    const known = Object.entries(one).filter(([, value]) => value !== undefined);
    return JSON.stringify(known.sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  const told = reported.filter(({ isCleared, pause }) => !isCleared && !pause);
  const lists = [ends, told, bridges].map((list) => list.map(textOf).sort());
  return JSON.parse(JSON.stringify({ ...left, lists }));
}

/**
 * Pauses that were said of sessions since a person corrected them, or that came to them with motion (not `isOwn`). What was said of
 * motion before is the later half's own by the split itself.
 */
function pausesSince(
  known: readonly Session[],
  before: Correction["sessions"],
  left: readonly Left[],
): { report: Report; isOwn: boolean }[] {
  const then = before.flatMap(({ image }) => image?.reported ?? []);
  return known.flatMap((session) => {
    const had = [...then, ...left.find(({ sessionId }) => sessionId === session.sessionId)?.reported ?? []];
    const isKnown = ({ pause, anchor }: Report) =>
      had.some((other) => other.pause && other.anchor === anchor && isSamePause(other.pause, pause!));
    return session.reported.filter((report) => report.pause && !isKnown(report))
      .map((report) => ({ report, isOwn: report.anchor === anchorOf(session) }));
  });
}

/** What a session was, with what its device states now. */
function restored(
  session: Session,
  image: Image,
  before: readonly Piece[] | undefined,
  members: ReadonlySet<string>,
): Session {
  const all = Object.fromEntries(IMAGE.map((name) => [name, image[name]])) as Image;
  const back: Session = { ...session, ...all, mergedInto: undefined, version: session.version + 1 };
  return before && session.pieces ? { ...back, pieces: regrouped(session.pieces, before, members) } : asItsOwn(back);
}

function nothingToUndo(): InvalidInputError {
  const message = "has no merge or split that can be taken back: there was none, or something else changed since; " +
    "mergeSessions and splitSession can still put it right";
  return new InvalidInputError([{ path: ["sessionId"], message }]);
}
