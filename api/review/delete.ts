import pMap from "p-map";
import type { Objects } from "../aws/objects.ts";
import type { Clock } from "../core/clock.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { ReviewHeldError } from "./errors.ts";
import { holderOf } from "./lease.ts";
import type { Lease, Person } from "./model.ts";
import { eraOfKey, mediaFolderOf } from "./media-index.ts";
import type { LeaseStore } from "./store.ts";

const CONCURRENCY = 8;

export type DeleteCollection = ReturnType<typeof createDeleteCollection>;

/**
 * Deletes a person's collection: its files, waiting answers, media, uploads and exports. The lease stays, without anything
 * that was in it, so that whoever is late meets it. Again, it finishes what broke off. Throws ReviewHeldError. Gives how
 * many objects went.
 */
export function createDeleteCollection(
  { store, objects, clock, changed }: {
    store: LeaseStore;
    objects: Objects;
    clock: Clock;
    changed: (lease: Lease) => void;
  },
) {
  return async function deleteCollection(person: Person): Promise<number> {
    const lease = await retryLost(async () => {
      const known = await store.find(person);
      if (!known) return undefined;
      const by = holderOf(known, clock());
      if (by) throw new ReviewHeldError(by);
      const { version, line } = known.file ?? known.gone ?? { version: 0, line: 0 };
      const next: Lease = {
        ...known,
        epoch: known.epoch + 1,
        file: undefined,
        gone: { version, line },
        replaced: undefined,
        mediaEra: (known.mediaEra ?? 0) + 1,
        previousKey: undefined,
        base: known.base + known.journal.length,
        journal: [],
        session: undefined,
        before: undefined,
        checkAt: undefined,
      };
      const { ok, current } = await store.replace(next, known);
      return ok ? current : LOST;
    });
    if (lease) changed(lease);
    await store.removeSlice(person);
    if (!lease) return 0;
    let removed = 0;
    for (const [folder, isOfIt] of foldersOf(lease)) {
      for await (const page of objects.list(folder)) {
        const gone = page.filter(({ key }) => isOfIt(key));
        await pMap(gone, ({ key }) => objects.remove(key), { concurrency: CONCURRENCY });
        removed += gone.length;
      }
    }
    return removed;
  };
}

/** What is to go by folder. What somebody brought since, as a new collection, stays: it has a later version and era. */
function foldersOf(lease: Lease): [folder: string, isOfIt: (key: string) => boolean][] {
  const user = `${lease.tenantId}/${Buffer.from(lease.userId).toString("base64url")}/`;
  const files = `collections/${user}`;
  const { version } = lease.gone ?? { version: 0 };
  return [
    [files, (key) => parseInt(key.slice(files.length), 10) <= version],
    [mediaFolderOf(lease), (key) => eraOfKey(lease, key) < lease.mediaEra!],
    [`uploads/${user}`, () => true],
    [`exports/${user}`, () => true],
  ];
}
