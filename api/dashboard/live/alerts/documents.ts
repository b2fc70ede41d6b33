// Made by `npm run generate` from queries.graphql and the contract; not to be edited.
import { document } from "../../core/document.ts";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
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

/** What of a bucket is looked at. */
export type AlertMeasure =
  /** How many records. */
  | 'COUNT'
  /** The sum of their numbers; 0 where there are none. */
  | 'SUM'
  /** The average of their numbers. A bucket without any is neither above nor below. */
  | 'AVERAGE'
  /** The least of their numbers. A bucket without any is neither above nor below. */
  | 'MIN'
  /** The greatest of their numbers. A bucket without any is neither above nor below. */
  | 'MAX';

/** On which side of the threshold an alert rings. */
export type AlertCondition =
  /** Greater than the threshold. */
  | 'ABOVE'
  /** Less than the threshold; an empty bucket counts 0. */
  | 'BELOW';

/** How an alert is. */
export type AlertState =
  /** It does not ring. */
  | 'OK'
  /** As many buckets in a row as it asks for were above, or below. */
  | 'RINGING';

/** Why an alert came into another state. */
export type AlertReason =
  /** A bucket was over, and was judged. */
  | 'BUCKET'
  /** It rang, and got another rule: it begins anew. */
  | 'CONFIGURED'
  /** It rang, and was deleted. */
  | 'DELETED';

/** What to watch, and when to ring. */
export type ConfigureAlertInput = {
  /** 1 to 64 of A-Z, a-z, 0-9, `_`, `.` and `-`. One that is there is changed. */
  alertId: string | number;
  /** 1 to 100 characters. */
  name: string;
  /** What is counted. */
  source: string;
  /** How long the buckets are: at most an hour. */
  size: BucketSize;
  /** What of a bucket is looked at; COUNT where absent. */
  measure?: AlertMeasure | null | undefined;
  /** On which side of the threshold it rings. */
  condition: AlertCondition;
  /** What a bucket has to be above, or below. */
  threshold: number;
  /** So many buckets in a row have to be so, 1 to 100; 1 where absent. The first that is not ends it. */
  lasting?: number | null | undefined;
  /** The `version` that the person saw, 0 for one that is to be made; another is answered with AlertConflictError. Where absent, what others changed since is written over. */
  expectedVersion?: number | null | undefined;
};

/** Which alert. */
export type DeleteAlertInput = {
  /** The alert's id. */
  alertId: string | number;
  /** The `version` that the person saw; another is answered with AlertConflictError. Where absent, it is ended whatever it is. */
  expectedVersion?: number | null | undefined;
};

export type AlertRowFragment = { alertId: string, name: string, source: string, size: BucketSize, measure: AlertMeasure, condition: AlertCondition, threshold: number, lasting: number, state: AlertState, since: string, judgedTo: string, version: number };

export type ChangeRowFragment = { changeId: string, alertId: string, name: string, state: AlertState, reason: AlertReason, at: string, source: string, bucketStart: string | null, bucketEnd: string | null, value: number | null, threshold: number };

export type AlertListQueryVariables = Exact<{ [key: string]: never; }>;


export type AlertListQuery = { metricSources: Array<string>, alerts: Array<{ alertId: string, name: string, source: string, size: BucketSize, measure: AlertMeasure, condition: AlertCondition, threshold: number, lasting: number, state: AlertState, since: string, judgedTo: string, version: number }> };

export type AlertPastQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type AlertPastQuery = { feedCursor: string, alertHistory: { nodes: Array<{ changeId: string, alertId: string, name: string, state: AlertState, reason: AlertReason, at: string, source: string, bucketStart: string | null, bucketEnd: string | null, value: number | null, threshold: number }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type AlertFollowSubscriptionVariables = Exact<{
  after?: string | null | undefined;
}>;


export type AlertFollowSubscription = { alertChanged: { cursor: string, change: { changeId: string, alertId: string, name: string, state: AlertState, reason: AlertReason, at: string, source: string, bucketStart: string | null, bucketEnd: string | null, value: number | null, threshold: number } } };

export type SaveAlertMutationVariables = Exact<{
  input: ConfigureAlertInput;
}>;


export type SaveAlertMutation = { configureAlert:
    | { __typename: 'AlertPayload' }
    | { __typename: 'AlertConflictError', code: ErrorCode, message: string, current: { alertId: string, name: string, source: string, size: BucketSize, measure: AlertMeasure, condition: AlertCondition, threshold: number, lasting: number, state: AlertState, since: string, judgedTo: string, version: number } | null }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type EndAlertMutationVariables = Exact<{
  input: DeleteAlertInput;
}>;


export type EndAlertMutation = { deleteAlert:
    | { __typename: 'AlertPayload' }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'AlertConflictError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export const AlertList = document<AlertListQuery, AlertListQueryVariables>(
  "query AlertList { metricSources alerts { ...AlertRow } } fragment AlertRow on Alert { alertId name source size measure condition threshold lasting state since judgedTo version }",
);

export const AlertPast = document<AlertPastQuery, AlertPastQueryVariables>(
  "query AlertPast($first: Int!, $after: String) { alertHistory(first: $first, after: $after) { nodes { ...ChangeRow } pageInfo { hasNextPage endCursor } } feedCursor } fragment ChangeRow on AlertChange { changeId alertId name state reason at source bucketStart bucketEnd value threshold }",
);

export const AlertFollow = document<AlertFollowSubscription, AlertFollowSubscriptionVariables>(
  "subscription AlertFollow($after: String) { alertChanged(after: $after) { cursor change { ...ChangeRow } } } fragment ChangeRow on AlertChange { changeId alertId name state reason at source bucketStart bucketEnd value threshold }",
);

export const SaveAlert = document<SaveAlertMutation, SaveAlertMutationVariables>(
  "mutation SaveAlert($input: ConfigureAlertInput!) { configureAlert(input: $input) { __typename ... on AlertConflictError { current { ...AlertRow } } ... on UserError { code message } } } fragment AlertRow on Alert { alertId name source size measure condition threshold lasting state since judgedTo version }",
);

export const EndAlert = document<EndAlertMutation, EndAlertMutationVariables>(
  "mutation EndAlert($input: DeleteAlertInput!) { deleteAlert(input: $input) { __typename ... on UserError { code message } } }",
);
