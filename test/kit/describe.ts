import { DescribeTableCommand, DescribeTimeToLiveCommand, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, ListQueuesCommand } from "@aws-sdk/client-sqs";
import type { AwsClients } from "../../api/aws/clients.ts";
import type { Attributes, Synthesised } from "./synth.ts";

/** Tables, buckets and queues as far as they matter to the service, in one shape wherever they come from. */
export type Described = {
  tables: Record<string, DescribedTable>;
  buckets: string[];
  queues: Record<string, DescribedQueue>;
};
type DescribedTable = {
  keys: string;
  attributes: string[];
  indexes: string[];
  stream: string;
  ttl: string;
  billing: string;
};
type DescribedQueue = { visibilitySeconds: number; retentionSeconds: number; redrive: string };

/** What runs there. */
export async function describeRunning({ dynamodb, s3, sqs }: AwsClients): Promise<Described> {
  const { TableNames: names = [] } = await dynamodb.send(new ListTablesCommand({}));
  const { Buckets: buckets = [] } = await s3.send(new ListBucketsCommand({}));
  const { QueueUrls: urls = [] } = await sqs.send(new ListQueuesCommand({}));
  const tables = await Promise.all(names.map(async (name) => {
    const { Table: table } = await dynamodb.send(new DescribeTableCommand({ TableName: name }));
    const { TimeToLiveDescription: ttl } = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName: name }));
    const keysOf = (schema: { AttributeName?: string | undefined; KeyType?: string | undefined }[] = []) =>
      schema.map((key) => `${key.KeyType} ${key.AttributeName}`).sort().join(", ");
    const described: DescribedTable = {
      keys: keysOf(table!.KeySchema),
      attributes: table!.AttributeDefinitions!.map((one) => `${one.AttributeName} ${one.AttributeType}`).sort(),
      indexes: (table!.GlobalSecondaryIndexes ?? []).map((index) => {
        const { ProjectionType: type, NonKeyAttributes: more = [] } = index.Projection!;
        return indexText(index.IndexName!, keysOf(index.KeySchema), type!, more);
      }).sort(),
      stream: table!.StreamSpecification?.StreamEnabled ? table!.StreamSpecification.StreamViewType! : "none",
      ttl: ttl?.TimeToLiveStatus === "ENABLED" ? ttl.AttributeName! : "none",
      billing: table!.BillingModeSummary?.BillingMode ?? "none",
    };
    return [name, described] as const;
  }));
  const queues = await Promise.all(urls.map(async (url) => {
    const { Attributes: got = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }),
    );
    const redrive = got["RedrivePolicy"] ? JSON.parse(got["RedrivePolicy"]) : undefined;
    const described: DescribedQueue = {
      visibilitySeconds: Number(got["VisibilityTimeout"]),
      retentionSeconds: Number(got["MessageRetentionPeriod"]),
      redrive: redrive ? redriveText(redrive.deadLetterTargetArn.split(":").at(-1), redrive.maxReceiveCount) : "none",
    };
    return [new URL(url).pathname.split("/").at(-1)!, described] as const;
  }));
  return {
    tables: sorted(tables),
    buckets: buckets.map(({ Name: name }) => name!).sort(),
    queues: sorted(queues),
  };
}

/** What a stack makes. */
export function describeSynthesised({ resource }: Synthesised): Described {
  const all = (type: string) => Object.entries(resource[type] ?? {});
  const list = (value: unknown) => (value ?? []) as Attributes[];
  const keysOf = ({ hash_key: hash, range_key: range }: Attributes) =>
    [`HASH ${String(hash)}`, ...(range ? [`RANGE ${String(range)}`] : [])].sort().join(", ");
  const queueNames = new Map(all("aws_sqs_queue").map(([id, { name }]) => [id, String(name)]));
  return {
    tables: sorted(
      all("aws_dynamodb_table").map(([, table]) => [String(table["name"]), {
        keys: keysOf(table),
        attributes: list(table["attribute"]).map(({ name, type }) => `${String(name)} ${String(type)}`).sort(),
        indexes: list(table["global_secondary_index"]).map((index) =>
          indexText(
            String(index["name"]),
            keysOf(index),
            String(index["projection_type"]),
            (index["non_key_attributes"] ?? []) as string[],
          )
        ).sort(),
        stream: table["stream_enabled"] ? String(table["stream_view_type"]) : "none",
        ttl: table["ttl"] ? String((table["ttl"] as Attributes)["attribute_name"]) : "none",
        billing: String(table["billing_mode"]),
      }]),
    ),
    buckets: all("aws_s3_bucket").map(([, { bucket }]) => String(bucket)).sort(),
    queues: sorted(
      all("aws_sqs_queue").map(([, queue]) => {
        const redrive = queue["redrive_policy"] ? JSON.parse(String(queue["redrive_policy"])) : undefined;
        const target = /aws_sqs_queue\.([\w-]+)\.arn/.exec(redrive?.deadLetterTargetArn ?? "")?.[1];
        return [String(queue["name"]), {
          // Where nothing is said, the provider's: 30 seconds and four days.
          visibilitySeconds: Number(queue["visibility_timeout_seconds"] ?? 30),
          retentionSeconds: Number(queue["message_retention_seconds"] ?? 345_600),
          redrive: redrive ? redriveText(queueNames.get(target!)!, redrive.maxReceiveCount) : "none",
        }];
      }),
    ),
  };
}

function indexText(name: string, keys: string, projection: string, more: readonly string[]): string {
  return `${name}: ${keys}; ${projection} ${[...more].sort().join(" ")}`.trim();
}

function redriveText(queue: string, tries: number): string {
  return `${queue} after ${tries}`;
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}
