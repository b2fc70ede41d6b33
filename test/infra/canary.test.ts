import { ListDeploymentsCommand } from "@aws-sdk/client-codedeploy";
import { DescribeServicesCommand, ECSClient } from "@aws-sdk/client-ecs";
import { GetAliasCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { describe, expect, test } from "vitest";
import { CANARIES } from "../../infra/callers.ts";
import {
  appSpecOf,
  begin,
  type Clients,
  findContainersMove,
  findMove,
  type Move,
  releasedOf,
  stopReleases,
} from "../../infra/release.ts";
import { stagesFrom } from "../../infra/stages.ts";
import { type Loose, synthStage } from "../kit/synth-stage.ts";
import { SWITCHES } from "../kit/synth.ts";

const careful = synthStage(SWITCHES.canary);
const plain = synthStage(SWITCHES.functions);
const both = synthStage(SWITCHES.both);
const blueGreen = synthStage(SWITCHES["canary-container"]);

describe("a careful release", () => {
  test.each(CANARIES)("has versions of %s, and callers come by an alias that only releases move", (name) => {
    expect(careful.one("aws_lambda_function", `function-${name}`)["publish"]).toBe(true);
    expect(careful.one("aws_lambda_alias", `function-${name}-live`)["lifecycle"]["ignore_changes"])
      .toEqual(["function_version", "routing_config"]);
  });

  test("lets API Gateway start the alias alone", () => {
    for (const id of ["http-api", "stream-api", "socket-api"]) {
      expect(careful.one("aws_lambda_permission", `${id}-permission`)["qualifier"]).toMatch(/function-\w+-live\.name/);
    }
    const uris = ["http-api-function", "socket-api-function"]
      .map((id) => careful.one("aws_apigatewayv2_integration", id)["integration_uri"]);
    for (const uri of uris) expect(uri).toMatch(/aws_lambda_alias\.function-\w+-live\.invoke_arn/);
    expect(careful.one("aws_api_gateway_rest_api")["body"]).toContain("aws_lambda_alias.function-stream-live.arn");
  });

  test.each(CANARIES)("of %s is taken back by its alarms, which are there", (name) => {
    const group = careful.one("aws_codedeploy_deployment_group", `releases-${name}`);
    expect(group).toMatchObject({
      deployment_config_name: "CodeDeployDefault.LambdaCanary10Percent5Minutes",
      auto_rollback_configuration: { enabled: true, events: ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"] },
      alarm_configuration: { enabled: true, ignore_poll_alarm_failure: false },
    });
    const alarms = group["alarm_configuration"]["alarms"] as string[];
    expect(alarms).toEqual(expect.arrayContaining([
      `\${aws_cloudwatch_metric_alarm.alarm-${name}-errors.alarm_name}`,
      `\${aws_cloudwatch_metric_alarm.alarm-${name}-5xx.alarm_name}`,
    ]));
  });

  test("may move these aliases and nothing else", () => {
    expect(careful.statements("release").map(({ Sid, Action }) => [Sid, Action])).toEqual([
      ["MoveAliases", ["lambda:GetAlias", "lambda:UpdateAlias"]],
      ["LookAtProvisioned", ["lambda:GetProvisionedConcurrencyConfig"]],
      ["LookAtAlarms", ["cloudwatch:DescribeAlarms"]],
    ]);
    const [move] = careful.statements("release");
    for (const arn of [move!.Resource].flat()) expect(arn).toMatch(/function-(http|stream|sockets)/);
  });

  test("is not there unless it is asked for, and is refused where nothing serves", () => {
    expect(plain.all("aws_lambda_alias")).toEqual({});
    expect(plain.all("aws_codedeploy_app")).toEqual({});
    expect(() => stagesFrom({ ...SWITCHES.none, SOJOURN_CANARY: "on" })).toThrow(/SOJOURN_CANARY=on: is for an API/);
  });

  test("of containers rolls, and is taken back by what does not come up and by alarms", () => {
    expect(both.one("aws_ecs_service")).toMatchObject({
      deployment_circuit_breaker: { enable: true, rollback: true },
      alarms: { enable: true, rollback: true },
    });
    expect((both.one("aws_ecs_service")["alarms"] as Loose)["alarm_names"]).toHaveLength(2);
  });
});

describe("a careful release of containers", () => {
  const group = blueGreen.one("aws_codedeploy_deployment_group");

  test("has a group of targets for each of two versions, and CodeDeploy moves the listener between them", () => {
    const names = Object.values(blueGreen.all("aws_lb_target_group")).map(({ name }) => name);
    expect(names).toEqual(["sojourn", "sojourn-b"]);
    expect(group).toMatchObject({
      deployment_config_name: "CodeDeployDefault.ECSCanary10Percent5Minutes",
      deployment_style: { deployment_type: "BLUE_GREEN", deployment_option: "WITH_TRAFFIC_CONTROL" },
      ecs_service: {
        cluster_name: "${aws_ecs_cluster.cluster.name}",
        service_name: "${aws_ecs_service.service.name}",
      },
      load_balancer_info: {
        target_group_pair_info: {
          prod_traffic_route: { listener_arns: ["${aws_lb_listener.listener.arn}"] },
          target_group: ["targets", "targets-other"].map((id) => ({ name: `\${aws_lb_target_group.${id}.name}` })),
        },
      },
      blue_green_deployment_config: {
        terminate_blue_instances_on_deployment_success: { action: "TERMINATE", termination_wait_time_in_minutes: 15 },
      },
    });
    expect(blueGreen.one("aws_codedeploy_app")["compute_platform"]).toBe("ECS");
  });

  test("leaves to releases what they move: Terraform would put it back, or take away what they go back to", () => {
    const service = blueGreen.one("aws_ecs_service");
    expect(service).toMatchObject({
      deployment_controller: { type: "CODE_DEPLOY" },
      lifecycle: { ignore_changes: ["desired_count", "load_balancer", "task_definition"] },
    });
    // ECS refuses these where CodeDeploy deploys; and it never says of such a service that it is steady.
    for (const name of ["deployment_circuit_breaker", "alarms", "wait_for_steady_state"]) {
      expect(service).not.toHaveProperty(name);
    }
    expect(blueGreen.one("aws_lb_listener", "listener")["lifecycle"]).toEqual({ ignore_changes: ["default_action"] });
    expect(blueGreen.one("aws_ecs_task_definition")["skip_destroy"]).toBe(true);
    // Nor does it know requests a target of it.
    expect(Object.keys(blueGreen.all("aws_appautoscaling_policy"))).toEqual(["scaling-cpu"]);
    expect(Object.keys(both.all("aws_appautoscaling_policy"))).toEqual(["scaling-cpu", "scaling-requests"]);
  });

  test("is taken back by alarms that see both groups", () => {
    expect(group).toMatchObject({
      auto_rollback_configuration: { enabled: true, events: ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"] },
      alarm_configuration: {
        enabled: true,
        ignore_poll_alarm_failure: false,
        alarms: ["latency", "5xx"].map((id) => `\${aws_cloudwatch_metric_alarm.alarm-container-${id}.alarm_name}`),
      },
    });
    const alarm = (id: string) => blueGreen.one("aws_cloudwatch_metric_alarm", `alarm-container-${id}`);
    for (const { metric } of (alarm("5xx")["metric_query"] as Loose[]).filter(({ metric }) => metric)) {
      expect(Object.keys(metric.dimensions)).toEqual(["LoadBalancer"]);
    }
    for (const id of ["none", "unhealthy"]) {
      const queries = alarm(id)["metric_query"] as Loose[];
      expect(queries[0]!["expression"]).toBe("MAX(METRICS())");
      expect(queries.flatMap(({ metric }) => metric?.dimensions.TargetGroup ?? [])).toEqual([
        "${aws_lb_target_group.targets.arn_suffix}",
        "${aws_lb_target_group.targets-other.arn_suffix}",
      ]);
    }
  });

  test("may bring containers of this service and move this listener, and gives no role but theirs", () => {
    const statements = blueGreen.statements("release-container") as Loose[];
    expect(statements.map(({ Sid, Resource }) => [Sid, Resource])).toEqual([
      ["LookAtService", ["${aws_ecs_service.service.id}"]],
      ["MakeContainers", ["arn:aws:ecs:eu-central-1:*:task-set/sojourn/sojourn/*"]],
      ["GiveRoles", ["${aws_iam_role.role-task.arn}", "${aws_iam_role.role-task-start.arn}"]],
      ["MoveRequests", [
        "${aws_lb_listener.listener.arn}",
        "arn:aws:elasticloadbalancing:eu-central-1:*:listener-rule/app/sojourn/*",
      ]],
      ["LookAtTargets", ["*"]],
      ["LookAtAlarms", ["*"]],
    ]);
    const [pass] = statements.filter(({ Sid }) => Sid === "GiveRoles");
    expect(pass!["Condition"]).toEqual({ StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } });
  });
});

describe("npm run release", () => {
  const stage = stagesFrom({ ...SWITCHES.canary, NAME_PREFIX: "acme" });
  const definition = (revision: number) => `arn:aws:ecs:eu-central-1:111122223333:task-definition/acme:${revision}`;
  /** Lambda, ECS and CodeDeploy, as far as a release asks them. */
  function worldAt(alias: string, versions: readonly string[], underWay: readonly string[] = []) {
    const sent: object[] = [];
    const ecs = new ECSClient({ region: "eu-central-1" });
    ecs.send = ((command: object) =>
      Promise.resolve(
        command instanceof DescribeServicesCommand
          ? {
            services: [{
              // What Terraform made it with; a release moves the set, and not this.
              taskDefinition: definition(1),
              taskSets: [
                { status: "ACTIVE", taskDefinition: definition(99) },
                { status: "PRIMARY", taskDefinition: definition(Number(alias)) },
              ],
            }],
          }
          : { taskDefinitionArns: versions.filter((version) => version !== "$LATEST").map(Number).map(definition) },
      )) as typeof ecs.send;
    const lambda = new LambdaClient({ region: "eu-central-1" });
    lambda.send = ((command: object) =>
      Promise.resolve(
        command instanceof GetAliasCommand
          ? { FunctionVersion: alias }
          : { Versions: versions.map((Version) => ({ Version })) },
      )) as typeof lambda.send;
    const send = ((command: ListDeploymentsCommand) => {
      sent.push(command.input);
      return Promise.resolve(
        command instanceof ListDeploymentsCommand ? { deployments: underWay } : { deploymentId: "d-1" },
      );
    }) as Clients["codedeploy"]["send"];
    const clients: Clients = { lambda, ecs, codedeploy: { send } };
    return { clients, sent };
  }
  const ALL = ["$LATEST", "1", "2", "10"];

  test.each([
    ["2", false, { from: "2", to: "10" }],
    ["10", false, undefined],
    ["10", true, { from: "10", to: "2" }],
    ["1", true, undefined],
  ])("from %s (back: %s) moves as %o says", async (alias, isBack, expected) => {
    const move = await findMove(worldAt(alias, ALL).clients, "acme-http", isBack);
    expect(move).toEqual(expected && { kind: "function", name: "acme-http", ...expected });
    const containers = await findContainersMove(worldAt(alias, ALL).clients, "acme", isBack);
    expect(containers).toEqual(
      expected && {
        ...{ kind: "containers", name: "acme-container" },
        ...{ from: definition(Number(expected.from)), to: definition(Number(expected.to)) },
      },
    );
  });

  test("says of a service that was not deployed that it is to be", async () => {
    const { clients } = worldAt("1", ALL);
    clients.ecs.send = (() => Promise.resolve({ services: [] })) as typeof clients.ecs.send;
    await expect(findContainersMove(clients, "acme", false)).rejects.toThrow(
      "There is no service acme: deploy it first.",
    );
  });

  test("tells CodeDeploy the definition and the container that answers; back goes at once", async () => {
    const { clients, sent } = worldAt("2", ALL);
    const move: Move = { kind: "containers", name: "acme-container", from: definition(2), to: definition(10) };
    await begin(clients, stage, move, false);
    await begin(clients, stage, move, true);
    const of = { applicationName: "acme-container", deploymentGroupName: "acme-container" };
    expect(sent).toMatchObject([of, { ...of, deploymentConfigName: "CodeDeployDefault.ECSAllAtOnce" }]);
    expect(JSON.parse(appSpecOf(move)).Resources).toEqual([{
      TargetService: {
        Type: "AWS::ECS::Service",
        Properties: {
          TaskDefinition: definition(10),
          LoadBalancerInfo: { ContainerName: "api", ContainerPort: 4_000 },
        },
      },
    }]);
    const [{ name, portMappings: [port] }] = JSON.parse(
      blueGreen.one("aws_ecs_task_definition")["container_definitions"],
    );
    expect([name, port.containerPort]).toEqual(["api", 4_000]);
  });

  test("back stops what is under way, and has callers get the version before", async () => {
    const { clients, sent } = worldAt("2", ALL, ["d-7"]);
    expect(await stopReleases(clients, stage, "acme-http")).toBe(1);
    expect(sent).toEqual([
      {
        ...{ applicationName: "acme", deploymentGroupName: "acme-http" },
        includeOnlyStatuses: ["Created", "Queued", "InProgress", "Ready"],
      },
      { deploymentId: "d-7", autoRollbackEnabled: true },
    ]);
    expect(await stopReleases(worldAt("2", ALL).clients, stage, "acme-container")).toBe(0);
  });

  test("moves what the installation has", () => {
    expect(releasedOf({ runs: { functions: true, container: false } })).toEqual([...CANARIES]);
    expect(releasedOf({ runs: { functions: false, container: true } })).toEqual(["container"]);
    expect(releasedOf({ runs: { functions: true, container: true } })).toEqual([...CANARIES, "container"]);
  });

  test("tells CodeDeploy the alias and both versions; back goes at once", async () => {
    const { clients, sent } = worldAt("2", ALL);
    const move: Move = { kind: "function", name: "acme-http", from: "2", to: "10" };
    expect(await begin(clients, stage, move, false)).toBe("d-1");
    await begin(clients, stage, move, true);
    expect(sent).toMatchObject([
      { applicationName: "acme", deploymentGroupName: "acme-http", revision: { revisionType: "AppSpecContent" } },
      { deploymentConfigName: "CodeDeployDefault.LambdaAllAtOnce" },
    ]);
    expect(JSON.parse(appSpecOf(move)).Resources).toEqual([{
      "acme-http": {
        Type: "AWS::Lambda::Function",
        Properties: { Name: "acme-http", Alias: "live", CurrentVersion: "2", TargetVersion: "10" },
      },
    }]);
  });
});
