import { expect, test } from "vitest";
import { exportList } from "../../api/files/export.ts";
import type { Files } from "../../api/files/keep.ts";
import type { PageArgs } from "../../api/core/page.ts";

/** A list of so many rows, each page of which takes so long; and what its file was made of. */
function createWorld(length: number, pageMs: number) {
  let now = 0;
  const asked: PageArgs[] = [];
  const files = {
    keep: (_tenant: string, _name: string, _format: string, { rows }: { rows: readonly unknown[] }) =>
      Promise.resolve({ url: "", fileName: "", rows: rows.length, bytes: 0, expiresAt: 0 }),
  } as unknown as Files;
  const list = (page: PageArgs) => {
    asked.push(page);
    now += pageMs;
    const from = page.after ? Number(page.after) : 0;
    const nodes = Array.from({ length: Math.min(page.first, length - from) }, (_, i) => from + i);
    const edges = nodes.map((node) => ({ node, cursor: String(node + 1) }));
    return Promise.resolve({ edges, hasNextPage: from + nodes.length < length, hasPreviousPage: from > 0 });
  };
  const make = (maxRows: number, after?: string) =>
    exportList({ files, clock: () => now }, "t", { format: "CSV", after }, {
      ...{ name: "n", columns: [], maxRows, list },
      rowsOf: (nodes) => Promise.resolve(nodes.map((node) => [node])),
    });
  return { asked, make };
}

test("a file holds the whole of a short list, and says that nothing follows", async () => {
  const { make, asked } = createWorld(250, 0);
  expect(await make(1_000)).toMatchObject({ rows: 250, endCursor: undefined });
  expect(asked).toEqual([{ first: 100, after: undefined }, { first: 100, after: "100" }, { first: 100, after: "200" }]);
});

test("a file ends at its limit of rows, to the row, and the next goes on there", async () => {
  const { make } = createWorld(250, 0);
  expect(await make(130)).toMatchObject({ rows: 130, endCursor: "130" });
  expect(await make(130, "130")).toMatchObject({ rows: 120, endCursor: undefined });
});

test("a file ends after 15 seconds, whatever it holds by then, and the next goes on there", async () => {
  const { make } = createWorld(10_000, 4_000);
  expect(await make(50_000)).toMatchObject({ rows: 400, endCursor: "400" });
});

test("a file begins a page in the very millisecond in which its time ends, and none after it", async () => {
  const { make } = createWorld(10_000, 5_000);
  expect(await make(50_000)).toMatchObject({ rows: 400, endCursor: "400" });
});

test("a page without rows loses no place: the next file goes on where this one was", async () => {
  let pages = 0;
  const files = { keep: () => Promise.resolve({ url: "", fileName: "", rows: 0, bytes: 0, expiresAt: 0 }) };
  const made = await exportList({ files: files as unknown as Files, clock: () => 10_000 * pages }, "t", {
    ...{ format: "CSV", after: "7" },
  }, {
    ...{ name: "n", columns: [], maxRows: 100, rowsOf: () => Promise.resolve([]) },
    list: () => Promise.resolve({ edges: [], hasNextPage: ++pages > 0, hasPreviousPage: true }),
  });
  expect(made.endCursor).toBe("7");
});
