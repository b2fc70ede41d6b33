import { checkId } from "../core/check.ts";
import type { Clock } from "../core/clock.ts";
import type { Hub } from "../live/hub.ts";
import { createLogFeed, type LogEntry, type Memory } from "../live/log-feed.ts";
import { leftOf, type SessionLog } from "./change-log.ts";
import { LIMITS, type Session } from "./model.ts";
import { sensorOf } from "./rules.ts";
import { type Sessions, sessionsKey } from "./service.ts";

/** Of so many sessions, the newest, changes by other processes are seen at once; of all others when their stream tells. */
const NEWEST = 100;

/** A session, and where in the feed it was given. */
export type SessionUpdate = Session & { cursor: string };

export type SessionWatchOptions = {
  sessions: Pick<Sessions, "find" | "list">;
  log: Pick<SessionLog, "since">;
  hub: Hub;
  clock: Clock;
  pollMs?: number | undefined;
};

/**
 * Sessions of the tenant (at one sensor, and one more time where a person moved one away from it) as they start, change and
 * end, from now on, or with `after` from there on; each state is given once, and the last one always. What this process
 * changes is given at once, what others change within a second or two. All who follow the same share one reader of the store.
 */
export function createSessionWatch({ sessions, log, hub, clock, pollMs }: SessionWatchOptions) {
  const follow = createLogFeed<Session>({
    hub,
    clock,
    pollMs,
    formerKind: "sessions as they change",
    hubKey: sessionsKey,
    read,
  });

  return function watchSessions(
    tenantId: string,
    sensorId: string | null | undefined,
    after: string | null | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<SessionUpdate> {
    if (sensorId !== null && sensorId !== undefined) checkId("sensorId", sensorId, LIMITS.idChars);
    return follow(tenantId, sensorId ?? undefined, after, signal);
  };

  async function read(
    tenantId: string,
    sensorId: string | undefined,
    sinceAt: number,
    hints: readonly string[],
    memory: Memory,
  ): Promise<LogEntry<Session>[]> {
    const [{ edges }, logged] = await Promise.all([
      sessions.list(tenantId, { sensorId }, { first: NEWEST }),
      log.since(tenantId, sinceAt),
    ]);
    const fresh = logged.filter(({ position }) => !memory.has(position));
    const named = await sessions.find(tenantId, [...new Set([...hints, ...fresh.flatMap((own) => own.sessionIds)])]);
    for (const { position } of fresh) memory.add(position);
    const rows = edges.map((edge) => edge.node)
      .filter(({ sessionId, updatedAt }) => updatedAt >= sinceAt && !named.has(sessionId));
    const left = new Set(fresh.flatMap((own) => own.left));
    const isOf = (of: string, session: Session) =>
      sensorOf(session) === of || left.has(leftOf({ tenantId, sensorId: of }, session.sessionId));
    const found = [...named.values()].filter((session) => sensorId === undefined || isOf(sensorId, session));
    // A row may lag behind its session: it is told apart by what the session itself says.
    const current = await whole(tenantId, rows.filter((row) => !memory.has(nameOf(row))));
    for (const row of rows) memory.add(nameOf(row));
    return [...found, ...current].map((session) => ({
      key: session.sessionId,
      id: stateOf(session),
      message: session,
    }));
  }

  /** Rows of lists lack what people wrote; whoever follows gets all of it. */
  async function whole(tenantId: string, rows: readonly Session[]): Promise<Session[]> {
    const partial = rows.filter((session) => session.notes === undefined).map(({ sessionId }) => sessionId);
    const read = await sessions.find(tenantId, partial);
    return rows.map((session) => read.get(session.sessionId) ?? session);
  }
}

function nameOf(session: Session): string {
  return `${session.sessionId} ${stateOf(session)}`;
}

/** Tells states apart, also such as were written within a millisecond; the same for a row of a list as for its session. */
function stateOf({ status, updatedAt, version, motionEventCount, sampleCount, playback }: Session): string {
  const { started, failure, deviceId, contextUri } = playback;
  const numbers = [updatedAt, version, motionEventCount, sampleCount];
  return JSON.stringify([status, ...numbers, started, failure, deviceId, contextUri]);
}
