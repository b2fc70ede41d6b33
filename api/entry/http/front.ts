import { createHash, timingSafeEqual } from "node:crypto";
import type { Config } from "../../config.ts";
import { RefusedError } from "./errors.ts";

/** What whatever stands in front (CloudFront) adds to each request. */
const HEADER = "x-origin-secret";
/** Asked by load balancers and those who run the service, from inside. */
const OPEN: readonly string[] = ["/health", "/ready"];

type Head = (name: string) => string | undefined;

/**
 * Refuses what comes past whatever stands in front, where there is a secret that only that knows: its limits would not hold, and
 * X-Forwarded-For would be whatever the caller wrote.
 */
export function createFrontCheck({ originSecret }: Pick<Config, "originSecret">) {
  const expected = originSecret === undefined ? undefined : digestOf(originSecret);
  return function checkFront(header: Head, path?: string): void {
    if (expected === undefined || OPEN.includes(path ?? "")) return;
    // Digests have one length, and tell nothing by the time that it takes to compare them.
    if (timingSafeEqual(digestOf(header(HEADER) ?? ""), expected)) return;
    throw new RefusedError("PAST_THE_FRONT", "This address is not for callers; use the service's own name.", {
      status: 403,
    });
  };
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
