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

/** What is kept aside. */
export type QuarantineKind =
  /** A motion event. */
  | 'MOTION'
  /** Readings of one batch, or what it states of its start and length. */
  | 'BATCH'
  /** Readings of a session that lie too far from its others, in whatever batches they came. */
  | 'READINGS';

/** What to do with something that is kept aside. */
export type ResolveQuarantinedInput = {
  /** Whose it is. */
  sensorId: string;
  /** Which. */
  quarantineId: string;
  /** True counts it as it was sent; false drops it. */
  admit: boolean;
};

export type KeptAsideQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type KeptAsideQuery = { quarantined: { nodes: Array<{ sensorId: string, quarantineId: string, kind: QuarantineKind, at: string | null, sessionId: string | null, batchOffset: number | null, count: number, reason: string, heldAt: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type ResolveAsideMutationVariables = Exact<{
  input: ResolveQuarantinedInput;
}>;


export type ResolveAsideMutation = { resolveQuarantined:
    | { __typename: 'ResolveQuarantinedPayload', admitted: boolean }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'PayloadMismatchError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export const KeptAside = document<KeptAsideQuery, KeptAsideQueryVariables>(
  "query KeptAside($first: Int!, $after: String) { quarantined(first: $first, after: $after) { nodes { sensorId quarantineId kind at sessionId batchOffset count reason heldAt } pageInfo { hasNextPage endCursor } } }",
);

export const ResolveAside = document<ResolveAsideMutation, ResolveAsideMutationVariables>(
  "mutation ResolveAside($input: ResolveQuarantinedInput!) { resolveQuarantined(input: $input) { __typename ... on ResolveQuarantinedPayload { admitted } ... on UserError { code message } } }",
);
