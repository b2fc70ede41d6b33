import { DAY_MS, MINUTE_MS, SECOND_MS } from "../../core/clock.ts";
import type { Account, Login } from "./model.ts";

/** Failed logins of a name, from one device or address or from all that are not known. */
export type Failures = { count: number; lastAt: number };

/** So long after the last failure none of them counts any more. */
export const FAILURES_KEPT_MS = DAY_MS;

/** One who mistypes is not held up. */
const FREE_FAILURES = 5;
const MAX_DELAY_MS = 15 * MINUTE_MS;
/** Of all addresses and devices from which a name never logged in, together: what many machines may guess at once. */
const FREE_OF_STRANGERS = 100;
const MAX_DELAY_OF_STRANGERS_MS = MINUTE_MS;

/** When a password is looked at again, after these failures from the same device or address: each doubles the wait. */
export function nextTryAt(failures: Failures | undefined, now: number): number {
  const count = countOf(failures, now);
  if (count < FREE_FAILURES) return now;
  return failures!.lastAt + Math.min(SECOND_MS * 2 ** (count - FREE_FAILURES), MAX_DELAY_MS);
}

/** The same for whoever cannot show an earlier success: all of them wait together, once many have failed. */
export function nextTryOfStrangersAt(failures: Failures | undefined, now: number): number {
  const count = countOf(failures, now);
  if (count < FREE_OF_STRANGERS) return now;
  const doublings = Math.floor((count - FREE_OF_STRANGERS) / 10);
  return failures!.lastAt + Math.min(SECOND_MS * 2 ** doublings, MAX_DELAY_OF_STRANGERS_MS);
}

function countOf(failures: Failures | undefined, now: number): number {
  return failures && now < failures.lastAt + FAILURES_KEPT_MS ? failures.count : 0;
}

export const MAX_LOGINS = 20;
export const MAX_PLACES = 10;
/** A client that lost the answer to a refresh, or two of its tabs, may send the token before once more. */
export const REPEAT_MS = 60 * SECOND_MS;

/** The logins that are still good, and the one to add; where that is too many, without the one that was used least lately. */
export function withLogin(
  { logins }: Pick<Account, "logins">,
  loginId: string,
  login: Login,
  now: number,
): Record<string, Login> {
  const rest = Object.entries(logins)
    .filter(([id, { expiresAt }]) => id !== loginId && expiresAt > now)
    .toSorted(([, a], [, b]) => b.usedAt - a.usedAt)
    .slice(0, MAX_LOGINS - 1);
  return { ...Object.fromEntries(rest), [loginId]: login };
}

/** The places with one more; the oldest go. */
export function withPlace(places: Account["places"], place: string, now: number): Record<string, number> {
  const rest = Object.entries(places).filter(([one]) => one !== place).toSorted(([, a], [, b]) => b - a);
  return { ...Object.fromEntries(rest.slice(0, MAX_PLACES - 1)), [place]: now };
}

/** What a refresh token is good for: a new one, the same answer again, or, where it was used before, the end of the login. */
export function decideRefresh(login: Login, hash: string, now: number): "NEXT" | "SAME_AGAIN" | "REUSED" | "EXPIRED" {
  if (login.expiresAt <= now) return "EXPIRED";
  if (login.current === hash) return "NEXT";
  return login.previous === hash && now < login.usedAt + REPEAT_MS ? "SAME_AGAIN" : "REUSED";
}

/** Whether a reset that an operator made is still to be used: the password has not been set since, nor by it. */
export function isResetGood(
  { passwordAt, usedReset }: Pick<Account, "passwordAt" | "usedReset">,
  { id, madeAt }: { id: string; madeAt: number },
): boolean {
  // Tokens are exact to the second.
  return usedReset !== id && madeAt >= passwordAt - passwordAt % SECOND_MS;
}
