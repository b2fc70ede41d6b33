import { heldUntil, pausedIn, type PauseSaid, type Stretch } from "./pauses-oracle.ts";
import type { Fact, Whole } from "./sessions-spec.ts";

export type End = { at: number; isCut?: boolean };
/** It beats ends from its motion event on. */
export type Bridge = { until: number; from?: number };
/** A session while what follows from its neighbours is not known. */
export type Draft = {
  id: string | undefined;
  shownAt?: string | undefined;
  start: number;
  /** What is known of its extent without motion. */
  own: number;
  created: boolean;
  final: number | undefined;
  measured: number | undefined;
  samples: number;
  corrected: number | undefined;
  ends: End[];
  bridges: Bridge[];
  reported: number[];
  heard: number[];
  /** Until when motion lasted, by its own event: what a split made its own, and what comes with motion. */
  lasting: { own: number[]; heard: number[] };
  /** How long its last motion lasted, or what went on from before it. */
  until: number;
  /** Where its motion ended when it was deleted. */
  keptUntil?: number | undefined;
  /** What is said of its pauses, of itself and of its motion; and by a person, which beats that. */
  pauses: { own: PauseSaid[]; heard: PauseSaid[]; corrected: readonly Stretch[] | undefined };
};

function endSaid(draft: Draft): { at: number; by: Fact["by"] } | undefined {
  // An end before the start waits for an earlier start to be known.
  const valid = draft.ends.filter(({ at }) => at >= draft.start && !isBridged(draft, at));
  const cuts = valid.filter(({ isCut }) => isCut);
  if (cuts.length > 0) return { at: Math.min(...cuts.map(({ at }) => at)), by: "CORRECTED" };
  if (valid.length > 0) return { at: Math.min(...valid.map(({ at }) => at)), by: "EXPLICIT" };
  if (draft.final === undefined) return undefined;
  const final = Math.max(draft.final, ...signsOf(draft, draft.pauses.own, draft.lasting.own));
  return isBridged(draft, final) ? undefined : { at: final, by: "FINAL" };
}

function isBridged({ bridges }: Draft, at: number): boolean {
  return bridges.some(({ until, from = -Infinity }) => from <= at && at < until);
}

/** The instants that pauses name, and until when motion lasted: signs of the session, but not beyond where a person split it. */
function signsOf(draft: Draft, pauses: readonly PauseSaid[], lasting: readonly number[]): number[] {
  const cuts = draft.ends.filter(({ at, isCut }) => isCut && !isBridged(draft, at)).map(({ at }) => at);
  const named = pauses.map(({ from = -Infinity, to = -Infinity }) => Math.max(from, to));
  return [...named, ...lasting].map((at) => Math.min(at, ...cuts));
}

function pausesOf({ pauses: { own, heard } }: Draft): PauseSaid[] {
  return [...own, ...heard];
}

function statedEnd(draft: Draft): { at: number; by: Fact["by"] } | undefined {
  return draft.corrected === undefined ? endSaid(draft) : { at: draft.corrected, by: "CORRECTED" };
}

function lastOf(draft: Draft): number {
  const { own, until, heard, reported, lasting } = draft;
  const signs = signsOf(draft, pausesOf(draft), [until, ...lasting.own, ...lasting.heard]);
  return Math.max(own, ...heard, ...reported, ...signs);
}

export function reach(draft: Draft, idleMs: number): number {
  return statedEnd(draft)?.at ?? Math.max(goesOn(draft, idleMs), ...draft.bridges.map(({ until }) => until));
}

function goesOn(draft: Draft, idleMs: number): number {
  return Math.max(lastOf(draft) + idleMs, heldUntil(pausesOf(draft)));
}

export function factOf(draft: Draft, follower: Draft | undefined, idleMs: number): Whole {
  const lastMotionAt = lastOf(draft);
  const said = statedEnd(draft);
  const isCut = said === undefined && follower?.created === true && draft.samples === 0 &&
    follower.start <= goesOn(draft, idleMs);
  const endedAt = said?.at ?? (isCut ? Math.max(follower.start, lastMotionAt) : lastMotionAt);
  const by = said?.by ?? (isCut ? "EXPLICIT" : "IDLE");
  const pauses = pausedIn(draft.pauses.corrected ?? pausesOf(draft), draft.start, endedAt);
  const isMeasured = (by === "FINAL" || by === "IDLE") && draft.measured !== undefined;
  const fact: Fact = {
    ...{
      id: draft.id,
      ...(draft.shownAt === undefined ? {} : { shownAt: draft.shownAt }),
      startedAt: draft.start,
      lastMotionAt,
      endedAt,
      by,
      samples: draft.samples,
    },
    duration: isMeasured ? draft.measured! : Math.max(0, endedAt - draft.start),
    motions: draft.heard.length + draft.reported.length,
    paused: pauses.reduce((sum, { from, to }) => sum + to - from, 0),
  };
  return { fact, pauses };
}
