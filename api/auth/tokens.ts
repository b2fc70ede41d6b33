import { createHash } from "node:crypto";
import { decodeJwt, decodeProtectedHeader, errors, type JWSHeaderParameters, type JWTPayload, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import { type Clock, SECOND_MS } from "../core/clock.ts";
import { AppError, UnauthenticatedError } from "../core/errors.ts";
import { type ClaimPaths, readScopes, readTenant } from "./claims.ts";
import type { FindKeys } from "./keysets.ts";
import type { LoginRef, Viewer } from "./viewer.ts";

/** Signatures made with a private key. `none` and shared secrets (HS256 and its like) are not among them. */
export const PUBLIC_KEY_ALGORITHMS: readonly string[] = [
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
const MAX_TOKEN_CHARS = 16_384;
/** What access tokens say of themselves, where they do (RFC 9068): not those for a logout, or for another use. */
const TYPES = ["jwt", "at+jwt", "application/at+jwt"];
const MAX_KEYS_TRIED = 4;
const MAX_USER_ID_CHARS = 255;
/** Of the token's hash: 128 bits and more. */
const CREDENTIAL_CHARS = 22;
const MAX_REMEMBERED = 10_000;

const BEARER = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i;

/** Whose tokens are taken, by which keys, and how they are read. */
export type Issuer = {
  /** What `iss` may be. `{tid}` in it stands for the token's own claim of that name, as Entra has it. */
  issuers: readonly string[];
  /** What `aud` may name. */
  audiences: readonly string[];
  /** Whose tokens (`client_id` or `azp`) are taken where they have no `aud`. */
  clients: readonly string[];
  keys: readonly FindKeys[];
  /** By which its tokens may be signed; undefined: those that are set for all. */
  algorithms?: readonly string[] | undefined;
  claims: ClaimPaths;
  /** Whether the login goes on that a token says it is of. */
  isLoggedIn?: ((viewer: Viewer) => Promise<boolean>) | undefined;
};

/**
 * Makes `authenticate`: the viewer of an Authorization header, or undefined without one. It throws UnauthenticatedError
 * where the token does not hold, and UnavailableError where the keys to judge it cannot be had.
 *
 * A token is checked with the keys of those whose `iss` it carries and no others. A key that was taken out of its set is
 * refused when the set is loaded again (30 seconds, or what its Cache-Control says up to an hour), and `VERIFIED_FRESH_MS`.
 */
export function createVerifier({ issuers, algorithms, clock }: {
  issuers: readonly Issuer[];
  algorithms: readonly string[];
  clock: Clock;
}) {
  checkAlgorithms(algorithms);
  const verified = new LRUCache<string, { viewer: Viewer; at: number }>({ max: MAX_REMEMBERED });
  /** Logins that ended here: what was verified before of them is looked at again. */
  const ended = new LRUCache<string, true>({ max: MAX_REMEMBERED });

  async function verify(token: string, credential: string): Promise<Viewer> {
    try {
      const unverified = claimsOf(token);
      const candidates = await findCandidates(issuers, algorithms, token, unverified);
      for (const [i, { issuer, key, iss }] of candidates.entries()) {
        try {
          const hasAudience = unverified?.aud !== undefined || issuer.clients.length === 0;
          const claims = await check(token, key, issuer, iss, hasAudience);
          const viewer = { ...parseViewer(claims, issuer.claims), credential, ...loginOf(claims, issuer) };
          if (issuer.isLoggedIn && !await issuer.isLoggedIn(viewer)) throw signedOut();
          return viewer;
        } catch (error) {
          const isLast = i === candidates.length - 1;
          if (isLast || !(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
        }
      }
      throw new UnauthenticatedError(
        "The token names a key (`kid`) that is not known here for its algorithm; ask for a new token.",
      );
    } catch (error) {
      throw error instanceof errors.JOSEError ? new UnauthenticatedError(explain(error, issuers)) : error;
    }
  }

  async function check(
    token: string,
    key: CryptoKey,
    issuer: Issuer,
    iss: string,
    hasAudience: boolean,
  ): Promise<JWTPayload> {
    const { payload, protectedHeader } = await jwtVerify(token, key, {
      issuer: iss,
      ...(hasAudience ? { audience: [...issuer.audiences] } : {}),
      algorithms: [...(issuer.algorithms ?? algorithms)],
      requiredClaims: ["exp"],
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: new Date(clock()),
    });
    if (protectedHeader.typ !== undefined && !TYPES.includes(protectedHeader.typ.toLowerCase())) {
      throw new UnauthenticatedError("The token is of another kind (`typ`); send an access token.");
    }
    if (payload["cnf"] !== undefined) {
      throw new UnauthenticatedError(
        "The token is bound to a key (`cnf`), which is not checked here; ask for a bearer token.",
      );
    }
    if (!hasAudience) checkClient(payload, issuer);
    return payload;
  }

  async function authenticate(authorization: string | null | undefined): Promise<Viewer | undefined> {
    if (authorization === null || authorization === undefined) return undefined;
    const token = parseBearer(authorization);
    const id = hashOf(token);
    const known = verified.get(id);
    const now = clock();
    const isEnded = known?.viewer.login && ended.has(known.viewer.login.loginId);
    if (known && !isEnded && now < Math.min(known.at + VERIFIED_FRESH_MS, known.viewer.expiresAt)) return known.viewer;
    const viewer = await verify(token, id.slice(0, CREDENTIAL_CHARS));
    verified.set(id, { viewer, at: now });
    return viewer;
  }

  return {
    authenticate,
    /** Says that a login is over: its tokens end here at once, in other processes after `VERIFIED_FRESH_MS`. */
    end: (loginId: string): void => void ended.set(loginId, true),
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
  if (authorization.length > MAX_TOKEN_CHARS + "Bearer ".length) {
    throw new UnauthenticatedError(`The token is too long; at most ${MAX_TOKEN_CHARS} characters are read.`);
  }
  const token = BEARER.exec(authorization.trim())?.[1];
  if (token) return token;
  throw new UnauthenticatedError(
    "The Authorization header must be `Bearer TOKEN`, with a signed JWT of three parts parted by dots.",
  );
}

/** The keys that may have signed the token, of those whose tokens say `iss` as it does. Checks nothing yet. */
async function findCandidates(
  issuers: readonly Issuer[],
  algorithms: readonly string[],
  token: string,
  claims: JWTPayload | undefined,
) {
  const header = readHeader(token);
  const takes = (issuer: Issuer) => (issuer.algorithms ?? algorithms).includes(header.alg as string);
  if (!issuers.some(takes)) throw new errors.JOSEAlgNotAllowed("not accepted");
  if (!header.kid) throw new UnauthenticatedError("The token names no key; its header needs a `kid`.");
  const meant = issuers.flatMap((issuer) => {
    // What holds no claims is told so after its signature, as everything else is.
    if (claims === undefined) return [{ issuer, iss: "" }];
    const iss = issuer.issuers.map((one) => fillIn(one, claims)).find((one) => one === claims.iss);
    return iss === undefined ? [] : [{ issuer, iss }];
  });
  if (meant.length === 0) throw wrongIssuer(issuers, claims?.iss);
  const able = meant.filter(({ issuer }) => takes(issuer));
  if (able.length === 0) throw new errors.JOSEAlgNotAllowed("not accepted");
  const found: { issuer: Issuer; key: CryptoKey; iss: string }[] = [];
  for (const { issuer, iss } of able) {
    for (const find of issuer.keys) {
      for (const key of await find(header)) found.push({ issuer, key, iss });
      if (found.length > 0) return found.slice(0, MAX_KEYS_TRIED);
    }
  }
  return found;
}

/** What a token claims, before anything of it is checked; undefined where it is no set of claims. */
function claimsOf(token: string): JWTPayload | undefined {
  try {
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}

function readHeader(token: string): JWSHeaderParameters {
  try {
    return decodeProtectedHeader(token);
  } catch {
    throw new errors.JWTInvalid("malformed header");
  }
}

/** `{tid}` becomes the claim of that name, where that is a plain word. */
function fillIn(issuer: string, claims: JWTPayload): string {
  return issuer.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = claims[name];
    return typeof value === "string" && /^[\w-]{1,100}$/.test(value) ? value : whole;
  });
}

function checkClient(claims: JWTPayload, { clients }: Issuer): void {
  const client = claims["client_id"] ?? claims["azp"];
  if (typeof client === "string" && clients.includes(client)) return;
  throw new UnauthenticatedError(
    `The token has no \`aud\` and is of another client; its \`client_id\` or \`azp\` must be ${clients.join(" or ")}.`,
  );
}

function parseViewer(claims: JWTPayload, paths: ClaimPaths): Omit<Viewer, "credential"> {
  const { sub, exp } = claims;
  if (typeof sub !== "string" || sub.length < 1 || sub.length > MAX_USER_ID_CHARS || !isPlain(sub)) {
    throw new UnauthenticatedError(
      `The token's \`sub\` must be 1 to ${MAX_USER_ID_CHARS} characters and no control characters.`,
    );
  }
  return {
    userId: sub,
    tenantId: readTenant(claims, paths),
    scopes: readScopes(claims, paths),
    expiresAt: exp! * SECOND_MS,
  };
}

/** Of which login of an account a token of ours is. Nobody else's tokens are of one, whatever they claim. */
function loginOf({ sid, username }: JWTPayload, { isLoggedIn }: Issuer): { login?: LoginRef } {
  if (!isLoggedIn || typeof sid !== "string" || typeof username !== "string") return {};
  return { login: { loginId: sid, username } };
}

function signedOut(): UnauthenticatedError {
  return new UnauthenticatedError(
    "The token's login has ended: it was signed out, or the password was changed. Log in again.",
  );
}

function isPlain(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}

function wrongIssuer(issuers: readonly Issuer[], iss: unknown): UnauthenticatedError {
  if (iss === undefined) return new UnauthenticatedError("The token has no `iss`; its issuer must add one.");
  const wanted = [...new Set(issuers.flatMap(({ issuers: names }) => names))].join(" or ");
  return new UnauthenticatedError(`The token is of another issuer; its \`iss\` must be ${wanted}.`);
}

function explain(error: errors.JOSEError, issuers: readonly Issuer[]): string {
  if (error instanceof errors.JWTExpired) return "The token has expired; log in again.";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "The token's signature does not hold.";
  if (error instanceof errors.JOSEAlgNotAllowed) return "The token is signed with an algorithm that is not accepted.";
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === "missing") return `The token has no \`${error.claim}\`; its issuer must add one.`;
    if (error.claim === "aud") {
      const wanted = [...new Set(issuers.flatMap(({ audiences }) => audiences))].join(" or ");
      return `The token is for another service; its \`aud\` must be ${wanted}.`;
    }
    if (error.claim === "nbf" && error.reason === "check_failed") {
      return "The token is not valid yet; try again after its `nbf`.";
    }
    return `The token's \`${error.claim}\` is not as it must be.`;
  }
  if (/Claims Set/.test(error.message)) return "The token is signed and holds no claims; it must be a JWT.";
  return "The token is malformed; it must be a signed JWT.";
}
