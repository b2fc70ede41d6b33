import { ElasticacheServerlessCache } from "@cdktf/provider-aws/lib/elasticache-serverless-cache/index.js";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group/index.js";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule/index.js";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule/index.js";
import type { TerraformStack } from "cdktf";
import { type Network, tcp } from "./network.ts";
import type { Stage } from "./stages.ts";

const PORT = 6_379;
/** Hints are kept for nobody: what is paid for at least is the most that is needed. */
const MAX_GB = 1;
const MAX_UNITS_A_SECOND = 15_000;

/**
 * Adds a cache by which containers tell each other at once what changed; gives its address for `REDIS_URL`. It keeps nothing
 * and holds no password: only the containers reach it, and over TLS alone.
 *
 * Functions do without. They would have to lie in the network and lose their way to the queues, the secrets and the identity
 * provider, or pay for a NAT gateway; all that they would gain is the second after which every feed reads back anyway.
 */
export function addCache(
  stack: TerraformStack,
  stage: Stage,
  { vpcId, innerSubnets, serviceGroup }: Pick<Network, "vpcId" | "innerSubnets" | "serviceGroup">,
): { redisUrl: string } {
  const group = new SecurityGroup(stack, "group-cache", {
    name: `${stage.prefix}-cache`,
    description: "The cache: open to the containers.",
    vpcId,
    tags: { Name: `${stage.prefix}-cache` },
  });
  const hints = { description: "Hints that something changed.", ...tcp(PORT) };
  new VpcSecurityGroupIngressRule(stack, "cache-from-service", {
    securityGroupId: group.id,
    referencedSecurityGroupId: serviceGroup.id,
    ...hints,
  });
  new VpcSecurityGroupEgressRule(stack, "service-to-cache", {
    securityGroupId: serviceGroup.id,
    referencedSecurityGroupId: group.id,
    ...hints,
  });
  const cache = new ElasticacheServerlessCache(stack, "cache", {
    name: stage.prefix,
    description: "Tells containers what changed. Holds nothing.",
    engine: "valkey",
    majorEngineVersion: "8",
    subnetIds: [...innerSubnets],
    securityGroupIds: [group.id],
    cacheUsageLimits: [{
      dataStorage: [{ maximum: MAX_GB, unit: "GB" }],
      ecpuPerSecond: [{ maximum: MAX_UNITS_A_SECOND }],
    }],
    snapshotRetentionLimit: 0,
  });
  return { redisUrl: `rediss://${cache.endpoint.get(0).address}:${PORT}` };
}
