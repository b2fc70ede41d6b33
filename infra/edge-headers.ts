import { CloudfrontResponseHeadersPolicy } from "@cdktf/provider-aws/lib/cloudfront-response-headers-policy/index.js";
import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket/index.js";
import type { TerraformStack } from "cdktf";
import { pageHeaders } from "../api/entry/http/pages.ts";
import type { Stage } from "./stages.ts";

const YEAR_SECONDS = 31_536_000;

/**
 * Adds what CloudFront writes into answers. The API says its own; of pages, which lie in a bucket, it is what the API would say of
 * them, to the letter.
 */
export function addHeaders(stack: TerraformStack, stage: Stage, collections: S3Bucket) {
  const store = `https://${collections.bucket}.s3.${stage.region}.amazonaws.com`;
  const transport = {
    strictTransportSecurity: { accessControlMaxAgeSec: YEAR_SECONDS, includeSubdomains: false, override: true },
    contentTypeOptions: { override: true },
  };
  const policy = (name: string, page?: string) => {
    const said = page === undefined ? undefined : pageHeaders(page);
    return new CloudfrontResponseHeadersPolicy(stack, `edge-headers-${name}`, {
      name: `${stage.prefix}-${name}`,
      comment: `What answers of ${stage.prefix} say of themselves: ${name}.`,
      securityHeadersConfig: {
        ...transport,
        ...(said
          ? {
            contentSecurityPolicy: {
              contentSecurityPolicy: page === "demo.html"
                ? said["content-security-policy"]
                : letting(said["content-security-policy"], store),
              override: true,
            },
            referrerPolicy: { referrerPolicy: said["referrer-policy"], override: true },
          }
          : {}),
      },
      ...(said
        ? {
          customHeadersConfig: {
            items: (["cross-origin-opener-policy", "cross-origin-resource-policy"] as const)
              .map((header) => ({ header, value: said[header], override: true })),
          },
        }
        : {}),
    });
  };
  return {
    api: policy("api"),
    pages: policy("pages", "index.html"),
    card: policy("card", "card.html"),
    demo: policy("demo", "demo.html"),
  };
}

/**
 * The object store beside the page's own origin: large collections are sent to it by a link, since functions take 6 MB, and
 * large media are shown from it.
 */
function letting(policy: string, store: string): string {
  return policy.replaceAll(/\b(connect|img|media)-src 'self'/g, (said) => `${said} ${store}`);
}
