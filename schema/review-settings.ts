import type { PresetView, SettingsView } from "../api/anki/collection/settings.ts";
import type { OptimizedPreset } from "../api/review/optimizing.ts";
import { builder, entries } from "./builder.ts";
import { InvalidInputError, NotFoundError } from "./errors.ts";
import { orRefusal } from "./review-refusals.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const Scheduler = builder.enumType("Scheduler", {
  description: "What decides when a card comes again.",
  values: {
    FSRS: { description: "A model of memory, with a retention to reach and parameters of one's own." },
    SM2: { description: "Anki's older one, by the ease of each card." },
  },
});

const ReviewPreset = builder.objectRef<PresetView>("ReviewPreset").implement({
  description: "Options that decks share.",
  access: "REVIEW",
  fields: (t) => ({
    presetId: t.string({ description: "Its id in the collection.", resolve: ({ presetId }) => String(presetId) }),
    name: t.exposeString("name", { description: "Its name." }),
    deckIds: t.stringList({ description: "The decks that use it.", resolve: ({ deckIds }) => deckIds.map(String) }),
    newPerDay: t.exposeInt("newPerDay", { description: "New cards a day." }),
    reviewsPerDay: t.exposeInt("reviewsPerDay", { description: "Reviews a day." }),
    learningSteps: t.field({
      type: ["Milliseconds"],
      description: "How long a new card waits after each step.",
      resolve: ({ learnStepsMin }) => learnStepsMin.map((step) => step * MINUTE_MS),
    }),
    relearningSteps: t.field({
      type: ["Milliseconds"],
      description: "How long a forgotten card waits after each step.",
      resolve: ({ relearnStepsMin }) => relearnStepsMin.map((step) => step * MINUTE_MS),
    }),
    maxInterval: t.field({
      type: "Milliseconds",
      description: "The longest interval.",
      resolve: ({ maxIntervalDays }) => maxIntervalDays * DAY_MS,
    }),
    desiredRetention: t.exposeFloat("desiredRetention", {
      description: "How much of it is to be known when it comes again, by FSRS; 0.9 is 90 %.",
    }),
    fsrsParameters: t.exposeFloatList("fsrsParameters", { description: "FSRS's parameters; none are the defaults." }),
    weekdayShares: t.exposeFloatList("weekdayShares", {
      description: "How much of a day's share each weekday gets, Monday first; none where all get the same.",
    }),
  }),
});

const ReviewSettings = builder.objectRef<SettingsView>("ReviewSettings").implement({
  description: "How the viewer's collection is scheduled.",
  access: "REVIEW",
  fields: (t) => ({
    scheduler: t.expose("scheduler", { type: Scheduler, description: "What decides when a card comes again." }),
    rollover: t.exposeInt("rollover", { description: "The hour at which a day begins." }),
    presets: t.expose("presets", { type: [ReviewPreset], description: "All presets, by name." }),
  }),
});

const EDIT_ID = "The client's id of this change; the same id again changes nothing and gives the same result, with " +
  "other content it is refused.";

const SetSchedulerInput = builder.inputType("SetSchedulerInput", {
  description: "What is to schedule the collection.",
  fields: (t) => ({
    editId: t.id({ required: true, description: EDIT_ID }),
    scheduler: t.field({
      type: Scheduler,
      required: true,
      description: "Cards keep what they are; their next answers go by it.",
    }),
  }),
});

const SetPresetInput = builder.inputType("SetPresetInput", {
  description: "What to set in a preset; what is left out stays.",
  fields: (t) => ({
    editId: t.id({ required: true, description: EDIT_ID }),
    presetId: t.string({ required: true, description: "The preset." }),
    newPerDay: t.int({ description: "New cards a day, 0 to 9,999." }),
    reviewsPerDay: t.int({ description: "Reviews a day, 0 to 9,999." }),
    learningSteps: t.field({
      type: ["Milliseconds"],
      description: "How long a new card waits after each step; at most 20.",
    }),
    relearningSteps: t.field({
      type: ["Milliseconds"],
      description: "How long a forgotten card waits after each step.",
    }),
    maxIntervalDays: t.int({ description: "The longest interval in days, 1 to 36,500." }),
    desiredRetention: t.float({ description: "0.7 to 0.99." }),
    fsrsParameters: t.floatList({ description: "21 numbers, or 19 or 17 of older FSRS; none for the defaults." }),
    weekdayShares: t.floatList({ description: "7 numbers from 0 to 1, Monday first: how many reviews each day gets." }),
  }),
});

const OptimizePresetInput = builder.inputType("OptimizePresetInput", {
  description: "Which preset's parameters are to be learned anew.",
  fields: (t) => ({
    editId: t.id({ required: true, description: EDIT_ID }),
    presetId: t.string({ required: true, description: "The preset; the cards of its decks are learned from." }),
    dryRun: t.boolean({ required: true, defaultValue: false, description: "Only says what they would be." }),
    timeZone: t.field({ type: "TimeZone", description: "The person's zone; as the collection says where absent." }),
  }),
});

const OptimizePresetPayload = builder.objectRef<OptimizedPreset & { __typename: "OptimizePresetPayload" }>(
  "OptimizePresetPayload",
).implement({
  description: "Parameters of FSRS as they are learned from a person's own answers.",
  access: "REVIEW",
  fields: (t) => ({
    settings: t.expose("settings", { type: ReviewSettings, description: "The settings as they are afterwards." }),
    parameters: t.exposeFloatList("parameters", { description: "The parameters, 21 numbers." }),
    reviews: t.exposeInt("reviews", {
      description: "Reviews that were predicted; of large logs a part, by whole cards.",
    }),
    logLossBefore: t.exposeFloat("logLossBefore", {
      description: "How far predictions by the parameters that were there are from what happened; less is better.",
    }),
    logLossAfter: t.exposeFloat("logLossAfter", { description: "The same by the new ones." }),
    isBetter: t.exposeBoolean("isBetter", {
      description: "Whether the new ones predict better; only then they are set.",
    }),
  }),
});

const OptimizePresetResult = builder.unionType("OptimizePresetResult", {
  description: "The parameters, or why there are none.",
  types: [OptimizePresetPayload, NotFoundError, InvalidInputError],
});

const SettingsPayload = builder.objectRef<{ __typename: "SettingsPayload"; settings: SettingsView }>("SettingsPayload")
  .implement({
    description: "The settings as they are afterwards.",
    access: "REVIEW",
    fields: (t) => ({ settings: t.expose("settings", { type: ReviewSettings, description: "The settings." }) }),
  });

const SettingsResult = builder.unionType("SettingsResult", {
  description: "The settings, or why nothing was done.",
  types: [SettingsPayload, NotFoundError, InvalidInputError],
});

entries.queryFields((t) => ({
  reviewSettings: t.field({
    type: ReviewSettings,
    nullable: true,
    description: "How the viewer's collection is scheduled; null without a collection.",
    access: "REVIEW",
    resolve: (_, __, { viewer, services }) => services.browse.settings(viewer),
  }),
}));

const REFUSALS = ["InvalidInputError", "NotFoundError"] as const;

entries.mutationFields((t) => ({
  setScheduler: t.field({
    type: SettingsResult,
    description: "Chooses between FSRS and SM-2.",
    access: "REVIEW",
    args: { input: t.arg({ type: SetSchedulerInput, required: true, description: "The scheduler." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orRefusal(REFUSALS, async () => ({
        __typename: "SettingsPayload" as const,
        settings: await services.edits.setScheduler(viewer, input),
      })),
  }),
  optimizePreset: t.field({
    type: OptimizePresetResult,
    description:
      "Learns a preset's FSRS parameters from the viewer's own answers, and sets them where they predict better; `undoEdit` takes that back. It may take 20 seconds.",
    access: "REVIEW",
    cost: { own: 1_000 },
    args: { input: t.arg({ type: OptimizePresetInput, required: true, description: "The preset." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orRefusal(REFUSALS, async () => ({
        __typename: "OptimizePresetPayload" as const,
        ...await services.optimizePreset(viewer, input),
      })),
  }),
  setPreset: t.field({
    type: SettingsResult,
    description: "Changes a preset, and so how the cards of its decks are scheduled from then on.",
    access: "REVIEW",
    args: { input: t.arg({ type: SetPresetInput, required: true, description: "What to set." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orRefusal(REFUSALS, async () => ({
        __typename: "SettingsPayload" as const,
        settings: await services.edits.setPreset(viewer, input),
      })),
  }),
}));
