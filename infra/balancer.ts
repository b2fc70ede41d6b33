import { LbListenerRule } from "@cdktf/provider-aws/lib/lb-listener-rule/index.js";
import { LbListener } from "@cdktf/provider-aws/lib/lb-listener/index.js";
import { LbTargetGroup } from "@cdktf/provider-aws/lib/lb-target-group/index.js";
import { Lb } from "@cdktf/provider-aws/lib/lb/index.js";
import type { TerraformStack } from "cdktf";
import { addBalancerLogs } from "./balancer-logs.ts";
import type { Network } from "./network.ts";
import type { Stage } from "./stages.ts";

export type Balancer = {
  balancer: Lb;
  targets: LbTargetGroup;
  /** Where a new version's containers come, beside those of the version before: releases have the two take turns. */
  otherTargets: LbTargetGroup | undefined;
  listener: LbListener;
  url: string;
  warning: string | undefined;
};

const UNENCRYPTED =
  "The API answers over plain HTTP: tokens and data can be read on the way. Set CERTIFICATE_ARN to a certificate of ACM.";

/** Streams say something every 12 seconds; this is for answers that take their time, such as to a large import. */
const IDLE_SECONDS = 300;
/** Streams never end by themselves: whoever follows one comes again with its cursor, so nobody gains by a longer wait. */
const DEREGISTRATION_SECONDS = 20;
/** TLS 1.2 with forward secrecy and 1.3. */
const TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06";

/** Adds the load balancer before the containers: over HTTPS where there is a certificate, and else unencrypted. */
export function addBalancer(
  stack: TerraformStack,
  stage: Stage,
  { network, port }: { network: Network; port: number },
): Balancer {
  // Names have 32 characters and do not end in a hyphen.
  const name = stage.prefix.replace(/-+$/, "");
  const logs = addBalancerLogs(stack, stage, network.balancerGroup);
  const balancer = new Lb(stack, "balancer", {
    name,
    loadBalancerType: "application",
    subnets: [...network.balancerSubnets],
    securityGroups: [network.balancerGroup.id],
    idleTimeout: IDLE_SECONDS,
    dropInvalidHeaderFields: true,
    enableDeletionProtection: stage.isProtected,
    accessLogs: { bucket: logs.bucket.bucket, enabled: true },
    dependsOn: [logs.policy],
  });
  const targetsOf = (id: string, name: string) =>
    new LbTargetGroup(stack, id, {
      name,
      targetType: "ip",
      protocol: "HTTP",
      port,
      vpcId: network.vpcId,
      deregistrationDelay: String(DEREGISTRATION_SECONDS),
      // Ready, not only alive: a version that cannot reach its tables never gets a request, and its deployment is rolled back.
      // It takes 200 seconds of it to give a running container up, so that a short fault of AWS replaces nobody.
      healthCheck: {
        path: "/ready",
        matcher: "200",
        interval: 20,
        timeout: 5,
        healthyThreshold: 2,
        unhealthyThreshold: 10,
      },
    });
  const targets = targetsOf("targets", name);
  const otherTargets = stage.canary ? targetsOf("targets-other", otherTargetsName(name)) : undefined;
  const listener = addListener(stack, stage, { balancer, targets });
  // Measurements are for those inside.
  new LbListenerRule(stack, "listener-metrics", {
    listenerArn: listener.arn,
    priority: 1,
    condition: [{ pathPattern: { values: ["/metrics"] } }],
    action: [{
      type: "fixed-response",
      fixedResponse: { contentType: "text/plain", statusCode: "404", messageBody: "not found" },
    }],
  });
  const parts = { balancer, targets, otherTargets, listener };
  return stage.certificate
    ? { ...parts, url: `https://${balancer.dnsName}`, warning: undefined }
    : { ...parts, url: `http://${balancer.dnsName}`, warning: UNENCRYPTED };
}

/** The second group's, which has 32 characters too. */
export const otherTargetsName = (name: string): string => `${name.slice(0, 29).replace(/-+$/, "")}-b`;

function addListener(
  stack: TerraformStack,
  { certificate, canary }: Stage,
  { balancer, targets }: { balancer: Lb; targets: LbTargetGroup },
): LbListener {
  const forward = {
    defaultAction: [{ type: "forward", targetGroupArn: targets.arn }],
    // From the first deployment on it is a release's to say which of the two groups answers.
    ...(canary ? { lifecycle: { ignoreChanges: ["default_action"] } } : {}),
  };
  if (!certificate) {
    return new LbListener(stack, "listener", {
      loadBalancerArn: balancer.arn,
      port: 80,
      protocol: "HTTP",
      ...forward,
    });
  }
  new LbListener(stack, "listener-http", {
    loadBalancerArn: balancer.arn,
    port: 80,
    protocol: "HTTP",
    defaultAction: [{ type: "redirect", redirect: { port: "443", protocol: "HTTPS", statusCode: "HTTP_301" } }],
  });
  return new LbListener(stack, "listener", {
    loadBalancerArn: balancer.arn,
    port: 443,
    protocol: "HTTPS",
    sslPolicy: TLS_POLICY,
    certificateArn: certificate,
    ...forward,
  });
}
