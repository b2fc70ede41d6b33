import type { Member } from "./ask.ts";
import { type LoadRequest, type Sending, sendLanes, type Totals } from "./send.ts";

/** One motion event as `recordMotion` takes it. */
export type LoadedMotion = { sensorId: string; seq?: number; boot?: string; at: string; state?: "CLEARED" };

/** One batch as `ingestSessionBatch` takes it. */
export type LoadedBatch = {
  sessionId: string;
  sensorId: string;
  batchOffset: number;
  readings: { at: string; values: number[] }[];
  startedAt: string;
  durationMs: number;
  final: boolean;
};

const RECORD = `mutation ($input: RecordMotionInput!) { recordMotion(input: $input) {
  __typename
  ... on RecordMotionPayload { duplicate }
  ... on MotionClearedPayload { duplicate }
  ... on QuarantinedPayload { reason }
  ... on UserError { message }
} }`;
const INGEST = `mutation ($input: IngestSessionBatchInput!) { ingestSessionBatch(input: $input) {
  __typename
  ... on IngestSessionBatchPayload { duplicate receipts { index status reason } doubts }
  ... on UserError { message }
} }`;

/**
 * Sends motion events one by one. Those of one sensor go in their order: an event that comes before one that is older
 * may open a session that the older one would have joined.
 */
export function sendMotion(motions: readonly LoadedMotion[], sending: Sending): Promise<Totals> {
  const lanes = Map.groupBy(motions, (motion) => motion.sensorId).values();
  return sendLanes(
    lanes.map((own) => own.map((input) => requestOf(RECORD, input, `${input.sensorId} at ${input.at}`))),
    sending,
  );
}

/** Sends batches of readings, those of one session in their order. */
export function sendBatches(batches: readonly LoadedBatch[], sending: Sending): Promise<Totals> {
  const lanes = Map.groupBy(batches, (batch) => batch.sessionId).values();
  return sendLanes(
    lanes.map((own) =>
      own.map((input) => requestOf(INGEST, input, `batch ${input.batchOffset} of ${input.sessionId}`))
    ),
    sending,
  );
}

type Answer = Member & {
  duplicate?: boolean;
  reason?: string;
  receipts?: { index: number; status: string; reason: string }[];
  doubts?: string[];
};

function requestOf(mutation: string, input: object, name: string): LoadRequest {
  return { mutation, variables: { input }, size: 1, tally: (answer) => tally(answer, name) };
}

/** Of a batch that was taken, readings that were not are told as well. */
function tally({ __typename, message, duplicate, reason, receipts = [], doubts = [] }: Answer, name: string): Totals {
  const isAside = reason !== undefined;
  const isRefused = duplicate === undefined && !isAside;
  const parts = receipts.map((one) => (
    `${one.status === "REJECTED" ? "rejected" : "kept aside"}: ${name}, reading ${one.index}: ${one.reason}`
  ));
  return {
    accepted: duplicate === false ? 1 : 0,
    duplicates: duplicate === true ? 1 : 0,
    rejected: isRefused ? 1 : 0,
    aside: isAside ? 1 : receipts.filter(({ status }) => status === "QUARANTINED").length,
    reasons: [
      ...(isAside ? [`kept aside: ${name}: ${reason}`] : []),
      ...(isRefused ? [`rejected: ${name}: ${message ?? __typename}`] : []),
      ...parts,
      ...doubts.map((doubt) => `kept aside: ${name}: ${doubt}`),
    ],
  };
}
