import type { Objects } from "../aws/objects.ts";
import { type Clock, MINUTE_MS } from "../core/clock.ts";
import type { Ids } from "../core/ids.ts";
import { toCsv } from "./csv.ts";
import { toParquet } from "./parquet.ts";
import type { FileFormat, Table } from "./table.ts";

/** A file that was made, and where it can be fetched until the link ends. */
export type KeptFile = { url: string; fileName: string; rows: number; bytes: number; expiresAt: number };

export type Files = ReturnType<typeof createFiles>;

/** Links to files are good for so long. */
export const LINK_MS = 15 * MINUTE_MS;
/** Where files for people lie: the bucket drops them after a day. */
const FOLDER = "exports";

const KINDS = {
  CSV: { ending: "csv", contentType: "text/csv; charset=utf-8", make: toCsv },
  PARQUET: { ending: "parquet", contentType: "application/vnd.apache.parquet", make: toParquet },
} as const;

/** Keeps files that people take away in a bucket, for a day, each under a name that nobody guesses. */
export function createFiles(
  { objects, clock, ids }: {
    objects: Pick<Objects, "create" | "linkToGet" | "list" | "remove">;
    clock: Clock;
    ids: Ids;
  },
) {
  const folderOf = (tenantId: string) => `${FOLDER}/tenant=${tenantId}/`;

  async function keepBytes(
    tenantId: string,
    { name, ending, contentType, rows }: { name: string; ending: string; contentType: string; rows: number },
    body: Uint8Array,
  ): Promise<KeptFile> {
    const fileName = `${name}.${ending}`;
    const key = `${folderOf(tenantId)}${ids()}.${ending}`;
    await objects.create(key, body, { contentType });
    const url = await objects.linkToGet(key, LINK_MS / 1_000, fileName);
    return { url, fileName, rows, bytes: body.length, expiresAt: clock() + LINK_MS };
  }

  return {
    /** A file of a table, named `name`. */
    keep(tenantId: string, name: string, format: FileFormat, table: Table): Promise<KeptFile> {
      const { make, ...kind } = KINDS[format];
      return keepBytes(tenantId, { name, rows: table.rows.length, ...kind }, make(table));
    },

    /** A file of JSON, named `name`; `rows` says how many things it holds. */
    keepJson: (tenantId: string, name: string, rows: number, value: unknown): Promise<KeptFile> =>
      keepBytes(
        tenantId,
        { name, rows, ending: "json", contentType: "application/json" },
        Buffer.from(JSON.stringify(value, undefined, 1)),
      ),

    /** Removes all files of a tenant: they may hold what must not be there any more. */
    async removeAll(tenantId: string): Promise<void> {
      for await (const page of objects.list(folderOf(tenantId))) {
        for (const { key } of page) await objects.remove(key);
      }
    },
  };
}
