import type { RecordedSource } from "../../resources.ts";
import type { Member } from "./ask.ts";
import { recordsOf } from "./csv.ts";
import { FileFormatError } from "./events.ts";
import { type RecordTable, type Row, tableOf } from "./records.ts";
import { createRepeats } from "./repeats.ts";
import { inBatches, type LoadRequest, type Sending, sendLanes, type Totals } from "./send.ts";

export type MetricsFile = { file: string; source: RecordedSource; batchSize: number };

/** One record as `recordMetrics` takes it. */
export type LoadedRecord = { source: RecordedSource; recordId: string; at: string };

const MUTATION = `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) {
  __typename
  ... on RecordMetricsPayload { accepted duplicates receipts { status reason } }
  ... on UserError { message }
} }`;

/**
 * Goes through a table of records once, so that a wrong line is known before anything is sent, and again as it is sent;
 * never holds all of it. `now` is the clock that times may not be ahead of. Throws FileFormatError.
 */
export async function readMetrics({ file, source, batchSize }: MetricsFile, now: number) {
  const repeats = createRepeats();
  let table: RecordTable | undefined;
  let total = 0;
  for await (const { table: own, row } of rowsOf(file, now)) {
    table = own;
    total++;
    if (own.repeats) repeats.note(row.id);
  }
  if (!table) throw new FileFormatError("it holds no records");

  async function* records(): AsyncGenerator<LoadedRecord> {
    for await (const { table: own, row: { id, at } } of rowsOf(file, now)) {
      const number = own.repeats ? repeats.number(id) : 1;
      yield { source, recordId: number === 1 ? id : `${id}/${number}`, at: new Date(at).toISOString() };
    }
  }

  return {
    total,
    records,
    send: (sending: Sending): Promise<Totals> => sendLanes(lanesOf(records(), batchSize), sending),
  };
}

/** Sends records that are at hand in batches. */
export function sendRecords(records: readonly LoadedRecord[], batchSize: number, sending: Sending): Promise<Totals> {
  return sendLanes([...inBatches(records, batchSize)].map((batch) => [requestOf(batch)]), sending);
}

async function* rowsOf(file: string, now: number): AsyncGenerator<{ table: RecordTable; row: Row }> {
  let table: RecordTable | undefined;
  for await (const record of recordsOf(file)) {
    if (table) yield { table, row: table.parse(record) };
    else table = tableOf(record, now);
  }
  if (!table) throw new FileFormatError("it is empty");
}

async function* lanesOf(records: AsyncIterable<LoadedRecord>, batchSize: number): AsyncGenerator<LoadRequest[]> {
  let batch: LoadedRecord[] = [];
  for await (const record of records) {
    batch.push(record);
    if (batch.length < batchSize) continue;
    yield [requestOf(batch)];
    batch = [];
  }
  if (batch.length > 0) yield [requestOf(batch)];
}

function requestOf(records: LoadedRecord[]): LoadRequest {
  return { mutation: MUTATION, variables: { records }, size: records.length, tally };
}

type Answer = Member & {
  accepted?: number;
  duplicates?: number;
  receipts?: { status: string; reason: string | null }[];
};

function tally({ __typename, accepted, duplicates, receipts = [] }: Answer): Totals | undefined {
  if (__typename !== "RecordMetricsPayload") return undefined;
  const reasons = receipts.flatMap(({ reason }) => reason === null ? [] : [reason]);
  return { accepted: accepted!, duplicates: duplicates!, rejected: reasons.length, reasons };
}
