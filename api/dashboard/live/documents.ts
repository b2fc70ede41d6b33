// Made by `npm run generate` from queries.graphql and the contract; not to be edited.
import { document } from "../core/document.ts";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** A length of time that ends now. */
export type RangePreset =
  /** 2 hours. */
  | 'TWO_HOURS'
  /** 24 hours. */
  | 'DAY'
  /** 7 days. */
  | 'WEEK'
  /** 30 days. */
  | 'MONTH'
  /** 90 days. */
  | 'QUARTER';

/** From one instant to another. */
export type Between = {
  /** Included. */
  from: string;
  /** Excluded. Later than `from`. */
  to: string;
};

/** A range of instants: exactly one of the two. */
export type TimeRange =
  {   /** The time up to now. */
  last: RangePreset; between?: never; }
  |  { last?: never;   /** From the first instant (included) to the second (excluded). */
  between: Between; };

/** What is counted. The first four are records that clients or attached tables provide; the rest the service counts itself. */
export type MetricSource =
  /** Items, as clients record them. */
  | 'ITEMS'
  /** Results of scores, as clients record them. */
  | 'SCORE_RESULTS'
  /** Tasks, as clients record them. */
  | 'TASKS'
  /** Evaluations, as clients record them. */
  | 'EVALUATIONS'
  /** Sessions, by their start. */
  | 'SESSIONS'
  /** Motion events, by their own time. */
  | 'MOTION_EVENTS'
  /** Journeys, by their start. */
  | 'JOURNEYS'
  /** Events of journeys, by their own time. */
  | 'JOURNEY_EVENTS'
  /** Answers of reviews, by their own time; one that was taken back no longer counts. */
  | 'REVIEWS';

/** How long a bucket is. */
export type BucketSize =
  /** 1 minute. */
  | 'ONE_MINUTE'
  /** 5 minutes. */
  | 'FIVE_MINUTES'
  /** 15 minutes. */
  | 'FIFTEEN_MINUTES'
  /** 60 minutes. */
  | 'ONE_HOUR';

export type LiveSeriesQueryVariables = Exact<{
  sources: Array<MetricSource> | MetricSource;
  size: BucketSize;
  range: TimeRange;
}>;


export type LiveSeriesQuery = { metrics: Array<{ source: MetricSource, total: number, countedUpTo: string | null, buckets: Array<{ start: string, count: number, closed: boolean, version: string }> }> };

export type LiveBucketsSubscriptionVariables = Exact<{
  sources: Array<MetricSource> | MetricSource;
  size: BucketSize;
  after?: string | null | undefined;
}>;


export type LiveBucketsSubscription = { metricBuckets: { cursor: string, bucket: { source: MetricSource, start: string, count: number, closed: boolean, version: string } } };

export const LiveSeries = document<LiveSeriesQuery, LiveSeriesQueryVariables>(
  "query LiveSeries($sources: [MetricSource!]!, $size: BucketSize!, $range: TimeRange!) { metrics(sources: $sources, size: $size, range: $range) { source total countedUpTo buckets { start count closed version } } }",
);

export const LiveBuckets = document<LiveBucketsSubscription, LiveBucketsSubscriptionVariables>(
  "subscription LiveBuckets($sources: [MetricSource!]!, $size: BucketSize!, $after: String) { metricBuckets(sources: $sources, size: $size, after: $after) { cursor bucket { source start count closed version } } }",
);
