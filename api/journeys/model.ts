import * as v from "valibot";
import { instant, prose, tooFarAhead, whole, words } from "../core/check.ts";
import { DAY_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Page } from "../core/page.ts";
import type { Watermark } from "../core/watermark.ts";

/** One event as it was accepted. (session, source, seq) identifies it for ever. */
export type RecordedEvent = {
  sessionId: string;
  source: string;
  seq: number;
  type: string;
  occurredAt: number;
  visitorId?: string | undefined;
  page?: string | undefined;
  text?: string | undefined;
  properties?: unknown;
};

/** An event with the instant at which it first arrived. */
export type ArrivedEvent = RecordedEvent & { receivedAt: number };

/** An event with its place in the journey, from 1. */
export type JourneyEvent = ArrivedEvent & { step: number };

/** Where an event lies: events are ordered by time, then source, then number. */
export type EventPosition = { occurredAt: number; source: string; seq: number };

/** The types that decide an outcome, strongest first. */
export const DECIDING_TYPES = ["FORM_COMPLETED", "CTA_CLICKED", "LINK_CLICKED"] as const;
export type DecidingType = (typeof DECIDING_TYPES)[number];

/** All outcomes, strongest first. */
export const OUTCOMES = [...DECIDING_TYPES, "ABANDONED", "BROWSING"] as const;
export type JourneyOutcome = (typeof OUTCOMES)[number];

/** What is known of a journey without its events. A function of the set of events, not of their order of arrival. */
export type Journey = {
  tenantId: string;
  sessionId: string;
  /** Named by the earliest event that names one. */
  visitor: (EventPosition & { visitorId: string }) | undefined;
  startedAt: number;
  endedAt: number;
  eventCount: number;
  userMessageCount: number;
  botMessageCount: number;
  /** The first message of the visitor; its text where it is short, else its event has it. */
  firstQuestion: (EventPosition & { text: string | undefined }) | undefined;
  /** The first event of the strongest deciding type. */
  decided: (EventPosition & { type: DecidingType }) | undefined;
  /** When a form was first begun or a message first sent. */
  engagedAt: number | undefined;
  /** Stretches of activity with no pause over 30 minutes inside, ascending; the newest `MAX_VISITS`. */
  visits: readonly (readonly [from: number, to: number])[];
  /** Event types that happened, ascending. */
  types: readonly string[];
  /** How far each source is counted. */
  watermarks: Readonly<Record<string, Watermark>>;
  /**
   * How the events are stored: the number of chunks, the longest time one of them spans, and which ones they are, as
   * `counted.ts` says. A journey of before there were marks has none.
   */
  chunks: { count: number; maxSpanMs: number; mark?: string | undefined };
  lastArrivalAt: number;
};

export type JourneyPage = Page<Journey>;
export type JourneyEventPage = Page<JourneyEvent>;

/** Kept this long after the last arrival. Raw events stay. */
export const KEEP_MS = 90 * DAY_MS;

export const LIMITS = {
  eventsPerBatch: 500,
  sessionIdChars: 128,
  sourceChars: 64,
  visitorIdChars: 128,
  pageChars: 2_048,
  textChars: 8_192,
  propertiesBytes: 8_192,
  propertiesDepth: 32,
  maxSeq: 2 ** 31 - 1,
} as const;

const properties = v.pipe(
  v.unknown(),
  v.check(
    (value) => depthOf(value) <= LIMITS.propertiesDepth,
    `must not be nested deeper than ${LIMITS.propertiesDepth}`,
  ),
  v.check(
    (value) => everyText(value, (s) => s.isWellFormed()),
    "must be well-formed Unicode; it holds a lone surrogate",
  ),
  v.check(
    (value) => bytesOf(value) <= LIMITS.propertiesBytes,
    (i) => `must be at most ${LIMITS.propertiesBytes} bytes as JSON, has ${bytesOf(i.input)}`,
  ),
);

const event = v.object({
  sessionId: words(LIMITS.sessionIdChars),
  source: v.nullish(words(LIMITS.sourceChars), "main"),
  seq: whole(1, LIMITS.maxSeq),
  type: v.pipe(
    v.string("must be text"),
    v.regex(
      /^[A-Z][A-Z0-9_]{0,63}$/,
      (i) => `must be upper snake case of 1 to 64 characters, such as PAGE_VIEWED; got ${quoted(i.input)}`,
    ),
  ),
  occurredAt: instant,
  visitorId: v.nullish(words(LIMITS.visitorIdChars)),
  page: v.nullish(prose(LIMITS.pageChars)),
  text: v.nullish(prose(LIMITS.textChars)),
  properties: v.nullish(properties),
});

/** A typed event, or the reason why it can never be one: the field, the limit and the value. */
export function parseEvent(input: unknown, now: number): { event: RecordedEvent } | { reason: string } {
  const parsed = v.safeParse(event, input, { abortPipeEarly: true });
  if (!parsed.success) {
    return { reason: parsed.issues.map((i) => `${v.getDotPath(i) ?? "event"}: ${i.message}`).join("; ") };
  }
  const { visitorId, page, text, properties, ...rest } = parsed.output;
  const ahead = tooFarAhead(rest.occurredAt, now);
  if (ahead) return { reason: `occurredAt: ${ahead}` };
  return {
    event: {
      ...rest,
      ...(visitorId ? { visitorId } : {}),
      ...(page ? { page } : {}),
      ...(text ? { text } : {}),
      ...(properties === null || properties === undefined ? {} : { properties }),
    },
  };
}

/** Checks how many events came together. Throws InvalidInputError. */
export function parseBatch(events: readonly unknown[]): void {
  const { eventsPerBatch: max } = LIMITS;
  if (events.length >= 1 && events.length <= max) return;
  throw new InvalidInputError([{
    path: ["events"],
    message: `must hold 1 to ${max} events, has ${events.length}; send more in further requests`,
  }]);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? "");
}

function depthOf(value: unknown, depth = 0): number {
  if (typeof value !== "object" || value === null || depth > LIMITS.propertiesDepth) return depth;
  return Object.values(value).reduce((most: number, child) => Math.max(most, depthOf(child, depth + 1)), depth + 1);
}

function everyText(value: unknown, holds: (text: string) => boolean): boolean {
  if (typeof value === "string") return holds(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, child]) => holds(key) && everyText(child, holds));
}
