import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { createCursors, type PageArgs } from "../core/page.ts";
import { type Export, type ExportInput, exportList } from "../files/export.ts";
import type { Files } from "../files/keep.ts";
import type { Cell, Column } from "../files/table.ts";
import * as v from "valibot";
import type { ReadingPosition } from "./history.ts";
import { isShown } from "./item.ts";
import { leadOf } from "./lead.ts";
import type { SessionFilter } from "./listing.ts";
import type { Reading, Session, SessionPage } from "./model.ts";
import { formatInstant } from "../core/time.ts";
import { pausesOf } from "./pauses.ts";
import { activeDurationOf, durationOf, sensorOf } from "./rules.ts";

export type SessionExports = ReturnType<typeof createSessionExports>;

export type ReadingsInput = ExportInput & {
  sessionId?: string | null | undefined;
  filter?: SessionFilter | null | undefined;
};

/** What a file holds at most: as much as a process of a gigabyte can put together. */
export const EXPORT_LIMITS = { sessions: 50_000, readings: 250_000 } as const;
/** Sessions that one file of readings looks through, most of which may have none. */
const SESSIONS_A_FILE = 5_000;
const EXPORT_MS = 15_000;

const COLUMNS: readonly (Column & { of: (session: Session) => Cell })[] = [
  { name: "session_id", type: "text", of: (own) => own.sessionId },
  { name: "sensor_id", type: "text", of: sensorOf },
  { name: "status", type: "text", of: (own) => own.status },
  { name: "started_at", type: "instant", of: (own) => own.startedAt },
  { name: "ended_at", type: "instant", of: (own) => own.endedAt },
  { name: "end_reason", type: "text", of: ({ endedBy }) => endedBy === "FINAL" ? "EXPLICIT" : endedBy },
  { name: "last_motion_at", type: "instant", of: (own) => own.lastMotionAt },
  { name: "duration_ms", type: "integer", of: durationOf },
  { name: "active_ms", type: "integer", of: activeDurationOf },
  { name: "pauses", type: "text", of: pausesText },
  { name: "motion_events", type: "integer", of: (own) => own.motionEventCount },
  { name: "readings", type: "integer", of: (own) => own.sampleCount },
  { name: "labels", type: "text", of: ({ labels }) => labels.length > 0 ? JSON.stringify(labels) : null },
  { name: "notes", type: "text", of: (own) => own.notes },
  { name: "pinned", type: "flag", of: (own) => own.pinned },
  { name: "user_id", type: "text", of: (own) => own.userId },
  { name: "playback_started", type: "flag", of: (own) => own.playback.started },
  { name: "created_at", type: "instant", of: (own) => own.createdAt },
  { name: "updated_at", type: "instant", of: (own) => own.updatedAt },
  { name: "version", type: "integer", of: (own) => own.version },
];

/** Pauses as ISO 8601 has stretches: `from/to`, parted by semicolons; one that lasts has nothing behind its stroke. */
function pausesText(session: Session): string | null {
  const pauses = pausesOf(session).map(({ from, to }) => (
    `${formatInstant(from)}/${to === undefined ? "" : formatInstant(to)}`
  ));
  return pauses.length > 0 ? pauses.join(";") : null;
}

const whole = v.pipe(v.number(), v.safeInteger());
/**
 * Where a file of readings ended: before which session of the list; at which reading, or null where that session is in the file
 * wholly; and of which session, since people delete, merge and move sessions between two files.
 */
const position = v.tuple([v.nullable(v.string()), v.nullable(v.tuple([whole, whole, whole])), v.nullable(v.string())]);

export type SessionSource = {
  find: (tenantId: string, sessionIds: readonly string[]) => Promise<Map<string, Session>>;
  list: (tenantId: string, filter: SessionFilter, page: PageArgs) => Promise<SessionPage>;
  readFrom: (
    session: Session,
    from: ReadingPosition | undefined,
    wanted: number,
  ) => Promise<{ readings: Reading[]; next: ReadingPosition | undefined }>;
};

/** Files of sessions and of their readings. All throw InvalidInputError. */
export function createSessionExports(
  { sessions, files, clock, limits = EXPORT_LIMITS }: {
    sessions: SessionSource;
    files: Files;
    clock: Clock;
    limits?: { sessions: number; readings: number };
  },
) {
  return {
    /** The sessions of a list, in its order. */
    exportSessions: (
      tenantId: string,
      { filter, ...input }: ExportInput & { filter?: SessionFilter | null | undefined },
    ): Promise<Export> =>
      exportList({ files, clock }, tenantId, input, {
        name: "sessions",
        columns: COLUMNS,
        maxRows: limits.sessions,
        list: (page) => sessions.list(tenantId, filter ?? {}, page),
        rowsOf: async (rows) => {
          // Rows of lists do not say all: notes, pauses, and what of these a person corrected.
          const whole = await sessions.find(tenantId, rows.map(({ sessionId }) => sessionId));
          return rows.map((row) => {
            const found = whole.get(row.sessionId);
            const session = found && isShown(found) ? found : row;
            return COLUMNS.map(({ of }) => of(session));
          });
        },
      }),

    /**
     * The readings of a session, or of the sessions of a list in its order, each session's in the order of time. Where sessions are
     * changed between two files, a reading may be in both, and none that is there still is in neither.
     */
    async exportReadings(tenantId: string, { sessionId, filter, format, after }: ReadingsInput): Promise<Export> {
      if ((typeof sessionId === "string") === (filter !== null && filter !== undefined)) {
        throw new InvalidInputError([{ path: ["sessionId"], message: "is needed, or `filter`; not both" }]);
      }
      const cursors = createCursors("readings file", [tenantId, sessionId ?? null, filter ?? null], position);
      const begun = cursors.decode(after);
      const endAt = clock() + EXPORT_MS;
      const rows: { session: Session; reading: Reading }[] = [];
      let [listed, place, of] = begun ?? [null, null, null];
      let looked = 0;
      const isFull = () => rows.length >= limits.readings || looked >= SESSIONS_A_FILE || clock() > endAt;
      /** Reads a session on from its place; false where the file is full before its end. */
      const readOn = async (session: Session): Promise<boolean> => {
        do {
          if (isFull()) return false;
          const part = await sessions.readFrom(session, place ?? undefined, limits.readings - rows.length);
          for (const reading of part.readings) rows.push({ session, reading });
          place = part.next ? [...part.next] : null;
          of = session.sessionId;
        } while (place !== null);
        return true;
      };
      const atEnd = async (): Promise<boolean> => {
        if (place !== null) {
          const session = await begunSession(of!);
          if (!session) [place, of] = [null, null];
          else if (!await readOn(session)) return false;
        }
        for (;;) {
          const { edges, hasNextPage } = await pageOf(listed);
          for (const { node, cursor } of edges) {
            if (isFull()) return false;
            if (node.sessionId !== of) {
              looked++;
              if (!await readOn(node)) return false;
            }
            listed = cursor;
          }
          if (!hasNextPage) return true;
        }
      };
      const isDone = await atEnd();
      const channels = rows.reduce((most, { reading }) => Math.max(most, reading.values.length), 0);
      const columns: Column[] = [
        { name: "session_id", type: "text" },
        { name: "sensor_id", type: "text" },
        { name: "at", type: "instant" },
        ...Array.from({ length: channels }, (_, i): Column => ({ name: `v${i + 1}`, type: "number" })),
      ];
      const cells = rows.map(({ session, reading }): Cell[] => [
        session.sessionId,
        sensorOf(session),
        reading.at,
        ...reading.values,
      ]);
      const kept = await files.keep(tenantId, "readings", format, { columns, rows: cells });
      return { ...kept, endCursor: isDone ? undefined : cursors.encode([listed, place, of]) };

      /** The session that the file before ended in. One that became a part of another since comes with that, from its beginning. */
      async function begunSession(id: string): Promise<Session | undefined> {
        const session = (await sessions.find(tenantId, [id])).get(id);
        return session?.deletedAt === undefined && session?.mergedInto === undefined ? session : undefined;
      }

      async function pageOf(cursor: string | null): Promise<Pick<SessionPage, "edges" | "hasNextPage">> {
        if (typeof sessionId !== "string") {
          const page = await sessions.list(tenantId, filter!, { first: 100, after: cursor });
          // Rows of lists do not know where readings are.
          const filled = page.edges.filter(({ node }) => node.sampleCount > 0).map(({ node }) => node.sessionId);
          const whole = await sessions.find(tenantId, filled);
          return {
            ...page,
            edges: page.edges.map((edge) => ({ ...edge, node: whole.get(edge.node.sessionId) ?? edge.node })),
          };
        }
        const session = await leadOf(async (id) => (await sessions.find(tenantId, [id])).get(id), sessionId);
        if (!session) {
          const message = `names no session that is kept: ${JSON.stringify(sessionId)}`;
          throw new InvalidInputError([{ path: ["sessionId"], message }]);
        }
        return { edges: [{ node: session, cursor: "" }], hasNextPage: false };
      }
    },
  };
}
