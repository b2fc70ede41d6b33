import { RefusedError } from "./errors.ts";
import { badBody, type JsonLimits, parseJson } from "./json.ts";

/** What a client asks to execute, by whatever way it came. */
export type Params = {
  query: string | undefined;
  /** No name and an empty one are the same. */
  operationName: string | undefined;
  variables: Readonly<Record<string, unknown>> | undefined;
  extensions: Readonly<Record<string, unknown>> | undefined;
};

/** The parameters in a value that a client sent; throws RefusedError that names the wrong one. */
export function toParams(value: unknown): Params {
  if (!isObject(value)) throw badBody("is no object");
  const { query, operationName, variables, extensions } = value;
  return {
    query: text("query", query),
    operationName: text("operationName", operationName) || undefined,
    variables: object("variables", variables),
    extensions: object("extensions", extensions),
  };
}

/** The parameters in a URL, where variables and extensions are JSON. */
export function paramsOfSearch(search: string, limits: JsonLimits): Params {
  const given = new URLSearchParams(search);
  const json = (name: string) => {
    const text = given.get(name);
    if (text === null || text === "") return undefined;
    try {
      return parseJson(text, limits);
    } catch {
      throw wrong(name, "JSON of an object");
    }
  };
  return toParams({
    query: given.get("query"),
    operationName: given.get("operationName"),
    variables: json("variables"),
    extensions: json("extensions"),
  });
}

function text(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw wrong(name, "text");
}

function object(name: string, value: unknown): Record<string, unknown> | undefined {
  if (value === undefined || value === null) return undefined;
  if (isObject(value)) return value;
  throw wrong(name, "an object");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(name: string, what: string): RefusedError {
  return new RefusedError("BAD_REQUEST", `The parameter ${name} must be ${what}.`, { status: 400 });
}
