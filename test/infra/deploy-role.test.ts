import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { stagesFrom } from "../../infra/stages.ts";
import { statementsIn } from "../kit/iam.ts";
import { synthStage } from "../kit/synth-stage.ts";
import { SWITCHES } from "../kit/synth.ts";

const stack = synthStage(SWITCHES.canary);
const trustOf = (env: Record<string, string>) => {
  const { assume_role_policy: policy } = synthStage({ ...SWITCHES.canary, ...env }).one("aws_iam_role", "role-deploy");
  return JSON.parse(policy).Statement[0];
};

describe("the role of a pipeline", () => {
  test.each([
    [
      "github:acme/sojourn:environment:prod",
      "token.actions.githubusercontent.com",
      "repo:acme/sojourn:environment:prod",
    ],
    [
      "gitlab:acme/web/sojourn:ref_type:branch:ref:main",
      "gitlab.com",
      "project_path:acme/web/sojourn:ref_type:branch:ref:main",
    ],
  ])("%s is taken by exactly that job", (from, host, subject) => {
    const { Action, Condition } = trustOf({ DEPLOY_FROM: from });
    expect(Action).toBe("sts:AssumeRoleWithWebIdentity");
    expect(Object.keys(Condition)).toEqual(["StringEquals"]);
    expect(Condition.StringEquals[`${host}:sub`]).toBe(subject);
    expect(Condition.StringEquals[`${host}:aud`]).toBeTruthy();
  });

  test("is by the account's identity provider where there is one", () => {
    const arn = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    expect(trustOf({ OIDC_PROVIDER_ARN: arn }).Principal).toEqual({ Federated: arn });
    expect(synthStage({ ...SWITCHES.canary, OIDC_PROVIDER_ARN: arn }).all("aws_iam_openid_connect_provider")).toEqual(
      {},
    );
  });

  const statements = Object.entries(stack.all("aws_iam_policy"))
    .filter(([id]) => id.startsWith("role-deploy-"))
    .flatMap(([, { policy }]) => statementsIn(String(policy), stack.resources));

  test("may read no item, no secret's value and start no function", () => {
    const actions = statements.flatMap(({ Action }) => [Action].flat());
    const forbidden = [
      /^dynamodb:(GetItem|Query|Scan|PutItem)/,
      "secretsmanager:GetSecretValue",
      "lambda:InvokeFunction",
      "sqs:ReceiveMessage",
      "sts:AssumeRole",
      /^iam:(CreateUser|AttachRolePolicy|CreateAccessKey|CreatePolicy)/,
    ];
    for (const one of forbidden) {
      expect(actions.filter((action) => (typeof one === "string" ? action === one : one.test(action)))).toEqual([]);
    }
    expect(new Set(statements.map(({ Sid }) => Sid)).size).toBe(statements.length);
    // The pipeline carries its policies, and no inline one.
    expect(Object.keys(stack.all("aws_iam_role_policy"))).not.toContain("role-deploy-policy");
    expect(Object.keys(stack.all("aws_iam_role_policy_attachment")).length).toBe(
      Object.keys(stack.all("aws_iam_policy")).length - 1,
    );
  });
});

test.each([
  ["github:acme/*:environment:prod", /DEPLOY_FROM/],
  ["github:acme/sojourn", /must be github:OWNER/],
  ["gitlab:acme/sojourn:ref_type:branch:ref:*", /DEPLOY_FROM/],
  ["bitbucket:acme/sojourn", /DEPLOY_FROM/],
])("%s names no one job, and is refused", (from, message) => {
  expect(() => stagesFrom({ ...SWITCHES.canary, DEPLOY_FROM: from })).toThrow(message);
});

test("a pipeline's state lies in a bucket", () => {
  expect(() => stagesFrom({ ...SWITCHES.canary, STATE_BUCKET: "" })).toThrow(
    /STATE_BUCKET: is needed with DEPLOY_FROM/,
  );
});

test("the workflow shows what would change before it changes it, and names no key", () => {
  const text = readFileSync(new URL("../../infra/deploy.github.yml", import.meta.url), "utf8");
  expect(text.indexOf("cdktf diff")).toBeLessThan(text.indexOf("cdktf deploy"));
  expect(text).toContain("npm run release");
  expect(text).not.toMatch(/AWS_SECRET_ACCESS_KEY|AKIA/);
});
