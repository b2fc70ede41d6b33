import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import process from "node:process";
import type { QueueMessage } from "../../aws/queues.ts";
import { type Config, parseConfig } from "../../config.ts";
import { createLog, type Log } from "../../core/log.ts";
import { NO_TRACER, type Tracer } from "../../core/trace.ts";

/** Lambda ends the process without a word at the limit; so long before it we say so ourselves. */
const RESERVE_MS = 500;

export class FunctionTimeoutError extends Error {
  override name = "FunctionTimeoutError";
}

/** The request that is being worked on: an environment has one at a time. Named in each line of the log. */
let current: string | undefined;

/**
 * What an environment makes once, before its first request. The log is one JSON object a line, written as it is: the
 * runtime's `console` would put it into a line of its own. GraphiQL is not in a bundle.
 */
export async function start<T>(make: (config: Config, log: Log) => Promise<T>): Promise<T> {
  try {
    const config = parseConfig(process.env);
    return await make({ ...config, graphiql: false }, createFunctionLog(config.logLevel));
  } catch (error) {
    createFunctionLog("error").error("the function cannot start", { error });
    throw error;
  }
}

function createFunctionLog(level: Config["logLevel"]): Log {
  const log = createLog(level, (line) => void process.stdout.write(`${line}\n`));
  const at = (own: keyof Log): Log[keyof Log] => (message, fields) =>
    log[own](message, { request: current, ...fields });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** What is called after each event: an environment may be frozen then, and its timers with it. */
const afterEach: (() => Promise<void>)[] = [];

/** Sends what is traced before an event's end. */
export function flushes<T extends { tracer: Tracer }>(made: T): T {
  if (made.tracer !== NO_TRACER) afterEach.push(() => made.tracer.flush());
  return made;
}

/** Runs `work`; throws FunctionTimeoutError shortly before the function's time is over. */
export async function within<T>(context: Context, work: () => Promise<T>): Promise<T> {
  current = context.awsRequestId;
  const leftMs = Math.max(0, context.getRemainingTimeInMillis() - RESERVE_MS);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new FunctionTimeoutError(`not done ${RESERVE_MS} ms before the time limit of ${context.functionName}`));
    }, leftMs);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
    for (const flush of afterEach) await flush();
  }
}

/** A handler of queue messages: only those that `take` names are tried again. */
export function onQueue(take: (messages: readonly QueueMessage[]) => Promise<{ failed: string[] }>) {
  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const { failed } = await within(context, () => take(toMessages(event)));
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

function toMessages({ Records: records }: SQSEvent): QueueMessage[] {
  return records.map(({ messageId, body, receiptHandle, attributes, messageAttributes }) => ({
    id: messageId,
    body,
    receipt: receiptHandle,
    receives: Number(attributes.ApproximateReceiveCount),
    attributes: Object.fromEntries(
      Object.entries(messageAttributes).map(([name, value]) => [name, value.stringValue ?? ""]),
    ),
  }));
}
