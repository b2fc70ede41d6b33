import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Tracer } from "../core/trace.ts";

export type AwsConfig = {
  region: string;
  endpoints: { dynamodb: string | undefined; s3: string | undefined; sqs: string | undefined };
  timeLimits?: TimeLimits;
};

export type AwsClients = {
  dynamodb: DynamoDBClient;
  streams: DynamoDBStreamsClient;
  s3: S3Client;
  sqs: SQSClient;
  destroy: () => void;
};

/** How long a client waits: for a connection, for the answer to a request that is sent meanwhile, and while nothing comes. */
export type TimeLimits = { connectionTimeout: number; requestTimeout: number; socketTimeout: number };

/**
 * Connects within five seconds, answers within ten, tries three times: then the caller hears of it. Waiting for a free
 * connection counts as connecting, so a burst needs more than an idle network does.
 */
const LIMITS: TimeLimits = { connectionTimeout: 5_000, requestTimeout: 10_000, socketTimeout: 10_000 };
/** An object of 32 MB is under way for longer. */
const OBJECT_LIMITS: TimeLimits = { ...LIMITS, requestTimeout: 60_000 };

/** Makes the three clients. An endpoint on the loopback address is an embedded server and takes any credentials. */
export function createClients({ region, endpoints, timeLimits }: AwsConfig, tracer?: Tracer): AwsClients {
  const at = (endpoint: string | undefined, own = LIMITS) => settingsOf(region, endpoint, timeLimits ?? own);
  const dynamodb = new DynamoDBClient({ ...at(endpoints.dynamodb), ...ONCE });
  const streams = new DynamoDBStreamsClient({ ...at(endpoints.dynamodb), ...ONCE });
  const s3 = new S3Client({
    ...at(endpoints.s3, OBJECT_LIMITS),
    forcePathStyle: endpoints.s3 !== undefined,
    // Else a link to upload carries the checksum of an empty body, and S3 refuses every other.
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  const sqs = new SQSClient(at(endpoints.sqs));
  if (tracer) [dynamodb, streams, s3, sqs].forEach((client) => traced(client, tracer));
  // It prepares, for a log that nobody keeps, a copy of each request without what is secret: a part of each call's cost.
  for (const { middlewareStack } of [dynamodb, streams, s3, sqs]) middlewareStack.remove("loggerMiddleware");
  for (const { config } of [dynamodb, streams]) keepWhatStays(config);
  return {
    dynamodb,
    streams,
    s3,
    sqs,
    destroy: () => [dynamodb, streams, s3, sqs].forEach((client) => client.destroy()),
  };
}

/**
 * What makes the requests of a client makes them for each again, where nothing says otherwise: the chain of its middleware, the
 * name of the system, what signs them. They are the same every time; credentials are asked for at each signature.
 */
const ONCE = { cacheMiddleware: true };

type Kept = Pick<DynamoDBClient["config"], "defaultUserAgentProvider" | "signer">;

function keepWhatStays(config: Kept): void {
  const { defaultUserAgentProvider, signer } = config;
  let agent: ReturnType<typeof defaultUserAgentProvider> | undefined;
  let own: ReturnType<typeof signer> | undefined;
  config.defaultUserAgentProvider = (...args) => agent ??= defaultUserAgentProvider(...args);
  config.signer = (scheme) => own ??= signer(scheme);
}

/** Each request of a client is a span, its tries and pauses included. */
function traced(client: { middlewareStack: unknown }, tracer: Tracer): void {
  type Next = (args: unknown) => Promise<unknown>;
  const stack = client.middlewareStack as {
    add: (
      middleware: (next: Next, context: { clientName?: string; commandName?: string }) => Next,
      options: { step: "initialize"; name: string },
    ) => void;
  };
  stack.add((next, { clientName = "AWS", commandName = "" }) => (args) => {
    const name = `${clientName.replace(/Client$/, "")} ${commandName.replace(/Command$/, "")}`;
    const { TableName, Bucket } = (args as { input: { TableName?: string; Bucket?: string } }).input;
    const of = TableName ?? Bucket;
    return tracer.span(
      name,
      { "rpc.system": "aws-api", ...(of === undefined ? {} : { "aws.resource": of }) },
      () => next(args),
    );
  }, { step: "initialize", name: "sojournTrace" });
}

/** What every client is made with. */
export function settingsOf(region: string, endpoint: string | undefined, limits = LIMITS) {
  return {
    region,
    maxAttempts: 3,
    // Without it a limit that is passed is only logged, and the request stays pending.
    requestHandler: { ...limits, throwOnRequestTimeout: true },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(isLoopback(endpoint) ? { credentials: { accessKeyId: "local", secretAccessKey: "local" } } : {}),
  };
}

function isLoopback(endpoint: string | undefined): boolean {
  return endpoint !== undefined && /^(127(\.\d+){3}|localhost|\[::1\])$/.test(new URL(endpoint).hostname);
}
