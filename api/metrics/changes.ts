import { HOUR_MS, MINUTE_MS } from "../core/clock.ts";
import type { Diff } from "../live/shared.ts";
import { BUCKET_MINUTES, type FixedSize, type HourBucket, type MetricBucket } from "./model.ts";
import { formatVersion, hourOf, toBucket } from "./rules.ts";

export type MetricUpdate = { cursor: string; bucket: MetricBucket };

/** The last bucket given of an hour: buckets of an hour are given by version, then by start. */
type BucketVersion = readonly [version: string, start: number];
/** Of each hour the last bucket given. */
export type Given = ReadonlyMap<string, BucketVersion>;
/**
 * What a follower was given. `round` is that of its last snapshot; `before` what it was given of late hours as it came back, which
 * it is not told again as long as others may find them anew.
 */
export type State = {
  given: Given;
  isFirst: boolean;
  round: number;
  before?: { given: Given; till: number } | undefined;
};

/**
 * An hour that left the window and was counted into again, as the hub said: 09:00 at 14:30, by a batch that came late. `round`
 * is the snapshot that found it; \`before\` what a subscriber of the round before it was given last, so that only what is new
 * since is sent.
 */
export type LateHour = { hour: HourBucket; round: number; before?: { round: number; last: BucketVersion } | undefined };

/** The window as it was at one moment. */
export type Snapshot = {
  size: FixedSize;
  now: number;
  /** The start of the first bucket of the window. */
  from: number;
  hours: readonly HourBucket[];
  late: ReadonlyMap<string, LateHour>;
  round: number;
  /** The state of whoever was given all of it. */
  settled: State;
};

const WINDOW_MS = 2 * HOUR_MS;
/** The version of a bucket that nothing was counted into. */
const NEVER = formatVersion(0);

/** Of a new subscriber: nothing was given yet, and late hours are sent from its first snapshot on. */
export const NOTHING: State = { given: new Map(), isFirst: true, round: Infinity };

export function windowStart(now: number, size: FixedSize): number {
  const bucketMs = BUCKET_MINUTES[size] * MINUTE_MS;
  return Math.floor((now - WINDOW_MS) / bucketMs) * bucketMs;
}

export function hourKeyOf({ source, hourAt }: { source: string; hourAt: number }): string {
  return `${source} ${hourAt}`;
}

/** The snapshot of what was read; `previous` where nothing is different but the second. */
export function toSnapshot(
  previous: Snapshot | undefined,
  size: FixedSize,
  now: number,
  hours: readonly HourBucket[],
  hinted: readonly HourBucket[],
  maxLate: number,
): Snapshot {
  const from = windowStart(now, size);
  const given = new Map<string, BucketVersion>();
  for (const hour of hours) {
    const last = lastOf(hour, size, now);
    if (last) given.set(hourKeyOf(hour), last);
  }
  const isSameMinute = previous && Math.floor(previous.now / MINUTE_MS) === Math.floor(now / MINUTE_MS);
  if (isSameMinute && hinted.length === 0 && isEqual(previous.settled.given, given)) return previous;
  const round = (previous?.round ?? 0) + 1;
  const late = new Map(previous?.late);
  for (const hour of hinted) {
    const key = hourKeyOf(hour);
    const known = late.get(key);
    const last = known && lastOf(known.hour, size, now);
    // Anew, at the end: the oldest are forgotten first.
    late.delete(key);
    late.set(key, { hour, round, before: last && { round: known.round, last } });
  }
  // What this round found is told to those who follow, however much it is.
  const kept = new Map([...late].slice(-Math.max(maxLate, hinted.length)));
  return { size, now, from, hours, late: kept, round, settled: { given, isFirst: false, round } };
}

/** What is new in a snapshot to someone: each bucket as it is, and the cursor that says all that was given up to it. */
export function changesSince(
  { size, now, from, hours, late, round, settled }: Snapshot,
  { given, isFirst, round: lastRound, before }: State,
  encode: (given: Given, from: number, now: number) => string,
): Diff<State, MetricUpdate> {
  const known = before && now < before.till ? before : undefined;
  const state = new Map(given);
  const messages: MetricUpdate[] = [];
  const give = (hour: HourBucket, isHidden: (bucket: MetricBucket) => boolean) => {
    const key = hourKeyOf(hour);
    for (const bucket of bucketsOf(hour, size, now)) {
      const last = state.get(key);
      const isCounted = bucket.version > NEVER;
      const isNew = last ? compare([bucket.version, bucket.start], last) > 0 : isCounted;
      const isShown = isFirst && bucket.start <= now;
      if (!isNew && !isShown) continue;
      if (isCounted) state.set(key, [bucket.version, bucket.start]);
      if (!isHidden(bucket)) messages.push({ cursor: encode(state, from, now), bucket });
    }
  };
  for (const { hour, round: hintedIn, before: last } of late.values()) {
    if (hintedIn <= lastRound) continue;
    const key = hourKeyOf(hour);
    const own = known?.given.get(key);
    if (own) state.set(key, own);
    if (last && last.round <= lastRound && (!own || compare(last.last, own) > 0)) state.set(key, last.last);
    give(hour, () => false);
  }
  // The window begins within its first hour; what lies before it is over when the feed begins.
  for (const hour of hours) give(hour, ({ start }) => isFirst && start < from);
  const kept = recent(state, from);
  if (known) return { messages, state: { given: kept, isFirst: false, round, before: known } };
  return { messages, state: isEqual(kept, settled.given) ? settled : { given: kept, isFirst: false, round } };
}

/** The buckets of an hour in the order in which they are given. */
function bucketsOf(hour: HourBucket, size: FixedSize, now: number): MetricBucket[] {
  const length = BUCKET_MINUTES[size];
  return Array.from(
    { length: 60 / length },
    (_, i) => toBucket(hour.source, size, hour.hourAt + i * length * MINUTE_MS, hour, now),
  ).sort((a, b) => compare([a.version, a.start], [b.version, b.start]));
}

function lastOf(hour: HourBucket, size: FixedSize, now: number): BucketVersion | undefined {
  const last = bucketsOf(hour, size, now).at(-1)!;
  return last.version > NEVER ? [last.version, last.start] : undefined;
}

/** Of each hour the last bucket among these. */
export function lastOfEach(updates: readonly MetricUpdate[]): Given {
  const given = new Map<string, BucketVersion>();
  for (const { bucket: { source, start, version } } of updates) {
    const key = hourKeyOf({ source, hourAt: hourOf(start) });
    const own = [version, start] as const;
    const known = given.get(key);
    if (!known || compare(own, known) > 0) given.set(key, own);
  }
  return given;
}

function compare(a: BucketVersion, b: BucketVersion): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] - b[1];
}

function isEqual(a: Given, b: Given): boolean {
  if (a.size !== b.size) return false;
  for (const [key, last] of a) {
    const other = b.get(key);
    if (!other || compare(last, other) !== 0) return false;
  }
  return true;
}

/** Hours that left the window need no memory. */
function recent(given: Given, from: number): Given {
  return new Map([...given].filter(([key]) => Number(key.split(" ")[1]) >= hourOf(from)));
}
