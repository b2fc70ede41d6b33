import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";

export type AwsConfig = {
  region: string;
  endpoints: { dynamodb: string | undefined; s3: string | undefined; sqs: string | undefined };
};

export type AwsClients = {
  dynamodb: DynamoDBClient;
  streams: DynamoDBStreamsClient;
  s3: S3Client;
  sqs: SQSClient;
  destroy: () => void;
};

/**
 * Connects within five seconds, answers within ten, tries three times: then the caller hears of it. Waiting for a free
 * connection counts as connecting, so a burst needs more than an idle network does.
 */
const LIMITS = { maxAttempts: 3, requestHandler: { connectionTimeout: 5_000, requestTimeout: 10_000 } };

/** Makes the three clients. An endpoint on the loopback address is an embedded server and takes any credentials. */
export function createClients({ region, endpoints }: AwsConfig): AwsClients {
  const at = (endpoint: string | undefined) => settingsOf(region, endpoint);
  const dynamodb = new DynamoDBClient(at(endpoints.dynamodb));
  const streams = new DynamoDBStreamsClient(at(endpoints.dynamodb));
  const s3 = new S3Client({ ...at(endpoints.s3), forcePathStyle: endpoints.s3 !== undefined });
  const sqs = new SQSClient(at(endpoints.sqs));
  return {
    dynamodb,
    streams,
    s3,
    sqs,
    destroy: () => [dynamodb, streams, s3, sqs].forEach((client) => client.destroy()),
  };
}

/** What every client is made with. */
export function settingsOf(region: string, endpoint: string | undefined) {
  return {
    region,
    ...LIMITS,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(isLoopback(endpoint) ? { credentials: { accessKeyId: "local", secretAccessKey: "local" } } : {}),
  };
}

function isLoopback(endpoint: string | undefined): boolean {
  return endpoint !== undefined && ["127.0.0.1", "localhost", "[::1]"].includes(new URL(endpoint).hostname);
}
