/** What a token may allow. In tokens they are written in lower case with a colon, such as `journeys:read`. */
export const SCOPES = [
  "SESSIONS_READ",
  "SESSIONS_WRITE",
  "JOURNEYS_READ",
  "JOURNEYS_WRITE",
  "METRICS_READ",
  "METRICS_WRITE",
  "REVIEW",
  "ADMIN",
] as const;
export type Scope = (typeof SCOPES)[number];

/** A login of an account of ours: the token ends with it. */
export type LoginRef = { username: string; loginId: string };

/** Who is asking, as the token says. Every answer is limited to `tenantId`. */
export type Viewer = {
  /** The `sub` of the token. */
  userId: string;
  tenantId: string;
  scopes: readonly Scope[];
  /** When the token ends, in epoch milliseconds. Streams end with it. */
  expiresAt: number;
  /** Stands for the token or key, and is none: what is counted and logged of it. */
  credential: string;
  /** Of which login it is, where it is of an account of ours. */
  login?: LoginRef;
  /** Which key it is, where it is no token. */
  keyId?: string;
};

/** Of a viewer, what may end before its token does. */
export type Holder = { userId: string; login?: LoginRef | undefined; keyId?: string | undefined };

/** `JOURNEYS_READ` as tokens write it: `journeys:read`. */
export function scopeWord(scope: Scope): string {
  return scope.toLowerCase().replace("_", ":");
}
