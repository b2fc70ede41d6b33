import { messageOf } from "../core/ask.ts";

/** `feedCursor`: from where what is listed can be followed. */
type Page<Row> = { rows: Row[]; endCursor: string | null; hasNextPage: boolean; feedCursor?: string };

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
  let feedCursor = $state<string>();
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
      feedCursor ??= page.feedCursor;
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
    /** That of the first page, once it is there. */
    get feedCursor() {
      return feedCursor;
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
