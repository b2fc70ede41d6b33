/**
 * A number from 0 to 1 (excluded) that only depends on the card and how often it was answered, so that a repeat gives
 * the same. Anki draws its own from another generator with the same seed; the ranges are Anki's, the draw is not.
 */
export function fuzzOf(cardId: number, reps: number): number {
  let a = (cardId % 4_294_967_296) >>> 0;
  let b = (Math.floor(cardId / 4_294_967_296) ^ Math.imul(reps + 1, 0x9e3779b1)) >>> 0;
  for (let round = 0; round < 4; round++) {
    a = mixed(a ^ b);
    b = mixed(b + Math.imul(a, 0x85ebca6b));
  }
  return (a >>> 0) / 4_294_967_296;
}

/** Chooses an interval near `interval`, within bounds. */
export type Pick = (interval: number, minDays: number, maxDays: number) => number;

/**
 * Chooses by a number from 0 to 1 (excluded). `weightOf` says how much of a day's share a day so far ahead shall have: 1
 * for all of it, 0 for as little as can be, as Anki's easy days say.
 */
export function createPick(fuzz: number, weightOf: (days: number) => number = () => 1): Pick {
  return (interval, minDays, maxDays) => {
    const { lower, upper } = fuzzRange(interval, minDays, maxDays);
    const weights = Array.from({ length: 1 + upper - lower }, (_, i) => Math.max(weightOf(lower + i), 1e-6));
    let left = fuzz * weights.reduce((sum, weight) => sum + weight, 0);
    const place = weights.findIndex((weight) => (left -= weight) < 0);
    return place < 0 ? upper : lower + place;
  };
}

/** The days among which fuzz chooses: longer intervals move by a larger share. Within the bounds, which are at least 1. */
export function fuzzRange(interval: number, minDays: number, maxDays: number): { lower: number; upper: number } {
  const max = Math.max(1, maxDays);
  const min = Math.min(max, Math.max(1, minDays));
  const middle = clamp(interval, min, max);
  const delta = spreadOf(middle);
  const lower = clamp(Math.round(middle - delta), min, max);
  const reach = clamp(Math.round(middle + delta), min, max);
  const upper = reach === lower && reach > 2 && reach < max ? lower + 1 : reach;
  return { lower, upper };
}

/** Seconds until a learning card is due: up to a quarter more, 5 minutes at most. */
export function fuzzedSecs(secs: number, fuzz: number): number {
  return secs + Math.floor(fuzz * Math.floor(Math.min(secs * 0.25, 300)));
}

/** Days on either side: one from 2.5 days on, and a share of the days in each range. Ranges: rslib/…/states/fuzz.rs. */
function spreadOf(days: number): number {
  if (days < 2.5) return 0;
  const share = (from: number, to: number, factor: number) => factor * Math.max(0, Math.min(days, to) - from);
  return 1 + share(2.5, 7, 0.15) + share(7, 20, 0.1) + share(20, Infinity, 0.05);
}

function mixed(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

export function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
