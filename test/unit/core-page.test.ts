import * as v from "valibot";
import { describe, expect, test } from "vitest";
import type { InvalidInputError } from "../../api/core/errors.ts";
import { createCursors, pages, parseFirst, parsePage, toPage } from "../../api/core/page.ts";

const cursors = createCursors("things", ["tenant", { filter: 1 }], v.number());

function faultsOf(parse: () => unknown): readonly unknown[] {
  try {
    parse();
  } catch (error) {
    return (error as InvalidInputError).fields;
  }
  return [];
}

describe("a cursor", () => {
  test("gives its position back to the list that made it", () => {
    expect(cursors.decode(cursors.encode(7))).toBe(7);
    expect(cursors.decode(null)).toBe(undefined);
    expect(cursors.decode(undefined)).toBe(undefined);
    // It stands at each row: its binding is short.
    expect(cursors.encode(7).length).toBeLessThan(24);
  });

  const text = (content: unknown) => Buffer.from(JSON.stringify(content)).toString("base64url");
  const [binding] = JSON.parse(Buffer.from(cursors.encode(7), "base64url").toString()) as [string];

  test.each([
    ["of another list", createCursors("others", ["tenant", { filter: 1 }], v.number()).encode(7)],
    ["of another tenant", createCursors("things", ["other", { filter: 1 }], v.number()).encode(7)],
    ["of another filter", createCursors("things", ["tenant", { filter: 2 }], v.number()).encode(7)],
    ["with a position of another kind", cursors.encode("7")],
    ["that is no JSON", "AAAA"],
    ["that is empty", ""],
    ["that is null", text(null)],
    ["that is an object", text({ 0: binding, 1: 7, length: 2 })],
    ["with more in it", text([binding, 7, 8])],
    ["with less in it", text([binding])],
  ])("%s is refused, with what to pass", (_name, cursor) => {
    const message = (what: string) =>
      `is no cursor of this list; pass ${what} of the same query with the same arguments, or leave it out`;
    expect(faultsOf(() => cursors.decode(cursor))).toEqual([{ path: ["after"], message: message("an endCursor") }]);
    expect(faultsOf(() => cursors.decode(cursor, "before"))).toEqual([
      { path: ["before"], message: message("a startCursor") },
    ]);
  });
});

describe("a page", () => {
  const decode = (cursor: string | null | undefined, path: "after" | "before") => cursors.decode(cursor, path);
  const ask = (args: Partial<Parameters<typeof parsePage>[0]>) => parsePage({ first: 3, ...args }, 5, { decode });
  const seven = cursors.encode(7);

  test("is asked for by `first` and `after`, or by `last` and `before`", () => {
    expect(ask({})).toEqual({ wanted: 3, isBackward: false, from: undefined });
    expect(ask({ after: seven, before: null, last: null })).toEqual({ wanted: 3, isBackward: false, from: 7 });
    expect(ask({ last: 2 })).toEqual({ wanted: 2, isBackward: true, from: undefined });
    expect(ask({ last: 2, before: seven, after: null })).toEqual({ wanted: 2, isBackward: true, from: 7 });
  });

  test("is not asked for by both", () => {
    const end = "; a page is `first` rows after a cursor, or `last` before one";
    expect(faultsOf(() => ask({ before: seven }))).toEqual([{ path: ["before"], message: `goes with \`last\`${end}` }]);
    expect(faultsOf(() => ask({ last: 2, after: seven }))).toEqual([
      { path: ["after"], message: `goes with \`first\`${end}` },
    ]);
  });

  test("has 1 row to as many as the list allows", () => {
    for (const n of [1, 5]) {
      expect(ask({ first: n }).wanted).toBe(n);
      expect(ask({ last: n }).wanted).toBe(n);
      expect(parseFirst(n, 5)).toBe(n);
    }
    for (const n of [0, 6, 1.5, -1]) {
      const message = `must be 1 to 5, got ${n}`;
      expect(faultsOf(() => ask({ first: n }))).toEqual([{ path: ["first"], message }]);
      expect(faultsOf(() => ask({ last: n }))).toEqual([{ path: ["last"], message }]);
      expect(faultsOf(() => parseFirst(n, 5))).toEqual([{ path: ["first"], message }]);
    }
  });

  test("knows of a further one by the row beyond it, and of one before it by where it began", () => {
    const page = (rows: number[], isBackward: boolean, from?: number) =>
      toPage(rows, { wanted: 2, isBackward, from }, String);
    const edges = (...rows: number[]) => rows.map((node) => ({ node, cursor: String(node) }));
    expect(page([1, 2, 3], false)).toEqual({ edges: edges(1, 2), hasNextPage: true, hasPreviousPage: false });
    expect(page([1, 2], false, 0)).toEqual({ edges: edges(1, 2), hasNextPage: false, hasPreviousPage: true });
    expect(page([3, 2, 1], true)).toEqual({ edges: edges(2, 3), hasNextPage: false, hasPreviousPage: true });
    expect(page([3, 2], true, 4)).toEqual({ edges: edges(2, 3), hasNextPage: true, hasPreviousPage: false });
  });
});

test("pages are read one after the other, each from where the one before ended, and none before it is asked for", async () => {
  const asked: (number | undefined)[] = [];
  const read = (from: number | undefined) => {
    asked.push(from);
    return Promise.resolve({ from, next: (from ?? 0) < 2 ? (from ?? 0) + 1 : undefined });
  };
  const all = pages<{ from: number | undefined; next: number | undefined }>(read);
  expect(asked).toEqual([]);
  expect((await all.next()).value).toEqual({ from: undefined, next: 1 });
  expect(asked).toEqual([undefined]);
  for await (const page of all) expect(page.from).toBe(asked.at(-1));
  expect(asked).toEqual([undefined, 1, 2]);
  for await (const _ of pages<{ next: number | undefined }>(read, 2)) asked.push(-1);
  expect(asked).toEqual([undefined, 1, 2, 2, -1]);
});
