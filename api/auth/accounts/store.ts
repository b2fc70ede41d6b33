import type { Dynamo, Item, TransactWrite } from "../../aws/dynamo.ts";
import { SECOND_MS } from "../../core/clock.ts";
import type { Account, Login } from "./model.ts";
import { type Failures, FAILURES_KEPT_MS } from "./rules.ts";
import { skeletonOf } from "./usernames.ts";

/**
 * Accounts, what they look like, and failed logins, in one table.
 *
 *   account#NAME          the account, with its logins     put once, where the name is free       1 transaction, 4 units
 *   looks#SKELETON        that a name looks so             put with it, where nobody else does
 *   failed#NAME#WHENCE    its failed logins                added to by each failure               1 write, 2 where they begin anew
 *   all for a login       account and failures             read together, whether they exist      1 request
 *
 * All that a person's logins do is one conditional write of the account.
 */
export type AccountStore = ReturnType<typeof createAccountStore>;

/** Failures are counted for each device or address, and once for all those that the account does not know. */
export type Whence = string;
export const STRANGERS: Whence = "*";

export function createAccountStore(dynamo: Dynamo, table: string) {
  return {
    /**
     * Keeps a new account. False, and nothing is changed, where the name is taken or looks like one that is. The same
     * account again is kept.
     */
    async putAccount(account: Account): Promise<boolean> {
      const condition = { expression: "attribute_not_exists(pk)" };
      const looks = { pk: looksKey(account.username), username: account.username };
      const isNew = await dynamo.transact([
        { table, put: toItem(account), condition },
        { table, put: looks, condition },
      ]);
      if (isNew) return true;
      // The SDK sends a request again when its answer was lost: then what is there is our own.
      return (await this.findAccount(account.username))?.userId === account.userId;
    },

    async findAccount(username: string): Promise<Account | undefined> {
      const item = await dynamo.get(table, { pk: accountKey(username) }, { consistent: true });
      return item && fromItem(item);
    },

    /** The account of a name and its failures by whence; the same single request whether they exist or not. */
    async findLogin(username: string, whences: readonly Whence[]): Promise<{
      account: Account | undefined;
      failures: ReadonlyMap<Whence, Failures>;
    }> {
      const keys = [{ pk: accountKey(username) }, ...whences.map((whence) => ({ pk: failedKey(username, whence) }))];
      const items = await dynamo.batchGet(table, keys, { consistent: true });
      const byKey = new Map(items.map((item) => [item["pk"], item]));
      const account = byKey.get(accountKey(username));
      const failures = whences.flatMap((whence): [Whence, Failures][] => {
        const item = byKey.get(failedKey(username, whence));
        return item ? [[whence, { count: item["failures"] as number, lastAt: item["lastAt"] as number }]] : [];
      });
      return { account: account && fromItem(account), failures: new Map(failures) };
    },

    /** Counts a failed login. None is lost, however many come at once; those of long ago are dropped. */
    async addFailure(username: string, whence: Whence, now: number): Promise<void> {
      const key = { pk: failedKey(username, whence) };
      const ttl = Math.ceil((now + FAILURES_KEPT_MS) / SECOND_MS);
      const oldest = { ":oldest": now - FAILURES_KEPT_MS };
      const countMore = () =>
        dynamo.updateIf(table, key, {
          expression: "ADD failures :one SET lastAt = :now, #ttl = :ttl",
          names: { "#ttl": "ttl" },
          values: { ":one": 1, ":now": now, ":ttl": ttl },
        }, { expression: "lastAt > :oldest", values: oldest });
      const beginAnew = () =>
        dynamo.putIf(table, { ...key, failures: 1, lastAt: now, ttl }, {
          expression: "attribute_not_exists(pk) OR lastAt <= :oldest",
          values: oldest,
        });
      // The third write is for the one that lost the race to begin anew.
      if ((await countMore()).ok || (await beginAnew()).ok) return;
      await countMore();
    },

    /** Forgets the failures from there: who has logged in has not guessed. */
    clearFailures: (username: string, whence: Whence): Promise<void> =>
      dynamo.remove(table, { pk: failedKey(username, whence) }),

    /** The account with other logins and places. False where somebody was there first: read it again. */
    async putLogins(account: Account, changed: Pick<Account, "logins" | "places">): Promise<boolean> {
      const { ok } = await dynamo.updateIf(table, { pk: accountKey(account.username) }, {
        expression: "SET logins = :logins, places = :places, #version = :next",
        names: { "#version": "version" },
        values: { ":logins": changed.logins, ":places": changed.places, ":next": account.version + 1 },
      }, asItWas(account));
      return ok;
    },

    /** Changes one login, where its refresh token is still the one that was read. */
    async putLogin(account: Account, loginId: string, before: Login, after: Login): Promise<boolean> {
      const { ok } = await dynamo.updateIf(table, { pk: accountKey(account.username) }, {
        expression: "SET logins.#id = :after, #version = if_not_exists(#version, :zero) + :one",
        names: { "#id": loginId, "#version": "version" },
        values: { ":after": after, ":zero": 0, ":one": 1 },
      }, {
        expression: "userId = :userId AND logins.#id.#current = :current",
        names: { "#id": loginId, "#current": "current" },
        values: { ":userId": account.userId, ":current": before.current },
      });
      return ok;
    },

    /** A new password, and the logins that stay. False where somebody was there first. */
    async putPassword(
      account: Account,
      changed: Pick<Account, "passwordHash" | "passwordAt" | "logins" | "usedReset">,
    ): Promise<boolean> {
      const { passwordHash, passwordAt, logins, usedReset = null } = changed;
      const { ok } = await dynamo.updateIf(table, { pk: accountKey(account.username) }, {
        expression:
          "SET passwordHash = :hash, passwordAt = :at, logins = :logins, usedReset = :reset, #version = :next",
        names: { "#version": "version" },
        values: {
          ":hash": passwordHash,
          ":at": passwordAt,
          ":logins": logins,
          ":reset": usedReset,
          ":next": account.version + 1,
        },
      }, asItWas(account));
      return ok;
    },

    /** Removes the account, with what is written beside it; its name and its looks are free again. False where it is gone. */
    removeAccount: ({ username, userId }: Account, beside: TransactWrite): Promise<boolean> =>
      dynamo.transact([
        {
          table,
          remove: { pk: accountKey(username) },
          condition: { expression: "userId = :userId", values: { ":userId": userId } },
        },
        { table, remove: { pk: looksKey(username) } },
        beside,
      ]),
  };
}

/** Whether an account is as it was read: every change of its logins or of its password moves its version. */
function asItWas({ userId, version }: Account) {
  // Of accounts that were kept before there were versions.
  const none = version === 0 ? " OR attribute_not_exists(#version)" : "";
  return {
    expression: `userId = :userId AND (#version = :version${none})`,
    names: { "#version": "version" },
    values: { ":userId": userId, ":version": version },
  };
}

const accountKey = (username: string) => `account#${username}`;
const looksKey = (username: string) => `looks#${skeletonOf(username)}`;
const failedKey = (username: string, whence: Whence) => `failed#${username}#${whence}`;

function toItem(account: Account): Item {
  return { pk: accountKey(account.username), ...account };
}

function fromItem(item: Item): Account {
  const { pk: _, usedReset, ...account } = item;
  // What accounts that were kept before did not have.
  const missing = { logins: {}, places: {}, passwordAt: account["createdAt"], version: 0 };
  return { ...missing, ...account, usedReset: usedReset ?? undefined } as unknown as Account;
}
