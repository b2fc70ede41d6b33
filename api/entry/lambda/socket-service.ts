/** What the functions `sockets` and `push` are made of: an app whose feeds end where they would wait, and who is given what. */
import { setTimeout as timer } from "node:timers/promises";
import { createApp, type Overrides } from "../../app.ts";
import { createGateway } from "../../aws/gateway.ts";
import type { Config } from "../../config.ts";
import { systemClock } from "../../core/clock.ts";
import { randomIds } from "../../core/ids.ts";
import { createLog } from "../../core/log.ts";
import { createTelemetry } from "../../core/telemetry.ts";
import { createConnections } from "../../connections.ts";
import { createSocketDomain } from "../../socket-domain.ts";
import type { Wake } from "../../ingest/wakes.ts";
import { createStillHub } from "../../live/hub.ts";
import { queues } from "../../resources.ts";
import { createEngine } from "../http/graphql.ts";
import { createSocketFeeds } from "./socket-feeds.ts";
import { createSocketMessages } from "./socket-messages.ts";
import { createSocketRounds, type Remind } from "./socket-rounds.ts";

export async function createSocketService(
  config: Config,
  { pause = timer, ...overrides }: Overrides & { pause?: (ms: number) => Promise<unknown> } = {},
) {
  const url = config.socketsUrl;
  if (url === undefined) throw new Error("SOCKETS_URL is not set: where API Gateway takes what is sent to WebSockets");
  const hub = createStillHub();
  const own = { ...overrides, hub, consistent: true };
  const app = await createApp(config, own);
  const connections = await createConnections(config, own);
  const { clock = systemClock, ids = randomIds, log = createLog(config.logLevel, console.log) } = overrides;
  const store = createSocketDomain(connections);
  const gateway = createGateway({ region: config.region, url });
  const engine = createEngine(app, createTelemetry(), true);
  const feeds = createSocketFeeds({ app, engine, hub });
  const remind: Remind = (tenantId, group, seconds) => {
    const wake: Wake = { tenantId, groups: [group] };
    return connections.queues.send(connections.named(queues.wakes), JSON.stringify(wake), {}, seconds);
  };
  const rounds = createSocketRounds({ store, gateway, feeds, clock, ids, log, pause, holds: app.holds, remind });
  return {
    messages: createSocketMessages({ app, engine, store, feeds, rounds, clock, remind }),
    /** Does what a message of the queue `wakes` says. */
    async push(body: string): Promise<void> {
      const { tenantId, groups = [], keys = [], ended = [] } = JSON.parse(body) as Wake;
      const woken = keys.length > 0 ? await store.listWoken(tenantId, new Set(keys)) : [];
      for (const group of [...groups, ...woken]) await rounds.wake(tenantId, group);
      if (ended.length > 0) await rounds.end(tenantId, ended);
    },
    async stop(): Promise<void> {
      gateway.destroy();
      connections.stop();
      await app[Symbol.asyncDispose]();
    },
  };
}
