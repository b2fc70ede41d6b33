/** Tells those who watch a key that something changed. A hint: a lost or repeated one does no harm. */
export type Hub = {
  wake: (key: string) => void;
  /** Calls `listener` on each wake of the key until the function it gives is called. */
  watch: (key: string, listener: () => void) => () => void;
};

/** A hub within one process. Changes by other processes are found by reading back (see `follow`). */
export function createHub(): Hub {
  const listeners = new Map<string, Set<() => void>>();
  return {
    wake: (key) => listeners.get(key)?.forEach((listener) => listener()),
    watch(key, listener) {
      const own = listeners.get(key) ?? new Set();
      listeners.set(key, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0 && listeners.get(key) === own) listeners.delete(key);
      };
    },
  };
}
