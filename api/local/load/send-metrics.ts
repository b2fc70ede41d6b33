import type { Member } from "./ask.ts";
import { recordsOf } from "./csv.ts";
import { FileFormatError } from "./events.ts";
import { type Dimension, type Reading, type RecordTable, type Row, tableOf } from "./records.ts";
import { createRepeats } from "./repeats.ts";
import { REFUSING, type Skipped } from "./skipped.ts";
import { inBatches, type LoadRequest, type Sending, sendLanes, type Totals } from "./send.ts";

export type MetricsFile = {
  file: string;
  source: string;
  dimensions?: readonly Dimension[];
  columns?: ReadonlyMap<string, string>;
  heading?: readonly string[] | undefined;
  batchSize: number;
  zone: string;
};

/** One record as `recordMetrics` takes it. */
export type LoadedRecord = { source: string; recordId: string; at: string } & Pick<Row, "value" | "dimensions">;

const MUTATION = `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) {
  __typename
  ... on RecordMetricsPayload { accepted duplicates receipts { status reason } }
  ... on UserError { message }
} }`;

/**
 * Goes through a table of records once, so that a wrong line is known before anything is sent, and again as it is sent;
 * never holds all of it. `now` is the clock that times may not be ahead of. Throws FileFormatError.
 */
export async function readMetrics(
  { source, batchSize, ...own }: MetricsFile,
  now: number,
  skipped: Pick<Skipped, "add"> = REFUSING,
) {
  const repeats = createRepeats();
  let table: RecordTable | undefined;
  let total = 0;
  let [firstAt, lastAt] = [Infinity, -Infinity];
  let isSkipping = false;
  const add: Skipped["add"] = (...bad) => {
    isSkipping = true;
    skipped.add(...bad);
  };
  const read = { ...own, now, skipped: { add } };
  for await (const { table: own, row } of rowsOf(read)) {
    table = own;
    total++;
    firstAt = Math.min(firstAt, row.at);
    lastAt = Math.max(lastAt, row.at);
    if (own.repeats) repeats.note(row.id);
  }
  if (!table && !isSkipping) throw new FileFormatError("it holds no records");

  async function* records(): AsyncGenerator<LoadedRecord> {
    for await (const { table: own, row: { id, at, ...more } } of rowsOf(read)) {
      const number = own.repeats ? repeats.number(id) : 1;
      const recordId = number === 1 ? id : `${id}/${number}`;
      yield { source, recordId, at: new Date(at).toISOString(), ...more };
    }
  }

  return {
    total,
    firstAt,
    lastAt,
    records,
    send: (sending: Sending): Promise<Totals> => sendLanes(lanesOf(records(), batchSize), sending),
  };
}

/** Sends records that are at hand in batches. */
export function sendRecords(records: readonly LoadedRecord[], batchSize: number, sending: Sending): Promise<Totals> {
  return sendLanes([...inBatches(records, batchSize)].map((batch) => [requestOf(batch)]), sending);
}

async function* rowsOf(
  { file, heading, skipped, ...reading }: Reading & Pick<MetricsFile, "file" | "heading"> & {
    skipped: Pick<Skipped, "add">;
  },
): AsyncGenerator<{ table: RecordTable; row: Row }> {
  let table: RecordTable | undefined = heading && tableOf(heading, reading);
  for await (const record of recordsOf(file)) {
    if (!table) {
      table = tableOf(record.cells, reading);
      continue;
    }
    const row = table.parse(record);
    if (typeof row === "string") skipped.add(record.line, row, record.cells.join(","));
    else yield { table, row };
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
  return {
    mutation: MUTATION,
    variables: { records },
    size: records.length,
    tally: (answer) => tally(answer, records),
  };
}

type Answer = Member & {
  accepted?: number;
  duplicates?: number;
  receipts?: { status: string; reason: string | null }[];
};

function tally(
  { __typename, accepted, duplicates, receipts = [] }: Answer,
  records: readonly LoadedRecord[],
): Totals | undefined {
  if (__typename !== "RecordMetricsPayload") return undefined;
  const reasons = receipts.flatMap(({ reason }, i) =>
    reason === null ? [] : [`rejected: ${records[i]!.recordId}: ${reason}`]
  );
  return { accepted: accepted!, duplicates: duplicates!, rejected: reasons.length, reasons };
}
