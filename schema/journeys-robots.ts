import type { RobotDay as Model } from "../api/journeys/robots.ts";
import { builder, entries } from "./builder.ts";
import { TimeRange } from "./common.ts";

const RobotCount = builder.objectRef<Model["names"][number]>("RobotCount").implement({
  description: "What one robot sent on a day.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    name: t.exposeString("name", {
      description: "What it calls itself, such as Googlebot; `others` for all that are not well known.",
    }),
    events: t.exposeInt("events", { description: "Events of it that were left out." }),
  }),
});

const RobotDay = builder.objectRef<Model>("RobotDay").implement({
  description: "What robots sent to `/collect` on a day, and was left out.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    start: t.field({
      type: "DateTime",
      description: "The beginning of the UTC day.",
      resolve: ({ startAt }) => startAt,
    }),
    events: t.exposeInt("events", { description: "Events that were left out; one that is sent again counts again." }),
    names: t.field({
      type: [RobotCount],
      description: "By robot, most first.",
      cost: { rows: 5 },
      resolve: ({ names }) => names,
    }),
  }),
});

entries.queryFields((t) => ({
  robots: t.field({
    type: [RobotDay],
    description:
      "Which robots sent events from the tenant's pages and were left out, by UTC day, the latest first; days without any are left out. Kept for 400 days.",
    access: "JOURNEYS_READ",
    args: { range: t.arg({ type: TimeRange, required: true, description: "Which days: those that it touches." }) },
    cost: { rows: 30 },
    resolve: (_, { range }, { viewer, services }) => services.robots.list(viewer.tenantId, range),
  }),
}));
