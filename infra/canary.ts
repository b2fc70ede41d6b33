import type { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm/index.js";
import { CodedeployApp } from "@cdktf/provider-aws/lib/codedeploy-app/index.js";
import { CodedeployDeploymentGroup } from "@cdktf/provider-aws/lib/codedeploy-deployment-group/index.js";
import type { TerraformStack } from "cdktf";
import { CANARIES } from "./callers.ts";
import type { ApiFunctions } from "./functions.ts";
import { addRole, allow } from "./roles.ts";
import type { Stage } from "./stages.ts";
import { movedAndTakenBackBy } from "./taken-back.ts";

/** Ten of a hundred requests for five minutes; then all. */
const STEPS = "CodeDeployDefault.LambdaCanary10Percent5Minutes";

/** What rings where a function's new version is worse than the one before: it is taken back then. */
const ALARMS: Record<(typeof CANARIES)[number], readonly string[]> = {
  http: ["http-errors", "http-5xx", "http-latency"],
  stream: ["stream-errors", "stream-5xx"],
  sockets: ["sockets-errors", "sockets-5xx"],
};

/**
 * Adds what brings a new version of these functions to callers: `cdktf deploy` publishes it, and `npm run release` has CodeDeploy
 * move the alias, with the alarms that take it back. Consumers of queues and streams take a new version at once: what one
 * cannot do is tried again.
 */
export function addCanary(
  stack: TerraformStack,
  stage: Stage,
  { functions, alarms }: { functions: ApiFunctions; alarms: readonly CloudwatchMetricAlarm[] },
): void {
  const app = new CodedeployApp(stack, "releases", { name: stage.prefix, computePlatform: "Lambda" });
  const aliases = CANARIES.map((name) => functions[name].alias!.arn);
  const { role, policy } = addRole(stack, stage, {
    name: "release",
    service: "codedeploy.amazonaws.com",
    statements: [
      allow("MoveAliases", ["lambda:GetAlias", "lambda:UpdateAlias"], [
        ...CANARIES.map((name) => functions[name].lambda.arn),
        ...aliases,
      ]),
      allow("LookAtProvisioned", ["lambda:GetProvisionedConcurrencyConfig"], aliases),
      allow("LookAtAlarms", ["cloudwatch:DescribeAlarms"], ["*"]),
    ],
  });
  for (const name of CANARIES) {
    new CodedeployDeploymentGroup(stack, `releases-${name}`, {
      appName: app.name,
      deploymentGroupName: `${stage.prefix}-${name}`,
      deploymentConfigName: STEPS,
      serviceRoleArn: role.arn,
      ...movedAndTakenBackBy(alarms, ALARMS[name]),
      dependsOn: [policy],
    });
  }
}
