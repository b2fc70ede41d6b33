import { LRUCache } from "lru-cache";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { isCounted } from "../core/watermark.ts";
import { LOST, retryLost, type Written } from "../core/writes.ts";
import { type Aside, farReceipts, longDoubt } from "./aside.ts";
import type { createClearing } from "./clearing.ts";
import { heardOf } from "./heard.ts";
import { type createHearing, deletedByPerson } from "./hearing.ts";
import { sensorKeyOf } from "./item.ts";
import type { createLasting } from "./lasting.ts";
import type { Lines, Owner } from "./lines.ts";
import { type BatchInput, type MotionInput, parseBatch, parseMotion, type SentBatch, type Session } from "./model.ts";
import type { Paused, Pausing } from "./pausing.ts";
import {
  erasedSince,
  implausible,
  judgePauses,
  judgeReadings,
  judgeStatements,
  lagOf,
  mustBeSince,
} from "./plausible.ts";
import { digestOf, type Readings } from "./readings.ts";
import {
  type BatchPayload,
  type ClearedPayload,
  mismatch,
  type MotionPayload,
  type PayloadMismatch,
  type Quarantined,
} from "./results.ts";
import { decideBatch, spanOf } from "./batches.ts";
import { asSource, asStated } from "./pieces.ts";
import type { createSettings } from "./settings.ts";
import type { Sources } from "./sources.ts";
import type { SessionStore } from "./store.ts";

/** Batches in a session's item; then they move to a sheet of the directory. */
const MAX_SPANS = 24;
const MAX_REMEMBERED = 50_000;
/** Wrong fields that are named at once. */
const MAX_FIELDS = 20;

/** What devices and sensors send: each message counts once. */
export function createDevices(
  { store, lines, sources, hearing, lasts, clear, pausing, aside, readings, settings, changed, clock }: {
    store: SessionStore;
    lines: Lines;
    sources: Sources;
    hearing: ReturnType<typeof createHearing>;
    lasts: ReturnType<typeof createLasting>;
    clear: ReturnType<typeof createClearing>;
    pausing: Pick<Pausing, "say">;
    aside: Aside;
    readings: Readings;
    settings: ReturnType<typeof createSettings>;
    /** Called with each session that changed. */
    changed: (session: Session) => void;
    clock: Clock;
  },
) {
  /** Which session a sensor's motion was counted in last: a guess that a condition checks. */
  const believed = new LRUCache<string, string>({ maxSize: MAX_REMEMBERED, sizeCalculation: () => 1 });

  return {
    /**
     * Counts a motion event once: by (sensor, boot, seq), or by (sensor, instant) where it has no number; or keeps that motion
     * ceased. Throws InvalidInputError.
     */
    async recordMotion(
      tenantId: string,
      userId: string | undefined,
      input: unknown,
    ): Promise<MotionPayload | ClearedPayload | PayloadMismatch | Quarantined> {
      const parsed = parseMotion(input, clock());
      const { sensorId, at, seq, boot } = parsed;
      mustBeSince({ erasedUntil: await settings.erasedUntil(tenantId, sensorId) }, "at", at);
      const plausible = await settings.plausibleOf(tenantId, sensorId);
      const reason = implausible(at, clock(), plausible);
      const lagMs = lagOf(parsed.endedAt ?? at, clock(), plausible);
      const motion: MotionInput = { ...parsed, lagMs };
      const lasting = (motion.endedAt ?? at) - at > plausible.lengthMs ? "lasts longer than is believed" : undefined;
      const doubt = lasting ?? (motion.endedAt ? implausible(motion.endedAt, clock(), plausible) : undefined);
      if (reason === undefined && doubt !== undefined) {
        throw new InvalidInputError([{ path: ["endedAt"], message: `${doubt} (configureSessions)` }]);
      }
      if (reason !== undefined) return await aside.holdMotion(tenantId, motion, reason);
      if (motion.state === "CLEARED") {
        const payload = await clear({ tenantId, sensorId, userId }, motion);
        if (payload.__typename === "MotionClearedPayload" && payload.session && !payload.duplicate) {
          changed(payload.session);
        }
        return payload;
      }
      const sensorKey = sensorKeyOf(tenantId, sensorId);
      const guess = believed.get(sensorKey);
      const next = guess === undefined ? undefined : await store.addNextMotion(
        { tenantId, sessionId: guess, sensorId },
        heardOf(at, seq, boot),
        { boot: boot ?? undefined, lagMs },
        clock(),
      );
      const payload = next?.ok ? counted(next.current) : await hearing.hear({ tenantId, sensorId, userId }, motion);
      if (payload.__typename !== "RecordMotionPayload") return payload;
      const { session, duplicate } = payload;
      if (!session.next) believed.set(sensorKey, session.sessionId);
      if (!duplicate) {
        changed(session);
        await hearing.turnSheet(session);
      }
      return motion.endedAt === at || typeof motion.endedAt !== "number"
        ? payload
        : { ...payload, session: await lasts(session, at, motion.endedAt) };
    },

    /** Counts a batch once, by (session, batchOffset); its readings are in the object store first. Throws InvalidInputError. */
    ingestBatch: (tenantId: string, userId: string | undefined, input: unknown) =>
      ingest(tenantId, userId, parseBatch(input)),
  };

  /** `erased`: until when its sensor's past was erased, as far as this process heard of it by the sensor itself. */
  async function ingest(
    tenantId: string,
    userId: string | undefined,
    sent: SentBatch,
    erased?: number,
  ): Promise<BatchPayload | PayloadMismatch> {
    const judged = await judge(tenantId, sent, erased);
    const { batch, receipts, doubts, pauses } = judged;
    const keep = () => readings.keep(tenantId, batch, digestOf(sent));
    const kept = await keep();
    if (kept === "other") {
      return mismatch(
        `Batch ${batch.batchOffset} of this session came before with other content; nothing was changed. Give new readings the next offset.`,
      );
    }
    const span = spanOf(batch);
    const isOne = span !== undefined && span.lastAt - span.firstAt <= batch.apartMs;
    const next = isOne && !batch.final
      ? await store.addNextBatch({ ...batch, tenantId }, span, batch, clock())
      : undefined;
    const own = { ...batch, tenantId };
    /** Whether it was taken away again. What was found kept by another try may be gone since, with what an erasure removed. */
    const settle = async (isCountedNow: boolean): Promise<boolean> => {
      const isOurs = isCountedNow ? kept === "same" && await keep() === "created" : kept === "created";
      return isOurs && await leave(own, digestOf(sent), keep);
    };
    const counting = next?.ok
      ? Promise.resolve(batchPayload(next.current, false))
      : countBatch({ tenantId, userId, sensorId: batch.sensorId }, batch, next);
    const payload = await counting.catch(async (error: unknown) => {
      if (error instanceof InvalidInputError) await settle(false);
      throw error;
    });
    if (typeof payload === "number") {
      await readings.drop(own, batch.batchOffset, digestOf(sent));
      return await ingest(tenantId, userId, sent, payload);
    }
    if (payload.__typename !== "IngestSessionBatchPayload") {
      await settle(false);
      return payload;
    }
    const isGone = await settle(!payload.duplicate);
    // Of a batch that is refused nothing is kept aside; whoever dies before this is sent it again.
    const quarantineId = judged.isHeld && !isGone ? await aside.holdBatch(tenantId, sent, judged) : undefined;
    if (!payload.duplicate) {
      changed(payload.session);
      if (payload.source.spans.length >= MAX_SPANS) await turnSheet(payload.source);
    }
    const paused = pauses.length > 0
      ? await pausing.say(payload.source, pauses.map(({ said }) => said), true)
      : undefined;
    const apart = farReceipts(payload.source, sent, batch);
    const accepted = payload.duplicate ? 0 : batch.readings.length - apart.length;
    const long = longDoubt(payload.source, batch);
    return {
      ...{ ...payload, accepted, doubts: [...doubts, ...judged.leftOut, ...long, ...leftOut(pauses, paused)] },
      session: paused?.sessions.find(({ sessionId }) => sessionId === payload.session.sessionId) ?? payload.session,
      receipts: [...receipts, ...apart].sort((a, b) => a.index - b.index),
      quarantineId: quarantineId ?? (apart.length > 0 ? aside.idOfApart(batch) : undefined),
    };
  }

  /**
   * Takes away a batch that was kept and is not counted, or whose session is being erased: a repeat brings back nothing of that.
   * Whoever counts it meanwhile keeps it once more, or is seen here. False where it stays.
   */
  async function leave(
    batch: BatchInput & { tenantId: string },
    digest: string,
    keep: () => Promise<unknown>,
  ): Promise<boolean> {
    const { tenantId, sessionId, sensorId, batchOffset } = batch;
    const stays = async () => {
      const session = (await lines.find({ tenantId }, [sessionId])).get(sessionId);
      if (session?.sensorId !== sensorId || !isCounted(session.batches, BigInt(batchOffset))) return false;
      const { erasedUntil = -Infinity } = (await lines.findSensorState(session)).sensor ?? {};
      return session.startedAt > erasedUntil;
    };
    if (await stays()) return false;
    await readings.drop(batch, batchOffset, digest);
    if (await stays()) await keep();
    return true;
  }

  /** What of a batch counts. Throws InvalidInputError where none of its readings can be taken or kept. */
  async function judge(tenantId: string, sent: SentBatch, erased?: number) {
    const now = clock();
    const plausible = await settings.plausibleOf(tenantId, sent.sensorId);
    const erasedUntil = erased ?? await settings.erasedUntil(tenantId, sent.sensorId);
    const judged = judgeReadings(sent.readings, now, plausible, erasedUntil);
    const isPast = erasedUntil !== undefined && (sent.startedAt ?? Infinity) <= erasedUntil;
    const isAfter = judged.erased > 0 || isPast;
    const isNone = isAfter && !(await lines.find({ tenantId }, [sent.sessionId])).has(sent.sessionId);
    // Kept by one that had not heard of the erasure, and died.
    if (isNone) await readings.drop({ ...sent, tenantId }, sent.batchOffset, digestOf(sent));
    if (isNone && isPast && sent.readings.length === 0) mustBeSince({ erasedUntil }, "startedAt", sent.startedAt!);
    if (sent.readings.length > 0 && judged.readings.length + judged.held.length === 0) {
      throw new InvalidInputError(
        judged.receipts.slice(0, MAX_FIELDS).map(({ index, reason }) => {
          const [, field, message] = /^(?:([\w.]+): )?([^]*)$/.exec(reason)!;
          return { path: ["readings", `${index}`, ...(field?.split(".") ?? [])], message: message! };
        }),
      );
    }
    const firstAt = judged.readings.reduce((least, { at }) => Math.min(least, at), Infinity);
    const first = Number.isFinite(firstAt) ? firstAt : undefined;
    const leftOut = isPast ? [`startedAt: ${erasedSince(erasedUntil)}; it is left out`] : [];
    const said = isPast ? { ...sent, startedAt: undefined } : sent;
    const { doubts, ...stated } = judgeStatements(said, first, now, plausible);
    const { pauseDoubts, ...paused } = judgePauses(sent.pauses, now, plausible, erasedUntil);
    const isHeld = judged.held.length + doubts.length + paused.heldPauses.length > 0;
    const believed = { apartMs: plausible.apartMs, arrivedAt: now, measuredBy: now + plausible.aheadMs };
    const batch: BatchInput = { ...sent, ...stated, ...believed, readings: judged.readings };
    return { ...judged, ...paused, doubts: [...doubts, ...pauseDoubts], leftOut, isHeld, batch };
  }

  /** A number where its sensor was erased until then and this process had not heard of it: it is to be judged anew by that. */
  async function countBatch(
    of: Owner,
    batch: BatchInput,
    tried: Written<Session> | undefined,
  ): Promise<BatchPayload | PayloadMismatch | number> {
    const find = async () => (await lines.find(of, [batch.sessionId])).get(batch.sessionId);
    let known = tried ? tried.current : await find();
    return await retryLost(async () => {
      if (known && known.sensorId !== batch.sensorId) {
        return mismatch(
          `The session ${JSON.stringify(batch.sessionId)} belongs to another sensor; nothing was changed.`,
        );
      }
      if (known?.deletedAt !== undefined) throw deletedByPerson("sessionId");
      if (known && sources.isShared(known)) {
        const shared = await countShared(known, batch);
        if (shared) return shared;
        known = await find();
        return LOST;
      }
      const counted = known && decide(known, batch);
      if (counted?.kind === "duplicate") return batchPayload(known!, true);
      const apart = counted ? await aside.keepingApart(counted.session, known, batch.apartMs) : [];
      const own = counted && apart.length === 0 ? await lines.stateOwn(counted.session, known!) : undefined;
      if (own?.ok) return batchPayload(own.current, false);
      if (own) {
        known = own.current;
        return LOST;
      }
      const was = await lines.findSensorState(of);
      const { erasedUntil = -Infinity } = was.sensor ?? {};
      const starts = [batch.startedAt ?? Infinity, ...batch.readings.map(({ at }) => at)];
      if (starts.some((at) => at <= erasedUntil)) return erasedUntil;
      const next = counted?.session ?? await opened(of, batch, was);
      const also = counted ? apart : await aside.keepingApart(next, undefined, batch.apartMs);
      const isDone = await lines.state(of, next, known, was, also);
      known = await find();
      // Where it is gone already, with its sensor, it is to be told so.
      return isDone && known ? batchPayload(known, false) : LOST;
    });
  }

  /** A batch of a session of which others hold readings; undefined where something moved meanwhile. */
  async function countShared(known: Session, batch: BatchInput): Promise<BatchPayload | undefined> {
    const first = spanOf(batch)?.firstAt;
    const decision = decide(asStated(asSource(known)), batch);
    const isDuplicate = decision.kind === "duplicate";
    const state = (stated: Session) => {
      const counted = decide(stated, batch);
      return counted.kind === "counted" ? counted.session : stated;
    };
    if (!isDuplicate && !await sources.change(known, state, batch.readings)) return undefined;
    const source = (await lines.find(known, [known.sessionId])).get(known.sessionId);
    if (!source) return undefined;
    const whole = await sources.lead(known.tenantId, known.sessionId);
    const holder = whole && await sources.at(whole, first ?? clock());
    return { ...batchPayload(holder ?? source, isDuplicate), source };
  }

  /** A session that begins with a batch. What states no start is taken to begin when it arrived, until something does. */
  async function opened(
    of: Owner,
    batch: BatchInput,
    was: Awaited<ReturnType<Lines["findSensorState"]>>,
  ): Promise<Session> {
    const said = Math.min(batch.startedAt ?? Infinity, spanOf(batch)?.firstAt ?? Infinity);
    const isSaid = Number.isFinite(said);
    // A clock that is behind the one that erased the sensor's past says that it arrived in that.
    const startedAt = isSaid ? said : Math.max(batch.arrivedAt, (was.sensor?.erasedUntil ?? -Infinity) + 1);
    // Its signs say when it began; until there is one the arrival does.
    const fresh = await lines.begin(of, batch.sessionId, was, { startedAt, isStated: true });
    const decision = decide({ ...fresh, isStartGuessed: true }, batch);
    return (decision as { session: Session }).session;
  }

  function decide(session: Session, batch: BatchInput) {
    const decision = decideBatch(session, batch, clock());
    if (decision.kind === "refused") throw new InvalidInputError([{ path: ["batchOffset"], message: decision.reason }]);
    return decision;
  }

  /** Moves the directory's batches to a sheet. Where another writer comes between, a later batch does it. */
  async function turnSheet(session: Session): Promise<void> {
    await store.putSheet(session, session.spans);
    const { ok, current } = await store.replace({ ...session, spans: [] }, session);
    // An erasure may have looked for its sheets before it came.
    if (!ok && current?.createdAt !== session.createdAt) await store.removeSheet(session, session.spans);
  }
}

function counted(session: Session): MotionPayload {
  return { __typename: "RecordMotionPayload", session, started: false, duplicate: false };
}

/** Of pauses that were believed and cannot be kept, why. */
function leftOut(pauses: readonly { index: number }[], paused: Paused | undefined): string[] {
  return [...paused?.refused ?? []].map(([i, { field, why }]) =>
    `pauses.${pauses[i]!.index}.${field}: ${why}; it is left out`
  );
}

function batchPayload(session: Session, duplicate: boolean): BatchPayload {
  return {
    __typename: "IngestSessionBatchPayload",
    source: session,
    session,
    duplicate,
    accepted: 0,
    receipts: [],
    doubts: [],
  };
}
