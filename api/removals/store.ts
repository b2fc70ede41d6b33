import type { Dynamo, Item, TransactWrite } from "../aws/dynamo.ts";
import { SECOND_MS } from "../core/clock.ts";
import type { Removal, Removed } from "./model.ts";

/**
 * Removals of tenants, in the table `access`.
 *
 *   removal#ID | REMOVAL     one removal             put with the account's deletion              part of its transaction
 *   index byTenant           those that are due      under a name that no tenant has, by `lookAt`  1 query
 */
export type RemovalStore = ReturnType<typeof createRemovalStore>;

/** Tenants hold no `#`. */
const DUE = "#removals";
const AT_ONCE = 10;

export function createRemovalStore(dynamo: Dynamo, table: string) {
  return {
    /** What begins a removal, as a part of a transaction. */
    beginning: (removal: Removal): TransactWrite => ({ table, put: toItem(removal) }),

    async find(removalId: string): Promise<Removal | undefined> {
      const item = await dynamo.get(table, keyOf(removalId), { consistent: true });
      return item && fromItem(item);
    },

    /** Some of those that are due, the longest due first. */
    async listDue(now: number): Promise<Removal[]> {
      const { items } = await dynamo.query(table, {
        index: "byTenant",
        key: { expression: "tenant = :due AND createdAt <= :now", values: { ":due": DUE, ":now": now } },
        limit: AT_ONCE,
      });
      return items.map(fromItem);
    },

    /** Puts the next look off, so that nobody else takes it meanwhile. False where somebody did, or it is done. */
    async claim({ removalId, lookAt }: Removal, until: number): Promise<boolean> {
      const change = { expression: "SET createdAt = :until", values: { ":until": until } };
      const condition = { expression: "tenant = :due AND createdAt = :at", values: { ":due": DUE, ":at": lookAt } };
      return (await dynamo.updateIf(table, keyOf(removalId), change, condition)).ok;
    },

    /** Notes what a run did, and when the next one is due. */
    async note({ removalId }: Removal, { items, objects }: Removed, lookAt: number, emptiedAt?: number): Promise<void> {
      await dynamo.updateIf(table, keyOf(removalId), {
        expression: `ADD #items :items, objects :objects SET createdAt = :at` +
          (emptiedAt === undefined ? "" : ", emptiedAt = if_not_exists(emptiedAt, :emptied)"),
        names: { "#items": "items" },
        values: {
          ":items": items,
          ":objects": objects,
          ":at": lookAt,
          ...(emptiedAt === undefined ? {} : { ":emptied": emptiedAt }),
        },
      }, { expression: "attribute_exists(pk)" });
    },

    /** From then on nothing is looked for, and the receipt stays for its time, without saying whose it is. */
    async finish({ removalId }: Removal, doneAt: number, keptMs: number): Promise<void> {
      await dynamo.updateIf(table, keyOf(removalId), {
        expression: "SET doneAt = :done, emptiedAt = if_not_exists(emptiedAt, :done), #ttl = :ttl REMOVE tenant, #of",
        names: { "#ttl": "ttl", "#of": "of" },
        values: { ":done": doneAt, ":ttl": Math.ceil((doneAt + keptMs) / SECOND_MS) },
      }, { expression: "attribute_exists(pk)" });
    },
  };
}

const keyOf = (removalId: string) => ({ pk: `removal#${removalId}`, sk: "REMOVAL" });

function toItem({ lookAt, tenantId, ...removal }: Removal): Item {
  return { ...keyOf(removal.removalId), tenant: DUE, createdAt: lookAt, of: tenantId, ...removal };
}

function fromItem(item: Item): Removal {
  const { removalId, of: tenantId, begunAt, emptiedAt, doneAt, items, objects, createdAt: lookAt } = item;
  return { removalId, tenantId, begunAt, emptiedAt, doneAt, items, objects, lookAt } as Removal;
}
