import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy/index.js";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role/index.js";
import { Aspects, type TerraformStack } from "cdktf";
import { LOG_GROUPS } from "./deploy-functions.ts";
import { type DeployNames, deployNames, may } from "./deploy-names.ts";
import { STAGE_NAME as SOCKETS } from "./socket-api.ts";
import type { Statement } from "./roles.ts";
import { type Stage, topicArnsOf } from "./stages.ts";

/**
 * Adds the most that any role of the installation may ever do, whatever its own policy says, to each of its roles but `except`: who
 * may change roles, as a pipeline does, could else give them the account.
 */
export function addBoundary(
  stack: TerraformStack,
  stage: Stage,
  { partition, except }: { partition: string; except: string },
): IamPolicy {
  const names = deployNames({ ...stage, partition });
  const boundary = new IamPolicy(stack, "boundary", {
    name: `${stage.prefix}-boundary`,
    description: `The most that roles of ${stage.prefix} may do.`,
    policy: JSON.stringify({ Version: "2012-10-17", Statement: boundaryStatements(names, stage) }),
  });
  Aspects.of(stack).add({
    visit(node) {
      if (node instanceof IamRole && node.node.id !== except) node.permissionsBoundary = boundary.arn;
    },
  });
  return boundary;
}

export function boundaryStatements(
  { prefix, arn, global, s3 }: DeployNames,
  stage: Pick<Stage, "tableKey" | "region" | "service" | "canary" | "runs">,
): Statement[] {
  const { tableKey, region } = stage;
  const lambda = arn("lambda", `function:${prefix}-*`);
  return [
    may(
      "Items",
      "dynamodb",
      "BatchGetItem GetItem Query PartiQLInsert PutItem UpdateItem DeleteItem",
      [arn("dynamodb", `table/${prefix}-*`)],
    ),
    // Those of attached tables too.
    may("Streams", "dynamodb", "DescribeStream GetRecords GetShardIterator", [arn("dynamodb", "table/*/stream/*")]),
    may("ListStreams", "dynamodb", "ListStreams", ["*"]),
    may("Buckets", "s3", "ListBucket", [s3(`${prefix}-*`)]),
    may("Objects", "s3", "GetObject PutObject DeleteObject", [s3(`${prefix}-*/*`)]),
    may(
      "Messages",
      "sqs",
      "GetQueueUrl GetQueueAttributes SendMessage ReceiveMessage DeleteMessage",
      [arn("sqs", `${prefix}-*`)],
    ),
    may("Topics", "sns", "Publish", [arn("sns", `${prefix}-*`), ...topicArnsOf(stage)]),
    may("Keys", "secretsmanager", "GetSecretValue PutSecretValue", [arn("secretsmanager", `secret:${prefix}-*`)]),
    may(
      "Logs",
      "logs",
      "CreateLogStream PutLogEvents",
      LOG_GROUPS.map((name) => arn("logs", `log-group:${name}${prefix}*`)),
    ),
    may("Sockets", "execute-api", "ManageConnections", [arn("execute-api", `*/${SOCKETS}/*/@connections/*`)]),
    may("Releases", "lambda", "GetAlias UpdateAlias GetProvisionedConcurrencyConfig", [lambda]),
    ...(stage.canary && stage.runs.container ? containerReleases({ prefix, arn, global }) : []),
    may("LookAtAlarms", "cloudwatch", "DescribeAlarms", ["*"]),
    may(
      "Images",
      "ecr",
      "BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer",
      // Also another account's, and another region's.
      [arn("ecr", "repository/*").replace(`:${region}:`, ":*:")],
    ),
    may("LogInToRegistry", "ecr", "GetAuthorizationToken", ["*"]),
    ...(tableKey === "managed"
      ? [may("TableKey", "kms", "Decrypt DescribeKey", [arn("kms", "key/*")], {
        StringEquals: { "kms:ViaService": `dynamodb.${region}.amazonaws.com` },
      })]
      : []),
  ];
}

/** What has containers of a new version take the place of those of the version before. */
function containerReleases({ prefix, arn, global }: Pick<DeployNames, "prefix" | "arn" | "global">): Statement[] {
  return [
    may("Containers", "ecs", "DescribeServices UpdateServicePrimaryTaskSet CreateTaskSet DeleteTaskSet", [
      ...[`service/${prefix}/${prefix}`, `task-set/${prefix}/${prefix}/*`].map((rest) => arn("ecs", rest)),
    ]),
    may("GiveRoles", "iam", "PassRole", [global("iam", `role/${prefix}-task*`)], {
      StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" },
    }),
    may("MoveRequests", "elasticloadbalancing", "ModifyListener ModifyRule", [
      ...["listener", "listener-rule"].map((part) => arn("elasticloadbalancing", `${part}/app/${prefix}/*`)),
    ]),
    may("LookAtTargets", "elasticloadbalancing", "DescribeListeners DescribeRules DescribeTargetGroups", ["*"]),
  ];
}
