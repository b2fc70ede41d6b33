import * as v from "valibot";
import { instant } from "../core/check.ts";
import type { InvalidField } from "../core/errors.ts";

/** What is said of a pause: when it began, when it ended, or both. */
export type PauseSaid = { from?: number | undefined; to?: number | undefined };

/** A pause as it follows from all that was said: from an instant (included) to another; `to` is undefined while it lasts. */
export type Pause = { from: number; to?: number | undefined };

/** A pause that was said and is kept; where only its begin is known, it keeps its session going until `until` at most. */
export type PauseKept = PauseSaid & { until?: number | undefined };

/** The pauses that a person says there were; they beat all that is stated. */
export type PausesCorrected = { pauses?: readonly Stretch[] | undefined };
type Stretch = { from: number; to: number };

/** What is said of pauses of one session lies in its item, some 25 bytes each. */
export const MAX_PAUSES = 500;

export const pauseEntries = { from: v.nullish(instant), to: v.nullish(instant) };
export const pauseList = v.pipe(
  v.array(v.object(pauseEntries, "must be an object of from and to"), "must be a list"),
  v.maxLength(
    MAX_PAUSES,
    (i) => `must hold at most ${MAX_PAUSES} pauses, has ${i.input.length}; say those that follow each other as one`,
  ),
);
export type PauseInput = { from?: number | null | undefined; to?: number | null | undefined };

export function saidOf({ from, to }: PauseInput): PauseSaid {
  return { ...(typeof from === "number" ? { from } : {}), ...(typeof to === "number" ? { to } : {}) };
}

/** What is wrong with a pause that is well-formed otherwise. */
export function wrongPause({ from, to }: PauseInput): InvalidField[] {
  if (typeof from !== "number" && typeof to !== "number") {
    return [{ path: ["from"], message: "must be given, or `to`, or both: when it was paused, and when it went on" }];
  }
  const isBackwards = typeof from === "number" && typeof to === "number" && to < from;
  return isBackwards ? [{ path: ["to"], message: "must not be before `from`" }] : [];
}

/** What is wrong with pauses that a person says: both ends of each. */
export function wrongStretches(pauses: readonly PauseInput[]): InvalidField[] {
  const open = pauses.flatMap(({ from, to }, i) =>
    (["from", "to"] as const).filter((name) => typeof { from, to }[name] !== "number")
      .map((name) => ({
        path: ["pauses", `${i}`, name],
        message: "must be given: a correction says both ends of each pause",
      }))
  );
  return open.length > 0 ? open : wrongPauses(pauses);
}

export function wrongPauses(pauses: readonly PauseInput[]): InvalidField[] {
  return pauses.flatMap((one, i) => wrongPause(one).map((own) => ({ ...own, path: ["pauses", `${i}`, ...own.path] })));
}

/**
 * The pauses that a set of statements comes to, in their order; the same whatever came first, and however often. Each begins
 * where it was said to and ends at the next end that was said; what was said with both ends is paused as a whole, and
 * pauses that meet are one. An end that no begin comes before says nothing of pauses. Where one ends and one begins at the
 * same instant, it stays as it was.
 */
export function unitedPauses(said: readonly PauseSaid[]): Pause[] {
  const begins = new Set(said.flatMap(({ from }) => from ?? []));
  const ends = new Set(said.flatMap(({ to }) => to ?? []));
  const stretches: { from: number; to: number }[] = [];
  let since: number | undefined;
  for (const at of [...new Set([...begins, ...ends])].sort((a, b) => a - b)) {
    if (begins.has(at) === ends.has(at)) continue;
    if (begins.has(at)) since ??= at;
    else if (since !== undefined) {
      stretches.push({ from: since, to: at });
      since = undefined;
    }
  }
  if (since !== undefined) stretches.push({ from: since, to: Infinity });
  const whole = said.flatMap(({ from, to }) => (from === undefined || to === undefined ? [] : [{ from, to }]));
  const united: { from: number; to: number }[] = [];
  for (const one of [...stretches, ...whole].sort((a, b) => a.from - b.from)) {
    const last = united.at(-1);
    if (last && one.from <= last.to) last.to = Math.max(last.to, one.to);
    else united.push({ ...one });
  }
  return united.filter(({ from, to }) => from < to)
    .map(({ from, to }) => (to === Infinity ? { from } : { from, to }));
}

/** Until when a pause of which no end is known keeps a session going: by the latest that was said of its begin. */
export function heldByPause(reported: readonly Told[]): number {
  const said = reported.flatMap(({ pause }) => pause ?? []);
  const until = said.flatMap((pause) => pause.until ?? []);
  const last = until.length > 0 ? unitedPauses(said).at(-1) : undefined;
  return last && last.to === undefined ? Math.max(...until) : -Infinity;
}

/** The pauses of a session, as far as they lie in it; the last has no end while the session is paused. */
export function pausesOf({ reported, startedAt, endedAt = Infinity, corrected }: PausedSession): Pause[] {
  return unitedPauses(corrected?.pauses ?? reported.flatMap(({ pause }) => pause ?? [])).flatMap(
    ({ from, to = Infinity }) => {
      const [first, last] = [Math.max(from, startedAt), Math.min(to, endedAt)];
      if (first >= last) return [];
      return [last === Infinity ? { from: first } : { from: first, to: last }];
    },
  );
}

/** What is told of a session, of which a pause may be a part. */
type Told = { pause?: PauseKept | undefined };
type PausedSession = {
  reported: readonly Told[];
  startedAt: number;
  endedAt?: number | undefined;
  corrected?: PausesCorrected | undefined;
};

/** What of a session that is over is no pause, in its order. */
export function activeStretchesOf(session: PausedSession & { endedAt: number }): { from: number; to: number }[] {
  const pauses = pausesOf(session);
  const begins = [session.startedAt, ...pauses.map(({ to = session.endedAt }) => to)];
  const ends = [...pauses.map(({ from }) => from), session.endedAt];
  return begins.map((from, i) => ({ from, to: ends[i]! })).filter(({ from, to }) => from < to);
}

/** How long a session that is over was paused (ms). A row of a list has it as a number. */
export function pausedMsOf(session: PausedSession & { endedAt: number; pausedMs?: number | undefined }): number {
  const paused = () => pausesOf(session).reduce((sum, { from, to = session.endedAt }) => sum + to - from, 0);
  return session.pausedMs ?? paused();
}

/** The latest instant that a pause names. */
export function signOf({ from = -Infinity, to = -Infinity }: PauseSaid): number {
  return Math.max(from, to);
}

export function isSamePause(a: PauseSaid, b: PauseSaid): boolean {
  return a.from === b.from && a.to === b.to;
}

/** What is kept of a pause as one short text: its instants, and the motion event by which it is known. */
export function formatPause({ pause = {}, anchor }: Told & { anchor?: number | undefined }): string {
  const { from, to, until } = pause;
  return [from, to, until, anchor].map((at) => at === undefined ? "" : at.toString(36)).join(".").replace(/\.+$/, "");
}

export function parsePauseText(text: string) {
  const [from, to, until, anchor] = text.split(".").map((part) => part === "" ? undefined : parseInt(part, 36));
  const pause = { from, to, until };
  return { at: signOf(pause), count: 0, pause, ...(anchor === undefined ? {} : { anchor }) };
}

/** Whether something of what was said lies in a session as it is known. */
export function liesWithin(
  { from = Infinity, to = -Infinity }: PauseSaid,
  { startedAt, endedAt = Infinity }: Pick<PausedSession, "startedAt" | "endedAt">,
): boolean {
  const isIn = (at: number) => startedAt <= at && at <= endedAt;
  return isIn(from) || isIn(to) || (from < startedAt && endedAt < to);
}

/** Why what was said of a pause does not show yet. */
export function outside({ startedAt, endedAt }: Pick<PausedSession, "startedAt" | "endedAt">): string {
  const [from, to] = [startedAt, endedAt].map((at) => at === undefined ? "now" : new Date(at).toISOString());
  return `lies outside of the session as it is known, ${from} to ${to}; it is kept, and shows once the session reaches there`;
}
