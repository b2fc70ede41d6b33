import { randomBytes } from "node:crypto";
import type { Dynamo } from "../aws/dynamo.ts";
import { createSecret } from "../aws/secrets.ts";
import type { Config } from "../config.ts";
import { type Clock, DAY_MS, SECOND_MS, systemClock } from "../core/clock.ts";
import { type Ids, randomIds } from "../core/ids.ts";
import { UnauthenticatedError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Hub } from "../live/hub.ts";
import type { Rates } from "../rates/rates.ts";
import { fullName, tables } from "../resources.ts";
import { parseUsername } from "./accounts/model.ts";
import { createAccountKeeping } from "./accounts/keeping.ts";
import { createPasswords, PASSWORD_COST, type ScryptCost } from "./accounts/passwords.ts";
import { createAccounts } from "./accounts/service.ts";
import { createAccountStore } from "./accounts/store.ts";
import { createApiKeys, type KeyUse } from "./apikeys/service.ts";
import { createApiKeyStore } from "./apikeys/store.ts";
import { createAudit } from "./audit/service.ts";
import { createAuditStore } from "./audit/store.ts";
import { createEndings } from "./endings.ts";
import { createKeySets, foreignIssuers, ownIssuer, watchKeySets } from "./issuers.ts";
import { createSigner, loadOrCreateSigningKeys, loadSecretSigningKeys, signingKeyFile } from "./keys.ts";
import { createRemovalStore } from "../removals/store.ts";
import { createVerifier } from "./tokens.ts";
import type { Holder, Scope, Viewer } from "./viewer.ts";

/**
 * Puts together what the configuration asks for: tokens of the identity provider, of built-in accounts, or of both.
 * Tokens of the local key file hold also where accounts are off: `npm run token` signs with it.
 */
export async function createAuth(
  { config, dynamo, rates, hub, log, clock, ids, passwordCost = PASSWORD_COST, pollMs, tellElsewhere }: {
    config: Config;
    dynamo: Dynamo;
    rates: Rates;
    hub: Hub;
    log: Log;
    clock: Clock;
    ids: Ids;
    passwordCost?: ScryptCost | undefined;
    pollMs?: number | undefined;
    /** Tells those who hold sockets for functions which logins or keys of a tenant are over. Never throws. */
    tellElsewhere: (tenantId: string, ids: readonly string[]) => Promise<void>;
  },
) {
  const { issuers, audiences, algorithms, ttlSeconds, jwksUrls } = config.token;
  const secret = config.token.signingKeySecret;
  const own = takesOwnTokens(config) ? await loadOwnKeys() : undefined;
  const table = fullName(config.prefix, tables.access);
  const audit = createAudit({
    store: createAuditStore(dynamo, table),
    keptMs: config.auditDays * DAY_MS,
    clock,
    ids,
    log,
  });
  const apiKeys = createApiKeys({
    store: createApiKeyStore(dynamo, table),
    rates,
    audit,
    ended: tellEnded,
    random: randomBytes,
    clock,
    log,
  });
  const endings = createEndings({ holds, hub, log, everyMs: pollMs });
  const store = createAccountStore(dynamo, fullName(config.prefix, tables.accounts));
  const passwords = createPasswords({ random: randomBytes, cost: passwordCost });
  const signer = own && createSigner({ keys: own, issuer: issuers[0], audience: audiences[0], ttlSeconds, clock, ids });
  const accounts = signer && config.accounts
    ? createAccounts({
      store,
      passwords,
      signer,
      rates,
      audit,
      registration: config.registration,
      refreshMs: config.token.refreshSeconds * SECOND_MS,
      random: randomBytes,
      clock,
      ids,
    })
    : undefined;
  const remotes = createKeySets(jwksUrls, { clock, log });
  const verifier = createVerifier({
    issuers: [
      ...(own ? [ownIssuer(own, config, { clock, log }, accounts && ((viewer) => accounts.isLoggedIn(viewer)))] : []),
      ...foreignIssuers(remotes, config),
    ],
    algorithms,
    clock,
  });
  const keeping = signer && accounts &&
    createAccountKeeping({
      store,
      removals: createRemovalStore(dynamo, table),
      passwords,
      signer,
      apiKeys,
      audit,
      async ended(tenantId, loginIds) {
        for (const id of loginIds) verifier.end(id);
        await tellEnded(tenantId, loginIds);
      },
      random: randomBytes,
      clock,
    });

  async function tellEnded(tenantId: string, ids: readonly string[]): Promise<void> {
    for (const id of ids) endings.tell(id);
    if (ids.length === 0) return;
    await tellElsewhere(tenantId, ids);
  }

  async function holds(viewer: Holder): Promise<boolean> {
    if (viewer.keyId !== undefined) return await apiKeys.goesOn(viewer.keyId);
    return accounts === undefined || await accounts.isLoggedIn(viewer);
  }

  /** The viewer of an Authorization header, whether it holds a token or a key. What does not hold is counted by its address. */
  async function authenticate(
    authorization: string | null | undefined,
    use: KeyUse = {},
  ): Promise<Viewer | undefined> {
    const [, key] = /^Bearer +(sj[kw]_\S{1,100})$/i.exec(authorization?.trim() ?? "") ?? [];
    try {
      return await (key === undefined ? verifier.authenticate(authorization) : apiKeys.authenticate(key, use));
    } catch (error) {
      const isCounted = error instanceof UnauthenticatedError && use.address !== undefined;
      if (isCounted) await rates.request(use.address!, undefined);
      throw error;
    }
  }

  return {
    authenticate,
    /** Calls when a viewer's login or key is over before its time, until what it gives is called. */
    onEnded: endings.watch,
    holds,
    accounts: accounts && keeping && { ...accounts, ...keeping },
    apiKeys,
    audit,
    keySets: remotes.length === 0 ? undefined : watchKeySets(remotes, clock),
  };

  function loadOwnKeys() {
    if (secret === undefined) return loadOwnKeyFile(config);
    return loadSecretSigningKeys(secret, createSecret(config, secret));
  }
}

/** What an operator gives to whoever forgot a password, by whatever way they trust: good once, for a day. */
export async function signPasswordReset(config: Config, username: string): Promise<string> {
  return await (await createLocalSigner(config)).signReset(parseUsername(username));
}

async function createLocalSigner(config: Config, ttlSeconds = config.token.ttlSeconds) {
  const { issuers: [issuer], audiences: [audience], signingKeySecret: secret } = config.token;
  const keys = secret === undefined
    ? await loadOwnKeyFile(config)
    : await loadSecretSigningKeys(secret, createSecret(config, secret));
  return createSigner({ keys, issuer, audience, ttlSeconds, clock: systemClock, ids: randomIds });
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
  const signer = await createLocalSigner(config, ttlSeconds);
  return (await signer.sign({ userId, tenantId, scopes })).token;
}
