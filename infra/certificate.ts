import { AcmCertificate } from "@cdktf/provider-aws/lib/acm-certificate/index.js";
import { AcmCertificateValidation } from "@cdktf/provider-aws/lib/acm-certificate-validation/index.js";
import type { AwsProvider } from "@cdktf/provider-aws/lib/provider/index.js";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record/index.js";
import type { TerraformStack } from "cdktf";
import type { Domain } from "./stages.ts";

const PROOF_TTL_SECONDS = 300;

/** Gives the ARN of the name's certificate: the one that there is, or a new one that the zone proves, and renews for ever. */
export function addCertificate(
  stack: TerraformStack,
  { name, zone, certificate }: Domain,
  provider: AwsProvider,
): string {
  if (certificate !== undefined || zone === undefined) return certificate!;
  const made = new AcmCertificate(stack, "certificate", {
    provider,
    domainName: name,
    validationMethod: "DNS",
    // The next is there before this one goes.
    lifecycle: { createBeforeDestroy: true },
  });
  const asked = made.domainValidationOptions.get(0);
  const proof = new Route53Record(stack, "certificate-proof", {
    zoneId: zone,
    name: asked.resourceRecordName,
    type: asked.resourceRecordType,
    records: [asked.resourceRecordValue],
    ttl: PROOF_TTL_SECONDS,
    allowOverwrite: true,
  });
  return new AcmCertificateValidation(stack, "certificate-proven", {
    provider,
    certificateArn: made.arn,
    validationRecordFqdns: [proof.fqdn],
  }).certificateArn;
}
