import { HOUR_MS, MINUTE_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Range } from "../core/range.ts";
import {
  BUCKET_MINUTES,
  type BucketSize,
  type CountChange,
  GRACE_MS,
  type HourBucket,
  LIMITS,
  type MetricBucket,
  type MetricSeries,
  type MetricSource,
} from "./model.ts";

/** The start of the hour, in UTC, that an instant lies in. */
export function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS) * HOUR_MS;
}

/** The changes of each bucket item, in the order in which they came. */
export function groupByHour(changes: readonly CountChange[]): CountChange[][] {
  return [...Map.groupBy(changes, ({ tenantId, source, at }) => `${tenantId}#${source}#${hourOf(at)}`).values()];
}

/** What one write to an hour does: how many more in each minute, and how far each partition is counted then. */
export type HourWrite = {
  minutes: Map<number, number>;
  partitions: Map<string, { first: string; last: string }>;
};

export function toHourWrite(changes: readonly CountChange[]): HourWrite {
  const minutes = new Map<number, number>();
  const partitions = new Map<string, { first: string; last: string }>();
  for (const { at, n, partition, sequence } of changes) {
    const minute = Math.floor((at - hourOf(at)) / MINUTE_MS);
    minutes.set(minute, (minutes.get(minute) ?? 0) + n);
    const place = placeOf(sequence);
    const { first = place, last = place } = partitions.get(partition) ?? {};
    partitions.set(partition, { first: first < place ? first : place, last: last > place ? last : place });
  }
  return { minutes, partitions };
}

/** The changes that an hour has not counted yet, by how far it has counted each partition. */
export function uncounted(changes: readonly CountChange[], counted: ReadonlyMap<string, string>): CountChange[] {
  return changes.filter(({ partition, sequence }) => placeOf(sequence) > (counted.get(partition) ?? ""));
}

/** Sequence numbers have up to 40 digits: as text, with their length in front, they sort as numbers do. */
export function placeOf(sequence: string): string {
  const digits = sequence.replace(/^0+(?=\d)/, "");
  return String(digits.length).padStart(2, "0") + digits;
}

/** The range, widened to whole buckets. Throws InvalidInputError where it holds too many. */
export function alignRange({ fromAt, toAt }: Range, size: BucketSize): Range {
  const bucketMs = BUCKET_MINUTES[size] * MINUTE_MS;
  const aligned = { fromAt: Math.floor(fromAt / bucketMs) * bucketMs, toAt: Math.ceil(toAt / bucketMs) * bucketMs };
  const count = (aligned.toAt - aligned.fromAt) / bucketMs;
  if (count <= LIMITS.bucketsPerSeries) return aligned;
  throw new InvalidInputError([{
    path: ["range"],
    message:
      `holds ${count} buckets of ${size}; at most ${LIMITS.bucketsPerSeries} are given. Ask for a larger size or a shorter range`,
  }]);
}

/** The buckets of a range, without gaps. `hours` may be missing where nothing was counted. */
export function toSeries(
  source: MetricSource,
  size: BucketSize,
  range: Range,
  hours: readonly HourBucket[],
  now: number,
): MetricSeries {
  const byHour = new Map(hours.map((hour) => [hour.hourAt, hour]));
  const bucketMs = BUCKET_MINUTES[size] * MINUTE_MS;
  const buckets: MetricBucket[] = [];
  for (let start = range.fromAt; start < range.toAt; start += bucketMs) {
    buckets.push(toBucket(source, size, start, byHour.get(hourOf(start)), now));
  }
  return { source, size, buckets, total: buckets.reduce((sum, { count }) => sum + count, 0) };
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
