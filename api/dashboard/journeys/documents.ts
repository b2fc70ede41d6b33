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

/** Exactly one per journey. A stronger one is never replaced by a weaker one, in whatever order the events arrive. */
export type JourneyOutcome =
  /** A goal of the tenant's own was reached that outranks what else happened; `goal` says which. Strongest. */
  | 'GOAL_REACHED'
  /** A form was completed. */
  | 'FORM_COMPLETED'
  /** A call to action was clicked. */
  | 'CTA_CLICKED'
  /** A link was clicked. */
  | 'LINK_CLICKED'
  /** A form was begun or a message sent, none of the above happened, and 30 minutes passed without an event. */
  | 'ABANDONED'
  /** None of the above. Weakest. */
  | 'BROWSING';

/** A property at the top of an event's `properties`. */
export type PropertyMatchInput = {
  /** Its name, 1 to 100 characters; 64 in a filter. */
  name: string;
  /** Its value as text: a number or a boolean as JSON writes it. Any value where absent. */
  value?: string | null | undefined;
};

/** Which journeys to list; all parts must hold. */
export type JourneyFilter = {
  /** By `startedAt`. Where absent: all journeys, or with any other filter than `visitorId` the 30 days up to the latest journey; `from` and `hasEarlier` of the page say so. */
  range?: TimeRange | null | undefined;
  /** Journeys with this outcome. */
  outcome?: JourneyOutcome | null | undefined;
  /** Journeys whose events name this visitor, under whichever id that belongs to the same person. */
  visitorId?: string | null | undefined;
  /** Journeys in which each of these event types happened. */
  did?: Array<string> | null | undefined;
  /** Journeys in which none of these event types happened. */
  didNot?: Array<string> | null | undefined;
  /** Journeys that reached this goal of the tenant's, by its `goalId`. */
  goal?: string | null | undefined;
  /** Journeys that came to a page of this path, in which up to four `*` stand for any text: `/docs/*`. Without `?`. */
  page?: string | null | undefined;
  /** Journeys that came from such a page of another site, as sojourn.js sends it (`referrer`, host and path): `www.google.*`. */
  referrer?: string | null | undefined;
  /** Journeys on a phone, tablet or desktop, as sojourn.js sends it (`device`). */
  device?: string | null | undefined;
  /** Journeys with this `utm_source`. */
  utmSource?: string | null | undefined;
  /** Journeys with this `utm_medium`. */
  utmMedium?: string | null | undefined;
  /** Journeys with this `utm_campaign`. */
  utmCampaign?: string | null | undefined;
  /** Journeys in whose events each of these properties has the value, or any; at most 5. */
  properties?: Array<PropertyMatchInput> | null | undefined;
  /** Journeys whose first question holds each of these words, in any order, whatever their case and accents; at most 10. */
  question?: string | null | undefined;
};

/** What kind of file. */
export type FileFormat =
  /** RFC 4180, UTF-8, with a heading. Text that a spreadsheet would take for a formula has an apostrophe before it. */
  | 'CSV'
  /** Apache Parquet, compressed by Snappy: for DuckDB, pandas and Spark. */
  | 'PARQUET';

/** Which journeys to put into a file. */
export type ExportJourneysInput = {
  /** Which journeys, as in `journeys`. */
  filter?: JourneyFilter | null | undefined;
  /** What kind of file. */
  format?: FileFormat;
  /** The `endCursor` of the file before, of the same list; from the beginning where absent. */
  after?: string | null | undefined;
};

export type JourneyListQueryVariables = Exact<{
  filter?: JourneyFilter | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type JourneyListQuery = { journeys: { nodes: Array<{ id: string, sessionId: string, visitorId: string | null, startedAt: string, endedAt: string, duration: number, outcome: JourneyOutcome, eventCount: number, userMessageCount: number, firstQuestion: string | null, goal: { goalId: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type JourneyCountQueryVariables = Exact<{
  filter?: JourneyFilter | null | undefined;
}>;


export type JourneyCountQuery = { journeys: { total: { count: number, isExact: boolean } } };

export type JourneyRowFragment = { id: string, sessionId: string, visitorId: string | null, startedAt: string, endedAt: string, duration: number, outcome: JourneyOutcome, eventCount: number, userMessageCount: number, firstQuestion: string | null, goal: { goalId: string } | null };

export type JourneyTimelineQueryVariables = Exact<{
  sessionId: string;
  first: number;
  after?: string | null | undefined;
}>;


export type JourneyTimelineQuery = { journey: { id: string, sessionId: string, visitorId: string | null, startedAt: string, endedAt: string, duration: number, outcome: JourneyOutcome, eventCount: number, userMessageCount: number, firstQuestion: string | null, events: { edges: Array<{ cursor: string, node: { source: string, seq: number, type: string, occurredAt: string, step: number, page: string | null, text: string | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } }, goal: { goalId: string } | null } | null };

export type JourneyHeadQueryVariables = Exact<{
  sessionId: string;
}>;


export type JourneyHeadQuery = { journey: { id: string, sessionId: string, visitorId: string | null, startedAt: string, endedAt: string, duration: number, outcome: JourneyOutcome, eventCount: number, userMessageCount: number, firstQuestion: string | null, goal: { goalId: string } | null } | null };

export type EventRowFragment = { source: string, seq: number, type: string, occurredAt: string, step: number, page: string | null, text: string | null };

export type JourneyFollowSubscriptionVariables = Exact<{
  sessionId: string;
  after?: string | null | undefined;
}>;


export type JourneyFollowSubscription = { journeyEvents: { cursor: string, node: { source: string, seq: number, type: string, occurredAt: string, step: number, page: string | null, text: string | null } } };

export type JourneyNumbersQueryVariables = Exact<{
  range: TimeRange;
  timeZone: string;
}>;


export type JourneyNumbersQuery = { journeyAnalytics: { totalJourneys: number, totalEvents: number, conversionRate: number | null, averageMessages: number | null, outcomes: Array<{ outcome: JourneyOutcome, journeys: number }>, durationPercentiles: { p50: number, p95: number } | null, byDay: Array<{ start: string, isOpen: boolean, journeys: number, conversions: number }> } };

export type TakeJourneysMutationVariables = Exact<{
  input: ExportJourneysInput;
}>;


export type TakeJourneysMutation = { exportJourneys:
    | { __typename: 'ExportPayload', url: string, fileName: string, rows: number, endCursor: string | null }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export const JourneyList = document<JourneyListQuery, JourneyListQueryVariables>(
  "query JourneyList($filter: JourneyFilter, $first: Int!, $after: String) { journeys(filter: $filter, first: $first, after: $after) { nodes { ...JourneyRow } pageInfo { hasNextPage endCursor } } } fragment JourneyRow on Journey { id sessionId visitorId startedAt endedAt duration outcome goal { goalId } eventCount userMessageCount firstQuestion }",
);

export const JourneyCount = document<JourneyCountQuery, JourneyCountQueryVariables>(
  "query JourneyCount($filter: JourneyFilter) { journeys(filter: $filter, first: 1) { total { count isExact } } }",
);

export const JourneyTimeline = document<JourneyTimelineQuery, JourneyTimelineQueryVariables>(
  "query JourneyTimeline($sessionId: String!, $first: Int!, $after: String) { journey(sessionId: $sessionId) { ...JourneyRow events(first: $first, after: $after) { edges { cursor node { ...EventRow } } pageInfo { hasNextPage endCursor } } } } fragment JourneyRow on Journey { id sessionId visitorId startedAt endedAt duration outcome goal { goalId } eventCount userMessageCount firstQuestion } fragment EventRow on JourneyEvent { source seq type occurredAt step page text }",
);

export const JourneyHead = document<JourneyHeadQuery, JourneyHeadQueryVariables>(
  "query JourneyHead($sessionId: String!) { journey(sessionId: $sessionId) { ...JourneyRow } } fragment JourneyRow on Journey { id sessionId visitorId startedAt endedAt duration outcome goal { goalId } eventCount userMessageCount firstQuestion }",
);

export const JourneyFollow = document<JourneyFollowSubscription, JourneyFollowSubscriptionVariables>(
  "subscription JourneyFollow($sessionId: String!, $after: String) { journeyEvents(sessionId: $sessionId, after: $after) { cursor node { ...EventRow } } } fragment EventRow on JourneyEvent { source seq type occurredAt step page text }",
);

export const JourneyNumbers = document<JourneyNumbersQuery, JourneyNumbersQueryVariables>(
  "query JourneyNumbers($range: TimeRange!, $timeZone: TimeZone!) { journeyAnalytics(range: $range, timeZone: $timeZone) { totalJourneys totalEvents conversionRate averageMessages outcomes { outcome journeys } durationPercentiles { p50 p95 } byDay { start isOpen journeys conversions } } }",
);

export const TakeJourneys = document<TakeJourneysMutation, TakeJourneysMutationVariables>(
  "mutation TakeJourneys($input: ExportJourneysInput!) { exportJourneys(input: $input) { __typename ... on ExportPayload { url fileName rows endCursor } ... on UserError { code message } } }",
);
