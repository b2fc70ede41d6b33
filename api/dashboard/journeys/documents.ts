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

/** What a key is for. */
export type ApiKeyKind =
  /** A device or a server. It is secret. */
  | 'API'
  /** Pages. It is public: it may record events of journeys from its origins, and nothing else. */
  | 'WRITE';

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

export type JourneyListQueryVariables = Exact<{
  filter?: JourneyFilter | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type JourneyListQuery = { journeys: { nodes: Array<{ id: string, sessionId: string, visitorId: string | null, startedAt: string, endedAt: string, duration: number, outcome: JourneyOutcome, eventCount: number, userMessageCount: number, firstQuestion: string | null, goal: { goalId: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type JourneyRowFragment = { id: string, sessionId: string, visitorId: string | null, startedAt: string, endedAt: string, duration: number, outcome: JourneyOutcome, eventCount: number, userMessageCount: number, firstQuestion: string | null, goal: { goalId: string } | null };

export type JourneyTimelineQueryVariables = Exact<{
  sessionId: string;
  first: number;
  after?: string | null | undefined;
}>;


export type JourneyTimelineQuery = { journey: { id: string, sessionId: string, visitorId: string | null, startedAt: string, endedAt: string, duration: number, outcome: JourneyOutcome, eventCount: number, userMessageCount: number, firstQuestion: string | null, events: { edges: Array<{ cursor: string, node: { source: string, seq: number, type: string, occurredAt: string, step: number, page: string | null, text: string | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } }, goal: { goalId: string } | null } | null };

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


export type JourneyNumbersQuery = { journeyAnalytics: { totalJourneys: number, totalEvents: number, conversionRate: number | null, averageMessages: number | null, outcomes: Array<{ outcome: JourneyOutcome, journeys: number }>, durationPercentiles: { p50: number, p95: number } | null, byDay: Array<{ start: string, journeys: number, conversions: number }> } };

export type ScriptKeysQueryVariables = Exact<{ [key: string]: never; }>;


export type ScriptKeysQuery = { apiKeys: Array<{ keyId: string, kind: ApiKeyKind, name: string, key: string | null, origins: Array<string>, revokedAt: string | null }> };

export type NewestJourneyQueryVariables = Exact<{
  range: TimeRange;
}>;


export type NewestJourneyQuery = { journeys: { nodes: Array<{ sessionId: string, startedAt: string, eventCount: number }> } };

export type EventsArriveSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type EventsArriveSubscription = { metricBuckets: { cursor: string } };

export const JourneyList = document<JourneyListQuery, JourneyListQueryVariables>(
  "query JourneyList($filter: JourneyFilter, $first: Int!, $after: String) { journeys(filter: $filter, first: $first, after: $after) { nodes { ...JourneyRow } pageInfo { hasNextPage endCursor } } } fragment JourneyRow on Journey { id sessionId visitorId startedAt endedAt duration outcome goal { goalId } eventCount userMessageCount firstQuestion }",
);

export const JourneyTimeline = document<JourneyTimelineQuery, JourneyTimelineQueryVariables>(
  "query JourneyTimeline($sessionId: String!, $first: Int!, $after: String) { journey(sessionId: $sessionId) { ...JourneyRow events(first: $first, after: $after) { edges { cursor node { ...EventRow } } pageInfo { hasNextPage endCursor } } } } fragment JourneyRow on Journey { id sessionId visitorId startedAt endedAt duration outcome goal { goalId } eventCount userMessageCount firstQuestion } fragment EventRow on JourneyEvent { source seq type occurredAt step page text }",
);

export const JourneyFollow = document<JourneyFollowSubscription, JourneyFollowSubscriptionVariables>(
  "subscription JourneyFollow($sessionId: String!, $after: String) { journeyEvents(sessionId: $sessionId, after: $after) { cursor node { ...EventRow } } } fragment EventRow on JourneyEvent { source seq type occurredAt step page text }",
);

export const JourneyNumbers = document<JourneyNumbersQuery, JourneyNumbersQueryVariables>(
  "query JourneyNumbers($range: TimeRange!, $timeZone: TimeZone!) { journeyAnalytics(range: $range, timeZone: $timeZone) { totalJourneys totalEvents conversionRate averageMessages outcomes { outcome journeys } durationPercentiles { p50 p95 } byDay { start journeys conversions } } }",
);

export const ScriptKeys = document<ScriptKeysQuery, ScriptKeysQueryVariables>(
  "query ScriptKeys { apiKeys { keyId kind name key origins revokedAt } }",
);

export const NewestJourney = document<NewestJourneyQuery, NewestJourneyQueryVariables>(
  "query NewestJourney($range: TimeRange!) { journeys(filter: {range: $range}, first: 1) { nodes { sessionId startedAt eventCount } } }",
);

export const EventsArrive = document<EventsArriveSubscription, EventsArriveSubscriptionVariables>(
  "subscription EventsArrive { metricBuckets(sources: [JOURNEY_EVENTS], size: ONE_MINUTE) { cursor } }",
);
