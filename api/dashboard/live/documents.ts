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

/** How long a bucket is. */
export type BucketSize =
  /** 1 minute. */
  | 'ONE_MINUTE'
  /** 5 minutes. */
  | 'FIVE_MINUTES'
  /** 15 minutes. */
  | 'FIFTEEN_MINUTES'
  /** 60 minutes. */
  | 'ONE_HOUR'
  /** A day of a zone's calendar: 23 or 25 hours where its clock changes. */
  | 'DAY'
  /** A week of a zone's calendar, from Monday on. */
  | 'WEEK'
  /** A month of a zone's calendar. */
  | 'MONTH';

export type OwnSourcesQueryVariables = Exact<{ [key: string]: never; }>;


export type OwnSourcesQuery = { metricSources: Array<string> };

export type LiveSeriesQueryVariables = Exact<{
  sources: Array<string> | string;
  size: BucketSize;
  range: TimeRange;
  timeZone: string;
}>;


export type LiveSeriesQuery = { metrics: Array<{ source: string, total: number, countedUpTo: string | null, buckets: Array<{ start: string, count: number, closed: boolean, version: string }> }> };

export type LiveBucketsSubscriptionVariables = Exact<{
  sources: Array<string> | string;
  size: BucketSize;
  after?: string | null | undefined;
}>;


export type LiveBucketsSubscription = { metricBuckets: { cursor: string, bucket: { source: string, start: string, count: number, closed: boolean, version: string } } };

export const OwnSources = document<OwnSourcesQuery, OwnSourcesQueryVariables>(
  "query OwnSources { metricSources }",
);

export const LiveSeries = document<LiveSeriesQuery, LiveSeriesQueryVariables>(
  "query LiveSeries($sources: [MetricSource!]!, $size: BucketSize!, $range: TimeRange!, $timeZone: TimeZone!) { metrics(sources: $sources, size: $size, range: $range, timeZone: $timeZone) { source total countedUpTo buckets { start count closed version } } }",
);

export const LiveBuckets = document<LiveBucketsSubscription, LiveBucketsSubscriptionVariables>(
  "subscription LiveBuckets($sources: [MetricSource!]!, $size: BucketSize!, $after: String) { metricBuckets(sources: $sources, size: $size, after: $after) { cursor bucket { source start count closed version } } }",
);
