import { AwsProvider } from "@cdktf/provider-aws/lib/provider/index.js";
import { LocalBackend, S3Backend, type TerraformStack } from "cdktf";
import type { Stage } from "./stages.ts";

/** On every resource that can carry tags: what it belongs to, so that costs and leftovers can be found. */
export function tagsOf(stage: Stage): Record<string, string> {
  return { service: "sojourn", stage: stage.name, installation: stage.prefix };
}

/** The region of what is everywhere: certificates and firewalls of CloudFront. */
const EVERYWHERE = "us-east-1";

/** Adds the provider for what CloudFront takes from there alone. */
export function addEdgeProvider(stack: TerraformStack, stage: Stage): AwsProvider {
  return new AwsProvider(stack, "aws-edge", { ...settingsOf(stage), alias: "edge", region: EVERYWHERE });
}

/** Adds the provider: AWS itself, or what stands for it. Where something does, no account and no credentials are asked for. */
export function addProvider(stack: TerraformStack, stage: Stage): void {
  new AwsProvider(stack, "aws", { ...settingsOf(stage), region: stage.region });
}

function settingsOf(stage: Stage) {
  return {
    // The embedded S3 keeps no tags.
    ...(stage.isHardened ? { defaultTags: [{ tags: tagsOf(stage) }] } : {}),
    ...(stage.isEmulated
      ? {
        accessKey: "local",
        secretKey: "local",
        maxRetries: 2,
        s3UsePathStyle: true,
        skipCredentialsValidation: true,
        skipMetadataApiCheck: "true",
        skipRequestingAccountId: stage.endpoint === undefined,
      }
      : {}),
    ...(stage.endpoints ? { endpoints: [stage.endpoints] } : {}),
  };
}

/** Adds where the state is kept: each installation's lies apart, and two people do not change it at once. */
export function addBackend(stack: TerraformStack, stage: Stage): void {
  const { stateBucket: bucket, region, prefix } = stage;
  if (!bucket) {
    // Beside cdktf.json: the stack itself lies in cdktf.out/stacks/PREFIX.
    new LocalBackend(stack, { path: `../../../terraform.${prefix}.tfstate` });
    return;
  }
  const backend = new S3Backend(stack, { bucket, region, key: `${prefix}.tfstate`, encrypt: true });
  backend.addOverride("use_lockfile", true);
}
