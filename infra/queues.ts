import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue/index.js";
import { SqsQueueRedriveAllowPolicy } from "@cdktf/provider-aws/lib/sqs-queue-redrive-allow-policy/index.js";
import type { TerraformStack } from "cdktf";
import { fullName, queues, type QueueSpec } from "../api/resources.ts";
import type { Stage } from "./stages.ts";

/** A queue and where its messages go that nobody could take. */
export type QueuePair = { queue: SqsQueue; dead: SqsQueue };
export type Queues = Record<keyof typeof queues, QueuePair>;

/** Adds every queue of `api/resources.ts` with its dead-letter queue. */
export function addQueues(stack: TerraformStack, stage: Stage): Queues {
  const added = Object.entries<QueueSpec>(queues).map(([name, spec]) => [name, addPair(stack, stage, spec)]);
  return Object.fromEntries(added) as Queues;
}

function addPair(stack: TerraformStack, stage: Stage, spec: QueueSpec): QueuePair {
  const { deadLetter } = spec;
  const encryption = stage.isHardened ? { sqsManagedSseEnabled: true } : {};
  const dead = new SqsQueue(stack, `queue-${deadLetter.name}`, {
    name: fullName(stage.prefix, deadLetter),
    messageRetentionSeconds: deadLetter.retentionSeconds,
    ...encryption,
  });
  const queue = new SqsQueue(stack, `queue-${spec.name}`, {
    name: fullName(stage.prefix, spec),
    visibilityTimeoutSeconds: spec.visibilitySeconds,
    redrivePolicy: `{"deadLetterTargetArn":"${dead.arn}","maxReceiveCount":${deadLetter.maxReceives}}`,
    ...encryption,
  });
  if (!stage.isEmulated) {
    new SqsQueueRedriveAllowPolicy(stack, `queue-${deadLetter.name}-sources`, {
      queueUrl: dead.url,
      redriveAllowPolicy: `{"redrivePermission":"byQueue","sourceQueueArns":["${queue.arn}"]}`,
    });
  }
  return { queue, dead };
}
