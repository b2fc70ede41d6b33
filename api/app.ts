import DataLoader from "dataloader";
import type { GraphQLSchema } from "graphql";
import { buildSchema } from "../schema/build.ts";
import type { OpenContext } from "../schema/context.ts";
import { createAnalytics } from "./analytics/service.ts";
import { createRollupStore } from "./analytics/store.ts";
import type { ScryptCost } from "./auth/passwords.ts";
import { createAuth } from "./auth/setup.ts";
import type { Viewer } from "./auth/viewer.ts";
import { createClients } from "./aws/clients.ts";
import { type Cost, createDynamo } from "./aws/dynamo.ts";
import { createObjects } from "./aws/objects.ts";
import { createQueues, type QueueMessage } from "./aws/queues.ts";
import type { Config } from "./config.ts";
import { type Clock, HOUR_MS, systemClock } from "./core/clock.ts";
import { AppError } from "./core/errors.ts";
import { type Ids, randomIds } from "./core/ids.ts";
import { createLog, type Log } from "./core/log.ts";
import { createIngest } from "./ingest/batch.ts";
import { createBackfill } from "./journeys/backfill.ts";
import { createEraser } from "./journeys/erase.ts";
import { createErasureStore } from "./journeys/erasures.ts";
import { createRawEvents } from "./journeys/raw.ts";
import { createJourneys } from "./journeys/service.ts";
import { createJourneyStore } from "./journeys/store.ts";
import { createJourneyWatch } from "./journeys/watch.ts";
import { createHub } from "./live/hub.ts";
import { createRedisHub } from "./live/redis.ts";
import type { StreamTable } from "./ingest/decode.ts";
import { createParkedRecords } from "./ingest/parked.ts";
import { createStreamPaths } from "./ingest/setup.ts";
import { createJourneyRecounts } from "./journeys/recount.ts";
import { type AuditOptions, createAudit } from "./metrics/audit.ts";
import { type MetricSource, RECORDED_SOURCES } from "./metrics/model.ts";
import { createProgress } from "./metrics/progress.ts";
import { createMetrics } from "./metrics/service.ts";
import { createMetricStore } from "./metrics/store.ts";
import { createMetricWatch } from "./metrics/watch.ts";
import { createStreams, type StreamRecord } from "./aws/streams.ts";
import { createReview } from "./review/setup.ts";
import { createSessionLists } from "./sessions/lists.ts";
import { createReadings } from "./sessions/readings.ts";
import { createSessions } from "./sessions/service.ts";
import { createSessionStore } from "./sessions/store.ts";
import { createSessionWatch } from "./sessions/watch.ts";
import { createJobs, type Job } from "./jobs/jobs.ts";
import {
  buckets,
  type ConsumerSpec,
  fullName,
  queues as queueSpecs,
  type QueueSpec,
  streamedTables,
  tables,
} from "./resources.ts";

/** What entries start from: the service, put together and not yet listening. */
export type App = {
  config: Config;
  log: Log;
  schema: GraphQLSchema;
  /** The viewer of an Authorization header; undefined without one. Throws UnauthenticatedError where the token does not hold. */
  authenticate: (authorization: string | null | undefined) => Promise<Viewer | undefined>;
  /** What resolvers get as context, fresh for each operation. */
  contextFor: (request: Pick<OpenContext, "viewer" | "requestId" | "header">) => object;
  /** Takes messages of the ingest queue; gives the ids of those to try again. */
  ingest: (messages: readonly QueueMessage[]) => Promise<{ failed: string[] }>;
  /** Takes a part of a table's stream, in order. A throw means again. */
  ingestStream: (table: string, records: readonly StreamRecord[]) => Promise<void>;
  /** Takes messages of the late queue; gives the ids of those to try again. */
  ingestLate: (messages: readonly QueueMessage[]) => Promise<{ failed: string[] }>;
  /** Hears that all that a consumer takes and that was written before an instant has been through `ingestStream`. */
  caughtUp: (consumer: ConsumerSpec, at: number) => void;
  /** Work that is due at intervals. Any number of processes may run it. */
  jobs: readonly Job[];
  /** How many wrong buckets the audits of this process have found. Expected: none, ever. */
  auditDifferences: () => number;
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
  /** Feeds read back this often where nobody wakes them. */
  pollMs?: number;
  /** Audits look at a difference again after so long. */
  recheckMs?: number;
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
  const redis = config.redisUrl &&
    createRedisHub({ url: config.redisUrl, prefix: config.prefix, processId: randomIds(), log });
  const hub = redis || createHub();

  const store = createJourneyStore(dynamo, named(tables.journeys));
  const erasures = createErasureStore(dynamo, named(tables.journeys));
  const raw = createRawEvents(objects);
  const indexed = config.journeysIndex;
  const sessionTables = { sessions: named(tables.sessions), sensors: named(tables.sensors) };
  const lists = createSessionLists(dynamo, sessionTables);
  const sessions = createSessions({
    store: createSessionStore(dynamo, sessionTables),
    lists,
    readings: createReadings(createObjects(clients.s3, named(buckets.readings))),
    hub,
    clock,
    ids,
  });
  const journeys = createJourneys({ store, erasures, raw, hub, clock, indexed });
  const metricStore = createMetricStore(dynamo, { records: named(tables.records), buckets: named(tables.buckets) });
  const progress = createProgress();
  const { caughtUpAt } = progress;
  const metrics = createMetrics({ store: metricStore, hub, clock, caughtUpAt });
  const recounts = createJourneyRecounts(dynamo, named(tables.journeys), store);
  const recountsBySource: AuditOptions["recounts"] = {
    ...Object.fromEntries(RECORDED_SOURCES.map((source) => [
      source,
      (tenantId: string, fromAt: number, toAt: number) => metricStore.listRecords(tenantId, source, fromAt, toAt),
    ])),
    SESSIONS: (...range) => lists.listStarts(...range),
    JOURNEYS: (...range) => recounts.journeys(...range),
    JOURNEY_EVENTS: (...range) => recounts.events(...range),
  };
  const auditMetrics = createAudit({
    store: metricStore,
    hub,
    clock,
    caughtUpAt,
    recounts: recountsBySource,
    recheckMs: overrides.recheckMs,
  });
  const rollups = createRollupStore(dynamo, named(tables.rollups));
  const analytics = createAnalytics({ store: rollups, sessions, lists, clock, indexed });
  let auditDifferences = 0;
  const auth = await createAuth({ config, dynamo, clock, ids, passwordCost: overrides.passwordCost });
  const review = createReview({
    dynamo,
    table: named(tables.reviews),
    objects: createObjects(clients.s3, named(buckets.collections)),
    cacheBytes: config.collectionCacheBytes,
    hub,
    clock,
    ids,
  });
  const services: OpenContext["services"] = {
    accounts: auth.accounts,
    sessions,
    watchSessions: createSessionWatch({ sessions, hub }),
    journeys,
    watchJourneyEvents: createJourneyWatch({ store, hub, indexed }),
    metrics,
    auditMetrics,
    analytics,
    watchMetrics: createMetricWatch({ store: metricStore, hub, clock, pollMs: overrides.pollMs }),
    reviews: review.reviews,
    transfer: review.transfer,
    watchReview: review.watch,
    backfillJourneys: createBackfill({ store, erasures, raw, hub, clock, indexed }),
    eraseVisitor: createEraser({ store, erasures, raw, clock, log, indexed }),
  };

  return {
    config,
    log,
    schema: await buildSchema(clock),
    authenticate: auth.authenticate,
    contextFor: (request) => ({ ...request, services, ...loadersFor(request.viewer) }),
    ingest: createIngest({
      record: (tenantId, events) => journeys.record(tenantId, events),
      recordMotion: (tenantId, motion) => sessions.recordMotion(tenantId, undefined, motion),
      ingestBatch: (tenantId, batch) => sessions.ingestBatch(tenantId, undefined, batch),
      queues,
      deadLetter: deadLetterOf(queueSpecs.ingest),
      log,
    }),
    ...createStreamPaths({
      metrics,
      store: metricStore,
      roll: analytics.roll,
      rollParts: analytics.lateParts,
      sessionExpired: (image) => sessions.expired(image),
      journeyErased: (tenantId, sessionId) => erasures.settle(tenantId, sessionId),
      readEvents: async (tenantId, sessionId) => {
        const events = await store.readEvents(tenantId, sessionId);
        // Read after the events: those of a journey that is not settled yet were all there.
        return await erasures.isSettled(tenantId, sessionId) ? undefined : events;
      },
      audit: async (tenantId, source, hourAt) => {
        if (!recountsBySource[source]) return false;
        const range = { between: { from: hourAt, to: hourAt + HOUR_MS } };
        await auditMetrics(tenantId, { source, range, repair: true });
        return true;
      },
      parked: createParkedRecords({ objects, queues, lateQueue: named(queueSpecs.late), log }),
      streams: createStreams(clients.dynamodb, clients.streams),
      tables: streamedTables(config.prefix) as Record<StreamTable, string>,
      attached: config.attachedTables,
      queues,
      deadLetter: deadLetterOf(queueSpecs.late),
      clock,
      log,
    }),
    caughtUp: (consumer, at) => progress.note(consumer, at),
    jobs: createJobs({
      sessions,
      sweepReviews: review.sweep,
      audit: {
        audit: auditMetrics,
        store: metricStore,
        sources: Object.keys(recountsBySource) as MetricSource[],
        clock,
        log,
        raise: (differences) => void (auditDifferences += differences),
      },
    }),
    auditDifferences: () => auditDifferences,
    checkDependencies: async () => ({
      dynamodb: await stateOf(() => dynamo.get(named(tables.accounts), { pk: "-" })),
      s3: await stateOf(() => objects.check()),
      sqs: await stateOf(() => queues.depth(named(queueSpecs.ingest))),
      ...(redis ? { redis: await stateOf(() => redis.check()) } : {}),
    }),
    [Symbol.asyncDispose]: async () => {
      if (redis) redis.stop();
      review.close();
      clients.destroy();
    },
  };

  function deadLetterOf({ deadLetter }: QueueSpec) {
    return { queue: named(deadLetter), maxReceives: deadLetter.maxReceives };
  }

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
