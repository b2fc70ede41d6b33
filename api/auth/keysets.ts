import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, type JWSHeaderParameters } from "jose";
import { type Clock, SECOND_MS } from "../core/clock.ts";
import { UnavailableError } from "../core/errors.ts";

/**
 * The public key that a token's header asks for, by `kid`; undefined where this source has none. A key answers to its
 * own `alg` only, or, where it names none, to the algorithms of its type and curve; to a shared-secret one never.
 */
export type FindKey = (header: JWSHeaderParameters) => Promise<CryptoKey | undefined>;

/** How old a key set may be. Together with `VERIFIED_FRESH_MS` of tokens.ts: a removed key is refused after a minute. */
export const KEYS_FRESH_MS = 30 * SECOND_MS;
/** How old a key set may be for saying that a key is unknown. So a new key works after 5 seconds. */
export const UNKNOWN_KEY_FRESH_MS = 5 * SECOND_MS;

const RETRY_MS = SECOND_MS;
const FETCH_TIMEOUT_MS = 3 * SECOND_MS;

/**
 * Gives what `load` gives, at most as old as the caller can bear. Calls at the same time share one load; one that
 * failed is tried again after a second, and meanwhile what was loaded before stays good for as long as it is.
 */
export function createFresh<T>(load: () => Promise<T>, clock: Clock): (maxAgeMs: number) => Promise<T> {
  let loaded: { value: T; at: number } | undefined;
  let attempt: { result: Promise<T>; at: number } | undefined;

  async function loadAt(at: number): Promise<T> {
    const value = await load();
    loaded = { value, at };
    return value;
  }

  return async (maxAgeMs) => {
    const now = clock();
    if (loaded && now < loaded.at + maxAgeMs) return loaded.value;
    if (!attempt || now >= attempt.at + RETRY_MS) attempt = { result: loadAt(now), at: now };
    return attempt.result;
  };
}

/** Finds keys in the JWK set that `load` gives, loading it again where it may have changed. */
export function createKeyFinder(load: () => Promise<JSONWebKeySet>, clock: Clock): FindKey {
  const fresh = createFresh(async () => createLocalJWKSet(await load()), clock);
  const findIn = async (maxAgeMs: number, header: JWSHeaderParameters) => {
    const keySet = await fresh(maxAgeMs);
    try {
      return await keySet(header);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      throw error;
    }
  };
  return async (header) => await findIn(KEYS_FRESH_MS, header) ?? await findIn(UNKNOWN_KEY_FRESH_MS, header);
}

/** Reads the public keys of an identity provider. Throws UnavailableError where they cannot be had. */
export function remoteKeySet(url: string): () => Promise<JSONWebKeySet> {
  const remote = createRemoteJWKSet(new URL(url), { cacheMaxAge: Infinity, timeoutDuration: FETCH_TIMEOUT_MS });
  return async () => {
    try {
      await remote.reload();
    } catch (cause) {
      throw new UnavailableError("The identity provider's key set (JWKS_URL)", cause);
    }
    return remote.jwks()!;
  };
}
