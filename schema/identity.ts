import type { ErasureEntry } from "../api/auth/audit/erasures.ts";
import type { Identity } from "../api/auth/identity.ts";
import { builder, entries } from "./builder.ts";
import { forwardArgs, pagesOf } from "./lists.ts";

const ScopeWord = builder.objectRef<Identity["scopeMap"][number]>("ScopeWord").implement({
  description: "A word of the identity provider, and what it means here.",
  access: "ADMIN",
  fields: (t) => ({
    word: t.exposeString("word", { description: "As tokens have it." }),
    meaning: t.exposeString("meaning", { description: "A scope such as `journeys:read`, or `*` for all." }),
  }),
});

const IdentitySettings = builder.objectRef<Identity>("IdentitySettings").implement({
  description: "How this installation knows who asks, as whoever runs it has set it. They are set by variables.",
  access: "ADMIN",
  fields: (t) => ({
    hasAccounts: t.exposeBoolean("hasAccounts", { description: "Whether built-in accounts log in (`ACCOUNTS`)." }),
    takesRegistrations: t.exposeBoolean("takesRegistrations", {
      description: "Whether anybody may open one (`REGISTRATION`).",
    }),
    issuers: t.exposeStringList("issuers", { description: "The `iss` that tokens must carry (`TOKEN_ISSUER`)." }),
    audiences: t.exposeStringList("audiences", { description: "The `aud` that they must carry (`TOKEN_AUDIENCE`)." }),
    clients: t.exposeStringList("clients", {
      description: "Clients whose tokens are taken without `aud` (`TOKEN_CLIENTS`).",
    }),
    algorithms: t.exposeStringList("algorithms", { description: "Signatures that are accepted (`TOKEN_ALGORITHMS`)." }),
    keySets: t.exposeStringList("keySets", {
      description: "Where identity providers publish their public keys (`JWKS_URL`); none where there is no provider.",
    }),
    tenantClaim: t.exposeString("tenantClaim", { description: "Where tokens name the tenant (`TENANT_CLAIM`)." }),
    scopesClaim: t.exposeString("scopesClaim", { description: "Where they name scopes (`SCOPES_CLAIM`)." }),
    scopeMap: t.field({
      type: [ScopeWord],
      description: "What other words than ours mean (`SCOPE_MAP`).",
      resolve: ({ scopeMap }) => scopeMap,
    }),
    tokenTtl: t.expose("tokenTtl", { type: "Milliseconds", description: "How long a token of `login` is good for." }),
    refreshTtl: t.expose("refreshTtl", {
      type: "Milliseconds",
      description: "How long after its last use a device stays logged in.",
    }),
    auditDays: t.exposeInt("auditDays", { description: "How long the audit log is kept, in days." }),
  }),
});

const ErasedKind = builder.enumType("ErasedKind", {
  description: "What was erased.",
  values: { VISITOR: { description: "A visitor." }, SENSOR: { description: "The past of a sensor." } },
});

const ErasureReceipt = builder.objectRef<ErasureEntry>("ErasureReceipt").implement({
  description: "A receipt: what an erasure removed, and not of whom.",
  access: "ADMIN",
  fields: (t) => ({
    receiptId: t.exposeID("receiptId", { description: "As the erasure itself gave it." }),
    at: t.expose("at", { type: "DateTime", description: "When it began." }),
    what: t.expose("what", { type: ErasedKind, description: "A visitor or a sensor." }),
    things: t.exposeInt("things", { description: "Journeys of a visitor, sessions of a sensor." }),
    events: t.exposeInt("events", { description: "Events of these journeys, motion events of these sessions." }),
    userId: t.exposeString("userId", { nullable: true, description: "The `sub` of who asked for it." }),
  }),
});

const { Connection: ErasureReceiptConnection } = pagesOf(ErasureReceipt, {
  access: "ADMIN",
  one: "receipt",
  many: "receipts",
  cursor: "Good as `after` of `erasures`.",
});

entries.queryFields((t) => ({
  identitySettings: t.field({
    type: IdentitySettings,
    description: "How tokens are checked here, as it is set; nothing of it is secret.",
    access: "ADMIN",
    resolve: (_, __, { services }) => services.identity(),
  }),
  erasures: t.field({
    type: ErasureReceiptConnection,
    description: "The receipts of this tenant's erasures, latest first; they stay for as long as the tenant.",
    access: "ADMIN",
    args: forwardArgs("receipts", { first: 25, most: 100 }),
    cost: { rows: "first" },
    resolve: (_, { first, after }, { viewer, services }) => services.erasures.list(viewer.tenantId, first, after),
  }),
}));
