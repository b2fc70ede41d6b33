import { randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import * as v from "valibot";
import type { Viewer } from "../auth/viewer.ts";
import type { TransactWrite } from "../aws/dynamo.ts";
import { words } from "../core/check.ts";
import type { Clock } from "../core/clock.ts";
import { SECOND_MS } from "../core/clock.ts";
import { AppError, InvalidInputError } from "../core/errors.ts";
import { createCursors, type Page, parseFirst } from "../core/page.ts";
import {
  type Delivery,
  type EventType,
  LIMITS,
  parseNewWebhook,
  type Secrets,
  type TopicGrant,
  type Webhook,
  type WebhookEvent,
} from "./model.ts";
import { isTaken, type Reach, ROTATION_MS, urlFault } from "./rules.ts";
import type { Send } from "./send.ts";
import { createSecret } from "./signature.ts";
import { bodyOf, deliveryIdOf, eventIdOf, messageOf, shardOf, type WebhookStore } from "./store.ts";
import { isTopic, topicFault } from "./topics.ts";

export type Webhooks = ReturnType<typeof createWebhooks>;

/**
 * The way in for whoever decides that something happened. It is durable when the promise resolves, or with the transaction
 * that it is a part of; a job sends it, at least once and to each hook that wants it.
 */
export type Outbox = Pick<Webhooks, "wants" | "put" | "writeOf">;

const ID_BYTES = 12;
const MAX_PAGE = 100;
/** A hook that was made a moment ago is heard of within this, in whatever process. */
const KNOWN_MS = 30 * SECOND_MS;
const MAX_TENANTS = 10_000;

export type WebhooksOptions = {
  store: WebhookStore;
  send: Send;
  reach: Reach;
  topics: readonly TopicGrant[];
  clock: Clock;
};

export function createWebhooks({ store, send, reach, topics, clock }: WebhooksOptions) {
  const wanted = new LRUCache<string, Promise<ReadonlySet<EventType>>>({
    ...{ max: MAX_TENANTS, ttl: KNOWN_MS, ttlResolution: 0 },
    perf: { now: clock },
  });

  async function typesOf(tenantId: string): Promise<ReadonlySet<EventType>> {
    const hooks = await store.listWebhooks(tenantId);
    return new Set(hooks.filter(({ revokedAt }) => revokedAt === undefined).flatMap(({ types }) => types));
  }

  return {
    /** Whether anybody is to be told of such events: where nobody is, nothing need be written. */
    async wants(tenantId: string, type: EventType): Promise<boolean> {
      let known = wanted.get(tenantId);
      if (!known) {
        known = typesOf(tenantId);
        wanted.set(tenantId, known);
        known.catch(() => wanted.delete(tenantId));
      }
      return (await known).has(type);
    },

    /** Tells of an event, once by its type and id: to call it again changes nothing. */
    put: (event: WebhookEvent): Promise<void> => store.putEvent(checked(event), clock()),

    /** The same as a part of the transaction by which it happens; that one says itself that it is done once. */
    writeOf: (event: WebhookEvent): TransactWrite => store.eventWrite(checked(event), clock()),

    /** Hooks that are kept, the newest first; revoked ones for 90 days. */
    async list(tenantId: string): Promise<Webhook[]> {
      return (await store.listWebhooks(tenantId)).sort((a, b) => b.createdAt - a.createdAt);
    },

    /** A new hook, with the secret that nobody can be shown again. Throws InvalidInputError. */
    async create({ tenantId, userId }: Viewer, input: unknown): Promise<{ hook: Webhook; secret: string }> {
      const asked = parseNewWebhook(
        input,
        (url) => isTopic(url) ? topicFault(url, tenantId, topics) : urlFault(url, reach),
      );
      const own = (await store.listWebhooks(tenantId)).filter(({ revokedAt }) => revokedAt === undefined);
      if (own.length >= LIMITS.webhooks) {
        const message = `would be one more than the ${LIMITS.webhooks} that a tenant may have; revoke one first`;
        throw new InvalidInputError([{ path: ["name"], message }]);
      }
      const hook: Webhook = {
        ...asked,
        webhookId: randomBytes(ID_BYTES).toString("base64url"),
        ...{ tenantId, createdAt: clock(), createdBy: userId },
        ...{ failingSince: undefined, pausedAt: undefined, pausedBecause: undefined, revokedAt: undefined },
      };
      const secret = createSecret();
      await store.putWebhook(hook, { secret });
      wanted.delete(tenantId);
      return { hook, secret };
    },

    /** A new secret; the one before it signs beside it for a day. Undefined where the tenant has no such hook. */
    async rotate(tenantId: string, webhookId: string): Promise<{ hook: Webhook; secret: string } | undefined> {
      const found = await find(tenantId, webhookId);
      if (!found) return undefined;
      const secret = createSecret();
      const before = { secret: found.secrets.secret, until: clock() + ROTATION_MS };
      const hook = await store.changeWebhook(found.hook, "SET #secret = :new, #before = :before", {
        ":new": secret,
        ":before": before,
      });
      return hook && { hook, secret };
    },

    /** The hook has ended, and with it what was on its way. Undefined where the tenant has no such hook. */
    async revoke(tenantId: string, webhookId: string): Promise<Webhook | undefined> {
      if (!isId(webhookId)) return undefined;
      const hook = await store.revokeWebhook({ tenantId, webhookId }, clock());
      wanted.delete(tenantId);
      return hook ?? (await store.findWebhook(tenantId, webhookId))?.hook;
    },

    /** Goes on after a pause, with all that was held meanwhile. Undefined where the tenant has no such hook. */
    async resume(tenantId: string, webhookId: string): Promise<Webhook | undefined> {
      const values = { ":shard": shardOf(webhookId), ":now": clock() };
      const change = "SET dueShard = :shard, dueAt = :now REMOVE pausedAt, pausedBecause, failingSince";
      const found = await find(tenantId, webhookId);
      if (!found || found.hook.pausedAt === undefined) return found?.hook;
      return await store.changeWebhook(found.hook, change, values);
    },

    /** Sends an event that says it is a test, at once and once, and gives what came of it. Undefined: no such hook. */
    async test(tenantId: string, webhookId: string): Promise<Delivery | undefined> {
      const found = await find(tenantId, webhookId);
      if (!found) return undefined;
      const at = clock();
      const type = "WEBHOOK_TEST";
      const eventId = eventIdOf({
        tenantId,
        type: type as EventType,
        id: `${webhookId} ${randomBytes(ID_BYTES).toString("hex")}`,
      });
      const body = bodyOf(type, at, { webhookId });
      const tried = { at, ...await send(found.hook, messageOf({ eventId, type, body }, at, found.secrets)) };
      const delivery: Delivery = {
        ...{ deliveryId: deliveryIdOf(at, eventId), webhookId, tenantId, eventId, type, body, createdAt: at },
        ...{ attempts: 1, tries: [tried], dueAt: undefined },
        status: isTaken(tried.status ?? 0) ? "DELIVERED" : "FAILED",
      };
      await store.putDelivery(delivery);
      return delivery;
    },

    /** Sends again what was given up, or taken before. Undefined where there is no such delivery, or it is on its way. */
    async resend(tenantId: string, webhookId: string, deliveryId: string): Promise<Delivery | undefined> {
      if (!await find(tenantId, webhookId) || !v.is(words(LIMITS.nameChars), deliveryId)) return undefined;
      return await store.wake({ tenantId, webhookId, deliveryId }, clock());
    },

    /** The log of a hook, latest first. Throws InvalidInputError where `first` or `after` cannot be. */
    async deliveries(
      { tenantId, webhookId }: Webhook,
      first: number,
      after: string | null | undefined,
    ): Promise<Page<Delivery>> {
      const cursors = createCursors("deliveries", [tenantId, webhookId], v.string());
      const limit = parseFirst(first, MAX_PAGE);
      const position = cursors.decode(after);
      const found = await store.listDeliveries({ tenantId, webhookId }, limit + 1, position);
      return {
        edges: found.slice(0, limit).map((node) => ({ cursor: cursors.encode(node.deliveryId), node })),
        hasNextPage: found.length > limit,
        hasPreviousPage: position !== undefined,
      };
    },
  };

  /** A hook that is not revoked. */
  async function find(tenantId: string, webhookId: string): Promise<{ hook: Webhook; secrets: Secrets } | undefined> {
    if (!isId(webhookId)) return undefined;
    const found = await store.findWebhook(tenantId, webhookId);
    return found?.hook.revokedAt === undefined ? found : undefined;
  }
}

/** What is too large can never be sent: whoever tells of it has a fault, which must not go on as a loss. */
function checked(event: WebhookEvent): WebhookEvent {
  const bytes = Buffer.byteLength(JSON.stringify(event.data));
  if (bytes <= LIMITS.bodyBytes) return event;
  throw new AppError("INTERNAL", `an event for webhooks has ${bytes} bytes of data, at most ${LIMITS.bodyBytes}`);
}

/** Whether a text can be the id of a webhook: what cannot is no key either. */
function isId(text: string): boolean {
  return /^[\w-]{1,64}$/.test(text);
}
