import { checkId } from "../core/check.ts";
import { follow } from "../live/feed.ts";
import type { Hub } from "../live/hub.ts";
import { createSharedLatest } from "../live/latest.ts";
import { LIMITS, type Session } from "./model.ts";
import { sensorOf } from "./rules.ts";
import { type Sessions, sessionsKey } from "./service.ts";

/** Of so many sessions, the newest, changes by other processes are looked for. */
const NEWEST = 100;

/** What was given of each session. Undefined before the first read. */
type Seen = Map<string, string> | undefined;

/**
 * Sessions of the tenant (at one sensor) as they start, change and end, from now on; each state is given at most once.
 * What this process changes is given at once; what others change, within a second, among the newest hundred. All who follow
 * the same share one reader of the store.
 */
export function createSessionWatch({ sessions, hub }: { sessions: Pick<Sessions, "find" | "list">; hub: Hub }) {
  const followShared = createSharedLatest<Session>(({ sessionId }) => sessionId);

  return function watchSessions(
    tenantId: string,
    sensorId: string | null | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Session> {
    if (sensorId !== null && sensorId !== undefined) checkId("sensorId", sensorId, LIMITS.idChars);
    const read = readerOf(tenantId, sensorId);
    const start = (signal: AbortSignal) =>
      follow<Seen, Session>({ hub, key: sessionsKey(tenantId), state: undefined, read, signal });
    return followShared(JSON.stringify([tenantId, sensorId ?? null]), start, signal);
  };

  function readerOf(tenantId: string, sensorId: string | null | undefined) {
    return async function read(seen: Seen, hints: readonly string[]) {
      const { edges } = await sessions.list(tenantId, { sensorId }, { first: NEWEST });
      const hinted = await sessions.find(tenantId, hints);
      const rows = edges.map((edge) => edge.node).filter(({ sessionId }) => !hinted.has(sessionId));
      const found = [...[...hinted.values()].filter((session) => !sensorId || sensorOf(session) === sensorId), ...rows];
      const changed = found.filter((session) => seen?.get(session.sessionId) !== stateOf(session));
      // Before the first read nothing was missed but what was hinted at since.
      const current = await whole(tenantId, seen ? changed : changed.filter(({ sessionId }) => hinted.has(sessionId)));
      // A row may lag behind its session, which then was given already.
      const messages = current.filter((session) => seen?.get(session.sessionId) !== stateOf(session));
      const byId = new Map(current.map((session) => [session.sessionId, session]));
      const state = new Map(seen);
      for (const row of found) {
        // Anew, at the end: what is not found any more is forgotten first.
        state.delete(row.sessionId);
        state.set(row.sessionId, stateOf(byId.get(row.sessionId) ?? row));
      }
      return { messages, state: newest(state) };
    };
  }

  /** Rows of lists lack what people wrote; whoever follows gets all of it. */
  async function whole(tenantId: string, rows: readonly Session[]): Promise<Session[]> {
    const partial = rows.filter((session) => session.notes === undefined).map(({ sessionId }) => sessionId);
    const read = await sessions.find(tenantId, partial);
    return rows.map((session) => read.get(session.sessionId) ?? session);
  }
}

/** Tells states apart, also such as were written within a millisecond; the same for a row of a list as for its session. */
function stateOf({ status, updatedAt, version, motionEventCount, sampleCount, playback }: Session): string {
  const { started, failure, deviceId, contextUri } = playback;
  const numbers = [updatedAt, version, motionEventCount, sampleCount];
  return JSON.stringify([status, ...numbers, started, failure, deviceId, contextUri]);
}

/** A map that does not grow for ever: the ones that were given last. */
function newest(seen: Map<string, string>): Map<string, string> {
  return seen.size <= 20 * NEWEST ? seen : new Map([...seen].slice(-10 * NEWEST));
}
