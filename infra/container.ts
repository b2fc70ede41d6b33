import { AppautoscalingPolicy } from "@cdktf/provider-aws/lib/appautoscaling-policy/index.js";
import { AppautoscalingTarget } from "@cdktf/provider-aws/lib/appautoscaling-target/index.js";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group/index.js";
import { EcsCluster } from "@cdktf/provider-aws/lib/ecs-cluster/index.js";
import { EcsService } from "@cdktf/provider-aws/lib/ecs-service/index.js";
import { EcsTaskDefinition } from "@cdktf/provider-aws/lib/ecs-task-definition/index.js";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role/index.js";
import type { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret/index.js";
import type { TerraformStack } from "cdktf";
import { CONTAINER } from "./callers.ts";
import { containerDefinition, TMP_VOLUME } from "./container-definition.ts";
import { executionStatements, taskStatements } from "./container-roles.ts";
import { addBalancer, type Balancer } from "./balancer.ts";
import type { Network } from "./network.ts";
import { addRole } from "./roles.ts";
import { SIZES } from "./sizes.ts";
import type { Stage } from "./stages.ts";
import type { Stores } from "./stores.ts";

export type Container = Balancer & {
  cluster: EcsCluster;
  service: EcsService;
  logs: CloudwatchLogGroup;
  /** Of the code, and of what starts it. */
  roles: readonly IamRole[];
};

export type ContainerOptions = {
  stores: Stores;
  network: Network;
  signingKey: SecretsmanagerSecret | undefined;
  /** What it is started with beside the variables of all deployed code. */
  environment: Record<string, string>;
};

/** Where the container listens. */
export const PORT = CONTAINER.port;

const CPU_PERCENT = 60;
/** What a processor answers at that load, where requests are batches of 50 events: 50 a second (`npm run bench:unit-costs`). */
const REQUESTS_A_MINUTE_AND_CPU = 3_000;
/** More containers at once, fewer after a while: a peak that comes twice is not paid for with a slow second. */
const SCALE_OUT_SECONDS = 60;
const SCALE_IN_SECONDS = 300;
const START_SECONDS = 60;

/**
 * Adds the API in containers behind a load balancer. They serve and, as every process does, run the jobs that are due; what
 * comes by queues and streams is taken by the functions, which are there whatever serves the API.
 */
export function addContainer(stack: TerraformStack, stage: Stage, options: ContainerOptions): Container {
  const { network, signingKey } = options;
  const size = SIZES[stage.name];
  const logs = new CloudwatchLogGroup(stack, "container-logs", {
    name: `/ecs/${stage.prefix}`,
    retentionInDays: stage.logRetentionDays,
  });
  const service = "ecs-tasks.amazonaws.com";
  const task = addRole(stack, stage, { name: "task", service, statements: taskStatements(options.stores, signingKey) });
  const execution = addRole(stack, stage, {
    name: "task-start",
    service,
    statements: executionStatements(stage, logs.arn),
  });
  const definition = new EcsTaskDefinition(stack, "task", {
    family: stage.prefix,
    requiresCompatibilities: ["FARGATE"],
    networkMode: "awsvpc",
    cpu: String(size.cpu),
    memory: String(size.memoryMb),
    runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: stage.architecture.toUpperCase() },
    taskRoleArn: task.role.arn,
    executionRoleArn: execution.role.arn,
    volume: [{ name: TMP_VOLUME }],
    containerDefinitions: JSON.stringify([containerDefinition(stage, { ...options, port: PORT, logs })]),
    // Releases may go back to the one before.
    ...(stage.canary ? { skipDestroy: true } : {}),
    dependsOn: [task.policy, execution.policy],
  });
  const balancer = addBalancer(stack, stage, { network, port: PORT });
  const cluster = new EcsCluster(stack, "cluster", {
    name: stage.prefix,
    setting: [{ name: "containerInsights", value: "disabled" }],
  });
  const running = addService(stack, stage, { definition, cluster, balancer, network });
  if (!stage.isEmulated) addScaling(stack, stage, { cluster, service: running, balancer });
  return { ...balancer, cluster, service: running, logs, roles: [task.role, execution.role] };
}

/** A new version comes beside the old one, and one that does not become ready goes again by itself. */
const ROLLING = {
  deploymentMinimumHealthyPercent: 100,
  deploymentMaximumPercent: 200,
  deploymentCircuitBreaker: { enable: true, rollback: true },
  // How many there are is the autoscaling's to say.
  lifecycle: { ignoreChanges: ["desired_count"] },
};
/** `npm run release` brings a new version, and which containers answer is its to say; Terraform makes the service and no more. */
const RELEASED = {
  deploymentController: { type: "CODE_DEPLOY" },
  lifecycle: { ignoreChanges: ["desired_count", "load_balancer", "task_definition"] },
};

function addService(
  stack: TerraformStack,
  stage: Stage,
  { definition, cluster, balancer, network }: {
    definition: EcsTaskDefinition;
    cluster: EcsCluster;
    balancer: Balancer;
    network: Network;
  },
): EcsService {
  return new EcsService(stack, "service", {
    name: stage.prefix,
    cluster: cluster.arn,
    taskDefinition: definition.arn,
    launchType: "FARGATE",
    desiredCount: SIZES[stage.name].min,
    ...(stage.canary ? RELEASED : { ...ROLLING, waitForSteadyState: !stage.isEmulated }),
    healthCheckGracePeriodSeconds: START_SECONDS,
    enableEcsManagedTags: true,
    propagateTags: "SERVICE",
    networkConfiguration: {
      subnets: [...network.serviceSubnets],
      securityGroups: [network.serviceGroup.id],
      assignPublicIp: network.hasAddresses,
    },
    loadBalancer: [{ targetGroupArn: balancer.targets.arn, containerName: CONTAINER.name, containerPort: PORT }],
    dependsOn: [balancer.listener],
  });
}

function addScaling(
  stack: TerraformStack,
  stage: Stage,
  { cluster, service, balancer }: { cluster: EcsCluster; service: EcsService; balancer: Balancer },
): void {
  const { min, max, cpu } = SIZES[stage.name];
  const target = new AppautoscalingTarget(stack, "scaling", {
    serviceNamespace: "ecs",
    scalableDimension: "ecs:service:DesiredCount",
    resourceId: `service/${cluster.name}/${service.name}`,
    minCapacity: min,
    maxCapacity: max,
  });
  const policy = (
    name: string,
    targetValue: number,
    metric: { predefinedMetricType: string; resourceLabel?: string },
  ) =>
    new AppautoscalingPolicy(stack, `scaling-${name}`, {
      name: `${stage.prefix}-${name}`,
      policyType: "TargetTrackingScaling",
      serviceNamespace: target.serviceNamespace,
      scalableDimension: target.scalableDimension,
      resourceId: target.resourceId,
      targetTrackingScalingPolicyConfiguration: {
        targetValue,
        scaleOutCooldown: SCALE_OUT_SECONDS,
        scaleInCooldown: SCALE_IN_SECONDS,
        predefinedMetricSpecification: metric,
      },
    });
  policy("cpu", CPU_PERCENT, { predefinedMetricType: "ECSServiceAverageCPUUtilization" });
  // ECS knows no such number of a service that has two groups of targets in turn.
  if (stage.canary) return;
  policy("requests", REQUESTS_A_MINUTE_AND_CPU * cpu / 1_024, {
    predefinedMetricType: "ALBRequestCountPerTarget",
    resourceLabel: `${balancer.balancer.arnSuffix}/${balancer.targets.arnSuffix}`,
  });
}
