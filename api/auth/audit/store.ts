import type { Dynamo, Item } from "../../aws/dynamo.ts";
import { SECOND_MS } from "../../core/clock.ts";
import type { AuditEntry } from "./model.ts";

/**
 * The audit log, in the table `access`.
 *
 *   audit#TENANT | AT#ID     one entry                    put once       1 write
 *   the same partition       a tenant's, latest first                    1 query
 */
export type AuditStore = ReturnType<typeof createAuditStore>;

export function createAuditStore(dynamo: Dynamo, table: string) {
  return {
    putEntry: ({ tenantId, ...entry }: AuditEntry, keptMs: number): Promise<void> =>
      dynamo.put(table, {
        pk: partitionKey(tenantId),
        sk: sortKey(entry),
        ...entry,
        ttl: Math.ceil((entry.at + keptMs) / SECOND_MS),
      }),

    /** Up to `limit` entries, latest first, from the one after `after` on. */
    async listEntries(tenantId: string, limit: number, after: Pick<AuditEntry, "at" | "entryId"> | undefined) {
      const { items } = await dynamo.query(table, {
        key: { expression: "pk = :pk", values: { ":pk": partitionKey(tenantId) } },
        descending: true,
        limit,
        ...(after ? { startKey: { pk: partitionKey(tenantId), sk: sortKey(after) } } : {}),
      });
      return items.map((item) => fromItem(item, tenantId));
    },
  };
}

const partitionKey = (tenantId: string) => `audit#${tenantId}`;
const sortKey = ({ at, entryId }: Pick<AuditEntry, "at" | "entryId">) => `${String(at).padStart(13, "0")}#${entryId}`;

function fromItem(item: Item, tenantId: string): AuditEntry {
  const { pk: _pk, sk: _sk, ttl: _ttl, ...entry } = item;
  return { ...(entry as Omit<AuditEntry, "tenantId">), tenantId };
}
