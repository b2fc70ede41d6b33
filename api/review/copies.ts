import { LRUCache } from "lru-cache";
import type { Objects } from "../aws/objects.ts";
import { UnavailableError } from "../core/errors.ts";
import type { OpenFile, TempFiles } from "./file/temp.ts";
import type { Lease } from "./model.ts";
import { applyEntry } from "./schedule/apply.ts";
import { parseEntry } from "./schedule/entry.ts";

/** The lease's file was replaced a while ago: look at the lease again. */
export class StaleLeaseError extends UnavailableError {
  constructor() {
    super("The collection");
  }
}

/** A collection as this process has it: a file of a line, with the entries of the journal up to a position. */
type Copy = { file: OpenFile; line: number; position: number; users: number; isDropped: boolean };

export type Copies = ReturnType<typeof createCopies>;

/**
 * Opens collections, in the one place where it is done. A copy is brought up to date from the journal, so a file that
 * this process has once is not read again, whoever answers and saves meanwhile. At most `maxBytes` of copies are kept;
 * those that were used least recently leave first.
 */
export function createCopies({ files, objects, maxBytes }: { files: TempFiles; objects: Objects; maxBytes: number }) {
  const loading = new Map<string, Promise<Copy>>();
  const kept = new LRUCache<string, Copy>({
    maxSize: maxBytes,
    sizeCalculation: ({ file }) => Math.max(1, file.bytes()),
    dispose: (copy) => {
      copy.isDropped = true;
      closeUnused(copy);
    },
  });

  async function acquire(lease: Lease): Promise<Copy> {
    const key = JSON.stringify([lease.tenantId, lease.userId]);
    const known = kept.get(key);
    if (known && fits(known, lease)) return held(known);
    const id = `${key} ${lease.file!.key}`;
    const copy = loading.get(id) ?? load(lease);
    loading.set(id, copy);
    try {
      const loaded = held(await copy);
      const newer = kept.peek(key);
      const isBetter = !newer || !fits(newer, lease) || newer.position < loaded.position;
      if (isBetter) kept.set(key, loaded);
      // What is larger than all that may be kept is used this once.
      if (kept.peek(key) !== loaded) loaded.isDropped = true;
      return loaded;
    } finally {
      loading.delete(id);
    }
  }

  async function load({ file, base }: Lease): Promise<Copy> {
    const object = await objects.find(file!.key);
    if (!object) throw new StaleLeaseError();
    return { file: files.fromBytes(object.body), line: file!.line, position: base, users: 0, isDropped: false };
  }

  return {
    /**
     * Calls `use` with the collection as the lease says it is, or newer where this process knows of more. `use` gets the
     * position that it is at, and must leave it as it is.
     */
    async read<T>(lease: Lease, use: (file: OpenFile, position: number) => T): Promise<T> {
      const copy = await acquire(lease);
      try {
        for (const text of lease.journal.slice(copy.position - lease.base)) {
          applyEntry(copy.file.db, parseEntry(text), copy.position);
          copy.position += 1;
        }
        return use(copy.file, copy.position);
      } finally {
        copy.users -= 1;
        closeUnused(copy);
      }
    },
    /** Forgets all copies. */
    close: () => kept.clear(),
    /** How many bytes are kept, and how many copies. */
    size: () => ({ bytes: kept.calculatedSize, copies: kept.size }),
  };
}

function fits(copy: Copy, lease: Lease): boolean {
  return copy.line === lease.file!.line && copy.position >= lease.base;
}

function held(copy: Copy): Copy {
  copy.users += 1;
  return copy;
}

function closeUnused({ file, users, isDropped }: Copy): void {
  if (isDropped && users === 0) file.close();
}
