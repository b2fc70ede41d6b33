import { createHash } from "node:crypto";
import { GraphQLObjectType, type GraphQLResolveInfo } from "graphql";
import { LRUCache } from "lru-cache";
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

/** Unknown ids and those of others come to the same: nothing. */
async function load(globalId: string, context: Context, { schema }: GraphQLResolveInfo): Promise<object | undefined> {
  const named = parseGlobalId(globalId);
  const type = named && schema.getType(named.type);
  if (!named || !(type instanceof GraphQLObjectType)) return undefined;
  const { access = "HOLDER", load } = type.extensions["pothosOptions"] as Stated;
  if (!load) return undefined;
  const { viewer } = context;
  requireAccess(viewer, access);
  // An id of before ids named their owner is meant as the viewer's own.
  const { tag = tagOf(viewer) } = named;
  if (tag !== tagOf(viewer) && tag !== tagOf({ tenantId: viewer.tenantId })) return undefined;
  const found = await load(named.id, context);
  return found && { ...found, __typename: type.name };
}

/** Whose a thing is: a tenant's, or one person's within it. */
export type Owner = { tenantId: string; userId?: string };

/**
 * The opaque global id of a thing. It differs from that of a thing of the same name that is another's, so that a client
 * may keep what it reads of several tenants in one cache: `Journey.QoV9-dAbq2:s-1`.
 */
export function globalId(type: string, owner: Owner, id: string): string {
  return encode(`${type}.${tagOf(owner)}`, id);
}

/** What a global id names; undefined where it names nothing. Ids of before owners had tags have none. */
export function parseGlobalId(id: string): { type: string; tag: string | undefined; id: string } | undefined {
  const text = Buffer.from(id, "base64url").toString("utf8");
  const at = text.indexOf(":");
  if (at < 1 || encode(text.slice(0, at), text.slice(at + 1)) !== id) return undefined;
  const [type = "", tag] = text.slice(0, at).split(".");
  return { type, tag, id: text.slice(at + 1) };
}

const encode = (head: string, id: string): string => Buffer.from(`${head}:${id}`).toString("base64url");

const TAG_CHARACTERS = 10;
const tags = new LRUCache<string, string>({ max: 1_000 });

/** Stands for an owner in ids: 60 bits of a hash. */
function tagOf({ tenantId, userId }: Owner): string {
  const key = JSON.stringify([tenantId, userId]);
  let tag = tags.get(key);
  if (tag === undefined) {
    tag = createHash("sha256").update(key).digest("base64url").slice(0, TAG_CHARACTERS);
    tags.set(key, tag);
  }
  return tag;
}
