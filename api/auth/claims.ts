import type { JWTPayload } from "jose";
import { AppError, UnauthenticatedError } from "../core/errors.ts";
import { TENANT_PATTERN, TENANT_RULE } from "../core/ids.ts";
import { type Scope, SCOPES, scopeWord } from "./viewer.ts";

/** Where an issuer's tokens say what we need to know, and what its words mean here. */
export type ClaimPaths = {
  /** The first that is there names the tenant. */
  tenant: readonly string[];
  /** All that are there name scopes. */
  scopes: readonly string[];
  /** What words of the issuer mean; a word that is not here and names a scope means it. */
  scopeMap: ReadonlyMap<string, readonly Scope[]>;
};

const BY_WORD = new Map(SCOPES.map((scope) => [scopeWord(scope), [scope]]));

/** Tokens of built-in accounts, and of `npm run token`. */
export const OWN_CLAIMS: ClaimPaths = { tenant: ["tenant"], scopes: ["scope"], scopeMap: new Map() };

/** What words of an issuer mean here; `*` is every scope. Throws where a meaning is no scope, so that the start stops. */
export function parseScopeMap(words: Readonly<Record<string, string>>): Map<string, Scope[]> {
  const known = new Map<string, readonly Scope[]>([...BY_WORD, ["*", SCOPES]]);
  return new Map(
    Object.entries(words).map(([word, meaning]) => [
      word,
      meaning.split(/\s+/).filter(Boolean).flatMap((one) => {
        const meant = known.get(one);
        if (meant) return meant;
        const message = `SCOPE_MAP does not know ${one}; the words are ${[...known.keys()].join(" ")}`;
        throw new AppError("CONFIGURATION", message);
      }),
    ]),
  );
}

/**
 * What a path names: a claim by its own name, whatever is in that (`https://example.com/tenant`), or members of members
 * parted by dots (`realm_access.roles`), where `*` is the only member there is (`organization.*.id`).
 */
export function readClaim(claims: unknown, path: string): unknown {
  if (typeof claims !== "object" || claims === null) return undefined;
  const members = claims as Record<string, unknown>;
  if (Object.hasOwn(members, path)) return members[path];
  for (let at = path.indexOf("."); at > 0; at = path.indexOf(".", at + 1)) {
    const inner = memberOf(members, path.slice(0, at));
    const found = inner === undefined ? undefined : readClaim(inner, path.slice(at + 1));
    if (found !== undefined) return found;
  }
  return path === "*" ? memberOf(members, path) : undefined;
}

function memberOf(members: Record<string, unknown>, name: string): unknown {
  if (Object.hasOwn(members, name)) return members[name];
  const values = Object.values(members);
  return name === "*" && values.length === 1 ? values[0] : undefined;
}

/** The tenant of a token. Throws UnauthenticatedError where it names none, several, or one that cannot be. */
export function readTenant(claims: JWTPayload, { tenant: paths }: ClaimPaths): string {
  const name = paths.map((path) => `\`${path}\``).join(" or ");
  for (const path of paths) {
    const found = namesIn(readClaim(claims, path));
    if (found === undefined) continue;
    if (found.length > 1) {
      throw new UnauthenticatedError(`The token's ${name} names ${found.length} tenants; ask for one that names one.`);
    }
    const [tenant] = found;
    if (typeof tenant === "string" && TENANT_PATTERN.test(tenant)) return tenant;
    throw new UnauthenticatedError(`The token's ${name} must be ${TENANT_RULE}.`);
  }
  throw new UnauthenticatedError(`The token has no ${name}; its issuer must add one.`);
}

/** What a claim names: itself, the entries of a list, the members of an object; undefined where there is nothing. */
function namesIn(value: unknown): unknown[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : [...new Set(value)];
  if (typeof value !== "object") return [value];
  const names = Object.keys(value);
  return names.length === 0 ? undefined : names;
}

/** What a token allows; words that mean nothing here are left out, as RFC 6749 lets a server do. */
export function readScopes(claims: JWTPayload, { scopes: paths, scopeMap }: ClaimPaths): Scope[] {
  const words = paths.flatMap((path) => {
    const value = readClaim(claims, path);
    if (value === undefined) refuseOverage(claims, path);
    return wordsIn(value);
  });
  const meant = new Set(words.flatMap((word) => scopeMap.get(word) ?? BY_WORD.get(word) ?? []));
  return SCOPES.filter((scope) => meant.has(scope));
}

/** Text is words parted by spaces, and one word as it is; entries of a list are one word each, spaces and all. */
function wordsIn(value: unknown): string[] {
  if (typeof value === "string") return [value, ...value.split(/\s+/)].filter(Boolean);
  return Array.isArray(value) ? value.filter((word) => typeof word === "string") : [];
}

/** Entra leaves `groups` out where there are more than 200, and says where they could be asked for. */
function refuseOverage(claims: JWTPayload, path: string): void {
  const elsewhere = claims["_claim_names"];
  if (typeof elsewhere !== "object" || elsewhere === null || !Object.hasOwn(elsewhere, path)) return;
  throw new UnauthenticatedError(
    `The token leaves out \`${path}\`, since it has too many entries; assign app roles, or limit groups to the application.`,
  );
}
