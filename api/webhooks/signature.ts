import { createHmac, randomBytes } from "node:crypto";
import { SECOND_MS } from "../core/clock.ts";
import type { Secrets } from "./model.ts";

const PREFIX = "whsec_";
const SECRET_BYTES = 32;

export function createSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString("base64");
}

/**
 * The headers of a request, as Standard Webhooks has them (standardwebhooks.com): libraries of that name check them.
 * The signature is HMAC-SHA256 over `id.timestamp.body`; after a rotation there are two, of which one has to hold.
 */
export function signedHeaders(id: string, body: string, now: number, { secret, before }: Secrets) {
  const timestamp = Math.floor(now / SECOND_MS);
  const keys = [secret, ...(before && before.until > now ? [before.secret] : [])];
  return {
    "webhook-id": id,
    "webhook-timestamp": `${timestamp}`,
    "webhook-signature": keys.map((key) => `v1,${sign(key, `${id}.${timestamp}.${body}`)}`).join(" "),
  };
}

function sign(secret: string, text: string): string {
  return createHmac("sha256", Buffer.from(secret.slice(PREFIX.length), "base64")).update(text).digest("base64");
}
