import type { AwsProvider } from "@cdktf/provider-aws/lib/provider/index.js";
import { Wafv2WebAcl } from "@cdktf/provider-aws/lib/wafv2-web-acl/index.js";
import type { TerraformStack } from "cdktf";
import type { Stage } from "./stages.ts";

/**
 * Requests of one address in five minutes: half of what the API lets through for all. The service itself counts closer, by token
 * and tenant, and a server of one of them may send all that it has from one address: this is for floods.
 */
const REQUESTS_IN_FIVE_MINUTES = 300_000;

/** Parts of rules that look at what people write, in a body or, by GET, in the query: to judge that is the service's. */
const ofQuery = (...names: string[]) => names.flatMap((name) => [`${name}_BODY`, `${name}_QUERYARGUMENTS`]);

/** AWS's own rules, each with those of its parts that only count. */
const MANAGED: Readonly<Record<string, readonly string[]>> = {
  AWSManagedRulesAmazonIpReputationList: [],
  // Who learns Java writes such cards, and logs of pages are kept here too.
  AWSManagedRulesKnownBadInputsRuleSet: [
    "JavaDeserializationRCE_BODY",
    "JavaDeserializationRCE_QUERYSTRING",
    "Log4JRCE_BODY",
    "Log4JRCE_QUERYSTRING",
  ],
  // Notes hold HTML and links, events pages of any ending, collections megabytes, and queries by GET more than 2 KB.
  AWSManagedRulesCommonRuleSet: [
    ...ofQuery("CrossSiteScripting", "GenericLFI", "GenericRFI", "EC2MetaDataSSRF"),
    "SizeRestrictions_BODY",
    "SizeRestrictions_QUERYSTRING",
    "RestrictedExtensions_QUERYARGUMENTS",
    // Devices and scripts name none.
    "NoUserAgent_HEADER",
  ],
};

/** Adds what looks at each request before CloudFront takes it. HTTP APIs can carry none, so it stands there. */
export function addFirewall(stack: TerraformStack, stage: Stage, provider: AwsProvider): Wafv2WebAcl {
  // Samples would show headers, and tokens with them.
  const visibility = (metricName: string) => ({
    metricName,
    cloudwatchMetricsEnabled: true,
    sampledRequestsEnabled: false,
  });
  // Statements are handed on as they are, so in Terraform's own spelling.
  const managed = Object.entries(MANAGED).map(([name, counted], i) => ({
    name,
    priority: i + 1,
    overrideAction: { none: {} },
    statement: {
      managed_rule_group_statement: {
        vendor_name: "AWS",
        name,
        rule_action_override: counted.map((part) => ({ name: part, action_to_use: { count: {} } })),
      },
    },
    visibilityConfig: visibility(name),
  }));
  return new Wafv2WebAcl(stack, "firewall", {
    provider,
    name: stage.prefix,
    description: "Floods and known attacks end here.",
    scope: "CLOUDFRONT",
    defaultAction: { allow: {} },
    visibilityConfig: visibility(stage.prefix),
    rule: [{
      name: "floods",
      priority: 0,
      action: { block: { customResponse: { responseCode: 429 } } },
      statement: { rate_based_statement: { limit: REQUESTS_IN_FIVE_MINUTES, aggregate_key_type: "IP" } },
      visibilityConfig: visibility("floods"),
    }, ...managed],
  });
}
