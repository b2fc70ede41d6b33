import { MINUTE_MS } from "../core/clock.ts";
import { count, emptyWatermark, isCounted, type Watermark } from "../core/watermark.ts";
import { NO_MARK } from "./counted.ts";
import {
  type ArrivedEvent,
  DECIDING_TYPES,
  type DecidingType,
  type EventPosition,
  type Journey,
  type JourneyOutcome,
} from "./model.ts";

/** A pause longer than this ends a visit and, after a form or message, abandons the journey. */
export const IDLE_MS = 30 * MINUTE_MS;

/** What one journey can hold, so that its META item stays small. */
const MAX_SOURCES = 32;
const MAX_GAPS = 1_000;
const MAX_TYPES = 64;
const MAX_VISITS = 16;
/** A longer first question is read from its event. */
const MAX_QUESTION_CHARS = 256;

export type Verdict =
  | { status: "ACCEPTED" | "DUPLICATE" }
  | { status: "REJECTED"; reason: string; isErased?: true };

/** What is said of every event of a session that was erased, whether it is new or was there before. */
export const ERASED: Verdict = {
  status: "REJECTED",
  reason: "sessionId: its visitor was erased; begin a new session",
  isErased: true,
};

/** What a batch changes: a verdict for each event in its order, the events that are new, and the journey with them. */
export type Decision = { verdicts: Verdict[]; added: readonly ArrivedEvent[]; journey: Journey | undefined };

/**
 * Counts each event once, by (source, seq). The journey that comes out depends on the set of events only, not on how
 * they were ordered or cut into batches.
 */
export function decideEvents(tenantId: string, known: Journey | undefined, events: readonly ArrivedEvent[]): Decision {
  const watermarks = new Map(Object.entries(known?.watermarks ?? {}));
  const types = new Set(known?.types);
  const added: ArrivedEvent[] = [];
  const judge = (event: ArrivedEvent): Verdict => {
    const seq = BigInt(event.seq);
    const watermark = watermarks.get(event.source) ?? emptyWatermark(1n);
    if (isCounted(watermark, seq)) return { status: "DUPLICATE" };
    const counted = count(watermark, seq);
    const reason = overflow(watermarks, types, event, counted);
    if (reason) return { status: "REJECTED", reason };
    watermarks.set(event.source, counted);
    types.add(event.type);
    added.push(event);
    return { status: "ACCEPTED" };
  };
  // By number, so that a shuffled batch opens no gaps that it closes itself.
  const inOrder = [...events.keys()].sort((a, b) => events[a]!.seq - events[b]!.seq);
  const judged = new Map(inOrder.map((index) => [index, judge(events[index]!)]));
  const verdicts = events.map((_, index) => judged.get(index)!);
  if (added.length === 0) return { verdicts, added, journey: known };
  const journey = added.reduce((sum, event) => applyEvent(sum, event), known ?? startOf(tenantId, added[0]!));
  return {
    verdicts,
    added,
    journey: { ...journey, types: [...types].sort(), watermarks: sorted(watermarks) },
  };
}

/** Exactly one outcome, strongest first. Only ABANDONED needs the time. */
export function outcomeOf(journey: Journey, now: number): JourneyOutcome {
  if (journey.decided) return journey.decided.type;
  if (journey.engagedAt === undefined) return "BROWSING";
  const lastVisitFrom = journey.visits.at(-1)![0];
  const cameBack = journey.engagedAt < lastVisitFrom;
  return cameBack || now - journey.endedAt > IDLE_MS ? "ABANDONED" : "BROWSING";
}

/** Whether an event is among those that the journey counts. */
export function isVisible(watermarks: Journey["watermarks"], event: { source: string; seq: number }): boolean {
  const watermark = Object.hasOwn(watermarks, event.source) ? watermarks[event.source] : undefined;
  return watermark !== undefined && isCounted(watermark, BigInt(event.seq));
}

/** Negative where `a` comes first. */
export function compareEvents(a: EventPosition, b: EventPosition): number {
  if (a.occurredAt !== b.occurredAt) return a.occurredAt - b.occurredAt;
  if (a.source !== b.source) return a.source < b.source ? -1 : 1;
  return a.seq - b.seq;
}

function overflow(
  watermarks: ReadonlyMap<string, Watermark>,
  types: ReadonlySet<string>,
  event: ArrivedEvent,
  counted: Watermark,
): string | undefined {
  if (!watermarks.has(event.source) && watermarks.size >= MAX_SOURCES) {
    return `source: a session has at most ${MAX_SOURCES} sources; begin another session`;
  }
  if (counted.ahead.length > MAX_GAPS) {
    return `seq: more than ${MAX_GAPS} gaps are open before ${event.seq}; send the missing events first (all up to ${counted.hi} are recorded)`;
  }
  if (!types.has(event.type) && types.size >= MAX_TYPES) {
    return `type: a session has at most ${MAX_TYPES} types of events; put what differs into properties`;
  }
  return undefined;
}

function startOf(tenantId: string, event: ArrivedEvent): Journey {
  return {
    tenantId,
    sessionId: event.sessionId,
    visitor: undefined,
    startedAt: event.occurredAt,
    endedAt: event.occurredAt,
    eventCount: 0,
    userMessageCount: 0,
    botMessageCount: 0,
    firstQuestion: undefined,
    decided: undefined,
    engagedAt: undefined,
    visits: [],
    types: [],
    watermarks: {},
    chunks: { count: 0, maxSpanMs: 0, mark: NO_MARK },
    lastArrivalAt: event.receivedAt,
  };
}

function applyEvent(journey: Journey, event: ArrivedEvent): Journey {
  const at: EventPosition = { occurredAt: event.occurredAt, source: event.source, seq: event.seq };
  const { type, text, visitorId } = event;
  return {
    ...journey,
    visitor: visitorId ? earlier(journey.visitor, { ...at, visitorId }) : journey.visitor,
    startedAt: Math.min(journey.startedAt, event.occurredAt),
    endedAt: Math.max(journey.endedAt, event.occurredAt),
    eventCount: journey.eventCount + 1,
    userMessageCount: journey.userMessageCount + (type === "MESSAGE_SENT" ? 1 : 0),
    botMessageCount: journey.botMessageCount + (type === "MESSAGE_RECEIVED" ? 1 : 0),
    firstQuestion: type === "MESSAGE_SENT" && text
      ? earlier(journey.firstQuestion, { ...at, text: text.length <= MAX_QUESTION_CHARS ? text : undefined })
      : journey.firstQuestion,
    decided: isDeciding(type) ? stronger(journey.decided, { ...at, type }) : journey.decided,
    engagedAt: type === "FORM_STARTED" || type === "MESSAGE_SENT"
      ? Math.min(journey.engagedAt ?? event.occurredAt, event.occurredAt)
      : journey.engagedAt,
    visits: addToVisits(journey.visits, event.occurredAt),
    lastArrivalAt: Math.max(journey.lastArrivalAt, event.receivedAt),
  };
}

function earlier<T extends EventPosition>(a: T | undefined, b: T): T {
  return a && compareEvents(a, b) <= 0 ? a : b;
}

function stronger(a: Journey["decided"], b: NonNullable<Journey["decided"]>): Journey["decided"] {
  if (!a) return b;
  const difference = DECIDING_TYPES.indexOf(a.type) - DECIDING_TYPES.indexOf(b.type);
  if (difference !== 0) return difference < 0 ? a : b;
  return earlier(a, b);
}

function isDeciding(type: string): type is DecidingType {
  return (DECIDING_TYPES as readonly string[]).includes(type);
}

/** The visits with one more instant: it opens a visit, widens one, or joins several. */
function addToVisits(visits: Journey["visits"], at: number): Journey["visits"] {
  const near = visits.filter(([from, to]) => at >= from - IDLE_MS && at <= to + IDLE_MS);
  const from = Math.min(at, ...near.map(([start]) => start));
  const to = Math.max(at, ...near.map(([, end]) => end));
  const others = visits.filter((visit) => !near.includes(visit));
  return [...others, [from, to] as const].sort(([a], [b]) => a - b).slice(-MAX_VISITS);
}

function sorted(watermarks: ReadonlyMap<string, Watermark>): Record<string, Watermark> {
  return Object.fromEntries([...watermarks].sort(([a], [b]) => (a < b ? -1 : 1)));
}
