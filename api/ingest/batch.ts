import pMap from "p-map";
import type { QueueMessage, Queues } from "../aws/queues.ts";
import { AppError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Verdict } from "../journeys/rules.ts";
import { type Outcome, parseEnvelope } from "./envelope.ts";

export type IngestOptions = {
  record: (tenantId: string, events: readonly unknown[]) => Promise<Verdict[]>;
  queues: Pick<Queues, "send">;
  deadLetterQueue: string;
  log: Log;
};

/** Messages worked on at the same time. */
const CONCURRENCY = 5;

/**
 * Takes a batch of queue messages and gives the ids of those to try again: the faults that pass. What can never work is
 * put on the dead-letter queue with its reason, and events that are refused are put there without their good
 * neighbours.
 */
export function createIngest({ record, queues, deadLetterQueue, log }: IngestOptions) {
  return async function ingest(messages: readonly QueueMessage[]): Promise<{ failed: string[] }> {
    const failed: string[] = [];
    await pMap(messages, async (message) => {
      try {
        const outcome = await handle(message);
        if (outcome.kind === "park") await park(message, outcome.reason);
      } catch (error) {
        failed.push(message.id);
        const code = error instanceof AppError ? error.code : "INTERNAL";
        log.warn("a message failed and will be tried again", { messageId: message.id, code, error });
      }
    }, { concurrency: CONCURRENCY });
    return { failed };
  };

  async function handle(message: QueueMessage): Promise<Outcome> {
    const parsed = parseEnvelope(message.body);
    if ("reason" in parsed) return { kind: "park", reason: parsed.reason };
    const { tenantId, events } = parsed.envelope;
    const verdicts = await record(tenantId, events);
    const refused = events.flatMap((event, i) => (verdicts[i]!.status === "REJECTED" ? [{ event, index: i }] : []));
    if (refused.length === 0) return { kind: "done" };
    const reasons = refused.map(({ index }) => `events.${index}: ${(verdicts[index] as { reason: string }).reason}`);
    if (refused.length === events.length) return { kind: "park", reason: reasons.join("; ") };
    const rest = { ...message, body: JSON.stringify({ tenant: tenantId, events: refused.map(({ event }) => event) }) };
    await park(rest, reasons.join("; "));
    return { kind: "done" };
  }

  async function park(message: QueueMessage, reason: string): Promise<void> {
    await queues.send(deadLetterQueue, message.body, { reason: reason.slice(0, 1_000), messageId: message.id });
    log.warn("a message can never work and was parked", { messageId: message.id, reason: reason.slice(0, 1_000) });
  }
}
