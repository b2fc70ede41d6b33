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
import { type Ids, randomIds } from "./core/ids.ts";
import { createLog, type Log } from "./core/log.ts";
import { createIngest } from "./ingest/batch.ts";
import { createBackfill } from "./journeys/backfill.ts";
import type { Journey } from "./journeys/model.ts";
import { createRawEvents } from "./journeys/raw.ts";
import { createJourneys } from "./journeys/service.ts";
import { createJourneyStore } from "./journeys/store.ts";
import { createJourneyWatch } from "./journeys/watch.ts";
import { createHub } from "./live/hub.ts";
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
  const journeys = createJourneys({ store, raw, hub, clock, indexed });
  const auth = await createAuth({ config, dynamo, clock, ids, passwordCost: overrides.passwordCost });
  const services: OpenContext["services"] = {
    accounts: auth.accounts,
    journeys,
    watchJourneyEvents: createJourneyWatch({ store, hub, indexed }),
    backfillJourneys: createBackfill({ store, raw, hub, clock, indexed }),
  };

  return {
    config,
    log,
    schema: await buildSchema(clock),
    authenticate: auth.authenticate,
    contextFor: ({ viewer, requestId }) => ({ viewer, requestId, services, loadJourney: journeyLoader(viewer) }),
    ingest: createIngest({
      record: (tenantId, events) => journeys.record(tenantId, events),
      queues,
      deadLetterQueue: named(queueSpecs.ingest.deadLetter),
      log,
    }),
    checkDependencies: async () => ({
      dynamodb: await stateOf(() => dynamo.get(named(tables.accounts), { pk: "-" })),
      s3: await stateOf(() => objects.check()),
      sqs: await stateOf(() => queues.depth(named(queueSpecs.ingest))),
    }),
    [Symbol.asyncDispose]: async () => clients.destroy(),
  };

  function journeyLoader(viewer: Viewer | undefined) {
    if (!viewer) return undefined;
    const loader = new DataLoader<string, Journey | undefined>(async (sessionIds) => {
      const found = await journeys.find(viewer.tenantId, sessionIds);
      return sessionIds.map((id) => found.get(id));
    }, { maxBatchSize: 100 });
    return (sessionId: string) => loader.load(sessionId);
  }
}

async function stateOf(check: () => Promise<unknown>): Promise<string> {
  try {
    await check();
    return "ok";
  } catch (error) {
    return error instanceof Error ? error.message : "failed";
  }
}
