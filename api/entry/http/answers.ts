import type { ExecutionResult } from "graphql";
import { type HttpHints, plain } from "./errors.ts";
import type { Answer } from "./exchange.ts";

export const JSON_TYPES = {
  graphql: "application/graphql-response+json; charset=utf-8",
  json: "application/json; charset=utf-8",
} as const;

/** A result in JSON. Where anything was answered, the status is 200. */
export function jsonAnswer(result: ExecutionResult, form: keyof typeof JSON_TYPES): Answer {
  const headers: Record<string, string> = { "content-type": JSON_TYPES[form] };
  if (!result.errors) return { status: 200, headers, body: JSON.stringify(result) };
  const isAnswered = Object.values(result.data ?? {}).some((value) => value !== null);
  let status = 200;
  if (!isAnswered) {
    for (const { extensions } of result.errors) {
      const hints = extensions["http"] as HttpHints | undefined;
      if (!hints || (hints.spec && form === "json")) continue;
      Object.assign(headers, hints.headers);
      status = Math.max(status, hints.status);
    }
    if (status === 200 && form === "graphql" && !("data" in result)) status = 400;
  }
  return { status, headers, body: JSON.stringify({ ...result, errors: result.errors.map(plain) }) };
}
