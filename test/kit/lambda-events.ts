import { type _Record, GetRecordsCommand, GetShardIteratorCommand } from "@aws-sdk/client-dynamodb-streams";
import type {
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  DynamoDBStreamEvent,
  SQSEvent,
} from "aws-lambda";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { createStreams } from "../../api/aws/streams.ts";
import type { WindowedEvent } from "../../api/entry/lambda/rollup.ts";
import type { TestSystem } from "./local.ts";

/** An event as AWS's documentation shows it, with names where that has placeholders. */
export function recorded<T>(name: string): T {
  const text = readFileSync(new URL(`../fixtures/lambda/${name}.json`, import.meta.url), "utf8");
  return JSON.parse(text.replaceAll(/<([a-z-]+)>/g, "$1")) as T;
}

type Asked = { path?: string; headers?: Record<string, string>; body?: object | string; base64?: boolean };

const textOf = (body: object | string | undefined) => (typeof body === "object" ? JSON.stringify(body) : body ?? "");
const JSON_TYPE = { "content-type": "application/json" };

/** A POST through API Gateway's HTTP API, or with `name` a function URL. */
export function httpEvent({ path = "/default/graphql", headers, body, base64 = false }: Asked, name = "apigateway-v2") {
  const event = recorded<APIGatewayProxyEventV2>(name);
  const { "content-length": _, ...others } = event.headers;
  return {
    ...event,
    rawPath: path,
    headers: { ...others, accept: "application/json", ...JSON_TYPE, ...headers },
    requestContext: { ...event.requestContext, http: { ...event.requestContext.http, method: "POST", path } },
    body: base64 ? Buffer.from(textOf(body)).toString("base64") : textOf(body),
    isBase64Encoded: base64,
  };
}

/** A POST through API Gateway's REST API. */
export function restEvent({ path = "/graphql", headers, body }: Asked) {
  const event = recorded<APIGatewayProxyEvent>("apigateway-v1");
  const own = { accept: "text/event-stream", ...JSON_TYPE, ...headers };
  return {
    ...event,
    path,
    httpMethod: "POST",
    headers: { ...event.headers, ...own },
    multiValueHeaders: {
      ...event.multiValueHeaders,
      ...Object.fromEntries(Object.entries(own).map(([key, value]) => [key, [value]])),
    },
    body: textOf(body),
  };
}

/** What a client gets of a result: API Gateway makes bytes of base64 and UTF-8 of text, and clients unpack what is packed. */
export function receivedOf({ headers, body, isBase64Encoded }: APIGatewayProxyStructuredResultV2): Buffer {
  const bytes = Buffer.from(body!, isBase64Encoded ? "base64" : "utf8");
  const encoding = headers!["content-encoding"];
  return encoding === "br" ? brotliDecompressSync(bytes) : encoding === "gzip" ? gunzipSync(bytes) : bytes;
}

/** A batch of queue messages with these bodies, named m0, m1, … */
export function sqsEvent(bodies: readonly (object | string)[], receives = 1): SQSEvent {
  const [record] = recorded<SQSEvent>("sqs").Records;
  return {
    Records: bodies.map((body, i) => ({
      ...record!,
      messageId: `m${i}`,
      body: textOf(body),
      attributes: { ...record!.attributes, ApproximateReceiveCount: String(receives) },
    })),
  };
}

/** What a table's stream holds of a tenant, as Lambda's event source gives it; and where it was. */
export async function streamEvent(
  { clients, prefix }: TestSystem,
  table: string,
  tenant: string,
): Promise<{ event: WindowedEvent; arn: string; shard: string }> {
  const streams = createStreams(clients.dynamodb, clients.streams);
  const arn = (await streams.arnOf(`${prefix}-${table}`))!;
  const [{ id: shard } = { id: "" }] = await streams.shardsOf(arn);
  const place = { StreamArn: arn, ShardId: shard, ShardIteratorType: "TRIM_HORIZON" } as const;
  let { ShardIterator: next } = await clients.streams.send(new GetShardIteratorCommand(place));
  const records: _Record[] = [];
  while (next) {
    const page = await clients.streams.send(new GetRecordsCommand({ ShardIterator: next, Limit: 1_000 }));
    if (page.Records?.length === 0) break;
    records.push(...page.Records!);
    next = page.NextShardIterator;
  }
  const own = records.filter(({ dynamodb }) => dynamodb!.Keys!.pk!.S!.startsWith(`${tenant}#`));
  return { event: { ...WINDOW, shardId: shard, Records: own.map((record) => asLambdaGives(record, arn)) }, arn, shard };
}

/** What a tumbling window adds to a stream's event, as AWS's documentation shows it. */
const WINDOW = {
  window: { start: "2020-07-30T17:00:00Z", end: "2020-07-30T17:05:00Z" },
  state: {},
  isFinalInvokeForWindow: false,
  isWindowTerminatedEarly: false,
};

/** In the shape of the recorded event: JSON, bytes as base64, times as epoch seconds. */
function asLambdaGives(record: _Record, arn: string) {
  const shape = recorded<DynamoDBStreamEvent>("dynamodb").Records[0]!;
  const { dynamodb } = record;
  const image = {
    ...dynamodb,
    ApproximateCreationDateTime: Math.floor(dynamodb!.ApproximateCreationDateTime!.getTime() / 1_000),
  };
  const json = JSON.stringify(image, (_, value: unknown) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
    return value;
  });
  return { ...shape, eventName: record.eventName!, eventSourceARN: arn, dynamodb: JSON.parse(json) as object };
}
