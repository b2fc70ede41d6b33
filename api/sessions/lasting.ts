import type { Clock } from "../core/clock.ts";
import { LOST, retryLost } from "../core/writes.ts";
import type { Lines } from "./lines.ts";
import type { Session } from "./model.ts";
import { holderAt } from "./holder.ts";
import { applyLasting } from "./rules.ts";
import type { Sources } from "./sources.ts";

/** Motion that lasted: when it ceased is said of the event, and goes wherever that goes. */
export function createLasting({ lines, sources, changed, clock }: {
  lines: Lines;
  sources: Sources;
  changed: (session: Session) => void;
  clock: Clock;
}) {
  return lasts;

  /** The session that holds a motion event, with how long that lasted; a second try of the same changes nothing. */
  async function lasts(holder: Session, at: number, endedAt: number): Promise<Session> {
    let known: Session | undefined = holder;
    return await retryLost(async () => {
      known = known && await sources.lead(known.tenantId, known.sessionId);
      // Another's motion may have moved it since it was counted.
      const session = known && await holderAt(lines, known, at);
      if (!session) return holder;
      const next = applyLasting(session, at, endedAt);
      if (!next) return session;
      if (!await lines.state(session, { ...next, updatedAt: clock() }, session)) return LOST;
      const written = await sources.lead(session.tenantId, session.sessionId);
      if (written) changed(written);
      return written ?? session;
    });
  }
}
