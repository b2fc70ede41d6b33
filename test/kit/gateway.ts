import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type RawData, type WebSocket, WebSocketServer } from "ws";

/** What a function that serves sockets gives. */
type Answer = { statusCode: number; headers?: Record<string, string>; body?: string };

export type GatewayOptions = {
  /** Calls the function with an event; throws where it fails. */
  invoke: (event: object) => Promise<Answer>;
  /** What is done with a message to a socket in place of passing it on; undefined passes it on. */
  fault?: (connectionId: string, data: string) => Fault | undefined;
};

/**
 * Refused as too much; not answered in time though it was passed on, or was not; gone, though nobody said so; or neither passed
 * on nor ever answered.
 */
export type Fault = "throttled" | "lost-answer" | "lost" | "gone" | "never";

/** Facts of AWS's documentation: frames, messages, and how each end of a socket is said. */
const FRAME_BYTES = 32_768;
const MESSAGE_BYTES = 131_072;
const GOING_AWAY = 1001;
const NORMAL = 1000;
const STAGE = "sockets";

/**
 * Stands for the WebSocket side of API Gateway: a socket's opening, each message and its end are events of the function; what
 * the function answers goes back to the client; POST and DELETE of `/@connections/ID` send and close. It closes with 1000, as
 * API Gateway does, whose DELETE knows no code; two hours end with 1001.
 */
export async function startGateway({ invoke, fault = () => undefined }: GatewayOptions) {
  const open = new Map<string, WebSocket>();
  const stats = { posts: 0, throttles: 0, gone: 0, closes: 0, messagesIn: 0, frames: 0 };
  let fails = fault;
  let count = 0;
  let isDeaf = false;

  const headersOf = (request: IncomingMessage) =>
    Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [nameOf(name), String(value)]));

  function attach(socket: WebSocket, connectionId: string): void {
    open.set(connectionId, socket);
    socket.on("message", (data: RawData) => {
      const body = (data as Buffer).toString();
      if (Buffer.byteLength(body) > MESSAGE_BYTES) return socket.close(1009, "");
      stats.messagesIn += 1;
      invoke(socketEvent("MESSAGE", connectionId, { body })).then((answer) => {
        if (answer.body !== undefined && socket.readyState === socket.OPEN) socket.send(answer.body);
      }, () => {
        const message = JSON.stringify({ message: "Internal server error", connectionId, requestId: "r" });
        if (socket.readyState === socket.OPEN) socket.send(message);
      });
    });
    socket.on("close", () => {
      if (!open.delete(connectionId) || isDeaf) return;
      invoke(socketEvent("DISCONNECT", connectionId)).catch(() => {});
    });
  }

  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (_, request) => (request as IncomingMessage & { protocol?: string }).protocol ?? false,
  });
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  server.on("upgrade", (request: IncomingMessage & { protocol?: string }, stream, head) => {
    const connectionId = `conn${String(++count).padStart(6, "0")}=`;
    invoke(socketEvent("CONNECT", connectionId, { headers: headersOf(request) })).then((given) => {
      if (given.statusCode !== 200) {
        return stream.end(`HTTP/1.1 ${given.statusCode} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      }
      const protocol = Object.entries(given.headers ?? {}).find(([name]) => /^sec-websocket-protocol$/i.test(name))
        ?.[1];
      if (protocol !== undefined) request.protocol = protocol;
      sockets.handleUpgrade(request, stream, head, (socket) => attach(socket, connectionId));
    }, () => stream.end("HTTP/1.1 500 Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const id = decodeURIComponent(/\/(?:@|%40)connections\/([^/?]+)$/i.exec(request.url ?? "")?.[1] ?? "");
    const isSigned = /\/execute-api\/aws4_request/.test(request.headers.authorization ?? "");
    if (id === "" || !isSigned) return refuse(response, 403, "ForbiddenException");
    const socket = open.get(id);
    if (!socket) {
      stats.gone += 1;
      return refuse(response, 410, "GoneException");
    }
    if (request.method === "DELETE") {
      stats.closes += 1;
      socket.close(NORMAL, "Connection Closed Normally");
      response.writeHead(204).end();
      return;
    }
    if (Buffer.byteLength(body) > MESSAGE_BYTES) return refuse(response, 413, "PayloadTooLargeException");
    stats.posts += 1;
    stats.frames += Math.max(1, Math.ceil(Buffer.byteLength(body) / FRAME_BYTES));
    const failure = fails(id, body);
    if (failure === "throttled") {
      stats.throttles += 1;
      return refuse(response, 429, "LimitExceededException");
    }
    if (failure === "never") return;
    if (failure === "gone") return refuse(response, 410, "GoneException");
    if (failure !== "lost") socket.send(body);
    if (failure) return refuse(response, 500, "InternalServerError");
    response.writeHead(200).end();
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  return {
    /** Where clients connect. */
    url: `ws://127.0.0.1:${port}/${STAGE}`,
    /** Where the functions send. */
    callbackUrl: `http://127.0.0.1:${port}/${STAGE}`,
    stats,
    connections: () => [...open.keys()],
    /** From now on these are done to messages. */
    failWith: (fault: GatewayOptions["fault"]) => void (fails = fault ?? (() => undefined)),
    /** What two hours, or API Gateway's own deployments, do to sockets. */
    cut: (ids: readonly string[] = [...open.keys()]) =>
      ids.forEach((id) => open.get(id)?.close(GOING_AWAY, "Going away")),
    /** The end of sockets is not told any more: it is told at best. */
    stopTelling: (is = true) => void (isDeaf = is),
    async stop() {
      isDeaf = true;
      for (const socket of open.values()) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let said = 0;

/** An event of a socket, as API Gateway gives it to a function. */
export function socketEvent(eventType: "CONNECT" | "MESSAGE" | "DISCONNECT", connectionId: string, more: object = {}) {
  return {
    requestContext: {
      routeKey: eventType === "MESSAGE" ? "$default" : `$${eventType.toLowerCase()}`,
      messageId: eventType === "MESSAGE" ? "Uv3Qfc9xFiACHbw=" : null,
      eventType,
      extendedRequestId: "Uv3QfHcZFiAFlDQ=",
      requestTime: "28/Nov/2026:10:00:00 +0000",
      messageDirection: "IN",
      stage: STAGE,
      connectedAt: 1_795_860_000_000,
      requestTimeEpoch: 1_795_860_000_000 + said++,
      identity: { sourceIp: "203.0.113.7" },
      requestId: "Uv3QfHcZFiAFlDQ=",
      domainName: "abcdef1234.execute-api.eu-central-1.amazonaws.com",
      connectionId,
      apiId: "abcdef1234",
    },
    isBase64Encoded: false,
    ...more,
  };
}

function refuse(response: ServerResponse, status: number, name: string): void {
  response.writeHead(status, { "content-type": "application/json", "x-amzn-errortype": name });
  response.end(JSON.stringify({ message: name }));
}

/** API Gateway gives the names of headers as they are written by most. */
function nameOf(name: string): string {
  return name.split("-").map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("-");
}
