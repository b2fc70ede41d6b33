import * as v from "valibot";
import { parseInput, words } from "../core/check.ts";

/** What hooks can be called for. Each is written by whoever decides that it happened; here it is only carried. */
export const EVENT_TYPES = ["ALERT_CHANGED", "JOURNEY_FINISHED"] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Something that happened. (tenant, type, id) is told once, for ever: the same again changes nothing. */
export type WebhookEvent = {
  tenantId: string;
  type: EventType;
  /** Names it among all of its type: `ALERT#2026-01-31T12:00:00.000Z`. */
  id: string;
  /** When it happened. */
  at: number;
  /** What receivers get as `data`; JSON of at most 64 KB. */
  data: object;
};

/** Where a tenant's events go. The secret is no part of it: it is shown once. */
export type Webhook = {
  webhookId: string;
  tenantId: string;
  name: string;
  /** An address to post to, or the ARN of an SNS topic. */
  url: string;
  types: readonly EventType[];
  createdAt: number;
  createdBy: string;
  /** Since when each try has failed. */
  failingSince: number | undefined;
  /** From here on nothing is sent, and what happens is held. */
  pausedAt: number | undefined;
  pausedBecause: string | undefined;
  revokedAt: number | undefined;
};

/** An SNS topic that a tenant's hooks may name: those of this tenant, or of every one. Said by who runs the service. */
export type TopicGrant = { arn: string; tenantId: string | undefined };

/** Signs with the new secret, and until `until` also with the one before it, so that receivers can change in between. */
export type Secrets = { secret: string; before?: { secret: string; until: number } | undefined };

export type DeliveryStatus = "PENDING" | "DELIVERED" | "HELD" | "FAILED";

/** One answer of a receiver, or why there was none. */
export type Try = { at: number; ms: number; status?: number | undefined; error?: string | undefined };

/** What a hook is told: `type` as receivers get it, and headers that sign the body. */
export type Message = { headers: Record<string, string>; type: string; body: string };

/** An event on its way to one hook. */
export type Delivery = {
  /** Place in the hook's log: when it happened, and which event it was. */
  deliveryId: string;
  webhookId: string;
  tenantId: string;
  /** The same at each try and of each hook: what receivers tell repeats by. */
  eventId: string;
  type: string;
  status: DeliveryStatus;
  /** What is sent. */
  body: string;
  /** Tries are counted from here on. */
  createdAt: number;
  attempts: number;
  tries: readonly Try[];
  /** When it is tried next, of one that is PENDING. */
  dueAt: number | undefined;
};

export const LIMITS = { webhooks: 20, urlChars: 2_000, nameChars: 100, bodyBytes: 65_536 } as const;

const newWebhook = v.object({
  name: words(LIMITS.nameChars),
  url: words(LIMITS.urlChars),
  types: v.pipe(
    v.array(v.picklist(EVENT_TYPES)),
    v.check((types) => types.length > 0, "must name at least one kind of event"),
    v.transform((types) => [...new Set(types)]),
  ),
});
export type NewWebhook = v.InferOutput<typeof newWebhook>;

/** Throws InvalidInputError; `urlFault` says in words what is wrong with an address or topic. */
export function parseNewWebhook(input: unknown, urlFault: (url: string) => string | undefined): NewWebhook {
  return parseInput(newWebhook, input, ({ url }) => {
    const message = urlFault(url);
    return message === undefined ? [] : [{ path: ["url"], message }];
  });
}
