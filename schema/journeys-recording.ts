import type { Refusal } from "../api/journeys/model.ts";
import type { Verdict } from "../api/journeys/rules.ts";
import { builder, entries } from "./builder.ts";
import { InvalidInputError, orInvalid } from "./errors.ts";

const RecordEventsInput = builder.inputType("RecordEventsInput", {
  description: "A batch of events, of one or of several sessions.",
  fields: (t) => ({
    events: t.field({
      type: ["EventInput"],
      required: { list: true, items: false },
      description: "1 to 500. One that is null is refused by its receipt, like any other that is no event.",
    }),
    sentAt: t.field({
      type: "DateTime",
      description:
        "The sender's clock at the moment of sending. Where it is more than 30 seconds off ours, the events' times are corrected by the difference, and their own are kept as `clientAt`.",
    }),
  }),
});

const EventStatus = builder.enumType("EventStatus", {
  description: "What became of one event.",
  values: {
    ACCEPTED: { description: "Recorded now." },
    DUPLICATE: { description: "Recorded before; nothing changed." },
    REJECTED: { description: "Refused; sending it again as it is will not help." },
  },
});

const EventRefusal = builder.enumType("EventRefusal", {
  description: "Why an event was refused. Stable: programs may rely on it.",
  values: {
    INVALID_EVENT: {
      description: "A field is missing, unknown, of another type or beyond a limit; `reason` names it.",
    },
    PAYLOAD_MISMATCH: {
      description:
        "The number was recorded with other content, which stays: a source that numbers from 1 again, such as a second tab. A mere repeat is a DUPLICATE.",
    },
    SESSION_FULL: { description: "The session has as many sources, types, visits or open gaps as one may have." },
    SESSION_ERASED: { description: "The session's visitor was erased." },
  } satisfies Record<Refusal, { description: string }>,
});

const EventReceipt = builder.objectRef<Verdict>("EventReceipt").implement({
  description: "What became of one event.",
  access: "JOURNEYS_WRITE",
  fields: (t) => ({
    status: t.expose("status", { type: EventStatus, description: "Recorded, known already, or refused." }),
    code: t.field({
      type: EventRefusal,
      nullable: true,
      description: "Why it was refused, in a word; null where it was not.",
      resolve: (verdict) => ("code" in verdict ? verdict.code : undefined),
    }),
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
      orInvalid(async () => toPayload(await services.journeys.record(viewer.tenantId, input.events, input.sentAt))),
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
