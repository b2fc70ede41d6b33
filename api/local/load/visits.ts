import { createHash } from "node:crypto";

/** Who asks again after a longer pause begins a new visit. */
const MAX_PAUSE_MS = 30 * 60_000;

/**
 * Cuts what visitors did into sessions by their pauses, in the order of time, and numbers it: the same file gives the same ids,
 * and so does one that goes on where it ended.
 */
export function createVisits() {
  const visits = new Map<string, { sessionId: string; lastAt: number; seq: number }>();
  return {
    /** Where the next event of a visitor belongs. `name` begins its session's id. */
    next(visitor: string, name: string, at: number): { sessionId: string; source: string; seq: number } {
      let visit = visits.get(visitor);
      if (!visit || at - visit.lastAt > MAX_PAUSE_MS) {
        visit = { sessionId: sessionIdOf(visitor, name, at), lastAt: at, seq: 0 };
        visits.set(visitor, visit);
      }
      visit.lastAt = Math.max(visit.lastAt, at);
      visit.seq++;
      return { sessionId: visit.sessionId, source: "main", seq: visit.seq };
    },
  };
}

function sessionIdOf(visitor: string, name: string, at: number): string {
  const second = Math.floor(at / 1_000);
  if (visitor === name) return `${name.slice(0, 100)}-${second}`;
  return `${name.slice(0, 90)}-${second}-${createHash("sha256").update(visitor).digest("hex").slice(0, 8)}`;
}
