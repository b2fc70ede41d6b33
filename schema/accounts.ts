import type { AuthPayload as AuthPayloadModel, BadCredentials, NameTaken } from "../api/auth/accounts/model.ts";
import type { Viewer as ViewerModel } from "../api/auth/viewer.ts";
import { AppError } from "../api/core/errors.ts";
import { builder, entries } from "./builder.ts";
import type { Services } from "./context.ts";
import { errorType, InvalidInputError } from "./errors.ts";

export const Scope = builder.enumType("Scope", {
  description: "What a token may allow. Tokens write them in lower case with a colon, such as `journeys:read`.",
  values: {
    SESSIONS_READ: { description: "Read sessions and sensors." },
    SESSIONS_WRITE: { description: "Record, end and annotate sessions." },
    JOURNEYS_READ: { description: "Read journeys." },
    JOURNEYS_WRITE: { description: "Record events of journeys." },
    METRICS_READ: { description: "Read metrics." },
    METRICS_WRITE: { description: "Record what metrics count." },
    REVIEW: { description: "Review one's own collection." },
    ADMIN: { description: "Rebuild, audit and erase." },
  },
});

const Viewer = builder.objectRef<ViewerModel>("Viewer").implement({
  description: "Who is asking.",
  access: "HOLDER",
  fields: (t) => ({
    userId: t.exposeString("userId", { description: "The `sub` of the token." }),
    tenantId: t.exposeString("tenantId", { description: "The tenant that every answer is limited to." }),
    scopes: t.expose("scopes", { type: [Scope], description: "What the token allows." }),
  }),
});

const RegisterInput = builder.inputType("RegisterInput", {
  description: "A new account.",
  fields: (t) => ({
    username: t.string({
      required: true,
      description:
        "3 to 64 letters of one script, digits, `.`, `_`, `-` or `@`; upper and lower case are the same, and what looks alike is taken.",
    }),
    name: t.string({ description: "Shown to other people; the username where absent." }),
    password: t.string({ required: true, description: "12 to 128 characters." }),
  }),
});

const LoginInput = builder.inputType("LoginInput", {
  description: "The credentials of an account.",
  fields: (t) => ({
    username: t.string({ required: true, description: "As registered; upper and lower case are the same." }),
    password: t.string({ required: true, description: "As registered, or as it was changed to." }),
    deviceToken: t.string({
      description:
        "The `deviceToken` of an earlier login on this device: who guesses elsewhere then holds up nobody here.",
    }),
  }),
});

const RefreshLoginInput = builder.inputType("RefreshLoginInput", {
  description: "A login to go on with.",
  fields: (t) => ({
    refreshToken: t.string({ required: true, description: "The latest of this login." }),
  }),
});

const AuthPayload = builder.objectRef<AuthPayloadModel>("AuthPayload").implement({
  description: "A token and what it allows.",
  access: "HOLDER",
  fields: (t) => ({
    token: t.exposeString("token", { description: "A signed JWT for the Authorization header, as `Bearer TOKEN`." }),
    expiresAt: t.expose("expiresAt", {
      type: "DateTime",
      description: "From here on the token is refused; log in again before.",
    }),
    refreshToken: t.exposeString("refreshToken", {
      description: "Gives the next token, once (`refreshLogin`). Keep it where no other page or program can read it.",
    }),
    refreshExpiresAt: t.expose("refreshExpiresAt", {
      type: "DateTime",
      description: "From here on the refresh token is refused, where it is not used before.",
    }),
    deviceToken: t.exposeString("deviceToken", {
      description:
        "Shows at the next login that there was one on this device. It lets nobody in; keep it also after signing out.",
    }),
    viewer: t.expose("viewer", { type: Viewer, description: "Who the token speaks for." }),
  }),
});

const NameTakenError = errorType<NameTaken>("NameTakenError", {
  description: "The name belongs to somebody else; choose another.",
  code: "NAME_TAKEN",
  message: "Which name.",
});

export const BadCredentialsError = errorType<BadCredentials>("BadCredentialsError", {
  description: "What was shown does not hold: a username with a password, a refresh token or a reset token.",
  code: "BAD_CREDENTIALS",
  message: "What to do; the same for an unknown name and a wrong password.",
});

const RegisterResult = builder.unionType("RegisterResult", {
  description: "The new account's token, or why there is none.",
  types: [AuthPayload, NameTakenError, InvalidInputError],
});

const LoginResult = builder.unionType("LoginResult", {
  description: "A token, or why there is none.",
  types: [AuthPayload, BadCredentialsError, InvalidInputError],
});

entries.queryFields((t) => ({
  viewer: t.field({
    type: Viewer,
    description: "Who is asking, and what the token allows.",
    access: "SIGNED_IN",
    resolve: (_, __, { viewer }) => viewer,
  }),
}));

entries.mutationFields((t) => ({
  register: t.field({
    type: RegisterResult,
    description: "Opens an account with a tenant of its own.",
    access: "EVERYBODY",
    args: { input: t.arg({ type: RegisterInput, required: true, description: "The new account." }) },
    resolve: (_, { input }, { services, from, attempt }) => {
      attempt();
      return accountsOf(services).register(input, from);
    },
  }),

  login: t.field({
    type: LoginResult,
    description: "Gives tokens for an account. At most one login, registration or change of a password in a request.",
    access: "EVERYBODY",
    args: { input: t.arg({ type: LoginInput, required: true, description: "The credentials." }) },
    resolve: (_, { input }, { services, from, attempt }) => {
      attempt();
      return accountsOf(services).login(input, from);
    },
  }),

  refreshLogin: t.field({
    type: LoginResult,
    description: "Gives new tokens for a login. A refresh token is good once: used again later it ends the login.",
    access: "EVERYBODY",
    args: { input: t.arg({ type: RefreshLoginInput, required: true, description: "The login." }) },
    resolve: (_, { input }, { services, from, attempt }) => {
      attempt();
      return accountsOf(services).refresh(input, from);
    },
  }),
}));

export function accountsOf({ accounts }: Services) {
  if (accounts) return accounts;
  throw new AppError(
    "ACCOUNTS_OFF",
    "Accounts are kept by the identity provider of this installation; get the token there.",
  );
}
