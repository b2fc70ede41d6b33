import type { ExecutionResult } from "graphql";
import type { App } from "../../app.ts";
import type { Viewer } from "../../auth/viewer.ts";
import { type Clock, SECOND_MS } from "../../core/clock.ts";
import { ForbiddenError, UnauthenticatedError } from "../../core/errors.ts";
import { atInstant } from "../../core/timer.ts";
import { RefusedError } from "./errors.ts";
import type { Answer } from "./exchange.ts";
import { type Call, type Engine, isPlanned } from "./graphql.ts";
import type { Params } from "./params.ts";
import { type createStreams, EVENTS, type Framing, resultText } from "./streams.ts";

/** Names a reserved stream; in the URL it is `token`, since an EventSource sends no headers. */
export const STREAM_TOKEN = "x-graphql-event-stream-token";

/** A stream that was reserved and is not opened within this is gone. */
const OPEN_MS = 10 * SECOND_MS;
const MAX_OPERATIONS = 100;

/** Has its id from before it begins until it is over, or ended by its client or with the stream. */
type Operation = {
  release?: () => void;
  results?: AsyncGenerator<ExecutionResult>;
  isOver: () => boolean;
  /** Gives back its id and what it holds; once. */
  end: () => void;
};

type Reserved = {
  viewer: Viewer;
  isOpen: boolean;
  queue: ReturnType<typeof createQueue>;
  operations: Map<string, Operation>;
  close: () => void;
};

const encoder = new TextEncoder();
const FRAMING: Framing<string> = {
  headers: EVENTS.headers,
  first: EVENTS.first,
  ping: EVENTS.ping,
  frame: (text) => encoder.encode(text),
};

/**
 * graphql-sse's single connection mode: a client reserves a stream (PUT), opens it (GET), and sends operations (POST) whose
 * results come over that one stream, until it ends them (DELETE). For browsers, which open six connections to a host over
 * HTTP/1.1. A stream lives in one process: where there are several, a client must stay with one.
 */
export function createSingleStreams(
  { app, engine, streams, clock }: {
    app: App;
    engine: Engine;
    streams: ReturnType<typeof createStreams>;
    clock: Clock;
  },
) {
  const reserved = new Map<string, Reserved>();

  function find(token: string, { viewer }: Call): Reserved {
    const found = reserved.get(token);
    if (!found) throw refused("STREAM_NOT_FOUND", 404, "There is no such stream. Reserve one with PUT.");
    const isOwn = viewer?.tenantId === found.viewer.tenantId && viewer.userId === found.viewer.userId;
    if (!isOwn) throw new ForbiddenError("The stream is somebody else's. Reserve one with PUT.");
    return found;
  }

  /** Takes the id before anything is waited for: of two that come at once one has it. */
  function take({ operations }: Reserved, id: string): Operation {
    if (operations.has(id)) throw refused("OPERATION_EXISTS", 409, "There is an operation of this id.");
    if (operations.size >= MAX_OPERATIONS) {
      throw refused("TOO_MANY_SUBSCRIPTIONS", 429, `A stream has at most ${MAX_OPERATIONS} operations at once.`);
    }
    const operation: Operation = {
      isOver: () => operations.get(id) !== operation,
      end() {
        if (operation.isOver()) return;
        operations.delete(id);
        operation.release?.();
        void operation.results?.return(undefined).catch(() => {});
      },
    };
    operations.set(id, operation);
    return operation;
  }

  /** Ends an operation, and says so before its id can stand for another. */
  function complete({ queue }: Reserved, id: string, operation: Operation): void {
    if (operation.isOver()) return;
    operation.end();
    void queue.push(`event: complete\ndata: {"id":${JSON.stringify(id)}}\n\n`);
  }

  /** One that was ended meanwhile says nothing more: its id may be another's by then. */
  async function run(
    own: Reserved,
    id: string,
    operation: Operation,
    results: AsyncGenerator<ExecutionResult>,
  ): Promise<void> {
    const name = JSON.stringify(id);
    try {
      if (operation.isOver()) return void await results.return(undefined);
      for await (const result of results) {
        if (operation.isOver()) return;
        await own.queue.push(`event: next\ndata: {"id":${name},"payload":${resultText(result)}}\n\n`);
      }
    } finally {
      complete(own, id, operation);
    }
  }

  return {
    reserve({ viewer }: Call): Answer {
      if (!viewer) throw new UnauthenticatedError("Reserving a stream needs a token.");
      const release = app.rates.identified(viewer);
      const stopTimer = atInstant(viewer.expiresAt, clock, () => own.close());
      const unwatch = app.onEnded(viewer, () => own.close());
      const token = crypto.randomUUID();
      const operations: Reserved["operations"] = new Map();
      const queue = createQueue();
      const own: Reserved = {
        viewer,
        isOpen: false,
        queue,
        operations,
        close() {
          if (!reserved.delete(token)) return;
          release();
          stopTimer();
          unwatch();
          queue.close();
          for (const { end } of operations.values()) end();
        },
      };
      reserved.set(token, own);
      engine.deadlines.start(OPEN_MS, () => own.isOpen || own.close());
      return { status: 201, headers: { "content-type": "text/plain; charset=utf-8" }, body: token };
    },

    open(token: string, call: Call): Answer {
      const own = find(token, call);
      if (own.isOpen) throw refused("STREAM_OPEN", 409, "The stream is open already.");
      own.isOpen = true;
      return {
        status: 200,
        headers: { ...FRAMING.headers },
        body: streams.stream(own.queue.frames, FRAMING, own.close),
      };
    },

    async operate(token: string, params: Params, call: Call): Promise<Answer> {
      const own = find(token, call);
      const id = params.extensions?.["operationId"];
      if (typeof id !== "string" || id === "" || id.length > 128) {
        throw refused("BAD_REQUEST", 400, "extensions.operationId must be text of 1 to 128 characters.");
      }
      const planned = engine.plan(call, params);
      if (!isPlanned(planned)) return answer(400, resultText({ errors: engine.translate(planned, call) }));
      const operation = take(own, id);
      try {
        const isStream = call.operation!.type === "subscription";
        if (isStream && call.viewer) operation.release = app.rates.subscription(call.viewer);
        const begun = isStream ? await engine.subscribe(planned) : only(engine.execute(planned));
        operation.results = engine.translateEach(Symbol.asyncIterator in begun ? begun : only(begun), call);
      } catch (error) {
        operation.end();
        throw error;
      }
      run(own, id, operation, operation.results).catch((error) =>
        app.log.error("An operation of a stream failed.", { error })
      );
      return answer(202, "");
    },

    /** Ends an operation; one that is over is no error. */
    end(token: string, id: string, call: Call): Answer {
      const own = find(token, call);
      const operation = own.operations.get(id);
      if (operation) complete(own, id, operation);
      return answer(200, "");
    },
  };
}

/** Texts for one reader: whoever adds one waits until it is taken. */
function createQueue() {
  const waiting: { text: string; taken: () => void }[] = [];
  let isClosed = false;
  let wake = () => {};
  async function* take(): AsyncGenerator<string, void, void> {
    for (;;) {
      const next = waiting.shift();
      if (next) {
        next.taken();
        yield next.text;
      } else if (isClosed) return;
      else await new Promise<void>((resolve) => wake = resolve);
    }
  }
  return {
    frames: take(),
    push(text: string): Promise<void> {
      if (isClosed) return Promise.resolve();
      return new Promise((taken) => {
        waiting.push({ text, taken });
        wake();
      });
    },
    close(): void {
      isClosed = true;
      waiting.splice(0).forEach(({ taken }) => taken());
      wake();
    },
  };
}

async function* only<T>(value: T | Promise<T>): AsyncGenerator<T, void, void> {
  yield await value;
}

function answer(status: number, body: string): Answer {
  return { status, headers: body === "" ? {} : { "content-type": "application/json; charset=utf-8" }, body };
}

function refused(code: string, status: number, message: string): RefusedError {
  return new RefusedError(code, message, { status });
}
