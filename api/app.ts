import DataLoader from "dataloader";
import type { GraphQLSchema } from "graphql";
import { buildSchema } from "../schema/build.ts";
import type { OpenContext } from "../schema/context.ts";
import type { ScryptCost } from "./auth/passwords.ts";
import { createAuth } from "./auth/setup.ts";
import type { Viewer } from "./auth/viewer.ts";
import { createClients } from "./aws/clients.ts";
import { type Cost, createDynamo } from "./aws/dynamo.ts";
import { createObjects } from "./aws/objects.ts";
import { createQueues, type QueueMessage } from "./aws/queues.ts";
import type { Config } from "./config.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { AppError } from "./core/errors.ts";
import { type Ids, randomIds } from "./core/ids.ts";
import { createLog, type Log } from "./core/log.ts";
import { createIngest } from "./ingest/batch.ts";
import { createBackfill } from "./journeys/backfill.ts";
import { createRawEvents } from "./journeys/raw.ts";
import { createJourneys } from "./journeys/service.ts";
import { createJourneyStore } from "./journeys/store.ts";
import { createJourneyWatch } from "./journeys/watch.ts";
import { createHub } from "./live/hub.ts";
import { createStreamIngest, type StreamTable } from "./ingest/stream.ts";
import { createMetrics } from "./metrics/service.ts";
import { createMetricStore } from "./metrics/store.ts";
import { createMetricWatch } from "./metrics/watch.ts";
import type { StreamRecord } from "./aws/streams.ts";
import { createSessionLists } from "./sessions/lists.ts";
import { createReadings } from "./sessions/readings.ts";
import { createSessions } from "./sessions/service.ts";
import { createSessionStore } from "./sessions/store.ts";
import { createSessionWatch } from "./sessions/watch.ts";
import { createJobs, type Job } from "./jobs/jobs.ts";
import { buckets, fullName, queues as queueSpecs, tables } from "./resources.ts";

/** What entries start from: the service, put together and not yet listening. */
export type App = {
  config: Config;
  log: Log;
  schema: GraphQLSchema;
  /** The viewer of an Authorization header; undefined without one. Throws UnauthenticatedError where the token does not hold. */
  authenticate: (authorization: string | null | undefined) => Promise<Viewer | undefined>;
  /** What resolvers get as context, fresh for each operation. */
  contextFor: (request: { viewer: Viewer | undefined; requestId: string }) => object;
  /** Takes messages of the ingest queue; gives the ids of those to try again. */
  ingest: (messages: readonly QueueMessage[]) => Promise<{ failed: string[] }>;
  /** Takes a part of a table's stream, in order. A throw means again. */
  ingestStream: (table: StreamTable, records: readonly StreamRecord[]) => Promise<void>;
  /** Work that is due at intervals. Any number of processes may run it. */
  jobs: readonly Job[];
  /** Each dependency by name: "ok", or what is wrong in a few words. Holds no secret. */
  checkDependencies: () => Promise<Record<string, string>>;
  [Symbol.asyncDispose]: () => Promise<void>;
};

/** What tests and the local system decide themselves. */
export type Overrides = {
  clock?: Clock;
  ids?: Ids;
  log?: Log;
  passwordCost?: ScryptCost;
  /** Hears what each request to DynamoDB cost. */
  onCost?: (cost: Cost) => void;
};

/** A dependency that takes longer to answer counts as down. */
const CHECK_MS = 2_000;

/** Puts the service together. Nothing is listening and nothing was asked of any dependency when it returns. */
export async function createApp(config: Config, overrides: Overrides = {}): Promise<App> {
  const clock = overrides.clock ?? systemClock;
  const ids = overrides.ids ?? randomIds;
  const log = overrides.log ?? createLog(config.logLevel, (line) => console.log(line));
  const named = (spec: { name: string }) => fullName(config.prefix, spec);

  const clients = createClients(config);
  const dynamo = createDynamo(clients.dynamodb, overrides.onCost);
  const objects = createObjects(clients.s3, named(buckets.events));
  const queues = createQueues(clients.sqs);
  const hub = createHub();

  const store = createJourneyStore(dynamo, named(tables.journeys));
  const raw = createRawEvents(objects);
  const indexed = config.journeysIndex;
  const sessionTables = { sessions: named(tables.sessions), sensors: named(tables.sensors) };
  const sessions = createSessions({
    store: createSessionStore(dynamo, sessionTables),
    lists: createSessionLists(dynamo, sessionTables),
    readings: createReadings(createObjects(clients.s3, named(buckets.readings))),
    hub,
    clock,
    ids,
  });
  const journeys = createJourneys({ store, raw, hub, clock, indexed });
  const metricStore = createMetricStore(dynamo, { records: named(tables.records), buckets: named(tables.buckets) });
  const metrics = createMetrics({ store: metricStore, hub, clock });
  const auth = await createAuth({ config, dynamo, clock, ids, passwordCost: overrides.passwordCost });
  const services: OpenContext["services"] = {
    accounts: auth.accounts,
    sessions,
    watchSessions: createSessionWatch({ sessions, hub }),
    journeys,
    watchJourneyEvents: createJourneyWatch({ store, hub, indexed }),
    metrics,
    watchMetrics: createMetricWatch({ store: metricStore, hub, clock }),
    backfillJourneys: createBackfill({ store, raw, hub, clock, indexed }),
  };

  return {
    config,
    log,
    schema: await buildSchema(clock),
    authenticate: auth.authenticate,
    contextFor: ({ viewer, requestId }) => ({ viewer, requestId, services, ...loadersFor(viewer) }),
    ingest: createIngest({
      record: (tenantId, events) => journeys.record(tenantId, events),
      recordMotion: (tenantId, motion) => sessions.recordMotion(tenantId, undefined, motion),
      ingestBatch: (tenantId, batch) => sessions.ingestBatch(tenantId, undefined, batch),
      queues,
      deadLetter: {
        queue: named(queueSpecs.ingest.deadLetter),
        maxReceives: queueSpecs.ingest.deadLetter.maxReceives,
      },
      log,
    }),
    ingestStream: createStreamIngest({
      count: (changes) => metrics.count(changes),
      sessionExpired: (image) => sessions.expired(image),
      readEvents: (tenantId, sessionId) => store.readEvents(tenantId, sessionId),
    }),
    jobs: createJobs({ sessions }),
    checkDependencies: async () => ({
      dynamodb: await stateOf(() => dynamo.get(named(tables.accounts), { pk: "-" })),
      s3: await stateOf(() => objects.check()),
      sqs: await stateOf(() => queues.depth(named(queueSpecs.ingest))),
    }),
    [Symbol.asyncDispose]: async () => clients.destroy(),
  };

  function loadersFor(viewer: Viewer | undefined) {
    if (!viewer) return {};
    return {
      loadJourney: loader((ids) => journeys.find(viewer.tenantId, ids)),
      loadSession: loader((ids) => sessions.find(viewer.tenantId, ids)),
      loadSensor: loader((ids) => sessions.findSensors(viewer.tenantId, ids)),
    };
  }
}

/** Finds by id; what is asked for at the same moment is asked for together. */
function loader<T>(find: (ids: readonly string[]) => Promise<Map<string, T>>) {
  const loads = new DataLoader<string, T | undefined>(async (ids) => {
    const found = await find(ids);
    return ids.map((id) => found.get(id));
  }, { maxBatchSize: 100, cache: false });
  return (id: string) => loads.load(id);
}

async function stateOf(check: () => Promise<unknown>): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`did not answer within ${CHECK_MS} ms`), CHECK_MS);
  });
  try {
    return await Promise.race([check().then(() => "ok"), late]);
  } catch (error) {
    return error instanceof AppError ? error.message : "failed";
  } finally {
    clearTimeout(timer);
  }
}
