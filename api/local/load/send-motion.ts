import type { Member } from "./ask.ts";
import { type LoadRequest, type Sending, sendLanes, type Totals } from "./send.ts";

/** One motion event as `recordMotion` takes it. */
export type LoadedMotion = { sensorId: string; seq?: number; boot?: string; at: string };

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
  ... on UserError { message }
} }`;
const INGEST = `mutation ($input: IngestSessionBatchInput!) { ingestSessionBatch(input: $input) {
  __typename
  ... on IngestSessionBatchPayload { duplicate }
  ... on UserError { message }
} }`;

/**
 * Sends motion events one by one. Those of one sensor go in their order: an event that comes before one that is older
 * may open a session that the older one would have joined.
 */
export function sendMotion(motions: readonly LoadedMotion[], sending: Sending): Promise<Totals> {
  const lanes = Map.groupBy(motions, (motion) => motion.sensorId).values();
  return sendLanes(lanes.map((own) => own.map((input) => requestOf(RECORD, input))), sending);
}

/** Sends batches of readings, those of one session in their order. */
export function sendBatches(batches: readonly LoadedBatch[], sending: Sending): Promise<Totals> {
  const lanes = Map.groupBy(batches, (batch) => batch.sessionId).values();
  return sendLanes(lanes.map((own) => own.map((input) => requestOf(INGEST, input))), sending);
}

function requestOf(mutation: string, input: object): LoadRequest {
  return { mutation, variables: { input }, size: 1, tally };
}

function tally(answer: Member & { duplicate?: boolean }): Totals {
  const isRefused = answer.duplicate === undefined;
  return {
    accepted: answer.duplicate === false ? 1 : 0,
    duplicates: answer.duplicate === true ? 1 : 0,
    rejected: isRefused ? 1 : 0,
    reasons: isRefused ? [answer.message ?? answer.__typename] : [],
  };
}
