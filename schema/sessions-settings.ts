import type { SettingsShown } from "../api/sessions/configuring.ts";
import { DAY_MS } from "../api/core/clock.ts";
import { LIMITS, type Sensor as SensorModel } from "../api/sessions/model.ts";
import { builder, entries } from "./builder.ts";
import { InvalidInputError, NotFoundError, orInvalid } from "./errors.ts";
import { Sensor } from "./sessions.ts";

const SessionSetting = builder.enumType("SessionSetting", {
  description: "A setting of `configureSessions`.",
  values: {
    IDLE_TIMEOUT: { description: "How long without motion ends a session." },
    MAX_AHEAD: { description: "How far ahead a device's time is believed." },
    MAX_BEHIND: { description: "How far behind a device's time is believed." },
    MAX_APART: { description: "How far a reading may be from the others." },
    MAX_LENGTH: { description: "How long a session may be." },
    MAX_PAUSE: { description: "How long a pause keeps a session going whose end nobody says." },
  },
});

const NAMES = {
  idleMs: "IDLE_TIMEOUT",
  aheadMs: "MAX_AHEAD",
  behindMs: "MAX_BEHIND",
  apartMs: "MAX_APART",
  lengthMs: "MAX_LENGTH",
  pauseMs: "MAX_PAUSE",
} as const;

const SessionSettings = builder.objectRef<SettingsShown>("SessionSettings").implement({
  description: "How sessions end and are kept, and what of devices' clocks is believed; set by `configureSessions`.",
  access: "SESSIONS_READ",
  fields: (t) => ({
    idleTimeout: t.field({
      type: "Milliseconds",
      description: "How long without motion ends a session.",
      resolve: ({ idleMs }) => idleMs,
    }),
    maxAhead: t.field({
      type: "Milliseconds",
      description:
        "How far ahead of the service's clock a device's time is believed. A motion sensor's that is behind by up to as much places its session, which is live while motion comes.",
      resolve: ({ aheadMs }) => aheadMs,
    }),
    maxBehindDays: t.int({
      description: "How many days behind it.",
      resolve: ({ behindMs }) => Math.round(behindMs / DAY_MS),
    }),
    maxApart: t.field({
      type: "Milliseconds",
      description:
        "How far the next readings of a session may be from each other, and a stated start before the first of its batch.",
      resolve: ({ apartMs }) => apartMs,
    }),
    maxLength: t.field({
      type: "Milliseconds",
      description: "How long a session may be, as a device measures it.",
      resolve: ({ lengthMs }) => lengthMs,
    }),
    maxPause: t.field({
      type: "Milliseconds",
      description: "How long a pause keeps a session going whose end nobody says.",
      resolve: ({ pauseMs }) => pauseMs,
    }),
    keepDays: t.int({
      description: "Days that a session is kept after its last write.",
      resolve: ({ keepMs }) => Math.round(keepMs / DAY_MS),
    }),
    own: t.field({
      type: [SessionSetting],
      description: "Those that are set for the sensor itself; empty for the tenant. All others are the tenant's.",
      resolve: ({ own }) => own.map((name) => NAMES[name]),
    }),
  }),
});

builder.objectFields(Sensor, (t) => ({
  name: t.string({
    nullable: true,
    description: "What people call it; null where `renameSensor` never named it.",
    resolve: async ({ sensorId }, _, { loadSensor }) => (await loadSensor(sensorId))?.name,
  }),
  settings: t.field({
    type: SessionSettings,
    description: "What holds for its sessions that begin from now on; shown within a minute of a change.",
    resolve: async (sensor, _, { viewer, services, loadSensor }) =>
      services.sessions.settingsOf(viewer.tenantId, await loadSensor(sensor.sensorId) ?? sensor),
  }),
}));

const RenameSensorInput = builder.inputType("RenameSensorInput", {
  description: "What people call a sensor.",
  fields: (t) => ({
    sensorId: t.string({ required: true, description: "Which sensor." }),
    name: t.string({ description: `1 to ${LIMITS.nameChars} characters; null takes the name away.` }),
  }),
});

const RenameSensorPayload = builder.objectRef<{ __typename: "RenameSensorPayload"; sensor: SensorModel }>(
  "RenameSensorPayload",
).implement({
  description: "The sensor is named.",
  access: "SESSIONS_WRITE",
  fields: (t) => ({
    sensorId: t.string({ description: "Which sensor.", resolve: ({ sensor }) => sensor.sensorId }),
    name: t.string({ nullable: true, description: "What people call it now.", resolve: ({ sensor }) => sensor.name }),
  }),
});

const RenameSensorResult = builder.unionType("RenameSensorResult", {
  description: "The name, or why it was not given.",
  types: [RenameSensorPayload, NotFoundError, InvalidInputError],
});

entries.queryFields((t) => ({
  sessionSettings: t.field({
    type: SessionSettings,
    description: "What holds for sessions of the tenant, where a sensor has no setting of its own.",
    access: "SESSIONS_READ",
    resolve: (_, __, { viewer, services }) => services.sessions.settingsOf(viewer.tenantId, undefined),
  }),
}));

entries.mutationFields((t) => ({
  renameSensor: t.field({
    type: RenameSensorResult,
    description: "Gives a sensor the name that people call it by. Its id stays.",
    access: "SESSIONS_WRITE",
    args: { input: t.arg({ type: RenameSensorInput, required: true, description: "Which sensor, and its name." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => {
        const sensor = await services.sessions.renameSensor(viewer.tenantId, input);
        if (sensor) return { __typename: "RenameSensorPayload" as const, sensor };
        const message = `Nothing came from a sensor ${JSON.stringify(input.sensorId)} yet.`;
        return { __typename: "NotFoundError" as const, code: "NOT_FOUND" as const, message };
      }),
  }),
}));
