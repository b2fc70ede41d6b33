import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { NO_TRACER, type Tracer } from "../core/trace.ts";
import { translating } from "./faults.ts";

export type QueueMessage = {
  id: string;
  body: string;
  receipt: string;
  /** How often it was received, this time included. */
  receives: number;
  attributes: Record<string, string>;
};

export type Queues = ReturnType<typeof createQueues>;

/** Queues by name. Addresses are looked up once and never stored: an embedded server's change with its port. */
export function createQueues(client: SQSClient, tracer: Tracer = NO_TRACER) {
  const run = <T>(call: () => Promise<T>) => translating("SQS", call);
  const urls = new Map<string, string>();

  async function urlOf(queue: string): Promise<string> {
    const known = urls.get(queue);
    if (known) return known;
    const { QueueUrl: url } = await client.send(new GetQueueUrlCommand({ QueueName: queue }));
    urls.set(queue, url!);
    return url!;
  }

  return {
    /** Sends one message, which nobody sees for `delaySeconds`; `attributes` are shown beside it in the console. */
    send: (
      queue: string,
      body: string,
      attributes: Record<string, string> = {},
      delaySeconds?: number,
    ): Promise<void> =>
      run(async () => {
        await client.send(
          new SendMessageCommand({
            QueueUrl: await urlOf(queue),
            MessageBody: escapeJson(body),
            ...(delaySeconds === undefined ? {} : { DelaySeconds: delaySeconds }),
            MessageAttributes: Object.fromEntries(
              Object.entries({ ...attributes, ...traceOf(tracer) }).map((
                [name, value],
              ) => [name, { DataType: "String", StringValue: printable(value) }]),
            ),
          }),
        );
      }),

    /** Up to ten messages, hidden from others for the queue's visibility time; waits at most `waitSeconds` for the first. */
    receive: (queue: string, { max = 10, waitSeconds = 0 } = {}): Promise<QueueMessage[]> =>
      run(async () => {
        const got = await client.send(
          new ReceiveMessageCommand({
            QueueUrl: await urlOf(queue),
            MaxNumberOfMessages: max,
            WaitTimeSeconds: waitSeconds,
            MessageAttributeNames: ["All"],
            MessageSystemAttributeNames: ["ApproximateReceiveCount"],
          }),
        );
        return (got.Messages ?? []).map((message) => ({
          id: message.MessageId!,
          body: message.Body ?? "",
          receipt: message.ReceiptHandle!,
          receives: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
          attributes: Object.fromEntries(
            Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, value.StringValue ?? ""]),
          ),
        }));
      }),

    remove: (queue: string, message: QueueMessage): Promise<void> =>
      run(async () => {
        await client.send(
          new DeleteMessageCommand({ QueueUrl: await urlOf(queue), ReceiptHandle: message.receipt }),
        );
      }),

    /** Makes a received message visible again after `seconds`; 0 is at once. */
    release: (queue: string, message: QueueMessage, seconds: number): Promise<void> =>
      run(async () => {
        await client.send(
          new ChangeMessageVisibilityCommand({
            QueueUrl: await urlOf(queue),
            ReceiptHandle: message.receipt,
            VisibilityTimeout: seconds,
          }),
        );
      }),

    /** About how many messages wait and are being worked on. */
    depth: (queue: string): Promise<{ waiting: number; inFlight: number }> =>
      run(async () => {
        const { Attributes: attributes } = await client.send(
          new GetQueueAttributesCommand({
            QueueUrl: await urlOf(queue),
            AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
          }),
        );
        return {
          waiting: Number(attributes?.ApproximateNumberOfMessages ?? 0),
          inFlight: Number(attributes?.ApproximateNumberOfMessagesNotVisible ?? 0),
        };
      }),
  };
}

/** By it whoever takes the message goes on with the trace that it was sent in. */
function traceOf(tracer: Tracer): { traceparent?: string } {
  const traceparent = tracer.current();
  return traceparent === undefined ? {} : { traceparent };
}

/** What SQS takes in a message, but for code points above U+FFFF, which the embedded server does not take. */
const REFUSED = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/g;

/** JSON whose characters that a queue refuses (U+FFFE and U+FFFF; lone surrogates; pairs) are escaped: the same JSON. */
function escapeJson(json: string): string {
  return json.replace(REFUSED, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Text for people, with what a queue refuses shown as U+FFFD, the sign for what cannot be shown. Never empty, never in half a pair. */
function printable(text: string): string {
  return text.toWellFormed().replace(/[^\t\n\r\u0020-\uFFFD]/gu, "\uFFFD") || " ";
}
