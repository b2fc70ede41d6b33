import { atInstant } from "../../core/timer.ts";
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from "graphql";
import { CloseCode, type ServerOptions, type SubscribePayload } from "graphql-ws";
import type { App } from "../../app.ts";
import type { Viewer } from "../../auth/viewer.ts";
import type { Clock } from "../../core/clock.ts";
import { UnauthenticatedError } from "../../core/errors.ts";
import { plain, RefusedError } from "./errors.ts";
import type { Call, Engine } from "./graphql.ts";
import { textOf } from "./shared-results.ts";

type Running = { call: Call; startedAt: number; isObserved: boolean; release?: () => void };

/** What we know of one socket, and how we end it. */
export type Peer = {
  viewer: Viewer | undefined;
  /** From where it was opened, as it is counted. */
  address: string;
  /** What is under way, by the client's id. */
  calls: Map<string, Running>;
  close: (code: number, reason: string) => void;
  send: (text: string) => void;
  /** Resolves when what was sent before is on its way, or the socket is closed. */
  drained: () => Promise<void>;
  stopTimer: () => void;
  isClosed: boolean;
};

/** Its payload says `{"authorization": "Bearer …"}`, since browsers give a socket no headers. */
type Init = { authorization?: unknown };
type Bound = ExecutionArgs & { operations: ReturnType<Engine["bind"]> };

export const TRY_AGAIN_LATER = 1013;
const MAX_SUBSCRIPTIONS = 100;

/** What graphql-ws calls as a socket's client connects, subscribes and is answered. */
export function createHooks(
  { app, engine, clock }: { app: App; engine: Engine; clock: Clock },
): ServerOptions<Init, Peer> {
  async function connect(peer: Peer, authorization: unknown): Promise<boolean> {
    try {
      peer.viewer = await app.authenticate(typeof authorization === "string" ? authorization : undefined);
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
    const stop = atInstant(viewer.expiresAt, clock, () => peer.close(CloseCode.Forbidden, "token expired"));
    peer.stopTimer = () => {
      stop();
      release();
    };
  }

  function finish(peer: Peer, id: string): void {
    observe(peer, id);
    peer.calls.get(id)?.release?.();
    peer.calls.delete(id);
  }

  /** Once for each operation: of a stream the time to its start, of others to their answer. */
  function observe(peer: Peer, id: string): void {
    const running = peer.calls.get(id);
    if (!running || running.isObserved) return;
    running.isObserved = true;
    engine.observe(running.call, running.startedAt);
  }

  return {
    onConnect: ({ connectionParams, extra: peer }) => connect(peer, connectionParams?.authorization),
    async onSubscribe({ subscriptions, extra: peer }, id, params) {
      const call = engine.createCall(crypto.randomUUID(), peer.viewer);
      call.address = peer.address;
      const running: Running = { call, startedAt: performance.now(), isObserved: false };
      peer.calls.set(id, running);
      try {
        if (Object.keys(subscriptions).length > MAX_SUBSCRIPTIONS) throw tooMany();
        await app.rates.request(peer.address, peer.viewer);
        const prepared = await prepare(engine, call, params);
        const isOpen = peer.calls.has(id) && !peer.isClosed;
        if (isOpen && peer.viewer && call.operation?.type === "subscription") {
          running.release = app.rates.subscription(peer.viewer);
        }
        return prepared;
      } catch (error) {
        return [wrap(error)];
      }
    },
    execute: (args) => (args as Bound).operations.execute(args),
    subscribe: (args) => (args as Bound).operations.subscribe(args),
    onOperation({ extra: peer }, id, _params, _args, result) {
      if (!(Symbol.asyncIterator in result)) return;
      observe(peer, id);
      return deliver(result as AsyncGenerator<ExecutionResult>, peer, id);
    },
    onNext({ extra: peer }, id, _params, _args, result) {
      const running = peer.calls.get(id);
      if (!running || !result.errors) return;
      const { errors, ...rest } = engine.translateResult(
        { data: result.data ?? null, errors: result.errors },
        running.call,
      );
      return { ...rest, errors: errors.map(plain) };
    },
    onError({ extra: peer }, id, _params, errors) {
      const call = peer.calls.get(id)?.call ?? engine.createCall(crypto.randomUUID(), peer.viewer);
      const seen = engine.translate(errors, call).map(plain);
      finish(peer, id);
      return seen;
    },
    onComplete: ({ extra: peer }, id) => finish(peer, id),
  };
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

/** Everything that comes before execution: what to execute, or what is wrong with it. */
async function prepare(engine: Engine, call: Call, params: SubscribePayload): Promise<Bound | readonly GraphQLError[]> {
  const operations = engine.bind(call, params);
  const document = operations.parse(params.query);
  const errors: readonly GraphQLError[] = operations.validate(operations.schema, document);
  if (errors.length > 0) return errors;
  return {
    schema: operations.schema,
    document,
    operationName: params.operationName,
    variableValues: params.variables,
    contextValue: await operations.contextFactory(),
    rootValue: undefined,
    operations,
  };
}

function wrap(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  return new GraphQLError("failed", { originalError: error instanceof Error ? error : new Error(String(error)) });
}

function tooMany(): RefusedError {
  const message =
    `A socket has at most ${MAX_SUBSCRIPTIONS} operations at once. Complete some, or open another socket.`;
  return new RefusedError("TOO_MANY_SUBSCRIPTIONS", message, { status: 429 });
}
