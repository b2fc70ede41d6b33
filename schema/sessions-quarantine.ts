import type { Held } from "../api/sessions/quarantine.ts";
import type { Resolved } from "../api/sessions/results.ts";
import { builder, entries } from "./builder.ts";
import { InvalidInputError, NotFoundError, orInvalid } from "./errors.ts";
import { forwardArgs, pagesOf } from "./lists.ts";
import { PayloadMismatchError } from "./sessions-recording.ts";
import { Sensor } from "./sessions.ts";

const QuarantineKind = builder.enumType("QuarantineKind", {
  description: "What is kept aside.",
  values: {
    MOTION: { description: "A motion event." },
    BATCH: { description: "Readings of one batch, or what it states of its start and length." },
    READINGS: { description: "Readings of a session that lie too far from its others, in whatever batches they came." },
  },
});

const KINDS = { motion: "MOTION", batch: "BATCH", apart: "READINGS" } as const;

const Quarantined = builder.objectRef<Held>("Quarantined").implement({
  description:
    "What a device sent with a time that is not believed. It is kept as long as a session, and counts nowhere.",
  access: "SESSIONS_READ",
  fields: (t) => ({
    sensorId: t.exposeString("sensorId", { description: "Whose it is." }),
    quarantineId: t.exposeString("quarantineId", { description: "What `resolveQuarantined` takes." }),
    kind: t.field({
      type: QuarantineKind,
      description: "A motion event, or readings.",
      resolve: ({ content }) => KINDS[content.kind],
    }),
    at: t.field({
      type: "DateTime",
      nullable: true,
      description: "When the motion happened, as its sensor says; null for readings.",
      resolve: ({ content }) => (content.kind === "motion" ? content.at : undefined),
    }),
    sessionId: t.string({
      nullable: true,
      description: "Of which session the readings are; null for motion.",
      resolve: ({ content }) => (content.kind === "motion" ? undefined : content.sessionId),
    }),
    batchOffset: t.int({
      nullable: true,
      description: "Which batch of it; null where it is not one batch.",
      resolve: ({ content }) => (content.kind === "batch" ? content.batchOffset : undefined),
    }),
    count: t.exposeInt("count", { description: "Motion events or readings; 0 where only a statement is kept aside." }),
    reason: t.exposeString("reason", { description: "Why it is not believed: the field, the limit, the clock." }),
    heldAt: t.expose("heldAt", { type: "DateTime", description: "When it arrived." }),
  }),
});

builder.objectFields(Sensor, (t) => ({
  quarantined: t.field({
    type: [Quarantined],
    description: "What it sent and is kept aside because its time is not believed; at most 100.",
    cost: { rows: 100 },
    resolve: ({ sensorId }, _, { viewer, services }) => services.sessions.listQuarantined(viewer.tenantId, sensorId),
  }),
}));

const { Connection: QuarantinedConnection } = pagesOf(Quarantined, {
  access: "SESSIONS_READ",
  one: "thing kept aside",
  many: "things kept aside",
  cursor: "Good as `after` of `quarantined`.",
});

entries.queryFields((t) => ({
  quarantined: t.field({
    type: QuarantinedConnection,
    description:
      "What all sensors sent and is kept aside because its time is not believed, latest first; what came a second ago may be missing.",
    access: "SESSIONS_READ",
    args: forwardArgs("things", { first: 25, most: 100 }),
    cost: { rows: "first" },
    resolve: (_, { first, after }, { viewer, services }) =>
      services.sessions.pageQuarantined(viewer.tenantId, first, after),
  }),
}));

const ResolveQuarantinedInput = builder.inputType("ResolveQuarantinedInput", {
  description: "What to do with something that is kept aside.",
  fields: (t) => ({
    sensorId: t.string({ required: true, description: "Whose it is." }),
    quarantineId: t.string({ required: true, description: "Which." }),
    admit: t.boolean({ required: true, description: "True counts it as it was sent; false drops it." }),
  }),
});

const ResolveQuarantinedPayload = builder.objectRef<Resolved>("ResolveQuarantinedPayload").implement({
  description: "It is kept aside no longer.",
  access: "SESSIONS_WRITE",
  fields: (t) => ({ admitted: t.exposeBoolean("admitted", { description: "Whether it counts now." }) }),
});

const ResolveQuarantinedResult = builder.unionType("ResolveQuarantinedResult", {
  description: "What became of it, or why nothing did.",
  types: [ResolveQuarantinedPayload, NotFoundError, PayloadMismatchError, InvalidInputError],
});

entries.mutationFields((t) => ({
  resolveQuarantined: t.field({
    type: ResolveQuarantinedResult,
    description:
      "Counts what is kept aside because of its time, or drops it. What cannot count, since its number was counted with another instant meanwhile, stays aside. What was dropped can be counted still, for as long as it would have been kept; where a device sends again what was decided, that holds.",
    access: "SESSIONS_WRITE",
    args: { input: t.arg({ type: ResolveQuarantinedInput, required: true, description: "Which, and what to do." }) },
    resolve: (_, { input: { sensorId, quarantineId, admit } }, { viewer, services }) =>
      orInvalid(async () => {
        const done = await services.sessions.resolveQuarantined(viewer.tenantId, sensorId, quarantineId, admit);
        if (done) return done;
        const message = `Nothing of the id ${JSON.stringify(quarantineId)} is kept aside at this sensor.`;
        return { __typename: "NotFoundError" as const, code: "NOT_FOUND" as const, message };
      }),
  }),
}));
