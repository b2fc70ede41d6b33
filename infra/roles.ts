import { IamRole } from "@cdktf/provider-aws/lib/iam-role/index.js";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy/index.js";
import type { TerraformStack } from "cdktf";
import { type FunctionSpec, type QueueUse, type Use } from "../api/functions.ts";
import { type queues, streamedTables, tables, type TableSpec } from "../api/resources.ts";
import type { Stage } from "./stages.ts";
import type { Stores } from "./stores.ts";

/** One permission. Its Sid says in a word what it is for; where the resource is `*`, `policies.ts` has the reason. */
export type Statement = {
  Sid: string;
  Effect: "Allow" | "Deny";
  Action: string[];
  Resource: string[];
  Condition?: Condition;
};
/** By operator and key: all of them must hold. */
export type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** What a program may touch: of `api/resources.ts`, or put together for another. */
export type Access = Pick<FunctionSpec, "tables" | "buckets" | "queues" | "deadLetters" | "streams" | "publishes">;

/** Each use holds those before it. */
const USES: readonly Use[] = ["read", "write", "remove"];

/** The permissions for exactly this access. A statement that would name no resource is not there. */
export function statementsFor(access: Access, stores: Stores): Statement[] {
  const having = (uses: Partial<Record<string, Use>>, least: Use) =>
    Object.entries(uses).filter(([, use]) => USES.indexOf(use!) >= USES.indexOf(least)).map(([name]) => name);
  const tableArns = (least: Use) => having(access.tables, least).map((name) => tableOf(stores, name).arn);
  const indexArns = having(access.tables, "read").flatMap((name) =>
    Object.keys(specOf(name).indexes).map((index) => `${tableOf(stores, name).arn}/index/${index}`)
  );
  const bucketArns = (least: Use) => having(access.buckets, least).map((name) => bucketOf(stores, name).arn);
  const objectArns = (least: Use) => bucketArns(least).map((arn) => `${arn}/*`);
  const queuesFor = (...uses: QueueUse[]) => queueNames(access).filter((name) => uses.includes(access.queues[name]!));
  const queueArns = (...uses: QueueUse[]) => queuesFor(...uses).map((name) => stores.queues[name].queue.arn);
  const deadArns = access.deadLetters.map((name) => stores.queues[name].dead.arn);

  return [
    allow("ReadItems", ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"], tableArns("read")),
    allow("ReadIndexes", ["dynamodb:Query"], indexArns),
    allow("WriteItems", ["dynamodb:PartiQLInsert", "dynamodb:PutItem", "dynamodb:UpdateItem"], tableArns("write")),
    allow("RemoveItems", ["dynamodb:DeleteItem"], tableArns("remove")),
    allow("ListObjects", ["s3:ListBucket"], bucketArns("read")),
    allow("ReadObjects", ["s3:GetObject"], objectArns("read")),
    allow("WriteObjects", ["s3:PutObject"], objectArns("write")),
    allow("RemoveObjects", ["s3:DeleteObject"], objectArns("remove")),
    allow("SendMessages", ["sqs:GetQueueUrl", "sqs:SendMessage"], [...queueArns("send", "both", "feed"), ...deadArns]),
    allow(
      "TakeMessages",
      ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
      queueArns("take", "both"),
    ),
    allow("LookAtQueues", ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"], queueArns("feed")),
    allow("PublishToTopics", ["sns:Publish"], access.publishes ? [...stores.topicArns] : []),
    allow(
      "ReadStreams",
      ["dynamodb:GetRecords", "dynamodb:GetShardIterator"],
      access.streams ? streamArns(stores) : [],
    ),
  ].filter(({ Resource }) => Resource.length > 0);
}

/** What Lambda needs to bring a function the streams of tables. */
export function streamSourceStatements(streamArns: string[]): Statement[] {
  return [
    allow("FollowStreams", ["dynamodb:DescribeStream"], streamArns),
    allow("ListStreams", ["dynamodb:ListStreams"], ["*"]),
  ];
}

/** The streams of our own tables. */
export function streamArns(stores: Stores): string[] {
  return Object.keys(streamedTables("")).map((name) => tableOf(stores, name).streamArn);
}

export function allow(Sid: string, Action: string[], Resource: string[], Condition?: Condition): Statement {
  return { Sid, Effect: "Allow", Action, Resource, ...(Condition ? { Condition } : {}) };
}

/** Adds a role that `service` takes, such as lambda.amazonaws.com, and that may do exactly this. */
export function addRole(
  stack: TerraformStack,
  stage: Stage,
  { name, service, statements }: { name: string; service: string; statements: readonly Statement[] },
): { role: IamRole; policy: IamRolePolicy } {
  const role = new IamRole(stack, `role-${name}`, {
    name: `${stage.prefix}-${name}`,
    assumeRolePolicy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
    }),
  });
  const policy = new IamRolePolicy(stack, `role-${name}-policy`, {
    name: "exactly",
    role: role.id,
    policy: JSON.stringify({ Version: "2012-10-17", Statement: statements }),
  });
  return { role, policy };
}

const tableOf = (stores: Stores, name: string) => stores.tables[name as keyof typeof tables];
const bucketOf = (stores: Stores, name: string) => stores.buckets[name as keyof Stores["buckets"]];
const specOf = (name: string): TableSpec => tables[name as keyof typeof tables];

function queueNames(access: Access): (keyof typeof queues)[] {
  return Object.keys(access.queues) as (keyof typeof queues)[];
}
