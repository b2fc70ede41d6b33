import { LRUCache } from "lru-cache";
import type { Dynamo, Item } from "../aws/dynamo.ts";
import { pages } from "../core/page.ts";
import type { TimeRange } from "../core/range.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { LIMITS } from "./model.ts";

const MAX_KNOWN = 10_000;
/** Keys of hours have 13 digits. */
const LAST_HOUR = 9_999_999_999_999;

/**
 * What tenants may name only so often, in the table `buckets`: their own sources (TENANT#sources | all), and the pairs of key
 * and value of a source in an hour (TENANT#SOURCE#pairs | HOUR). Names are added to a set on the condition that there is room,
 * so that the bound holds over any number of processes; what is known costs nothing.
 */
export function createBounds(dynamo: Pick<Dynamo, "get" | "query" | "updateIf">, table: string) {
  const known = new LRUCache<string, Set<string>>({ max: MAX_KNOWN });

  /** Which of the names are among the first `limit` of their set. */
  async function admit(
    key: { pk: string; sk: string },
    names: ReadonlySet<string>,
    limit: number,
  ): Promise<Set<string>> {
    const id = `${key.pk} ${key.sk}`;
    const own = known.get(id) ?? new Set<string>();
    known.set(id, own);
    const fresh = [...names].filter((name) => !own.has(name));
    if (fresh.length > 0) {
      let wanted = fresh.slice(0, limit);
      await retryLost(async () => {
        if (wanted.length === 0) return true;
        const { ok, current } = await dynamo.updateIf(
          table,
          key,
          { expression: "ADD #names :names", names: { "#names": "names" }, values: { ":names": new Set(wanted) } },
          {
            expression: "attribute_not_exists(#names) OR size(#names) <= :room",
            names: { "#names": "names" },
            values: { ":room": limit - wanted.length },
          },
        );
        for (const name of (current?.names as Set<string> | undefined) ?? []) own.add(name);
        if (ok) return true;
        wanted = wanted.filter((name) => !own.has(name)).slice(0, Math.max(0, limit - own.size));
        return LOST;
      });
    }
    return new Set([...names].filter((name) => own.has(name)));
  }

  return {
    ...createNames(dynamo, table),

    /** Which of a tenant's own sources there are, or can be from now on. */
    admitSources: (tenantId: string, names: ReadonlySet<string>): Promise<Set<string>> =>
      admit(sourcesKey(tenantId), names, LIMITS.ownSources),

    /** Which pairs of key and value a source has in an hour, or can have from now on. */
    admitPairs: (tenantId: string, source: string, hourAt: number, pairs: ReadonlySet<string>): Promise<Set<string>> =>
      admit(pairsKey(tenantId, source, hourAt), pairs, LIMITS.pairsAnHour),
  };
}

/** What tenants have named so far. */
export function createNames(dynamo: Pick<Dynamo, "get" | "query">, table: string) {
  return {
    async listSources(tenantId: string): Promise<string[]> {
      const item = await dynamo.get(table, sourcesKey(tenantId));
      return [...(item?.names as Set<string> | undefined) ?? []].sort();
    },

    /** Every key that a dimension of a source ever had, or had in the hours from one to another. */
    async listKeys(tenantId: string, source: string, hours?: TimeRange): Promise<Set<string>> {
      const keys = new Set<string>();
      const [first, last] = [hours?.fromAt ?? 0, hours?.toAt ?? LAST_HOUR].map((at) => pairsKey(tenantId, source, at));
      const key = {
        expression: "pk = :pk AND sk BETWEEN :first AND :last",
        values: { ":pk": first!.pk, ":first": first!.sk, ":last": last!.sk },
      };
      for await (const { items } of pages((startKey?: Item) => dynamo.query(table, { key, startKey }))) {
        for (const { names } of items) for (const pair of names as Set<string>) keys.add(pair.split("=")[0]!);
      }
      return keys;
    },
  };
}

/** A key holds no `=`. */
export function pairOf(key: string, value: string): string {
  return `${key}=${value}`;
}

const sourcesKey = (tenantId: string) => ({ pk: `${tenantId}#sources`, sk: "all" });
const pairsKey = (tenantId: string, source: string, hourAt: number) => ({
  pk: `${tenantId}#${source}#pairs`,
  sk: String(hourAt).padStart(13, "0"),
});
