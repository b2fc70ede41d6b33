import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { App } from "../../app.ts";
import { createConnections, findCeiling } from "./connections.ts";
import { createHttp } from "./fetch.ts";
import { createServer } from "./server.ts";

/** The address cannot be listened on. The message says which, and what to do. */
export class ListenError extends Error {
  override name = "ListenError";
}

export type Listening = { url: string; port: number; stop: () => Promise<void> };

/** Any file that the service may read. */
const SOME_FILE = fileURLToPath(new URL("../../../schema/schema.graphql", import.meta.url));

/**
 * Serves the app on its host and port. `stop` takes no more requests, ends streams, and gives what is under way
 * `drainSeconds` to finish; what is left then ends with the process. Calling it again gives the same promise.
 */
export async function listen(app: App): Promise<Listening> {
  const { config, log } = app;
  const ceiling = findCeiling(config.maxConnections, SOME_FILE);
  if (ceiling < config.maxConnections) {
    log.warn("Fewer connections than MAX_CONNECTIONS are taken: the system's limit of open files leaves no more.", {
      connections: ceiling,
    });
  }
  const connections = createConnections(ceiling);
  const http = createHttp(app, { connections });
  const server = createServer({ http, limits: config.limits, connections, log, isProxied: config.trustedProxies > 0 });
  await open(server, config.host, config.port);
  const { port } = server.address() as AddressInfo;
  const host = config.host.includes(":") ? `[${config.host}]` : config.host;

  async function stopOnce(): Promise<void> {
    const drained = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => drained.resolve(false), config.drainSeconds * 1_000);
    server.close(() => drained.resolve(true));
    http.endStreams();
    connections.closeIdle();
    const isDrained = await drained.promise;
    clearTimeout(timer);
    if (!isDrained) log.warn("Requests were left at the end of the drain time.", { seconds: config.drainSeconds });
  }

  let stopped: Promise<void> | undefined;
  return { url: `http://${host}:${port}`, port, stop: () => stopped ??= stopOnce() };
}

async function open(server: ReturnType<typeof createServer>, host: string, port: number): Promise<void> {
  try {
    server.listen({ host, port, backlog: 1_024 });
    await once(server, "listening");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      throw new ListenError(
        `Port ${port} of ${host} is taken. Stop what listens there, or choose another: PORT=${
          port < 65_535 ? port + 1 : port - 1
        } (PORT=0 takes a free one).`,
      );
    }
    throw new ListenError(`Cannot listen on port ${port} of ${host}: ${message}. Choose others: HOST=… PORT=…`);
  }
}
