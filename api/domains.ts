/** Each domain with what it is made of, and what consumes queues, streams and schedules. */
import { createReading } from "./analytics/reading.ts";
import { createAnalytics } from "./analytics/service.ts";
import { createRollupStore } from "./analytics/store.ts";
import { createRemovalStore } from "./removals/store.ts";
import type { Connections } from "./connections.ts";
import type { Clock } from "./core/clock.ts";
import { createIngest, parkFor } from "./ingest/batch.ts";
import { createFailures } from "./ingest/failures.ts";
import { createFiles } from "./files/keep.ts";
import { createQuarantine } from "./ingest/quarantine.ts";
import { type AuditRollups, createRollupAudit } from "./analytics/audit.ts";
import { cellsOf } from "./ingest/projections/rollups.ts";
import { createStreamPaths } from "./ingest/setup.ts";
import { createJobs, type Job } from "./jobs/jobs.ts";
import { createRecount } from "./jobs/recount.ts";
import { createRemovalJob } from "./jobs/removals.ts";
import { createRemoveData } from "./jobs/tenant-data.ts";
import { createColumns } from "./journeys/columns.ts";
import { createRawKeeping } from "./journeys/raw-keeping.ts";
import { createRobots } from "./journeys/robots.ts";
import { createJourneyConfiguration } from "./journeys/configure.ts";
import { createErasureStore } from "./journeys/erasures.ts";
import { createJourneyExports } from "./journeys/export.ts";
import { finishedJourney } from "./journeys/finished.ts";
import { createFollower } from "./journeys/follow.ts";
import type { Journey } from "./journeys/model.ts";
import { createRawEvents } from "./journeys/raw.ts";
import { createJourneyRecounts } from "./journeys/recount.ts";
import { createJourneys } from "./journeys/service.ts";
import { createJourneyStore } from "./journeys/store.ts";
import { createTrailStore } from "./journeys/trails.ts";
import { toData } from "./metrics/alert-rules.ts";
import { createAlertStore } from "./metrics/alert-store.ts";
import { alertsKey, createAlerts } from "./metrics/alerts.ts";
import { createAudit } from "./metrics/audit.ts";
import { createBeats } from "./metrics/beats.ts";
import { createProgress } from "./metrics/progress.ts";
import { isRecorded, type Recount } from "./metrics/model.ts";
import { createMetrics } from "./metrics/service.ts";
import { createMetricStore } from "./metrics/store.ts";
import { buckets, queues, streamedTables, tables } from "./resources.ts";
import { createParkedDomain } from "./parked/setup.ts";
import { createReviewLog } from "./review/log.ts";
import { createReview } from "./review/setup.ts";
import { createSensorErasures } from "./sessions/erasures.ts";
import { createSessionExports } from "./sessions/export.ts";
import { createSessionLog } from "./sessions/change-log.ts";
import { createLineStore } from "./sessions/line-store.ts";
import { createSessionLists } from "./sessions/lists.ts";
import { createQuarantineStore } from "./sessions/quarantine.ts";
import { createReadings } from "./sessions/readings.ts";
import { createMotionReader, createMotionRecount } from "./sessions/recount.ts";
import { createSessions } from "./sessions/service.ts";
import { createSessionStore } from "./sessions/store.ts";
import { createSocketTeller } from "./socket-domain.ts";
import type { Outbox } from "./webhooks/service.ts";
import { createWebhookDomain } from "./webhooks/setup.ts";

type WebhookDomain = ReturnType<typeof createWebhookDomain>;
type AlertDomain = ReturnType<typeof createAlertDomain>;
type JourneyDomain = ReturnType<typeof createJourneyDomain>;
type SessionDomain = ReturnType<typeof createSessionDomain>;
type MetricDomain = ReturnType<typeof createMetricDomain>;
type AnalyticsDomain = ReturnType<typeof createAnalyticsDomain>;
type JourneyFiles = ReturnType<typeof createJourneyFiles>;
type ReviewDomain = ReturnType<typeof createReviewDomain>;

/** `outbox`: where finished journeys are told of; only a process that runs the jobs finds any. */
export function createJourneyDomain(
  { dynamo, objects, hub, clock, config, named }: Connections,
  outbox?: Pick<Outbox, "wants" | "put">,
) {
  const store = createJourneyStore(dynamo, named(tables.journeys));
  const erasures = createErasureStore(dynamo, named(tables.journeys));
  const raw = createRawEvents(objects(buckets.events));
  const trails = createTrailStore(dynamo, named(tables.trails));
  const configuration = createJourneyConfiguration({ store, trails, clock });
  const indexed = config.journeysIndex;
  return {
    ...{ store, erasures, raw, trails, configuration },
    robots: createRobots(dynamo, named(tables.journeys), { clock, indexed }),
    service: createJourneys({ store, trails, erasures, raw, configuration, hub, clock, indexed }),
    follower: createFollower({ store, trails, hub, clock, onFinished: tellFinished(outbox, clock) }),
  };
}

/** Once for each set of events with which a journey finished: the event's id names both. It names no person. */
function tellFinished(outbox: Pick<Outbox, "wants" | "put"> | undefined, clock: Clock) {
  return async (journey: Journey, finish: string): Promise<void> => {
    const { tenantId, sessionId, endedAt } = journey;
    if (!outbox || !await outbox.wants(tenantId, "JOURNEY_FINISHED")) return;
    const data = finishedJourney(journey, clock());
    await outbox.put({ tenantId, type: "JOURNEY_FINISHED", id: `${sessionId}#${finish}`, at: endedAt, data });
  };
}

/** Files of journeys that people take away, and raw events in columns. */
export function createJourneyFiles(
  { objects, clock, ids, log }: Connections,
  { raw, service, store }: Pick<JourneyDomain, "raw" | "service" | "store">,
) {
  const bucket = objects(buckets.events);
  const files = createFiles({ objects: bucket, clock, ids });
  const columns = createColumns({ objects: bucket, raw, clock, log });
  return {
    files,
    columns,
    removeOld: createRawKeeping({ store, raw, columns, objects: bucket, clock, log }),
    exports: createJourneyExports({ journeys: service, raw, files, clock }),
  };
}

/** Files of sessions that people take away. */
export function createSessionFiles({ objects, clock, ids }: Connections, { service }: Pick<SessionDomain, "service">) {
  const files = createFiles({ objects: objects(buckets.readings), clock, ids });
  return createSessionExports({ sessions: service, files, clock });
}

export function createSessionDomain({ dynamo, objects, hub, clock, ids, named }: Connections) {
  const names = { sessions: named(tables.sessions), sensors: named(tables.sensors) };
  const lists = createSessionLists(dynamo, names);
  const store = createSessionStore(dynamo, names);
  const readings = createReadings(objects(buckets.readings));
  const lineStore = createLineStore(dynamo, names);
  const reading = createReading(createRollupStore(dynamo, named(tables.rollups)));
  return {
    lists,
    store,
    /** Which sessions changed, for whoever follows them. */
    log: createSessionLog(dynamo, named(tables.buckets)),
    listMotion: createMotionRecount(dynamo, names.sessions, lineStore),
    readMotion: createMotionReader(lineStore),
    service: createSessions({
      store,
      lineStore,
      erasures: createSensorErasures(dynamo, names),
      quarantine: createQuarantineStore(dynamo, names),
      lists,
      daysOpenAt: (...asked) => reading.daysOpenAt(...asked),
      readings,
      hub,
      clock,
      ids,
    }),
  };
}

/** Counting, and counting again what other domains keep. */
export function createMetricDomain(
  { config, dynamo, hub, clock, log, named }: Connections,
  journeys: Pick<JourneyDomain, "store">,
  { lists, listMotion }: Pick<SessionDomain, "lists" | "listMotion">,
  { recheckMs, beatsMs }: { recheckMs?: number | undefined; beatsMs?: number | undefined } = {},
) {
  const store = createMetricStore(dynamo, { records: named(tables.records), buckets: named(tables.buckets) });
  const beats = createBeats({
    dynamo,
    tables: streamedTables(config.prefix),
    buckets: named(tables.buckets),
    clock,
    firstWaitMs: beatsMs,
  });
  const progress = createProgress(clock, log, beats, recheckMs);
  const answers = createReviewLog(dynamo, named(tables.reviews));
  const kept = createJourneyRecounts(dynamo, named(tables.journeys), journeys.store);
  const recounts: Record<string, Recount> = {
    SESSIONS: (...range) => lists.listStarts(...range),
    MOTION_EVENTS: listMotion,
    REVIEWS: (...range) => answers.listAnswers(...range),
    JOURNEYS: (...range) => kept.journeys(...range),
    JOURNEY_EVENTS: (...range) => kept.events(...range),
  };
  const audit = createAudit({
    store,
    hub,
    clock,
    progress,
    recountOf: (source) =>
      isRecorded(source) ? (tenantId, ...range) => store.listRecords(tenantId, source, ...range) : recounts[source],
    onAudited: progress.noteAudited,
    recheckMs,
  });
  const service = createMetrics({ store, hub, clock, caughtUpAt: (source) => progress.caughtUpAt(source) });
  return { store, progress, beats, service, audit };
}

/** Alerts over buckets, which webhooks tell of. */
export function createAlertDomain(
  connections: Connections,
  { store, service, progress }: MetricDomain,
  webhooks: Pick<WebhookDomain, "service">,
) {
  const { dynamo, hub, clock, named } = connections;
  const alerts = createAlertStore(dynamo, named(tables.buckets));
  const tellSockets = createSocketTeller(connections);
  return {
    store: alerts,
    service: createAlerts({
      ...{ alerts, store, hub, clock, measuring: service.measuring },
      caughtUpAt: (source) => progress.caughtUpAt(source),
      wakeElsewhere: (tenantId) => tellSockets({ tenantId, keys: [alertsKey(tenantId)] }),
      tell: ({ tenantId, ...change }) =>
        webhooks.service.writeOf({
          tenantId,
          type: "ALERT_CHANGED",
          id: change.changeId,
          at: change.at,
          data: toData(change),
        }),
    }),
  };
}

export function createAnalyticsDomain(
  { dynamo, clock, config, named }: Connections,
  sessions: SessionDomain,
) {
  const store = createRollupStore(dynamo, named(tables.rollups));
  // As they are kept, and not as they read by now: rollups count what streams tell, which is how a session is kept.
  return createAnalytics({
    store,
    sessions: sessions.store,
    lists: sessions.lists,
    clock,
    indexed: config.journeysIndex,
  });
}

/** Counting rollups again from the sessions and journeys that are kept. */
export function createRollupAuditor(
  { dynamo, clock, named }: Connections,
  { store, progress }: MetricDomain,
  recheckMs?: number,
) {
  return createRollupAudit({
    dynamo,
    tables: { SESSIONS: named(tables.sessions), JOURNEYS: named(tables.journeys) },
    store: createRollupStore(dynamo, named(tables.rollups)),
    hasExpired: (...of) => store.hasExpired(...of),
    isPast: (of, at) => progress.isPast(of, at),
    cellsOf,
    clock,
    recheckMs,
  });
}

export function createReviewDomain({ dynamo, objects, hub, clock, ids, config, named }: Connections) {
  const kept = objects(buckets.collections);
  const cacheBytes = config.collectionCacheBytes;
  return createReview({ dynamo, table: named(tables.reviews), objects: kept, cacheBytes, hub, clock, ids });
}

export function createQueueConsumer(
  connections: Connections,
  journeys: JourneyDomain,
  sessions: SessionDomain,
  metrics: Pick<MetricDomain, "service">,
) {
  const { queues: messages, deadLetterOf, log, tracer } = connections;
  const parked = createParkedDomain(connections);
  return createIngest({
    recordMetrics: async (tenantId, records) => (await metrics.service.record(tenantId, { records })).receipts,
    record: (tenantId, events) => journeys.service.record(tenantId, events),
    recordMotion: (tenantId, motion) => sessions.service.recordMotion(tenantId, undefined, motion),
    ingestBatch: (tenantId, batch) => sessions.service.ingestBatch(tenantId, undefined, batch),
    queues: messages,
    deadLetter: deadLetterOf(queues.ingest),
    onReject: parkFor((...refused) => parked.park(...refused)),
    log,
    tracer,
  });
}

/** What takes the tables' streams, in their turn and late. */
export function createStreamConsumers(
  { config, clock, log, named, objects, queues: messages, streams, deadLetterOf }: Connections,
  { store: chunks, erasures, follower }: JourneyDomain,
  sessions: SessionDomain,
  { service: metrics, store, audit, beats, progress }: MetricDomain,
  analytics: AnalyticsDomain,
  auditRollups: AuditRollups,
) {
  const lateQueue = named(queues.late);
  const kept = objects(buckets.events);
  return createStreamPaths({
    metrics,
    store,
    audit,
    auditRollups,
    rollups: analytics,
    chunks,
    erasures,
    readMotion: sessions.readMotion,
    sessionExpired: (image) => sessions.service.expired(image),
    sessionsChanged: (changes) => sessions.log.noteAll(changes, clock()),
    journeysChanged: (images) => follower.note(images),
    quarantine: createQuarantine({ objects: kept, queues: messages, lateQueue, log, onAdd: progress.noteQuarantined }),
    beats,
    failures: createFailures({ objects: kept, queues: messages, lateQueue }),
    streams,
    tables: streamedTables(config.prefix),
    attached: config.attachedTables,
    queues: messages,
    deadLetter: deadLetterOf(queues.late),
    clock,
    log,
  });
}

/** So much goes in one run of a function, which has five minutes. */
const MOST_REMOVALS = 50_000;

export function createAllJobs(
  { clock, log, dynamo, objects, named }: Connections,
  { follower }: Pick<JourneyDomain, "follower">,
  sessions: SessionDomain,
  { audit, store }: MetricDomain,
  { sweep }: ReviewDomain,
  { deliver }: WebhookDomain,
  { columns, removeOld }: Pick<JourneyFiles, "columns" | "removeOld">,
  alerts: Pick<AlertDomain, "service">,
  raise: (differences: number) => void,
) {
  return createJobs({
    sessions: sessions.service,
    sweepReviews: sweep,
    deliverWebhooks: deliver,
    judgeAlerts: () => alerts.service.sweep(),
    followJourneys: () => follower.run(),
    // What goes is removed first: nothing is made of it.
    compactEvents: async () => ({ ...await removeOld(), ...await columns.compact() }),
    audit: { ...audit, store, clock, log, raise },
    removeTenants: createRemovalJob({
      store: createRemovalStore(dynamo, named(tables.access)),
      removeData: createRemoveData({ dynamo, objects, named, most: MOST_REMOVALS }),
      clock,
      log,
    }),
  });
}

/** What counts everything of a tenant again, or of all. */
export function createRecountOf(connections: Connections, recheckMs?: number) {
  const journeys = createJourneyDomain(connections);
  const sessions = createSessionDomain(connections);
  const metrics = createMetricDomain(connections, journeys, sessions, { recheckMs });
  const auditRollups = createRollupAuditor(connections, metrics, recheckMs);
  return createRecount({ audits: metrics.audit, auditRollups, store: metrics.store });
}

/** The function `ingest`: the consumer of the ingest queue alone. */
export function createIngestFunction(connections: Connections) {
  const journeys = createJourneyDomain(connections);
  const sessions = createSessionDomain(connections);
  return createQueueConsumer(connections, journeys, sessions, createMetricDomain(connections, journeys, sessions));
}

/** The functions `rollup` and `late`: the consumers of the tables' streams alone. */
export function createStreamFunction(connections: Connections) {
  const journeys = createJourneyDomain(connections);
  const sessions = createSessionDomain(connections);
  const metrics = createMetricDomain(connections, journeys, sessions);
  const analytics = createAnalyticsDomain(connections, sessions);
  const auditRollups = createRollupAuditor(connections, metrics);
  return createStreamConsumers(connections, journeys, sessions, metrics, analytics, auditRollups);
}

/** The function `schedule`: the jobs alone. What an audit finds is in the log, where the alarm looks. */
export function createScheduleFunction(connections: Connections): readonly Job[] {
  const webhooks = createWebhookDomain(connections);
  const journeys = createJourneyDomain(connections, webhooks.service);
  const sessions = createSessionDomain(connections);
  const metrics = createMetricDomain(connections, journeys, sessions);
  return createAllJobs(
    connections,
    journeys,
    sessions,
    metrics,
    createReviewDomain(connections),
    webhooks,
    createJourneyFiles(connections, journeys),
    createAlertDomain(connections, metrics, webhooks),
    () => {},
  );
}
