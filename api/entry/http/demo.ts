import { RefusedError } from "./errors.ts";
import type { Answer, Asked } from "./exchange.ts";

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * One-click sign-in of the local instance. Only a page of this very origin gets a token: `Host` must be this machine's own name,
 * so that a stranger's name that resolves to 127.0.0.1 is refused, and the browser must not say that another site asks.
 */
export function createDemoSignIn(demoToken: () => Promise<string>) {
  return async function signIn({ method, header }: Asked): Promise<Answer> {
    const site = header("sec-fetch-site") ?? "same-origin";
    const origin = header("origin");
    const host = header("host") ?? "";
    const isOwn = LOOPBACK.test(host) && site === "same-origin" &&
      (origin === undefined || /^https?:\/\/(.*)$/.exec(origin)?.[1] === host);
    if (method !== "POST" || !isOwn) {
      const message = "The demo's token is given to pages of this instance on this machine, by POST.";
      throw new RefusedError("FORBIDDEN", message, { status: 403 });
    }
    return {
      status: 200,
      headers: { "content-type": "application/json", "cache-control": "no-store" },
      body: JSON.stringify({ token: await demoToken() }),
    };
  };
}
