import type { Verdict } from "../api/journeys/rules.ts";
import { builder, entries } from "./builder.ts";
import { InvalidInputError, orInvalid } from "./errors.ts";

const EventInput = builder.inputType("EventInput", {
  description: "One event as its sender numbers it.",
  fields: (t) => ({
    sessionId: t.string({ required: true, description: "The sender's id of the session: 1 to 128 characters." }),
    source: t.string({
      required: true,
      defaultValue: "main",
      description: "What numbers the events: a tab, a device. One session can have several.",
    }),
    seq: t.int({
      required: true,
      description:
        "The source's running number in this session, from 1. (session, source, seq) is recorded once, for ever.",
    }),
    type: t.string({
      required: true,
      description:
        "Upper snake case: WIDGET_OPENED, PAGE_VIEWED, MESSAGE_SENT, MESSAGE_RECEIVED, FORM_STARTED, FORM_COMPLETED, LINK_CLICKED, CTA_CLICKED or any other.",
    }),
    occurredAt: t.field({ type: "DateTime", required: true, description: "From 1990 to 10 minutes from now." }),
    visitorId: t.string({ description: "Who the visitor is, where known: 1 to 128 characters." }),
    page: t.string({ description: "The page it happened on: at most 2,048 characters." }),
    text: t.string({ description: "What was written: at most 8,192 characters." }),
    properties: t.field({ type: "JSON", description: "At most 8 KB as JSON." }),
  }),
});

const RecordEventsInput = builder.inputType("RecordEventsInput", {
  description: "A batch of events, of one or of several sessions.",
  fields: (t) => ({ events: t.field({ type: [EventInput], required: true, description: "1 to 500." }) }),
});

const EventStatus = builder.enumType("EventStatus", {
  description: "What became of one event.",
  values: {
    ACCEPTED: { description: "Recorded now." },
    DUPLICATE: { description: "Recorded before; nothing changed." },
    REJECTED: { description: "Refused; sending it again as it is will not help." },
  },
});

const EventReceipt = builder.objectRef<Verdict>("EventReceipt").implement({
  description: "What became of one event.",
  access: "JOURNEYS_WRITE",
  fields: (t) => ({
    status: t.expose("status", { type: EventStatus, description: "Recorded, known already, or refused." }),
    reason: t.string({
      nullable: true,
      description: "Why it was refused: the field, the limit and the value.",
      resolve: (verdict) => ("reason" in verdict ? verdict.reason : undefined),
    }),
  }),
});

const RecordEventsPayload = builder.objectRef<
  { __typename: "RecordEventsPayload"; receipts: Verdict[]; accepted: number; duplicates: number; rejected: number }
>("RecordEventsPayload").implement({
  description: "What became of each event.",
  access: "JOURNEYS_WRITE",
  fields: (t) => ({
    receipts: t.expose("receipts", {
      type: [EventReceipt],
      description: "One for each event sent, in the same order.",
    }),
    accepted: t.exposeInt("accepted", { description: "Events recorded now." }),
    duplicates: t.exposeInt("duplicates", { description: "Events that had been recorded before." }),
    rejected: t.exposeInt("rejected", { description: "Events that can never be recorded as they are." }),
  }),
});

const RecordEventsResult = builder.unionType("RecordEventsResult", {
  description: "Receipts, or why the batch as a whole was refused.",
  types: [RecordEventsPayload, InvalidInputError],
});

entries.mutationFields((t) => ({
  recordEvents: t.field({
    type: RecordEventsResult,
    description: "Answers when the events are safe in the object store and shown by `journey`.",
    access: "JOURNEYS_WRITE",
    args: { input: t.arg({ type: RecordEventsInput, required: true, description: "The batch." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => toPayload(await services.journeys.record(viewer.tenantId, input.events))),
  }),
}));

function toPayload(receipts: Verdict[]) {
  const total = (status: Verdict["status"]) => receipts.filter((receipt) => receipt.status === status).length;
  return {
    __typename: "RecordEventsPayload" as const,
    receipts,
    accepted: total("ACCEPTED"),
    duplicates: total("DUPLICATE"),
    rejected: total("REJECTED"),
  };
}
