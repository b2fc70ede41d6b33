import { GraphQLObjectType, type GraphQLResolveInfo } from "graphql";
import { InvalidInputError } from "../api/core/errors.ts";
import { requireAccess } from "./access.ts";
import { builder, entries } from "./builder.ts";
import type { Context } from "./context.ts";
import type { Stated } from "./plugin.ts";

const MAX_IDS = 100;

export const Node = builder.interfaceRef<object>("Node").implement({
  description: "A thing with an opaque global id.",
  fields: (t) => ({
    id: t.id({ description: "Opaque; the same thing always has the same id." }),
  }),
});

entries.queryFields((t) => ({
  node: t.field({
    type: Node,
    nullable: true,
    description: "The thing with this global id; null where this tenant has none.",
    access: "SIGNED_IN",
    args: { id: t.arg.id({ required: true, description: "As any `id` field gave it." }) },
    resolve: (_, { id }, context, info) => load(id, context, info),
  }),

  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description: "The things with these global ids, in their order; at most 100.",
    access: "SIGNED_IN",
    args: { ids: t.arg.idList({ required: true, description: "As any `id` field gave them." }) },
    cost: { rows: "ids" },
    resolve: (_, { ids }, context, info) => {
      if (ids.length > MAX_IDS) {
        throw new InvalidInputError([{
          path: ["ids"],
          message: `must hold at most ${MAX_IDS} ids, has ${ids.length}`,
        }]);
      }
      return Promise.all(ids.map((id) => load(id, context, info)));
    },
  }),
}));

/** Unknown ids and other tenants' ids come to the same: nothing. */
async function load(globalId: string, context: Context, { schema }: GraphQLResolveInfo): Promise<object | undefined> {
  const named = parseGlobalId(globalId);
  const type = named && schema.getType(named.type);
  if (!named || !(type instanceof GraphQLObjectType)) return undefined;
  const { access = "HOLDER", load } = type.extensions["pothosOptions"] as Stated;
  if (!load) return undefined;
  requireAccess(context.viewer, access);
  const found = await load(named.id, context);
  return found && { ...found, __typename: type.name };
}

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
