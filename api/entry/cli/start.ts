/** `npm start`: the whole service on this machine, with embedded DynamoDB, S3 and SQS. Nothing else is needed. */
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { type App, createApp } from "../../app.ts";
import { signLocalToken, takesOwnTokens } from "../../auth/setup.ts";
import { SCOPES } from "../../auth/viewer.ts";
import { createClients } from "../../aws/clients.ts";
import { createStreams } from "../../aws/streams.ts";
import { createQueues } from "../../aws/queues.ts";
import { type Config, ConfigError, parseConfig } from "../../config.ts";
import { AppError } from "../../core/errors.ts";
import { createLog } from "../../core/log.ts";
import { LocalError } from "../../local/errors.ts";
import { checkRoom, isFull } from "../../local/lock.ts";
import { createPump } from "../../local/pump.ts";
import { createStreamPump } from "../../local/stream-pump.ts";
import { loadSample, SAMPLE_TENANT } from "../../local/sample.ts";
import { type LocalSystem, startLocalSystem } from "../../local/system.ts";
import { consumersOf } from "../../ingest/consumers.ts";
import { fullName, queues as queueSpecs } from "../../resources.ts";
import { ListenError } from "../http/listen.ts";
import { runUntilSignal } from "../http/run.ts";

const USAGE = "usage: npm start [-- --empty]\n  --empty  leaves out the sample that the first start loads";

const LEAST_ROOM_BYTES = 256 * 1_024;
const PARENT_CHECK_MS = 500;

class WrongArguments extends Error {}

async function main(args: string[], env: Record<string, string | undefined>): Promise<void> {
  const { empty } = parseFlags(args);
  const config = parseConfig(env);
  const hasTokens = takesOwnTokens(config);
  if (env.npm_lifecycle_event === "start") stopWithParent();
  const log = createLog(config.logLevel, (line) => console.error(line));
  const system = await startLocalSystem({
    ...config,
    log,
    onDeath: (error) => {
      console.error(error.message);
      process.exit(1);
    },
  });
  try {
    const app = withDisk(
      await createApp({ ...config, endpoints: system.endpoints }, {
        log,
        ...(empty || !hasTokens ? {} : { demoToken: () => signDemoToken(config) }),
      }),
      config.dataDir,
    );
    const stopPumps = startPumps(app, config, system);
    await runUntilSignal(app, async (url) => {
      const sample = empty || !hasTokens ? undefined : await loadDemo(config, url);
      console.log(greeting(url, hasTokens, sample));
    });
    await stopPumps();
  } finally {
    await system.stop();
  }
}

/** Here the disk is ours to look after: embedded stores go on reading from a full one, and write nothing. */
function withDisk(app: App, dataDir: string): App {
  return {
    ...app,
    checkDependencies: async () => ({ ...await app.checkDependencies(), disk: stateOfDisk(dataDir) }),
  };
}

function stateOfDisk(dataDir: string): string {
  try {
    checkRoom(dataDir, LEAST_ROOM_BYTES);
    return "ok";
  } catch (error) {
    return isFull(error) ? "full: nothing can be recorded until there is room in DATA_DIR" : "cannot be written";
  }
}

function parseFlags(args: string[]): { empty: boolean } {
  try {
    return { empty: parseArgs({ args, options: { empty: { type: "boolean" } } }).values.empty ?? false };
  } catch (error) {
    throw new WrongArguments(`${(error as Error).message}\n${USAGE}`);
  }
}

/** Stops as on SIGTERM when npm is gone, however it ended: nothing is left running. */
function stopWithParent(): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, PARENT_CHECK_MS);
  timer.unref();
}

/** Carries messages of the ingest queue and the tables' streams to the app, as Lambda does on AWS. */
function startPumps(app: App, config: Config, system: LocalSystem): () => Promise<void> {
  const clients = createClients({ region: config.region, endpoints: system.endpoints });
  const { log } = app;
  const named = (spec: { name: string }) => fullName(config.prefix, spec);
  const queues = createQueues(clients.sqs);
  const pumps = [
    createPump({ queues, queueName: named(queueSpecs.ingest), handle: app.ingest, log }),
    createPump({ queues, queueName: named(queueSpecs.late), handle: app.ingestLate, log }),
  ];
  const streams = createStreamPump({
    streams: createStreams(clients.dynamodb, clients.streams),
    consumers: consumersOf(config.prefix, config.metricsBatching, config.attachedTables),
    handle: app.ingestStream,
    onCaughtUp: app.caughtUp,
    positionFile: join(config.dataDir, "stream-positions.json"),
    log,
  });
  for (const pump of [...pumps, streams]) pump.start();
  return async () => {
    await Promise.all([...pumps, streams].map((pump) => pump.stop()));
    clients.destroy();
  };
}

/** With every scope in the sample's tenant, for the pages at `/`. */
function signDemoToken(config: Config): Promise<string> {
  return signLocalToken(config, { tenantId: SAMPLE_TENANT, scopes: [...SCOPES] });
}

async function loadDemo(config: Config, url: string): Promise<string | undefined> {
  const token = await signLocalToken(config, { tenantId: SAMPLE_TENANT, scopes: ["JOURNEYS_WRITE"] });
  const now = Date.now();
  const totals = await loadSample({ dataDir: config.dataDir, url: `${url}/graphql`, token, now });
  return totals && `Loaded a sample into the tenant ${SAMPLE_TENANT}: ${totals.accepted} events of 20 shop visits.`;
}

function greeting(url: string, hasTokens: boolean, sample: string | undefined): string {
  const token = hasTokens
    ? `npm run --silent token -- --tenant ${SAMPLE_TENANT}`
    : "one of your identity provider (JWKS_URL); ACCOUNTS is off";
  return `
Sojourn is ready.
  Pages      ${url}/${hasTokens ? "   (one click signs you in)" : ""}
  GraphQL    ${url}/graphql   (HTTP, SSE and WebSocket)
  GraphiQL   ${url}/graphql   (in a browser)
  Token      ${token}
${sample ? `\n${sample}\n` : ""}
In GraphiQL, set the header {"Authorization": "Bearer TOKEN"} and try:
  { journeys(first: 5) { nodes { sessionId outcome eventCount duration } } }

Ctrl-C stops it; data stays.`;
}

try {
  await main(process.argv.slice(2), process.env);
  process.exit(0);
} catch (error) {
  if (error instanceof WrongArguments) {
    console.error(error.message);
    process.exit(2);
  }
  const expected = [ConfigError, LocalError, ListenError, AppError];
  const isExpected = expected.some((kind) => error instanceof kind);
  console.error(isExpected ? (error as Error).message : error);
  process.exit(1);
}
