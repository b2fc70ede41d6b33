import type { Dynamo, Item } from "../../aws/dynamo.ts";
import { DAY_MS, SECOND_MS } from "../../core/clock.ts";
import type { ApiKey } from "./model.ts";

/**
 * Keys, in the table `access`.
 *
 *   key#ID | KEY         one key              put once; its last use and its revocation are noted     1 write
 *   index byTenant       a tenant's keys      latest first                                            1 query
 */
export type ApiKeyStore = ReturnType<typeof createApiKeyStore>;

/** So long a key that has ended can still be seen in the list. */
const KEPT_MS = 90 * DAY_MS;

export function createApiKeyStore(dynamo: Dynamo, table: string) {
  return {
    /** Keeps a new key. Ids are random: one that is there already is our own, sent again. */
    async putKey(key: ApiKey): Promise<void> {
      await dynamo.putIf(table, toItem(key), { expression: "attribute_not_exists(pk)" });
    },

    async findKey(keyId: string): Promise<ApiKey | undefined> {
      const item = await dynamo.get(table, keyOf(keyId), { consistent: true });
      return item && fromItem(item);
    },

    /** All keys of a tenant that are still kept, latest first. */
    async listKeys(tenantId: string, limit: number): Promise<ApiKey[]> {
      const { items } = await dynamo.query(table, {
        index: "byTenant",
        key: { expression: "tenant = :tenant", values: { ":tenant": tenantId } },
        descending: true,
        limit,
      });
      return items.map(fromItem);
    },

    /** Notes that a key is in use; less often than every `everyMs` nothing is written. */
    async noteUse(keyId: string, now: number, everyMs: number): Promise<void> {
      await dynamo.updateIf(table, keyOf(keyId), { expression: "SET lastUsedAt = :now", values: { ":now": now } }, {
        expression: "attribute_exists(pk) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt <= :before)",
        values: { ":before": now - everyMs },
      });
    },

    /** Ends a key of the tenant. Undefined where the tenant has no such key; one that was ended before stays as it was. */
    async revokeKey(tenantId: string, keyId: string, now: number): Promise<ApiKey | undefined> {
      const { ok, current } = await dynamo.updateIf(table, keyOf(keyId), {
        expression: "SET revokedAt = :now, #ttl = :ttl",
        names: { "#ttl": "ttl" },
        values: { ":now": now, ":ttl": Math.ceil((now + KEPT_MS) / SECOND_MS) },
      }, {
        expression: "tenant = :tenant AND attribute_not_exists(revokedAt)",
        values: { ":tenant": tenantId },
      });
      if (!current || (!ok && current["tenant"] !== tenantId)) return undefined;
      return fromItem(current);
    },
  };
}

const keyOf = (keyId: string) => ({ pk: `key#${keyId}`, sk: "KEY" });

function toItem({ tenantId, ...key }: ApiKey): Item {
  const ttl = key.expiresAt === undefined ? {} : { ttl: Math.ceil((key.expiresAt + KEPT_MS) / SECOND_MS) };
  return { ...keyOf(key.keyId), tenant: tenantId, ...key, ...ttl };
}

function fromItem(item: Item): ApiKey {
  const { pk: _pk, sk: _sk, ttl: _ttl, tenant, ...key } = item;
  return { ...(key as Omit<ApiKey, "tenantId">), tenantId: tenant as string };
}
