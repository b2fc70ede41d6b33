import { type InvalidField, InvalidInputError } from "../api/core/errors.ts";
import type { Page } from "../api/core/page.ts";

export type InvalidInputResult = {
  __typename: "InvalidInputError";
  code: "INVALID_INPUT";
  message: string;
  fields: InvalidField[];
};

/** The result of `call`; an input that it refuses becomes the member of the result union that says so. */
export async function orInvalid<T>(call: () => T | Promise<T>): Promise<T | InvalidInputResult> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return invalidInput(error);
  }
}

export function invalidInput({ message, fields }: InvalidInputError): InvalidInputResult {
  return {
    __typename: "InvalidInputError",
    code: "INVALID_INPUT",
    message,
    fields: fields.map(({ path, message }) => ({ path: [...path], message })),
  };
}

/** Resolvers of a connection over a page. */
export const connection = {
  nodes: <T>({ edges }: Page<T>): T[] => edges.map((edge) => edge.node),
  pageInfo: ({ edges, hasNextPage, hasPreviousPage }: Page<unknown>) => ({
    hasNextPage,
    hasPreviousPage,
    startCursor: edges[0]?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  }),
};

/** The opaque global id of a thing. The tenant is no part of it: the viewer's own is meant. */
export function globalId(type: string, id: string): string {
  return Buffer.from(`${type}:${id}`).toString("base64url");
}

/** What a global id names; undefined where it names nothing. */
export function parseGlobalId(id: string): { type: string; id: string } | undefined {
  const text = Buffer.from(id, "base64url").toString("utf8");
  const at = text.indexOf(":");
  if (at < 1 || globalId(text.slice(0, at), text.slice(at + 1)) !== id) return undefined;
  return { type: text.slice(0, at), id: text.slice(at + 1) };
}
