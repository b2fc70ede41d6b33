import { randomBytes } from "node:crypto";
import { fc } from "../kit/property.ts";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isAllowedOrigin, parseKey, parseNewWriteKey } from "../../api/auth/apikeys/model.ts";
import { type ApiKeys, createApiKeys, KEY_FRESH_MS } from "../../api/auth/apikeys/service.ts";
import { type ApiKeyStore, createApiKeyStore } from "../../api/auth/apikeys/store.ts";
import type { Audit } from "../../api/auth/audit/service.ts";
import type { Viewer } from "../../api/auth/viewer.ts";
import { type Cost, createDynamo } from "../../api/aws/dynamo.ts";
import { ForbiddenError, InvalidInputError, RateLimitedError, UnauthenticatedError } from "../../api/core/errors.ts";
import { createMemoryLimiter } from "../../api/rates/counters.ts";
import { createRates } from "../../api/rates/rates.ts";
import { parseConfig } from "../../api/config.ts";
import { fullName, tables } from "../../api/resources.ts";
import { silentLog, startTestSystem, type TestSystem } from "../kit/local.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const MINUTE = 60_000;
const world = { now: NOW, costs: [] as Cost[] };
const clock = () => world.now;
const admin = (tenantId: string): Viewer => ({
  userId: "ada",
  tenantId,
  scopes: ["JOURNEYS_READ", "JOURNEYS_WRITE", "SESSIONS_WRITE", "ADMIN"],
  expiresAt: Infinity,
  credential: "c",
});
const NO_AUDIT = { note: () => Promise.resolve() } as unknown as Audit;
const bearer = (text: string) => text;

let system: TestSystem;
let store: ApiKeyStore;
let keys: ApiKeys;
/** Another process of the same installation. */
let other: ApiKeys;
beforeAll(async () => {
  system = await startTestSystem();
  const dynamo = createDynamo(system.clients.dynamodb, { onCost: (cost) => world.costs.push(cost) });
  store = createApiKeyStore(dynamo, fullName(system.prefix, tables.access));
});
afterAll(() => system?.stop());
beforeEach(() => {
  world.now = NOW;
  const make = () => {
    const limits = { ...parseConfig({}).rates, anonymous: { points: 3, seconds: 3_600 } };
    const rates = createRates({ limits, limiter: createMemoryLimiter, clock: Date.now });
    return {
      rates,
      keys: createApiKeys({
        store,
        rates,
        audit: NO_AUDIT,
        ended: () => Promise.resolve(),
        random: randomBytes,
        clock,
        log: silentLog,
      }),
    };
  };
  keys = make().keys;
  other = make().keys;
});

const apiKey = (input: object = {}, tenantId = "t1") =>
  keys.createApiKey(admin(tenantId), { name: "hall sensor", scopes: ["SESSIONS_WRITE"], ...input });
const writeKey = (input: object = {}, tenantId = "t1") =>
  keys.createWriteKey(admin(tenantId), { name: "shop", origins: ["https://shop.example"], ...input });

describe("an API key", () => {
  test("gives a viewer of its maker's tenant with exactly its scopes, in every process", async () => {
    const { key, text } = await apiKey({}, "t7");
    for (const process of [keys, other]) {
      expect(await process.authenticate(bearer(text), {})).toEqual({
        userId: `key:${key.keyId}`,
        keyId: key.keyId,
        tenantId: "t7",
        scopes: ["SESSIONS_WRITE"],
        expiresAt: Infinity,
        credential: key.keyId,
      });
    }
  });

  test("is kept as a hash: neither the store nor the list tells it", async () => {
    const { key, text } = await apiKey();
    const { secret } = parseKey(text)!;
    expect(JSON.stringify([await store.findKey(key.keyId), await keys.list(admin("t1"))])).not.toContain(secret);
  });

  test("with another secret, of another kind or unknown is refused, with the same words", async () => {
    const { key, text } = await apiKey();
    const wrong = [`sjk_${key.keyId}_${"A".repeat(43)}`, `sjw_${key.keyId}`, `sjk_${"A".repeat(16)}_${"A".repeat(43)}`];
    for (const one of [...wrong, text.slice(0, -1), "sjk_", "sjw_x"]) {
      await expect(keys.authenticate(one, {})).rejects.toThrow("The key is not known here");
    }
  });

  test("cannot hold a scope that its maker does not have", async () => {
    const error = await apiKey({ scopes: ["SESSIONS_WRITE", "REVIEW"] }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as InvalidInputError).fields).toEqual([
      { path: ["scopes"], message: "must be within your own; you do not have review" },
    ]);
  });

  test("ends at its end, and is refused with the time", async () => {
    const { text } = await apiKey({ expiresAt: NOW + MINUTE });
    expect(await keys.authenticate(text, {})).toMatchObject({ expiresAt: NOW + MINUTE });
    world.now = NOW + MINUTE;
    await expect(keys.authenticate(text, {})).rejects.toThrow("The key ended at 2026-01-31T12:01:00.000Z");
    await expect(apiKey({ expiresAt: NOW })).rejects.toThrow(/expiresAt: must be later than now/);
  });

  test("that is revoked ends here at once, and in other processes within thirty seconds", async () => {
    const { key, text } = await apiKey();
    await Promise.all([keys.authenticate(text, {}), other.authenticate(text, {})]);
    expect(await keys.revoke(admin("t1"), key.keyId)).toMatchObject({ revokedAt: NOW });
    await expect(keys.authenticate(text, {})).rejects.toThrow(/revoked at 2026-01-31T12:00:00.000Z/);
    world.now += KEY_FRESH_MS;
    await expect(other.authenticate(text, {})).rejects.toThrow(/revoked at/);
    expect(await other.revoke(admin("t1"), key.keyId)).toMatchObject({ revokedAt: NOW });
  });

  test("of another tenant cannot be revoked, and looks as one that is not there", async () => {
    const { key, text } = await apiKey({}, "t1");
    expect(await keys.revoke(admin("t2"), key.keyId)).toBeUndefined();
    expect(await keys.revoke(admin("t2"), "A".repeat(16))).toBeUndefined();
    expect(await keys.revoke(admin("t2"), "#/..")).toBeUndefined();
    expect(await keys.authenticate(text, {})).toBeDefined();
  });

  test("may be used so often a minute, over all that use it", async () => {
    const { text } = await apiKey({ ratePerMinute: 3 });
    for (let i = 0; i < 3; i++) await keys.authenticate(text, {});
    await expect(keys.authenticate(text, {})).rejects.toBeInstanceOf(RateLimitedError);
  });

  test("notes its last use to within ten minutes, and costs one read in thirty seconds", async () => {
    const { key, text } = await apiKey();
    world.costs = [];
    for (let i = 0; i < 10; i++) await keys.authenticate(text, {});
    expect(world.costs.map(({ operation }) => operation)).toEqual(["GetItem", "UpdateItem"]);
    expect((await store.findKey(key.keyId))!.lastUsedAt).toBe(NOW);
    world.now += 9 * MINUTE;
    await keys.authenticate(text, {});
    expect((await store.findKey(key.keyId))!.lastUsedAt).toBe(NOW);
    world.now += 2 * MINUTE;
    await keys.authenticate(text, {});
    expect((await store.findKey(key.keyId))!.lastUsedAt).toBe(NOW + 11 * MINUTE);
  });

  test("that is guessed is read once, and not at all from an address that was refused too often", async () => {
    const limits = { ...parseConfig({}).rates, anonymous: { points: 2, seconds: 3_600 } };
    const rates = createRates({ limits, limiter: createMemoryLimiter, clock: Date.now });
    const guarded = createApiKeys({
      store,
      rates,
      audit: NO_AUDIT,
      ended: () => Promise.resolve(),
      random: randomBytes,
      clock,
      log: silentLog,
    });
    const guess = (n: number) => `sjw_${String(n).padStart(16, "0")}`;
    const from = { address: "203.0.113.9" };
    world.costs = [];
    for (let i = 0; i < 5; i++) await expect(guarded.authenticate(guess(0), from)).rejects.toThrow(/not known here/);
    expect(world.costs).toHaveLength(1);
    for (let i = 0; i < 3; i++) await rates.request(from.address, undefined).catch(() => {});
    world.costs = [];
    await expect(guarded.authenticate(guess(1), from)).rejects.toBeInstanceOf(RateLimitedError);
    expect(world.costs).toEqual([]);
  });
});

describe("a write key", () => {
  test("records journeys from its pages, and does nothing else", async () => {
    const { key, text } = await writeKey();
    expect(await keys.writeKeys.find(text, "https://shop.example")).toMatchObject({
      tenantId: "t1",
      scopes: ["JOURNEYS_WRITE"],
      credential: key.keyId,
    });
    for (
      const origin of ["https://evil.example", "http://shop.example", "https://shop.example.evil.example", null, ""]
    ) {
      await expect(keys.writeKeys.find(text, origin)).rejects.toBeInstanceOf(ForbiddenError);
    }
  });

  test("is known for ever by its list, since it is public", async () => {
    const { key, text } = await writeKey({}, "t9");
    expect(text).toBe(`sjw_${key.keyId}`);
    expect(await keys.list(admin("t9"))).toEqual([key]);
  });

  test("is the only kind that pages may use", async () => {
    const { text } = await apiKey();
    await expect(keys.writeKeys.find(text, "https://shop.example")).rejects.toBeInstanceOf(UnauthenticatedError);
  });

  test("has a rate of its own also where its maker names none", () => {
    expect(parseNewWriteKey({ name: "n", origins: ["https://a.example"] }, NOW).ratePerMinute).toBe(600);
  });

  test("is for origins as browsers send them, and names each that is none", () => {
    const { origins } = parseNewWriteKey(
      { name: "n", origins: ["HTTPS://Shop.Example:443/", "https://*.a.example"] },
      NOW,
    );
    expect(origins).toEqual(["https://shop.example", "https://*.a.example"]);
    for (
      const origin of [
        "shop.example",
        "https://shop.example/path",
        "*",
        "https://*",
        "https://*.com",
        "null",
        "ftp://a.b",
      ]
    ) {
      expect(() => parseNewWriteKey({ name: "n", origins: [origin] }, NOW)).toThrow(/origins.0: must be an origin/);
    }
  });

  test("with a star is for subdomains, and for no host that only ends alike", () => {
    fc.assert(fc.property(fc.domain(), (host) => {
      const allowed = ["https://*.a.example"];
      expect(isAllowedOrigin(allowed, `https://${host}.a.example`)).toBe(true);
      expect(isAllowedOrigin(allowed, `https://${host}a.example`)).toBe(
        host.endsWith(".") || `${host}a.example`.endsWith(".a.example"),
      );
    }));
    expect(isAllowedOrigin(["https://*.a.example"], "https://a.example")).toBe(false);
    expect(isAllowedOrigin(["https://*.a.example"], "https://x.a.example:8443")).toBe(false);
  });
});
