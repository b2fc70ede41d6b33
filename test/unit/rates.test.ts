import { RateLimiterRes } from "rate-limiter-flexible";
import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { RateLimitedError } from "../../api/core/errors.ts";
import { clientAddress } from "../../api/rates/address.ts";
import { createCounter, createGauge, createMemoryLimiter } from "../../api/rates/counters.ts";
import { createRates } from "../../api/rates/rates.ts";
import { createHttp } from "../../api/entry/http/fetch.ts";
import { createTinyApp } from "../kit/tiny-app.ts";

const HOUR = 3_600;

function counterOf(points: number) {
  const rate = { points, seconds: HOUR };
  return createCounter({ name: "n", what: "things", rate, limiter: createMemoryLimiter, clock: Date.now }).count;
}

/** How many of `count` were let through. */
async function passed(count: () => Promise<void>, times: number): Promise<number> {
  const results = await Promise.allSettled(Array.from({ length: times }, count));
  return results.filter(({ status }) => status === "fulfilled").length;
}

describe("a rate", () => {
  test("lets so many through, whole shares of it, and no more however many come at once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 450 }), async (points) => {
        const count = counterOf(points);
        const most = points - points % Math.max(1, Math.floor(points / 100));
        expect(await passed(() => count("a"), points + 50)).toBe(most);
        expect(await passed(() => count("a"), 5)).toBe(0);
        expect(await passed(() => count("b"), 1)).toBe(1);
      }),
      { numRuns: 30 },
    );
  });

  test("that is used up says the limit, and when to come again", async () => {
    const count = counterOf(2);
    await count("a");
    await count("a");
    const error = await count("a").catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RateLimitedError);
    expect((error as RateLimitedError).message).toMatch(/Too many things: at most 2 in 3600 seconds\. Try again in/);
    expect((error as RateLimitedError).retryAfterSeconds).toBeGreaterThan(3_500);
  });

  test("that is used up is asked for anew when its time is over, not a millisecond earlier; nobody asks meanwhile", async () => {
    let now = 1_000;
    const asked: number[] = [];
    let isOver = true;
    const limiter = () =>
      ({
        consume(_: string, points: number) {
          asked.push(points);
          const { msBeforeNext } = { msBeforeNext: 5_000 };
          return isOver ? Promise.reject(new RateLimiterRes(0, msBeforeNext)) : Promise.resolve({ msBeforeNext });
        },
      }) as unknown as ReturnType<typeof createMemoryLimiter>;
    const { count, check } = createCounter({
      ...{ name: "n", what: "things", rate: { points: 300, seconds: HOUR }, limiter, clock: () => now },
    });
    // Nothing is known yet: whoever looks is let through, and asks nobody.
    check("a");
    await expect(count("a")).rejects.toMatchObject({ retryAfterSeconds: 5 });
    // A second that has begun is a whole one: whoever comes after it is let through.
    now += 500;
    await expect(count("a")).rejects.toMatchObject({ retryAfterSeconds: 5 });
    now += 4_499;
    expect(() => check("a")).toThrow(RateLimitedError);
    await expect(count("a")).rejects.toMatchObject({ retryAfterSeconds: 1 });
    expect(asked).toEqual([3]);
    now += 1;
    check("a");
    isOver = false;
    for (let i = 0; i < 3; i++) await count("a");
    expect(asked).toEqual([3, 3]);
    await count("a");
    expect(asked).toEqual([3, 3, 3]);
    // A share that is not used up ends with its time too.
    now += 5_000;
    await count("a");
    expect(asked).toHaveLength(4);
  });

  test("is told as it is where what counts does not answer, and asked for again by whoever comes next", async () => {
    let isAway = true;
    const limiter = () =>
      ({
        consume: () => isAway ? Promise.reject(new Error("Redis is away")) : Promise.resolve({ msBeforeNext: 5_000 }),
      }) as unknown as ReturnType<typeof createMemoryLimiter>;
    const rate = { points: 300, seconds: HOUR };
    const { count, check } = createCounter({ name: "n", what: "things", rate, limiter, clock: () => 0 });
    for (let i = 0; i < 2; i++) await expect(count("a")).rejects.toThrow("Redis is away");
    check("a");
    isAway = false;
    await count("a");
  });

  test("that is off lets all through", async () => {
    const options = { name: "n", what: "things", rate: undefined, limiter: createMemoryLimiter, clock: Date.now };
    expect(await passed(() => createCounter(options).count("a"), 1_000)).toBe(1_000);
  });

  test("of what is open at once is free again when it is closed, once however often that is said", () => {
    const gauge = createGauge({ what: "sockets", max: 2 });
    const [one] = [gauge.open("a"), gauge.open("a")];
    expect(() => gauge.open("a")).toThrow(RateLimitedError);
    gauge.open("b");
    one();
    one();
    gauge.open("a");
    expect(() => gauge.open("a")).toThrow(RateLimitedError);
  });
});

test("a subscription that its tenant has too many of takes none of its token's", () => {
  const limits = { subscriptionsPerToken: 2, subscriptionsPerTenant: 1, openPerAddress: 1, openPerToken: 1 };
  const off = { anonymous: undefined, token: undefined, tenant: undefined };
  const rates = createRates({
    limits: { ...limits, ...off, logins: undefined, registrations: undefined, connections: undefined },
    limiter: createMemoryLimiter,
    clock: () => 0,
  });
  const who = { tenantId: "t", credential: "c" };
  const close = rates.subscription(who);
  for (let i = 0; i < 3; i++) expect(() => rates.subscription(who)).toThrow("of this tenant");
  close();
  rates.subscription(who);
});

test("keys of one rate have it each for itself, by the minute", async () => {
  const asked: [name: string, rate: object][] = [];
  const none = { anonymous: undefined, token: undefined, tenant: undefined, logins: undefined };
  const rates = createRates({
    limits: {
      ...{ ...none, registrations: undefined, connections: undefined, openPerAddress: 1, openPerToken: 1 },
      ...{ subscriptionsPerToken: 1, subscriptionsPerTenant: 1 },
    },
    limiter: (name, rate) => (asked.push([name, rate]), createMemoryLimiter(name, rate)),
    clock: () => 0,
  });
  for (const key of ["a", "b"]) {
    for (let i = 0; i < 2; i++) await rates.key(key, 2);
    await expect(rates.key(key, 2)).rejects.toThrow(RateLimitedError);
    await rates.key(key, 3);
    await rates.key(key, undefined);
  }
  expect(asked).toEqual([2, 3].map((points) => [`key${points}`, { points, seconds: 60 }]));
});

describe("the client's address", () => {
  test("is the connection's, whatever the client writes, where no proxy is trusted", () => {
    fc.assert(fc.property(fc.string(), (forged) => {
      expect(clientAddress("203.0.113.9", forged, 0)).toBe("203.0.113.9");
    }));
  });

  test("is whom the trusted proxies saw, whatever the client writes before it", () => {
    fc.assert(fc.property(fc.array(fc.ipV4(), { maxLength: 5 }), fc.integer({ min: 1, max: 3 }), (forged, proxies) => {
      const own = ["198.51.100.1", "10.0.0.1", "10.0.0.2", "10.0.0.3"].slice(0, proxies);
      expect(clientAddress("10.0.0.9", [...forged, ...own].join(", "), proxies)).toBe("198.51.100.1");
    }));
  });

  test("is the connection's where a trusted proxy wrote none", () => {
    for (const none of [null, undefined, ""]) expect(clientAddress("203.0.113.9", none, 1)).toBe("203.0.113.9");
  });

  test("is the same for all of one IPv6 network, and for IPv4 inside of IPv6", () => {
    expect(clientAddress("2001:db8:1:2:3:4:5:6", null, 0)).toBe(clientAddress("2001:db8:1:2::9", null, 0));
    expect(clientAddress("2001:db8:1:2::1", null, 0)).not.toBe(clientAddress("2001:db8:1:3::1", null, 0));
    expect(clientAddress("::ffff:203.0.113.9", null, 0)).toBe("203.0.113.9");
    expect(clientAddress("10.0.0.1", "203.0.113.9:4711", 1)).toBe("203.0.113.9");
    expect(clientAddress("10.0.0.1", "[2001:db8::1]:4711", 1)).toBe("2001:db8::/64");
    expect(clientAddress("10.0.0.1", "[2001:db8::1]", 1)).toBe("2001:db8::/64");
  });

  test("that is none is one like another, so that nonsense gives no new allowance", () => {
    expect(clientAddress("10.0.0.1", "nonsense", 1)).toBe(clientAddress("10.0.0.1", "other nonsense", 1));
    expect(clientAddress("10.0.0.1", "1[2::3]", 1)).toBe(clientAddress("10.0.0.1", "nonsense", 1));
  });

  test("is also right in a function's event, whose list ends with its own peer", () => {
    expect(clientAddress("203.0.113.9", "1.2.3.4, 203.0.113.9", 0)).toBe("203.0.113.9");
    expect(clientAddress("192.0.2.7", "1.2.3.4, 203.0.113.9, 192.0.2.7", 1)).toBe("203.0.113.9");
    const two = "1.2.3.4, 203.0.113.9, 198.51.100.5, 192.0.2.7";
    expect(clientAddress("192.0.2.7", two, 2)).toBe("203.0.113.9");
  });
});

describe("the HTTP layer", () => {
  const ask = (token?: string) =>
    new Request("http://127.0.0.1/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify({ query: "{ hello }" }),
    });

  test("answers 429 with Retry-After and a stable code, and other addresses as before", async () => {
    const { fetch } = createHttp(createTinyApp({ RATE_ADDRESS: `3/${HOUR}` }).app);
    const [here, there] = [{ address: "203.0.113.9" }, { address: "203.0.113.10" }];
    for (let i = 0; i < 3; i++) expect((await fetch(ask(), here)).status).toBe(200);
    const refused = await fetch(ask(), here);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3_500);
    expect(await refused.json()).toMatchObject({
      errors: [{ extensions: { code: "RATE_LIMITED", retryable: true, retryAfterSeconds: expect.any(Number) } }],
    });
    expect((await fetch(ask(), there)).status).toBe(200);
  });

  test("counts wrong tokens as none, and holds nobody up who has a right one", async () => {
    const { fetch } = createHttp(createTinyApp({ RATE_ADDRESS: `2/${HOUR}` }).app);
    const here = { address: "203.0.113.9" };
    expect((await fetch(ask("wrong"), here)).status).toBe(401);
    expect((await fetch(ask("wrong"), here)).status).toBe(401);
    expect((await fetch(ask("wrong"), here)).status).toBe(429);
    expect((await fetch(ask("good"), here)).status).toBe(200);
  });

  test("counts by token and by tenant", async () => {
    for (const name of ["RATE_TOKEN", "RATE_TENANT"]) {
      const { fetch } = createHttp(createTinyApp({ [name]: `2/${HOUR}` }).app);
      const statuses = [];
      for (let i = 0; i < 3; i++) statuses.push((await fetch(ask("good"))).status);
      expect(statuses).toEqual([200, 200, 429]);
    }
  });

  test("takes so many subscriptions of one token at once, and one more when one has ended", async () => {
    const { fetch } = createHttp(createTinyApp({ MAX_SUBSCRIPTIONS_PER_TOKEN: "2" }).app);
    const subscribe = () =>
      fetch(
        new Request("http://127.0.0.1/graphql", {
          method: "POST",
          headers: {
            "content-type": "application/json",
            accept: "text/event-stream",
            authorization: "Bearer good",
          },
          body: JSON.stringify({ query: "subscription { ticks }" }),
        }),
      );
    const [one] = [await subscribe(), await subscribe()];
    expect((await subscribe()).status).toBe(429);
    await one.body!.cancel();
    expect((await subscribe()).status).toBe(200);
  });
});
