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

/** What a webhook is called for. On the wire it is in small letters with dots: `alert.changed`. */
export type WebhookEventType =
  /** An alert began to ring or ended; `data` is as `alertHistory` shows it. */
  | 'ALERT_CHANGED'
  /** Half an hour passed since the last event of a journey; again where later events came and it finished with them. `data` has the session, the outcome, goals and numbers, and names no person. */
  | 'JOURNEY_FINISHED';

/** What became of a delivery. */
export type WebhookDeliveryStatus =
  /** It is tried, or tried again, at `dueAt`. */
  | 'PENDING'
  /** The receiver answered 2xx. */
  | 'DELIVERED'
  /** The webhook is paused; it is sent after `resumeWebhook`. */
  | 'HELD'
  /** Given up after a day; `resendWebhookDelivery` begins anew. */
  | 'FAILED';

/** An address to tell of events. */
export type CreateWebhookInput = {
  /** 1 to 100 characters, for the list. */
  name: string;
  /** A public `https://` address, or the ARN of an SNS topic that the service's operator lets this tenant use. Private and local networks are never called; an instance of your own (`npm start`) also calls `http://127.0.0.1`. */
  url: string;
  /** What it is called for. */
  types: Array<WebhookEventType>;
};

/** Which webhook. */
export type WebhookInput = {
  /** The webhook's id. */
  webhookId: string | number;
};

/** Which delivery. */
export type ResendWebhookDeliveryInput = {
  /** The webhook's id. */
  webhookId: string | number;
  /** The delivery's id. */
  deliveryId: string | number;
};

export type WebhookRowFragment = { webhookId: string, name: string, url: string, types: Array<WebhookEventType>, createdAt: string, createdBy: string, failingSince: string | null, pausedAt: string | null, pausedBecause: string | null, revokedAt: string | null };

export type DeliveryRowFragment = { deliveryId: string, type: string, status: WebhookDeliveryStatus, body: string, createdAt: string, dueAt: string | null, tries: Array<{ at: string, milliseconds: number, status: number | null, error: string | null }> };

export type WebhookListQueryVariables = Exact<{ [key: string]: never; }>;


export type WebhookListQuery = { webhooks: Array<{ webhookId: string, name: string, url: string, types: Array<WebhookEventType>, createdAt: string, createdBy: string, failingSince: string | null, pausedAt: string | null, pausedBecause: string | null, revokedAt: string | null, deliveries: { nodes: Array<{ deliveryId: string, type: string, status: WebhookDeliveryStatus, body: string, createdAt: string, dueAt: string | null, tries: Array<{ at: string, milliseconds: number, status: number | null, error: string | null }> }> } }> };

export type MakeWebhookMutationVariables = Exact<{
  input: CreateWebhookInput;
}>;


export type MakeWebhookMutation = { createWebhook:
    | { __typename: 'WebhookSecretPayload', secret: string, webhook: { webhookId: string, name: string, url: string, types: Array<WebhookEventType>, createdAt: string, createdBy: string, failingSince: string | null, pausedAt: string | null, pausedBecause: string | null, revokedAt: string | null } }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type RotateWebhookMutationVariables = Exact<{
  input: WebhookInput;
}>;


export type RotateWebhookMutation = { rotateWebhookSecret:
    | { __typename: 'WebhookSecretPayload', secret: string, webhook: { webhookId: string, name: string, url: string, types: Array<WebhookEventType>, createdAt: string, createdBy: string, failingSince: string | null, pausedAt: string | null, pausedBecause: string | null, revokedAt: string | null } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type RevokeWebhookMutationVariables = Exact<{
  input: WebhookInput;
}>;


export type RevokeWebhookMutation = { revokeWebhook:
    | { __typename: 'WebhookPayload' }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type ResumeWebhookMutationVariables = Exact<{
  input: WebhookInput;
}>;


export type ResumeWebhookMutation = { resumeWebhook:
    | { __typename: 'WebhookPayload' }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type TestWebhookMutationVariables = Exact<{
  input: WebhookInput;
}>;


export type TestWebhookMutation = { testWebhook:
    | { __typename: 'WebhookDeliveryPayload', delivery: { deliveryId: string, type: string, status: WebhookDeliveryStatus, body: string, createdAt: string, dueAt: string | null, tries: Array<{ at: string, milliseconds: number, status: number | null, error: string | null }> } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type ResendDeliveryMutationVariables = Exact<{
  input: ResendWebhookDeliveryInput;
}>;


export type ResendDeliveryMutation = { resendWebhookDelivery:
    | { __typename: 'WebhookDeliveryPayload' }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export const WebhookList = document<WebhookListQuery, WebhookListQueryVariables>(
  "query WebhookList { webhooks { ...WebhookRow deliveries(first: 20) { nodes { ...DeliveryRow } } } } fragment WebhookRow on Webhook { webhookId name url types createdAt createdBy failingSince pausedAt pausedBecause revokedAt } fragment DeliveryRow on WebhookDelivery { deliveryId type status body createdAt dueAt tries { at milliseconds status error } }",
);

export const MakeWebhook = document<MakeWebhookMutation, MakeWebhookMutationVariables>(
  "mutation MakeWebhook($input: CreateWebhookInput!) { createWebhook(input: $input) { __typename ... on WebhookSecretPayload { secret webhook { ...WebhookRow } } ... on UserError { code message } } } fragment WebhookRow on Webhook { webhookId name url types createdAt createdBy failingSince pausedAt pausedBecause revokedAt }",
);

export const RotateWebhook = document<RotateWebhookMutation, RotateWebhookMutationVariables>(
  "mutation RotateWebhook($input: WebhookInput!) { rotateWebhookSecret(input: $input) { __typename ... on WebhookSecretPayload { secret webhook { ...WebhookRow } } ... on UserError { code message } } } fragment WebhookRow on Webhook { webhookId name url types createdAt createdBy failingSince pausedAt pausedBecause revokedAt }",
);

export const RevokeWebhook = document<RevokeWebhookMutation, RevokeWebhookMutationVariables>(
  "mutation RevokeWebhook($input: WebhookInput!) { revokeWebhook(input: $input) { __typename ... on UserError { code message } } }",
);

export const ResumeWebhook = document<ResumeWebhookMutation, ResumeWebhookMutationVariables>(
  "mutation ResumeWebhook($input: WebhookInput!) { resumeWebhook(input: $input) { __typename ... on UserError { code message } } }",
);

export const TestWebhook = document<TestWebhookMutation, TestWebhookMutationVariables>(
  "mutation TestWebhook($input: WebhookInput!) { testWebhook(input: $input) { __typename ... on WebhookDeliveryPayload { delivery { ...DeliveryRow } } ... on UserError { code message } } } fragment DeliveryRow on WebhookDelivery { deliveryId type status body createdAt dueAt tries { at milliseconds status error } }",
);

export const ResendDelivery = document<ResendDeliveryMutation, ResendDeliveryMutationVariables>(
  "mutation ResendDelivery($input: ResendWebhookDeliveryInput!) { resendWebhookDelivery(input: $input) { __typename ... on UserError { code message } } }",
);
