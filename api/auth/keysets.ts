import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  type JWSHeaderParameters,
} from "jose";
import { type Clock, HOUR_MS, SECOND_MS } from "../core/clock.ts";
import { UnavailableError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";

/**
 * The public keys that a token's header asks for, by `kid`: none where this source has no such key, and more than one
 * where several go by the same name. A key answers to its own `alg` only, or, where it names none, to the algorithms of its
 * type and curve; to a shared-secret one never.
 */
export type FindKeys = (header: JWSHeaderParameters) => Promise<CryptoKey[]>;

/** A key set, and how long whoever gave it says that it may be taken as it is. */
export type LoadedKeys = { keys: JSONWebKeySet; freshMs?: number };

/** How old a key set may be whose source says nothing. With `VERIFIED_FRESH_MS`: a removed key is refused after a minute. */
export const KEYS_FRESH_MS = 30 * SECOND_MS;
/** How old a key set may be for saying that a key is unknown. So a new key works after 5 seconds. */
export const UNKNOWN_KEY_FRESH_MS = 5 * SECOND_MS;
/** So long the last keys of an identity provider hold that cannot be reached. */
export const KEYS_STALE_MS = 12 * HOUR_MS;
/** However long an identity provider says that its keys may be kept: a key that it takes out ends after this. */
const MAX_FRESH_MS = HOUR_MS;

const RETRY_MS = SECOND_MS;
const MAX_RETRY_MS = 30 * SECOND_MS;
const FETCH_TIMEOUT_MS = 3 * SECOND_MS;
const MIN_RSA_BITS = 2_048;

/** How a source stands: when it was loaded, and since when that has failed. */
export type KeySetState = {
  loadedAt: number | undefined;
  failingSince: number | undefined;
  holdsUntil: number | undefined;
};

/**
 * Gives what `load` gives, at most as old as the caller can bear, or as the source allows. Calls at the same time share one
 * load. After one that failed there is a pause, at first of a second, and what was loaded before stays good for as long as
 * it is; where the caller asks for it `staleMs` longer, and then nobody waits for a load that failed just before.
 */
export function createFresh<T>(
  load: () => Promise<{ value: T; freshMs?: number | undefined }>,
  clock: Clock,
  staleMs = 0,
) {
  let loaded: { value: T; at: number; freshMs: number } | undefined;
  let attempt: { result: Promise<T>; at: number } | undefined;
  let failing: { since: number; times: number } | undefined;

  async function loadAt(at: number): Promise<T> {
    try {
      const { value, freshMs = 0 } = await load();
      loaded = { value, at, freshMs };
      failing = undefined;
      return value;
    } catch (error) {
      failing = { since: failing?.since ?? at, times: (failing?.times ?? 0) + 1 };
      throw error;
    }
  }

  /** The load under way or the last one, or a new one where that is too long ago. */
  function loadAgain(now: number): Promise<T> {
    const pauseMs = failing ? Math.min(RETRY_MS * 2 ** (failing.times - 1), MAX_RETRY_MS) : RETRY_MS;
    if (!attempt || now >= attempt.at + pauseMs) {
      attempt = { result: loadAt(now), at: now };
      // Whoever waits for it hears of its failure; nobody has to.
      attempt.result.catch(() => {});
    }
    return attempt.result;
  }

  return {
    /** `isStaleGood`: rather what was loaded long ago than nothing. */
    async get(maxAgeMs: number, isStaleGood = false): Promise<T> {
      const now = clock();
      const ageMs = isStaleGood ? Math.max(maxAgeMs, loaded?.freshMs ?? 0) : maxAgeMs;
      if (loaded && now < loaded.at + ageMs) return loaded.value;
      const loading = loadAgain(now);
      if (!isStaleGood || !loaded || now >= loaded.at + staleMs) return await loading;
      const { value } = loaded;
      return failing ? value : await loading.catch(() => value);
    },
    state: (): KeySetState => ({
      loadedAt: loaded?.at,
      failingSince: failing?.since,
      holdsUntil: loaded && loaded.at + Math.max(staleMs, loaded.freshMs, KEYS_FRESH_MS),
    }),
  };
}

export type KeyFinder = { find: FindKeys; check: () => Promise<void>; state: () => KeySetState };

/**
 * Finds keys in the set that `load` gives, loading it again where it may have changed. Keys that nothing can be checked
 * with are left out and `log` says which: a set with one bad key is as good as one without it.
 */
export function createKeyFinder(
  load: () => Promise<LoadedKeys>,
  { clock, log, staleMs }: { clock: Clock; log: Log; staleMs?: number },
): KeyFinder {
  const skipped = new Set<string>();
  const fresh = createFresh(
    async () => {
      const { keys, freshMs } = await load();
      const usable = await Promise.all(keys.keys.map(async (key) => {
        const fault = await faultOf(key);
        if (fault === undefined) return [key];
        const name = `${key.kid}: ${fault}`;
        if (fault !== "" && !skipped.has(name)) {
          skipped.add(name);
          log.warn("A key of a JWK set is skipped.", { kid: key.kid, reason: fault });
        }
        return [];
      }));
      return { value: createLocalJWKSet({ keys: usable.flat() }), freshMs };
    },
    clock,
    staleMs,
  );

  async function findIn(maxAgeMs: number, isStaleGood: boolean, header: JWSHeaderParameters): Promise<CryptoKey[]> {
    const keySet = await fresh.get(maxAgeMs, isStaleGood);
    try {
      return [await keySet(header)];
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return [];
      if (error instanceof errors.JWKSMultipleMatchingKeys) return await Array.fromAsync(error);
      throw error;
    }
  }

  return {
    async find(header) {
      const found = await findIn(KEYS_FRESH_MS, true, header);
      return found.length > 0 ? found : await findIn(UNKNOWN_KEY_FRESH_MS, false, header);
    },
    /** Throws where there are no keys that hold. */
    check: async () => void await fresh.get(KEYS_FRESH_MS, true),
    state: fresh.state,
  };
}

/** Reads the public keys of an identity provider, and minds its Cache-Control. Throws UnavailableError where they cannot be had. */
export function remoteKeySet(url: string): () => Promise<LoadedKeys> {
  let freshMs: number | undefined;
  const remote = createRemoteJWKSet(new URL(url), {
    cacheMaxAge: Infinity,
    timeoutDuration: FETCH_TIMEOUT_MS,
    [customFetch]: async (...given) => {
      const response = await fetch(...given);
      freshMs = freshMsOf(response.headers.get("cache-control"));
      return response;
    },
  });
  return async () => {
    try {
      await remote.reload();
    } catch (cause) {
      throw new UnavailableError("The identity provider's key set (JWKS_URL)", cause);
    }
    return { keys: remote.jwks()!, ...(freshMs === undefined ? {} : { freshMs }) };
  };
}

/** How long a response may be kept; undefined where it does not say. */
export function freshMsOf(cacheControl: string | null): number | undefined {
  if (cacheControl === null || /\bno-(store|cache)\b/i.test(cacheControl)) return undefined;
  const seconds = /(?:^|[\s,])max-age="?(\d{1,10})/i.exec(cacheControl)?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds) * SECOND_MS, MAX_FRESH_MS);
}

const CURVES: Readonly<Record<string, string>> = {
  "P-256": "ES256",
  "P-384": "ES384",
  "P-521": "ES512",
  Ed25519: "EdDSA",
};

/** Why signatures cannot be checked with a key; empty where it is meant for something else; undefined where they can. */
async function faultOf(key: JWK): Promise<string | undefined> {
  const { kty, crv, n, use, alg } = key;
  if (use !== undefined && use !== "sig") return "";
  const own = kty === "RSA" ? alg ?? "RS256" : CURVES[crv as string];
  if (own === undefined || kty === "oct") return "";
  if (kty === "RSA") {
    const bits = bitsOf(n);
    if (bits < MIN_RSA_BITS) return `it has ${bits} bits; RSA needs ${MIN_RSA_BITS} or more`;
  }
  try {
    await importJWK(publicHalf(key), own);
    return undefined;
  } catch {
    return "it cannot be read";
  }
}

function publicHalf({ kty, crv, x, y, n, e }: JWK): JWK {
  return { kty, crv, x, y, n, e } as JWK;
}

function bitsOf(modulus: unknown): number {
  if (typeof modulus !== "string") return 0;
  const bytes = Buffer.from(modulus, "base64url");
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first]!) + 24;
}
