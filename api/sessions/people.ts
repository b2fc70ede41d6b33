import { createHash } from "node:crypto";
import type { TransactWrite } from "../aws/dynamo.ts";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { parseCorrection, parseRestoration, parseSeen } from "./correction-model.ts";
import {
  type CreationInput,
  parseAnnotation,
  parseCreation,
  parseEnd,
  parseUpdate,
  type Session,
  type UpdateInput,
} from "./model.ts";
import { deletedByPerson } from "./hearing.ts";
import type { LineStore } from "./line-store.ts";
import { mustBeSince } from "./plausible.ts";
import type { Lines, Owner, SensorState } from "./lines.ts";
import {
  conflict,
  ended,
  mismatch,
  type NotFound,
  notFound,
  type PayloadMismatch,
  type SessionEnded,
  type SessionPayload,
  sessionPayload,
  type VersionConflict,
} from "./results.ts";
import { liesWithin, outside } from "./pauses.ts";
import { instantsOf } from "./recount.ts";
import { applyReport } from "./reports.ts";
import { applyCorrection, applyDeletion, applyEnd, applyRestoration, asOf, reachOf, statedEndOf } from "./rules.ts";
import { applyStart } from "./batches.ts";
import type { Sources } from "./sources.ts";
import type { SessionStore } from "./store.ts";

type Changed = { next: Session; also?: TransactWrite[] };

/** A deletion takes motion out in so many items, of one transaction. */
const MAX_TAKEN_OUT = 50;
/** Different ends that may be said of one session: they lie in its item. */
const MAX_ENDS = 100;

/** What people and their programs do with sessions. All throw InvalidInputError for input that can never work. */
export function createPeople({ store, lineStore, lines, sources, changed, clock, ids }: {
  store: SessionStore;
  lineStore: LineStore;
  lines: Lines;
  sources: Sources;
  changed: (session: Session) => void;
  clock: Clock;
  ids: Ids;
}) {
  const findAny = sources.findShown;

  return {
    /** Opens a session at a sensor; one that is active there ends. The same id again gives the same session. */
    async create(tenantId: string, userId: string, input: unknown): Promise<SessionPayload | PayloadMismatch> {
      const creation = parseCreation(input, clock());
      const sessionId = creation.sessionId ?? ids();
      return await retryLost(async () => {
        const known = (await store.find(tenantId, [sessionId])).get(sessionId);
        const holder = known && await sources.lead(tenantId, sessionId);
        if (holder?.deletedAt !== undefined) throw deletedByPerson("sessionId");
        if (known && !holder) {
          return mismatch(
            `The session ${JSON.stringify(sessionId)} became a part of one that is gone since; choose another id.`,
          );
        }
        if (holder && (known.createdWith !== undefined || known.sensorId !== creation.sensorId)) {
          return known.createdWith === fingerprint(creation) ? sessionPayload(holder) : mismatch(
            `The session ${JSON.stringify(sessionId)} was created before with other content; choose another id.`,
          );
        }
        if (known && sources.isShared(known)) {
          const at = creation.startedAt ?? clock();
          const begin = (stated: Session) => ({ ...created(applyStart(stated, at), creation), updatedAt: clock() });
          const isDone = await sources.change(known, begin, []);
          return isDone ? await shown(tenantId, sessionId) : LOST;
        }
        const of = { tenantId, userId, sensorId: creation.sensorId };
        const was = await lines.findSensorState(of);
        const startedAt = creation.startedAt ?? clock();
        mustBeSince(was.sensor, "startedAt", startedAt);
        if (await isInDeleted(of, was, startedAt)) throw deletedByPerson("startedAt");
        const begun = known
          ? applyStart(known, startedAt)
          : { ...await lines.begin(of, sessionId, was, { startedAt, isStated: true }), base: startedAt };
        const session = { ...created(begun, creation), updatedAt: clock() };
        return await lines.state(of, session, known, was) ? await shown(tenantId, sessionId) : LOST;
      });
    },

    /** Counts or notes what happened, once for each update id. */
    async update(
      tenantId: string,
      input: unknown,
    ): Promise<SessionPayload | NotFound | SessionEnded | PayloadMismatch> {
      const update = parseUpdate(input);
      const { sessionId, updateId, ...said } = update;
      const { incrementMotionCount, playbackStarted, playbackFailure, playbackDeviceId, playbackContextUri } = said;
      const content = digestOf([
        ...[incrementMotionCount, playbackStarted ?? null, playbackFailure ?? null],
        ...[playbackDeviceId ?? null, playbackContextUri ?? null],
      ]);
      const repeated = (known: Session, { content: other = content }: { content?: string }) => (
        other === content ? sessionPayload(known) : mismatch(
          `The update ${
            JSON.stringify(updateId)
          } came before with other content; nothing was changed. Give it an id of its own.`,
        )
      );
      return await retryLost(async () => {
        const [known, done] = await Promise.all([
          findAt(tenantId, sessionId, clock()),
          store.findUpdate(tenantId, sessionId, updateId),
        ]);
        if (!isThere(known)) return notFound(sessionId, known);
        if (done) return repeated(known, done);
        if (asOf(known, clock()).status === "COMPLETED") {
          // Another try of the same update may have been counted between the two reads, before the end.
          const since = await store.findUpdate(tenantId, sessionId, updateId);
          return since ? repeated(known, since) : ended(known);
        }
        const of: Owner = known;
        const marker = store.markerOf(tenantId, sessionId, updateId, content);
        if (
          await lines.state(of, applyUpdate(known, update, clock()), known, undefined, [marker])
        ) {
          const written = await findAny(tenantId, known.sessionId);
          return written ? announce(written) : notFound(sessionId);
        }
        return LOST;
      });
    },

    /**
     * Says when a session ended. Of several ends the earliest holds; an end that is said beats a guess by silence. One before
     * the start is kept and holds once an earlier start is known, as it would had that been known before.
     */
    async end(tenantId: string, input: unknown): Promise<SessionPayload | NotFound> {
      const { sessionId, endedAt, playbackStopped } = parseEnd(input, clock());
      return await retryLost(async () => {
        const now = clock();
        const known = await findAt(tenantId, sessionId, endedAt ?? now);
        if (!isThere(known)) return notFound(sessionId, known);
        // Without an end now is meant: of a session whose end was stated that says nothing more.
        if (typeof endedAt !== "number" && statedEndOf(known)) return sessionPayload(known);
        const at = endedAt ?? Math.max(now, known.lastMotionAt);
        const isEarly = at < known.startedAt;
        if (isEarly && !known.isStated) throw beforeStart(known);
        const all = applyEnd(known, at, sessionId);
        const isBeyond = all.ends.length > MAX_ENDS;
        if (isBeyond && at < (statedEndOf(known)?.at ?? Infinity)) throw tooManyEnds();
        // Beyond those that are kept, one that is later than what holds says nothing more.
        const said = isBeyond ? known : all;
        const answer = (session: Session): SessionPayload => ({
          ...sessionPayload(session),
          ...(isEarly ? { held: heldUntil(known) } : {}),
        });
        const playback = playbackStopped && known.playback.stoppedAt === undefined
          ? { ...known.playback, stoppedAt: at }
          : known.playback;
        if (said === known && playback === known.playback) return answer(known);
        const next = { ...said, playback, updatedAt: now };
        const own = await lines.stateOwn(next, known);
        if (own?.ok) return answer(announce(own.current).session);
        if (!own && await lines.state(known, next, known)) {
          const written = await findAny(tenantId, known.sessionId);
          return written ? answer(announce(written).session) : notFound(sessionId);
        }
        return LOST;
      });
    },

    /** Says when a session began or ended, against all that devices say; null takes it back. Others follow. */
    async correct(tenantId: string, input: unknown): Promise<SessionPayload | NotFound | VersionConflict> {
      const { sessionId, expectedVersion, ...given } = parseCorrection(input, clock());
      const corrected = await change(await findAny(tenantId, sessionId), sessionId, expectedVersion, (known) => {
        const next = applyCorrection(known, given);
        const end = typeof given.startedAt === "number" && typeof given.endedAt !== "number"
          ? statedEndOf({ ...next, startedAt: Math.min(next.said?.startedAt ?? Infinity, next.startedAt) })?.at
          : next.corrected?.endedAt;
        // Of several ends that were said the next one after the start holds.
        if (end !== undefined && end < next.startedAt && statedEndOf(next)?.by !== "EXPLICIT") {
          throw typeof given.startedAt === "number" ? afterEnd(end) : beforeStart(next);
        }
        const { tenantId, shownAt } = next;
        return { next, also: shownAt === undefined ? [] : [lineStore.sensorNamed({ tenantId, sensorId: shownAt })] };
      });
      if (corrected.__typename !== "SessionPayload") return corrected;
      const { session } = corrected;
      const beyond = (given.pauses ?? []).findIndex((pause) => !liesWithin(pause, session));
      return beyond < 0 ? corrected : { ...corrected, held: `pauses.${beyond}: ${outside(session)}` };
    },

    /**
     * Takes a session out of every list and count; what its device still sends of it is refused. It can be restored until it
     * expires.
     */
    async remove(tenantId: string, input: unknown): Promise<SessionPayload | NotFound | VersionConflict> {
      const { sessionId, expectedVersion } = parseSeen(input);
      return await change(await findAny(tenantId, sessionId), sessionId, expectedVersion, async (known) => {
        const instants = await instantsOf(lineStore, known);
        const also = lineStore.takenOut(known, instants);
        if (also.length > MAX_TAKEN_OUT) throw tooLarge(instants.length);
        return { next: applyDeletion(known, also.length, clock()), also };
      });
    },

    /** Brings back what was deleted; what nobody deleted stays as it is. */
    async restore(tenantId: string, input: unknown): Promise<SessionPayload | NotFound> {
      const { sessionId } = parseRestoration(input);
      return await retryLost(async () => {
        const known = await findAny(tenantId, sessionId);
        if (!known || known.purgedAt !== undefined) return notFound(sessionId);
        if (known.deletedAt === undefined) return sessionPayload(known);
        const next = { ...applyRestoration(known), version: known.version + 1, updatedAt: clock() };
        const also = lineStore.notTakenOut(known, known.beforeDeletion!.takenOut);
        // Where it has no start of its own it may be a part of another by now.
        return await lines.state(known, next, known, undefined, also) ? await shown(tenantId, sessionId) : LOST;
      });
    },

    /** Changes what people write, if nobody did since the version that this person saw. */
    async annotate(tenantId: string, input: unknown): Promise<SessionPayload | NotFound | VersionConflict> {
      const { sessionId, expectedVersion, labels, notes, pinned } = parseAnnotation(input);
      const known = await findAny(tenantId, sessionId);
      if (!isThere(known)) return notFound(sessionId, known);
      if (known.version !== expectedVersion) return conflict(known, expectedVersion);
      const changedByPerson = {
        labels: labels === undefined ? known.labels : labels ?? [],
        notes: notes === undefined ? known.notes : notes,
        pinned: pinned ?? known.pinned,
        version: known.version + 1,
      };
      const written = await store.annotate({ ...known, ...changedByPerson }, expectedVersion, clock());
      if (written.ok) return announce(written.current);
      // It may have become a part of another session since it was read.
      const current = written.current?.mergedInto === undefined ? written.current : await findAny(tenantId, sessionId);
      return isThere(current) ? conflict(current, expectedVersion) : notFound(sessionId, current);
    },
  };

  /** Whether it would begin within a session that a person deleted, and take of the motion that is deleted with that. */
  async function isInDeleted(of: Owner, was: SensorState, startedAt: number): Promise<boolean> {
    if (!was.latest || startedAt > reachOf(was.latest)) return false;
    const before = (await lines.around(of, was, startedAt))?.before;
    return before?.deletedAt !== undefined && startedAt <= reachOf(before);
  }

  /** The session of an id at an instant: a person may have split it since the id was given. */
  async function findAt(tenantId: string, sessionId: string, at: number): Promise<Session | undefined> {
    const session = await findAny(tenantId, sessionId);
    return session && await sources.at(session, at);
  }

  /** A person's change of the session itself: of the version that was seen, with all that follows for its neighbours. */
  async function change(
    known: Session | undefined,
    sessionId: string,
    seenVersion: number,
    decide: (known: Session) => Changed | Promise<Changed>,
  ): Promise<SessionPayload | NotFound | VersionConflict> {
    let current = known;
    return await retryLost(async () => {
      if (!isThere(current)) return notFound(sessionId, current);
      if (current.version !== seenVersion) return conflict(current, seenVersion);
      const { next, also } = await decide(current);
      const written = { ...next, version: current.version + 1, updatedAt: clock() };
      const isDone = await lines.state(current, written, current, undefined, also);
      current = await findAny(current.tenantId, current.sessionId);
      // Erased with its sensor as soon as it was done.
      return isDone ? current ? announce(current) : notFound(sessionId) : LOST;
    });
  }

  /** What was just begun, as it is shown; LOST where it is gone already, with its sensor: that is to be told. */
  async function shown(tenantId: string, sessionId: string): Promise<SessionPayload | typeof LOST> {
    const session = await findAny(tenantId, sessionId);
    return session ? announce(session) : LOST;
  }

  function announce(session: Session): SessionPayload {
    changed(session);
    return sessionPayload(session);
  }
}

function isThere(session: Session | undefined): session is Session {
  return session !== undefined && session.deletedAt === undefined;
}

function beforeStart({ startedAt }: Session): InvalidInputError {
  const message = `must not be before the start, ${new Date(startedAt).toISOString()}`;
  return new InvalidInputError([{ path: ["endedAt"], message }]);
}

function afterEnd(endedAt: number): InvalidInputError {
  const message = `must not be after the end, ${new Date(endedAt).toISOString()}; correct \`endedAt\` with it`;
  return new InvalidInputError([{ path: ["startedAt"], message }]);
}

function heldUntil({ startedAt }: Session): string {
  return `endedAt: is before the start that is known, ${
    new Date(startedAt).toISOString()
  }; it is kept, and holds once an earlier start is known`;
}

function tooManyEnds(): InvalidInputError {
  const message = `is one of more than ${MAX_ENDS} ends of this session; correctSession says which it is`;
  return new InvalidInputError([{ path: ["endedAt"], message }]);
}

function tooLarge(count: number): InvalidInputError {
  const message = `has ${count} motion events, more than can be taken out of all counts at once; nothing was changed`;
  return new InvalidInputError([{ path: ["sessionId"], message }]);
}

function created(session: Session, creation: CreationInput): Session {
  const { playbackDeviceId, playbackContextUri } = creation;
  return {
    ...session,
    createdWith: fingerprint(creation),
    playback: {
      ...session.playback,
      ...(playbackDeviceId ? { deviceId: playbackDeviceId } : {}),
      ...(playbackContextUri ? { contextUri: playbackContextUri } : {}),
    },
  };
}

function fingerprint({ sensorId, startedAt, playbackDeviceId, playbackContextUri }: CreationInput): string {
  const content = [sensorId, startedAt ?? null, playbackDeviceId ?? null, playbackContextUri ?? null];
  return digestOf(content);
}

function digestOf(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("base64url").slice(0, 22);
}

function applyUpdate(session: Session, update: UpdateInput, now: number): Session {
  const { playbackStarted, playbackFailure, playbackDeviceId, playbackContextUri } = update;
  const moved = update.incrementMotionCount ? applyReport(session, now) : session;
  return {
    ...moved,
    updatedAt: now,
    playback: {
      ...session.playback,
      ...(playbackStarted === true ? { started: true, startedAt: now, failure: undefined } : {}),
      ...(playbackStarted === false ? { started: false } : {}),
      ...(playbackFailure ? { started: false, failure: playbackFailure } : {}),
      ...(playbackDeviceId ? { deviceId: playbackDeviceId } : {}),
      ...(playbackContextUri ? { contextUri: playbackContextUri } : {}),
    },
  };
}
