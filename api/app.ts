/**
 * The composition root, in three files that are read in this order: `connections.ts` is what all is made of, `domains.ts` makes
 * each domain of it and what consumes queues, streams and schedules, and this puts the whole together. Functions that answer
 * no requests begin at `domains.ts`, so that their bundles hold no schema.
 */
import type { GraphQLSchema } from "graphql";
import type { Media } from "./review/media.ts";
import { buildSchema } from "../schema/build.ts";
import type { OpenContext } from "../schema/context.ts";
import type { From } from "./auth/accounts/model.ts";
import type { AuditKind } from "./auth/audit/model.ts";
import type { ApiKeys, KeyUse } from "./auth/apikeys/service.ts";
import type { ScryptCost } from "./auth/accounts/passwords.ts";
import { createAttempts } from "./auth/attempts.ts";
import { createErasures } from "./auth/audit/erasures.ts";
import { identityOf } from "./auth/identity.ts";
import { createAuth } from "./auth/setup.ts";
import type { Holder, Viewer } from "./auth/viewer.ts";
import type { QueueMessage } from "./aws/queues.ts";
import type { StreamRecord } from "./aws/streams.ts";
import type { Config } from "./config.ts";
import { type ConnectionOverrides, type Connections, createConnections } from "./connections.ts";
import { createLoader } from "./core/loader.ts";
import type { Measurement } from "./core/telemetry.ts";
import type { Log } from "./core/log.ts";
import type { Tracer } from "./core/trace.ts";
import type { ConsumerSpec } from "./ingest/consumers.ts";
import { probe } from "./core/probe.ts";
import type { Job } from "./jobs/jobs.ts";
import { createBackfill } from "./journeys/backfill.ts";
import { createCollect } from "./journeys/collect.ts";
import { createEraser } from "./journeys/erase.ts";
import { createActiveVisitors } from "./journeys/active.ts";
import { createExplorer } from "./journeys/explore.ts";
import { createJourneyWatch } from "./journeys/watch.ts";
import { feedCursorOf } from "./live/log-feed.ts";
import { createAlertWatch } from "./metrics/alert-watch.ts";
import { createMetricWatch } from "./metrics/watch.ts";
import type { Rates } from "./rates/rates.ts";
import type { Shares } from "./rates/shares.ts";
import { createParkedDomain } from "./parked/setup.ts";
import { createRatesOf } from "./rates/setup.ts";
import { buckets, queues, tables } from "./resources.ts";
import type { Reach } from "./webhooks/rules.ts";
import { createWebhookDomain } from "./webhooks/setup.ts";
import { createSocketTeller } from "./socket-domain.ts";
import { createSessionWatch } from "./sessions/watch.ts";
import {
  createAlertDomain,
  createAllJobs,
  createAnalyticsDomain,
  createJourneyDomain,
  createJourneyFiles,
  createMetricDomain,
  createQueueConsumer,
  createReviewDomain,
  createRollupAuditor,
  createSessionDomain,
  createSessionFiles,
  createStreamConsumers,
} from "./domains.ts";

/** What entries start from: the service, put together and not yet listening. */
export type App = {
  config: Config;
  log: Log;
  tracer: Tracer;
  schema: GraphQLSchema;
  /**
   * The viewer of an Authorization header; undefined without one. Throws UnauthenticatedError where the token or key does
   * not hold, ForbiddenError where a write key comes from another page than its own (`use`).
   */
  authenticate: (authorization: string | null | undefined, use?: KeyUse) => Promise<Viewer | undefined>;
  /**
   * Calls `act` when the login or key of a viewer is over before its time: signed out, revoked, removed. What it gives ends
   * the watch.
   */
  onEnded: (viewer: Viewer, act: () => void) => () => void;
  /** Whether a viewer's login or key goes on, read anew: for those who do not stay to be called. */
  holds: (holder: Holder) => Promise<boolean>;
  /** What a write key may do, for entries that take it otherwise than in that header. Throws as `authenticate` does. */
  writeKeys: ApiKeys["writeKeys"];
  /** Takes what a tenant's page sent, with what its browser calls itself. */
  collect: ReturnType<typeof createCollect>;
  /** What a link to a card's media leads to; undefined where it is none, or over. */
  openMedia: Media["open"];
  /** How often and how much at once: each entry asks before it spends anything. */
  rates: Rates;
  /** Executes operations so that no tenant waits for another's. */
  shares: Shares;
  /** A token for the sample's tenant, on the local instance only: whoever reaches it may do all there. */
  demoToken?: () => Promise<string>;
  /** What resolvers get as context, fresh for each operation. */
  contextFor: (
    request: Pick<OpenContext, "viewer" | "requestId" | "header"> & Partial<Pick<OpenContext, "from" | "attempt">>,
  ) => object;
  /** Takes messages of the ingest queue; gives the ids of those to try again. */
  ingest: (messages: readonly QueueMessage[]) => Promise<{ failed: string[] }>;
  /** Takes a part of a table's stream, in order. A throw means again. */
  ingestStream: (table: string, records: readonly StreamRecord[]) => Promise<void>;
  /** Keeps a part of a stream that failed for most of a day, whole, for the late queue to take. */
  giveUp: (streamArn: string, records: readonly StreamRecord[]) => Promise<void>;
  /** Takes messages of the late queue; gives the ids of those to try again. */
  ingestLate: (messages: readonly QueueMessage[]) => Promise<{ failed: string[] }>;
  /**
   * Hears that all that a consumer takes and that was written before an instant has been through `ingestStream`; `isAll`
   * where nothing more waits.
   */
  caughtUp: (consumer: ConsumerSpec, at: number, isAll: boolean) => void;
  /** Hears since when a consumer is behind in a shard, and how many records it handled there just now. */
  atShard: (consumer: ConsumerSpec, shard: string, since: number, records: number) => void;
  /** Hears that a stream dropped records that a consumer had not handled: only an audit finds which. */
  streamGap: (consumer: ConsumerSpec) => void;
  /** Work that is due at intervals. Any number of processes may run it. */
  jobs: readonly Job[];
  /** How many wrong buckets the audits of this process have found. Expected: none, ever. */
  auditDifferences: () => number;
  /** What `/metrics` shows beside what it measures itself. */
  measurements: readonly Measurement[];
  /** Each dependency by name: "ok", or what is wrong in a few words. Holds no secret. */
  checkDependencies: () => Promise<Record<string, string>>;
  [Symbol.asyncDispose]: () => Promise<void>;
};

/** What tests and the local system decide themselves. */
export type Overrides = ConnectionOverrides & {
  passwordCost?: ScryptCost;
  demoToken?: App["demoToken"];
  /** Feeds read back this often where nobody wakes them. */
  pollMs?: number;
  /** What is open of a login or key asks so often whether that goes on. */
  endingsMs?: number;
  /** Audits look at a difference again after so long. */
  recheckMs?: number;
  /** Whoever asks first how far the streams are read waits so long for an answer. */
  beatsMs?: number | undefined;
  /** Where webhooks may call; the internet alone where absent. */
  reach?: Reach;
};

/** The whole service, for servers and for the API's functions. When it returns nothing listens and nothing was asked yet. */
export async function createApp(config: Config, overrides: Overrides = {}): Promise<App> {
  const connections = await createConnections(config, overrides);
  const { clock, ids, log, hub, dynamo, redis, named } = connections;
  const indexed = config.journeysIndex;

  const { rates, stop: stopRates } = await createRatesOf(config, connections);
  const { passwordCost, endingsMs } = overrides;
  const tellSockets = createSocketTeller(connections);
  const tellElsewhere = (tenantId: string, ended: readonly string[]) => tellSockets({ tenantId, ended });
  const auth = await createAuth({
    config,
    dynamo,
    rates,
    hub,
    log,
    clock,
    ids,
    passwordCost,
    pollMs: endingsMs,
    tellElsewhere,
  });
  const webhooks = createWebhookDomain(connections, overrides.reach);
  const journeys = createJourneyDomain(connections, webhooks.service);
  const sessions = createSessionDomain(connections);
  const metrics = createMetricDomain(connections, journeys, sessions, overrides);
  const analytics = createAnalyticsDomain(connections, sessions);
  const auditRollups = createRollupAuditor(connections, metrics, overrides.recheckMs);
  const review = createReviewDomain(connections);
  const alerts = createAlertDomain(connections, metrics, webhooks);
  const { store, erasures, raw, trails } = journeys;
  const journeyFiles = createJourneyFiles(connections, journeys);
  const { files, columns, exports: journeyExports } = journeyFiles;

  const services: OpenContext["services"] = {
    accounts: auth.accounts,
    apiKeys: auth.apiKeys,
    auditLog: (...asked) => auth.audit.list(...asked),
    sessions: sessions.service,
    feedCursor: (tenantId) => feedCursorOf(tenantId, clock()),
    watchSessions: createSessionWatch({
      sessions: sessions.service,
      log: sessions.log,
      ...{ hub, clock, pollMs: overrides.pollMs },
    }),
    journeys: journeys.service,
    journeySettings: journeys.configuration,
    activeVisitors: createActiveVisitors({ trails, hub, clock, indexed, pollMs: overrides.pollMs }),
    robots: journeys.robots,
    explore: createExplorer({ store, trails, configuration: journeys.configuration, clock, indexed }),
    watchJourneyEvents: createJourneyWatch({ store, hub, indexed }),
    backfillJourneys: createBackfill({ store, erasures, raw, hub, clock, indexed }),
    eraseVisitor: createEraser({ store, erasures, raw, trails, columns, files, clock, log, indexed }),
    journeyExports,
    sessionExports: createSessionFiles(connections, sessions),
    metrics: metrics.service,
    auditMetrics: metrics.audit.audit,
    auditAnalytics: auditRollups,
    watchMetrics: createMetricWatch({ store: metrics.store, hub, clock, pollMs: overrides.pollMs }),
    analytics,
    reviews: review.reviews,
    transfer: review.transfer,
    edits: review.edits,
    importNotes: review.importNotes,
    optimizePreset: review.optimizePreset,
    studying: review.studying,
    browse: review.browse,
    deleteCollection: review.deleteCollection,
    media: review.media,
    watchReview: review.watch,
    alerts: alerts.service,
    watchAlerts: createAlertWatch({ alerts: alerts.store, hub, clock, pollMs: overrides.pollMs }),
    webhooks: webhooks.service,
    parked: createParkedDomain(connections),
    identity: () => identityOf(config),
    erasures: createErasures(dynamo, named(tables.access)),
  };
  const loadersOf = ({ tenantId }: Viewer) => ({
    loadEvent: createLoader((names) => journeys.service.findEvents(tenantId, names)),
    loadJourney: createLoader((ids) => journeys.service.find(tenantId, ids)),
    loadSession: createLoader((ids) => sessions.service.find(tenantId, ids)),
    loadSensor: createLoader((ids) => sessions.service.findSensors(tenantId, ids)),
  });
  /** Of what an operation is refused in each of many rows one is kept. */
  const noteOf = (viewer: Viewer | undefined, from: From) => {
    const noted = new Map<string, Promise<void>>();
    return (kind: AuditKind, subject: string): Promise<void> => {
      const before = noted.get(subject);
      const note = before ??
        auth.audit.note({ kind, tenantId: viewer?.tenantId, userId: viewer?.userId, subject, from });
      noted.set(subject, note);
      return note;
    };
  };
  let auditDifferences = 0;

  return {
    config,
    log,
    tracer: connections.tracer,
    schema: buildSchema(clock),
    authenticate: auth.authenticate,
    onEnded: auth.onEnded,
    holds: auth.holds,
    writeKeys: auth.apiKeys.writeKeys,
    collect: createCollect(journeys.service, journeys.robots),
    openMedia: (path) => review.media.open(path),
    rates,
    shares: connections.shares,
    ...(overrides.demoToken ? { demoToken: overrides.demoToken } : {}),
    contextFor: ({ from = {}, ...request }) => ({
      ...request,
      from,
      attempt: request.attempt ?? createAttempts(),
      onEnded: auth.onEnded,
      note: noteOf(request.viewer, from),
      services,
      ...(request.viewer ? loadersOf(request.viewer) : {}),
    }),
    ingest: createQueueConsumer(connections, journeys, sessions, metrics),
    ...createStreamConsumers(connections, journeys, sessions, metrics, analytics, auditRollups),
    caughtUp: (...told) => metrics.progress.note(...told),
    atShard: (...told) => metrics.progress.noteShard(...told),
    streamGap: (consumer) => metrics.progress.noteGap(consumer),
    jobs: createAllJobs(
      connections,
      journeys,
      sessions,
      metrics,
      review,
      webhooks,
      journeyFiles,
      alerts,
      (differences) => auditDifferences += differences,
    ),
    auditDifferences: () => auditDifferences,
    measurements: [
      ...metrics.progress.measurements,
      queuesOf(connections),
      ...(auth.keySets ? [auth.keySets.measurement] : []),
    ],
    checkDependencies: async () => ({
      dynamodb: await probe(() => dynamo.get(named(tables.accounts), { pk: "-" })),
      s3: await probe(() => connections.objects(buckets.events).check()),
      sqs: await probe(() => connections.queues.depth(named(queues.ingest))),
      ...(redis ? { redis: await probe(() => redis.check()) } : {}),
      ...(auth.keySets ? { jwks: await probe(auth.keySets.check), jwksRefresh: auth.keySets.refresh() } : {}),
    }),
    [Symbol.asyncDispose]: async () => {
      review.close();
      stopRates();
      webhooks.stop();
      connections.stop();
    },
  };
}

/** How many messages wait on the queues and their dead-letter queues; one that may not be looked at is left out. */
function queuesOf({ queues: messages, named }: Connections): Measurement {
  const all = Object.values(queues).flatMap((spec) => [spec.name, spec.deadLetter.name]);
  return {
    name: "sojourn_queue_messages",
    help: "About how many messages wait on a queue; what waits on a dead-letter queue has failed.",
    labels: ["queue"],
    async read() {
      const depths = await Promise.allSettled(all.map((name) => messages.depth(named({ name }))));
      return depths.flatMap((depth, i) =>
        depth.status === "fulfilled"
          ? [{ labels: { queue: all[i]! }, value: depth.value.waiting + depth.value.inFlight }]
          : []
      );
    },
  };
}
