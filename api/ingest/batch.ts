import pMap from "p-map";
import type { QueueMessage, Queues } from "../aws/queues.ts";
import { AppError, InvalidInputError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Verdict } from "../journeys/rules.ts";
import { type Outcome, parseEnvelope } from "./envelope.ts";

type Recorded = { __typename: string; message?: string };

export type IngestOptions = {
  record: (tenantId: string, events: readonly unknown[]) => Promise<Verdict[]>;
  /** These throw InvalidInputError, or give a member of a result union that says why not. */
  recordMotion: (tenantId: string, motion: unknown) => Promise<Recorded>;
  ingestBatch: (tenantId: string, batch: unknown) => Promise<Recorded>;
  queues: Pick<Queues, "send">;
  deadLetter: { queue: string; maxReceives: number };
  log: Log;
};

/** Messages worked on at the same time. */
const CONCURRENCY = 5;

/**
 * Takes a batch of queue messages and gives the ids of those to try again: the faults that pass. What can never work, and
 * what failed for the last time, is put on the dead-letter queue with its reason; events that are refused are put
 * there without their good neighbours.
 */
export function createIngest(
  { record, recordMotion, ingestBatch, queues, deadLetter, log }: IngestOptions,
) {
  return async function ingest(messages: readonly QueueMessage[]): Promise<{ failed: string[] }> {
    const failed: string[] = [];
    await pMap(messages, async (message) => {
      try {
        const outcome = await attempt(message);
        if (outcome.kind === "park") await park(message, outcome.reason);
      } catch (error) {
        failed.push(message.id);
        log.warn("a message failed and will be tried again", { messageId: message.id, code: codeOf(error), error });
      }
    }, { concurrency: CONCURRENCY });
    return { failed };
  };

  /** The last try ends in the dead-letter queue by our hand: SQS would move the message without a word of why. */
  async function attempt(message: QueueMessage): Promise<Outcome> {
    try {
      return await handle(message);
    } catch (error) {
      if (message.receives < deadLetter.maxReceives) throw error;
      return { kind: "park", reason: `gave up after ${message.receives} tries: ${codeOf(error)}` };
    }
  }

  async function handle(message: QueueMessage): Promise<Outcome> {
    const parsed = parseEnvelope(message.body);
    if ("reason" in parsed) return { kind: "park", reason: parsed.reason };
    const { envelope } = parsed;
    if (envelope.kind === "events") return await handleEvents(message, envelope.tenantId, envelope.events);
    const keep = envelope.kind === "batch" ? ingestBatch : recordMotion;
    return await outcomeOf(() => keep(envelope.tenantId, envelope.input));
  }

  async function handleEvents(message: QueueMessage, tenantId: string, events: readonly unknown[]): Promise<Outcome> {
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
    await queues.send(deadLetter.queue, message.body, { reason: reason.slice(0, 1_000), messageId: message.id });
    log.warn("a message was parked", { messageId: message.id, reason: reason.slice(0, 1_000) });
  }
}

function codeOf(error: unknown): string {
  return error instanceof AppError ? error.code : "INTERNAL";
}

/** What can never work, thrown or given, is parked; everything else that is thrown is tried again. */
async function outcomeOf(keep: () => Promise<Recorded>): Promise<Outcome> {
  try {
    const { __typename, message } = await keep();
    return __typename.endsWith("Error") ? { kind: "park", reason: message ?? __typename } : { kind: "done" };
  } catch (error) {
    if (error instanceof InvalidInputError) return { kind: "park", reason: error.message };
    throw error;
  }
}
