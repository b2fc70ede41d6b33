import { LIMITS, type Session } from "./model.ts";

/** The session of an id, or the one that it became a part of, however often; undefined where that is gone. `find` reads one. */
export async function leadOf(
  find: (sessionId: string) => Promise<Session | undefined>,
  sessionId: string,
): Promise<Session | undefined> {
  let session = await find(sessionId);
  for (let step = 0; session?.mergedInto !== undefined && step < LIMITS.mergedSteps; step++) {
    session = await find(session.mergedInto);
  }
  return session;
}
