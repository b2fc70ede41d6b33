import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { Config } from "../../config.ts";
import { buckets, fullName } from "../../resources.ts";
import { takesCoding } from "./compress.ts";
import type { Answer, Asked } from "./exchange.ts";

/** Where the install step puts the pages that it builds from `api/dashboard` (see `api/entry/cli/install.mjs`). */
export const BUILT = join(import.meta.dirname, "../../dashboard/built");

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

/** Pages of the dashboard, each with what lies below it. All are one document: its script looks at the address. */
export const DOCUMENTS = /^\/(?:(?:live|sessions|journeys|review|admin)(?:\/.*)?)?$/;

/** The demo shop, which stands for anybody's site: its pages are one document as well. */
export const DEMO = /^\/demo(?:\/.*)?$/;

/**
 * Scripts and styles of our own only, no markup made from text, no frames around us. The address of the socket is named, since
 * not every browser takes `'self'` for it.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types svelte-trusted-html dompurify",
].join("; ");

/** The shop puts the script into its pages as anybody would, by its address; it may be framed by the page that explains it. */
const DEMO_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/**
 * Cards are written by strangers: no script, nothing from elsewhere, whatever their HTML says. Pictures and sounds come from
 * here, by links that end soon. Framed by the page of reviews.
 */
const CARD_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' data: blob:; " +
  "font-src data: blob:; frame-ancestors 'self'; sandbox allow-same-origin";

const POLICIES: Readonly<Record<string, string>> = { "card.html": CARD_POLICY };

/** Where the object store gives what is too large for an answer of a function: the origin of the links that `linkToGet` makes. */
export function storeOrigin({ prefix, region, endpoints }: Pick<Config, "prefix" | "region" | "endpoints">): string {
  // A link to another endpoint has the bucket in its path.
  if (endpoints.s3) return new URL(endpoints.s3).origin;
  return `https://${fullName(prefix, buckets.collections)}.s3.${region}.amazonaws.com`;
}

/** Large media are shown from the object store, and where functions serve large collections are sent to it. */
const letting = (policy: string, store: string) =>
  policy.replaceAll(/\b(connect|img|media)-src 'self'/g, (said) => `${said} ${store}`);

/** The build puts a hash of the content into each asset's name, so those never change; the rest is asked for again. */
export const keptFor = (name: string): string =>
  name.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache";

/** What a page says beside its type: how long it is kept, and what it may do. `store` is what `storeOrigin` gives. */
export function pageHeaders(name: string, store: string) {
  return {
    "cache-control": keptFor(name),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": name === "demo.html" ? DEMO_POLICY : letting(POLICIES[name] ?? POLICY, store),
  };
}

/** The type of a page's file; undefined where it is none of a page. */
export const pageType = (name: string): string | undefined => TYPES[extname(name)];

type File = {
  body: Uint8Array<ArrayBuffer>;
  brotli: Uint8Array<ArrayBuffer> | undefined;
  headers: Record<string, string>;
};

/** The pages by path, held in memory: some hundred KB. Without built pages there are none, and `find` gives undefined. */
export function createPages(store: string, folder = BUILT) {
  const files = readAll(folder, store);
  const [index, demo] = [files.get("/index.html"), files.get("/demo.html")];

  return {
    find(path: string): ((asked: Asked) => Answer) | undefined {
      const file = DOCUMENTS.test(path) ? index : DEMO.test(path) ? demo : files.get(path);
      return file && ((asked) => answer(file, asked));
    },
  };
}

function readAll(folder: string, store: string): Map<string, File> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/"));
  return new Map(
    names.filter(pageType).map((name) => {
      const body = readFileSync(join(folder, name));
      const brotli = names.includes(`${name}.br`) ? readFileSync(join(folder, `${name}.br`)) : undefined;
      return [`/${name}`, { body, brotli, headers: headersOf(name, body, store) }];
    }),
  );
}

function headersOf(name: string, body: Uint8Array, store: string): Record<string, string> {
  return {
    "content-type": pageType(name)!,
    etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
    vary: "accept-encoding",
    ...pageHeaders(name, store),
  };
}

function answer({ body, brotli, headers }: File, { method, header }: Asked): Answer {
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, headers: { allow: "GET, HEAD" }, body: "A page is only read: GET or HEAD.\n" };
  }
  if (header("if-none-match") === headers["etag"]) return { status: 304, headers: { ...headers }, body: "" };
  if (!brotli || !takesCoding(header("accept-encoding"), "br")) return { status: 200, headers: { ...headers }, body };
  return { status: 200, headers: { ...headers, "content-encoding": "br" }, body: brotli };
}
