import type { AccountPayload as AccountPayloadModel, LoginView } from "../api/auth/accounts/keeping.ts";
import { REMAINS, type Removal } from "../api/removals/model.ts";
import { accountsOf, BadCredentialsError } from "./accounts.ts";
import { builder, entries } from "./builder.ts";
import { RemainingData } from "./common.ts";
import { InvalidInputError } from "./errors.ts";

const Login = builder.objectRef<LoginView>("Login").implement({
  description: "A device that is logged in to the viewer's account.",
  access: "HOLDER",
  fields: (t) => ({
    loginId: t.exposeID("loginId", { description: "For `signOut`." }),
    isCurrent: t.exposeBoolean("isCurrent", { description: "Whether it is the one that asks." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it logged in." }),
    usedAt: t.expose("usedAt", { type: "DateTime", description: "When it last got a token." }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", description: "When it ends, where it is not used before." }),
    client: t.exposeString("client", { nullable: true, description: "What the device said that it is." }),
    address: t.exposeString("address", {
      nullable: true,
      description: "From where it last got a token; of IPv6 the network.",
    }),
  }),
});

const SignOutInput = builder.inputType("SignOutInput", {
  description: "Which logins to end: the one that asks where nothing is said.",
  fields: (t) => ({
    loginId: t.id({ description: "This one of `logins`." }),
    everywhere: t.boolean({ required: true, defaultValue: false, description: "All of them." }),
  }),
});

const ChangePasswordInput = builder.inputType("ChangePasswordInput", {
  description: "A new password for the viewer's account.",
  fields: (t) => ({
    currentPassword: t.string({ required: true, description: "The one that is good now." }),
    newPassword: t.string({ required: true, description: "12 to 128 characters." }),
  }),
});

const ResetPasswordInput = builder.inputType("ResetPasswordInput", {
  description: "A new password for an account whose password was forgotten.",
  fields: (t) => ({
    resetToken: t.string({
      required: true,
      description: "From whoever runs the service (`npm run reset-password`); good once, for a day.",
    }),
    newPassword: t.string({ required: true, description: "12 to 128 characters." }),
  }),
});

const DeleteAccountInput = builder.inputType("DeleteAccountInput", {
  description: "Consent to remove the viewer's account.",
  fields: (t) => ({ password: t.string({ required: true, description: "The account's password." }) }),
});

const SignOutPayload = builder.objectRef<{ ended: number }>("SignOutPayload").implement({
  description:
    "The logins have ended. Their tokens are refused here at once, by other processes within 30 seconds; their open sockets and streams end too, at once or within a minute.",
  access: "HOLDER",
  fields: (t) => ({ ended: t.exposeInt("ended", { description: "How many." }) }),
});

const AccountRemoval = builder.objectRef<Removal>("AccountRemoval").implement({
  description: "How far the removal of a deleted account's data is, and what stays: the receipt.",
  access: "HOLDER",
  fields: (t) => ({
    removalId: t.exposeID("removalId", { description: "For `accountRemoval`. Whoever has it may ask: keep it." }),
    begunAt: t.expose("begunAt", { type: "DateTime", description: "When the account was deleted." }),
    emptiedAt: t.expose("emptiedAt", {
      type: "DateTime",
      nullable: true,
      description: "When all that was there was gone, but ids of sensors and their settings; null before.",
    }),
    doneAt: t.expose("doneAt", {
      type: "DateTime",
      nullable: true,
      description: "When the last look, two days later at the earliest, found nothing that came late; null before.",
    }),
    items: t.exposeFloat("items", {
      description: "Items of tables that went, as far as was noted: a process that ended before it had is left out.",
    }),
    objects: t.exposeFloat("objects", { description: "Objects that went, noted likewise." }),
    remains: t.field({ type: [RemainingData], description: "What stays, and why.", resolve: () => REMAINS }),
  }),
});

const AccountPayload = builder.objectRef<AccountPayloadModel>("AccountPayload").implement({
  description: "The account to which it was done.",
  access: "HOLDER",
  fields: (t) => ({
    username: t.exposeString("username", { description: "Its name." }),
    removal: t.field({
      type: AccountRemoval,
      nullable: true,
      description: "Of `deleteAccount`: the removal of its data, which has begun. Nobody is shown its id again.",
      resolve: ({ removal }) => removal,
    }),
  }),
});

const AccountResult = builder.unionType("AccountResult", {
  description: "The account, or why nothing was done.",
  types: [AccountPayload, BadCredentialsError, InvalidInputError],
});

entries.queryFields((t) => ({
  accountRemoval: t.field({
    type: AccountRemoval,
    nullable: true,
    description:
      "The removal of a deleted account's data; null where there is none of this id, or it was done a year ago.",
    access: "EVERYBODY",
    args: { removalId: t.arg.id({ required: true, description: "As `deleteAccount` gave it." }) },
    resolve: (_, { removalId }, { services }) => accountsOf(services).findRemoval(String(removalId)),
  }),

  logins: t.field({
    type: [Login],
    description: "Where the viewer's account is logged in, the latest used first; at most 20.",
    access: "SIGNED_IN",
    cost: { rows: 20 },
    resolve: (_, __, { viewer, services }) => accountsOf(services).logins(viewer),
  }),
}));

entries.mutationFields((t) => ({
  signOut: t.field({
    type: SignOutPayload,
    description: "Ends logins of the viewer's account.",
    access: "SIGNED_IN",
    args: {
      input: t.arg({ type: SignOutInput, required: true, defaultValue: { everywhere: false }, description: "Which." }),
    },
    resolve: async (_, { input: { loginId, everywhere } }, { viewer, services, from }) => ({
      ended: await accountsOf(services).signOut(viewer, {
        everywhere,
        ...(loginId == null ? {} : { loginId: String(loginId) }),
      }, from),
    }),
  }),

  changePassword: t.field({
    type: AccountResult,
    description: "Sets a new password. All other logins end.",
    access: "SIGNED_IN",
    args: {
      input: t.arg({ type: ChangePasswordInput, required: true, description: "The new one, and the one so far." }),
    },
    resolve: (_, { input }, { viewer, services, from, attempt }) => {
      attempt();
      return accountsOf(services).changePassword(viewer, input, from);
    },
  }),

  resetPassword: t.field({
    type: AccountResult,
    description: "Sets a new password by a reset token. All logins end.",
    access: "EVERYBODY",
    args: {
      input: t.arg({ type: ResetPasswordInput, required: true, description: "The token and the new password." }),
    },
    resolve: (_, { input }, { services, from, attempt }) => {
      attempt();
      return accountsOf(services).resetPassword(input, from);
    },
  }),

  deleteAccount: t.field({
    type: AccountResult,
    description:
      "Removes the viewer's account with its logins and keys, and begins to remove everything in its tenant, which is not undone.",
    access: "SIGNED_IN",
    args: { input: t.arg({ type: DeleteAccountInput, required: true, description: "Consent." }) },
    resolve: (_, { input }, { viewer, services, from, attempt }) => {
      attempt();
      return accountsOf(services).deleteAccount(viewer, input, from);
    },
  }),
}));
