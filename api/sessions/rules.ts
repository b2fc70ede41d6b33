import { emptyWatermark } from "../core/watermark.ts";
import type { Begun, Bridge, DeviceState, EndSaid, Heard, Report, Session } from "./model.ts";
import { FIRST, type Numbers } from "./numbers.ts";
import { heldByPause, isSamePause, pausedMsOf, type PauseKept, type PausesCorrected, signOf } from "./pauses.ts";

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

/** Milliseconds of a session that were no pause, as far as its device measured any; undefined while active. */
export function activeDurationOf(session: Session): number | undefined {
  const { endedAt, startedAt } = session;
  if (endedAt === undefined) return undefined;
  return Math.min(durationOf(session)!, Math.max(0, endedAt - startedAt) - pausedMsOf({ ...session, endedAt }));
}

/** How long the device measured it to be (ms); undefined where it did not, or says more than it can have measured. */
export function measuredOf(
  { startedAt, deviceDuration }: Pick<DeviceState, "startedAt" | "deviceDuration">,
): number | undefined {
  if (!deviceDuration) return undefined;
  const { ms, by = Infinity } = deviceDuration;
  return startedAt + ms <= by ? ms : undefined;
}

/** The latest sign of life. Both halves of what a person split know its pauses and what lasted, and the first has none after the cut. */
export function lastSignOf(session: DeviceState): number {
  const { startedAt, lastReadingAt, lastHeardAt, reported, corrected, ends } = session;
  const cuts = ends.filter(({ isCut, at }) => isCut && !isBridged(session, at)).map(({ at }) => at);
  return Math.max(
    startedAt,
    corrected?.until ?? startedAt,
    lastReadingAt ?? startedAt,
    lastHeardAt ?? startedAt,
    ...reported.map(({ at, count }) => (count === 0 ? Math.min(at, ...cuts) : at)),
  );
}

/**
 * The end that was stated, and by whom; undefined where only silence can end the session. A person's correction holds, then
 * what was said, then the device's last word. The earliest of several ends holds: a retry of a request that ends it now
 * comes later; but none within silence that a person bridged, be it said or a last batch, and none before the start, which
 * waits for an earlier one to be known. What a device measures never ends before its last reading.
 */
export function statedEndOf(session: DeviceState): StatedEnd | undefined {
  if (session.corrected?.endedAt !== undefined) return { at: session.corrected.endedAt, by: "CORRECTED" };
  const ends = session.ends.filter(({ at }) => at >= session.startedAt && !isBridged(session, at));
  const cuts = ends.filter(({ isCut }) => isCut);
  // What is said of a motion event, as a cut of what motion opened is, beats no end before that event.
  const said = ends.filter(({ at, isCut }) => !isCut && !cuts.some(({ anchor = -Infinity }) => anchor <= at))
    .map(({ at }) => at);
  if (said.length === 0 && cuts.length > 0) {
    return { at: Math.min(...cuts.map(({ at }) => at)), by: "CORRECTED", isCut: true };
  }
  if (said.length > 0) return { at: Math.min(...said), by: "EXPLICIT" };
  if (!session.isFinal) return undefined;
  const own = session.reported.filter(({ anchor, isCleared }) => anchor === undefined && !isCleared);
  const measured = session.finalAt ?? session.startedAt + (measuredOf(session) ?? 0);
  const at = Math.max(measured, lastSignOf({ ...session, lastHeardAt: undefined, reported: own }));
  return isBridged(session, at) ? undefined : { at, by: "FINAL" };
}

/** `isCut`: a person split it there, so what lies at that very instant is no part of it. */
type StatedEnd = { at: number; by: "CORRECTED" | "EXPLICIT" | "FINAL"; isCut?: true };

/**
 * The session that a person's split made of what lies at an instant, where motion opened this one: it is reborn under other ids
 * as starts part and join it, and knows by its cuts alone who has the rest.
 */
export function splitOff(session: Session, at: number): string | undefined {
  const cuts = session.ends.filter((end) => end.into !== undefined && end.at <= at && !isBridged(session, end.at));
  return cuts.sort((a, b) => b.at - a.at)[0]?.into;
}

/** The last instant at which a motion still belongs to the session, by the device's clock alone. */
export function reachOf(session: DeviceState & { idleMs: number }): number {
  return statedEndOf(session)?.at ?? Math.max(goesOnUntil(session), bridgedUntil(session));
}

/** Until when a session goes on of which nothing more is known: for the idle timeout, and while it is said to be paused. */
function goesOnUntil(session: DeviceState & { idleMs: number }): number {
  return Math.max(lastSignOf(session) + session.idleMs, heldByPause(session.reported));
}

/** Whether an end lies in silence that a person bridged. A bridge from a motion event beats no end before that event. */
function isBridged({ bridges }: DeviceState, at: number): boolean {
  return bridges.some(({ until, anchor = -Infinity }) => anchor <= at && at < until);
}

function bridgedUntil({ bridges }: DeviceState): number {
  return Math.max(-Infinity, ...bridges.map(({ until }) => until));
}

/**
 * Until when a session without a stated end counts as live, by the arrival's clock: after its last batch none is awaited, and
 * motion of the sensor's latest session lies later than a clock says that is behind.
 */
export function aliveUntil(session: DeviceState & { idleMs: number }): number {
  const { isFinal, arrivingUntil = 0, next, numbers, idleMs } = session;
  const awaited = isFinal ? 0 : arrivingUntil;
  const isBehind = next === undefined && session.lastHeardAt !== undefined;
  const told = isBehind ? lastSignOf(session) + idleMs + (numbers.lagMs ?? 0) : 0;
  return Math.max(goesOnUntil(session), awaited, told);
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
  const isCut = next?.by === "CREATION" && session.sampleCount === 0 && next.at <= goesOnUntil(session);
  if (isCut) return over("EXPLICIT", Math.max(next.at, lastMotionAt));
  if (now > alive && (next || session.status === "COMPLETED")) return over("IDLE", lastMotionAt);
  return {
    ...session,
    lastMotionAt,
    status: "ACTIVE",
    endedBy: undefined,
    endedAt: undefined,
    checkAt: Math.min(session.checkAt ?? alive, alive),
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
  const isLasting = (report: Report) => report.anchor === at && report.count === 0 && !report.pause;
  const known = session.reported.find(isLasting);
  if (known && known.at >= endedAt) return undefined;
  const others = session.reported.filter((report) => !isLasting(report));
  return { ...session, reported: [...others, { at: endedAt, count: 0, anchor: at }] };
}

/** The session whose last motion ceased then; undefined: nothing says when. */
export function applyCleared(session: Session, until: number | undefined): Session {
  return { ...session, reported: clearedUntil(session.reported, until) };
}

/** What is told of a session, with until when its last motion lasted; pauses come last, as where it is kept. */
export function clearedUntil(reported: readonly Report[], until: number | undefined): Report[] {
  const others = reported.filter(({ isCleared, pause }) => !isCleared && !pause);
  const pauses = reported.filter(({ pause }) => pause);
  return [...others, ...(until === undefined ? [] : [{ at: until, count: 0, isCleared: true as const }]), ...pauses];
}

/**
 * The session with pauses that were said of it, each once; as it was where all of them are known. The same pause of a session and
 * of motion that lies in it by now are two: the motion can become another's.
 */
export function applyPauses(session: Session, said: readonly PauseKept[]): Session {
  const anchor = anchorOf(session);
  const known = session.reported.flatMap(({ pause, anchor: own }) => (pause && own === anchor ? pause : []));
  const fresh = said.filter((one, i) => ![...known, ...said.slice(0, i)].some((other) => isSamePause(other, one)));
  if (fresh.length === 0) return session;
  const reports = fresh.map((pause): Report => (
    { at: signOf(pause), count: 0, pause, ...(anchor === undefined ? {} : { anchor }) }
  ));
  return { ...session, reported: [...session.reported, ...reports] };
}

/** Where a session is shown: at the sensor that a person says, or the one whose line it lies on. */
export function sensorOf({ sensorId, shownAt }: Session): string {
  return shownAt ?? sensorId;
}

/** What is said of a session that motion opened is said of whatever holds its first motion event. */
export function anchorOf({ isStated, startedAt }: Session): number | undefined {
  return isStated ? undefined : startedAt;
}

/**
 * The session with an end that was said of it by one of the ids that lead to it; as it was where that was said before. The same
 * end of a session and then of what that was merged into are two: the merge can be taken back.
 */
export function applyEnd(session: Session, at: number, sessionId: string): Session {
  const anchor = anchorOf(session);
  const said = { at, ...(anchor === undefined ? {} : { anchor }) };
  const isKnown = session.ends.some(({ isCut, of = sessionId, ...end }) =>
    end.anchor === anchor && end.at === at && of === sessionId && !isCut
  );
  return isKnown ? session : { ...session, ends: [...session.ends, said] };
}

/**
 * The session as a person corrects it; null takes a correction back, undefined leaves it. A session that motion opened has
 * its start from then on, and one whose start is corrected keeps reaching as far as it did.
 */
export function applyCorrection(
  session: Session,
  { startedAt, endedAt, sensorId, pauses: paused }: {
    startedAt?: number | null | undefined;
    endedAt?: number | null | undefined;
    sensorId?: string | null | undefined;
    pauses?: PausesCorrected["pauses"] | null;
  },
): Session {
  const moved = sensorId === undefined ? session.shownAt : sensorId ?? undefined;
  const shownAt = moved === session.sensorId ? undefined : moved;
  const end = endedAt === undefined ? session.corrected?.endedAt : endedAt ?? undefined;
  const given = startedAt === undefined ? session.corrected?.startedAt : startedAt ?? undefined;
  const pauses = paused === undefined ? session.corrected?.pauses : paused ?? undefined;
  const isHeld = end !== undefined || shownAt !== undefined || pauses !== undefined;
  const said = session.said ?? begunOf(session);
  const start = given ?? (isHeld && !said.isStated ? said.startedAt : undefined);
  if (start === undefined) {
    const corrected = end === undefined && pauses === undefined ? undefined : { ...defined({ endedAt: end, pauses }) };
    const back = {
      ...session,
      ...begunOf(said),
      said: undefined,
      corrected,
      shownAt,
    };
    return said.isStated ? back : anchored(back);
  }
  const corrected = {
    ...{ startedAt: start, until: session.corrected?.until ?? session.lastMotionAt },
    ...defined({ endedAt: end, pauses }),
  };
  return { ...session, startedAt: start, isStated: true, isStartGuessed: undefined, said, corrected, shownAt };
}

/** What of a session a person corrected. One that motion opened has a start of its own with any correction: that is none. */
export function correctedPartsOf({ corrected, said, shownAt }: Session): ("START" | "END" | "SENSOR" | "PAUSES")[] {
  const isStart = corrected?.startedAt !== undefined && corrected.startedAt !== said?.startedAt;
  return [
    ...(isStart ? ["START" as const] : []),
    ...(corrected?.endedAt === undefined ? [] : ["END" as const]),
    ...(shownAt === undefined ? [] : ["SENSOR" as const]),
    ...(corrected?.pauses === undefined ? [] : ["PAUSES" as const]),
  ];
}

/**
 * A session that motion opened, once a person takes back that it had a start of its own: what was said of it meanwhile is said of
 * whatever holds its first motion event from now on, as if it had been said before or after.
 */
function anchored(session: Session): Session {
  const own = <S extends { anchor?: number | undefined; isCleared?: true | undefined }>(said: readonly S[]): S[] => (
    said.map((one) => (one.anchor === undefined && !one.isCleared ? { ...one, anchor: session.startedAt } : one))
  );
  const { ends, bridges } = session;
  const reported = own(session.reported);
  // A pause that was said before and again meanwhile is one.
  const isAgain = ({ pause, anchor }: Report, i: number) =>
    pause !== undefined &&
    reported.slice(0, i).some((one) => one.pause && one.anchor === anchor && isSamePause(one.pause, pause));
  return {
    ...session,
    ends: own<EndSaid>(ends),
    reported: reported.filter((one, i) => !isAgain(one, i)),
    bridges: own<Bridge>(bridges),
  };
}

function begunOf({ startedAt, isStated, isStartGuessed }: Begun): Begun {
  return { startedAt, isStated, isStartGuessed };
}

/** What is not undefined. */
function defined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

/** The session as a person deletes it: where it lies stays as it is, so what comes for it later is known by that. */
export function applyDeletion(session: Session, takenOut: number, now: number): Session {
  const { corrected, said, isStated, startedAt, lastMotionAt, lastHeardAt } = session;
  const until = lastHeardAt === undefined ? startedAt : lastHeardAt + 1;
  // It keeps all motion that it holds, also what its own end lies before (that of its device, where a bridge beats what was said).
  const endedAt = Math.max(statedEndOf(session)?.at ?? lastMotionAt, lastHeardAt ?? -Infinity);
  return {
    ...session,
    deletedAt: now,
    beforeDeletion: { corrected, said, isStated, takenOut, until },
    isStated: true,
    said: said ?? begunOf(session),
    corrected: { startedAt, until: lastMotionAt, endedAt },
  };
}

/** The session as it was before a person deleted it. */
export function applyRestoration(session: Session): Session {
  const { corrected, said, isStated } = session.beforeDeletion!;
  return { ...session, corrected, said, isStated, deletedAt: undefined, beforeDeletion: undefined };
}
