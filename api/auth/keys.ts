import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  jwtVerify,
  SignJWT,
} from "jose";
import { type Clock, DAY_MS, SECOND_MS } from "../core/clock.ts";
import type { Secret } from "../aws/secrets.ts";
import { AppError, UnavailableError } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import { createFresh, KEYS_FRESH_MS } from "./keysets.ts";
import { type LoginRef, type Scope, scopeWord } from "./viewer.ts";

/** The key that signs, and the public halves of all keys in the file, in its order. */
export type SigningKeys = { signing: { kid: string; alg: string; key: CryptoKey }; publicKeys: JSONWebKeySet };

/** Reads the keys as they are now. */
export type ReadSigningKeys = () => Promise<SigningKeys>;

export type Signer = ReturnType<typeof createSigner>;

/** Where the keys of built-in accounts are kept. */
export function signingKeyFile(config: { dataDir: string; token: { signingKeyFile: string | undefined } }): string {
  return config.token.signingKeyFile ?? join(config.dataDir, "signing-keys.json");
}

/**
 * Gives a reader of the key file, after making the file with a new Ed25519 key where there is none. Of processes that
 * start at once all end with the same key, and a kill at any moment leaves a whole file or none.
 *
 * The file is a JWK set: its first private key signs, all its keys verify, a public key alone is enough for that. To
 * rotate, put a new key first and take the old one out when its last token has ended. Throws where the file is unusable,
 * and where somebody named it (`isNamed`) and it is not there: a new key would end every token in silence.
 */
export async function loadOrCreateSigningKeys(file: string, { isNamed = false } = {}): Promise<ReadSigningKeys> {
  const source = {
    name: `The key file ${file}`,
    remedy: "put back a JWK set with a private key, or remove the file to get a new key (all tokens end with it)",
    read: () => readFile(file, "utf8"),
  };
  try {
    await source.read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unusable(source, "cannot be read", error);
    if (isNamed) throw missing(file);
    await createKeyFile(file);
  }
  return await openKeys(source);
}

/**
 * Gives a reader of the same JWK set in a secret. The first process that finds no value in it makes a key, so that a new
 * installation runs after one command; a value that is there is never replaced. Throws where it is unusable.
 */
export async function loadSecretSigningKeys(
  name: string,
  secret: Pick<Secret, "find" | "putFirst">,
): Promise<ReadSigningKeys> {
  const source: KeySource = {
    name: `The secret ${name} (SIGNING_KEY_SECRET)`,
    remedy: "put a JWK set with a private key into it, as `npm run signing-key` prints one",
    read: async () => {
      const text = await secret.find();
      if (text === undefined) throw unusable(source, "has no value, or is not there");
      return text;
    },
  };
  if (await secret.find() === undefined) await secret.putFirst(await createKeySet());
  return await openKeys(source);
}

/** A JWK set with a new Ed25519 key, as text. */
export async function createKeySet(): Promise<string> {
  const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const jwk = await exportJWK(privateKey);
  const key = { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: "EdDSA", use: "sig" };
  return `${JSON.stringify({ keys: [key] }, null, 2)}\n`;
}

/** The set after this one: a new key first, which signs, and of the others the public halves. Throws where it is none. */
export async function rotateKeySet(text: string): Promise<string> {
  const { keys: [made] } = JSON.parse(await createKeySet()) as JSONWebKeySet;
  let given: JSONWebKeySet;
  try {
    given = JSON.parse(text) as JSONWebKeySet;
    createLocalJWKSet(given);
  } catch (error) {
    throw new AppError("INVALID_KEYS", "What comes in must be a JWK set, as the secret or the key file holds it.", {
      cause: error,
    });
  }
  const others = given.keys.map(publicHalf);
  return `${JSON.stringify({ keys: [made, ...others] }, null, 2)}\n`;
}

/** Not among the types that `tokens.ts` takes, so none of these is ever taken for an access token. */
type OtherType = "device+jwt" | "reset+jwt";
type OtherToken = { username: string; id: string; madeAt: number };
const DEVICE_KNOWN_MS = 180 * DAY_MS;
const RESET_MS = DAY_MS;

/** Makes `sign`: a token for an account. A key that was put first in the file signs after at most `KEYS_FRESH_MS`. */
export function createSigner({ keys, issuer, audience, ttlSeconds, clock, ids }: {
  keys: ReadSigningKeys;
  issuer: string;
  audience: string;
  ttlSeconds: number;
  clock: Clock;
  ids: Ids;
}) {
  const fresh = createFresh(async () => ({ value: await keys() }), clock);

  async function signOther(typ: OtherType, username: string, ttlMs: number): Promise<string> {
    const { signing } = await fresh.get(KEYS_FRESH_MS);
    return await new SignJWT({})
      .setProtectedHeader({ alg: signing.alg, kid: signing.kid, typ })
      .setIssuer(issuer)
      .setSubject(username)
      .setJti(ids())
      .setIssuedAt(Math.floor(clock() / SECOND_MS))
      .setExpirationTime(Math.floor((clock() + ttlMs) / SECOND_MS))
      .sign(signing.key);
  }

  async function verifyOther(typ: OtherType, token: string): Promise<OtherToken | undefined> {
    const { publicKeys } = await fresh.get(KEYS_FRESH_MS);
    const currentDate = new Date(clock());
    const options = { typ, issuer, requiredClaims: ["sub", "jti", "iat", "exp"], currentDate };
    try {
      const { payload } = await jwtVerify(token, createLocalJWKSet(publicKeys), options);
      return { username: payload.sub!, id: payload.jti!, madeAt: payload.iat! * SECOND_MS };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
  return {
    /** `login` says of which login of an account it is: with that it ends. */
    sign: async ({ userId, tenantId, scopes, login }: {
      userId: string;
      tenantId: string;
      scopes: readonly Scope[];
      login?: LoginRef;
    }) => {
      const { signing } = await fresh.get(KEYS_FRESH_MS);
      const nowSeconds = Math.floor(clock() / SECOND_MS);
      const expiresSeconds = nowSeconds + ttlSeconds;
      const own = login ? { sid: login.loginId, username: login.username } : {};
      const token = await new SignJWT({ tenant: tenantId, scope: scopes.map(scopeWord).join(" "), ...own })
        .setProtectedHeader({ alg: signing.alg, kid: signing.kid, typ: "JWT" })
        .setSubject(userId)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(nowSeconds)
        .setNotBefore(nowSeconds)
        .setExpirationTime(expiresSeconds)
        .setJti(ids())
        .sign(signing.key);
      return { token, expiresAt: expiresSeconds * SECOND_MS };
    },

    /** What a device keeps to show later that a person has logged in on it. It lets nobody in. */
    signDevice: (username: string): Promise<string> => signOther("device+jwt", username, DEVICE_KNOWN_MS),

    /** The device of such a token; undefined where it is none of this name. */
    verifyDevice: async (token: string, username: string): Promise<string | undefined> => {
      const device = await verifyOther("device+jwt", token);
      return device?.username === username ? device.id : undefined;
    },

    /** What lets whoever has it set a new password for a name, once and within a day. */
    signReset: (username: string): Promise<string> => signOther("reset+jwt", username, RESET_MS),
    verifyReset: (token: string): Promise<OtherToken | undefined> => verifyOther("reset+jwt", token),
  };
}

function missing(file: string): AppError {
  return new AppError(
    "SIGNING_KEYS_UNUSABLE",
    `The key file ${file} (SIGNING_KEY_FILE) is not there: mend the path, or make a key with \`npm run --silent signing-key > ${file}\`.`,
  );
}

/** Writes a new key beside the file and links it to the file's name, which fails where another process was first. */
async function createKeyFile(file: string): Promise<void> {
  const draft = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true }).catch((error: unknown) => {
      // What is there and is no folder: Deno says of a link into nothing that it exists.
      throw unwritable(file, error);
    });
    await writeDurably(draft, await createKeySet());
    await link(draft, file);
  } catch (error) {
    if (error instanceof AppError) throw error;
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unwritable(file, error);
  } finally {
    // Where nothing was written it says so once more: the error above is the one to hear.
    await rm(draft).catch(() => {});
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Where a JWK set is kept: what errors call it, and what they say is to be done. */
type KeySource = { name: string; remedy: string; read: () => Promise<string> };

async function openKeys(source: KeySource): Promise<ReadSigningKeys> {
  const read = () => readKeys(source);
  await read();
  return read;
}

async function readKeys(source: KeySource): Promise<SigningKeys> {
  const jwks = await parseKeys(source);
  const keys = await Promise.all(jwks.map((jwk) => withKidAndAlg(source, jwk)));
  const repeated = keys.find(({ kid }, i) => keys.findIndex((other) => other.kid === kid) !== i);
  if (repeated) throw unusable(source, `holds two keys with the kid ${repeated.kid}`);
  const first = keys.find((key) => "d" in key);
  if (!first) throw unusable(source, "holds no private key");
  try {
    const key = await importJWK(first, first.alg) as CryptoKey;
    return { signing: { kid: first.kid, alg: first.alg, key }, publicKeys: { keys: keys.map(publicHalf) } };
  } catch (error) {
    throw unusable(source, `holds a private key (${first.kid}) that cannot sign`, error);
  }
}

async function parseKeys(source: KeySource): Promise<JWK[]> {
  let content: unknown;
  try {
    content = JSON.parse(await source.read());
  } catch (error) {
    if (error instanceof AppError && error.code === "SIGNING_KEYS") throw error;
    throw error instanceof SyntaxError ? unusable(source, "is no JSON") : unusable(source, "cannot be read", error);
  }
  const keys = (content as { keys?: unknown } | null)?.keys;
  const isJwkList = Array.isArray(keys) && keys.every((key) => typeof key === "object" && key !== null && "kty" in key);
  if (!isJwkList) throw unusable(source, 'is no JWK set, {"keys": […]}');
  return keys as JWK[];
}

const ALGORITHM_OF: Record<string, string> = { Ed25519: "EdDSA", "P-256": "ES256", "P-384": "ES384", RSA: "RS256" };

async function withKidAndAlg(source: KeySource, jwk: JWK): Promise<JWK & { kid: string; alg: string }> {
  const alg = jwk.alg ?? ALGORITHM_OF[jwk.crv as string] ?? ALGORITHM_OF[jwk.kty as string];
  if (alg === undefined || jwk.kty === "oct") {
    throw unusable(source, `holds a key of another kind than ${Object.keys(ALGORITHM_OF).join(", ")}`);
  }
  try {
    return { ...jwk, alg, kid: jwk.kid ?? await calculateJwkThumbprint(jwk) };
  } catch {
    throw unusable(source, "holds a key that is not whole");
  }
}

/** The members of a key that may be shown: none of those that RFC 7518 calls private. */
function publicHalf({ kty, crv, x, y, n, e, kid, alg }: JWK): JWK {
  const half = { kty, crv, x, y, n, e, kid, alg, use: "sig" };
  return Object.fromEntries(Object.entries(half).filter(([, value]) => value !== undefined));
}

function unwritable(file: string, error: unknown): AppError {
  const { code } = error as NodeJS.ErrnoException;
  return new AppError("SIGNING_KEYS", `The key file ${file} cannot be made (${code}); let the service write there.`);
}

/** One line, without the cause's text: a JSON parser's message may quote the keys, and they are secret. */
function unusable({ name, remedy }: KeySource, what: string, cause?: unknown): AppError {
  const code = cause instanceof UnavailableError
    ? (cause.cause as Error | undefined)?.name
    : (cause as NodeJS.ErrnoException | undefined)?.code;
  return new AppError("SIGNING_KEYS", `${name} ${what}${code ? ` (${code})` : ""}; ${remedy}.`);
}
