/**
 * What AWS takes as names and descriptions of what we deploy: by Terraform's type and attribute. Of the models that AWS publishes
 * of its APIs (botocore 1.43.11, `service-2.json`), and, where these say nothing, of the API's reference.
 */
const UP_TO = (most: number, of = "[\\s\\S]") => new RegExp(`^${of}{0,${most}}$`);
const NAME = (least: number, most: number, of: string) => new RegExp(`^${of}{${least},${most}}$`);

const HOST = /^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/;
const COLUMN = NAME(1, 255, "[^\\n\\r]");
/** "Valid descriptions are strings less than 256 characters from the following set": EC2's own answer to others. */
const EC2_DESCRIPTION = UP_TO(255, "[a-zA-Z0-9. _\\-:/()#,@[\\]+=&;{}!$*]");
const BALANCER = /^(?!internal-)(?=.{1,32}$)[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/;
const METRIC = NAME(1, 255, "[^:*$]");
const WAF = NAME(1, 128, "[\\w-]");
const ECS = NAME(1, 255, "[a-zA-Z0-9_-]");

export const WORDS: Readonly<Record<string, RegExp>> = {
  "acm_certificate.domain_name": HOST,
  "api_gateway_rest_api.description": UP_TO(1_024),
  "api_gateway_rest_api.name": NAME(1, 128, "[\\s\\S]"),
  "api_gateway_stage.stage_name": NAME(1, 128, "\\w"),
  "apigatewayv2_api.description": UP_TO(1_024),
  "apigatewayv2_api.name": NAME(1, 128, "[\\s\\S]"),
  "apigatewayv2_stage.name": /^(\$default|\w{1,128})$/,
  "appautoscaling_policy.name": NAME(1, 256, "[\\x20-\\x7e]"),
  "athena_named_query.description": NAME(1, 1_024, "[\\s\\S]"),
  "athena_named_query.name": NAME(1, 128, "[\\s\\S]"),
  "athena_workgroup.description": UP_TO(1_024),
  "athena_workgroup.name": NAME(1, 128, "[a-zA-Z0-9._-]"),
  "budgets_budget.name": NAME(1, 100, "[^:\\\\]"),
  "cloudfront_distribution.comment": UP_TO(128),
  "cloudfront_function.comment": UP_TO(128),
  "cloudfront_function.name": NAME(1, 64, "[a-zA-Z0-9_-]"),
  "cloudfront_origin_access_control.name": NAME(1, 64, "[\\s\\S]"),
  "cloudfront_response_headers_policy.comment": UP_TO(128),
  "cloudfront_response_headers_policy.name": NAME(1, 128, "[a-zA-Z0-9_-]"),
  "cloudwatch_dashboard.dashboard_name": NAME(1, 255, "[a-zA-Z0-9_-]"),
  "cloudwatch_event_rule.description": UP_TO(512),
  "cloudwatch_event_rule.name": NAME(1, 64, "[.\\-_A-Za-z0-9]"),
  "cloudwatch_log_group.name": NAME(1, 512, "[.\\-_/#A-Za-z0-9]"),
  "cloudwatch_log_metric_filter.metric_transformation.name": METRIC,
  "cloudwatch_log_metric_filter.name": NAME(1, 512, "[^:*]"),
  "cloudwatch_metric_alarm.alarm_description": UP_TO(1_024),
  "cloudwatch_metric_alarm.alarm_name": NAME(1, 255, "[\\s\\S]"),
  "codedeploy_app.name": NAME(1, 100, "[\\s\\S]"),
  "codedeploy_deployment_group.deployment_group_name": NAME(1, 100, "[\\s\\S]"),
  "dynamodb_table.global_secondary_index[].name": NAME(3, 255, "[a-zA-Z0-9_.-]"),
  "dynamodb_table.name": NAME(3, 255, "[a-zA-Z0-9_.-]"),
  "ecs_cluster.name": ECS,
  "ecs_service.name": ECS,
  "ecs_task_definition.family": ECS,
  "elasticache_serverless_cache.description": UP_TO(255),
  // As names of clusters: a letter first, no two hyphens, none at the end.
  "elasticache_serverless_cache.name": /^(?=.{1,40}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
  "glue_catalog_database.description": UP_TO(2_048),
  "glue_catalog_database.name": NAME(1, 255, "[a-z0-9_]"),
  "glue_catalog_table.description": UP_TO(2_048),
  "glue_catalog_table.name": NAME(1, 255, "[a-z0-9_]"),
  "glue_catalog_table.partition_keys[].comment": UP_TO(255, "[^\\n\\r]"),
  "glue_catalog_table.partition_keys[].name": COLUMN,
  "glue_catalog_table.storage_descriptor.columns[].comment": UP_TO(255, "[^\\n\\r]"),
  "glue_catalog_table.storage_descriptor.columns[].name": COLUMN,
  "glue_catalog_table.storage_descriptor.ser_de_info.name": COLUMN,
  "iam_policy.description": UP_TO(1_000),
  "iam_policy.name": NAME(1, 128, "[\\w+=,.@-]"),
  "iam_role.name": NAME(1, 64, "[\\w+=,.@-]"),
  "iam_role_policy.name": NAME(1, 128, "[\\w+=,.@-]"),
  "iot_topic_rule.description": UP_TO(256),
  "iot_topic_rule.name": NAME(1, 128, "[a-zA-Z0-9_]"),
  "lambda_alias.name": /^(?!\d+$)[a-zA-Z0-9_-]{1,128}$/,
  "lambda_function.description": UP_TO(256),
  "lambda_function.function_name": NAME(1, 64, "[a-zA-Z0-9_-]"),
  "lambda_permission.statement_id": NAME(1, 100, "[a-zA-Z0-9_-]"),
  "lb.name": BALANCER,
  "lb_target_group.name": BALANCER,
  "route53_record.name": HOST,
  // No longer than 63, and without the beginnings and ends that S3 keeps for itself.
  "s3_bucket.bucket":
    /^(?!xn--|sthree-|amzn-s3-demo-)(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)(?=.{3,63}$)[a-z0-9][a-z0-9-]*[a-z0-9]$/,
  "secretsmanager_secret.description": UP_TO(2_048),
  "secretsmanager_secret.name": NAME(1, 512, "[a-zA-Z0-9/_+=.@-]"),
  "security_group.description": EC2_DESCRIPTION,
  "security_group.name": /^(?!sg-)[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/,
  "sns_topic.name": NAME(1, 256, "[a-zA-Z0-9_-]"),
  "sqs_queue.name": NAME(1, 80, "[a-zA-Z0-9_-]"),
  "vpc_security_group_egress_rule.description": EC2_DESCRIPTION,
  "vpc_security_group_ingress_rule.description": EC2_DESCRIPTION,
  "wafv2_web_acl.description": /^(?=.{1,256}$)[\w+=:#@/\-,.][\w+=:#@/\-,.\s]+[\w+=:#@/\-,.]$/,
  "wafv2_web_acl.name": WAF,
  "wafv2_web_acl.rule[].name": WAF,
  "wafv2_web_acl.rule[].visibility_config.metric_name": NAME(1, 255, "[\\w#:.\\-/]"),
  "wafv2_web_acl.visibility_config.metric_name": NAME(1, 255, "[\\w#:.\\-/]"),
};

/** Words that are another's: fixed by an API, or checked where they are defined. */
export const FIXED: readonly RegExp[] = [
  /^budgets_budget\.cost_filter/,
  /^cloudfront_distribution\.origin/,
  /^dynamodb_table\.(attribute|ttl)/,
  /^ecs_(cluster\.setting|service\.load_balancer|task_definition\.volume)/,
  /^lb_listener_rule\./,
  /^vpc_endpoint\.service_name/,
  /^wafv2_web_acl\.rule\[\]\.statement/,
  // Whose metric: `aws-metrics.ts`.
  /^cloudwatch_metric_alarm\.metric/,
  /^codedeploy_deployment_group\.deployment_config_name/,
  /operating_system_family$/,
];
