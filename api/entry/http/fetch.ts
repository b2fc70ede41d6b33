import type { GraphQLError } from "graphql";
import type { App } from "../../app.ts";
import { createAttempts } from "../../auth/attempts.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import { createTelemetry, type Measurement, type Telemetry } from "../../core/telemetry.ts";
import { type Form, parseAccept } from "./accept.ts";
import { JSON_TYPES, jsonAnswer } from "./answers.ts";
import { readRequest } from "./body.ts";
import { createCollectRoutes } from "./collect.ts";
import type { Connections } from "./connections.ts";
import { createCors } from "./cors.ts";
import { compress } from "./compress.ts";
import { createDemoSignIn } from "./demo.ts";
import { type HttpHints, RefusedError } from "./errors.ts";
import { createFrontCheck } from "./front.ts";
import { type Answer, type Asked, askedBy, toResponse } from "./exchange.ts";
import { createGraphiql } from "./graphiql.ts";
import { type Call, createEngine, isPlanned } from "./graphql.ts";
import { createMediaRoute } from "./media.ts";
import { createPages, storeOrigin } from "./pages.ts";
import { type Params, paramsOfSearch } from "./params.ts";
import { createProbes } from "./probes.ts";
import { JSON_LIMITS, readParams } from "./read-params.ts";
import { createAddressOf, type Peer } from "./rates.ts";
import { createSingleStreams, STREAM_TOKEN } from "./single-streams.ts";
import { createStreams, EVENTS, MULTIPART, resultText } from "./streams.ts";
import { createSockets } from "./websocket.ts";

export type Http = ReturnType<typeof createHttp>;

type Options = {
  telemetry?: Telemetry;
  clock?: Clock;
  /** Refuses queries and mutations: for an entry that may only read and subscribe. */
  subscriptionsOnly?: boolean;
  /** Streams nothing, so that no subscription begins: for an entry that gives each answer as a whole. */
  atOnce?: boolean;
  /** Of the server, where there is one: for `/metrics`. */
  connections?: Pick<Connections, "counts">;
};

/** The last two are of streams that carry several operations. */
const METHODS = ["GET", "POST", "PUT", "DELETE"];
/** Carries the review session. */
const REVIEW_SESSION = "x-session-id";
const STREAMED: readonly Form[] = ["events", "multipart"];
const NO_SEARCH = new URLSearchParams();
const REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** The whole service behind one `answer`, which servers, functions and tests call alike. */
export function createHttp(app: App, options: Options = {}) {
  const { config, log } = app;
  const { clock = systemClock, connections, atOnce = false } = options;
  const open: Measurement = {
    name: "sojourn_open",
    help: "What is open now: connections of the server, WebSockets among them, and streams of subscriptions.",
    label: "kind",
    read: countOpen,
  };
  const shed: Measurement = {
    name: "sojourn_connections_shed",
    help: "Connections that were closed, or not taken, since there were as many as may be (MAX_CONNECTIONS).",
    label: "reason",
    read: () => ({ ceiling: connections?.counts().shed ?? 0 }),
  };
  const { telemetry = createTelemetry(app.auditDifferences, [...app.measurements, open, shed]) } = options;
  const engine = createEngine(app, telemetry, options.subscriptionsOnly);
  const cors = createCors(config.corsOrigins);
  const pages = config.dashboard ? createPages(storeOrigin(config)) : undefined;
  const demo = app.demoToken && createDemoSignIn(app.demoToken);
  const collect = createCollectRoutes(app, telemetry);
  const media = createMediaRoute(app, clock);
  const probes = createProbes(app, telemetry, clock);
  const streams = createStreams();
  const single = createSingleStreams({ app, engine, streams, clock });
  const sockets = createSockets({ app, engine, clock });
  const addressOf = createAddressOf(config, log);
  const checkFront = createFrontCheck(config);
  const graphiql = createGraphiql();

  function countOpen(): Record<string, number> {
    const counts = { sockets: sockets.count(), streams: streams.count() };
    return connections ? { connections: connections.counts().open, ...counts } : counts;
  }

  /** Of the same request id are the log's lines, the answer's header and the span. */
  function answer(asked: Asked): Promise<Answer> {
    const call = createCall(asked);
    const attributes = { "http.request.method": asked.method, "url.path": asked.path, "request.id": call.requestId };
    const spanned = async () => {
      const answered = await answerCall(asked, call);
      const { operation, viewer } = call;
      Object.assign(attributes, {
        "http.response.status_code": answered.status,
        "graphql.outcome": call.outcome,
        ...(operation ? { "graphql.operation.type": operation.type } : {}),
        ...(operation?.name === undefined ? {} : { "graphql.operation.name": operation.name.slice(0, 100) }),
        ...(viewer ? { "tenant.id": viewer.tenantId } : {}),
      });
      return answered;
    };
    return app.tracer.span(
      `${asked.method} ${asked.path.slice(0, 100)}`,
      attributes,
      spanned,
      asked.header("traceparent"),
    );
  }

  async function answerCall(asked: Asked, call: Call): Promise<Answer> {
    let answered: Answer;
    try {
      checkFront(asked.header, asked.path);
      answered = cors.preflight(asked) ?? await route(asked, call);
    } catch (error) {
      answered = answerError(asked, error, call);
    }
    answered.headers["x-request-id"] = call.requestId;
    if (call.header.given) answered.headers[REVIEW_SESSION] = call.header.given;
    cors.mark(asked, answered);
    collect.mark(asked, answered);
    return compress(asked, answered);
  }

  function createCall(asked: Asked): Call {
    const given = asked.header("x-request-id");
    const call = engine.createCall(
      given !== undefined && REQUEST_ID.test(given) ? given : crypto.randomUUID(),
      undefined,
    );
    call.address = addressOf(asked);
    return call;
  }

  function route(asked: Asked, call: Call): Answer | Promise<Answer> {
    if (asked.path === "/graphql") return operate(asked, call);
    if (asked.path.startsWith("/media/")) return media(asked, call.address);
    const collecting = collect.find(asked.path);
    if (collecting) return collecting(asked, call.address);
    const page = pages?.find(asked.path);
    if (page) return page(asked);
    // Pages ask everywhere; where there is no sample they are told so without an error.
    if (asked.path === "/demo-token" && pages) return demo?.(asked) ?? { status: 204, headers: {}, body: "" };
    const probe = probes.find(asked.path);
    if (probe) return probe();
    const message = `There is nothing at ${asked.path.slice(0, 100)}; the API is at /graphql.`;
    throw new RefusedError("NOT_FOUND", message, { status: 404 });
  }

  async function operate(asked: Asked, call: Call): Promise<Answer> {
    const startedAt = performance.now();
    call.header.asked = asked.header(REVIEW_SESSION);
    try {
      const { method } = asked;
      const accepted = parseAccept(asked.header("accept"));
      const forms = atOnce ? accepted.filter((form) => !STREAMED.includes(form)) : accepted;
      if (!METHODS.includes(method)) throw methodNotAllowed(METHODS.join(", "), "Send a GET or a POST.");
      await identify(asked, call);
      const search = asked.search === "" ? NO_SEARCH : new URLSearchParams(asked.search);
      const stream = asked.header(STREAM_TOKEN) ?? search.get("token") ?? undefined;
      if (atOnce && (method === "PUT" || stream !== undefined)) throw noStreams();
      if (method === "PUT") return single.reserve(call);
      if (method === "DELETE") return single.end(stream ?? "", search.get("operationId") ?? "", call);
      if (method === "GET" && stream !== undefined && forms[0] === "events") return single.open(stream, call);
      if (method === "GET" && config.graphiql && forms[0] === "html") return await graphiql(asked);
      const params = method === "GET"
        ? paramsOfSearch(asked.search, JSON_LIMITS)
        : await readParams(asked, call, config);
      if (stream !== undefined && method === "POST" && !isList(params)) {
        return await single.operate(stream, params, call);
      }
      if (isList(params)) return await operateEach(params, call);
      return await operateOne(params, forms, call, method === "GET");
    } catch (error) {
      return answerError(asked, error, call);
    } finally {
      if (asked.method === "POST" || call.operation) engine.observe(call, startedAt);
    }
  }

  /** Whoever comes without a token that holds is counted by address, before anything is read. */
  async function identify({ header }: Asked, call: Call): Promise<void> {
    call.client = header("user-agent") ?? undefined;
    call.viewer = await app.authenticate(header("authorization"), { origin: header("origin"), address: call.address });
    await app.rates.request(call.address, call.viewer);
  }

  async function operateOne(
    params: Params,
    forms: readonly Form[],
    call: Call,
    isGet: boolean,
  ): Promise<Answer> {
    const planned = engine.plan(call, params);
    if (!isPlanned(planned)) {
      const form = forms.find((form) => form === "graphql" || form === "json") ?? "json";
      return jsonAnswer({ errors: engine.translate(planned, call) }, form);
    }
    const type = call.operation!.type;
    if (isGet && type === "mutation") throw methodNotAllowed("POST", "Mutations are sent by POST.");
    const form = forms.find((form) => fits(form, type === "subscription"));
    if (!form) throw atOnce && type === "subscription" ? noStreams() : notAcceptable();
    if (type !== "subscription") {
      const result = engine.translateResult(await engine.execute(planned), call);
      if (form !== "events") return jsonAnswer(result, form as keyof typeof JSON_TYPES);
      return { status: 200, headers: { ...EVENTS.headers }, body: streams.stream(only(result), EVENTS) };
    }
    const release = call.viewer && app.rates.subscription(call.viewer);
    try {
      const results = await engine.subscribe(planned);
      if (Symbol.asyncIterator in results) {
        const framing = form === "multipart" ? MULTIPART : EVENTS;
        const body = streams.stream(engine.translateEach(results, call), framing, release);
        return { status: 200, headers: { ...framing.headers }, body };
      }
      release?.();
      return jsonAnswer(engine.translateResult(results, call), "json");
    } catch (error) {
      release?.();
      throw error;
    }
  }

  /** Several operations in one request, as Apollo's BatchHttpLink sends them: each is counted, and answered in its place. */
  async function operateEach(
    all: readonly Params[],
    { requestId, viewer, address, client, header }: Call,
  ): Promise<Answer> {
    const attempt = createAttempts();
    const results = await Promise.all(all.map(async (params, i) => {
      const call: Call = { ...engine.createCall(requestId, viewer), address, client, header, attempt };
      try {
        if (i > 0) await app.rates.request(address, viewer);
        const planned = engine.plan(call, params);
        if (!isPlanned(planned)) return { errors: engine.translate(planned, call) };
        if (call.operation!.type === "subscription") throw atOnce ? noStreams() : notAcceptable();
        return engine.translateResult(await engine.execute(planned), call);
      } catch (error) {
        return { errors: engine.translate([error], call) };
      }
    }));
    return {
      status: 200,
      headers: { "content-type": JSON_TYPES.json },
      body: `[${results.map(resultText).join(",")}]`,
    };
  }

  function answerError({ header }: Asked, error: unknown, call: Call): Answer {
    const [seen] = engine.translate([error], call) as [GraphQLError];
    const hints = seen.extensions["http"] as HttpHints | undefined;
    const type = header("accept")?.includes("application/graphql-response+json") ? JSON_TYPES.graphql : JSON_TYPES.json;
    return {
      status: hints?.status ?? 500,
      headers: { ...hints?.headers, "content-type": type },
      body: resultText({ errors: [seen] }),
    };
  }

  return {
    answer,
    /** The same for a Request, as tests and functions have it. */
    fetch: async (request: Request, { address = "unknown" }: Peer = {}): Promise<Response> => {
      return toResponse(await answer(askedBy(request, address, (maxBytes) => readRequest(request, maxBytes))));
    },
    /** Lets the pages that may read the service's answers read one that a function gives in its place. */
    mark(asked: Pick<Asked, "header" | "path">, response: Response): Response {
      const marks = { headers: {} as Record<string, string> };
      cors.mark(asked, marks);
      collect.mark(asked, marks);
      for (const [name, value] of Object.entries(marks.headers)) response.headers.set(name, value);
      return response;
    },
    /** What a server asks before it opens a socket; throws RefusedError. Gives what to do with the socket. */
    async upgrade(asked: Asked) {
      checkFront(asked.header);
      cors.checkSocket(asked);
      const address = addressOf(asked);
      const release = await app.rates.connection(address);
      const [origin, authorization, client] = ["origin", "authorization", "user-agent"].map(asked.header);
      return { address, origin, authorization, client, release };
    },
    sockets,
    /** An error as an answer, where a server has no request that could be answered. */
    refuse: (asked: Asked, error: unknown): Answer => answerError(asked, error, createCall(asked)),
    deadlines: engine.deadlines,
    /** Ends all event streams and sockets, which clients take up again elsewhere; `/ready` answers 503 from then on. */
    endStreams(): void {
      log.debug("Ending streams.");
      probes.stop();
      streams.endAll();
      sockets.closeAll();
    },
  };
}

function fits(form: Form, isStream: boolean): boolean {
  return isStream
    ? form === "events" || form === "multipart"
    : form === "graphql" || form === "json" || form === "events";
}

function isList(params: Params | readonly Params[]): params is readonly Params[] {
  return Array.isArray(params);
}

async function* only<T>(value: T): AsyncGenerator<T, void, void> {
  yield value;
}

function methodNotAllowed(allow: string, message: string): RefusedError {
  return new RefusedError("METHOD_NOT_ALLOWED", message, { status: 405, headers: { allow } });
}

function notAcceptable(): RefusedError {
  const message = `The answer comes in none of the accepted types. Subscriptions answer text/event-stream or ` +
    `multipart/mixed, queries and mutations application/graphql-response+json or application/json.`;
  return new RefusedError("NOT_ACCEPTABLE", message, { status: 406 });
}

function noStreams(): RefusedError {
  const message =
    "This address answers at once and cannot stream. Subscribe by WebSocket (graphql-transport-ws) at the " +
    "address for sockets, or by text/event-stream at the one for streams.";
  return new RefusedError("NO_STREAMS", message, { status: 406 });
}
