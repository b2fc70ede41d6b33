type Follower<T> = { waiting: Map<string, T>; look: () => void };
type Shared<T> = { followers: Set<Follower<T>>; stop: () => void; failure?: { error: unknown }; isOver: boolean };

/**
 * One source for all who follow the same `key`, which begins with the first of them and ends with the last. Each is given
 * what comes from then on; of what waits for a slow one there is one for each id, the newest.
 */
export function createSharedLatest<T>(idOf: (message: T) => string) {
  const sources = new Map<string, Shared<T>>();

  return async function* follow(
    key: string,
    start: (signal: AbortSignal) => AsyncGenerator<T>,
    signal: AbortSignal,
  ): AsyncGenerator<T> {
    const shared = sources.get(key) ?? begin(key, start);
    const own: Follower<T> = { waiting: new Map(), look: () => {} };
    const onAbort = () => own.look();
    shared.followers.add(own);
    signal.addEventListener("abort", onAbort);
    try {
      for (;;) {
        for (const [id, message] of own.waiting) {
          own.waiting.delete(id);
          yield message;
          if (signal.aborted) return;
        }
        if (signal.aborted) return;
        if (shared.failure) throw shared.failure.error;
        if (shared.isOver) return;
        await new Promise<void>((resolve) => own.look = resolve);
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      shared.followers.delete(own);
      if (shared.followers.size === 0) shared.stop();
    }
  };

  function begin(key: string, start: (signal: AbortSignal) => AsyncGenerator<T>): Shared<T> {
    const over = new AbortController();
    const shared: Shared<T> = {
      followers: new Set(),
      isOver: false,
      stop() {
        over.abort();
        if (sources.get(key) === shared) sources.delete(key);
      },
    };
    sources.set(key, shared);
    const tellAll = () => shared.followers.forEach(({ look }) => look());
    const run = async () => {
      for await (const message of start(over.signal)) {
        for (const { waiting } of shared.followers) {
          // Anew, at the end.
          waiting.delete(idOf(message));
          waiting.set(idOf(message), message);
        }
        tellAll();
      }
    };
    run().catch((error) => shared.failure = { error }).finally(() => {
      shared.isOver = true;
      shared.stop();
      tellAll();
    });
    return shared;
  }
}
