import { S3BucketNotification } from "@cdktf/provider-aws/lib/s3-bucket-notification/index.js";
import { SqsQueuePolicy } from "@cdktf/provider-aws/lib/sqs-queue-policy/index.js";
import type { TerraformStack } from "cdktf";
import { failures } from "../api/resources.ts";
import type { Stores } from "./stores.ts";

/**
 * Adds the way of a part of a stream that failed for most of a day: Lambda puts it into the bucket, whole, and S3 tells the
 * queue `late`. A queue alone as its destination would hold no more than which part it was, and the stream drops that a few
 * hours later.
 */
export function addFailures(stack: TerraformStack, stores: Stores): void {
  const bucket = stores.buckets[failures.bucket];
  const { queue } = stores.queues[failures.queue];
  const policy = new SqsQueuePolicy(stack, "failures-policy", {
    queueUrl: queue.url,
    policy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{
        Sid: "TellOfFailures",
        Effect: "Allow",
        Principal: { Service: "s3.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: queue.arn,
        Condition: { ArnEquals: { "aws:SourceArn": bucket.arn } },
      }],
    }),
  });
  new S3BucketNotification(stack, "failures", {
    bucket: bucket.id,
    queue: [{ queueArn: queue.arn, events: ["s3:ObjectCreated:*"], filterPrefix: failures.prefix }],
    // S3 tries whether it may before it takes this.
    dependsOn: [policy],
  });
}
