/** What Terraform asks of AWS for what this stack is made of: actions by the service, each on what bears the installation's name. */
import { allow, type Statement } from "./roles.ts";

const words = (service: string, names: string) => names.trim().split(/\s+/).map((name) => `${service}:${name}`);
/** The same for a part of a bucket's settings: it is read and written. */
const getPut = (names: string) => names.trim().split(/\s+/).flatMap((name) => [`Get${name}`, `Put${name}`]).join(" ");

/** For one installation. Where resources have no names of ours (ids of API Gateway, of networks) it is the region, or the account. */
export function deployStatements({ prefix, region, partition }: {
  prefix: string;
  region: string;
  partition: string;
}): Statement[] {
  const arn = (service: string, rest: string, at = region) => `arn:${partition}:${service}:${at}:*:${rest}`;
  const global = (service: string, rest: string) => `arn:${partition}:${service}::*:${rest}`;
  const bucket = `arn:${partition}:s3:::${prefix}-*`;
  return [
    allow(
      "Tables",
      words(
        "dynamodb",
        `CreateTable DeleteTable DescribeTable UpdateTable DescribeContinuousBackups
      UpdateContinuousBackups DescribeTimeToLive UpdateTimeToLive ListTagsOfResource TagResource UntagResource`,
      ),
      [
        arn("dynamodb", `table/${prefix}-*`),
      ],
    ),
    allow(
      "Buckets",
      words(
        "s3",
        `CreateBucket DeleteBucket ListBucket ListBucketVersions GetBucketAcl GetBucketLogging
      GetBucketWebsite GetBucketRequestPayment GetBucketObjectLockConfiguration GetReplicationConfiguration
      DeleteBucketPolicy ${
          getPut(`AccelerateConfiguration BucketCORS BucketOwnershipControls BucketPolicy
      BucketPublicAccessBlock BucketTagging BucketVersioning EncryptionConfiguration LifecycleConfiguration`)
        }`,
      ),
      [bucket],
    ),
    allow(
      "Objects",
      words("s3", "GetObject GetObjectTagging PutObject PutObjectTagging DeleteObject DeleteObjectVersion"),
      [
        `${bucket}/*`,
      ],
    ),
    allow(
      "Queues",
      words(
        "sqs",
        `CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl SetQueueAttributes ListQueueTags
      TagQueue UntagQueue`,
      ),
      [arn("sqs", `${prefix}-*`)],
    ),
    allow(
      "Functions",
      words(
        "lambda",
        `CreateFunction DeleteFunction GetFunction GetFunctionConfiguration
      GetFunctionCodeSigningConfig UpdateFunctionCode UpdateFunctionConfiguration ListVersionsByFunction PublishVersion
      PutFunctionConcurrency DeleteFunctionConcurrency AddPermission RemovePermission GetPolicy CreateAlias UpdateAlias
      DeleteAlias GetAlias PutFunctionEventInvokeConfig GetFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig
      ListTags TagResource UntagResource`,
      ),
      [arn("lambda", `function:${prefix}-*`)],
    ),
    allow(
      "Sources",
      words(
        "lambda",
        `CreateEventSourceMapping GetEventSourceMapping UpdateEventSourceMapping
      DeleteEventSourceMapping ListTags TagResource`,
      ),
      [arn("lambda", "event-source-mapping:*")],
    ),
    allow(
      "Roles",
      words(
        "iam",
        `CreateRole DeleteRole GetRole UpdateRole UpdateAssumeRolePolicy TagRole UntagRole
      ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole GetRolePolicy PutRolePolicy DeleteRolePolicy
      PutRolePermissionsBoundary PassRole`,
      ),
      [global("iam", `role/${prefix}-*`)],
    ),
    allow(
      "Logs",
      words(
        "logs",
        `CreateLogGroup DeleteLogGroup PutRetentionPolicy ListTagsForResource TagResource
      UntagResource PutMetricFilter DeleteMetricFilter`,
      ),
      [
        ...["/aws/lambda", "/aws/apigateway", "/ecs"].map((name) => arn("logs", `log-group:${name}/${prefix}*`)),
      ],
    ),
    allow(
      "Alarms",
      words(
        "cloudwatch",
        `PutMetricAlarm DeleteAlarms ListTagsForResource TagResource PutDashboard
      GetDashboard DeleteDashboards`,
      ),
      [
        arn("cloudwatch", `alarm:${prefix}-*`),
        global("cloudwatch", `dashboard/${prefix}*`),
      ],
    ),
    allow(
      "Topics",
      words(
        "sns",
        `CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes Subscribe Unsubscribe
      GetSubscriptionAttributes ListTagsForResource TagResource`,
      ),
      [arn("sns", `${prefix}-*`)],
    ),
    allow(
      "Schedules",
      words(
        "events",
        `PutRule DeleteRule DescribeRule PutTargets RemoveTargets ListTargetsByRule
      ListTagsForResource TagResource`,
      ),
      [arn("events", `rule/${prefix}-*`)],
    ),
    allow(
      "Secrets",
      words(
        "secretsmanager",
        `CreateSecret DeleteSecret DescribeSecret GetResourcePolicy UpdateSecret
      TagResource`,
      ),
      [arn("secretsmanager", `secret:${prefix}-*`)],
    ),
    allow("Apis", words("apigateway", "GET POST PUT PATCH DELETE"), [
      ...["apis", "restapis", "tags"].map((kind) => `arn:${partition}:apigateway:${region}::/${kind}*`),
    ]),
    allow(
      "Releases",
      words(
        "codedeploy",
        `CreateApplication DeleteApplication GetApplication CreateDeploymentGroup
      UpdateDeploymentGroup DeleteDeploymentGroup GetDeploymentGroup CreateDeployment GetDeployment
      GetDeploymentConfig RegisterApplicationRevision GetApplicationRevision ListTagsForResource TagResource`,
      ),
      [
        arn("codedeploy", `application:${prefix}`),
        arn("codedeploy", `deploymentgroup:${prefix}/*`),
        arn("codedeploy", "deploymentconfig:*"),
      ],
    ),
    // AWS knows no narrower resource for looking at these.
    allow("LookAround", [
      ...words("cloudwatch", "DescribeAlarms"),
      ...words("logs", "DescribeLogGroups DescribeMetricFilters"),
      ...words("sts", "GetCallerIdentity"),
    ], ["*"]),
  ];
}
