import { lookup } from "node:dns/promises";
import http from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";
import { callbackify } from "node:util";
import type { Message, Try, Webhook } from "./model.ts";
import { literalOf, mayCall, NOT_PUBLIC, type Reach, urlFault } from "./rules.ts";

/** Sends a message once; gives what came of it, and never fails. */
export type Send = (to: Pick<Webhook, "url" | "tenantId">, message: Message) => Promise<Omit<Try, "at">>;

/** All addresses of a name. */
export type Resolve = (name: string) => Promise<{ address: string; family: number }[]>;

export type SendOptions = { reach: Reach; resolve?: Resolve; timeoutMs?: number };

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 65_536;
const MAX_HEADER_BYTES = 16_384;

class NotPublicError extends Error {}

const resolveName: Resolve = (name) => lookup(name, { all: true });

/**
 * Posts to strangers' servers: only to public addresses, which are looked at where the connection is made, so that a name
 * cannot mean one thing when it is checked and another when it is called. Redirects are answers like others.
 */
export function createSend({ reach, resolve = resolveName, timeoutMs = TIMEOUT_MS }: SendOptions): Send {
  /** Refused where any of the addresses is none that may be called: which of them is taken is not ours to say. */
  const resolveOpen = callbackify(async (name: string) => {
    const found = await resolve(name);
    if (found.length > 0 && found.every(({ address }) => mayCall(address, reach))) return found;
    throw new NotPublicError();
  });
  const guardedLookup: LookupFunction = (name, options, done) =>
    resolveOpen(name, (error, found) => {
      if (error) done(error, []);
      else if (options.all) done(null, found);
      else done(null, found[0]!.address, found[0]!.family);
    });

  return async function send({ url }, { headers, body }) {
    const startedAt = performance.now();
    const outcome = await post(url, headers, body).then(
      (status) => ({ status }),
      (error) => ({ error: wordsOf(error as Error, timeoutMs) }),
    );
    return { ms: Math.round(performance.now() - startedAt), ...outcome };
  };

  function post(text: string, headers: Record<string, string>, body: string): Promise<number> {
    return new Promise((done, fail) => {
      const url = new URL(text);
      const literal = literalOf(url);
      if (urlFault(text, reach) !== undefined || (literal !== undefined && !mayCall(literal, reach))) {
        return fail(new NotPublicError());
      }
      const request = (url.protocol === "https:" ? https : http).request(url, {
        method: "POST",
        headers: {
          ...headers,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          "user-agent": "Sojourn-Webhooks",
        },
        agent: false,
        lookup: guardedLookup,
        maxHeaderSize: MAX_HEADER_BYTES,
        signal: AbortSignal.timeout(timeoutMs),
      }, (response) => {
        done(response.statusCode ?? 0);
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_ANSWER_BYTES) response.destroy();
        });
        response.on("error", () => {});
      });
      request.on("error", fail);
      request.end(body);
    });
  }
}

/** Says what failed, and nothing that an inside could be read from. */
function wordsOf(error: Error & { code?: string; cause?: unknown }, timeoutMs: number): string {
  if (error instanceof NotPublicError) return NOT_PUBLIC;
  if (error.name === "AbortError" || error.name === "TimeoutError") {
    return `no answer within ${timeoutMs / 1_000} seconds`;
  }
  if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN") return "its name is not known";
  if (error.code === "ECONNREFUSED") return "nobody listens there";
  if (/CERT|TLS|SSL/.test(error.code ?? "")) return `its certificate is not accepted (${error.code})`;
  return `the connection failed${error.code === undefined ? "" : ` (${error.code})`}`;
}
