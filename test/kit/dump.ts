import { type AttributeValue, DeleteItemCommand, paginateScan } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { fullName } from "../../api/resources.ts";
import type { TestSystem } from "./local.ts";

/** Every item of a table as text, in a fixed order: equal dumps are tables that are equal byte for byte. */
export async function dumpTable(system: TestSystem, name: string): Promise<string[]> {
  return (await itemsOf(system, name)).map((item) => JSON.stringify(sorted(item), bytesAsText)).sort();
}

/** Deletes every item of a table. */
export async function emptyTable(system: TestSystem, name: string): Promise<number> {
  const items = await itemsOf(system, name);
  for (const item of items) await removeItem(system, name, item);
  return items.length;
}

/** Deletes an item as a hand other than the service's does. */
export async function removeItem(
  system: TestSystem,
  name: string,
  { pk, sk }: Record<string, AttributeValue>,
): Promise<void> {
  const TableName = fullName(system.prefix, { name });
  const Key = { pk: pk!, ...(sk ? { sk } : {}) };
  if (system.memory) return await system.memory.dynamo.remove(TableName, unmarshall(Key));
  await system.clients.dynamodb.send(new DeleteItemCommand({ TableName, Key }));
}
/** Every item of a table, as DynamoDB has it. */
export async function itemsOf(system: TestSystem, name: string): Promise<Record<string, AttributeValue>[]> {
  if (system.memory) {
    return system.memory.dump(name).map((item) => marshall(item, { removeUndefinedValues: true }));
  }
  const items: Record<string, AttributeValue>[] = [];
  const pages = paginateScan({ client: system.clients.dynamodb }, { TableName: `${system.prefix}-${name}` });
  for await (const page of pages) items.push(...page.Items ?? []);
  return items;
}

/** With the names of each map in order: DynamoDB keeps none. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}

function bytesAsText(_key: string, value: unknown) {
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}
