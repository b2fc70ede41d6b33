import { type Lasting, lastingOf } from "./line.ts";
import type { LineStore } from "./line-store.ts";
import type { Next, Session } from "./model.ts";
import type { createSettings } from "./settings.ts";

type Of = { tenantId: string; sensorId: string };
const NEAR_SESSIONS = 4;

/**
 * How long motion lasted, where a sensor says on and off as two messages. That it ceased is kept by its instant beside the line, not
 * in a session: which motion it closes follows from all that is known, whatever came first.
 */
export function createPresence({ lineStore, find, settings }: {
  lineStore: LineStore;
  find: (of: Of, sessionIds: readonly string[]) => Promise<Map<string, Session>>;
  settings: ReturnType<typeof createSettings>;
}) {
  return { lastMotion, firstCleared, lasting };

  async function lengthOf({ tenantId, sensorId }: Of): Promise<number> {
    return (await settings.plausibleOf(tenantId, sensorId)).lengthMs;
  }

  /** The latest motion event at or before an instant, with the session that holds it; undefined where none can last until then. */
  async function lastMotion(of: Of, at: number): Promise<{ at: number; session: Session } | undefined> {
    const earliest = at - await lengthOf(of);
    for (let limit = NEAR_SESSIONS;; limit *= 4) {
      const places = await lineStore.until(of, at, limit);
      const found = await find(of, places.map(({ sessionId }) => sessionId));
      for (const { sessionId } of places) {
        const session = found.get(sessionId);
        if (!session) continue;
        const to = Math.min(at, (session.next?.at ?? Infinity) - 1);
        const sheeted = session.hasSheets ? await lineStore.listHeard(of, session.startedAt, to) : [];
        const heard = [...session.heard, ...sheeted].map((own) => own.at).filter((own) => own <= at);
        if (heard.length > 0) return { at: heard.reduce((a, b) => Math.max(a, b)), session };
        if (session.startedAt < earliest) return undefined;
      }
      if (places.length < limit) return undefined;
    }
  }

  /** The first time after an instant that the sensor said that motion ceased, if motion can have lasted until then. */
  async function firstCleared(of: Of, after: number): Promise<number | undefined> {
    return (await lineStore.listCleared(of, after + 1, after + await lengthOf(of), 1))[0]?.at;
  }

  /** How long the motion in a stretch of a line lasted, and what goes on into it from before; `added` is about to be written. */
  async function lasting(
    of: Of,
    first: Session,
    heard: readonly number[],
    beyond: Next | undefined,
    added: readonly number[],
  ): Promise<Lasting[]> {
    const before = first.isStated ? await lastMotion(of, first.startedAt - 1) : undefined;
    const motions = [...(before ? [before.at] : []), ...heard].sort((a, b) => a - b);
    const last = motions.at(-1);
    if (last === undefined) return [];
    const known = await lineStore.listCleared(of, motions[0]! + 1, last);
    const after = await firstCleared(of, last);
    const cleared = [...known.map(({ at }) => at), ...(after === undefined ? [] : [after]), ...added].sort((a, b) =>
      a - b
    );
    const next = beyond?.by === "MOTION" ? [beyond.at] : [];
    return lastingOf([...motions, ...next], cleared, await lengthOf(of)).filter(({ from }) => from <= last);
  }
}
