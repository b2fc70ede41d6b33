import { ApiGatewayDeployment } from "@cdktf/provider-aws/lib/api-gateway-deployment/index.js";
import { ApiGatewayMethodSettings } from "@cdktf/provider-aws/lib/api-gateway-method-settings/index.js";
import { ApiGatewayRestApi } from "@cdktf/provider-aws/lib/api-gateway-rest-api/index.js";
import { ApiGatewayStage } from "@cdktf/provider-aws/lib/api-gateway-stage/index.js";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition/index.js";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission/index.js";
import { Fn, type TerraformStack } from "cdktf";
import { functions } from "../api/functions.ts";
import { type DeployedFunction, startable, startedBy } from "./functions.ts";
import { addApiLogs, throttleOf } from "./http-api.ts";
import type { Stage } from "./stages.ts";

/** Also the path below the installation's own name, so that nothing is rewritten on the way. */
export const STAGE_NAME = "stream";
const PATH = "graphql";
/** One line a stream, at its end. No address and no token is in it. */
const ACCESS_LOG = JSON.stringify({
  requestId: "$context.requestId",
  time: "$context.requestTime",
  method: "$context.httpMethod",
  status: "$context.status",
  latencyMs: "$context.responseLatency",
  error: "$context.integrationErrorMessage",
});

/**
 * Adds the REST API that streams what the function `stream` writes, event by event, for 15 minutes at most. Of the ways that
 * there are, this one needs no public function URL, whose permission provider 5.100.0 cannot make, and no load balancer.
 * Source: "Set up a Lambda proxy integration with payload response streaming in API Gateway", AWS's documentation.
 */
export function addStreamApi(
  stack: TerraformStack,
  stage: Stage,
  { stream }: { stream: DeployedFunction },
): { api: ApiGatewayRestApi; apiStage: ApiGatewayStage; url: string } {
  const partition = new DataAwsPartition(stack, "partition").partition;
  const body = JSON.stringify(openApi(stage, `arn:${partition}:apigateway:${stage.region}`, startedBy(stream).arn));
  const api = new ApiGatewayRestApi(stack, "stream-api", {
    name: `${stage.prefix}-stream`,
    description: functions.stream.about,
    body,
    // Of the region, or streams that are silent for 30 seconds are cut; so it is after 5 minutes.
    endpointConfiguration: { types: ["REGIONAL"] },
  });
  const deployment = new ApiGatewayDeployment(stack, "stream-api-deployment", {
    restApiId: api.id,
    triggers: { body: Fn.sha1(api.body) },
    lifecycle: { createBeforeDestroy: true },
  });
  // Without the account's role API Gateway refuses a log. The function logs its requests.
  const logs = stage.gatewayLogs ? addApiLogs(stack, stage, "stream") : undefined;
  const apiStage = new ApiGatewayStage(stack, "stream-api-stage", {
    restApiId: api.id,
    deploymentId: deployment.id,
    stageName: STAGE_NAME,
    ...(logs ? { accessLogSettings: { destinationArn: logs.arn, format: ACCESS_LOG } } : {}),
  });
  const { rate, burst } = throttleOf(stage);
  new ApiGatewayMethodSettings(stack, "stream-api-limits", {
    restApiId: api.id,
    stageName: apiStage.stageName,
    methodPath: "*/*",
    // Metrics of single methods are paid for one by one; those of the API, which the alarm watches, are not.
    settings: { throttlingRateLimit: rate, throttlingBurstLimit: burst, metricsEnabled: false },
  });
  new LambdaPermission(stack, "stream-api-permission", {
    statementId: "stream-api",
    action: "lambda:InvokeFunction",
    ...startable(stream),
    principal: "apigateway.amazonaws.com",
    sourceArn: `${api.executionArn}/${STAGE_NAME}/*/${PATH}`,
  });
  return { api, apiStage, url: `${apiStage.invokeUrl}/${PATH}` };
}

function openApi(stage: Stage, gatewayArn: string, functionArn: string) {
  return {
    openapi: "3.0.1",
    info: { title: `${stage.prefix}-stream`, version: "1" },
    paths: {
      [`/${PATH}`]: {
        "x-amazon-apigateway-any-method": {
          "x-amazon-apigateway-integration": {
            type: "aws_proxy",
            httpMethod: "POST",
            uri: `${gatewayArn}:lambda:path/2021-11-15/functions/${functionArn}/response-streaming-invocations`,
            responseTransferMode: "STREAM",
            timeoutInMillis: functions.stream.timeoutSeconds * 1_000,
          },
        },
      },
    },
  };
}
