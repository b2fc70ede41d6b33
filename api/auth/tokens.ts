import { createHash } from "node:crypto";
import { errors, type JWSHeaderParameters, type JWTPayload, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import { type Clock, SECOND_MS } from "../core/clock.ts";
import { AppError, UnauthenticatedError } from "../core/errors.ts";
import { TENANT_PATTERN } from "../core/ids.ts";
import type { FindKey } from "./keysets.ts";
import { parseScopes, type Viewer } from "./viewer.ts";

/** Signatures made with a private key. `none` and shared secrets (HS256 and its like) are not among them. */
const PUBLIC_KEY_ALGORITHMS = [
  "EdDSA",
  "Ed25519",
  "ES256",
  "ES384",
  "ES512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
];

/** How long a verified token is taken as verified without looking at its signature and its key again. */
export const VERIFIED_FRESH_MS = 30 * SECOND_MS;

/** How far the clocks of issuer and service may differ. */
const TOLERANCE_SECONDS = 5;
const MAX_TOKEN_CHARS = 8_192;
const MAX_USER_ID_CHARS = 255;
/** Of the token's hash: 128 bits and more. */
const CREDENTIAL_CHARS = 22;
const MAX_REMEMBERED = 10_000;

const BEARER = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i;

/**
 * Makes `authenticate`: the viewer of an Authorization header, or undefined without one. It throws UnauthenticatedError
 * where the token does not hold, and UnavailableError where the keys to judge it cannot be had.
 *
 * `keys` are asked in their order. A key that was taken out of its set is refused after `KEYS_FRESH_MS` and
 * `VERIFIED_FRESH_MS`, together a minute.
 */
export function createVerifier({ issuer, audience, algorithms, keys, clock }: {
  issuer: string;
  audience: string;
  algorithms: readonly string[];
  keys: readonly FindKey[];
  clock: Clock;
}) {
  checkAlgorithms(algorithms);
  const verified = new LRUCache<string, { viewer: Viewer; at: number }>({ max: MAX_REMEMBERED });

  async function getKey(header: JWSHeaderParameters): Promise<CryptoKey> {
    if (!header.kid) throw new UnauthenticatedError("The token names no key; its header needs a `kid`.");
    for (const findKey of keys) {
      const key = await findKey(header);
      if (key) return key;
    }
    throw new UnauthenticatedError(
      "The token names a key (`kid`) that is not known here for its algorithm; ask for a new token.",
    );
  }

  async function verify(token: string, credential: string): Promise<Viewer> {
    try {
      const { payload } = await jwtVerify(token, getKey, {
        issuer,
        audience,
        algorithms: [...algorithms],
        requiredClaims: ["exp"],
        clockTolerance: TOLERANCE_SECONDS,
        currentDate: new Date(clock()),
      });
      return { ...parseViewer(payload), credential };
    } catch (error) {
      throw error instanceof errors.JOSEError ? new UnauthenticatedError(explain(error, { issuer, audience })) : error;
    }
  }

  return async function authenticate(authorization: string | null | undefined): Promise<Viewer | undefined> {
    if (authorization === null || authorization === undefined) return undefined;
    const token = parseBearer(authorization);
    const id = hashOf(token);
    const known = verified.get(id);
    const now = clock();
    if (known && now < Math.min(known.at + VERIFIED_FRESH_MS, known.viewer.expiresAt)) return known.viewer;
    const viewer = await verify(token, id.slice(0, CREDENTIAL_CHARS));
    verified.set(id, { viewer, at: now });
    return viewer;
  };
}

/** What stands for a token where it is counted and logged. */
export function credentialOf(token: string): string {
  return hashOf(token).slice(0, CREDENTIAL_CHARS);
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

/** Throws where an algorithm is not one of a public key, so that a wrong setting stops the start. */
function checkAlgorithms(algorithms: readonly string[]): void {
  const wrong = algorithms.filter((algorithm) => !PUBLIC_KEY_ALGORITHMS.includes(algorithm));
  if (wrong.length === 0 && algorithms.length > 0) return;
  throw new AppError(
    "CONFIGURATION",
    `TOKEN_ALGORITHMS holds ${wrong.join(", ") || "nothing"}; take one or more of ${PUBLIC_KEY_ALGORITHMS.join(", ")}`,
  );
}

function parseBearer(authorization: string): string {
  if (authorization.length > MAX_TOKEN_CHARS) {
    throw new UnauthenticatedError(`The token is too long; at most ${MAX_TOKEN_CHARS} characters are read.`);
  }
  const token = BEARER.exec(authorization.trim())?.[1];
  if (token) return token;
  throw new UnauthenticatedError(
    "The Authorization header must be `Bearer TOKEN`, with a signed JWT of three parts parted by dots.",
  );
}

function parseViewer(claims: JWTPayload): Omit<Viewer, "credential"> {
  const { sub, tenant, scope = "", exp } = claims;
  if (typeof sub !== "string" || sub.length < 1 || sub.length > MAX_USER_ID_CHARS || !isPlain(sub)) {
    throw new UnauthenticatedError(
      `The token's \`sub\` must be 1 to ${MAX_USER_ID_CHARS} characters and no control characters.`,
    );
  }
  if (tenant === undefined) {
    throw new UnauthenticatedError("The token has no `tenant`; its issuer must add one.");
  }
  if (typeof tenant !== "string" || !TENANT_PATTERN.test(tenant)) {
    throw new UnauthenticatedError(
      "The token's `tenant` must be 1 to 63 of A-Z, a-z, 0-9, _ and -, beginning with a letter or digit.",
    );
  }
  if (typeof scope !== "string") {
    throw new UnauthenticatedError("The token's `scope` must be text: words parted by spaces.");
  }
  return { userId: sub, tenantId: tenant, scopes: parseScopes(scope), expiresAt: exp! * SECOND_MS };
}

function isPlain(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}

function explain(error: errors.JOSEError, expected: { issuer: string; audience: string }): string {
  if (error instanceof errors.JWTExpired) return "The token has expired; log in again.";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "The token's signature does not hold.";
  if (error instanceof errors.JOSEAlgNotAllowed) return "The token is signed with an algorithm that is not accepted.";
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === "missing") return `The token has no \`${error.claim}\`; its issuer must add one.`;
    if (error.claim === "iss") return `The token is of another issuer; its \`iss\` must be ${expected.issuer}.`;
    if (error.claim === "aud") return `The token is for another service; its \`aud\` must be ${expected.audience}.`;
    if (error.claim === "nbf" && error.reason === "check_failed") {
      return "The token is not valid yet; try again after its `nbf`.";
    }
    return `The token's \`${error.claim}\` is not as it must be.`;
  }
  return "The token is malformed; it must be a signed JWT.";
}
