import * as v from "valibot";
import { InvalidInputError } from "../core/errors.ts";
import type { Viewer } from "./viewer.ts";

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
};

export type Registration = { username: string; name: string; password: string };
export type Credentials = { username: string; password: string };

/** What `register` and `login` answer, by the names of the contract. */
export type AuthPayload = { __typename: "AuthPayload"; token: string; expiresAt: number; viewer: Viewer };
export type NameTaken = { __typename: "NameTakenError"; code: "NAME_TAKEN"; message: string };
export type BadCredentials = { __typename: "BadCredentialsError"; code: "BAD_CREDENTIALS"; message: string };
export type InvalidInput = {
  __typename: "InvalidInputError";
  code: "INVALID_INPUT";
  message: string;
  fields: InvalidInputError["fields"];
};

export const LIMITS = {
  usernameChars: { min: 3, max: 64 },
  nameChars: { min: 1, max: 100 },
  passwordChars: { min: 12, max: 128 },
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

const username = v.pipe(
  v.string("must be text"),
  v.transform((text) => text.length > 4 * LIMITS.usernameChars.max ? text : oneSpelling(text)),
  chars(LIMITS.usernameChars),
  v.regex(/^[\p{L}\p{M}\p{Nd}._@-]+$/u, "must hold letters, digits and . _ - @ only"),
);

const name = v.pipe(
  chars(LIMITS.nameChars),
  v.check((text) => !/\p{Cc}/u.test(text), "must not hold control characters"),
);

const register = v.object(
  { username, name: v.nullish(name), password: chars(LIMITS.passwordChars) },
  "must be an input object",
);

/** A password of any length that ever was allowed may log in. */
const login = v.object(
  { username, password: chars({ min: 1, max: LIMITS.passwordChars.max }) },
  "must be an input object",
);

/** A checked registration; the name is the username where absent. Throws InvalidInputError, which never holds the password. */
export function parseRegister(input: unknown): Registration {
  const { name, ...rest } = parse(register, input);
  return { ...rest, name: name ?? rest.username };
}

/** A username and a password as they may be. Throws InvalidInputError, which never holds the password. */
export function parseLogin(input: unknown): Credentials {
  return parse(login, input);
}

function parse<T>(schema: v.GenericSchema<unknown, T>, input: unknown): T {
  const parsed = v.safeParse(schema, input, { abortPipeEarly: true });
  if (parsed.success) return parsed.output;
  throw new InvalidInputError(parsed.issues.map((issue) => ({
    path: issue.path?.map(({ key }) => String(key)) ?? [],
    message: issue.received === "undefined" ? "must be given" : issue.message,
  })));
}

/** Lower case and NFKC, until neither changes anything: full-width and ligature letters become the plain ones. */
function oneSpelling(text: string): string {
  const next = text.normalize("NFKC").toLowerCase();
  return next === text ? text : oneSpelling(next);
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
