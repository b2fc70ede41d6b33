import { CloudfrontDistribution } from "@cdktf/provider-aws/lib/cloudfront-distribution/index.js";
import { CloudfrontFunction } from "@cdktf/provider-aws/lib/cloudfront-function/index.js";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record/index.js";
import { Fn, type TerraformStack } from "cdktf";
import { BUILT, DEMO, DOCUMENTS } from "../api/entry/http/pages.ts";
import { addCertificate } from "./certificate.ts";
import type { Container } from "./container.ts";
import { addHeaders } from "./edge-headers.ts";
import { addFirewall } from "./firewall.ts";
import { harden } from "./objects.ts";
import { addPages, type Pages } from "./pages.ts";
import { addEdgeProvider } from "./provider.ts";
import { STAGE_NAME as SOCKETS } from "./socket-api.ts";
import type { Domain, Stage } from "./stages.ts";
import { STAGE_NAME as STREAM } from "./stream-api.ts";

/** Where functions answer. */
type Addresses = {
  http: { api: { apiEndpoint: string } };
  stream: { api: { id: string } };
  sockets: { api: { apiEndpoint: string } };
};
export type Edge = { distribution: CloudfrontDistribution; url: string };

/** Policies that AWS keeps, by the ids that they have in every account. */
const KEEPS_NOTHING = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
const KEEPS_AS_TOLD = "658327ea-f89d-4fab-a63d-7e88639e58f6";
const ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac";
const ALL = "216adef6-5c7f-47e4-b989-5492eafa07d3";

/** The most that is given without asking. Streams say something every 12 seconds, and an operation of functions has 29. */
const READ_SECONDS = 60;
const READS = ["GET", "HEAD", "OPTIONS"];
const ALL_METHODS = [...READS, "PUT", "POST", "PATCH", "DELETE"];
/** What functions answer that is no page. */
const API_PATHS = ["/graphql", "/collect", "/media/*", "/health", "/ready", "/demo-token"];

/**
 * Adds CloudFront before all that answers, under the installation's own name: pages, API, sockets and streams are one origin.
 * Where containers serve the API they serve the pages too; where functions do, pages lie in a bucket.
 */
export function addEdge(
  stack: TerraformStack,
  stage: Stage & { domain: Domain },
  { api, container, pagesDir = BUILT }: {
    api: Addresses | undefined;
    container: Container | undefined;
    pagesDir?: string | undefined;
  },
): Edge {
  const { domain } = stage;
  const provider = addEdgeProvider(stack, stage);
  const certificate = addCertificate(stack, domain, provider);
  const firewall = domain.firewall ? addFirewall(stack, stage, provider) : undefined;
  const headers = addHeaders(stack, stage);
  const pages = container ? undefined : addPages(stack, stage, pagesDir);

  const behaviour = (targetOriginId: string, pathPattern: string, more: object = {}) => ({
    targetOriginId,
    pathPattern,
    viewerProtocolPolicy: "redirect-to-https",
    allowedMethods: ALL_METHODS,
    cachedMethods: READS,
    compress: true,
    cachePolicyId: KEEPS_NOTHING,
    originRequestPolicyId: targetOriginId === "balancer" ? ALL : ALL_BUT_HOST,
    responseHeadersPolicyId: headers.api.id,
    ...more,
  });
  const kept = { allowedMethods: READS, cachePolicyId: KEEPS_AS_TOLD };
  const ofPages = { ...kept, originRequestPolicyId: undefined, responseHeadersPolicyId: headers.pages.id };
  const documents = pages && addDocuments(stack, stage);
  const front = container ? "balancer" : "http";
  const { pathPattern: _, ...first } = pages
    ? behaviour("pages", "*", { ...ofPages, functionAssociation: [documents] })
    : behaviour(front, "*");
  const distribution = new CloudfrontDistribution(stack, "edge", {
    enabled: true,
    comment: `Sojourn, ${stage.prefix}`,
    aliases: [domain.name],
    isIpv6Enabled: true,
    httpVersion: "http2and3",
    // Of Europe and North America: elsewhere it costs more, and is reached all the same.
    priceClass: "PriceClass_100",
    ...(firewall ? { webAclId: firewall.arn } : {}),
    viewerCertificate: {
      acmCertificateArn: certificate,
      sslSupportMethod: "sni-only",
      minimumProtocolVersion: "TLSv1.2_2021",
    },
    restrictions: { geoRestriction: { restrictionType: "none" } },
    origin: [
      ...(pages ? [pagesOrigin(pages)] : []),
      ...Object.entries(hostsOf(stage, api, container)).map(([id, host]) => origin(id, host, domain)),
    ],
    defaultCacheBehavior: first,
    orderedCacheBehavior: [
      ...(api ? [behaviour("stream", `/${STREAM}/*`), behaviour("sockets", `/${SOCKETS}`)] : []),
      ...(pages ? API_PATHS.map((path) => behaviour(front, path)) : []),
      // The same for all who ask; its name does not change, so it says itself how long it is kept.
      behaviour(front, "/sojourn.js", kept),
      ...(pages
        ? [
          behaviour("pages", "/card.html", { ...ofPages, responseHeadersPolicyId: headers.card.id }),
          behaviour("pages", "/demo*", {
            ...ofPages,
            responseHeadersPolicyId: headers.demo.id,
            functionAssociation: [documents],
          }),
        ]
        : [behaviour(front, "/assets/*", kept)]),
    ],
  });
  if (pages) harden(stack, pages.bucket, "pages", {}, [readableBy(distribution, pages)]);
  addRecords(stack, domain, distribution);
  return { distribution, url: `https://${domain.name}` };
}

/** Where each part answers, without its scheme. */
function hostsOf(stage: Stage, api: Addresses | undefined, container: Container | undefined): Record<string, string> {
  return {
    ...(container ? { balancer: container.balancer.dnsName } : {}),
    ...(api
      ? {
        http: Fn.replace(api.http.api.apiEndpoint, "https://", ""),
        stream: `${api.stream.api.id}.execute-api.${stage.region}.amazonaws.com`,
        sockets: Fn.replace(api.sockets.api.apiEndpoint, "wss://", ""),
      }
      : {}),
  };
}

function origin(originId: string, domainName: string, { secret }: Domain) {
  return {
    originId,
    domainName,
    customHeader: [{ name: "x-origin-secret", value: secret }],
    customOriginConfig: {
      httpPort: 80,
      httpsPort: 443,
      originProtocolPolicy: "https-only",
      originSslProtocols: ["TLSv1.2"],
      originReadTimeout: READ_SECONDS,
      originKeepaliveTimeout: READ_SECONDS,
    },
  };
}

const pagesOrigin = ({ bucket, access }: Pages) => ({
  originId: "pages",
  domainName: bucket.bucketRegionalDomainName,
  originAccessControlId: access.id,
});

/** All pages are one document, those of the demo shop another: its script looks at the address. */
function addDocuments(stack: TerraformStack, stage: Stage) {
  const code = `function handler(event) {
  var request = event.request;
  if (/${DOCUMENTS.source}/.test(request.uri)) request.uri = "/index.html";
  else if (/${DEMO.source}/.test(request.uri)) request.uri = "/demo.html";
  return request;
}
`;
  const { arn } = new CloudfrontFunction(stack, "edge-documents", {
    name: `${stage.prefix}-documents`,
    comment: "Which document each page is.",
    runtime: "cloudfront-js-2.0",
    publish: true,
    code,
  });
  return { eventType: "viewer-request", functionArn: arn };
}

/** Listing too, or what is not there would look forbidden. */
function readableBy(distribution: CloudfrontDistribution, { bucket }: Pages): object {
  return {
    Sid: "PagesByCloudFront",
    Effect: "Allow",
    Principal: { Service: "cloudfront.amazonaws.com" },
    Action: ["s3:GetObject", "s3:ListBucket"],
    Resource: [bucket.arn, `${bucket.arn}/*`],
    Condition: { StringEquals: { "aws:SourceArn": distribution.arn } },
  };
}

function addRecords(stack: TerraformStack, { name, zone }: Domain, distribution: CloudfrontDistribution): void {
  if (zone === undefined) return;
  for (const type of ["A", "AAAA"]) {
    new Route53Record(stack, `edge-${type.toLowerCase()}`, {
      zoneId: zone,
      name,
      type,
      alias: { name: distribution.domainName, zoneId: distribution.hostedZoneId, evaluateTargetHealth: false },
    });
  }
}
