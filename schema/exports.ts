import type { Export } from "../api/files/export.ts";
import type { KeptFile } from "../api/files/keep.ts";
import { EXPORT_LIMITS as JOURNEY_LIMITS } from "../api/journeys/export.ts";
import { EXPORT_LIMITS as SESSION_LIMITS } from "../api/sessions/export.ts";
import { builder, entries } from "./builder.ts";
import { InvalidInputError, notFound, NotFoundError, orInvalid } from "./errors.ts";
import { JourneyFilter } from "./journeys.ts";
import { SessionFilter } from "./sessions.ts";

/** A file weighs as much as the pages that go into it, as far as an operation may ask for that. */
const FILE_COST = { own: 5_000 };
const [SESSIONS, READINGS, JOURNEYS] = [SESSION_LIMITS.sessions, SESSION_LIMITS.readings, JOURNEY_LIMITS.journeys].map(
  (most) => most.toLocaleString("en"),
);

const FileFormat = builder.enumType("FileFormat", {
  description: "What kind of file.",
  values: {
    CSV: {
      description:
        "RFC 4180, UTF-8, with a heading. Text that a spreadsheet would take for a formula has an apostrophe before it.",
    },
    PARQUET: { description: "Apache Parquet, compressed by Snappy: for DuckDB, pandas and Spark." },
  },
});

const ExportPayload = builder.objectRef<Export & { __typename: "ExportPayload" }>("ExportPayload").implement({
  description: "A file to fetch.",
  access: "HOLDER",
  fields: (t) => ({
    url: t.exposeString("url", { description: "GET it here; whoever has the link can." }),
    fileName: t.exposeString("fileName", { description: "The name under which a browser keeps it." }),
    rows: t.exposeInt("rows", { description: "Rows in it, without the heading." }),
    bytes: t.exposeInt("bytes", { description: "How large it is." }),
    expiresAt: t.expose("expiresAt", {
      type: "DateTime",
      description: "The link is good until then: 15 minutes. The file is deleted a day later.",
    }),
    endCursor: t.exposeString("endCursor", {
      nullable: true,
      description: "Where the list goes on: pass it as `after` for the next file. Null where this one is the last.",
    }),
  }),
});

const common = {
  format: "What kind of file.",
  after: "The `endCursor` of the file before, of the same list; from the beginning where absent.",
};

const ExportSessionsInput = builder.inputType("ExportSessionsInput", {
  description: "Which sessions to put into a file.",
  fields: (t) => ({
    filter: t.field({ type: SessionFilter, description: "Which sessions; all that are kept where absent." }),
    format: t.field({ type: FileFormat, required: true, defaultValue: "CSV", description: common.format }),
    after: t.string({ description: common.after }),
  }),
});

const ExportReadingsInput = builder.inputType("ExportReadingsInput", {
  description: "Whose readings to put into a file: `sessionId` or `filter`.",
  fields: (t) => ({
    sessionId: t.string({ description: "Of this session." }),
    filter: t.field({ type: SessionFilter, description: "Of these sessions, `{}` for all, in the order of the list." }),
    format: t.field({ type: FileFormat, required: true, defaultValue: "CSV", description: common.format }),
    after: t.string({ description: common.after }),
  }),
});

const ExportJourneysInput = builder.inputType("ExportJourneysInput", {
  description: "Which journeys to put into a file.",
  fields: (t) => ({
    filter: t.field({ type: JourneyFilter, description: "Which journeys, as in `journeys`." }),
    format: t.field({ type: FileFormat, required: true, defaultValue: "CSV", description: common.format }),
    after: t.string({ description: common.after }),
  }),
});

const ExportResult = builder.unionType("ExportResult", {
  description: "The file, or why there is none.",
  types: [ExportPayload, InvalidInputError],
});

const ExportVisitorInput = builder.inputType("ExportVisitorInput", {
  description: "Whose data to give.",
  fields: (t) => ({
    visitorId: t.string({ required: true, description: "Any id under which events name the visitor." }),
  }),
});

const ExportVisitorPayload = builder.objectRef<KeptFile & { __typename: "ExportVisitorPayload" }>(
  "ExportVisitorPayload",
).implement({
  description: "All that is held of a visitor, as a file of JSON.",
  access: "ADMIN",
  fields: (t) => ({
    url: t.exposeString("url", { description: "GET it here; whoever has the link can." }),
    bytes: t.exposeInt("bytes", { description: "How large it is." }),
    expiresAt: t.expose("expiresAt", {
      type: "DateTime",
      description: "The link is good until then: 15 minutes. The file is deleted a day later, or with the visitor.",
    }),
  }),
});

const ExportVisitorResult = builder.unionType("ExportVisitorResult", {
  description: "The file, or that nothing is held of this visitor.",
  types: [ExportVisitorPayload, NotFoundError, InvalidInputError],
});

const exported = (made: Promise<Export>) =>
  orInvalid(async () => ({ __typename: "ExportPayload" as const, ...await made }));

entries.mutationFields((t) => ({
  exportSessions: t.field({
    type: ExportResult,
    description:
      `Gives a link to a file of sessions, latest start first: session_id, sensor_id, status, started_at, ended_at, end_reason, last_motion_at, duration_ms, active_ms, pauses (from/to, parted by semicolons), motion_events, readings, labels (JSON), notes, pinned, user_id, playback_started, created_at, updated_at, version. At most ${SESSIONS} a file, or what 15 seconds give; \`endCursor\` goes on.`,
    access: "SESSIONS_READ",
    args: { input: t.arg({ type: ExportSessionsInput, required: true, description: "Which, and how." }) },
    cost: FILE_COST,
    resolve: (_, { input }, { viewer, services }) =>
      exported(services.sessionExports.exportSessions(viewer.tenantId, input)),
  }),

  exportReadings: t.field({
    type: ExportResult,
    description:
      `Gives a link to a file of readings, session by session, each in the order of time: session_id, sensor_id, at, and v1, v2 and so on for the channels. At most ${READINGS} a file, or what 15 seconds give; \`endCursor\` goes on. Where sessions are changed between two files, a reading may be in both, and none that is there still is in neither.`,
    access: "SESSIONS_READ",
    args: { input: t.arg({ type: ExportReadingsInput, required: true, description: "Which, and how." }) },
    cost: FILE_COST,
    resolve: (_, { input }, { viewer, services }) =>
      exported(services.sessionExports.exportReadings(viewer.tenantId, input)),
  }),

  exportJourneys: t.field({
    type: ExportResult,
    description:
      `Gives a link to a file of journeys, in the order of \`journeys\`: session_id, visitor_id, visitor_ids (JSON), started_at, ended_at, duration_ms, outcome, events, user_messages, bot_messages, first_question. At most ${JOURNEYS} a file, or what 15 seconds give; \`endCursor\` goes on.`,
    access: "JOURNEYS_READ",
    args: { input: t.arg({ type: ExportJourneysInput, required: true, description: "Which, and how." }) },
    cost: FILE_COST,
    resolve: (_, { input }, { viewer, services }) =>
      exported(services.journeyExports.exportJourneys(viewer.tenantId, input)),
  }),

  exportVisitor: t.field({
    type: ExportVisitorResult,
    description:
      "Gives a link to a file of JSON with all that is held of a visitor under all ids that belong together: the ids, the journeys with their events, and the raw events, also of journeys that have expired. Of journeys of others, what names the visitor. Reads all raw events of the tenant.",
    access: "ADMIN",
    args: { input: t.arg({ type: ExportVisitorInput, required: true, description: "The visitor." }) },
    cost: FILE_COST,
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => {
        const file = await services.journeyExports.exportVisitor(viewer.tenantId, input.visitorId);
        return file
          ? { __typename: "ExportVisitorPayload" as const, ...file }
          : notFound("Nothing is held of such a visitor.");
      }),
  }),
}));
