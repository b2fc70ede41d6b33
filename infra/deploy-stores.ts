/** What the pipeline may do to what keeps: tables, buckets, queues, secrets, and SQL over the buckets. */
import { type DeployNames, may } from "./deploy-names.ts";
import type { Statement } from "./roles.ts";

/**
 * `attached` are tables of others, which are looked up. What is protected (`keeps`) the pipeline cannot delete: neither tables nor
 * buckets, nor what lies in them.
 */
export function storeStatements(
  { prefix, word, arn, s3 }: DeployNames,
  { attached, keeps }: { attached: readonly string[]; keeps: boolean },
): Statement[] {
  const deletes = (names: string) => keeps ? "" : names;
  const looks = "DescribeTable DescribeContinuousBackups DescribeTimeToLive ListTagsOfResource";
  return [
    may(
      "Tables",
      "dynamodb",
      `CreateTable UpdateTable UpdateContinuousBackups UpdateTimeToLive TagResource UntagResource ${looks} ${
        deletes("DeleteTable")
      }`,
      [arn("dynamodb", `table/${prefix}-*`)],
    ),
    ...(attached.length > 0
      ? [may("AttachedTables", "dynamodb", looks, attached.map((table) => arn("dynamodb", `table/${table}`)))]
      : []),
    may(
      "Buckets",
      "s3",
      `CreateBucket ${
        deletes("DeleteBucket")
      } ListBucket ListBucketVersions GetBucketAcl GetBucketLogging GetBucketWebsite
      GetBucketRequestPayment GetBucketObjectLockConfiguration GetReplicationConfiguration GetAccelerateConfiguration
      DeleteBucketPolicy ${
        getPut(`BucketCORS BucketNotification BucketOwnershipControls BucketPolicy BucketPublicAccessBlock
      BucketTagging BucketVersioning EncryptionConfiguration LifecycleConfiguration`)
      }`,
      [s3(`${prefix}-*`)],
    ),
    // Pages are files of the stack.
    may(
      "Objects",
      "s3",
      "GetObject GetObjectTagging PutObject PutObjectTagging DeleteObject DeleteObjectVersion",
      [s3(`${prefix}-pages/*`)],
    ),
    ...(keeps ? [] : [may("EmptyBuckets", "s3", "DeleteObject DeleteObjectVersion", [s3(`${prefix}-*/*`)])]),
    may(
      "Queues",
      "sqs",
      "CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl SetQueueAttributes ListQueueTags TagQueue UntagQueue",
      [arn("sqs", `${prefix}-*`)],
    ),
    may(
      "Secrets",
      "secretsmanager",
      "CreateSecret DeleteSecret DescribeSecret GetResourcePolicy UpdateSecret TagResource UntagResource",
      [arn("secretsmanager", `secret:${prefix}-*`)],
    ),
    may(
      "Workgroups",
      "athena",
      `CreateWorkGroup GetWorkGroup UpdateWorkGroup DeleteWorkGroup ListTagsForResource TagResource UntagResource
      CreateNamedQuery GetNamedQuery UpdateNamedQuery DeleteNamedQuery`,
      [arn("athena", `workgroup/${prefix}`)],
    ),
    may(
      "Catalog",
      "glue",
      `CreateDatabase GetDatabase UpdateDatabase DeleteDatabase CreateTable GetTable UpdateTable DeleteTable
      GetPartitionIndexes GetTags TagResource UntagResource`,
      ["catalog", `database/${word}`, `table/${word}/*`, `userDefinedFunction/${word}/*`].map((rest) =>
        arn("glue", rest)
      ),
    ),
    may(
      "DeviceRules",
      "iot",
      `CreateTopicRule GetTopicRule ReplaceTopicRule DeleteTopicRule
      ListTagsForResource TagResource UntagResource`,
      [arn("iot", `rule/${word}_ingest`)],
    ),
  ];
}

/** A part of a bucket's settings is read and written. */
function getPut(names: string): string {
  return names.trim().split(/\s+/).flatMap((name) => [`Get${name}`, `Put${name}`]).join(" ");
}
