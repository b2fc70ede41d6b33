/** Tells those who watch a key that something changed. A hint: a lost or repeated one does no harm. */
export type Hub = {
  wake: (key: string, detail?: string) => void;
  /** Calls `listener` on each wake of the key, with what the waker said, until the function it gives is called. */
  watch: (key: string, listener: (detail?: string) => void) => () => void;
  /** Where nobody waits: called where a feed has given all that is there. It ends then, and whoever asks again goes on from its cursor. */
  rest?: (at?: Rest) => void;
};

/** How a feed came to rest. */
export type Rest = {
  /** Where it stands, for a feed that begins now: it has a cursor before there is a message. */
  cursor?: string;
  /** What it gives changes with time too, though nothing is written. */
  fades?: boolean;
};

/** A hub that wakes nobody, of a process that lives for one event. `take` gives what was watched, and how it came to rest. */
export type StillHub = Hub & { take: () => { keys: string[]; rest: Rest | undefined } };

export function createStillHub(): StillHub {
  let keys = new Set<string>();
  let rested: Rest | undefined;
  return {
    wake() {},
    watch(key) {
      keys.add(key);
      return () => {};
    },
    rest: (at = {}) => void (rested = at),
    take() {
      const taken = { keys: [...keys], rest: rested };
      [keys, rested] = [new Set(), undefined];
      return taken;
    },
  };
}

/** A hub within one process. Changes by other processes are found by reading back (see `follow`). */
export function createHub(): Hub {
  const listeners = new Map<string, Set<(detail?: string) => void>>();
  return {
    wake: (key, detail) => listeners.get(key)?.forEach((listener) => listener(detail)),
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
