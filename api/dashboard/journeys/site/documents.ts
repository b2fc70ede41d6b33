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

/** What a token may allow. Tokens write them in lower case with a colon, such as `journeys:read`. */
export type Scope =
  /** Read sessions and sensors. */
  | 'SESSIONS_READ'
  /** Record, end and annotate sessions. */
  | 'SESSIONS_WRITE'
  /** Read journeys. */
  | 'JOURNEYS_READ'
  /** Record events of journeys. */
  | 'JOURNEYS_WRITE'
  /** Read metrics. */
  | 'METRICS_READ'
  /** Record what metrics count. */
  | 'METRICS_WRITE'
  /** Review one's own collection. */
  | 'REVIEW'
  /** Rebuild, audit and erase. */
  | 'ADMIN';

/** What a key is for. */
export type ApiKeyKind =
  /** A device or a server. It is secret. */
  | 'API'
  /** Pages. It is public: it may record events of journeys from its origins, and nothing else. */
  | 'WRITE';

/** A public key for pages that record journeys. */
export type CreateWriteKeyInput = {
  /** 1 to 100 characters, for the list. */
  name: string;
  /** The pages that may use it, 1 to 20: `https://shop.example`, or `https://*.example.com` for its subdomains. */
  origins: Array<string>;
  /** Most requests a minute with it, over all pages; 600 where absent. */
  ratePerMinute?: number | null | undefined;
  /** When it ends; it does not end by itself where absent. */
  expiresAt?: string | null | undefined;
};

export type SiteKeyFragment = { keyId: string, kind: ApiKeyKind, name: string, key: string | null, origins: Array<string>, revokedAt: string | null };

export type SiteKeysQueryVariables = Exact<{ [key: string]: never; }>;


export type SiteKeysQuery = { viewer: { scopes: Array<Scope> }, apiKeys: Array<{ keyId: string, kind: ApiKeyKind, name: string, key: string | null, origins: Array<string>, revokedAt: string | null }> };

export type MakeSiteKeyMutationVariables = Exact<{
  input: CreateWriteKeyInput;
}>;


export type MakeSiteKeyMutation = { createWriteKey:
    | { __typename: 'CreateKeyPayload', key: string, apiKey: { keyId: string, kind: ApiKeyKind, name: string, key: string | null, origins: Array<string>, revokedAt: string | null } }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type NewestEventsQueryVariables = Exact<{
  range: TimeRange;
}>;


export type NewestEventsQuery = { journeys: { nodes: Array<{ sessionId: string, startedAt: string, eventCount: number, events: { nodes: Array<{ source: string, seq: number, type: string, page: string | null, text: string | null, occurredAt: string }> } }> } };

export type EventsArriveSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type EventsArriveSubscription = { metricBuckets: { cursor: string } };

export const SiteKeys = document<SiteKeysQuery, SiteKeysQueryVariables>(
  "query SiteKeys { viewer { scopes } apiKeys { ...SiteKey } } fragment SiteKey on ApiKey { keyId kind name key origins revokedAt }",
);

export const MakeSiteKey = document<MakeSiteKeyMutation, MakeSiteKeyMutationVariables>(
  "mutation MakeSiteKey($input: CreateWriteKeyInput!) { createWriteKey(input: $input) { __typename ... on CreateKeyPayload { key apiKey { ...SiteKey } } ... on UserError { code message } } } fragment SiteKey on ApiKey { keyId kind name key origins revokedAt }",
);

export const NewestEvents = document<NewestEventsQuery, NewestEventsQueryVariables>(
  "query NewestEvents($range: TimeRange!) { journeys(filter: {range: $range}, first: 1) { nodes { sessionId startedAt eventCount events(last: 8) { nodes { source seq type page text occurredAt } } } } }",
);

export const EventsArrive = document<EventsArriveSubscription, EventsArriveSubscriptionVariables>(
  "subscription EventsArrive { metricBuckets(sources: [JOURNEY_EVENTS], size: ONE_MINUTE) { cursor } }",
);
