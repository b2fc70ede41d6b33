import { DAY_MS, HOUR_MS, MINUTE_MS } from "../api/core/clock.ts";
import { lengthOf, type RangeInput } from "../api/core/range.ts";
import type { MetricUpdate as MetricUpdateModel } from "../api/metrics/changes.ts";
import * as Model from "../api/metrics/model.ts";
import { builder, entries, streams } from "./builder.ts";
import { TimeRange } from "./common.ts";
import { selects } from "./lookahead.ts";

/** Ten buckets, which are small and come of one item for sixty of them, count as a row. */
const BUCKETS_A_ROW = 10;
/** A dimension has seldom more values. */
const SERIES_BY = 10;
const MAX_HOURS = Model.LIMITS.rangeDays * DAY_MS / HOUR_MS;

/**
 * What is selected of a bucket counts for its share of a row, of each source: a day of minutes of nine sources with start
 * and count is 9 x 1,440 / 10 x 3 fields. A series that is too long is refused unread.
 */
const COST_OF_BUCKETS = {
  by: ["sources", "size", "range", "by"] as const,
  weigh: ({ sources, size, range, by }: {
    sources: readonly string[];
    size: Model.BucketSize;
    range: RangeInput;
    by?: string | null;
  }) => {
    const length = lengthOf(range);
    const isPeriod = Model.isPeriod(size);
    const buckets = Math.ceil(length / (isPeriod ? DAY_MS : Model.BUCKET_MINUTES[size] * MINUTE_MS));
    const series = sources.length * (by === null || by === undefined ? 1 : SERIES_BY);
    return {
      // Hours are what is read, also for a bucket of a month.
      own: isPeriod ? Math.ceil(sources.length * Math.min(length / HOUR_MS, MAX_HOURS) / BUCKETS_A_ROW) : 1,
      rows: Math.ceil(series * Math.min(buckets, Model.LIMITS.bucketsPerSeries) / BUCKETS_A_ROW),
    };
  },
};

export const BucketSize = builder.enumType("BucketSize", {
  description: "How long a bucket is.",
  values: {
    ONE_MINUTE: { description: "1 minute." },
    FIVE_MINUTES: { description: "5 minutes." },
    FIFTEEN_MINUTES: { description: "15 minutes." },
    ONE_HOUR: { description: "60 minutes." },
    DAY: { description: "A day of a zone's calendar: 23 or 25 hours where its clock changes." },
    WEEK: { description: "A week of a zone's calendar, from Monday on." },
    MONTH: { description: "A month of a zone's calendar." },
  },
});

export const MetricBucket = builder.objectRef<Model.MetricBucket>("MetricBucket").implement({
  description: "How many records of a source lie in a stretch of time.",
  access: "METRICS_READ",
  fields: (t) => ({
    source: t.expose("source", { type: "MetricSource", description: "What is counted." }),
    size: t.expose("size", { type: BucketSize, description: "How long the bucket is." }),
    start: t.expose("start", {
      type: "DateTime",
      description: "Aligned to the size: up to an hour in UTC, of days and more in the zone that was asked for.",
    }),
    end: t.expose("end", { type: "DateTime", description: "Excluded." }),
    count: t.exposeInt("count", { description: "All records of the bucket so far: a total, never a difference." }),
    closed: t.exposeBoolean("closed", {
      description:
        "False while the bucket can still grow in the ordinary way; late records can change a closed one, and that is pushed too.",
    }),
    version: t.exposeString("version", { description: "Grows with each change." }),
    values: t.int({
      nullable: true,
      description:
        "How many of the records have a number. Null where a bucket was not asked for by `metrics` or `metricBuckets`.",
      resolve: ({ measured }) => measured?.values,
    }),
    sum: t.float({
      nullable: true,
      description: "Of their numbers; exact to six digits after the point. Null where none has one.",
      resolve: ({ measured }) => (measured && measured.values > 0 ? measured.sum : null),
    }),
    min: t.float({
      nullable: true,
      description:
        "The least of their numbers. Null where none has one, and for the moment after a number was corrected or taken back, until the records were looked at again.",
      resolve: ({ measured }) => measured?.min,
    }),
    max: t.float({
      nullable: true,
      description: "The greatest of their numbers; null as `min` is.",
      resolve: ({ measured }) => measured?.max,
    }),
    average: t.float({
      nullable: true,
      description: "`sum` by `values`. Null where none has a number.",
      resolve: ({ measured }) => (measured && measured.values > 0 ? measured.sum / measured.values : null),
    }),
  }),
});

/** What costs a read more. */
const MEASURES = new Set(["values", "sum", "min", "max", "average"]);

export const MetricDimension = builder.objectRef<{ key: string; value: string }>("MetricDimension").implement({
  description: "What records are told apart by.",
  access: "HOLDER",
  fields: (t) => ({
    key: t.exposeString("key", { description: "Such as `country`." }),
    value: t.exposeString("value", { description: "Such as `NP`." }),
  }),
});

const MetricSeries = builder.objectRef<Model.MetricSeries>("MetricSeries").implement({
  description: "The buckets of one source, or of those of its records that have a dimension.",
  access: "METRICS_READ",
  fields: (t) => ({
    source: t.expose("source", { type: "MetricSource", description: "What is counted." }),
    dimension: t.expose("dimension", {
      type: MetricDimension,
      nullable: true,
      description: "Which of the records, where `by` was given; null otherwise.",
    }),
    size: t.expose("size", { type: BucketSize, description: "How long the buckets are." }),
    buckets: t.expose("buckets", {
      type: [MetricBucket],
      description: "Ascending, without gaps: an empty bucket has the count 0.",
    }),
    total: t.exposeInt("total", { description: "All buckets together." }),
    countedUpTo: t.expose("countedUpTo", {
      type: "DateTime",
      nullable: true,
      description:
        "Everything recorded up to here is counted; what is younger may be missing. 1990 where nothing was ever counted: then all of it may be. Null where nobody can tell.",
    }),
  }),
});

const MetricPart = builder.objectRef<Model.MetricPart>("MetricPart").implement({
  description: "Those records of a bucket that have a dimension.",
  access: "METRICS_READ",
  fields: (t) => ({
    dimension: t.expose("dimension", { type: MetricDimension, description: "Which of the records." }),
    bucket: t.expose("bucket", { type: MetricBucket, description: "The bucket, of these alone." }),
  }),
});

const MetricUpdate = builder.objectRef<MetricUpdateModel>("MetricUpdate").implement({
  description: "One message of the live feed.",
  access: "METRICS_READ",
  fields: (t) => ({
    cursor: t.exposeString("cursor", {
      description:
        "Pass the last one received as `after` to go on where the feed broke off: nothing missed, nothing twice.",
    }),
    bucket: t.expose("bucket", { type: MetricBucket, description: "The bucket as it is." }),
    parts: t.field({
      type: [MetricPart],
      description:
        "The same bucket by each value of the dimension that `by` names, those with the most records first, at most 100: all of them, so that what is missing has no record any more. Empty where `by` is absent.",
      cost: { rows: SERIES_BY },
      resolve: ({ bucket }) => bucket.parts?.() ?? [],
    }),
  }),
});

entries.queryFields((t) => ({
  metrics: t.field({
    type: [MetricSeries],
    description:
      "Counts in buckets, and what the records measure: a series for each source, with `by` for each value of a dimension. At most 2,200 buckets a source: a quarter by the hour; of days, weeks and months 400 days.",
    access: "METRICS_READ",
    args: {
      sources: t.arg({ type: ["MetricSource"], required: true, description: "What is counted." }),
      size: t.arg({ type: BucketSize, required: true, description: "How long the buckets are." }),
      range: t.arg({ type: TimeRange, required: true, description: "Widened to whole buckets." }),
      by: t.arg.string({
        description:
          "The key of a dimension: a series for each of its values, of at most 100 those with the most records. A record without it is in none.",
      }),
      timeZone: t.arg({
        type: "TimeZone",
        description: "Whose days, weeks and months, also over changes of its clock; UTC where absent.",
      }),
    },
    cost: COST_OF_BUCKETS,
    resolve: (_, asked, { viewer, services }, info) =>
      services.metrics.series(viewer.tenantId, { ...asked, isMeasured: selects(info, MEASURES) }),
  }),

  metricSources: t.field({
    type: ["MetricSource"],
    description: "All that is counted: the sources that every tenant has, then this tenant's own by their names.",
    access: "METRICS_READ",
    resolve: async (_, __, { viewer, services }) => [
      ...Model.SOURCES,
      ...await services.metrics.listOwnSources(viewer.tenantId),
    ],
  }),
}));

streams.subscriptionFields((t) => ({
  metricBuckets: t.field({
    type: MetricUpdate,
    description:
      "The buckets of the last two hours as they are (or, with `after`, those that changed since), then each change as it happens, also of older hours.",
    access: "METRICS_READ",
    args: {
      sources: t.arg({ type: ["MetricSource"], required: true, description: "What is counted." }),
      size: t.arg({ type: BucketSize, required: true, description: "How long the buckets are: at most an hour." }),
      by: t.arg.string({
        description: "The key of a dimension: each message has `parts`, the bucket by each of its values.",
      }),
      after: t.arg.string({ description: "The cursor of the last message received." }),
    },
    subscribe: (_, { sources, size, by, after }, { viewer, services, signal }, info) =>
      services.watchMetrics(viewer.tenantId, sources, size, after, signal, {
        isMeasured: selects(info, MEASURES),
        by,
      }),
    resolve: (message) => message,
  }),
}));
