export type Bucket = { start: number; count: number; closed: boolean; version: string };

/** So far back a live page looks. */
const WINDOW_MS = 7_200_000;

/**
 * Moves what a live page holds of a source on to `now`: buckets that lie before its two hours go, also those that were just
 * pushed (a file of last year may be loaded), and one of which nothing was told counted nothing. True where that changed it.
 */
export function moveOn(buckets: Map<number, Bucket>, stepMs: number, now: number): boolean {
  const from = Math.floor((now - WINDOW_MS) / stepMs) * stepMs;
  let isChanged = false;
  for (const start of buckets.keys()) if (start < from) isChanged = buckets.delete(start);
  for (let start = from; start <= now; start += stepMs) {
    if (buckets.has(start)) continue;
    buckets.set(start, { start, count: 0, closed: false, version: "0" });
    isChanged = true;
  }
  return isChanged;
}

/** How far the service's clock is from the viewer's at least, by its newest bucket: 0 where that is of this moment. */
export function skewOf(newest: number, stepMs: number, now: number): number {
  return Math.min(Math.max(now, newest), newest + stepMs - 1) - now;
}
