import { describe, expect, test } from "vitest";
import { variables } from "../../api/config.ts";
import {
  bucketName,
  budget,
  concurrency,
  emailAddress,
  hostName,
  imageName,
  regionName,
  twoSubnets,
  twoZones,
  vpcId,
  zoneId,
} from "../../infra/stage-values.ts";
import { PASSED_ON, stagesFrom } from "../../infra/stages.ts";
import { SWITCHES } from "../kit/synth.ts";

function wrongIn(env: Record<string, string>): string[] {
  try {
    stagesFrom(env);
    return [];
  } catch (error) {
    return (error as Error).message.split("\n").slice(1).map((line) => line.trim());
  }
}

describe("a stage", () => {
  test("is dev with functions where nothing is said", () => {
    expect(stagesFrom({})).toMatchObject({
      name: "dev",
      prefix: "sojourn",
      runs: { functions: true, container: false },
      isProtected: false,
      isHardened: true,
      isEmulated: false,
      logRetentionDays: 14,
      reservedConcurrency: {},
    });
  });

  test("prod is protected, keeps logs longer and divides the account's concurrency", () => {
    const stage = stagesFrom({ SOJOURN_STAGE: "prod" });
    expect(stage).toMatchObject({ isProtected: true, logRetentionDays: 90 });
    expect(stage.reservedConcurrency).toMatchObject({ http: 200, schedule: 22 });
  });

  test("local runs nothing and lies where it is told", () => {
    expect(stagesFrom(SWITCHES.local)).toMatchObject({
      runs: { functions: false, container: false },
      isHardened: false,
      endpoints: { dynamodb: "http://127.0.0.1:20001", s3: "http://127.0.0.1:20002", sqs: "http://127.0.0.1:20002" },
      analytics: false,
      iot: false,
    });
  });

  test("local takes one endpoint for all three", () => {
    const { endpoints } = stagesFrom({ SOJOURN_STAGE: "local", AWS_ENDPOINT_URL: "http://127.0.0.1:5000" });
    expect(new Set(Object.values(endpoints!))).toEqual(new Set(["http://127.0.0.1:5000"]));
  });

  test("an empty variable is an absent one", () => {
    expect(stagesFrom({ SOJOURN_STAGE: "", NAME_PREFIX: "", BUDGET_USD: "" })).toEqual(stagesFrom({}));
  });

  test("hands on those of the service's variables that are given, and no others", () => {
    const { service } = stagesFrom({ JWKS_URL: "https://id.example/keys", PORT: "80", DATA_DIR: "/x", HOME: "/root" });
    expect(service).toEqual({ JWKS_URL: "https://id.example/keys" });
  });

  test("hands on each variable that is not of one machine or its own to say", () => {
    const kept = Object.keys(variables).filter((name) => !(PASSED_ON as readonly string[]).includes(name));
    expect(kept.sort()).toEqual([
      "AWS_ENDPOINT_URL_DYNAMODB",
      "AWS_ENDPOINT_URL_S3",
      "AWS_ENDPOINT_URL_SECRETS_MANAGER",
      "AWS_ENDPOINT_URL_SNS",
      "AWS_ENDPOINT_URL_SQS",
      "AWS_REGION",
      "DATA_DIR",
      "DRAIN_SECONDS",
      "DYNOXIDE_BIN",
      "HOST",
      "NAME_PREFIX",
      "ORIGIN_SECRET",
      "PORT",
      "REDIS_URL",
      "SIGNING_KEY_FILE",
      "SIGNING_KEY_SECRET",
      "SOCKETS_URL",
    ]);
    const limits = { RATE_TENANT: "100/10", TENANT_CLAIM: "https://example.com/tenant", OTEL_SERVICE_NAME: "x" };
    expect(stagesFrom(limits).service).toEqual(limits);
  });
});

describe("bad input", () => {
  test.each<[Record<string, string>, RegExp]>([
    [{ SOJOURN_STAGE: "production" }, /^SOJOURN_STAGE=production: must be one of dev, prod, local$/],
    [{ SOJOURN_RUN: "lambda" }, /^SOJOURN_RUN=lambda: must be one of functions, container, both, none$/],
    [{ NAME_PREFIX: "My Shop" }, /^NAME_PREFIX=My Shop: must be 1 to 31 of a-z, 0-9 and -, beginning with a letter$/],
    [{ AWS_REGION: "europe" }, /^AWS_REGION=europe: must be the name of a region: eu-central-1$/],
    [{ LOG_RETENTION_DAYS: "10" }, /^LOG_RETENTION_DAYS=10: must be a number of days that CloudWatch knows: 1, 3, /],
    [{ RESERVED_CONCURRENCY: "htpp=3" }, /^RESERVED_CONCURRENCY=htpp=3: must be none, or a number for some of http, /],
    [{ RESERVED_CONCURRENCY: "http=many" }, /^RESERVED_CONCURRENCY=http=many: must be none, or/],
    [{ BUDGET_USD: "0" }, /^BUDGET_USD=0: must be US dollars a month/],
    [{ ALARM_EMAIL: "ops" }, /^ALARM_EMAIL=ops: must be an address/],
    [
      { SOJOURN_RUN: "container" },
      /^SOJOURN_IMAGE: is needed where SOJOURN_RUN is container: build the image, push it/,
    ],
    [{ SOJOURN_IMAGE: "sojourn" }, /^SOJOURN_IMAGE=sojourn: must be REPOSITORY:TAG or REPOSITORY@sha256:DIGEST$/],
    [{ CERTIFICATE_ARN: "mine" }, /^CERTIFICATE_ARN=mine: must be the ARN of a certificate in ACM/],
    [{ SOJOURN_ZONES: "a,a" }, /^SOJOURN_ZONES=a,a: must be the letters of two zones of the region: a,b$/],
    [{ SOJOURN_CACHE: "on" }, /^SOJOURN_CACHE=on: is for containers/],
    [{ STATE_BUCKET: "No" }, /^STATE_BUCKET=No: must be the name of a bucket$/],
    [{ JWKS_URL: "id.example" }, /^JWKS_URL=id.example: must be an http or https URL$/],
    [
      { WEBHOOK_TOPICS: "arn:aws:sqs:eu-central-1:111122223333:a" },
      /^WEBHOOK_TOPICS=\S+: must hold ARNs of standard SNS/,
    ],
    [{ METRICS_BATCHING: "ITEMS=0/0" }, /^METRICS_BATCHING=ITEMS=0\/0: must name some of/],
    [
      { AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1" },
      /^AWS_ENDPOINT_URL_S3=\S+: is for the stage local; for one endpoint/,
    ],
    [
      { ...SWITCHES.local, SOJOURN_RUN: "both" },
      /^SOJOURN_RUN=both: must be none in the stage local: npm start serves/,
    ],
    [{ ...SWITCHES.local, AWS_ENDPOINT_URL_SQS: "" }, /^AWS_ENDPOINT_URL_SQS: is needed in the stage local: where/],
    [{ ACCOUNTS: "off" }, /^JWKS_URL: is needed where ACCOUNTS is off: without it no token would be known$/],
  ])("%o is refused by name, with what to do", (env, message) => {
    const wrong = wrongIn(env);
    expect(wrong).toHaveLength(1);
    expect(wrong[0]).toMatch(message);
  });

  const digest = "a".repeat(64);
  const host = (length: number) =>
    `${"a".repeat(60)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(61)}.com`.slice(-length);
  test.each<[string, (text: string) => unknown, string[], string[]]>([
    ["a region", regionName, ["eu-central-1", "us-gov-west-1"], [
      "eu-1",
      "eu-central-",
      "eu-central-10",
      "EU-central-1",
    ]],
    ["a budget", budget, ["1", "0.01", "9999999.99"], ["0.00", "-1", "1.5", "10000000", "1e3", "1."]],
    [
      "an image",
      imageName,
      [`ghcr.io/acme/sojourn:1`, `a.example:5000/b@sha256:${digest}`, `a/b:${"x".repeat(128)}`],
      [
        "ghcr.io/acme/sojourn",
        `a/b@sha256:${digest}0`,
        `a/b@sha256:${digest.slice(1)}`,
        `a/b:${"x".repeat(129)}`,
        "a/B:1",
      ],
    ],
    ["an address", emailAddress, ["ops@example.com"], [
      "ops@@example.com",
      "ops@example",
      "o ps@example.com",
      "a@b@c.d",
    ]],
    ["a bucket", bucketName, ["abc", "a".repeat(63)], ["ab", "a".repeat(64), "-ab", "ab-", "aBc"]],
    ["a host", hostName, ["a.bc", host(253)], [
      "a.b",
      "abc",
      `a.${host(253)}`,
      "a..bc",
      "-a.bc",
      "a.bc.",
      `${"a".repeat(64)}.bc`,
    ]],
    ["a zone", zoneId, ["Z123456", `Z${"1".repeat(31)}`], ["Z12345", `Z${"1".repeat(32)}`, "A1234567"]],
    ["a VPC", vpcId, ["vpc-01234567", "vpc-0123456789abcdef0"], [
      "vpc-0123456",
      "vpc-0123456789abcdef01",
      "vpc-0123456g",
    ]],
    ["zones", twoZones, ["a,c"], ["a", "a,a", "a,b,c", "A,b", ",b"]],
    [
      "subnets",
      twoSubnets,
      ["subnet-01234567,subnet-01234568", "subnet-01234567,subnet-01234568,subnet-01234569"],
      ["subnet-01234567", "subnet-01234567,subnet-01234567", "subnet-01234567,other", "subnet-01234567,subnet-0123456"],
    ],
    ["concurrency", concurrency, ["none", "http=1", "http=99999 late=0"], [
      "http",
      "http=-1",
      "http=100000",
      "http=1,late=2",
      "constructor=1",
    ]],
  ])("%s is told from what is none, to the letter", (_, parse, good, bad) => {
    const isTaken = (text: string) => {
      try {
        parse(text);
        return true;
      } catch {
        return false;
      }
    };
    expect(good.filter((text) => !isTaken(text))).toEqual([]);
    expect(bad.filter(isTaken)).toEqual([]);
  });

  test("is reported all at once", () => {
    const wrong = wrongIn({ SOJOURN_STAGE: "x", AWS_REGION: "y", BUDGET_USD: "z", JWKS_URL: "w" });
    expect(wrong.map((line) => line.split("=")[0])).toEqual(["SOJOURN_STAGE", "AWS_REGION", "BUDGET_USD", "JWKS_URL"]);
  });
});
