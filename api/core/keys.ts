import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";

/**
 * Over so many partitions the things of a tenant are spread. Streams are in order within a partition and no further, so
 * what counts a stream keeps a watermark for each: few enough to fit into one item, enough for 8,000 writes a second.
 * Another number would put known things elsewhere.
 */
export const PARTITIONS = 8;

/** The key of an item that belongs to a thing: `part` says which of the thing's items. */
export function itemKey(tenantId: string, id: string, part: string): { pk: string; sk: string } {
  const partition = spread(id, PARTITIONS);
  return { pk: `${tenantId}#${partition}`, sk: `${escape(id)}#${part}` };
}

/** All partitions that things of a tenant lie in. */
export function partitionsOf(tenantId: string): string[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => `${tenantId}#${partition}`);
}

/**
 * One of `count` numbers for an id, 0 to count - 1, and the same for ever: ids are spread evenly, also such as grow by one.
 * Also for index keys that many items would share at the same moment ("write sharding").
 */
export function spread(id: string, count: number): number {
  let place = places.get(id);
  if (place === undefined) places.set(id, place = createHash("sha256").update(id).digest()[0]!);
  return place % count;
}

/** What is busy is asked for again and again, each of its items by its own key: a hash costs more than all else of a key. */
const places = new LRUCache<string, number>({ max: 10_000 });

/** The partition of its tenant that an item lies in, from the item's partition key. */
export function partitionOf(pk: unknown): string {
  return (pk as string).slice((pk as string).lastIndexOf("#") + 1);
}

/** The id of the thing that an item belongs to, from the item's sort key. */
export function idOf(sk: unknown): string {
  const [escaped] = (sk as string).split("#", 1) as [string];
  return escaped.replaceAll("%23", "#").replaceAll("%25", "%");
}

/** Without the sign that parts a key, so that no id can look like another's item. */
function escape(id: string): string {
  return id.replaceAll("%", "%25").replaceAll("#", "%23");
}
