import { Buffer } from "node:buffer";
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type ServerOptions, WebSocketServer } from "ws";
import { SECOND_MS } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { incomplete, tooLarge, tooSlow } from "./body.ts";
import type { Connections } from "./connections.ts";
import { RefusedError } from "./errors.ts";
import { type Answer, type Asked, splitTarget, type Streamed } from "./exchange.ts";
import type { Http } from "./fetch.ts";
import { BODY_BYTES } from "./graphql.ts";
import { checkProtocol } from "./websocket.ts";

/** Headers hold a token of up to 16 KB. */
const HEADER_BYTES = 32_768;
const HEADERS_MS = 10 * SECOND_MS;
/** A collection of 48 MB comes at 1.3 Mbit/s; other bodies have less time (see fetch.ts). */
const REQUEST_MS = 300 * SECOND_MS;
/**
 * How long a connection may lie idle. A proxy in front ends them itself: one that was ended here while it sent the next request
 * would answer its client 502, and send nothing again. The load balancer's own time is 300 seconds (`infra/balancer.ts`).
 */
export const KEEP_ALIVE_MS = { direct: 65 * SECOND_MS, proxied: 330 * SECOND_MS };
const CHECK_MS = 2 * SECOND_MS;
/** A reader that takes nothing for so long is gone. Open streams are written to more often. */
const SILENT_MS = 60 * SECOND_MS;
/** Who does not answer a close in time is gone. */
const CLOSE_MS = 5 * SECOND_MS;
/**
 * Requests that one connection may send ahead of their answers. Hardly a client does so; hundreds fit into one packet of 64 KB,
 * and all of their answers would wait for a reader who never reads.
 */
const MAX_AHEAD = 100;
/** A login, and what stands around it. */
const OPEN_SOCKET_BYTES = 32_768;

export type Limits = { bodyBytes: number };

/**
 * Serves `http` over HTTP/1.1 and WebSockets. Runs on Node and Deno: its server has limits of time and number that Deno's
 * own has not.
 */
export function createServer(
  { http, limits, connections, log, isProxied }: {
    http: Http;
    limits: Limits;
    connections: Connections;
    log: Log;
    isProxied: boolean;
  },
): Server {
  const server = createHttpServer({
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS[isProxied ? "proxied" : "direct"],
    connectionsCheckingInterval: CHECK_MS,
    noDelay: true,
  });
  const socketOptions: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    closeTimeout: CLOSE_MS,
    perMessageDeflate: false,
    // Each piece costs more than its bytes, and may have one.
    maxFragments: 1_024,
    maxBufferedChunks: 16_384,
    maxPayload: Math.min(BODY_BYTES, limits.bodyBytes),
    handleProtocols: () => "graphql-transport-ws",
  };
  const sockets = new WebSocketServer(socketOptions);

  server.on("connection", (socket) => {
    if (!connections.add(socket)) socket.destroy();
  });
  server.on("request", (request, response) => respond(request, response, () => {}));
  // Who asks before a large body hears what is wrong without sending it.
  server.on("checkContinue", (request, response) => respond(request, response, () => response.writeContinue()));
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => {});
    upgrade(request, socket as Socket, head).catch((error) => {
      log.error("A socket could not be opened.", { error });
      socket.destroy();
    });
  });
  server.on("error", (error) => log.error("The server failed.", { error }));

  const ahead = new WeakMap<Socket, number>();

  function respond(request: IncomingMessage, response: ServerResponse, proceed: () => void): void {
    const { socket } = request;
    const waiting = ahead.get(socket) ?? 0;
    if (waiting >= MAX_AHEAD) return void socket.destroy();
    ahead.set(socket, waiting + 1);
    if (hasNoBody(request)) connections.busy(socket);
    const asked = askedOf(request, async (maxBytes, maxMs) => {
      proceed();
      const bytes = await readBody(request, maxBytes, maxMs, http.deadlines.start);
      connections.busy(socket);
      return bytes;
    });
    response.once("close", () => {
      ahead.set(socket, ahead.get(socket)! - 1);
      connections.idle(socket);
    });
    http.answer(asked).then((answer) => write(response, answer, server), (error) => {
      log.error("A request failed.", { error });
      write(response, { status: 500, headers: {}, body: "" }, server);
    }).catch((error) => {
      log.error("An answer could not be written.", { error });
      socket.destroy();
    });
  }

  async function upgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const asked = askedOf(request, () => Promise.resolve(new Uint8Array()));
    try {
      checkUpgrade(asked);
      const opening = await http.upgrade(asked);
      let isOpened = false;
      socket.once("close", () => isOpened || opening.release());
      // Before a login nobody may send much, in however many fragments.
      let received = head.length;
      const count = (chunk: Buffer) => {
        received += chunk.length;
        if (received > OPEN_SOCKET_BYTES) socket.destroy();
      };
      socket.on("data", count);
      sockets.handleUpgrade(request, socket, head, (opened) => {
        isOpened = true;
        http.sockets.attach(opened, {
          ...opening,
          identified: () => {
            socket.off("data", count);
            connections.busy(socket);
          },
        });
      });
    } catch (error) {
      refuseSocket(socket, http.refuse(asked, error));
    }
  }

  return server;
}

function checkUpgrade({ path, header }: Asked): void {
  if (path !== "/graphql" || header("upgrade")?.toLowerCase() !== "websocket") {
    const message = "No WebSocket here. Subscribe at /graphql with POST and accept: text/event-stream.";
    throw new RefusedError("NO_WEBSOCKET", message, { status: 400 });
  }
  checkProtocol(header("sec-websocket-protocol"));
}

function refuseSocket(socket: Duplex, { status, headers, body }: Answer): void {
  const text = typeof body === "string" ? body : "";
  const head = { ...headers, connection: "close", "content-length": `${Buffer.byteLength(text)}` };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join("")}\r\n${text}`);
}

function hasNoBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0;
}

function askedOf(request: IncomingMessage, read: Asked["read"]): Asked {
  const { headers, method = "GET", url = "/" } = request;
  return {
    method,
    ...splitTarget(url),
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
    peer: request.socket.remoteAddress ?? "unknown",
    read,
  };
}

/** The whole body. What comes after it was refused is dropped. */
function readBody(
  request: IncomingMessage,
  maxBytes: number,
  maxMs: number,
  start: (ms: number, expire: () => void) => () => void,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const stop = start(maxMs, () => settle(() => reject(tooSlow(maxMs))));
    const settle = (end: () => void) => {
      stop();
      request.off("data", take).off("end", finish).off("close", breakOff).off("error", breakOff);
      end();
    };
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) return settle(() => reject(tooLarge(maxBytes, `more than ${maxBytes}`)));
      chunks.push(chunk);
    };
    const finish = () => settle(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    const breakOff = () => settle(() => reject(incomplete()));
    request.on("data", take).on("end", finish).on("close", breakOff).on("error", breakOff);
  });
}

function write(response: ServerResponse, { status, headers, body }: Answer, server: Server): void {
  if (response.destroyed) {
    if (typeof body === "function") body(GONE)();
    return;
  }
  if (!server.listening) headers["connection"] = "close";
  const { req: request } = response;
  // Whoever still sends what nobody reads is not waited for.
  if (!request.complete) {
    headers["connection"] = "close";
    request.on("error", () => {}).resume();
  }
  response.on("error", () => {});
  if (typeof body === "function") return pipeBody(response, status, headers, body);
  headers["content-length"] = `${typeof body === "string" ? Buffer.byteLength(body) : body.byteLength}`;
  response.writeHead(status, headers);
  response.end(body);
  if (!response.writableFinished) response.setTimeout(SILENT_MS, () => request.socket.destroy());
}

/** Where a stream is written that nobody reads any more. */
const GONE = { write: () => {}, taken: () => undefined, end: () => {} };

function pipeBody(response: ServerResponse, status: number, headers: Record<string, string>, body: Streamed): void {
  let taken: PromiseWithResolvers<void> | undefined;
  const go = () => {
    taken?.resolve();
    taken = undefined;
  };
  response.writeHead(status, headers);
  response.setTimeout(SILENT_MS, () => response.destroy());
  const stop = body({
    write: (chunk) => void response.write(chunk),
    taken: () =>
      response.writableNeedDrain && !response.destroyed ? (taken ??= Promise.withResolvers()).promise : undefined,
    end: (isCut) => void (isCut ? response.destroy() : response.end()),
  });
  response.on("drain", go).once("close", () => {
    go();
    stop();
  });
}
