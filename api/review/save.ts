import type { Objects } from "../aws/objects.ts";
import type { Clock } from "../core/clock.ts";
import type { Ids } from "../core/ids.ts";
import { LOST, retryLost } from "../core/writes.ts";
import type { Copies } from "./copies.ts";
import type { Lease, Person, StoredFile } from "./model.ts";
import type { LeaseStore } from "./store.ts";

export type SaverOptions = {
  store: LeaseStore;
  copies: Copies;
  objects: Objects;
  clock: Clock;
  ids: Ids;
  /** Called with each lease that changed. */
  changed: (lease: Lease) => void;
  /** Called with the lease of each new file, while this process has the file. */
  saved: (lease: Lease) => Promise<void>;
};

/** Where a file of a collection is kept: a key of its own for each, so that a reader never meets half of one. */
export function fileKeyOf(person: Person, version: number, id: string): string {
  return `${folderOf(person)}${String(version).padStart(8, "0")}-${id}.sqlite`;
}

/** How keys of indexes of media end, which lie beside the files. */
export const MEDIA_INDEX = ".media.json";

function folderOf({ tenantId, userId }: Person): string {
  return `collections/${tenantId}/${Buffer.from(userId).toString("base64url")}/`;
}

/**
 * Writes collections with the answers that wait in their journals. Any process can do it at any time: the new file lies
 * under a key of its own, and changing the lease from the file before to it is the commit. Only the answers that are in
 * the file leave the journal.
 */
export function createSaver({ store, copies, objects, clock, ids, changed, saved }: SaverOptions) {
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
    changed(committed);
    if (committed.file?.key === key) await saved(committed);
    const unused = committed.file?.key === key ? lease.previousKey : key;
    // It is saved already; what is left over is removed when the session is over.
    if (unused) await objects.remove(unused).catch(() => {});
    return committed;
  }

  /** Puts the new file in the place of the one that it was made from; gives the lease as it is where that one is gone. */
  async function commit(lease: Lease, from: StoredFile, key: string, position: number): Promise<Lease> {
    let known = lease;
    return await retryLost(async () => {
      if (known.file?.key !== from.key) return known;
      const now = clock();
      const { session } = known;
      const journal = known.journal.slice(position - known.base);
      const written = await store.replace({
        ...known,
        // Media may have been added meanwhile.
        file: { ...from, mediaKey: known.file.mediaKey, key, version: from.version + 1 },
        previousKey: from.key,
        base: position,
        journal,
        session: session && { ...session, savedAt: now },
        checkAt: session?.status === "ACTIVE" || journal.length > 0 ? known.checkAt : undefined,
      }, known);
      known = written.current;
      return written.ok ? known : LOST;
    });
  }

  /**
   * Removes what saves and imports left that died, or could not remove a file. A file takes its place only from one of a
   * lower version: none of the present version or below can become the present one any more, however late its writer is.
   */
  async function clean(lease: Lease): Promise<void> {
    if (!lease.file) return;
    const folder = folderOf(lease);
    const { key: present, version, mediaKey } = lease.file;
    const kept = [present, mediaKey, lease.previousKey, lease.replaced?.key, lease.replaced?.mediaKey];
    for await (const page of objects.list(folder)) {
      for (const { key } of page) {
        const own = parseInt(key.slice(folder.length), 10);
        if (own > version) return;
        // Media are added without a new file: an index of this version may be about to be the present one.
        const mayCome = own === version && key.endsWith(MEDIA_INDEX);
        if (!kept.includes(key) && !mayCome) await objects.remove(key);
      }
    }
  }

  return {
    save,

    /** Writes the last answers of a session that is over, and leaves only the present file and the one before it. */
    async finish(lease: Lease): Promise<Lease> {
      const done = await save(lease);
      // Where that fails, the end of the next session does it.
      await clean(done).catch(() => {});
      await store.removeSlice(lease).catch(() => {});
      return done;
    },
  };
}

export type Saver = ReturnType<typeof createSaver>;
