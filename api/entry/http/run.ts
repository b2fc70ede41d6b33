import process from "node:process";
import type { App } from "../../app.ts";
import type { Log } from "../../core/log.ts";
import { startTicker } from "../../jobs/ticker.ts";
import { listen } from "./listen.ts";

/**
 * Serves the app until SIGTERM or SIGINT, then stops it gracefully. A second signal ends the process at once. What `announce`
 * gives is called first, while requests are still answered.
 */
export async function runUntilSignal(
  app: App,
  announce: (url: string) => void | Promise<void | (() => Promise<void>)>,
): Promise<void> {
  const letGo = catchTheRest(app.log);
  try {
    const server = await listen(app);
    const signal = firstSignal();
    let ticker: ReturnType<typeof startTicker> | undefined;
    let stopFirst: void | (() => Promise<void>) = undefined;
    try {
      stopFirst = await announce(server.url);
      ticker = startTicker(app.jobs, app.log);
      await signal;
    } finally {
      await stopFirst?.();
      await Promise.all([server.stop(), ticker?.stop()]);
    }
  } finally {
    await app[Symbol.asyncDispose]();
    letGo();
  }
}

/** Faults of disks and networks that come out of the runtime's own depths. They concern one thing that was under way. */
const PASSING = /^(EMFILE|ENFILE|ENOSPC|EDQUOT|EIO|EPIPE|ECONN[A-Z]+|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/;

/**
 * The net below all that has an owner: a promise that nobody waited for, or a fault of disk or network that no listener
 * took, is logged and ends nothing. Any other exception is a fault of ours after which nothing is certain; it ends the process.
 */
function catchTheRest(log: Log): () => void {
  const onRejection = (error: unknown) => log.error("A promise that nobody waits for failed.", { error });
  const onException = (error: unknown) => {
    log.error("An error that nobody handles was thrown.", { error });
    if (!PASSING.test(String((error as { code?: unknown }).code))) process.exit(1);
  };
  process.on("unhandledRejection", onRejection).on("uncaughtException", onException);
  return () => void process.off("unhandledRejection", onRejection).off("uncaughtException", onException);
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
