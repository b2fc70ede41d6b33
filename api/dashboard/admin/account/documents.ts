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

/** Which logins to end: the one that asks where nothing is said. */
export type SignOutInput = {
  /** This one of `logins`. */
  loginId?: string | number | null | undefined;
  /** All of them. */
  everywhere?: boolean;
};

/** A new password for the viewer's account. */
export type ChangePasswordInput = {
  /** The one that is good now. */
  currentPassword: string;
  /** 12 to 128 characters. */
  newPassword: string;
};

/** Consent to remove the viewer's account. */
export type DeleteAccountInput = {
  /** The account's password. */
  password: string;
};

export type LoginListQueryVariables = Exact<{ [key: string]: never; }>;


export type LoginListQuery = { logins: Array<{ loginId: string, isCurrent: boolean, createdAt: string, usedAt: string, expiresAt: string, client: string | null, address: string | null }> };

export type SignOutMutationVariables = Exact<{
  input: SignOutInput;
}>;


export type SignOutMutation = { signOut: { ended: number } };

export type ChangePasswordMutationVariables = Exact<{
  input: ChangePasswordInput;
}>;


export type ChangePasswordMutation = { changePassword:
    | { __typename: 'AccountPayload', username: string }
    | { __typename: 'BadCredentialsError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type DeleteAccountMutationVariables = Exact<{
  input: DeleteAccountInput;
}>;


export type DeleteAccountMutation = { deleteAccount:
    | { __typename: 'AccountPayload', username: string, removal: { removalId: string, begunAt: string, remains: Array<{ what: string, why: string, days: number | null }> } | null }
    | { __typename: 'BadCredentialsError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export const LoginList = document<LoginListQuery, LoginListQueryVariables>(
  "query LoginList { logins { loginId isCurrent createdAt usedAt expiresAt client address } }",
);

export const SignOut = document<SignOutMutation, SignOutMutationVariables>(
  "mutation SignOut($input: SignOutInput!) { signOut(input: $input) { ended } }",
);

export const ChangePassword = document<ChangePasswordMutation, ChangePasswordMutationVariables>(
  "mutation ChangePassword($input: ChangePasswordInput!) { changePassword(input: $input) { __typename ... on AccountPayload { username } ... on UserError { code message } } }",
);

export const DeleteAccount = document<DeleteAccountMutation, DeleteAccountMutationVariables>(
  "mutation DeleteAccount($input: DeleteAccountInput!) { deleteAccount(input: $input) { __typename ... on AccountPayload { username removal { removalId begunAt remains { what why days } } } ... on UserError { code message } } }",
);
