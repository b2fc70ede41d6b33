import { createHash } from "node:crypto";
import type { Dynamo, Item, TransactWrite } from "../aws/dynamo.ts";
import { LRUCache } from "lru-cache";
import { countInto, firstWatermark } from "../aws/counting.ts";
import { HOUR_MS } from "../core/clock.ts";
import { UnavailableError } from "../core/errors.ts";
import { spread } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import type { TimeRange } from "../core/range.ts";
import type { CountChange, HourBucket, MetricSource } from "./model.ts";
import { type Active, createAuditMarks } from "./audit-marks.ts";
import { createBounds } from "./bounds.ts";
import { createMeasureStore } from "./measure-store.ts";
import { createLateHours } from "./late-hours.ts";
import { createRecordStore, keyOf } from "./records.ts";
import { hourOf, toHourWrite } from "./rules.ts";

/**
 * Access patterns of the table `buckets` (pk = tenant#source, sk = the hour):
 *
 *  | what                            | how                                                                  |
 *  |---------------------------------|----------------------------------------------------------------------|
 *  | count a part of a stream        | UpdateItem of the hour that adds, if its shard's mark is before it   |
 *  | count into many hours at once   | BatchExecuteStatement of inserts, then the same of what was there    |
 *  | count a record late             | TransactWriteItems of a marker and the hours that add                |
 *  | hours of a source in a range    | Query                                                                |
 *  | who has counts in an hour       | Query on byHour, shard by shard                                      |
 *  | how far an audit has come       | GetItem and PutItem (pk = audit), see audit-marks.ts                 |
 */
export type MetricStore = ReturnType<typeof createMetricStore>;

const COUNT = "m";
const EXPIRED = "e";
const VERSION = "x";
const SHARDS = 8;

/** So many hours are begun together: fewer are not worth that one of them may be there, which costs a write for nothing. */
const MANY_HOURS = 10;
/** Hours that were counted into a while ago. */
const MAX_MET = 20_000;

export function createMetricStore(
  dynamo: Dynamo,
  tables: { records: string; buckets: string },
  manyHours = MANY_HOURS,
) {
  const met = new LRUCache<string, true>({ max: MAX_MET });

  /** Whether this process counts into an hour for the first time that it knows of. */
  function meets(changes: readonly CountChange[]): boolean {
    const { pk, sk } = hourKeyOf(changes);
    const isNew = !met.has(`${pk} ${sk}`);
    met.set(`${pk} ${sk}`, true);
    return isNew;
  }

  return {
    ...createRecordStore(dynamo, tables.records),
    ...createBounds(dynamo, tables.buckets),
    measures: createMeasureStore(dynamo, tables.buckets),
    lateHours: createLateHours(dynamo, tables.buckets),
    audits: createAuditMarks(dynamo, tables.buckets),

    /** Writes parts and the marker that says so, unless it is there. Throws UnavailableError where others were at the items. */
    async writeOnce(marker: string, parts: readonly TransactWrite[]): Promise<void> {
      const key = { pk: `late#${createHash("sha256").update(marker).digest("hex")}`, sk: "marker" };
      const put = { table: tables.buckets, put: key, condition: { expression: "attribute_not_exists(pk)" } };
      const isDone = await dynamo.transact([put, ...parts]) ||
        await dynamo.get(tables.buckets, key, { consistent: true }) !== undefined;
      if (!isDone) throw new UnavailableError("DynamoDB");
    },

    /** Counts changes into their hour, each once; what was counted before is left out. */
    async count(changes: readonly CountChange[], now: number): Promise<void> {
      await countInto(dynamo, tables.buckets, hourKeyOf(changes), changes, now, hourChange);
    },

    /**
     * Counts of many hours those into which nothing was counted before, 25 to a request; gives these. An hour that is there is
     * found so at the cost of a write, once for each process.
     */
    async begin(hours: readonly CountChange[][], now: number): Promise<ReadonlySet<CountChange[]>> {
      const unmet = hours.filter((own) => meets(own) && own.every(({ shard }) => shard === own[0]!.shard));
      if (unmet.length < manyHours) return new Set();
      const written = await dynamo.insertAll(tables.buckets, unmet.map((own) => firstItem(own, now)));
      return new Set(unmet.filter((_, i) => written[i]));
    },

    /** Changes of one hour as a part of a transaction, which says itself that it is done once: no watermark is asked or moved. */
    lateWrite(changes: readonly CountChange[]): TransactWrite {
      const { sets, adds, values } = hourChange(changes);
      const expression = `SET ${sets.join(", ")}` + (adds.length > 0 ? ` ADD ${adds.join(", ")}` : "");
      return { table: tables.buckets, key: hourKeyOf(changes), change: { expression, values } };
    },

    /** Sets counts of an hour, if it is still of the version that was read; false where it is not. */
    async correct(tenantId: string, hour: HourBucket, counts: ReadonlyMap<number, number>): Promise<boolean> {
      const { source, hourAt, version } = hour;
      const minutes = [...counts];
      const sets = [
        ...minutes.flatMap(([minute]) => [`${COUNT}${minute} = :n${minute}`, `${VERSION}${minute} = :next`]),
        "version = :next",
        "hourShard = :shard",
      ];
      const { ok } = await dynamo.updateIf(
        tables.buckets,
        bucketKey(tenantId, source, hourAt),
        {
          expression: `SET ${sets.join(", ")}`,
          values: {
            ":next": version + 1,
            ":shard": shardOf(tenantId, source, hourAt),
            ...Object.fromEntries(minutes.map(([minute, n]) => [`:n${minute}`, n])),
          },
        },
        version === 0 ? { expression: "attribute_not_exists(version)" } : {
          expression: "version = :version",
          values: { ":version": version },
        },
      );
      return ok;
    },

    /**
     * The tenants and sources that have counts in an hour: all of them or those of a part; after one of them, where it is given,
     * which the list gave before.
     */
    async *listActive(
      hourAt: number,
      { index, of } = { index: 0, of: 1 },
      after?: Active,
    ): AsyncGenerator<Active[]> {
      for (let shard = after?.shard ?? index; shard < SHARDS; shard += of) {
        const values = { ":shard": `${hourKey(hourAt)}#${shard}` };
        const key = shard === after?.shard
          ? {
            expression: "hourShard = :shard AND pk > :after",
            values: { ...values, ":after": keyOf(after.tenantId, after.source) },
          }
          : { expression: "hourShard = :shard", values };
        const read = (startKey?: Item) => dynamo.query(tables.buckets, { index: "byHour", key, startKey });
        for await (const { items } of pages(read)) {
          yield items.map(({ pk }) => {
            const [tenantId, source] = (pk as string).split("#") as [string, MetricSource];
            return { tenantId, source, shard };
          });
        }
      }
    },

    /** Whether something that was counted in a range has expired since: a recount does not find it. */
    async hasExpired(tenantId: string, source: MetricSource, { fromAt, toAt }: TimeRange): Promise<boolean> {
      const hours = await this.listHours(tenantId, source, fromAt, toAt);
      return hours.some(({ minutes }) => [...minutes.values()].some(({ expired }) => expired > 0));
    },

    /** The hours of a source in a range that have counts, ascending. */
    async listHours(
      tenantId: string,
      source: MetricSource,
      fromAt: number,
      toAt: number,
      options: { consistent?: boolean } = {},
    ): Promise<HourBucket[]> {
      const hours: HourBucket[] = [];
      const key = {
        expression: "pk = :pk AND sk BETWEEN :from AND :to",
        values: {
          ":pk": keyOf(tenantId, source),
          ":from": hourKey(Math.floor(fromAt / HOUR_MS) * HOUR_MS),
          ":to": hourKey(toAt - 1),
        },
      };
      for await (
        const { items } of pages((startKey?: Item) => dynamo.query(tables.buckets, { ...options, key, startKey }))
      ) {
        hours.push(...items.map((item) => fromItem(source, item)));
      }
      return hours;
    },
  };
}

function bucketKey(tenantId: string, source: MetricSource, hourAt: number) {
  return { pk: keyOf(tenantId, source), sk: hourKey(hourAt) };
}

function hourKeyOf([change]: readonly CountChange[]) {
  return bucketKey(change!.tenantId, change!.source, hourOf(change!.at));
}

/** What changes of an hour do to it, by the minute. */
function minutesOf(changes: readonly CountChange[]) {
  const write = toHourWrite(changes);
  return {
    minutes: [...write.minutes].filter(([minute, n]) => n !== 0 || write.measured.has(minute)),
    expired: [...write.expired],
  };
}

/** The item of an hour that these changes, of one shard, are the first of: what `hourChange` makes of one that is not there. */
function firstItem(changes: readonly CountChange[], now: number): Item {
  const [{ tenantId, source, at }] = changes as [CountChange];
  const { minutes, expired } = minutesOf(changes);
  return {
    ...hourKeyOf(changes),
    ...firstWatermark(changes, now),
    ...Object.fromEntries(minutes.map(([minute]) => [VERSION + minute, 1])),
    ...Object.fromEntries(minutes.filter(([, n]) => n !== 0).map(([minute, n]) => [COUNT + minute, n])),
    ...Object.fromEntries(expired.map(([minute, n]) => [EXPIRED + minute, n])),
    version: 1,
    hourShard: shardOf(tenantId, source, hourOf(at)),
  };
}

function hourChange(changes: readonly CountChange[]) {
  const [change] = changes;
  const { minutes, expired } = minutesOf(changes);
  return {
    sets: [
      ...minutes.map(([minute]) => `${VERSION}${minute} = if_not_exists(version, :zero) + :one`),
      "version = if_not_exists(version, :zero) + :one",
      "hourShard = :shard",
    ],
    adds: [
      ...minutes.filter(([, n]) => n !== 0).map(([minute]) => `${COUNT}${minute} :n${minute}`),
      ...expired.map(([minute]) => `${EXPIRED}${minute} :e${minute}`),
    ],
    values: {
      ":zero": 0,
      ":one": 1,
      ":shard": shardOf(change!.tenantId, change!.source, hourOf(change!.at)),
      ...Object.fromEntries(minutes.filter(([, n]) => n !== 0).map(([minute, n]) => [`:n${minute}`, n])),
      ...Object.fromEntries(expired.map(([minute, n]) => [`:e${minute}`, n])),
    },
  };
}

/** Where the index lists an hour's buckets: spread, since all tenants begin an hour at the same moment. */
function shardOf(tenantId: string, source: MetricSource, hourAt: number): string {
  const shard = spread(keyOf(tenantId, source), SHARDS);
  return `${hourKey(hourAt)}#${shard}`;
}

function hourKey(at: number): string {
  return String(at).padStart(13, "0");
}

/** The attributes of one letter, by their number. */
function numbered(item: Item, letter: string): [string, unknown][] {
  return Object.entries(item).flatMap(([name, value]) =>
    name.startsWith(letter) && /^.\d+$/.test(name) ? [[name.slice(1), value]] : []
  );
}

function fromItem(source: MetricSource, item: Item): HourBucket {
  const minutes = numbered(item, VERSION).map(([minute, version]) =>
    [Number(minute), {
      version: version as number,
      count: (item[COUNT + minute] as number | undefined) ?? 0,
      expired: (item[EXPIRED + minute] as number | undefined) ?? 0,
    }] as const
  );
  return {
    source,
    hourAt: Number(item.sk),
    minutes: new Map(minutes),
    version: item.version as number,
  };
}
