import ipaddr from "ipaddr.js";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../core/clock.ts";

/** So long after each failed try comes the next; the last one a day after the first. */
const PAUSES_MS = [
  ...[5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS],
  ...[HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS, 6 * HOUR_MS, 10 * HOUR_MS],
];
export const GIVE_UP_MS = DAY_MS;
/** An old secret signs beside the new one for so long. */
export const ROTATION_MS = DAY_MS;

/** Where requests may go: to the internet alone, or on an instance of one's own also to this machine, without TLS. */
export type Reach = "internet" | "machine";

/** When to try again after a try that failed at `now`; undefined: never. */
export function nextTryAt(attempts: number, createdAt: number, now: number): number | undefined {
  const pause = PAUSES_MS[attempts - 1];
  return pause === undefined || now >= createdAt + GIVE_UP_MS ? undefined : now + pause;
}

/** A receiver that took it said 2xx. Redirects are not followed: they could lead where nobody looked. */
export function isTaken(status: number): boolean {
  return status >= 200 && status < 300;
}

/** What is wrong with an address that a hook is to call, as far as its text tells; undefined where nothing is. */
export function urlFault(text: string, reach: Reach): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) return "must be an address such as https://example.com/hooks";
  if (url.protocol !== "https:" && !(reach === "machine" && url.protocol === "http:")) {
    return "must begin with https://";
  }
  if (url.username !== "" || url.password !== "") {
    return "must hold no user and password; the signature says who sent it";
  }
  if (url.hash !== "") return "must hold no fragment (#…); servers never get it";
  const literal = literalOf(url);
  if (literal !== undefined && !mayCall(literal, reach)) return NOT_PUBLIC;
  return undefined;
}

export const NOT_PUBLIC = "must be a public address: private, local and link-local networks are never called";

/** The IP address that an URL names itself, without a name to look up. */
export function literalOf({ hostname }: URL): string | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, "$1");
  return ipaddr.isValid(bare) ? bare : undefined;
}

const GIVEN_OUT = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * Whether an IP address may be called. Public is what no registry keeps for something else: 10.0.0.0/8, 169.254.169.254 (where
 * clouds give out credentials), ::1 or 64:ff9b::/96 are none, nor is an IPv4 address inside of an IPv6 one. Of IPv6 nothing else
 * is given out than 2000::/3.
 */
export function mayCall(text: string, reach: Reach): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  const range = address.range();
  if (range === "loopback") return reach === "machine";
  return range === "unicast" && (address.kind() === "ipv4" || address.match(GIVEN_OUT));
}
