/** What the pipeline may do to what stands before an installation's own name: CloudFront, its firewall, its certificate, its records. */
import { type DeployNames, may, tagged, tagging } from "./deploy-names.ts";
import type { Statement } from "./roles.ts";
import type { Domain } from "./stages.ts";

export function edgeStatements(names: DeployNames, { name, zone, firewall }: Domain): Statement[] {
  const { prefix, global, edge } = names;
  const distribution = global("cloudfront", "distribution/*");
  return [
    may("MakeDistribution", "cloudfront", "CreateDistribution CreateFunction", ["*"], tagging(names)),
    may(
      "Distribution",
      "cloudfront",
      "GetDistribution GetDistributionConfig UpdateDistribution DeleteDistribution",
      [distribution],
      tagged(names),
    ),
    may("DistributionTags", "cloudfront", "TagResource UntagResource", [distribution], tagged(names)),
    may("TagDistribution", "cloudfront", "TagResource", [distribution], tagging(names)),
    may("LookAtDistributions", "cloudfront", "ListTagsForResource", [distribution]),
    may(
      "Documents",
      "cloudfront",
      `DescribeFunction GetFunction UpdateFunction PublishFunction DeleteFunction TagResource UntagResource
      ListTagsForResource`,
      [global("cloudfront", `function/${prefix}-documents`)],
    ),
    // These carry no tags, and AWS gives them their ids: they say how, and hold nothing.
    may("MakeAnswers", "cloudfront", "CreateOriginAccessControl CreateResponseHeadersPolicy", ["*"]),
    may(
      "Answers",
      "cloudfront",
      `GetOriginAccessControl UpdateOriginAccessControl DeleteOriginAccessControl GetResponseHeadersPolicy
      UpdateResponseHeadersPolicy DeleteResponseHeadersPolicy`,
      [global("cloudfront", "origin-access-control/*"), global("cloudfront", "response-headers-policy/*")],
    ),
    ...(firewall
      ? [may(
        "Firewall",
        "wafv2",
        "CreateWebACL GetWebACL UpdateWebACL DeleteWebACL ListTagsForResource TagResource UntagResource",
        [edge("wafv2", `global/webacl/${prefix}/*`), edge("wafv2", "global/managedruleset/*")],
      )]
      : []),
    ...(zone ? zoneStatements(names, { name, zone }) : []),
  ];
}

/** Of the zone the pipeline writes the installation's own records alone, and those that prove its certificate. */
function zoneStatements(names: DeployNames, { name, zone }: { name: string; zone: string }): Statement[] {
  const { global, edge } = names;
  const hosted = global("route53", `hostedzone/${zone}`).replace(":*:", "::");
  return [
    may("Records", "route53", "ChangeResourceRecordSets", [hosted], {
      "ForAllValues:StringLike": { "route53:ChangeResourceRecordSetsNormalizedRecordNames": [name, `_*.${name}`] },
    }),
    may("LookAtRecords", "route53", "GetHostedZone ListResourceRecordSets", [hosted]),
    may("Changes", "route53", "GetChange", [global("route53", "change/*").replace(":*:", "::")]),
    may("AskForCertificate", "acm", "RequestCertificate", ["*"], {
      "ForAllValues:StringEquals": { "acm:DomainNames": [name] },
    }),
    may(
      "Certificate",
      "acm",
      "DescribeCertificate DeleteCertificate ListTagsForCertificate AddTagsToCertificate RemoveTagsFromCertificate",
      [edge("acm", "certificate/*")],
    ),
  ];
}
