import type { Stage } from "./stages.ts";

/** A resource as Terraform gets it: references are their text, such as `${aws_s3_bucket.x.arn}`. */
export type Resource = { id: string; type: string; attributes: Readonly<Record<string, unknown>> };
export type Breach = { id: string; message: string };
/** Gives who breaks it, and what to do. */
export type Rule = (all: readonly Resource[], stage: Pick<Stage, "isHardened" | "isProtected">) => Breach[];

/**
 * Permissions on `*`, by their Sid, each with the reason why there is nothing narrower. Any other that allows `*` fails the
 * synth.
 */
export const REASONS: Readonly<Record<string, string>> = {
  ListStreams:
    "dynamodb:ListStreams knows no narrower resource; it gives names alone, and Lambda's event sources ask for it.",
  LookAround: "Lists of alarms and log groups, and who one is, know no narrower resource; Terraform asks for them.",
  MakeSources:
    "lambda:CreateEventSourceMapping knows no resource, since what is made has no ARN yet: the function that it starts is named.",
  DeliverLogs:
    "Deliveries of logs have no resource; API Gateway hands on lines of HTTP APIs in the name of who makes the stage.",
  OldContainers: "ecs:DeregisterTaskDefinition, DescribeTaskDefinition and ListTaskDefinitions know no resource.",
  LookAtContainers: "Lists of load balancers and scaling know no narrower resource; Terraform asks for them.",
  LookAtNetwork: "Lists of networks and their parts know no narrower resource; Terraform asks for them.",
  MakeDistribution: "What CloudFront makes has no ARN yet: the installation's tag is asked for.",
  MakeAnswers: "What CloudFront makes has no ARN yet, and these carry no tags.",
  AskForCertificate: "A certificate that is asked for has no ARN yet: its name is the installation's.",
  StopReleases: "codedeploy:StopDeployment knows no resource: what it stops is named by its id.",
  LookAtTargets:
    "elasticloadbalancing:Describe… knows no narrower resource; it shows how load balancers are set alone.",
  LookAtAlarms: "cloudwatch:DescribeAlarms shows states alone, and CodeDeploy asks for all of a group at once.",
  LogInToRegistry: "ecr:GetAuthorizationToken knows no narrower resource; what may be fetched is named beside it.",
};

type PolicyStatement = {
  Sid?: string;
  Effect: string;
  Action?: string | string[];
  NotAction?: unknown;
  NotResource?: unknown;
  Resource?: string | string[];
  Principal?: unknown;
  Condition?: unknown;
};

const POLICY_ATTRIBUTES = ["policy", "assume_role_policy", "inline_policy", "access_policy", "queue_policy"];

/** The statements that allow something, of every policy that a resource carries. */
function allowing({ attributes }: Resource): PolicyStatement[] {
  const policies = POLICY_ATTRIBUTES.map((name) => attributes[name]).filter((text) => typeof text === "string");
  return policies.filter((text) => text.trimStart().startsWith("{")).flatMap((text) => {
    const { Statement: statements } = JSON.parse(text) as { Statement: PolicyStatement | PolicyStatement[] };
    return [statements].flat().filter(({ Effect }) => Effect === "Allow");
  });
}

const listed = (value: string | string[] | undefined) => [value ?? []].flat();

/** Says the same of each resource of a type that does not pass. */
function each(types: readonly string[], passes: (resource: Resource, stage: Stage) => boolean, message: string): Rule {
  return (all, stage) =>
    all.filter(({ type }) => types.includes(type)).filter((resource) => !passes(resource, stage as Stage))
      .map(({ id }) => ({ id, message }));
}

/** Where embedded servers do not have it, it is not asked for. */
const hardened = (rule: Rule): Rule => (all, stage) => stage.isHardened ? rule(all, stage) : [];

/** Each bucket has a part of this type that passes. Parts name their bucket by reference. */
function bucketHas(type: string, passes: (part: Resource) => boolean, message: string): Rule {
  return (all) => {
    const good = all.filter((part) => part.type === type && passes(part)).map(({ attributes }) =>
      String(attributes.bucket)
    );
    const isCovered = (id: string) => good.some((bucket) => bucket.includes(`${id}.`));
    return all.filter(({ type, id }) => type === "aws_s3_bucket" && !isCovered(id)).map(({ id }) => ({ id, message }));
  };
}

const enabled = (value: unknown) => (value as { enabled?: unknown } | undefined)?.enabled === true;
const isDenyingPlain = ({ attributes }: Resource) =>
  /"Effect":"Deny","Principal":"\*","Action":"s3:\*".*"aws:SecureTransport":"false"/.test(String(attributes.policy));

/** Policies of things that services come to by themselves: any account can send such a service to any name. */
const SHARED: readonly string[] = ["aws_s3_bucket_policy", "aws_sns_topic_policy", "aws_sqs_queue_policy"];

const RETENTION = "Logs are kept for a time that is said: set retentionInDays to the stage's logRetentionDays.";

const WEB_PORTS: readonly number[] = [80, 443];
const isEverywhere = ({ cidr_ipv4: v4, cidr_ipv6: v6 }: Resource["attributes"]) => v4 === "0.0.0.0/0" || v6 === "::/0";

export const RULES: readonly Rule[] = [
  (all) =>
    all.flatMap((resource) =>
      allowing(resource).filter(({ Sid = "", Resource }) => listed(Resource).includes("*") && !(Sid in REASONS))
        .map(({ Sid }) => ({
          id: resource.id,
          message:
            `The statement ${Sid} allows something on every resource: name them, or write the reason into REASONS.`,
        }))
    ),
  (all) =>
    all.flatMap((resource) =>
      allowing(resource)
        .filter(({ Action, NotAction, NotResource }) =>
          NotAction !== undefined || NotResource !== undefined || listed(Action).some((action) => action.includes("*"))
        )
        .map(({ Sid }) => ({
          id: resource.id,
          message: `The statement ${Sid} allows more than it names: name each action.`,
        }))
    ),
  (all) =>
    all.flatMap((resource) =>
      allowing(resource).filter(({ Principal, Condition }) => isAnybody(Principal) && !Condition)
        .map(({ Sid }) => ({ id: resource.id, message: `The statement ${Sid} allows anybody: name who may.` }))
    ),
  (all) =>
    all.filter(({ type }) => SHARED.includes(type)).flatMap((resource) =>
      allowing(resource)
        .filter(({ Principal, Condition, Resource }) =>
          isService(Principal) && !/"aws:Source(Account|Arn)"/.test(JSON.stringify(Condition ?? {})) &&
          !listed(Resource).every((name) => name.includes(".owner_id}"))
        )
        .map(({ Sid }) => ({
          id: resource.id,
          message:
            `The statement ${Sid} allows a service in anybody's name: ask for aws:SourceAccount or aws:SourceArn, or name the account.`,
        }))
    ),
  each(
    ["aws_vpc_security_group_ingress_rule"],
    ({ attributes }) => !isEverywhere(attributes) || WEB_PORTS.includes(Number(attributes["to_port"])),
    "Everybody reaches a port that is not the web's: name the group that may.",
  ),
  each(
    ["aws_security_group"],
    ({ attributes }) => attributes["ingress"] === undefined,
    "What comes in is said rule by rule: use VpcSecurityGroupIngressRule.",
  ),
  each(
    ["aws_lambda_permission"],
    ({ attributes }) => attributes.principal !== "*" && Boolean(attributes.source_arn),
    "Anybody, or anything of a service, may start the function: name the principal and the sourceArn.",
  ),
  each(
    ["aws_lambda_function_url"],
    ({ attributes }) => attributes.authorization_type === "AWS_IAM",
    "A public function URL has no limit, and answers 403 without a permission that the provider cannot make: use the APIs.",
  ),
  each(
    ["aws_iam_role_policy_attachment", "aws_iam_policy_attachment"],
    ({ attributes }) => String(attributes.policy_arn).startsWith("${aws_iam_policy."),
    "AWS's own policies allow more than is needed: write one.",
  ),
  each(["aws_cloudwatch_log_group"], ({ attributes }) => Number(attributes.retention_in_days) > 0, RETENTION),
  each(
    ["aws_dynamodb_table"],
    ({ attributes }, stage) => !stage.isProtected || attributes.deletion_protection_enabled === true,
    "A table of this stage is protected from deletion: set deletionProtectionEnabled.",
  ),
  hardened(
    each(
      ["aws_dynamodb_table"],
      ({ attributes }) => enabled(attributes.point_in_time_recovery),
      "A table can be had back as it was at any moment: set pointInTimeRecovery.",
    ),
  ),
  hardened(
    each(
      ["aws_sqs_queue"],
      ({ attributes }) => attributes.sqs_managed_sse_enabled === true || Boolean(attributes.kms_master_key_id),
      "A queue is encrypted: set sqsManagedSseEnabled.",
    ),
  ),
  each(
    ["aws_s3_bucket"],
    ({ attributes }, stage) => !stage.isProtected || attributes.force_destroy !== true,
    "A bucket of this stage is not emptied to be removed: leave forceDestroy out.",
  ),
  hardened(
    bucketHas(
      "aws_s3_bucket_public_access_block",
      ({ attributes }) =>
        ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"].every((name) =>
          attributes[name] === true
        ),
      "A bucket is never public: harden it (objects.ts).",
    ),
  ),
  hardened(
    bucketHas(
      "aws_s3_bucket_server_side_encryption_configuration",
      () => true,
      "A bucket is encrypted: harden it (objects.ts).",
    ),
  ),
  hardened(
    bucketHas("aws_s3_bucket_policy", isDenyingPlain, "A bucket answers over TLS alone: harden it (objects.ts)."),
  ),
  hardened(
    bucketHas(
      "aws_s3_bucket_lifecycle_configuration",
      () => true,
      "A bucket's old versions end: harden it (objects.ts).",
    ),
  ),
  hardened(
    bucketHas("aws_s3_bucket_versioning", () => true, "A bucket keeps what was replaced: harden it (objects.ts)."),
  ),
];

function isService(principal: unknown): boolean {
  return typeof principal === "object" && principal !== null && "Service" in principal;
}

function isAnybody(principal: unknown): boolean {
  return principal === "*" ||
    (typeof principal === "object" && principal !== null && Object.values(principal).flat().includes("*"));
}
