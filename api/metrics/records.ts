import type { Dynamo, Expression, Item } from "../aws/dynamo.ts";
import { itemKey } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { sortableSequence } from "../core/stream-position.ts";
import { RECORDED_SOURCES, type RecordedSource } from "../resources.ts";
import type { Counted, ForeignRecord, MetricRecord, MetricSource, RecordVersion, Recount } from "./model.ts";

/** Whether what another table tells is later than what was kept. */
const IS_LATER = [
  "attribute_not_exists(streamPosition) AND attribute_not_exists(place)",
  // Of before, when a stream was taken for one sequence.
  "attribute_not_exists(streamShard) AND (place < :position OR streamPosition < :position)",
  "streamShard = :shard AND streamPosition < :position",
  // Changes of one item lie in a line of shards, and each shard's id begins with the time at which it began.
  "streamShard <> :shard AND (streamAt < :arrived OR (streamAt = :arrived AND streamShard < :shard))",
].map((condition) => `(${condition})`).join(" OR ");

/**
 * Access patterns of the table `records` (pk = tenant#partition, sk = record#source):
 *
 *  | what                            | how                                                           |
 *  |---------------------------------|---------------------------------------------------------------|
 *  | keep a record once              | PutItem, if it is not there                                   |
 *  | keep what another table tells   | UpdateItem, if nothing later of that table's stream was kept  |
 *  | records of a source in a range  | Query on byTime                                               |
 */
export function createRecordStore(dynamo: Dynamo, table: string) {
  async function changeForeign(
    { tenantId, source, recordId, shard, sequence, arrivedAt }: RecordVersion,
    { expression, values, ...change }: Expression,
  ): Promise<void> {
    await dynamo.updateIf(table, itemKey(tenantId, recordId, source), {
      ...change,
      expression: `SET streamPosition = :position, streamShard = :shard, streamAt = :arrived, ${expression}`,
      values: { ...values, ":position": sortableSequence(sequence), ":shard": shard, ":arrived": arrivedAt },
    }, { expression: IS_LATER });
  }

  return {
    /** Keeps a record; false where it is there already. */
    async keep(tenantId: string, { source, recordId, at }: MetricRecord, now: number): Promise<boolean> {
      const item = {
        ...itemKey(tenantId, recordId, source),
        tenantSource: keyOf(tenantId, source),
        at,
        recordedAt: now,
      };
      return (await dynamo.putIf(table, item, { expression: "attribute_not_exists(pk)" })).ok;
    },

    /** Keeps a record of another table, as its stream tells of it; what is told late of what is known better changes nothing. */
    keepForeign: (record: ForeignRecord, now: number): Promise<void> =>
      changeForeign(record, {
        expression: "#at = :at, tenantSource = :source, recordedAt = :now REMOVE isGone",
        names: { "#at": "at" },
        values: { ":at": record.at, ":source": keyOf(record.tenantId, record.source), ":now": now },
      }),

    /** Takes a record of another table back. It stays known, so that it does not come again when it is told of again. */
    takeBackForeign: (version: RecordVersion): Promise<void> =>
      changeForeign(version, { expression: "isGone = :true REMOVE tenantSource", values: { ":true": true } }),

    /** Pages of the records of a source in a range, by their time. */
    async *listRecords(
      tenantId: string,
      source: MetricSource,
      fromAt: number,
      toAt: number,
    ): AsyncGenerator<Counted[]> {
      const key = {
        expression: "tenantSource = :source AND #at BETWEEN :from AND :to",
        names: { "#at": "at" },
        values: { ":source": keyOf(tenantId, source), ":from": fromAt, ":to": toAt - 1 },
      };
      for await (
        const { items } of pages((startKey?: Item) => dynamo.query(table, { index: "byTime", key, startKey }))
      ) {
        yield items.map((item) => ({
          at: item.at as number,
          arrivedAt: (item.recordedAt as number | undefined) ?? 0,
        }));
      }
    },
  };
}

/** The records of each source that keeps them, as things to be counted again. */
export function recordRecounts({ listRecords }: Pick<ReturnType<typeof createRecordStore>, "listRecords">) {
  return Object.fromEntries(
    RECORDED_SOURCES.map((source): [RecordedSource, Recount] => [
      source,
      (tenantId, fromAt, toAt) => listRecords(tenantId, source, fromAt, toAt),
    ]),
  ) as Record<RecordedSource, Recount>;
}

/** What the records of a source are found by, and the key of its buckets. */
export function keyOf(tenantId: string, source: MetricSource): string {
  return `${tenantId}#${source}`;
}
