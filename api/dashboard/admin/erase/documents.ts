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

/** What was erased. */
export type ErasedKind =
  /** A visitor. */
  | 'VISITOR'
  /** The past of a sensor. */
  | 'SENSOR';

/** Which visitor to erase. */
export type EraseVisitorInput = {
  /** The id that the visitor's events carry. */
  visitorId: string;
};

/** Which sensor's past to erase. */
export type EraseSensorInput = {
  /** The sender's id of the sensor. */
  sensorId: string;
};

/** Whose data to give. */
export type ExportVisitorInput = {
  /** Any id under which events name the visitor. */
  visitorId: string;
};

export type EraseVisitorMutationVariables = Exact<{
  input: EraseVisitorInput;
}>;


export type EraseVisitorMutation = { eraseVisitor:
    | { __typename: 'EraseVisitorPayload', receiptId: string, journeys: number, events: number, objectsRewritten: number, remains: Array<{ what: string, why: string, days: number | null }> }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type EraseSensorMutationVariables = Exact<{
  input: EraseSensorInput;
}>;


export type EraseSensorMutation = { eraseSensor:
    | { __typename: 'EraseSensorPayload', receiptId: string, sessions: number, motionEvents: number, batches: number, remains: Array<{ what: string, why: string, days: number | null }> }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type VisitorFileMutationVariables = Exact<{
  input: ExportVisitorInput;
}>;


export type VisitorFileMutation = { exportVisitor:
    | { __typename: 'ExportVisitorPayload', url: string, bytes: number }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type ReceiptsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type ReceiptsQuery = { erasures: { nodes: Array<{ receiptId: string, at: string, what: ErasedKind, things: number, events: number, userId: string | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export const EraseVisitor = document<EraseVisitorMutation, EraseVisitorMutationVariables>(
  "mutation EraseVisitor($input: EraseVisitorInput!) { eraseVisitor(input: $input) { __typename ... on EraseVisitorPayload { receiptId journeys events objectsRewritten remains { what why days } } ... on UserError { code message } } }",
);

export const EraseSensor = document<EraseSensorMutation, EraseSensorMutationVariables>(
  "mutation EraseSensor($input: EraseSensorInput!) { eraseSensor(input: $input) { __typename ... on EraseSensorPayload { receiptId sessions motionEvents batches remains { what why days } } ... on UserError { code message } } }",
);

export const VisitorFile = document<VisitorFileMutation, VisitorFileMutationVariables>(
  "mutation VisitorFile($input: ExportVisitorInput!) { exportVisitor(input: $input) { __typename ... on ExportVisitorPayload { url bytes } ... on UserError { code message } } }",
);

export const Receipts = document<ReceiptsQuery, ReceiptsQueryVariables>(
  "query Receipts($first: Int!, $after: String) { erasures(first: $first, after: $after) { nodes { receiptId at what things events userId } pageInfo { hasNextPage endCursor } } }",
);
