import { createHash, timingSafeEqual } from "node:crypto";
import * as v from "valibot";
import { instant, parseInput, whole, words } from "../../core/check.ts";
import { type Scope, SCOPES } from "../viewer.ts";

/**
 * A key for a device, a server or a page. API keys are secret: only the hash of the secret is kept. A write key is public,
 * since it stands in a page's source: it may record events of journeys from the pages of its origins, and nothing else.
 */
export type ApiKey = {
  keyId: string;
  tenantId: string;
  kind: "API" | "WRITE";
  /** What its maker calls it. */
  name: string;
  scopes: readonly Scope[];
  /** Of a write key: the pages that may use it, such as `https://shop.example` or `https://*.example.com`. */
  origins: readonly string[];
  /** Most requests a minute, over all that use it; undefined where only the installation's own rates hold. */
  ratePerMinute: number | undefined;
  /** SHA-256 of an API key's secret, in hex. */
  secretHash: string | undefined;
  createdAt: number;
  /** The `sub` of who made it. */
  createdBy: string;
  expiresAt: number | undefined;
  revokedAt: number | undefined;
  /** To within ten minutes. */
  lastUsedAt: number | undefined;
};

export type NewApiKey = {
  name: string;
  scopes: Scope[];
  ratePerMinute: number | undefined;
  expiresAt: number | undefined;
};
export type NewWriteKey = { name: string; origins: string[]; ratePerMinute: number; expiresAt: number | undefined };

export const KEY_LIMITS = { nameChars: 100, origins: 20, ratePerMinute: 1_000_000, keysPerTenant: 1_000 } as const;
/** Of a write key whose maker says nothing: ten requests a second. */
const WRITE_KEY_RATE = 600;

const ID = /^[A-Za-z0-9_-]{16}$/;
const API_KEY = /^sjk_([A-Za-z0-9_-]{16})_([A-Za-z0-9_-]{43})$/;
const WRITE_KEY = /^sjw_([A-Za-z0-9_-]{16})$/;

/** An origin as browsers send it; `*.` in front of a host stands for all its subdomains. */
const origin = v.pipe(
  v.string("must be text"),
  v.check(
    (text) => normalizeOrigin(text) !== undefined,
    (issue) => `must be an origin such as https://shop.example, without a path; got ${issue.input.slice(0, 100)}`,
  ),
  v.transform((text) => normalizeOrigin(text)!),
);

const common = { name: words(KEY_LIMITS.nameChars), expiresAt: v.nullish(instant) };
const ratePerMinute = v.nullish(whole(1, KEY_LIMITS.ratePerMinute));

const newApiKey = v.object({
  ...common,
  scopes: v.pipe(v.array(v.picklist(SCOPES)), v.minLength(1, "must hold at least one scope")),
  ratePerMinute,
});
const newWriteKey = v.object({
  ...common,
  origins: v.pipe(
    v.array(origin),
    v.minLength(1, "must hold at least one origin"),
    v.maxLength(KEY_LIMITS.origins, `must hold at most ${KEY_LIMITS.origins} origins`),
  ),
  ratePerMinute,
});

/** A checked API key to make. Throws InvalidInputError. */
export function parseNewApiKey(input: unknown, now: number): NewApiKey {
  const { name, scopes, ratePerMinute, expiresAt } = parseInput(newApiKey, input, (parsed) => expiry(parsed, now));
  return {
    name,
    scopes: SCOPES.filter((scope) => scopes.includes(scope)),
    ratePerMinute: ratePerMinute ?? undefined,
    expiresAt: expiresAt ?? undefined,
  };
}

/** A checked write key to make. Throws InvalidInputError. */
export function parseNewWriteKey(input: unknown, now: number): NewWriteKey {
  const { name, origins, ratePerMinute, expiresAt } = parseInput(newWriteKey, input, (parsed) => expiry(parsed, now));
  return {
    name,
    origins: [...new Set(origins)],
    ratePerMinute: ratePerMinute ?? WRITE_KEY_RATE,
    expiresAt: expiresAt ?? undefined,
  };
}

function expiry({ expiresAt }: { expiresAt?: number | null | undefined }, now: number) {
  return expiresAt != null && expiresAt <= now ? [{ path: ["expiresAt"], message: "must be later than now" }] : [];
}

/** The id of a key that exists or not; undefined where it can be none. */
export function parseKeyId(text: string): string | undefined {
  return ID.test(text) ? text : undefined;
}

/** What a key says of itself; undefined where the text is none. */
export function parseKey(
  text: string,
): { keyId: string; kind: ApiKey["kind"]; secret: string | undefined } | undefined {
  const [, writeId] = WRITE_KEY.exec(text) ?? [];
  if (writeId) return { keyId: writeId, kind: "WRITE", secret: undefined };
  const [, keyId, secret] = API_KEY.exec(text) ?? [];
  return keyId === undefined ? undefined : { keyId, kind: "API", secret };
}

/** The key as its owner gets it. A write key's is known for ever; an API key's once, with the secret. */
export function keyText({ keyId, kind }: Pick<ApiKey, "keyId" | "kind">, secret?: string): string {
  return kind === "WRITE" ? `sjw_${keyId}` : `sjk_${keyId}_${secret}`;
}

/** The secret has 256 random bits, so a quick hash is as good as a slow one. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

export function isSecretOf({ secretHash }: ApiKey, secret: string | undefined): boolean {
  if (secretHash === undefined || secret === undefined) return false;
  return timingSafeEqual(Buffer.from(secretHash, "hex"), Buffer.from(hashSecret(secret), "hex"));
}

/** Whether a page of `origin` is one of those that may use a write key. */
export function isAllowedOrigin(allowed: readonly string[], origin: string | null | undefined): boolean {
  const given = origin ? normalizeOrigin(origin) : undefined;
  if (given === undefined || given.includes("*")) return false;
  return allowed.some((one) => {
    const [scheme, suffix] = one.split("*", 2);
    if (suffix === undefined) return one === given;
    return given.startsWith(scheme!) && given.endsWith(suffix) && given.length > scheme!.length + suffix.length;
  });
}

/** An origin in the one spelling in which browsers send it; undefined where the text is none. */
function normalizeOrigin(text: string): string | undefined {
  const [, scheme, wild = "", host] = /^(https?:\/\/)(\*\.)?([^/?#@*\s]+)\/?$/i.exec(text) ?? [];
  const url = `${scheme}${host}`;
  if (host === undefined || text.length > 300 || !URL.canParse(url)) return undefined;
  // `https://*.com` would be every shop of the world.
  if (wild !== "" && !host.includes(".")) return undefined;
  return new URL(url).origin.replace("://", `://${wild}`);
}
