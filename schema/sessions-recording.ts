import type * as Results from "../api/sessions/results.ts";
import { MAX_PAUSES } from "../api/sessions/pauses.ts";
import { builder, entries } from "./builder.ts";
import { errorType, InvalidInputError, NotFoundError, orInvalid } from "./errors.ts";
import { PauseInput } from "./sessions-pauses.ts";
import { IntRange, missingBatchesOf, Session } from "./sessions.ts";

export const SessionPayload = builder.objectRef<Results.SessionPayload>("SessionPayload").implement({
  description: "A session, as it is now.",
  access: "SESSIONS_WRITE",
  fields: (t) => ({
    sessionId: t.string({
      description: "The session's id; readable with the scope that writes.",
      resolve: ({ session }) => session.sessionId,
    }),
    session: t.expose("session", { type: Session, nullable: true, description: "As it is now." }),
    held: t.exposeString("held", {
      nullable: true,
      description:
        "Why what was said does not hold yet: an end lies before the start that is known, or a pause outside of the session. It is kept, and holds once the session is known to reach there; null where all that was said holds.",
    }),
  }),
});

const RecordMotionPayload = builder.objectRef<Results.MotionPayload>("RecordMotionPayload").implement({
  description: "Where a motion event was counted.",
  access: "SESSIONS_WRITE",
  fields: (t) => ({
    sessionId: t.string({
      description: "The id of the session that it belongs to.",
      resolve: ({ session }) => session.sessionId,
    }),
    session: t.expose("session", { type: Session, nullable: true, description: "The session that it belongs to." }),
    started: t.exposeBoolean("started", { description: "True where this event opened the session." }),
    duplicate: t.exposeBoolean("duplicate", { description: "True where the event had been recorded before." }),
  }),
});

const MotionClearedPayload = builder.objectRef<Results.ClearedPayload>("MotionClearedPayload").implement({
  description: "That motion ceased is kept: it closes the latest motion before it, also one that comes later.",
  access: "SESSIONS_WRITE",
  fields: (t) => ({
    sessionId: t.string({
      nullable: true,
      description: "The id of the session that lasts until then; null while no motion that it closes is there.",
      resolve: ({ session }) => session?.sessionId,
    }),
    session: t.field({
      type: Session,
      nullable: true,
      description: "The session that lasts until then; null while no motion that it closes is there.",
      resolve: ({ session }) => session,
    }),
    duplicate: t.exposeBoolean("duplicate", { description: "True where the same had been recorded before." }),
  }),
});

const ReadingStatus = builder.enumType("ReadingStatus", {
  description: "Why a reading was not taken.",
  values: {
    REJECTED: { description: "It is wrong; sending it again as it is will not help." },
    QUARANTINED: { description: "Its time is not believed; it is kept aside and counts once it is admitted." },
  },
});

const ReadingReceipt = builder.objectRef<Results.BatchPayload["receipts"][number]>("ReadingReceipt").implement({
  description: "A reading of a batch that was not taken; the others were.",
  access: "SESSIONS_WRITE",
  fields: (t) => ({
    index: t.exposeInt("index", { description: "Its place in the batch, from 0." }),
    status: t.expose("status", { type: ReadingStatus, description: "Refused, or kept aside." }),
    reason: t.exposeString("reason", { description: "The field, the limit and the value." }),
  }),
});

const QuarantinedPayload = builder.objectRef<Results.Quarantined>("QuarantinedPayload").implement({
  description:
    "The event is safe and counts nowhere: its time is not believed. `resolveQuarantined` admits or drops it.",
  access: "SESSIONS_WRITE",
  fields: (t) => ({
    quarantineId: t.exposeString("quarantineId", { description: "What `resolveQuarantined` takes." }),
    reason: t.exposeString("reason", { description: "Why its time is not believed." }),
  }),
});

const IngestSessionBatchPayload = builder.objectRef<Results.BatchPayload>("IngestSessionBatchPayload").implement({
  description: "Where a batch was counted.",
  access: "SESSIONS_WRITE",
  fields: (t) => ({
    sessionId: t.string({ description: "The id of the session.", resolve: ({ session }) => session.sessionId }),
    missingBatches: t.field({
      type: [IntRange],
      description:
        "Offsets of batches that must exist, because a later one arrived, and have not arrived: send these again.",
      resolve: ({ source }) => missingBatchesOf(source),
    }),
    session: t.expose("session", { type: Session, nullable: true, description: "The session, with the batch." }),
    duplicate: t.exposeBoolean("duplicate", { description: "True where this batch had been received before." }),
    accepted: t.exposeInt("accepted", { description: "Readings counted now." }),
    receipts: t.expose("receipts", {
      type: [ReadingReceipt],
      description: "Of each reading that was not taken; empty where all were.",
    }),
    doubts: t.exposeStringList("doubts", {
      description:
        "What the batch states of its session and is not believed, each with its reason; kept aside as well.",
    }),
    quarantineId: t.exposeString("quarantineId", {
      nullable: true,
      description: "What `resolveQuarantined` takes, where something of the batch is kept aside.",
    }),
  }),
});

const SessionEndedError = errorType<Results.SessionEnded>("SessionEndedError", {
  description: "The session is over.",
  code: "SESSION_ENDED",
  message: "What to do instead.",
  fields: (t) => ({ session: t.expose("session", { type: Session, nullable: true, description: "As it is." }) }),
});

export const PayloadMismatchError = errorType<Results.PayloadMismatch>("PayloadMismatchError", {
  description: "The same identity came before with other content; nothing was changed.",
  code: "PAYLOAD_MISMATCH",
  message: "Which identity.",
});

const CreateSessionInput = builder.inputType("CreateSessionInput", {
  description: "A session to open.",
  fields: (t) => ({
    sensorId: t.string({ required: true, description: "Where: 1 to 128 characters." }),
    sessionId: t.string({
      description: "The creator's own id, which makes a retry safe; made by the service where absent.",
    }),
    startedAt: t.field({
      type: "DateTime",
      description: "Now where absent. From 1990 to 10 minutes from now; not within a session that a person deleted.",
    }),
    playbackDeviceId: t.string({ description: "The device on which media is to be played." }),
    playbackContextUri: t.string({ description: "What is to be played." }),
  }),
});

const CreateSessionResult = builder.unionType("CreateSessionResult", {
  description: "The session, or why it was not created.",
  types: [SessionPayload, PayloadMismatchError, InvalidInputError],
});

const MotionState = builder.enumType("MotionState", {
  description: "What a motion sensor says.",
  values: {
    DETECTED: { description: "Motion: it counts as one event." },
    CLEARED: {
      description:
        "The motion ceased: its session goes on until then, however long that is (at most `maxLength`). It closes the latest motion before it that no other closes, whichever of the two came first, and counts as no event.",
    },
  },
});

const RecordMotionInput = builder.inputType("RecordMotionInput", {
  description: "One motion event.",
  fields: (t) => ({
    sensorId: t.string({ required: true, description: "Which sensor: 1 to 128 characters." }),
    seq: t.int({
      description:
        "The sensor's own running number of this event; the same number again changes nothing. Where absent, its instant says which event it is: two of the same instant are one.",
    }),
    boot: t.string({
      description:
        "An id that the device makes at each start, where its numbers begin anew then: 1 to 64 characters; only with `seq`.",
    }),
    at: t.field({
      type: "DateTime",
      description:
        "When it happened, by the sensor's clock: from 1990 on. What lies further ahead or behind than is believed (configureSessions) is kept aside.",
    }),
    state: t.field({
      type: MotionState,
      required: true,
      defaultValue: "DETECTED",
      description: "Whether motion was seen, or ceased: for sensors that say on and off as two messages.",
    }),
    endedAt: t.field({
      type: "DateTime",
      description:
        "When the motion ceased, where both are known at once: the session goes on until then, and it is one event. The same event again with a later end lasts longer.",
    }),
    useServiceTime: t.boolean({
      required: true,
      defaultValue: false,
      description: "True for a device without a clock: it happened now. Needs `seq`, and no `at`.",
    }),
  }),
});

const RecordMotionResult = builder.unionType("RecordMotionResult", {
  description: "Where the event was counted, or why it was refused.",
  types: [RecordMotionPayload, MotionClearedPayload, QuarantinedPayload, PayloadMismatchError, InvalidInputError],
});

const UpdateSessionInput = builder.inputType("UpdateSessionInput", {
  description: "What happened in a session.",
  fields: (t) => ({
    sessionId: t.string({ required: true, description: "Which session." }),
    updateId: t.id({
      required: true,
      description:
        "The caller's id of this update; the same id again changes nothing, and with other content is refused.",
    }),
    incrementMotionCount: t.boolean({
      required: true,
      defaultValue: false,
      description: "Counts one more motion event, now.",
    }),
    playbackStarted: t.boolean({ description: "Whether playback started." }),
    playbackFailure: t.string({ description: "Why playback did not start." }),
    playbackDeviceId: t.string({ description: "The device on which media is played." }),
    playbackContextUri: t.string({ description: "What is played." }),
  }),
});

const UpdateSessionResult = builder.unionType("UpdateSessionResult", {
  description: "The session, or why it was not updated.",
  types: [SessionPayload, NotFoundError, SessionEndedError, PayloadMismatchError, InvalidInputError],
});

const EndSessionInput = builder.inputType("EndSessionInput", {
  description: "A session to end.",
  fields: (t) => ({
    sessionId: t.string({ required: true, description: "Which session." }),
    endedAt: t.field({
      type: "DateTime",
      description:
        "Now where absent. Of several ends of a session the earliest holds. One before the start that is known is kept until an earlier start is known (`held`); of a session that motion alone opened it is refused.",
    }),
    playbackStopped: t.boolean({
      required: true,
      defaultValue: false,
      description: "Whether playback stopped with it.",
    }),
  }),
});

const EndSessionResult = builder.unionType("EndSessionResult", {
  description: "The session, or why it was not ended.",
  types: [SessionPayload, NotFoundError, InvalidInputError],
});

const IngestSessionBatchInput = builder.inputType("IngestSessionBatchInput", {
  description: "One batch of a device's readings.",
  fields: (t) => ({
    sessionId: t.string({ required: true, description: "The device's id of the session: 1 to 128 characters." }),
    sensorId: t.string({ required: true, description: "Which device: 1 to 128 characters." }),
    batchOffset: t.int({
      required: true,
      description: "Running number of this batch in its session, from 0. The same number again changes nothing.",
    }),
    readings: t.field({
      type: ["ReadingInput"],
      required: { list: true, items: false },
      description: "At most 5,000, and 1 MB as JSON. One that is null is refused by its receipt.",
    }),
    startedAt: t.field({
      type: "DateTime",
      description:
        "Start of the session by the device's clock. One after a reading of the same batch says nothing more.",
    }),
    durationMs: t.field({
      type: "Milliseconds",
      description: "Length of the session so far, as the device measures it: at most 3,650 days.",
    }),
    final: t.boolean({ required: true, defaultValue: false, description: "True on the last batch." }),
    pauses: t.field({
      type: [PauseInput],
      required: { list: false, items: true },
      description: `Pauses of the session, in any of its batches: at most ${MAX_PAUSES}, and as many of the session.`,
    }),
  }),
});

const IngestSessionBatchResult = builder.unionType("IngestSessionBatchResult", {
  description: "Where the batch was counted, or why it was refused.",
  types: [IngestSessionBatchPayload, PayloadMismatchError, InvalidInputError],
});

entries.mutationFields((t) => ({
  createSession: t.field({
    type: CreateSessionResult,
    description: "Opens a session; one that is active at the sensor ends.",
    access: "SESSIONS_WRITE",
    args: { input: t.arg({ type: CreateSessionInput, required: true, description: "The session." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(() => services.sessions.create(viewer.tenantId, viewer.userId, input)),
  }),

  recordMotion: t.field({
    type: RecordMotionResult,
    description: "Counts one motion event into the sensor's active session, opening one where there is none.",
    access: "SESSIONS_WRITE",
    args: { input: t.arg({ type: RecordMotionInput, required: true, description: "The event." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(() => services.sessions.recordMotion(viewer.tenantId, viewer.userId, input)),
  }),

  updateSession: t.field({
    type: UpdateSessionResult,
    description: "Notes what happened in a session, once for each update id.",
    access: "SESSIONS_WRITE",
    args: { input: t.arg({ type: UpdateSessionInput, required: true, description: "What happened." }) },
    resolve: (_, { input }, { viewer, services }) => orInvalid(() => services.sessions.update(viewer.tenantId, input)),
  }),

  endSession: t.field({
    type: EndSessionResult,
    description: "Ending an ended session changes nothing.",
    access: "SESSIONS_WRITE",
    args: { input: t.arg({ type: EndSessionInput, required: true, description: "Which session, and when." }) },
    resolve: (_, { input }, { viewer, services }) => orInvalid(() => services.sessions.end(viewer.tenantId, input)),
  }),

  ingestSessionBatch: t.field({
    type: IngestSessionBatchResult,
    description: "Answers when the readings are safe in the object store and counted.",
    access: "SESSIONS_WRITE",
    args: { input: t.arg({ type: IngestSessionBatchInput, required: true, description: "The batch." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(() => services.sessions.ingestBatch(viewer.tenantId, viewer.userId, input)),
  }),
}));
