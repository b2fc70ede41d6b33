import type { Dynamo, Item } from "../aws/dynamo.ts";
import { SECOND_MS } from "../core/clock.ts";
import { fullName, tables } from "../resources.ts";
import type { Account } from "./model.ts";
import { FAILED_LOGINS_WINDOW_MS, type FailedLogins } from "./rules.ts";

/**
 * Accounts and failed logins, in one table.
 *
 *   account#USERNAME   the account            put once, where the name is free      1 write
 *   failed#USERNAME    its failed logins      added to by each failure              1 write, 2 where a window begins anew
 *   both               what a login needs     read together, whether they exist or not   1 request
 */
export type AccountStore = ReturnType<typeof createAccountStore>;

export function createAccountStore(dynamo: Dynamo, prefix: string) {
  const table = fullName(prefix, tables.accounts);

  return {
    /** Keeps a new account. False, and nothing is changed, where the name is taken. The same account again is kept. */
    async putAccount(account: Account): Promise<boolean> {
      const written = await dynamo.putIf(table, toItem(account), { expression: "attribute_not_exists(pk)" });
      // The SDK sends a request again when its answer was lost: then what is there is our own.
      return written.ok || written.current?.["userId"] === account.userId;
    },

    /** The account and the failed logins of a username; the same single request whether they exist or not. */
    async findLogin(username: string): Promise<{ account: Account | undefined; failed: FailedLogins | undefined }> {
      const keys = [{ pk: accountKey(username) }, { pk: failedKey(username) }];
      const items = await dynamo.batchGet(table, keys, { consistent: true });
      const find = (key: string) => items.find((item) => item["pk"] === key);
      const account = find(accountKey(username));
      const failed = find(failedKey(username));
      return {
        account: account && fromItem(account),
        failed: failed && { count: failed["failures"] as number, since: failed["since"] as number },
      };
    },

    /** Counts a failed login, in a window that begins with the first. None is lost, however many come at once. */
    async addFailedLogin(username: string, now: number): Promise<void> {
      const key = { pk: failedKey(username) };
      const windowStart = { ":windowStart": now - FAILED_LOGINS_WINDOW_MS };
      const countMore = () =>
        dynamo.updateIf(table, key, { expression: "ADD failures :one", values: { ":one": 1 } }, {
          expression: "since > :windowStart",
          values: windowStart,
        });
      const beginWindow = () =>
        dynamo.putIf(table, {
          ...key,
          failures: 1,
          since: now,
          ttl: Math.ceil((now + FAILED_LOGINS_WINDOW_MS) / SECOND_MS),
        }, { expression: "attribute_not_exists(pk) OR since <= :windowStart", values: windowStart });

      // The third write is for the one that lost the race to begin the window.
      if ((await countMore()).ok || (await beginWindow()).ok) return;
      await countMore();
    },
  };
}

const accountKey = (username: string) => `account#${username}`;
const failedKey = (username: string) => `failed#${username}`;

function toItem(account: Account): Item {
  return { pk: accountKey(account.username), ...account };
}

function fromItem(item: Item): Account {
  const { pk: _, ...account } = item;
  return account as Account;
}
