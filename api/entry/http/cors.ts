import { RefusedError } from "./errors.ts";
import type { Answer, Asked } from "./exchange.ts";

const EXPOSED = "x-request-id, x-session-id";
const PREFLIGHT_SECONDS = "7200";

/** Cross-origin rules for exactly `origins`. No credentials: the API knows no cookies, only tokens. */
export function createCors(origins: readonly string[]) {
  const allowed = new Set(origins);
  return {
    /** Lets the page that asks read the answer, where its origin is allowed. */
    mark({ header }: Pick<Asked, "header">, { headers }: Pick<Answer, "headers">): void {
      if (allowed.size === 0) return;
      headers["vary"] = headers["vary"] ? `${headers["vary"]}, origin` : "origin";
      const origin = header("origin");
      if (origin === undefined || !allowed.has(origin)) return;
      headers["access-control-allow-origin"] = origin;
      headers["access-control-expose-headers"] = EXPOSED;
    },

    /** Answers a browser's question whether it may send a request; undefined where the request is no such question. */
    preflight({ method, header }: Asked): Answer | undefined {
      if (method !== "OPTIONS" || header("access-control-request-method") === undefined) return undefined;
      const origin = header("origin") ?? "";
      if (!allowed.has(origin)) throw originRefused(origin);
      return {
        status: 204,
        headers: {
          "access-control-allow-methods": "GET, POST, PUT, DELETE",
          "access-control-allow-headers": header("access-control-request-headers") ?? "",
          "access-control-max-age": PREFLIGHT_SECONDS,
        },
        body: "",
      };
    },

    /** Throws where a page of another site opens a socket, which no browser asks about beforehand. */
    checkSocket({ header }: Asked): void {
      const origin = header("origin");
      if (origin === undefined || allowed.has(origin)) return;
      if (!URL.canParse(origin) || new URL(origin).host !== header("host")) throw originRefused(origin);
    },
  };
}

function originRefused(origin: string): RefusedError {
  const message = `Pages of ${origin.slice(0, 100)} may not call this API. Add the origin to CORS_ORIGINS.`;
  return new RefusedError("ORIGIN_NOT_ALLOWED", message, { status: 403 });
}
