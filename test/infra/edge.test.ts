import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { variables as settings } from "../../api/config.ts";
import { DOCUMENTS, pageHeaders } from "../../api/entry/http/pages.ts";
import { stagesFrom } from "../../infra/stages.ts";
import { type Loose, synthStage } from "../kit/synth-stage.ts";
import { SWITCHES } from "../kit/synth.ts";

/** One origin: CloudFront before pages, API, sockets and streams, which are reached by it alone. */
const functions = synthStage(SWITCHES.domain);
const container = synthStage(SWITCHES["domain-container"]);
const plain = synthStage(SWITCHES.functions);
/** Of "Use managed cache policies" and "Use managed origin request policies" in CloudFront's documentation. */
const NOTHING_KEPT = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
const KEPT_AS_TOLD = "658327ea-f89d-4fab-a63d-7e88639e58f6";
const ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac";
const ALL = "216adef6-5c7f-47e4-b989-5492eafa07d3";
/** Of the bucket of collections: functions take no large collection, and large media lie there. */
const STORE = "https://sojourn-collections.s3.eu-central-1.amazonaws.com";
const SECRET = SWITCHES.domain.ORIGIN_SECRET;

const edgeOf = (stack: typeof functions) => stack.one("aws_cloudfront_distribution");
/** The behaviour that takes a path. */
function behaviourOf(stack: typeof functions, path: string): Loose {
  const { ordered_cache_behavior: ordered, default_cache_behavior: first } = edgeOf(stack);
  const takes = (pattern: string) => new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`).test(path);
  return ordered.find(({ path_pattern: pattern }: Loose) => takes(pattern)) ?? first;
}

/** The parts of AWS's rule groups, of "Baseline rule groups" in AWS WAF's documentation: a name that is none is refused. */
const MANAGED_RULES: Readonly<Record<string, readonly string[]>> = {
  AWSManagedRulesKnownBadInputsRuleSet: [
    ...["BODY", "HEADER", "QUERYSTRING", "URIPATH"].flatMap((at) => [`JavaDeserializationRCE_${at}`, `Log4JRCE_${at}`]),
    ...["Host_localhost_HEADER", "PROPFIND_METHOD", "ExploitablePaths_URIPATH"],
  ],
  AWSManagedRulesCommonRuleSet: [
    ...["NoUserAgent_HEADER", "UserAgent_BadBots_HEADER"],
    ...["QUERYSTRING", "Cookie_HEADER", "BODY", "URIPATH"].map((at) => `SizeRestrictions_${at}`),
    ...["BODY", "COOKIE", "URIPATH", "QUERYARGUMENTS"].flatMap((
      at,
    ) => [`EC2MetaDataSSRF_${at}`, `CrossSiteScripting_${at}`]),
    ...["BODY", "URIPATH", "QUERYARGUMENTS"].flatMap((at) => [`GenericLFI_${at}`, `GenericRFI_${at}`]),
    ...["URIPATH", "QUERYARGUMENTS"].map((at) => `RestrictedExtensions_${at}`),
  ],
};

describe("an installation with a name of its own", () => {
  test.each([
    ["/graphql", "http"],
    ["/collect", "http"],
    ["/media/ticket", "http"],
    ["/demo-token", "http"],
    ["/stream/graphql", "stream"],
    ["/sockets", "sockets"],
    ["/", "pages"],
    ["/sessions/walk", "pages"],
    ["/assets/main-1a2b.js", "pages"],
  ])("by functions takes %s to %s", (path, part) => {
    expect(behaviourOf(functions, path)["target_origin_id"]).toBe(part);
  });

  test.each(["/graphql", "/", "/stream/graphql", "/sockets"])("by containers takes %s to the load balancer", (path) => {
    expect(behaviourOf(container, path)["target_origin_id"]).toBe("balancer");
  });

  test.each(["/graphql", "/collect", "/stream/graphql", "/sockets", "/media/x", "/ready"])(
    "keeps no answer of %s, passes all that a client says, and answers over TLS alone",
    (path) => {
      for (const stack of [functions, container]) {
        const behaviour = behaviourOf(stack, path);
        expect(behaviour["cache_policy_id"]).toBe(NOTHING_KEPT);
        // API Gateway knows itself by its own name; a load balancer's certificate is for the installation's.
        expect(behaviour["origin_request_policy_id"]).toBe(stack === functions ? ALL_BUT_HOST : ALL);
        expect(behaviour["allowed_methods"]).toEqual(expect.arrayContaining(["POST", "PUT", "DELETE"]));
        expect(behaviour["viewer_protocol_policy"]).toBe("redirect-to-https");
      }
    },
  );

  test("keeps assets, which have a hash in their name, pages and the script of sites, and only reads them", () => {
    for (
      const [stack, path] of [
        [functions, "/"],
        ...[functions, container].flatMap((one) => (
          ["/assets/main-1a2b.js", "/sojourn.js"].map((path) => [one, path] as const)
        )),
      ] as const
    ) {
      expect(behaviourOf(stack, path)).toMatchObject({
        cache_policy_id: KEPT_AS_TOLD,
        allowed_methods: ["GET", "HEAD", "OPTIONS"],
      });
    }
  });

  test("asks the bucket of pages with nothing of a client's, and says of each page what that one is to say", () => {
    for (const [path, name] of [["/", "pages"], ["/card.html", "card"], ["/demo/cart", "demo"]] as const) {
      const behaviour = behaviourOf(functions, path);
      expect(behaviour).toMatchObject({
        target_origin_id: "pages",
        response_headers_policy_id: `\${aws_cloudfront_response_headers_policy.edge-headers-${name}.id}`,
      });
      expect(behaviour).not.toHaveProperty("origin_request_policy_id");
      // Frames ask for their own document.
      expect(behaviour["function_association"] !== undefined).toBe(path !== "/card.html");
    }
    expect(behaviourOf(functions, "/graphql")["response_headers_policy_id"])
      .toBe("${aws_cloudfront_response_headers_policy.edge-headers-api.id}");
  });

  test("says the secret to all that answers, over TLS, and these refuse whoever does not", () => {
    for (const stack of [functions, container]) {
      const origins = edgeOf(stack)["origin"].filter(({ origin_id: id }: Loose) => id !== "pages") as Loose[];
      expect(origins.length).toBeGreaterThan(0);
      for (const origin of origins) {
        expect(origin["custom_header"]).toEqual([{ name: "x-origin-secret", value: SECRET }]);
        expect(origin["custom_origin_config"]).toMatchObject({
          origin_protocol_policy: "https-only",
          origin_read_timeout: 60,
        });
      }
    }
    for (const name of ["http", "stream", "sockets"]) {
      const { variables } = functions.one("aws_lambda_function", `function-${name}`)["environment"];
      expect(variables).toMatchObject({ ORIGIN_SECRET: SECRET, TRUST_PROXY: "1" });
      expect(variables["CORS_ORIGINS"]).toBe("https://sojourn.example.com");
    }
    const { variables: rollup } = functions.one("aws_lambda_function", "function-rollup")["environment"];
    expect(rollup["ORIGIN_SECRET"]).toBeUndefined();
    const [definition] = JSON.parse(container.one("aws_ecs_task_definition")["container_definitions"]);
    const said = Object.fromEntries(definition.environment.map(({ name, value }: Loose) => [name, value]));
    expect(said).toMatchObject({ ORIGIN_SECRET: SECRET, TRUST_PROXY: "2" });
  });

  test("has its pages in a bucket that this distribution alone reads", () => {
    const { Statement: statements } = JSON.parse(functions.one("aws_s3_bucket_policy", "pages-policy")["policy"]);
    expect(statements[1]).toMatchObject({
      Principal: { Service: "cloudfront.amazonaws.com" },
      Action: ["s3:GetObject", "s3:ListBucket"],
      Condition: { StringEquals: { "aws:SourceArn": "${aws_cloudfront_distribution.edge.arn}" } },
    });
    expect(functions.one("aws_s3_bucket_public_access_block", "pages-private")).toMatchObject({
      block_public_policy: true,
      restrict_public_buckets: true,
    });
    expect(edgeOf(functions)["origin"][0]["origin_access_control_id"]).toBeTruthy();
  });

  test("has pages with the API's own headers, that ask where functions hold sockets", () => {
    const keys = Object.values(functions.all("aws_s3_object")).map(({ key }) => key as string);
    expect(keys.sort()).toEqual(["assets/main-1a2b.js", "card.html", "index.html"]);
    const { content_base64: index, cache_control: kept } = functions.one("aws_s3_object", "pages-index-html");
    expect(Buffer.from(index, "base64").toString()).toContain('<meta name="sockets" content="/sockets">');
    expect(kept).toBe("no-cache");
    // A document is put there when what it names is.
    expect(functions.one("aws_s3_object", "pages-index-html").depends_on).toEqual([
      "aws_s3_object.pages-assets-main-1a2b-js",
    ]);
    const { cache_control: assets } = functions.one("aws_s3_object", "pages-assets-main-1a2b-js");
    expect(assets).toBe("public, max-age=31536000, immutable");
    for (const [name, page] of [["pages", "index.html"], ["card", "card.html"], ["demo", "demo.html"]] as const) {
      const { security_headers_config: said } = functions.one(
        "aws_cloudfront_response_headers_policy",
        `edge-headers-${name}`,
      );
      const { content_security_policy: policy } = said.content_security_policy;
      expect(policy).toBe(pageHeaders(page, STORE)["content-security-policy"]);
      expect(policy.includes(STORE)).toBe(name !== "demo");
      expect(said.strict_transport_security.access_control_max_age_sec).toBe(31_536_000);
    }
  });

  test("shows the one document at each page's address, and nothing else in its place", () => {
    const { code } = functions.one("aws_cloudfront_function");
    const at = (uri: string): string =>
      runInNewContext(`${code}; handler({ request: { uri } }).uri`, { uri }) as string;
    expect(["/", "/live", "/sessions/walk", "/admin/keys"].map(at)).toEqual(Array(4).fill("/index.html"));
    expect(["/demo", "/demo/cart"].map(at)).toEqual(["/demo.html", "/demo.html"]);
    expect(["/assets/a.js", "/icon.svg", "/liver"].map(at)).toEqual(["/assets/a.js", "/icon.svg", "/liver"]);
    expect(code).toContain(DOCUMENTS.source);
  });

  test("has a firewall with rates in prod, which samples nothing; none in dev unless it is asked for", () => {
    const acl = functions.one("aws_wafv2_web_acl");
    expect(edgeOf(functions)["web_acl_id"]).toBe("${aws_wafv2_web_acl.firewall.arn}");
    expect(acl).toMatchObject({ scope: "CLOUDFRONT", provider: "aws.edge" });
    const rules = acl["rule"] as Loose[];
    expect(rules[0]).toMatchObject({
      statement: { rate_based_statement: { limit: 300_000, aggregate_key_type: "IP" } },
      action: { block: {} },
    });
    expect(rules.map(({ priority }) => priority)).toEqual([0, 1, 2, 3]);
    for (const { visibility_config: seen } of rules) expect(seen["sampled_requests_enabled"]).toBe(false);
    expect(container.all("aws_wafv2_web_acl")).toEqual({});
  });

  test("has a firewall that lets one server of a tenant send what its token may, up to half of what the API takes", () => {
    const { limit } = functions.one("aws_wafv2_web_acl")["rule"][0].statement.rate_based_statement;
    const { throttling_rate_limit: all } = functions.one("aws_apigatewayv2_stage", "http-api-stage")
      .default_route_settings;
    expect(limit).toBe(all * 300 / 2);
    const [count, seconds] = settings.RATE_TOKEN.fallback.split("/").map(Number) as [number, number];
    expect(limit).toBeGreaterThanOrEqual(Math.min(count / seconds, all / 2) * 300);
  });

  test("has a firewall that blocks nothing for what people write in bodies and queries, of whatever size", () => {
    const managed = (functions.one("aws_wafv2_web_acl")["rule"] as Loose[])
      .flatMap(({ statement: { managed_rule_group_statement: group } }) => group ?? []) as Loose[];
    const counted = Object.fromEntries(
      managed.map(({ name, rule_action_override: parts }) => [name, (parts as Loose[]).map((part) => part["name"])]),
    );
    expect(Object.keys(counted)).toEqual(["AWSManagedRulesAmazonIpReputationList", ...Object.keys(MANAGED_RULES)]);
    for (const [group, names] of Object.entries(MANAGED_RULES)) {
      expect(counted[group].filter((name: string) => !names.includes(name))).toEqual([]);
      const looksAtWords = names.filter((name) => /_(BODY|QUERYARGUMENTS|QUERYSTRING)$/.test(name));
      expect(looksAtWords.filter((name) => !counted[group].includes(name))).toEqual([]);
    }
    for (const { rule_action_override: parts } of managed) {
      for (const { action_to_use: action } of parts as Loose[]) expect(action).toEqual({ count: {} });
    }
  });

  test("has a certificate of us-east-1 that its zone proves, and records of both kinds", () => {
    expect(functions.one("aws_acm_certificate")).toMatchObject({ provider: "aws.edge", validation_method: "DNS" });
    expect(edgeOf(functions)["viewer_certificate"]).toMatchObject({
      acm_certificate_arn: "${aws_acm_certificate_validation.certificate-proven.certificate_arn}",
      minimum_protocol_version: "TLSv1.2_2021",
    });
    const types = Object.values(functions.all("aws_route53_record")).map(({ type }) => type as string);
    expect(types).toEqual(expect.arrayContaining(["A", "AAAA"]));
    expect(container.all("aws_route53_record")).toEqual({});
    expect(edgeOf(container)["viewer_certificate"]["acm_certificate_arn"])
      .toBe(SWITCHES["domain-container"].DOMAIN_CERTIFICATE_ARN);
  });
});

test("without a name nothing of it is there", () => {
  expect(plain.all("aws_cloudfront_distribution")).toEqual({});
  const { variables } = plain.one("aws_lambda_function", "function-http")["environment"];
  expect(variables["ORIGIN_SECRET"]).toBeUndefined();
});

test.each([
  ["no certificate and no zone", { HOSTED_ZONE_ID: "" }, /HOSTED_ZONE_ID, DOMAIN_CERTIFICATE_ARN: DOMAIN needs one/],
  ["no secret", { ORIGIN_SECRET: "" }, /ORIGIN_SECRET: is needed with DOMAIN/],
  ["a short secret", { ORIGIN_SECRET: "short" }, /ORIGIN_SECRET.*32 to 200 characters/],
  ["a name that is none", { DOMAIN: "https://x.example" }, /DOMAIN=https:\/\/x.example: must be a name in lower case/],
  ["no API", { SOJOURN_RUN: "none" }, /is for an API/],
  ["no name", { DOMAIN: "" }, /HOSTED_ZONE_ID.*is for a name of your own; set DOMAIN/],
])("%s is refused in words", (_, change, message) => {
  expect(() => stagesFrom({ ...SWITCHES.domain, ...change })).toThrow(message);
});

test("containers need a certificate of their own region", () => {
  expect(() => stagesFrom({ ...SWITCHES["domain-container"], CERTIFICATE_ARN: "" }))
    .toThrow(/CERTIFICATE_ARN: is needed with DOMAIN and containers/);
});
