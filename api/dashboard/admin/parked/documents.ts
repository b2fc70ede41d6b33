// Made by `npm run generate` from queries.graphql and the contract; not to be edited.
import { document } from "../../core/document.ts";

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

/** The kinds of expected failure. */
export type ErrorCode =
  /** A field of the input is wrong; nothing was done. */
  | 'INVALID_INPUT'
  /** There is no such thing in this tenant. */
  | 'NOT_FOUND'
  /** Somebody changed it since; look again and repeat. */
  | 'VERSION_CONFLICT'
  /** The name belongs to somebody else. */
  | 'NAME_TAKEN'
  /** The username or the password is wrong; which of them is not told. */
  | 'BAD_CREDENTIALS'
  /** The session is over. */
  | 'SESSION_ENDED'
  /** The same identity came before with other content. */
  | 'PAYLOAD_MISMATCH'
  /** The collection is under review elsewhere. */
  | 'REVIEW_HELD'
  /** The review session no longer holds the collection. */
  | 'REVIEW_LOST'
  /** The file is no Anki collection, or is damaged. */
  | 'COLLECTION_UNREADABLE'
  /** What was sent is over a limit. */
  | 'TOO_LARGE';

/** What is parked. */
export type ParkedKind =
  /** A change of a table, which was not counted in its turn. It stays until it is. */
  | 'RECORD'
  /** A message of the queue `ingest`, or the part of it that was refused. It stays for 14 days. */
  | 'MESSAGE';

/** What to try again. */
export type RetryParkedInput = {
  /** Which. */
  parkedId: string | number;
};

export type ParkedListQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type ParkedListQuery = { parked: { nodes: Array<{ parkedId: string, kind: ParkedKind, parkedAt: string, bytes: number, reason: string, preview: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type TryParkedMutationVariables = Exact<{
  input: RetryParkedInput;
}>;


export type TryParkedMutation = { retryParked:
    | { __typename: 'RetryParkedPayload', parkedId: string }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type HowFarQueryVariables = Exact<{
  sources: Array<string> | string;
  range: TimeRange;
}>;


export type HowFarQuery = { metrics: Array<{ source: string, total: number, countedUpTo: string | null }> };

export const ParkedList = document<ParkedListQuery, ParkedListQueryVariables>(
  "query ParkedList($first: Int!, $after: String) { parked(first: $first, after: $after) { nodes { parkedId kind parkedAt bytes reason preview } pageInfo { hasNextPage endCursor } } }",
);

export const TryParked = document<TryParkedMutation, TryParkedMutationVariables>(
  "mutation TryParked($input: RetryParkedInput!) { retryParked(input: $input) { __typename ... on RetryParkedPayload { parkedId } ... on UserError { code message } } }",
);

export const HowFar = document<HowFarQuery, HowFarQueryVariables>(
  "query HowFar($sources: [MetricSource!]!, $range: TimeRange!) { metrics(sources: $sources, size: ONE_HOUR, range: $range) { source total countedUpTo } }",
);
