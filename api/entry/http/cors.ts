import { RefusedError } from "./errors.ts";

const EXPOSED = "x-request-id, x-session-id";
const PREFLIGHT_SECONDS = "7200";

/** Cross-origin rules for exactly `origins`. No credentials: the API knows no cookies, only tokens. */
export function createCors(origins: readonly string[]) {
  const allowed = new Set(origins);
  return {
    /** Lets the page that asks read the answer, where its origin is allowed. */
    mark(request: Request, headers: Headers): void {
      if (allowed.size === 0) return;
      headers.append("vary", "origin");
      const origin = request.headers.get("origin");
      if (origin === null || !allowed.has(origin)) return;
      headers.set("access-control-allow-origin", origin);
      headers.set("access-control-expose-headers", EXPOSED);
    },

    /** Answers a browser's question whether it may send a request; undefined where the request is no such question. */
    preflight(request: Request): Response | undefined {
      if (request.method !== "OPTIONS" || !request.headers.has("access-control-request-method")) return undefined;
      const origin = request.headers.get("origin") ?? "";
      if (!allowed.has(origin)) throw originRefused(origin);
      return new Response(null, {
        status: 204,
        headers: {
          "access-control-allow-methods": "GET, POST",
          "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "",
          "access-control-max-age": PREFLIGHT_SECONDS,
        },
      });
    },

    /** Throws where a page of another site opens a socket, which no browser asks about beforehand. */
    checkSocket(request: Request): void {
      const origin = request.headers.get("origin");
      if (origin === null || allowed.has(origin)) return;
      const host = request.headers.get("host") ?? new URL(request.url).host;
      if (!URL.canParse(origin) || new URL(origin).host !== host) throw originRefused(origin);
    },
  };
}

function originRefused(origin: string): RefusedError {
  const message = `Pages of ${origin.slice(0, 100)} may not call this API. Add the origin to CORS_ORIGINS.`;
  return new RefusedError("ORIGIN_NOT_ALLOWED", message, { status: 403 });
}
