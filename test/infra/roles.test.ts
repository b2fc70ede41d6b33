import { afterAll, describe, expect, test } from "vitest";
import { createSynthKit, SWITCHES } from "../kit/synth.ts";

const kit = createSynthKit();
afterAll(kit.remove);

/** What each kind of statement allows. */
const ACTIONS: Record<string, string> = {
  ReadItems: "dynamodb:BatchGetItem dynamodb:GetItem dynamodb:Query",
  ReadIndexes: "dynamodb:Query",
  WriteItems: "dynamodb:PartiQLInsert dynamodb:PutItem dynamodb:UpdateItem",
  RemoveItems: "dynamodb:DeleteItem",
  ListObjects: "s3:ListBucket",
  ReadObjects: "s3:GetObject",
  WriteObjects: "s3:PutObject",
  RemoveObjects: "s3:DeleteObject",
  SendMessages: "sqs:GetQueueUrl sqs:SendMessage",
  TakeMessages: "sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage",
  LookAtQueues: "sqs:GetQueueAttributes sqs:GetQueueUrl",
  PublishToTopics: "sns:Publish",
  ReadStreams: "dynamodb:GetRecords dynamodb:GetShardIterator",
  FollowStreams: "dynamodb:DescribeStream",
  ListStreams: "dynamodb:ListStreams",
  UseKeys: "secretsmanager:GetSecretValue secretsmanager:PutSecretValue",
  SendToSockets: "execute-api:ManageConnections",
  WriteLogs: "logs:CreateLogStream logs:PutLogEvents",
};

const INDEXES: Record<string, readonly string[]> = {
  journeys: ["byStart", "byVisitor"],
  trails: ["byStart"],
  records: ["byTime"],
  buckets: ["byHour"],
  access: ["byTenant"],
  sessions: ["byStart", "bySensor", "byNote", "byCheck"],
  sensors: ["byTenant"],
  reviews: ["byCheck"],
  webhooks: ["byDue"],
};
const STREAMS = "journeys records sessions reviews".split(" ").map((name) => `table-${name}.stream_arn`);

const tables = (names: string) => names.split(" ").map((name) => `table-${name}`);
const indexes = (names: string) =>
  names.split(" ").flatMap((name) => (INDEXES[name] ?? []).map((index) => `table-${name}/index/${index}`));
const buckets = (names: string) => names.split(" ").map((name) => `bucket-${name}`);
const objects = (names: string) => names.split(" ").map((name) => `bucket-${name}/*`);
/** Sockets can be sent to and closed; nothing else of an API can be called. */
const CONNECTIONS = ["POST", "DELETE"].map((method) => `socket-api.execution_arn/sockets/${method}/@connections/*`);
const logs = (name: string) => [`function-${name}-logs:*`];

/** Every statement of every function: what it is for, and the resources. Nothing else is allowed. */
const ROLES: Record<string, Record<string, readonly string[]>> = {
  http: {
    ReadItems: tables("journeys trails records buckets rollups accounts access sessions sensors reviews webhooks"),
    ReadIndexes: indexes("journeys trails records buckets access sessions sensors reviews webhooks"),
    WriteItems: tables("journeys trails records buckets accounts access sessions sensors reviews webhooks"),
    RemoveItems: tables("journeys trails buckets accounts sessions sensors"),
    ListObjects: buckets("events readings collections"),
    ReadObjects: objects("events readings collections"),
    // Also what a link to upload allows: it is signed with this role.
    WriteObjects: objects("events readings collections"),
    RemoveObjects: objects("events readings collections"),
    SendMessages: ["queue-ingest", "queue-late", "queue-wakes"],
    LookAtQueues: ["queue-ingest"],
    PublishToTopics: ["webhooks"],
    UseKeys: ["signing-key"],
    WriteLogs: logs("http"),
  },
  stream: {
    ReadItems: tables("journeys trails records buckets rollups accounts access sessions sensors reviews"),
    ReadIndexes: indexes("journeys trails records buckets access sessions sensors reviews"),
    WriteItems: tables("access"),
    ListObjects: buckets("events readings collections"),
    ReadObjects: objects("events readings collections"),
    UseKeys: ["signing-key"],
    WriteLogs: logs("stream"),
  },
  sockets: {
    ReadItems: tables("journeys trails records buckets rollups accounts access sessions sensors reviews sockets"),
    ReadIndexes: indexes("journeys trails records buckets access sessions sensors reviews"),
    WriteItems: tables("access sockets"),
    RemoveItems: tables("sockets"),
    ListObjects: buckets("events readings collections"),
    ReadObjects: objects("events readings collections"),
    SendMessages: ["queue-wakes"],
    UseKeys: ["signing-key"],
    SendToSockets: CONNECTIONS,
    WriteLogs: logs("sockets"),
  },
  push: {
    ReadItems: tables("journeys trails records buckets rollups accounts access sessions sensors reviews sockets"),
    ReadIndexes: indexes("journeys trails records buckets access sessions sensors reviews"),
    WriteItems: tables("sockets"),
    RemoveItems: tables("sockets"),
    ListObjects: buckets("events readings collections"),
    ReadObjects: objects("events readings collections"),
    SendMessages: ["queue-wakes", "queue-wakes-dead"],
    TakeMessages: ["queue-wakes"],
    UseKeys: ["signing-key"],
    SendToSockets: CONNECTIONS,
    WriteLogs: logs("push"),
  },
  ingest: {
    ReadItems: tables("records buckets journeys sessions sensors"),
    ReadIndexes: indexes("records buckets journeys sessions sensors"),
    WriteItems: tables("records buckets journeys sessions sensors"),
    RemoveItems: tables("journeys sessions"),
    ListObjects: buckets("events readings"),
    ReadObjects: objects("events readings"),
    WriteObjects: objects("events readings"),
    SendMessages: ["queue-ingest-dead"],
    TakeMessages: ["queue-ingest"],
    WriteLogs: logs("ingest"),
  },
  rollup: {
    ReadItems: tables("journeys trails records buckets rollups sessions sensors sockets"),
    ReadIndexes: indexes("journeys trails records buckets sessions sensors"),
    WriteItems: tables("journeys trails records buckets rollups sessions sensors"),
    RemoveItems: tables("journeys sessions"),
    ListObjects: buckets("events"),
    ReadObjects: objects("events"),
    WriteObjects: objects("events"),
    SendMessages: ["queue-late", "queue-wakes"],
    ReadStreams: STREAMS,
    FollowStreams: STREAMS,
    ListStreams: ["*"],
    WriteLogs: logs("rollup"),
  },
  late: {
    ReadItems: tables("journeys trails records buckets rollups sessions sensors reviews"),
    ReadIndexes: indexes("journeys trails records buckets sessions sensors reviews"),
    WriteItems: tables("journeys trails records buckets rollups sessions sensors reviews"),
    RemoveItems: tables("journeys sessions"),
    ListObjects: buckets("events"),
    ReadObjects: objects("events"),
    WriteObjects: objects("events"),
    RemoveObjects: objects("events"),
    SendMessages: ["queue-late-dead"],
    TakeMessages: ["queue-late"],
    ReadStreams: STREAMS,
    WriteLogs: logs("late"),
  },
  schedule: {
    ReadItems: tables("journeys trails records buckets rollups access sessions sensors reviews webhooks sockets"),
    ReadIndexes: indexes("journeys trails records buckets access sessions sensors reviews webhooks"),
    WriteItems: tables("journeys trails records buckets rollups access sessions sensors reviews webhooks sockets"),
    RemoveItems: tables("journeys trails records buckets rollups access sessions sensors reviews webhooks sockets"),
    ListObjects: buckets("events readings collections"),
    ReadObjects: objects("events readings collections"),
    WriteObjects: objects("events readings collections"),
    RemoveObjects: objects("events readings collections"),
    SendMessages: ["queue-wakes"],
    PublishToTopics: ["webhooks"],
    WriteLogs: logs("schedule"),
  },
};

/** `${aws_s3_bucket.bucket-events.arn}/*` as `bucket-events/*`. */
function shortOf(resource: string): string {
  return resource.replace(
    /^\$\{aws_\w+\.([\w-]+)\.(\w+)\}/,
    (_, id, attribute) => attribute === "arn" ? id : `${id}.${attribute}`,
  );
}

type Statement = { Sid: string; Effect: string; Action: string[]; Resource: string[] };

describe("the role of", () => {
  const { resource } = kit.synth(SWITCHES.functions);
  const statementsOf = (name: string): Statement[] =>
    JSON.parse(resource["aws_iam_role_policy"]![`role-${name}-policy`]!["policy"]).Statement;

  test.each(Object.keys(ROLES))("%s allows exactly this", (name) => {
    const statements = statementsOf(name);
    const found = statements.map(({ Sid, Resource }) => [Sid, Resource.map(shortOf)]);
    expect(Object.fromEntries(found)).toEqual(ROLES[name]);
    expect(found).toHaveLength(Object.keys(ROLES[name]!).length);
    for (const { Sid, Effect, Action } of statements) {
      expect([Effect, Action.join(" ")]).toEqual(["Allow", ACTIONS[Sid]]);
    }
  });

  test.each(Object.keys(ROLES))("%s is taken by Lambda alone, and has no other policy", (name) => {
    const { assume_role_policy: assumed, ...role } = resource["aws_iam_role"]![`role-${name}`]!;
    expect(JSON.parse(assumed).Statement).toEqual([
      { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
    ]);
    expect(role).toEqual({ name: `sojourn-${name}` });
    const policies = Object.values(resource["aws_iam_role_policy"]!).filter((policy) =>
      policy["role"] === `\${aws_iam_role.role-${name}.id}`
    );
    expect(policies).toHaveLength(1);
    expect(resource["aws_iam_role_policy_attachment"]).toBeUndefined();
  });

  test("functions is one for each function, and no other program has one like it", () => {
    const names = Object.keys(resource["aws_lambda_function"]!).map((id) => id.replace("function-", ""));
    expect(names.sort()).toEqual(Object.keys(ROLES).sort());
  });
});

test("an installation without accounts has no signing keys, and nobody may read any", () => {
  const { resource } = kit.synth({ ...SWITCHES.functions, ACCOUNTS: "off", JWKS_URL: "https://id.example/keys" });
  expect(resource["aws_secretsmanager_secret"]).toBeUndefined();
  expect(JSON.stringify(resource["aws_iam_role_policy"])).not.toContain("secretsmanager");
});
