import * as v from "valibot";
import { fieldName, MAX_AHEAD_MS, MIN_AT, prose, quoted, tooFarAhead, whole, words } from "../core/check.ts";
import { DAY_MS, SECOND_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Page } from "../core/page.ts";
import { parseInstant } from "../core/time.ts";
import type { Watermark } from "../core/watermark.ts";

/** One event as it was accepted. (session, source, seq) identifies it for ever. */
export type RecordedEvent = {
  sessionId: string;
  source: string;
  seq: number;
  type: string;
  occurredAt: number;
  /** When it happened by the sender's own clock, where that was wrong and `occurredAt` was corrected. */
  clientAt?: number | undefined;
  visitorId?: string | undefined;
  /** Another id under which the same visitor was known. */
  aliasOf?: string | undefined;
  page?: string | undefined;
  text?: string | undefined;
  properties?: unknown;
};

/** An event with the instant at which it first arrived. `unnamed`: an erasure took an id out of it. */
export type ArrivedEvent = RecordedEvent & { receivedAt: number; unnamed?: true };

/** Why an event can never be recorded as it is. Stable: clients may rely on it. */
export const REFUSALS = ["INVALID_EVENT", "PAYLOAD_MISMATCH", "SESSION_FULL", "SESSION_ERASED"] as const;
export type Refusal = (typeof REFUSALS)[number];

/** An event with its place in the journey, from 1. */
export type JourneyEvent = ArrivedEvent & { step: number };

/** Names an event within its tenant, for ever: `["s-1","main",7]`. */
export function eventName({ sessionId, source, seq }: Pick<RecordedEvent, "sessionId" | "source" | "seq">): string {
  return JSON.stringify([sessionId, source, seq]);
}

/** Where an event lies: events are ordered by time, then source, then number. */
export type EventPosition = { occurredAt: number; source: string; seq: number };

/** The types that decide an outcome, strongest first. */
export const DECIDING_TYPES = ["FORM_COMPLETED", "CTA_CLICKED", "LINK_CLICKED"] as const;
export type DecidingType = (typeof DECIDING_TYPES)[number];

/** The outcomes that events have by themselves, strongest first. */
export const OWN_OUTCOMES = [...DECIDING_TYPES, "ABANDONED", "BROWSING"] as const;
export type OwnOutcome = (typeof OWN_OUTCOMES)[number];

/** All outcomes, strongest first. */
export const OUTCOMES = ["GOAL_REACHED", ...OWN_OUTCOMES] as const;
export type JourneyOutcome = (typeof OUTCOMES)[number];

/** What an event must be: all that is given must hold. */
export type EventMatch = {
  type?: string | undefined;
  /** A pattern, as `pages.ts` says. */
  page?: string | undefined;
  /** A property at the top, with this value as text; with any value where none is given. */
  property?: { name: string; value?: string | undefined } | undefined;
};

/** What a tenant calls a success: an event that is any of these. */
export type Goal = {
  goalId: string;
  name: string;
  anyOf: readonly EventMatch[];
  /** The strongest outcome that it takes the place of. */
  outranks: OwnOutcome;
};

/** A tenant's goals, strongest first; `version` grows with each change. */
export type Goals = { version: number; list: readonly Goal[] };

/** A goal with the first event that reached it. */
export type ReachedGoal = EventPosition & { goalId: string; outranks: OwnOutcome };

/** The goals that a journey reached, in the tenant's order, by the version of the goals that said so. */
export type ReachedGoals = { version: number; reached: readonly ReachedGoal[] };

/** What is known of a journey without its events. A function of the set of events, not of their order of arrival. */
export type Journey = {
  tenantId: string;
  sessionId: string;
  /** Named by the earliest event that names one. */
  visitor: (EventPosition & { visitorId: string }) | undefined;
  /** Further ids that its events name, ascending. */
  otherIds: readonly string[];
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
  /** The last event that names a page; the page where it is short, else its event has it. */
  lastPage: (EventPosition & { page: string | undefined }) | undefined;
  /** The tenant's goals that it reached. */
  goals: ReachedGoals;
  /** Stretches of activity with no pause over 30 minutes inside, ascending: all of them. */
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
  /** How long it is kept after the last arrival. */
  keepDays: number;
};

export type JourneyPage = Page<Journey>;
export type JourneyEventPage = Page<JourneyEvent>;

/** Kept this long after the last arrival where a tenant says nothing else. */
export const DEFAULT_KEEP_DAYS = 90;
export const KEEP_MS = DEFAULT_KEEP_DAYS * DAY_MS;

/** When a journey's time is over. */
export function expiresAt({ lastArrivalAt, keepDays }: Pick<Journey, "lastArrivalAt" | "keepDays">): number {
  return lastArrivalAt + keepDays * DAY_MS;
}

export function isExpired(journey: Pick<Journey, "lastArrivalAt" | "keepDays">, now: number): boolean {
  return expiresAt(journey) < now;
}

/** When what lies beside a journey goes: a day later, so that it need not be written again with each event of a day. */
export function besideExpiresAt(journey: Pick<Journey, "lastArrivalAt" | "keepDays">): number {
  return expiresAt(journey) + DAY_MS;
}

/** Whether what lies beside a journey has another time than before. */
export function isKeptOtherwise(journey: Journey, before: Journey): boolean {
  const day = ({ lastArrivalAt }: Journey) => Math.floor(lastArrivalAt / DAY_MS);
  return journey.keepDays !== before.keepDays || day(journey) !== day(before);
}

/** What a tenant decides about its journeys. */
export type JourneyPolicy = { goals: Goals; keepDays: number };

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

/** A clock that is off by no more is taken as it is: then a batch that is sent again is the same to the millisecond. */
const CLOCK_TOLERANCE_MS = 30 * SECOND_MS;
const EXAMPLE = "2026-01-31T12:00:00.000Z";
const SAY_SENT_AT = "; where the sender's clock is wrong, send sentAt with the batch";
const MAX_FIELDS = 5;

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
  v.check(everyNumber, "must hold numbers that JSON can hold; one is beyond 1.8e308"),
  v.check(
    (value) => bytesOf(value) <= LIMITS.propertiesBytes,
    (i) => `must be at most ${LIMITS.propertiesBytes} bytes as JSON, has ${bytesOf(i.input)}`,
  ),
);

/** RFC 3339 text only: a number leaves open whether it counts seconds or milliseconds. */
const happened = v.pipe(
  v.string((issue) => `must be RFC 3339 text such as ${EXAMPLE}, got ${shown(issue.input)}`),
  v.transform((text) => ({ text, at: parseInstant(text) ?? NaN })),
  v.check(
    ({ at }) => Number.isFinite(at),
    ({ input }) => `must be an RFC 3339 instant with its offset, such as ${EXAMPLE}; got ${quoted(input.text)}`,
  ),
  v.transform(({ at }) => at),
);

const event = v.strictObject({
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
  occurredAt: happened,
  visitorId: v.nullish(words(LIMITS.visitorIdChars)),
  aliasOf: v.nullish(words(LIMITS.visitorIdChars)),
  page: v.nullish(prose(LIMITS.pageChars)),
  text: v.nullish(prose(LIMITS.textChars)),
  properties: v.nullish(properties),
}, (issue) => {
  if (issue.expected === "Object") return `must be an object, got ${shown(issue.input)}`;
  return issue.expected === "never" ? "is no field of an event; put it into properties" : "is missing";
});

/**
 * A typed event, or the reason why it can never be one: the field, the limit and the value. `sentAt`: the sender's clock when
 * it sent. Where that is wrong the event is placed by ours, and the sender's own time is kept beside it.
 */
export function parseEvent(
  input: unknown,
  now: number,
  sentAt?: number | null,
): { event: RecordedEvent } | { reason: string } {
  const parsed = v.safeParse(event, input, { abortPipeEarly: true });
  if (!parsed.success) {
    const fields = parsed.issues.map((i) => `${fieldName(v.getDotPath(i), "event")}: ${i.message}`);
    return { reason: fields.slice(0, MAX_FIELDS).join("; ") };
  }
  const { occurredAt: clientAt, visitorId, aliasOf, page, text, properties, ...rest } = parsed.output;
  const occurredAt = placeOf(clientAt, now, sentAt);
  if (occurredAt < MIN_AT) return { reason: "occurredAt: must be 1990 or later" };
  const ahead = tooFarAhead(occurredAt, now);
  if (ahead) return { reason: `occurredAt: ${ahead}${sentAt == null ? SAY_SENT_AT : ""}` };
  if (aliasOf && !visitorId) return { reason: "aliasOf: needs the visitorId that it is another id of" };
  return {
    event: {
      ...rest,
      occurredAt,
      ...(occurredAt === clientAt ? {} : { clientAt }),
      ...(visitorId ? { visitorId } : {}),
      ...(aliasOf ? { aliasOf } : {}),
      // Given and empty is not the same as not given.
      ...(typeof page === "string" ? { page } : {}),
      ...(typeof text === "string" ? { text } : {}),
      ...(properties === null || properties === undefined ? {} : { properties }),
    },
  };
}

/**
 * When an event happened by our clock, after what its sender's clock said then and when it sent. A clock that is off by more than
 * a good clock and the way here explain is right again about how long ago something was. One that was set back meanwhile says
 * that the event happened after it was sent: up to a day that is a clock put right, and the event is placed at its arrival.
 */
function placeOf(clientAt: number, now: number, sentAt: number | null | undefined): number {
  if (sentAt == null) return clientAt;
  const aheadMs = Math.abs(sentAt - now) <= CLOCK_TOLERANCE_MS ? 0 : sentAt - now;
  const isSetBack = clientAt - sentAt > MAX_AHEAD_MS && clientAt - sentAt <= DAY_MS;
  return isSetBack ? now : clientAt - aheadMs;
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

/** What was given, in a few characters: `5`, `null`, `a list`, `"text"`. */
function shown(given: unknown): string {
  if (typeof given === "string") return quoted(given);
  if (Array.isArray(given)) return "a list";
  return typeof given === "object" && given !== null ? "an object" : String(given);
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? "");
}

function depthOf(value: unknown, depth = 0): number {
  if (typeof value !== "object" || value === null || depth > LIMITS.propertiesDepth) return depth;
  return Object.values(value).reduce((most: number, child) => Math.max(most, depthOf(child, depth + 1)), depth + 1);
}

function everyNumber(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value !== "object" || value === null || Object.values(value).every(everyNumber);
}

function everyText(value: unknown, holds: (text: string) => boolean): boolean {
  if (typeof value === "string") return holds(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, child]) => holds(key) && everyText(child, holds));
}
