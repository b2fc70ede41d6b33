import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Answer, Asked } from "./exchange.ts";

/** What GraphiQL shows a newcomer. */
const FIRST_QUERY = `# Put a token into the Headers below, as {"Authorization": "Bearer TOKEN"}.
# npm run --silent token -- --tenant demo   prints one for the sample.
{
  viewer { tenantId scopes }
  journeys(first: 5) { nodes { sessionId startedAt outcome eventCount } }
}
`;

type Page = Record<"plain" | "gzip" | "br", Uint8Array> & { etag: string; policy: string };

/**
 * The page with its scripts inside, so that it works without a network. Made when it is first asked for; compressed once,
 * and the same bytes go to everybody. It keeps no headers in the browser: a token is typed again after a reload.
 */
export function createGraphiql() {
  let page: Promise<Page> | undefined;
  return async ({ header }: Asked): Promise<Answer> => {
    page ??= make().catch((error) => {
      page = undefined;
      throw error;
    });
    const { etag, policy, ...bodies } = await page;
    const accepted = header("accept-encoding") ?? "";
    const encoding = /\bbr\b/.test(accepted) ? "br" : /\bgzip\b/.test(accepted) ? "gzip" : "plain";
    const headers = {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "x-frame-options": "DENY",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-cache",
      "vary": "accept, accept-encoding",
      etag,
    };
    if (header("if-none-match")?.includes(etag)) return { status: 304, headers, body: "" };
    return {
      status: 200,
      headers: encoding === "plain" ? headers : { ...headers, "content-encoding": encoding },
      body: bodies[encoding],
    };
  };
}

async function make(): Promise<Page> {
  const { renderGraphiQL } = await import("@graphql-yoga/render-graphiql");
  const html = renderGraphiQL({ title: "Sojourn", defaultQuery: FIRST_QUERY, shouldPersistHeaders: false });
  const plain = new TextEncoder().encode(html);
  const [br, zipped] = await Promise.all([
    promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
    promisify(gzip)(plain, { level: 6 }),
  ]);
  const etag = `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`;
  return { plain, br, gzip: zipped, etag, policy: policyOf(html) };
}

/** Only the page's own scripts run, each known by its hash, and they talk to this service alone. */
function policyOf(html: string): string {
  const scripts = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/gi)].map(([, code]) =>
    `'sha256-${createHash("sha256").update(code!).digest("base64")}'`
  );
  return [
    "default-src 'none'",
    `script-src ${scripts.join(" ")}`,
    "style-src 'unsafe-inline'",
    "font-src data:",
    "img-src data: 'self'",
    "connect-src 'self'",
    "worker-src blob: data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
