/** Work that goes on until it is stopped: `work` ends when its signal aborts. Starting what runs does nothing. */
export function createBackground(work: (stopped: AbortSignal) => Promise<void>) {
  let running: { stopped: AbortController; ended: Promise<void> } | undefined;
  return {
    start(): void {
      if (running) return;
      const stopped = new AbortController();
      running = { stopped, ended: work(stopped.signal) };
    },
    /** Ends after what is under way. */
    async stop(): Promise<void> {
      running?.stopped.abort();
      await running?.ended;
      running = undefined;
    },
  };
}
