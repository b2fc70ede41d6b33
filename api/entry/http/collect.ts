import { createHash } from "node:crypto";
import { SCRIPT } from "../../browser/built.ts";
import type { App } from "../../app.ts";
import { SECOND_MS } from "../../core/clock.ts";
import { InvalidInputError, UnauthenticatedError } from "../../core/errors.ts";
import type { Telemetry } from "../../core/telemetry.ts";
import type { Collected } from "../../journeys/collect.ts";
import { readText } from "./body.ts";
import { RefusedError } from "./errors.ts";
import type { Answer, Asked } from "./exchange.ts";
import { parseJson } from "./json.ts";

/** 500 events of 2 KB each. */
const MAX_BYTES = 1_048_576;
const MAX_MS = 30 * SECOND_MS;
const JSON_LIMITS = { depth: 48, values: 100_000 };
/** Any page may load the script and read the answers: they hold nothing but what became of its own events. */
const OPEN = { "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin" };
const ETAG = `"${createHash("sha256").update(SCRIPT).digest("base64url").slice(0, 22)}"`;

/**
 * What pages of a tenant need: `/sojourn.js`, and `POST /collect?key=WRITE_KEY`, which takes plain text, so that browsers ask
 * no preflight and `sendBeacon` works. 202 says that the events are safe, as a receipt of `recordEvents` does.
 */
export function createCollectRoutes(app: App, telemetry: Telemetry) {
  async function collect(asked: Asked, address: string): Promise<Answer> {
    if (asked.method !== "POST") throw notAllowed("POST", "Events are sent by POST.");
    const viewer = await identify(asked, address);
    const body = parseJson(await readText(asked, MAX_BYTES, MAX_MS), JSON_LIMITS);
    try {
      return accepted(await app.collect(viewer.tenantId, body, asked.header("user-agent")));
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      throw new RefusedError("BAD_REQUEST", `The body is no batch of events: ${error.message}`, { status: 400 });
    }
  }

  /** The key is in the address, so that nothing of the body is read for who has none. */
  async function identify({ search, header }: Asked, address: string) {
    const key = new URLSearchParams(search).get("key") ?? "";
    try {
      const viewer = await app.writeKeys.find(key, header("origin"), address);
      await app.rates.request(address, viewer);
      return viewer;
    } catch (error) {
      if (error instanceof UnauthenticatedError) await app.rates.request(address, undefined);
      throw error;
    }
  }

  function accepted({ verdicts, robots }: Collected): Answer {
    telemetry.countRobotEvents(robots);
    const total = (status: string) => verdicts.filter((verdict) => verdict.status === status).length;
    const refused = verdicts.flatMap((verdict, index) =>
      verdict.status === "REJECTED" ? [{ index, code: verdict.code, reason: verdict.reason }] : []
    );
    return {
      status: 202,
      headers: { "content-type": "application/json", "cache-control": "no-store" },
      body: JSON.stringify({ accepted: total("ACCEPTED"), duplicates: total("DUPLICATE"), refused, robots }),
    };
  }

  function script({ method, header }: Asked): Answer {
    if (method !== "GET" && method !== "HEAD") throw notAllowed("GET, HEAD", "The script is only read.");
    const headers = {
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, max-age=3600, stale-while-revalidate=604800, stale-if-error=604800",
      etag: ETAG,
      "x-content-type-options": "nosniff",
    };
    return header("if-none-match") === ETAG
      ? { status: 304, headers, body: "" }
      : { status: 200, headers, body: SCRIPT };
  }

  const routes = new Map<string, (asked: Asked, address: string) => Answer | Promise<Answer>>([
    ["/collect", collect],
    ["/sojourn.js", script],
  ]);

  return {
    find: (path: string) => routes.get(path),

    /** Lets pages of all origins read the answer, also where it is an error. */
    mark({ path }: Pick<Asked, "path">, { headers }: Pick<Answer, "headers">): void {
      if (routes.has(path)) Object.assign(headers, OPEN);
    },
  };
}

function notAllowed(allow: string, message: string): RefusedError {
  return new RefusedError("METHOD_NOT_ALLOWED", message, { status: 405, headers: { allow } });
}
