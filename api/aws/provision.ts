import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type TableDescription,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, HeadBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { type IndexSpec, type Key, keyAttributes, projectionOf, type TableSpec } from "../resources.ts";
import { settingsOf } from "./clients.ts";
import { nameOf } from "./faults.ts";

const MAX_WAIT_SECONDS = 60;

/** Creates the table, or the indexes and the expiry that it lacks. An index of another shape stays as it is. */
export async function ensureTable(client: DynamoDBClient, name: string, spec: TableSpec): Promise<void> {
  const found = await undefinedWhere(
    "ResourceNotFoundException",
    async () => (await client.send(new DescribeTableCommand({ TableName: name }))).Table,
  );
  if (found) await addMissingIndexes(client, name, spec, found);
  else await createTable(client, name, spec);
  if (spec.ttlAttribute) await ensureTtl(client, name, spec.ttlAttribute);
}

async function createTable(client: DynamoDBClient, name: string, spec: TableSpec): Promise<void> {
  const indexes = Object.entries(spec.indexes).map(([index, keys]) => indexInput(index, keys));
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      ...keyInput(spec.partition, spec.sort),
      AttributeDefinitions: attributesOf(spec, ...Object.values(spec.indexes)),
      ...(indexes.length > 0 ? { GlobalSecondaryIndexes: indexes } : {}),
      ...(spec.stream ? { StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" } } : {}),
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: MAX_WAIT_SECONDS }, { TableName: name });
}

async function addMissingIndexes(client: DynamoDBClient, name: string, spec: TableSpec, found: TableDescription) {
  const existing = new Set(found.GlobalSecondaryIndexes?.map((index) => index.IndexName));
  for (const [index, keys] of Object.entries(spec.indexes)) {
    if (existing.has(index)) continue;
    await client.send(
      new UpdateTableCommand({
        TableName: name,
        AttributeDefinitions: attributesOf(spec, keys),
        GlobalSecondaryIndexUpdates: [{ Create: indexInput(index, keys) }],
      }),
    );
    await waitUntilTableExists({ client, maxWaitTime: MAX_WAIT_SECONDS }, { TableName: name });
  }
}

async function ensureTtl(client: DynamoDBClient, name: string, attribute: string): Promise<void> {
  const { TimeToLiveDescription: found } = await client.send(new DescribeTimeToLiveCommand({ TableName: name }));
  if (found?.AttributeName === attribute) return;
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName: name,
      TimeToLiveSpecification: { Enabled: true, AttributeName: attribute },
    }),
  );
}

/** Creates the bucket where it is not there. */
export async function ensureBucket(client: S3Client, name: string): Promise<void> {
  const found = await undefinedWhere("NotFound", () => client.send(new HeadBucketCommand({ Bucket: name })));
  if (!found) await client.send(new CreateBucketCommand({ Bucket: name }));
}

/** Creates the queue, or gives the one that is there these attributes. Gives the queue's ARN. */
export async function ensureQueue(
  client: SQSClient,
  name: string,
  attributes: Record<string, string>,
): Promise<string> {
  const found = await undefinedWhere(
    "QueueDoesNotExist",
    async () => (await client.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl,
  );
  if (found) await client.send(new SetQueueAttributesCommand({ QueueUrl: found, Attributes: attributes }));
  const url = found ??
    (await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }))).QueueUrl;
  const { Attributes: all } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] }),
  );
  return all!["QueueArn"]!;
}

/** Creates the topic where it is not there. Gives its ARN. */
export async function ensureTopic({ region, endpoint }: { region: string; endpoint: string }, name: string) {
  const client = new SNSClient(settingsOf(region, endpoint));
  try {
    return (await client.send(new CreateTopicCommand({ Name: name }))).TopicArn!;
  } finally {
    client.destroy();
  }
}

function keyInput(partition: Key, sort?: Key) {
  return {
    KeySchema: [
      { AttributeName: partition.name, KeyType: "HASH" as const },
      ...(sort ? [{ AttributeName: sort.name, KeyType: "RANGE" as const }] : []),
    ],
  };
}

function indexInput(name: string, index: IndexSpec) {
  const { type, attributes } = projectionOf(index);
  const Projection = { ProjectionType: type, ...(attributes ? { NonKeyAttributes: attributes } : {}) };
  return { IndexName: name, ...keyInput(index.partition, index.sort), Projection };
}

function attributesOf(...keyed: { partition: Key; sort?: Key }[]) {
  return keyAttributes(...keyed).map(({ name, type }) => ({ AttributeName: name, AttributeType: type }));
}

async function undefinedWhere<T>(errorName: string, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (nameOf(error) === errorName) return undefined;
    throw error;
  }
}
