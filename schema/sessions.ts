import { missing } from "../api/core/watermark.ts";
import { durationOf, endOf } from "../api/sessions/rules.ts";
import { expiryOf } from "../api/sessions/service.ts";
import type { Context } from "./context.ts";
import type { Subscribe } from "./guard.ts";
import { connection, globalId, orInvalid } from "./results.ts";
import type { Resolvers } from "./types.generated.ts";

export const sessionResolvers = {
  Query: {
    session: (_, { sessionId }, { loadSession }) => loadSession(sessionId),
    activeSession: (_, { sensorId }, { viewer, services }) => services.sessions.findActive(viewer.tenantId, sensorId),
    sessions: (_, { filter, first, after }, { viewer, services }) =>
      services.sessions.list(viewer.tenantId, filter ?? {}, first, after),
    sensor: (_, { sensorId }, { loadSensor }) => loadSensor(sensorId),
    sensors: (_, { first, after }, { viewer, services }) =>
      services.sessions.listSensors(viewer.tenantId, first, after),
  },
  Mutation: {
    createSession: (_, { input }, { viewer, services }) =>
      orInvalid(() => services.sessions.create(viewer.tenantId, viewer.userId, input)),
    recordMotion: (_, { input }, { viewer, services }) =>
      orInvalid(() => services.sessions.recordMotion(viewer.tenantId, viewer.userId, input)),
    updateSession: (_, { input }, { viewer, services }) =>
      orInvalid(() => services.sessions.update(viewer.tenantId, input)),
    endSession: (_, { input }, { viewer, services }) => orInvalid(() => services.sessions.end(viewer.tenantId, input)),
    annotateSession: (_, { input }, { viewer, services }) =>
      orInvalid(() => services.sessions.annotate(viewer.tenantId, input)),
    ingestSessionBatch: (_, { input }, { viewer, services }) =>
      orInvalid(() => services.sessions.ingestBatch(viewer.tenantId, viewer.userId, input)),
    configureSessions: (_, { input }, { viewer, services }) =>
      orInvalid(async () => {
        const { sensorId, idleTimeout, keepDays } = input;
        await services.sessions.configure(viewer.tenantId, {
          sensorId: sensorId ?? undefined,
          idleMs: idleTimeout ?? undefined,
          keepDays: keepDays ?? undefined,
        });
        return { __typename: "ConfigureSessionsPayload", sensorId };
      }),
  },
  Session: {
    id: (session) => globalId("Session", session.sessionId),
    // A session is at a sensor even where the sensor itself was never read.
    sensor: ({ tenantId, sensorId }) => ({ tenantId, sensorId }),
    endedAt: endOf,
    endReason: ({ endedBy }) => endedBy && (endedBy === "IDLE" ? "IDLE" : "EXPLICIT"),
    duration: durationOf,
    missingBatches: ({ batches }) => missing(batches).map(([from, to]) => ({ from: Number(from), to: Number(to) })),
    readings: (session, { first, after }, { loadSession, services }) =>
      // A row of a list has no directory of its batches.
      session.notes === undefined
        ? loadSession(session.sessionId).then((whole) => services.sessions.listReadings(whole ?? session, first, after))
        : services.sessions.listReadings(session, first, after),
    notes: async (session, _, { loadSession }) =>
      session.notes === undefined ? (await loadSession(session.sessionId))?.notes : session.notes,
    expiresAt: expiryOf,
  },
  Sensor: {
    id: ({ sensorId }) => globalId("Sensor", sensorId),
    lastMotionAt: async ({ sensorId }, _, { loadSensor, loadSession }) => {
      const latest = (await loadSensor(sensorId))?.latestSessionId;
      return latest === undefined ? null : (await loadSession(latest))?.lastMotionAt;
    },
    activeSession: async ({ sensorId }, _, { loadSensor, loadSession }) => {
      const latest = (await loadSensor(sensorId))?.latestSessionId;
      const session = latest === undefined ? undefined : await loadSession(latest);
      return session?.status === "ACTIVE" ? session : null;
    },
    sessions: ({ sensorId }, { filter, first, after }, { viewer, services }) =>
      services.sessions.list(viewer.tenantId, { ...filter, sensorId }, first, after),
  },
  SessionConnection: connection,
  SensorConnection: connection,
  ReadingConnection: connection,
} satisfies Resolvers;

export const sessionStreams = {
  sessionChanged:
    ((args, context, signal) =>
      context.services.watchSessions((context as Context).viewer.tenantId, args.sensorId, signal)) satisfies Subscribe<
        { sensorId?: string | null }
      >,
};
