import { GraphQLError, Kind, valueFromASTUntyped, type ValueNode } from "graphql";
import { Temporal } from "temporal-polyfill";
import { formatInstant, parseInstant } from "../api/core/time.ts";
import { isOwnSource, OWN_SOURCE_RULE, SOURCES } from "../api/metrics/model.ts";
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

builder.scalarType("MetricSource", {
  description: `What is counted: one of these words, or a name that the tenant gives to records of its own.

- ITEMS, SCORE_RESULTS, TASKS, EVALUATIONS: records, as clients or attached tables provide them.
- SESSIONS: sessions, by their start.
- MOTION_EVENTS: motion events, by their own time.
- JOURNEYS: journeys, by their start.
- JOURNEY_EVENTS: events of journeys, by their own time.
- REVIEWS: answers of reviews, by their own time; one that was taken back no longer counts.
- A name of your own, such as \`checkout.paid\`: ${OWN_SOURCE_RULE}. It is there with its first record; at most 100 a tenant.

In a document the words may stand with or without quotes.`,
  serialize: (value) => value,
  parseValue: toMetricSource,
  parseLiteral: (node: ValueNode) =>
    toMetricSource(node.kind === Kind.STRING || node.kind === Kind.ENUM ? node.value : undefined),
});

builder.scalarType("JSON", {
  description: "A JSON value. Used only where the sender decides the shape.",
  serialize: (value) => value,
  parseValue: (value: unknown) => value,
  parseLiteral: (node: ValueNode, variables) => valueFromASTUntyped(node, variables),
});

/** A scalar, since an input type would refuse all 500 events of a batch for one that is of another shape. */
builder.scalarType("EventInput", {
  description: `One event as its sender numbers it: an object with these fields, each event checked by itself.

- \`sessionId\`, text, required: the sender's id of the session; 1 to 128 characters.
- \`source\`, text: what numbers the events, such as a tab, a page load, a device; "main" where absent; 1 to 64 characters. One session can have 1,024.
- \`seq\`, whole number, required: the source's running number in this session, from 1. (session, source, seq) is recorded once, as long as its journey is kept.
- \`type\`, text, required: upper snake case, such as WIDGET_OPENED, PAGE_VIEWED, MESSAGE_SENT, MESSAGE_RECEIVED, FORM_STARTED, FORM_COMPLETED, LINK_CLICKED, CTA_CLICKED or any other.
- \`occurredAt\`, text, required: an RFC 3339 instant with its offset, from 1990 to 10 minutes from now.
- \`visitorId\`, text: who the visitor is, where known; 1 to 128 characters.
- \`aliasOf\`, text: another id under which this visitor was known; needs \`visitorId\`.
- \`page\`, text: the page it happened on; at most 2,048 characters.
- \`text\`, text: what was written; at most 8,192 characters.
- \`properties\`, any JSON: at most 8 KB, nested 32 deep at most.

Null is the same as absent. A field that is not listed, or is of another type, refuses the event in its receipt.`,
  serialize: (value) => value,
  parseValue: (value: unknown) => value,
  parseLiteral: withInstant("occurredAt"),
});

/** A scalar, since an input type would refuse all 5,000 readings of a batch for one that is of another shape. */
builder.scalarType("ReadingInput", {
  description: `What a device measured at one instant: an object with these fields, each reading checked by itself.

- \`at\`, required: an RFC 3339 instant with its offset, or milliseconds since 1970; from 1990 on.
- \`values\`, a list of 1 to 64 numbers, required: one a channel, as many in every reading of the batch; null where a channel has none.

A field that is not listed, or is of another type, refuses the reading in its receipt.`,
  serialize: (value) => value,
  parseValue: (value: unknown) => value,
  parseLiteral: withInstant("at"),
});

/** A scalar likewise: of 500 records one that is of another shape refuses itself. */
builder.scalarType("MetricRecordInput", {
  description: `One record to count: an object with these fields, each record checked by itself.

- \`source\`, text, required: one of the first four sources, or a name of your own; in a document the words may stand without quotes.
- \`recordId\`, text or a whole number, required: the record's own id, 1 to 128 characters; (tenant, source, recordId) is counted once.
- \`at\`, required: an RFC 3339 instant with its offset, or milliseconds since 1970; from 1990 to 10 minutes from now.
- \`value\`, a number, from -10^12 to 10^12; kept to six digits after the point.
- \`dimensions\`, a list of at most 5 \`{key, value}\`: what to tell records apart by. A key is 1 to 32 of A-Z, a-z, 0-9, \`_\`, \`.\` and \`-\`, beginning with a letter, such as \`country\`, and none stands twice; a value is 1 to 64 characters, such as \`NP\`. A source has at most 100 different pairs in an hour; a record with one more is refused.

Null is the same as absent. A field that is not listed, or is of another type, refuses the record in its receipt.`,
  serialize: (value) => value,
  parseValue: (value: unknown) => value,
  parseLiteral: withInstant("at"),
});

/** What stands in the document as it was written; its instant may be a variable of type DateTime, which is a number by now. */
function withInstant(field: string) {
  return (node: ValueNode, variables: Parameters<typeof valueFromASTUntyped>[1]): unknown => {
    const written = valueFromASTUntyped(node, variables);
    const at = node.kind === Kind.OBJECT ? node.fields.find(({ name }) => name.value === field)?.value : undefined;
    if (at?.kind !== Kind.VARIABLE) return written;
    const value = variables?.[at.name.value];
    return typeof value === "number" ? { ...written as object, [field]: formatInstant(value) } : written;
  };
}

function toInstant(value: unknown): number {
  const at = typeof value === "string" ? parseInstant(value) : undefined;
  if (at === undefined) {
    throw new GraphQLError("DateTime must be an RFC 3339 instant such as 2026-01-31T12:00:00.000Z.");
  }
  return at;
}

function toMetricSource(value: unknown): string {
  if (typeof value === "string" && ((SOURCES as readonly string[]).includes(value) || isOwnSource(value))) return value;
  throw new GraphQLError(
    `MetricSource must be one of ${SOURCES.join(", ")}, or a name of your own: ${OWN_SOURCE_RULE}.`,
  );
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
    // The runtime takes names that its calendars do not, such as Factory, JST or SystemV/EST5.
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

function toMilliseconds(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new GraphQLError("Milliseconds must be a whole number from 0 to 2^53-1.");
}
