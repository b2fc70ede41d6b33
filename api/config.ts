import type { LogLevel } from "./core/log.ts";

/** The environment as the service understands it. Read here only; passed on as one value. */
export type Config = ReturnType<typeof toConfig>;

/** One variable: what it means, what it is where absent, and how its text becomes a value (or an error message). */
type Variable<T> = { fallback: string; about: string; parse: (text: string) => T };

class Wrong extends Error {}

const text = (text: string) => text;
const list = (text: string) => text.split(",").map((part) => part.trim()).filter(Boolean);
const optional = (text: string) => (text === "" ? undefined : text);

function whole(min: number, max: number) {
  return (text: string) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new Wrong(`must be a whole number from ${min} to ${max}`);
    }
    return value;
  };
}

function oneOf<const T extends readonly string[]>(...choices: T) {
  return (text: string): T[number] => {
    if (!choices.includes(text)) throw new Wrong(`must be one of ${choices.join(", ")}`);
    return text;
  };
}

const onOff = (text: string) => oneOf("on", "off")(text) === "on";

function url(text: string): string | undefined {
  if (text === "") return undefined;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) throw new Wrong("must be an http or https URL");
  return text;
}

function name(text: string): string {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(text)) {
    throw new Wrong("must be 1 to 31 of a-z, 0-9 and -, beginning with a letter");
  }
  return text;
}

const variable = <T>(fallback: string, about: string, parse: (text: string) => T): Variable<T> => ({
  fallback,
  about,
  parse,
});

/** All variables. The README's table is made from this. */
export const variables = {
  PORT: variable("4000", "Port to listen on; 0 takes a free one.", whole(0, 65_535)),
  HOST: variable("127.0.0.1", "Address to listen on.", text),
  DATA_DIR: variable(".data", "Where `npm start` keeps its data and keys.", text),
  NAME_PREFIX: variable("sojourn", "Begins the name of every table, bucket and queue.", name),
  AWS_REGION: variable("eu-central-1", "Region of the tables, buckets and queues.", text),
  AWS_ENDPOINT_URL_DYNAMODB: variable("", "Another DynamoDB endpoint than AWS's.", url),
  AWS_ENDPOINT_URL_S3: variable("", "Another S3 endpoint than AWS's.", url),
  AWS_ENDPOINT_URL_SQS: variable("", "Another SQS endpoint than AWS's.", url),
  DYNOXIDE_BIN: variable(
    "",
    "The embedded DynamoDB's program, where its npm package has none for this platform.",
    optional,
  ),
  JOURNEYS_INDEX: variable(
    "on",
    "`off` keeps journeys in the object store only; `backfillJourneys` catches up later.",
    onOff,
  ),
  ACCOUNTS: variable("on", "`off` refuses `register` and `login`, for installations with an identity provider.", onOff),
  TOKEN_ISSUER: variable("sojourn", "The `iss` that tokens must carry.", text),
  TOKEN_AUDIENCE: variable("sojourn", "The `aud` that tokens must carry.", text),
  TOKEN_ALGORITHMS: variable("EdDSA,ES256,RS256", "Signature algorithms that are accepted.", list),
  JWKS_URL: variable("", "Where the identity provider publishes its public keys.", url),
  SIGNING_KEY_FILE: variable("", "JWK set with the private key that signs the tokens of built-in accounts.", optional),
  TOKEN_TTL_SECONDS: variable("3600", "How long a token of `login` is good for.", whole(60, 2_592_000)),
  CORS_ORIGINS: variable("", "Origins of web pages that may call the API, separated by commas.", list),
  INTROSPECTION: variable("on", "`off` refuses introspection queries.", onOff),
  GRAPHIQL: variable("on", "`off` removes the GraphiQL page.", onOff),
  MAX_BODY_BYTES: variable("10485760", "Largest request body.", whole(1_024, 104_857_600)),
  MAX_QUERY_DEPTH: variable("12", "Deepest nesting of a GraphQL document.", whole(1, 100)),
  MAX_QUERY_ALIASES: variable("30", "Most aliases in a GraphQL document.", whole(0, 1_000)),
  MAX_QUERY_TOKENS: variable("2000", "Most tokens in a GraphQL document.", whole(50, 100_000)),
  MAX_QUERY_COST: variable(
    "20000",
    "Most fields a GraphQL document may ask for, pages counted in full.",
    whole(10, 10_000_000),
  ),
  LOG_LEVEL: variable(
    "info",
    "Least level that is logged: debug, info, warn, error or silent.",
    oneOf<readonly LogLevel[]>("debug", "info", "warn", "error", "silent"),
  ),
  DRAIN_SECONDS: variable("10", "How long a stop waits for requests that are under way.", whole(0, 600)),
};

export class ConfigError extends Error {
  override name = "ConfigError";
}

type Values = { [K in keyof typeof variables]: ReturnType<(typeof variables)[K]["parse"]> };

/**
 * Reads the environment into a Config. An empty variable counts as absent.
 * Throws one ConfigError that names every wrong variable.
 */
export function parseConfig(env: Record<string, string | undefined>): Config {
  const wrong: string[] = [];
  const values = Object.fromEntries(
    Object.entries(variables).map(([key, { fallback, parse }]) => {
      const given = env[key] === undefined || env[key] === "" ? fallback : env[key];
      try {
        return [key, parse(given)];
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        wrong.push(`  ${key}=${given}: ${error.message}`);
        return [key, undefined];
      }
    }),
  );
  if (wrong.length > 0) throw new ConfigError(`Wrong in the environment:\n${wrong.join("\n")}`);
  return toConfig(values as Values);
}

function toConfig(v: Values) {
  return {
    port: v.PORT,
    host: v.HOST,
    dataDir: v.DATA_DIR,
    prefix: v.NAME_PREFIX,
    region: v.AWS_REGION,
    endpoints: { dynamodb: v.AWS_ENDPOINT_URL_DYNAMODB, s3: v.AWS_ENDPOINT_URL_S3, sqs: v.AWS_ENDPOINT_URL_SQS },
    dynoxideBin: v.DYNOXIDE_BIN,
    journeysIndex: v.JOURNEYS_INDEX,
    accounts: v.ACCOUNTS,
    token: {
      issuer: v.TOKEN_ISSUER,
      audience: v.TOKEN_AUDIENCE,
      algorithms: v.TOKEN_ALGORITHMS,
      ttlSeconds: v.TOKEN_TTL_SECONDS,
      jwksUrl: v.JWKS_URL,
      signingKeyFile: v.SIGNING_KEY_FILE,
    },
    corsOrigins: v.CORS_ORIGINS,
    introspection: v.INTROSPECTION,
    graphiql: v.GRAPHIQL,
    limits: {
      bodyBytes: v.MAX_BODY_BYTES,
      depth: v.MAX_QUERY_DEPTH,
      aliases: v.MAX_QUERY_ALIASES,
      tokens: v.MAX_QUERY_TOKENS,
      cost: v.MAX_QUERY_COST,
    },
    logLevel: v.LOG_LEVEL,
    drainSeconds: v.DRAIN_SECONDS,
  };
}

/** The variables as rows of a Markdown table. */
export function variablesTable(): string {
  const rows = Object.entries(variables).map(([key, { fallback, about }]) =>
    `| \`${key}\` | ${fallback === "" ? "" : `\`${fallback}\``} | ${about} |`
  );
  return ["| variable | default | what it is |", "|---|---|---|", ...rows].join("\n");
}
