import { AUDIT_KINDS, type AuditEntry as AuditEntryModel, type AuditKind as Kind } from "../api/auth/audit/model.ts";
import { builder, entries } from "./builder.ts";
import { pageArgs, pagesOf } from "./lists.ts";

const ABOUT: Record<Kind, string> = {
  REGISTERED: "An account was opened.",
  LOGGED_IN: "Somebody logged in with a password.",
  LOGIN_FAILED: "A password was wrong.",
  REFRESH_TOKEN_REUSED: "A refresh token came again: somebody else may have it, and its login has ended.",
  SIGNED_OUT: "Logins were ended by their owner.",
  PASSWORD_CHANGED: "A password was changed by who knew it.",
  PASSWORD_RESET: "A password was set with a token of whoever runs the service.",
  ACCOUNT_DELETED: "An account was removed by its owner.",
  KEY_CREATED: "A key was made.",
  KEY_REVOKED: "A key was ended.",
  ADMIN_ACTION: "A mutation for admins was called.",
  REFUSED: "Somebody asked for what the token does not allow; at most 60 a minute are kept.",
};

const AuditKind = builder.enumType("AuditKind", {
  description: "What an entry of the audit log tells of.",
  values: Object.fromEntries(AUDIT_KINDS.map((kind) => [kind, { description: ABOUT[kind] }])) as Record<
    Kind,
    { description: string }
  >,
});

const AuditEntry = builder.objectRef<AuditEntryModel>("AuditEntry").implement({
  description: "Who did what, when, and from where.",
  access: "ADMIN",
  fields: (t) => ({
    entryId: t.exposeID("entryId", { description: "The same as in the log's line." }),
    at: t.expose("at", { type: "DateTime", description: "When." }),
    kind: t.expose("kind", { type: AuditKind, description: "What." }),
    userId: t.exposeString("userId", {
      nullable: true,
      description: "Who: the `sub` of the token, or of the account that somebody wanted in to.",
    }),
    subject: t.exposeString("subject", { description: "What it was about: a username, a key, a field of the API." }),
    detail: t.exposeString("detail", { nullable: true, description: "More of that." }),
    address: t.exposeString("address", { nullable: true, description: "From where; of IPv6 the network." }),
    client: t.exposeString("client", { nullable: true, description: "What the client said that it is." }),
  }),
});

const { Connection: AuditEntryConnection } = pagesOf(AuditEntry, {
  access: "ADMIN",
  one: "entry",
  many: "entries",
  cursor: "Good as `after` of `auditLog`.",
});

entries.queryFields((t) => ({
  auditLog: t.field({
    type: AuditEntryConnection,
    description: "What happened to this tenant's accounts and keys, what admins did and who was refused; latest first.",
    access: "ADMIN",
    args: pageArgs("entries", { first: 25, most: 100 }),
    cost: { rows: "first" },
    resolve: (_, { first, after }, { viewer, services }) => services.auditLog(viewer.tenantId, first, after),
  }),
}));
