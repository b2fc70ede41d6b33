import type { ActiveVisitors as Model } from "../api/journeys/active.ts";
import type { Change } from "../api/journeys/trails.ts";
import { builder, entries, streams } from "./builder.ts";
import { Journey } from "./journeys.ts";

const ActivePage = builder.objectRef<Model["pages"][number]>("ActivePage").implement({
  description: "A page with those who are on it.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    page: t.exposeString("page", {
      nullable: true,
      description: "The page as the event named it; null for those who named none, or one of over 128 characters.",
    }),
    visitorCount: t.int({ description: "How many are on it.", resolve: ({ count }) => count }),
  }),
});

const ActiveVisitor = builder.objectRef<Change>("ActiveVisitor").implement({
  description: "Somebody who did something a moment ago.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    sessionId: t.exposeString("sessionId", { description: "The session; `journeyEvents` follows it." }),
    page: t.exposeString("page", { nullable: true, description: "The page of the last event that names one." }),
    pageSince: t.field({
      type: "DateTime",
      nullable: true,
      description: "When that event happened.",
      resolve: ({ pageAt }) => pageAt,
    }),
    startedAt: t.expose("startedAt", { type: "DateTime", description: "The first event of the session." }),
    lastSeenAt: t.field({ type: "DateTime", description: "The last event.", resolve: ({ endedAt }) => endedAt }),
    eventCount: t.exposeInt("eventCount", { description: "Events so far." }),
    journey: t.field({
      type: Journey,
      nullable: true,
      description: "All of it; null where it was erased since.",
      resolve: ({ sessionId }, _, { loadJourney }) => loadJourney(sessionId),
    }),
  }),
});

const ActiveVisitors = builder.objectRef<Model>("ActiveVisitors").implement({
  description: "Who did something in the last minutes, and where they are.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "When this was so." }),
    visitorCount: t.int({ description: "How many, also where not all are told.", resolve: ({ count }) => count }),
    complete: t.boolean({
      description: "Whether all are told: at most 100 visitors, 100 pages, and 20,000 journeys to choose from.",
      resolve: ({ isWhole }) => isWhole,
    }),
    pages: t.field({
      type: [ActivePage],
      description: "Pages with those who are on them, most first.",
      cost: { rows: 20 },
      resolve: ({ pages }) => pages,
    }),
    visitors: t.field({
      type: [ActiveVisitor],
      description: "The visitors, the last event first.",
      cost: { rows: 100 },
      resolve: ({ visitors }) => [...visitors],
    }),
    cursor: t.exposeString("cursor", { description: "Names what is told here; good as `after` of the subscription." }),
  }),
});

const MINUTES = {
  required: true,
  defaultValue: 5,
  description: "So recent an event makes somebody active, 1 to 30.",
} as const;

entries.queryFields((t) => ({
  activeVisitors: t.field({
    type: ActiveVisitors,
    description: "Who is on which page now.",
    access: "JOURNEYS_READ",
    args: { minutes: t.arg.int(MINUTES) },
    resolve: (_, { minutes }, { viewer, services }) => services.activeVisitors.get(viewer.tenantId, minutes),
  }),
}));

streams.subscriptionFields((t) => ({
  activeVisitors: t.field({
    type: ActiveVisitors,
    description:
      "Who is on which page, now and again whenever that changes, once a second at most: by the events of this process within a second, by those of others within three.",
    access: "JOURNEYS_READ",
    args: {
      minutes: t.arg.int(MINUTES),
      after: t.arg.string({ description: "The `cursor` of the last message: that is not given again." }),
    },
    subscribe: (_, { minutes, after }, { viewer, services, signal }) =>
      services.activeVisitors.watch(viewer.tenantId, minutes, after, signal),
    resolve: (message) => message,
  }),
}));
