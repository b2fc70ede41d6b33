import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { parsePause } from "./correction-model.ts";
import type { Lines, Part } from "./lines.ts";
import type { Session } from "./model.ts";
import { isSamePause, liesWithin, MAX_PAUSES, outside, type PauseSaid, signOf } from "./pauses.ts";
import { spoken } from "./plausible.ts";
import { type NotFound, notFound, type SessionPayload, sessionPayload } from "./results.ts";
import { applyPauses, asOf } from "./rules.ts";
import type { createSettings } from "./settings.ts";
import type { Sources } from "./sources.ts";

/** What became of pauses that were said: the sessions that have them, and why some were not taken, by their places. */
export type Paused = {
  sessions: readonly Session[];
  refused: ReadonlyMap<number, { field: "from" | "to"; why: string }>;
};

export type Pausing = ReturnType<typeof createPausing>;

/** What devices, players and people say of pauses of a session. */
export function createPausing({ lines, sources, settings, changed, clock }: {
  lines: Lines;
  sources: Sources;
  settings: ReturnType<typeof createSettings>;
  changed: (session: Session) => void;
  clock: Clock;
}) {
  return {
    say,

    /** Says when a session was paused, when it went on, or both; in any order, and once. Throws InvalidInputError. */
    async recordPause(tenantId: string, input: unknown): Promise<SessionPayload | NotFound> {
      const { sessionId, pause } = parsePause(input, clock());
      const known = await sources.findShown(tenantId, sessionId);
      if (!known || known.deletedAt !== undefined) return notFound(sessionId, known);
      const { sessions, refused } = await say(known, [pause]);
      const wrong = refused.get(0);
      if (wrong) throw new InvalidInputError([{ path: [wrong.field], message: wrong.why }]);
      const now = clock();
      const holder = sessions.map((one) => asOf(one, now)).find((one) => liesWithin(pause, one));
      const session = holder ?? (sessions[0] && asOf(sessions[0], now));
      if (!session) return notFound(sessionId);
      return { ...sessionPayload(session), ...(holder ? {} : { held: outside(session) }) };
    },
  };

  /**
   * Keeps pauses that were said of a session, as it was read, and of all that people split off it: each shows what lies in
   * it. A second try of the same changes nothing. Of one that a person deleted meanwhile only those of a batch that counts
   * (`isCounted`): it has them once it is restored.
   */
  async function say(session: Session, said: readonly PauseSaid[], isCounted = false): Promise<Paused> {
    const { tenantId, sessionId, sensorId } = session;
    const { lengthMs, pauseMs } = await settings.plausibleOf(tenantId, sensorId);
    let read = session.mergedInto === undefined ? session : undefined;
    return await retryLost(async () => {
      const whole = read ?? await sources.lead(tenantId, sessionId);
      read = undefined;
      const isGone = !whole || (whole.deletedAt !== undefined && !isCounted);
      if (isGone) return { sessions: [], refused: new Map() };
      const family = await sources.familyOf(whole);
      const refused = refusedOf(said, family, lengthMs);
      const kept = said.filter((_, i) => !refused.has(i)).map((one) => (
        one.to === undefined ? { ...one, until: one.from! + pauseMs } : one
      ));
      const now = clock();
      const parts = family.map((known): Part => ({ next: applyPauses(known, kept), known }))
        .filter(({ next, known }) => next !== known)
        .map(({ next, known }): Part => ({ next: { ...next, updatedAt: now }, known }));
      if (parts.length === 0) return { sessions: family, refused };
      const sessions = await write(parts, family);
      return sessions ? { sessions, refused } : LOST;
    });
  }

  /** The sessions as they are with what was said of them; undefined where something moved meanwhile. */
  async function write(parts: readonly Part[], family: readonly Session[]): Promise<Session[] | undefined> {
    const [{ next, known }] = parts as [Part];
    const isOne = parts.length === 1;
    const own = isOne && family.length === 1 ? await lines.stateOwn(next, known!) : undefined;
    if (own?.ok) changed(own.current);
    if (own) return own.ok ? [own.current] : undefined;
    const isDone = isOne ? await lines.state(next, next, known) : await lines.stateAll(next, parts);
    if (!isDone) return undefined;
    // What the pause reaches is a part of the session by now.
    const written = await Promise.all(family.map((one) => sources.lead(one.tenantId, one.sessionId)));
    return written.filter((one) => one !== undefined);
  }
}

/** Why statements cannot be taken, by their places. */
function refusedOf(said: readonly PauseSaid[], family: readonly Session[], lengthMs: number): Map<number, Wrong> {
  const start = Math.min(...family.map(({ startedAt }) => startedAt));
  const known = family.map(({ reported }) => reported.flatMap(({ pause }) => pause ?? []));
  const most = known.reduce((a, b) => (b.length > a.length ? b : a), []);
  const refused = new Map<number, Wrong>();
  let count = most.length;
  for (const [i, one] of said.entries()) {
    const field = one.to === undefined ? "from" : "to";
    if (signOf(one) > start + lengthMs) refused.set(i, { field, why: tooLate(start, lengthMs) });
    else if (![...most, ...said.slice(0, i)].some((other) => isSamePause(other, one)) && ++count > MAX_PAUSES) {
      refused.set(i, { field, why: TOO_MANY });
    }
  }
  return refused;
}
type Wrong = { field: "from" | "to"; why: string };

const TOO_MANY = `is one of more than ${MAX_PAUSES} pauses of this session; say those that follow each other as one`;

function tooLate(start: number, lengthMs: number): string {
  return `is more than ${spoken(lengthMs)} after the session's start, ${new Date(start).toISOString()} ` +
    "(maxLength of configureSessions)";
}
