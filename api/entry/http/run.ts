import process from "node:process";
import type { App } from "../../app.ts";
import { startTicker } from "../../jobs/ticker.ts";
import { listen } from "./listen.ts";

/** Serves the app until SIGTERM or SIGINT, then stops it gracefully. A second signal ends the process at once. */
export async function runUntilSignal(app: App, announce: (url: string) => void | Promise<void>): Promise<void> {
  try {
    const server = await listen(app);
    const signal = firstSignal();
    let ticker: ReturnType<typeof startTicker> | undefined;
    try {
      await announce(server.url);
      ticker = startTicker(app.jobs, app.log);
      await signal;
    } finally {
      await Promise.all([server.stop(), ticker?.stop()]);
    }
  } finally {
    await app[Symbol.asyncDispose]();
  }
}

function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    const onSignal = () => {
      seen += 1;
      if (seen > 1) process.exit(1);
      resolve();
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}
