import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition/index.js";
import { IamOpenidConnectProvider } from "@cdktf/provider-aws/lib/iam-openid-connect-provider/index.js";
import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy/index.js";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment/index.js";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role/index.js";
import type { TerraformStack } from "cdktf";
import { addBoundary } from "./boundary.ts";
import { type DeployedParts, deployPolicies } from "./deploy-permissions.ts";
import type { Deployer, Stage } from "./stages.ts";

/** Where each says who runs a job, and for whom its tokens are. */
const HOSTS = {
  github: { host: "token.actions.githubusercontent.com", audience: "sts.amazonaws.com" },
  gitlab: { host: "gitlab.com", audience: "https://gitlab.com" },
} as const;
const HOUR_SECONDS = 3_600;

const ROLE = "role-deploy";

/**
 * Adds the role by which a pipeline deploys the installation: without a key that could be lost, for exactly the jobs that are
 * named, for what bears the installation's name, and with every role of it inside a boundary. It changes neither itself nor the
 * boundary: that a person does.
 */
export function addDeployRole(
  stack: TerraformStack,
  stage: Stage,
  { kind, subject, provider }: Deployer,
  parts: Omit<DeployedParts, "partition" | "boundaryArn">,
): IamRole {
  const { host, audience } = HOSTS[kind];
  const federated = provider ?? new IamOpenidConnectProvider(stack, "deployer", {
    url: `https://${host}`,
    clientIdList: [audience],
  }).arn;
  const role = new IamRole(stack, ROLE, {
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
  const boundary = addBoundary(stack, stage, { partition, except: ROLE });
  const policies = deployPolicies(stage, { ...parts, partition, boundaryArn: boundary.arn });
  for (const [name, statements] of Object.entries(policies)) {
    const policy = new IamPolicy(stack, `${ROLE}-${name}`, {
      name: `${stage.prefix}-deploy-${name}`,
      description: `What the pipeline of ${stage.prefix} may do: ${name}.`,
      policy: JSON.stringify({ Version: "2012-10-17", Statement: statements }),
    });
    new IamRolePolicyAttachment(stack, `${ROLE}-${name}-attached`, { role: role.name, policyArn: policy.arn });
  }
  return role;
}
