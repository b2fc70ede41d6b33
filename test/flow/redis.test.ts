import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRedisHub, type RedisHub } from "../../api/live/redis.ts";
import { createLog } from "../../api/core/log.ts";
import { createHttp } from "../../api/entry/http/fetch.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { silentLog, startTestSystem, type TestSystem } from "../kit/local.ts";
import { hasRedis, startTestRedis, type TestRedis, WITHOUT_REDIS } from "../kit/redis.ts";
import { openSse } from "../kit/sse.ts";
import { createTinyApp } from "../kit/tiny-app.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 5, 1, 12, 30);
const iso = (at: number) => new Date(at).toISOString();

let redis: TestRedis;
let hubs: RedisHub[] = [];
beforeAll(async () => {
  if (hasRedis) redis = await startTestRedis();
});
afterAll(async () => {
  hubs.forEach((hub) => hub.stop());
  if (hasRedis) await redis.kill();
});

function hub(processId: string, { url = redis.url, prefix = "test", lines = [] as string[] } = {}): RedisHub {
  const made = createRedisHub({ url, prefix, processId, log: createLog("info", (line) => lines.push(line)) });
  hubs.push(made);
  return made;
}

/** Wakes until it is heard: a hint that was sent before somebody listened is lost, as hints may be. */
async function heard(by: RedisHub, from: RedisHub, key: string): Promise<string | undefined> {
  let timer: ReturnType<typeof setInterval> | undefined;
  const stop: (() => void)[] = [];
  try {
    return await new Promise((resolve) => {
      stop.push(by.watch(key, resolve));
      timer = setInterval(() => from.wake(key, "detail"), 20);
    });
  } finally {
    clearInterval(timer);
    stop.forEach((each) => each());
  }
}

/** Resolves once both processes are connected, or once one of them is not. */
async function until(isSo: boolean, made: RedisHub): Promise<void> {
  while (await made.check().then(() => true, () => false) !== isSo) await new Promise((r) => setTimeout(r, 20));
}

describe.skipIf(!hasRedis)(`the hub between processes${hasRedis ? "" : ` (${WITHOUT_REDIS})`}`, () => {
  test("tells the other process with what was said, and its own at once and once", async () => {
    const [a, b] = [hub("a"), hub("b")];
    expect(await heard(b, a, "k")).toBe("detail");
    const own: (string | undefined)[] = [];
    const stop = a.watch("own", (detail) => own.push(detail));
    a.wake("own", "x");
    expect(own).toEqual(["x"]);
    // What comes back from Redis is on the way before this answer.
    expect(await heard(a, b, "after")).toBe("detail");
    expect(own).toEqual(["x"]);
    stop();
  });

  test("tells nothing to another installation", async () => {
    const [a, b, stranger] = [hub("a"), hub("b"), hub("c", { prefix: "other" })];
    const strange: unknown[] = [];
    stranger.watch("k", () => strange.push(1));
    await until(true, stranger);
    expect(await heard(b, a, "k")).toBe("detail");
    expect(strange).toEqual([]);
  });

  test("goes on by itself while Redis is away, says so, and is whole again when it is back", async () => {
    const own = await startTestRedis();
    const lines: string[] = [];
    const [a, b] = [hub("a", { url: own.url, lines }), hub("b", { url: own.url })];
    expect(await heard(b, a, "k")).toBe("detail");
    await own.kill();
    await until(false, a);
    const told: unknown[] = [];
    const stop = a.watch("k", (detail) => told.push(detail));
    for (let i = 0; i < 5_000; i++) a.wake("k", "alone");
    expect(told.length).toBe(5_000);
    stop();
    await own.start();
    await Promise.all([until(true, a), until(true, b)]);
    expect(await heard(b, a, "k")).toBe("detail");
    // Not with each message; on a machine that stands still for half a second it is away, and back, again.
    expect(lines.length).toBeLessThan(20);
    expect([...new Set(lines.map((line) => JSON.parse(line).message as string))]).toEqual([
      "Redis is away; changes by other processes are read back once a second.",
      "Redis is back.",
    ]);
    await own.kill();
  });

  test("is not held up by a Redis that does not answer", async () => {
    const own = await startTestRedis();
    const a = hub("a", { url: own.url });
    await until(true, a);
    own.freeze();
    for (let i = 0; i < 5_000; i++) a.wake("k", "alone");
    await expect(a.check()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await own.kill();
  });

  test("never logs its password", async () => {
    const own = await startTestRedis("right-secret");
    const lines: string[] = [];
    const wrong = hub("a", { url: own.url.replace("right-secret", "wrong-secret"), lines });
    while (lines.length === 0) await new Promise((r) => setTimeout(r, 20));
    await expect(wrong.check()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(lines.join()).not.toContain("secret");
    await own.kill();
  });
});

describe.skipIf(!hasRedis)("two processes with Redis", () => {
  let system: TestSystem;
  let api: TestApp;
  let other: TestApp;
  beforeAll(async () => {
    system = await startTestSystem();
    // Nobody reads back within the test: what comes, comes because it was told.
    const alike = { system, clock: () => NOW, pollMs: 24 * HOUR, log: silentLog, env: { REDIS_URL: redis.url } };
    api = await startTestApp(alike);
    other = await startTestApp(alike);
  });
  afterAll(async () => {
    await api.stop();
    await other.stop();
    await system.stop();
  });

  test("push what the other counts at once, without reading back, also of hours long ago", async () => {
    const stream = await openSse<{ metricBuckets: { bucket: { start: string; count: number } } }>(api, {
      tenantId: "t",
      query: "subscription { metricBuckets(sources: [ITEMS], size: ONE_HOUR) { bucket { start count } } }",
    });
    for (let i = 0; i < 3; i++) await stream.next();
    // Answers after all that was subscribed to before.
    while ((await api.app.checkDependencies())["redis"] !== "ok");
    while ((await other.app.checkDependencies())["redis"] !== "ok");
    for (const at of [NOW, NOW - 30 * 24 * HOUR]) {
      await other.ask(
        "t",
        `mutation ($at: DateTime!) { recordMetrics(input: { records: [{ source: ITEMS, recordId: "r", at: $at }, ` +
          `{ source: ITEMS, recordId: "${at}", at: $at }] }) { __typename } }`,
        { at: iso(at) },
      );
      await other.settle();
      const start = iso(Math.floor(at / HOUR) * HOUR);
      expect((await stream.next())!.data!.metricBuckets.bucket).toMatchObject({ start });
    }
    await stream.leave();
  });

  test("say how Redis is, among what they depend on", async () => {
    expect(await api.app.checkDependencies()).toMatchObject({ redis: "ok" });
    const own = await startTestRedis();
    const lonely = await startTestApp({ system, env: { REDIS_URL: own.url } });
    await own.kill();
    expect(await lonely.app.checkDependencies()).toMatchObject({
      dynamodb: "ok",
      redis: "Redis did not answer as it should; retry the same request.",
    });
    await lonely.stop();
  });
});

test("a process whose Redis is away says so, and is ready", async () => {
  const { app, states } = createTinyApp();
  Object.assign(states, { redis: "failed" });
  const response = await createHttp(app).fetch(new Request("http://localhost/ready"));
  expect([response.status, await response.json()]).toEqual([200, { ready: true, dependencies: states }]);
});
