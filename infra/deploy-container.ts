/** What the pipeline may do to the containers and what is around them: network, load balancer, scaling, cache. */
import { otherTargetsName } from "./balancer.ts";
import { type DeployNames, may, tagged, tagging } from "./deploy-names.ts";
import { allow, type Statement } from "./roles.ts";
import type { Stage } from "./stages.ts";

/** What a network is made of. Its ids are AWS's: what is ours is known by the tag that it is made with. */
const PARTS = "vpc subnet security-group internet-gateway route-table natgateway elastic-ip vpc-endpoint".split(" ");

export function containerStatements({ prefix, arn, global }: DeployNames): Statement[] {
  const balancer = prefix.replace(/-+$/, "");
  return [
    may(
      "Containers",
      "ecs",
      `CreateCluster DeleteCluster DescribeClusters UpdateCluster RegisterTaskDefinition CreateService
      UpdateService DeleteService DescribeServices ListServiceDeployments DescribeServiceDeployments TagResource
      UntagResource`,
      [
        ...[`cluster/${prefix}`, `service/${prefix}/${prefix}`, `task-definition/${prefix}:*`].map((rest) =>
          arn("ecs", rest)
        ),
        arn("ecs", `service-deployment/${prefix}/${prefix}/*`),
      ],
    ),
    may("OldContainers", "ecs", "DeregisterTaskDefinition DescribeTaskDefinition ListTaskDefinitions", ["*"]),
    may(
      "Balancer",
      "elasticloadbalancing",
      `CreateLoadBalancer DeleteLoadBalancer ModifyLoadBalancerAttributes SetSecurityGroups SetSubnets SetIpAddressType
      CreateTargetGroup DeleteTargetGroup ModifyTargetGroup ModifyTargetGroupAttributes CreateListener DeleteListener
      ModifyListener ModifyListenerAttributes CreateRule DeleteRule ModifyRule SetRulePriorities AddTags RemoveTags`,
      [`loadbalancer/app/${balancer}/*`, `targetgroup/${balancer}/*`, `listener/app/${balancer}/*`]
        .concat(`targetgroup/${otherTargetsName(balancer)}/*`)
        .concat(`listener-rule/app/${balancer}/*`).map((rest) => arn("elasticloadbalancing", rest)),
    ),
    may(
      "Scaling",
      "application-autoscaling",
      `RegisterScalableTarget DeregisterScalableTarget PutScalingPolicy DeleteScalingPolicy ListTagsForResource TagResource
      UntagResource`,
      [arn("application-autoscaling", "scalable-target/*")],
    ),
    // Scaling makes alarms of its own in the name of whoever asked for it.
    may("ScalingAlarms", "cloudwatch", "PutMetricAlarm DeleteAlarms", [
      arn("cloudwatch", `alarm:TargetTracking-service/${prefix}/*`),
    ]),
    may(
      "Cache",
      "elasticache",
      `CreateServerlessCache DeleteServerlessCache ModifyServerlessCache DescribeServerlessCaches ListTagsForResource
      AddTagsToResource RemoveTagsFromResource`,
      [arn("elasticache", `serverlesscache:${prefix}`)],
    ),
    allow(
      "LookAtContainers",
      [
        ...may("", "application-autoscaling", "DescribeScalableTargets DescribeScalingPolicies", []).Action,
        ...may(
          "",
          "elasticloadbalancing",
          `DescribeLoadBalancers DescribeLoadBalancerAttributes DescribeTargetGroups DescribeTargetGroupAttributes
          DescribeListeners DescribeListenerAttributes DescribeRules DescribeTags DescribeTargetHealth
          DescribeCapacityReservation`,
          [],
        ).Action,
      ],
      ["*"],
    ),
    may("ServiceRoles", "iam", "CreateServiceLinkedRole", [global("iam", "role/aws-service-role/*")], {
      StringEquals: {
        "iam:AWSServiceName": [
          ...["ecs", "elasticloadbalancing", "elasticache", "ecs.application-autoscaling"].map((name) =>
            `${name}.amazonaws.com`
          ),
        ],
      },
    }),
  ];
}

/**
 * In a network that is there, its owner's parts are named by their ids, and no other part is made. `vpcArn` is that of a network of
 * the installation's own.
 */
export function networkStatements(
  names: DeployNames,
  { vpc }: Pick<Stage, "vpc">,
  vpcArn: string | undefined,
): Statement[] {
  const { arn } = names;
  const every = (parts: readonly string[]) => parts.map((part) => arn("ec2", `${part}/*`));
  const made = vpc ? ["security-group"] : PARTS;
  const given = vpc
    ? [
      arn("ec2", `vpc/${vpc.id}`),
      ...[...new Set([...vpc.publicSubnets, ...vpc.privateSubnets])].map((id) => arn("ec2", `subnet/${id}`)),
    ]
    : [];
  return [
    allow("MakeNetwork", vpc ? ["ec2:CreateSecurityGroup"] : actionsThatMake(), every(made), tagging(names)),
    allow("ChangeNetwork", vpc ? ofGroups() : [...actionsThatMake(), ...changes(), ...ofGroups()], [
      ...every(made),
    ], tagged(names)),
    ...(given.length > 0 ? [allow("InNetwork", ["ec2:CreateSecurityGroup"], given)] : []),
    // A rule is tagged after it is made; whose it is says its group.
    may(
      "RulesOfGroups",
      "ec2",
      `AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress ModifySecurityGroupRules`,
      every(["security-group-rule"]),
    ),
    may("TagRules", "ec2", "CreateTags", every(["security-group-rule"]), tagging(names)),
    may("TagNetwork", "ec2", "CreateTags", every(made), {
      ...tagging(names),
      StringLike: { "ec2:CreateAction": vpc ? "CreateSecurityGroup" : ["Create*", "AllocateAddress"] },
    }),
    may("TagNetworkAgain", "ec2", "CreateTags DeleteTags", every([...made, "security-group-rule"]), tagged(names)),
    // Of a network the first group, which comes with it, carries no tag until it is taken over.
    ...(vpcArn
      ? [may(
        "FirstGroup",
        "ec2",
        "CreateTags DeleteTags RevokeSecurityGroupIngress RevokeSecurityGroupEgress",
        [arn("ec2", "security-group/*")],
        { ArnEquals: { "ec2:Vpc": vpcArn } },
      )]
      : []),
    ...cacheEndpoints(names),
    may(
      "LookAtNetwork",
      "ec2",
      `DescribeVpcs DescribeSubnets DescribeSecurityGroups DescribeSecurityGroupRules DescribeInternetGateways
      DescribeRouteTables DescribeNatGateways DescribeAddresses DescribeAddressesAttribute DescribeVpcEndpoints
      DescribePrefixLists DescribeNetworkAcls DescribeNetworkInterfaces`,
      ["*"],
    ),
  ];
}

/** The cache's endpoint is made by ElastiCache in the name of whoever makes the cache. */
function cacheEndpoints({ arn }: DeployNames): Statement[] {
  const endpoints = [arn("ec2", "vpc-endpoint/*")];
  return [
    may("CacheEndpoint", "ec2", "CreateVpcEndpoint", endpoints, {
      StringLike: { "ec2:VpceServiceName": "com.amazonaws.elasticache.serverless.*" },
    }),
    may(
      "CacheEndpointIn",
      "ec2",
      "CreateVpcEndpoint",
      ["vpc/*", "subnet/*", "security-group/*"].map((rest) => arn("ec2", rest)),
    ),
    may("TagCacheEndpoint", "ec2", "CreateTags", endpoints, {
      StringEquals: { "ec2:CreateAction": "CreateVpcEndpoint", "aws:RequestTag/AmazonElastiCacheManaged": "true" },
    }),
  ];
}

const actionsThatMake = () =>
  may(
    "",
    "ec2",
    `CreateVpc CreateSubnet CreateSecurityGroup CreateInternetGateway CreateRouteTable CreateNatGateway CreateVpcEndpoint
    AllocateAddress`,
    [],
  ).Action;

const changes = () =>
  may(
    "",
    "ec2",
    `DeleteVpc DeleteSubnet DeleteInternetGateway DeleteRouteTable DeleteNatGateway DeleteVpcEndpoints ReleaseAddress
    DisassociateAddress ModifyVpcAttribute ModifySubnetAttribute ModifyVpcEndpoint AttachInternetGateway
    DetachInternetGateway CreateRoute ReplaceRoute DeleteRoute AssociateRouteTable DisassociateRouteTable
    ReplaceRouteTableAssociation DescribeVpcAttribute`,
    [],
  ).Action;

const ofGroups = () =>
  may(
    "",
    "ec2",
    `DeleteSecurityGroup AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress
    RevokeSecurityGroupEgress ModifySecurityGroupRules`,
    [],
  ).Action;
