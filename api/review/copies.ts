import { LRUCache } from "lru-cache";
import type { Objects } from "../aws/objects.ts";
import { UnavailableError } from "../core/errors.ts";
import type { OpenFile, TempFiles } from "../anki/file/temp.ts";
import type { Lease, Person } from "./model.ts";
import { applyEntry } from "../anki/schedule/apply.ts";
import { parseEntry } from "../anki/schedule/entry.ts";

/** The lease's file was replaced a while ago: look at the lease again. */
export class StaleLeaseError extends UnavailableError {
  constructor() {
    super("The collection");
  }
}

/** A collection as this process has it: a file of a line, with the entries of the journal up to a position. */
type Copy = { file: OpenFile; bytes: number; line: number; position: number; users: number; isDropped: boolean };

export type Copies = ReturnType<typeof createCopies>;

/**
 * Opens collections, in the one place where it is done. A copy is brought up to date from the journal, so a file that
 * this process has once is not read again, whoever answers and saves meanwhile. At most `maxBytes` of copies are kept;
 * those that were used least recently leave first.
 */
export function createCopies(
  { files, objects, maxBytes }: { files: TempFiles; objects: Pick<Objects, "find">; maxBytes: number },
) {
  const loading = new Map<string, Promise<Copy>>();
  const kept = new LRUCache<string, Copy>({
    maxSize: maxBytes,
    sizeCalculation: ({ bytes }) => Math.max(1, bytes),
    dispose: (copy) => {
      copy.isDropped = true;
      closeUnused(copy);
    },
  });

  async function acquire(lease: Lease): Promise<Copy> {
    if (!lease.file) throw new StaleLeaseError();
    const key = keyOf(lease);
    const known = kept.get(key);
    if (known && fits(known, lease)) return held(known);
    const id = `${key} ${lease.file.key}`;
    const copy = loading.get(id) ?? load(lease);
    loading.set(id, copy);
    try {
      const loaded = held(await copy);
      const newer = kept.peek(key);
      const isBetter = !newer || !fits(newer, lease) || newer.position < loaded.position;
      if (isBetter) keep(key, loaded);
      else if (newer !== loaded) loaded.isDropped = true;
      return loaded;
    } finally {
      loading.delete(id);
    }
  }

  async function load({ file, base }: Lease): Promise<Copy> {
    const object = await objects.find(file!.key);
    if (!object) throw new StaleLeaseError();
    const open = files.fromBytes(object.body);
    return { file: open, bytes: open.bytes(), line: file!.line, position: base, users: 0, isDropped: false };
  }

  /** What is larger than all that may be kept is used this once. */
  function keep(key: string, copy: Copy): void {
    kept.set(key, copy);
    copy.isDropped = kept.peek(key) !== copy;
  }

  /** A copy grows with its answers, and others leave for it. */
  function measure(key: string, copy: Copy): void {
    const bytes = copy.file.bytes();
    if (bytes === copy.bytes || kept.peek(key) !== copy) return;
    // The cache asks for the size of what is new to it only.
    kept.delete(key);
    copy.bytes = bytes;
    keep(key, copy);
  }

  return {
    /**
     * Calls `use` with the collection as the lease says it is, or newer where this process knows of more. `use` gets the
     * position that it is at, and must leave it as it is.
     */
    async read<T>(lease: Lease, use: (file: OpenFile, position: number) => T): Promise<T> {
      const copy = await acquire(lease);
      try {
        const missing = lease.journal.slice(copy.position - lease.base);
        for (const text of missing) {
          applyEntry(copy.file.db, parseEntry(text), copy.position);
          copy.position += 1;
        }
        if (missing.length > 0) measure(keyOf(lease), copy);
        return use(copy.file, copy.position);
      } finally {
        copy.users -= 1;
        closeUnused(copy);
      }
    },
    /** Whether a copy is here that fits a lease, or, of a person, any. */
    has(lease: Lease | Person): boolean {
      const known = kept.peek(keyOf(lease));
      return known !== undefined && (!("journal" in lease) || (lease.file !== undefined && fits(known, lease)));
    },
    /** Forgets all copies. */
    close: () => kept.clear(),
    /** How many bytes are kept, and how many copies. */
    size: () => ({ bytes: kept.calculatedSize, copies: kept.size }),
  };
}

function keyOf({ tenantId, userId }: Person): string {
  return JSON.stringify([tenantId, userId]);
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
