import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy/index.js";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription/index.js";
import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic/index.js";
import type { TerraformStack } from "cdktf";
import { fullName, topics } from "../api/resources.ts";
import type { Stage } from "./stages.ts";

/** Nobody publishes but over TLS; who may at all, the roles say. */
const tlsOnly = (arn: string) => ({
  Sid: "TlsOnly",
  Effect: "Deny",
  Principal: "*",
  Action: "sns:Publish",
  Resource: arn,
  Condition: { Bool: { "aws:SecureTransport": "false" } },
});

/**
 * Adds the topic that webhooks of every tenant may name. Only roles of this account publish to it; it is encrypted by the key
 * that AWS manages for SNS, which costs nothing to keep. Whoever runs the installation subscribes to it.
 */
export function addWebhookTopic(stack: TerraformStack, stage: Stage): SnsTopic {
  const topic = new SnsTopic(stack, "webhooks", {
    name: fullName(stage.prefix, topics.webhooks),
    kmsMasterKeyId: "alias/aws/sns",
  });
  new SnsTopicPolicy(stack, "webhooks-policy", {
    arn: topic.arn,
    policy: JSON.stringify({ Version: "2012-10-17", Statement: [tlsOnly(topic.arn)] }),
  });
  return topic;
}

/**
 * Adds where alarms and budgets are told, with the stage's address on it. It is not encrypted: CloudWatch cannot write to one
 * under AWS's own key, a key of one's own costs a dollar a month, and messages hold names and numbers.
 */
export function addTopic(stack: TerraformStack, stage: Stage): SnsTopic {
  const topic = new SnsTopic(stack, "alarms", { name: `${stage.prefix}-alarms` });
  new SnsTopicPolicy(stack, "alarms-policy", {
    arn: topic.arn,
    policy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{
        Sid: "Tell",
        Effect: "Allow",
        Principal: { Service: ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"] },
        Action: "sns:Publish",
        Resource: topic.arn,
        // Alarms and budgets of this account, and not of whoever knows the topic's name.
        Condition: { StringEquals: { "aws:SourceAccount": topic.owner } },
      }, tlsOnly(topic.arn)],
    }),
  });
  if (stage.alarmEmail) {
    new SnsTopicSubscription(stack, "alarms-email", {
      topicArn: topic.arn,
      protocol: "email",
      endpoint: stage.alarmEmail,
    });
  }
  return topic;
}
