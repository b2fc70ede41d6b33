import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/errors.ts";
import { LOST, retryLost } from "../../core/writes.ts";
import type { ApiKeys } from "../apikeys/service.ts";
import type { Audit } from "../audit/service.ts";
import type { Signer } from "../keys.ts";
import type { Removal } from "../../removals/model.ts";
import type { RemovalStore } from "../../removals/store.ts";
import type { Viewer } from "../viewer.ts";
import {
  type Account,
  type BadCredentials,
  type From,
  type InvalidInput,
  type Login,
  parseChange,
  parseRemoval,
  parseReset,
} from "./model.ts";
import type { Passwords } from "./passwords.ts";
import { isResetGood } from "./rules.ts";
import { badCredentials, invalidAsValue } from "./service.ts";
import type { AccountStore } from "./store.ts";

const REMOVAL_ID_BYTES = 24;
const REMOVAL_ID = /^[\w-]{32}$/;

export type AccountKeeping = ReturnType<typeof createAccountKeeping>;

/** A device that is logged in, as its owner sees it. */
export type LoginView = Pick<Login, "createdAt" | "usedAt" | "expiresAt" | "client" | "address"> & {
  loginId: string;
  isCurrent: boolean;
};

/** What was done to an account; `removal` where it was deleted. */
export type AccountPayload = { __typename: "AccountPayload"; username: string; tenantId: string; removal?: Removal };

/** What people do with an account that they have. `ended` hears of logins that are over, so that their tokens are too. */
export function createAccountKeeping({ store, removals, passwords, signer, apiKeys, audit, ended, random, clock }: {
  store: AccountStore;
  removals: RemovalStore;
  signer: Pick<Signer, "verifyReset">;
  passwords: Passwords;
  apiKeys: Pick<ApiKeys, "revokeAll">;
  audit: Audit;
  ended: (tenantId: string, loginIds: readonly string[]) => Promise<void>;
  random: (bytes: number) => Uint8Array;
  clock: Clock;
}) {
  /** The account that a token is of. Throws where it is of another issuer's user, or a key. */
  async function ownAccount(viewer: Viewer): Promise<Account> {
    const account = viewer.login && await store.findAccount(viewer.login.username);
    if (account?.userId === viewer.userId) return account;
    throw new AppError("NO_ACCOUNT", "This token is of no account here; log in with a username and a password.");
  }

  function begunRemoval(tenantId: string): Removal {
    const now = clock();
    const removalId = Buffer.from(random(REMOVAL_ID_BYTES)).toString("base64url");
    return {
      removalId,
      tenantId,
      begunAt: now,
      emptiedAt: undefined,
      doneAt: undefined,
      items: 0,
      objects: 0,
      lookAt: now,
    };
  }

  const noteBy = (account: Account, from: From) => (kind: Parameters<Audit["note"]>[0]["kind"], detail?: string) =>
    audit.note({ kind, tenantId: account.tenantId, userId: account.userId, subject: account.username, from, detail });

  /** Ends the logins that `ends` says, whatever happens to others meanwhile; gives how many. */
  async function endLogins(
    viewer: Viewer,
    ends: (loginId: string) => boolean,
  ): Promise<{ account: Account; count: number }> {
    return await retryLost(async () => {
      const account = await ownAccount(viewer);
      const over = Object.keys(account.logins).filter(ends);
      const rest = Object.fromEntries(Object.entries(account.logins).filter(([id]) => !over.includes(id)));
      if (over.length > 0 && !await store.putLogins(account, { logins: rest, places: account.places })) return LOST;
      await ended(account.tenantId, over);
      return { account, count: over.length };
    });
  }

  return {
    /** Where the person is logged in, the latest used first. */
    async logins(viewer: Viewer): Promise<LoginView[]> {
      const { logins } = await ownAccount(viewer);
      const now = clock();
      return Object.entries(logins)
        .filter(([, { expiresAt }]) => expiresAt > now)
        .toSorted(([, a], [, b]) => b.usedAt - a.usedAt)
        .map(([loginId, { createdAt, usedAt, expiresAt, client, address }]) => ({
          ...{ loginId, createdAt, usedAt, expiresAt, client, address },
          isCurrent: loginId === viewer.login?.loginId,
        }));
    },

    /** Ends this login, one by its id, or all; gives how many that were. Their tokens end here at once, elsewhere in 30 s. */
    async signOut(viewer: Viewer, which: { loginId?: string; everywhere: boolean }, from: From = {}): Promise<number> {
      const asked = which.loginId ?? viewer.login?.loginId;
      const { account, count } = await endLogins(viewer, (id) => which.everywhere || id === asked);
      await noteBy(account, from)("SIGNED_OUT", which.everywhere ? "everywhere" : undefined);
      return count;
    },

    /** A new password. All other logins end. */
    changePassword: (
      viewer: Viewer,
      input: unknown,
      from: From = {},
    ): Promise<AccountPayload | BadCredentials | InvalidInput> =>
      invalidAsValue(async () => {
        const { currentPassword, newPassword } = parseChange(input);
        const account = await ownAccount(viewer);
        if (!await passwords.verify(currentPassword, account.passwordHash, from.address)) {
          await noteBy(account, from)("LOGIN_FAILED", "changePassword");
          return badCredentials;
        }
        const hash = await passwords.hash(newPassword, from.address);
        const own = viewer.login!.loginId;
        const isDone = await retryLost(async () => {
          const now = await ownAccount(viewer);
          if (now.passwordHash !== account.passwordHash) return false;
          const kept = Object.fromEntries(Object.entries(now.logins).filter(([id]) => id === own));
          const changed = { passwordHash: hash, passwordAt: clock(), logins: kept, usedReset: now.usedReset };
          if (!await store.putPassword(now, changed)) return LOST;
          await ended(now.tenantId, Object.keys(now.logins).filter((id) => id !== own));
          return true;
        });
        if (!isDone) return badCredentials;
        await noteBy(account, from)("PASSWORD_CHANGED");
        return payloadOf(account);
      }),

    /** Sets a password by an operator's token, once. All logins end. */
    resetPassword: (input: unknown, from: From = {}): Promise<AccountPayload | BadCredentials | InvalidInput> =>
      invalidAsValue(async () => {
        const { resetToken, newPassword } = parseReset(input);
        const reset = await signer.verifyReset(resetToken);
        if (!reset) return badReset;
        const isGood = (account: Account | undefined): account is Account =>
          account !== undefined && isResetGood(account, reset);
        if (!isGood(await store.findAccount(reset.username))) return badReset;
        const hash = await passwords.hash(newPassword, from.address);
        const done = await retryLost(async () => {
          const account = await store.findAccount(reset.username);
          if (!isGood(account)) return undefined;
          const changed = { passwordHash: hash, passwordAt: clock(), logins: {}, usedReset: reset.id };
          if (!await store.putPassword(account, changed)) return LOST;
          await ended(account.tenantId, Object.keys(account.logins));
          return account;
        });
        if (!done) return badReset;
        await noteBy(done, from)("PASSWORD_RESET");
        return payloadOf(done);
      }),

    /**
     * Removes the account with its logins, ends the keys of its tenant, and begins the removal of its data: both or neither.
     * Again it finds nothing.
     */
    deleteAccount: (
      viewer: Viewer,
      input: unknown,
      from: From = {},
    ): Promise<AccountPayload | BadCredentials | InvalidInput> =>
      invalidAsValue(async () => {
        const { password } = parseRemoval(input);
        const account = await ownAccount(viewer);
        if (!await passwords.verify(password, account.passwordHash, from.address)) {
          await noteBy(account, from)("LOGIN_FAILED", "deleteAccount");
          return badCredentials;
        }
        await apiKeys.revokeAll(viewer);
        const removal = begunRemoval(account.tenantId);
        const gone = await retryLost(async () => {
          const now = await ownAccount(viewer);
          return await store.removeAccount(now, removals.beginning(removal)) ? now : LOST;
        });
        await ended(gone.tenantId, Object.keys(gone.logins));
        await noteBy(account, from)("ACCOUNT_DELETED", removal.removalId);
        return { ...payloadOf(account), removal };
      }),

    /** How far the removal of an account's data is. The id is known to the one who deleted it. */
    async findRemoval(removalId: string): Promise<Removal | undefined> {
      return REMOVAL_ID.test(removalId) ? await removals.find(removalId) : undefined;
    },
  };
}

function payloadOf({ username, tenantId }: Account): AccountPayload {
  return { __typename: "AccountPayload", username, tenantId };
}

const badReset: BadCredentials = {
  __typename: "BadCredentialsError",
  code: "BAD_CREDENTIALS",
  message: "The reset token does not hold: it is good for a day and once. Ask whoever runs this service for another.",
};
