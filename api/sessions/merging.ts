import { joinPeoples, joinPlayback } from "./line.ts";
import type { EndSaid, Piece, Session } from "./model.ts";
import { pausesOf } from "./pauses.ts";
import { asSource, compose, cutPiece, earliest, given, isWithin, knownStart } from "./pieces.ts";
import { cutReport, eachOnce, isOfBoth } from "./reports.ts";
import { anchorOf, lastSignOf, statedEndOf } from "./rules.ts";

/** What a merge or a split makes of the sessions that it touches. `sources` only hold readings, or sent them. */
export type Carved = { shown: readonly Session[]; gone: readonly Session[]; sources: readonly Session[] };

/**
 * Sessions that follow each other, as one: the first, which goes on until the last of them ends, whatever was said of the
 * others' ends. Where motion opened all of them it opened this one too, and motion around it belongs to it as ever; else
 * its start is stated.
 */
export function mergeSessions(members: readonly Session[], sources: readonly Session[]): Carved {
  const [first, ...others] = members as [Session, ...Session[]];
  const ids = new Set(members.map(({ sessionId }) => sessionId));
  const last = members.reduce((a, b) => (extentOf(b) >= extentOf(a) ? b : a));
  const until = extentOf(last);
  const isStated = members.some((one) => one.isStated);
  const anchor = anchorOf({ ...first, isStated });
  const start = first.corrected?.startedAt;
  const end = last.corrected?.endedAt;
  const isPaused = members.some((one) => one.corrected?.pauses);
  const corrected = start === undefined && end === undefined && !isPaused ? undefined : {
    ...(start === undefined ? {} : { startedAt: start, until: first.corrected!.until }),
    ...(end === undefined ? {} : { endedAt: end }),
    // What a person says of one beats what was stated of it, and nothing of the others.
    ...(isPaused ? { pauses: members.flatMap(pausesOf).map(({ from, to = until }) => ({ from, to })) } : {}),
  };
  const peoples = others.reduce(
    (all, one): Session => ({ ...all, ...joinPeoples(all, one), ...joinPlayback(all, one) }),
    first,
  );
  const begins = earliest([
    knownStart(first.said ?? first, first),
    ...others.map((one) => knownStart(one, one)),
  ]);
  const merged: Session = {
    ...peoples,
    ...ownOf(first),
    isStated,
    ...beneath(first, begins, members.some((one) => (one.said ?? one).isStated)),
    corrected,
    // Where a person had split one off another, they are whole again: also where that lasts no longer than its cut.
    ends: [...first.ends, ...others.flatMap(endsOf)].filter(({ into }) => into === undefined || !ids.has(into)),
    reported: eachOnce(members.flatMap((one) => one.reported)),
    bridges: [...members.flatMap((one) => one.bridges), { until, ...(anchor === undefined ? {} : { anchor }) }],
    version: Math.max(...members.map(({ version }) => version)) + 1,
  };
  const hold = (one: Session): Session => {
    const source = asSource(one);
    return { ...source, pieces: given(source.pieces!, ids, first.sessionId) };
  };
  const [whole, gone, kept] = [hold(merged), others.map(hold), sources.map(hold)];
  return { shown: [compose(whole, [whole, ...gone, ...kept])], gone, sources: kept };
}

/** The start that stays beneath what a person says of it, and what a guess gives way to, where it is known that it begins by then. */
function beneath(session: Session, begins: number | undefined, isStated: boolean): Pick<Session, "said" | "startsBy"> {
  const { said } = session;
  if ((said ?? session).isStartGuessed) return { said: said && { ...said, isStated }, startsBy: begins };
  const startedAt = isStated ? begins! : said?.startedAt;
  return { said: said && { ...said, isStated, startedAt: startedAt! } };
}

/** What was said of when it ended, as said of it and not of what it becomes a part of. */
function endsOf({ sessionId, ends }: Session): EndSaid[] {
  return ends.map((end) => ({ ...end, of: end.of ?? sessionId }));
}

/** What its own device states, whatever a merge makes of the session. */
function ownOf(session: Session): Pick<Session, "own" | "pieces"> {
  const { own, pieces } = asSource(session);
  return { own, pieces };
}

/** Whether a device sent batches of it. */
export function isDevice({ batches }: Session): boolean {
  return batches.hi >= 0n || batches.ahead.length > 0;
}

function extentOf(session: Session): number {
  return statedEndOf(session)?.at ?? lastSignOf(session);
}

/**
 * A session as two: it ends at the instant, and a new one begins there. What is said of its later part, and sent of it, is
 * the new one's. `begun` is the new session as it begins; `before` says what of a piece lies before the instant.
 */
export function splitSession(
  session: Session,
  at: number,
  begun: Session,
  sources: readonly Session[],
  before: (source: Session) => Pick<Piece, "samples" | "lastAt">,
): Carved {
  const { corrected, labels, pinned, idleMs, keepMs, userId, shownAt } = session;
  const end = corrected?.endedAt;
  const anchor = anchorOf(session);
  const own = <S extends object>(said: S): S => ({ ...said, anchor: undefined });
  const cut = (one: Session): Session => {
    const source = asSource(one);
    const pieces = source.pieces!.flatMap((piece) => {
      if (piece.into !== session.sessionId) return [piece];
      if ((piece.from ?? -Infinity) >= at) return [{ ...piece, into: begun.sessionId }];
      return isWithin(piece, at) ? cutPiece(piece, at, begun.sessionId, before(source)) : [piece];
    });
    return { ...source, pieces };
  };
  const { isStated } = session.said ?? session;
  const begins = earliest([knownStart(session.said ?? session, session), at - 1]);
  const first = cut({
    ...asSource(session),
    // Whatever is said of its start, what lies before the instant is its.
    ...beneath(session, begins, isStated),
    corrected: end === undefined ? corrected : { ...corrected, endedAt: undefined },
    ends: [...session.ends.filter((one) => one.at < at), {
      at,
      isCut: true,
      into: begun.sessionId,
      ...(anchor === undefined ? {} : { anchor }),
    }],
    reported: session.reported.flatMap((one) => (isOfBoth(one) ? one : cutReport(one, at).before ?? [])),
    bridges: session.bridges.map((one) => ({ ...one, until: Math.min(one.until, at) })),
    version: session.version + 1,
  });
  const second = asSource({
    ...begun,
    said: { startedAt: at, isStated: true },
    corrected: {
      startedAt: at,
      ...(end === undefined ? {} : { endedAt: end }),
      ...(corrected?.pauses ? { pauses: corrected.pauses } : {}),
    },
    // An older cut there is the first one's, and this is in its place.
    ends: session.ends.filter((one) => one.at > at || (one.at === at && !one.isCut)).map(own),
    reported: eachOnce(
      session.reported.flatMap((one) => (isOfBoth(one) ? one : cutReport(one, at).after ?? [])).map(own),
    ),
    bridges: session.bridges.filter((one) => one.until > at).map(own),
    ...{ labels, pinned, idleMs, keepMs, userId, shownAt },
  });
  const kept = sources.map(cut);
  const all = [first, second, ...kept];
  return { shown: [compose(first, all), compose(second, all)], gone: [], sources: kept };
}
