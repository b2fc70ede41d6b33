import type { Objects } from "../aws/objects.ts";
import type { Clock } from "../core/clock.ts";
import { UnavailableError } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import { MAX_TRIES } from "../core/retry.ts";
import type { Copies } from "./copies.ts";
import type { Lease, Person, StoredFile } from "./model.ts";
import type { LeaseStore } from "./store.ts";

export type SaverOptions = {
  store: LeaseStore;
  copies: Copies;
  objects: Objects;
  clock: Clock;
  ids: Ids;
  /** Told of each lease that changed. */
  changed: (lease: Lease) => void;
};

/** Where a file of a collection is kept: a key of its own for each, so that a reader never meets half of one. */
export function fileKeyOf({ tenantId, userId }: Person, version: number, id: string): string {
  const user = Buffer.from(userId).toString("base64url");
  return `collections/${tenantId}/${user}/${String(version).padStart(8, "0")}-${id}.sqlite`;
}

/**
 * Writes collections with the answers that wait in their journals. Any process can do it at any time: the new file lies
 * under a key of its own, and changing the lease from the file before to it is the commit. Only the answers that are in
 * the file leave the journal.
 */
export function createSaver({ store, copies, objects, clock, ids, changed }: SaverOptions) {
  const running = new Map<string, Promise<Lease>>();

  /** One at a time for a person: who comes meanwhile waits, and writes what is left then. */
  async function save(lease: Lease): Promise<Lease> {
    const person = JSON.stringify([lease.tenantId, lease.userId]);
    let known = lease;
    for (let before = running.get(person); before; before = running.get(person)) {
      const saved = await before.catch(() => known);
      if (saved.revision > known.revision) known = saved;
    }
    const saving = write(known).finally(() => running.delete(person));
    running.set(person, saving);
    return await saving;
  }

  async function write(lease: Lease): Promise<Lease> {
    if (!lease.file || lease.journal.length === 0) return lease;
    const { bytes, position } = await copies.read(lease, (file, position) => ({ bytes: file.toBytes(), position }));
    const key = fileKeyOf(lease, lease.file.version + 1, ids());
    await objects.create(key, bytes, { contentType: "application/vnd.sqlite3" });
    const committed = await commit(lease, lease.file, key, position);
    if (committed.file?.key !== key) await objects.remove(key);
    else if (lease.previousKey) await objects.remove(lease.previousKey);
    changed(committed);
    return committed;
  }

  /** Puts the new file in the place of the one that it was made from; gives the lease as it is where that one is gone. */
  async function commit(lease: Lease, from: StoredFile, key: string, position: number): Promise<Lease> {
    let known = lease;
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      if (known.file?.key !== from.key) return known;
      const now = clock();
      const { session } = known;
      const journal = known.journal.slice(position - known.base);
      const written = await store.replace({
        ...known,
        file: { ...from, key, version: from.version + 1 },
        previousKey: from.key,
        base: position,
        journal,
        session: session && { ...session, savedAt: now },
        checkAt: session?.status === "ACTIVE" || journal.length > 0 ? known.checkAt : undefined,
      }, known);
      if (written.isWritten || written.lease.file?.key === key) return written.lease;
      known = written.lease;
    }
    throw new UnavailableError("DynamoDB");
  }

  return { save };
}

export type Saver = ReturnType<typeof createSaver>;
