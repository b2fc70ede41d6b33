import { AsyncLocalStorage } from "node:async_hooks";

export type Precedence = ReturnType<typeof createPrecedence>;

/** So many requests of others that write are under way at once: the rest would only wait at the store, before what comes first. */
const AT_ONCE = 8;
/** The same beside what goes first: the store never waits for its next. */
const BESIDE = 2;

/**
 * Lets one kind of work go before everybody else's writes, where both share one store that does one write after the other: while
 * it is at work, others' writes are made two at a time, else as they come. Recording is so never faster than counting for
 * longer than it takes to notice; nothing waits while the store is idle, so all of it takes as long as before.
 */
export function createPrecedence({ atOnce = AT_ONCE, beside = BESIDE } = {}) {
  const goesFirst = new AsyncLocalStorage<true>();
  const waiting: (() => void)[] = [];
  let [working, writing] = [0, 0];

  const mayWrite = () => writing < (working === 0 ? atOnce : beside);

  function admit(): void {
    while (waiting.length > 0 && mayWrite()) {
      writing += 1;
      waiting.shift()!();
    }
  }

  return {
    /** Runs what goes first; its own writes wait for nobody. */
    async first<T>(work: () => Promise<T>): Promise<T> {
      working += 1;
      try {
        return await goesFirst.run(true, work);
      } finally {
        working -= 1;
        admit();
      }
    },

    /** Makes a request that writes to the store, in its turn. */
    async write<T>(call: () => Promise<T>): Promise<T> {
      if (goesFirst.getStore()) return await call();
      if (mayWrite()) writing += 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await call();
      } finally {
        writing -= 1;
        admit();
      }
    },
  };
}
