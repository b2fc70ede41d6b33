import { PublishError, type Topics } from "../aws/topics.ts";
import type { TopicGrant, Webhook } from "./model.ts";
import type { Send } from "./send.ts";

/** Whether a hook names an SNS topic in place of an address. */
export function isTopic(url: string): boolean {
  return /^arn:/i.test(url);
}

/**
 * What is wrong with a topic that a tenant names; undefined where nothing is. Only those pass that the operator let this tenant
 * use, to the letter: the service's own role can publish to others, and a tenant must not borrow it.
 */
export function topicFault(arn: string, tenantId: string, grants: readonly TopicGrant[]): string | undefined {
  const own = grants.filter((grant) => grant.tenantId === undefined || grant.tenantId === tenantId);
  if (own.some((grant) => grant.arn === arn)) return undefined;
  return own.length === 0
    ? "names an SNS topic, and this installation has none that you may use; ask its operator (WEBHOOK_TOPICS), or name an https:// address"
    : `must be one of the SNS topics that you may use: ${own.map((grant) => grant.arn).join(", ")}`;
}

/**
 * Publishes to a hook's topic what others get by POST: the same body, and what are headers there as attributes, beside
 * `tenantId` and `type`, by which subscriptions can filter. Whether the tenant may is looked at again for each message.
 */
export function createPublish({ publish }: Pick<Topics, "publish">, grants: readonly TopicGrant[]): Send {
  return async ({ url, tenantId }: Pick<Webhook, "url" | "tenantId">, { headers, type, body }) => {
    const startedAt = performance.now();
    const took = () => Math.round(performance.now() - startedAt);
    const fault = topicFault(url, tenantId, grants);
    if (fault !== undefined) return { ms: 0, error: fault };
    try {
      await publish(url, body, { ...headers, tenantId, type });
      return { ms: took(), status: 200 };
    } catch (error) {
      if (error instanceof PublishError) return { ms: took(), error: error.message };
      throw error;
    }
  };
}
