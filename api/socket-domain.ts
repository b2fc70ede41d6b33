/** WebSockets that API Gateway holds open for functions: what is known of them, and who tells them of what. */
import type { Connections } from "./connections.ts";
import { createTeller, createWaker } from "./ingest/wakes.ts";
import { queues, tables } from "./resources.ts";
import { createSocketStore } from "./sockets/store.ts";

export function createSocketDomain({ dynamo, clock, named }: Connections) {
  return createSocketStore(dynamo, named(tables.sockets), clock);
}

/** Where sockets are served by functions: tells them of the groups that a part of a stream has something for. */
export function createSocketWaker(connections: Connections) {
  const { config, named, queues: messages } = connections;
  if (config.socketsUrl === undefined) return () => Promise.resolve();
  const store = createSocketDomain(connections);
  return createWaker({ store, send: (body) => messages.send(named(queues.wakes), body) });
}

/** Where sockets are served by functions: tells them what no table's stream says. */
export function createSocketTeller({ config, named, log, queues: messages }: Connections) {
  const send = (body: string) => messages.send(named(queues.wakes), body);
  return createTeller({ send: config.socketsUrl === undefined ? undefined : send, log });
}
