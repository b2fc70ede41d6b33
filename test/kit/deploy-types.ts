/**
 * What Terraform's AWS provider (5.100.0) asks AWS for to make, look at, change and remove each type of the stack's resources:
 * of its documentation, AWS's reference of IAM, and what it was seen to call over moto (`npm run proof:moto`). What a
 * person alone deploys has what it is looked at with.
 */
export const DEPLOY_TYPES: Readonly<Record<string, string>> = {
  aws_acm_certificate:
    "acm:RequestCertificate DescribeCertificate DeleteCertificate ListTagsForCertificate AddTagsToCertificate RemoveTagsFromCertificate",
  aws_acm_certificate_validation: "acm:DescribeCertificate",
  aws_api_gateway_deployment: "apigateway:GET POST PATCH DELETE",
  aws_api_gateway_method_settings: "apigateway:GET PATCH",
  aws_api_gateway_rest_api: "apigateway:GET PUT PATCH DELETE",
  aws_api_gateway_stage: "apigateway:GET POST PATCH DELETE",
  aws_apigatewayv2_api: "apigateway:GET PATCH DELETE",
  aws_apigatewayv2_integration: "apigateway:GET POST PATCH DELETE",
  aws_apigatewayv2_route: "apigateway:GET POST PATCH DELETE",
  aws_apigatewayv2_route_response: "apigateway:GET POST PATCH DELETE",
  aws_apigatewayv2_stage:
    "apigateway:GET POST PATCH DELETE logs:CreateLogDelivery GetLogDelivery UpdateLogDelivery DeleteLogDelivery ListLogDeliveries PutResourcePolicy DescribeResourcePolicies",
  aws_appautoscaling_policy:
    "application-autoscaling:PutScalingPolicy DeleteScalingPolicy DescribeScalingPolicies cloudwatch:PutMetricAlarm DeleteAlarms DescribeAlarms ecs:DescribeServices UpdateService",
  aws_appautoscaling_target:
    "application-autoscaling:RegisterScalableTarget DeregisterScalableTarget DescribeScalableTargets ListTagsForResource TagResource UntagResource iam:CreateServiceLinkedRole",
  aws_athena_named_query: "athena:CreateNamedQuery GetNamedQuery UpdateNamedQuery DeleteNamedQuery",
  aws_athena_workgroup:
    "athena:CreateWorkGroup GetWorkGroup UpdateWorkGroup DeleteWorkGroup ListTagsForResource TagResource UntagResource",
  aws_budgets_budget: "budgets:ViewBudget ModifyBudget ListTagsForResource TagResource UntagResource",
  aws_cloudfront_distribution:
    "cloudfront:CreateDistribution GetDistribution GetDistributionConfig UpdateDistribution DeleteDistribution ListTagsForResource TagResource UntagResource",
  aws_cloudfront_function:
    "cloudfront:CreateFunction DescribeFunction GetFunction UpdateFunction PublishFunction DeleteFunction",
  aws_cloudfront_origin_access_control:
    "cloudfront:CreateOriginAccessControl GetOriginAccessControl UpdateOriginAccessControl DeleteOriginAccessControl",
  aws_cloudfront_response_headers_policy:
    "cloudfront:CreateResponseHeadersPolicy GetResponseHeadersPolicy UpdateResponseHeadersPolicy DeleteResponseHeadersPolicy",
  aws_cloudwatch_dashboard: "cloudwatch:PutDashboard GetDashboard DeleteDashboards",
  aws_cloudwatch_event_rule:
    "events:PutRule DescribeRule DeleteRule ListTagsForResource TagResource UntagResource ListTargetsByRule",
  aws_cloudwatch_event_target: "events:PutTargets ListTargetsByRule RemoveTargets",
  aws_cloudwatch_log_group:
    "logs:CreateLogGroup DescribeLogGroups DeleteLogGroup PutRetentionPolicy ListTagsForResource TagResource UntagResource",
  aws_cloudwatch_log_metric_filter: "logs:PutMetricFilter DescribeMetricFilters DeleteMetricFilter",
  aws_cloudwatch_metric_alarm:
    "cloudwatch:PutMetricAlarm DescribeAlarms DeleteAlarms ListTagsForResource TagResource UntagResource",
  aws_codedeploy_app:
    "codedeploy:CreateApplication GetApplication UpdateApplication DeleteApplication ListTagsForResource TagResource UntagResource",
  aws_codedeploy_deployment_group:
    "codedeploy:CreateDeploymentGroup GetDeploymentGroup UpdateDeploymentGroup DeleteDeploymentGroup ListTagsForResource TagResource UntagResource iam:PassRole",
  aws_default_security_group:
    "ec2:DescribeSecurityGroups RevokeSecurityGroupIngress RevokeSecurityGroupEgress CreateTags DeleteTags",
  aws_dynamodb_table:
    "dynamodb:CreateTable DescribeTable UpdateTable DescribeContinuousBackups UpdateContinuousBackups DescribeTimeToLive UpdateTimeToLive ListTagsOfResource TagResource UntagResource",
  aws_ecs_cluster:
    "ecs:CreateCluster DescribeClusters UpdateCluster DeleteCluster TagResource UntagResource iam:CreateServiceLinkedRole",
  aws_ecs_service:
    "ecs:CreateService DescribeServices UpdateService DeleteService TagResource UntagResource ListServiceDeployments DescribeServiceDeployments elasticloadbalancing:DescribeTargetGroups DescribeTargetHealth iam:PassRole",
  aws_ecs_task_definition:
    "ecs:RegisterTaskDefinition DescribeTaskDefinition DeregisterTaskDefinition TagResource UntagResource iam:PassRole",
  aws_eip:
    "ec2:AllocateAddress DescribeAddresses DescribeAddressesAttribute DisassociateAddress ReleaseAddress CreateTags DeleteTags",
  aws_elasticache_serverless_cache:
    "elasticache:CreateServerlessCache DescribeServerlessCaches ModifyServerlessCache DeleteServerlessCache ListTagsForResource AddTagsToResource RemoveTagsFromResource ec2:CreateVpcEndpoint CreateTags DescribeVpcEndpoints DescribeSubnets DescribeVpcs DescribeSecurityGroups iam:CreateServiceLinkedRole",
  aws_glue_catalog_database:
    "glue:CreateDatabase GetDatabase UpdateDatabase DeleteDatabase GetTags TagResource UntagResource",
  aws_glue_catalog_table: "glue:CreateTable GetTable UpdateTable DeleteTable GetPartitionIndexes",
  aws_iam_openid_connect_provider: "iam:GetOpenIDConnectProvider",
  aws_iam_policy: "iam:GetPolicy GetPolicyVersion",
  aws_iam_role:
    "iam:CreateRole GetRole UpdateRole UpdateAssumeRolePolicy DeleteRole TagRole UntagRole ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole PutRolePermissionsBoundary",
  aws_iam_role_policy: "iam:PutRolePolicy GetRolePolicy DeleteRolePolicy",
  aws_iam_role_policy_attachment: "iam:ListAttachedRolePolicies",
  aws_internet_gateway:
    "ec2:CreateInternetGateway DescribeInternetGateways AttachInternetGateway DetachInternetGateway DeleteInternetGateway CreateTags DeleteTags",
  aws_iot_topic_rule:
    "iot:CreateTopicRule GetTopicRule ReplaceTopicRule DeleteTopicRule ListTagsForResource TagResource UntagResource iam:PassRole",
  aws_lambda_alias: "lambda:CreateAlias GetAlias UpdateAlias DeleteAlias",
  aws_lambda_event_source_mapping:
    "lambda:CreateEventSourceMapping GetEventSourceMapping UpdateEventSourceMapping DeleteEventSourceMapping ListTags TagResource UntagResource",
  aws_lambda_function:
    "lambda:CreateFunction GetFunction GetFunctionConfiguration GetFunctionCodeSigningConfig ListVersionsByFunction UpdateFunctionCode UpdateFunctionConfiguration PublishVersion PutFunctionConcurrency DeleteFunctionConcurrency DeleteFunction ListTags TagResource UntagResource iam:PassRole",
  aws_lambda_function_event_invoke_config:
    "lambda:PutFunctionEventInvokeConfig GetFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig",
  aws_lambda_permission: "lambda:AddPermission GetPolicy RemovePermission",
  aws_lb:
    "elasticloadbalancing:CreateLoadBalancer DescribeLoadBalancers DescribeLoadBalancerAttributes DescribeCapacityReservation DescribeTags ModifyLoadBalancerAttributes SetSecurityGroups SetSubnets SetIpAddressType DeleteLoadBalancer AddTags RemoveTags ec2:DescribeNetworkInterfaces DescribeSubnets DescribeSecurityGroups iam:CreateServiceLinkedRole",
  aws_lb_listener:
    "elasticloadbalancing:CreateListener DescribeListeners DescribeListenerAttributes ModifyListener ModifyListenerAttributes DeleteListener DescribeTags AddTags RemoveTags",
  aws_lb_listener_rule:
    "elasticloadbalancing:CreateRule DescribeRules ModifyRule SetRulePriorities DeleteRule DescribeTags AddTags RemoveTags",
  aws_lb_target_group:
    "elasticloadbalancing:CreateTargetGroup DescribeTargetGroups DescribeTargetGroupAttributes ModifyTargetGroup ModifyTargetGroupAttributes DeleteTargetGroup DescribeTags AddTags RemoveTags",
  aws_nat_gateway: "ec2:CreateNatGateway DescribeNatGateways DeleteNatGateway CreateTags DeleteTags",
  aws_route: "ec2:CreateRoute DescribeRouteTables ReplaceRoute DeleteRoute",
  aws_route53_record: "route53:ChangeResourceRecordSets GetChange GetHostedZone ListResourceRecordSets",
  aws_route_table: "ec2:CreateRouteTable DescribeRouteTables DeleteRouteTable CreateTags DeleteTags",
  aws_route_table_association:
    "ec2:AssociateRouteTable DescribeRouteTables DisassociateRouteTable ReplaceRouteTableAssociation",
  aws_s3_bucket:
    "s3:CreateBucket ListBucket GetBucketAcl GetBucketCORS GetBucketLogging GetBucketObjectLockConfiguration GetBucketPolicy GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetAccelerateConfiguration GetEncryptionConfiguration GetLifecycleConfiguration GetReplicationConfiguration PutBucketTagging",
  aws_s3_bucket_cors_configuration: "s3:GetBucketCORS PutBucketCORS",
  aws_s3_bucket_lifecycle_configuration: "s3:GetLifecycleConfiguration PutLifecycleConfiguration",
  aws_s3_bucket_notification: "s3:GetBucketNotification PutBucketNotification",
  aws_s3_bucket_ownership_controls: "s3:GetBucketOwnershipControls PutBucketOwnershipControls",
  aws_s3_bucket_policy: "s3:GetBucketPolicy PutBucketPolicy DeleteBucketPolicy",
  aws_s3_bucket_public_access_block: "s3:GetBucketPublicAccessBlock PutBucketPublicAccessBlock",
  aws_s3_bucket_server_side_encryption_configuration: "s3:GetEncryptionConfiguration PutEncryptionConfiguration",
  aws_s3_bucket_versioning: "s3:GetBucketVersioning PutBucketVersioning",
  aws_s3_object:
    "s3:PutObject GetObject GetObjectTagging PutObjectTagging DeleteObject DeleteObjectVersion ListBucketVersions",
  aws_secretsmanager_secret:
    "secretsmanager:CreateSecret DescribeSecret GetResourcePolicy UpdateSecret DeleteSecret TagResource UntagResource",
  aws_security_group:
    "ec2:CreateSecurityGroup DescribeSecurityGroups RevokeSecurityGroupEgress RevokeSecurityGroupIngress DeleteSecurityGroup DescribeNetworkInterfaces CreateTags DeleteTags",
  aws_sns_topic:
    "sns:CreateTopic GetTopicAttributes SetTopicAttributes DeleteTopic ListTagsForResource TagResource UntagResource",
  aws_sns_topic_policy: "sns:GetTopicAttributes SetTopicAttributes",
  aws_sns_topic_subscription: "sns:Subscribe GetSubscriptionAttributes SetSubscriptionAttributes Unsubscribe",
  aws_sqs_queue:
    "sqs:CreateQueue GetQueueAttributes GetQueueUrl SetQueueAttributes DeleteQueue ListQueueTags TagQueue UntagQueue",
  aws_sqs_queue_policy: "sqs:GetQueueAttributes SetQueueAttributes",
  aws_sqs_queue_redrive_allow_policy: "sqs:GetQueueAttributes SetQueueAttributes",
  aws_subnet: "ec2:CreateSubnet DescribeSubnets ModifySubnetAttribute DeleteSubnet CreateTags DeleteTags",
  aws_vpc:
    "ec2:CreateVpc DescribeVpcs DescribeVpcAttribute ModifyVpcAttribute DeleteVpc DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups CreateTags DeleteTags",
  aws_vpc_endpoint:
    "ec2:CreateVpcEndpoint DescribeVpcEndpoints DescribePrefixLists ModifyVpcEndpoint DeleteVpcEndpoints CreateTags DeleteTags",
  aws_vpc_security_group_egress_rule:
    "ec2:AuthorizeSecurityGroupEgress DescribeSecurityGroupRules ModifySecurityGroupRules RevokeSecurityGroupEgress CreateTags DeleteTags",
  aws_vpc_security_group_ingress_rule:
    "ec2:AuthorizeSecurityGroupIngress DescribeSecurityGroupRules ModifySecurityGroupRules RevokeSecurityGroupIngress CreateTags DeleteTags",
  aws_wafv2_web_acl:
    "wafv2:CreateWebACL GetWebACL UpdateWebACL DeleteWebACL ListTagsForResource TagResource UntagResource",
};

/** The actions of a type, each with its service. Undefined where the type is not known here. */
export function deployActions(type: string): string[] | undefined {
  const text = DEPLOY_TYPES[type];
  if (text === undefined) return undefined;
  let service = "";
  return text.split(" ").map((word) => {
    const [first, name] = word.split(":") as [string, string?];
    if (name === undefined) return `${service}:${first}`;
    service = first;
    return word;
  });
}
