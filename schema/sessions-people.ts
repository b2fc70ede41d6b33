import { MAX_MERGED } from "../api/sessions/correction-model.ts";
import { MAX_PAUSES } from "../api/sessions/pauses.ts";
import type * as Results from "../api/sessions/results.ts";
import type { VersionConflict } from "../api/sessions/results.ts";
import { builder, entries } from "./builder.ts";
import { errorType, InvalidInputError, NotFoundError, orInvalid } from "./errors.ts";
import { PAUSE_ENDS, PauseInput } from "./sessions-pauses.ts";
import { PayloadMismatchError, SessionPayload } from "./sessions-recording.ts";
import { Session } from "./sessions.ts";

const VersionConflictError = errorType<VersionConflict>("VersionConflictError", {
  description: "Somebody else changed it since.",
  code: "VERSION_CONFLICT",
  message: "Which version it is at.",
  fields: (t) => ({
    current: t.expose("current", { type: Session, nullable: true, description: "The session as it is now." }),
  }),
});

const AnnotateSessionInput = builder.inputType("AnnotateSessionInput", {
  description: "What a person writes of a session. What is left out stays; null empties labels and notes.",
  fields: (t) => ({
    sessionId: t.string({ required: true, description: "Which session." }),
    expectedVersion: t.int({ required: true, description: "The `version` that the person saw." }),
    labels: t.stringList({ description: "At most 100 of at most 64 characters." }),
    notes: t.string({ description: "At most 10,000 characters." }),
    pinned: t.boolean({ description: "True keeps the session for ever, false no longer; null leaves it as it is." }),
  }),
});

const AnnotateSessionResult = builder.unionType("AnnotateSessionResult", {
  description: "The session, or why it was not annotated.",
  types: [SessionPayload, NotFoundError, VersionConflictError, InvalidInputError],
});

const CorrectSessionInput = builder.inputType("CorrectSessionInput", {
  description:
    "What a person says of a session against its devices. What is left out stays; null takes a correction back.",
  fields: (t) => ({
    sessionId: t.string({ required: true, description: "Which session." }),
    expectedVersion: t.int({ required: true, description: "The `version` that the person saw." }),
    startedAt: t.field({
      type: "DateTime",
      description: "When it began; motion before it belongs to another session.",
    }),
    endedAt: t.field({ type: "DateTime", description: "When it ended; motion after it belongs to another session." }),
    sensorId: t.string({
      description: "At which sensor it was. What its devices still send of it goes on to be counted in it.",
    }),
    pauses: t.field({
      type: [PauseInput],
      required: { list: false, items: true },
      description: `What its pauses were, each with both ends, at most ${MAX_PAUSES}; empty where there was none.`,
    }),
  }),
});

const RecordPauseInput = builder.inputType("RecordPauseInput", {
  description: "What is said of a pause of a session, as in `PauseInput`.",
  fields: (t) => ({
    sessionId: t.string({ required: true, description: "Which session." }),
    from: t.field({ type: "DateTime", description: PAUSE_ENDS.from }),
    to: t.field({ type: "DateTime", description: PAUSE_ENDS.to }),
  }),
});

const RecordPauseResult = builder.unionType("RecordPauseResult", {
  description: "The session, or why the pause was not kept.",
  types: [SessionPayload, NotFoundError, InvalidInputError],
});

const SeenSessionInput = builder.inputType("SeenSessionInput", {
  description: "A session as a person saw it.",
  fields: (t) => ({
    sessionId: t.string({ required: true, description: "Which session." }),
    expectedVersion: t.int({ required: true, description: "The `version` that the person saw." }),
  }),
});

const MergeSessionsInput = builder.inputType("MergeSessionsInput", {
  description: "Sessions that are one.",
  fields: (t) => ({
    sessions: t.field({
      type: [SeenSessionInput],
      required: true,
      description: `2 to ${MAX_MERGED} of one sensor, in any order, that follow each other: none begins between them.`,
    }),
  }),
});

const SplitSessionInput = builder.inputType("SplitSessionInput", {
  description: "A session that is two.",
  fields: (t) => ({
    sessionId: t.string({ required: true, description: "Which session." }),
    expectedVersion: t.int({ required: true, description: "The `version` that the person saw." }),
    at: t.field({
      type: "DateTime",
      required: true,
      description:
        "Where the second one begins: after the start, and not after the end; where it was split before, before that.",
    }),
    newSessionId: t.string({
      description: "The second session's id, which makes a retry safe; made by the service where absent.",
    }),
  }),
});

const UndoSessionCorrectionInput = builder.inputType("UndoSessionCorrectionInput", {
  description: "A session whose newest merge or split is to be taken back.",
  fields: (t) => ({
    sessionId: t.string({ required: true, description: "The session that was merged into, or split." }),
    expectedVersion: t.int({ required: true, description: "The `version` that the person saw." }),
  }),
});

const DeleteSessionInput = builder.inputType("DeleteSessionInput", {
  description: "A session to delete.",
  fields: (t) => ({
    sessionId: t.string({ required: true, description: "Which session." }),
    expectedVersion: t.int({ required: true, description: "The `version` that the person saw." }),
  }),
});

const RestoreSessionInput = builder.inputType("RestoreSessionInput", {
  description: "A session to bring back.",
  fields: (t) => ({ sessionId: t.string({ required: true, description: "Which session." }) }),
});

const ShownPayload = builder.objectRef<{ __typename: "ShownPayload"; sessionId: string; version: number }>(
  "ShownPayload",
)
  .implement({
    description: "A session that was taken away, brought back, or is as it was.",
    access: "SESSIONS_WRITE",
    fields: (t) => ({
      sessionId: t.exposeString("sessionId", { description: "Which session." }),
      version: t.exposeInt("version", { description: "Its version now." }),
    }),
  });

const SplitSessionPayload = builder.objectRef<Results.SplitPayload>("SplitSessionPayload").implement({
  description: "The two sessions.",
  access: "SESSIONS_WRITE",
  fields: (t) => ({
    first: t.expose("first", { type: Session, nullable: true, description: "The one that ends there." }),
    second: t.expose("second", { type: Session, nullable: true, description: "The one that begins there." }),
  }),
});

const MergeSessionsResult = builder.unionType("MergeSessionsResult", {
  description: "The one session, or why nothing was merged.",
  types: [SessionPayload, NotFoundError, VersionConflictError, InvalidInputError],
});

const SplitSessionResult = builder.unionType("SplitSessionResult", {
  description: "The two sessions, or why nothing was split.",
  types: [SplitSessionPayload, NotFoundError, VersionConflictError, PayloadMismatchError, InvalidInputError],
});

const DeleteSessionResult = builder.unionType("DeleteSessionResult", {
  description: "What was deleted, or why nothing was.",
  types: [ShownPayload, NotFoundError, VersionConflictError, InvalidInputError],
});

const UndoSessionCorrectionResult = builder.unionType("UndoSessionCorrectionResult", {
  description: "The session that is as it was, or why nothing was taken back.",
  types: [ShownPayload, NotFoundError, VersionConflictError, InvalidInputError],
});

const RestoreSessionResult = builder.unionType("RestoreSessionResult", {
  description: "What is back, or why nothing is.",
  types: [ShownPayload, NotFoundError, InvalidInputError],
});

const CorrectSessionResult = builder.unionType("CorrectSessionResult", {
  description: "The session, or why it was not changed.",
  types: [SessionPayload, NotFoundError, VersionConflictError, InvalidInputError],
});

const ConfigureSessionsInput = builder.inputType("ConfigureSessionsInput", {
  description: "How sessions end and are kept; holds for sessions that begin from now on.",
  fields: (t) => ({
    sensorId: t.string({ description: "For this sensor; for the tenant where absent." }),
    idleTimeout: t.field({
      type: "Milliseconds",
      description: "How long without motion ends a session: 10 seconds to 24 hours; 5 minutes where never set.",
    }),
    maxAhead: t.field({
      type: "Milliseconds",
      description:
        "How far ahead of the service's clock a device's time is believed: at most a day; 10 minutes where never set. What is not believed is kept aside. A motion sensor's clock that is behind by up to as much places its session by what it says; the session is live while motion comes.",
    }),
    maxBehindDays: t.int({
      description: "How many days behind it: 1 to 36,500; 7,300 where never set, so that history can be loaded.",
    }),
    maxApart: t.field({
      type: "Milliseconds",
      description:
        "How far the next readings of a session may be from each other, and a stated start before the first of its batch: a minute to 3,650 days; a day where never set. Where a session falls apart the part with the most readings counts, whichever came first; the others are kept aside.",
    }),
    maxLength: t.field({
      type: "Milliseconds",
      description:
        "How long a session may be, as a device measures it: a minute to 3,650 days; 30 days where never set.",
    }),
    maxPause: t.field({
      type: "Milliseconds",
      description:
        "How long a pause keeps a session going whose end nobody says: a minute to 3,650 days; an hour where never set. Said later, its end holds however long it was.",
    }),
    keepDays: t.int({
      description: "Days to keep a session after its last write: 1 to 3,650; 30 where never set. Of the tenant only.",
    }),
  }),
});

const ConfigureSessionsPayload = builder.objectRef<
  { __typename: "ConfigureSessionsPayload"; sensorId: string | null | undefined }
>("ConfigureSessionsPayload").implement({
  description: "It is set.",
  access: "ADMIN",
  fields: (t) => ({
    sensorId: t.exposeString("sensorId", {
      nullable: true,
      description: "The sensor that it holds for; null where it is the tenant.",
    }),
  }),
});

const ConfigureSessionsResult = builder.unionType("ConfigureSessionsResult", {
  description: "What was set, or why it was refused.",
  types: [ConfigureSessionsPayload, InvalidInputError],
});

entries.mutationFields((t) => ({
  annotateSession: t.field({
    type: AnnotateSessionResult,
    description: "Changes what people write of a session, if nobody did since.",
    access: "SESSIONS_WRITE",
    args: { input: t.arg({ type: AnnotateSessionInput, required: true, description: "What to change." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(() => services.sessions.annotate(viewer.tenantId, input)),
  }),

  correctSession: t.field({
    type: CorrectSessionResult,
    description:
      "Corrects start, end, pauses and sensor of a session, if nobody changed it since; counts, numbers and neighbours follow.",
    access: "SESSIONS_WRITE",
    args: { input: t.arg({ type: CorrectSessionInput, required: true, description: "What to correct." }) },
    resolve: (_, { input }, { viewer, services }) => orInvalid(() => services.sessions.correct(viewer.tenantId, input)),
  }),

  recordPause: t.field({
    type: RecordPauseResult,
    description:
      "Says when a session was paused, when it went on, or both at once; the same again changes nothing. It goes on while it is paused, for `maxPause` at most where nobody says that the pause ended; `activeDuration` and active time leave pauses out. Motion within a pause counts, and ends none.",
    access: "SESSIONS_WRITE",
    args: { input: t.arg({ type: RecordPauseInput, required: true, description: "Which session, and when." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(() => services.sessions.recordPause(viewer.tenantId, input)),
  }),

  mergeSessions: t.field({
    type: MergeSessionsResult,
    description:
      "Makes sessions of one sensor that follow each other one, if nobody changed them since. The first stays, and the ids of the others lead to it; labels are joined, notes kept one below the other, readings and motion are all its own, also what comes late.",
    access: "SESSIONS_WRITE",
    args: { input: t.arg({ type: MergeSessionsInput, required: true, description: "Which sessions." }) },
    resolve: (_, { input }, { viewer, services }) => orInvalid(() => services.sessions.merge(viewer.tenantId, input)),
  }),

  splitSession: t.field({
    type: SplitSessionResult,
    description:
      "Makes a session two, if nobody changed it since. Labels are of both, notes of the first; readings and motion belong where they lie, also what comes late.",
    access: "SESSIONS_WRITE",
    args: { input: t.arg({ type: SplitSessionInput, required: true, description: "Which session, and where." }) },
    resolve: (_, { input }, { viewer, services }) => orInvalid(() => services.sessions.split(viewer.tenantId, input)),
  }),

  undoSessionCorrection: t.field({
    type: UndoSessionCorrectionResult,
    description:
      "Takes a session's newest merge or split back, as long as no person and no statement changed it since; motion and readings that came since are kept. `correctSession` with null takes back what it corrected, `restoreSession` a deletion.",
    access: "SESSIONS_WRITE",
    args: { input: t.arg({ type: UndoSessionCorrectionInput, required: true, description: "Which session." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => shownPayload(await services.sessions.undo(viewer.tenantId, input))),
  }),

  deleteSession: t.field({
    type: DeleteSessionResult,
    description:
      "Takes a session out of every list and count, if nobody changed it since. What its device still sends of it is refused.",
    access: "SESSIONS_WRITE",
    args: { input: t.arg({ type: DeleteSessionInput, required: true, description: "Which session." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => shownPayload(await services.sessions.remove(viewer.tenantId, input))),
  }),

  restoreSession: t.field({
    type: RestoreSessionResult,
    description: "Brings a session back that was deleted, as it was.",
    access: "SESSIONS_WRITE",
    args: { input: t.arg({ type: RestoreSessionInput, required: true, description: "Which session." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => shownPayload(await services.sessions.restore(viewer.tenantId, input))),
  }),

  configureSessions: t.field({
    type: ConfigureSessionsResult,
    description: "Sets how sessions end and are kept.",
    access: "ADMIN",
    args: { input: t.arg({ type: ConfigureSessionsInput, required: true, description: "What to set." }) },
    resolve: (_, { input: { sensorId, idleTimeout, keepDays, ...limits } }, { viewer, services }) =>
      orInvalid(async () => {
        await services.sessions.configure(viewer.tenantId, {
          sensorId: sensorId ?? undefined,
          idleMs: idleTimeout ?? undefined,
          keepDays: keepDays ?? undefined,
          plausible: limits,
        });
        return { __typename: "ConfigureSessionsPayload" as const, sensorId };
      }),
  }),
}));

/** What was done to a session, without the session itself: it may not be shown any more. */
function shownPayload<Other>(result: Results.SessionPayload | Other) {
  if (!isPayload(result)) return result;
  const { sessionId, version } = result.session;
  return { __typename: "ShownPayload" as const, sessionId, version };
}

function isPayload<Other>(result: Results.SessionPayload | Other): result is Results.SessionPayload {
  return (result as Results.SessionPayload).__typename === "SessionPayload";
}
