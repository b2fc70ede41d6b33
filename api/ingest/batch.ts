import type { QueueMessage } from "../aws/queues.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Verdict } from "../journeys/rules.ts";
import type { MetricReceipt } from "../metrics/model.ts";
import { parseEnvelope, tenantOfBody } from "./envelope.ts";
import { createWorker, type Outcome, type Reject, type WorkerOptions } from "./worker.ts";

type Recorded = {
  __typename: string;
  message?: string;
  /** Of readings that were not taken. */
  receipts?: readonly { index: number; status: string; reason: string }[];
};

export type IngestOptions = Omit<WorkerOptions, "handle"> & {
  record: (tenantId: string, events: readonly unknown[]) => Promise<Verdict[]>;
  recordMetrics: (tenantId: string, records: readonly unknown[]) => Promise<readonly MetricReceipt[]>;
  /** These throw InvalidInputError, or give a member of a result union that says why not. */
  recordMotion: (tenantId: string, motion: unknown) => Promise<Recorded>;
  ingestBatch: (tenantId: string, batch: unknown) => Promise<Recorded>;
};

/**
 * Takes a batch of messages of the ingest queue. Of a message with some events that are refused, only these go to the
 * dead-letter queue: of 500 events with one too old, 499 are recorded. Events of erased sessions are kept nowhere.
 */
export function createIngest({ record, recordMetrics, recordMotion, ingestBatch, ...worker }: IngestOptions) {
  return createWorker({ ...worker, handle });

  async function handle(message: QueueMessage, reject: Reject): Promise<Outcome> {
    const parsed = parseEnvelope(message.body);
    if ("reason" in parsed) return { kind: "reject", reason: parsed.reason };
    const { envelope } = parsed;
    if (envelope.kind === "events") return await handleEvents(message, envelope.tenantId, envelope.list, reject);
    if (envelope.kind === "metrics") return await handleMetrics(message, envelope.tenantId, envelope.list, reject);
    if (envelope.kind === "motion") return await outcomeOf(() => recordMotion(envelope.tenantId, envelope.input));
    return await outcomeOf(async () => {
      const payload = await ingestBatch(envelope.tenantId, envelope.input);
      await rejectReadings(message, envelope, payload.receipts ?? [], reject);
      return payload;
    });
  }

  /** Of a batch with some readings that are refused, only these go to the dead-letter queue. */
  async function rejectReadings(
    message: QueueMessage,
    { tenantId, input }: { tenantId: string; input: object },
    receipts: NonNullable<Recorded["receipts"]>,
    reject: Reject,
  ): Promise<void> {
    const refused = receipts.filter(({ status }) => status === "REJECTED");
    if (refused.length === 0) return;
    const sent = (input as { readings: unknown[] }).readings;
    const batch = { ...input, readings: refused.map(({ index }) => sent[index]) };
    const reasons = refused.map(({ index, reason }) => `readings.${index}: ${reason}`).join("; ");
    await reject({ ...message, body: JSON.stringify({ tenant: tenantId, batch }) }, reasons);
  }

  async function handleEvents(
    message: QueueMessage,
    tenantId: string,
    events: readonly unknown[],
    reject: Reject,
  ): Promise<Outcome> {
    const verdicts = await record(tenantId, events);
    const reasons = verdicts.map((verdict) =>
      verdict.status === "REJECTED" && verdict.code !== "SESSION_ERASED" ? verdict.reason : undefined
    );
    return await rejectSome(message, tenantId, "events", events, reasons, reject);
  }

  /** A record that is known at another time is a fault of its sender, which nobody is there to be told. */
  async function handleMetrics(
    message: QueueMessage,
    tenantId: string,
    records: readonly unknown[],
    reject: Reject,
  ): Promise<Outcome> {
    const receipts = await recordMetrics(tenantId, records);
    const reasons = receipts.map((receipt) => "reason" in receipt ? receipt.reason : undefined);
    return await rejectSome(message, tenantId, "metrics", records, reasons, reject);
  }

  /** Only what has a reason against it goes to the dead-letter queue. */
  async function rejectSome(
    message: QueueMessage,
    tenantId: string,
    name: "events" | "metrics",
    all: readonly unknown[],
    reasons: readonly (string | undefined)[],
    reject: Reject,
  ): Promise<Outcome> {
    const refused = all.flatMap((one, i) => reasons[i] === undefined ? [] : [{ one, reason: reasons[i], i }]);
    if (refused.length === 0) return { kind: "done" };
    const reason = refused.map(({ reason, i }) => `${name}.${i}: ${reason}`).join("; ");
    if (refused.length === all.length) return { kind: "reject", reason };
    await reject(
      { ...message, body: JSON.stringify({ tenant: tenantId, [name]: refused.map(({ one }) => one) }) },
      reason,
    );
    return { kind: "done" };
  }
}

/** Keeps a message that was refused for its tenant, where it says whose it is. */
export function parkFor(park: (tenantId: string, body: string, reason: string) => Promise<void>) {
  return async (body: string, reason: string): Promise<void> => {
    const tenantId = tenantOfBody(body);
    if (tenantId !== undefined) await park(tenantId, body, reason);
  };
}

/** What can never work, thrown or given, is rejected; everything else that is thrown is tried again. */
async function outcomeOf(keep: () => Promise<Recorded>): Promise<Outcome> {
  try {
    const { __typename, message } = await keep();
    return __typename.endsWith("Error") ? { kind: "reject", reason: message ?? __typename } : { kind: "done" };
  } catch (error) {
    if (error instanceof InvalidInputError) return { kind: "reject", reason: error.message };
    throw error;
  }
}
