import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group/index.js";
import { DynamodbTable } from "@cdktf/provider-aws/lib/dynamodb-table/index.js";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy/index.js";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment/index.js";
import { LambdaFunctionUrl } from "@cdktf/provider-aws/lib/lambda-function-url/index.js";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission/index.js";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket/index.js";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy/index.js";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block/index.js";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group/index.js";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue/index.js";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule/index.js";
import type { TerraformStack } from "cdktf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { REASONS, RULES } from "../../infra/rules.ts";
import { createSynthKit, SWITCHES } from "../kit/synth.ts";

const kit = createSynthKit();
afterAll(kit.remove);

const policy = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
const rolePolicy = (statement: object) => (stack: TerraformStack, id: string) =>
  new IamRolePolicy(stack, id, { role: "r", policy: policy({ Effect: "Allow", Sid: "Planted", ...statement }) });
const table = { name: "t", hashKey: "pk", billingMode: "PAY_PER_REQUEST", attribute: [{ name: "pk", type: "S" }] };

/** The messages with which the synth fails, and "" where it does not. */
function failure(change: (stack: TerraformStack) => void, env: Record<string, string> = SWITCHES.none): string {
  try {
    kit.write(env, change);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

/** What breaks a rule, and what the synth then says of it. */
const PLANTS: [string, (stack: TerraformStack, id: string) => unknown, RegExp][] = [
  [
    "a permission on every resource",
    rolePolicy({ Action: ["s3:GetObject"], Resource: "*" }),
    /Planted allows something on every resource/,
  ],
  [
    "the same among others",
    rolePolicy({ Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::x/*", "*"] }),
    /Planted allows something on every resource/,
  ],
  ["every action", rolePolicy({ Action: "s3:*", Resource: ["arn:aws:s3:::x"] }), /Planted allows more than it names/],
  ["all actions but some", rolePolicy({ NotAction: "s3:PutObject", Resource: ["x"] }), /Planted allows more than/],
  [
    "a bucket for anybody",
    (stack, id) =>
      new S3BucketPolicy(stack, id, {
        bucket: "b",
        policy: policy({ Effect: "Allow", Sid: "Open", Principal: "*", Action: "s3:GetObject", Resource: "x" }),
      }),
    /Open allows anybody/,
  ],
  [
    "a policy of AWS's",
    (stack, id) => new IamRolePolicyAttachment(stack, id, { role: "r", policyArn: "arn:aws:iam::aws:policy/X" }),
    /write one/,
  ],
  [
    "a function that anybody may start",
    (stack, id) =>
      new LambdaPermission(stack, id, { action: "lambda:InvokeFunction", functionName: "f", principal: "*" }),
    /name the principal and the sourceArn/,
  ],
  [
    "a service that starts it for anybody's sake",
    (stack, id) =>
      new LambdaPermission(stack, id, {
        action: "lambda:InvokeFunction",
        functionName: "f",
        principal: "events.amazonaws.com",
      }),
    /name the principal and the sourceArn/,
  ],
  [
    "anybody who names a source",
    (stack, id) =>
      new LambdaPermission(stack, id, {
        ...{ action: "lambda:InvokeFunction", functionName: "f", principal: "*" },
        sourceArn: "arn:aws:events:eu-central-1:111122223333:rule/x",
      }),
    /name the principal and the sourceArn/,
  ],
  ["all resources but some", rolePolicy({ Action: "s3:GetObject", NotResource: "x" }), /Planted allows more than/],
  [
    "an action that is half a wildcard",
    rolePolicy({ Action: ["s3:GetObject", "s3:Put*"], Resource: "x" }),
    /Planted allows more than/,
  ],
  [
    "everybody in a list of principals",
    (stack, id) =>
      new S3BucketPolicy(stack, id, {
        bucket: "b",
        policy: policy({
          ...{ Effect: "Allow", Sid: "Listed", Action: "s3:GetObject", Resource: "x" },
          Principal: { AWS: ["arn:aws:iam::1:root", "*"] },
        }),
      }),
    /Listed allows anybody/,
  ],
  [
    "a port that everybody reaches by IPv6",
    (stack, id) =>
      new VpcSecurityGroupIngressRule(stack, id, {
        ...{ securityGroupId: "g", ipProtocol: "tcp", fromPort: 443, toPort: 5_432 },
        cidrIpv6: "::/0",
      }),
    /Everybody reaches a port/,
  ],
  [
    "ports said inside of a group",
    (stack, id) => new SecurityGroup(stack, id, { ingress: [{ fromPort: 22, toPort: 22, protocol: "tcp" }] }),
    /What comes in is said rule by rule/,
  ],
  [
    "a public function URL",
    (stack, id) => new LambdaFunctionUrl(stack, id, { functionName: "f", authorizationType: "NONE" }),
    /public function URL/,
  ],
  [
    "logs for ever",
    (stack, id) => new CloudwatchLogGroup(stack, id, { name: "l" }),
    /Logs are kept for a time that is said/,
  ],
  [
    "a port that everybody reaches",
    (stack, id) =>
      new VpcSecurityGroupIngressRule(stack, id, {
        securityGroupId: "g",
        ipProtocol: "tcp",
        fromPort: 22,
        toPort: 22,
        cidrIpv4: "0.0.0.0/0",
      }),
    /Everybody reaches a port that is not the web's/,
  ],
  ["a table without a way back", (stack, id) => new DynamodbTable(stack, id, table), /set pointInTimeRecovery/],
  ["a queue in the clear", (stack, id) => new SqsQueue(stack, id, { name: "q" }), /A queue is encrypted/],
  [
    "a bucket that may be public",
    (stack, id) => new S3Bucket(stack, id, { bucket: "b" }),
    /A bucket is never public/,
  ],
  [
    "a bucket that is only half closed",
    (stack, id) => {
      const bucket = new S3Bucket(stack, id, { bucket: "b" });
      new S3BucketPublicAccessBlock(stack, `${id}-block`, { bucket: bucket.id, blockPublicAcls: true });
    },
    /A bucket is never public/,
  ],
  ["a bucket in the clear", (stack, id) => new S3Bucket(stack, id, { bucket: "b" }), /A bucket is encrypted/],
  ["a bucket without TLS", (stack, id) => new S3Bucket(stack, id, { bucket: "b" }), /answers over TLS alone/],
  ["old versions for ever", (stack, id) => new S3Bucket(stack, id, { bucket: "b" }), /old versions end/],
  [
    "a bucket without versions",
    (stack, id) => new S3Bucket(stack, id, { bucket: "b" }),
    /keeps what was replaced/,
  ],
];

describe("the synth fails on", () => {
  const messages = new Map<string, string>();
  beforeAll(() => {
    const text = failure((stack) => PLANTS.forEach(([, plant], i) => void plant(stack, `planted-${i}`)));
    for (const line of text.split("\n")) {
      const id = /planted-\d+/.exec(line)?.[0] ?? "";
      messages.set(id, `${messages.get(id) ?? ""}${line}\n`);
    }
  });

  test.each(PLANTS.map(([what, , message], i) => [what, message, `planted-${i}`] as const))(
    "%s, and says where",
    (_, message, id) => expect(messages.get(id)).toMatch(message),
  );

  test("a table of prod that can be deleted", () => {
    const prod = { ...SWITCHES.none, SOJOURN_STAGE: "prod" };
    expect(failure((stack) => new DynamodbTable(stack, "planted", table), prod)).toMatch(/protected from deletion/);
    expect(failure((stack) => new DynamodbTable(stack, "planted", table))).not.toMatch(/protected from deletion/);
  });

  test("a bucket of prod that is emptied to be removed", () => {
    const plant = (stack: TerraformStack) => new S3Bucket(stack, "planted", { bucket: "b", forceDestroy: true });
    expect(failure(plant, { ...SWITCHES.none, SOJOURN_STAGE: "prod" })).toMatch(/leave forceDestroy out/);
  });
});

test.each(["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"])(
  "a bucket is not closed without %s",
  (left) => {
    const names = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];
    const close = Object.fromEntries(names.map((name) => [name, name !== left]));
    const bucket = { id: "aws_s3_bucket.b", type: "aws_s3_bucket", attributes: {} };
    const block = {
      id: "p",
      type: "aws_s3_bucket_public_access_block",
      attributes: { bucket: "${aws_s3_bucket.b.id}", ...close },
    };
    const said = RULES.flatMap((rule) => rule([bucket, block], { isHardened: true, isProtected: false }));
    expect(said.map(({ message }) => message)).toContain("A bucket is never public: harden it (objects.ts).");
  },
);

test("a queue under a key of one's own is encrypted too", () => {
  const queue = { id: "q", type: "aws_sqs_queue", attributes: { kms_master_key_id: "k" } };
  expect(RULES.flatMap((rule) => rule([queue], { isHardened: true, isProtected: false }))).toEqual([]);
});

test("no way to run breaks a rule", () => {
  expect(Object.values(SWITCHES).map((env) => failure(() => {}, env))).toEqual(Object.values(SWITCHES).map(() => ""));
});

test("each reason is one that something in the stack needs", () => {
  const pipeline = { STATE_BUCKET: "acme-state", DEPLOY_FROM: "github:acme/sojourn:environment:prod" };
  const roles = [SWITCHES.both, SWITCHES.canary, SWITCHES["canary-container"], SWITCHES.domain].flatMap((env) => {
    const { resource } = kit.synth({ ...env, ...pipeline });
    return [...Object.values(resource["aws_iam_role_policy"]!), ...Object.values(resource["aws_iam_policy"]!)];
  });
  const sids = roles.flatMap(({ policy }) =>
    JSON.parse(String(policy)).Statement.filter((statement: { Resource: unknown }) =>
      [statement.Resource].flat().includes("*")
    ).map((statement: { Sid: string }) => statement.Sid)
  );
  expect([...new Set<string>(sids)].sort()).toEqual(Object.keys(REASONS).sort());
});
