import { type ApiKey as ApiKeyModel, keyText } from "../api/auth/apikeys/model.ts";
import { Scope } from "./accounts.ts";
import { builder, entries } from "./builder.ts";
import { InvalidInputError, notFound, NotFoundError, orInvalid } from "./errors.ts";

const ApiKeyKind = builder.enumType("ApiKeyKind", {
  description: "What a key is for.",
  values: {
    API: { description: "A device or a server. It is secret." },
    WRITE: { description: "Pages. It is public: it may record events of journeys from its origins, and nothing else." },
  },
});

const ApiKey = builder.objectRef<ApiKeyModel>("ApiKey").implement({
  description: "A key that stands for this tenant, as a token does: `Authorization: Bearer KEY`.",
  access: "ADMIN",
  fields: (t) => ({
    keyId: t.exposeID("keyId", { description: "Names the key; it is no secret and no key." }),
    kind: t.expose("kind", { type: ApiKeyKind, description: "What it is for." }),
    name: t.exposeString("name", { description: "What its maker calls it." }),
    key: t.string({
      nullable: true,
      description: "The key itself, of a write key. An API key is shown once, when it is made.",
      resolve: (key) => (key.kind === "WRITE" ? keyText(key) : undefined),
    }),
    scopes: t.expose("scopes", { type: [Scope], description: "What it allows." }),
    origins: t.exposeStringList("origins", {
      description: "The pages that may use a write key, such as `https://shop.example`; none of an API key.",
    }),
    ratePerMinute: t.exposeInt("ratePerMinute", {
      nullable: true,
      description: "Most requests a minute with it; null where only the installation's own limits hold.",
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    createdBy: t.exposeString("createdBy", { description: "The `sub` of who made it." }),
    expiresAt: t.expose("expiresAt", {
      type: "DateTime",
      nullable: true,
      description: "From here on it is refused; null where it does not end by itself.",
    }),
    revokedAt: t.expose("revokedAt", { type: "DateTime", nullable: true, description: "When it was revoked." }),
    lastUsedAt: t.expose("lastUsedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was last used, to within ten minutes; null where it never was.",
    }),
  }),
});

const CreateApiKeyInput = builder.inputType("CreateApiKeyInput", {
  description: "A key for a device or a server.",
  fields: (t) => ({
    name: t.string({ required: true, description: "1 to 100 characters, for the list." }),
    scopes: t.field({
      type: [Scope],
      required: true,
      description: "What it allows; nothing that you may not do yourself.",
    }),
    ratePerMinute: t.int({ description: "Most requests a minute with it, 1 to 1,000,000." }),
    expiresAt: t.field({ type: "DateTime", description: "When it ends; it does not end by itself where absent." }),
  }),
});

const CreateWriteKeyInput = builder.inputType("CreateWriteKeyInput", {
  description: "A public key for pages that record journeys.",
  fields: (t) => ({
    name: t.string({ required: true, description: "1 to 100 characters, for the list." }),
    origins: t.stringList({
      required: true,
      description:
        "The pages that may use it, 1 to 20: `https://shop.example`, or `https://*.example.com` for its subdomains.",
    }),
    ratePerMinute: t.int({ description: "Most requests a minute with it, over all pages; 600 where absent." }),
    expiresAt: t.field({ type: "DateTime", description: "When it ends; it does not end by itself where absent." }),
  }),
});

const RevokeKeyInput = builder.inputType("RevokeKeyInput", {
  description: "A key to end.",
  fields: (t) => ({ keyId: t.id({ required: true, description: "Which key." }) }),
});

type Made = { __typename: "CreateKeyPayload"; apiKey: ApiKeyModel; key: string };

const CreateKeyPayload = builder.objectRef<Made>("CreateKeyPayload").implement({
  description: "A new key.",
  access: "ADMIN",
  fields: (t) => ({
    key: t.exposeString("key", { description: "The key itself. Keep it: an API key is not shown again." }),
    apiKey: t.expose("apiKey", { type: ApiKey, description: "What it is." }),
  }),
});

const RevokeKeyPayload = builder.objectRef<{ __typename: "RevokeKeyPayload"; apiKey: ApiKeyModel }>("RevokeKeyPayload")
  .implement({
    description:
      "The key has ended: here at once, in other processes within 30 seconds. Its open sockets and streams end too, at once or within a minute.",
    access: "ADMIN",
    fields: (t) => ({ apiKey: t.expose("apiKey", { type: ApiKey, description: "As it is now." }) }),
  });

const CreateKeyResult = builder.unionType("CreateKeyResult", {
  description: "The new key, or why there is none.",
  types: [CreateKeyPayload, InvalidInputError],
});

const RevokeKeyResult = builder.unionType("RevokeKeyResult", {
  description: "The key as it is now, or why nothing was done.",
  types: [RevokeKeyPayload, NotFoundError],
});

/** A tenant has seldom more keys; at most a thousand. */
const ROWS = 100;

entries.queryFields((t) => ({
  apiKeys: t.field({
    type: [ApiKey],
    description: "This tenant's keys, latest first; those that have ended for 90 days more. At most 1,000.",
    access: "ADMIN",
    cost: { rows: ROWS },
    resolve: (_, __, { viewer, services }) => services.apiKeys.list(viewer),
  }),
}));

entries.mutationFields((t) => ({
  createApiKey: t.field({
    type: CreateKeyResult,
    description: "Makes a key for a device or a server. It is shown this once.",
    access: "ADMIN",
    args: { input: t.arg({ type: CreateApiKeyInput, required: true, description: "The key." }) },
    resolve: (_, { input }, { viewer, services, from }) =>
      orInvalid(async () => madeOf(await services.apiKeys.createApiKey(viewer, input, from))),
  }),

  createWriteKey: t.field({
    type: CreateKeyResult,
    description: "Makes a public key with which pages of its origins record events of journeys.",
    access: "ADMIN",
    args: { input: t.arg({ type: CreateWriteKeyInput, required: true, description: "The key." }) },
    resolve: (_, { input }, { viewer, services, from }) =>
      orInvalid(async () => madeOf(await services.apiKeys.createWriteKey(viewer, input, from))),
  }),

  revokeKey: t.field({
    type: RevokeKeyResult,
    description: "Ends a key of either kind. Again it changes nothing.",
    access: "ADMIN",
    args: { input: t.arg({ type: RevokeKeyInput, required: true, description: "Which key." }) },
    resolve: async (_, { input: { keyId } }, { viewer, services, from }) => {
      const apiKey = await services.apiKeys.revoke(viewer, String(keyId), from);
      return apiKey ? { __typename: "RevokeKeyPayload" as const, apiKey } : notFound("There is no such key.");
    },
  }),
}));

function madeOf({ key, text }: { key: ApiKeyModel; text: string }): Made {
  return { __typename: "CreateKeyPayload", apiKey: key, key: text };
}
