import { HOUR_MS, MINUTE_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { TimeRange } from "../core/range.ts";
import { formatInstant } from "../core/time.ts";
import {
  BUCKET_MINUTES,
  type BucketSize,
  type CountChange,
  type Counted,
  GRACE_MS,
  type HourBucket,
  LIMITS,
  type MetricBucket,
  type MetricReceipt,
  type MetricRecord,
  type MetricSeries,
  type MetricSource,
} from "./model.ts";
import type { Kept } from "./records.ts";

/** The start of the hour, in UTC, that an instant lies in. */
export function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS) * HOUR_MS;
}

/** An hour into which nothing was counted yet. */
export function emptyHour(source: MetricSource, hourAt: number): HourBucket {
  return { source, hourAt, minutes: new Map(), version: 0 };
}

/** The changes of each bucket item, in the order in which they came. */
export function groupByHour(changes: readonly CountChange[]): CountChange[][] {
  return [...Map.groupBy(changes, ({ tenantId, source, at }) => `${tenantId}#${source}#${hourOf(at)}`).values()];
}

/** What one write to an hour does: how many more in each minute. */
export type HourWrite = {
  minutes: Map<number, number>;
  /** Of those that are counted: how many are gone because their time had come. */
  expired: Map<number, number>;
};

export function toHourWrite(changes: readonly CountChange[]): HourWrite {
  const write: HourWrite = { minutes: new Map(), expired: new Map() };
  for (const { at, n, isExpired } of changes) {
    const minute = Math.floor((at - hourOf(at)) / MINUTE_MS);
    const counts = isExpired ? write.expired : write.minutes;
    counts.set(minute, (counts.get(minute) ?? 0) + n);
  }
  return write;
}

/** A count that is wrong: what it should be, and whether nothing in doubt is in the way of setting it. */
export type Wrong = { recounted: number; isSettled: boolean };

/**
 * The minutes of an hour whose count is wrong. Two kinds of things are in doubt and make no difference: those written
 * after `settledAt`, which may be counted already or not, and those that have expired, which a recount does not find.
 */
export function compareHour(
  hour: HourBucket,
  { fromAt, toAt }: TimeRange,
  things: readonly Counted[],
  settledAt: number,
): Map<number, Wrong> {
  const byMinute = Map.groupBy(things, ({ at }) => Math.floor((at - hour.hourAt) / MINUTE_MS));
  const wrong = new Map<number, Wrong>();
  for (let at = fromAt; at < toAt; at += MINUTE_MS) {
    const minute = (at - hour.hourAt) / MINUTE_MS;
    const { count = 0, expired = 0 } = hour.minutes.get(minute) ?? {};
    const own = byMinute.get(minute) ?? [];
    const pending = own.filter(({ arrivedAt }) => arrivedAt >= settledAt).length;
    const recounted = Math.min(Math.max(count, own.length - pending), own.length + expired);
    if (recounted !== count) wrong.set(minute, { recounted, isSettled: pending === 0 && expired === 0 });
  }
  return wrong;
}

/** How many minutes hold less than what is found and what has expired together: one of either may be missing in the count. */
export function minutesInDoubt(
  hour: HourBucket,
  { fromAt, toAt }: TimeRange,
  things: readonly Counted[],
): number {
  const found = Map.groupBy(things, ({ at }) => Math.floor((at - hour.hourAt) / MINUTE_MS));
  return [...hour.minutes].filter(([minute, { count, expired }]) => {
    const at = hour.hourAt + minute * MINUTE_MS;
    return expired > 0 && at >= fromAt && at < toAt && count < (found.get(minute)?.length ?? 0) + expired;
  }).length;
}

/** The range, widened to whole buckets. Throws InvalidInputError where it holds too many. */
export function alignRange({ fromAt, toAt }: TimeRange, size: BucketSize): TimeRange {
  const bucketMs = BUCKET_MINUTES[size] * MINUTE_MS;
  const aligned = { fromAt: Math.floor(fromAt / bucketMs) * bucketMs, toAt: Math.ceil(toAt / bucketMs) * bucketMs };
  const count = (aligned.toAt - aligned.fromAt) / bucketMs;
  if (count <= LIMITS.bucketsPerSeries) return aligned;
  const isEnough = (own: BucketSize) => (toAt - fromAt) / (BUCKET_MINUTES[own] * MINUTE_MS) < LIMITS.bucketsPerSeries;
  const larger = (Object.keys(BUCKET_MINUTES) as BucketSize[]).find(isEnough);
  const next = larger ? `ask for ${larger}, or a shorter range` : "ask for a shorter range";
  throw new InvalidInputError([{
    path: ["range"],
    message: `holds ${count} buckets of ${size}; at most ${LIMITS.bucketsPerSeries} are given: ${next}`,
  }]);
}

/** The buckets of a range, without gaps. `hours` may be missing where nothing was counted. */
export function toSeries(
  source: MetricSource,
  size: BucketSize,
  range: TimeRange,
  hours: readonly HourBucket[],
  now: number,
  countedUpTo?: number,
): MetricSeries {
  const byHour = new Map(hours.map((hour) => [hour.hourAt, hour]));
  const bucketMs = BUCKET_MINUTES[size] * MINUTE_MS;
  const buckets: MetricBucket[] = [];
  for (let start = range.fromAt; start < range.toAt; start += bucketMs) {
    buckets.push(toBucket(source, size, start, byHour.get(hourOf(start)), now));
  }
  return { source, size, buckets, total: buckets.reduce((sum, { count }) => sum + count, 0), countedUpTo };
}

export function toBucket(
  source: MetricSource,
  size: BucketSize,
  start: number,
  hour: HourBucket | undefined,
  now: number,
): MetricBucket {
  const length = BUCKET_MINUTES[size];
  const first = (start - hourOf(start)) / MINUTE_MS;
  const minutes = Array.from({ length }, (_, i) => hour?.minutes.get(first + i)).filter((minute) =>
    minute !== undefined
  );
  const end = start + length * MINUTE_MS;
  return {
    source,
    size,
    start,
    end,
    count: minutes.reduce((sum, { count }) => sum + count, 0),
    closed: now >= end + GRACE_MS,
    version: formatVersion(Math.max(0, ...minutes.map(({ version }) => version))),
  };
}

/** As text that sorts as the number does. */
export function formatVersion(version: number): string {
  return String(version).padStart(12, "0");
}

/** Of records with the same source and id the first: the others of a batch are compared with what then stands. */
export function firstOfEach(records: readonly MetricRecord[]): Map<string, MetricRecord> {
  const first = new Map<string, MetricRecord>();
  for (const one of records) if (!first.has(recordKey(one))) first.set(recordKey(one), one);
  return first;
}

export function recordKey({ source, recordId }: MetricRecord): string {
  return `${source} ${recordId}`;
}

/** What became of a record, by what stands now and whether this very one was kept. */
export function judgeRecord({ at }: MetricRecord, stands: Kept, isFirst: boolean): MetricReceipt {
  if (isFirst && stands.isNew) return { status: "ACCEPTED" };
  if (stands.isGone) return { status: "DUPLICATE" };
  if (stands.at === at) return { status: "DUPLICATE" };
  const [is, came] = [formatInstant(stands.at), formatInstant(at)];
  const reason = `at: is ${is} since it was first recorded, and came as ${came}; correctMetric changes it`;
  return { status: "CONFLICT", reason, stands: stands.at };
}
