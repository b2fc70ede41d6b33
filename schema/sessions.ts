import { missing } from "../api/core/watermark.ts";
import type * as Model from "../api/sessions/model.ts";
import { LIMITS } from "../api/sessions/model.ts";
import { durationOf, sensorOf } from "../api/sessions/rules.ts";
import { leadOf } from "../api/sessions/lead.ts";
import { expiryOf } from "../api/sessions/listing.ts";
import type { ReadingStretch as ReadingStretchShown } from "../api/sessions/thinning.ts";
import { builder, entries } from "./builder.ts";
import { Between, TimeRange } from "./common.ts";
import type { SharedContext } from "./context.ts";
import { PAGE_COST, pageArgs, pagesOf } from "./lists.ts";
import { globalId, Node } from "./nodes.ts";

/** What reading the batches of a range weighs, in fields. */
const SERIES_COST = 250;

export const Sensor = builder.objectRef<Model.Sensor>("Sensor");

Sensor.implement({
  description: "A thing that senses: a motion sensor, a device.",
  access: "SESSIONS_READ",
  interfaces: [Node],
  load: (id, { loadSensor }) => loadSensor(id),
  fields: (t) => ({
    id: t.id({
      description: "Opaque global id, for `node`.",
      resolve: ({ tenantId, sensorId }) => globalId("Sensor", { tenantId }, sensorId),
    }),
    sensorId: t.exposeString("sensorId", { description: "The sender's id of the sensor." }),
    lastMotionAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "The latest motion or reading of its latest session.",
      resolve: async ({ sensorId }, _, context) => (await findLatest(sensorId, context))?.lastMotionAt,
    }),
    activeSession: t.field({
      type: Session,
      nullable: true,
      description: "Its active session; null where none is.",
      resolve: async ({ sensorId }, _, { loadSensor, loadSession, viewer, services }) => {
        const id = (await loadSensor(sensorId))?.latestSessionId;
        const latest = id === undefined ? undefined : await loadSession(id);
        return services.sessions.findActive(viewer.tenantId, sensorId, { latest });
      },
    }),
    sessions: t.field({
      type: SessionConnection,
      description: "Its sessions, latest start first.",
      args: {
        filter: t.arg({
          type: SessionFilter,
          description: "Which sessions; all that are kept where absent. `sensorId` is this sensor's.",
        }),
        ...pageArgs("sessions", { first: 25, most: 100 }),
      },
      cost: PAGE_COST,
      resolve: ({ sensorId }, { filter, ...page }, { viewer, services }) =>
        services.sessions.list(viewer.tenantId, { ...filter, sensorId }, page),
    }),
  }),
});

const { Connection: SensorConnection } = pagesOf(Sensor, {
  access: "SESSIONS_READ",
  one: "sensor",
  many: "sensors",
  cursor: "Good as `after` of `sensors`.",
});

export const Session = builder.objectRef<Model.Session>("Session");

Session.implement({
  description: "A stretch of activity at one sensor.",
  access: "SESSIONS_READ",
  interfaces: [Node],
  load: (id, { loadSession }) => loadSession(id),
  fields: (t) => ({
    id: t.id({
      description: "Opaque global id, for `node`.",
      resolve: ({ tenantId, sessionId }) => globalId("Session", { tenantId }, sessionId),
    }),
    sessionId: t.exposeString("sessionId", { description: "The creator's id of the session." }),
    sensor: t.field({
      type: Sensor,
      description: "Where it is.",
      // A session is at a sensor even where the sensor itself was never read.
      resolve: (session) => ({ tenantId: session.tenantId, sensorId: sensorOf(session) }),
    }),
    userId: t.exposeString("userId", { nullable: true, description: "The `sub` of the token that opened it." }),
    status: t.expose("status", { type: SessionStatus, description: "Whether it goes on." }),
    startedAt: t.expose("startedAt", {
      type: "DateTime",
      description: "The start that was given, or of the earliest reading; where there is neither, the earliest motion.",
    }),
    endedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "Null while the session is active.",
      resolve: ({ endedAt }) => endedAt,
    }),
    endReason: t.field({
      type: SessionEndReason,
      nullable: true,
      description: "How the end is known; null while active.",
      resolve: ({ endedBy }) => endedBy && (endedBy === "FINAL" ? "EXPLICIT" : endedBy),
    }),
    deletedAt: t.expose("deletedAt", {
      type: "DateTime",
      nullable: true,
      description: "When a person deleted it: it is in no list and no count, and can be restored until it expires.",
    }),
    mergedInto: t.field({
      type: Session,
      nullable: true,
      description:
        "Where everything of it is now: late motion showed that it and an earlier session are one, or a person said so. Null for a session of its own; only those are in lists.",
      resolve: ({ mergedInto }, _, { loadSession }) =>
        mergedInto === undefined ? null : leadOf(loadSession, mergedInto),
    }),
    lastMotionAt: t.expose("lastMotionAt", {
      type: "DateTime",
      description: "The latest motion or reading; the start where there was none.",
    }),
    duration: t.field({
      type: "Milliseconds",
      nullable: true,
      description: "From start to end, as the device measured it where it did; null while active.",
      resolve: durationOf,
    }),
    motionEventCount: t.exposeInt("motionEventCount", { description: "Motion events, each counted once." }),
    playback: t.expose("playback", { type: Playback, description: "Media playback that the session started." }),
    sampleCount: t.exposeInt("sampleCount", {
      description: "Readings received, each counted once however often its batch arrived.",
    }),
    missingBatches: t.field({
      type: [IntRange],
      description:
        "Offsets of its device's batches that must exist, because a later one arrived, and have not arrived.",
      resolve: missingBatchesOf,
    }),
    readings: t.field({
      type: ReadingConnection,
      description: "The readings in the order of time, over all batches.",
      args: pageArgs("readings", { first: 100, most: 2_000 }),
      cost: PAGE_COST,
      resolve: async (session, page, { loadSession, services }) => {
        const whole = await wholeOf(session, loadSession);
        return { ...await services.sessions.listReadings(whole, page), totalCount: whole.sampleCount };
      },
    }),
    readingSeries: t.field({
      type: [ReadingStretch],
      description:
        `The readings of a range, thinned for a chart so that no peak is lost: as many readings as \`points\`, or fewer, each by itself; of more, what those in each of \`points\` equal stretches of time come to. In the order of time; stretches without readings are left out. It reads the range's batches, a request each: at most ${
          LIMITS.seriesBatches.toLocaleString("en")
        }, more are refused.`,
      args: {
        points: t.arg.int({
          required: true,
          defaultValue: 1_000,
          description: `Most stretches, 1 to ${LIMITS.seriesPoints.toLocaleString("en")}.`,
        }),
        from: t.arg({ type: "DateTime", description: "Readings from then on, included; from the first where absent." }),
        to: t.arg({
          type: "DateTime",
          description: "Readings before then; later than `from`. To the last where absent.",
        }),
      },
      // However few its points, it reads the batches of the range.
      cost: { own: SERIES_COST, rows: "points" },
      resolve: async (session, asked, { loadSession, services }) =>
        services.sessions.readSeries(await wholeOf(session, loadSession), asked),
    }),
    labels: t.exposeStringList("labels", { description: "Set by people only. No device write can change it." }),
    notes: t.string({
      nullable: true,
      description: "Set by people only. No device write can change it.",
      resolve: async (session, _, { loadSession }) =>
        session.notes === undefined ? (await loadSession(session.sessionId))?.notes : session.notes,
    }),
    pinned: t.exposeBoolean("pinned", { description: "A pinned session never expires." }),
    version: t.exposeInt("version", {
      description: "Grows by one with each change by a person; pass it back when annotating.",
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was opened here." }),
    updatedAt: t.expose("updatedAt", {
      type: "DateTime",
      description: "The last write, but for `annotateSession`, which moves `version` alone.",
    }),
    expiresAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When the session is deleted, by its last write, a person's too; null where it is pinned.",
      // A row of a list says whether a person wrote, and not when.
      resolve: async (session, _, { loadSession }) =>
        expiryOf(session.pinned || session.version === 1 ? session : await wholeOf(session, loadSession)),
    }),
  }),
});

const { Connection: SessionConnection } = pagesOf(Session, {
  access: "SESSIONS_READ",
  one: "session",
  many: "sessions",
  cursor: "Good as `after` of the same list with the same filter.",
});

const SessionStatus = builder.enumType("SessionStatus", {
  description: "Whether a session goes on.",
  values: {
    ACTIVE: { description: "It goes on. Several at a sensor where devices name their own." },
    COMPLETED: { description: "It is over. Late motion and late batches still correct its numbers." },
  },
});

const SessionEndReason = builder.enumType("SessionEndReason", {
  description: "How the end of a session is known.",
  values: {
    CORRECTED: { description: "A person said so: that beats all the rest." },
    EXPLICIT: { description: "Somebody or something ended it, or its device sent the last batch." },
    IDLE: { description: "No motion for longer than the idle timeout; `endedAt` is the last motion." },
  },
});

export const IntRange = builder.objectRef<{ from: number; to: number }>("IntRange").implement({
  description: "Both ends are included.",
  access: "HOLDER",
  fields: (t) => ({
    from: t.exposeInt("from", { description: "The first." }),
    to: t.exposeInt("to", { description: "The last." }),
  }),
});

const Playback = builder.objectRef<Model.Playback>("Playback").implement({
  description: "Media playback that the session started.",
  access: "SESSIONS_READ",
  fields: (t) => ({
    started: t.exposeBoolean("started", { description: "Whether it started." }),
    startedAt: t.expose("startedAt", { type: "DateTime", nullable: true, description: "When it started." }),
    stoppedAt: t.expose("stoppedAt", { type: "DateTime", nullable: true, description: "When it stopped." }),
    failure: t.exposeString("failure", {
      nullable: true,
      description: "Why playback did not start, where it was tried and failed.",
    }),
    deviceId: t.exposeString("deviceId", { nullable: true, description: "On which device." }),
    contextUri: t.exposeString("contextUri", { nullable: true, description: "What was to be played." }),
  }),
});

const Reading = builder.objectRef<Model.Reading>("Reading").implement({
  description: "What a device measured at one instant.",
  access: "SESSIONS_READ",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "By the device's clock." }),
    values: t.field({
      type: ["Float"],
      nullable: { list: false, items: true },
      description: "One number a channel; null where the channel has none.",
      resolve: ({ values }) => [...values],
    }),
  }),
});

const ReadingStretch = builder.objectRef<ReadingStretchShown>("ReadingStretch").implement({
  description: "What readings of a stretch of time come to; of one reading, the reading.",
  access: "SESSIONS_READ",
  fields: (t) => ({
    firstAt: t.expose("firstAt", { type: "DateTime", description: "Of its earliest reading." }),
    lastAt: t.expose("lastAt", { type: "DateTime", description: "Of its latest reading." }),
    count: t.exposeInt("count", { description: "Readings in it." }),
    min: t.field({
      type: ["Float"],
      nullable: { list: false, items: true },
      description: "The least value of each channel; null where no reading has one.",
      resolve: ({ min }) => [...min],
    }),
    max: t.field({
      type: ["Float"],
      nullable: { list: false, items: true },
      description: "The greatest value of each channel; null where no reading has one.",
      resolve: ({ max }) => [...max],
    }),
  }),
});

const { Connection: ReadingConnection } = pagesOf(Reading, {
  access: "SESSIONS_READ",
  one: "reading",
  many: "readings",
  totalCount: "All readings of the session, whichever page this is.",
  cursor: "Good as `after` of `Session.readings`.",
});

export const SessionFilter = builder.inputType("SessionFilter", {
  description: "Which sessions to list; all parts must hold.",
  fields: (t) => ({
    sensorId: t.string({ description: "Sessions at this sensor." }),
    range: t.field({ type: TimeRange, description: "By `startedAt`." }),
    overlaps: t.field({
      type: Between,
      description:
        "Sessions of which some time lies in it, whenever they started; those that go on reach as far as silence will not have ended them. Of before it only the days are read on which sessions began that last until it, so what started a second ago may be missing.",
    }),
    status: t.field({ type: SessionStatus, description: "Sessions that go on, or that are over." }),
    label: t.string({ description: "Sessions that carry this label." }),
    text: t.string({
      description:
        "Sessions whose notes hold each of these words, or words that hold them; letters are the same large or small, with or without accents. At most 10 words.",
    }),
  }),
});

const SensorFilter = builder.inputType("SensorFilter", {
  description: "Which sensors to list; all parts must hold.",
  fields: (t) => ({
    prefix: t.string({ description: "Sensors whose id begins so." }),
    search: t.string({
      description:
        "Sensors whose id or name holds this text; letters are the same large or small, with or without accents. Looks through all sensors.",
    }),
  }),
});

entries.queryFields((t) => ({
  session: t.field({
    type: Session,
    nullable: true,
    description: "The session with this id; null where there is none.",
    access: "SESSIONS_READ",
    args: { sessionId: t.arg.string({ required: true, description: "The creator's id of the session." }) },
    resolve: (_, { sessionId }, { loadSession }) => loadSession(sessionId),
  }),

  activeSession: t.field({
    type: Session,
    nullable: true,
    description: "The session that goes on at a sensor; null where none does.",
    access: "SESSIONS_READ",
    args: { sensorId: t.arg.string({ required: true, description: "The sender's id of the sensor." }) },
    resolve: (_, { sensorId }, { viewer, services }) => services.sessions.findActive(viewer.tenantId, sensorId),
  }),

  sessions: t.field({
    type: SessionConnection,
    description: "Latest start first.",
    access: "SESSIONS_READ",
    args: {
      filter: t.arg({ type: SessionFilter, description: "Which sessions; all that are kept where absent." }),
      ...pageArgs("sessions", { first: 25, most: 100 }),
    },
    cost: PAGE_COST,
    resolve: (_, { filter, ...page }, { viewer, services }) =>
      services.sessions.list(viewer.tenantId, filter ?? {}, page),
  }),

  sensor: t.field({
    type: Sensor,
    nullable: true,
    description: "The sensor with this id; null where nothing came from it yet.",
    access: "SESSIONS_READ",
    args: { sensorId: t.arg.string({ required: true, description: "The sender's id of the sensor." }) },
    resolve: (_, { sensorId }, { loadSensor }) => loadSensor(sensorId),
  }),

  sensors: t.field({
    type: SensorConnection,
    description: "By their ids.",
    access: "SESSIONS_READ",
    args: {
      filter: t.arg({ type: SensorFilter, description: "Which sensors; all where absent." }),
      ...pageArgs("sensors", { first: 25, most: 100 }),
    },
    cost: PAGE_COST,
    resolve: (_, { filter, ...page }, { viewer, services }) =>
      services.sessions.listSensors(viewer.tenantId, filter ?? {}, page),
  }),
}));

/** Offsets of batches that must exist and have not arrived, in ranges. */
export function missingBatchesOf({ batches }: Model.Session): { from: number; to: number }[] {
  return missing(batches).map(([from, to]) => ({ from: Number(from), to: Number(to) }));
}

/** A row of a list, which alone says how long it was paused, has no directory of its batches, and not all that was said of it. */
export async function wholeOf(
  session: Model.Session,
  loadSession: SharedContext["loadSession"],
): Promise<Model.Session> {
  return (session.pausedMs === undefined ? undefined : await loadSession(session.sessionId)) ?? session;
}

/** The latest session at a sensor. One that a person moved elsewhere is not, and one that was moved here may be. */
async function findLatest(sensorId: string, { loadSensor, loadSession, viewer, services }: SharedContext) {
  const id = (await loadSensor(sensorId))?.latestSessionId;
  const latest = id === undefined ? undefined : await loadSession(id);
  if (latest && sensorOf(latest) === sensorId) return latest;
  const { edges: [newest] } = await services.sessions.list(viewer.tenantId, { sensorId }, { first: 1 });
  return newest?.node;
}
