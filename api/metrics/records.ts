import type { Dynamo, Expression, Item } from "../aws/dynamo.ts";
import { itemKey, partitionOf, PARTITIONS } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { sortableSequence } from "../core/stream-position.ts";
import {
  type Correction,
  type Counted,
  type CountedRecord,
  type Dimensions,
  type ForeignRecord,
  type MetricRecord,
  type MetricSource,
  recordPart,
  type RecordVersion,
} from "./model.ts";

/** Whether what another table tells is later than what was kept. */
const IS_LATER = [
  "attribute_not_exists(streamPosition) AND attribute_not_exists(place)",
  // Of before, when a stream was taken for one sequence.
  "attribute_not_exists(streamShard) AND (place < :position OR streamPosition < :position)",
  "streamShard = :shard AND streamPosition < :position",
  // Changes of one item lie in a line of shards, and each shard's id begins with the time at which it began.
  "streamShard <> :shard AND (streamAt < :arrived OR (streamAt = :arrived AND streamShard < :shard))",
].map((condition) => `(${condition})`).join(" OR ");

type Seen = Pick<Correction, "expectedAt" | "expectedValue" | "isWithoutValue" | "expectedDimensions">;

/** What stands of a record after it was to be kept: whether it was kept just now, and if not what was there. */
export type Kept = { isNew: boolean; isGone: boolean } & Pick<MetricRecord, "at" | "value" | "dimensions">;

/**
 * Access patterns of the table `records` (pk = tenant#partition, sk = record#source):
 *
 *  | what                            | how                                                           |
 *  |---------------------------------|---------------------------------------------------------------|
 *  | keep records once               | BatchExecuteStatement of inserts; BatchGetItem of what is there |
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

  const listOf = ({ tenantId, source, recordId }: Pick<RecordVersion, "tenantId" | "source" | "recordId">) =>
    listKey(tenantId, source, itemKey(tenantId, recordId, source).pk);

  return {
    /**
     * Keeps records of which no two have the same source and id, 25 to a request; gives of each what stands now.
     */
    async keepAll(tenantId: string, records: readonly MetricRecord[], now: number): Promise<Kept[]> {
      const items = records.map(({ source, recordId, at, value, dimensions }) => {
        const key = itemKey(tenantId, recordId, recordPart(source));
        const own = { ...key, tenantSource: listKey(tenantId, source, key.pk), at, recordedAt: now };
        return { ...own, value, ...(dimensions.length > 0 ? { dims: JSON.stringify(dimensions) } : {}) };
      });
      const written = await dynamo.insertAll(table, items);
      const known = items.filter((_, i) => !written[i]).map(({ pk, sk }) => ({ pk, sk }));
      const stored = known.length === 0 ? [] : await dynamo.batchGet(table, known, { consistent: true });
      const byKey = new Map(stored.map((item) => [`${item.pk as string} ${item.sk as string}`, item]));
      return records.map(({ at, value, dimensions }, i) => {
        const { pk, sk } = items[i]!;
        const stands = written[i] ? undefined : byKey.get(`${pk} ${sk}`);
        if (!stands) return { isNew: written[i]!, isGone: false, at, value, dimensions };
        return { isNew: false, isGone: stands.isGone === true, at: stands.at as number, ...measuresOf(stands) };
      });
    },

    /** A record as it is, also one that is taken back. */
    async findRecord(
      tenantId: string,
      { source, recordId }: Pick<MetricRecord, "source" | "recordId">,
    ): Promise<MetricRecord | undefined> {
      const item = await dynamo.get(table, itemKey(tenantId, recordId, recordPart(source)), { consistent: true });
      return item && { source, recordId, at: item.at as number, ...measuresOf(item) };
    },

    /**
     * Moves a record to another time, number and dimensions, or takes it back, if it is as the sender saw it; gives what stands,
     * undefined: nothing. One that was taken back meanwhile is not as it was seen, and of two who correct it at once one comes first.
     */
    async correctRecord(
      tenantId: string,
      { source, recordId, isTakenBack: wasGone, at, value, dimensions, ...seen }: Correction,
      now: number,
    ): Promise<
      ({ ok: boolean; at: number; isGone: boolean } & Pick<MetricRecord, "value" | "dimensions">) | undefined
    > {
      const key = itemKey(tenantId, recordId, recordPart(source));
      const isTakenBack = at === null || at === undefined;
      const isNumbered = !isTakenBack && value !== undefined && value !== null;
      const isTold = !isTakenBack && dimensions !== undefined && dimensions !== null;
      const hasSome = isTold && dimensions.length > 0;
      const gone = isTakenBack ? [] : [wasGone ? "attribute_exists(isGone)" : "attribute_not_exists(isGone)"];
      const { conditions, names, values } = asSeen(seen);
      const { ok, current } = await dynamo.updateIf(table, key, {
        expression: isTakenBack
          ? "SET isGone = :true, recordedAt = :now REMOVE tenantSource"
          : `SET #at = :at, tenantSource = :source, recordedAt = :now${isNumbered ? ", #value = :value" : ""}${
            hasSome ? ", dims = :dims" : ""
          } REMOVE isGone${isTold && !hasSome ? ", dims" : ""}`,
        names: { "#at": "at", ...(isNumbered ? { "#value": "value" } : {}) },
        values: {
          ":now": now,
          ...(isTakenBack ? { ":true": true } : { ":at": at, ":source": listKey(tenantId, source, key.pk) }),
          ...(isNumbered ? { ":value": value } : {}),
          ...(hasSome ? { ":dims": JSON.stringify(dimensions) } : {}),
        },
      }, { expression: [...conditions, ...gone].join(" AND "), names, values });
      return current && { ok, at: current.at as number, isGone: current.isGone === true, ...measuresOf(current) };
    },

    /** Keeps a record of another table, as its stream tells of it; what is told late of what is known better changes nothing. */
    keepForeign(record: ForeignRecord, now: number): Promise<void> {
      const { value, dimensions = [] } = record.measures ?? {};
      const dims = dimensions.length > 0 ? JSON.stringify(dimensions) : undefined;
      const measures = record.measures ? Object.entries({ value, dims }) : [];
      const set = measures.filter(([, own]) => own !== undefined);
      const removed = measures.filter(([, own]) => own === undefined);
      return changeForeign(record, {
        expression: "#at = :at, tenantSource = :source, recordedAt = :now" +
          set.map(([name]) => `, #${name} = :${name}`).join("") +
          ` REMOVE isGone${removed.map(([name]) => `, #${name}`).join("")}`,
        names: { "#at": "at", ...Object.fromEntries(measures.map(([name]) => [`#${name}`, name])) },
        values: {
          ...{ ":at": record.at, ":source": listOf(record), ":now": now },
          ...Object.fromEntries(set.map(([name, own]) => [`:${name}`, own])),
        },
      });
    },

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
      for await (const items of listItems(tenantId, source, fromAt, toAt)) {
        yield items.map((item) => ({
          at: item.at as number,
          arrivedAt: (item.recordedAt as number | undefined) ?? 0,
        }));
      }
    },

    /** The same with what they measure: each as it is now, not as the index shows it. */
    async listMeasured(tenantId: string, source: MetricSource, fromAt: number, toAt: number): Promise<CountedRecord[]> {
      const found: CountedRecord[] = [];
      for await (const items of listItems(tenantId, source, fromAt, toAt)) {
        const whole = await dynamo.batchGet(table, items.map(({ pk, sk }) => ({ pk, sk })), { consistent: true });
        found.push(
          ...whole.filter(({ at, isGone }) => isGone !== true && (at as number) >= fromAt && (at as number) < toAt)
            .map((item) => ({
              at: item.at as number,
              arrivedAt: (item.recordedAt as number | undefined) ?? 0,
              ...measuresOf(item),
            })),
        );
      }
      return found;
    },
  };

  async function* listItems(
    tenantId: string,
    source: MetricSource,
    fromAt: number,
    toAt: number,
  ): AsyncGenerator<Item[]> {
    for (const list of [keyOf(tenantId, source), ...LISTS.map((own) => `${keyOf(tenantId, source)}#${own}`)]) {
      const key = {
        expression: "tenantSource = :list AND #at BETWEEN :from AND :to",
        names: { "#at": "at" },
        values: { ":list": list, ":from": fromAt, ":to": toAt - 1 },
      };
      const read = (startKey?: Item) => dynamo.query(table, { index: "byTime", key, startKey });
      for await (const { items } of pages(read)) yield items;
    }
  }
}

/** That a record is as the sender saw it, of which its time is always told. */
function asSeen({ expectedAt, expectedValue, isWithoutValue, expectedDimensions: dimensions }: Seen) {
  const conditions = ["#at = :expected"];
  const values: Item = { ":expected": expectedAt };
  if (typeof expectedValue === "number") {
    conditions.push("#value = :seen");
    values[":seen"] = expectedValue;
  } else if (isWithoutValue) conditions.push("attribute_not_exists(#value)");
  if (dimensions?.length === 0) conditions.push("attribute_not_exists(dims)");
  else if (dimensions) {
    conditions.push("dims = :seenDims");
    values[":seenDims"] = JSON.stringify(dimensions);
  }
  const isNumbered = conditions.some((own) => own.includes("#value"));
  return { conditions, names: isNumbered ? { "#value": "value" } : {}, values };
}

function measuresOf({ value, dims }: Item): Pick<MetricRecord, "value" | "dimensions"> {
  return {
    value: value as number | undefined,
    dimensions: dims === undefined ? [] : JSON.parse(dims as string) as Dimensions,
  };
}

/** The index lists a source's records in so many lists, a thousand writes a second each; those of before in one of its own. */
const LISTS = Array.from({ length: PARTITIONS }, (_, i) => `${i}`);

/** The list of a source that a record with this partition key is in. */
function listKey(tenantId: string, source: MetricSource, pk: string): string {
  return `${keyOf(tenantId, source)}#${partitionOf(pk)}`;
}

/** The key of a source's buckets, and the list of its records from before there were several. */
export function keyOf(tenantId: string, source: MetricSource): string {
  return `${tenantId}#${source}`;
}
