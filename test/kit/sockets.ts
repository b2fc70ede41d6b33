import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { createQueues } from "../../api/aws/queues.ts";
import { createStreams } from "../../api/aws/streams.ts";
import type { Cost } from "../../api/aws/dynamo.ts";
import { parseConfig } from "../../api/config.ts";
import { createConnections } from "../../api/connections.ts";
import { createSocketDomain, createSocketWaker } from "../../api/socket-domain.ts";
import { createSocketService } from "../../api/entry/lambda/socket-service.ts";
import { consumersOf } from "../../api/ingest/consumers.ts";
import { createStreamPump } from "../../api/local/stream-pump.ts";
import { startTestApp } from "./app.ts";
import { startGateway } from "./gateway.ts";
import { silentLog } from "./local.ts";

export type SocketWorld = Awaited<ReturnType<typeof startSockets>>;
// oxlint-disable-next-line no-explicit-any
export type Received = any;

export const BUCKETS = `subscription ($after: String) {
  metricBuckets(sources: [TASKS], size: ONE_HOUR, after: $after) { cursor bucket { start count version } } }`;
export const EVENTS = `subscription ($id: String!, $after: String) {
  journeyEvents(sessionId: $id, after: $after) { cursor node { seq } } }`;

/**
 * The WebSocket way by functions, in one process: the service's functions over a stand-in of API Gateway, the tables' streams
 * and the queue `wakes` carried by hand (`settle`). Each function takes one event at a time, as an environment does.
 */
export async function startSockets({ env = {}, clock }: { env?: Record<string, string>; clock?: () => number } = {}) {
  const own = clock ? { clock } : {};
  const costs: Cost[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  const oneByOne = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  };
  const gateway = await startGateway({ invoke: (event) => oneByOne(() => handle(event)) });
  const api = await startTestApp({ env: { SOCKETS_URL: gateway.callbackUrl, ...env }, ...own });
  const { system } = api;
  const config = parseConfig({
    DATA_DIR: system.dataDir,
    NAME_PREFIX: system.prefix,
    AWS_ENDPOINT_URL_DYNAMODB: system.endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: system.endpoints.s3,
    AWS_ENDPOINT_URL_SQS: system.endpoints.sqs,
    SIGNING_KEY_FILE: `${system.dataDir}/signing-keys.json`,
    SOCKETS_URL: gateway.callbackUrl,
    ...env,
  });
  const overrides = { log: silentLog, onCost: (cost: Cost) => void costs.push(cost), ...own };
  const startService = () => createSocketService(config, { ...overrides, pause: () => Promise.resolve() });
  let service = await startService();
  const ended: (typeof service)[] = [];
  const connections = await createConnections(config, overrides);
  const wakeFor = createSocketWaker(connections);
  const queues = createQueues(system.clients.sqs);
  const queue = `${system.prefix}-wakes`;
  const pump = createStreamPump({
    streams: createStreams(system.clients.dynamodb, system.clients.streams),
    consumers: consumersOf(system.prefix, config.metricsBatching, []),
    async handle(table, records) {
      await api.app.ingestStream(table, records);
      await wakeFor(table, records);
    },
    log: silentLog,
  });

  // oxlint-disable-next-line no-explicit-any
  async function handle({ requestContext, headers = {}, body }: any) {
    const { eventType, connectionId, identity, requestTimeEpoch } = requestContext;
    const peer = identity.sourceIp as string;
    if (eventType === "CONNECT") {
      const named = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value as string]));
      return await service.messages.connect(connectionId, (name) => named.get(name), peer);
    }
    if (eventType === "DISCONNECT") await service.messages.disconnect(connectionId);
    const answer = eventType === "MESSAGE"
      ? await service.messages.message(connectionId, body, peer, requestTimeEpoch)
      : undefined;
    return { statusCode: 200, ...(answer === undefined ? {} : { body: answer }) };
  }

  const clients: { dispose: () => void | Promise<void> }[] = [];

  return {
    api,
    gateway,
    queues,
    costs,
    oneByOne,
    service: () => service,
    store: createSocketDomain(connections),
    /**
     * As if the function's environment were ended at whatever it is at, and another came: what it waits for is not answered any
     * more. Its connections stay open until the end of all: it would go on where they break, and Deno's node:http sends what was
     * asked over a connection that was used before once more.
     */
    async kill() {
      ended.push(service);
      service = await startService();
    },
    /** Carries the streams alone; gives the first message that they put on the queue, which then is hidden. */
    async nextWake() {
      await pump.drain();
      return (await queues.receive(queue))[0]!;
    },
    /** Carries streams and wakes until nothing is left; each message of the queue comes `times` times. */
    async settle(times = 1): Promise<number> {
      let pushed = 0;
      for (;;) {
        await pump.drain();
        const messages = await queues.receive(queue);
        if (messages.length === 0) return pushed;
        for (const message of messages) {
          for (let i = 0; i < times; i++) await oneByOne(() => service.push(message.body));
          await queues.remove(queue, message);
          pushed += 1;
        }
      }
    },
    /** A client of the tenant: graphql-ws's own. It connects again at once, and its token is new each time. */
    client(
      tenantId: string,
      more: { token?: () => Promise<string>; on?: object; url?: string; retryAttempts?: number } = {},
    ) {
      const { token = async () => `Bearer ${await api.token(tenantId)}`, ...rest } = more;
      const client = createClient({
        url: gateway.url,
        webSocketImpl: WebSocket,
        lazy: true,
        retryAttempts: 20,
        retryWait: () => Promise.resolve(),
        shouldRetry: () => true,
        connectionParams: async () => ({ authorization: await token() }),
        ...rest,
      });
      clients.push(client);
      return client;
    },
    /** Follows a subscription, and goes on from the last cursor wherever it is cut. */
    follow(client: ReturnType<typeof createClient>, query: string, variables: Record<string, unknown> = {}) {
      const received: Received[] = [];
      const errors: unknown[] = [];
      let isComplete = false;
      let after = variables["after"] as string | undefined;
      let look = () => {};
      const stop = client.subscribe({
        query,
        get variables() {
          return { ...variables, after };
        },
      }, {
        next({ data, errors: failed }) {
          if (failed) errors.push(...failed);
          const [message] = Object.values(data ?? {}) as [Received];
          if (typeof message?.cursor === "string") after = message.cursor as string;
          received.push(message);
          look();
        },
        error(error) {
          errors.push(error);
          look();
        },
        complete() {
          isComplete = true;
          look();
        },
      });
      return {
        received,
        errors,
        isComplete: () => isComplete,
        stop,
        /** Resolves when it holds. */
        until: (holds: (received: Received[]) => boolean) =>
          new Promise<void>((resolve) => {
            look = () => {
              if (holds(received) || errors.length > 0) resolve();
            };
            look();
          }),
      };
    },
    async stop() {
      for (const client of clients) await client.dispose();
      await gateway.stop();
      await turn;
      for (const one of [...ended, service]) await one.stop();
      connections.stop();
      await api.stop();
    },
  };
}
