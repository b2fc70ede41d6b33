import { SENSOR_REMAINS } from "../api/sessions/erase.ts";
import type { SensorReceipt } from "../api/sessions/erasures.ts";
import { builder, entries } from "./builder.ts";
import { notFound, NotFoundError } from "./errors.ts";
import { RemainingData } from "./common.ts";

const EraseSensorInput = builder.inputType("EraseSensorInput", {
  description: "Which sensor's past to erase.",
  fields: (t) => ({ sensorId: t.string({ required: true, description: "The sender's id of the sensor." }) }),
});

const EraseSensorPayload = builder.objectRef<SensorReceipt & { __typename: "EraseSensorPayload" }>(
  "EraseSensorPayload",
).implement({
  description: "Proof of what was erased, from the object store, the tables and the counters.",
  access: "ADMIN",
  fields: (t) => ({
    receiptId: t.exposeID("receiptId", {
      description: "The same each time, until there is something of the sensor again.",
    }),
    until: t.expose("until", {
      type: "DateTime",
      description: "What the sensor recorded until then is gone, and is refused where it is sent again.",
    }),
    sessions: t.exposeInt("sessions", { description: "Sessions that were in lists." }),
    motionEvents: t.int({
      description: "Motion events, taken out of all counts.",
      resolve: ({ motions }) => motions,
    }),
    batches: t.exposeInt("batches", { description: "Batches of readings." }),
    remains: t.field({
      type: [RemainingData],
      description: "What stays after each erasure, and why.",
      resolve: () => SENSOR_REMAINS,
    }),
  }),
});

const EraseSensorResult = builder.unionType("EraseSensorResult", {
  description: "The receipt, or that there is nothing of this sensor and never was an erasure.",
  types: [EraseSensorPayload, NotFoundError],
});

entries.mutationFields((t) => ({
  eraseSensor: t.field({
    type: EraseSensorResult,
    description:
      "Removes a sensor's whole past: its sessions with what people wrote of them, readings, motion, and what they count for. What it records from now on is taken as ever; what it recorded before is refused, by other processes within a minute. Running it again finishes what broke off, and else changes nothing.",
    access: "ADMIN",
    args: { input: t.arg({ type: EraseSensorInput, required: true, description: "The sensor." }) },
    resolve: async (_, { input }, { viewer, services }) => {
      const receipt = await services.sessions.eraseSensor(viewer.tenantId, input.sensorId);
      if (!receipt) return notFound("There is no such sensor.");
      const { receiptId, until: at, sessions: things, motions: events } = receipt;
      const { tenantId, userId } = viewer;
      await services.erasures.note(tenantId, { receiptId, at, what: "SENSOR", things, events, userId });
      return { __typename: "EraseSensorPayload" as const, ...receipt };
    },
  }),
}));
