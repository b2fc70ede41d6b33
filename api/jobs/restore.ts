import type { Restored, Restorer } from "../aws/restore.ts";
import { AppError } from "../core/errors.ts";
import { buckets, fullName, tables, type TableSpec } from "../resources.ts";

export type RestoreOptions = {
  restorer: Restorer;
  from: string;
  to: string;
  /** As it was then; as it is where absent. */
  at: number | undefined;
  /** Whether there are backups to restore from; else every item is copied. */
  hasBackups: boolean;
  tell: (line: string) => void;
};

/** Of the tables, those whose items live for hours and mean nothing elsewhere. */
const LEFT_OUT: readonly string[] = ["sockets"];

/**
 * Makes an installation's tables and buckets a second time, under another prefix. Streams begin when all items are there: what
 * is restored was counted once and is in the counts that are restored with it, so its watermarks hold, and nothing is counted again.
 * Throws AppError where a table of that prefix is there.
 */
export async function restore({ restorer, from, to, at, hasBackups, tell }: RestoreOptions): Promise<Restored> {
  const specs = Object.values<TableSpec>(tables).filter(({ name }) => !LEFT_OUT.includes(name));
  for (const spec of specs) {
    if (!await restorer.exists(fullName(to, spec))) continue;
    throw new AppError(
      "EXISTS",
      `The table ${fullName(to, spec)} is there: nothing is written over; name another prefix.`,
    );
  }
  const sum = { items: 0, bytes: 0 };
  const add = (name: string, { items, bytes }: Restored) => {
    sum.items += items;
    sum.bytes += bytes;
    tell(`${name}: ${items} in ${bytes} bytes`);
  };
  // Objects first: what a table names is there then.
  for (const spec of Object.values(buckets)) {
    add(fullName(to, spec), await restorer.copyBucket(fullName(from, spec), fullName(to, spec), at));
  }
  const made = await Promise.all(specs.map(async (spec) => {
    const [source, target] = [fullName(from, spec), fullName(to, spec)];
    return [
      target,
      hasBackups ? await restorer.fromBackup(source, target, spec, at) : await restorer.byCopy(source, target, spec),
    ] as const;
  }));
  for (const [name, restored] of made) add(name, restored);
  for (const spec of specs.filter(({ stream }) => stream)) await restorer.openStream(fullName(to, spec));
  return sum;
}
