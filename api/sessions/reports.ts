import { MINUTE_MS } from "../core/clock.ts";
import type { Report, Session } from "./model.ts";
import { formatPause } from "./pauses.ts";
import { anchorOf } from "./rules.ts";

/** So many of the latest instants are kept as they are; those before them by their minutes alone, or a session of a day would outgrow its item. */
const EXACT = 16;

type Minutes = Readonly<Record<string, number>>;

/** The session with a motion event that an update told of it. */
export function applyReport(session: Session, at: number): Session {
  const anchor = anchorOf(session);
  const same = session.reported.find((report) => report.anchor === anchor && report.count > 0);
  const minutes = added(same?.minutes ?? {}, [at], 1);
  const told = { ...reportOf(minutes, [...latestOf(same), at], anchor), count: (same?.count ?? 0) + 1 };
  return {
    ...session,
    reported: [...session.reported.filter((other) => other !== same), told],
    motionEventCount: session.motionEventCount + 1,
    arrivedCount: session.arrivedCount + 1,
    motionAt: at,
    updatedAt: at,
  };
}

/**
 * What was told of a session, as a person's split parts it: what lies before the instant, and the rest; undefined where there is
 * none. Of what is known by its minute alone, the minute of the cut lies before it.
 */
export function cutReport(report: Report, at: number): { before: Report | undefined; after: Report | undefined } {
  const { minutes = {}, anchor, count } = report;
  // No motion at all, or some of before minutes were kept: as a whole where its latest is.
  if (count === 0 || count > countOf(minutes)) {
    return report.at < at ? { before: report, after: undefined } : { before: undefined, after: report };
  }
  const latest = latestOf(report);
  const older = Object.entries(added(minutes, latest, -1));
  const part = (isIn: (instant: number) => boolean): Report | undefined => {
    const exact = latest.filter(isIn);
    const rest = older.filter(([minute, n]) => n > 0 && isIn(Number(minute) * MINUTE_MS));
    if (exact.length === 0 && rest.length === 0) return undefined;
    return reportOf(added(Object.fromEntries(rest), exact, 1), exact, anchor);
  };
  return { before: part((instant) => instant < at), after: part((instant) => instant >= at) };
}

/**
 * What is told of several sessions as one's: what both halves of a split know, and what is taken back knows beside another that has the
 * motion by now, it knows once. Pauses come last.
 */
export function eachOnce(reported: readonly Report[]): Report[] {
  const keyOf = (one: Report) => isOfBoth(one) ? `${one.pause ? "" : one.at} ${formatPause(one)}` : one;
  const all = [...new Map(reported.map((one) => [keyOf(one), one])).values()];
  return [...all.filter(({ pause }) => !pause), ...all.filter(({ pause }) => pause)];
}

/** Pauses, and until when motion lasted, may go over a cut: each half shows what lies in it. */
export function isOfBoth({ count, isCleared }: Report): boolean {
  return count === 0 && !isCleared;
}

/** When motion that updates told of happened, as it was counted: to the minute, but for what was told before minutes were kept. */
export function toldOf(reported: readonly Report[]): number[] {
  return reported.flatMap(({ at, count, minutes }) =>
    minutes
      ? Object.entries(minutes).flatMap(([minute, n]) => Array<number>(n).fill(Number(minute) * MINUTE_MS))
      : Array<number>(count).fill(at)
  );
}

function latestOf(report: Report | undefined): readonly number[] {
  return report ? report.latest ?? [report.at] : [];
}

function reportOf(minutes: Minutes, instants: readonly number[], anchor: number | undefined): Report {
  const latest = instants.toSorted((a, b) => a - b).slice(-EXACT);
  return {
    at: latest.at(-1) ?? Math.max(...Object.keys(minutes).map((minute) => Number(minute) * MINUTE_MS)),
    count: countOf(minutes),
    minutes,
    ...(latest.length > 1 ? { latest } : {}),
    ...(anchor === undefined ? {} : { anchor }),
  };
}

const countOf = (minutes: Minutes): number => Object.values(minutes).reduce((sum, n) => sum + n, 0);

function added(minutes: Minutes, instants: readonly number[], n: 1 | -1): Minutes {
  const all = { ...minutes };
  for (const at of instants) {
    const minute = Math.floor(at / MINUTE_MS);
    all[minute] = (all[minute] ?? 0) + n;
  }
  return all;
}
