import { S3Client } from "@aws-sdk/client-s3";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createClients } from "../../api/aws/clients.ts";

/** How long at least one call of a kind was under way; calls that overlap count once. */
function createSpan() {
  let active = 0;
  let since = 0;
  let total = 0;
  return {
    async during<T>(work: () => Promise<T>): Promise<T> {
      if (active++ === 0) since = performance.now();
      try {
        return await work();
      } finally {
        if (--active === 0) total += performance.now() - since;
      }
    },
    milliseconds: () => total,
  };
}

// oxlint-disable-next-line no-explicit-any
type Method = (this: any, ...args: any[]) => Promise<any>;

/**
 * Measures this process's time in calls of the AWS SDK from here on: `calls` is all of it, with its own work on
 * requests and answers; `waiting` is from handing a request to the socket to the answer's head. Only for processes that
 * do nothing else: it replaces methods of the SDK's classes.
 */
export function watchStoreTime() {
  const calls = createSpan();
  const waiting = createSpan();
  const counts = { dynamodb: 0, s3: 0 };
  const wrap = (owner: object, name: string, span: typeof calls, note = () => {}) => {
    const methods = owner as Record<string, Method>;
    const original = methods[name]!;
    methods[name] = function (...args) {
      note();
      return span.during(() => original.apply(this, args));
    };
  };
  wrap(DynamoDBClient.prototype, "send", calls, () => counts.dynamodb++);
  wrap(S3Client.prototype, "send", calls, () => counts.s3++);
  const clients = createClients({
    region: "eu-central-1",
    endpoints: { dynamodb: undefined, s3: undefined, sqs: undefined },
  });
  const handlers = new Set(
    [clients.dynamodb, clients.s3].map((client) => Object.getPrototypeOf(client.config.requestHandler)),
  );
  for (const handler of handlers) wrap(handler, "handle", waiting);
  clients.destroy();
  return () => ({ callsMs: calls.milliseconds(), waitingMs: waiting.milliseconds(), ...counts });
}
