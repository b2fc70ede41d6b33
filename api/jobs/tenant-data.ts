import pMap from "p-map";
import { sensorPk, TENANT_PARTS } from "../analytics/cells.ts";
import type { Removed } from "../removals/model.ts";
import type { Dynamo, Item } from "../aws/dynamo.ts";
import type { Objects } from "../aws/objects.ts";
import { partitionsOf } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { REBUILDS, TENANTS } from "../journeys/trails.ts";
import { createNames } from "../metrics/bounds.ts";
import { SOURCES } from "../metrics/model.ts";
import { keyOf as bucketKey } from "../metrics/records.ts";
import { buckets, type BucketSpec, tables, type TableSpec } from "../resources.ts";

/** Folders of a tenant, by bucket. */
const FOLDERS: readonly (readonly [BucketSpec, (tenantId: string) => string])[] = [
  ...["events", "parquet", "stale", "exports", "late", "parked"].map((folder) =>
    [buckets.events, (tenantId: string) => `${folder}/tenant=${tenantId}/`] as const
  ),
  ...["readings", "held/readings", "exports"].map((folder) =>
    [buckets.readings, (tenantId: string) => `${folder}/tenant=${tenantId}/`] as const
  ),
  ...["collections", "media", "uploads", "exports"].map((folder) =>
    [buckets.collections, (tenantId: string) => `${folder}/${tenantId}/`] as const
  ),
];
/** Partitions of the table `trails` that name tenants. */
const DIRECTORIES = [TENANTS, REBUILDS];
const CONCURRENCY = 16;

/**
 * Removes everything of a tenant: what it sent first, then what was made of it, since readers of the first one's streams write
 * the second. Reads may be some writes old: it is done again, for the last time after two days. Every table, bucket and folder that holds anything of a tenant is named here. Costs a read of what is there, a
 * deletion each, and a read for each partition that is empty; at most `most` deletions at once.
 */
export function createRemoveData({ dynamo, objects, named, most }: {
  dynamo: Pick<Dynamo, "query" | "remove" | "get">;
  objects: (spec: BucketSpec) => Objects;
  named: (spec: { name: string }) => string;
  most: number;
}) {
  return async function removeData(tenantId: string, isLast: boolean): Promise<Removed> {
    const removed = { items: 0, objects: 0 };
    const isEnough = () => removed.items + removed.objects >= most;

    async function removeItems(table: TableSpec, items: readonly Item[]): Promise<void> {
      const names = [table.partition.name, ...(table.sort ? [table.sort.name] : [])];
      await pMap(
        items,
        (item) => dynamo.remove(named(table), Object.fromEntries(names.map((name) => [name, item[name]]))),
        { concurrency: CONCURRENCY },
      );
      removed.items += items.length;
    }

    async function removeEach(table: TableSpec, query: Parameters<Dynamo["query"]>[1]): Promise<void> {
      if (isEnough()) return;
      for await (const { items } of pages((startKey?: Item) => dynamo.query(named(table), { ...query, startKey }))) {
        await removeItems(table, items);
        if (isEnough()) return;
      }
    }

    const removePartition = (table: TableSpec, pk: string) =>
      removeEach(table, { key: { expression: "pk = :pk", values: { ":pk": pk } }, expired: true });

    const ofTenant = {
      index: "byTenant",
      key: { expression: "tenant = :tenant", values: { ":tenant": tenantId } },
      expired: true,
    };

    async function removeFolder(bucket: BucketSpec, folder: string): Promise<void> {
      if (isEnough()) return;
      for await (const page of objects(bucket).list(folder)) {
        await pMap(page, ({ key }) => objects(bucket).remove(key), { concurrency: CONCURRENCY });
        removed.objects += page.length;
        if (isEnough()) return;
      }
    }

    /** What is counted of each sensor; and, at last, which sensors there were, for nothing else says it. */
    async function removeSensors(): Promise<void> {
      const read = (startKey?: Item) => dynamo.query(named(tables.sensors), { ...ofTenant, startKey });
      for await (const { items } of pages(read)) {
        for (const { sensorId } of items) await removePartition(tables.rollups, sensorPk(tenantId, sensorId as string));
        if (isLast && !isEnough()) await removeItems(tables.sensors, items);
        if (isEnough()) return;
      }
      const settings = await dynamo.get(named(tables.sensors), { pk: tenantId });
      if (settings) await removeItems(tables.sensors, [settings]);
    }

    /** The log of each hook, then the hooks. What they were told of lies by event, and goes after eight days. */
    async function removeWebhooks(): Promise<void> {
      const pk = `${tenantId}#hooks`;
      const key = { expression: "pk = :pk", values: { ":pk": pk } };
      const read = (startKey?: Item) => dynamo.query(named(tables.webhooks), { key, expired: true, startKey });
      for await (const { items } of pages(read)) {
        for (const { sk } of items) await removePartition(tables.webhooks, `${tenantId}#${sk as string}`);
      }
      await removePartition(tables.webhooks, pk);
    }

    /** The counts of each source, and at last what it and its dimensions are called, for nothing else says it. */
    async function removeCounts(): Promise<void> {
      const bounds = createNames(dynamo, named(tables.buckets));
      for (const source of [...SOURCES, ...await bounds.listSources(tenantId)]) {
        const pk = bucketKey(tenantId, source);
        for (const key of await bounds.listKeys(tenantId, source)) {
          await removePartition(tables.buckets, `${pk}#by#${key}`);
        }
        for (const part of ["", "#late", "#values"]) await removePartition(tables.buckets, `${pk}${part}`);
        if (isLast) await removePartition(tables.buckets, `${pk}#pairs`);
      }
      for (const part of ["alerts", "changes", "sessions#log"]) {
        await removePartition(tables.buckets, `${tenantId}#${part}`);
      }
      if (isLast) await removePartition(tables.buckets, `${tenantId}#sources`);
    }

    /** What sockets follow, and the sockets: whoever holds one is told nothing more, and to go. */
    async function removeSockets(): Promise<void> {
      const pk = `${tenantId}#sockets`;
      const values = { ":pk": pk, ":from": "socket#", ":to": "socket$" };
      const key = { expression: "pk = :pk AND sk BETWEEN :from AND :to", values };
      const read = (startKey?: Item) => dynamo.query(named(tables.sockets), { key, consistent: true, startKey });
      for await (const { items } of pages(read)) {
        const connections = items.map(({ sk }) => ({ pk: `#${(sk as string).slice("socket#".length)}`, sk: "-" }));
        // With what names them: else each run for which they are enough would remove them again, and come no further.
        await removeItems(tables.sockets, [...connections, ...items]);
        if (isEnough()) return;
      }
      await removePartition(tables.sockets, pk);
    }

    await removeEach(tables.access, ofTenant);
    await removeSockets();
    await removeWebhooks();
    for (const table of [tables.journeys, tables.trails, tables.sessions, tables.records, tables.reviews]) {
      for (const pk of partitionsOf(tenantId)) await removePartition(table, pk);
    }
    for (const pk of partitionsOf(tenantId)) await removePartition(tables.reviews, `${pk}#log`);
    await removePartition(tables.trails, `${tenantId}#CHANGED`);
    for (const pk of DIRECTORIES) {
      const found = await dynamo.get(named(tables.trails), { pk, sk: tenantId });
      if (found) await removeItems(tables.trails, [found]);
    }
    for (const [bucket, folderOf] of FOLDERS) await removeFolder(bucket, folderOf(tenantId));
    await removeSensors();
    for (const part of TENANT_PARTS) await removePartition(tables.rollups, `${tenantId}#${part}`);
    await removeCounts();
    for (const part of ["audit", "erasures"]) await removePartition(tables.access, `${part}#${tenantId}`);
    return { ...removed, isWhole: !isEnough() };
  };
}
