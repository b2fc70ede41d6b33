import { messageOf } from "../core/ask.ts";

type Page<Row> = { rows: Row[]; endCursor: string | null; hasNextPage: boolean };

/**
 * A list that grows by pages. What comes for an older question than the last is dropped. A row that moved between two pages stands
 * where it came last, once.
 */
export function createPager<Row>(
  idOf: (row: Row) => string | number,
  load: (after: string | undefined, signal: AbortSignal) => Promise<Page<Row>>,
) {
  let rows = $state.raw<Row[]>([]);
  let failure = $state<string>();
  let busy = $state(true);
  let hasMore = $state(false);
  let cursor: string | undefined;
  const controller = new AbortController();

  async function next(): Promise<void> {
    busy = true;
    failure = undefined;
    try {
      const page = await load(cursor, controller.signal);
      const ids = new Set(page.rows.map(idOf));
      rows = [...rows.filter((row) => !ids.has(idOf(row))), ...page.rows];
      cursor = page.endCursor ?? cursor;
      hasMore = page.hasNextPage;
    } catch (error) {
      if (!controller.signal.aborted) failure = messageOf(error);
    } finally {
      busy = false;
    }
  }

  return {
    get rows() {
      return rows;
    },
    get failure() {
      return failure;
    },
    get busy() {
      return busy;
    },
    get hasMore() {
      return hasMore;
    },
    next,
    /** Changes rows in place, such as those that a feed brought. */
    update(change: (rows: Row[]) => Row[]): void {
      rows = change(rows);
    },
    start(): () => void {
      void next();
      return () => controller.abort();
    },
  };
}
