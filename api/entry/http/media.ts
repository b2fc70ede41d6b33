import { LRUCache } from "lru-cache";
import type { App } from "../../app.ts";
import { type Clock, MINUTE_MS } from "../../core/clock.ts";
import type { Answer, Asked } from "./exchange.ts";
import { RefusedError } from "./errors.ts";

/** What a browser shows or plays by itself; anything else is to be kept as a file. */
const SHOWN = /^(?:image|audio|video)\//;
/**
 * Files are strangers': whatever one holds, it runs nothing and loads nothing, also where its link is opened by itself. Any page
 * may show it, since the link is what gives the right to.
 */
const GUARDED = {
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "cross-origin",
  "referrer-policy": "no-referrer",
  "accept-ranges": "bytes",
};

/** Media of cards on the service's own origin, by the links that `Card.media.path` gives. */
export function createMediaRoute({ openMedia, rates }: Pick<App, "openMedia" | "rates">, clock: Clock) {
  // Who asked for what is none is counted before anything is read.
  const guessed = new LRUCache<string, true>({
    ...{ max: 10_000, ttl: MINUTE_MS, ttlResolution: 0 },
    perf: { now: clock },
  });

  return async function answerMedia(asked: Asked, address: string): Promise<Answer> {
    if (asked.method !== "GET" && asked.method !== "HEAD") {
      throw new RefusedError("METHOD_NOT_ALLOWED", "A media file is only read: GET or HEAD.", {
        status: 405,
        headers: { allow: "GET, HEAD" },
      });
    }
    if (guessed.has(address)) await rates.request(address, undefined);
    const found = await openMedia(asked.path);
    if (!found) {
      // Links that are none are guesses; who has a right one had a token a quarter of an hour ago.
      guessed.set(address, true);
      const message = "There is no such media file, or its link is over: ask for `Card.media` again.";
      throw new RefusedError("NOT_FOUND", message, { status: 404 });
    }
    const headers = {
      ...GUARDED,
      "content-type": SHOWN.test(found.type) ? found.type : "application/octet-stream",
      "content-disposition": `${SHOWN.test(found.type) ? "inline" : "attachment"}; filename*=UTF-8''${
        encodeURIComponent(found.name)
      }`,
      // As long as the link, and in no cache that others share.
      "cache-control": "private, max-age=900, immutable",
    };
    if ("url" in found) {
      return { status: 302, headers: { ...headers, location: found.url, "cache-control": "no-store" }, body: "" };
    }
    return partOf(asked, found.body, headers);
  };
}

/** One part of the bytes, where one is asked for: players of sound and video ask so. */
function partOf({ method, header }: Asked, body: Uint8Array, headers: Record<string, string>): Answer {
  const shown = (status: number, bytes: Uint8Array, more: Record<string, string> = {}): Answer => ({
    status,
    headers: { ...headers, ...more },
    body: method === "HEAD" ? new Uint8Array() : bytes,
  });
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header("range") ?? "") ?? [];
  if (from === undefined || (from === "" && to === "")) return shown(200, body);
  const first = from === "" ? Math.max(0, body.length - Number(to)) : Number(from);
  const last = Math.min(body.length - 1, from === "" || to === "" ? Infinity : Number(to));
  if (first > last) return shown(416, new Uint8Array(), { "content-range": `bytes */${body.length}` });
  return shown(206, body.subarray(first, last + 1), { "content-range": `bytes ${first}-${last}/${body.length}` });
}
