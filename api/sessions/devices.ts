import { LRUCache } from "lru-cache";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { LOST, retryLost, type Written } from "../core/writes.ts";
import { heardOf } from "./heard.ts";
import type { createHearing } from "./hearing.ts";
import { sensorKeyOf } from "./item.ts";
import type { Lines, Owner } from "./lines.ts";
import { type BatchInput, parseBatch, parseMotion, type Session } from "./model.ts";
import type { Readings } from "./readings.ts";
import { type BatchPayload, mismatch, type MotionPayload, type PayloadMismatch } from "./results.ts";
import { decideBatch, spanOf } from "./rules.ts";
import type { SessionStore } from "./store.ts";

/** Batches in a session's item; then they move to a sheet of the directory. */
const MAX_SPANS = 24;
const MAX_REMEMBERED = 50_000;

/** What devices and sensors send: each message counts once. */
export function createDevices({ store, lines, hearing, readings, changed, clock }: {
  store: SessionStore;
  lines: Lines;
  hearing: ReturnType<typeof createHearing>;
  readings: Readings;
  /** Report of each session that changed. */
  changed: (session: Session) => void;
  clock: Clock;
}) {
  /** Which session a sensor's motion was counted in last: a guess that a condition checks. */
  const believed = new LRUCache<string, string>({ max: MAX_REMEMBERED });

  return {
    /**
     * Counts a motion event once: by (sensor, boot, seq), or by (sensor, instant) where it has no number. Throws
     * InvalidInputError.
     */
    async recordMotion(
      tenantId: string,
      userId: string | undefined,
      input: unknown,
    ): Promise<MotionPayload | PayloadMismatch> {
      const motion = parseMotion(input, clock());
      const { sensorId, at, seq, boot } = motion;
      const sensorKey = sensorKeyOf(tenantId, sensorId);
      const guess = believed.get(sensorKey);
      const next = guess === undefined ? undefined : await store.addNextMotion(
        { tenantId, sessionId: guess, sensorId },
        heardOf(at, seq, boot),
        boot ?? undefined,
        clock(),
      );
      const payload = next?.ok ? counted(next.current) : await hearing.hear({ tenantId, sensorId, userId }, motion);
      if (payload.__typename !== "RecordMotionPayload") return payload;
      const { session, duplicate } = payload;
      if (!session.next) believed.set(sensorKey, session.sessionId);
      if (duplicate) return payload;
      changed(session);
      await hearing.turnSheet(session);
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
      const payload = next?.ok
        ? batchPayload(next.current, false)
        : await countBatch({ tenantId, userId, sensorId: batch.sensorId }, batch, next);
      if (payload.__typename === "IngestSessionBatchPayload" && !payload.duplicate) {
        changed(payload.session);
        if (payload.session.spans.length >= MAX_SPANS) await turnSheet(payload.session);
      }
      return payload;
    },
  };

  async function countBatch(
    of: Owner,
    batch: BatchInput,
    tried: Written<Session> | undefined,
  ): Promise<BatchPayload | PayloadMismatch> {
    const find = async () => (await lines.find(of, [batch.sessionId])).get(batch.sessionId);
    let known = tried ? tried.current : await find();
    return await retryLost(async () => {
      if (known && known.sensorId !== batch.sensorId) {
        return mismatch(
          `The session ${JSON.stringify(batch.sessionId)} belongs to another sensor; nothing was changed.`,
        );
      }
      const counted = known && decide(known, batch);
      if (counted?.kind === "duplicate") return batchPayload(known!, true);
      const own = counted && await lines.stateOwn(counted.session, known!);
      if (own?.ok) return batchPayload(own.current, false);
      if (own) {
        known = own.current;
        return LOST;
      }
      const was = await lines.findSensorState(of);
      const next = counted?.session ?? await opened(of, batch, was);
      if (await lines.state(of, next, known, was)) return batchPayload((await find())!, false);
      known = await find();
      return LOST;
    });
  }

  /** A session that begins with a batch. What states no start is taken to begin now, until something does. */
  async function opened(
    of: Owner,
    batch: BatchInput,
    was: Awaited<ReturnType<Lines["findSensorState"]>>,
  ): Promise<Session> {
    const said = Math.min(batch.startedAt ?? Infinity, spanOf(batch)?.firstAt ?? Infinity);
    const isSaid = Number.isFinite(said);
    const startedAt = isSaid ? said : clock();
    const fresh = await lines.begin(of, batch.sessionId, was, { startedAt, isStated: true });
    const decision = decide(isSaid ? fresh : { ...fresh, isStartGuessed: true }, batch);
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
    await store.replace({ ...session, spans: [] }, session);
  }
}

function counted(session: Session): MotionPayload {
  return { __typename: "RecordMotionPayload", session, started: false, duplicate: false };
}

function batchPayload(session: Session, duplicate: boolean): BatchPayload {
  return { __typename: "IngestSessionBatchPayload", session, duplicate };
}
