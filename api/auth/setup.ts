import { randomBytes } from "node:crypto";
import type { Dynamo } from "../aws/dynamo.ts";
import { createSecret } from "../aws/secrets.ts";
import type { Config } from "../config.ts";
import { type Clock, SECOND_MS, systemClock } from "../core/clock.ts";
import { type Ids, randomIds } from "../core/ids.ts";
import { formatInstant } from "../core/time.ts";
import type { Log } from "../core/log.ts";
import type { Rates } from "../rates/rates.ts";
import { fullName, tables } from "../resources.ts";
import { createApiKeys, type KeyUse } from "./apikeys/service.ts";
import { createApiKeyStore } from "./apikeys/store.ts";
import { OWN_CLAIMS, parseScopeMap } from "./claims.ts";
import { createSigner, loadOrCreateSigningKeys, loadSecretSigningKeys, signingKeyFile } from "./keys.ts";
import { createKeyFinder, type KeyFinder, KEYS_STALE_MS, remoteKeySet } from "./keysets.ts";
import { createPasswords, PASSWORD_COST, type ScryptCost } from "./passwords.ts";
import { type Accounts, createAccounts } from "./service.ts";
import { createAccountStore } from "./store.ts";
import { createVerifier, type Issuer } from "./tokens.ts";
import type { Scope, Viewer } from "./viewer.ts";

/**
 * Puts together what the configuration asks for: tokens of the identity provider, of built-in accounts, or of both.
 * Tokens of the local key file hold also where accounts are off: `npm run token` signs with it.
 */
export async function createAuth({ config, dynamo, rates, log, clock, ids, passwordCost = PASSWORD_COST }: {
  config: Config;
  dynamo: Dynamo;
  rates: Rates;
  log: Log;
  clock: Clock;
  ids: Ids;
  passwordCost?: ScryptCost | undefined;
}) {
  const { issuers, audiences, clients, algorithms, ttlSeconds, jwksUrls } = config.token;
  const [issuer, audience] = [issuers[0], audiences[0]];
  const secret = config.token.signingKeySecret;
  const own = takesOwnTokens(config) ? await loadOwnKeys() : undefined;
  const ownFinder = own &&
    createKeyFinder(async () => ({ keys: (await own()).publicKeys }), { clock, log });
  const remotes = jwksUrls.map((url) => ({
    url,
    finder: createKeyFinder(remoteKeySet(url), { clock, log, staleMs: KEYS_STALE_MS }),
  }));
  const claims = { ...config.token.claims, scopeMap: parseScopeMap(config.token.claims.scopeMap) };
  /** Of as many key sets as issuers each is for one; else all are for all. */
  const isPaired = remotes.length > 1 && remotes.length === issuers.length;
  const foreign: Issuer[] = isPaired
    ? remotes.map(({ finder }, i) => ({ issuers: [issuers[i]!], audiences, clients, keys: [finder.find], claims }))
    : remotes.length > 0
    ? [{ issuers, audiences, clients, keys: remotes.map(({ finder }) => finder.find), claims }]
    : [];
  const trusted: Issuer[] = [
    ...(ownFinder
      ? [{ issuers: [issuer], audiences: [audience], clients: [], keys: [ownFinder.find], claims: OWN_CLAIMS }]
      : []),
    ...foreign,
  ];
  const accounts: Accounts | undefined = own && config.accounts
    ? createAccounts({
      store: createAccountStore(dynamo, config.prefix),
      passwords: createPasswords({ random: randomBytes, cost: passwordCost }),
      signer: createSigner({ keys: own, issuer, audience, ttlSeconds, clock, ids }),
      clock,
      ids,
    })
    : undefined;
  const apiKeys = createApiKeys({
    store: createApiKeyStore(dynamo, fullName(config.prefix, tables.access)),
    rates,
    random: randomBytes,
    clock,
    log,
  });
  const authenticateToken = createVerifier({ issuers: trusted, algorithms, clock });

  /** The viewer of an Authorization header, whether it holds a token or a key. */
  function authenticate(authorization: string | null | undefined, use: KeyUse = {}): Promise<Viewer | undefined> {
    const [, key] = /^Bearer +(sj[kw]_\S{1,100})$/i.exec(authorization?.trim() ?? "") ?? [];
    return key === undefined ? authenticateToken(authorization) : apiKeys.authenticate(key, use);
  }

  return {
    authenticate,
    accounts,
    apiKeys,
    keySets: remotes.length === 0 ? undefined : watchKeySets(remotes, clock),
  };

  function loadOwnKeys() {
    if (secret === undefined) return loadOwnKeyFile(config);
    return loadSecretSigningKeys(secret, createSecret(config, secret));
  }
}

/** How the identity provider's key sets are, for those who run the service. */
function watchKeySets(sets: readonly { url: string; finder: KeyFinder }[], clock: Clock) {
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

/** Whether tokens that are signed with a key of our own hold: of built-in accounts, or of `npm run token`. */
export function takesOwnTokens({ accounts, token }: Config): boolean {
  return accounts || token.signingKeyFile !== undefined || token.signingKeySecret !== undefined ||
    token.jwksUrls.length === 0;
}

function loadOwnKeyFile(config: Config) {
  return loadOrCreateSigningKeys(signingKeyFile(config), { isNamed: config.token.signingKeyFile !== undefined });
}

/** A token of the local instance: signed with its key file, which is made where there is none yet. */
export async function signLocalToken(
  config: Config,
  { tenantId, scopes, userId = "local", ttlSeconds = config.token.ttlSeconds }: {
    tenantId: string;
    scopes: readonly Scope[];
    userId?: string;
    ttlSeconds?: number | undefined;
  },
): Promise<string> {
  const { issuers: [issuer], audiences: [audience] } = config.token;
  const keys = await loadOwnKeyFile(config);
  const signer = createSigner({ keys, issuer, audience, ttlSeconds, clock: systemClock, ids: randomIds });
  return (await signer.sign({ userId, tenantId, scopes })).token;
}
