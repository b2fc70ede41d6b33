import { Redis } from "ioredis";
import { RateLimiterRedis } from "rate-limiter-flexible";
import type { Log } from "../core/log.ts";
import { createMemoryLimiter, type MakeLimiter } from "./counters.ts";

const SILENCE_MS = 500;
const MAX_RETRY_MS = 2_000;

/** Counts in Redis, so that a rate holds across processes. While Redis is away each process counts alone. */
export function createRedisLimiter(
  { url, prefix, log }: { url: string; prefix: string; log: Log },
): { limiter: MakeLimiter; stop: () => void } {
  const client = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: SILENCE_MS,
    commandTimeout: SILENCE_MS,
    retryStrategy: (attempt) => Math.min(attempt * 100, MAX_RETRY_MS),
  });
  let isDown = false;
  client.on("error", () => {
    if (!isDown) log.warn("Redis is away; each process counts rates alone.");
    isDown = true;
  }).on("ready", () => isDown = false);
  return {
    limiter: (name, { points, seconds }) =>
      new RateLimiterRedis({
        storeClient: client,
        keyPrefix: `${prefix}:rate:${name}`,
        points,
        duration: seconds,
        rejectIfRedisNotReady: true,
        insuranceLimiter: createMemoryLimiter(name, { points, seconds }),
      }),
    stop: () => client.disconnect(),
  };
}
