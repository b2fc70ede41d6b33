import { generateKeyPairSync, sign } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freshMsOf, KEYS_FRESH_MS, KEYS_STALE_MS, remoteKeySet, UNKNOWN_KEY_FRESH_MS } from "../../api/auth/keysets.ts";
import { UnavailableError } from "../../api/core/errors.ts";
import { verifierOf } from "../kit/verifier.ts";

/** An identity provider on this machine: `answer` is what its JWKS URL gives, `requests` how often it was asked. */
const provider = {
  server: undefined as Server | undefined,
  url: "",
  requests: 0,
  answer: { status: 200, body: "" },
  headers: {} as Record<string, string>,
};
const world = { now: 0 };

beforeEach(async () => {
  world.now = Date.now();
  provider.requests = 0;
  provider.server = createServer((_, response) => {
    provider.requests++;
    response.writeHead(provider.answer.status, {
      "content-type": "application/json",
      connection: "close",
      ...provider.headers,
    });
    response.end(provider.answer.body);
  });
  await new Promise<void>((resolve) => provider.server!.listen(0, "127.0.0.1", resolve));
  provider.url = `http://127.0.0.1:${(provider.server.address() as AddressInfo).port}/jwks`;
});

afterEach(() => new Promise((resolve) => provider.server!.close(resolve)));

async function makeKey(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const token = await new SignJWT({ tenant: "t1", scope: "" }).setProtectedHeader({ alg: "ES256", kid }).setSubject(
    "ada",
  )
    .setIssuer("sojourn").setAudience("sojourn").setExpirationTime(Math.floor(world.now / 1_000) + 3_600).sign(
      privateKey,
    );
  return { jwk: { ...await exportJWK(publicKey), kid }, header: `Bearer ${token}` };
}

const publish = (...keys: JWK[]) => provider.answer = { status: 200, body: JSON.stringify({ keys }) };

function createAuthenticate(local: JWK[] = [], algorithms = ["ES256"]) {
  const clock = () => world.now;
  const loads = [async () => ({ keys: { keys: local } }), remoteKeySet(provider.url)];
  return verifierOf(loads, { clock, algorithms, staleMs: KEYS_STALE_MS }).authenticate;
}

test("tokens of the identity provider hold, and its keys are fetched once for many", async () => {
  const key = await makeKey("a");
  publish(key.jwk);
  const authenticate = createAuthenticate();
  const viewers = await Promise.all(Array.from({ length: 20 }, () => authenticate(key.header)));
  expect(viewers).toHaveLength(20);
  expect(provider.requests).toBe(1);
});

test("a key that the provider adds works, and one that it removes does not, without a restart", async () => {
  const [old, next] = [await makeKey("old"), await makeKey("next")];
  publish(old.jwk);
  const authenticate = createAuthenticate();
  await authenticate(old.header);
  publish(next.jwk);
  world.now += UNKNOWN_KEY_FRESH_MS;
  expect(await authenticate(next.header)).toBeDefined();
  world.now += KEYS_FRESH_MS;
  await expect(authenticate(old.header)).rejects.toThrow(/not known here/);
});

test.each([
  ["answers 500", { status: 500, body: "" }],
  ["redirects", { status: 302, body: "" }],
  ["answers no JSON", { status: 200, body: "<html>" }],
  ["answers no key set", { status: 200, body: "{}" }],
])("a provider that %s makes the service unavailable, not the token bad; then it heals", async (_, answer) => {
  const key = await makeKey("a");
  provider.answer = answer;
  const authenticate = createAuthenticate();
  const failure = await authenticate(key.header).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UnavailableError);
  expect(failure).toMatchObject({ retryable: true });
  await expect(authenticate(key.header)).rejects.toBeInstanceOf(UnavailableError);
  expect(provider.requests).toBe(1);
  publish(key.jwk);
  world.now += 1_000;
  expect(await authenticate(key.header)).toBeDefined();
});

test("while the provider is down, accounts of this service and known keys go on", async () => {
  const [local, known, unknown] = [await makeKey("local"), await makeKey("known"), await makeKey("unknown")];
  publish(known.jwk);
  const authenticate = createAuthenticate([local.jwk]);
  await authenticate((await makeKey("nobody's")).header).catch(() => {});
  provider.answer = { status: 503, body: "" };
  world.now += UNKNOWN_KEY_FRESH_MS;
  await expect(authenticate(unknown.header)).rejects.toBeInstanceOf(UnavailableError);
  expect(await authenticate(known.header)).toBeDefined();
  world.now += KEYS_FRESH_MS;
  expect(await authenticate(local.header)).toBeDefined();
});

test("while the provider is away its last keys hold for twelve hours, and nobody waits for it", async () => {
  const key = await makeKey("a");
  publish(key.jwk);
  const authenticate = createAuthenticate();
  await authenticate(key.header);
  const loadedAt = world.now;
  provider.answer = { status: 503, body: "" };
  world.now += KEYS_FRESH_MS;
  expect(await authenticate(key.header)).toBeDefined();
  const asked = provider.requests;
  for (let i = 0; i < 50; i++) expect(await authenticate(key.header)).toBeDefined();
  expect(provider.requests).toBe(asked);
  // The token itself ends before; its key is what this is about.
  world.now = loadedAt + KEYS_STALE_MS - 1;
  await expect(authenticate(key.header)).rejects.toThrow(/expired/);
  world.now = loadedAt + KEYS_STALE_MS;
  await expect(authenticate(key.header)).rejects.toBeInstanceOf(UnavailableError);
});

test("Cache-Control says how long keys are kept, between thirty seconds and an hour", () => {
  expect(freshMsOf("public, max-age=600, must-revalidate")).toBe(600_000);
  expect(freshMsOf("max-age=86400")).toBe(3_600_000);
  for (const text of ["private,max-age=60", 'max-age="60"', "piano-cache, no-caching, Max-Age=60"]) {
    expect(freshMsOf(text)).toBe(60_000);
  }
  for (const none of [null, "no-store", "No-Cache, max-age=60", "max-age=60, no-store", "private", "x-max-age=60"]) {
    expect(freshMsOf(none)).toBeUndefined();
  }
});

test("a key set is loaded again when its Cache-Control says so, or a key is unknown", async () => {
  const [key, next] = [await makeKey("a"), await makeKey("b")];
  publish(key.jwk);
  provider.headers = { "cache-control": "max-age=600" };
  const authenticate = createAuthenticate();
  await authenticate(key.header);
  world.now += 599_000;
  await authenticate(key.header);
  expect(provider.requests).toBe(1);
  publish(key.jwk, next.jwk);
  expect(await authenticate(next.header)).toBeDefined();
  expect(provider.requests).toBe(2);
  provider.headers = {};
});

test("a weak or broken key in the set is as if it were not there, and the others hold", async () => {
  const key = await makeKey("good");
  const weak = generateKeyPairSync("rsa", { modulusLength: 1_024 });
  const jwk = { ...weak.publicKey.export({ format: "jwk" }), kid: "weak" } as JWK;
  publish(
    jwk,
    { kty: "RSA", kid: "broken", n: "!", e: "AQAB" },
    { kty: "EC", crv: "P-256", kid: "half", x: "AA" },
    key.jwk,
  );
  const authenticate = createAuthenticate();
  expect(await authenticate(key.header)).toBeDefined();
  const body = `${part({ alg: "RS256", kid: "weak" })}.${part({ iss: "sojourn", sub: "ada", exp: 9_999_999_999 })}`;
  const signature = sign("sha256", Buffer.from(body), weak.privateKey).toString("base64url");
  await expect(createAuthenticate([], ["RS256"])(`Bearer ${body}.${signature}`)).rejects.toThrow(/not known here/);
});

function part(content: unknown): string {
  return Buffer.from(JSON.stringify(content)).toString("base64url");
}
