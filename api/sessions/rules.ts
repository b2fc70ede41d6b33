import { MINUTE_MS } from "../core/clock.ts";
import { count, emptyWatermark, isCounted } from "../core/watermark.ts";
import { type Cluster, clustersIn, mainOf, MAX_CLUSTERS, spanning, united } from "./clusters.ts";
import type { BatchInput, BatchSpan, DeviceState, Heard, Numbers, Reading, Report, Session } from "./model.ts";
import { FIRST } from "./numbers.ts";

/** Gaps between batches that are remembered; a batch that would open one more is refused. */
const MAX_BATCH_GAPS = 1_000;

/** A session as it is before anything is known of it but its start. */
export function startOf(startedAt: number, isStated: boolean, numbers: Numbers, now: number): DeviceState {
  return {
    status: "ACTIVE",
    startedAt,
    isStated,
    lastMotionAt: startedAt,
    ends: [],
    bridges: [],
    reported: [],
    motionEventCount: 0,
    arrivedCount: 0,
    heard: [],
    sampleCount: 0,
    numbers,
    batches: emptyWatermark(FIRST),
    spans: [],
    updatedAt: now,
  };
}

/** Milliseconds from start to end: what the device measured, else by the clock; undefined while active. */
export function durationOf(session: DeviceState): number | undefined {
  const { endedAt, endedBy, startedAt } = session;
  if (endedAt === undefined) return undefined;
  const measured = endedBy === "FINAL" || endedBy === "IDLE" ? measuredOf(session) : undefined;
  return measured ?? Math.max(0, endedAt - startedAt);
}

/** How long the device measured it to be (ms); undefined where it did not, or says more than it can have measured. */
export function measuredOf(
  { startedAt, deviceDuration }: Pick<DeviceState, "startedAt" | "deviceDuration">,
): number | undefined {
  if (!deviceDuration) return undefined;
  const { ms, by = Infinity } = deviceDuration;
  return startedAt + ms <= by ? ms : undefined;
}

/** The latest sign of life. */
export function lastSignOf({ startedAt, lastReadingAt, lastHeardAt, reported, corrected }: DeviceState): number {
  return Math.max(
    startedAt,
    corrected?.until ?? startedAt,
    lastReadingAt ?? startedAt,
    lastHeardAt ?? startedAt,
    ...reported.map(({ at }) => at),
  );
}

/**
 * The end that was stated, and by whom; undefined where only silence can end the session. A person's correction holds, then
 * what was said, then the device's last word. The earliest of several ends holds: a retry of a request that ends it now
 * comes later; but none within silence that a person bridged. What a device measures never ends before its last reading.
 */
export function statedEndOf(session: DeviceState): { at: number; by: "CORRECTED" | "EXPLICIT" | "FINAL" } | undefined {
  if (session.corrected?.endedAt !== undefined) return { at: session.corrected.endedAt, by: "CORRECTED" };
  const ends = session.ends.filter((end) => !isBridged(session, end.at));
  const cuts = ends.filter(({ isCut }) => isCut);
  // What is said of a motion event, as a cut of what motion opened is, beats no end before that event.
  const said = ends.filter(({ at, isCut }) => !isCut && !cuts.some(({ anchor = -Infinity }) => anchor <= at))
    .map(({ at }) => at);
  if (said.length === 0 && cuts.length > 0) return { at: Math.min(...cuts.map(({ at }) => at)), by: "CORRECTED" };
  if (said.length > 0) return { at: Math.min(...said), by: "EXPLICIT" };
  if (!session.isFinal) return undefined;
  const own = session.reported.filter(({ anchor }) => anchor === undefined);
  const measured = session.finalAt ?? session.startedAt + (measuredOf(session) ?? 0);
  return { at: Math.max(measured, lastSignOf({ ...session, lastHeardAt: undefined, reported: own })), by: "FINAL" };
}

/** The last instant at which a motion still belongs to the session, by the device's clock alone. */
export function reachOf(session: DeviceState & { idleMs: number }): number {
  return statedEndOf(session)?.at ?? Math.max(lastSignOf(session) + session.idleMs, bridgedUntil(session));
}

/** Whether an end lies in silence that a person bridged. A bridge from a motion event beats no end before that event. */
function isBridged({ bridges }: DeviceState, at: number): boolean {
  return bridges.some(({ until, anchor = -Infinity }) => anchor <= at && at < until);
}

function bridgedUntil({ bridges }: DeviceState): number {
  return Math.max(-Infinity, ...bridges.map(({ until }) => until));
}

/** Until when a session without a stated end counts as live, by the arrival's clock. */
export function aliveUntil(session: DeviceState & { idleMs: number }): number {
  return Math.max(lastSignOf(session) + session.idleMs, session.arrivingUntil ?? 0);
}

/**
 * The session with what follows from what is known of it: whether it goes on, and how and when it ended. A stated end
 * holds; else whoever creates the next session ends this one, unless a device uploads it; else it goes on while it may be
 * live. The sensor's latest session is kept as active until the sweeper looks, so that history in order stays one small write;
 * readers see it `asOf` now.
 */
export function stand<S extends DeviceState & { idleMs: number }>(session: S, now: number): S {
  const lastMotionAt = lastSignOf(session);
  const alive = aliveUntil(session);
  const over = (endedBy: DeviceState["endedBy"], endedAt: number): S => (
    { ...session, lastMotionAt, status: "COMPLETED", endedBy, endedAt, checkAt: undefined }
  );
  const stated = statedEndOf(session);
  if (stated) return over(stated.by, stated.at);
  const { next } = session;
  const isCut = next?.by === "CREATION" && session.sampleCount === 0 && next.at <= lastMotionAt + session.idleMs;
  if (isCut) return over("EXPLICIT", Math.max(next.at, lastMotionAt));
  if (now > alive && (next || session.status === "COMPLETED")) return over("IDLE", lastMotionAt);
  return {
    ...session,
    lastMotionAt,
    status: "ACTIVE",
    endedBy: undefined,
    endedAt: undefined,
    checkAt: session.checkAt ?? alive,
  };
}

/**
 * The session as it is at an instant, which no sweeper decides: one that is still kept as active, and of which nothing came for
 * its idle timeout, is over. The sweeper only writes that down.
 */
export function asOf<S extends DeviceState & { idleMs: number }>(session: S, now: number): S {
  const isOver = session.status === "ACTIVE" && now > aliveUntil(session);
  return isOver ? stand({ ...session, status: "COMPLETED" }, now) : session;
}

/** What the sweeper makes of a session whose time to be looked at has come. */
export function decideSweep(session: Session, now: number): Session | undefined {
  if (session.status === "COMPLETED") return undefined;
  const alive = aliveUntil(session);
  return now <= alive ? { ...session, checkAt: alive } : { ...asOf(session, now), updatedAt: now };
}

/** The session with one more motion event of its sensor; where motion opened it, it may be the one that begins it. */
export function applyMotion(session: Session, heard: Heard, now: number): Session {
  const { at } = heard;
  return {
    ...session,
    startedAt: session.isStated ? session.startedAt : Math.min(session.startedAt, at),
    lastHeardAt: Math.max(session.lastHeardAt ?? at, at),
    motionEventCount: session.motionEventCount + 1,
    arrivedCount: session.arrivedCount + 1,
    motionAt: at,
    heard: [...session.heard, heard],
    updatedAt: now,
  };
}

/**
 * The session with motion that lasted: it was seen at one instant, and ceased at another. It is kept with its event, so it
 * goes wherever that goes. Undefined where that is known.
 */
export function applyLasting(session: Session, at: number, endedAt: number): Session | undefined {
  const isLasting = (report: Report) => report.anchor === at && report.count === 0;
  const known = session.reported.find(isLasting);
  if (known && known.at >= endedAt) return undefined;
  const others = session.reported.filter((report) => !isLasting(report));
  return { ...session, reported: [...others, { at: endedAt, count: 0, anchor: at }] };
}

/** The session with a motion event that an update told of it. */
export function applyReport(session: Session, at: number): Session {
  const anchor = anchorOf(session);
  const same = session.reported.find((reported) => reported.anchor === anchor && reported.count > 0);
  const minute = Math.floor(at / MINUTE_MS);
  const reported = {
    at: Math.max(same?.at ?? at, at),
    count: (same?.count ?? 0) + 1,
    minutes: { ...same?.minutes, [minute]: (same?.minutes?.[minute] ?? 0) + 1 },
    ...(anchor === undefined ? {} : { anchor }),
  };
  return {
    ...session,
    reported: [...session.reported.filter((other) => other !== same), reported],
    motionEventCount: session.motionEventCount + 1,
    arrivedCount: session.arrivedCount + 1,
    motionAt: at,
    updatedAt: at,
  };
}

/** Where a session is shown: at the sensor that a person says, or the one whose line it lies on. */
export function sensorOf({ sensorId, shownAt }: Session): string {
  return shownAt ?? sensorId;
}

/** What is said of a session that motion opened is said of whatever holds its first motion event. */
export function anchorOf({ isStated, startedAt }: Session): number | undefined {
  return isStated ? undefined : startedAt;
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
  const signs = clustersIn(batch.readings, batch.startedAt, batch.apartMs);
  const placed = applySigns(session, signs, batch.apartMs);
  if ((placed.aside?.length ?? 0) >= MAX_CLUSTERS) return { kind: "refused", reason: scattered(batch.apartMs) };
  return {
    kind: "counted",
    session: {
      ...placed,
      batches,
      spans: span ? [...session.spans, span] : session.spans,
      deviceDuration: longerSeen(session.deviceDuration, batch),
      isFinal: batch.final ? true : session.isFinal,
      arrivingUntil: now + session.idleMs,
      updatedAt: now,
    },
  };
}

/** The session with readings and statements of one of its batches that were kept aside until now. */
export function applyAdmitted(
  session: Session,
  batchOffset: number,
  readings: readonly Reading[],
  added: number,
  { startedAt, durationMs }: { startedAt?: number | undefined; durationMs?: number | undefined },
  now: number,
): Session {
  const span = spanOf({ batchOffset, readings });
  const firstAt = Math.min(span?.firstAt ?? Infinity, startedAt ?? Infinity);
  const sign = { firstAt, lastAt: span?.lastAt ?? firstAt, count: added, readAt: span?.lastAt };
  const placed = Number.isFinite(firstAt) ? applySigns({ ...session, isWide: true }, [sign], Infinity) : session;
  return {
    ...placed,
    spans: span ? [...session.spans.filter(({ offset }) => offset !== batchOffset), span] : session.spans,
    deviceDuration: longerSeen(session.deviceDuration, { batchOffset, durationMs }),
    admitted: [...session.admitted ?? [], batchOffset],
    updatedAt: now,
  };
}

/**
 * The session with more signs of its device: it lies where most of its readings do, and what is more than `apartMs` from all of
 * them is set aside, whichever came first. Of a session whose readings people gave to others each sign counts.
 */
export function applySigns(session: Session, signs: readonly Cluster[], apartMs: number): Session {
  if (session.pieces) return applyAllSigns(session, spanning(signs));
  const all = united([...knownSigns(session), ...signs], apartMs);
  const main = session.isWide ? spanning(all) : mainOf(all);
  const base = session.base ?? ownStart(session);
  if (!main) return { ...session, base, isStated: true };
  const aside = session.isWide ? all.filter(({ isDropped }) => isDropped) : all.filter((one) => one !== main);
  const startedAt = Math.min(base ?? main.firstAt, main.firstAt);
  const measured = {
    base,
    signsFrom: main.firstAt,
    aside: aside.length > 0 ? aside : undefined,
    sampleCount: main.count,
    lastReadingAt: main.readAt,
  };
  // A person said when it began: what devices state of it is kept for when that is taken back.
  if (session.said) return { ...session, ...measured, said: { startedAt, isStated: true } };
  return { ...session, ...measured, startedAt, isStated: true, isStartGuessed: undefined };
}

function applyAllSigns(session: Session, signs: Cluster | undefined): Session {
  if (!signs) return beginAt(session, Infinity);
  return {
    ...beginAt(session, signs.firstAt),
    signsFrom: session.signsFrom === undefined ? undefined : Math.min(session.signsFrom, signs.firstAt),
    sampleCount: session.sampleCount + signs.count,
    lastReadingAt: later(session.lastReadingAt, signs.readAt),
  };
}

/** The start that was known before there was any sign of its device; undefined after that, or where it was a guess. */
function ownStart({ said, startedAt, isStartGuessed, sampleCount, signsFrom }: Session): number | undefined {
  const isOwn = signsFrom === undefined && !isStartGuessed && sampleCount === 0;
  return isOwn ? said?.startedAt ?? startedAt : undefined;
}

function knownSigns(session: Session): Cluster[] {
  const { signsFrom, startedAt, sampleCount: count, lastReadingAt: readAt, aside = [] } = session;
  const firstAt = signsFrom ?? (count > 0 ? startedAt : undefined);
  return firstAt === undefined
    ? [...aside]
    : [{ firstAt, lastAt: Math.max(firstAt, readAt ?? firstAt), count, readAt }, ...aside];
}

/** The session with what a person says of readings that lie far from the others: they are of it, or are dropped. */
export function resolveAside(session: Session, isAdmitted: boolean): Session {
  if (isAdmitted) return applySigns({ ...session, isWide: true }, [], Infinity);
  return { ...session, aside: session.aside?.map((one) => ({ ...one, isDropped: true })) };
}

/** Whether a reading of that instant lies too far from the others of its device's session. */
export function asideAt({ aside = [] }: Pick<DeviceState, "aside">, at: number): Cluster | undefined {
  return aside.find(({ firstAt, lastAt }) => firstAt <= at && at <= lastAt);
}

function scattered(apartMs: number): string {
  return `would leave readings in more than ${MAX_CLUSTERS} stretches that are more than ${
    apartMs / MINUTE_MS
  } minutes apart; ` +
    "where that is so, set `maxApart` (configureSessions), else look at the device's clock; nothing was counted";
}

/** The session with a start that somebody gave it, not its device. */
export function applyStart(session: Session, at: number): Session {
  const base = Math.min(at, session.base ?? ownStart(session) ?? at);
  return { ...beginAt(session, at), base };
}

function beginAt(session: Session, at: number): Session {
  if (!Number.isFinite(at)) return { ...session, isStated: true };
  const { said } = session;
  // A person said when it began: what devices state of it is kept for when that is taken back.
  if (said) return { ...session, said: { startedAt: Math.min(said.startedAt, at), isStated: true } };
  const startedAt = session.isStartGuessed ? at : Math.min(session.startedAt, at);
  return { ...session, isStated: true, isStartGuessed: undefined, startedAt };
}

/** The session with an end that was said of it; as it was where an earlier end was said, which no person has beaten. */
export function applyEnd(session: Session, at: number): Session {
  const anchor = anchorOf(session);
  const said = { at, ...(anchor === undefined ? {} : { anchor }) };
  const isKnown = session.ends.some((end) => (
    end.anchor === anchor && (end.at === at || (end.at < at && !end.isCut && !isBridged(session, end.at)))
  ));
  return isKnown ? session : { ...session, ends: [...session.ends, said] };
}

/**
 * The session as a person corrects it; null takes a correction back, undefined leaves it. A session that motion opened has
 * its start from then on, and one whose start is corrected keeps reaching as far as it did.
 */
export function applyCorrection(
  session: Session,
  { startedAt, endedAt, sensorId }: {
    startedAt?: number | null | undefined;
    endedAt?: number | null | undefined;
    sensorId?: string | null | undefined;
  },
): Session {
  const moved = sensorId === undefined ? session.shownAt : sensorId ?? undefined;
  const shownAt = moved === session.sensorId ? undefined : moved;
  const end = endedAt === undefined ? session.corrected?.endedAt : endedAt ?? undefined;
  const given = startedAt === undefined ? session.corrected?.startedAt : startedAt ?? undefined;
  const isHeld = end !== undefined || shownAt !== undefined;
  const start = given ?? (isHeld && !(session.said ?? session).isStated ? session.startedAt : undefined);
  const said = session.said ?? { startedAt: session.startedAt, isStated: session.isStated };
  if (start === undefined) {
    const corrected = end === undefined ? undefined : { endedAt: end };
    return { ...session, startedAt: said.startedAt, isStated: said.isStated, said: undefined, corrected, shownAt };
  }
  const corrected = {
    ...{ startedAt: start, until: session.corrected?.until ?? session.lastMotionAt },
    ...(end === undefined ? {} : { endedAt: end }),
  };
  return { ...session, startedAt: start, isStated: true, isStartGuessed: undefined, said, corrected, shownAt };
}

/** The session as a person deletes it: where it lies stays as it is, so what comes for it later is known by that. */
export function applyDeletion(session: Session, takenOut: number, now: number): Session {
  const { corrected, said, isStated, startedAt, lastMotionAt } = session;
  return {
    ...session,
    deletedAt: now,
    beforeDeletion: { corrected, said, isStated, takenOut },
    isStated: true,
    said: said ?? { startedAt, isStated },
    corrected: { startedAt, until: lastMotionAt, endedAt: statedEndOf(session)?.at ?? lastMotionAt },
  };
}

/** The session as it was before a person deleted it. */
export function applyRestoration(session: Session): Session {
  const { corrected, said, isStated } = session.beforeDeletion!;
  return { ...session, corrected, said, isStated, deletedAt: undefined, beforeDeletion: undefined };
}

/** Where a batch lies in time; undefined where it holds no readings. */
export function spanOf({ batchOffset, readings }: Pick<BatchInput, "batchOffset" | "readings">): BatchSpan | undefined {
  if (readings.length === 0) return undefined;
  const times = readings.map((reading) => reading.at);
  return {
    offset: batchOffset,
    firstAt: times.reduce((a, b) => Math.min(a, b)),
    lastAt: times.reduce((a, b) => Math.max(a, b)),
    count: readings.length,
  };
}

function later(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? a ?? b : Math.max(a, b);
}

function longerSeen(
  known: Session["deviceDuration"],
  { batchOffset, durationMs, measuredBy: by }: Pick<BatchInput, "batchOffset" | "durationMs"> & Partial<BatchInput>,
): Session["deviceDuration"] {
  if (durationMs === null || durationMs === undefined || (known && known.offset > batchOffset)) return known;
  return { offset: batchOffset, ms: durationMs, ...(by === undefined ? {} : { by }) };
}
