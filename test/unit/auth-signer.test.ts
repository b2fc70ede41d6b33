import { decodeJwt, errors, exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from "jose";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createKeySet, createSigner, loadSecretSigningKeys, rotateKeySet } from "../../api/auth/keys.ts";
import { createFresh, createKeyFinder, KEYS_STALE_MS } from "../../api/auth/keysets.ts";
import { silentLog } from "../kit/local.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const [SECOND, DAY] = [1_000, 86_400_000];
let now: number;
const clock = () => now;
beforeEach(() => void (now = NOW));

describe("the set of keys after a rotation", () => {
  const parsed = (text: string) => (JSON.parse(text) as JSONWebKeySet).keys;

  test("has a new key first, which signs, and of the others, in their order, what may be shown", async () => {
    const first = await createKeySet();
    const second = await rotateKeySet(first);
    const [made, old, ...none] = parsed(second);
    expect([made!.d !== undefined, old!.kid, none]).toEqual([true, parsed(first)[0]!.kid, []]);
    expect(made!.kid).not.toBe(old!.kid);
    const third = parsed(await rotateKeySet(second));
    expect(third.slice(1).map(({ kid }) => kid)).toEqual([made!.kid, old!.kid]);
    expect(third.filter((key) => "d" in key).map(({ kid }) => kid)).toEqual([third[0]!.kid]);
  });

  test.each(["EdDSA", "ES256", "RS256"])("holds nothing private of a key of %s", async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...await exportJWK(privateKey), kid: "old", alg };
    const [, old] = parsed(await rotateKeySet(JSON.stringify({ keys: [jwk] })));
    expect(old).toMatchObject({ kid: "old", alg });
    for (const name of ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]) expect(old).not.toHaveProperty(name);
  });
});

describe("what a device keeps, and what sets a new password", () => {
  let signer: ReturnType<typeof createSigner>;
  beforeAll(async () => {
    const set = await createKeySet();
    const secret = { find: () => Promise.resolve(set), putFirst: () => Promise.reject(new Error("there is one")) };
    const keys = await loadSecretSigningKeys("keys", secret);
    signer = createSigner({ keys, issuer: "sojourn", audience: "sojourn", clock, ttlSeconds: 60, ids: () => "id-1" });
  });

  test("is known for 180 days, by the name that it was made for alone", async () => {
    const token = await signer.signDevice("ada");
    expect([await signer.verifyDevice(token, "ada"), await signer.verifyDevice(token, "eve")]).toEqual([
      "id-1",
      undefined,
    ]);
    now = NOW + 180 * DAY - SECOND;
    expect(await signer.verifyDevice(token, "ada")).toBe("id-1");
    now = NOW + 180 * DAY;
    expect(await signer.verifyDevice(token, "ada")).toBeUndefined();
  });

  test("is good for a day, and says when it was made", async () => {
    const token = await signer.signReset("ada");
    now = NOW + DAY - SECOND;
    expect(await signer.verifyReset(token)).toEqual({ username: "ada", id: "id-1", madeAt: NOW });
    now = NOW + DAY;
    expect(await signer.verifyReset(token)).toBeUndefined();
  });

  test("is neither taken for the other, nor is what lets somebody in", async () => {
    const { token } = await signer.sign({ userId: "ada", tenantId: "t1", scopes: [] });
    const all = [await signer.signDevice("ada"), await signer.signReset("ada"), token];
    const taken = await Promise.all(all.map(async (one) => [
      await signer.verifyDevice(one, "ada") !== undefined,
      await signer.verifyReset(one) !== undefined,
    ]));
    expect(taken).toEqual([[true, false], [false, true], [false, false]]);
  });
});

test("what sets a password says of whom, which, from when and until when; without one of these it is none", async () => {
  const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const set = JSON.stringify({ keys: [{ ...await exportJWK(privateKey), kid: "k" }] });
  const keys = await loadSecretSigningKeys("keys", {
    find: () => Promise.resolve(set),
    putFirst: () => Promise.reject(),
  });
  const signer = createSigner({ keys, issuer: "sojourn", audience: "a", clock, ttlSeconds: 60, ids: () => "id-1" });
  const claims = { iss: "sojourn", sub: "ada", jti: "id-1", iat: NOW / SECOND, exp: NOW / SECOND + 60 };
  const verify = async (left: string) => {
    const own = Object.fromEntries(Object.entries(claims).filter(([name]) => name !== left));
    const header = { alg: "EdDSA", kid: "k", typ: "reset+jwt" };
    return await signer.verifyReset(await new SignJWT(own).setProtectedHeader(header).sign(privateKey)) !== undefined;
  };
  const names = ["none", ...Object.keys(claims)];
  expect(await Promise.all(names.map(verify))).toEqual([true, false, false, false, false, false]);
  // What may be shown of a key is what it has, and no name without a value.
  expect((await keys()).publicKeys.keys.map((key) => Object.keys(key).toSorted())).toEqual([
    ["alg", "crv", "kid", "kty", "use", "x"],
  ]);
});

test("what names a key of the set that cannot be read is not said to be wrong: that is a fault of the set", async () => {
  const { keys: [own] } = JSON.parse(await createKeySet()) as JSONWebKeySet;
  const set = JSON.stringify({ keys: [own, { kty: "OKP", crv: "Ed25519", x: "AA", kid: "broken" }] });
  const keys = await loadSecretSigningKeys("keys", {
    find: () => Promise.resolve(set),
    putFirst: () => Promise.reject(),
  });
  const signer = createSigner({ keys, issuer: "sojourn", audience: "a", clock, ttlSeconds: 60, ids: () => "id-1" });
  const [, ...rest] = (await signer.signReset("ada")).split(".");
  const header = Buffer.from(JSON.stringify({ alg: "EdDSA", kid: "broken", typ: "reset+jwt" })).toString("base64url");
  await expect(signer.verifyReset([header, ...rest].join("."))).rejects.not.toBeInstanceOf(errors.JOSEError);
});

test("RSA keys of a set count by their bits, whatever zeros lead; one that has no number is left out, and said once", async () => {
  const said: unknown[] = [];
  const log = { ...silentLog, warn: (_: string, fields?: object) => void said.push(fields) };
  const modulus = (...bytes: number[]) => Buffer.from(bytes).toString("base64url");
  const full = Array<number>(255).fill(0xff);
  const moduli: Record<string, unknown> = {
    ...{ short: modulus(...full), led: modulus(0, 0, ...full), less: modulus(0x7f, ...full), zeros: modulus(0, 0) },
    ...{ empty: "", none: undefined, number: 3 },
  };
  const own = Object.entries(moduli).map(([kid, n]) => ({ kty: "RSA", e: "AQAB", kid, n }));
  const { publicKey } = await generateKeyPair("EdDSA", { crv: "Ed25519" });
  const keys = [...own, { ...await exportJWK(publicKey), kid: "good" }] as JSONWebKeySet["keys"];
  const { find } = createKeyFinder(() => Promise.resolve({ keys: { keys } }), { clock, log });
  expect(await find({ alg: "EdDSA", kid: "good" })).toHaveLength(1);
  const bits = { short: 2040, led: 2040, less: 2047, zeros: 0, empty: 0, none: 0, number: 0 };
  const reasons = Object.entries(bits).map(([kid, n]) => ({ kid, reason: `it has ${n} bits; RSA needs 2048 or more` }));
  expect(said).toEqual(reasons);
  now += 3_600_000;
  expect(await find({ alg: "EdDSA", kid: "other" })).toEqual([]);
  expect(said).toHaveLength(reasons.length);
});

test("a token of a login names it, one of none does not", async () => {
  const set = await createKeySet();
  const keys = await loadSecretSigningKeys("keys", {
    find: () => Promise.resolve(set),
    putFirst: () => Promise.reject(),
  });
  const signer = createSigner({ keys, issuer: "sojourn", audience: "a", clock, ttlSeconds: 60, ids: () => "id-1" });
  const login = { loginId: "l-1", username: "ada" };
  const of = async (own: object) =>
    decodeJwt((await signer.sign({ userId: "u", tenantId: "t", scopes: [], ...own })).token);
  expect(await of({ login })).toMatchObject({ sid: "l-1", username: "ada", sub: "u" });
  expect(Object.keys(await of({}))).not.toContain("sid");
});

test("what is no set of keys is not rotated", async () => {
  for (const text of ["", "{}", '{"keys":1}', '{"keys":[1]}', "[]"]) {
    await expect(rotateKeySet(text)).rejects.toMatchObject({
      ...{ code: "INVALID_KEYS", cause: expect.any(Error) },
    });
  }
});

test("a key for another use is left out of a set in silence; of several that fit each is tried", async () => {
  const said: unknown[] = [];
  const log = { ...silentLog, warn: (_: string, fields?: object) => void said.push(fields) };
  const made = await Promise.all([1, 2].map(() => generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true })));
  const [a, b] = await Promise.all(made.map(({ publicKey }) => exportJWK(publicKey)));
  const secrets = [{ kty: "oct", k: "AA", kid: "oct" }, { kty: "oct", crv: "P-256", k: "AA", kid: "curved" }];
  const others = [{ ...a!, kid: "enc", use: "enc" }, { kty: "RSA", n: "AQAB", kid: "weak", use: "enc" }];
  const keys = [a!, b!, ...others, ...secrets] as JSONWebKeySet["keys"];
  const { find } = createKeyFinder(() => Promise.resolve({ keys: { keys } }), { clock, log });
  expect(await find({ alg: "EdDSA" })).toHaveLength(2);
  expect(await find({ alg: "EdDSA", kid: "enc" })).toEqual([]);
  expect(said).toEqual([]);
});

test("a key that cannot be read is left out, and said; of an algorithm that no public key has none is looked for", async () => {
  const said: unknown[] = [];
  const log = { ...silentLog, warn: (_: string, fields?: object) => void said.push(fields) };
  const keys = [{ kty: "OKP", crv: "Ed25519", x: "AA", kid: "broken" }] as JSONWebKeySet["keys"];
  const { find } = createKeyFinder(() => Promise.resolve({ keys: { keys } }), { clock, log });
  expect(await find({ alg: "EdDSA", kid: "broken" })).toEqual([]);
  expect(said).toEqual([{ kid: "broken", reason: "it cannot be read" }]);
  await expect(find({ alg: "HS256", kid: "broken" })).rejects.toBeInstanceOf(errors.JOSENotSupported);
});

test("keys hold while their source is away, twelve hours where they may, and then it is said that there are none", async () => {
  let isAway = false;
  const load = () => isAway ? Promise.reject(new Error("away")) : Promise.resolve({ keys: { keys: [] } });
  const { check, state } = createKeyFinder(load, { clock, log: silentLog, staleMs: KEYS_STALE_MS });
  await check();
  isAway = true;
  now = NOW + DAY / 2 - 1;
  await check();
  expect(state()).toEqual({ loadedAt: NOW, failingSince: now, holdsUntil: NOW + DAY / 2 });
  now = NOW + DAY / 2;
  await expect(check()).rejects.toThrow("away");
});

test("a key set is read again after thirty seconds, and after five where it is asked for a key that it has not", async () => {
  const { publicKey } = await generateKeyPair("EdDSA", { crv: "Ed25519" });
  const keys = [{ ...await exportJWK(publicKey), kid: "known" }];
  let loads = 0;
  const load = () => {
    loads++;
    return Promise.resolve({ keys: { keys } });
  };
  const { find } = createKeyFinder(load, { clock, log: silentLog });
  const loadsAt = async (seconds: number, kid: string) => {
    now = NOW + seconds * SECOND;
    await find({ alg: "EdDSA", kid });
    return loads;
  };
  expect([await loadsAt(0, "known"), await loadsAt(29.999, "known"), await loadsAt(30, "known")]).toEqual([1, 1, 2]);
  expect([await loadsAt(34.999, "other"), await loadsAt(35, "other"), await loadsAt(39.999, "other")]).toEqual([
    2,
    3,
    3,
  ]);
});

describe("what is loaded from somewhere", () => {
  /** A source that is asked, and answers when it is told to. */
  function createSource() {
    const asked: PromiseWithResolvers<{ value: string; freshMs?: number }>[] = [];
    const load = () => {
      asked.push(Promise.withResolvers());
      return asked.at(-1)!.promise;
    };
    return { asked, load };
  }

  test("is asked for once by all who come within a second, and once more by who comes then", async () => {
    const { asked, load } = createSource();
    const fresh = createFresh(load, clock);
    const first = [fresh.get(30 * SECOND)];
    now = NOW + SECOND - 1;
    first.push(fresh.get(30 * SECOND));
    now = NOW + SECOND;
    const later = fresh.get(30 * SECOND);
    expect(asked).toHaveLength(2);
    asked.forEach(({ resolve }, i) => resolve({ value: `keys ${i}` }));
    expect(await Promise.all([...first, later])).toEqual(["keys 0", "keys 0", "keys 1"]);
  });

  test("is waited for by who would take what is old; where that failed just before, by nobody", async () => {
    const { asked, load } = createSource();
    const fresh = createFresh(load, clock, KEYS_STALE_MS);
    const getAt = (at: number) => {
      now = NOW + at * SECOND;
      return fresh.get(30 * SECOND, true);
    };
    const first = getAt(0);
    asked[0]!.resolve({ value: "old", freshMs: 0 });
    expect(await first).toBe("old");
    const second = getAt(30);
    asked[1]!.resolve({ value: "new" });
    expect(await second).toBe("new");
    const third = getAt(60);
    asked[2]!.reject(new Error("away"));
    expect(await third).toBe("new");
    expect([await getAt(61), asked.length]).toEqual(["new", 4]);
    asked[3]!.reject(new Error("away"));
  });

  test("holds as long as its source says, where that is longer than thirty seconds", async () => {
    const fresh = createFresh(() => Promise.resolve({ value: "keys", freshMs: 600 * SECOND }), clock);
    await fresh.get(30 * SECOND);
    expect(fresh.state().holdsUntil).toBe(NOW + 600 * SECOND);
  });

  test("is tried again after 1, 2, 4, 8, 16 and 30 seconds while it fails, and says since when", async () => {
    let loads = 0;
    let isAway = true;
    const load = () => (loads++, isAway ? Promise.reject(new Error("away")) : Promise.resolve({ value: "keys" }));
    const fresh = createFresh(load, clock);
    const pauses: number[] = [];
    let last = NOW;
    await expect(fresh.get(30 * SECOND)).rejects.toThrow("away");
    for (; pauses.length < 7; now += SECOND) {
      await expect(fresh.get(30 * SECOND)).rejects.toThrow("away");
      if (loads === pauses.length + 1) continue;
      pauses.push((now - last) / SECOND);
      last = now;
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30]);
    expect(fresh.state()).toEqual({ loadedAt: undefined, failingSince: NOW, holdsUntil: undefined });
    isAway = false;
    now = last + 30 * SECOND;
    expect(await fresh.get(30 * SECOND)).toBe("keys");
    expect(fresh.state()).toEqual({ loadedAt: now, failingSince: undefined, holdsUntil: now + 30 * SECOND });
  });

  test("is as old as its reader can bear, to the millisecond, and of a source that is away as old as it holds", async () => {
    let loads = 0;
    const load = () => ++loads === 1 ? Promise.resolve({ value: "keys" }) : Promise.reject(new Error("away"));
    const fresh = createFresh(load, clock, KEYS_STALE_MS);
    await fresh.get(30 * SECOND);
    now = NOW + 30 * SECOND - 1;
    await fresh.get(30 * SECOND, true);
    expect(loads).toBe(1);
    now = NOW + 30 * SECOND;
    expect(await fresh.get(30 * SECOND, true)).toBe("keys");
    expect(loads).toBe(2);
    now = NOW + KEYS_STALE_MS - 1;
    expect(await fresh.get(30 * SECOND, true)).toBe("keys");
    // Who does not ask for what was loaded long ago gets none of it.
    await expect(fresh.get(30 * SECOND)).rejects.toThrow("away");
    now = NOW + KEYS_STALE_MS;
    await expect(fresh.get(30 * SECOND, true)).rejects.toThrow("away");
  });
});
