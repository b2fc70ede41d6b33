import type { CreateDeploymentCommand } from "@aws-sdk/client-codedeploy";
import { GetAliasCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { describe, expect, test } from "vitest";
import { CANARIES } from "../../infra/callers.ts";
import { appSpecOf, begin, type Clients, findMove } from "../../infra/release.ts";
import { stagesFrom } from "../../infra/stages.ts";
import { type Loose, synthStage } from "../kit/synth-stage.ts";
import { SWITCHES } from "../kit/synth.ts";

const careful = synthStage(SWITCHES.canary);
const plain = synthStage(SWITCHES.functions);
const both = synthStage(SWITCHES.both);

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

  test("is not there unless it is asked for, and is refused where no function serves", () => {
    expect(plain.all("aws_lambda_alias")).toEqual({});
    expect(plain.all("aws_codedeploy_app")).toEqual({});
    expect(() => stagesFrom({ ...SWITCHES.container, SOJOURN_CANARY: "on" })).toThrow(
      /SOJOURN_CANARY=on: is for functions/,
    );
  });

  test("of containers rolls, and is taken back by what does not come up and by alarms", () => {
    expect(both.one("aws_ecs_service")).toMatchObject({
      deployment_circuit_breaker: { enable: true, rollback: true },
      alarms: { enable: true, rollback: true },
    });
    expect((both.one("aws_ecs_service")["alarms"] as Loose)["alarm_names"]).toHaveLength(2);
  });
});

describe("npm run release", () => {
  const stage = stagesFrom({ ...SWITCHES.canary, NAME_PREFIX: "acme" });
  /** Lambda and CodeDeploy, as far as a release asks them. */
  function worldAt(alias: string, versions: readonly string[]) {
    const sent: object[] = [];
    const lambda = new LambdaClient({ region: "eu-central-1" });
    lambda.send = ((command: object) =>
      Promise.resolve(
        command instanceof GetAliasCommand
          ? { FunctionVersion: alias }
          : { Versions: versions.map((Version) => ({ Version })) },
      )) as typeof lambda.send;
    const send = (command: CreateDeploymentCommand) => {
      sent.push(command.input);
      return Promise.resolve({ deploymentId: "d-1" });
    };
    const clients: Clients = { lambda, codedeploy: { send } };
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
    expect(move).toEqual(expected && { name: "acme-http", ...expected });
  });

  test("tells CodeDeploy the alias and both versions; back goes at once", async () => {
    const { clients, sent } = worldAt("2", ALL);
    const move = { name: "acme-http", from: "2", to: "10" };
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
