import { randomBytes } from "node:crypto";
import type { Dynamo } from "../aws/dynamo.ts";
import { createSecret } from "../aws/secrets.ts";
import type { Config } from "../config.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { type Ids, randomIds } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Rates } from "../rates/rates.ts";
import { fullName, tables } from "../resources.ts";
import { createApiKeys, type KeyUse } from "./apikeys/service.ts";
import { createApiKeyStore } from "./apikeys/store.ts";
import { createSigner, loadOrCreateSigningKeys, loadSecretSigningKeys, signingKeyFile } from "./keys.ts";
import { createKeyFinder, remoteKeySet } from "./keysets.ts";
import { createPasswords, PASSWORD_COST, type ScryptCost } from "./passwords.ts";
import { type Accounts, createAccounts } from "./service.ts";
import { createAccountStore } from "./store.ts";
import { createVerifier } from "./tokens.ts";
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
  const { issuer, audience, algorithms, ttlSeconds, jwksUrl, signingKeyFile: ownFile } = config.token;
  const secret = config.token.signingKeySecret;
  const hasOwnKeys = config.accounts || ownFile !== undefined || secret !== undefined || jwksUrl === undefined;
  const own = hasOwnKeys ? await loadOwnKeys() : undefined;
  const keys = [
    ...(own ? [createKeyFinder(async () => (await own()).publicKeys, clock)] : []),
    ...(jwksUrl ? [createKeyFinder(remoteKeySet(jwksUrl), clock)] : []),
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
  const authenticateToken = createVerifier({ issuer, audience, algorithms, keys, clock });

  /** The viewer of an Authorization header, whether it holds a token or a key. */
  function authenticate(authorization: string | null | undefined, use: KeyUse = {}): Promise<Viewer | undefined> {
    const [, key] = /^Bearer +(sj[kw]_\S{1,100})$/i.exec(authorization?.trim() ?? "") ?? [];
    return key === undefined ? authenticateToken(authorization) : apiKeys.authenticate(key, use);
  }

  return { authenticate, accounts, apiKeys };

  function loadOwnKeys() {
    if (secret === undefined) return loadOrCreateSigningKeys(signingKeyFile(config));
    return loadSecretSigningKeys(secret, createSecret(config, secret));
  }
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
  const { issuer, audience } = config.token;
  const keys = await loadOrCreateSigningKeys(signingKeyFile(config));
  const signer = createSigner({ keys, issuer, audience, ttlSeconds, clock: systemClock, ids: randomIds });
  return (await signer.sign({ userId, tenantId, scopes })).token;
}
