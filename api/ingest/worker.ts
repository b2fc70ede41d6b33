import pMap from "p-map";
import type { QueueMessage, Queues } from "../aws/queues.ts";
import { AppError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { NO_TRACER, type Tracer } from "../core/trace.ts";

/** What became of a message. A throw instead means: not now, try again. */
export type Outcome =
  | { kind: "done" }
  /** It can never work; it is kept on the dead-letter queue with the reason. */
  | { kind: "reject"; reason: string };

export type WorkerOptions = {
  handle: (message: QueueMessage, reject: Reject) => Promise<Outcome>;
  queues: Pick<Queues, "send">;
  deadLetter: { queue: string; maxReceives: number };
  /** Told of what is on the dead-letter queue now, and why. Where it fails that is logged. */
  onReject?: (body: string, reason: string) => Promise<void>;
  log: Log;
  tracer?: Tracer;
  /** Messages worked on at the same time. */
  atOnce?: number;
};

/** Puts a message, or a part of one, on the dead-letter queue with its reason. */
export type Reject = (message: QueueMessage, reason: string) => Promise<void>;

const AT_ONCE = 5;
const REASON_CHARS = 1_000;

/**
 * Takes a batch of queue messages and gives the ids of those to try again: the faults that pass. What can never work, and
 * what failed for the last time, is put on the dead-letter queue with its reason.
 */
export function createWorker(
  { handle, queues, deadLetter, onReject, log, tracer = NO_TRACER, atOnce = AT_ONCE }: WorkerOptions,
) {
  return async function work(messages: readonly QueueMessage[]): Promise<{ failed: string[] }> {
    const failed: string[] = [];
    await pMap(messages, async (message) => {
      try {
        const { traceparent } = message.attributes;
        const from = { "messaging.message.id": message.id };
        const outcome = await tracer.span("message", from, () => attempt(message), traceparent);
        if (outcome.kind === "reject") await reject(message, outcome.reason);
      } catch (error) {
        failed.push(message.id);
        log.warn("a message failed and will be tried again", { messageId: message.id, code: codeOf(error), error });
      }
    }, { concurrency: atOnce });
    return { failed };
  };

  /** The last try ends in the dead-letter queue by our hand: SQS would move the message without a word of why. */
  async function attempt(message: QueueMessage): Promise<Outcome> {
    try {
      return await handle(message, reject);
    } catch (error) {
      if (message.receives < deadLetter.maxReceives) throw error;
      return { kind: "reject", reason: `gave up after ${message.receives} tries: ${codeOf(error)}` };
    }
  }

  async function reject(message: QueueMessage, reason: string): Promise<void> {
    const short = reason.slice(0, REASON_CHARS);
    await queues.send(deadLetter.queue, message.body, { reason: short, messageId: message.id });
    log.warn("a message went to the dead-letter queue", { messageId: message.id, reason: short });
    await onReject?.(message.body, short).catch((error: unknown) => {
      log.error("a message that was refused is on the dead-letter queue alone", { messageId: message.id, error });
    });
  }
}

function codeOf(error: unknown): string {
  return error instanceof AppError ? error.code : "INTERNAL";
}
