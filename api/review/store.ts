import type { Dynamo, Item } from "../aws/dynamo.ts";
import { idOf, itemKey, spread } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { createReviewLog } from "./log.ts";
import type { StoredSlice } from "./slices.ts";
import { CHECK_SHARDS, type Lease, type Person, type ReviewSession, type StoredFile } from "./model.ts";

/**
 * Access patterns of the table `reviews` (pk = tenant#partition, sk = user#LEASE or user#SLICE):
 *
 *  | what                         | how                                             |
 *  |------------------------------|-------------------------------------------------|
 *  | a person's lease             | GetItem                                         |
 *  | start, answer, save, end     | PutItem, if its revision is as it was read      |
 *  | a lease and its slice        | Query of the two, or GetItem of the slice       |
 *  | leave or remove a slice      | PutItem, DeleteItem                             |
 *  | leases that are due          | Query on byCheck, shard by shard                |
 *  | what left a journal          | `log.ts`                                        |
 */
export type LeaseStore = ReturnType<typeof createLeaseStore>;

const LEASE = "LEASE";
const SLICE = "SLICE";

export function createLeaseStore(dynamo: Dynamo, table: string) {
  const keyOf = ({ tenantId, userId }: Person) => itemKey(tenantId, userId, LEASE);
  const log = createReviewLog(dynamo, table);

  return {
    /** The lease as it is this moment; undefined for somebody who never had a collection. */
    async find(person: Person): Promise<Lease | undefined> {
      const item = await dynamo.get(table, keyOf(person), { consistent: true });
      return item && fromItem(item);
    },

    /** The lease, and the slice that was left beside it, where there are any. */
    async findBoth(person: Person): Promise<{ lease: Lease | undefined; slice: StoredSlice | undefined }> {
      const { pk, sk: first } = keyOf(person);
      const values = { ":pk": pk, ":first": first, ":last": sliceKeyOf(person).sk };
      const key = { expression: "pk = :pk AND sk BETWEEN :first AND :last", values };
      const { items } = await dynamo.query(table, { key, consistent: true });
      const [lease, slice] = [LEASE, SLICE].map((part) => items.find(({ sk }) => String(sk).endsWith(`#${part}`)));
      return { lease: lease && fromItem(lease), slice: slice && toSlice(slice) };
    },

    async findSlice(person: Person): Promise<StoredSlice | undefined> {
      const item = await dynamo.get(table, sliceKeyOf(person), { consistent: true });
      return item && toSlice(item);
    },

    /** An older one in the place of a newer one does no harm: whoever meets it sees how far it is. */
    putSlice: (person: Person, slice: StoredSlice): Promise<void> =>
      dynamo.put(table, { ...sliceKeyOf(person), ...slice }),
    removeSlice: (person: Person): Promise<void> => dynamo.remove(table, sliceKeyOf(person)),

    /**
     * Writes the lease if it still is of the revision before; else gives it as it is. Entries that leave its journal by that
     * are noted before.
     */
    async replace(lease: Lease, known: Lease): Promise<{ ok: boolean; current: Lease }> {
      if (lease.base > known.base) await log.note(known, lease.base - known.base);
      const next = { ...lease, revision: known.revision + 1 };
      const written = await dynamo.putIf(
        table,
        { ...keyOf(lease), ...toItem(next) },
        known.revision === 0 ? NEW : {
          expression: "revision = :revision",
          values: { ":revision": known.revision },
        },
      );
      // A lease is never deleted, so where the write is lost there is one.
      return { ok: written.ok, current: written.ok ? next : fromItem(written.current!) };
    },

    /** Pages of the people whose leases have to be looked at. */
    async *listDue(now: number): AsyncGenerator<Person[]> {
      for (const shard of CHECK_SHARDS) {
        const key = { expression: "checkShard = :shard AND checkAt <= :now", values: { ":shard": shard, ":now": now } };
        const read = (startKey?: Item) => dynamo.query(table, { index: "byCheck", key, limit: 100, startKey });
        for await (const { items } of pages(read)) {
          yield items.map(({ pk, sk }) => ({ tenantId: (pk as string).split("#")[0]!, userId: idOf(sk) }));
        }
      }
    },
  };
}

const sliceKeyOf = ({ tenantId, userId }: Person) => itemKey(tenantId, userId, SLICE);

function toSlice({ line, position, epoch, bytes }: Item): StoredSlice {
  return { line, position, epoch, bytes } as StoredSlice;
}

const NEW = { expression: "attribute_not_exists(pk)" };

function toItem({ tenantId, userId, session, before, ...lease }: Lease): Item {
  return {
    ...lease,
    tenant: tenantId,
    user: userId,
    session: session && JSON.stringify(session),
    before: before && JSON.stringify(before),
    checkShard: lease.checkAt === undefined ? undefined : CHECK_SHARDS[spread(userId, CHECK_SHARDS.length)],
  };
}

function fromItem(item: Item): Lease {
  const sessionIn = (name: string) =>
    item[name] === undefined ? undefined : withGaps(JSON.parse(item[name] as string) as ReviewSession);
  return {
    tenantId: item.tenant as string,
    userId: item.user as string,
    epoch: item.epoch as number,
    file: item.file as StoredFile | undefined,
    gone: item.gone as Lease["gone"],
    replaced: item.replaced as Lease["replaced"],
    mediaEra: item.mediaEra as number | undefined,
    previousKey: item.previousKey as string | undefined,
    base: item.base as number,
    journal: item.journal as string[],
    session: sessionIn("session"),
    before: sessionIn("before"),
    checkAt: item.checkAt as number | undefined,
    revision: item.revision as number,
  };
}

/** JSON leaves out what is undefined. */
function withGaps(session: ReviewSession): ReviewSession {
  return { ...session, zone: session.zone, savedAt: session.savedAt };
}
