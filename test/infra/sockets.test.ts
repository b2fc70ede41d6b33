import { describe, expect, test } from "vitest";
import { socketMonth, streamMonth } from "../../infra/subscriber-costs.ts";
import { synthStage } from "../kit/synth-stage.ts";

const functions = synthStage({});
const containers = synthStage({ SOJOURN_RUN: "container", SOJOURN_IMAGE: "registry.example/sojourn:1" });
const variablesOf = (name: string) => functions.one("aws_lambda_function", `function-${name}`).environment.variables;

describe("the WebSocket API", () => {
  test("gives every message to one function, and its answers back to the client", () => {
    const api = functions.one("aws_apigatewayv2_api", "socket-api");
    expect(api).toMatchObject({ protocol_type: "WEBSOCKET", route_selection_expression: "\\$default" });
    const routes = functions.all("aws_apigatewayv2_route");
    const keys = Object.entries(routes).filter(([id]) => id.startsWith("socket-api")).map(([, one]) => one.route_key);
    expect(new Set(keys)).toEqual(new Set(["$connect", "$default", "$disconnect"]));
    // Of an end nobody is left to be answered.
    const answered = ["connect", "message", "disconnect"].map((id) =>
      routes[`socket-api-${id}`]!.route_response_selection_expression as string | undefined
    );
    expect(answered).toEqual(["$default", "$default", undefined]);
    expect(Object.keys(functions.all("aws_apigatewayv2_route_response")).sort()).toEqual([
      "socket-api-connect-answer",
      "socket-api-message-answer",
    ]);
    expect(functions.one("aws_apigatewayv2_integration", "socket-api-function")).toMatchObject({
      integration_type: "AWS_PROXY",
      timeout_milliseconds: 29_000,
    });
  });

  test("is bounded, and may start its function alone", () => {
    expect(functions.one("aws_apigatewayv2_stage", "socket-api-stage").default_route_settings).toMatchObject({
      throttling_rate_limit: 200,
      throttling_burst_limit: 400,
    });
    expect(functions.one("aws_lambda_permission", "socket-api-permission")).toMatchObject({
      principal: "apigateway.amazonaws.com",
      source_arn: "${aws_apigatewayv2_api.socket-api.execution_arn}/sockets/*",
    });
  });

  test("is known to who sends to sockets, and to who counts or ends logins, by its address; to nobody else", () => {
    const told = ["http", "stream", "sockets", "push", "ingest", "rollup", "late", "schedule"].filter((name) =>
      variablesOf(name).SOCKETS_URL !== undefined
    );
    expect(told).toEqual(["http", "sockets", "push", "rollup", "schedule"]);
    expect(variablesOf("push").SOCKETS_URL).toContain('"wss://", "https://"');
  });

  test("and the API of streams have a log of their own where the account's API Gateway has a role for it", () => {
    const logged = synthStage({ SOJOURN_GATEWAY_LOGS: "on", LOG_RETENTION_DAYS: "30" });
    for (const [name, stage] of [["sockets", "aws_apigatewayv2_stage"], ["stream", "aws_api_gateway_stage"]] as const) {
      const [id] = name === "sockets" ? ["socket-api-stage"] : ["stream-api-stage"];
      const { destination_arn: arn, format } = logged.one(stage, id).access_log_settings;
      expect(arn).toBe(`\${aws_cloudwatch_log_group.${name}-api-logs.arn}`);
      expect(format).not.toMatch(/sourceIp|identity|header|querystring/i);
      expect(logged.one("aws_cloudwatch_log_group", `${name}-api-logs`)).toMatchObject({
        name: `/aws/apigateway/sojourn-${name}`,
        retention_in_days: 30,
      });
      expect(functions.one(stage, id).access_log_settings).toBeUndefined();
    }
    expect(() => synthStage({ SOJOURN_RUN: "none", SOJOURN_GATEWAY_LOGS: "on" })).toThrow(
      /SOJOURN_GATEWAY_LOGS=on: is for functions/,
    );
  });

  test("is not there where containers hold the sockets, and nobody is told of one", () => {
    expect(containers.all("aws_apigatewayv2_api")).toEqual({});
    expect(JSON.stringify(containers.resources)).toContain("NAME_PREFIX");
    expect(JSON.stringify(containers.resources)).not.toContain("SOCKETS_URL");
  });

  test("costs a subscriber's month less than a hundredth of a function that is held open", () => {
    expect(socketMonth(10)).toBeLessThan(streamMonth() / 100);
    expect(streamMonth()).toBeGreaterThan(17);
  });
});
