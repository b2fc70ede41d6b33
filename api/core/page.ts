import { createHash } from "node:crypto";
import * as v from "valibot";
import { InvalidInputError } from "./errors.ts";

/** A page of a list, with the cursor of each row. */
export type Page<T> = { edges: { cursor: string; node: T }[]; hasNextPage: boolean; hasPreviousPage: boolean };

/**
 * Makes the cursors of one list. `kind` names the list; `scope` is all that decides which rows it has (tenant,
 * filter), so that a cursor of another list or tenant is refused. Cursors are opaque, not secret: they hold a position,
 * never a right. `schema` checks the position, since a client can send anything.
 */
export function createCursors<T>(kind: string, scope: unknown, schema: v.GenericSchema<unknown, T>) {
  const binding = createHash("sha256").update(JSON.stringify([kind, scope])).digest("base64url").slice(0, 10);
  /** The position; undefined where the cursor is not of this list. */
  function find(cursor: string): T | undefined {
    const content = parseCursor(cursor);
    const position = v.safeParse(schema, content?.[1]);
    return content?.[0] === binding && position.success ? position.output : undefined;
  }
  return {
    encode: (position: unknown): string => Buffer.from(JSON.stringify([binding, position])).toString("base64url"),

    find,

    /** The position, or undefined without a cursor. Throws InvalidInputError where the cursor is not of this list. */
    decode(cursor: string | null | undefined, path: "after" | "before" = "after"): T | undefined {
      if (cursor === null || cursor === undefined) return undefined;
      const position = find(cursor);
      if (position !== undefined) return position;
      throw new InvalidInputError([{
        path: [path],
        message: `is no cursor of this list; pass ${
          path === "after" ? "an endCursor" : "a startCursor"
        } of the same query with the same arguments, or leave it out`,
      }]);
    },
  };
}

/**
 * Page after page, each from where the one before ended: `next` is where the one after it begins, undefined in the last.
 * `from` is where the first begins. Nothing is read before it is asked for.
 */
export async function* pages<Page extends { next: unknown }>(
  read: (from: Page["next"] | undefined) => Promise<Page>,
  from?: Page["next"],
): AsyncGenerator<Page> {
  let next = from;
  do {
    const page = await read(next);
    yield page;
    next = page.next;
  } while (next !== undefined);
}

/** Checks how many rows a page may have. Throws InvalidInputError. */
export function parseFirst(first: number, max: number): number {
  if (Number.isInteger(first) && first >= 1 && first <= max) return first;
  throw new InvalidInputError([{ path: ["first"], message: `must be 1 to ${max}, got ${first}` }]);
}

/** Which page is asked for: `first` rows after a cursor, or where `last` is given, so many before one. */
export type PageArgs = {
  first: number;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
};

/** So many rows from a position of the list, in its order or against it. */
export type PageRequest<T> = { wanted: number; isBackward: boolean; from: T | undefined };

/** The page that is asked for. Throws InvalidInputError. */
export function parsePage<T>(
  { first, after, last, before }: PageArgs,
  max: number,
  cursors: { decode: (cursor: string | null | undefined, path: "after" | "before") => T | undefined },
): PageRequest<T> {
  const isBackward = typeof last === "number";
  const [size, path, unused, unusedPath] = isBackward
    ? ["last", "before", after, "after"] as const
    : ["first", "after", before, "before"] as const;
  if (unused !== null && unused !== undefined) {
    const message = `goes with \`${
      isBackward ? "first" : "last"
    }\`; a page is \`first\` rows after a cursor, or \`last\` before one`;
    throw new InvalidInputError([{ path: [unusedPath], message }]);
  }
  const wanted = isBackward ? last : first;
  if (!(Number.isInteger(wanted) && wanted >= 1 && wanted <= max)) {
    throw new InvalidInputError([{ path: [size], message: `must be 1 to ${max}, got ${wanted}` }]);
  }
  return { wanted, isBackward, from: cursors.decode(isBackward ? before : after, path) };
}

/** The page of `rows`, which were read as the request says and hold one more than wanted where there is more. */
export function toPage<T>(
  rows: readonly T[],
  { wanted, isBackward, from }: PageRequest<unknown>,
  cursorOf: (row: T) => string,
): Page<T> {
  const edges = rows.slice(0, wanted).map((node) => ({ node, cursor: cursorOf(node) }));
  const [isMore, isBegun] = [rows.length > wanted, from !== undefined];
  return isBackward
    ? { edges: edges.reverse(), hasNextPage: isBegun, hasPreviousPage: isMore }
    : { edges, hasNextPage: isMore, hasPreviousPage: isBegun };
}

function parseCursor(cursor: string): [string, unknown] | undefined {
  try {
    const content: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    return Array.isArray(content) && content.length === 2 ? (content as [string, unknown]) : undefined;
  } catch {
    return undefined;
  }
}
