import { SECOND_MS } from "../core/clock.ts";
import type { Hub } from "./hub.ts";

/** Without a wake, a feed reads back this often: what another process changed is seen within it. */
export const POLL_MS = SECOND_MS;
/** Hints are a help; more than so many at once are not kept. */
export const MAX_HINTS = 1_000;

/**
 * Follows what is stored: reads all that is new since `state`, gives it, and reads again when the key is woken or a
 * second has passed. The store is the truth and the state says what was given, so nothing is missed and nothing
 * comes twice, whatever the hub does. Ends when `signal` aborts.
 */
export async function* follow<State, Message>(options: {
  hub: Hub;
  key: string;
  state: State;
  /** Gets what the wakes since the last read said, each once. */
  read: (state: State, hints: readonly string[]) => Promise<{ messages: Message[]; state: State }>;
  signal: AbortSignal;
  /** Reads are at least so far apart: what changes more often is given as it is then. Asked for after each. */
  intervalMs?: () => number;
  pollMs?: number | undefined;
  /** What it gives changes with time too. */
  fades?: boolean;
}): AsyncGenerator<Message> {
  const { hub, key, read, signal, intervalMs = () => 0, pollMs = POLL_MS, fades = false } = options;
  let state = options.state;
  let woken = false;
  let ring = () => {};
  const hints = new Set<string>();
  const stop = hub.watch(key, (hint) => {
    woken = true;
    if (hint !== undefined && hints.size < MAX_HINTS) hints.add(hint);
    ring();
  });
  /** Waits so long, or until a ring after which `isEnough` or the signal aborts. */
  const pause = (ms: number, isEnough: () => boolean) =>
    new Promise<void>((resolve) => {
      if (ms <= 0 || signal.aborted) return resolve();
      const timer = setTimeout(resolve, ms);
      ring = () => {
        if (!isEnough() && !signal.aborted) return;
        clearTimeout(timer);
        resolve();
      };
    });
  const onAbort = () => ring();
  signal.addEventListener("abort", onAbort);
  try {
    while (!signal.aborted) {
      woken = false;
      const given = [...hints];
      hints.clear();
      const readAt = performance.now();
      const next = await read(state, given);
      state = next.state;
      yield* next.messages;
      if (hub.rest) return hub.rest({ fades });
      if (!woken) await pause(pollMs, () => woken);
      await pause(intervalMs() - (performance.now() - readAt), () => false);
    }
  } finally {
    stop();
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * A stream that ends at once when its reader leaves, also while it waits: leaving aborts the signal that `start` got.
 * `watch` may end it with an error, which the reader gets as the last thing; what it gives is called when the stream is over.
 */
export function endable<T>(
  start: (signal: AbortSignal) => AsyncGenerator<T>,
  watch: (end: (error: Error) => void) => () => void,
): AsyncGenerator<T> {
  const abort = new AbortController();
  const inner = start(abort.signal);
  let last: Error | undefined;
  const unwatch = watch((error) => {
    last ??= error;
    abort.abort();
  });
  const close = () => {
    unwatch();
    abort.abort();
  };
  const stream: AsyncGenerator<T> = {
    async next() {
      const result = await inner.next().catch((error) => {
        close();
        throw error;
      });
      if (!result.done) return result;
      close();
      if (last === undefined) return result;
      const error = last;
      last = undefined;
      throw error;
    },
    async return(value) {
      close();
      return await inner.return(value);
    },
    async throw(error) {
      close();
      return await inner.throw(error);
    },
    [Symbol.asyncIterator]: () => stream,
    async [Symbol.asyncDispose]() {
      await stream.return(undefined);
    },
  };
  return stream;
}
