import { MINUTE_MS } from "../core/clock.ts";

/** Failed logins of one username since `since`. */
export type FailedLogins = { count: number; since: number };

export const MAX_FAILED_LOGINS = 10;
export const FAILED_LOGINS_WINDOW_MS = 15 * MINUTE_MS;

/** True while a failure that happened at `since` still counts. */
export function isRecent(failed: Pick<FailedLogins, "since">, now: number): boolean {
  return now < failed.since + FAILED_LOGINS_WINDOW_MS;
}

/** True where a username has failed so often that passwords are not looked at until the window ends. */
export function isThrottled(failed: FailedLogins | undefined, now: number): boolean {
  return failed !== undefined && failed.count >= MAX_FAILED_LOGINS && isRecent(failed, now);
}
