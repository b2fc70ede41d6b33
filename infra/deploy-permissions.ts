/**
 * What Terraform asks of AWS for what an installation is made of, and no more: actions by the service, each on what bears its
 * name, its tag or its id. What is not switched on is not in it, so the first deployment of a new kind of part is a person's.
 */
import { containerStatements, networkStatements } from "./deploy-container.ts";
import { edgeStatements } from "./deploy-edge.ts";
import { apiStatements, functionStatements, releaseStatements } from "./deploy-functions.ts";
import { type DeployNames, deployNames, may } from "./deploy-names.ts";
import { storeStatements } from "./deploy-stores.ts";
import { allow, type Statement } from "./roles.ts";
import type { Stage } from "./stages.ts";

/** What AWS gave its ids to, and tables of others. */
export type DeployedParts = {
  partition: string;
  boundaryArn: string;
  apis: readonly string[];
  restApis: readonly string[];
  vpcArn: string | undefined;
  attached: readonly string[];
};

/** By the policy's name: a role carries ten, of 6,144 characters each. */
export function deployPolicies(stage: Stage, parts: DeployedParts): Record<string, Statement[]> {
  const names = deployNames({ ...stage, partition: parts.partition });
  const { attached, apis } = parts;
  return {
    stores: [
      ...storeStatements(names, { attached, keeps: stage.isProtected }),
      ...stateStatements(names, stage),
    ],
    functions: [...functionStatements(names), ...(stage.canary ? releaseStatements(names) : [])],
    roles: [
      ...roleStatements(names, parts.boundaryArn),
      ...(apis.length > 0 ? apiStatements(names, parts) : []),
      ...(stage.domain ? edgeStatements(names, stage.domain) : []),
      lookAround(),
    ],
    ...(stage.runs.container
      ? { containers: containerStatements(names), network: networkStatements(names, stage, parts.vpcArn) }
      : {}),
  };
}

/** Terraform's state, and its lock beside it. */
function stateStatements({ prefix, s3 }: DeployNames, { stateBucket }: Stage): Statement[] {
  const state = s3(String(stateBucket));
  return [
    may("State", "s3", "GetObject PutObject DeleteObject", [`${state}/${prefix}.tfstate*`]),
    may("FindState", "s3", "ListBucket", [state]),
  ];
}

/** The roles of the services that the stack is made of. */
const TAKERS = ["lambda", "ecs-tasks", "iot", "codedeploy"].map((name) => `${name}.amazonaws.com`);

/**
 * Roles that the pipeline makes or changes stay within the boundary, so that nobody who can deploy can do more than the
 * installation. Its own role and the boundary it can look at alone.
 */
function roleStatements({ prefix, global }: DeployNames, boundaryArn: string): Statement[] {
  const [roles, policies] = [global("iam", `role/${prefix}-*`), global("iam", `policy/${prefix}-*`)];
  const changes = "CreateRole PutRolePolicy DeleteRolePolicy PutRolePermissionsBoundary UpdateAssumeRolePolicy";
  return [
    may("BoundRoles", "iam", changes, [roles], { StringEquals: { "iam:PermissionsBoundary": boundaryArn } }),
    may(
      "Roles",
      "iam",
      `GetRole GetRolePolicy DeleteRole UpdateRole TagRole UntagRole ListRolePolicies ListAttachedRolePolicies
      ListInstanceProfilesForRole`,
      [roles],
    ),
    may("PassRoles", "iam", "PassRole", [roles], { StringEquals: { "iam:PassedToService": TAKERS } }),
    may("LookAtPolicies", "iam", "GetPolicy GetPolicyVersion", [policies]),
    may("LookAtProvider", "iam", "GetOpenIDConnectProvider", [global("iam", "oidc-provider/*")]),
    {
      ...may("NotItself", "iam", `${changes} DeleteRole UpdateRole PassRole TagRole UntagRole`, [
        global("iam", `role/${prefix}-deploy`),
      ]),
      Effect: "Deny",
    },
  ];
}

/** AWS knows no narrower resource for looking at these. */
function lookAround(): Statement {
  return allow("LookAround", [
    ...may("", "cloudwatch", "DescribeAlarms", []).Action,
    ...may("", "logs", "DescribeLogGroups", []).Action,
    ...may("", "sts", "GetCallerIdentity", []).Action,
  ], ["*"]);
}
