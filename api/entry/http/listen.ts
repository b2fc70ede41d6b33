import type { App } from "../../app.ts";
import { createHttp } from "./fetch.ts";
import type { Peer } from "./rates.ts";

/** The address cannot be listened on. The message says which, and what to do. */
export class ListenError extends Error {
  override name = "ListenError";
}

export type Listening = { url: string; port: number; stop: () => Promise<void> };

/**
 * Serves the app on its host and port. `stop` takes no more requests, ends streams, and gives what is under way
 * `drainSeconds` to finish; what is left then ends with the process. Calling it again gives the same promise.
 */
export function listen(app: App): Promise<Listening> {
  const { config } = app;
  const http = createHttp(app, { upgradeWebSocket: Deno.upgradeWebSocket });
  const server = open(config.host, config.port, http.fetch);
  const { port } = server.addr;
  const host = config.host.includes(":") ? `[${config.host}]` : config.host;

  async function stopOnce(): Promise<void> {
    const drained = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => drained.resolve(false), config.drainSeconds * 1_000);
    server.shutdown().then(() => drained.resolve(true), drained.reject);
    http.endStreams();
    const isDrained = await drained.promise;
    clearTimeout(timer);
    if (!isDrained) app.log.warn("Requests were left at the end of the drain time.", { seconds: config.drainSeconds });
  }

  let stopped: Promise<void> | undefined;
  return Promise.resolve({ url: `http://${host}:${port}`, port, stop: () => stopped ??= stopOnce() });
}

function open(hostname: string, port: number, fetch: (request: Request, peer: Peer) => Promise<Response>) {
  const handler = (request: Request, { remoteAddr }: Deno.ServeHandlerInfo<Deno.NetAddr>) =>
    fetch(request, { address: remoteAddr.hostname });
  try {
    return Deno.serve({ hostname, port, onListen: () => {} }, handler);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new ListenError(
        `Port ${port} of ${hostname} is taken. Stop what listens there, or choose another: PORT=${
          port < 65_535 ? port + 1 : port - 1
        } (PORT=0 takes a free one).`,
      );
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new ListenError(`Cannot listen on port ${port} of ${hostname}: ${reason}. Choose others: HOST=… PORT=…`);
  }
}
