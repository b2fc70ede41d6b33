import { AppError } from "../api/core/errors.ts";
import type { Services } from "./context.ts";
import type { Resolvers } from "./types.generated.ts";

export const accountResolvers = {
  Query: {
    viewer: (_, __, { viewer }) => viewer,
  },
  Mutation: {
    register: (_, { input }, { services }) => accountsOf(services).register(input),
    login: (_, { input }, { services }) => accountsOf(services).login(input),
  },
} satisfies Resolvers;

function accountsOf({ accounts }: Services) {
  if (accounts) return accounts;
  throw new AppError(
    "ACCOUNTS_OFF",
    "Accounts are kept by the identity provider of this installation; get the token there.",
  );
}
