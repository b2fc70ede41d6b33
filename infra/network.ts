import { DefaultSecurityGroup } from "@cdktf/provider-aws/lib/default-security-group/index.js";
import { Eip } from "@cdktf/provider-aws/lib/eip/index.js";
import { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway/index.js";
import { NatGateway } from "@cdktf/provider-aws/lib/nat-gateway/index.js";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association/index.js";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table/index.js";
import { Route } from "@cdktf/provider-aws/lib/route/index.js";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group/index.js";
import { Subnet } from "@cdktf/provider-aws/lib/subnet/index.js";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint/index.js";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule/index.js";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule/index.js";
import { Vpc } from "@cdktf/provider-aws/lib/vpc/index.js";
import { Fn, type TerraformStack } from "cdktf";
import type { Stage } from "./stages.ts";

export type Network = {
  vpcId: string;
  /** In two zones: the load balancer's, and the containers'. */
  balancerSubnets: readonly string[];
  serviceSubnets: readonly string[];
  /** Whether containers have addresses of their own, and go out by them. */
  hasAddresses: boolean;
  /** The cache's: without any way out where the network is ours; none where there is no cache. */
  innerSubnets: readonly string[];
  balancerGroup: SecurityGroup;
  serviceGroup: SecurityGroup;
};

/** Room for 4,096 addresses a subnet, in a range that few companies use themselves. */
const CIDR = "10.42.0.0/16";
const SUBNET_BITS = 4;
/** The first of the private and of the inner subnets: there may be four of each. */
const PRIVATE_FROM = 4;
const INNER_FROM = 8;
const ANYWHERE = "0.0.0.0/0";
const HTTPS = 443;
const HTTP = 80;

/** Adds what the containers need of a network that is there: who may talk to whom. What leads out of it is its owner's. */
function inVpc(stack: TerraformStack, stage: Stage, vpc: NonNullable<Stage["vpc"]>, port: number): Network {
  return {
    vpcId: vpc.id,
    balancerSubnets: vpc.publicSubnets,
    serviceSubnets: vpc.privateSubnets,
    hasAddresses: false,
    innerSubnets: stage.cache ? vpc.privateSubnets : [],
    ...addGroups(stack, stage, { vpcId: vpc.id, port }),
  };
}

/**
 * Adds the network of the containers, where they are not to lie in one that is there. They lie in public subnets with an address each, and nobody but the load balancer
 * reaches them: a NAT gateway in each zone would cost more than the containers do, and interface endpoints for the image, the
 * log, the queues and the secrets still more, while an identity provider's keys need a way out all the same. What goes to
 * S3 and DynamoDB goes by gateway endpoints, which cost nothing. Who must not have public addresses pays for the gateways
 * (`SOJOURN_PRIVATE`). `port` is the containers'.
 */
export function addNetwork(stack: TerraformStack, stage: Stage, { port }: { port: number }): Network {
  if (stage.vpc) return inVpc(stack, stage, stage.vpc, port);
  const vpc = new Vpc(stack, "vpc", {
    cidrBlock: CIDR,
    enableDnsSupport: true,
    enableDnsHostnames: true,
    tags: { Name: stage.prefix },
  });
  // What is put nowhere in particular may talk to nobody.
  new DefaultSecurityGroup(stack, "default-group", { vpcId: vpc.id });

  const publicSubnets = addSubnets(stack, stage, { vpc, kind: "public", from: 0 });
  const innerSubnets = stage.cache ? addSubnets(stack, stage, { vpc, kind: "inner", from: INNER_FROM }) : [];
  const publicRoutes = addRoutesOut(stack, stage, { vpc, subnets: publicSubnets });
  const privateSubnets = stage.isPrivate ? addSubnets(stack, stage, { vpc, kind: "private", from: PRIVATE_FROM }) : [];
  const privateRoutes = addPrivateRoutes(stack, stage, { vpc, publicSubnets, privateSubnets });
  for (const service of ["s3", "dynamodb"]) {
    new VpcEndpoint(stack, `endpoint-${service}`, {
      vpcId: vpc.id,
      serviceName: `com.amazonaws.${stage.region}.${service}`,
      vpcEndpointType: "Gateway",
      routeTableIds: [publicRoutes, ...privateRoutes].map(({ id }) => id),
      tags: { Name: `${stage.prefix}-${service}` },
    });
  }
  const idsOf = (subnets: readonly Subnet[]) => subnets.map(({ id }) => id);
  return {
    vpcId: vpc.id,
    balancerSubnets: idsOf(publicSubnets),
    serviceSubnets: idsOf(stage.isPrivate ? privateSubnets : publicSubnets),
    hasAddresses: !stage.isPrivate,
    innerSubnets: idsOf(innerSubnets),
    ...addGroups(stack, stage, { vpcId: vpc.id, port }),
  };
}

function addSubnets(
  stack: TerraformStack,
  stage: Stage,
  { vpc, kind, from }: { vpc: Vpc; kind: string; from: number },
): Subnet[] {
  return stage.zones.map((zone, i) =>
    new Subnet(stack, `subnet-${kind}-${zone}`, {
      vpcId: vpc.id,
      availabilityZone: `${stage.region}${zone}`,
      cidrBlock: Fn.cidrsubnet(CIDR, SUBNET_BITS, from + i),
      tags: { Name: `${stage.prefix}-${kind}-${zone}` },
    })
  );
}

function addRoutesOut(
  stack: TerraformStack,
  stage: Stage,
  { vpc, subnets }: { vpc: Vpc; subnets: readonly Subnet[] },
): RouteTable {
  const gateway = new InternetGateway(stack, "gateway", { vpcId: vpc.id, tags: { Name: stage.prefix } });
  const table = new RouteTable(stack, "routes-public", { vpcId: vpc.id, tags: { Name: `${stage.prefix}-public` } });
  new Route(stack, "route-out", { routeTableId: table.id, destinationCidrBlock: ANYWHERE, gatewayId: gateway.id });
  subnets.forEach((subnet, i) => {
    const id = `routes-public-${stage.zones[i]}`;
    new RouteTableAssociation(stack, id, { routeTableId: table.id, subnetId: subnet.id });
  });
  return table;
}

/** The way out of private subnets: a gateway in each zone in prod, so that the loss of a zone is that of its half; else one. */
function addPrivateRoutes(
  stack: TerraformStack,
  stage: Stage,
  { vpc, publicSubnets, privateSubnets }: {
    vpc: Vpc;
    publicSubnets: readonly Subnet[];
    privateSubnets: readonly Subnet[];
  },
): RouteTable[] {
  const gateways: NatGateway[] = [];
  return privateSubnets.map((subnet, i) => {
    const zone = stage.zones[i]!;
    const Name = `${stage.prefix}-private-${zone}`;
    if (i === 0 || stage.isProtected) {
      const address = new Eip(stack, `nat-address-${zone}`, { domain: "vpc", tags: { Name } });
      const gateway = { allocationId: address.id, subnetId: publicSubnets[i]!.id, tags: { Name } };
      gateways.push(new NatGateway(stack, `nat-${zone}`, gateway));
    }
    const table = new RouteTable(stack, `routes-private-${zone}`, { vpcId: vpc.id, tags: { Name } });
    const natGatewayId = gateways.at(-1)!.id;
    new Route(stack, `route-out-${zone}`, { routeTableId: table.id, destinationCidrBlock: ANYWHERE, natGatewayId });
    new RouteTableAssociation(stack, `routes-private-${zone}-of`, { routeTableId: table.id, subnetId: subnet.id });
    return table;
  });
}

/** Who may talk to whom: the world to the load balancer, the load balancer to the service, the service to whatever answers. */
function addGroups(stack: TerraformStack, stage: Stage, { vpcId, port }: { vpcId: string; port: number }) {
  const group = (name: string, description: string) =>
    new SecurityGroup(stack, `group-${name}`, {
      name: `${stage.prefix}-${name}`,
      description,
      vpcId,
      tags: { Name: `${stage.prefix}-${name}` },
    });
  const balancerGroup = group("balancer", "The load balancer: open to the world.");
  const serviceGroup = group("service", "The containers: open to the load balancer.");

  for (const open of stage.certificate ? [HTTPS, HTTP] : [HTTP]) {
    new VpcSecurityGroupIngressRule(stack, `balancer-from-world-${open}`, {
      securityGroupId: balancerGroup.id,
      description: open === HTTPS ? "The API." : stage.certificate ? "Is sent on to HTTPS." : "The API, unencrypted.",
      cidrIpv4: ANYWHERE,
      ...tcp(open),
    });
  }
  new VpcSecurityGroupEgressRule(stack, "balancer-to-service", {
    securityGroupId: balancerGroup.id,
    description: "Requests and checks.",
    referencedSecurityGroupId: serviceGroup.id,
    ...tcp(port),
  });
  new VpcSecurityGroupIngressRule(stack, "service-from-balancer", {
    securityGroupId: serviceGroup.id,
    description: "Requests and checks.",
    referencedSecurityGroupId: balancerGroup.id,
    ...tcp(port),
  });
  new VpcSecurityGroupEgressRule(stack, "service-to-world", {
    securityGroupId: serviceGroup.id,
    description: "Services of AWS, webhooks, key sets and collectors, by whatever port their addresses name.",
    cidrIpv4: ANYWHERE,
    ipProtocol: "tcp",
    fromPort: 0,
    toPort: 65_535,
  });
  return { balancerGroup, serviceGroup };
}

/** One port, as rules of security groups say it. */
export function tcp(port: number): { ipProtocol: "tcp"; fromPort: number; toPort: number } {
  return { ipProtocol: "tcp", fromPort: port, toPort: port };
}
