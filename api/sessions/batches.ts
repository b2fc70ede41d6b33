import { MINUTE_MS } from "../core/clock.ts";
import { count, isCounted } from "../core/watermark.ts";
import { clustersIn, mainOf, MAX_CLUSTERS, spanning, united } from "./clusters.ts";
import type { BatchInput, BatchSpan, Begun, Cluster, DeviceState, Reading, Session } from "./model.ts";

/** Gaps between batches that are remembered; a batch that would open one more is refused. */
const MAX_BATCH_GAPS = 1_000;

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
  // A start that is stated after a reading of the same batch says nothing more: it lay apart from others, or not, by the order.
  const isBefore = (batch.startedAt ?? -Infinity) <= (span?.firstAt ?? Infinity);
  const signs = clustersIn(batch.readings, isBefore ? batch.startedAt : undefined, batch.apartMs);
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
function ownStart(session: Session): number | undefined {
  const { startedAt, isStartGuessed } = session.said ?? session;
  const isOwn = session.signsFrom === undefined && !isStartGuessed && session.sampleCount === 0;
  return isOwn ? startedAt : undefined;
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
  if (said) return { ...session, said: { startedAt: firstOf(said, at), isStated: true } };
  return { ...session, isStated: true, isStartGuessed: undefined, startedAt: firstOf(session, at) };
}

function firstOf({ startedAt, isStartGuessed }: Begun, at: number): number {
  return isStartGuessed ? at : Math.min(startedAt, at);
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
