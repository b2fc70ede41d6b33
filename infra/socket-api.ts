import { Apigatewayv2Api } from "@cdktf/provider-aws/lib/apigatewayv2-api/index.js";
import { Apigatewayv2Integration } from "@cdktf/provider-aws/lib/apigatewayv2-integration/index.js";
import { Apigatewayv2Route } from "@cdktf/provider-aws/lib/apigatewayv2-route/index.js";
import { Apigatewayv2RouteResponse } from "@cdktf/provider-aws/lib/apigatewayv2-route-response/index.js";
import { Apigatewayv2Stage } from "@cdktf/provider-aws/lib/apigatewayv2-stage/index.js";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission/index.js";
import { Fn, type TerraformStack } from "cdktf";
import { type DeployedFunction, startable, startedBy } from "./functions.ts";
import { addApiLogs, throttleOf } from "./http-api.ts";
import { allow, type Statement } from "./roles.ts";
import type { Stage } from "./stages.ts";

/** Also the path below the installation's own name, so that nothing is rewritten on the way. */
export const STAGE_NAME = "sockets";
const ROUTES = { connect: "$connect", disconnect: "$disconnect", message: "$default" } as const;
const TIMEOUT_MS = 29_000;

/** One line an opening, a message and an end. No address and no content is in it. */
const ACCESS_LOG = JSON.stringify({
  requestId: "$context.requestId",
  time: "$context.requestTime",
  event: "$context.eventType",
  connection: "$context.connectionId",
  status: "$context.status",
  latencyMs: "$context.integrationLatency",
  error: "$context.integrationErrorMessage",
});

/** Where sockets are held, before there is a function that serves them: functions are told its address. */
export type SocketGateway = {
  api: Apigatewayv2Api;
  /** Where clients connect. */
  url: string;
  /** Where functions send: the variable SOCKETS_URL. */
  callbackUrl: string;
  /** What a function needs to send to sockets and to close them. */
  statement: Statement;
};

/** Adds the WebSocket API of the installation: API Gateway holds the sockets, for two hours each, and nobody waits meanwhile. */
export function addSocketGateway(stack: TerraformStack, stage: Stage): SocketGateway {
  const api = new Apigatewayv2Api(stack, "socket-api", {
    name: `${stage.prefix}-sockets`,
    description: "Subscriptions over WebSockets (graphql-transport-ws).",
    protocolType: "WEBSOCKET",
    // Every message is one of graphql-transport-ws, which the function tells apart: all of them go to `$default`.
    routeSelectionExpression: "\\$default",
  });
  const url = `${api.apiEndpoint}/${STAGE_NAME}`;
  const connections = ["POST", "DELETE"].map((method) => `${api.executionArn}/${STAGE_NAME}/${method}/@connections/*`);
  return {
    api,
    url,
    callbackUrl: Fn.replace(url, "wss://", "https://"),
    statement: allow("SendToSockets", ["execute-api:ManageConnections"], connections),
  };
}

/** Adds the routes to the function `sockets`, and the stage at which clients connect. */
export function addSocketRoutes(
  stack: TerraformStack,
  stage: Stage,
  { api }: SocketGateway,
  { sockets }: { sockets: DeployedFunction },
): void {
  const integration = new Apigatewayv2Integration(stack, "socket-api-function", {
    apiId: api.id,
    integrationType: "AWS_PROXY",
    integrationUri: startedBy(sockets).invokeArn,
    timeoutMilliseconds: TIMEOUT_MS,
  });
  const routes = Object.entries(ROUTES).map(([name, routeKey]) => {
    // What the function answers goes to the client; of `$disconnect` nobody is left to be answered.
    const answers = name === "disconnect" ? {} : { routeResponseSelectionExpression: "$default" };
    const route = new Apigatewayv2Route(stack, `socket-api-${name}`, {
      apiId: api.id,
      routeKey,
      target: `integrations/${integration.id}`,
      ...answers,
    });
    if (name === "disconnect") return route;
    return new Apigatewayv2RouteResponse(stack, `socket-api-${name}-answer`, {
      apiId: api.id,
      routeId: route.id,
      routeResponseKey: "$default",
    });
  });
  const { rate, burst } = throttleOf(stage);
  // Without the account's role API Gateway refuses a log. The function logs what goes wrong.
  const logs = stage.gatewayLogs ? addApiLogs(stack, stage, "sockets") : undefined;
  new Apigatewayv2Stage(stack, "socket-api-stage", {
    apiId: api.id,
    name: STAGE_NAME,
    autoDeploy: true,
    ...(logs ? { accessLogSettings: { destinationArn: logs.arn, format: ACCESS_LOG } } : {}),
    defaultRouteSettings: { throttlingRateLimit: rate, throttlingBurstLimit: burst, detailedMetricsEnabled: false },
    dependsOn: routes,
  });
  new LambdaPermission(stack, "socket-api-permission", {
    statementId: "socket-api",
    action: "lambda:InvokeFunction",
    ...startable(sockets),
    principal: "apigateway.amazonaws.com",
    sourceArn: `${api.executionArn}/${STAGE_NAME}/*`,
  });
}
