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
import { systemClock } from "../../core/clock.ts";
import { createLog, type Log } from "../../core/log.ts";
import { LocalError } from "../../local/errors.ts";
import { checkRoom, isFull } from "../../local/lock.ts";
import { createPump } from "../../local/pump.ts";
import { createStreamPump } from "../../local/stream-pump.ts";
import { createSampleLife } from "../../local/sample/life.ts";
import { loadSample, SAMPLE_TENANT } from "../../local/sample.ts";
import { type LocalSystem, startLocalSystem } from "../../local/system.ts";
import { consumersOf } from "../../ingest/consumers.ts";
import { fullName, queues as queueSpecs } from "../../resources.ts";
import { ListenError } from "../http/listen.ts";
import { createPrecedence, type Precedence } from "../../rates/precedence.ts";
import { runUntilSignal } from "../http/run.ts";

const USAGE =
  "usage: npm start [-- --empty]\n  --empty  leaves out the sample that the first start loads and that goes on by itself";

const LEAST_ROOM_BYTES = 256 * 1_024;
const PARENT_CHECK_MS = 500;
/** A tab may stay open for a day. */
const DEMO_TOKEN_SECONDS = 86_400;

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
  // One embedded store takes what is recorded and what is counted of it: counting first, or it falls behind.
  const counting = createPrecedence();
  try {
    const app = withDisk(
      await createApp({ ...config, endpoints: system.endpoints, webhookTopics: topicsOf(config, system) }, {
        log,
        reach: "machine",
        precedence: counting,
        ...(empty || !hasTokens ? {} : { demoToken: () => signDemoToken(config) }),
      }),
      config.dataDir,
    );
    const stopPumps = startPumps(app, config, system, counting);
    await runUntilSignal(app, async (url) => {
      const hasSample = hasTokens && !empty;
      if (hasSample) await loadDemo(config, url);
      console.log(greeting({ url, stores: system.endpoints, hasTokens, hasSample }));
      return hasSample ? startLife(config, url, log) : undefined;
    });
    await stopPumps();
  } finally {
    await system.stop();
  }
}

/** The embedded topic is everybody's here. */
function topicsOf({ webhookTopics }: Config, { topic }: LocalSystem): Config["webhookTopics"] {
  return [...webhookTopics, ...(topic === undefined ? [] : [{ arn: topic, tenantId: undefined }])];
}

/** The sample goes on by itself, from its own past; the returned function ends it. */
function startLife(config: Config, url: string, log: Log): () => Promise<void> {
  const token = () => signDemoToken(config);
  const life = createSampleLife({ dataDir: config.dataDir, url, token, clock: systemClock, random: Math.random, log });
  life.start();
  return () => life.stop();
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
function startPumps(app: App, config: Config, system: LocalSystem, counting: Precedence): () => Promise<void> {
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
    handle: (...part) => counting.first(() => app.ingestStream(...part)),
    giveUp: app.giveUp,
    onProgress: app.caughtUp,
    onShard: app.atShard,
    onGap: app.streamGap,
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
  return signLocalToken(config, { tenantId: SAMPLE_TENANT, scopes: [...SCOPES], ttlSeconds: DEMO_TOKEN_SECONDS });
}

async function loadDemo(config: Config, url: string): Promise<void> {
  const token = await signLocalToken(config, { tenantId: SAMPLE_TENANT, scopes: ["JOURNEYS_WRITE"] });
  await loadSample({ dataDir: config.dataDir, url: `${url}/graphql`, token, now: systemClock() });
}

type Told = { url: string; stores: LocalSystem["endpoints"]; hasTokens: boolean; hasSample: boolean };

function greeting({ url, stores, hasTokens, hasSample }: Told): string {
  const lines = {
    Pages: `${url}/${hasSample ? "   one click signs you in" : ""}`,
    GraphQL: `${url}/graphql   in a browser: GraphiQL`,
    Token: hasTokens
      ? `npm run --silent token -- --tenant ${SAMPLE_TENANT}`
      : "one of your identity provider (JWKS_URL); ACCOUNTS is off",
    DynamoDB: stores.dynamodb,
    S3: stores.s3,
    SQS: stores.sqs,
  };
  const told = Object.entries(lines).map(([name, text]) => `  ${name.padEnd(10)}${text}`);
  const sample =
    `The tenant ${SAMPLE_TENANT} is a sample: visits to a shop, a house, a walk, a deck. It goes on by itself.`;
  return `\nSojourn is ready.\n${told.join("\n")}\n\n${hasSample ? `${sample}\n` : ""}Ctrl-C stops it; data stays.`;
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
