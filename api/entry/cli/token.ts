/** `npm run --silent token -- --tenant T`: prints a token that the local instance accepts, and nothing else. */
import { parseArgs } from "node:util";
import { signLocalToken } from "../../auth/setup.ts";
import { type Scope, SCOPES, scopeWord } from "../../auth/viewer.ts";
import { parseConfig } from "../../config.ts";
import { TENANT_PATTERN, TENANT_RULE } from "../../core/ids.ts";

const USAGE = "usage: npm run --silent token -- --tenant TENANT [--scope WORDS] [--user ID] [--ttl SECONDS]";
const MAX_TTL_SECONDS = 2_592_000;

class WrongArguments extends Error {}

function parseArguments(args: string[]) {
  const { tenant: tenantId, user: userId = "local", scope, ttl } = parseOptions(args);
  if (tenantId === undefined) throw new WrongArguments("--tenant is missing");
  if (!TENANT_PATTERN.test(tenantId)) {
    throw new WrongArguments(`--tenant must be ${TENANT_RULE}`);
  }
  if (userId.length < 1 || userId.length > 255) throw new WrongArguments("--user must be 1 to 255 characters");
  return { tenantId, userId, scopes: parseScopeWords(scope), ttlSeconds: parseTtl(ttl) };
}

function parseOptions(args: string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({ args, options: { tenant: text, user: text, scope: text, ttl: text } }).values;
  } catch (error) {
    throw new WrongArguments((error as Error).message);
  }
}

function parseScopeWords(words: string | undefined): readonly Scope[] {
  if (words === undefined) return SCOPES;
  const given = words.split(/\s+/).filter(Boolean);
  const known = SCOPES.map(scopeWord);
  const unknown = given.filter((word) => !known.includes(word));
  if (unknown.length > 0) {
    throw new WrongArguments(`--scope does not know ${unknown.join(" ")}; the words are: ${known.join(" ")}`);
  }
  return SCOPES.filter((scope) => given.includes(scopeWord(scope)));
}

function parseTtl(seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  if (/^[1-9]\d{0,6}$/.test(seconds) && Number(seconds) <= MAX_TTL_SECONDS) return Number(seconds);
  throw new WrongArguments(`--ttl must be 1 to ${MAX_TTL_SECONDS} seconds`);
}

try {
  const args = parseArguments(process.argv.slice(2));
  console.log(await signLocalToken(parseConfig(process.env), args));
} catch (error) {
  const wrong = error instanceof WrongArguments;
  console.error(wrong ? `${USAGE}\n${error.message}` : (error as Error).message);
  process.exitCode = wrong ? 2 : 1;
}
