import { createHash } from "node:crypto";
import type { Dynamo, Item, TransactWrite } from "../aws/dynamo.ts";
import { DAY_MS, SECOND_MS } from "../core/clock.ts";
import { spread } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { formatInstant } from "../core/time.ts";
import type { Delivery, DeliveryStatus, Message, Secrets, Try, Webhook, WebhookEvent } from "./model.ts";
import { signedHeaders } from "./signature.ts";

/**
 * Access patterns of the table `webhooks`:
 *
 *   TENANT#hooks | ID                  one hook                    put once; a change is an update           1 write
 *   TENANT#event#EVENT | EVENT         what happened, to be        put by what happens, or with it; once     1 write, 1 of the index
 *                                      spread over the hooks
 *   TENANT#HOOK | TIME#EVENT           a delivery, and the log     latest first: 1 query
 *   index byDue (sparse)               what is to be done          by the instant at which it is due
 */
export type WebhookStore = ReturnType<typeof createWebhookStore>;

/** An item that is due: an event, a hook that has to let go of what it held, or a delivery. */
export type Due = { key: Item; kind: "event" | "hook" | "delivery" };

export const SHARDS = 4;
/** Events are known for so long: the same one again is told apart from a new one. */
const KEEP_EVENT_MS = 8 * DAY_MS;
const KEEP_DELIVERY_MS = 30 * DAY_MS;
const KEEP_REVOKED_MS = 90 * DAY_MS;
/** Of one hook, and of one tenant's events, so much is taken of a shard at once. */
const DUE_AT_ONCE = 100;
/** Further than so many megabytes of what is due nobody looks at once. */
const MAX_PAGES = 5;

export function createWebhookStore(dynamo: Dynamo, table: string) {
  const update = (key: Item, expression: string, values: Item, condition: string) =>
    dynamo.updateIf(table, key, { expression, values: onlyUsed(expression, values), names: namesIn(expression) }, {
      expression: condition,
      values: onlyUsed(condition, values),
      names: namesIn(condition),
    });

  return {
    async putWebhook(hook: Webhook, secrets: Secrets): Promise<void> {
      await dynamo.putIf(table, { ...hookKey(hook), ...hook, ...secrets }, { expression: "attribute_not_exists(pk)" });
    },

    async findWebhook(tenantId: string, webhookId: string): Promise<{ hook: Webhook; secrets: Secrets } | undefined> {
      const item = await dynamo.get(table, hookKey({ tenantId, webhookId }), { consistent: true });
      return item && fromHookItem(item);
    },

    /** All hooks of a tenant that are kept, in no order. */
    async listWebhooks(tenantId: string): Promise<Webhook[]> {
      const found: Webhook[] = [];
      const key = { expression: "pk = :pk", values: { ":pk": `${tenantId}#hooks` } };
      const read = (startKey?: Item) => dynamo.query(table, { key, startKey, consistent: true });
      for await (const { items } of pages(read)) found.push(...items.map((item) => fromHookItem(item).hook));
      return found;
    },

    /** Changes a hook that is not revoked; undefined where the tenant has no such hook. */
    async changeWebhook(
      of: { tenantId: string; webhookId: string },
      expression: string,
      values: Item = {},
    ): Promise<Webhook | undefined> {
      const all = "attribute_exists(pk) AND attribute_not_exists(revokedAt)";
      const { ok, current } = await update(hookKey(of), expression, values, all);
      return ok ? fromHookItem(current).hook : undefined;
    },

    /** The hook has ended; its log can be read for some time more. */
    async revokeWebhook(of: { tenantId: string; webhookId: string }, now: number): Promise<Webhook | undefined> {
      const ttl = Math.ceil((now + KEEP_REVOKED_MS) / SECOND_MS);
      return await this.changeWebhook(
        of,
        "SET revokedAt = :now, #ttl = :ttl REMOVE dueShard, dueAt, #secret, #before",
        {
          ":now": now,
          ":ttl": ttl,
        },
      );
    },

    /** What happened, as a part of the transaction that makes it happen. */
    eventWrite: (event: WebhookEvent, now: number): TransactWrite => ({ table, put: toEventItem(event, now) }),

    /** The same by itself; nothing where it is known. */
    async putEvent(event: WebhookEvent, now: number): Promise<void> {
      await dynamo.putIf(table, toEventItem(event, now), { expression: "attribute_not_exists(pk)" });
    },

    async findEvent(key: Item) {
      const item = await dynamo.get(table, key, { consistent: true });
      return item?.dueAt === undefined ? undefined : {
        tenantId: tenantOf(item),
        eventId: item.sk as string,
        type: item.type as string,
        notedAt: item.notedAt as number,
        body: item.body as string,
      };
    },

    /** Nothing more is to be done with an event, or a hook. */
    async settle(key: Item): Promise<void> {
      await update(key, "REMOVE dueShard, dueAt", {}, "attribute_exists(pk)");
    },

    /** Keeps a delivery, once; gives its key. */
    async putDelivery(delivery: Delivery): Promise<Item> {
      await dynamo.putIf(table, toDeliveryItem(delivery), { expression: "attribute_not_exists(pk)" });
      return deliveryKey(delivery);
    },

    /** What is due in a shard, the earliest first: of each a part, so that much of one hides nothing of others. */
    async listDue(shard: number, now: number): Promise<Due[]> {
      const key = {
        expression: "dueShard = :shard AND dueAt <= :now",
        values: { ":shard": `due#${shard}`, ":now": now },
      };
      const read = (startKey?: Item) => dynamo.query(table, { index: "byDue", key, startKey });
      const [due, counts] = [[] as Due[], new Map<string, number>()];
      let pagesRead = 0;
      for await (const { items } of pages(read)) {
        for (const { pk, sk } of items) {
          const [tenantId, part] = (pk as string).split("#");
          const count = (counts.get(`${tenantId}#${part}`) ?? 0) + 1;
          counts.set(`${tenantId}#${part}`, count);
          if (count > DUE_AT_ONCE) continue;
          due.push({ key: { pk, sk }, kind: part === "event" ? "event" : part === "hooks" ? "hook" : "delivery" });
        }
        if (++pagesRead === MAX_PAGES) break;
      }
      return due;
    },

    /** Takes a delivery that is due, for so long; undefined where somebody else has it, or it is done. */
    async claim(key: Item, now: number, untilAt: number): Promise<Delivery | undefined> {
      const { ok, current } = await update(key, "SET dueAt = :until, attempts = attempts + :one", {
        ":until": untilAt,
        ":one": 1,
        ":now": now,
      }, "dueAt <= :now");
      return ok ? fromDeliveryItem(current) : undefined;
    },

    /** Later, without a try: others of its hook just failed. */
    async postpone(key: Item, now: number, untilAt: number): Promise<void> {
      await update(key, "SET dueAt = :until", { ":until": untilAt, ":now": now }, "dueAt <= :now");
    },

    /** What came of a try; `dueAt` is the next one's. Somebody who took it later has the last word. */
    async noteTry(
      { attempts, ...delivery }: Delivery,
      tried: Try,
      status: DeliveryStatus,
      dueAt: number | undefined,
    ): Promise<void> {
      const next = dueAt === undefined ? " REMOVE dueShard, dueAt" : ", dueAt = :due";
      await update(
        deliveryKey(delivery),
        `SET #status = :status, tries = list_append(tries, :tried)${next}`,
        { ":status": status, ":tried": [tried], ":due": dueAt, ":own": attempts },
        "attempts = :own",
      );
    },

    /** No try any more, for now or for ever. */
    async rest(key: Item, status: DeliveryStatus): Promise<void> {
      await update(
        key,
        "SET #status = :status REMOVE dueShard, dueAt",
        { ":status": status },
        "attribute_exists(dueAt)",
      );
    },

    /** Begins anew with a delivery that rests: its tries are counted from here on. Undefined where there is none. */
    async wake(
      delivery: Pick<Delivery, "tenantId" | "webhookId" | "deliveryId">,
      now: number,
      status?: DeliveryStatus,
    ): Promise<Delivery | undefined> {
      const { ok, current } = await update(
        deliveryKey(delivery),
        "SET #status = :pending, dueAt = :now, dueShard = :shard, attempts = :zero, createdAt = :now, tries = :none",
        {
          ...{ ":pending": "PENDING", ":now": now, ":shard": shardOf(delivery.webhookId), ":zero": 0, ":none": [] },
          ":status": status,
          ":seconds": Math.floor(now / SECOND_MS),
        },
        `#ttl >= :seconds AND attribute_not_exists(dueAt)${status ? " AND #status = :status" : ""}`,
      );
      return ok ? fromDeliveryItem(current) : undefined;
    },

    /** A hook's log, latest first; `after` is the id of a delivery. */
    async listDeliveries(
      of: { tenantId: string; webhookId: string },
      limit: number,
      after?: string,
    ): Promise<Delivery[]> {
      const { items } = await dynamo.query(table, {
        key: {
          expression: after === undefined ? "pk = :pk" : "pk = :pk AND sk < :after",
          values: { ":pk": logOf(of), ...(after === undefined ? {} : { ":after": after }) },
        },
        descending: true,
        limit,
      });
      return items.map(fromDeliveryItem);
    },

    /** Pages of what a hook holds. */
    async *listHeld(of: { tenantId: string; webhookId: string }): AsyncGenerator<Delivery[]> {
      const key = { expression: "pk = :pk", values: { ":pk": logOf(of) } };
      const filter = { expression: "#status = :held", names: { "#status": "status" }, values: { ":held": "HELD" } };
      const read = (startKey?: Item) => dynamo.query(table, { key, filter, startKey, consistent: true });
      for await (const { items } of pages(read)) yield items.map(fromDeliveryItem);
    },
  };
}

/** The same for the same event, and of no other; it tells nothing of the tenant. */
export function eventIdOf({ tenantId, type, id }: Pick<WebhookEvent, "tenantId" | "type" | "id">): string {
  return `evt_${createHash("sha256").update(JSON.stringify([tenantId, type, id])).digest("base64url").slice(0, 22)}`;
}

/** `alert.changed`: the words of a type as receivers get them. */
export function wireType(type: string): string {
  return type.toLowerCase().replaceAll("_", ".");
}

/** What receivers get. Two characters that no queue behind a topic takes are escaped: the same JSON. */
export function bodyOf(type: string, at: number, data: object): string {
  return JSON.stringify({ type: wireType(type), timestamp: formatInstant(at), data })
    .replace(/[\uFFFE\uFFFF]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`);
}

/** A delivery as it is sent at an instant. */
export function messageOf(
  { eventId, type, body }: Pick<Delivery, "eventId" | "type" | "body">,
  at: number,
  secrets: Secrets,
): Message {
  return { headers: signedHeaders(eventId, body, at, secrets), type: wireType(type), body };
}

export function deliveryIdOf(at: number, eventId: string): string {
  return `${String(at).padStart(13, "0")}#${eventId}`;
}

/** Where the index lists what belongs together. */
export function shardOf(id: string): string {
  return `due#${spread(id, SHARDS)}`;
}

const hookKey = ({ tenantId, webhookId }: { tenantId: string; webhookId: string }) => ({
  pk: `${tenantId}#hooks`,
  sk: webhookId,
});
const logOf = ({ tenantId, webhookId }: { tenantId: string; webhookId: string }) => `${tenantId}#${webhookId}`;
const deliveryKey = (delivery: Pick<Delivery, "tenantId" | "webhookId" | "deliveryId">) => ({
  pk: logOf(delivery),
  sk: delivery.deliveryId,
});
const tenantOf = ({ pk }: Item) => (pk as string).split("#")[0]!;

function toEventItem(event: WebhookEvent, now: number): Item {
  const { tenantId, type, at, data } = event;
  const eventId = eventIdOf(event);
  return {
    pk: `${tenantId}#event#${eventId}`,
    sk: eventId,
    ...{ type, body: bodyOf(type, at, data), notedAt: now, dueShard: shardOf(eventId), dueAt: now },
    ttl: Math.ceil((now + KEEP_EVENT_MS) / SECOND_MS),
  };
}

function toDeliveryItem({ tenantId, deliveryId, ...delivery }: Delivery): Item {
  return {
    ...deliveryKey({ tenantId, webhookId: delivery.webhookId, deliveryId }),
    ...delivery,
    ...(delivery.dueAt === undefined ? {} : { dueShard: shardOf(delivery.webhookId) }),
    ttl: Math.ceil((delivery.createdAt + KEEP_DELIVERY_MS) / SECOND_MS),
  };
}

function fromDeliveryItem(item: Item): Delivery {
  const { pk: _pk, sk, ttl: _ttl, dueShard: _shard, ...delivery } = item;
  return {
    ...delivery as Omit<Delivery, "deliveryId" | "tenantId">,
    deliveryId: sk as string,
    tenantId: tenantOf(item),
  };
}

function fromHookItem(item: Item): { hook: Webhook; secrets: Secrets } {
  const { pk: _pk, sk: _sk, ttl: _ttl, dueShard: _shard, dueAt: _dueAt, secret, before, ...hook } = item;
  return { hook: hook as unknown as Webhook, secrets: { secret, before } as Secrets };
}

/** `#name` stands for the attribute `name`, of those that DynamoDB keeps for itself. */
function namesIn(expression: string): Record<string, string> {
  return Object.fromEntries([...expression.matchAll(/#(\w+)/g)].map(([name, own]) => [name, own!]));
}

function onlyUsed(expression: string, values: Item): Item {
  return Object.fromEntries(Object.entries(values).filter(([name]) => new RegExp(`${name}\\b`).test(expression)));
}
