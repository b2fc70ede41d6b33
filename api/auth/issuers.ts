import type { Config } from "../config.ts";
import { type Clock, SECOND_MS } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { formatInstant } from "../core/time.ts";
import { OWN_CLAIMS, parseScopeMap } from "./claims.ts";
import type { ReadSigningKeys } from "./keys.ts";
import { createKeyFinder, type KeyFinder, KEYS_STALE_MS, remoteKeySet } from "./keysets.ts";
import { type Issuer, PUBLIC_KEY_ALGORITHMS } from "./tokens.ts";

type Set = { url: string; finder: KeyFinder };

/** The key sets of identity providers, not loaded yet. */
export function createKeySets(urls: readonly string[], { clock, log }: { clock: Clock; log: Log }): Set[] {
  return urls.map((url) => ({
    url,
    finder: createKeyFinder(remoteKeySet(url), { clock, log, staleMs: KEYS_STALE_MS }),
  }));
}

/** Tokens that this installation signs itself: by its key's own algorithm, whatever is set for those of others. */
export function ownIssuer(
  keys: ReadSigningKeys,
  { token: { issuers, audiences } }: Config,
  { clock, log }: { clock: Clock; log: Log },
  isLoggedIn: Issuer["isLoggedIn"],
): Issuer {
  const finder = createKeyFinder(async () => ({ keys: (await keys()).publicKeys }), { clock, log });
  return {
    issuers: [issuers[0]],
    audiences: [audiences[0]],
    clients: [],
    keys: [finder.find],
    // A key answers to its own alone.
    algorithms: PUBLIC_KEY_ALGORITHMS,
    claims: OWN_CLAIMS,
    isLoggedIn,
  };
}

/** Tokens of identity providers. Of as many key sets as issuers each vouches for its own; else all for all. */
export function foreignIssuers(sets: readonly Set[], { token }: Config): Issuer[] {
  if (sets.length === 0) return [];
  const { issuers, audiences, clients } = token;
  const claims = { ...token.claims, scopeMap: parseScopeMap(token.claims.scopeMap) };
  const isPaired = sets.length > 1 && sets.length === issuers.length;
  return isPaired
    ? sets.map(({ finder }, i) => ({ issuers: [issuers[i]!], audiences, clients, keys: [finder.find], claims }))
    : [{ issuers, audiences, clients, keys: sets.map(({ finder }) => finder.find), claims }];
}

/** How the identity provider's key sets are, for those who run the service. */
export function watchKeySets(sets: readonly Set[], clock: Clock) {
  return {
    /** Loads what is due. Throws UnavailableError where a provider's tokens cannot be judged at all. */
    check: async () => void await Promise.all(sets.map(({ finder }) => finder.check())),
    /** "ok", or since when which sets could not be loaded, and until when the last keys hold. */
    refresh(): string {
      const failing = sets.flatMap(({ url, finder }) => {
        const { failingSince, holdsUntil } = finder.state();
        if (failingSince === undefined) return [];
        const until = holdsUntil === undefined ? "" : `; its last keys hold until ${formatInstant(holdsUntil)}`;
        return [`${new URL(url).host} has given no keys since ${formatInstant(failingSince)}${until}`];
      });
      return failing.length === 0 ? "ok" : failing.join(". ");
    },
    measurement: {
      name: "sojourn_jwks_age_seconds",
      help: "Seconds since the identity provider's key set was last loaded, by its host; -1 where it never was.",
      label: "host",
      read: () =>
        Object.fromEntries(sets.map(({ url, finder }) => {
          const { loadedAt } = finder.state();
          return [new URL(url).host, loadedAt === undefined ? -1 : (clock() - loadedAt) / SECOND_MS];
        })),
    },
  };
}
