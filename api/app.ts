import DataLoader from "dataloader";
import type { GraphQLSchema } from "graphql";
import { buildSchema } from "../schema/build.ts";
import type { OpenContext } from "../schema/context.ts";
import type { ApiKeys, KeyUse } from "./auth/apikeys/service.ts";
import type { ScryptCost } from "./auth/passwords.ts";
import { createAuth } from "./auth/setup.ts";
import type { Viewer } from "./auth/viewer.ts";
import type { QueueMessage } from "./aws/queues.ts";
import type { StreamRecord } from "./aws/streams.ts";
import type { Config } from "./config.ts";
import { AppError } from "./core/errors.ts";
import type { Log } from "./core/log.ts";
import type { ConsumerSpec } from "./ingest/consumers.ts";
import { createJobs, type Job } from "./jobs/jobs.ts";
import { createBackfill } from "./journeys/backfill.ts";
import { createEraser } from "./journeys/erase.ts";
import { createJourneyWatch } from "./journeys/watch.ts";
import { createMetricWatch } from "./metrics/watch.ts";
import {
  type BaseOverrides,
  createAnalyticsParts,
  createBase,
  createIngestPart,
  createJourneyParts,
  createMetricParts,
  createReviewParts,
  createSessionParts,
  createStreamParts,
} from "./parts.ts";
import type { Rates } from "./rates/rates.ts";
import { buckets, queues as queueSpecs, tables } from "./resources.ts";
import { createSessionWatch } from "./sessions/watch.ts";

/** What entries start from: the service, put together and not yet listening. */
export type App = {
  config: Config;
  log: Log;
  schema: GraphQLSchema;
  /**
   * The viewer of an Authorization header; undefined without one. Throws UnauthenticatedError where the token or key does
   * not hold, ForbiddenError where a write key comes from another page than its own (`use`).
   */
  authenticate: (authorization: string | null | undefined, use?: KeyUse) => Promise<Viewer | undefined>;
  /** What a write key may do, for entries that take it otherwise than in that header. Throws as `authenticate` does. */
  writeKeys: ApiKeys["writeKeys"];
  /** How often and how much at once: each entry asks before it spends anything. */
  rates: Rates;
  /** A token for the sample's tenant, on the local instance only: whoever reaches it may do all there. */
  demoToken?: () => Promise<string>;
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
export type Overrides = BaseOverrides & {
  passwordCost?: ScryptCost;
  demoToken?: App["demoToken"];
  /** Feeds read back this often where nobody wakes them. */
  pollMs?: number;
  /** Audits look at a difference again after so long. */
  recheckMs?: number;
};

/** A dependency that takes longer to answer counts as down. */
const CHECK_MS = 2_000;

/** Puts the service together. Nothing is listening and nothing was asked of any dependency when it returns. */
export async function createApp(config: Config, overrides: Overrides = {}): Promise<App> {
  const base = await createBase(config, overrides);
  const { clock, ids, log, hub, dynamo } = base;
  const indexed = config.journeysIndex;
  const journeyParts = createJourneyParts(base);
  const { store, erasures, raw, journeys } = journeyParts;
  const sessionParts = createSessionParts(base);
  const { sessions } = sessionParts;
  const metricParts = createMetricParts(base, journeyParts, sessionParts, overrides.recheckMs);
  const analytics = createAnalyticsParts(base, sessionParts);
  const review = createReviewParts(base);
  const auth = await createAuth({
    config,
    dynamo,
    rates: base.rates,
    log,
    clock,
    ids,
    passwordCost: overrides.passwordCost,
  });
  const services: OpenContext["services"] = {
    accounts: auth.accounts,
    sessions,
    watchSessions: createSessionWatch({ sessions, hub }),
    journeys,
    watchJourneyEvents: createJourneyWatch({ store, hub, indexed }),
    metrics: metricParts.metrics,
    auditMetrics: metricParts.audit,
    analytics,
    watchMetrics: createMetricWatch({ store: metricParts.store, hub, clock, pollMs: overrides.pollMs }),
    reviews: review.reviews,
    transfer: review.transfer,
    watchReview: review.watch,
    backfillJourneys: createBackfill({ store, erasures, raw, hub, clock, indexed }),
    eraseVisitor: createEraser({ store, erasures, raw, clock, log, indexed }),
  };
  let auditDifferences = 0;

  return {
    config,
    log,
    schema: buildSchema(clock),
    authenticate: auth.authenticate,
    writeKeys: auth.apiKeys.writeKeys,
    rates: base.rates,
    ...(overrides.demoToken ? { demoToken: overrides.demoToken } : {}),
    contextFor: (request) => ({ ...request, services, ...loadersFor(request.viewer) }),
    ingest: createIngestPart(base, journeyParts, sessionParts),
    ...createStreamParts(base, journeyParts, sessionParts, metricParts, analytics),
    caughtUp: (consumer, at) => metricParts.progress.note(consumer, at),
    jobs: createJobs({
      sessions,
      sweepReviews: review.sweep,
      audit: {
        audit: metricParts.audit,
        store: metricParts.store,
        sources: metricParts.audited,
        clock,
        log,
        raise: (differences) => void (auditDifferences += differences),
      },
    }),
    auditDifferences: () => auditDifferences,
    checkDependencies: async () => ({
      dynamodb: await stateOf(() => dynamo.get(base.named(tables.accounts), { pk: "-" })),
      s3: await stateOf(() => base.objects(buckets.events).check()),
      sqs: await stateOf(() => base.queues.depth(base.named(queueSpecs.ingest))),
      ...(base.redis ? { redis: await stateOf(() => base.redis!.check()) } : {}),
    }),
    [Symbol.asyncDispose]: async () => {
      review.close();
      base.stop();
    },
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
