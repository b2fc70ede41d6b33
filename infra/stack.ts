import { join } from "node:path";
import type { Vpc } from "@cdktf/provider-aws/lib/vpc/index.js";
import { type App, TerraformStack } from "cdktf";
import { addAlarms } from "./alarms.ts";
import { addAthena } from "./athena.ts";
import { addBudget } from "./budget.ts";
import type { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm/index.js";
import { addCanary } from "./canary.ts";
import { addCache } from "./cache.ts";
import { addContainer, type Container, PORT } from "./container.ts";
import { addContainerRelease } from "./container-release.ts";
import { addDashboard } from "./dashboard.ts";
import { addDeployRole } from "./deploy-role.ts";
import { addEdge } from "./edge.ts";
import { addFailures } from "./failures.ts";
import { addFunctions, API_FUNCTIONS, type ApiFunctions, CONSUMERS, type Consumers } from "./functions.ts";
import { addHttpApi } from "./http-api.ts";
import { addIot } from "./iot.ts";
import { addNetwork } from "./network.ts";
import { addObjects } from "./objects.ts";
import { addOutputs } from "./outputs.ts";
import { addPolicies } from "./policies.ts";
import { addBackend, addProvider } from "./provider.ts";
import { addQueues } from "./queues.ts";
import { addSchedules } from "./schedules.ts";
import { addSigningKey } from "./secrets.ts";
import { addSocketGateway, addSocketRoutes, type SocketGateway } from "./socket-api.ts";
import { addQueueSource, addSources, attachedTables, findAttachedStreams } from "./sources.ts";
import { type Domain, type Stage, topicArnsOf } from "./stages.ts";
import type { Stores } from "./stores.ts";
import { addStreamApi } from "./stream-api.ts";
import { addTables } from "./tables.ts";
import { addTopic, addWebhookTopic } from "./topic.ts";

/** Where `npm run bundle` puts the functions' code. */
export const CODE_DIR = join(import.meta.dirname, "dist");

/** What the functions are reached by. */
export type FunctionWay = {
  consumers: Consumers;
  sources: ReturnType<typeof addSources>;
  /** Undefined where containers serve the API. */
  api:
    | {
      functions: ApiFunctions;
      http: ReturnType<typeof addHttpApi>;
      stream: ReturnType<typeof addStreamApi>;
      sockets: SocketGateway;
    }
    | undefined;
};

/**
 * Adds the one stack of an installation: what keeps, and what serves. Its name is the stage's prefix, so each installation has
 * a state of its own.
 */
export function synthStack(
  app: App,
  stage: Stage,
  { codeDir = CODE_DIR, pagesDir }: { codeDir?: string; pagesDir?: string } = {},
): TerraformStack {
  const stack = new TerraformStack(app, stage.prefix);
  addProvider(stack, stage);
  addBackend(stack, stage);

  const isServed = stage.runs.functions || stage.runs.container;
  const stores = {
    tables: addTables(stack, stage),
    buckets: addObjects(stack, stage),
    queues: addQueues(stack, stage),
    topicArns: isServed ? [addWebhookTopic(stack, stage).arn, ...topicArnsOf(stage)] : [],
  };
  const signingKey = isServed ? addSigningKey(stack, stage) : undefined;
  const way = isServed ? addFunctionWay(stack, stage, { stores, signingKey, codeDir }) : undefined;
  const container = stage.runs.container ? addContainerWay(stack, stage, { stores, signingKey, way }) : undefined;
  if (stage.iot) addIot(stack, stage, stores.queues);
  if (stage.analytics) addAthena(stack, stage, stores.buckets);
  if (way) watch(stack, stage, { stores, way, container });
  const edge = isNamed(stage) ? addEdge(stack, stage, { api: way?.api, container, pagesDir }) : undefined;

  const deployRole = stage.deployer && addDeployRole(stack, stage, stage.deployer, partsOf(stack, stage, way));
  addOutputs(stack, stage, { stores, api: way?.api, container, edge, signingKey, deployRole });
  addPolicies(stack, stage);
  return stack;
}

/** What the deploy role names by its id, or by another's name. */
function partsOf(stack: TerraformStack, stage: Stage, way: FunctionWay | undefined) {
  const api = way?.api;
  return {
    apis: api ? [api.http.api.id, api.sockets.api.id] : [],
    restApis: api ? [api.stream.api.id] : [],
    vpcArn: (stack.node.tryFindChild("vpc") as Vpc | undefined)?.arn,
    attached: attachedTables(stage),
  };
}

const isNamed = (stage: Stage): stage is Stage & { domain: Domain } => stage.domain !== undefined;

function addFunctionWay(
  stack: TerraformStack,
  stage: Stage,
  { stores, signingKey, codeDir }: {
    stores: Stores;
    signingKey: ReturnType<typeof addSigningKey>;
    codeDir: string;
  },
): FunctionWay {
  const attachedStreams = findAttachedStreams(stack, stage);
  const attachedStreamArns = Object.values(attachedStreams);
  const sockets = stage.runs.functions ? addSocketGateway(stack, stage) : undefined;
  const options = { stores, signingKey, attachedStreamArns, sockets, codeDir };
  const consumers = addFunctions(stack, stage, CONSUMERS, options);
  addSchedules(stack, stage, consumers);
  addFailures(stack, stores);
  const sources = addSources(stack, stage, { functions: consumers, stores, attachedStreams });
  if (!sockets) return { consumers, sources, api: undefined };
  const functions = addFunctions(stack, stage, API_FUNCTIONS, options);
  addSocketRoutes(stack, stage, sockets, functions);
  sources.queues.push(addQueueSource(stack, stage, { queue: "wakes", name: "push" }, functions.push, stores));
  const [http, stream] = [addHttpApi(stack, stage, functions), addStreamApi(stack, stage, functions)];
  return { consumers, sources, api: { functions, http, stream, sockets } };
}

/** Adds the API in containers with what is around them: a network, and a cache where the stage has one. */
function addContainerWay(
  stack: TerraformStack,
  stage: Stage,
  { stores, signingKey, way }: {
    stores: Stores;
    signingKey: ReturnType<typeof addSigningKey>;
    way: FunctionWay | undefined;
  },
): Container {
  const network = addNetwork(stack, stage, { port: PORT });
  const cache = stage.cache ? addCache(stack, stage, network) : undefined;
  const environment: Record<string, string> = {
    ...(cache ? { REDIS_URL: cache.redisUrl } : {}),
    // Where functions hold sockets too: they are told of logins that are over.
    ...(way?.api ? { SOCKETS_URL: way.api.sockets.callbackUrl } : {}),
  };
  return addContainer(stack, stage, { stores, network, signingKey, environment });
}

/** A new version of the containers after which one of these rings is taken back. */
function takeBack({ service }: Container, alarms: readonly CloudwatchMetricAlarm[]): void {
  const watched = alarms.filter(({ node }) => /^alarm-container-(5xx|latency)$/.test(node.id));
  service.putAlarms({ alarmNames: watched.map(({ alarmName }) => alarmName), enable: true, rollback: true });
}

/** Adds what tells people how it goes: alarms, a dashboard, and a budget where the stage has one. */
function watch(
  stack: TerraformStack,
  stage: Stage,
  { stores, way, container }: { stores: Stores; way: FunctionWay; container: Container | undefined },
): void {
  const topic = addTopic(stack, stage);
  const functions = { ...way.consumers, ...way.api?.functions };
  const watched = { stores, functions, streams: way.sources.streams, apis: way.api, container };
  const alarms = addAlarms(stack, stage, { topic, ...watched });
  if (stage.canary && way.api) addCanary(stack, stage, { functions: way.api.functions, alarms });
  if (container && stage.canary) addContainerRelease(stack, stage, { container, alarms });
  else if (container) takeBack(container, alarms);
  addDashboard(stack, stage, watched);
  addBudget(stack, stage, { topic });
}
