import pMap from "p-map";
import type { LoadedEvent } from "./events.ts";

/** What became of all events that were sent. */
export type Totals = { accepted: number; duplicates: number; rejected: number; reasons: string[] };

export type SendOptions = {
  url: string;
  token: string;
  events: Iterable<LoadedEvent>;
  batchSize: number;
  concurrency: number;
  /** Called after each batch with the number of its events. */
  onProgress?: (events: number) => void;
  /** How long to go on trying where the service does not answer. */
  patienceMs: number;
};

/** The service refused, or did not answer for longer than we wait. The message says what to do. */
export class LoadError extends Error {
  override name = "LoadError";
}

const MUTATION = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) {
  __typename
  ... on RecordEventsPayload { accepted duplicates rejected receipts { reason } }
  ... on UserError { message }
} }`;
const RETRY_MS = 500;
const MAX_REASONS = 5;

/** Sends events in batches; a batch that was not answered is sent again, which counts nothing twice. */
export async function sendEvents(options: SendOptions): Promise<Totals> {
  const totals: Totals = { accepted: 0, duplicates: 0, rejected: 0, reasons: [] };
  await pMap(batches(options.events, options.batchSize), async (events) => {
    const payload = await sendBatch(options, events);
    totals.accepted += payload.accepted;
    totals.duplicates += payload.duplicates;
    totals.rejected += payload.rejected;
    for (const { reason } of payload.receipts) {
      if (reason && totals.reasons.length < MAX_REASONS) totals.reasons.push(reason);
    }
    options.onProgress?.(events.length);
  }, { concurrency: options.concurrency });
  return totals;
}

function* batches<T>(values: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = [];
  for (const value of values) {
    batch.push(value);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

type Payload = { accepted: number; duplicates: number; rejected: number; receipts: { reason: string | null }[] };

async function sendBatch({ url, token, patienceMs }: SendOptions, events: LoadedEvent[]): Promise<Payload> {
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask(url, token, events);
    if ("payload" in answer) return answer.payload;
    if (Date.now() > giveUpAt) {
      throw new LoadError(
        `${url} does not answer (${answer.fault}). Start it with \`npm start\`, then run this again: nothing is counted twice.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function ask(
  url: string,
  token: string,
  events: LoadedEvent[],
): Promise<{ payload: Payload } | { fault: string }> {
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: MUTATION, variables: { events } }),
    });
    status = response.status;
    text = await response.text();
  } catch (error) {
    return { fault: error instanceof Error ? error.message : "no connection" };
  }
  const answer = parseAnswer(text);
  const error = answer?.errors?.[0];
  if (status >= 500 || error?.extensions?.retryable) return { fault: error?.message ?? `HTTP ${status}` };
  const payload = answer?.data?.recordEvents;
  if (payload?.__typename === "RecordEventsPayload") return { payload };
  throw new LoadError(`${url} refused a batch: ${error?.message ?? payload?.message ?? `HTTP ${status}`}`);
}

type Answer = {
  data?: { recordEvents?: Payload & { __typename: string; message?: string } };
  errors?: { message: string; extensions?: { retryable?: boolean } }[];
};

function parseAnswer(text: string): Answer | undefined {
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return undefined;
  }
}
