import { KEEP_MS } from "../api/journeys/model.ts";
import { connection, globalId, orInvalid } from "./results.ts";
import type { Resolvers } from "./types.generated.ts";
import type { Context } from "./context.ts";
import type { Subscribe } from "./guard.ts";

export const journeyResolvers = {
  Query: {
    journey: (_, { sessionId }, { loadJourney }) => loadJourney(sessionId),
    journeys: (_, { filter, first, after }, { viewer, services }) =>
      services.journeys.list(viewer.tenantId, filter ?? {}, first, after),
  },
  Mutation: {
    recordEvents: (_, { input }, { viewer, services }) =>
      orInvalid(async () => {
        const receipts = await services.journeys.record(viewer.tenantId, input.events);
        const total = (status: string) => receipts.filter((receipt) => receipt.status === status).length;
        return {
          __typename: "RecordEventsPayload",
          receipts,
          accepted: total("ACCEPTED"),
          duplicates: total("DUPLICATE"),
          rejected: total("REJECTED"),
        };
      }),
    backfillJourneys: (_, { input }, { viewer, services }) =>
      orInvalid(async () => ({
        __typename: "BackfillJourneysPayload",
        ...await services.backfillJourneys(viewer.tenantId, input.range, input.dryRun ?? true),
      })),
    eraseVisitor: async (_, { input }, { viewer, services }) => {
      const receipt = await services.eraseVisitor(viewer.tenantId, input.visitorId);
      // The id of a visitor is not repeated: answers end up in logs.
      if (!receipt) return { __typename: "NotFoundError", code: "NOT_FOUND", message: "There is no such visitor." };
      const { receiptId, journeys, events, objectsRewritten } = receipt;
      return { __typename: "EraseVisitorPayload", receiptId, journeys, events, objectsRewritten };
    },
  },
  Journey: {
    id: (journey) => globalId("Journey", journey.sessionId),
    visitorId: (journey) => journey.visitor?.visitorId,
    duration: (journey) => journey.endedAt - journey.startedAt,
    outcome: (journey, _, { services }) => services.journeys.outcome(journey),
    outcomeEvent: (journey, _, { services }) => services.journeys.findOutcomeEvent(journey),
    messageCount: (journey) => journey.userMessageCount + journey.botMessageCount,
    firstQuestion: (journey, _, { services }) => services.journeys.findFirstQuestion(journey),
    events: (journey, { first, after }, { services }) => services.journeys.listEvents(journey, first, after),
    expiresAt: (journey) => journey.lastArrivalAt + KEEP_MS,
  },
  JourneyConnection: connection,
  JourneyEventConnection: connection,
} satisfies Resolvers;

export const journeyStreams = {
  journeyEvents: ((args, context, signal) =>
    context.services.watchJourneyEvents(
      (context as Context).viewer.tenantId,
      args.sessionId,
      args.after,
      signal,
    )) satisfies Subscribe<{ sessionId: string; after?: string | null }>,
};
