import { GraphQLError, Kind, valueFromASTUntyped, type ValueNode } from "graphql";
import { formatInstant, parseInstant } from "../api/core/time.ts";

type Variables = Record<string, unknown> | null;

/** How values of the contract's scalars are read and written; their names and descriptions are the contract's. */
export const scalars = {
  /** Instants: RFC 3339 text outside, epoch milliseconds inside. */
  DateTime: {
    __serialize: (value: unknown) => formatInstant(value as number),
    __parseValue: toInstant,
    __parseLiteral: (node: ValueNode) => toInstant(node.kind === Kind.STRING ? node.value : undefined),
  },
  /** Whole milliseconds, 0 to 2^53-1. */
  Milliseconds: {
    __serialize: toMilliseconds,
    __parseValue: toMilliseconds,
    __parseLiteral: (node: ValueNode) => toMilliseconds(node.kind === Kind.INT ? Number(node.value) : undefined),
  },
  /** Names of IANA time zones, as the runtime knows them. Offsets such as +05:30 are no zones: their days are the same length. */
  TimeZone: {
    __serialize: (value: unknown) => value,
    __parseValue: toTimeZone,
    __parseLiteral: (node: ValueNode) => toTimeZone(node.kind === Kind.STRING ? node.value : undefined),
  },
  /** Any JSON value, as it is. */
  JSON: {
    __serialize: (value: unknown) => value,
    __parseValue: (value: unknown) => value,
    __parseLiteral: (node: ValueNode, variables: Variables) => valueFromASTUntyped(node, variables),
  },
};

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
