import type { Clock } from "../core/clock.ts";
import type { Page, PageArgs } from "../core/page.ts";
import type { Files, KeptFile } from "./keep.ts";
import type { Cell, Column, FileFormat } from "./table.ts";

/** A file of a list, and where the next one goes on; undefined where the list ended. */
export type Export = KeptFile & { endCursor: string | undefined };

export type ExportInput = { format: FileFormat; after?: string | null | undefined };

/** A function of AWS has 29 seconds: after so long a file ends, and the next one goes on. */
const EXPORT_MS = 15_000;
const PAGE = 100;

/**
 * Puts the rows of a list into a file, page by page, until the list ends, the file is full or the time is over. `rowsOf` gives
 * the cells of a page's things in their order.
 */
export async function exportList<T>(
  { files, clock }: { files: Files; clock: Clock },
  tenantId: string,
  { format, after }: ExportInput,
  { name, columns, maxRows, list, rowsOf }: {
    name: string;
    columns: readonly Column[];
    maxRows: number;
    list: (page: PageArgs) => Promise<Page<T>>;
    rowsOf: (things: readonly T[]) => Promise<readonly (readonly Cell[])[]>;
  },
): Promise<Export> {
  const endAt = clock() + EXPORT_MS;
  const rows: (readonly Cell[])[] = [];
  let next = after ?? undefined;
  let isMore = true;
  while (isMore && rows.length < maxRows && clock() <= endAt) {
    const page = await list({ first: Math.min(PAGE, maxRows - rows.length), after: next });
    rows.push(...await rowsOf(page.edges.map(({ node }) => node)));
    next = page.edges.at(-1)?.cursor ?? next;
    isMore = page.hasNextPage;
  }
  return { ...await files.keep(tenantId, name, format, { columns, rows }), endCursor: isMore ? next : undefined };
}
