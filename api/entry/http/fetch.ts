import type { GraphQLError } from "graphql";
import type { App } from "../../app.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import { UnauthenticatedError } from "../../core/errors.ts";
import { createTelemetry, type Telemetry } from "../../core/telemetry.ts";
import { createCors } from "./cors.ts";
import { type HttpHints, RefusedError } from "./errors.ts";
import { type Call, createEngine } from "./graphql.ts";
import { createAddressOf, type Peer } from "./rates.ts";
import { createDemoSignIn } from "./demo.ts";
import { createPages } from "./pages.ts";
import { createProbes } from "./probes.ts";
import { pathOf, readJsonObject, requestIdOf } from "./request.ts";
import { createStreams } from "./streams.ts";
import { createSockets, isUpgrade, type UpgradeWebSocket } from "./websocket.ts";

export type Http = ReturnType<typeof createHttp>;

type Options = {
  telemetry?: Telemetry;
  clock?: Clock;
  /** How this runtime turns a request into a WebSocket; without it sockets are refused. */
  upgradeWebSocket?: UpgradeWebSocket;
  /** Refuses queries and mutations: for an entry that may only read and subscribe. */
  subscriptionsOnly?: boolean;
};

/** Carries the review session. */
const REVIEW_SESSION = "x-session-id";

/** The whole service behind one `fetch`, which servers and tests call alike. */
export function createHttp(app: App, options: Options = {}) {
  const { config, log } = app;
  const { telemetry = createTelemetry(app.auditDifferences), clock = systemClock, upgradeWebSocket } = options;
  const engine = createEngine(app, telemetry, options.subscriptionsOnly);
  const cors = createCors(config.corsOrigins);
  const pages = config.dashboard ? createPages() : undefined;
  const demo = app.demoToken && createDemoSignIn(app.demoToken);
  const probes = createProbes(app, telemetry, clock);
  const streams = createStreams();
  const sockets = createSockets({ app, engine, clock });
  const addressOf = createAddressOf(config, log);

  async function fetch(request: Request, peer: Peer = {}): Promise<Response> {
    const call = engine.createCall(requestIdOf(request), undefined);
    call.address = addressOf(request, peer);
    let response: Response;
    try {
      if (isUpgrade(request)) return await openSocket(request, call);
      response = cors.preflight(request) ?? await route(request, call);
    } catch (error) {
      response = answerError(request, error, call);
    }
    response.headers.set("x-request-id", call.requestId);
    if (call.header.given) response.headers.set(REVIEW_SESSION, call.header.given);
    cors.mark(request, response.headers);
    return response;
  }

  function route(request: Request, call: Call): Response | Promise<Response> {
    const path = pathOf(request.url);
    if (path === "/graphql") return operate(request, call);
    const page = pages?.find(path);
    if (page) return page(request);
    if (path === "/demo-token" && demo) return demo(request);
    const probe = probes.find(path);
    if (probe) return probe();
    throw new RefusedError("NOT_FOUND", `There is nothing at ${path.slice(0, 100)}; the API is at /graphql.`, {
      status: 404,
    });
  }

  async function operate(request: Request, call: Call): Promise<Response> {
    const startedAt = performance.now();
    call.header.asked = request.headers.get(REVIEW_SESSION) ?? undefined;
    try {
      await identify(request, call);
      if (request.method === "POST") call.body = await readJsonObject(request, config.limits.bodyBytes);
      const response = await engine.handle(request, call);
      if (response.status === 406) {
        await call.results?.return(undefined);
        throw notAcceptable(response);
      }
      return call.results ? openStream(call.results, call) : response;
    } catch (error) {
      return answerError(request, error, call);
    } finally {
      if (request.method !== "GET" || call.operation) engine.observe(call, startedAt);
    }
  }

  /** Whoever comes without a token that holds is counted by address, before anything is read. */
  async function identify(request: Request, call: Call): Promise<void> {
    try {
      call.viewer = await app.authenticate(request.headers.get("authorization"));
    } catch (error) {
      if (error instanceof UnauthenticatedError) await app.rates.request(call.address, undefined);
      throw error;
    }
    await app.rates.request(call.address, call.viewer);
  }

  async function openStream(results: NonNullable<Call["results"]>, { viewer }: Call): Promise<Response> {
    try {
      return streams.open(results, viewer && app.rates.subscription(viewer));
    } catch (error) {
      await results.return(undefined);
      throw error;
    }
  }

  async function openSocket(request: Request, call: Call): Promise<Response> {
    if (pathOf(request.url) !== "/graphql" || !upgradeWebSocket) {
      const message = "No WebSocket here. Subscribe at /graphql with POST and accept: text/event-stream.";
      throw new RefusedError("NO_WEBSOCKET", message, { status: 400 });
    }
    cors.checkSocket(request);
    const release = await app.rates.connection(call.address);
    return sockets.accept(request, upgradeWebSocket, { address: call.address, release });
  }

  function answerError(request: Request, error: unknown, call: Call): Response {
    const [seen] = engine.translate([error], call) as [GraphQLError];
    const { http, ...extensions } = seen.extensions as { http?: HttpHints };
    const isGraphQLJson = request.headers.get("accept")?.includes("application/graphql-response+json");
    const type = isGraphQLJson ? "application/graphql-response+json" : "application/json";
    return Response.json({ errors: [{ message: seen.message, extensions }] }, {
      status: http?.status ?? 500,
      headers: { ...http?.headers, "content-type": `${type}; charset=utf-8` },
    });
  }

  return {
    fetch,
    /** Ends all event streams and sockets, which clients take up again elsewhere; `/ready` answers 503 from then on. */
    endStreams(): void {
      log.debug("Ending streams.");
      probes.stop();
      streams.endAll();
      sockets.closeAll();
    },
  };
}

function notAcceptable(response: Response): RefusedError {
  const types = response.headers.get("accept") ?? "application/json";
  const message = `The answer comes in none of the accepted types. Subscriptions answer text/event-stream, ` +
    `queries and mutations application/graphql-response+json or application/json.`;
  return new RefusedError("NOT_ACCEPTABLE", message, { status: 406, headers: { accept: types } });
}
