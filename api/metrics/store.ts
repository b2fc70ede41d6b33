import type { Dynamo, Item } from "../aws/dynamo.ts";
import { HOUR_MS } from "../core/clock.ts";
import { ConditionFailedError } from "../core/errors.ts";
import { idOf, itemKey } from "../core/keys.ts";
import type { HourBucket, MetricRecord, MetricSource } from "./model.ts";
import type { HourWrite } from "./rules.ts";

/**
 * Access patterns of the tables `records` (pk = tenant#partition, sk = record#source) and `buckets` (pk = tenant#source,
 * sk = the hour):
 *
 *  | what                            | how                                                                  |
 *  |---------------------------------|----------------------------------------------------------------------|
 *  | keep a record once              | PutItem, if it is not there                                          |
 *  | records of a source in a range  | Query on byTime                                                      |
 *  | count a part of a stream        | UpdateItem of the hour that adds, if its watermarks are before it    |
 *  | hours of a source in a range    | Query                                                                |
 */
export type MetricStore = ReturnType<typeof createMetricStore>;

const WATERMARK = "w";
const COUNT = "m";
const VERSION = "x";

export function createMetricStore(dynamo: Dynamo, tables: { records: string; buckets: string }) {
  return {
    /** Keeps a record; false where it is there already. */
    async keep(tenantId: string, { source, recordId, at }: MetricRecord, now: number): Promise<boolean> {
      const item = {
        ...itemKey(tenantId, recordId, source),
        tenantSource: keyOf(tenantId, source),
        at,
        recordedAt: now,
      };
      try {
        await dynamo.put(tables.records, item, { expression: "attribute_not_exists(pk)" });
        return true;
      } catch (error) {
        if (error instanceof ConditionFailedError) return false;
        throw error;
      }
    },

    /** Pages of the records of a source in a range, by their time. */
    async *listRecords(
      tenantId: string,
      source: MetricSource,
      fromAt: number,
      toAt: number,
    ): AsyncGenerator<{ recordId: string; at: number }[]> {
      let startKey: Item | undefined;
      do {
        const page = await dynamo.query(tables.records, {
          index: "byTime",
          key: {
            expression: "tenantSource = :source AND #at BETWEEN :from AND :to",
            names: { "#at": "at" },
            values: { ":source": keyOf(tenantId, source), ":from": fromAt, ":to": toAt - 1 },
          },
          startKey,
        });
        yield page.items.map((item) => ({ recordId: idOf(item.sk), at: item.at as number }));
        startKey = page.lastKey;
      } while (startKey);
    },

    /**
     * Counts a write into its hour, if each of its partitions is counted up to before it and no further. Gives undefined
     * where it was counted, else how far each partition is.
     */
    async count(
      tenantId: string,
      source: MetricSource,
      hourAt: number,
      write: HourWrite,
    ): Promise<Map<string, string> | undefined> {
      const minutes = [...write.minutes].filter(([, n]) => n !== 0);
      const partitions = [...write.partitions];
      const sets = [
        ...partitions.map(([p]) => `${WATERMARK}${p} = :last${p}`),
        ...minutes.map(([minute]) => `${VERSION}${minute} = if_not_exists(version, :zero) + :one`),
        "version = if_not_exists(version, :zero) + :one",
      ];
      const adds = minutes.map(([minute]) => `${COUNT}${minute} :n${minute}`);
      try {
        await dynamo.update(tables.buckets, { pk: keyOf(tenantId, source), sk: hourKey(hourAt) }, {
          expression: `SET ${sets.join(", ")}` + (adds.length > 0 ? ` ADD ${adds.join(", ")}` : ""),
          values: {
            ":zero": 0,
            ":one": 1,
            ...Object.fromEntries(minutes.map(([minute, n]) => [`:n${minute}`, n])),
            ...Object.fromEntries(partitions.map(([p, { last }]) => [`:last${p}`, last])),
          },
        }, {
          expression: partitions.map(([p]) =>
            `(attribute_not_exists(${WATERMARK}${p}) OR ${WATERMARK}${p} < :first${p})`
          ).join(" AND "),
          values: Object.fromEntries(partitions.map(([p, { first }]) => [`:first${p}`, first])),
        });
        return undefined;
      } catch (error) {
        if (!(error instanceof ConditionFailedError) || !error.current) throw error;
        return watermarksOf(error.current);
      }
    },

    /** The hours of a source in a range that have counts, ascending. */
    async listHours(tenantId: string, source: MetricSource, fromAt: number, toAt: number): Promise<HourBucket[]> {
      const hours: HourBucket[] = [];
      let startKey: Item | undefined;
      do {
        const page = await dynamo.query(tables.buckets, {
          key: {
            expression: "pk = :pk AND sk BETWEEN :from AND :to",
            values: {
              ":pk": keyOf(tenantId, source),
              ":from": hourKey(Math.floor(fromAt / HOUR_MS) * HOUR_MS),
              ":to": hourKey(toAt - 1),
            },
          },
          startKey,
        });
        hours.push(...page.items.map((item) => fromItem(source, item)));
        startKey = page.lastKey;
      } while (startKey);
      return hours;
    },
  };
}

function keyOf(tenantId: string, source: MetricSource): string {
  return `${tenantId}#${source}`;
}

function hourKey(at: number): string {
  return String(at).padStart(13, "0");
}

function watermarksOf(item: Item): Map<string, string> {
  const entries = Object.entries(item).filter(([name]) => /^w\d+$/.test(name));
  return new Map(entries.map(([name, value]) => [name.slice(WATERMARK.length), value as string]));
}

function fromItem(source: MetricSource, item: Item): HourBucket {
  const minutes = Object.entries(item).filter(([name]) => /^x\d+$/.test(name)).map(([name, version]) => {
    const minute = Number(name.slice(VERSION.length));
    return [minute, {
      version: version as number,
      count: (item[`${COUNT}${minute}`] as number | undefined) ?? 0,
    }] as const;
  });
  return { source, hourAt: Number(item.sk), minutes: new Map(minutes) };
}
