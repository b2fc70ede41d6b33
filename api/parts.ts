/** The parts of the service, put together domain by domain: a function's bundle holds those that its entry asks for. */
import { createAnalytics } from "./analytics/service.ts";
import { createRollupStore } from "./analytics/store.ts";
import { createClients } from "./aws/clients.ts";
import { type Cost, createDynamo } from "./aws/dynamo.ts";
import { createObjects } from "./aws/objects.ts";
import { createQueues } from "./aws/queues.ts";
import { createStreams } from "./aws/streams.ts";
import type { Config } from "./config.ts";
import { type Clock, HOUR_MS, systemClock } from "./core/clock.ts";
import { type Ids, randomIds } from "./core/ids.ts";
import { createLog, type Log } from "./core/log.ts";
import { createIngest } from "./ingest/batch.ts";
import type { StreamTable } from "./ingest/decode.ts";
import { createQuarantine } from "./ingest/quarantine.ts";
import { createStreamPaths } from "./ingest/setup.ts";
import { createErasureStore } from "./journeys/erasures.ts";
import { createRawEvents } from "./journeys/raw.ts";
import { createJourneyRecounts } from "./journeys/recount.ts";
import { createJourneys } from "./journeys/service.ts";
import { createJourneyStore } from "./journeys/store.ts";
import { createHub } from "./live/hub.ts";
import { type AuditOptions, createAudit } from "./metrics/audit.ts";
import { type MetricSource, RECORDED_SOURCES } from "./metrics/model.ts";
import { createProgress } from "./metrics/progress.ts";
import { createMetrics } from "./metrics/service.ts";
import { createMetricStore } from "./metrics/store.ts";
import { buckets, fullName, queues as queueSpecs, type QueueSpec, streamedTables, tables } from "./resources.ts";
import { createMemoryLimiter } from "./rates/counters.ts";
import { createRates } from "./rates/rates.ts";
import { createReview } from "./review/setup.ts";
import { createSessionLists } from "./sessions/lists.ts";
import { createReadings } from "./sessions/readings.ts";
import { createSessions } from "./sessions/service.ts";
import { createSessionStore } from "./sessions/store.ts";

/** What all parts are made of. */
export type Base = Awaited<ReturnType<typeof createBase>>;
export type JourneyParts = ReturnType<typeof createJourneyParts>;
export type SessionParts = ReturnType<typeof createSessionParts>;
export type MetricParts = ReturnType<typeof createMetricParts>;
type AnalyticsParts = ReturnType<typeof createAnalyticsParts>;

/** What tests and the local system decide themselves. */
export type BaseOverrides = {
  clock?: Clock;
  ids?: Ids;
  log?: Log;
  /** Hears what each request to DynamoDB cost. */
  onCost?: (cost: Cost) => void;
};

/** Connects to nothing yet, but to Redis where there is one. */
export async function createBase(config: Config, overrides: BaseOverrides = {}) {
  const clock = overrides.clock ?? systemClock;
  const log = overrides.log ?? createLog(config.logLevel, (line) => console.log(line));
  const named = (spec: { name: string }) => fullName(config.prefix, spec);
  const clients = createClients(config);
  const redis = config.redisUrl === undefined ? undefined : await connect(config.redisUrl);

  const limits = config.redisUrl === undefined ? undefined : await countIn(config.redisUrl);

  async function countIn(url: string) {
    const { createRedisLimiter } = await import("./rates/redis.ts");
    return createRedisLimiter({ url, prefix: config.prefix, log });
  }

  /** Loaded only where it is used. */
  async function connect(url: string) {
    const { createRedisHub } = await import("./live/redis.ts");
    return createRedisHub({ url, prefix: config.prefix, processId: randomIds(), log });
  }

  return {
    config,
    log,
    clock,
    ids: overrides.ids ?? randomIds,
    named,
    dynamo: createDynamo(clients.dynamodb, overrides.onCost),
    objects: (spec: { name: string }) => createObjects(clients.s3, named(spec)),
    queues: createQueues(clients.sqs),
    streams: () => createStreams(clients.dynamodb, clients.streams),
    redis,
    hub: redis ?? createHub(),
    rates: createRates({ limits: config.rates, limiter: limits?.limiter ?? createMemoryLimiter, clock }),
    deadLetterOf: ({ deadLetter }: QueueSpec) => ({ queue: named(deadLetter), maxReceives: deadLetter.maxReceives }),
    stop() {
      redis?.stop();
      limits?.stop();
      clients.destroy();
    },
  };
}

export function createJourneyParts({ dynamo, objects, hub, clock, config, named }: Base) {
  const store = createJourneyStore(dynamo, named(tables.journeys));
  const erasures = createErasureStore(dynamo, named(tables.journeys));
  const raw = createRawEvents(objects(buckets.events));
  return {
    store,
    erasures,
    raw,
    journeys: createJourneys({ store, erasures, raw, hub, clock, indexed: config.journeysIndex }),
  };
}

export function createSessionParts({ dynamo, objects, hub, clock, ids, named }: Base) {
  const names = { sessions: named(tables.sessions), sensors: named(tables.sensors) };
  const lists = createSessionLists(dynamo, names);
  const store = createSessionStore(dynamo, names);
  const readings = createReadings(objects(buckets.readings));
  return { lists, sessions: createSessions({ store, lists, readings, hub, clock, ids }) };
}

/** Counting, and counting again. `recheckMs`: audits look at a difference again after so long. */
export function createMetricParts(
  { dynamo, hub, clock, named }: Base,
  { store: journeyStore }: Pick<JourneyParts, "store">,
  { lists }: Pick<SessionParts, "lists">,
  recheckMs?: number,
) {
  const store = createMetricStore(dynamo, { records: named(tables.records), buckets: named(tables.buckets) });
  const progress = createProgress();
  const { caughtUpAt } = progress;
  const journeys = createJourneyRecounts(dynamo, named(tables.journeys), journeyStore);
  const recounts: AuditOptions["recounts"] = {
    ...Object.fromEntries(RECORDED_SOURCES.map((source) => [
      source,
      (tenantId: string, fromAt: number, toAt: number) => store.listRecords(tenantId, source, fromAt, toAt),
    ])),
    SESSIONS: (...range) => lists.listStarts(...range),
    JOURNEYS: (...range) => journeys.journeys(...range),
    JOURNEY_EVENTS: (...range) => journeys.events(...range),
  };
  return {
    store,
    progress,
    metrics: createMetrics({ store, hub, clock, caughtUpAt }),
    /** The sources that can be counted again. */
    audited: Object.keys(recounts) as MetricSource[],
    audit: createAudit({ store, hub, clock, caughtUpAt, recounts, recheckMs }),
  };
}

export function createAnalyticsParts({ dynamo, clock, config, named }: Base, { sessions, lists }: SessionParts) {
  const store = createRollupStore(dynamo, named(tables.rollups));
  return createAnalytics({ store, sessions, lists, clock, indexed: config.journeysIndex });
}

export function createReviewParts({ dynamo, objects, hub, clock, ids, config, named }: Base) {
  return createReview({
    dynamo,
    table: named(tables.reviews),
    objects: objects(buckets.collections),
    cacheBytes: config.collectionCacheBytes,
    hub,
    clock,
    ids,
  });
}

/** What takes messages of the ingest queue. */
export function createIngestPart(base: Base, { journeys }: JourneyParts, { sessions }: SessionParts) {
  return createIngest({
    record: (tenantId, events) => journeys.record(tenantId, events),
    recordMotion: (tenantId, motion) => sessions.recordMotion(tenantId, undefined, motion),
    ingestBatch: (tenantId, batch) => sessions.ingestBatch(tenantId, undefined, batch),
    queues: base.queues,
    deadLetter: base.deadLetterOf(queueSpecs.ingest),
    log: base.log,
  });
}

/** What takes the tables' streams, in their turn and late. */
export function createStreamParts(
  { config, clock, log, named, objects, queues, streams, deadLetterOf }: Base,
  { store: journeyStore, erasures }: JourneyParts,
  { sessions }: SessionParts,
  { metrics, store, audited, audit }: MetricParts,
  analytics: AnalyticsParts,
) {
  return createStreamPaths({
    metrics,
    store,
    roll: analytics.roll,
    rollupWrites: analytics.lateWrites,
    sessionExpired: (image) => sessions.expired(image),
    journeyErased: (tenantId, sessionId) => erasures.settle(tenantId, sessionId),
    readChunks: async (tenantId, sessionId) => {
      const chunks = await journeyStore.readAllChunks(tenantId, sessionId);
      // Read after the events: those of a journey that is not settled yet were all there.
      return await erasures.isSettled(tenantId, sessionId) ? undefined : chunks;
    },
    audit: async (tenantId, source, hourAt) => {
      if (!audited.includes(source)) return false;
      const range = { between: { from: hourAt, to: hourAt + HOUR_MS } };
      await audit(tenantId, { source, range, repair: true });
      return true;
    },
    quarantine: createQuarantine({ objects: objects(buckets.events), queues, lateQueue: named(queueSpecs.late), log }),
    streams: streams(),
    tables: streamedTables(config.prefix) as Record<StreamTable, string>,
    attached: config.attachedTables,
    queues,
    deadLetter: deadLetterOf(queueSpecs.late),
    clock,
    log,
  });
}

/** The ingest queue's worker alone, with no more than it needs. */
export function createIngestWorker(base: Base) {
  return createIngestPart(base, createJourneyParts(base), createSessionParts(base));
}

/** The streams' workers alone. */
export function createStreamWorkers(base: Base) {
  const journeys = createJourneyParts(base);
  const sessions = createSessionParts(base);
  const metrics = createMetricParts(base, journeys, sessions);
  return createStreamParts(base, journeys, sessions, metrics, createAnalyticsParts(base, sessions));
}
