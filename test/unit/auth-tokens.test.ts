import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OWN_CLAIMS, parseScopeMap, readClaim, readScopes, readTenant } from "../../api/auth/claims.ts";
import type { FindKeys } from "../../api/auth/keysets.ts";
import { createVerifier, type Issuer } from "../../api/auth/tokens.ts";
import { SCOPES } from "../../api/auth/viewer.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const CLAIMS = { iss: "sojourn", aud: "sojourn", sub: "ada", tenant: "t1", exp: NOW / 1_000 + 600 };
let now: number;
let pairs: { privateKey: CryptoKey; publicKey: CryptoKey }[];
beforeAll(async () => {
  pairs = await Promise.all(Array.from({ length: 6 }, () => generateKeyPair("EdDSA", { crv: "Ed25519" })));
  await exportJWK(pairs[0]!.publicKey);
});
beforeEach(() => void (now = NOW));

/** Who a token of these claims is, or what is wrong with it; signed by one of the keys, all of which have one name. */
async function ask(own: Partial<Issuer>, claims: Record<string, unknown> = {}, { typ, key = 0, keys = 1 }: {
  typ?: string;
  key?: number;
  keys?: number;
} = {}) {
  const find: FindKeys = () => Promise.resolve(pairs.slice(0, keys).map(({ publicKey }) => publicKey));
  const issuer = {
    issuers: ["sojourn"],
    audiences: ["sojourn"],
    clients: [],
    keys: [find],
    claims: OWN_CLAIMS,
    ...own,
  };
  const { authenticate } = createVerifier({ issuers: [issuer], algorithms: ["EdDSA"], clock: () => now });
  const content = Object.fromEntries(
    Object.entries({ ...CLAIMS, ...claims }).filter(([, value]) => value !== undefined),
  );
  const token = await new SignJWT(content).setProtectedHeader({ alg: "EdDSA", kid: "k", ...(typ ? { typ } : {}) })
    .sign(pairs[key]!.privateKey);
  return await authenticate(`Bearer ${token}`).catch((error: Error) => error.message);
}

describe("a token", () => {
  test("says of itself that it lets somebody in, in capitals or not, or says nothing", async () => {
    for (const typ of ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", undefined]) {
      expect([typ, await ask({}, {}, typ ? { typ } : {})]).toMatchObject([typ, { userId: "ada" }]);
    }
    for (const typ of ["logout+jwt", "reset+jwt", "device+jwt", "dpop+jwt"]) {
      expect(await ask({}, {}, { typ })).toContain("of another kind");
    }
  });

  test("is signed by an algorithm of its own issuer, where that has its own, else by one that is set for all", async () => {
    expect(await ask({ algorithms: ["RS256", "EdDSA"] })).toMatchObject({ userId: "ada" });
    expect(await ask({ algorithms: ["RS256"] })).toContain("algorithm that is not accepted");
    const find: FindKeys = () => Promise.resolve([pairs[0]!.publicKey]);
    const issuer = { audiences: ["sojourn"], clients: [], keys: [find], claims: OWN_CLAIMS };
    const { authenticate } = createVerifier({
      issuers: [
        { ...issuer, issuers: ["own"], algorithms: ["EdDSA"] },
        { ...issuer, issuers: ["theirs"] },
        { ...issuer, issuers: ["both"] },
        { ...issuer, issuers: ["both"], algorithms: ["EdDSA"] },
      ],
      algorithms: ["RS256"],
      clock: () => now,
    });
    const of = async (iss: string) => {
      const token = new SignJWT({ ...CLAIMS, iss }).setProtectedHeader({ alg: "EdDSA", kid: "k" });
      return await authenticate(`Bearer ${await token.sign(pairs[0]!.privateKey)}`).catch((error: Error) =>
        error.message
      );
    };
    expect(await of("own")).toMatchObject({ userId: "ada" });
    expect(await of("theirs")).toContain("algorithm that is not accepted");
    expect(await of("both")).toMatchObject({ userId: "ada" });
    expect(await of("else")).toContain("of another issuer");
  });

  test("has a subject of 255 characters at most, to the last", async () => {
    expect(await ask({}, { sub: "a".repeat(255) })).toMatchObject({ userId: "a".repeat(255) });
    for (const sub of ["a".repeat(256), "", "a\u0007", "\ud800"]) {
      expect(await ask({}, { sub })).toContain("`sub` must be");
    }
  });

  test("is tried by four keys that fit, and by no more", async () => {
    expect(await ask({}, {}, { key: 3, keys: 6 })).toMatchObject({ userId: "ada" });
    expect(await ask({}, {}, { key: 4, keys: 6 })).toContain("signature does not hold");
    // What is wrong beside its signature is said at once, whatever other keys there are.
    expect(await ask({}, { exp: NOW / 1_000 - 60 }, { key: 0, keys: 6 })).toContain("expired");
  });

  test("without an audience is taken from clients that are named, by `client_id` before `azp`", async () => {
    const clients = ["app-1", "app-2"];
    const of = (claims: Record<string, unknown>, own: Partial<Issuer> = { clients }) =>
      ask(own, { aud: undefined, ...claims });
    expect(await of({ client_id: "app-1" })).toMatchObject({ userId: "ada" });
    expect(await of({ azp: "app-2" })).toMatchObject({ userId: "ada" });
    for (const claims of [{ client_id: "evil", azp: "app-1" }, { azp: "evil" }, {}, { client_id: 1 }]) {
      expect(await of(claims)).toContain("is of another client");
    }
    expect(await of({ client_id: "app-1" }, {})).toContain("no `aud`");
    expect(await of({ client_id: "app-1", aud: "else" })).toContain("for another service");
  });

  test("is of an issuer whose name holds the token's own word where that is a plain one", async () => {
    const own = { issuers: ["https://login/{tid}/v2"] };
    expect(await ask(own, { iss: "https://login/a-1/v2", tid: "a-1" })).toMatchObject({ userId: "ada" });
    for (const tid of ["a/../b", "a".repeat(101), "", 7, undefined]) {
      expect(await ask(own, { iss: `https://login/${tid ?? "{x}"}/v2`, tid })).toContain("of another issuer");
    }
    expect(await ask(own, { iss: "https://login/b/v2", tid: "a" })).toContain("of another issuer");
  });

  test("is of a login of ours where this installation signed it, and ends with that; nobody else's is", async () => {
    const claims = { sid: "l1", username: "ada" };
    const asked: unknown[] = [];
    const isLoggedIn = (goesOn: boolean): Issuer["isLoggedIn"] => (viewer) => {
      asked.push(viewer.login);
      return Promise.resolve(goesOn);
    };
    expect(await ask({ isLoggedIn: isLoggedIn(true) }, claims)).toMatchObject({
      login: { loginId: "l1", username: "ada" },
    });
    expect(await ask({ isLoggedIn: isLoggedIn(false) }, claims)).toContain("login has ended");
    expect(await ask({ isLoggedIn: isLoggedIn(true) }, { sid: "l1" })).not.toHaveProperty("login");
    expect(asked).toEqual([{ loginId: "l1", username: "ada" }, { loginId: "l1", username: "ada" }, undefined]);
    expect(await ask({}, claims)).not.toHaveProperty("login");
  });

  test("of a login that ended here is judged again, and one that was verified is taken for half a minute, or until its end", async () => {
    let looks = 0;
    const find: FindKeys = () => Promise.resolve((looks++, [pairs[0]!.publicKey]));
    let goesOn = true;
    const issuer = { issuers: ["sojourn"], audiences: ["sojourn"], clients: [], keys: [find], claims: OWN_CLAIMS };
    const isLoggedIn = () => Promise.resolve(goesOn);
    const { authenticate, end } = createVerifier({
      issuers: [{ ...issuer, isLoggedIn }],
      algorithms: ["EdDSA"],
      clock: () => now,
    });
    const token = await new SignJWT({ ...CLAIMS, sid: "l1", username: "ada" }).setProtectedHeader({
      alg: "EdDSA",
      kid: "k",
    })
      .sign(pairs[0]!.privateKey);
    const taken = () => authenticate(`Bearer ${token}`).then(() => looks, (error: Error) => error.message);
    expect([await taken(), await taken()]).toEqual([1, 1]);
    now = NOW + 30_000 - 1;
    expect(await taken()).toBe(1);
    now = NOW + 30_000;
    expect(await taken()).toBe(2);
    end("other");
    expect(await taken()).toBe(2);
    goesOn = false;
    end("l1");
    expect(await taken()).toContain("login has ended");
  });
});

describe("claims", () => {
  const paths = { tenant: ["org", "org.*.id", "tenant"], scopes: ["scope", "realm_access.roles"], scopeMap: new Map() };
  const tenant = (claims: JWTPayload) => {
    try {
      return readTenant(claims, paths);
    } catch (error) {
      return (error as Error).message;
    }
  };

  test("name one tenant: the first that is there, also as the one entry of a list or the one member of an object", () => {
    expect(
      [{ tenant: "t" }, { org: "o", tenant: "t" }, { org: ["o"] }, { org: ["o", "o"] }, { org: { o: {} } }].map(tenant),
    )
      .toEqual(["t", "o", "o", "o", "o"]);
    expect([{ org: [], tenant: "t" }, { org: null, tenant: "t" }, { org: {}, tenant: "t" }].map(tenant)).toEqual([
      "t",
      "t",
      "t",
    ]);
    expect(tenant({ org: ["o", "p"] })).toContain("names 2 tenants");
    expect(tenant({ org: "a#b", tenant: "t" })).toContain("must be");
    expect(tenant({})).toContain("has no `org` or `org.*.id` or `tenant`");
  });

  test("are found by their own name whole, then by members of members, of which `*` is the only one; never what all objects have", () => {
    const claims = {
      "a.b": 1,
      a: { b: 2, c: { d: 3 } },
      "https://x.y/t": 4,
      o: { only: { id: 5 } },
      two: { p: 1, q: 2 },
    };
    const found = ["a.b", "a.c.d", "https://x.y/t", "o.*.id", "two.*", "a.x", "toString", "a.toString", "*"];
    expect(found.map((path) => readClaim(claims, path))).toEqual([1, 3, 4, 5, ...Array(5).fill(undefined)]);
    expect([readClaim(null, "a"), readClaim("a.b", "a"), readClaim({ one: 7 }, "*")]).toEqual([
      undefined,
      undefined,
      7,
    ]);
  });

  test("allow what their words mean here: the issuer's words before ours, with spaces where a list has them", () => {
    const scopeMap = parseScopeMap({ "Journeys Read": "journeys:read", review: "sessions:read", All: "*" });
    const of = (scope: unknown, more: object = {}) => readScopes({ scope, ...more }, { ...paths, scopeMap });
    expect(of("journeys:read metrics:read")).toEqual(["JOURNEYS_READ", "METRICS_READ"]);
    expect([of("Journeys Read"), of(["Journeys Read"]), of(["journeys:read metrics:read"])]).toEqual([
      ...[["JOURNEYS_READ"], ["JOURNEYS_READ"], []],
    ]);
    // The word is the issuer's, whatever it means here.
    expect(of("review")).toEqual(["SESSIONS_READ"]);
    expect([of("All"), of(7), of(["nothing", 7])]).toEqual([SCOPES, [], []]);
    expect(of("metrics:read", { realm_access: { roles: ["journeys:read"] } })).toEqual([
      "JOURNEYS_READ",
      "METRICS_READ",
    ]);
    expect(() => parseScopeMap({ A: "everything" })).toThrow("SCOPE_MAP does not know everything");
  });

  test("that were left out since they were too many are asked for, not taken for none", () => {
    const left = { _claim_names: { scope: "src1" } };
    expect(() => readScopes(left, paths)).toThrow("too many entries");
    expect(readScopes({ ...left, scope: "journeys:read" }, paths)).toEqual(["JOURNEYS_READ"]);
    expect(readScopes({ _claim_names: { other: "src1" } }, paths)).toEqual([]);
  });
});
