import { LRUCache } from "lru-cache";
import { type OpenSlice, openSlice, SliceEndError } from "../anki/slice/open.ts";
import type { Lease, Person } from "./model.ts";

/** A slice as it is stored beside the lease: of a line of files, with the entries up to a position in it. */
export type StoredSlice = { line: number; position: number; epoch: number; bytes: Uint8Array };

type Kept = { slice: OpenSlice; line: number; epoch: number; position: number };

export type Slices = ReturnType<typeof createSlices>;

const MAX_KEPT = 500;

/**
 * The slices that this process has open: what it answers from where it has no file. A slice is brought up to date from
 * the journal, as a file is.
 */
export function createSlices() {
  const kept = new LRUCache<string, Kept>({ max: MAX_KEPT, dispose: ({ slice }) => slice.close() });

  return {
    /** Keeps a slice that was read, unless the one that is open knows more. */
    remember(person: Person, { line, position, epoch, bytes }: StoredSlice): void {
      const key = keyOf(person);
      const known = kept.peek(key);
      if (known && known.line === line && known.epoch === epoch && known.position >= position) return;
      kept.set(key, { slice: openSlice(bytes), line, epoch, position });
    },

    /**
     * The slice, with the lease's journal in it; undefined where there is none, or it is not of this line and session.
     * What it cannot follow is forgotten.
     */
    open(lease: Lease): OpenSlice | undefined {
      const known = kept.get(keyOf(lease));
      if (!known || !fits(known, lease)) return undefined;
      try {
        for (const text of lease.journal.slice(known.position - lease.base)) {
          known.slice.apply(text, known.position);
          known.position += 1;
        }
        return known.slice;
      } catch (error) {
        if (!(error instanceof SliceEndError)) throw error;
        kept.delete(keyOf(lease));
        return undefined;
      }
    },

    /** Whether there is one, of whatever line. */
    has: (person: Person) => kept.has(keyOf(person)),
    forget: (person: Person) => void kept.delete(keyOf(person)),
    close: () => kept.clear(),
  };
}

function keyOf({ tenantId, userId }: Person): string {
  return JSON.stringify([tenantId, userId]);
}

function fits({ line, epoch, position }: Kept, { file, session, base }: Lease): boolean {
  return line === file?.line && epoch === session?.epoch && position >= base;
}
