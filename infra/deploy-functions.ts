/** What the pipeline may do to what serves by functions, and to what watches: functions, addresses, schedules, logs, alarms, releases. */
import { CONTAINERS } from "./callers.ts";
import { type DeployNames, may } from "./deploy-names.ts";
import type { Statement } from "./roles.ts";

/** Where logs of the installation lie. */
export const LOG_GROUPS = ["/aws/lambda/", "/aws/apigateway/", "/ecs/"];

export function functionStatements({ prefix, arn, global }: DeployNames): Statement[] {
  const own = arn("lambda", `function:${prefix}-*`);
  return [
    may(
      "Functions",
      "lambda",
      `CreateFunction DeleteFunction GetFunction GetFunctionConfiguration GetFunctionCodeSigningConfig UpdateFunctionCode
      UpdateFunctionConfiguration ListVersionsByFunction PublishVersion PutFunctionConcurrency DeleteFunctionConcurrency
      AddPermission RemovePermission GetPolicy CreateAlias UpdateAlias DeleteAlias GetAlias PutFunctionEventInvokeConfig
      GetFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig ListTags TagResource UntagResource`,
      [own],
    ),
    // A source that is to be has no ARN yet: it is known by the function that it starts.
    may("MakeSources", "lambda", "CreateEventSourceMapping", ["*"], { ArnLike: { "lambda:FunctionArn": own } }),
    may(
      "Sources",
      "lambda",
      "GetEventSourceMapping UpdateEventSourceMapping DeleteEventSourceMapping",
      [arn("lambda", "event-source-mapping:*")],
      { ArnLike: { "lambda:FunctionArn": own } },
    ),
    may("SourceTags", "lambda", "ListTags TagResource UntagResource", [arn("lambda", "event-source-mapping:*")]),
    may(
      "Logs",
      "logs",
      `CreateLogGroup DeleteLogGroup PutRetentionPolicy ListTagsForResource TagResource UntagResource
      PutMetricFilter DeleteMetricFilter DescribeMetricFilters`,
      LOG_GROUPS.flatMap((name) => [arn("logs", `log-group:${name}${prefix}*`)]),
    ),
    may(
      "Alarms",
      "cloudwatch",
      "PutMetricAlarm DeleteAlarms ListTagsForResource TagResource UntagResource",
      [arn("cloudwatch", `alarm:${prefix}-*`)],
    ),
    may("Dashboard", "cloudwatch", "PutDashboard GetDashboard DeleteDashboards", [
      global("cloudwatch", `dashboard/${prefix}`),
    ]),
    may(
      "Topics",
      "sns",
      `CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes Subscribe Unsubscribe GetSubscriptionAttributes
      SetSubscriptionAttributes ListTagsForResource TagResource UntagResource`,
      [arn("sns", `${prefix}-*`)],
    ),
    may(
      "Schedules",
      "events",
      `PutRule DeleteRule DescribeRule PutTargets RemoveTargets ListTargetsByRule ListTagsForResource TagResource
      UntagResource`,
      [arn("events", `rule/${prefix}-*`)],
    ),
    may("Budget", "budgets", "ViewBudget ModifyBudget ListTagsForResource TagResource UntagResource", [
      global("budgets", `budget/${prefix}`),
    ]),
  ];
}

/** The APIs by their ids, which are AWS's: so the pipeline touches no other of the region. */
export function apiStatements(
  { arn }: Pick<DeployNames, "arn">,
  { apis, restApis }: { apis: readonly string[]; restApis: readonly string[] },
): Statement[] {
  const at = (path: string) => arn("apigateway", path).replace(":*:", "::");
  const all = [...apis.map((id) => `/apis/${id}`), ...restApis.map((id) => `/restapis/${id}`)];
  return [
    may("Apis", "apigateway", "GET POST PUT PATCH DELETE", all.flatMap((path) => [at(path), at(`${path}/*`)])),
    may("ApiTags", "apigateway", "GET POST PUT DELETE", [at("/tags/*")]),
    // API Gateway hands lines of HTTP APIs on in the name of whoever made the stage.
    may(
      "DeliverLogs",
      "logs",
      `CreateLogDelivery GetLogDelivery UpdateLogDelivery DeleteLogDelivery ListLogDeliveries PutResourcePolicy
      DescribeResourcePolicies`,
      ["*"],
    ),
  ];
}

export function releaseStatements({ prefix, arn }: DeployNames): Statement[] {
  return [
    may(
      "Releases",
      "codedeploy",
      `CreateApplication DeleteApplication GetApplication UpdateApplication CreateDeploymentGroup UpdateDeploymentGroup
      DeleteDeploymentGroup GetDeploymentGroup CreateDeployment GetDeployment ListDeployments RegisterApplicationRevision
      GetApplicationRevision ListTagsForResource TagResource UntagResource`,
      [prefix, `${prefix}-${CONTAINERS}`].flatMap((app) =>
        [`application:${app}`, `deploymentgroup:${app}/*`].map((rest) => arn("codedeploy", rest))
      ),
    ),
    may("StopReleases", "codedeploy", "StopDeployment", ["*"]),
    may("Steps", "codedeploy", "GetDeploymentConfig", [arn("codedeploy", "deploymentconfig:*")]),
  ];
}
