import { beforeEach, expect, test } from "vitest";
import { sensorPk } from "../../api/analytics/cells.ts";
import { itemKey } from "../../api/core/keys.ts";
import { createRemoveData } from "../../api/jobs/tenant-data.ts";
import { createBounds } from "../../api/metrics/bounds.ts";
import { createTrailStore, REBUILDS, TENANTS } from "../../api/journeys/trails.ts";
import { buckets, tables } from "../../api/resources.ts";
import { sensorKeyOf } from "../../api/sessions/item.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { createMemoryObjects } from "../kit/memory-objects.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const T = "gone";
/** By what its tables are called here. */
const byName = Object.fromEntries(Object.values(tables).map((spec) => [spec.name, spec]));
let dynamo: ReturnType<typeof createMemoryDynamo>;
let own: [table: string, pk: string][];

/** Something of two tenants in each place where only the last look, or nothing but a name, leads to it. */
beforeEach(async () => {
  dynamo = createMemoryDynamo(byName, { clock: () => NOW });
  own = [];
  for (const tenant of [T, "other"]) {
    const put = async (table: { name: string }, item: Record<string, unknown>) => {
      await dynamo.put(table.name, item);
      if (tenant === T) own.push([table.name, item.pk as string]);
    };
    await put(tables.sensors, { pk: sensorKeyOf(tenant, "hall"), tenant, sensorId: "hall" });
    await put(tables.rollups, { pk: sensorPk(tenant, "hall"), sk: "2026-06-01", s1: 1 });
    await put(tables.buckets, { pk: `${tenant}#own#by#shop`, sk: "0000000000000", n: 1 });
    await put(tables.reviews, { ...itemKey(tenant, "ada", "LEASE") });
    const { pk, sk } = itemKey(tenant, "ada", "");
    await put(tables.reviews, { pk: `${pk}#log`, sk: `020000#${sk}0` });
    for (const part of ["alerts", "changes", "sessions#log", "own#late", "own#values", "own"]) {
      await put(tables.buckets, { pk: `${tenant}#${part}`, sk: "0" });
    }
    for (const part of ["audit", "erasures"]) await put(tables.access, { pk: `${part}#${tenant}`, sk: "0" });
    for (const pk of [TENANTS, REBUILDS]) await put(tables.trails, { pk, sk: tenant });
    await put(tables.webhooks, { pk: `${tenant}#hooks`, sk: "h1" });
    await put(tables.webhooks, { pk: `${tenant}#h1`, sk: "0" });
    await put(tables.sockets, { pk: `${tenant}#sockets`, sk: `socket#of-${tenant}` });
    await put(tables.sockets, { pk: `#of-${tenant}`, sk: "-" });
    for (let n = 0; n < 5; n++) await put(tables.trails, { pk: `${tenant}#CHANGED`, sk: `${n}` });
    // What has expired lies there for days.
    await put(tables.journeys, { ...itemKey(tenant, "s", "META"), ttl: NOW / 1_000 - 1 });
    const bounds = createBounds(dynamo, tables.buckets.name);
    await bounds.admitSources(tenant, new Set(["own"]));
    await bounds.admitPairs(tenant, "own", NOW, new Set(["shop=north"]));
    const change = { sessionId: "s", version: "1", startedAt: 0, endedAt: 0, page: undefined, pageAt: undefined };
    await createTrailStore(dynamo, tables.trails.name).note(tenant, [{ ...change, eventCount: 1, isErased: false }]);
  }
});

const nothing = { list: async function* () {}, remove: () => Promise.resolve() };
const remove = (isLast: boolean, most = Infinity) =>
  createRemoveData({ dynamo: inPages(), objects: () => nothing as never, named: ({ name }) => name, most })(T, isLast);
/** Two items a page. */
const inPages = (): typeof dynamo => ({
  ...dynamo,
  query: (table, query) => dynamo.query(table, { ...query, limit: 2 }),
});
/** The tables and keys of what is left of a tenant. */
const left = (tenant = T) =>
  Object.keys(byName).flatMap((table) =>
    dynamo.dump(table).filter((item) => JSON.stringify(Object.values(item)).includes(tenant)).map(({ pk }) =>
      `${table} ${String(pk)}`
    )
  ).sort();

test("what says which sensors and sources there were goes last, everything else at the first look, and nothing of others", async () => {
  const others = left("other");
  expect(await remove(false)).toMatchObject({ isWhole: true });
  expect(left()).toEqual([
    ...[`buckets ${T}#own#pairs`, `buckets ${T}#sources`],
    `sensors ${sensorKeyOf(T, "hall")}`,
  ]);
  // Written meanwhile, by who had not heard of it: the names lead there still.
  await dynamo.put(tables.rollups.name, { pk: sensorPk(T, "hall"), sk: "2026-06-02", s1: 1 });
  await dynamo.put(tables.buckets.name, { pk: `${T}#own#by#shop`, sk: "0000000000001", n: 1 });
  expect(await remove(true)).toMatchObject({ isWhole: true });
  expect(left()).toEqual([]);
  expect(left("other")).toEqual(others);
});

test("a run removes as much as it may and says that it is not whole; it goes on with the next, and the names stay until then", async () => {
  const all = left().length;
  let removed = 0;
  for (let run = 1; run <= all + 1; run++) {
    const did = await remove(true, 1);
    removed += did.items;
    if (did.items === 0) break;
    // What was enough is not whole, also where it was the last. A page, and of each of two directories the one that is beside what may be.
    expect(did.isWhole).toBe(false);
    expect(did.items).toBeLessThanOrEqual(4);
  }
  expect(removed).toBe(all);
  expect(left()).toEqual([]);
});

test("each folder of a bucket that holds something of a tenant is emptied, and none of one whose name begins alike", async () => {
  const folders = (tenant: string) => ({
    [buckets.events.name]: ["events", "parquet", "stale", "exports", "late", "parked"].map((of) =>
      `${of}/tenant=${tenant}/`
    ),
    [buckets.readings.name]: ["readings", "held/readings", "exports"].map((of) => `${of}/tenant=${tenant}/`),
    [buckets.collections.name]: ["collections", "media", "uploads", "exports"].map((of) => `${of}/${tenant}/`),
  });
  const stores = new Map<string, ReturnType<typeof createMemoryObjects>>(
    Object.values(buckets).map(({ name }) => [name, createMemoryObjects()]),
  );
  const keys = () => [...stores].flatMap(([name, store]) => store.entries().map(([key]) => `${name} ${key}`)).sort();
  const others: string[] = [];
  for (const tenant of [T, `${T}2`, "other"]) {
    for (const [name, own] of Object.entries(folders(tenant))) {
      // Of the first one more than a page.
      const more = own.slice(0, 1).flatMap((folder) => [1, 2, 3].map((n) => `${folder}c${n}`));
      for (const key of [...own.flatMap((folder) => [`${folder}date=2026-06-01/a`, `${folder}b`]), ...more]) {
        await stores.get(name)!.create(key, new Uint8Array(), { contentType: "text/plain" });
        if (tenant !== T) others.push(`${name} ${key}`);
      }
    }
  }
  const removeData = (most: number) =>
    createRemoveData({
      ...{ dynamo: createMemoryDynamo(byName), most },
      objects: ({ name }) => stores.get(name)!,
      named: ({ name }) => name,
    })(T, true);
  // What is enough is enough for objects too, page by page.
  const part = await removeData(1);
  expect([part.isWhole, part.objects]).toEqual([false, 3]);
  const rest = await removeData(Infinity);
  expect([part.objects + rest.objects, rest.isWhole]).toEqual([26 + 9, true]);
  expect(keys()).toEqual(others.sort());
});
