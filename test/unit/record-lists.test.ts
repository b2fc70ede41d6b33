import { beforeEach, describe, expect, test } from "vitest";
import type { Dynamo } from "../../api/aws/dynamo.ts";
import { PARTITIONS } from "../../api/core/keys.ts";
import { createRecordStore } from "../../api/metrics/records.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const AT = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;
const RECORDS = 800;
let dynamo: ReturnType<typeof createMemoryDynamo>;
let store: ReturnType<typeof createRecordStore>;
let queries: number;
let read: number;

beforeEach(async () => {
  dynamo = createMemoryDynamo(tables);
  const counted: Dynamo["query"] = async (...asked) => {
    const page = await dynamo.query(...asked);
    [queries, read] = [queries + 1, read + page.items.length];
    return page;
  };
  store = createRecordStore({ ...dynamo, query: counted }, "records");
  const records = Array.from({ length: RECORDS }, (_, n) => ({
    ...{ source: "TASKS", recordId: `order-${n}`, at: AT + n, value: n, dimensions: [] },
  }));
  for (let i = 0; i < RECORDS; i += 100) await store.keepAll("shop", records.slice(i, i + 100), AT);
  [queries, read] = [0, 0];
});

const listsOf = () =>
  Map.groupBy(
    dynamo.dump("records").filter(({ tenantSource }) => tenantSource !== undefined),
    (item) => item.tenantSource,
  );
const atsOf = (all: readonly { at: number }[]) => all.map(({ at }) => at).sort((a, b) => a - b);
async function listed(fromAt = AT, toAt = AT + MINUTE): Promise<number[]> {
  const found = [];
  for await (const page of store.listRecords("shop", "TASKS", fromAt, toAt)) found.push(...page);
  return atsOf(found);
}
const measured = async (fromAt = AT, toAt = AT + MINUTE) =>
  atsOf(await store.listMeasured("shop", "TASKS", fromAt, toAt));
const all = Array.from({ length: RECORDS }, (_, n) => AT + n);

describe("the index of records by time (records.byTime)", () => {
  test("spreads the records that a source has at one moment over eight lists evenly: no list is hot", () => {
    const lists = listsOf();
    expect(new Set(lists.keys())).toEqual(new Set(Array.from({ length: PARTITIONS }, (_, i) => `shop#TASKS#${i}`)));
    for (const own of lists.values()) expect(own.length).toBeLessThan(1.5 * RECORDS / PARTITIONS);
  });

  test("shows each reader the records of every list, each once, and those from before there were several", async () => {
    const before = { pk: "shop#0", sk: "old#TASKS", tenantSource: "shop#TASKS", at: AT - 1, recordedAt: AT };
    await dynamo.put("records", before);
    expect(await listed(AT - 1)).toEqual([AT - 1, ...all]);
    expect(await measured(AT - 1)).toEqual([AT - 1, ...all]);
    expect(await listed(AT + 100, AT + 200)).toEqual(all.slice(100, 200));
    expect(await measured(AT + 100, AT + 200)).toEqual(all.slice(100, 200));
  });

  test("costs as much for a page as one list: an item is read once, and beside that a query a list", async () => {
    await listed();
    expect({ queries, read }).toEqual({ queries: PARTITIONS + 1, read: RECORDS });
    [queries, read] = [0, 0];
    await listed(AT + 100, AT + 120);
    expect({ queries, read }).toEqual({ queries: PARTITIONS + 1, read: 20 });
  });

  test("keeps a record in its list, whoever writes it: recorded, moved, taken back, put again, or told by another table", async () => {
    const listOf = (recordId: string) =>
      dynamo.dump("records").find(({ sk }) => String(sk) === `${recordId}#TASKS`)!.tenantSource as string | undefined;
    const first = listOf("order-7")!;
    const of = { source: "TASKS", recordId: "order-7", value: undefined, dimensions: undefined } as const;
    await store.correctRecord("shop", { ...of, expectedAt: AT + 7, at: AT + MINUTE }, AT);
    expect(listOf("order-7")).toBe(first);
    await store.correctRecord("shop", { ...of, expectedAt: AT + MINUTE, at: null }, AT);
    expect(listOf("order-7")).toBeUndefined();
    expect(await listed()).toEqual(all.filter((at) => at !== AT + 7));
    const version = { tenantId: "shop", source: "TASKS", recordId: "order-7", shard: "s", arrivedAt: AT } as const;
    await store.keepForeign({ ...version, sequence: "1", at: AT + 7 }, AT);
    expect(listOf("order-7")).toBe(first);
    expect(await listed()).toEqual(all);
    await store.takeBackForeign({ ...version, sequence: "2" });
    expect(listOf("order-7")).toBeUndefined();
  });

  test("shows a tenant and a source of its own alone", async () => {
    await store.keepAll("other", [{ source: "TASKS", recordId: "order-1", at: AT, dimensions: [] }], AT);
    await store.keepAll("shop", [{ source: "TASKS.b", recordId: "order-1", at: AT, dimensions: [] }], AT);
    expect(await listed()).toEqual(all);
  });
});
