import { createHash } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import { LOST, retryLost } from "../core/writes.ts";
import {
  type CreationInput,
  parseAnnotation,
  parseCreation,
  parseEnd,
  parseUpdate,
  type Session,
  type UpdateInput,
} from "./model.ts";
import type { Opening } from "./opening.ts";
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
import { applyMotion, applyStart, endedBy } from "./rules.ts";
import type { SessionStore } from "./store.ts";

/** What people and their programs do with sessions. All throw InvalidInputError for input that can never work. */
export function createPeople({ store, opening, changed, clock, ids }: {
  store: SessionStore;
  opening: Opening;
  changed: (session: Session) => void;
  clock: Clock;
  ids: Ids;
}) {
  const find = async (tenantId: string, sessionId: string) => (await store.find(tenantId, [sessionId])).get(sessionId);

  return {
    /** Opens a session at a sensor; one that is active there ends. The same id again gives the same session. */
    async create(tenantId: string, userId: string, input: unknown): Promise<SessionPayload | PayloadMismatch> {
      const creation = parseCreation(input, clock());
      const sessionId = creation.sessionId ?? ids();
      return await retryLost(async () => {
        const known = await find(tenantId, sessionId);
        if (known?.createdWith !== undefined || (known && known.sensorId !== creation.sensorId)) {
          return known.createdWith === fingerprint(creation) ? sessionPayload(known) : mismatch(
            `The session ${JSON.stringify(sessionId)} was created before with other content; choose another id.`,
          );
        }
        const session = known ? await adopt(known, creation) : await open(tenantId, userId, sessionId, creation);
        return session ? announce(session) : LOST;
      });
    },

    /** Counts or notes what happened, once for each update id. */
    async update(tenantId: string, input: unknown): Promise<SessionPayload | NotFound | SessionEnded> {
      const update = parseUpdate(input);
      return await retryLost(async () => {
        const [known, isRepeat] = await Promise.all([
          find(tenantId, update.sessionId),
          store.hasUpdate(tenantId, update.sessionId, update.updateId),
        ]);
        if (!known) return notFound(update.sessionId);
        if (isRepeat) return sessionPayload(known);
        if (known.status === "COMPLETED") {
          // Another try of the same update may have been counted between the two reads, before the end.
          const isCounted = await store.hasUpdate(tenantId, update.sessionId, update.updateId);
          return isCounted ? sessionPayload(known) : ended(known);
        }
        const isWritten = await store.markUpdate(applyUpdate(known, update, clock()), known, update.updateId);
        return isWritten ? announce((await find(tenantId, update.sessionId))!) : LOST;
      });
    },

    /** Ends a session; one that is over stays as it is. */
    async end(tenantId: string, input: unknown): Promise<SessionPayload | NotFound> {
      const { sessionId, endedAt, playbackStopped } = parseEnd(input, clock());
      let known = await find(tenantId, sessionId);
      return await retryLost(async () => {
        if (!known) return notFound(sessionId);
        if (known.status === "COMPLETED") return sessionPayload(known);
        const now = clock();
        const at = endedAt ?? Math.max(now, known.lastMotionAt);
        if (at < known.startedAt) {
          const start = new Date(known.startedAt).toISOString();
          throw new InvalidInputError([{ path: ["endedAt"], message: `must not be before the start, ${start}` }]);
        }
        const playback = playbackStopped ? { ...known.playback, stoppedAt: at } : known.playback;
        const written = await store.replace({ ...endedBy({ ...known, playback }, { at }), updatedAt: now }, known);
        known = written.current;
        return written.ok ? announce(written.current) : LOST;
      });
    },

    /** Changes what people write, if nobody did since the version that this person saw. */
    async annotate(tenantId: string, input: unknown): Promise<SessionPayload | NotFound | VersionConflict> {
      const { sessionId, expectedVersion, labels, notes, pinned } = parseAnnotation(input);
      const known = await find(tenantId, sessionId);
      if (!known) return notFound(sessionId);
      if (known.version !== expectedVersion) return conflict(known, expectedVersion);
      const changedByPerson = {
        labels: labels === undefined ? known.labels : labels ?? [],
        notes: notes === undefined ? known.notes : notes,
        pinned: pinned ?? known.pinned,
        version: known.version + 1,
      };
      const written = await store.annotate({ ...known, ...changedByPerson }, expectedVersion, clock());
      if (written.ok) return announce(written.current);
      return written.current ? conflict(written.current, expectedVersion) : notFound(sessionId);
    },
  };

  function announce(session: Session): SessionPayload {
    changed(session);
    return sessionPayload(session);
  }

  async function open(
    tenantId: string,
    userId: string,
    sessionId: string,
    creation: CreationInput,
  ): Promise<Session | undefined> {
    const now = clock();
    const { sensorId } = creation;
    const sensorState = await opening.findSensorState(tenantId, sensorId);
    const begun = await opening.begin(
      { tenantId, sessionId, sensorId, userId },
      sensorState,
      creation.startedAt ?? now,
      now,
    );
    const session = created(begun, creation);
    const isLatest = !sensorState.latest || session.startedAt >= sensorState.latest.startedAt;
    const done = isLatest
      ? await opening.open(session, sensorState, now)
      : await store.open([{ session: endedBy(session, "IDLE"), known: undefined }]);
    return done ? await find(tenantId, sessionId) : undefined;
  }

  /** A session that batches have opened already gets what its creator says of it. */
  async function adopt(known: Session, creation: CreationInput): Promise<Session | undefined> {
    const begun = applyStart(known, creation.startedAt ?? Infinity);
    const written = await store.replace({ ...created(begun, creation), updatedAt: clock() }, known);
    return written.ok ? written.current : undefined;
  }
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
  return createHash("sha256").update(JSON.stringify(content)).digest("base64url").slice(0, 22);
}

function applyUpdate(session: Session, update: UpdateInput, now: number): Session {
  const { playbackStarted, playbackFailure, playbackDeviceId, playbackContextUri } = update;
  const moved = update.incrementMotionCount ? applyMotion(session, now, now) : session;
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
