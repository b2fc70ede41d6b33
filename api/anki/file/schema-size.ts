import { CollectionUnreadableError } from "./errors.ts";

/** Anki's own schema has some forty entries; add-ons bring a few. */
const MAX_ENTRIES = 1_000;
const PAGE_1_HEADER = 100;
const INNER = 5;
const LEAF = 13;

/**
 * Throws where a database has more tables, views and indexes than any collection. SQLite reads all of them before its first
 * statement, in time that grows with the square of their number, so they are counted in the file itself: the tree of its
 * schema begins on page 1. What is no such tree is SQLite's to refuse. Source: sqlite.org/fileformat2.html.
 */
export function checkSchemaSize(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PAGE_1_HEADER + 12) return;
  const pageSize = view.getUint16(16) === 1 ? 65_536 : view.getUint16(16);
  const open = [1];
  let [pages, entries] = [0, 0];
  for (let page = open.pop(); page !== undefined; page = open.pop()) {
    const start = (page - 1) * pageSize;
    const header = start + (page === 1 ? PAGE_1_HEADER : 0);
    if (page < 1 || header + 12 > bytes.length) continue;
    const [type, cells] = [view.getUint8(header), view.getUint16(header + 3)];
    if (type === LEAF) entries += cells;
    if (++pages > MAX_ENTRIES || entries > MAX_ENTRIES) {
      throw new CollectionUnreadableError(
        `The database has more than ${MAX_ENTRIES} tables, views and indexes, which no collection has.`,
      );
    }
    if (type !== INNER) continue;
    open.push(view.getUint32(header + 8));
    for (let i = 0; i < cells && header + 14 + 2 * i <= bytes.length; i++) {
      const cell = start + view.getUint16(header + 12 + 2 * i);
      if (cell + 4 <= bytes.length) open.push(view.getUint32(cell));
    }
  }
}
