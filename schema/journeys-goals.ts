import type { ConfiguredJourneys, GoalsConflict } from "../api/journeys/configure.ts";
import type * as Model from "../api/journeys/model.ts";
import type { RawRemoval as RawRemovalModel } from "../api/journeys/settings.ts";
import type { Rebuild } from "../api/journeys/trails.ts";
import { builder, entries } from "./builder.ts";
import { errorType, InvalidInputError, orInvalid } from "./errors.ts";
import { Journey, JourneyOutcome, PropertyMatchInput } from "./journeys.ts";

const EventMatch = builder.objectRef<Model.EventMatch>("EventMatch").implement({
  description: "What an event must be: all that is not null holds.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    type: t.exposeString("type", { nullable: true, description: "Its type." }),
    page: t.exposeString("page", { nullable: true, description: "A pattern of its page." }),
    propertyName: t.string({
      nullable: true,
      description: "A property that it has.",
      resolve: ({ property }) => property?.name,
    }),
    propertyValue: t.string({
      nullable: true,
      description: "That property's value as text; null where any will do.",
      resolve: ({ property }) => property?.value,
    }),
  }),
});

const JourneyGoal = builder.objectRef<Model.Goal>("JourneyGoal").implement({
  description: "What a tenant calls a success.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    goalId: t.exposeString("goalId", { description: "The tenant's id of it; good for filters and funnels." }),
    name: t.exposeString("name", { description: "For people." }),
    anyOf: t.field({
      type: [EventMatch],
      description: "An event that is any of these reaches it.",
      resolve: ({ anyOf }) => anyOf,
    }),
    outranks: t.expose("outranks", {
      type: JourneyOutcome,
      description: "The strongest outcome that it takes the place of.",
    }),
  }),
});

const ReachedGoal = builder.objectRef<Model.ReachedGoal>("ReachedGoal").implement({
  description: "A goal that a journey reached.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    goalId: t.exposeString("goalId", { description: "Which goal, as `journeySettings` lists them." }),
    reachedAt: t.field({
      type: "DateTime",
      description: "When the first event that reached it happened.",
      resolve: ({ occurredAt }) => occurredAt,
    }),
  }),
});

builder.objectFields(Journey, (t) => ({
  goals: t.field({
    type: [ReachedGoal],
    description: "The tenant's goals that it reached, strongest first; by the goals of today, whenever it was.",
    resolve: ({ goals }) => goals.reached,
  }),
  goal: t.field({
    type: ReachedGoal,
    nullable: true,
    description: "The goal that makes its outcome GOAL_REACHED; null with any other outcome.",
    resolve: (journey, _, { services }) => services.journeys.winningGoal(journey),
  }),
}));

const JourneyRebuild = builder.objectRef<Rebuild>("JourneyRebuild").implement({
  description:
    "Going through all journeys of a tenant, latest first, so that what is derived of them follows the settings. It goes on where it was when a process ends.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    begunAt: t.expose("begunAt", { type: "DateTime", description: "When it was asked for." }),
    journeysRead: t.exposeInt("journeysRead", { description: "Journeys that it looked at so far." }),
    journeysChanged: t.exposeInt("journeysChanged", {
      description: "Those in which something had to be derived anew.",
    }),
    reachedStart: t.field({
      type: "DateTime",
      nullable: true,
      description: "Journeys that started later are done; null before the first part, and when it is done.",
      resolve: ({ position }) => position?.startedAt,
    }),
    doneAt: t.expose("doneAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was done; null while it goes on.",
    }),
  }),
});

const RawRemoval = builder.objectRef<RawRemovalModel>("RawRemoval").implement({
  description: "A removal of raw events that were kept for their time.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "When it was done; it is looked at every six hours." }),
    arrivedBefore: t.expose("arrivedBefore", {
      type: "DateTime",
      description: "All raw events that arrived before are gone. The bucket keeps old versions for 35 days.",
    }),
  }),
});

const JourneySettings = builder.objectRef<ConfiguredJourneys>("JourneySettings").implement({
  description: "What a tenant decided about its journeys.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    goals: t.field({
      type: [JourneyGoal],
      description: "The goals, strongest first; none where nothing was set.",
      resolve: ({ goals }) => goals.list,
    }),
    goalsVersion: t.int({
      description: "Grows with each change of the goals, from 0 on; say it as `expectedGoalsVersion`.",
      resolve: ({ goals }) => goals.version,
    }),
    keepJourneysDays: t.int({
      description: "For how many days a journey is kept after its last event arrived.",
      resolve: ({ keepDays }) => keepDays,
    }),
    keepRawDays: t.exposeInt("keepRawDays", {
      nullable: true,
      description:
        "For how many days raw events are kept after they arrived, lines and columns; null for ever. Journeys and counts stay.",
    }),
    rawRemoval: t.expose("rawRemoval", {
      type: RawRemoval,
      nullable: true,
      description: "The last time that raw events were removed for that; null where it never was.",
    }),
    rebuild: t.expose("rebuild", {
      type: JourneyRebuild,
      nullable: true,
      description: "The last rebuild, under way or done; null where there was none.",
    }),
  }),
});

const EventMatchInput = builder.inputType("EventMatchInput", {
  description: "What an event must be: all that is given must hold, and something must be given.",
  fields: (t) => ({
    type: t.string({ description: "Its type, such as MESSAGE_RECEIVED." }),
    page: t.string({
      description:
        "A pattern of its page, of 1 to 200 characters, in which up to four `*` stand for any text: `/docs/*`. The path alone is looked at, without the site and what follows `?` or `#`; a pattern with `?` looks at that, too.",
    }),
    property: t.field({ type: PropertyMatchInput, description: "A property that it has." }),
  }),
});

const JourneyGoalInput = builder.inputType("JourneyGoalInput", {
  description: "What the tenant calls a success.",
  fields: (t) => ({
    goalId: t.string({
      required: true,
      description: "An id of the tenant's: 1 to 40 letters, digits, `-` and `_`. It stays when the goal changes.",
    }),
    name: t.string({ description: "For people, at most 100 characters; `goalId` where absent." }),
    anyOf: t.field({
      type: [EventMatchInput],
      required: true,
      description: "1 to 10: an event that is any of these reaches the goal. At most 60 in all goals together.",
    }),
    outranks: t.field({
      type: JourneyOutcome,
      description:
        "The strongest outcome that it takes the place of; FORM_COMPLETED where absent, so any. With ABANDONED, a chat that was answered and left is not abandoned, and one with a completed form stays FORM_COMPLETED. Not BROWSING or GOAL_REACHED.",
    }),
  }),
});

const ConfigureJourneysInput = builder.inputType("ConfigureJourneysInput", {
  description: "What to change; what is left out stays.",
  fields: (t) => ({
    goals: t.field({
      type: [JourneyGoalInput],
      description: "All goals, strongest first, at most 20; an empty list takes all back.",
    }),
    expectedGoalsVersion: t.int({
      description:
        "The `goalsVersion` that the person saw; another is answered with GoalsConflictError where other goals are given. Where absent, goals that others set since are written over.",
    }),
    keepJourneysDays: t.int({
      description:
        "For how many days a journey is kept after its last event arrived, 1 to 3,650. Counts of it stay for ever. At first 90.",
    }),
    keepRawDays: t.int({
      description:
        "For how many days raw events are kept after they arrived, 1 to 3,650; null for ever, as at first. What is removed can be rebuilt, exported and read by Athena no more; journeys and counts stay.",
    }),
  }),
});

const JourneySettingsPayload = builder.objectRef<
  { __typename: "JourneySettingsPayload"; settings: ConfiguredJourneys }
>("JourneySettingsPayload").implement({
  description: "What holds now.",
  access: "ADMIN",
  fields: (t) => ({
    settings: t.expose("settings", {
      type: JourneySettings,
      nullable: true,
      description: "The settings, with the rebuild that carries them into the past.",
    }),
  }),
});

const GoalsConflictError = errorType<GoalsConflict>("GoalsConflictError", {
  description: "Somebody else set other goals since. Nothing was changed.",
  code: "VERSION_CONFLICT",
  message: "Which version they are at.",
  fields: (t) => ({
    current: t.expose("current", {
      type: JourneySettings,
      nullable: true,
      description: "The settings as they are now.",
    }),
  }),
});

const JourneySettingsResult = builder.unionType("JourneySettingsResult", {
  description: "The settings, or why they were refused.",
  types: [JourneySettingsPayload, GoalsConflictError, InvalidInputError],
});

entries.queryFields((t) => ({
  journeySettings: t.field({
    type: JourneySettings,
    description: "What the tenant decided about its journeys.",
    access: "JOURNEYS_READ",
    resolve: (_, _args, { viewer, services }) => services.journeySettings.get(viewer.tenantId),
  }),
}));

entries.mutationFields((t) => ({
  configureJourneys: t.field({
    type: JourneySettingsResult,
    description:
      "Decides what journeys come to, and how long they and their raw events are kept. It holds at once for what is recorded and read; a rebuild, which begins within a minute, carries it into what was counted before.",
    access: "ADMIN",
    args: { input: t.arg({ type: ConfigureJourneysInput, required: true, description: "What to change." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => toResult(await services.journeySettings.configure(viewer.tenantId, input))),
  }),

  rebuildJourneys: t.field({
    type: JourneySettingsPayload,
    description:
      "Derives anew what is derived of all journeys that are kept: goals, and what paths and funnels read. Needed once for journeys of before there were paths; harmless at any time.",
    access: "ADMIN",
    resolve: async (_, _args, { viewer, services }) =>
      toPayload(await services.journeySettings.rebuild(viewer.tenantId)),
  }),
}));

function toResult(done: ConfiguredJourneys | GoalsConflict) {
  return "__typename" in done ? done : toPayload(done);
}

function toPayload(settings: ConfiguredJourneys) {
  return { __typename: "JourneySettingsPayload" as const, settings };
}
