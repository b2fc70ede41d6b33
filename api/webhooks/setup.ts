import type { Dynamo } from "../aws/dynamo.ts";
import { createTopics } from "../aws/topics.ts";
import type { Clock } from "../core/clock.ts";
import { tables } from "../resources.ts";
import { createDelivery } from "./deliver.ts";
import type { TopicGrant } from "./model.ts";
import type { Reach } from "./rules.ts";
import { createSend, type Send } from "./send.ts";
import { createWebhooks } from "./service.ts";
import { createWebhookStore } from "./store.ts";
import { createPublish, isTopic } from "./topics.ts";

export type WebhookDomainOptions = {
  dynamo: Dynamo;
  clock: Clock;
  config: { endpoints: { sns: string | undefined }; webhookTopics: readonly TopicGrant[] };
  named: (spec: { name: string }) => string;
};

/** What other domains tell the world, and the job that does. */
export function createWebhookDomain(
  { dynamo, clock, config, named }: WebhookDomainOptions,
  reach: Reach = "internet",
) {
  const store = createWebhookStore(dynamo, named(tables.webhooks));
  const topics = createTopics({ endpoint: config.endpoints.sns });
  const [post, publish] = [createSend({ reach }), createPublish(topics, config.webhookTopics)];
  const send: Send = (to, message) => (isTopic(to.url) ? publish : post)(to, message);
  const service = createWebhooks({ store, send, reach, topics: config.webhookTopics, clock });
  return { service, deliver: createDelivery({ store, send, clock }), stop: topics.stop };
}
