import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL, makeServer } from "graphql-ws";
import type { Buffer } from "node:buffer";
import { setTimeout as pause } from "node:timers/promises";
import type { App } from "../../app.ts";
import { type Clock, SECOND_MS } from "../../core/clock.ts";
import { RefusedError } from "./errors.ts";
import type { Engine } from "./graphql.ts";
import { parseJson } from "./json.ts";
import { createHooks, finish, type Peer, TRY_AGAIN_LATER } from "./socket-operations.ts";
import { createTurns } from "./socket-turns.ts";

/** What is used of a socket of `ws`. */
export type Socket = {
  readonly readyState: number;
  readonly bufferedAmount: number;
  send: (text: string) => void;
  close: (code: number, reason: string) => void;
  terminate: () => void;
  ping: () => void;
  on: {
    (event: "message", hear: (data: Buffer, isBinary: boolean) => void): unknown;
    (event: "close", hear: (code: number, reason: Buffer) => void): unknown;
    (event: "pong" | "error", hear: () => void): unknown;
  };
};

/** From where a socket was opened, with what token in its head; `release` hears of its end, `identified` of its viewer. */
export type Opening = {
  address: string;
  origin?: string | undefined;
  authorization?: string | undefined;
  /** What the client calls itself. */
  client?: string | undefined;
  release: () => void;
  identified?: () => void;
};

const OPEN = 1;
/** A client that reads so slowly that this much waits for it is let go. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** While more than this waits for a client, its subscriptions give nothing; then they go on with the newest. */
const MAX_AHEAD_BYTES = 64 * 1024;
const DRAIN_CHECK_MS = 50;
/** Who does not answer one ping before the next is gone. */
const PING_MS = 30 * SECOND_MS;
/** A socket without a token is for a login or two. */
const OPEN_IDLE_MS = 60 * SECOND_MS;
const INIT_MS = 5 * SECOND_MS;
const GOING_AWAY = 1001;
const STOPPING = "The server stops; connect again.";
const NOT_TEXT = 1003;
const INTERNAL = 1011;
/** A close frame has room for no more. */
const MAX_REASON_CHARACTERS = 120;
const JSON_LIMITS = { depth: 64, values: 400_000 };

/** Whether a client's list of protocols has ours. Throws RefusedError where it has not. */
export function checkProtocol(header: string | undefined): void {
  const named = (header ?? "").split(",").map((name) => name.trim());
  if (named.includes(GRAPHQL_TRANSPORT_WS_PROTOCOL)) return;
  const message = `Sockets speak ${GRAPHQL_TRANSPORT_WS_PROTOCOL}; name it as Sec-WebSocket-Protocol.`;
  throw new RefusedError("UNKNOWN_SUBPROTOCOL", message, { status: 400 });
}

/** Serves graphql-transport-ws: the same limits, contexts and masking as requests have. */
export function createSockets({ app, engine, clock }: { app: App; engine: Engine; clock: Clock }) {
  const { log } = app;
  const server = makeServer({ ...createHooks({ app, engine, clock }), connectionInitWaitTimeout: INIT_MS });
  const peers = new Map<Peer, { socket: Socket; isAlive: boolean; heardAt: number }>();
  let isStopping = false;
  let heartbeat: ReturnType<typeof setInterval> | undefined;

  function beat(): void {
    for (const [peer, state] of peers) {
      if (!state.isAlive) state.socket.terminate();
      else if (!peer.viewer && peer.calls.size === 0 && clock() - state.heardAt >= OPEN_IDLE_MS) {
        peer.close(CloseCode.Unauthorized, "Connect with a token in connection_init.");
      } else {
        state.isAlive = false;
        state.socket.ping();
      }
    }
  }

  function fail(peer: Peer, error: unknown): void {
    log.error("A socket failed.", { error });
    peer.close(INTERNAL, "Something went wrong on our side.");
  }

  return {
    /** Takes over a socket that has just been opened. */
    attach(socket: Socket, { address, origin, authorization, client, release, identified }: Opening): void {
      const peer: Peer = {
        viewer: undefined,
        address,
        origin,
        authorization,
        client,
        calls: new Map(),
        close: (code, reason) => socket.close(code, reason.slice(0, MAX_REASON_CHARACTERS)),
        send: (text) => send(socket, peer, text),
        drained: () => drained(socket),
        identified: identified ?? (() => {}),
        stopTimer: () => {},
        isClosed: false,
      };
      // A broken connection; `close` follows.
      socket.on("error", () => {});
      if (isStopping) {
        release();
        return peer.close(GOING_AWAY, STOPPING);
      }
      const state = { socket, isAlive: true, heardAt: clock() };
      if (peers.size === 0) heartbeat = setInterval(beat, PING_MS);
      peers.set(peer, state);
      const closed = server.opened({
        protocol: GRAPHQL_TRANSPORT_WS_PROTOCOL,
        send: peer.send,
        close: (code, reason) => peer.close(code ?? GOING_AWAY, reason ?? ""),
        onMessage: (handle) => {
          const take = createTurns({
            peer,
            // It takes what was parsed by now as well.
            take: (message) => handle(message as string),
            ended: (id) => finish(engine, peer, id),
          });
          socket.on("message", (data, isBinary) => {
            state.isAlive = true;
            state.heardAt = clock();
            if (isBinary) return peer.close(NOT_TEXT, "Send text.");
            let message: unknown;
            try {
              message = parseJson(data.toString(), JSON_LIMITS);
            } catch (error) {
              return peer.close(CloseCode.BadRequest, (error as Error).message);
            }
            // A string would be parsed once more, by who does not look at its structure.
            if (typeof message !== "object") return peer.close(CloseCode.BadRequest, "Messages are JSON objects.");
            take(message).catch((error) => fail(peer, error));
          });
        },
      }, peer);
      socket.on("pong", () => void (state.isAlive = true));
      socket.on("close", (code, reason) => {
        peers.delete(peer);
        if (peers.size === 0) clearInterval(heartbeat);
        peer.isClosed = true;
        release();
        for (const running of peer.calls.values()) running.release?.();
        peer.stopTimer();
        closed(code, reason.toString()).catch((error) => fail(peer, error));
      });
    },
    count: (): number => peers.size,
    /** Closes every socket, and each that is still to come. */
    closeAll(): void {
      isStopping = true;
      for (const peer of peers.keys()) peer.close(GOING_AWAY, STOPPING);
    },
  };
}

/** Sends while the socket is open; lets a client go that does not read. */
function send(socket: Socket, peer: Peer, text: string): void {
  if (socket.readyState !== OPEN) return;
  if (socket.bufferedAmount > MAX_WAITING_BYTES) return peer.close(TRY_AGAIN_LATER, "You read too slowly.");
  socket.send(text);
}

/** Sockets do not tell when they have sent: those that are behind are looked at again and again. */
async function drained(socket: Socket): Promise<void> {
  while (socket.readyState === OPEN && socket.bufferedAmount > MAX_AHEAD_BYTES) await pause(DRAIN_CHECK_MS);
}
