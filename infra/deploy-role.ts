import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition/index.js";
import { IamOpenidConnectProvider } from "@cdktf/provider-aws/lib/iam-openid-connect-provider/index.js";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy/index.js";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role/index.js";
import type { TerraformStack } from "cdktf";
import { deployStatements } from "./deploy-permissions.ts";
import { allow } from "./roles.ts";
import type { Deployer, Stage } from "./stages.ts";

/** Where each says who runs a job, and for whom its tokens are. */
const HOSTS = {
  github: { host: "token.actions.githubusercontent.com", audience: "sts.amazonaws.com" },
  gitlab: { host: "gitlab.com", audience: "https://gitlab.com" },
} as const;
const HOUR_SECONDS = 3_600;

/**
 * Adds the role by which a pipeline deploys the installation: without a key that could be lost, for exactly the jobs that are
 * named, and for what bears the installation's name. It may change the installation's roles, and so do what they may.
 */
export function addDeployRole(stack: TerraformStack, stage: Stage, { kind, subject, provider }: Deployer): IamRole {
  const { host, audience } = HOSTS[kind];
  const federated = provider ?? new IamOpenidConnectProvider(stack, "deployer", {
    url: `https://${host}`,
    clientIdList: [audience],
  }).arn;
  const role = new IamRole(stack, "role-deploy", {
    name: `${stage.prefix}-deploy`,
    maxSessionDuration: HOUR_SECONDS,
    assumeRolePolicy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{
        Sid: "ByPipeline",
        Effect: "Allow",
        Principal: { Federated: federated },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: { [`${host}:aud`]: audience, [`${host}:sub`]: subject } },
      }],
    }),
  });
  const partition = new DataAwsPartition(stack, "deploy-partition").partition;
  const statements = deployStatements({ prefix: stage.prefix, region: stage.region, partition });
  const state = `arn:${partition}:s3:::${stage.stateBucket}`;
  new IamRolePolicy(stack, "role-deploy-policy", {
    name: "exactly",
    role: role.id,
    policy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        ...statements,
        // The state, and its lock beside it.
        allow("State", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [`${state}/${stage.prefix}.tfstate*`]),
        allow("FindState", ["s3:ListBucket"], [state]),
      ],
    }),
  });
  return role;
}
