import { createHmac } from "node:crypto";
import { fc } from "../kit/property.ts";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { KEYS_FRESH_MS, UNKNOWN_KEY_FRESH_MS } from "../../api/auth/keysets.ts";
import { VERIFIED_FRESH_MS } from "../../api/auth/tokens.ts";
import { SCOPES, scopeWord } from "../../api/auth/viewer.ts";
import { UnauthenticatedError } from "../../api/core/errors.ts";
import { verifierOf } from "../kit/verifier.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const NOW_SECONDS = NOW / 1_000;
const CLAIMS = {
  iss: "sojourn",
  aud: "sojourn",
  sub: "ada",
  tenant: "t1",
  scope: "journeys:read",
  exp: NOW_SECONDS + 60,
};

type Pair = { kid: string; alg: string; privateKey: CryptoKey; jwk: JWK };

async function makePair(kid: string, alg = "EdDSA"): Promise<Pair> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...await exportJWK(publicKey), kid } };
}

function sign(claims: JWTPayload, { kid, alg, privateKey }: Pair, header: object = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
}

/** A service that knows `keys` and whose clock and keys the test moves. */
function setUp(keys: JWK[], algorithms = ["EdDSA", "ES256", "RS256"]) {
  const world = { now: NOW, keys, loads: 0 };
  const clock = () => world.now;
  const load = async () => {
    world.loads++;
    return { keys: { keys: world.keys } };
  };
  const { authenticate } = verifierOf([load], { clock, algorithms });
  return { world, authenticate, bearer: (token: string) => authenticate(`Bearer ${token}`) };
}

function part(content: unknown): string {
  return Buffer.from(JSON.stringify(content)).toString("base64url");
}

let ed: Pair;
let other: Pair;
let rsa: Pair;

beforeAll(async () => {
  [ed, other, rsa] = await Promise.all([makePair("k1"), makePair("k2"), makePair("r1", "RS256")]);
});

describe("a token that holds", () => {
  test("gives its viewer, with the end in milliseconds", async () => {
    const { bearer } = setUp([ed.jwk]);
    expect(await bearer(await sign(CLAIMS, ed))).toEqual({
      userId: "ada",
      tenantId: "t1",
      scopes: ["JOURNEYS_READ"],
      expiresAt: NOW + 60_000,
      credential: expect.stringMatching(/^[\w-]{22}$/),
    });
  });

  test("may be of any accepted kind of key, and name several audiences", async () => {
    const es = await makePair("e1", "ES256");
    const { bearer } = setUp([ed.jwk, es.jwk, rsa.jwk]);
    for (const pair of [ed, es, rsa]) {
      expect(await bearer(await sign({ ...CLAIMS, aud: ["else", "sojourn"] }, pair))).toMatchObject({ userId: "ada" });
    }
  });

  test("allows exactly the scopes whose words it holds", async () => {
    const { bearer } = setUp([ed.jwk]);
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([...SCOPES]),
        fc.array(fc.constantFrom("JOURNEYS_READ", "all", "*", "admin:all")),
        async (scopes, noise) => {
          const scope = [...scopes.map(scopeWord), ...noise].join(" ");
          expect((await bearer(await sign({ ...CLAIMS, scope }, ed)))?.scopes).toEqual(scopes);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("without `scope` allows nothing", async () => {
    const { scope: _, ...claims } = CLAIMS;
    expect((await setUp([ed.jwk]).bearer(await sign(claims, ed)))?.scopes).toEqual([]);
  });
});

test("no header at all is nobody, and no error", async () => {
  const { authenticate } = setUp([ed.jwk]);
  expect(await authenticate(undefined)).toBeUndefined();
  expect(await authenticate(null)).toBeUndefined();
});

describe("a token is refused", () => {
  const without = (name: keyof typeof CLAIMS) => ({ ...CLAIMS, [name]: undefined });
  const cases: [string, JWTPayload, RegExp][] = [
    ["once it has expired", { ...CLAIMS, exp: NOW_SECONDS - 6 }, /expired/],
    ["without an end", without("exp"), /no `exp`/],
    ["before its time", { ...CLAIMS, nbf: NOW_SECONDS + 6 }, /not valid yet/],
    ["of another issuer", { ...CLAIMS, iss: "else" }, /`iss` must be sojourn/],
    ["without an issuer", without("iss"), /no `iss`/],
    ["for another service", { ...CLAIMS, aud: "else" }, /`aud` must be sojourn/],
    ["without an audience", without("aud"), /no `aud`/],
    ["without a subject", without("sub"), /`sub` must be 1 to 255/],
    ["with an empty subject", { ...CLAIMS, sub: "" }, /`sub`/],
    ["with a subject of 256 characters", { ...CLAIMS, sub: "a".repeat(256) }, /`sub`/],
    ["with a control character in its subject", { ...CLAIMS, sub: "a\u0000b" }, /`sub`/],
    ["without a tenant", without("tenant"), /no `tenant`/],
    ["with a tenant that could end a key", { ...CLAIMS, tenant: "a#b" }, /`tenant` must be/],
    ["with a tenant of 129 characters", { ...CLAIMS, tenant: "a".repeat(129) }, /`tenant` must be/],
    ["with a tenant that is a number", { ...CLAIMS, tenant: 7 }, /`tenant` must be/],
    ["with a tenant that could begin a folder", { ...CLAIMS, tenant: "a/b" }, /`tenant` must be/],
    ["bound to a key of the client's (DPoP)", { ...CLAIMS, cnf: { jkt: "x" } }, /bound to a key/],
  ];

  test.each(cases)("%s", async (_, claims, message) => {
    const token = await sign(claims, ed);
    const failure = await setUp([ed.jwk]).bearer(token).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnauthenticatedError);
    expect((failure as Error).message).toMatch(message);
    expect((failure as Error).message).not.toContain(token.slice(0, 20));
  });

  test("only five seconds beyond its end, and with that end", async () => {
    const { bearer } = setUp([ed.jwk]);
    const viewer = await bearer(await sign({ ...CLAIMS, exp: NOW_SECONDS - 4 }, ed));
    expect(viewer?.expiresAt).toBe(NOW - 4_000);
  });

  test("after its end, also where it was taken a moment before", async () => {
    const { world, bearer } = setUp([ed.jwk]);
    const token = await sign({ ...CLAIMS, exp: NOW_SECONDS + 10 }, ed);
    await bearer(token);
    world.now += 15_000;
    await expect(bearer(token)).rejects.toThrow(/expired/);
  });

  test("where the header is not `Bearer TOKEN`", async () => {
    const { authenticate } = setUp([ed.jwk]);
    const token = await sign(CLAIMS, ed);
    for (const header of ["", token, `Basic ${token}`, "Bearer", "Bearer ", `Bearer ${token} x`, `Bearer ${token}.x`]) {
      await expect(authenticate(header)).rejects.toThrow(/must be `Bearer TOKEN`/);
    }
    await expect(authenticate(`Bearer ${"a".repeat(17_000)}.b.c`)).rejects.toThrow(/too long/);
  });

  test("whatever it is made of, with the one error of its kind", async () => {
    const { authenticate } = setUp([ed.jwk]);
    const genuine = await sign(CLAIMS, ed);
    const [header, claims, signature] = genuine.split(".");
    const anyPart = fc.oneof(
      fc.base64String().map((text) => text.replace(/[+/=]/g, "")),
      fc.json().map((json) => Buffer.from(json).toString("base64url")),
      fc.record({
        alg: fc.constantFrom("EdDSA", "none", "HS256", 1),
        kid: fc.constantFrom("k1", 1, ""),
        crit: fc.anything(),
        b64: fc.boolean(),
      }, { requiredKeys: [] }).map(part),
    );
    const oneReplaced = fc.tuple(fc.integer({ min: 0, max: 2 }), anyPart).map(([at, text]) =>
      [header, claims, signature].with(at, text).join(".")
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), oneReplaced, fc.tuple(anyPart, anyPart, anyPart).map((p) => p.join("."))),
        async (token) => {
          fc.pre(token !== genuine);
          await expect(authenticate(`Bearer ${token}`)).rejects.toBeInstanceOf(UnauthenticatedError);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("where one character of it was changed", async () => {
    const { bearer } = setUp([ed.jwk]);
    const token = await sign(CLAIMS, ed);
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 2), fc.constantFrom("A", "a", "0", "_"), async (at, char) => {
        fc.pre(token[at] !== char && token[at] !== ".");
        await expect(bearer(token.slice(0, at) + char + token.slice(at + 1))).rejects.toBeInstanceOf(
          UnauthenticatedError,
        );
      }),
    );
  });
});

describe("a key answers to its own algorithms only", () => {
  test("a public key is no shared secret: HS256 made with it is refused", async () => {
    const { bearer } = setUp([rsa.jwk, ed.jwk]);
    const body = `${part({ alg: "HS256", kid: "r1" })}.${part(CLAIMS)}`;
    for (const secret of [JSON.stringify(rsa.jwk), rsa.jwk.n!, Buffer.from(rsa.jwk.n!, "base64url")]) {
      const signature = createHmac("sha256", secret).update(body).digest("base64url");
      await expect(bearer(`${body}.${signature}`)).rejects.toThrow(/algorithm that is not accepted/);
    }
  });

  test("an unsigned token is refused", async () => {
    const { bearer } = setUp([ed.jwk]);
    for (const alg of ["none", "None", "nonE"]) {
      await expect(bearer(`${part({ alg, kid: "k1" })}.${part(CLAIMS)}.`)).rejects.toBeInstanceOf(UnauthenticatedError);
    }
  });

  test("a key that names its algorithm is good for no other, though its kind would be", async () => {
    const { bearer } = setUp([{ ...rsa.jwk, alg: "RS256" }], ["RS256", "PS256"]);
    await expect(bearer(await sign(CLAIMS, rsa))).resolves.toBeDefined();
    const ps = await generateKeyPair("PS256", { extractable: true });
    const forged = await sign(CLAIMS, { ...rsa, alg: "PS256", privateKey: ps.privateKey });
    await expect(bearer(forged)).rejects.toThrow(/not known here for its algorithm/);
  });

  test("an algorithm that is not configured is refused, though the key is known", async () => {
    const { bearer } = setUp([rsa.jwk], ["EdDSA"]);
    await expect(bearer(await sign(CLAIMS, rsa))).rejects.toThrow(/algorithm that is not accepted/);
  });

  test("a key under another's name does not verify", async () => {
    const { bearer } = setUp([ed.jwk, other.jwk]);
    await expect(bearer(await sign(CLAIMS, { ...other, kid: "k1" }))).rejects.toThrow(/signature does not hold/);
  });

  test("a token that names no key is refused", async () => {
    const { bearer } = setUp([ed.jwk]);
    await expect(bearer(await sign(CLAIMS, ed, { kid: undefined }))).rejects.toThrow(/names no key/);
  });

  test.each([["HS256"], ["none"], ["eddsa"]])("the service does not start with the algorithm %s", (algorithm) => {
    expect(() => setUp([], ["EdDSA", algorithm])).toThrow(`TOKEN_ALGORITHMS holds ${algorithm}`);
  });
});

describe("keys change while the service runs", () => {
  test("a new key works after five seconds, the old one still", async () => {
    const { world, bearer } = setUp([ed.jwk]);
    await bearer(await sign(CLAIMS, ed));
    world.keys = [other.jwk, ed.jwk];
    world.now += UNKNOWN_KEY_FRESH_MS;
    expect(await bearer(await sign(CLAIMS, other))).toBeDefined();
    expect(await bearer(await sign({ ...CLAIMS, sub: "bob" }, ed))).toBeDefined();
  });

  test("a removed key is refused within a minute, also for tokens that were taken before", async () => {
    const { world, bearer } = setUp([ed.jwk, other.jwk]);
    const claims = { ...CLAIMS, exp: NOW_SECONDS + 3_600 };
    const token = await sign(claims, ed);
    await bearer(token);
    world.keys = [other.jwk];
    // The worst case: the token is taken anew just before the key set ages out.
    world.now += KEYS_FRESH_MS - 1;
    await bearer(await sign({ ...claims, sub: "bob" }, ed));
    await bearer(token);
    world.now = NOW + KEYS_FRESH_MS + VERIFIED_FRESH_MS;
    expect(world.now - NOW).toBeLessThanOrEqual(60_000);
    await expect(bearer(token)).rejects.toThrow(/not known here/);
  });

  test("a flood of unknown keys loads the key set once in five seconds", async () => {
    const { world, bearer } = setUp([ed.jwk]);
    const token = await sign(CLAIMS, other);
    for (let i = 0; i < 100; i++) {
      world.now += 100;
      await expect(bearer(token)).rejects.toThrow(/not known here/);
    }
    expect(world.loads).toBeLessThanOrEqual(3);
  });
});
