import type { Dynamo, Expression, Item } from "../aws/dynamo.ts";
import { itemKey, partitionOf } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { sortableSequence } from "../core/stream-position.ts";
import type { Counted, ForeignRecord, MetricRecord, MetricSource, RecordVersion } from "./model.ts";

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
    tenantId: string,
    source: MetricSource,
    recordId: string,
    sequence: string,
    { values, ...change }: Expression,
  ): Promise<void> {
    const position = sortableSequence(sequence);
    await dynamo.updateIf(table, itemKey(tenantId, recordId, source), {
      ...change,
      values: { ...values, ":position": position },
    }, { expression: "attribute_not_exists(streamPosition) OR streamPosition < :position" });
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
    keepForeign: ({ tenantId, source, recordId, sequence, at }: ForeignRecord, now: number): Promise<void> =>
      changeForeign(tenantId, source, recordId, sequence, {
        expression:
          "SET #at = :at, tenantSource = :source, recordedAt = :now, streamPosition = :position REMOVE isGone",
        names: { "#at": "at" },
        values: { ":at": at, ":source": keyOf(tenantId, source), ":now": now },
      }),

    /** Takes a record of another table back. It stays known, so that it does not come again when it is told of again. */
    takeBackForeign: ({ tenantId, source, recordId, sequence }: RecordVersion): Promise<void> =>
      changeForeign(tenantId, source, recordId, sequence, {
        expression: "SET isGone = :true, streamPosition = :position REMOVE tenantSource",
        values: { ":true": true },
      }),

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
          partition: partitionOf(item.pk),
        }));
      }
    },
  };
}

/** What the records of a source are found by, and the key of its buckets. */
export function keyOf(tenantId: string, source: MetricSource): string {
  return `${tenantId}#${source}`;
}
