import { MINUTE_MS } from "../api/core/clock.ts";
import { lengthOf, type RangeInput } from "../api/core/range.ts";
import type { MetricUpdate as MetricUpdateModel } from "../api/metrics/changes.ts";
import * as Model from "../api/metrics/model.ts";
import { builder, entries, streams } from "./builder.ts";
import { TimeRange } from "./common.ts";

/** Ten buckets, which are small and come of one item for sixty of them, count as a row. */
const BUCKETS_A_ROW = 10;

/**
 * What is selected of a bucket counts for its share of a row, of each source: a day of minutes of nine sources with start
 * and count is 9 x 1,440 / 10 x 3 fields. A series that is too long is refused unread.
 */
const COST_OF_BUCKETS = {
  by: ["sources", "size", "range"] as const,
  weigh: ({ sources, size, range }: { sources: readonly string[]; size: Model.BucketSize; range: RangeInput }) => {
    const buckets = Math.ceil(lengthOf(range) / (Model.BUCKET_MINUTES[size] * MINUTE_MS));
    return { rows: Math.ceil(sources.length * Math.min(buckets, Model.LIMITS.bucketsPerSeries) / BUCKETS_A_ROW) };
  },
};

export const MetricSource = builder.enumType("MetricSource", {
  description:
    "What is counted. The first four are records that clients or attached tables provide; the rest the service counts itself.",
  values: {
    ITEMS: { description: "Items, as clients record them." },
    SCORE_RESULTS: { description: "Results of scores, as clients record them." },
    TASKS: { description: "Tasks, as clients record them." },
    EVALUATIONS: { description: "Evaluations, as clients record them." },
    SESSIONS: { description: "Sessions, by their start." },
    MOTION_EVENTS: { description: "Motion events, by their own time." },
    JOURNEYS: { description: "Journeys, by their start." },
    JOURNEY_EVENTS: { description: "Events of journeys, by their own time." },
    REVIEWS: { description: "Answers of reviews, by their own time; one that was taken back no longer counts." },
  },
});

const BucketSize = builder.enumType("BucketSize", {
  description: "How long a bucket is.",
  values: {
    ONE_MINUTE: { description: "1 minute." },
    FIVE_MINUTES: { description: "5 minutes." },
    FIFTEEN_MINUTES: { description: "15 minutes." },
    ONE_HOUR: { description: "60 minutes." },
  },
});

export const MetricBucket = builder.objectRef<Model.MetricBucket>("MetricBucket").implement({
  description: "How many records of a source lie in a stretch of time.",
  access: "METRICS_READ",
  fields: (t) => ({
    source: t.expose("source", { type: MetricSource, description: "What is counted." }),
    size: t.expose("size", { type: BucketSize, description: "How long the bucket is." }),
    start: t.expose("start", { type: "DateTime", description: "Aligned to the size, in UTC." }),
    end: t.expose("end", { type: "DateTime", description: "Excluded." }),
    count: t.exposeInt("count", { description: "All records of the bucket so far: a total, never a difference." }),
    closed: t.exposeBoolean("closed", {
      description:
        "False while the bucket can still grow in the ordinary way; late records can change a closed one, and that is pushed too.",
    }),
    version: t.exposeString("version", { description: "Grows with each change." }),
  }),
});

const MetricSeries = builder.objectRef<Model.MetricSeries>("MetricSeries").implement({
  description: "The buckets of one source.",
  access: "METRICS_READ",
  fields: (t) => ({
    source: t.expose("source", { type: MetricSource, description: "What is counted." }),
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
        "Everything recorded up to here is counted. Null where that is not known: where few records come, nothing tells whether one is on its way.",
    }),
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
  }),
});

entries.queryFields((t) => ({
  metrics: t.field({
    type: [MetricSeries],
    description: "Counts in buckets, a series for each source. At most 2,200 buckets a source: a quarter by the hour.",
    access: "METRICS_READ",
    args: {
      sources: t.arg({ type: [MetricSource], required: true, description: "What is counted." }),
      size: t.arg({ type: BucketSize, required: true, description: "How long the buckets are." }),
      range: t.arg({ type: TimeRange, required: true, description: "Widened to whole buckets." }),
    },
    cost: COST_OF_BUCKETS,
    resolve: (_, { sources, size, range }, { viewer, services }) =>
      services.metrics.series(viewer.tenantId, sources, size, range),
  }),
}));

streams.subscriptionFields((t) => ({
  metricBuckets: t.field({
    type: MetricUpdate,
    description:
      "The buckets of the last two hours as they are (or, with `after`, those that changed since), then each change as it happens.",
    access: "METRICS_READ",
    args: {
      sources: t.arg({ type: [MetricSource], required: true, description: "What is counted." }),
      size: t.arg({ type: BucketSize, required: true, description: "How long the buckets are." }),
      after: t.arg.string({ description: "The cursor of the last message received." }),
    },
    subscribe: (_, { sources, size, after }, { viewer, services, signal }) =>
      services.watchMetrics(viewer.tenantId, sources, size, after, signal),
    resolve: (message) => message,
  }),
}));
