import type { Begun, Own, Piece, Reading, Session } from "./model.ts";
import { measuredOf } from "./rules.ts";

/**
 * Who holds which readings, where people merged or split sessions. A device goes on naming its own session: that one keeps
 * what the device states (`own`), its batches, and in `pieces` who holds which stretch of its readings. What a session
 * shows of readings follows from the pieces that it holds, so it is the same whether a batch came before or after a person.
 */

/** The session with pieces of its own: it holds all that its device sent, until a person says otherwise. */
export function asSource(session: Session): Session {
  if (session.pieces) return session;
  const { lastReadingAt, isFinal, deviceDuration, sampleCount } = session;
  const { startedAt, isStated, isStartGuessed } = session.said ?? session;
  return {
    ...session,
    own: { startedAt, isStated, isStartGuessed, lastReadingAt, isFinal, deviceDuration, sampleCount },
    pieces: [{ into: session.mergedInto ?? session.sessionId, samples: sampleCount, lastAt: lastReadingAt }],
  };
}

/** The session as its device states it. */
export function asStated(source: Session): Session {
  const { startedAt, isStated, isStartGuessed, ...measured } = source.own!;
  return { ...source, startedAt, isStated, isStartGuessed, ...whole(measured), said: undefined };
}

/** What is undefined is left out where it is kept, and must not let what is there stand. */
function whole({ lastReadingAt, isFinal, deviceDuration, sampleCount }: Omit<Own, "startedAt" | "isStated">) {
  return { lastReadingAt, isFinal, deviceDuration, sampleCount };
}

/** The session with what its device states now, and who holds what of it. */
export function withOwn(source: Session, stated: Session, pieces: readonly Piece[]): Session {
  const { startedAt, isStated, isStartGuessed, lastReadingAt, isFinal, deviceDuration, sampleCount } = stated;
  const { batches, spans, admitted, createdWith, playback, updatedAt, signsFrom, base } = stated;
  const own: Own = { startedAt, isStated, isStartGuessed, lastReadingAt, isFinal, deviceDuration, sampleCount };
  return { ...source, batches, spans, admitted, createdWith, playback, updatedAt, signsFrom, base, own, pieces };
}

/** The session without pieces, as if no person had merged or split anything. */
export function asItsOwn(source: Session): Session {
  if (!source.own) return source;
  const { startedAt, isStated, isStartGuessed, ...measured } = source.own;
  const place = source.said
    ? { said: { startedAt, isStated, isStartGuessed } }
    : isStated
    ? { startedAt, isStated, isStartGuessed }
    : { isStated };
  return { ...source, ...whole(measured), ...place, finalAt: undefined, own: undefined, pieces: undefined };
}

/** The pieces with more readings, each in the piece that its instant falls into. */
export function addReadings(pieces: readonly Piece[], readings: readonly Pick<Reading, "at">[]): Piece[] {
  return pieces.map((piece) => {
    const own = readings.filter(({ at }) => isWithin(piece, at)).map(({ at }) => at);
    if (own.length === 0) return piece;
    const lastAt = own.reduce((a, b) => Math.max(a, b), piece.lastAt ?? -Infinity);
    return { ...piece, samples: piece.samples + own.length, lastAt };
  });
}

export function isWithin({ from = -Infinity, to = Infinity }: Pick<Piece, "from" | "to">, at: number): boolean {
  return from <= at && at < to;
}

/** The piece of an instant. */
export function pieceAt(pieces: readonly Piece[], at: number): Piece | undefined {
  return pieces.find((piece) => isWithin(piece, at));
}

/** The pieces of one holder as another's. */
export function given(pieces: readonly Piece[], from: ReadonlySet<string>, into: string): Piece[] {
  return pieces.map((piece) => (from.has(piece.into) ? { ...piece, into } : piece));
}

/** The piece that is cut at an instant, with what of its readings lies before. */
export function cutPiece(piece: Piece, at: number, into: string, before: Pick<Piece, "samples" | "lastAt">): Piece[] {
  const samples = piece.samples - before.samples;
  return [
    { ...piece, to: at, ...before },
    { ...piece, from: at, into, samples, lastAt: samples > 0 ? piece.lastAt : undefined },
  ];
}

/** What is held now, in the stretches of before where these sessions (`ours`) held them; what others hold stays theirs. */
export function regrouped(pieces: readonly Piece[], before: readonly Piece[], ours: ReadonlySet<string>): Piece[] {
  return before.flatMap(({ into, from, to }): Piece | readonly Piece[] => {
    const inside = pieces.filter((piece) => isWithin({ from, to }, piece.from ?? -Infinity));
    if (!ours.has(into)) return inside;
    const lastAt = latest(inside.map((piece) => piece.lastAt));
    return { into, from, to, samples: inside.reduce((sum, { samples }) => sum + samples, 0), lastAt };
  });
}

/** The session with what follows from the pieces that it holds; `sources` are all sessions that may have some. */
export function compose(holder: Session, sources: readonly Session[]): Session {
  const held = sources.flatMap((source) =>
    (source.pieces ?? []).filter((piece) => piece.into === holder.sessionId).map((piece) => ({ source, piece }))
  );
  const devices = held.filter(({ source: { batches } }) => batches.hi >= 0n || batches.ahead.length > 0);
  const last = devices.filter(({ piece }) => piece.to === undefined).map(({ source }) => source.own!);
  const isFinal = last.length > 0 && last.every((own) => own.isFinal) ? true : undefined;
  const others = held.map(({ source }) => source.sessionId).filter((id) => id !== holder.sessionId);
  const composed: Session = {
    ...holder,
    sources: [...new Set(others)].sort(),
    sampleCount: held.reduce((sum, { piece }) => sum + piece.samples, 0),
    lastReadingAt: latest(held.map(({ piece }) => piece.lastAt)),
    isFinal,
    finalAt: isFinal && Math.max(...last.map((own) => own.startedAt + (measuredOf(own) ?? 0))),
    deviceDuration: undefined,
  };
  const byId = new Map(sources.map((source) => [source.sessionId, source]));
  const starts = held.filter(({ piece, source }) =>
    piece.from === undefined && isStartStated(source) && !isStartBeaten(source, holder, byId)
  );
  return begun(composed, starts.map(({ source }) => source.own!));
}

/** Whether a device or who created it stated its start, or a batch came of which that is guessed. */
function isStartStated({ batches, createdWith, own }: Session): boolean {
  return own!.isStated && (createdWith !== undefined || batches.hi >= 0n || batches.ahead.length > 0);
}

/** Whether a person had said when a session began, or what it was a part of, before that became a part of the holder. */
function isStartBeaten(source: Session, holder: Session, byId: ReadonlyMap<string, Session>): boolean {
  if (source.sessionId === holder.sessionId) return false;
  const into = source.mergedInto === undefined ? undefined : byId.get(source.mergedInto);
  return source.corrected?.startedAt !== undefined || (into !== undefined && isStartBeaten(into, holder, byId));
}

/**
 * The earliest start of what a session holds; a person's own word of it stays above that. The guess of one part gives way to
 * what is stated of that, and then the whole begins with whichever part is the earliest.
 */
function begun(session: Session, owns: readonly Own[]): Session {
  if (owns.length === 0) return session;
  const stated = owns.filter((own) => !own.isStartGuessed);
  const startsBy = earliest([knownStart(session.said ?? session, session), ...stated.map((own) => own.startedAt)]);
  const startedAt = earliest([startsBy, ...owns.map((own) => own.startedAt)])!;
  const isGuess = startedAt !== startsBy;
  const start: Begun = { startedAt, isStated: true, isStartGuessed: isGuess ? true : undefined };
  return { ...session, ...(session.said ? { said: start } : start), startsBy: isGuess ? startsBy : undefined };
}

/** A start as far as it is known: of a guess, what it gives way to at the latest. */
export function knownStart(start: Begun, { startsBy }: Pick<Session, "startsBy">): number | undefined {
  return start.isStartGuessed ? startsBy : start.startedAt;
}

export function earliest(instants: readonly (number | undefined)[]): number | undefined {
  const known = instants.filter((at) => at !== undefined);
  return known.length === 0 ? undefined : known.reduce((a, b) => Math.min(a, b));
}

function latest(instants: readonly (number | undefined)[]): number | undefined {
  const known = instants.filter((at) => at !== undefined);
  return known.length === 0 ? undefined : known.reduce((a, b) => Math.max(a, b));
}
