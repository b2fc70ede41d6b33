import { count, emptyWatermark, isCounted, type Watermark } from "../core/watermark.ts";
import type { BatchInput, BatchSpan, DeviceState, MotionInput, Session } from "./model.ts";

/** Numbers of motion events and of batches begin at 0. */
export const FIRST = 0n;

/** Gaps that are remembered. Of motion, the oldest are given up; a batch that would open one more is refused. */
const MAX_MOTION_GAPS = 100;
const MAX_BATCH_GAPS = 1_000;

/** A session as it is before anything is known of it but its start. */
export function startOf(startedAt: number, idleMs: number, motions: Watermark, now: number): DeviceState {
  return {
    status: "ACTIVE",
    startedAt,
    lastMotionAt: startedAt,
    motionEventCount: 0,
    sampleCount: 0,
    motions,
    batches: emptyWatermark(FIRST),
    spans: [],
    openUntil: startedAt + idleMs,
    checkAt: startedAt + idleMs,
    updatedAt: now,
  };
}

/** When the session ended; undefined while it is active. Late motion and late batches move it. */
export function endOf(session: DeviceState): number | undefined {
  switch (session.endedBy) {
    case undefined:
      return undefined;
    case "EXPLICIT":
      return session.explicitEnd!;
    case "FINAL":
      return session.deviceDuration ? session.startedAt + session.deviceDuration.ms : session.lastMotionAt;
    case "IDLE":
      return session.lastMotionAt;
  }
}

/** Milliseconds from start to end: what the device measured, else by the clock; undefined while active. */
export function durationOf(session: DeviceState): number | undefined {
  const endedAt = endOf(session);
  if (endedAt === undefined) return undefined;
  if (session.endedBy !== "EXPLICIT" && session.deviceDuration) return session.deviceDuration.ms;
  return Math.max(0, endedAt - session.startedAt);
}

/** The last instant at which a motion still belongs to the session. */
export function reachOf(session: DeviceState & { idleMs: number }): number {
  if (session.status === "ACTIVE") return Math.max(session.openUntil, session.lastMotionAt + session.idleMs);
  return session.endedBy === "IDLE" ? session.lastMotionAt + session.idleMs : endOf(session)!;
}

/** Whether a motion at this instant belongs to a session that started before it. */
export function covers(session: Session, at: number): boolean {
  return session.startedAt <= at && at <= reachOf(session);
}

/** Whether a motion at this instant lies so close before the session that it is its true start. */
export function precedes(session: Session, at: number): boolean {
  return at < session.startedAt && session.startedAt - at <= session.idleMs;
}

/** The session with one more motion event. The watermark of its numbers is kept by the sensor's latest session. */
export function applyMotion(session: Session, at: number, now: number): Session {
  return {
    ...session,
    startedAt: Math.min(session.startedAt, at),
    lastMotionAt: Math.max(session.lastMotionAt, at),
    motionEventCount: session.motionEventCount + 1,
    motionAt: at,
    openUntil: Math.max(session.openUntil, at + session.idleMs),
    updatedAt: now,
  };
}

/** The session with the number of a motion event counted. */
export function applyMotionNumber(session: Session, seq: number): Session {
  const counted = count(session.motions, BigInt(seq));
  const [oldest] = counted.ahead;
  if (counted.ahead.length <= MAX_MOTION_GAPS) return { ...session, motions: counted };
  return { ...session, motions: count(counted, counted.hi + 1n, oldest![0]) };
}

export function isMotionKnown(motions: Watermark, seq: number): boolean {
  return isCounted(motions, BigInt(seq));
}

export type BatchDecision = { kind: "duplicate" } | { kind: "refused"; reason: string } | {
  kind: "counted";
  session: Session;
};

/** Counts a batch once by its offset. The result depends on the set of batches, not on their order. */
export function decideBatch(session: Session, batch: BatchInput, now: number): BatchDecision {
  const offset = BigInt(batch.batchOffset);
  if (isCounted(session.batches, offset)) return { kind: "duplicate" };
  const batches = count(session.batches, offset);
  if (batches.ahead.length > MAX_BATCH_GAPS) {
    return {
      kind: "refused",
      reason:
        `leaves more than ${MAX_BATCH_GAPS} gaps open; send the missing batches first (all up to ${batches.hi} are here)`,
    };
  }
  const span = spanOf(batch);
  const begun = applyStart(session, Math.min(span?.firstAt ?? Infinity, batch.startedAt ?? Infinity));
  const counted: Session = {
    ...begun,
    batches,
    spans: span ? [...session.spans, span] : session.spans,
    sampleCount: session.sampleCount + batch.readings.length,
    lastMotionAt: Math.max(begun.lastMotionAt, span?.lastAt ?? -Infinity),
    deviceDuration: longerSeen(session.deviceDuration, batch),
    openUntil: session.motionEventCount === 0
      ? now + session.idleMs
      : Math.max(session.openUntil, now + session.idleMs),
    updatedAt: now,
  };
  return { kind: "counted", session: batch.final ? endedBy(counted, "FINAL") : counted };
}

/** The session with a start that is known of it. Where there was no motion and no reading, the start is the last motion. */
export function applyStart(session: Session, at: number): Session {
  const startedAt = Math.min(session.startedAt, at);
  const isSilent = session.motionEventCount === 0 && session.sampleCount === 0;
  return { ...session, startedAt, lastMotionAt: isSilent ? startedAt : session.lastMotionAt };
}

/** Where a batch lies in time; undefined where it holds no readings. */
export function spanOf({ batchOffset, readings }: BatchInput): BatchSpan | undefined {
  if (readings.length === 0) return undefined;
  const times = readings.map((reading) => reading.at);
  return {
    offset: batchOffset,
    firstAt: times.reduce((a, b) => Math.min(a, b)),
    lastAt: times.reduce((a, b) => Math.max(a, b)),
    count: readings.length,
  };
}

/**
 * The session, over. The first reason stays, with one exception: a device's final batch replaces a timeout. A session that the
 * sweeper ended at 12:05 for silence (IDLE) becomes FINAL when the batch with `final` arrives at 12:20; one that a person ended
 * stays EXPLICIT.
 */
export function endedBy<S extends DeviceState>(session: S, reason: "FINAL" | "IDLE" | { at: number }): S {
  if (typeof reason === "object") {
    if (session.status === "COMPLETED") return session;
    return { ...session, status: "COMPLETED", endedBy: "EXPLICIT", explicitEnd: reason.at, checkAt: undefined };
  }
  if (session.status === "COMPLETED" && !(session.endedBy === "IDLE" && reason === "FINAL")) return session;
  return { ...session, status: "COMPLETED", endedBy: reason, checkAt: undefined };
}

/** The session when another begins at the same sensor: it is followed, and over. */
export function superseded(session: Session, byStartAt: number, now: number): Session {
  if (session.status === "COMPLETED") return { ...session, followed: true };
  const ended = byStartAt > reachOf(session)
    ? endedBy(session, "IDLE")
    : endedBy(session, { at: Math.max(session.lastMotionAt, byStartAt) });
  return { ...ended, followed: true, updatedAt: now };
}

/** What the sweeper does with a session whose time to be looked at has come. */
export function decideSweep(session: Session, now: number): Session | undefined {
  if (session.status === "COMPLETED") return undefined;
  if (now <= reachOf(session)) return { ...session, checkAt: reachOf(session) };
  return { ...endedBy(session, "IDLE"), updatedAt: now };
}

/** Where a motion belongs, among the sensor's latest session and its neighbours in time. */
export type MotionTarget = { kind: "in"; session: Session } | { kind: "new" } | { kind: "past" };

/**
 * Where a motion belongs: the session that covers its instant, else the one whose true start it is, else a new one: as the
 * latest, or in the past. `before` is the latest session that started at or before it, `after` the earliest that
 * started later.
 */
export function decideMotionTarget(
  { at }: MotionInput,
  latest: Session | undefined,
  before: Session | undefined,
  after: Session | undefined,
): MotionTarget {
  if (before && covers(before, at)) return { kind: "in", session: before };
  if (after && precedes(after, at)) return { kind: "in", session: after };
  return { kind: !latest || at >= latest.startedAt ? "new" : "past" };
}

function longerSeen(
  known: Session["deviceDuration"],
  { batchOffset, durationMs }: BatchInput,
): Session["deviceDuration"] {
  if (durationMs === null || durationMs === undefined || (known && known.offset > batchOffset)) return known;
  return { offset: batchOffset, ms: durationMs };
}
