import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type Browser, type BrowserContext, chromium } from "playwright-core";
import { PATIENCE_MS } from "./process.ts";

const EXECUTABLE = "/usr/bin/chromium";
const ARGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];
/** Headless Chromium calls itself so, and is left out as a robot. Said to the browser itself: what is sent while a page goes away knows no other. */
const PERSON = "Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

/** Whether there is a browser. Where there is none, tests that need one are skipped, and say so by their names. */
export const hasChromium = existsSync(EXECUTABLE);

/** A real browser, with the cache of pages that are gone back to. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [...ARGS, `--user-agent=${PERSON}`],
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
    timeout: PATIENCE_MS,
  });
}

/** A person's browser window: its tabs share what they store. `aheadMs`: how far its clock is ahead. */
export async function newPerson(browser: Browser, { aheadMs = 0, userAgent = PERSON } = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ userAgent });
  context.setDefaultTimeout(PATIENCE_MS);
  if (aheadMs !== 0) {
    await context.addInitScript((ms) => {
      const Real = Date;
      const Ahead = class extends Real {
        constructor(...given: [number?]) {
          super(...(given.length > 0 ? given : [Real.now() + ms]) as [number]);
        }
        static override now = () => Real.now() + ms;
      };
      globalThis.Date = Ahead as DateConstructor;
    }, aheadMs);
  }
  return context;
}

/** Serves the same page at each address, on a free port of 127.0.0.1. */
export async function servePages(htmlOf: (path: string) => string) {
  const server = createServer((request, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(htmlOf(request.url ?? "/"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
