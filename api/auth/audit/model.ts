/** What the audit log tells of. */
export const AUDIT_KINDS = [
  "REGISTERED",
  "LOGGED_IN",
  "LOGIN_FAILED",
  "REFRESH_TOKEN_REUSED",
  "SIGNED_OUT",
  "PASSWORD_CHANGED",
  "PASSWORD_RESET",
  "ACCOUNT_DELETED",
  "KEY_CREATED",
  "KEY_REVOKED",
  "ADMIN_ACTION",
  "REFUSED",
] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** Who did what, when, and from where. */
export type AuditEntry = {
  entryId: string;
  tenantId: string;
  at: number;
  kind: AuditKind;
  /** The `sub` of the token or the key; absent where nobody was let in. */
  userId: string | undefined;
  /** What it was about: a username, a key's id, a field of the API. */
  subject: string;
  detail: string | undefined;
  /** The address as it is counted, and what the client said that it is. */
  address: string | undefined;
  client: string | undefined;
};
