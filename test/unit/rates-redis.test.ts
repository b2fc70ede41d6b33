import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCounter } from "../../api/rates/counters.ts";
import { createRedisLimiter } from "../../api/rates/redis.ts";
import { silentLog } from "../kit/local.ts";
import { hasRedis, startTestRedis, type TestRedis, WITHOUT_REDIS } from "../kit/redis.ts";

const rate = { points: 10, seconds: 3_600 };

describe.skipIf(!hasRedis)(`a rate in Redis${hasRedis ? "" : ` (${WITHOUT_REDIS})`}`, () => {
  let redis: TestRedis;
  const stops: (() => void)[] = [];
  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterAll(async () => {
    stops.forEach((stop) => stop());
    await redis.kill();
  });

  function processOf(url: string) {
    const { limiter, stop } = createRedisLimiter({ url, prefix: "test", log: silentLog });
    stops.push(stop);
    return createCounter({ name: "n", what: "things", rate, limiter, clock: Date.now });
  }

  /** How many of so many were let through. */
  async function passed(count: (key: string) => Promise<void>, key: string, times: number): Promise<number> {
    const results = await Promise.allSettled(Array.from({ length: times }, () => count(key)));
    return results.filter(({ status }) => status === "fulfilled").length;
  }

  test("holds over two processes together", async () => {
    const [one, other] = [processOf(redis.url), processOf(redis.url)];
    // Until it is connected each process counts alone.
    let total = 0;
    for (let i = 0; total !== 10; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      total = await passed(one.count, `k${i}`, 8) + await passed(other.count, `k${i}`, 8);
    }
    expect(total).toBe(10);
  });

  test("is counted by each process alone while Redis is away", async () => {
    const own = await startTestRedis();
    const counter = processOf(own.url);
    await own.kill();
    expect(await passed(counter.count, "away", 15)).toBe(10);
  });
});
