import { GraphQLError, type GraphQLErrorOptions } from "graphql";
import {
  AppError,
  ForbiddenError,
  InvalidInputError,
  RateLimitedError,
  UnauthenticatedError,
  UnavailableError,
} from "../../core/errors.ts";

/** The status and headers that an error asks for. With `spec`, answers of `application/json` stay 200. */
export type HttpHints = { status: number; headers?: Record<string, string>; spec?: boolean };

/** A request was refused before any resolver ran. The message names the limit, what was found and what to do. */
export class RefusedError extends AppError {
  readonly http: HttpHints;

  constructor(code: string, message: string, http: HttpHints) {
    super(code, message);
    this.http = http;
  }
}

/** A GraphQL document goes beyond a limit. */
export class QueryRefusedError extends RefusedError {
  constructor(code: string, message: string) {
    super(code, message, { status: 400, spec: true });
  }
}

/**
 * What the caller may see of `error`. Errors known by name keep code and message; what graphql-js says of a wrong
 * document or variable stays; all else is masked as INTERNAL. Translating twice changes nothing.
 */
export function toGraphQLError(error: unknown, requestId: string): GraphQLError {
  const cause = rootCause(error);
  const at = error instanceof GraphQLError ? locationOf(error) : {};
  if (cause instanceof GraphQLError) return cause === error ? cause : (error as GraphQLError);
  if (isCoercion(error) && !(cause instanceof RefusedError)) {
    const extensions = { code: "BAD_USER_INPUT", ...error.extensions, http: { status: 400, spec: true } };
    return new GraphQLError(error.message, { ...at, extensions });
  }
  if (cause instanceof AppError && cause.code !== "INTERNAL") {
    return new GraphQLError(cause.message, { ...at, originalError: cause, extensions: extensionsOf(cause) });
  }
  return new GraphQLError(
    "Something went wrong on our side. Try again; where it happens again, report it with the request id.",
    { ...at, extensions: { code: "INTERNAL", requestId, http: { status: 500 } } },
  );
}

/** An error as clients of a stream or socket get it: without what is meant for HTTP. */
export function plain(error: GraphQLError) {
  const { extensions: { http: _, ...extensions } = {}, ...rest } = error.toJSON();
  return { ...rest, extensions };
}

/** Whether `toGraphQLError` masks the error, which then must be logged. */
export function isMasked(error: unknown): boolean {
  const cause = rootCause(error);
  if (cause instanceof GraphQLError || isCoercion(error)) return false;
  return !(cause instanceof AppError) || cause.code === "INTERNAL";
}

/** The error that was thrown, below what graphql-js wrapped around it. */
export function rootCause(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}

/**
 * Whether a scalar refused a value of the caller. Such errors have a place in the document and none in the answer, and
 * graphql-js tells them in its own words; those of a broken stream have the thrown error's words as they are.
 */
function isCoercion(error: unknown): error is GraphQLError {
  if (!(error instanceof GraphQLError) || error.path !== undefined || error.nodes === undefined) return false;
  return error.message !== (rootCause(error) as Error).message;
}

/** The same error with something changed. */
export function changed(
  error: GraphQLError,
  { message = error.message, extensions = error.extensions }: {
    message?: string;
    extensions?: Record<string, unknown>;
  },
): GraphQLError {
  const options = { ...locationOf(error), originalError: error.originalError, extensions };
  return new GraphQLError(message, options as GraphQLErrorOptions);
}

function locationOf({ nodes, source, positions, path }: GraphQLError) {
  return { nodes, source, positions, path };
}

function extensionsOf(error: AppError): Record<string, unknown> {
  const http = httpOf(error);
  return {
    code: error.code,
    ...(error.retryable ? { retryable: true } : {}),
    ...(error instanceof InvalidInputError ? { fields: error.fields } : {}),
    ...(error instanceof RateLimitedError ? { retryAfterSeconds: error.retryAfterSeconds } : {}),
    ...(http ? { http } : {}),
  };
}

function httpOf(error: AppError): HttpHints | undefined {
  if (error instanceof RefusedError) return error.http;
  if (error instanceof UnauthenticatedError) return { status: 401, headers: { "www-authenticate": "Bearer" } };
  if (error instanceof ForbiddenError) return { status: 403 };
  if (error instanceof RateLimitedError) {
    return { status: 429, headers: { "retry-after": `${error.retryAfterSeconds}` } };
  }
  if (error instanceof UnavailableError) return { status: 503, headers: { "retry-after": "1" } };
  return undefined;
}
