import type { Objects } from "../aws/objects.ts";
import type { Clock } from "../core/clock.ts";
import type { Ids } from "../core/ids.ts";
import { InvalidInputError } from "../core/errors.ts";
import { type Ask, type Workers, WorkLimitError } from "../anki/work/pool.ts";
import type { Copies } from "./copies.ts";
import { statusOf } from "./lease.ts";
import type { Lease } from "./model.ts";
import { fileKeyOf } from "./save.ts";
import type { LeaseStore } from "./store.ts";

/** What a change may take in its thread. */
const REWRITE_MS = 60_000;

export type Rewrite = ReturnType<typeof createRewrite>;

type Make<T> = (ask: Ask, bytes: Uint8Array, position: number) => Promise<{ bytes: Uint8Array; value: T }>;

/**
 * Writes a collection with a change that a thread made to it, which is one entry more: the file with all waiting answers and
 * the change takes the place of the one before, if the lease is still as it was read. Nobody else waits meanwhile, and what
 * is kept in memory or in slices elsewhere is read anew.
 */
export function createRewrite({ store, copies, objects, workers, clock, ids }: {
  store: LeaseStore;
  copies: Copies;
  objects: Objects;
  workers: Workers;
  clock: Clock;
  ids: Ids;
}) {
  /** What a thread makes of a collection, and how many entries were in that. */
  async function made<T>(known: Lease, make: Make<T>): Promise<{ bytes: Uint8Array; value: T; position: number }> {
    const { before, position } = await copies.read(
      known,
      (file, position) => ({ before: file.toBytes(), position }),
    );
    return { ...await inThread(known.tenantId, (ask) => make(ask, before, position)), position };
  }

  async function rewrite<T>(known: Lease, make: Make<T>): Promise<{ lease: Lease; value: T } | { lost: Lease }> {
    const { bytes, value, position } = await made(known, make);
    const file = known.file!;
    const key = fileKeyOf(known, file.version + 1, ids());
    await objects.create(key, bytes, { contentType: "application/vnd.sqlite3" });
    const isActive = known.session !== undefined && statusOf(known.session, clock()) === "ACTIVE";
    const next: Lease = {
      ...known,
      file: { ...file, key, version: file.version + 1 },
      previousKey: file.key,
      base: position + 1,
      journal: [],
      checkAt: isActive ? known.checkAt : clock(),
    };
    const { ok, current } = await store.replace(next, known);
    // Where a lost reply made the request go out twice, the second finds what the first wrote.
    const isWritten = ok || current.file?.key === key;
    const unused = isWritten ? known.previousKey : key;
    // What is left over is removed when the session is over.
    if (unused) await objects.remove(unused).catch(() => {});
    return isWritten ? { lease: current, value } : { lost: current };
  }

  return {
    rewrite,
    /** What a change would make; nothing is kept of it. */
    dryRun: async <T>(known: Lease, make: Make<T>): Promise<T> => (await made(known, make)).value,
  };

  async function inThread<T>(tenantId: string, use: (ask: Ask) => Promise<T>): Promise<T> {
    try {
      return await workers.run(tenantId, REWRITE_MS, use);
    } catch (error) {
      if (!(error instanceof WorkLimitError)) throw error;
      throw new InvalidInputError([
        { path: ["editId"], message: `asks for more than a change may take (${error.limit}); make it in parts` },
      ]);
    }
  }
}
