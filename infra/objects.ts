import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket/index.js";
import { S3BucketCorsConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-cors-configuration/index.js";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration/index.js";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls/index.js";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy/index.js";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block/index.js";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration/index.js";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning/index.js";
import type { TerraformStack } from "cdktf";
import { buckets, type BucketSpec, fullName } from "../api/resources.ts";
import { corsOriginsOf, type Stage } from "./stages.ts";

export type Buckets = Record<keyof typeof buckets, S3Bucket>;

/** So long a version that was replaced or removed can be had back. */
const OLD_VERSION_DAYS = 30;
const UNFINISHED_UPLOAD_DAYS = 2;
/** After a year nobody reads it but a rebuild: still there at once, at a fifth of the price. */
const COLD_AFTER_DAYS = 365;

/** Adds every bucket of `api/resources.ts`: private, encrypted, versioned, over TLS alone. */
export function addObjects(stack: TerraformStack, stage: Stage): Buckets {
  const added = Object.entries<BucketSpec>(buckets).map(([name, spec]) => [name, addBucket(stack, stage, spec)]);
  return Object.fromEntries(added) as Buckets;
}

function addBucket(stack: TerraformStack, stage: Stage, spec: BucketSpec): S3Bucket {
  const bucket = new S3Bucket(stack, `bucket-${spec.name}`, {
    bucket: fullName(stage.prefix, spec),
    forceDestroy: !stage.isProtected,
    ...(stage.isProtected ? { lifecycle: { preventDestroy: true } } : {}),
  });
  if (stage.isHardened) harden(stack, bucket, `bucket-${spec.name}`, spec);
  const origins = corsOriginsOf(stage);
  if (stage.isHardened && spec.takesUploads && origins.length > 0) {
    new S3BucketCorsConfiguration(stack, `bucket-${spec.name}-cors`, {
      bucket: bucket.id,
      corsRule: [{ allowedMethods: ["GET", "PUT"], allowedOrigins: origins, allowedHeaders: ["content-type"] }],
    });
  }
  return bucket;
}

/** Adds to a bucket what AWS leaves open. The parts of another concern's bucket are made here too, so that none is forgotten. */
export function harden(
  stack: TerraformStack,
  bucket: S3Bucket,
  id: string,
  spec: Omit<BucketSpec, "name">,
  allowed: readonly object[] = [],
): { policy: S3BucketPolicy } {
  const of = { bucket: bucket.id };
  const versioning = new S3BucketVersioningA(stack, `${id}-versioning`, {
    ...of,
    versioningConfiguration: { status: "Enabled" },
  });
  new S3BucketServerSideEncryptionConfigurationA(stack, `${id}-encryption`, {
    ...of,
    rule: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
  });
  new S3BucketOwnershipControls(stack, `${id}-owner`, { ...of, rule: { objectOwnership: "BucketOwnerEnforced" } });
  const block = new S3BucketPublicAccessBlock(stack, `${id}-private`, {
    ...of,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  // Two changes of a bucket's access at once are refused: one after the other.
  const policy = new S3BucketPolicy(stack, `${id}-policy`, {
    ...of,
    policy: policyOf(bucket, allowed),
    dependsOn: [block],
  });
  new S3BucketLifecycleConfiguration(stack, `${id}-lifecycle`, {
    ...of,
    rule: lifecycleOf(spec),
    dependsOn: [versioning],
  });
  return { policy };
}

function policyOf(bucket: S3Bucket, allowed: readonly object[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{
      Sid: "TlsOnly",
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Resource: [bucket.arn, `${bucket.arn}/*`],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    }, ...allowed],
  });
}

function lifecycleOf({ expireAfterDays = {}, coolAfterDays = {} }: Omit<BucketSpec, "name">) {
  return [
    {
      id: "old-versions",
      status: "Enabled",
      filter: [{ prefix: "" }],
      noncurrentVersionExpiration: [{ noncurrentDays: OLD_VERSION_DAYS }],
      abortIncompleteMultipartUpload: [{ daysAfterInitiation: UNFINISHED_UPLOAD_DAYS }],
    },
    // Where versions are kept, an expiry hides an object and nothing more: what it hid goes a day later, and the sign of it
    // after that. Else what an erasure does not know, such as results of queries, would stay for 30 days.
    ...Object.entries(expireAfterDays).flatMap(([prefix, days]) => {
      const of = { status: "Enabled", filter: [{ prefix }] };
      const name = prefix.replace(/\W+$/, "");
      return [
        { ...of, id: `expires-${name}`, expiration: [{ days }], noncurrentVersionExpiration: [{ noncurrentDays: 1 }] },
        { ...of, id: `clears-${name}`, expiration: [{ expiredObjectDeleteMarker: true }] },
      ];
    }),
    ...Object.entries(coolAfterDays).map(([prefix, days]) => ({
      id: `cools-${prefix.replace(/\W+$/, "") || "all"}`,
      status: "Enabled",
      filter: [{ prefix }],
      transition: [
        { days, storageClass: "STANDARD_IA" },
        { days: COLD_AFTER_DAYS, storageClass: "GLACIER_IR" },
      ],
    })),
  ];
}
