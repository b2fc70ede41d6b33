import { LRUCache } from "lru-cache";
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { type Clock, SECOND_MS } from "../core/clock.ts";
import { RateLimitedError } from "../core/errors.ts";

/** So many of something in so many seconds; undefined where nobody counts. */
export type Rate = { points: number; seconds: number } | undefined;

/** Makes what counts one kind of thing, for this process or, with Redis, for all of them. */
export type MakeLimiter = (name: string, rate: { points: number; seconds: number }) => RateLimiterAbstract;

export type Counter = {
  /** Counts one more of `key`. Throws RateLimitedError where there were too many. */
  count: (key: string) => Promise<void>;
  /** Throws where this process knows already that there were too many; counts nothing. */
  check: (key: string) => void;
};

/** Keys that a process holds a share of, or knows to be over. As a size, since for a `max` all room is made at once: 5 ms for each counter. */
const KEYS = { maxSize: 50_000, sizeCalculation: () => 1 };
/** A process takes so many shares of a rate, at most, in one go: so most requests ask nobody. */
const SHARES = 100;

export function createMemoryLimiter(name: string, { points, seconds }: { points: number; seconds: number }) {
  return new RateLimiterMemory({ keyPrefix: name, points, duration: seconds });
}

/**
 * Counts by key. A hundredth of the rate is taken from the limiter at once and then given out here, so with Redis a
 * hundred requests cost about one question; a process that stops leaves at most that unused. `what` names it in the error.
 */
export function createCounter(
  { name, what, rate, limiter, clock }: {
    name: string;
    what: string;
    rate: Rate;
    limiter: MakeLimiter;
    clock: Clock;
  },
): Counter {
  if (!rate) return { count: () => Promise.resolve(), check: () => {} };
  const counted = limiter(name, rate);
  const share = Math.max(1, Math.floor(rate.points / SHARES));
  const held = new LRUCache<string, { left: number; until: number }>(KEYS);
  const asked = new Map<string, Promise<void>>();

  const refuse = (until: number) => new RateLimitedError(what, rate, Math.ceil((until - clock()) / SECOND_MS));

  async function take(key: string): Promise<void> {
    try {
      const { msBeforeNext } = await counted.consume(key, share);
      held.set(key, { left: share, until: clock() + msBeforeNext });
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      held.set(key, { left: 0, until: clock() + error.msBeforeNext });
    }
  }

  function check(key: string): void {
    const own = held.get(key);
    if (own?.left === 0 && clock() < own.until) throw refuse(own.until);
  }

  async function count(key: string): Promise<void> {
    for (;;) {
      const own = held.get(key);
      if (own && clock() < own.until) {
        if (own.left === 0) throw refuse(own.until);
        own.left -= 1;
        if (own.left === 0) held.delete(key);
        return;
      }
      // Those that come meanwhile wait for the same answer.
      let asking = asked.get(key);
      if (!asking) {
        asking = take(key).finally(() => asked.delete(key));
        asked.set(key, asking);
      }
      await asking;
    }
  }

  return { count, check };
}

/** How many are open at once in this process, by key. */
export type Gauge = {
  /** One more; gives what takes it back, which may be called again. Throws RateLimitedError where there are `max`. */
  open: (key: string) => () => void;
};

/** After so long it is worth while to look again whether one has been closed. */
const LOOK_AGAIN_SECONDS = 5;

export function createGauge({ what, max }: { what: string; max: number }): Gauge {
  const open = new Map<string, number>();
  return {
    open(key) {
      const count = open.get(key) ?? 0;
      if (count >= max) throw new RateLimitedError(what, { points: max }, LOOK_AGAIN_SECONDS);
      open.set(key, count + 1);
      let isOpen = true;
      return () => {
        if (!isOpen) return;
        isOpen = false;
        const left = open.get(key)! - 1;
        if (left === 0) open.delete(key);
        else open.set(key, left);
      };
    },
  };
}
