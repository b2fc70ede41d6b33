import type { BackfillReport } from "../api/journeys/backfill.ts";
import type { Erasure } from "../api/journeys/erase.ts";
import { REMAINS } from "../api/journeys/erasures.ts";
import { builder, entries } from "./builder.ts";
import { RemainingData } from "./common.ts";
import { TimeRange } from "./common.ts";
import { InvalidInputError, notFound, NotFoundError, orInvalid } from "./errors.ts";

const BackfillJourneysInput = builder.inputType("BackfillJourneysInput", {
  description: "Which journeys to rebuild.",
  fields: (t) => ({
    range: t.field({
      type: TimeRange,
      required: true,
      description:
        "Batches whose first event occurred in this range, widened to whole hours. Where the table was lost, one range that holds all of a journey tells whether its time is over.",
    }),
    dryRun: t.boolean({
      required: true,
      defaultValue: true,
      description: "True: say what would change and change nothing.",
    }),
    withExpired: t.boolean({
      required: true,
      defaultValue: false,
      description:
        "True: journeys whose time is over are counted as well. For such as never were, since JOURNEYS_INDEX was off all that time; what had been counted counts again, with each run. They are kept no longer for it.",
    }),
  }),
});

const BackfillJourneysPayload = builder.objectRef<BackfillReport & { __typename: "BackfillJourneysPayload" }>(
  "BackfillJourneysPayload",
).implement({
  description: "What rebuilding the stored journeys from the object store did, or would do.",
  access: "ADMIN",
  fields: (t) => ({
    objectsRead: t.exposeInt("objectsRead", { description: "Objects of raw events read." }),
    eventsRead: t.exposeInt("eventsRead", { description: "Events in them, repeats included." }),
    journeysCreated: t.exposeInt("journeysCreated", { description: "Journeys that were not there." }),
    journeysChanged: t.exposeInt("journeysChanged", { description: "Journeys that lacked events." }),
    journeysUnchanged: t.exposeInt("journeysUnchanged", {
      description: "Journeys that had every event; not written to.",
    }),
    journeysExpired: t.exposeInt("journeysExpired", {
      description: "Journeys that are not there any more since their time is over; left out, unless `withExpired`.",
    }),
  }),
});

const BackfillJourneysResult = builder.unionType("BackfillJourneysResult", {
  description: "What the rebuild did, or why it was refused.",
  types: [BackfillJourneysPayload, InvalidInputError],
});

const EraseVisitorInput = builder.inputType("EraseVisitorInput", {
  description: "Which visitor to erase.",
  fields: (t) => ({ visitorId: t.string({ required: true, description: "The id that the visitor's events carry." }) }),
});

const EraseVisitorPayload = builder.objectRef<
  Pick<Erasure, "ids" | "receiptId" | "journeys" | "events" | "objectsRewritten"> & {
    __typename: "EraseVisitorPayload";
  }
>("EraseVisitorPayload").implement({
  description: "Proof of what was erased, from the object store, the tables and the counters.",
  access: "ADMIN",
  fields: (t) => ({
    receiptId: t.exposeID("receiptId", {
      description: "The same each time, until there is something of the visitor again.",
    }),
    journeys: t.exposeInt("journeys", {
      description: "Journeys of the visitor; their sessions take no further events.",
    }),
    events: t.exposeInt("events", { description: "Events of these journeys." }),
    visitorIds: t.stringList({
      description:
        "The ids that belonged together, all erased; later only the one asked for, since nothing else is known.",
      resolve: ({ ids }) => ids,
    }),
    remains: t.field({
      type: [RemainingData],
      description: "What stays after each erasure, and why.",
      resolve: () => REMAINS,
    }),
    objectsRewritten: t.exposeInt("objectsRewritten", {
      description: "Objects of raw events that were written anew without them.",
    }),
  }),
});

const EraseVisitorResult = builder.unionType("EraseVisitorResult", {
  description:
    "The receipt; or that there is nothing of this visitor and never was an erasure; or that more than 1,000 ids belong together, which are no one person's.",
  types: [EraseVisitorPayload, NotFoundError, InvalidInputError],
});

entries.mutationFields((t) => ({
  backfillJourneys: t.field({
    type: BackfillJourneysResult,
    description:
      "Rebuilds journeys from the object store; harmless however often it runs. Journeys whose time is over (`keepJourneysDays`) stay as they are: gone, and counted once.",
    access: "ADMIN",
    args: {
      input: t.arg({
        type: BackfillJourneysInput,
        required: true,
        description: "Which journeys, and whether to write.",
      }),
    },
    resolve: (_, { input: { range, dryRun, withExpired } }, { viewer, services }) =>
      orInvalid(async () => ({
        __typename: "BackfillJourneysPayload" as const,
        ...await services.backfillJourneys(viewer.tenantId, range, dryRun, withExpired),
      })),
  }),

  eraseVisitor: t.field({
    type: EraseVisitorResult,
    description:
      "Removes a visitor under all ids that belong together (`aliasOf`): the journeys with their events, the raw events, and what they count for. Running it again finishes what broke off, and else changes nothing. In journeys of others, only the ids are taken out.",
    access: "ADMIN",
    args: { input: t.arg({ type: EraseVisitorInput, required: true, description: "The visitor." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => {
        const receipt = await services.eraseVisitor(viewer.tenantId, input.visitorId);
        if (!receipt) return notFound("There is no such visitor.");
        const { receiptId, begunAt: at, journeys: things, events } = receipt;
        const { tenantId, userId } = viewer;
        await services.erasures.note(tenantId, { receiptId, at, what: "VISITOR", things, events, userId });
        return { __typename: "EraseVisitorPayload" as const, ...receipt };
      }),
  }),
}));
