import * as v from "valibot";
import { InvalidInputError } from "../../core/errors.ts";
import type { Viewer } from "../viewer.ts";
import { username } from "./usernames.ts";

/** A person who logs in with a password. Each owns a tenant of their own. */
export type Account = {
  /** As `parseRegister` makes it: one spelling for what people take as one name. */
  username: string;
  /** Shown to other people. */
  name: string;
  userId: string;
  tenantId: string;
  /** As `createPasswords` makes it. */
  passwordHash: string;
  createdAt: number;
  /** Where the person is logged in, by the login's id. */
  logins: Readonly<Record<string, Login>>;
  /** From where the person logged in before, hashed, and when last. */
  places: Readonly<Record<string, number>>;
  /** When the password was set, and the id of the operator's reset that was used for it last. */
  passwordAt: number;
  usedReset: string | undefined;
  /** Grows with each change of the logins or the password. */
  version: number;
};

/** One device that is logged in. Its refresh token is known by its hash alone. */
export type Login = {
  createdAt: number;
  /** When its token was last renewed. */
  usedAt: number;
  expiresAt: number;
  /** SHA-256 of the refresh token that is good, and of the one before, which a client may send once more. */
  current: string;
  previous: string | undefined;
  /** Makes the next refresh token of the one before, so that two requests at once get the same. */
  salt: string;
  /** What the client said that it is. */
  client: string | undefined;
  address: string | undefined;
};

/** From where a call came: the address as it is counted, and what the client says that it is. */
export type From = { address?: string | undefined; client?: string | undefined };

export type Registration = { username: string; name: string; password: string };
export type Credentials = { username: string; password: string; deviceToken: string | undefined };

/** What the mutations answer, by the names of the contract. */
export type AuthPayload = {
  __typename: "AuthPayload";
  token: string;
  expiresAt: number;
  refreshToken: string;
  refreshExpiresAt: number;
  deviceToken: string;
  viewer: Viewer;
};
export type NameTaken = { __typename: "NameTakenError"; code: "NAME_TAKEN"; message: string };
export type BadCredentials = { __typename: "BadCredentialsError"; code: "BAD_CREDENTIALS"; message: string };
export type InvalidInput = {
  __typename: "InvalidInputError";
  code: "INVALID_INPUT";
  message: string;
  fields: InvalidInputError["fields"];
};

export const LIMITS = {
  nameChars: { min: 1, max: 100 },
  passwordChars: { min: 12, max: 128 },
  tokenChars: { min: 1, max: 4_096 },
} as const;

/** Text of so many characters, each of them one code point. The message tells the length and never the text. */
function chars({ min, max }: { min: number; max: number }) {
  return v.pipe(
    v.string("must be text"),
    v.check((text) => text.isWellFormed(), "must be well-formed Unicode; it holds a lone surrogate"),
    v.check(
      (text) => lengthOf(text) >= min && lengthOf(text) <= max,
      (issue) => `must be ${min} to ${max} characters, has ${lengthOf(issue.input)}`,
    ),
  );
}

const name = v.pipe(
  chars(LIMITS.nameChars),
  v.check((text) => !/\p{Cc}/u.test(text), "must not hold control characters"),
);
const newPassword = v.pipe(
  chars(LIMITS.passwordChars),
  v.check((text) => !/\p{Cc}/u.test(text), "must not hold control characters"),
);
/**
 * A password of any length that ever was allowed may log in. None holds NUL: scrypt's HMAC pads its key with zeros, so
 * "horse" and "horse\0" have one hash.
 */
const anyPassword = v.pipe(
  chars({ min: 1, max: LIMITS.passwordChars.max }),
  v.check((text) => !text.includes("\0"), "must not hold control characters"),
);
const token = chars(LIMITS.tokenChars);

const register = input({ username, name: v.nullish(name), password: newPassword });
const login = input({ username, password: anyPassword, deviceToken: v.nullish(token) });
const refresh = input({ refreshToken: token });
const change = input({ currentPassword: anyPassword, newPassword });
const reset = input({ resetToken: token, newPassword });
const removal = input({ password: anyPassword });

function input<E extends v.ObjectEntries>(entries: E) {
  return v.object(entries, "must be an input object");
}

/** A checked registration; the name is the username where absent. Throws InvalidInputError, which never holds the password. */
export function parseRegister(input: unknown): Registration {
  const { name, ...rest } = parse(register, input);
  return { ...rest, name: name ?? rest.username };
}

/** A username and a password as they may be. Throws InvalidInputError, which never holds the password. */
export function parseLogin(input: unknown): Credentials {
  const { deviceToken, ...rest } = parse(login, input);
  return { ...rest, deviceToken: deviceToken ?? undefined };
}

export const parseRefresh = (input: unknown) => parse(refresh, input);
export const parseChange = (input: unknown) => parse(change, input);
export const parseReset = (input: unknown) => parse(reset, input);
export const parseRemoval = (input: unknown) => parse(removal, input);

/** A username in its one spelling. Throws InvalidInputError. */
export const parseUsername = (text: unknown): string => parse(v.object({ username }), { username: text }).username;

function parse<T>(schema: v.GenericSchema<unknown, T>, input: unknown): T {
  const parsed = v.safeParse(schema, input, { abortPipeEarly: true });
  if (parsed.success) return parsed.output;
  throw new InvalidInputError(parsed.issues.map((issue) => ({
    path: issue.path?.map(({ key }) => String(key)) ?? [],
    message: issue.received === "undefined" ? "must be given" : issue.message,
  })));
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
