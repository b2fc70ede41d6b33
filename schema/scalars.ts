import { GraphQLError, Kind, valueFromASTUntyped, type ValueNode } from "graphql";
import { formatInstant, parseInstant } from "../api/core/time.ts";
import { builder } from "./builder.ts";

builder.scalarType("DateTime", {
  description:
    "An instant: RFC 3339 with milliseconds, in UTC, such as 2026-01-31T12:00:00.000Z. Input may carry another offset and no fraction.",
  specifiedByURL: "https://scalars.graphql.org/andimarek/date-time.html",
  serialize: formatInstant,
  parseValue: toInstant,
  parseLiteral: (node: ValueNode) => toInstant(node.kind === Kind.STRING ? node.value : undefined),
});

builder.scalarType("Milliseconds", {
  description: "A length of time in whole milliseconds, 0 to 2^53-1.",
  serialize: toMilliseconds,
  parseValue: toMilliseconds,
  parseLiteral: (node: ValueNode) => toMilliseconds(node.kind === Kind.INT ? Number(node.value) : undefined),
});

builder.scalarType("TimeZone", {
  description: "An IANA time zone name, such as Europe/Berlin.",
  serialize: (value) => value,
  parseValue: toTimeZone,
  parseLiteral: (node: ValueNode) => toTimeZone(node.kind === Kind.STRING ? node.value : undefined),
});

builder.scalarType("JSON", {
  description: "A JSON value. Used only where the sender decides the shape.",
  serialize: (value) => value,
  parseValue: (value: unknown) => value,
  parseLiteral: (node: ValueNode, variables) => valueFromASTUntyped(node, variables),
});

function toInstant(value: unknown): number {
  const at = typeof value === "string" ? parseInstant(value) : undefined;
  if (at === undefined) {
    throw new GraphQLError("DateTime must be an RFC 3339 instant such as 2026-01-31T12:00:00.000Z.");
  }
  return at;
}

const MAX_ZONE_CHARACTERS = 64;

function toTimeZone(value: unknown): string {
  if (typeof value === "string" && isTimeZone(value)) return value;
  const got = JSON.stringify(typeof value === "string" ? value.slice(0, MAX_ZONE_CHARACTERS) : value) ?? "no text";
  throw new GraphQLError(`TimeZone must be an IANA time zone such as Europe/Madrid; got ${got}.`);
}

/** Offsets such as +05:30 are no zones: their days are the same length. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name) || name.length > MAX_ZONE_CHARACTERS) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function toMilliseconds(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new GraphQLError("Milliseconds must be a whole number from 0 to 2^53-1.");
}
