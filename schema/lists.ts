import type { ObjectRef, SchemaTypes } from "@pothos/core";
import type { Page } from "../api/core/page.ts";
import type { TypeAccess } from "./access.ts";
import { builder } from "./builder.ts";

const PageInfo = builder.objectRef<Page<unknown>>("PageInfo").implement({
  description: "Where a page lies in its list.",
  access: "HOLDER",
  fields: (t) => ({
    hasNextPage: t.exposeBoolean("hasNextPage", {
      description: "Whether there is more after this page; with `last`, true where `before` was given.",
    }),
    hasPreviousPage: t.exposeBoolean("hasPreviousPage", {
      description: "Whether there is more before this page; with `first`, true where `after` was given.",
    }),
    startCursor: t.string({
      nullable: true,
      description: "The cursor of the first edge; null on an empty page.",
      resolve: ({ edges }) => edges[0]?.cursor,
    }),
    endCursor: t.string({
      nullable: true,
      description: "The cursor of the last edge; pass it as `after` to go on. Null on an empty page.",
      resolve: ({ edges }) => edges.at(-1)?.cursor,
    }),
  }),
});

/** How the descriptions of a list call what is in it. */
export type ListOptions = {
  access: TypeAccess;
  /** One of its things and several: "session", "sessions". */
  one: string;
  many: string;
  /** What the cursor of an edge is good for. */
  cursor: string;
  /** Says what `totalCount` counts, where pages have one. */
  totalCount?: string;
};

/** The types of a page over a list, `XConnection` and `XEdge`, as Relay has them. */
export function pagesOf<Types extends SchemaTypes, T>(
  node: ObjectRef<Types, T>,
  { access, one, many, cursor, totalCount }: ListOptions,
) {
  const Edge = builder.objectRef<{ cursor: string; node: T }>(`${node.name}Edge`);
  const Connection = builder.objectRef<Page<T> & { totalCount?: number }>(`${node.name}Connection`);
  Connection.implement({
    description: `A page of ${many}.`,
    access,
    fields: (t) => ({
      edges: t.field({ type: [Edge], description: `The ${many} with their cursors.`, resolve: ({ edges }) => edges }),
      nodes: t.field({
        type: [node],
        description: `The ${many} alone.`,
        resolve: ({ edges }) => edges.map((edge) => edge.node) as never,
      }),
      pageInfo: t.field({ type: PageInfo, description: "Where the page lies.", resolve: (page) => page }),
    }),
  });
  if (totalCount) {
    builder.objectField(
      Connection,
      "totalCount",
      (t) => t.int({ description: totalCount, resolve: (page) => page.totalCount! }),
    );
  }
  Edge.implement({
    description: `${/^[aeiou]/.test(one) ? "An" : "A"} ${one} with its cursor.`,
    access,
    fields: (t) => ({
      cursor: t.exposeString("cursor", { description: cursor }),
      node: t.field({ type: node, description: `The ${one}.`, resolve: (edge) => edge.node as never }),
    }),
  });
  return { Connection, Edge };
}

/** What a field with `pageArgs` costs. */
export const PAGE_COST = { rows: ["last", "first"] } as const;

/** The arguments of a field whose pages go in one direction alone. */
export function forwardArgs(many: string, { first, most }: { first: number; most: number }) {
  return builder.args((t) => ({
    first: t.int({ required: true, defaultValue: first, description: `Most ${many} on the page, 1 to ${most}.` }),
    after: t.string({ description: "The `endCursor` of the page before." }),
  }));
}

/** The arguments of a field that gives pages of at most `most` rows; its cost is `PAGE_COST`. */
export function pageArgs(many: string, { first, most }: { first: number; most: number }) {
  return builder.args((t) => ({
    first: t.int({
      required: true,
      defaultValue: first,
      description: `Most ${many} on the page, 1 to ${most.toLocaleString("en")}.`,
    }),
    after: t.string({ description: "The `endCursor` of the page before." }),
    last: t.int({
      description: `The last ${many} instead of the first, in the same order: most on the page, 1 to ${
        most.toLocaleString("en")
      }. Give no \`after\`; \`first\` is not looked at.`,
    }),
    before: t.string({ description: "With `last`: the `startCursor` of the page after." }),
  }));
}
