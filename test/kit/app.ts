import { join } from "node:path";
import { createApp, type Overrides } from "../../api/app.ts";
import { createSigner, loadOrCreateSigningKeys } from "../../api/auth/keys.ts";
import { type Scope, SCOPES } from "../../api/auth/viewer.ts";
import type { Cost } from "../../api/aws/dynamo.ts";
import { createStreams } from "../../api/aws/streams.ts";
import { parseConfig } from "../../api/config.ts";
import { randomIds } from "../../api/core/ids.ts";
import { createHttp } from "../../api/entry/http/fetch.ts";
import { createStreamPump } from "../../api/local/stream-pump.ts";
import { consumersOf } from "../../api/ingest/consumers.ts";
import { silentLog, startTestSystem, type TestSystem } from "./local.ts";
import { DYNAMO_METHODS, type MemoryDynamo } from "./memory-dynamo.ts";
import { startMemorySystem } from "./memory-system.ts";

/** What a GraphQL answer holds. Tests know the shapes they ask for. */
// oxlint-disable-next-line no-explicit-any
export type Answer = { status: number; data: any; errors?: { message: string; extensions: Record<string, any> }[] };

export type TestApp = Awaited<ReturnType<typeof startTestApp>>;

/** A cheap hash: tests check what is done with passwords, not how long scrypt takes. */
const CHEAP = { logN: 4, r: 8, p: 1 };

/** The service over a local system of its own (or over `system`), asked through its one `fetch`. */
export async function startTestApp(
  { system, env = {}, ...overrides }: Overrides & { system?: TestSystem; env?: Record<string, string> } = {},
) {
  const own: TestSystem = system ?? await startTestSystem();
  const config = parseConfig({
    DATA_DIR: own.dataDir,
    NAME_PREFIX: own.prefix,
    AWS_ENDPOINT_URL_DYNAMODB: own.endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: own.endpoints.s3,
    AWS_ENDPOINT_URL_SQS: own.endpoints.sqs,
    AWS_ENDPOINT_URL_SNS: own.endpoints.sns,
    WEBHOOK_TOPICS: own.topic,
    ...env,
  });
  const costs: Cost[] = [];
  const app = await createApp(config, {
    log: silentLog,
    passwordCost: CHEAP,
    // Where a test has the clock in hand, nobody reads streams while somebody waits for a beat of them.
    beatsMs: overrides.clock && 0,
    onCost: (cost) => void costs.push(cost),
    ...(own.memory ? { dynamo: withCosts(own.memory.dynamo, costs), objects: own.memory.objects } : {}),
    ...overrides,
  });
  const http = createHttp(app);
  const signer = createSigner({
    keys: await loadOrCreateSigningKeys(join(own.dataDir, "signing-keys.json")),
    issuer: config.token.issuers[0],
    audience: config.token.audiences[0],
    ttlSeconds: 3_600,
    clock: overrides.clock ?? Date.now,
    ids: randomIds,
  });

  const streams = createStreamPump({
    streams: own.memory?.streams ?? createStreams(own.clients.dynamodb, own.clients.streams),
    consumers: consumersOf(own.prefix, config.metricsBatching, config.attachedTables),
    handle: app.ingestStream,
    onProgress: app.caughtUp,
    onShard: app.atShard,
    onGap: app.streamGap,
    clock: overrides.clock ?? Date.now,
    log: silentLog,
  });

  async function token(tenantId: string, scopes: readonly Scope[] = SCOPES, userId = "u"): Promise<string> {
    return (await signer.sign({ userId, tenantId, scopes })).token;
  }

  const kept = new Map<string, { token: string; at: number }>();
  /** The same token for a while, as a client keeps one: to sign and to check one costs more than to ask. */
  async function keptToken(tenantId: string, scopes: readonly Scope[]): Promise<string> {
    const key = JSON.stringify([tenantId, scopes]);
    const now = (overrides.clock ?? Date.now)();
    const known = kept.get(key);
    if (known && now >= known.at && now - known.at < 1_800_000) return known.token;
    const made = { token: await token(tenantId, scopes), at: now };
    kept.set(key, made);
    return made.token;
  }

  return {
    app,
    http,
    config,
    system: own,
    token,
    /** What DynamoDB was asked since the last call of this. */
    takeCosts: (): Cost[] => costs.splice(0),
    /** Asks as a client of the tenant would. */
    async ask(
      tenantId: string | undefined,
      query: string,
      variables: object = {},
      scopes: readonly Scope[] = SCOPES,
    ): Promise<Answer> {
      const headers = {
        "content-type": "application/json",
        ...(tenantId ? { authorization: `Bearer ${await keptToken(tenantId, scopes)}` } : {}),
      };
      const body = JSON.stringify({ query, variables });
      const response = await http.fetch(new Request("http://127.0.0.1/graphql", { method: "POST", headers, body }));
      return { status: response.status, ...await response.json() as Omit<Answer, "status"> };
    },
    /** Runs the tables' streams until nothing is left. */
    settle: () => streams.drain(),
    async stop() {
      await app[Symbol.asyncDispose]();
      if (!system) await own.stop();
    },
  };
}

/** The service over stores in memory (`memory-system.ts`), for laws of what it says and keeps. */
export async function startMemoryApp(options: Overrides & { env?: Record<string, string> } = {}) {
  const system = await startMemorySystem(options.clock ? { clock: options.clock } : {});
  const api = await startTestApp({ ...options, system });
  return {
    ...api,
    async stop() {
      await api.stop();
      await system.stop();
    },
  } satisfies TestApp;
}

const READS: readonly string[] = ["get", "batchGet", "query", "count"];

/** Notes each call as one request; in memory nothing costs units. */
function withCosts(dynamo: MemoryDynamo, costs: Cost[]): MemoryDynamo {
  const noted = [...DYNAMO_METHODS, "count" as const].map((operation) => [
    operation,
    (table: string, ...rest: unknown[]) => {
      costs.push({ operation, table, units: 0, kind: READS.includes(operation) ? "read" : "write" });
      return (dynamo[operation] as (...args: unknown[]) => unknown)(table, ...rest);
    },
  ]);
  return { ...dynamo, ...Object.fromEntries(noted) as object };
}
