import type { TransactWrite } from "../aws/dynamo.ts";
import type { LineChange, LineStore } from "./line-store.ts";
import type { Session } from "./model.ts";
import { toldOf } from "./reports.ts";

/** Sessions of a line that a person deleted, each with where its motion ended then: what lies from there on was not deleted. */
export function deletedIn(line: ReadonlyMap<string, Session>): Map<string, number> {
  const deleted = [...line.values()].filter(({ deletedAt }) => deletedAt !== undefined);
  return new Map(deleted.map(({ sessionId, beforeDeletion }) => [sessionId, beforeDeletion!.until]));
}

/**
 * A change with what it takes out of the counts: as much as sessions that a person deleted hold by it. Another device's session that
 * begins within one has the motion from there on, which counts again.
 */
export function withTakenOut(
  lineStore: Pick<LineStore, "takenOut" | "notTakenOut">,
  change: LineChange,
  heard: readonly number[],
): LineChange {
  const also: TransactWrite[] = [];
  const changes = change.changes.map((one) => {
    const { session, known } = one;
    const before = session.beforeDeletion;
    if (!known?.deletedAt || !before || session.motionEventCount === known.motionEventCount) return one;
    const { startedAt, lastHeardAt = -Infinity, next } = session;
    const isOwn = (at: number) => at >= startedAt && at <= lastHeardAt && at < (next?.at ?? Infinity);
    const out = lineStore.takenOut(session, [...heard.filter(isOwn), ...toldOf(session.reported)]);
    also.push(...out, ...lineStore.notTakenOut(session, before.takenOut, out.length));
    return { ...one, session: { ...session, beforeDeletion: { ...before, takenOut: out.length } } };
  });
  return { ...change, changes, also };
}
