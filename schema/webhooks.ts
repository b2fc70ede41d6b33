import {
  type Delivery,
  type DeliveryStatus,
  EVENT_TYPES,
  type EventType,
  type Try,
  type Webhook as WebhookModel,
} from "../api/webhooks/model.ts";
import { builder, entries } from "./builder.ts";
import { InvalidInputError, notFound, NotFoundError, orInvalid } from "./errors.ts";
import { pagesOf } from "./lists.ts";

const ABOUT: Record<EventType, string> = {
  ALERT_CHANGED: "An alert began to ring or ended; `data` is as `alertHistory` shows it.",
  JOURNEY_FINISHED:
    "Half an hour passed since the last event of a journey; again where later events came and it finished with them. `data` has the session, the outcome, goals and numbers, and names no person.",
};

const WebhookEventType = builder.enumType("WebhookEventType", {
  description: "What a webhook is called for. On the wire it is in small letters with dots: `alert.changed`.",
  values: Object.fromEntries(EVENT_TYPES.map((type) => [type, { description: ABOUT[type] }])) as Record<
    EventType,
    { description: string }
  >,
});

const WebhookDeliveryStatus = builder.enumType("WebhookDeliveryStatus", {
  description: "What became of a delivery.",
  values: {
    PENDING: { description: "It is tried, or tried again, at `dueAt`." },
    DELIVERED: { description: "The receiver answered 2xx." },
    HELD: { description: "The webhook is paused; it is sent after `resumeWebhook`." },
    FAILED: { description: "Given up after a day; `resendWebhookDelivery` begins anew." },
  } satisfies Record<DeliveryStatus, object>,
});

const WebhookTry = builder.objectRef<Try>("WebhookTry").implement({
  description: "One request to a receiver.",
  access: "ADMIN",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "When it was sent." }),
    milliseconds: t.exposeInt("ms", { description: "Until the answer, or until it was given up." }),
    status: t.exposeInt("status", {
      nullable: true,
      description: "The HTTP status, 200 of a topic; null where none came.",
    }),
    error: t.exposeString("error", { nullable: true, description: "Why no answer came; null where one did." }),
  }),
});

const WebhookDelivery = builder.objectRef<Delivery>("WebhookDelivery").implement({
  description: "An event on its way to a webhook, or what became of it. Kept for 30 days.",
  access: "ADMIN",
  fields: (t) => ({
    deliveryId: t.exposeID("deliveryId", { description: "Names it in the log of its webhook." }),
    eventId: t.exposeID("eventId", { description: "The header `webhook-id`, the same at each try." }),
    type: t.exposeString("type", { description: "What happened; `WEBHOOK_TEST` of a test." }),
    status: t.expose("status", { type: WebhookDeliveryStatus, description: "What became of it." }),
    body: t.exposeString("body", { description: "What is sent, to the byte." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was first to be sent." }),
    dueAt: t.expose("dueAt", {
      type: "DateTime",
      nullable: true,
      description: "The next try; null where there is none.",
    }),
    tries: t.expose("tries", { type: [WebhookTry], description: "Each request so far, in order." }),
  }),
});

const { Connection: WebhookDeliveryConnection } = pagesOf(WebhookDelivery, {
  access: "ADMIN",
  one: "delivery",
  many: "deliveries",
  cursor: "Good as `after` of the same webhook's `deliveries`.",
});

const Webhook = builder.objectRef<WebhookModel>("Webhook").implement({
  description:
    "An address that is told of events by POST, signed as Standard Webhooks has it (`webhook-id`, `webhook-timestamp`, `webhook-signature`), or an SNS topic that gets the same body, with these headers, `tenantId` and `type` as attributes. Each event comes at least once: tell repeats by `webhook-id`.",
  access: "ADMIN",
  fields: (t) => ({
    webhookId: t.exposeID("webhookId", { description: "Names it; it is no secret." }),
    name: t.exposeString("name", { description: "What its maker calls it." }),
    url: t.exposeString("url", { description: "Where it posts to, or the ARN of the topic that it publishes to." }),
    types: t.expose("types", { type: [WebhookEventType], description: "What it is called for." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    createdBy: t.exposeString("createdBy", { description: "The `sub` of who made it." }),
    failingSince: t.expose("failingSince", {
      type: "DateTime",
      nullable: true,
      description: "Since when each request has failed; null where the last one did not.",
    }),
    pausedAt: t.expose("pausedAt", {
      type: "DateTime",
      nullable: true,
      description: "From here on nothing is sent and all is held, until `resumeWebhook`; null where it is not paused.",
    }),
    pausedBecause: t.exposeString("pausedBecause", {
      nullable: true,
      description: "Why: nothing was taken for a day, or the receiver answered 410.",
    }),
    revokedAt: t.expose("revokedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it ended; it can be seen for 90 days more.",
    }),
    deliveries: t.field({
      type: WebhookDeliveryConnection,
      description: "What was sent and what came of it, latest first; of the last 30 days.",
      args: {
        first: t.arg.int({ required: true, defaultValue: 25, description: "Most deliveries on the page, 1 to 100." }),
        after: t.arg.string({ description: "The `endCursor` of the page before." }),
      },
      cost: { rows: "first" },
      resolve: (hook, { first, after }, { services }) => services.webhooks.deliveries(hook, first, after),
    }),
  }),
});

const CreateWebhookInput = builder.inputType("CreateWebhookInput", {
  description: "An address to tell of events.",
  fields: (t) => ({
    name: t.string({ required: true, description: "1 to 100 characters, for the list." }),
    url: t.string({
      required: true,
      description:
        "A public `https://` address, or the ARN of an SNS topic that the service's operator lets this tenant use. Private and local networks are never called; an instance of your own (`npm start`) also calls `http://127.0.0.1`.",
    }),
    types: t.field({ type: [WebhookEventType], required: true, description: "What it is called for." }),
  }),
});

const WebhookInput = builder.inputType("WebhookInput", {
  description: "Which webhook.",
  fields: (t) => ({ webhookId: t.id({ required: true, description: "The webhook's id." }) }),
});

const ResendWebhookDeliveryInput = builder.inputType("ResendWebhookDeliveryInput", {
  description: "Which delivery.",
  fields: (t) => ({
    webhookId: t.id({ required: true, description: "The webhook's id." }),
    deliveryId: t.id({ required: true, description: "The delivery's id." }),
  }),
});

type Made = { __typename: "WebhookSecretPayload"; webhook: WebhookModel; secret: string };
const WebhookSecretPayload = builder.objectRef<Made>("WebhookSecretPayload").implement({
  description: "A webhook with a new secret.",
  access: "ADMIN",
  fields: (t) => ({
    secret: t.exposeString("secret", {
      description: "What it signs with, `whsec_` and 32 bytes in base64. Keep it: it is not shown again.",
    }),
    webhook: t.expose("webhook", { type: Webhook, description: "What it is." }),
  }),
});

const WebhookPayload = builder.objectRef<{ __typename: "WebhookPayload"; webhook: WebhookModel }>("WebhookPayload")
  .implement({
    description: "A webhook as it is now.",
    access: "ADMIN",
    fields: (t) => ({ webhook: t.expose("webhook", { type: Webhook, description: "As it is now." }) }),
  });

const WebhookDeliveryPayload = builder.objectRef<{ __typename: "WebhookDeliveryPayload"; delivery: Delivery }>(
  "WebhookDeliveryPayload",
).implement({
  description: "A delivery as it is now.",
  access: "ADMIN",
  fields: (t) => ({ delivery: t.expose("delivery", { type: WebhookDelivery, description: "As it is now." }) }),
});

const CreateWebhookResult = builder.unionType("CreateWebhookResult", {
  description: "The new webhook, or why there is none.",
  types: [WebhookSecretPayload, InvalidInputError],
});
const RotateWebhookSecretResult = builder.unionType("RotateWebhookSecretResult", {
  description: "The webhook with its new secret, or why there is none.",
  types: [WebhookSecretPayload, NotFoundError],
});
const WebhookResult = builder.unionType("WebhookResult", {
  description: "The webhook as it is now, or why nothing was done.",
  types: [WebhookPayload, NotFoundError],
});
const WebhookDeliveryResult = builder.unionType("WebhookDeliveryResult", {
  description: "The delivery as it is now, or why nothing was done.",
  types: [WebhookDeliveryPayload, NotFoundError],
});

/** A tenant has at most 20, and those that were revoked in the last 90 days. */
const ROWS = 25;
const NO_WEBHOOK = "There is no such webhook, or it was revoked.";

entries.queryFields((t) => ({
  webhooks: t.field({
    type: [Webhook],
    description: "This tenant's webhooks, latest first; those that were revoked for 90 days more.",
    access: "ADMIN",
    cost: { rows: ROWS },
    resolve: (_, __, { viewer, services }) => services.webhooks.list(viewer.tenantId),
  }),
}));

entries.mutationFields((t) => ({
  createWebhook: t.field({
    type: CreateWebhookResult,
    description:
      "Makes a webhook; at most 20 a tenant. Its secret is shown this once. It hears of what happens from half a minute later on.",
    access: "ADMIN",
    args: { input: t.arg({ type: CreateWebhookInput, required: true, description: "The webhook." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => {
        const { hook, secret } = await services.webhooks.create(viewer, input);
        return { __typename: "WebhookSecretPayload" as const, webhook: hook, secret };
      }),
  }),

  rotateWebhookSecret: t.field({
    type: RotateWebhookSecretResult,
    description:
      "Gives a webhook a new secret. For a day each request carries two signatures, by the new and by the old one, so that no event is refused meanwhile.",
    access: "ADMIN",
    args: { input: t.arg({ type: WebhookInput, required: true, description: "Which webhook." }) },
    resolve: async (_, { input: { webhookId } }, { viewer, services }) => {
      const made = await services.webhooks.rotate(viewer.tenantId, String(webhookId));
      if (!made) return notFound(NO_WEBHOOK);
      return { __typename: "WebhookSecretPayload" as const, webhook: made.hook, secret: made.secret };
    },
  }),

  revokeWebhook: t.field({
    type: WebhookResult,
    description: "Ends a webhook: nothing more is sent, also of what was on its way. Again it changes nothing.",
    access: "ADMIN",
    args: { input: t.arg({ type: WebhookInput, required: true, description: "Which webhook." }) },
    resolve: async (_, { input: { webhookId } }, { viewer, services }) =>
      toResult(await services.webhooks.revoke(viewer.tenantId, String(webhookId))),
  }),

  resumeWebhook: t.field({
    type: WebhookResult,
    description: "Goes on with a webhook that is paused, and sends all that was held. Again it changes nothing.",
    access: "ADMIN",
    args: { input: t.arg({ type: WebhookInput, required: true, description: "Which webhook." }) },
    resolve: async (_, { input: { webhookId } }, { viewer, services }) =>
      toResult(await services.webhooks.resume(viewer.tenantId, String(webhookId))),
  }),

  testWebhook: t.field({
    type: WebhookDeliveryResult,
    description: "Sends an event of the type `webhook.test` at once, and says what came of it. It is tried once.",
    access: "ADMIN",
    args: { input: t.arg({ type: WebhookInput, required: true, description: "Which webhook." }) },
    resolve: async (_, { input: { webhookId } }, { viewer, services }) =>
      toDeliveryResult(await services.webhooks.test(viewer.tenantId, String(webhookId)), NO_WEBHOOK),
  }),

  resendWebhookDelivery: t.field({
    type: WebhookDeliveryResult,
    description: "Sends a delivery again that was given up, or taken before; for a day, as at first.",
    access: "ADMIN",
    args: { input: t.arg({ type: ResendWebhookDeliveryInput, required: true, description: "Which delivery." }) },
    resolve: async (_, { input: { webhookId, deliveryId } }, { viewer, services }) =>
      toDeliveryResult(
        await services.webhooks.resend(viewer.tenantId, String(webhookId), String(deliveryId)),
        "There is no such delivery, or it is on its way.",
      ),
  }),
}));

function toResult(webhook: WebhookModel | undefined) {
  return webhook ? { __typename: "WebhookPayload" as const, webhook } : notFound(NO_WEBHOOK);
}

function toDeliveryResult(delivery: Delivery | undefined, otherwise: string) {
  return delivery ? { __typename: "WebhookDeliveryPayload" as const, delivery } : notFound(otherwise);
}
