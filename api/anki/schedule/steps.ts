import { DAY_MS, SECOND_MS } from "../../core/clock.ts";
import type { Rating } from "./memory.ts";

const DAY_SECS = DAY_MS / SECOND_MS;

/** Where an answer leads within the steps: seconds to wait and steps that are left; undefined where it leaves them. */
export type Step = { secs: number; left: number };

/**
 * The step after an answer. `left` is what the card keeps of its steps; Anki 2.0 kept today's share in the thousands.
 * Again begins anew, hard repeats (on the first step, half way to the next or half as much again), good goes on.
 */
export function nextStep(stepsMin: readonly number[], left: number, rating: Rating): Step | undefined {
  const secs = stepsMin.map((minutes) => Math.floor(minutes * 60));
  const place = Math.min(Math.max(0, secs.length - left % 1_000), Math.max(0, secs.length - 1));
  const [first, second] = secs;
  if (first === undefined || rating === 4) return undefined;
  if (rating === 1) return { secs: first, left: secs.length };
  if (rating === 2) return { secs: place === 0 ? hardOnFirst(first, second) : secs[place]!, left };
  const next = secs[place + 1];
  return next === undefined ? undefined : { secs: next, left: secs.length - place - 1 };
}

/** Seconds that the card waited on its present step; 0 without steps. */
export function presentStepSecs(stepsMin: readonly number[], left: number): number {
  const place = Math.min(Math.max(0, stepsMin.length - left % 1_000), Math.max(0, stepsMin.length - 1));
  return Math.floor((stepsMin[place] ?? 0) * 60);
}

function hardOnFirst(first: number, second: number | undefined): number {
  const secs = second === undefined
    ? Math.min(Math.floor(first * 1.5), first + DAY_SECS)
    : Math.floor((first + second) / 2);
  return secs > DAY_SECS ? Math.round(secs / DAY_SECS) * DAY_SECS : secs;
}
