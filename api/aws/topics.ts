import type { SNSClient } from "@aws-sdk/client-sns";
import { settingsOf } from "./clients.ts";
import { nameOf } from "./faults.ts";

export type Topics = ReturnType<typeof createTopics>;

/** A topic did not take a message. `cause` is the SDK's own error. */
export class PublishError extends Error {
  override name = "PublishError";
}

/**
 * Publishes to SNS topics by their ARNs, each in the region that its ARN names. The SDK's client is loaded with the first
 * message: nearly no process ever sends one. Nothing is tried twice here: who sends keeps count of the tries.
 */
export function createTopics({ endpoint }: { endpoint: string | undefined }) {
  const clients = new Map<string, SNSClient>();

  return {
    /** Throws PublishError; its message says what is wrong with a topic, and nothing of the request. */
    async publish(arn: string, body: string, attributes: Readonly<Record<string, string>>): Promise<void> {
      const { PublishCommand, SNSClient } = await import("@aws-sdk/client-sns");
      const region = arn.split(":")[3]!;
      const client = clients.get(region) ?? new SNSClient({ ...settingsOf(region, endpoint), maxAttempts: 1 });
      clients.set(region, client);
      const entries = Object.entries(attributes).map(([name, value]) =>
        [name, { DataType: "String", StringValue: value }] as const
      );
      const command = new PublishCommand({
        TopicArn: arn,
        Message: body,
        MessageAttributes: Object.fromEntries(entries),
      });
      try {
        await client.send(command);
      } catch (error) {
        throw new PublishError(wordsOf(nameOf(error)), { cause: error });
      }
    },

    stop: () => clients.forEach((client) => client.destroy()),
  };
}

function wordsOf(name: string): string {
  if (name.startsWith("NotFound")) return "there is no such topic";
  if (/^(Authorization|AccessDenied|KMSAccessDenied)/.test(name)) {
    return "this installation may not publish to it: its role or the topic's policy or key refuses";
  }
  return `SNS did not take it (${name})`;
}
