import * as Model from "../api/journeys/model.ts";
import type { JourneyList, JourneyTotal as Total } from "../api/journeys/lists.ts";
import { builder, entries, streams } from "./builder.ts";
import { TimeRange } from "./common.ts";
import { PAGE_COST, pageArgs, pagesOf } from "./lists.ts";
import { globalId, Node } from "./nodes.ts";

export const Journey = builder.objectRef<Model.Journey>("Journey").implement({
  description: "All that one visitor did in one session, in order.",
  access: "JOURNEYS_READ",
  interfaces: [Node],
  load: (id, { loadJourney }) => loadJourney(id),
  fields: (t) => ({
    id: t.id({
      description: "Opaque global id, for `node`.",
      resolve: ({ tenantId, sessionId }) => globalId("Journey", { tenantId }, sessionId),
    }),
    sessionId: t.exposeString("sessionId", { description: "The sender's id of the session." }),
    visitorId: t.string({
      nullable: true,
      description: "The visitor that the earliest event with a visitor names.",
      resolve: ({ visitor }) => visitor?.visitorId,
    }),
    visitorIds: t.stringList({
      description: "All whom its events name, that visitor first.",
      resolve: ({ visitor, otherIds }) => visitor ? [visitor.visitorId, ...otherIds] : [...otherIds],
    }),
    startedAt: t.expose("startedAt", { type: "DateTime", description: "The earliest event so far." }),
    endedAt: t.expose("endedAt", { type: "DateTime", description: "The latest event so far." }),
    duration: t.field({
      type: "Milliseconds",
      description: "From the earliest to the latest event.",
      resolve: ({ startedAt, endedAt }) => endedAt - startedAt,
    }),
    outcome: t.field({
      type: JourneyOutcome,
      description: "How the journey ended, or stands.",
      resolve: (journey, _, { services }) => services.journeys.outcome(journey),
    }),
    outcomeEvent: t.field({
      type: JourneyEvent,
      nullable: true,
      description: "The event that decided the outcome; null where no single event did.",
      resolve: (journey, _, { services }) => services.journeys.findOutcomeEvent(journey),
    }),
    eventCount: t.exposeInt("eventCount", { description: "Events recorded, each once." }),
    messageCount: t.int({
      description: "Messages of the visitor and answers to them.",
      resolve: ({ userMessageCount, botMessageCount }) => userMessageCount + botMessageCount,
    }),
    userMessageCount: t.exposeInt("userMessageCount", { description: "MESSAGE_SENT events." }),
    botMessageCount: t.exposeInt("botMessageCount", { description: "MESSAGE_RECEIVED events." }),
    firstQuestion: t.string({
      nullable: true,
      description: "The text of the first message of the visitor that says something: one of blanks is none.",
      resolve: (journey, _, { services }) => services.journeys.findFirstQuestion(journey),
    }),
    events: t.field({
      type: JourneyEventConnection,
      description: "The events in the order they occurred.",
      args: pageArgs("events", { first: 100, most: 500 }),
      cost: PAGE_COST,
      resolve: async (journey, page, { services }) => ({
        ...await services.journeys.listEvents(journey, page),
        totalCount: journey.eventCount,
      }),
    }),
    expiresAt: t.field({
      type: "DateTime",
      nullable: true,
      description:
        "When the journey is deleted: 90 days after its last event arrived, or as `configureJourneys` says. Raw events are kept.",
      resolve: (journey) => Model.expiresAt(journey),
    }),
  }),
});

export const { Connection: JourneyConnection } = pagesOf(Journey, {
  access: "JOURNEYS_READ",
  one: "journey",
  many: "journeys",
  cursor: "Good as `after` of `journeys` with the same filter.",
});

const JourneyTotal = builder.objectRef<Total>("JourneyTotal").implement({
  description: "How many journeys a list has.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    count: t.exposeInt("count", { description: "So many, or at least so many." }),
    isExact: t.exposeBoolean("isExact", {
      description: "False where there are more: a list is counted up to 10,000, that of a funnel or path whole.",
    }),
  }),
});

builder.objectFields(JourneyConnection, (t) => ({
  from: t.field({
    type: "DateTime",
    nullable: true,
    description: "The beginning of what was looked through, by `startedAt`; null where that is everything up to `to`.",
    resolve: (page) => (page as JourneyList).range.fromAt || null,
  }),
  to: t.field({
    type: "DateTime",
    description: "The end of what was looked through, by `startedAt`.",
    resolve: (page) => (page as JourneyList).range.toAt,
  }),
  hasEarlier: t.boolean({
    description: "Whether there are journeys before `from`, which this list leaves out. Costs a read.",
    resolve: (page) => (page as JourneyList).hasEarlier(),
  }),
  total: t.field({
    type: JourneyTotal,
    description: "How many are in the list, whichever page this is. Reads the whole list, so ask for it once.",
    cost: { own: 100 },
    resolve: (page) => (page as JourneyList).total(),
  }),
  complete: t.boolean({
    description:
      "False where a filter by page or property met more than 2,000 journeys that changed within the half hour: they are read from their events, and some may be missing.",
    resolve: (page) => (page as JourneyList).isComplete,
  }),
}));

export const JourneyOutcome = builder.enumType("JourneyOutcome", {
  description:
    "Exactly one per journey. A stronger one is never replaced by a weaker one, in whatever order the events arrive.",
  values: {
    GOAL_REACHED: {
      description:
        "A goal of the tenant's own was reached that outranks what else happened; `goal` says which. Strongest.",
    },
    FORM_COMPLETED: { description: "A form was completed." },
    CTA_CLICKED: { description: "A call to action was clicked." },
    LINK_CLICKED: { description: "A link was clicked." },
    ABANDONED: {
      description:
        "A form was begun or a message sent, none of the above happened, and 30 minutes passed without an event.",
    },
    BROWSING: { description: "None of the above. Weakest." },
  },
});

const JourneyEvent = builder.objectRef<Model.JourneyEvent>("JourneyEvent").implement({
  description: "One thing that a visitor did, or that answered them.",
  access: "JOURNEYS_READ",
  interfaces: [Node],
  load: (id, { loadEvent }) => loadEvent(id),
  fields: (t) => ({
    id: t.id({
      description: "Opaque global id, for `node`; the event keeps it, whatever arrives later.",
      resolve: (event, _, { viewer: { tenantId } }) => globalId("JourneyEvent", { tenantId }, Model.eventName(event)),
    }),
    source: t.exposeString("source", { description: "What numbered the event: a tab, a device." }),
    seq: t.exposeInt("seq", { description: "The source's running number." }),
    type: t.exposeString("type", { description: "Upper snake case, such as PAGE_VIEWED." }),
    occurredAt: t.expose("occurredAt", { type: "DateTime", description: "When it happened." }),
    clientAt: t.expose("clientAt", {
      type: "DateTime",
      nullable: true,
      description: "When it happened by the sender's own clock, where that was wrong and `occurredAt` is corrected.",
    }),
    receivedAt: t.expose("receivedAt", { type: "DateTime", description: "When it arrived here first." }),
    step: t.exposeInt("step", { description: "Position in the journey, from 1." }),
    visitorId: t.exposeString("visitorId", { nullable: true, description: "Whom the event names as the visitor." }),
    aliasOf: t.exposeString("aliasOf", {
      nullable: true,
      description: "Another id of the same visitor, where the event names one.",
    }),
    page: t.exposeString("page", { nullable: true, description: "The page it happened on." }),
    text: t.exposeString("text", { nullable: true, description: "What was written." }),
    properties: t.expose("properties", { type: "JSON", nullable: true, description: "What the sender added." }),
  }),
});

const { Connection: JourneyEventConnection, Edge: JourneyEventEdge } = pagesOf(JourneyEvent, {
  access: "JOURNEYS_READ",
  one: "event",
  many: "events",
  totalCount: "All events of the journey, whichever page this is.",
  cursor: "Good as `after` of `Journey.events` and of the `journeyEvents` subscription.",
});

export const PropertyMatchInput = builder.inputType("PropertyMatchInput", {
  description: "A property at the top of an event's `properties`.",
  fields: (t) => ({
    name: t.string({ required: true, description: "Its name, 1 to 100 characters; 64 in a filter." }),
    value: t.string({
      description: "Its value as text: a number or a boolean as JSON writes it. Any value where absent.",
    }),
  }),
});

export const JourneyFilter = builder.inputType("JourneyFilter", {
  description: "Which journeys to list; all parts must hold.",
  fields: (t) => ({
    range: t.field({
      type: TimeRange,
      description:
        "By `startedAt`. Where absent: all journeys, or with any other filter than `visitorId` the 30 days up to the latest journey; `from` and `hasEarlier` of the page say so.",
    }),
    outcome: t.field({ type: JourneyOutcome, description: "Journeys with this outcome." }),
    visitorId: t.string({
      description: "Journeys whose events name this visitor, under whichever id that belongs to the same person.",
    }),
    did: t.stringList({ description: "Journeys in which each of these event types happened." }),
    didNot: t.stringList({ description: "Journeys in which none of these event types happened." }),
    goal: t.string({ description: "Journeys that reached this goal of the tenant's, by its `goalId`." }),
    page: t.string({
      description:
        "Journeys that came to a page of this path, in which up to four `*` stand for any text: `/docs/*`. Without `?`.",
    }),
    referrer: t.string({
      description:
        "Journeys that came from such a page of another site, as sojourn.js sends it (`referrer`, host and path): `www.google.*`.",
    }),
    device: t.string({ description: "Journeys on a phone, tablet or desktop, as sojourn.js sends it (`device`)." }),
    utmSource: t.string({ description: "Journeys with this `utm_source`." }),
    utmMedium: t.string({ description: "Journeys with this `utm_medium`." }),
    utmCampaign: t.string({ description: "Journeys with this `utm_campaign`." }),
    properties: t.field({
      type: [PropertyMatchInput],
      description: "Journeys in whose events each of these properties has the value, or any; at most 5.",
    }),
    question: t.string({
      description:
        "Journeys whose first question holds each of these words, in any order, whatever their case and accents; at most 10.",
    }),
  }),
});

entries.queryFields((t) => ({
  journey: t.field({
    type: Journey,
    nullable: true,
    description: "The journey of this session; null where there is none.",
    access: "JOURNEYS_READ",
    args: { sessionId: t.arg.string({ required: true, description: "The sender's id of the session." }) },
    resolve: (_, { sessionId }, { loadJourney }) => loadJourney(sessionId),
  }),

  journeys: t.field({
    type: JourneyConnection,
    description: "Latest start first.",
    access: "JOURNEYS_READ",
    args: {
      filter: t.arg({ type: JourneyFilter, description: "Which journeys; all where absent." }),
      ...pageArgs("journeys", { first: 25, most: 100 }),
    },
    cost: PAGE_COST,
    resolve: (_, { filter, ...page }, { viewer, services }) =>
      services.journeys.list(viewer.tenantId, filter ?? {}, page),
  }),
}));

streams.subscriptionFields((t) => ({
  journeyEvents: t.field({
    type: JourneyEventEdge,
    description: "The journey's events so far (after the cursor `after`), then each new one.",
    access: "JOURNEYS_READ",
    args: {
      sessionId: t.arg.string({
        required: true,
        description: "The sender's id of the session; it need not exist yet.",
      }),
      after: t.arg.string({ description: "The cursor of the last event received; from the beginning where absent." }),
    },
    subscribe: (_, { sessionId, after }, { viewer, services, signal }) =>
      services.watchJourneyEvents(viewer.tenantId, sessionId, after, signal),
    resolve: (message) => message,
  }),
}));
