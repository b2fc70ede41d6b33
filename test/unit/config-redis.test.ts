import { expect, test } from "vitest";
import { parseConfig } from "../../api/config.ts";

test.each(["redis://127.0.0.1:6379", "rediss://user:pw@cache.example:6380/2"])("%s is a REDIS_URL", (url) => {
  expect(parseConfig({ REDIS_URL: url }).redisUrl).toBe(url);
});

test("no REDIS_URL is none", () => {
  expect(parseConfig({}).redisUrl).toBeUndefined();
});

test.each(["http://:secret@cache.example", "cache.example:6379", "redis://", "secret"])(
  "a wrong REDIS_URL is refused by name, and never shown, since it may hold a password: %s",
  (url) => {
    expect(() => parseConfig({ REDIS_URL: url })).toThrow(/REDIS_URL: must be a redis or rediss URL/);
    expect(() => parseConfig({ REDIS_URL: url })).not.toThrow(/secret/);
  },
);
