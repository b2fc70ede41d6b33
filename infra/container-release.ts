import type { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm/index.js";
import { CodedeployApp } from "@cdktf/provider-aws/lib/codedeploy-app/index.js";
import { CodedeployDeploymentGroup } from "@cdktf/provider-aws/lib/codedeploy-deployment-group/index.js";
import type { TerraformStack } from "cdktf";
import { CONTAINERS } from "./callers.ts";
import type { Container } from "./container.ts";
import { addRole, allow } from "./roles.ts";
import type { Stage } from "./stages.ts";
import { movedAndTakenBackBy } from "./taken-back.ts";

/** Ten of a hundred requests for five minutes; then all. */
const STEPS = "CodeDeployDefault.ECSCanary10Percent5Minutes";
/** So long the version before stays, to be returned to at once. */
const KEEP_MINUTES = 15;
/** What rings where a new version is worse than the one before: it is taken back then. */
const ALARMS = ["container-5xx", "container-latency"];

/**
 * Adds blue and green for the containers: a new version's come beside those of the version before, with a group of targets of
 * their own, and CodeDeploy moves the load balancer from the one group to the other, with the alarms that take it back.
 * `cdktf deploy` registers a version, and `npm run release` has it brought (`release.ts`).
 */
export function addContainerRelease(
  stack: TerraformStack,
  stage: Stage,
  { container, alarms }: { container: Container; alarms: readonly CloudwatchMetricAlarm[] },
): void {
  const { cluster, service, targets, otherTargets, listener, roles } = container;
  const app = new CodedeployApp(stack, "releases-containers", {
    name: `${stage.prefix}-${CONTAINERS}`,
    computePlatform: "ECS",
  });
  const at = (api: string, rest: string) => `arn:aws:${api}:${stage.region}:*:${rest}`;
  const { role, policy } = addRole(stack, stage, {
    name: "release-container",
    service: "codedeploy.amazonaws.com",
    statements: [
      allow("LookAtService", ["ecs:DescribeServices", "ecs:UpdateServicePrimaryTaskSet"], [service.id]),
      allow("MakeContainers", ["ecs:CreateTaskSet", "ecs:DeleteTaskSet"], [
        at("ecs", `task-set/${stage.prefix}/${stage.prefix}/*`),
      ]),
      allow("GiveRoles", ["iam:PassRole"], roles.map(({ arn }) => arn), {
        StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" },
      }),
      allow("MoveRequests", ["elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule"], [
        listener.arn,
        at("elasticloadbalancing", `listener-rule/app/${stage.prefix}/*`),
      ]),
      allow(
        "LookAtTargets",
        ["DescribeListeners", "DescribeRules", "DescribeTargetGroups"].map((name) => `elasticloadbalancing:${name}`),
        ["*"],
      ),
      allow("LookAtAlarms", ["cloudwatch:DescribeAlarms"], ["*"]),
    ],
  });
  new CodedeployDeploymentGroup(stack, "releases-of-containers", {
    appName: app.name,
    deploymentGroupName: `${stage.prefix}-${CONTAINERS}`,
    deploymentConfigName: STEPS,
    serviceRoleArn: role.arn,
    ecsService: { clusterName: cluster.name, serviceName: service.name },
    loadBalancerInfo: {
      targetGroupPairInfo: {
        prodTrafficRoute: { listenerArns: [listener.arn] },
        targetGroup: [targets, otherTargets!].map(({ name }) => ({ name })),
      },
    },
    blueGreenDeploymentConfig: {
      deploymentReadyOption: { actionOnTimeout: "CONTINUE_DEPLOYMENT" },
      terminateBlueInstancesOnDeploymentSuccess: {
        action: "TERMINATE",
        terminationWaitTimeInMinutes: KEEP_MINUTES,
      },
    },
    ...movedAndTakenBackBy(alarms, ALARMS),
    dependsOn: [policy],
  });
}
