import { createHash, createHmac } from "node:crypto";

/**
 * A refresh token, `sjr_NAME.FAMILY.SECRET`: whose it is, of which login, and its secret of 256 bits. The family is known
 * to no other than the token's holder; what other places call the login is its hash.
 */
export type RefreshToken = { username: string; family: string; secret: string };

const TOKEN = /^sjr_([\w-]{1,400})\.([\w-]{22})\.([\w-]{43})$/;

export function parseRefreshToken(text: string): RefreshToken | undefined {
  const [, name, family, secret] = TOKEN.exec(text) ?? [];
  if (secret === undefined) return undefined;
  return { username: Buffer.from(name!, "base64url").toString("utf8"), family: family!, secret };
}

export function refreshTokenText({ username, family, secret }: RefreshToken): string {
  return `sjr_${Buffer.from(username).toString("base64url")}.${family}.${secret}`;
}

/** What the login is called where its refresh token must not be known: in its tokens, lists and the audit log. */
export function loginIdOf(family: string): string {
  return hashOf(family).slice(0, 22);
}

export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

/** The secret after this one. Who has it and not the salt cannot tell; who asks twice gets the same. */
export function nextSecret(secret: string, salt: string): string {
  return createHmac("sha256", salt).update(secret).digest("base64url");
}
