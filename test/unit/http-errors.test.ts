import { GraphQLError, parse } from "graphql";
import { expect, test } from "vitest";
import {
  AppError,
  ForbiddenError,
  InvalidInputError,
  UnauthenticatedError,
  UnavailableError,
} from "../../api/core/errors.ts";
import { isMasked, toGraphQLError } from "../../api/entry/http/errors.ts";

const thrown = (cause: Error) => new GraphQLError(cause.message, { path: ["field"], originalError: cause });
const extensionsOf = (error: unknown) => toGraphQLError(error, "r1").extensions;

test("an error known by name keeps its code, message and place", () => {
  const fields = [{ path: ["name"], message: "must not be empty" }];
  const seen = toGraphQLError(thrown(new InvalidInputError(fields)), "r1");
  expect(seen.message).toBe("name: must not be empty");
  expect(seen.path).toEqual(["field"]);
  expect(seen.extensions).toEqual({ code: "INVALID_INPUT", fields });
});

test("what may be tried again says so, and names its HTTP status", () => {
  expect(extensionsOf(thrown(new UnavailableError("s3")))).toEqual({
    code: "UNAVAILABLE",
    retryable: true,
    http: { status: 503, headers: { "retry-after": "1" } },
  });
  expect(extensionsOf(new UnauthenticatedError("no"))["http"]).toEqual({
    status: 401,
    headers: { "www-authenticate": "Bearer" },
  });
  expect(extensionsOf(new ForbiddenError("no"))["http"]).toEqual({ status: 403 });
});

test("everything else is masked and carries the request id", () => {
  for (
    const error of [
      new TypeError("secret"),
      thrown(new Error("secret")),
      new AppError("INTERNAL", "secret"),
      "secret",
      null,
    ]
  ) {
    const seen = toGraphQLError(error, "r1");
    expect(seen.message).toMatch(/^Something went wrong on our side\./);
    expect(JSON.stringify(seen)).not.toContain("secret");
    expect(seen.extensions).toMatchObject({ code: "INTERNAL", requestId: "r1" });
    expect(isMasked(error)).toBe(true);
  }
});

test("a value that a scalar refuses is the caller's error, not ours", () => {
  const nodes = parse("{ a }").definitions;
  const error = new GraphQLError("Variable $n got 3; must be even", {
    nodes,
    originalError: new TypeError("must be even"),
  });
  expect(toGraphQLError(error, "r1").message).toBe("Variable $n got 3; must be even");
  expect(extensionsOf(error)).toMatchObject({ code: "BAD_USER_INPUT" });
  expect(isMasked(error)).toBe(false);
});

test("a stream that breaks is masked, though its error has no path", () => {
  const nodes = parse("{ a }").definitions;
  const error = new GraphQLError("secret", { nodes, originalError: new TypeError("secret") });
  expect(toGraphQLError(error, "r1").message).not.toContain("secret");
  expect(isMasked(error)).toBe(true);
});

test("what graphql-js says stays as it is", () => {
  const error = new GraphQLError("Syntax Error: …");
  expect(toGraphQLError(error, "r1")).toBe(error);
  expect(isMasked(error)).toBe(false);
});

test("translating twice changes nothing", () => {
  for (const error of [new TypeError("secret"), thrown(new UnavailableError("s3")), new GraphQLError("x")]) {
    const once = toGraphQLError(error, "r1");
    expect(toGraphQLError(once, "r1").toJSON()).toEqual(once.toJSON());
    expect(isMasked(once)).toBe(false);
  }
});
