import { IotTopicRule } from "@cdktf/provider-aws/lib/iot-topic-rule/index.js";
import type { TerraformStack } from "cdktf";
import { KIND_NAMES } from "../api/ingest/envelope.ts";
import type { QueuePair } from "./queues.ts";
import { addRole, allow } from "./roles.ts";
import type { Stage } from "./stages.ts";

/**
 * What devices publish goes to the ingest queue as its message. The tenant is the topic's, and the kinds of content are named
 * one by one, as the queue takes them: whatever else a device says, a tenant of its own choice included, stays behind.
 */
export function ruleSql(prefix: string): string {
  return `SELECT topic(2) AS tenant, ${KIND_NAMES.join(", ")} FROM '${prefix}/+/ingest'`;
}

/**
 * Adds the way of devices over MQTT: PREFIX/TENANT/ingest. Which device may publish to which tenant's topic is said by the
 * policy of its certificate. What the queue does not take is kept on its dead-letter queue.
 */
export function addIot(stack: TerraformStack, stage: Stage, { ingest }: { ingest: QueuePair }): IotTopicRule {
  const { role, policy } = addRole(stack, stage, {
    name: "iot",
    service: "iot.amazonaws.com",
    statements: [allow("Send", ["sqs:SendMessage"], [ingest.queue.arn, ingest.dead.arn])],
  });
  const to = (queueUrl: string) => ({ queueUrl, roleArn: role.arn, useBase64: false });
  return new IotTopicRule(stack, "iot-rule", {
    // Names of rules have no hyphen.
    name: `${stage.prefix.replaceAll("-", "_")}_ingest`,
    description: `Messages of ${stage.prefix}/TENANT/ingest go to the ingest queue.`,
    enabled: true,
    sql: ruleSql(stage.prefix),
    sqlVersion: "2016-03-23",
    sqs: [to(ingest.queue.url)],
    errorAction: { sqs: to(ingest.dead.url) },
    dependsOn: [policy],
  });
}
