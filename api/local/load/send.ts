import pMap from "p-map";
import { askUntilAnswered, type Member, refusedBy, type Target } from "./ask.ts";
import type { LoadedEvent } from "./events.ts";

/** What became of all that was sent; `aside` is kept aside, since its time is not believed. Reasons say of what they are. */
export type Totals = { accepted: number; duplicates: number; rejected: number; aside?: number; reasons: string[] };

/** One request of a load. */
export type LoadRequest = {
  /** A mutation of one field. */
  mutation: string;
  variables: object;
  /** How many things it carries. */
  size: number;
  /** What its answer says became of them; undefined where the service did not take the request at all. */
  tally: (answer: Member) => Totals | undefined;
  /** What is still to be said of it once it was accepted; gives why that was refused. */
  follow?: (answer: Member) => Promise<string | undefined>;
};

export type Sending = Target & {
  concurrency: number;
  /** Called after each request with the number of its things. */
  onProgress?: (size: number) => void;
};

export type SendOptions = Sending & { events: Iterable<LoadedEvent>; batchSize: number };

const MUTATION = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) {
  __typename
  ... on RecordEventsPayload { accepted duplicates rejected receipts { reason } }
  ... on UserError { message }
} }`;
const MAX_REASONS = 5;

/** Sends events in batches; a batch that was not answered is sent again, which counts nothing twice. */
export function sendEvents({ events, batchSize, ...sending }: SendOptions): Promise<Totals> {
  return sendLanes(eventLanes(events, batchSize), sending);
}

/**
 * Sends the requests of each lane one after the other, several lanes at a time. What was not answered is sent again,
 * which counts nothing twice. Throws LoadError, and then begins no more requests.
 */
export async function sendLanes(
  lanes: Iterable<Iterable<LoadRequest>> | AsyncIterable<Iterable<LoadRequest>>,
  sending: Sending,
): Promise<Totals> {
  const totals = { accepted: 0, duplicates: 0, rejected: 0, aside: 0, reasons: [] as string[] };
  let hasFailed = false;

  async function send(request: LoadRequest): Promise<void> {
    const answer = await askUntilAnswered(sending, request.mutation, request.variables);
    const tally = request.tally(answer);
    if (!tally) throw refusedBy(sending, answer.message ?? answer.__typename);
    const refused = request.follow && tally.accepted > 0 ? await request.follow(answer) : undefined;
    if (refused !== undefined) tally.reasons.push(refused);
    totals.accepted += tally.accepted;
    totals.duplicates += tally.duplicates;
    totals.rejected += tally.rejected;
    totals.aside += tally.aside ?? 0;
    totals.reasons.push(...tally.reasons.slice(0, MAX_REASONS - totals.reasons.length));
    sending.onProgress?.(request.size);
  }

  await pMap(lanes, async (requests) => {
    try {
      for (const request of requests) if (!hasFailed) await send(request);
    } catch (error) {
      hasFailed = true;
      throw error;
    }
  }, { concurrency: sending.concurrency });
  return totals;
}

function* eventLanes(events: Iterable<LoadedEvent>, batchSize: number): Generator<LoadRequest[]> {
  for (const batch of inBatches(events, batchSize)) {
    yield [{
      mutation: MUTATION,
      variables: { events: batch },
      size: batch.length,
      tally: (answer) => tallyEvents(answer, batch),
    }];
  }
}

/** The values in lists of `size`; the last may be shorter. */
export function* inBatches<T>(values: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = [];
  for (const value of values) {
    batch.push(value);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

type Recorded = Member & {
  accepted: number;
  duplicates: number;
  rejected: number;
  receipts: { reason: string | null }[];
};

function tallyEvents(answer: Member, events: readonly LoadedEvent[]): Totals | undefined {
  if (answer.__typename !== "RecordEventsPayload") return undefined;
  const { accepted, duplicates, rejected, receipts } = answer as Recorded;
  const reasons = receipts.flatMap(({ reason }, i) => {
    const { sessionId, seq } = events[i]!;
    return reason ? [`rejected: ${sessionId}, ${seq}: ${reason}`] : [];
  });
  return { accepted, duplicates, rejected, reasons };
}
