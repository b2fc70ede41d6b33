import { CloudfrontResponseHeadersPolicy } from "@cdktf/provider-aws/lib/cloudfront-response-headers-policy/index.js";
import type { TerraformStack } from "cdktf";
import { pageHeaders, storeOrigin } from "../api/entry/http/pages.ts";
import type { Stage } from "./stages.ts";

const AWS = { dynamodb: undefined, s3: undefined, sqs: undefined, sns: undefined };
const YEAR_SECONDS = 31_536_000;

/**
 * Adds what CloudFront writes into answers. The API says its own; of pages, which lie in a bucket, it is what the API would say of
 * them, to the letter.
 */
export function addHeaders(stack: TerraformStack, stage: Stage) {
  const store = storeOrigin({ ...stage, endpoints: AWS });
  const transport = {
    strictTransportSecurity: { accessControlMaxAgeSec: YEAR_SECONDS, includeSubdomains: false, override: true },
    contentTypeOptions: { override: true },
  };
  const policy = (name: string, page?: string) => {
    const said = page === undefined ? undefined : pageHeaders(page, store);
    return new CloudfrontResponseHeadersPolicy(stack, `edge-headers-${name}`, {
      name: `${stage.prefix}-${name}`,
      comment: `What answers of ${stage.prefix} say of themselves: ${name}.`,
      securityHeadersConfig: {
        ...transport,
        ...(said
          ? {
            contentSecurityPolicy: { contentSecurityPolicy: said["content-security-policy"], override: true },
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
