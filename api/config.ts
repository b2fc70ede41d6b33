import * as valibot from "valibot";
import type { LogLevel } from "./core/log.ts";
import { matching, oneOf, onOff, optional, SettingError, whole } from "./core/settings.ts";
import {
  atLeastOne,
  headers,
  list,
  origins,
  rate,
  ratio,
  redisUrl,
  text,
  topicGrants,
  url,
  urls,
  words,
} from "./core/setting-values.ts";
import { type Batching, DIMENSION_KEY, MAX_DIMENSIONS, OWN_SOURCES, RECORDED_SOURCES } from "./resources.ts";

/** The environment as the service understands it. Read here only; passed on as one value. */
export type Config = ReturnType<typeof toConfig>;

/** One variable: what it means, what it is where absent, and how its text becomes a value (or an error message). */
type Variable<T> = { fallback: string; about: string; parse: (text: string) => T; isSecret?: boolean };

const name = matching(/^[a-z][a-z0-9-]{0,30}$/, "must be 1 to 31 of a-z, 0-9 and -, beginning with a letter");

const variable = <T>(fallback: string, about: string, parse: (text: string) => T): Variable<T> => ({
  fallback,
  about,
  parse,
});

/** What deployments set: few writes where much comes, no wait where each counts. */
export const DEPLOYED_BATCHING = "ITEMS=10/15 SCORE_RESULTS=100/15 TASKS=1/0 EVALUATIONS=1/0";

const ATTRIBUTE = valibot.pipe(valibot.string(), valibot.minLength(1));
const ATTACHED = valibot.array(valibot.strictObject({
  table: valibot.pipe(valibot.string(), valibot.regex(/^[A-Za-z0-9_.-]{3,255}$/)),
  source: valibot.picklist(RECORDED_SOURCES),
  tenant: ATTRIBUTE,
  at: ATTRIBUTE,
  value: valibot.optional(ATTRIBUTE),
  dimensions: valibot.optional(valibot.pipe(
    valibot.record(valibot.pipe(valibot.string(), valibot.regex(DIMENSION_KEY)), ATTRIBUTE),
    valibot.check((dimensions) => Object.keys(dimensions).length <= MAX_DIMENSIONS),
  )),
}));

function attachedTables(text: string): valibot.InferOutput<typeof ATTACHED> {
  if (text === "") return [];
  try {
    return valibot.parse(ATTACHED, JSON.parse(text));
  } catch {
    throw new SettingError(
      'must be a JSON list such as [{"table":"orders","source":"ITEMS","tenant":"customer","at":"createdAt"}]; source is ITEMS, SCORE_RESULTS, TASKS or EVALUATIONS; ' +
        `where items measure something, "value":"total" and up to ${MAX_DIMENSIONS} "dimensions":{"country":"shipTo"} name what`,
    );
  }
}

const AT_ONCE = { records: 1, seconds: 0 };

/** Such as `ITEMS=10/15`: records and seconds by source. Those that are not named wait for nothing, as 1/0 says. */
function batching(text: string): Batching {
  if (text === "") return {};
  const parts = text.split(/\s+/).map((part) => /^([A-Z_]+)=(\d{1,3})\/(\d{1,3})$/.exec(part));
  const found = new Map(
    parts.flatMap((part) => part ? [[part[1]!, { records: Number(part[2]), seconds: Number(part[3]) }] as const] : []),
  );
  const isKnown = [...found.keys()].every((source) => (RECORDED_SOURCES as readonly string[]).includes(source));
  const isBounded = [...found.values()].every(({ records, seconds }) =>
    records >= 1 && records <= 500 && seconds <= 300
  );
  if (parts.length === found.size && isKnown && isBounded) {
    return Object.fromEntries([...RECORDED_SOURCES, OWN_SOURCES].map((own) => [own, found.get(own) ?? AT_ONCE]));
  }
  throw new SettingError(
    `must name some of ${
      RECORDED_SOURCES.join(", ")
    } as SOURCE=RECORDS/SECONDS (1 to 500, 0 to 300), such as ${DEPLOYED_BATCHING}`,
  );
}

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
  AWS_ENDPOINT_URL_SNS: variable("", "Another SNS endpoint than AWS's.", url),
  AWS_ENDPOINT_URL_SECRETS_MANAGER: variable("", "Another Secrets Manager endpoint than AWS's.", url),
  DYNOXIDE_BIN: variable(
    "",
    "The embedded DynamoDB's program, where its npm package has none for this platform.",
    optional(text),
  ),
  SOCKETS_URL: variable(
    "",
    "Where API Gateway takes what is sent to the WebSockets that it holds for functions; set by the deployment.",
    url,
  ),
  REDIS_URL: {
    ...variable(
      "",
      "Redis or Valkey, by which processes tell each other at once what changed. Without it each reads back once a second.",
      redisUrl,
    ),
    // It may hold a password.
    isSecret: true,
  },
  ATTACHED_TABLES: variable(
    "",
    "Tables of others whose items count as records: a JSON list of `{table, source, tenant, at, value, dimensions}`, all after `source` naming attributes; `value` and `dimensions` (`{country: shipTo}`, five at most) where items measure something. Each needs a stream of new and old images.",
    attachedTables,
  ),
  METRICS_BATCHING: variable(
    "",
    `Records that are counted at once, or the seconds to wait for them: \`${DEPLOYED_BATCHING}\`. Absent: nothing waits.`,
    batching,
  ),
  WEBHOOK_TOPICS: variable(
    "",
    "SNS topics that webhooks may name, parted by commas: an ARN for every tenant, or `TENANT=ARN` for one.",
    topicGrants,
  ),
  JOURNEYS_INDEX: variable(
    "on",
    "`off` keeps journeys in the object store only; `backfillJourneys` catches up later.",
    onOff,
  ),
  ACCOUNTS: variable("on", "`off` refuses `register` and `login`, for installations with an identity provider.", onOff),
  REGISTRATION: variable("on", "`off` refuses `register` alone: accounts that are there log in as before.", onOff),
  TOKEN_ISSUER: variable(
    "sojourn",
    "The `iss` that tokens must carry; several parted by commas. `{tid}` in one stands for the token's own claim of that name.",
    atLeastOne,
  ),
  TOKEN_AUDIENCE: variable("sojourn", "The `aud` that tokens must carry; several parted by commas.", atLeastOne),
  TOKEN_CLIENTS: variable(
    "",
    "Clients (`client_id` or `azp`) whose tokens are taken also without `aud`, parted by commas: Cognito's access tokens and Clerk's have none.",
    list,
  ),
  TENANT_CLAIM: variable(
    "tenant",
    "Where the identity provider's tokens name the tenant: a claim, or members parted by dots, `*` for the only one (`organization.*.id`). Of several, parted by commas, the first that is there.",
    atLeastOne,
  ),
  SCOPES_CLAIM: variable(
    "scope",
    "Where they name scopes, such as `scp,roles` or `realm_access.roles`: text of words or a list. All count.",
    list,
  ),
  SCOPE_MAP: variable(
    "",
    'What other words than ours mean: `{"Journeys.Read": "journeys:read", "Admins": "*"}`.',
    words,
  ),
  TOKEN_ALGORITHMS: variable(
    "EdDSA,ES256,RS256",
    "Signature algorithms that are accepted of the identity provider; a key of our own holds by its own.",
    list,
  ),
  JWKS_URL: variable(
    "",
    "Where the identity provider publishes its public keys. Several, parted by commas, are those of the issuers in their order.",
    urls,
  ),
  SIGNING_KEY_FILE: variable(
    "",
    "JWK set with the private key that signs the tokens of built-in accounts.",
    optional(text),
  ),
  SIGNING_KEY_SECRET: variable(
    "",
    "Name or ARN of the secret in AWS Secrets Manager that holds that JWK set, in place of a file; `npm run signing-key` makes one.",
    optional(text),
  ),
  TOKEN_TTL_SECONDS: variable("3600", "How long a token of `login` is good for.", whole(60, 2_592_000)),
  REFRESH_TTL_SECONDS: variable(
    "2592000",
    "How long after its last use a device stays logged in, by its refresh token.",
    whole(300, 31_536_000),
  ),
  AUDIT_DAYS: variable("365", "How long the audit log is kept.", whole(1, 3_650)),
  CORS_ORIGINS: variable(
    "",
    "Origins of web pages that may call the API, such as `https://app.example.com`, separated by commas.",
    origins,
  ),
  INTROSPECTION: variable("on", "`off` refuses introspection queries.", onOff),
  DASHBOARD: variable("on", "`off` removes the pages at `/`.", onOff),
  GRAPHIQL: variable("on", "`off` removes the GraphiQL page.", onOff),
  COLLECTION_CACHE_MB: variable("256", "Collections of flashcards that a process keeps open, in MB.", whole(1, 65_536)),
  MAX_BODY_BYTES: variable(
    "50331648",
    "Largest request body; a collection of 32 MB sent inline needs 45 MB.",
    whole(1_024, 104_857_600),
  ),
  MAX_CONNECTIONS: variable(
    "10000",
    "Connections open at once; where one more comes, the longest idle goes. Fewer where the system allows fewer open files.",
    whole(1, 1_000_000),
  ),
  MAX_BATCH: variable("0", "Operations that one request may hold as a list; 0 takes no lists.", whole(0, 20)),
  PERSISTED_QUERIES: variable("on", "`off` refuses automatic persisted queries.", onOff),
  MAX_QUERY_DEPTH: variable("12", "Deepest nesting of a GraphQL document.", whole(1, 100)),
  MAX_QUERY_ALIASES: variable("30", "Most aliases in a GraphQL document.", whole(0, 1_000)),
  MAX_QUERY_TOKENS: variable("2000", "Most tokens in a GraphQL document.", whole(50, 100_000)),
  MAX_QUERY_COST: variable(
    "20000",
    "Most fields a GraphQL document may ask for, pages counted in full.",
    whole(10, 10_000_000),
  ),
  TRUST_PROXY: variable(
    "0",
    "How many proxies in front are yours: the client's address is so many places from the end of X-Forwarded-For. 0 looks at the connection alone.",
    whole(0, 10),
  ),
  ORIGIN_SECRET: {
    ...variable(
      "",
      "What the header x-origin-secret of each request must say, so that nobody comes past what stands in front: at least 32 characters. Empty: it is not looked at.",
      optional(matching(/^[\x21-\x7e]{32,200}$/, "must be 32 to 200 characters without spaces: openssl rand -hex 32")),
    ),
    isSecret: true,
  },
  RATE_ADDRESS: variable(
    "600/60",
    "Requests without a valid token from one address, as COUNT/SECONDS; `off`: any.",
    rate,
  ),
  RATE_TOKEN: variable("20000/10", "Requests with one token or key.", rate),
  RATE_TENANT: variable("40000/10", "Requests of one tenant.", rate),
  RATE_LOGINS: variable("60/300", "Logins from one address.", rate),
  RATE_REGISTRATIONS: variable("20/3600", "Registrations from one address.", rate),
  RATE_CONNECTIONS: variable("600/60", "WebSockets opened from one address.", rate),
  MAX_SOCKETS_PER_ADDRESS: variable(
    "1000",
    "WebSockets open at once from one address, in each process.",
    whole(1, 1_000_000),
  ),
  MAX_SOCKETS_PER_TOKEN: variable("200", "WebSockets open at once with one token.", whole(1, 1_000_000)),
  MAX_SUBSCRIPTIONS_PER_TOKEN: variable("500", "Subscriptions at once with one token.", whole(1, 1_000_000)),
  MAX_SUBSCRIPTIONS_PER_TENANT: variable("5000", "Subscriptions at once of one tenant.", whole(1, 1_000_000)),
  OTEL_EXPORTER_OTLP_ENDPOINT: variable(
    "",
    "Collector of OpenTelemetry (OTLP over HTTP, JSON) that is sent traces, such as `http://127.0.0.1:4318`. Absent: nothing is traced.",
    url,
  ),
  OTEL_EXPORTER_OTLP_HEADERS: {
    ...variable("", "Headers for it, as `name=value,name=value`.", headers),
    // They may hold its key.
    isSecret: true,
  },
  OTEL_SERVICE_NAME: variable("sojourn", "What traces call this service.", text),
  OTEL_TRACES_SAMPLER_ARG: variable(
    "1",
    "The part of requests that is traced, 0 to 1; a trace that comes along goes on.",
    ratio,
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
    Object.entries<Variable<unknown>>(variables).map(([key, { fallback, parse, isSecret }]) => {
      const given = env[key] === undefined || env[key] === "" ? fallback : env[key];
      try {
        return [key, parse(given)];
      } catch (error) {
        if (!(error instanceof SettingError)) throw error;
        wrong.push(`  ${key}${isSecret ? "" : `=${given}`}: ${error.message}`);
        return [key, undefined];
      }
    }),
  );
  if (wrong.length === 0) {
    const { JWKS_URL: sets, TOKEN_ISSUER: issuers } = values as Values;
    if (sets.length > 1 && issuers.length > 1 && sets.length !== issuers.length) {
      wrong.push(
        `  JWKS_URL: names ${sets.length} key sets for ${issuers.length} issuers; name one for each, or one for all`,
      );
    }
  }
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
    endpoints: {
      dynamodb: v.AWS_ENDPOINT_URL_DYNAMODB,
      s3: v.AWS_ENDPOINT_URL_S3,
      sqs: v.AWS_ENDPOINT_URL_SQS,
      sns: v.AWS_ENDPOINT_URL_SNS,
    },
    secretsEndpoint: v.AWS_ENDPOINT_URL_SECRETS_MANAGER,
    socketsUrl: v.SOCKETS_URL,
    tracing: v.OTEL_EXPORTER_OTLP_ENDPOINT === undefined ? undefined : {
      endpoint: v.OTEL_EXPORTER_OTLP_ENDPOINT,
      headers: v.OTEL_EXPORTER_OTLP_HEADERS,
      service: v.OTEL_SERVICE_NAME,
      ratio: v.OTEL_TRACES_SAMPLER_ARG,
    },
    redisUrl: v.REDIS_URL,
    dynoxideBin: v.DYNOXIDE_BIN,
    attachedTables: v.ATTACHED_TABLES,
    metricsBatching: v.METRICS_BATCHING,
    webhookTopics: v.WEBHOOK_TOPICS,
    journeysIndex: v.JOURNEYS_INDEX,
    accounts: v.ACCOUNTS,
    registration: v.REGISTRATION,
    auditDays: v.AUDIT_DAYS,
    token: {
      /** The first of each is what built-in accounts' tokens carry. */
      issuers: v.TOKEN_ISSUER,
      audiences: v.TOKEN_AUDIENCE,
      clients: v.TOKEN_CLIENTS,
      claims: { tenant: v.TENANT_CLAIM, scopes: v.SCOPES_CLAIM, scopeMap: v.SCOPE_MAP },
      algorithms: v.TOKEN_ALGORITHMS,
      ttlSeconds: v.TOKEN_TTL_SECONDS,
      refreshSeconds: v.REFRESH_TTL_SECONDS,
      jwksUrls: v.JWKS_URL,
      signingKeyFile: v.SIGNING_KEY_FILE,
      signingKeySecret: v.SIGNING_KEY_SECRET,
    },
    collectionCacheBytes: v.COLLECTION_CACHE_MB * 1_048_576,
    corsOrigins: v.CORS_ORIGINS,
    introspection: v.INTROSPECTION,
    dashboard: v.DASHBOARD,
    graphiql: v.GRAPHIQL,
    limits: {
      bodyBytes: v.MAX_BODY_BYTES,
      depth: v.MAX_QUERY_DEPTH,
      aliases: v.MAX_QUERY_ALIASES,
      tokens: v.MAX_QUERY_TOKENS,
      cost: v.MAX_QUERY_COST,
    },
    maxConnections: v.MAX_CONNECTIONS,
    maxBatch: v.MAX_BATCH,
    persistedQueries: v.PERSISTED_QUERIES,
    trustedProxies: v.TRUST_PROXY,
    originSecret: v.ORIGIN_SECRET,
    rates: {
      anonymous: v.RATE_ADDRESS,
      token: v.RATE_TOKEN,
      tenant: v.RATE_TENANT,
      logins: v.RATE_LOGINS,
      registrations: v.RATE_REGISTRATIONS,
      connections: v.RATE_CONNECTIONS,
      openPerAddress: v.MAX_SOCKETS_PER_ADDRESS,
      openPerToken: v.MAX_SOCKETS_PER_TOKEN,
      subscriptionsPerToken: v.MAX_SUBSCRIPTIONS_PER_TOKEN,
      subscriptionsPerTenant: v.MAX_SUBSCRIPTIONS_PER_TENANT,
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
