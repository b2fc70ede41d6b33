import { setImmediate as turn } from "node:timers/promises";
import { atInstant } from "../../core/timer.ts";
import { type ExecutionResult, GraphQLError } from "graphql";
import { CloseCode, type ServerOptions } from "graphql-ws";
import type { App } from "../../app.ts";
import type { Viewer } from "../../auth/viewer.ts";
import type { Clock } from "../../core/clock.ts";
import { UnauthenticatedError } from "../../core/errors.ts";
import { plain, RefusedError, rootCause } from "./errors.ts";
import { type Call, type Engine, isPlanned, type Planned } from "./graphql.ts";
import { toParams } from "./params.ts";
import { textOf } from "./shared-results.ts";

type Running = { call: Call; startedAt: number; isObserved: boolean; release?: () => void };

/** What we know of one socket, and how we end it. */
export type Peer = {
  viewer: Viewer | undefined;
  /** From where it was opened, as it is counted. */
  address: string;
  /** The page that opened it, where a page did. */
  origin: string | undefined;
  /** The token in the head of the request that opened it. */
  authorization: string | undefined;
  /** What the client calls itself, for the audit log. */
  client: string | undefined;
  /** What is under way, by the client's id: of one that the client has completed to its very end. */
  calls: Map<string, Running>;
  close: (code: number, reason: string) => void;
  send: (text: string) => void;
  /** Resolves when what was sent before is on its way, or the socket is closed. */
  drained: () => Promise<void>;
  /** Hears that its token holds. */
  identified: () => void;
  stopTimer: () => void;
  isClosed: boolean;
};

type Init = Record<string, unknown>;

export const TRY_AGAIN_LATER = 1013;
export const MAX_SUBSCRIPTIONS = 100;
export const MAX_ID_CHARACTERS = 128;

/** What graphql-ws calls as a socket's client connects, subscribes and is answered. */
export function createHooks(
  { app, engine, clock }: { app: App; engine: Engine; clock: Clock },
): ServerOptions<Init, Peer> {
  async function connect(peer: Peer, authorization: string | undefined): Promise<boolean> {
    try {
      peer.viewer = await app.authenticate(authorization, { origin: peer.origin, address: peer.address });
      if (peer.viewer && !peer.isClosed) admit(peer, peer.viewer);
    } catch (error) {
      const [seen] = engine.translate([error], engine.createCall(crypto.randomUUID(), undefined));
      peer.close(error instanceof UnauthenticatedError ? CloseCode.Forbidden : TRY_AGAIN_LATER, seen!.message);
      return false;
    }
    return true;
  }

  /** Counts the socket for its token until it is closed, which the token's end does at the latest. */
  function admit(peer: Peer, viewer: Viewer): void {
    const release = app.rates.identified(viewer);
    const stop = atInstant(viewer.expiresAt, clock, () => expire(peer));
    const unwatch = app.onEnded(viewer, () => expire(peer, "the login or key has ended"));
    peer.identified();
    peer.stopTimer = () => {
      stop();
      unwatch();
      release();
    };
  }

  /** The token's end is said by the socket's close alone: an error would end a subscription for good. */
  function expire(peer: Peer, reason = "token expired"): void {
    peer.close(CloseCode.Forbidden, reason);
  }

  /** Whether errors say no more than that the token, login or key has ended, which then closes the socket. */
  function isExpiry(peer: Peer, errors: readonly GraphQLError[]): boolean {
    const codes = errors.map((error) => (rootCause(error) as { code?: unknown }).code);
    if (codes.includes("TOKEN_EXPIRED")) expire(peer);
    else if (codes.includes("CREDENTIAL_ENDED")) expire(peer, "the login or key has ended");
    else return false;
    return true;
  }

  const callOf = (peer: Peer, id: string): Call =>
    peer.calls.get(id)?.call ?? engine.createCall(crypto.randomUUID(), peer.viewer);

  return {
    onConnect: ({ connectionParams, extra: peer }) => connect(peer, tokenOf(connectionParams) ?? peer.authorization),
    async onSubscribe({ extra: peer }, id, params) {
      const call = engine.createCall(crypto.randomUUID(), peer.viewer);
      call.address = peer.address;
      call.client = peer.client;
      const running: Running = { call, startedAt: performance.now(), isObserved: false };
      // Each of its messages carries the id, so a long one would make much of little.
      if (id.length > MAX_ID_CHARACTERS) {
        peer.close(CloseCode.BadRequest, `An operation's id has at most ${MAX_ID_CHARACTERS} characters.`);
        return [wrap(new Error("The id is too long."))];
      }
      peer.calls.set(id, running);
      try {
        // One that the client has just completed may need a turn to end.
        if (peer.calls.size > MAX_SUBSCRIPTIONS) await turn();
        if (peer.calls.size > MAX_SUBSCRIPTIONS) throw tooMany();
        await app.rates.request(peer.address, peer.viewer);
        const planned = engine.plan(call, toParams(params));
        if (!isPlanned(planned)) return planned;
        if (!peer.isClosed && peer.viewer && call.operation?.type === "subscription") {
          running.release = app.rates.subscription(peer.viewer);
        }
        return planned;
      } catch (error) {
        return [wrap(error)];
      }
    },
    execute: (args) => engine.execute(args as Planned),
    subscribe: (args) => engine.subscribe(args as Planned),
    onOperation({ extra: peer }, id, _params, _args, result) {
      if (!(Symbol.asyncIterator in result)) return;
      observe(engine, peer, id);
      return deliver(result as AsyncGenerator<ExecutionResult>, peer, id);
    },
    onNext({ extra: peer }, id, _params, _args, result) {
      if (!result.errors || isExpiry(peer, result.errors)) return;
      const { errors, ...rest } = engine.translateResult(
        { data: result.data ?? null, errors: result.errors },
        callOf(peer, id),
      );
      return { ...rest, errors: errors.map(plain) };
    },
    onError({ extra: peer }, id, _params, errors) {
      if (isExpiry(peer, errors)) return;
      return engine.translate(errors, callOf(peer, id)).map(plain);
    },
  };
}

/** Gives back what an operation that is over has held. */
export function finish(engine: Engine, peer: Peer, id: string): void {
  observe(engine, peer, id);
  peer.calls.get(id)?.release?.();
  peer.calls.delete(id);
}

/** Once for each operation: of a stream the time to its start, of others to their answer. */
function observe(engine: Engine, peer: Peer, id: string): void {
  const running = peer.calls.get(id);
  if (!running || running.isObserved) return;
  running.isObserved = true;
  engine.observe(running.call, running.startedAt);
}

/**
 * Sends the results of a subscription as they come, each made into JSON once for all who get it. What is left for
 * graphql-ws are results with errors, and the end. The next one is asked for when the one before has left.
 */
function deliver(results: AsyncGenerator<ExecutionResult>, peer: Peer, id: string): AsyncGenerator<ExecutionResult> {
  const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  const rest: AsyncGenerator<ExecutionResult> = {
    async next() {
      for (;;) {
        await peer.drained();
        const result = await results.next();
        if (result.done || result.value.errors) return result;
        peer.send(`${head}${textOf(result.value)}}`);
      }
    },
    return: (value) => results.return(value),
    throw: (error) => results.throw(error),
    [Symbol.asyncIterator]: () => rest,
    [Symbol.asyncDispose]: () => results[Symbol.asyncDispose](),
  };
  return rest;
}

/** The token in a connection_init's payload, in any spelling: `authorization`, `Authorization`, or so inside `headers`. */
export function tokenOf(payload: Record<string, unknown> | undefined): string | undefined {
  for (const [name, value] of Object.entries(payload ?? {})) {
    if (/^authorization$/i.test(name) && typeof value === "string" && value !== "") return value;
  }
  const headers = payload?.["headers"];
  return typeof headers === "object" && headers !== null ? tokenOf({ ...headers, headers: undefined }) : undefined;
}

function wrap(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  return new GraphQLError("failed", { originalError: error instanceof Error ? error : new Error(String(error)) });
}

export function tooMany(): RefusedError {
  const message =
    `A socket has at most ${MAX_SUBSCRIPTIONS} operations at once. Complete some, or open another socket.`;
  return new RefusedError("TOO_MANY_SUBSCRIPTIONS", message, { status: 429 });
}
