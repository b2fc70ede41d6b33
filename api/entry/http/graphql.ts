import type { OperationTypeNode } from "graphql";
import { type DocumentNode, type ExecutionArgs, type ExecutionResult, getOperationAST, GraphQLError } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import { LRUCache } from "lru-cache";
import type { App } from "../../app.ts";
import type { Viewer } from "../../auth/viewer.ts";
import { AppError, UnavailableError } from "../../core/errors.ts";
import type { Outcome, Telemetry } from "../../core/telemetry.ts";
import { createCostLimit } from "./cost.ts";
import { isMasked, RefusedError, rootCause, toGraphQLError } from "./errors.ts";
import { createShapeLimits } from "./limits.ts";
import { createSharedExecution, mapEach } from "./shared-results.ts";

/** What the HTTP layer knows of one operation while it is under way. */
export type Call = {
  requestId: string;
  viewer: Viewer | undefined;
  /** From where it came, as it is counted. */
  address: string;
  /** The parsed body of a POST. */
  body?: object;
  operation?: { type: OperationTypeNode; name: string | undefined };
  outcome: Outcome;
  /** The review session that the request named in its header, and the one that the response names. */
  header: { asked?: string | undefined; given?: string | undefined };
  /** The results of a subscription; whoever drops them must end them. */
  results?: AsyncGenerator<ExecutionResult>;
};

export type Engine = ReturnType<typeof createEngine>;

/** What GraphiQL shows a newcomer. */
const FIRST_QUERY = `# Put a token into the Headers below, as {"Authorization": "Bearer TOKEN"}.
# npm run --silent token -- --tenant demo   prints one for the sample.
{
  viewer { tenantId scopes }
  journeys(first: 5) { nodes { sessionId startedAt outcome eventCount } }
}
`;

/** Documents are kept by their text, which may be as long as a body: so the caches are bounded by characters. */
const CACHED_CHARACTERS = 1_000_000;

/** Makes what parses, limits, executes and translates errors: the same for requests and sockets. */
export function createEngine(app: App, telemetry: Telemetry, subscriptionsOnly = false) {
  const { config, log } = app;
  const subscribeShared = createSharedExecution();

  /** What a caller may see of the errors of one result; what is masked is logged, one line for each. */
  function translate(errors: readonly unknown[], call: Call): GraphQLError[] {
    return errors.map((error) => {
      const seen = toGraphQLError(error, call.requestId);
      note(error, call);
      if (!config.introspection) seen.message = seen.message.replace(/ Did you mean [^?]*\?/g, "");
      return seen;
    });
  }

  function note(error: unknown, call: Call): void {
    const cause = rootCause(error);
    const fields = { requestId: call.requestId, operation: call.operation?.name?.slice(0, 100), error: cause };
    if (isMasked(error)) log.error("An operation failed.", fields);
    else if (cause instanceof UnavailableError) log.warn("A dependency did not answer.", fields);
    if (cause instanceof RefusedError) telemetry.countRefusal(cause.code);
    call.outcome = worse(call.outcome, outcomeOf(error));
  }

  /** The result with its errors translated. Where anything was answered, the HTTP status stays 200. */
  function translateResult<R extends ExecutionResult>(result: R, call: Call): R {
    if (!result.errors?.length) return result;
    const errors = translate(result.errors, call);
    const answered = Object.values(result.data ?? {}).some((value) => value !== null);
    if (answered) { for (const error of errors) delete error.extensions["http"]; }
    return { ...result, errors };
  }

  const httpLayer: Plugin<{ call: Call }> = {
    onRequestParse({ serverContext, setRequestParser }) {
      const { body } = (serverContext as unknown as { call: Call }).call;
      if (body) setRequestParser(() => body as { query?: string });
    },
    onParse: () => ({ result, context }) => noteOperation(result, context),
    onExecute: ({ executeFn, setExecuteFn }) => setExecuteFn((args) => executeFn(withOwnContext(args))),
    onSubscribe: ({ setSubscribeFn }) =>
      setSubscribeFn((args: ExecutionArgs) => subscribeShared(withOwnContext(args), callOf(args).viewer)),
    onResultProcess(hook) {
      const { call } = hook.serverContext as unknown as { call: Call };
      if (Symbol.asyncIterator in hook.result) {
        const source = hook.result as AsyncIterable<ExecutionResult>;
        call.results = mapEach(source, (one) => translateResult(one, call));
        // The HTTP layer makes the stream itself (see streams.ts); without a processor no type fits, which yoga answers.
        if (hook.resultProcessor) hook.setResultProcessor(() => new Response(null), "text/event-stream");
      } else hook.setResult(translateResult(hook.result as ExecutionResult, call));
    },
  };

  /** Resolvers see what the app made for them, and neither the request nor its headers. */
  function withOwnContext(args: ExecutionArgs): ExecutionArgs {
    const { viewer, requestId, header } = callOf(args);
    return { ...args, contextValue: app.contextFor({ viewer, requestId, header }) };
  }

  const { Request, Response, Headers, ReadableStream, TextEncoder, URL } = globalThis;
  const yoga = createYoga<{ call: Call }>({
    schema: app.schema,
    landingPage: false,
    multipart: false,
    maxRequestBodySize: false,
    batching: false,
    cors: false,
    logging: false,
    // The HTTP layer's own translation does it, with the request id.
    maskedErrors: false,
    graphiql: config.graphiql && { title: "Sojourn", defaultQuery: FIRST_QUERY, shouldPersistHeaders: true },
    // The page with its scripts inside, so that it works without a network; loaded when it is first asked for.
    renderGraphiQL: async (options) => (await import("@graphql-yoga/render-graphiql")).renderGraphiQL(options),
    fetchAPI: { Request, Response, Headers, ReadableStream, TextEncoder, URL },
    parserAndValidationCache: { documentCache: createCache<DocumentNode>(), errorCache: createCache<Error>() },
    plugins: [
      ...createShapeLimits(config),
      createCostLimit(config.limits.cost),
      ...(subscriptionsOnly ? [refuseOthers] : []),
      httpLayer,
    ],
  });

  return {
    createCall: (requestId: string, viewer: Viewer | undefined, body?: object): Call => ({
      requestId,
      viewer,
      address: "unknown",
      outcome: "ok",
      header: {},
      ...(body === undefined ? {} : { body }),
    }),
    handle: async (request: Request, call: Call): Promise<Response> => await yoga.handleRequest(request, { call }),
    /** The same parse, validate, execute and subscribe, for one operation that came another way. */
    bind: (call: Call, params: Params) => yoga.getEnveloped({ call, params }),
    translate,
    translateResult,
    observe(call: Call, startedAt: number): void {
      telemetry.observeOperation(
        call.operation?.type ?? "unknown",
        call.outcome,
        (performance.now() - startedAt) / 1000,
      );
    },
  };
}

/** Queries and mutations are executed, subscriptions are not. */
const refuseOthers: Plugin = {
  onExecute({ setResultAndStopExecution }) {
    const message =
      "This address takes subscriptions only. Send queries and mutations to the address that answers at once.";
    const originalError = new RefusedError("SUBSCRIPTIONS_ONLY", message, { status: 400, spec: true });
    setResultAndStopExecution({ errors: [new GraphQLError(message, { originalError })] });
  },
};

export type Params = { operationName?: string | null | undefined };

function callOf(args: ExecutionArgs): Call {
  return (args.contextValue as { call: Call }).call;
}

function noteOperation(document: unknown, { call, params }: { call: Call; params: Params }): void {
  if (document instanceof Error || document === null) return;
  const operation = getOperationAST(document as DocumentNode, params.operationName);
  if (operation) call.operation = { type: operation.operation, name: operation.name?.value };
}

function outcomeOf(error: unknown): Outcome {
  const cause = rootCause(error);
  if (isMasked(error) || cause instanceof UnavailableError) return "failed";
  const refusals = ["UNAUTHENTICATED", "FORBIDDEN"];
  const isRefusal = cause instanceof RefusedError || (cause instanceof AppError && refusals.includes(cause.code));
  return isRefusal ? "refused" : "error";
}

function worse(a: Outcome, b: Outcome): Outcome {
  const order: readonly Outcome[] = ["ok", "error", "refused", "failed"];
  return order.indexOf(a) > order.indexOf(b) ? a : b;
}

function createCache<T extends object>() {
  return new LRUCache<string, T>({
    maxSize: CACHED_CHARACTERS,
    maxEntrySize: CACHED_CHARACTERS / 20,
    sizeCalculation: (_, text) => text.length + 1,
  });
}
