import { LRUCache } from "lru-cache";
import { type Clock, MINUTE_MS, SECOND_MS } from "../../core/clock.ts";
import { ForbiddenError, InvalidInputError, UnauthenticatedError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { formatInstant } from "../../core/time.ts";
import type { Rates } from "../../rates/rates.ts";
import type { Audit } from "../audit/service.ts";
import { type Scope, scopeWord, type Viewer } from "../viewer.ts";
import {
  type ApiKey,
  hashSecret,
  isAllowedOrigin,
  isSecretOf,
  KEY_LIMITS,
  keyText,
  parseKey,
  parseKeyId,
  parseNewApiKey,
  parseNewWriteKey,
} from "./model.ts";
import type { ApiKeyStore } from "./store.ts";

export type ApiKeys = ReturnType<typeof createApiKeys>;

/** Where a key was used: the page that the browser names, and the address as it is counted. */
export type KeyUse = {
  origin?: string | null | undefined;
  address?: string | undefined;
  client?: string | undefined;
};

/** So long a process takes a key as it read it: one that is revoked elsewhere ends after this at the latest. */
export const KEY_FRESH_MS = 30 * SECOND_MS;
const USE_NOTED_MS = 10 * MINUTE_MS;
const MAX_REMEMBERED = 10_000;
const ID_BYTES = 12;
const SECRET_BYTES = 32;

/** Keys of devices, servers and pages: made, listed, revoked, and looked at with each request. */
export function createApiKeys({ store, rates, audit, ended, random, clock, log }: {
  store: ApiKeyStore;
  audit: Audit;
  /** Hears of each key that is over before its time. */
  ended: (tenantId: string, keyIds: readonly string[]) => Promise<void>;
  rates: Pick<Rates, "key" | "lookUp">;
  random: (bytes: number) => Uint8Array;
  clock: Clock;
  log: Log;
}) {
  /** As they were read; `undefined` is remembered too, or each guess would be a read. */
  const known = new LRUCache<string, { key: ApiKey | undefined; at: number }>({ max: MAX_REMEMBERED });

  async function find(keyId: string, address: string | undefined): Promise<ApiKey | undefined> {
    const before = known.get(keyId);
    if (before && clock() < before.at + KEY_FRESH_MS) return before.key;
    // Who has sent many that are none is not looked up again for a while.
    if (address !== undefined) rates.lookUp(address);
    const at = clock();
    const key = await store.findKey(keyId);
    known.set(keyId, { key, at });
    return key;
  }

  /** The viewer that a key stands for. Throws where it does not hold, or is used too often. */
  async function authenticate(text: string, { origin, address }: KeyUse): Promise<Viewer> {
    const given = parseKey(text);
    const key = given && await find(given.keyId, address);
    if (!key || key.kind !== given.kind || (key.kind === "API" && !isSecretOf(key, given.secret))) {
      throw new UnauthenticatedError("The key is not known here; ask for a new one.");
    }
    if (key.revokedAt !== undefined) {
      throw new UnauthenticatedError(`The key was revoked at ${formatInstant(key.revokedAt)}; ask for a new one.`);
    }
    if (key.expiresAt !== undefined && key.expiresAt <= clock()) {
      throw new UnauthenticatedError(`The key ended at ${formatInstant(key.expiresAt)}; ask for a new one.`);
    }
    if (key.kind === "WRITE" && !isAllowedOrigin(key.origins, origin)) {
      throw new ForbiddenError(
        `The write key is not for pages of ${
          origin?.slice(0, 100) ?? "no origin"
        }; add the origin to a key of its own.`,
      );
    }
    await rates.key(key.keyId, key.ratePerMinute);
    await noteUse(key);
    return viewerOf(key);
  }

  /** A last use that could not be noted is no reason to refuse one. */
  async function noteUse(key: ApiKey): Promise<void> {
    const now = clock();
    if (now < (key.lastUsedAt ?? -Infinity) + USE_NOTED_MS) return;
    key.lastUsedAt = now;
    try {
      await store.noteUse(key.keyId, now, USE_NOTED_MS);
    } catch (error) {
      log.warn("The last use of a key could not be noted.", { keyId: key.keyId, error });
    }
  }

  const noteOf = (
    kind: "KEY_CREATED" | "KEY_REVOKED",
    { tenantId, userId }: Viewer,
    { keyId, name }: ApiKey,
    from: KeyUse,
  ) => audit.note({ kind, tenantId, userId, subject: keyId, detail: name, from });

  async function keep(key: ApiKey, viewer: Viewer, from: KeyUse, secret?: string) {
    const { length } = await store.listKeys(key.tenantId, KEY_LIMITS.keysPerTenant);
    if (length >= KEY_LIMITS.keysPerTenant) {
      throw new InvalidInputError([{
        path: [],
        message: `a tenant has at most ${KEY_LIMITS.keysPerTenant} keys; revoked ones count for 90 days`,
      }]);
    }
    await store.putKey(key);
    await noteOf("KEY_CREATED", viewer, key, from);
    return { key, text: keyText(key, secret) };
  }

  const begun = (viewer: Viewer) => ({
    keyId: base64(random(ID_BYTES)),
    tenantId: viewer.tenantId,
    createdAt: clock(),
    createdBy: viewer.userId,
    revokedAt: undefined,
    lastUsedAt: undefined,
  });

  return {
    authenticate,

    /** What the pages of a write key's origins may do, for whatever takes events without a token. Throws as above. */
    writeKeys: {
      find(text: string, origin: string | null | undefined, address?: string): Promise<Viewer> {
        if (parseKey(text)?.kind === "WRITE") return authenticate(text, { origin, address });
        return Promise.reject(new UnauthenticatedError("This needs a write key, such as `createWriteKey` makes one."));
      },
    },

    /** A new API key; `text` is the key itself, which nobody can be shown again. Throws InvalidInputError. */
    async createApiKey(viewer: Viewer, input: unknown, from: KeyUse = {}): Promise<{ key: ApiKey; text: string }> {
      const asked = parseNewApiKey(input, clock());
      const missing = asked.scopes.filter((scope) => !viewer.scopes.includes(scope));
      if (missing.length > 0) throw beyond(missing);
      const secret = base64(random(SECRET_BYTES));
      return await keep(
        {
          ...begun(viewer),
          kind: "API",
          ...asked,
          origins: [],
          secretHash: hashSecret(secret),
        },
        viewer,
        from,
        secret,
      );
    },

    /** A new write key. Throws InvalidInputError. */
    async createWriteKey(viewer: Viewer, input: unknown, from: KeyUse = {}): Promise<{ key: ApiKey; text: string }> {
      const asked = parseNewWriteKey(input, clock());
      return await keep(
        {
          ...begun(viewer),
          kind: "WRITE",
          ...asked,
          scopes: ["JOURNEYS_WRITE"],
          secretHash: undefined,
        },
        viewer,
        from,
      );
    },

    list: ({ tenantId }: Viewer): Promise<ApiKey[]> => store.listKeys(tenantId, KEY_LIMITS.keysPerTenant),

    /** Ends a key: here at once, in other processes within 30 seconds. Undefined where the tenant has none such. */
    async revoke(viewer: Viewer, keyId: string, from: KeyUse = {}): Promise<ApiKey | undefined> {
      const revoked = parseKeyId(keyId) && await store.revokeKey(viewer.tenantId, keyId, clock());
      if (!revoked) return undefined;
      known.delete(keyId);
      await ended(viewer.tenantId, [keyId]);
      await noteOf("KEY_REVOKED", viewer, revoked, from);
      return revoked;
    },

    /** Ends all keys of the tenant. */
    async revokeAll({ tenantId }: Viewer): Promise<void> {
      const keys = await store.listKeys(tenantId, KEY_LIMITS.keysPerTenant);
      for (const { keyId, revokedAt } of keys) {
        if (revokedAt === undefined) await store.revokeKey(tenantId, keyId, clock());
        known.delete(keyId);
      }
      await ended(tenantId, keys.map(({ keyId }) => keyId));
    },

    /** Whether a key goes on, as the store says this moment. */
    async goesOn(keyId: string): Promise<boolean> {
      known.delete(keyId);
      const key = await find(keyId, undefined);
      return key !== undefined && key.revokedAt === undefined && (key.expiresAt ?? Infinity) > clock();
    },
  };
}

function viewerOf({ keyId, tenantId, scopes, expiresAt = Infinity }: ApiKey): Viewer {
  return { userId: `key:${keyId}`, tenantId, scopes, expiresAt, credential: keyId, keyId };
}

function beyond(missing: readonly Scope[]): InvalidInputError {
  const words = missing.map(scopeWord).join(", ");
  return new InvalidInputError([{ path: ["scopes"], message: `must be within your own; you do not have ${words}` }]);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
