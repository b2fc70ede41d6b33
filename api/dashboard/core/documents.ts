// Made by `npm run generate` from queries.graphql and the contract; not to be edited.
import { document } from "../core/document.ts";

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

/** A login to go on with. */
export type RefreshLoginInput = {
  /** The latest of this login. */
  refreshToken: string;
};

export type RenewLoginMutationVariables = Exact<{
  input: RefreshLoginInput;
}>;


export type RenewLoginMutation = { refreshLogin:
    | { __typename: 'AuthPayload', token: string, refreshToken: string }
    | { __typename: 'BadCredentialsError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type EndLoginMutationVariables = Exact<{ [key: string]: never; }>;


export type EndLoginMutation = { signOut: { ended: number } };

export const RenewLogin = document<RenewLoginMutation, RenewLoginMutationVariables>(
  "mutation RenewLogin($input: RefreshLoginInput!) { refreshLogin(input: $input) { __typename ... on AuthPayload { token refreshToken } ... on UserError { code message } } }",
);

export const EndLogin = document<EndLoginMutation, EndLoginMutationVariables>(
  "mutation EndLogin { signOut { ended } }",
);
