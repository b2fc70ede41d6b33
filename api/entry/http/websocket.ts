import { GRAPHQL_TRANSPORT_WS_PROTOCOL, handleProtocols, makeServer } from "graphql-ws";
import { Buffer } from "node:buffer";
import { setTimeout as pause } from "node:timers/promises";
import type { App } from "../../app.ts";
import type { Clock } from "../../core/clock.ts";
import { RefusedError } from "./errors.ts";
import type { Engine } from "./graphql.ts";
import { createHooks, type Peer, TRY_AGAIN_LATER } from "./socket-operations.ts";

/** Turns a request into a WebSocket, as Deno does it. */
export type UpgradeWebSocket = (
  request: Request,
  options: { protocol: string },
) => { socket: WebSocket; response: Response };

/** How a socket was counted: `release` hears of its end, also where none comes about. */
type Counted = { address: string; release: () => void };

/** A client that reads so slowly that this much waits for it is let go. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** While more than this waits for a client, its subscriptions give nothing; then they go on with the newest. */
const MAX_AHEAD_BYTES = 64 * 1024;
const DRAIN_CHECK_MS = 50;
const GOING_AWAY = 1001;
const STOPPING = "The server stops; connect again.";
const NOT_TEXT = 1003;
const TOO_BIG = 1009;
const INTERNAL = 1011;
/** A close frame has room for no more. */
const MAX_REASON_CHARACTERS = 120;

export function isUpgrade(request: Request): boolean {
  return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

/** Serves graphql-transport-ws: the same limits, contexts and masking as requests have. */
export function createSockets({ app, engine, clock }: { app: App; engine: Engine; clock: Clock }) {
  const { log, config } = app;
  const maxBytes = config.limits.bodyBytes;
  const server = makeServer(createHooks({ app, engine, clock }));
  const peers = new Set<Peer>();
  let isStopping = false;

  function attach(socket: WebSocket, { address, release }: Counted): void {
    const peer: Peer = {
      viewer: undefined,
      address,
      calls: new Map(),
      close: (code, reason) => socket.close(code, reason.slice(0, MAX_REASON_CHARACTERS)),
      send: (text) => send(socket, peer, text),
      drained: () => drained(socket),
      stopTimer: () => {},
      isClosed: false,
    };
    let closed: (code: number, reason: string) => Promise<void> = () => Promise.resolve();
    socket.onopen = () => {
      if (isStopping) return peer.close(GOING_AWAY, STOPPING);
      peers.add(peer);
      closed = server.opened({
        protocol: GRAPHQL_TRANSPORT_WS_PROTOCOL,
        send: peer.send,
        close: (code, reason) => peer.close(code ?? GOING_AWAY, reason ?? ""),
        onMessage: (handle) => {
          socket.onmessage = ({ data }: MessageEvent<unknown>) => {
            if (typeof data !== "string") return peer.close(NOT_TEXT, "Send text.");
            if (isLonger(data, maxBytes)) return peer.close(TOO_BIG, `At most ${maxBytes} bytes a message.`);
            handle(data).catch((error) => fail(peer, error));
          };
        },
      }, peer);
    };
    socket.onclose = ({ code, reason }) => {
      peers.delete(peer);
      peer.isClosed = true;
      release();
      for (const running of peer.calls.values()) running.release?.();
      peer.stopTimer();
      closed(code, reason).catch((error) => fail(peer, error));
    };
    // A broken connection; `onclose` follows.
    socket.onerror = () => {};
  }

  function fail(peer: Peer, error: unknown): void {
    log.error("A socket failed.", { error });
    peer.close(INTERNAL, "Something went wrong on our side.");
  }

  return {
    accept(request: Request, upgrade: UpgradeWebSocket, counted: Counted): Response {
      if (handleProtocols(request.headers.get("sec-websocket-protocol") ?? "") === false) {
        const message = `Sockets speak ${GRAPHQL_TRANSPORT_WS_PROTOCOL}; name it as Sec-WebSocket-Protocol.`;
        counted.release();
        throw new RefusedError("UNKNOWN_SUBPROTOCOL", message, { status: 400 });
      }
      const { socket, response } = upgrade(request, { protocol: GRAPHQL_TRANSPORT_WS_PROTOCOL });
      attach(socket, counted);
      return response;
    },
    /** Closes every socket, and each that is still to come. */
    closeAll(): void {
      isStopping = true;
      for (const peer of peers) peer.close(GOING_AWAY, STOPPING);
    },
  };
}

/** Sends while the socket is open; lets a client go that does not read. */
function send(socket: WebSocket, peer: Peer, text: string): void {
  if (socket.readyState !== WebSocket.OPEN) return;
  if (socket.bufferedAmount > MAX_WAITING_BYTES) return peer.close(TRY_AGAIN_LATER, "You read too slowly.");
  socket.send(text);
}

/** Sockets do not tell when they have sent: those that are behind are looked at again and again. */
async function drained(socket: WebSocket): Promise<void> {
  while (socket.readyState === WebSocket.OPEN && socket.bufferedAmount > MAX_AHEAD_BYTES) await pause(DRAIN_CHECK_MS);
}

/** Whether a text has more bytes than `maxBytes`; counts them only where that is in doubt. */
function isLonger(text: string, maxBytes: number): boolean {
  return text.length > maxBytes || (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes);
}
