import { Apigatewayv2Api } from "@cdktf/provider-aws/lib/apigatewayv2-api/index.js";
import { Apigatewayv2Integration } from "@cdktf/provider-aws/lib/apigatewayv2-integration/index.js";
import { Apigatewayv2Route } from "@cdktf/provider-aws/lib/apigatewayv2-route/index.js";
import { Apigatewayv2Stage } from "@cdktf/provider-aws/lib/apigatewayv2-stage/index.js";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group/index.js";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission/index.js";
import type { TerraformStack } from "cdktf";
import { type DeployedFunction, startable, startedBy } from "./functions.ts";
import type { Stage } from "./stages.ts";

/** What a request may take: a little more than the function's own limit. */
const TIMEOUT_MS = 30_000;

/** Requests a second, and how many may come at once: what one installation lets through before it answers 429. */
export function throttleOf({ isProtected }: Stage): { rate: number; burst: number } {
  return isProtected ? { rate: 2_000, burst: 4_000 } : { rate: 200, burst: 400 };
}

/** One line a request. No address and no token is in it. */
const ACCESS_LOG = JSON.stringify({
  requestId: "$context.requestId",
  time: "$context.requestTime",
  method: "$context.httpMethod",
  path: "$context.path",
  status: "$context.status",
  bytes: "$context.responseLength",
  latencyMs: "$context.responseLatency",
  error: "$context.integrationErrorMessage",
});

/** Adds a place for lines of an API of ours. */
export function addApiLogs(stack: TerraformStack, stage: Stage, name: string): CloudwatchLogGroup {
  return new CloudwatchLogGroup(stack, `${name}-api-logs`, {
    name: `/aws/apigateway/${stage.prefix}-${name}`,
    retentionInDays: stage.logRetentionDays,
  });
}

/** Adds the HTTP API before the function `http`: everything but subscriptions, which an HTTP API cannot stream. */
export function addHttpApi(
  stack: TerraformStack,
  stage: Stage,
  { http }: { http: DeployedFunction },
): { api: Apigatewayv2Api; apiStage: Apigatewayv2Stage; url: string } {
  // No CORS of its own: it would take the function's words for it out of answers, and those are right for each path. What any
  // page may read (`/collect`, `/sojourn.js`) would look refused, and a page would send its events again for ever.
  const api = new Apigatewayv2Api(stack, "http-api", { name: `${stage.prefix}-http`, protocolType: "HTTP" });
  const integration = new Apigatewayv2Integration(stack, "http-api-function", {
    apiId: api.id,
    integrationType: "AWS_PROXY",
    integrationUri: startedBy(http).invokeArn,
    payloadFormatVersion: "2.0",
    timeoutMilliseconds: TIMEOUT_MS,
  });
  new Apigatewayv2Route(stack, "http-api-route", {
    apiId: api.id,
    routeKey: "$default",
    target: `integrations/${integration.id}`,
  });
  const logs = addApiLogs(stack, stage, "http");
  const { rate, burst } = throttleOf(stage);
  const apiStage = new Apigatewayv2Stage(stack, "http-api-stage", {
    apiId: api.id,
    name: "$default",
    autoDeploy: true,
    accessLogSettings: { destinationArn: logs.arn, format: ACCESS_LOG },
    defaultRouteSettings: { throttlingRateLimit: rate, throttlingBurstLimit: burst },
  });
  new LambdaPermission(stack, "http-api-permission", {
    statementId: "http-api",
    action: "lambda:InvokeFunction",
    ...startable(http),
    principal: "apigateway.amazonaws.com",
    sourceArn: `${api.executionArn}/*/$default`,
  });
  return { api, apiStage, url: api.apiEndpoint };
}
