import pMap from "p-map";
import * as v from "valibot";
import { MIN_AT } from "../core/check.ts";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { parseRange, type RangeInput, type TimeRange } from "../core/range.ts";
import type { Measuring } from "./measuring.ts";
import { type BucketSize, dimensionKey, isRecorded, LIMITS, type MetricSeries, type MetricSource } from "./model.ts";
import { boundsOf, largerSize, seriesBy, tooMany, toSeries, withMeasures } from "./rules.ts";
import type { MetricStore } from "./store.ts";

export type SeriesOptions = {
  store: Pick<MetricStore, "listHours">;
  measuring: Pick<Measuring, "list">;
  clock: Clock;
  caughtUpAt: (source: MetricSource) => Promise<number | undefined>;
};

export type SeriesQuery = {
  sources: readonly MetricSource[];
  size: BucketSize;
  range: RangeInput;
  /** The key of a dimension: a series for each of its values, in place of one for all. */
  by?: string | null | undefined;
  /** Whose days, weeks and months; UTC's where absent. */
  timeZone?: string | null | undefined;
  /** Whether anybody asks what the records measure: it is a read more of each source. */
  isMeasured?: boolean;
};

/** The counts of a range, and what they measure. The function throws InvalidInputError. */
export function createSeries({ store, measuring, clock, caughtUpAt }: SeriesOptions) {
  return async function series(tenantId: string, query: SeriesQuery): Promise<MetricSeries[]> {
    const { sources, size, range, by, timeZone, isMeasured } = query;
    if (sources.length === 0) {
      throw new InvalidInputError([{ path: ["sources"], message: "must name at least one source" }]);
    }
    const now = clock();
    const key = by === null || by === undefined ? undefined : parseKey(by);
    // How many series there are by a dimension is not known yet: a size that is named instead is enough for all there can be.
    const most = key === undefined ? LIMITS.bucketsPerSeries : LIMITS.bucketsBy / LIMITS.seriesBy;
    const bounds = boundsOf(parseRange(range, now), size, timeZone ?? "UTC", most);
    const [fromAt, toAt] = [bounds[0]!, bounds.at(-1)!];
    checkStart(fromAt);
    const lists = await pMap(new Set(sources), async (source): Promise<MetricSeries[]> => {
      // Before the buckets are read: then they hold at least what it says.
      const countedUpTo = await caughtUpAt(source);
      if (key !== undefined) {
        const slots = isRecorded(source) ? await measuring.list(tenantId, source, key, fromAt, toAt) : [];
        checkSize(query, { fromAt, toAt }, new Set(slots.map(({ group }) => group!.value)).size, bounds.length - 1);
        return seriesBy({ source, size, bounds, now, countedUpTo }, slots);
      }
      const [hours, slots] = await Promise.all([
        store.listHours(tenantId, source, fromAt, toAt),
        isMeasured && isRecorded(source) ? measuring.list(tenantId, source, undefined, fromAt, toAt) : undefined,
      ]);
      const counts = toSeries(source, size, bounds, hours, now, countedUpTo);
      return [slots ? withMeasures(counts, slots) : counts];
    });
    return lists.flat();
  };
}

/** Nothing is recorded before, and keys of hours have no sign. Throws InvalidInputError. */
export function checkStart(fromAt: number): void {
  if (fromAt >= MIN_AT) return;
  throw new InvalidInputError([{ path: ["range", "between", "from"], message: "must be 1990 or later" }]);
}

/** Throws InvalidInputError. */
export function parseKey(by: string): string {
  const parsed = v.safeParse(dimensionKey, by);
  if (parsed.success) return parsed.output;
  throw new InvalidInputError([{ path: ["by"], message: parsed.issues[0].message }]);
}

/** Throws InvalidInputError where a range has too many buckets in so many series. */
function checkSize({ size }: SeriesQuery, range: TimeRange, values: number, buckets: number): void {
  const series = Math.min(values, LIMITS.seriesBy);
  if (series * buckets <= LIMITS.bucketsBy) return;
  throw tooMany(
    `holds ${buckets} buckets in ${series} series; at most ${LIMITS.bucketsBy} are given in all`,
    largerSize(range, size, LIMITS.bucketsBy / series),
  );
}
