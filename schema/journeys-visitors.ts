import type * as Lists from "../api/journeys/lists.ts";
import { builder, entries } from "./builder.ts";
import { JourneyConnection } from "./journeys.ts";
import { PAGE_COST, pageArgs } from "./lists.ts";

const Visitor = builder.objectRef<Lists.Visitor>("Visitor").implement({
  description: "A person, as far as the ids in events tell.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    ids: t.stringList({
      description: "All ids that belong together, since events said `aliasOf`; the one asked for first, 100 at most.",
      resolve: ({ ids }) => ids,
    }),
    firstSeenAt: t.expose("firstSeenAt", {
      type: "DateTime",
      nullable: true,
      description: "The start of the earliest journey that is kept; null where none is.",
    }),
    lastSeenAt: t.expose("lastSeenAt", {
      type: "DateTime",
      nullable: true,
      description: "The latest event of the latest journey that is kept; null where none is.",
    }),
    journeys: t.field({
      type: JourneyConnection,
      description: "All journeys that name any of the ids, latest start first; with their events, all that is held.",
      args: pageArgs("journeys", { first: 25, most: 100 }),
      cost: PAGE_COST,
      resolve: ({ ids }, page, { viewer, services }) =>
        services.journeys.list(viewer.tenantId, { visitorId: ids[0]! }, page),
    }),
  }),
});

entries.queryFields((t) => ({
  visitor: t.field({
    type: Visitor,
    nullable: true,
    description: "The person with this id; null where no event names it.",
    access: "JOURNEYS_READ",
    args: { id: t.arg.string({ required: true, description: "Any id under which events name the visitor." }) },
    resolve: (_, { id }, { viewer, services }) => services.journeys.findVisitor(viewer.tenantId, id),
  }),
}));
