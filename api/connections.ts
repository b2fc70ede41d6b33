import { createClients } from "./aws/clients.ts";
import { type Cost, createDynamo, type Dynamo } from "./aws/dynamo.ts";
import { createObjects, type Objects } from "./aws/objects.ts";
import { createQueues } from "./aws/queues.ts";
import { createStreams } from "./aws/streams.ts";
import type { Config } from "./config.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { type Ids, randomIds } from "./core/ids.ts";
import { createLog, type Log } from "./core/log.ts";
import { createTracer, NO_TRACER, type Span, toOtlp, type Tracer } from "./core/trace.ts";
import { createHub, type Hub } from "./live/hub.ts";
import type { Precedence } from "./rates/precedence.ts";
import { createShares } from "./rates/shares.ts";
import { fullName, type QueueSpec } from "./resources.ts";

/** What every domain is made of: stores, a clock, ids, a log, and what processes tell each other. */
export type Connections = Awaited<ReturnType<typeof createConnections>>;

/** What tests and the local system decide themselves. */
export type ConnectionOverrides = {
  clock?: Clock;
  ids?: Ids;
  log?: Log;
  /** Hears what each request to DynamoDB cost. */
  onCost?: (cost: Cost) => void;
  tracer?: Tracer;
  /** In place of the DynamoDB that the configuration names. */
  dynamo?: Dynamo;
  /** In place of the buckets that the configuration names. */
  objects?: (spec: { name: string }) => Objects;
  /** In place of what processes tell each other by. */
  hub?: Hub;
  /** Reads what was written a moment ago, wherever: for those who read once and do not look again. */
  consistent?: boolean;
  /** What goes before all other writes to DynamoDB. */
  precedence?: Precedence;
};

/** Connects to nothing yet, but to Redis where there is one. */
export async function createConnections(config: Config, overrides: ConnectionOverrides = {}) {
  const { precedence, clock = systemClock } = overrides;
  const log = overrides.log ?? createLog(config.logLevel, (line) => console.log(line));
  const named = (spec: { name: string }) => fullName(config.prefix, spec);
  const tracer = overrides.tracer ?? (config.tracing ? createTracer(otlpTo(config.tracing)) : undefined);
  const clients = createClients(config, tracer);
  const shares = createShares({ clock });
  const redis = config.redisUrl === undefined ? undefined : await connectRedis(config.redisUrl);

  /** Loaded only where it is used. */
  async function connectRedis(url: string) {
    const { createRedisHub } = await import("./live/redis.ts");
    return createRedisHub({ url, prefix: config.prefix, processId: randomIds(), log });
  }

  return {
    config,
    log,
    clock,
    ids: overrides.ids ?? randomIds,
    named,
    shares,
    dynamo: overrides.dynamo ?? createDynamo(clients.dynamodb, {
      onCost: overrides.onCost,
      inTurn: (call, kind) => shares.step(precedence && kind === "write" ? () => precedence.write(call) : call),
      strict: overrides.consistent,
      clock,
    }),
    objects: overrides.objects ?? ((spec: { name: string }) => createObjects(clients.s3, named(spec))),
    queues: createQueues(clients.sqs, tracer),
    tracer: tracer ?? NO_TRACER,
    streams: createStreams(clients.dynamodb, clients.streams),
    redis,
    hub: overrides.hub ?? redis ?? createHub(),
    deadLetterOf: ({ deadLetter }: QueueSpec) => ({ queue: named(deadLetter), maxReceives: deadLetter.maxReceives }),
    stop() {
      redis?.stop();
      clients.destroy();
    },
  };
}

/** Sends spans to a collector by OTLP over HTTP, in JSON. */
function otlpTo({ endpoint, headers, service, ratio }: NonNullable<Config["tracing"]>) {
  const url = `${endpoint.replace(/\/$/, "")}/v1/traces`;
  return {
    ratio,
    async send(spans: readonly Span[]): Promise<void> {
      const body = JSON.stringify(toOtlp(service, spans));
      const signal = AbortSignal.timeout(10_000);
      await (await fetch(url, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body,
        signal,
      }))
        .arrayBuffer();
    },
  };
}
