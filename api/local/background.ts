import { setTimeout as pause } from "node:timers/promises";
import type { Log } from "../core/log.ts";

const AGAIN_MS = 1_000;

/**
 * Work that goes on until it is stopped: `work` ends when its signal aborts. Where it throws, that is logged and it begins
 * again a second later: a full disk or a lost connection ends no process. Starting what runs does nothing.
 */
export function createBackground(work: (stopped: AbortSignal) => Promise<void>, log: Log) {
  let running: { stopped: AbortController; ended: Promise<void> } | undefined;

  async function goOn(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      try {
        return await work(stopped);
      } catch (error) {
        if (stopped.aborted) return;
        log.error("Work in the background failed and begins again.", { error });
        await pause(AGAIN_MS, undefined, { signal: stopped }).catch(() => {});
      }
    }
  }

  return {
    start(): void {
      if (running) return;
      const stopped = new AbortController();
      running = { stopped, ended: goOn(stopped.signal) };
    },
    /** Ends after what is under way. */
    async stop(): Promise<void> {
      running?.stopped.abort();
      await running?.ended;
      running = undefined;
    },
  };
}
