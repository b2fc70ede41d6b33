import type { Dynamo, Item } from "../../api/aws/dynamo.ts";
import { createMetricStore } from "../../api/metrics/store.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const WINDOW_MS = 2 * HOUR_MS;

/**
 * The design that the stream consumer replaces: each trigger reads all records of the last two hours of a source, counts
 * them anew and writes their buckets. It is given what is best for it: it reads an index that holds nothing but keys, all
 * pages one after the other as DynamoDB gives them, and writes one item an hour, as we do, in place of one for each bucket
 * of each size.
 */
export function createRecount(dynamo: Dynamo, tables: { records: string; buckets: string }) {
  const store = createMetricStore(dynamo, tables);

  /** Counts the window that ends with `now` and gives how many records it holds. */
  return async function recount(tenantId: string, now: number): Promise<number> {
    const hours = new Map<number, Map<number, number>>();
    let counted = 0;
    for await (const page of store.listRecords(tenantId, "ITEMS", now - WINDOW_MS, now + 1)) {
      for (const { at } of page) {
        const hourAt = at - at % HOUR_MS;
        const minutes = hours.get(hourAt) ?? new Map<number, number>();
        const minute = Math.floor((at - hourAt) / MINUTE_MS);
        minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
        hours.set(hourAt, minutes);
        counted++;
      }
    }
    await Promise.all([...hours].map(([hourAt, minutes]) => {
      const counts = [...minutes].map(([minute, count]) => [`m${minute}`, count]);
      const item: Item = { pk: `recount#${tenantId}`, sk: String(hourAt), ...Object.fromEntries(counts) };
      return dynamo.put(tables.buckets, item);
    }));
    return counted;
  };
}
