import type { Session } from "../../api/sessions/model.ts";
import { noNumbers } from "../../api/sessions/numbers.ts";
import { startOf } from "../../api/sessions/rules.ts";

export const AT = Date.UTC(2026, 5, 1, 12);
export const MINUTE = 60_000;
export const IDLE = 5 * MINUTE;

/** A session of the sensor `hall` that was created at `AT` and of which nothing else is known. */
export function sessionOf(own: Partial<Session> = {}): Session {
  return {
    ...startOf(AT, true, noNumbers(), AT),
    ...{ tenantId: "home", sessionId: "s", sensorId: "hall", idleMs: IDLE, keepMs: 30 * 24 * 60 * MINUTE },
    ...{ createdAt: AT, labels: [], notes: undefined, pinned: false, version: 1, playback: { started: false } },
    revision: 1,
    ...own,
  };
}
