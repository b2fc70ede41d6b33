import { InvalidInputError } from "../api/core/errors.ts";
import type { Context } from "./context.ts";
import { NODE_ACCESS, requireAccess } from "./guard.ts";
import { parseGlobalId } from "./results.ts";
import type { Resolvers, ResolversParentTypes } from "./types.generated.ts";

const MAX_IDS = 100;

type Loaders = Record<keyof typeof NODE_ACCESS, (id: string, context: Context) => Promise<object | undefined>>;

/** How each kind of thing is found by its id. Unknown ids and other tenants' ids come to the same: nothing. */
const loaders: Loaders = {
  Journey: (id, { loadJourney }) => loadJourney(id),
  Session: (id, { loadSession }) => loadSession(id),
  Sensor: (id, { loadSensor }) => loadSensor(id),
  Deck: (id, { viewer, services }) => services.reviews.deck(viewer, id),
  ReviewSession: (id, { viewer, services }) => services.reviews.find(viewer, id),
};

export const nodeResolvers = {
  Query: {
    node: (_, { id }, context) => load(id, context),
    nodes: (_, { ids }, context) => {
      if (ids.length > MAX_IDS) {
        throw new InvalidInputError([{
          path: ["ids"],
          message: `must hold at most ${MAX_IDS} ids, has ${ids.length}`,
        }]);
      }
      return Promise.all(ids.map((id) => load(id, context)));
    },
  },
  Node: {
    __resolveType: (node) => (node as unknown as { __typename: "Journey" }).__typename,
  },
} satisfies Resolvers;

async function load(globalId: string, context: Context): Promise<ResolversParentTypes["Node"] | undefined> {
  const named = parseGlobalId(globalId);
  if (!named || !Object.hasOwn(loaders, named.type)) return undefined;
  const type = named.type as keyof typeof NODE_ACCESS;
  requireAccess(context.viewer, NODE_ACCESS[type]);
  const found = await loaders[type](named.id, context);
  return found && ({ ...found, __typename: type } as unknown as ResolversParentTypes["Node"]);
}
