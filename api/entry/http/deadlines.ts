const TICK_MS = 1_000;

/** Ends waiting for what takes too long. One timer looks after all that is waited for, so that each costs next to nothing. */
export function createDeadlines(now: () => number = () => performance.now()) {
  const waiting = new Set<{ at: number; expire: () => void }>();
  let timer: ReturnType<typeof setInterval> | undefined;

  function tick(): void {
    for (const one of waiting) if (one.at <= now()) one.expire();
    if (waiting.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  /** Calls `expire` once so many milliseconds are over (or up to a second later), unless what it gives is called first. */
  function start(ms: number, expire: () => void): () => void {
    const own = {
      at: now() + ms,
      expire: () => {
        waiting.delete(own);
        expire();
      },
    };
    waiting.add(own);
    if (timer === undefined) {
      timer = setInterval(tick, TICK_MS);
      // It keeps no process alive; Deno's timers are numbers where they are the web's.
      if (typeof timer === "object") timer.unref();
    }
    return () => void waiting.delete(own);
  }

  return {
    start,
    /** What `work` gives, or a rejection with `late()`; the work itself goes on, and its end is nobody's concern. */
    within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
      return new Promise((resolve, reject) => {
        const stop = start(ms, () => reject(late()));
        work.then(resolve, reject).finally(stop);
      });
    },
  };
}

export type Deadlines = ReturnType<typeof createDeadlines>;
