import { describe, expect, test } from "vitest";
import { deployActions } from "../kit/deploy-types.ts";
import { faultsIn, type IamStatement, isAllowed, statementsIn } from "../kit/iam.ts";
import { synthStage } from "../kit/synth-stage.ts";
import { SWITCHES } from "../kit/synth.ts";

const { local: _, ...deployed } = SWITCHES;
const DEPLOYER = { STATE_BUCKET: "acme-state", DEPLOY_FROM: "github:acme/sojourn:environment:prod" };
/** Each way to run, by a pipeline; and what none of them has. */
const STAGES: Record<string, Record<string, string>> = {
  ...deployed,
  attached: {
    ...SWITCHES.functions,
    SOJOURN_GATEWAY_LOGS: "on",
    SOJOURN_TABLE_KEY: "managed",
    ATTACHED_TABLES: '[{"table":"orders","source":"TASKS","tenant":"shop","at":"paidAt"}]',
  },
};
const stages = Object.entries(STAGES).map(([name, env]) => [name, synthStage({ ...env, ...DEPLOYER })] as const);

type Stack = (typeof stages)[number][1];
const TYPES_OF_POLICIES = ["aws_iam_role_policy", "aws_iam_policy"];

/** Every policy of identities, by its id. */
function policiesOf(stack: Stack): [string, IamStatement[]][] {
  return TYPES_OF_POLICIES.flatMap((type) => Object.entries(stack.all(type))).map(([id, { policy }]) =>
    [id, statementsIn(String(policy), stack.resources)] as [string, IamStatement[]]
  );
}
const ofPipeline = (stack: Stack) =>
  policiesOf(stack).filter(([id]) => id.startsWith("role-deploy-")).flatMap(([, statements]) => statements);
const boundaryOf = (stack: Stack) => policiesOf(stack).find(([id]) => id === "boundary")![1];

describe.each(stages)("of the stage %s", (_, stack) => {
  test("each statement says what AWS's reference of IAM knows: actions, on what they act, and what is asked for", async () => {
    const faults = await Promise.all(policiesOf(stack).flatMap(([, all]) => all).map(faultsIn));
    expect(faults.flat()).toEqual([]);
  });

  test("each type of resource can be deployed by the pipeline", () => {
    const allowed = new Set(
      ofPipeline(stack).filter(({ Effect }) => Effect === "Allow").flatMap(({ Action }) => Action),
    );
    const missing = Object.keys(stack.resources).flatMap((type) => {
      const needed = deployActions(type);
      if (needed === undefined) return [`${type} is not in DEPLOY_TYPES`];
      return needed.filter((action) => !allowed.has(action)).map((action) => `${type}: ${action}`);
    });
    expect(missing).toEqual([]);
  });

  test("no role but the pipeline's may do what the boundary does not hold", () => {
    const boundary = boundaryOf(stack);
    const beyond = policiesOf(stack).filter(([id]) => !/^(boundary|role-deploy)/.test(id)).flatMap(([id, all]) =>
      all.flatMap(({ Action, Resource, Condition }) => {
        const context = Condition?.["StringEquals"] ?? {};
        return [Action].flat().flatMap((action) =>
          [Resource].flat().filter((arn) => !isAllowed(boundary, { action, arn, context })).map((arn) =>
            `${id} ${action} ${arn}`
          )
        );
      })
    );
    expect(beyond).toEqual([]);
    const unbound = Object.entries(stack.all("aws_iam_role"))
      .filter(([id, { permissions_boundary: bound }]) => (id === "role-deploy") === Boolean(bound));
    expect(unbound).toEqual([]);
  });

  test("policies fit: 6,144 characters each, ten at a role", () => {
    const all = Object.values(stack.all("aws_iam_policy")).map(({ policy }) =>
      JSON.stringify({ Statement: statementsIn(String(policy), stack.resources) }).replaceAll("sojourn", "s".repeat(31))
        .length
    );
    expect(all.filter((length) => length > 6_144)).toEqual([]);
    expect(Object.keys(stack.all("aws_iam_role_policy_attachment")).length).toBeLessThanOrEqual(10);
  });
});

test("the pipeline may do nothing that no type of resource needs", () => {
  const needed = new Set(
    stages.flatMap(([, stack]) => Object.keys(stack.resources)).flatMap((type) => deployActions(type)),
  );
  const others = stages.flatMap(([, stack]) => ofPipeline(stack)).flatMap(({ Action }) => Action)
    .filter((action) => !needed.has(action) && !BESIDE.includes(action));
  expect([...new Set(others)]).toEqual([]);
});

/** Of Terraform itself, of what it removes where nothing is protected, and of releases (`npm run release`). */
const BESIDE: readonly string[] = [
  ...["sts:GetCallerIdentity", "dynamodb:DeleteTable", "s3:DeleteBucket"],
  ...[
    "CreateDeployment",
    "GetDeployment",
    "GetDeploymentConfig",
    "RegisterApplicationRevision",
    "GetApplicationRevision",
    "ListDeployments",
    "StopDeployment",
  ]
    .map((name) => `codedeploy:${name}`),
  "ecs:ListTaskDefinitions",
];

describe("the pipeline", () => {
  const PREFIX = "arn:aws";
  const AT = "eu-central-1:111122223333";
  const of = (name: string) => ofPipeline(stages.find(([one]) => one === name)![1]);
  const may = (name: string, action: string, arn: string, context: Record<string, string | string[]> = {}) =>
    isAllowed(of(name), { action, arn: `${PREFIX}:${arn}`, context });
  const role = (name: string) => `iam::111122223333:role/${name}`;
  const boundary = { "iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/sojourn-boundary" };

  test("makes and changes roles inside the boundary alone, and gives them to our services alone", () => {
    for (const action of ["iam:CreateRole", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"]) {
      expect(may("functions", action, role("sojourn-http"), boundary)).toBe(true);
      expect(may("functions", action, role("sojourn-http"))).toBe(false);
      expect(may("functions", action, role("sojourn-http"), { "iam:PermissionsBoundary": "arn:aws:iam::aws:policy/x" }))
        .toBe(false);
      expect(may("functions", action, role("other"), boundary)).toBe(false);
    }
    const to = (service: string) => ({ "iam:PassedToService": service });
    expect(may("functions", "iam:PassRole", role("sojourn-http"), to("lambda.amazonaws.com"))).toBe(true);
    expect(may("functions", "iam:PassRole", role("sojourn-http"), to("ec2.amazonaws.com"))).toBe(false);
    expect(may("functions", "iam:DeleteRolePermissionsBoundary", role("sojourn-http"), boundary)).toBe(false);
  });

  test("changes neither its own role nor the boundary", () => {
    for (const action of ["iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:DeleteRole", "iam:PassRole"]) {
      expect(may("functions", action, role("sojourn-deploy"), boundary)).toBe(false);
    }
    for (const action of ["iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:SetDefaultPolicyVersion"]) {
      expect(may("functions", action, "iam::111122223333:policy/sojourn-boundary")).toBe(false);
    }
    expect(may("functions", "iam:GetRole", role("sojourn-deploy"))).toBe(true);
  });

  test("deletes no table and no bucket of prod, and empties none", () => {
    const all = of("canary").flatMap(({ Action }) => Action);
    expect(all.filter((action) => ["dynamodb:DeleteTable", "s3:DeleteBucket"].includes(action))).toEqual([]);
    expect(may("canary", "s3:DeleteObject", "s3:::sojourn-events/events/x")).toBe(false);
    expect(may("functions", "s3:DeleteObject", "s3:::sojourn-events/events/x")).toBe(true);
    // Pages are files of the stack in any stage; other buckets are others'.
    for (const stage of ["canary", "functions"]) {
      expect(may(stage, "s3:DeleteObject", "s3:::sojourn-pages/index.html")).toBe(true);
      expect(may(stage, "s3:DeleteObject", "s3:::other-events/events/x")).toBe(false);
    }
  });

  test("starts its own functions alone by what it makes sources of", () => {
    const starts = (name: string) => ({ "lambda:FunctionArn": `arn:aws:lambda:${AT}:function:${name}` });
    const mapping = `lambda:${AT}:event-source-mapping:1`;
    expect(may("functions", "lambda:CreateEventSourceMapping", "lambda", starts("sojourn-rollup"))).toBe(true);
    expect(may("functions", "lambda:CreateEventSourceMapping", "lambda", starts("other-rollup"))).toBe(false);
    expect(may("functions", "lambda:DeleteEventSourceMapping", mapping, starts("other-rollup"))).toBe(false);
  });

  test("touches of networks what carries the installation's tag, or is made with it", () => {
    const vpc = `ec2:${AT}:vpc/vpc-1`;
    const own = { "aws:ResourceTag/installation": "sojourn" };
    expect(may("container", "ec2:DeleteVpc", vpc, own)).toBe(true);
    expect(may("container", "ec2:DeleteVpc", vpc, { "aws:ResourceTag/installation": "other" })).toBe(false);
    expect(may("container", "ec2:CreateVpc", vpc, { "aws:RequestTag/installation": "sojourn" })).toBe(true);
    expect(may("container", "ec2:CreateVpc", vpc)).toBe(false);
    // A tag is put on what is made, and not on what is there: or anything could be made ours.
    const tag = { "aws:RequestTag/installation": "sojourn" };
    expect(may("container", "ec2:CreateTags", vpc, { ...tag, "ec2:CreateAction": "CreateVpc" })).toBe(true);
    expect(may("container", "ec2:CreateTags", vpc, tag)).toBe(false);
    expect(may("vpc", "ec2:DeleteVpc", vpc, own)).toBe(false);
    expect(may("vpc", "ec2:CreateSecurityGroup", `ec2:${AT}:vpc/${SWITCHES.vpc.VPC_ID}`)).toBe(true);
  });

  test("writes of the zone the installation's own records alone", () => {
    const zone = `route53:::hostedzone/${SWITCHES.domain.HOSTED_ZONE_ID}`;
    const named = (...names: string[]) => ({ "route53:ChangeResourceRecordSetsNormalizedRecordNames": names });
    expect(may("domain", "route53:ChangeResourceRecordSets", zone, named("sojourn.example.com"))).toBe(true);
    expect(may("domain", "route53:ChangeResourceRecordSets", zone, named("_a1.sojourn.example.com"))).toBe(true);
    expect(may("domain", "route53:ChangeResourceRecordSets", zone, named("sojourn.example.com", "example.com"))).toBe(
      false,
    );
  });

  test.each([
    ["functions", [
      "ec2",
      "ecs",
      "elasticloadbalancing",
      "elasticache",
      "cloudfront",
      "wafv2",
      "route53",
      "acm",
      "codedeploy",
    ]],
    ["container", ["apigateway", "cloudfront", "wafv2", "route53", "acm", "codedeploy"]],
    ["domain-container", ["apigateway", "wafv2", "route53", "acm"]],
    ["none", ["ec2", "ecs", "apigateway", "cloudfront"]],
  ])("of %s may ask nothing of %j", (name, services) => {
    const asked = new Set(of(name).flatMap(({ Action }) => Action).map((action) => action.split(":")[0]!));
    expect(services.filter((service) => asked.has(service))).toEqual([]);
  });
});
