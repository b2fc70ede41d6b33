import { setTimeout as pause } from "node:timers/promises";
import type { QueueMessage, Queues } from "../aws/queues.ts";
import type { Log } from "../core/log.ts";
import { createBackground } from "./background.ts";

export type PumpOptions = {
  queues: Queues;
  /** The full name. */
  queueName: string;
  /** Gives the ids of the messages to try again; all the others are removed. A throw means all of them. */
  handle: (messages: QueueMessage[]) => Promise<{ failed: string[] }>;
  log: Log;
  waitSeconds?: number;
  backoffSeconds?: number;
};

const MAX_PAUSE_SECONDS = 30;
const MAX_BACKOFF_SECONDS = 300;
const MAX_IDLE_ROUNDS = 15;

/** Carries messages from a queue to `handle`, batch by batch, as Lambda's event source does on AWS. */
export function createPump({ queues, queueName, handle, log, waitSeconds = 2, backoffSeconds = 5 }: PumpOptions) {
  async function work(messages: QueueMessage[], retrySecondsOf: (message: QueueMessage) => number): Promise<void> {
    const failed = await failedOf(messages);
    await Promise.all(
      messages.map((message) =>
        failed.has(message.id)
          ? queues.release(queueName, message, retrySecondsOf(message))
          : queues.remove(queueName, message)
      ),
    );
  }

  /** Longer with each try, so that a fault has time to pass before the last one. */
  function backoff({ receives }: QueueMessage): number {
    return Math.min(backoffSeconds * 2 ** (receives - 1), MAX_BACKOFF_SECONDS);
  }

  async function failedOf(messages: QueueMessage[]): Promise<Set<string>> {
    try {
      return new Set((await handle(messages)).failed);
    } catch (error) {
      log.error("a batch failed and is tried again", { queueName, messages: messages.length, error });
      return new Set(messages.map((message) => message.id));
    }
  }

  async function poll(stopped: AbortSignal): Promise<void> {
    for (let faults = 0; !stopped.aborted;) {
      try {
        const messages = await queues.receive(queueName, { waitSeconds });
        if (stopped.aborted) await Promise.all(messages.map((message) => queues.release(queueName, message, 0)));
        else if (messages.length > 0) await work(messages, backoff);
        faults = 0;
      } catch (error) {
        log.warn("the queue did not answer and is asked again", { queueName, error });
        const pauseSeconds = Math.min(2 ** faults++, MAX_PAUSE_SECONDS);
        await pause(pauseSeconds * 1_000, undefined, { signal: stopped }).catch(() => {});
      }
    }
  }

  return {
    /** Works in the background until `stop`, which ends after the batch that is being worked on, and at most one wait. */
    ...createBackground(poll, log),

    /**
     * Works until nothing waits and nothing is in flight; what fails is tried again at once, up to the queue's
     * dead-letter limit. Throws where that takes more than `maxRounds` batches, or something stays in flight elsewhere.
     */
    async drain({ maxRounds = 1_000 } = {}): Promise<void> {
      let idleRounds = 0;
      for (let round = 0; round < maxRounds; round++) {
        const messages = await queues.receive(queueName, { waitSeconds: idleRounds > 0 ? 1 : 0 });
        if (messages.length > 0) {
          await work(messages, () => 0);
          idleRounds = 0;
          continue;
        }
        const { waiting, inFlight } = await queues.depth(queueName);
        if (waiting === 0 && inFlight === 0) return;
        if (++idleRounds > MAX_IDLE_ROUNDS) {
          throw new Error(
            `${queueName}: ${inFlight} messages stay in flight: something received them and is not done.`,
          );
        }
      }
      throw new Error(`${queueName} is not empty after ${maxRounds} batches: does its handler fail, or feed itself?`);
    },
  };
}
