import { DAY_MS, HOUR_MS, MINUTE_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { TimeRange } from "../core/range.ts";
import { formatInstant } from "../core/time.ts";
import { createZone } from "../core/zone.ts";
import { addUp, cellsBetween, toMeasured } from "./measures.ts";
import {
  BUCKET_MINUTES,
  type BucketSize,
  type Cell,
  type CountChange,
  type Counted,
  type FixedSize,
  GRACE_MS,
  type HourBucket,
  isPeriod,
  LIMITS,
  type MetricBucket,
  type MetricPart,
  type MetricReceipt,
  type MetricRecord,
  type MetricSeries,
  type MetricSource,
  type Period,
  PERIODS,
  type Slot,
} from "./model.ts";
import type { Kept } from "./records.ts";

/** A month of 31 days and a change of the clock. */
const LONGEST_PERIOD_MS = 32 * DAY_MS;
const LONGEST_MS = LIMITS.rangeDays * DAY_MS;

/** From the smallest to the largest, and how short each can be: a day of 21 hours, where a zone's clock goes to another day. */
const SHORTEST_MS: Record<BucketSize, number> = {
  ONE_MINUTE: MINUTE_MS,
  FIVE_MINUTES: 5 * MINUTE_MS,
  FIFTEEN_MINUTES: 15 * MINUTE_MS,
  ONE_HOUR: HOUR_MS,
  DAY: 21 * HOUR_MS,
  WEEK: 6 * DAY_MS,
  MONTH: 27 * DAY_MS,
};
const SIZES = Object.keys(SHORTEST_MS) as BucketSize[];

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
  /** Minutes whose numbers changed: they have a new version, also where the count is the same. */
  measured: Set<number>;
};

export function toHourWrite(changes: readonly CountChange[]): HourWrite {
  const write: HourWrite = { minutes: new Map(), expired: new Map(), measured: new Set() };
  for (const { at, n, measures, isExpired } of changes) {
    const minute = Math.floor((at - hourOf(at)) / MINUTE_MS);
    const counts = isExpired ? write.expired : write.minutes;
    counts.set(minute, (counts.get(minute) ?? 0) + n);
    if (measures) write.measured.add(minute);
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

/**
 * How many minutes hold less than what is found, where some of that is too young to tell why: it may be on its way, or hide that
 * another was left out. One of 12:19 was never counted and moved, and one that is being read stands for it.
 */
export function minutesShort(
  hour: HourBucket,
  { fromAt, toAt }: TimeRange,
  things: readonly Counted[],
  settledAt: number,
): number {
  const byMinute = Map.groupBy(things, ({ at }) => Math.floor((at - hour.hourAt) / MINUTE_MS));
  return [...byMinute].filter(([minute, own]) => {
    const at = hour.hourAt + minute * MINUTE_MS;
    const isYoung = own.some(({ arrivedAt }) => arrivedAt >= settledAt);
    return isYoung && at >= fromAt && at < toAt && (hour.minutes.get(minute)?.count ?? 0) < own.length;
  }).length;
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

/**
 * The instants at which the buckets of a range begin, and last the one at which they end: widened to whole buckets. Throws
 * InvalidInputError where they are too many, with a size of which there are at most `most`.
 */
export function boundsOf(
  range: TimeRange,
  size: BucketSize,
  timeZone: string,
  most: number = LIMITS.bucketsPerSeries,
): number[] {
  if (isPeriod(size)) return periodsOf(range, size, timeZone);
  const { fromAt, toAt } = alignRange(range, size, most);
  const bucketMs = BUCKET_MINUTES[size] * MINUTE_MS;
  return Array.from({ length: (toAt - fromAt) / bucketMs + 1 }, (_, i) => fromAt + i * bucketMs);
}

function periodsOf({ fromAt, toAt }: TimeRange, size: Period, timeZone: string): number[] {
  if (toAt - fromAt > LONGEST_MS) {
    throw tooMany(`is longer than the ${LIMITS.rangeDays} days that are given`, undefined);
  }
  const zone = createZone({ timeZone }, { fromAt, toAt: toAt + LONGEST_PERIOD_MS });
  const starts = zone.periods(PERIODS[size]).map(({ startAt }) => startAt);
  return starts.slice(0, starts.findIndex((startAt) => startAt >= toAt) + 1);
}

/** The range, widened to whole buckets. Throws InvalidInputError where it holds too many. */
export function alignRange(
  { fromAt, toAt }: TimeRange,
  size: FixedSize,
  most: number = LIMITS.bucketsPerSeries,
): TimeRange {
  const bucketMs = BUCKET_MINUTES[size] * MINUTE_MS;
  const aligned = { fromAt: Math.floor(fromAt / bucketMs) * bucketMs, toAt: Math.ceil(toAt / bucketMs) * bucketMs };
  const count = (aligned.toAt - aligned.fromAt) / bucketMs;
  if (count <= LIMITS.bucketsPerSeries) return aligned;
  throw tooMany(
    `holds ${count} buckets of ${size}; at most ${LIMITS.bucketsPerSeries} are given`,
    largerSize({ fromAt, toAt }, size, most),
  );
}

/** Says what is wrong with a range, and what to ask for instead. */
export function tooMany(wrong: string, size: BucketSize | undefined): InvalidInputError {
  const next = size === undefined ? `ask for at most ${LIMITS.rangeDays} days` : `ask for ${size}, or a shorter range`;
  return new InvalidInputError([{ path: ["range"], message: `${wrong}: ${next}` }]);
}

/**
 * The smallest size above one of which a range holds at most so many buckets, also where it moves on with the clock: a day and a
 * millisecond can lie in three days. Undefined where it is too long for any.
 */
export function largerSize({ fromAt, toAt }: TimeRange, size: BucketSize, most: number): BucketSize | undefined {
  const isEnough = (own: BucketSize) => {
    if (isPeriod(own) && toAt - fromAt > LONGEST_MS) return false;
    return Math.floor((toAt - fromAt) / SHORTEST_MS[own]) + 2 <= most;
  };
  return SIZES.slice(SIZES.indexOf(size) + 1).find(isEnough);
}

/** The buckets between bounds, without gaps. `hours` may be missing where nothing was counted. */
export function toSeries(
  source: MetricSource,
  size: BucketSize,
  bounds: readonly number[],
  hours: readonly HourBucket[],
  now: number,
  countedUpTo?: number,
): MetricSeries {
  const byHour = new Map(hours.map((hour) => [hour.hourAt, hour]));
  const buckets = bounds.slice(0, -1).map((start, i): MetricBucket => {
    const end = bounds[i + 1]!;
    if (!isPeriod(size)) return toBucket(source, size, start, byHour.get(hourOf(start)), now);
    const own: HourBucket[] = [];
    for (let hourAt = hourOf(start); hourAt < end; hourAt += HOUR_MS) {
      const hour = byHour.get(hourAt);
      if (hour) own.push(hour);
    }
    return { source, size, start, end, closed: now >= end + GRACE_MS, ...sumOf(own, start, end) };
  });
  return { source, size, buckets, total: buckets.reduce((sum, { count }) => sum + count, 0), countedUpTo };
}

/**
 * What hours hold between two instants. The sum of their versions grows with each change, as each of them does. Zones have
 * kept to whole minutes since 1972, so minutes add up to any day of theirs.
 */
function sumOf(hours: readonly HourBucket[], fromAt: number, toAt: number) {
  const sums = hours.map(({ hourAt, minutes }) => {
    let [count, version] = [0, 0];
    for (const [minute, own] of minutes) {
      const at = hourAt + minute * MINUTE_MS;
      if (at < fromAt || at >= toAt) continue;
      count += own.count;
      version = Math.max(version, own.version);
    }
    return { count, version };
  });
  return {
    count: sums.reduce((sum, { count }) => sum + count, 0),
    version: formatVersion(sums.reduce((sum, { version }) => sum + version, 0)),
  };
}

export function toBucket(
  source: MetricSource,
  size: FixedSize,
  start: number,
  hour: HourBucket | undefined,
  now: number,
): MetricBucket {
  const end = start + BUCKET_MINUTES[size] * MINUTE_MS;
  const bucket = {
    ...{ source, size, start, end, closed: now >= end + GRACE_MS },
    ...sumOf(hour ? [hour] : [], start, end),
  };
  return {
    ...bucket,
    ...(hour?.slots ? { measured: toMeasured(addUp(cellsBetween(hour.slots, start, end))) } : {}),
    // Only of what is sent: a window holds many buckets, and each of them up to a hundred parts.
    ...(hour?.groups ? { parts: () => partsOf(bucket, hour.groups!) } : {}),
  };
}

/** A bucket by each value of a dimension, those with the most records first. What is gone again is in none. */
function partsOf(bucket: MetricBucket, groups: readonly Slot[]): MetricPart[] {
  const parts = [...Map.groupBy(groups, ({ group }) => group!.value).values()].map((own) => {
    const sum = addUp(cellsBetween(own, bucket.start, bucket.end));
    return { dimension: own[0]!.group!, bucket: { ...bucket, count: sum.n, measured: toMeasured(sum) } };
  });
  return parts.filter(({ bucket }) => bucket.count > 0).sort((a, b) =>
    b.bucket.count - a.bucket.count || (a.dimension.value < b.dimension.value ? -1 : 1)
  ).slice(0, LIMITS.seriesBy);
}

/** The series of those records that have a dimension of one value, or with `value` undefined of all that have a number. */
export function withMeasures(series: MetricSeries, slots: readonly Slot[]): MetricSeries {
  const { fromAt, toAt } = { fromAt: series.buckets[0]!.start, toAt: series.buckets.at(-1)!.end };
  const cells = slots.flatMap(({ slotAt, cells }) =>
    [...cells].map(([minute, cell]) => ({ at: slotAt + minute * MINUTE_MS, cell }))
  ).filter(({ at }) => at >= fromAt && at < toAt).sort((a, b) => a.at - b.at);
  let next = 0;
  const buckets = series.buckets.map((bucket) => {
    const own: Cell[] = [];
    for (; next < cells.length && cells[next]!.at < bucket.end; next++) own.push(cells[next]!.cell);
    return { bucket, sum: addUp(own) };
  });
  return { ...series, buckets: buckets.map(({ bucket, sum }) => ({ ...bucket, measured: toMeasured(sum) })) };
}

/** A series for each value of a dimension, those with the most records first. */
export function seriesBy(
  { source, size, bounds, now, countedUpTo }: {
    source: MetricSource;
    size: BucketSize;
    bounds: readonly number[];
    now: number;
    countedUpTo: number | undefined;
  },
  slots: readonly Slot[],
): MetricSeries[] {
  const ranked = [...Map.groupBy(slots, ({ group }) => group!.value).values()].map((own) => {
    const cells = cellsBetween(own, bounds[0]!, bounds.at(-1)!);
    return { own, group: own[0]!.group!, n: cells.reduce((sum, { n }) => sum + n, 0) };
  }).filter(({ n }) => n > 0).sort((a, b) => b.n - a.n || (a.group.value < b.group.value ? -1 : 1));
  return ranked.slice(0, LIMITS.seriesBy).map(({ own, group, n }) => {
    const empty = toSeries(source, size, bounds, [], now, countedUpTo);
    const series = withMeasures(empty, own);
    const byStart = countsOf(own, bounds);
    const versions = own.reduce((sum, { version }) => sum + version, 0);
    return {
      ...series,
      dimension: group,
      buckets: series.buckets.map((bucket, i) => ({ ...bucket, count: byStart[i]!, version: formatVersion(versions) })),
      total: n,
    };
  });
}

/** How many records lie in each bucket. */
function countsOf(slots: readonly Slot[], bounds: readonly number[]): number[] {
  const cells = slots.flatMap(({ slotAt, cells }) =>
    [...cells].map(([minute, { n }]) => ({ at: slotAt + minute * MINUTE_MS, n }))
  )
    .sort((a, b) => a.at - b.at);
  let next = cells.findIndex(({ at }) => at >= bounds[0]!);
  if (next < 0) next = cells.length;
  return bounds.slice(1).map((end) => {
    let n = 0;
    for (; next < cells.length && cells[next]!.at < end; next++) n += cells[next]!.n;
    return n;
  });
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
export function judgeRecord({ at, value, dimensions }: MetricRecord, stands: Kept, isFirst: boolean): MetricReceipt {
  if (isFirst && stands.isNew) return { status: "ACCEPTED" };
  if (stands.isGone) return { status: "DUPLICATE" };
  const differences = [
    ["at", formatInstant(stands.at), formatInstant(at)],
    ["value", shown(stands.value), shown(value)],
    ["dimensions", shown(Object.fromEntries(stands.dimensions)), shown(Object.fromEntries(dimensions))],
  ].filter(([, is, came]) => is !== came);
  if (differences.length === 0) return { status: "DUPLICATE" };
  const told = differences.map(([name, is, came]) =>
    `${name}: is ${is} since it was first recorded, and came as ${came}`
  );
  const reason = `${told.join("; ")}; correctMetric changes it`;
  const { at: standsAt, value: standsValue, dimensions: standsDimensions } = stands;
  return { status: "CONFLICT", reason, stands: standsAt, standsValue, standsDimensions };
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? "none";
}
