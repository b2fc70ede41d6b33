import type { Config } from "../config.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { createMemoryLimiter } from "./counters.ts";
import { createRates } from "./rates.ts";

/** The rates of one process; with Redis they hold across all of them. */
export async function createRatesOf(
  { rates: limits, redisUrl, prefix }: Pick<Config, "rates" | "redisUrl" | "prefix">,
  { clock, log }: { clock: Clock; log: Log },
) {
  const shared = redisUrl === undefined ? undefined : await connect(redisUrl);
  return {
    rates: createRates({ limits, limiter: shared?.limiter ?? createMemoryLimiter, clock }),
    stop: () => shared?.stop(),
  };

  /** Loaded only where it is used. */
  async function connect(url: string) {
    const { createRedisLimiter } = await import("./redis.ts");
    return createRedisLimiter({ url, prefix, log });
  }
}
