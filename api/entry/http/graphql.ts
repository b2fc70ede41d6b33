import {
  type DocumentNode,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  type OperationDefinitionNode,
  type OperationTypeNode,
} from "graphql";
import type { App } from "../../app.ts";
import type { Viewer } from "../../auth/viewer.ts";
import { SECOND_MS } from "../../core/clock.ts";
import { AppError, UnavailableError } from "../../core/errors.ts";
import type { Outcome, Telemetry } from "../../core/telemetry.ts";
import { tooLarge } from "./body.ts";
import { createCostCheck } from "./cost.ts";
import { createDeadlines } from "./deadlines.ts";
import { changed, isMasked, QueryRefusedError, RefusedError, rootCause, toGraphQLError } from "./errors.ts";
import type { Params } from "./params.ts";
import { createPersistedQueries } from "./persisted.ts";
import { createPrepare } from "./prepare.ts";
import { createSharedExecution, mapEach } from "./shared-results.ts";

/** What the HTTP layer knows of one operation while it is under way. */
export type Call = {
  requestId: string;
  viewer: Viewer | undefined;
  /** From where it came, as it is counted; and what the client says that it is. */
  address: string;
  client?: string | undefined;
  /** Where a request has several operations: what they share, so that all of them hold one login. */
  attempt?: () => void;
  /** What its operation asks for, in fields. */
  cost?: number;
  operation?: { type: OperationTypeNode; name: string | undefined };
  outcome: Outcome;
  /** The review session that the request named in its header, and the one that the response names. */
  header: { asked?: string | undefined; given?: string | undefined };
  /** Where the body is larger than all but two mutations may send: how large. */
  largeBytes?: number;
};

export type Engine = ReturnType<typeof createEngine>;

/** An operation that may be executed. */
export type Planned = ExecutionArgs & { call: Call };

/** The mutations whose bodies may be large: a file in base64. */
const LARGE_MUTATIONS = ["importCollection", "addMedia"];
/** Most bytes of any other body. */
export const BODY_BYTES = 1_048_576;

/** Those without a token share one share; no tenant has this name. */
const NOBODY = "";
const MAX_VARIABLE_ERRORS = 5;
const MAX_MESSAGE_CHARACTERS = 1_000;
const HALF = MAX_MESSAGE_CHARACTERS / 2;
const QUERY_MS = 30 * SECOND_MS;
/** Rebuilding and erasing take their time. */
const MUTATION_MS = 900 * SECOND_MS;

/** Makes what parses, limits, executes and translates errors: the same for requests and sockets. */
export function createEngine(app: App, telemetry: Telemetry, subscriptionsOnly = false) {
  const { config, log } = app;
  const shared = createSharedExecution();
  const prepare = createPrepare(app.schema, config);
  const persisted = createPersistedQueries({ isOn: config.persistedQueries });
  const findCost = createCostCheck(config.limits.cost);
  const deadlines = createDeadlines();

  /** What a caller may see of the errors of one result; what is masked is logged, one line for each. */
  function translate(errors: readonly unknown[], call: Call): GraphQLError[] {
    return errors.map((error) => {
      note(error, call);
      const seen = toGraphQLError(error, call.requestId);
      const message = shorten(seen.message, config.introspection);
      return message === seen.message ? seen : changed(seen, { message });
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

  function translateResult<R extends ExecutionResult>(result: R, call: Call): R {
    return result.errors?.length ? { ...result, errors: translate(result.errors, call) } : result;
  }

  /**
   * What to execute, or what is wrong with it. Nothing of the caller's is coerced before the document holds, and errors
   * of variables are counted: a list of 100,000 wrong ones is wrong after the fifth.
   */
  function plan(call: Call, params: Params): Planned | readonly GraphQLError[] {
    const text = persisted.find(params);
    const { document, errors } = prepare(text);
    const operation = document && getOperationAST(document, params.operationName);
    if (operation) call.operation = { type: operation.operation, name: operation.name?.value };
    if (errors) return errors;
    if (!operation) return [noOperation(document, params.operationName)];
    persisted.keep(params);
    if (subscriptionsOnly && operation.operation !== "subscription") return [subscriptionsOnlyError()];
    if (call.largeBytes !== undefined && !isLargeMutation(operation)) {
      throw tooLarge(BODY_BYTES, `${call.largeBytes}`);
    }
    const wrong = wrongVariables(operation, params);
    if (wrong) return wrong;
    const { viewer, requestId, header, address, client, attempt } = call;
    const args: Planned = {
      schema: app.schema,
      document,
      operationName: params.operationName,
      variableValues: params.variables,
      contextValue: app.contextFor({
        viewer,
        requestId,
        header,
        from: { address, client },
        ...(attempt ? { attempt } : {}),
      }),
      call,
    };
    const cost = findCost(args);
    if (typeof cost !== "number") return [cost];
    call.cost = cost;
    return args;
  }

  function wrongVariables({ variableDefinitions = [] }: OperationDefinitionNode, { variables = {} }: Params) {
    if (variableDefinitions.length === 0) return undefined;
    return getVariableValues(app.schema, variableDefinitions, variables, {
      maxErrors: MAX_VARIABLE_ERRORS,
      hideSuggestions: !config.introspection,
    }).errors?.map((error) =>
      error.originalError && !(error.originalError instanceof GraphQLError)
        ? error
        : changed(error, { extensions: { code: "BAD_USER_INPUT", http: { status: 400, spec: true } } })
    );
  }

  return {
    createCall: (requestId: string, viewer: Viewer | undefined): Call => ({
      requestId,
      viewer,
      address: "unknown",
      outcome: "ok",
      header: {},
    }),
    plan,
    /** The result of a query or mutation, its errors as they were thrown. Throws where it takes too long. */
    execute({ call, ...args }: Planned): ExecutionResult | Promise<ExecutionResult> {
      return app.shares.run(call.viewer?.tenantId ?? NOBODY, call.cost ?? 1, () => {
        const result = execute(args);
        if (!(result instanceof Promise)) return result;
        const ms = call.operation?.type === "mutation" ? MUTATION_MS : QUERY_MS;
        return deadlines.within(ms, result, () => tookTooLong(ms));
      });
    },
    /** The results of a subscription, with their errors as they were thrown; or what kept it from beginning. */
    subscribe: ({ call, ...args }: Planned) => shared.subscribe(args, call.viewer),
    deliver: ({ call, ...args }: Planned) => shared.deliver(args, call.viewer),
    translate,
    translateResult,
    /** Results with what the caller may see of their errors. Where the source throws, that is the last of them. */
    translateEach(results: AsyncIterable<ExecutionResult>, call: Call): AsyncGenerator<ExecutionResult, void, void> {
      return mapEach(
        results,
        (one) => translateResult(one, call),
        (error): ExecutionResult => ({ errors: translate([error], call) }),
      );
    },
    deadlines,
    observe(call: Call, startedAt: number): void {
      telemetry.observeOperation(
        call.operation?.type ?? "unknown",
        call.outcome,
        (performance.now() - startedAt) / 1000,
      );
    },
  };
}

export function isPlanned(planned: Planned | readonly GraphQLError[]): planned is Planned {
  return !Array.isArray(planned);
}

function noOperation(document: DocumentNode, name: string | undefined): GraphQLError {
  const message = name === undefined
    ? "The document has several operations, or none. Send operationName to say which."
    : `The document has no operation ${name.slice(0, 100)}.`;
  return new GraphQLError(message, {
    nodes: document.definitions.slice(0, 1),
    extensions: { code: "OPERATION_RESOLUTION_FAILURE", http: { status: 400, spec: true } },
  });
}

function isLargeMutation({ operation, selectionSet }: OperationDefinitionNode): boolean {
  return operation === "mutation" &&
    selectionSet.selections.every((node) => node.kind === "Field" && LARGE_MUTATIONS.includes(node.name.value));
}

function subscriptionsOnlyError(): GraphQLError {
  const message =
    "This address takes subscriptions only. Send queries and mutations to the address that answers at once.";
  return new GraphQLError(message, { originalError: new QueryRefusedError("SUBSCRIPTIONS_ONLY", message) });
}

function tookTooLong(ms: number): RefusedError {
  const message = `It took longer than ${
    ms / SECOND_MS
  } seconds, and may have happened. Ask for less, or send the same again.`;
  return new RefusedError("TIMEOUT", message, { status: 504 });
}

/** Messages of graphql-js repeat what the client sent, and end with what it may have meant. */
function shorten(message: string, isSuggesting: boolean): string {
  const end = isSuggesting ? -1 : message.lastIndexOf(" Did you mean ");
  const text = end < 0 ? message : message.slice(0, end);
  // What was sent stands at the beginning, and what is wrong with it at the end.
  return text.length > MAX_MESSAGE_CHARACTERS ? `${text.slice(0, HALF)}…${text.slice(-HALF)}` : text;
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
