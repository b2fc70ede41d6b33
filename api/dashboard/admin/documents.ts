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

/** A key for a device or a server. */
export type CreateApiKeyInput = {
  /** 1 to 100 characters, for the list. */
  name: string;
  /** What it allows; nothing that you may not do yourself. */
  scopes: Array<Scope>;
  /** Most requests a minute with it, 1 to 1,000,000. */
  ratePerMinute?: number | null | undefined;
  /** When it ends; it does not end by itself where absent. */
  expiresAt?: string | null | undefined;
};

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

/** A key to end. */
export type RevokeKeyInput = {
  /** Which key. */
  keyId: string | number;
};

/** What an entry of the audit log tells of. */
export type AuditKind =
  /** An account was opened. */
  | 'REGISTERED'
  /** Somebody logged in with a password. */
  | 'LOGGED_IN'
  /** A password was wrong. */
  | 'LOGIN_FAILED'
  /** A refresh token came again: somebody else may have it, and its login has ended. */
  | 'REFRESH_TOKEN_REUSED'
  /** Logins were ended by their owner. */
  | 'SIGNED_OUT'
  /** A password was changed by who knew it. */
  | 'PASSWORD_CHANGED'
  /** A password was set with a token of whoever runs the service. */
  | 'PASSWORD_RESET'
  /** An account was removed by its owner. */
  | 'ACCOUNT_DELETED'
  /** A key was made. */
  | 'KEY_CREATED'
  /** A key was ended. */
  | 'KEY_REVOKED'
  /** A mutation for admins was called. */
  | 'ADMIN_ACTION'
  /** Somebody asked for what the token does not allow; at most 60 a minute are kept. */
  | 'REFUSED';

/** Which journeys to rebuild. */
export type BackfillJourneysInput = {
  /** Batches whose first event occurred in this range, widened to whole hours. Where the table was lost, one range that holds all of a journey tells whether its time is over. */
  range: TimeRange;
  /** True: say what would change and change nothing. */
  dryRun?: boolean;
  /** True: journeys whose time is over are counted as well. For such as never were, since JOURNEYS_INDEX was off all that time; what had been counted counts again, with each run. They are kept no longer for it. */
  withExpired?: boolean;
};

/** What to count again. */
export type AuditMetricsInput = {
  /** What is counted. */
  source: string;
  /** Of the records' own time; widened to whole minutes. */
  range: TimeRange;
  /** True: correct the buckets that are wrong. A minute with records that were written in the last moments is left as it is. */
  repair?: boolean;
};

export type KeyRowFragment = { keyId: string, kind: ApiKeyKind, name: string, key: string | null, scopes: Array<Scope>, origins: Array<string>, ratePerMinute: number | null, createdAt: string, createdBy: string, expiresAt: string | null, revokedAt: string | null, lastUsedAt: string | null };

export type KeyListQueryVariables = Exact<{ [key: string]: never; }>;


export type KeyListQuery = { viewer: { userId: string, scopes: Array<Scope> }, apiKeys: Array<{ keyId: string, kind: ApiKeyKind, name: string, key: string | null, scopes: Array<Scope>, origins: Array<string>, ratePerMinute: number | null, createdAt: string, createdBy: string, expiresAt: string | null, revokedAt: string | null, lastUsedAt: string | null }> };

export type MakeApiKeyMutationVariables = Exact<{
  input: CreateApiKeyInput;
}>;


export type MakeApiKeyMutation = { createApiKey:
    | { __typename: 'CreateKeyPayload', key: string, apiKey: { keyId: string, kind: ApiKeyKind, name: string, key: string | null, scopes: Array<Scope>, origins: Array<string>, ratePerMinute: number | null, createdAt: string, createdBy: string, expiresAt: string | null, revokedAt: string | null, lastUsedAt: string | null } }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type MakeWriteKeyMutationVariables = Exact<{
  input: CreateWriteKeyInput;
}>;


export type MakeWriteKeyMutation = { createWriteKey:
    | { __typename: 'CreateKeyPayload', key: string, apiKey: { keyId: string, kind: ApiKeyKind, name: string, key: string | null, scopes: Array<Scope>, origins: Array<string>, ratePerMinute: number | null, createdAt: string, createdBy: string, expiresAt: string | null, revokedAt: string | null, lastUsedAt: string | null } }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type RevokeKeyMutationVariables = Exact<{
  input: RevokeKeyInput;
}>;


export type RevokeKeyMutation = { revokeKey:
    | { __typename: 'RevokeKeyPayload', apiKey: { keyId: string, kind: ApiKeyKind, name: string, key: string | null, scopes: Array<Scope>, origins: Array<string>, ratePerMinute: number | null, createdAt: string, createdBy: string, expiresAt: string | null, revokedAt: string | null, lastUsedAt: string | null } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type AuditCountsMutationVariables = Exact<{
  input: AuditMetricsInput;
}>;


export type AuditCountsMutation = { auditMetrics:
    | { __typename: 'AuditMetricsPayload', recordsCounted: number, bucketsChecked: number, repaired: number, differences: Array<{ recounted: number, bucket: { start: string, count: number } | null }> }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type RebuildJourneysMutationVariables = Exact<{
  input: BackfillJourneysInput;
}>;


export type RebuildJourneysMutation = { backfillJourneys:
    | { __typename: 'BackfillJourneysPayload', objectsRead: number, eventsRead: number, journeysCreated: number, journeysChanged: number, journeysUnchanged: number }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type AuditLogQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type AuditLogQuery = { auditLog: { nodes: Array<{ entryId: string, at: string, kind: AuditKind, userId: string | null, subject: string, detail: string | null, address: string | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export const KeyList = document<KeyListQuery, KeyListQueryVariables>(
  "query KeyList { viewer { userId scopes } apiKeys { ...KeyRow } } fragment KeyRow on ApiKey { keyId kind name key scopes origins ratePerMinute createdAt createdBy expiresAt revokedAt lastUsedAt }",
);

export const MakeApiKey = document<MakeApiKeyMutation, MakeApiKeyMutationVariables>(
  "mutation MakeApiKey($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename ... on CreateKeyPayload { key apiKey { ...KeyRow } } ... on UserError { code message } } } fragment KeyRow on ApiKey { keyId kind name key scopes origins ratePerMinute createdAt createdBy expiresAt revokedAt lastUsedAt }",
);

export const MakeWriteKey = document<MakeWriteKeyMutation, MakeWriteKeyMutationVariables>(
  "mutation MakeWriteKey($input: CreateWriteKeyInput!) { createWriteKey(input: $input) { __typename ... on CreateKeyPayload { key apiKey { ...KeyRow } } ... on UserError { code message } } } fragment KeyRow on ApiKey { keyId kind name key scopes origins ratePerMinute createdAt createdBy expiresAt revokedAt lastUsedAt }",
);

export const RevokeKey = document<RevokeKeyMutation, RevokeKeyMutationVariables>(
  "mutation RevokeKey($input: RevokeKeyInput!) { revokeKey(input: $input) { __typename ... on RevokeKeyPayload { apiKey { ...KeyRow } } ... on UserError { code message } } } fragment KeyRow on ApiKey { keyId kind name key scopes origins ratePerMinute createdAt createdBy expiresAt revokedAt lastUsedAt }",
);

export const AuditCounts = document<AuditCountsMutation, AuditCountsMutationVariables>(
  "mutation AuditCounts($input: AuditMetricsInput!) { auditMetrics(input: $input) { __typename ... on AuditMetricsPayload { recordsCounted bucketsChecked repaired differences { bucket { start count } recounted } } ... on UserError { code message } } }",
);

export const RebuildJourneys = document<RebuildJourneysMutation, RebuildJourneysMutationVariables>(
  "mutation RebuildJourneys($input: BackfillJourneysInput!) { backfillJourneys(input: $input) { __typename ... on BackfillJourneysPayload { objectsRead eventsRead journeysCreated journeysChanged journeysUnchanged } ... on UserError { code message } } }",
);

export const AuditLog = document<AuditLogQuery, AuditLogQueryVariables>(
  "query AuditLog($first: Int!, $after: String) { auditLog(first: $first, after: $after) { nodes { entryId at kind userId subject detail address } pageInfo { hasNextPage endCursor } } }",
);
