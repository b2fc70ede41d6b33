import { DataAwsElbServiceAccount } from "@cdktf/provider-aws/lib/data-aws-elb-service-account/index.js";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket/index.js";
import type { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy/index.js";
import type { SecurityGroup } from "@cdktf/provider-aws/lib/security-group/index.js";
import type { TerraformStack } from "cdktf";
import { harden } from "./objects.ts";
import type { Stage } from "./stages.ts";

/** Regions of before August 2022, where load balancers write their lines in the name of an account of AWS. */
const OLD_REGIONS = ("us-east-1 us-east-2 us-west-1 us-west-2 af-south-1 ap-east-1 ap-southeast-1 ap-southeast-2 " +
  "ap-southeast-3 ap-south-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ca-central-1 eu-central-1 eu-west-1 eu-west-2 " +
  "eu-west-3 eu-south-1 eu-north-1 me-south-1 sa-east-1").split(" ");

/**
 * Adds a bucket for a line a request of the load balancer: who asked, what was answered, how long it took. Addresses of people are in
 * it, so it goes with the other logs. Load balancers write to buckets under S3's own key alone, and try it when they are told to.
 */
export function addBalancerLogs(
  stack: TerraformStack,
  stage: Stage,
  group: SecurityGroup,
): { bucket: S3Bucket; policy: S3BucketPolicy } {
  const bucket = new S3Bucket(stack, "balancer-logs", {
    bucket: `${stage.prefix}-balancer-logs`,
    forceDestroy: !stage.isProtected,
  });
  const account = OLD_REGIONS.includes(stage.region)
    ? { AWS: new DataAwsElbServiceAccount(stack, "balancer-account").arn }
    : {};
  const { policy } = harden(stack, bucket, "balancer-logs", {
    expireAfterDays: { "AWSLogs/": stage.logRetentionDays },
  }, [{
    Sid: "LinesOfBalancer",
    Effect: "Allow",
    Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com", ...account },
    Action: "s3:PutObject",
    // Of load balancers of this account: others would write here in the name of the same service.
    Resource: `${bucket.arn}/AWSLogs/${group.ownerId}/*`,
  }]);
  return { bucket, policy };
}
