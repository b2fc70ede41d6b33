import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import type { Signer } from "./keys.ts";
import {
  type Account,
  type AuthPayload,
  type BadCredentials,
  type InvalidInput,
  type NameTaken,
  parseLogin,
  parseRegister,
} from "./model.ts";
import type { Passwords } from "./passwords.ts";
import { isThrottled } from "./rules.ts";
import type { AccountStore } from "./store.ts";
import { credentialOf } from "./tokens.ts";
import { SCOPES } from "./viewer.ts";

export type Accounts = ReturnType<typeof createAccounts>;

/** Registering and logging in with a password. */
export function createAccounts({ store, passwords, signer, clock, ids }: {
  store: AccountStore;
  passwords: Passwords;
  signer: Signer;
  clock: Clock;
  ids: Ids;
}) {
  /** All scopes: it is the person's own tenant. */
  async function admit({ userId, tenantId }: Account): Promise<AuthPayload> {
    const { token, expiresAt } = await signer.sign({ userId, tenantId, scopes: SCOPES });
    const viewer = { userId, tenantId, scopes: SCOPES, expiresAt, credential: credentialOf(token) };
    return { __typename: "AuthPayload", token, expiresAt, viewer };
  }

  return {
    /** Makes an account with a tenant of its own, and a token for it. */
    register: (input: unknown): Promise<AuthPayload | NameTaken | InvalidInput> =>
      invalidAsValue(async () => {
        const { username, name, password } = parseRegister(input);
        const passwordHash = await passwords.hash(password);
        const account = { username, name, passwordHash, userId: ids(), tenantId: ids(), createdAt: clock() };
        return await store.putAccount(account) ? admit(account) : nameTaken(username);
      }),

    /**
     * A new token for an account. An unknown name takes the same work as a wrong password and gets the same answer.
     *
     * After 10 failed logins of one name the answer stays the same, also with the right password, until 15 minutes
     * after the first of them; names that do not exist are counted too. Logins that were under way when the tenth
     * failed are still answered, so guesses made at once can go beyond ten by what the queue of `passwords` holds.
     */
    login: (input: unknown): Promise<AuthPayload | BadCredentials | InvalidInput> =>
      invalidAsValue(async () => {
        const { username, password } = parseLogin(input);
        const { account, failed } = await store.findLogin(username);
        if (isThrottled(failed, clock())) return badCredentials;
        if (await passwords.verify(password, account?.passwordHash) && account) return admit(account);
        await store.addFailedLogin(username, clock());
        return badCredentials;
      }),
  };
}

const badCredentials: BadCredentials = {
  __typename: "BadCredentialsError",
  code: "BAD_CREDENTIALS",
  message: "The username or the password is wrong. After 10 failures a name is refused for up to 15 minutes.",
};

function nameTaken(username: string): NameTaken {
  return {
    __typename: "NameTakenError",
    code: "NAME_TAKEN",
    message: `The username ${username} is taken; choose another, or log in where it is yours.`,
  };
}

async function invalidAsValue<T>(call: () => Promise<T>): Promise<T | InvalidInput> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const { message, fields } = error;
    return { __typename: "InvalidInputError", code: "INVALID_INPUT", message, fields };
  }
}
