import { createHash } from "node:crypto";
import { formatAt } from "./heard.ts";
import type { Bridge, EndSaid, Next, Report, Session } from "./model.ts";
import { noNumbers } from "./numbers.ts";
import { eachOnce } from "./reports.ts";
import { clearedUntil, reachOf, startOf, statedEndOf } from "./rules.ts";

/**
 * The line of a sensor: its sessions in the order of their starts. Each motion event belongs to the session that began
 * last at or before it, if that still reaches it, and else opens one. So what lies between the starts of two neighbours is
 * a session's own, and every law here is about neighbours.
 *
 * A stated start is a wall: motion joins sessions up to it and never across it. Stated ends and batches of sessions that
 * overlap do not touch each other.
 */
export type MotionTarget =
  /** It lies in this session, which may go on a little longer for it. */
  | { kind: "inside"; session: Session }
  /** It lies in this session and reaches the next, which motion opened as well: the two are one. */
  | { kind: "joins"; session: Session; next: Session }
  /** It is the true start of this session. */
  | { kind: "begins"; session: Session }
  | { kind: "opens" };

/** Where a motion belongs, between the last session that began at or before it and the first that begins after it. */
export function decideMotionTarget(at: number, before: Session | undefined, after: Session | undefined): MotionTarget {
  const canJoin = after !== undefined && !after.isStated;
  // What happened at one instant is of one session.
  if (before && (at <= reachOf(before) || at === before.lastHeardAt)) {
    const isOpen = statedEndOf(before) === undefined;
    const joins = canJoin && isOpen && after.startedAt <= Math.max(reachOf(before), at + before.idleMs);
    return joins ? { kind: "joins", session: before, next: after } : { kind: "inside", session: before };
  }
  if (canJoin && after.startedAt - at <= after.idleMs) return { kind: "begins", session: after };
  return { kind: "opens" };
}

/** Two neighbours as one, which is the earlier; the later one was opened by motion. */
export function join(earlier: Session, later: Session, now: number): Session {
  const joined: Session = {
    ...earlier,
    lastHeardAt: Math.max(earlier.lastHeardAt ?? 0, later.lastHeardAt ?? later.startedAt),
    motionEventCount: earlier.motionEventCount + later.motionEventCount,
    reported: [...earlier.reported, ...later.reported],
    ends: [...earlier.ends, ...later.ends],
    bridges: [...earlier.bridges, ...later.bridges],
    next: later.next,
    updatedAt: now,
    ...joinPeoples(earlier, later),
  };
  return { ...joined, ...joinPlayback(earlier, later) };
}

/** What was played in either: of the first that played, with what the first says besides, until the later stop. */
export function joinPlayback(a: Session, b: Session): Pick<Session, "playback"> {
  const isFirst = a.playback.started || a.playback.startedAt !== undefined;
  const said = Object.entries(a.playback).filter(([, value]) => value !== undefined && value !== false);
  const stops = [a, b].flatMap(({ playback }) => playback.stoppedAt ?? []);
  const stopped = stops.length > 0 ? { stoppedAt: Math.max(...stops) } : {};
  return { playback: { ...(isFirst ? a.playback : { ...b.playback, ...Object.fromEntries(said) }), ...stopped } };
}

/** A session that became a part of another: its id leads there, and nothing is its own any more. */
export function goneInto(session: Session, into: string): Session {
  return { ...session, heard: [], status: "COMPLETED", checkAt: undefined, mergedInto: into };
}

/** What people wrote of both: labels joined, notes one below the other, a pin holds. */
export function joinPeoples(a: Session, b: Session) {
  if (!hasPeoples(b)) return {};
  const notes = [a.notes, b.notes].filter((text) => typeof text === "string" && text !== "");
  return {
    labels: [...new Set([...a.labels, ...b.labels])],
    notes: notes.length > 0 ? notes.join("\n") : a.notes,
    pinned: a.pinned || b.pinned,
    version: Math.max(a.version, b.version) + 1,
  };
}

export function hasPeoples({ labels, notes, pinned }: Session): boolean {
  return labels.length > 0 || (notes ?? "") !== "" || pinned;
}

/** What a stretch of a line becomes: the sessions that are there, and those that are gone, each with where it is now. */
export type Settled = { sessions: Session[]; gone: { session: Session; into: string }[] };

type Run = {
  stated?: Session;
  first: number;
  last: number;
  count: number;
  ends: EndSaid[];
  reported: Report[];
  bridges: Bridge[];
  idleMs: number;
  /** How long its last motion lasted, where the sensor said so. */
  until?: number | undefined;
};

/** Motion that lasted: the sensor said that it ceased. */
export type Lasting = { from: number; until: number };

/** A session of motion alone, of which nothing is known. */
const NOBODY = startOf(0, false, noNumbers(), 0);

/**
 * A stretch of a line, made anew from what was said: stated starts and ends, and every motion event in it. `begin` makes a
 * session that motion opens; sessions that motion had opened before go on as whatever holds their events now. What a person
 * `deleted` has motion of its own, until the instant that is given by its id, and takes in none that is not deleted.
 */
export function settleLine(
  line: readonly Session[],
  heard: readonly number[],
  begin: (at: number) => Session,
  idleMs: number,
  lasting: readonly Lasting[] = [],
  deleted: ReadonlyMap<string, number> = new Map(),
): Settled {
  const walls = line.filter((session) => session.isStated).sort(inLine);
  const runs = runsOf(walls, [...heard].sort((a, b) => a - b), saidAt(line), idleMs, lasting, deleted);
  const movers = line.filter((session) => !session.isStated)
    .sort((a, b) => a.startedAt - b.startedAt || a.createdAt - b.createdAt || inLine(a, b));
  const used = new Set<Session>();
  const sessions = runs.map((run) => {
    if (run.stated) return filled(run.stated, run);
    const own = movers.find((session) =>
      !used.has(session) && session.startedAt <= run.last && (session.lastHeardAt ?? session.startedAt) >= run.first
    );
    if (own) used.add(own);
    return filled(own ?? begin(run.first), run);
  });
  const settled: Settled = { sessions, gone: [] };
  for (const session of movers.filter((own) => !used.has(own))) {
    const at = Math.max(sessions.findLastIndex((other) => other.startedAt <= session.startedAt), 0);
    settled.gone.push({ session, into: sessions[at]!.sessionId });
    sessions[at] = {
      ...sessions[at]!,
      ...joinPeoples(sessions[at]!, session),
      ...joinPlayback(sessions[at]!, session),
    };
  }
  return settled;
}

/** What was said of sessions by one of their motion events, by its instant. */
function saidAt(line: readonly Session[]) {
  const byAnchor = <S extends { anchor?: number | undefined }>(said: readonly S[]) =>
    Map.groupBy(said.filter(({ anchor }) => anchor !== undefined), ({ anchor }) => anchor!);
  return {
    ends: byAnchor(line.flatMap((session) => session.ends)),
    reported: byAnchor(eachOnce(line.flatMap((session) => session.reported))),
    bridges: byAnchor(line.flatMap((session) => session.bridges)),
  };
}

function runsOf(
  walls: readonly Session[],
  heard: readonly number[],
  said: ReturnType<typeof saidAt>,
  idleMs: number,
  lasting: readonly Lasting[],
  deleted: ReadonlyMap<string, number>,
): Run[] {
  const runs: Run[] = [];
  const ends = new Map(lasting.map(({ from, until }) => [from, until]));
  // Motion that goes on from before the stretch.
  let on = lasting.find(({ from }) => from < (heard[0] ?? Infinity));
  let next = 0;
  const beginAt = (at: number) => {
    while (next < walls.length && walls[next]!.startedAt <= at) {
      const stated = walls[next++]!;
      const { idleMs, startedAt: first, ends, reported, bridges } = withoutAnchored(stated);
      const said = { ends: [...ends], reported: clearedUntil(reported, undefined), bridges: [...bridges] };
      // What begins while motion lasts takes it over.
      const isOn = on !== undefined && on.from < first && first <= on.until;
      const before = runs.at(-1);
      if (isOn && before?.until !== undefined) before.until = Math.min(before.until, first);
      runs.push({ stated, first, last: -Infinity, count: 0, ...said, idleMs, until: isOn ? on!.until : undefined });
    }
  };
  for (const at of heard) {
    beginAt(at);
    let run = runs.at(-1);
    // What happened at one instant is of one session, whatever is said of that by the first of it.
    const isSame = run !== undefined && run.count > 0 && at === run.last;
    const isGone = run?.stated?.deletedAt !== undefined && at >= (deleted.get(run.stated.sessionId) ?? Infinity);
    if (!run || (!isSame && (isGone || at > reachOfRun(run)))) {
      run = { first: at, last: at, count: 0, ends: [], reported: [], bridges: [], idleMs };
      runs.push(run);
    }
    if (run.count === 0 || at > run.last) {
      run.ends.push(...said.ends.get(at) ?? []);
      run.reported.push(...said.reported.get(at) ?? []);
      run.bridges.push(...said.bridges.get(at) ?? []);
    }
    const until = ends.get(at);
    on = until === undefined ? undefined : { from: at, until };
    run.until = until;
    run.last = at;
    run.count++;
  }
  beginAt(Infinity);
  return runs;
}

function reachOfRun({ stated, first, last, ends, reported: told, bridges, idleMs, until }: Run): number {
  const reported = clearedUntil(told, until);
  if (stated) return reachOf({ ...stated, lastHeardAt: Math.max(last, stated.startedAt), ends, reported, bridges });
  const signs = { startedAt: first, lastHeardAt: last, lastReadingAt: undefined };
  return reachOf({ ...NOBODY, ...signs, ends, reported, bridges, idleMs });
}

function filled(session: Session, { stated, first, last, count, ends, reported, bridges, until }: Run): Session {
  return {
    ...session,
    ...(stated ? {} : { startedAt: first }),
    lastHeardAt: count > 0 ? last : undefined,
    motionEventCount: reported.reduce((sum, own) => sum + own.count, count),
    ends,
    reported: clearedUntil(reported, until),
    bridges,
  };
}

/** The sessions in their order, each knowing the next; the last one knows `beyond`. */
export function linked(sessions: readonly Session[], beyond: Next | undefined): Session[] {
  const ordered = [...sessions].sort(inLine);
  return ordered.map((session, i) => ({ ...session, next: ordered[i + 1] ? nextOf(ordered[i + 1]!) : beyond }));
}

/** How the session before sees this one. */
export function nextOf(session: Session): Next {
  const by = session.createdWith !== undefined ? "CREATION" : session.isStated ? "BATCH" : "MOTION";
  return { at: session.startedAt, by };
}

/**
 * A session's place among its sensor's, as text that sorts so: by its start; of equals, by its id's hash, since ids are long. What a
 * person deleted and had no motion comes before its equals, which have all motion of that instant.
 */
export function placeKeyOf(session: Pick<Session, "startedAt" | "sessionId" | "beforeDeletion">): string {
  const { startedAt, sessionId } = session;
  const hash = createHash("sha256").update(sessionId).digest("base64url").slice(0, 16);
  return `${formatAt(startedAt)}#${hasNothing(session) ? "!" : ""}${hash}#`;
}

/** Whether a person deleted it, and it had no motion then. */
function hasNothing({ startedAt, beforeDeletion }: Pick<Session, "startedAt" | "beforeDeletion">): boolean {
  return beforeDeletion !== undefined && beforeDeletion.until <= startedAt;
}

export function inLine(a: Session, b: Session): number {
  if (a.startedAt !== b.startedAt) return a.startedAt - b.startedAt;
  const [left, right] = [placeKeyOf(a), placeKeyOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * How long motion lasted, by what the sensor said: each time that it ceased closes the latest motion before it that no other
 * closes, if that is not too long ago. All instants are in order.
 */
export function lastingOf(heard: readonly number[], cleared: readonly number[], lengthMs: number): Lasting[] {
  return heard.flatMap((from, i) => {
    const until = cleared.find((at) => at > from);
    const next = heard[i + 1];
    const isOpen = until === undefined || (next !== undefined && next <= until) || until - from > lengthMs;
    return isOpen ? [] : [{ from, until }];
  });
}

/** Whether a session takes in what motion opened after it, which a settled line does not show. */
export function reachesNext(session: Session): boolean {
  const until = session.deletedAt === undefined ? Infinity : session.beforeDeletion!.until;
  return session.next?.by === "MOTION" && session.next.at <= reachOf(session) && session.next.at < until;
}

/** A session as it is before any of its motion: what is said of an event holds only where that event is reached without it. */
function withoutAnchored(session: Session): Session {
  if (!session.isStated) return session;
  const own = <S extends { anchor?: number | undefined }>(all: readonly S[]) =>
    all.filter(({ anchor }) => anchor === undefined);
  return { ...session, ends: own(session.ends), reported: own(session.reported), bridges: own(session.bridges) };
}

/**
 * Whether a settled line does not show a session so: motion events of it lie where they cannot be its own any more, or it has none
 * and nothing else that makes it one, as what is restored where another begins by now.
 */
export function overflows(session: Session): boolean {
  const last = session.lastHeardAt;
  if (last === undefined) return !session.isStated;
  if (last > reachOf(session) || last > reachOf(withoutAnchored(session))) return true;
  return (session.next !== undefined && last >= session.next.at);
}

/** Whether something is said of it by a motion event at an instant or after it: where that lies beyond by now, it goes there. */
export function isSaidFrom({ ends, reported, bridges }: Session, at: number): boolean {
  return [ends, reported, bridges].some((said) => said.some(({ anchor = -Infinity }) => anchor >= at));
}

/**
 * Whether something that may have held motion of a session holds it no more, so that some of it may be another's: an end by a
 * person's word that is taken back, the extent that went with a start, or a pause that was begun and has an end now. That motion may
 * itself have brought the same end.
 */
function mayPart(known: Session, next: Session): boolean {
  const last = known.lastHeardAt ?? -Infinity;
  const end = statedEndOf(known)?.at;
  if (end !== undefined && last > known.startedAt && statedEndOf(next) === undefined) return true;
  if (last > known.startedAt && known.corrected?.until !== undefined && next.corrected?.until === undefined) {
    return true;
  }
  const begun = known.reported.flatMap(({ pause }) => (pause && pause.to === undefined ? pause.from! : []));
  const isEnded = next.reported.slice(known.reported.length).some(({ pause }) => pause?.to !== undefined);
  return isEnded && last > Math.min(...begun);
}

/** Whether a change of a session is its own: nobody's motion and no neighbour's view of it is moved by it. */
export function isOwn(next: Session, known: Session): boolean {
  const isThere = hasNothing(next) === hasNothing(known) && nextOf(next).by === nextOf(known).by;
  return isThere && !movesMotion(next, known) && !reachesNext(next) && !overflows(next);
}

/** Whether motion of a session may lie before it by a change, or beyond what it reaches, which its own view does not tell. */
export function movesMotion(next: Session, known: Session): boolean {
  return next.startedAt !== known.startedAt || mayPart(known, next);
}

/** Whether a session that was read again is as it was: numbers of motion go on in the first, and a condition names the other. */
export function isAsSeen(latest: Session, again: Session | undefined): boolean {
  return again?.sessionId !== latest.sessionId || again.revision === latest.revision;
}

/** Whether a session is written as it was, but for when. */
export function isSame(a: Session, b: Session): boolean {
  const names = Object.keys({ ...a, ...b }) as (keyof Session)[];
  return names.every((name) => name === "updatedAt" || a[name] === b[name] || isSameValue(a[name], b[name]));
}

function isSameValue(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  return shownOf(a) === shownOf(b);
}

function shownOf(value: object): string {
  return JSON.stringify(value, (_key, part: unknown) => typeof part === "bigint" ? `${part}` : part);
}

/** Whether it has a place in its sensor's line: it is not a part of another. */
export function isPlaced({ mergedInto }: Session): boolean {
  return mergedInto === undefined;
}

export function byId(sessions: readonly Session[]): Map<string, Session> {
  return new Map(sessions.map((session) => [session.sessionId, session]));
}
