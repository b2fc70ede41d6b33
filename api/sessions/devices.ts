import { LRUCache } from "lru-cache";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import { LOST, retryLost, type Written } from "../core/writes.ts";
import { sensorKeyOf } from "./item.ts";
import type { SessionLists } from "./lists.ts";
import { type BatchInput, type MotionInput, parseBatch, parseMotion, type Session } from "./model.ts";
import type { Opening, SensorState } from "./opening.ts";
import type { Readings } from "./readings.ts";
import { type BatchPayload, mismatch, type MotionPayload, type PayloadMismatch } from "./results.ts";
import {
  applyMotion,
  applyMotionNumber,
  decideBatch,
  decideMotionTarget,
  endedBy,
  isMotionKnown,
  spanOf,
} from "./rules.ts";
import type { SessionStore } from "./store.ts";

/** Batches in a session's item; then they move to a sheet of the directory. */
const MAX_SPANS = 24;
const MAX_REMEMBERED = 50_000;

/** What devices and sensors send: each message counts once. */
export function createDevices({ store, lists, readings, opening, changed, clock, ids }: {
  store: SessionStore;
  lists: SessionLists;
  readings: Readings;
  opening: Opening;
  /** Called with each session that changed. */
  changed: (session: Session) => void;
  clock: Clock;
  ids: Ids;
}) {
  /** Which session a sensor's motion was counted in last: a guess that a condition checks. */
  const believed = new LRUCache<string, string>({ max: MAX_REMEMBERED });

  return {
    /** Counts a motion event once, by (sensor, seq). Throws InvalidInputError. */
    async recordMotion(tenantId: string, userId: string | undefined, input: unknown): Promise<MotionPayload> {
      const motion = parseMotion(input, clock());
      const guess = believed.get(sensorKeyOf(tenantId, motion.sensorId));
      const next = guess === undefined
        ? undefined
        : await store.addNextMotion({ tenantId, sessionId: guess, sensorId: motion.sensorId }, motion, clock());
      const payload = next?.ok ? counted(next.current) : await placeAndCount(tenantId, userId, motion);
      believed.set(sensorKeyOf(tenantId, motion.sensorId), payload.session.sessionId);
      if (!payload.duplicate) changed(payload.session);
      return payload;
    },

    /** Counts a batch once, by (session, batchOffset); its readings are in the object store first. Throws InvalidInputError. */
    async ingestBatch(
      tenantId: string,
      userId: string | undefined,
      input: unknown,
    ): Promise<BatchPayload | PayloadMismatch> {
      const batch = parseBatch(input, clock());
      if (await readings.keep(tenantId, batch) === "other") {
        return mismatch(
          `Batch ${batch.batchOffset} of this session came before with other content; nothing was changed. Give new readings the next offset.`,
        );
      }
      const span = spanOf(batch);
      const next = span && !batch.final
        ? await store.addNextBatch({ ...batch, tenantId }, span, batch, clock())
        : undefined;
      const payload = next?.ok ? batchPayload(next.current, false) : await countBatch(tenantId, userId, batch, next);
      if (payload.__typename === "IngestSessionBatchPayload" && !payload.duplicate) {
        changed(payload.session);
        if (payload.session.spans.length >= MAX_SPANS) await turnSheet(payload.session);
      }
      return payload;
    },
  };

  /** The way for a motion that is not simply the next of a running session. */
  async function placeAndCount(
    tenantId: string,
    userId: string | undefined,
    motion: MotionInput,
  ): Promise<MotionPayload> {
    const { sensorId, seq, at } = motion;
    return await retryLost(async () => {
      const sensorState = await opening.findSensorState(tenantId, sensorId);
      const { latest } = sensorState;
      const near = !latest || at >= latest.startedAt
        ? { before: latest, after: undefined }
        : await lists.neighbours(tenantId, sensorId, at);
      const after = near.after?.sessionId === latest?.sessionId ? latest : near.after;
      const before = near.before?.sessionId === latest?.sessionId ? latest : near.before;
      const target = decideMotionTarget(motion, latest, before, after);
      if (!latest && sensorState.sensor?.motions && isMotionKnown(sensorState.sensor.motions, seq)) throw deleted();
      if (latest && isMotionKnown(latest.motions, seq)) {
        const session = target.kind === "in" ? target.session : before ?? latest;
        return { __typename: "RecordMotionPayload", session, started: false, duplicate: true };
      }
      const now = clock();
      if (target.kind === "in") {
        const session = await countIn(target.session, latest!, motion, now);
        return session ? counted(session) : LOST;
      }
      const fresh = await opening.begin({ tenantId, sessionId: ids(), sensorId, userId }, sensorState, at, now);
      const session = applyMotion(fresh, at, now);
      const isWritten = await start(session, sensorState, seq, target.kind, now);
      return isWritten ? { ...counted(await reread(session)), started: true } : LOST;
    });
  }

  async function countIn(
    target: Session,
    latest: Session,
    { seq, at }: MotionInput,
    now: number,
  ): Promise<Session | undefined> {
    const session = applyMotion(target, at, now);
    if (target.sessionId === latest.sessionId) {
      const written = await store.replace(applyMotionNumber(session, seq), latest);
      return written.ok ? written.current : undefined;
    }
    const done = await store.open([
      { session, known: target },
      { session: applyMotionNumber({ ...latest, updatedAt: now }, seq), known: latest },
    ]);
    return done ? await reread(session) : undefined;
  }

  function start(
    session: Session,
    sensorState: SensorState,
    seq: number,
    kind: "new" | "past",
    now: number,
  ): Promise<boolean> {
    if (kind === "new") return opening.open(applyMotionNumber(session, seq), sensorState, now);
    const latest = sensorState.latest!;
    return store.open([
      { session: endedBy(session, "IDLE"), known: undefined },
      { session: applyMotionNumber({ ...latest, updatedAt: now }, seq), known: latest },
    ]);
  }

  async function countBatch(
    tenantId: string,
    userId: string | undefined,
    batch: BatchInput,
    tried: Written<Session> | undefined,
  ): Promise<BatchPayload | PayloadMismatch> {
    const find = async () => (await store.find(tenantId, [batch.sessionId])).get(batch.sessionId);
    let known = tried ? tried.current : await find();
    return await retryLost(async () => {
      if (!known) {
        const session = await openForBatch(tenantId, userId, batch);
        if (session) return batchPayload(session, false);
        known = await find();
        return LOST;
      }
      if (known.sensorId !== batch.sensorId) {
        return mismatch(
          `The session ${JSON.stringify(batch.sessionId)} belongs to another sensor; nothing was changed.`,
        );
      }
      const decision = decideBatch(known, batch, clock());
      if (decision.kind === "duplicate") return batchPayload(known, true);
      if (decision.kind === "refused") {
        throw new InvalidInputError([{ path: ["batchOffset"], message: decision.reason }]);
      }
      const written = await store.replace(decision.session, known);
      known = written.current;
      return written.ok ? batchPayload(written.current, false) : LOST;
    });
  }

  /** A session that begins with a batch: as the sensor's latest, or as one of the past where a later one has begun. */
  async function openForBatch(
    tenantId: string,
    userId: string | undefined,
    batch: BatchInput,
  ): Promise<Session | undefined> {
    const now = clock();
    const { sessionId, sensorId } = batch;
    const sensorState = await opening.findSensorState(tenantId, sensorId);
    const startedAt = Math.min(batch.startedAt ?? Infinity, spanOf(batch)?.firstAt ?? Infinity);
    const fresh = await opening.begin(
      { tenantId, sessionId, sensorId, userId },
      sensorState,
      Number.isFinite(startedAt) ? startedAt : now,
      now,
    );
    const decision = decideBatch(fresh, batch, now);
    if (decision.kind === "refused") throw new InvalidInputError([{ path: ["batchOffset"], message: decision.reason }]);
    const session = (decision as { session: Session }).session;
    const isLatest = !sensorState.latest || session.startedAt >= sensorState.latest.startedAt;
    const done = isLatest
      ? await opening.open(session, sensorState, now)
      : await store.open([{ session: endedBy(session, "IDLE"), known: undefined }]);
    return done ? await reread(session) : undefined;
  }

  async function reread({ tenantId, sessionId }: Session): Promise<Session> {
    return (await store.find(tenantId, [sessionId])).get(sessionId)!;
  }

  /** Moves the directory's batches to a sheet. Where another writer comes between, a later batch does it. */
  async function turnSheet(session: Session): Promise<void> {
    await store.putSheet(session, session.spans);
    await store.replace({ ...session, spans: [] }, session);
  }
}

function counted(session: Session): MotionPayload {
  return { __typename: "RecordMotionPayload", session, started: false, duplicate: false };
}

function batchPayload(session: Session, duplicate: boolean): BatchPayload {
  return { __typename: "IngestSessionBatchPayload", session, duplicate };
}

function deleted(): InvalidInputError {
  const message = "was recorded before, in a session that has been deleted since; nothing was changed";
  return new InvalidInputError([{ path: ["seq"], message }]);
}
