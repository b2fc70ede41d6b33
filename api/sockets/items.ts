import type { Dynamo, Item } from "../aws/dynamo.ts";
import { type Clock, SECOND_MS } from "../core/clock.ts";
import { pages } from "../core/page.ts";
import { KEEP_MS } from "./model.ts";

/** Where all of a tenant's items of the table `sockets` lie. */
export function tenantPk(tenantId: string): string {
  return `${tenantId}#sockets`;
}

export function memberKey(tenantId: string, group: string, key: string): { pk: string; sk: string } {
  return { pk: tenantPk(tenantId), sk: `member#${group}#${key}` };
}

/** All of them expire with their connections. */
export function ttlFrom(clock: Clock): number {
  return Math.ceil((clock() + KEEP_MS) / SECOND_MS);
}

/** The sort keys of a tenant that begin so; a prefix ends in `#`, after which comes `$`. */
export function keyBelow(tenantId: string, prefix: string) {
  return {
    expression: "pk = :pk AND sk BETWEEN :from AND :to",
    values: { ":pk": tenantPk(tenantId), ":from": prefix, ":to": `${prefix.slice(0, -1)}$` },
  };
}

/** Pages of what lies below a prefix, as it is at this moment. */
export async function* itemsBelow(
  dynamo: Dynamo,
  table: string,
  tenantId: string,
  prefix: string,
): AsyncGenerator<Item[]> {
  const key = keyBelow(tenantId, prefix);
  const read = (startKey?: Item) => dynamo.query(table, { key, startKey, consistent: true });
  for await (const { items } of pages(read)) yield items;
}

/** A key may hold for ever, which no number of DynamoDB is. */
export function storable<T extends { expiresAt: number }>(of: T): T {
  return { ...of, expiresAt: Math.min(of.expiresAt, Number.MAX_SAFE_INTEGER) };
}
