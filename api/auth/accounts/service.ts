import { createHash } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import { AppError, InvalidInputError, RateLimitedError } from "../../core/errors.ts";
import type { Ids } from "../../core/ids.ts";
import { LOST, retryLost } from "../../core/writes.ts";
import type { Rates } from "../../rates/rates.ts";
import type { Audit } from "../audit/service.ts";
import type { Signer } from "../keys.ts";
import { credentialOf } from "../tokens.ts";
import { type Holder, SCOPES } from "../viewer.ts";
import {
  type Account,
  type AuthPayload,
  type BadCredentials,
  type From,
  type InvalidInput,
  type Login,
  type NameTaken,
  parseLogin,
  parseRefresh,
  parseRegister,
} from "./model.ts";
import type { Passwords } from "./passwords.ts";
import { hashOf, loginIdOf, nextSecret, parseRefreshToken, refreshTokenText } from "./refresh.ts";
import { decideRefresh, nextTryAt, nextTryOfStrangersAt, withLogin, withPlace } from "./rules.ts";
import { type AccountStore, STRANGERS, type Whence } from "./store.ts";

export type Accounts = ReturnType<typeof createAccounts>;

const SECRET_BYTES = 32;
const FAMILY_BYTES = 16;
const MAX_CLIENT_CHARS = 200;

/** Registering and logging in with a password, and staying logged in. */
export function createAccounts(
  { store, passwords, signer, rates, audit, registration, refreshMs, random, clock, ids }: {
    store: AccountStore;
    passwords: Passwords;
    signer: Signer;
    rates: Pick<Rates, "login" | "registration">;
    audit: Audit;
    /** Whether anybody may open an account. */
    registration: boolean;
    /** So long after its last use a refresh token is good. */
    refreshMs: number;
    random: (bytes: number) => Uint8Array;
    clock: Clock;
    ids: Ids;
  },
) {
  const secretOf = (bytes: number) => Buffer.from(random(bytes)).toString("base64url");

  /** A new login of its own for the device that asks. `family` names it to its holder alone. */
  function begin({ address, client }: From) {
    const [family, secret, now] = [secretOf(FAMILY_BYTES), secretOf(SECRET_BYTES), clock()];
    const login: Login = {
      createdAt: now,
      usedAt: now,
      expiresAt: now + refreshMs,
      current: hashOf(secret),
      previous: undefined,
      salt: secretOf(SECRET_BYTES),
      client: client?.slice(0, MAX_CLIENT_CHARS),
      address,
    };
    return { family, secret, login, loginId: loginIdOf(family) };
  }

  /** The tokens of a login that is kept. All scopes: it is the person's own tenant. */
  async function payloadOf(
    { username, userId, tenantId }: Account,
    { family, secret, login }: { family: string; secret: string; login: Login },
  ): Promise<AuthPayload> {
    const ref = { username, loginId: loginIdOf(family) };
    const { token, expiresAt } = await signer.sign({ userId, tenantId, scopes: SCOPES, login: ref });
    return {
      __typename: "AuthPayload",
      token,
      expiresAt,
      refreshToken: refreshTokenText({ username, family, secret }),
      refreshExpiresAt: login.expiresAt,
      deviceToken: await signer.signDevice(username),
      viewer: { userId, tenantId, scopes: SCOPES, expiresAt, credential: credentialOf(token), login: ref },
    };
  }

  /** Throws RateLimitedError where so many guesses were wrong that the next one has to wait. */
  function checkPatience(at: number): void {
    const waitMs = at - clock();
    if (waitMs <= 0) return;
    throw new RateLimitedError("wrong passwords for this name", { points: 1 }, Math.ceil(waitMs / 1_000));
  }

  async function register(input: unknown, from: From): Promise<AuthPayload | NameTaken> {
    if (!registration) {
      throw new AppError("REGISTRATION_OFF", "Accounts are not opened here by oneself; ask whoever runs this service.");
    }
    const { username, name, password } = parseRegister(input);
    if (from.address !== undefined) await rates.registration(from.address);
    const passwordHash = await passwords.hash(password, from.address);
    const begun = begin(from);
    const now = clock();
    const account: Account = {
      username,
      name,
      passwordHash,
      userId: ids(),
      tenantId: ids(),
      createdAt: now,
      logins: { [begun.loginId]: begun.login },
      places: from.address === undefined ? {} : { [placeOf(from.address)]: now },
      passwordAt: now,
      usedReset: undefined,
      version: 0,
    };
    if (!await store.putAccount(account)) return nameTaken(username);
    const { userId, tenantId } = account;
    await audit.note({ kind: "REGISTERED", tenantId, userId, subject: username, from });
    return await payloadOf(account, begun);
  }

  async function login(input: unknown, from: From): Promise<AuthPayload | BadCredentials> {
    const { username, password, deviceToken } = parseLogin(input);
    if (from.address !== undefined) await rates.login(from.address);
    const device = deviceToken === undefined ? undefined : await signer.verifyDevice(deviceToken, username);
    const place = placeOf(from.address ?? "unknown");
    const own: Whence = device === undefined ? `a:${place}` : `d:${device}`;
    const { account, failures } = await store.findLogin(username, [own, STRANGERS]);
    const isKnown = device !== undefined || (account !== undefined && Object.hasOwn(account.places, place));
    checkPatience(nextTryAt(failures.get(own), clock()));
    if (!isKnown) checkPatience(nextTryOfStrangersAt(failures.get(STRANGERS), clock()));
    const isRight = await passwords.verify(password, account?.passwordHash, from.address);
    if (!account || !isRight) {
      const now = clock();
      await Promise.all(
        [own, ...(isKnown ? [] : [STRANGERS])].map((whence) => store.addFailure(username, whence, now)),
      );
      const whose = account && { tenantId: account.tenantId, userId: account.userId };
      await audit.note({ kind: "LOGIN_FAILED", ...whose, subject: username, from });
      return badCredentials;
    }
    if (failures.has(own)) await store.clearFailures(username, own);
    return await admit(account, place, from);
  }

  /** Keeps a new login. Throws where the password was changed meanwhile. */
  async function admit(known: Account, place: string, from: From): Promise<AuthPayload | BadCredentials> {
    const begun = begin(from);
    let account: Account | undefined = known;
    const kept = await retryLost(async () => {
      if (!account || account.passwordHash !== known.passwordHash) return undefined;
      const now = clock();
      const changed = {
        logins: withLogin(account, begun.loginId, begun.login, now),
        places: withPlace(account.places, place, now),
      };
      if (await store.putLogins(account, changed)) return account;
      account = await store.findAccount(known.username);
      return LOST;
    });
    if (!kept) return badCredentials;
    const { userId, tenantId, username } = kept;
    await audit.note({ kind: "LOGGED_IN", tenantId, userId, subject: username, from });
    return await payloadOf(kept, begun);
  }

  async function refresh(input: unknown, from: From): Promise<AuthPayload | BadCredentials> {
    const token = parseRefreshToken(parseRefresh(input).refreshToken);
    if (from.address !== undefined) await rates.login(from.address);
    if (!token) return signedOut;
    const loginId = loginIdOf(token.family);
    return await retryLost(async () => {
      const account = await store.findAccount(token.username);
      const login = account?.logins[loginId];
      if (!account || !login) return signedOut;
      const now = clock();
      const decision = decideRefresh(login, hashOf(token.secret), now);
      if (decision === "EXPIRED") return signedOut;
      if (decision === "REUSED") {
        const { [loginId]: _, ...logins } = account.logins;
        if (!await store.putLogins(account, { logins, places: account.places })) return LOST;
        const { userId, tenantId, username } = account;
        await audit.note({ kind: "REFRESH_TOKEN_REUSED", tenantId, userId, subject: username, from });
        return signedOut;
      }
      const secret = nextSecret(token.secret, login.salt);
      if (decision === "SAME_AGAIN") return await payloadOf(account, { family: token.family, secret, login });
      const next: Login = {
        ...login,
        usedAt: now,
        expiresAt: now + refreshMs,
        current: hashOf(secret),
        previous: login.current,
        address: from.address,
      };
      if (!await store.putLogin(account, loginId, login, next)) return LOST;
      return await payloadOf(account, { family: token.family, secret, login: next });
    });
  }

  return {
    /** Makes an account with a tenant of its own, and tokens for it. */
    register: (input: unknown, from: From = {}): Promise<AuthPayload | NameTaken | InvalidInput> =>
      invalidAsValue(() => register(input, from)),

    /**
     * Tokens for an account. An unknown name takes the same work as a wrong password and gets the same answer.
     *
     * Wrong guesses make the next one wait, by what the guesser can show: a device on which the name was logged in before,
     * or its address. So nobody can hold up the owner where the owner has been before. All others wait together, a minute at
     * most, once a hundred of them have failed. Throws RateLimitedError then, whether the name exists or not.
     */
    login: (input: unknown, from: From = {}): Promise<AuthPayload | BadCredentials | InvalidInput> =>
      invalidAsValue(() => login(input, from)),

    /**
     * New tokens for a login. Each refresh token is good once; within a minute it gives the same new one again, for
     * answers that got lost. One that comes later was taken from somebody: the login ends, for whoever has it.
     */
    refresh: (input: unknown, from: From = {}): Promise<AuthPayload | BadCredentials | InvalidInput> =>
      invalidAsValue(() => refresh(input, from)),

    /** Whether a login goes on. */
    async isLoggedIn({ userId, login }: Holder): Promise<boolean> {
      if (!login) return true;
      const account = await store.findAccount(login.username);
      const found = account?.userId === userId ? account.logins[login.loginId] : undefined;
      return found !== undefined && found.expiresAt > clock();
    },
  };
}

/** The message does not say which of the two is wrong. */
export const badCredentials: BadCredentials = {
  __typename: "BadCredentialsError",
  code: "BAD_CREDENTIALS",
  message: "The username or the password is wrong. Each further failure makes the next try wait longer.",
};

const signedOut: BadCredentials = {
  __typename: "BadCredentialsError",
  code: "BAD_CREDENTIALS",
  message: "The refresh token does not hold: it ended, was used before, or the device was signed out. Log in again.",
};

function nameTaken(username: string): NameTaken {
  return {
    __typename: "NameTakenError",
    code: "NAME_TAKEN",
    message:
      `The username ${username} is taken, or looks like one that is; choose another, or log in where it is yours.`,
  };
}

/** An address as an account remembers it. */
function placeOf(address: string): string {
  return createHash("sha256").update(address).digest("base64url").slice(0, 22);
}

export async function invalidAsValue<T>(call: () => Promise<T>): Promise<T | InvalidInput> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const { message, fields } = error;
    return { __typename: "InvalidInputError", code: "INVALID_INPUT", message, fields };
  }
}
