import { tables } from "../../api/resources.ts";
import { createDelivery } from "../../api/webhooks/deliver.ts";
import type { Webhook, WebhookEvent } from "../../api/webhooks/model.ts";
import type { Send } from "../../api/webhooks/send.ts";
import { createWebhooks } from "../../api/webhooks/service.ts";
import { createWebhookStore } from "../../api/webhooks/store.ts";
import { createMemoryDynamo } from "./memory-dynamo.ts";

export const START = Date.UTC(2026, 0, 31, 12);
export const OF = { tenantId: "shop", webhookId: "w" };

/** Webhooks over a store in memory with a clock in hand; `answer` is what receivers say. */
export function createWebhookWorld(answer: (calls: number, at: number, body: string) => number | "none" = () => 200) {
  let now = START;
  const calls: { at: number; body: string; url: string }[] = [];
  let during: () => Promise<unknown> = async () => {};
  const dynamo = createMemoryDynamo(tables);
  const store = createWebhookStore(dynamo, "webhooks");
  const send: Send = async ({ url }, { body }) => {
    calls.push({ at: now - START, body, url });
    await during();
    const status = answer(calls.length, now - START, body);
    return status === "none" ? { ms: 1, error: "nobody listens there" } : { ms: 1, status };
  };
  const clock = () => now;
  const process = () => createWebhooks({ store, send, reach: "internet", topics: [], clock });
  const service = process();
  const hook = (more: Partial<Webhook> = {}): Webhook => ({
    ...OF,
    ...{ name: "w", url: "https://example.com/", types: ["ALERT_CHANGED"], createdAt: START, createdBy: "u" },
    ...{ failingSince: undefined, pausedAt: undefined, pausedBecause: undefined, revokedAt: undefined },
    ...more,
  });
  return {
    ...{ store, service, process, calls, dynamo, hook },
    add: (more?: Partial<Webhook>) => store.putWebhook(hook(more), { secret: "whsec_c2VjcmV0" }),
    happen: (id: string, more: Partial<WebhookEvent> = {}) =>
      service.put({ tenantId: OF.tenantId, type: "ALERT_CHANGED", id, at: now, data: { id }, ...more }),
    deliver: createDelivery({ store, send, clock }),
    during: (what: typeof during) => void (during = what),
    pass: (ms: number) => now += ms,
    log: async (webhookId = "w") => await store.listDeliveries({ ...OF, webhookId }, 100),
    found: async () => (await store.findWebhook(OF.tenantId, "w"))!.hook,
  };
}
