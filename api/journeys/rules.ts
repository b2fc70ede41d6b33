import { MINUTE_MS } from "../core/clock.ts";
import { count, emptyWatermark, isCounted, type Watermark } from "../core/watermark.ts";
import { eventId, NO_MARK } from "./counted.ts";
import { goalsOf, NO_GOALS } from "./goals.ts";
import {
  type ArrivedEvent,
  DECIDING_TYPES,
  type DecidingType,
  DEFAULT_KEEP_DAYS,
  type EventPosition,
  type Goals,
  type Journey,
  type JourneyOutcome,
  type JourneyPolicy,
  OWN_OUTCOMES,
  type OwnOutcome,
  type ReachedGoals,
  type RecordedEvent,
  type Refusal,
} from "./model.ts";

/** A pause longer than this ends a visit and, after a form or message, abandons the journey. */
export const IDLE_MS = 30 * MINUTE_MS;

/** What one journey can hold, so that its META item stays small. */
const MAX_SOURCES = 1_024;
const MAX_GAPS = 1_000;
/** Over all sources. With 1,024 of these, of the longest names, they are 320 KB of the 400 that an item may have. */
const MAX_ALL_GAPS = 5_000;
const MAX_TYPES = 64;
const MAX_VISITORS = 32;
/** 31 days of activity with a pause every half hour are 1,488. */
const MAX_VISITS = 1_500;
/** A longer first question, or last page, is read from its event. */
const MAX_QUESTION_CHARS = 256;
const MAX_PAGE_CHARS = 128;

/** What holds where a tenant decided nothing. */
export const DEFAULT_POLICY: JourneyPolicy = { goals: NO_GOALS, keepDays: DEFAULT_KEEP_DAYS };

export type Verdict =
  | { status: "ACCEPTED" | "DUPLICATE" }
  | { status: "REJECTED"; code: Refusal; reason: string };

/** Whether a session had no room for an event; it may have later. */
export function isFull(verdict: Verdict): boolean {
  return verdict.status === "REJECTED" && verdict.code === "SESSION_FULL";
}

/** What is said of every event of a session that was erased, whether it is new or was there before. */
export const ERASED: Verdict = {
  status: "REJECTED",
  code: "SESSION_ERASED",
  reason: "sessionId: its visitor was erased; begin a new session",
};

/** The events that were recorded under numbers that come again, by `eventId`. */
export type Held = ReadonlyMap<string, ArrivedEvent>;

/** What a batch changes: a verdict for each event in its order, the events that are new, and the journey with them. */
export type Decision = { verdicts: Verdict[]; added: readonly ArrivedEvent[]; journey: Journey | undefined };

/**
 * Counts each event once, by (source, seq). The journey that comes out depends on the set of events only, not on how
 * they were ordered or cut into batches. A number that comes again with other content than in `held` is refused and the
 * first stays; one that was counted and is not in `held`, because it has expired, is taken for a repeat. What `known` reached
 * must be by the goals of `policy`.
 */
export function decideEvents(
  tenantId: string,
  known: Journey | undefined,
  events: readonly ArrivedEvent[],
  held: Held = new Map(),
  policy: JourneyPolicy = DEFAULT_POLICY,
): Decision {
  const watermarks = new Map(Object.entries(known?.watermarks ?? {}));
  const types = new Set(known?.types);
  const named = new Set([...known?.otherIds ?? [], ...known?.visitor ? [known.visitor.visitorId] : []]);
  const added = new Map<string, ArrivedEvent>();
  let visits = known?.visits ?? [];
  let gaps = [...watermarks.values()].reduce((sum, { ahead }) => sum + ahead.length, 0);
  const judge = (event: ArrivedEvent): Verdict => {
    const seq = BigInt(event.seq);
    const watermark = watermarks.get(event.source) ?? emptyWatermark(1n);
    if (isCounted(watermark, seq)) return judgeAgain(event, added.get(eventId(event)) ?? held.get(eventId(event)));
    const counted = count(watermark, seq);
    const widened = addToVisits(visits, event.occurredAt);
    const opened = counted.ahead.length - watermark.ahead.length;
    const reason = opened > 0 && gaps >= MAX_ALL_GAPS
      ? tooManyGaps(MAX_ALL_GAPS, event, counted)
      : overflow({ watermarks, types, named }, event, counted, widened);
    if (reason) return { status: "REJECTED", code: "SESSION_FULL", reason };
    watermarks.set(event.source, counted);
    gaps += opened;
    types.add(event.type);
    if (event.visitorId) named.add(event.visitorId);
    visits = widened;
    added.set(eventId(event), event);
    return { status: "ACCEPTED" };
  };
  // By number, so that a shuffled batch opens no gaps that it closes itself.
  const inOrder = [...events.keys()].sort((a, b) => events[a]!.seq - events[b]!.seq);
  const judged = new Map(inOrder.map((index) => [index, judge(events[index]!)]));
  const verdicts = events.map((_, index) => judged.get(index)!);
  const fresh = [...added.values()];
  if (fresh.length === 0) return { verdicts, added: fresh, journey: known };
  const journey = { ...known ?? startOf(tenantId, fresh[0]!) };
  for (const event of fresh) addEvent(journey, event);
  const goals = withGoals(known?.goals, fresh, policy.goals);
  return {
    verdicts,
    added: fresh,
    journey: {
      ...journey,
      otherIds: [...named].filter((id) => id !== journey.visitor?.visitorId).sort(),
      visits,
      types: [...types].sort(),
      watermarks: sorted(watermarks),
      goals,
      keepDays: policy.keepDays,
    },
  };
}

/** What is said of an event whose number was counted: `first` is what was recorded under it. */
export function judgeAgain(event: ArrivedEvent, first: ArrivedEvent | undefined): Verdict {
  const differs = first && differingField(event, first);
  if (!differs) return { status: "DUPLICATE" };
  return {
    status: "REJECTED",
    code: "PAYLOAD_MISMATCH",
    reason: `seq: ${event.seq} of source ${JSON.stringify(event.source)} was recorded with another ${differs}, which ` +
      "stays; number each event once, and give each tab, page load and restart a source of its own",
  };
}

/** The first field in which two events of one number differ; undefined where they say the same. Of ids that were erased nothing tells. */
export function differingField(
  a: RecordedEvent & Pick<ArrivedEvent, "unnamed">,
  b: RecordedEvent & Pick<ArrivedEvent, "unnamed">,
): string | undefined {
  if (a === b) return undefined;
  const names = a.unnamed || b.unnamed ? [] : ["visitorId", "aliasOf"] as const;
  const fields = ["type", ...names, "page", "text"] as const;
  // A wrong clock is corrected a little differently each time; what the sender itself said is the same.
  if ((a.clientAt ?? a.occurredAt) !== (b.clientAt ?? b.occurredAt)) return "occurredAt";
  const differing = fields.find((field) => a[field] !== b[field]);
  return differing ?? (canonical(a.properties) === canonical(b.properties) ? undefined : "properties");
}

/** JSON with the keys of each object in order. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** The goals that were reached by what is known and by further events, each with its first event. */
export function withGoals(
  known: ReachedGoals | undefined,
  events: readonly RecordedEvent[],
  goals: Goals,
): ReachedGoals {
  const { version, list } = goals;
  const first = new Map(known?.reached.map((goal) => [goal.goalId, goal]));
  for (const event of list.length > 0 ? events : []) {
    const { occurredAt, source, seq } = event;
    for (const place of goalsOf(goals, event)) {
      const { goalId, outranks } = list[place]!;
      first.set(goalId, earlier(first.get(goalId), { goalId, outranks, occurredAt, source, seq }));
    }
  }
  const reached = list.flatMap(({ goalId, outranks }) => {
    const at = first.get(goalId);
    return at ? { ...at, outranks } : [];
  });
  return { version, reached };
}

/** The goal that decides the outcome: the first that outranks what the events come to by themselves. */
export function winningGoal({ goals, decided, engagedAt }: Journey): ReachedGoals["reached"][number] | undefined {
  const own = decided?.type ?? (engagedAt === undefined ? "BROWSING" : "ABANDONED");
  return goals.reached.find(({ outranks }) => OWN_OUTCOMES.indexOf(outranks) <= OWN_OUTCOMES.indexOf(own));
}

/** Exactly one outcome, strongest first. Only ABANDONED needs the time. */
export function outcomeOf(journey: Journey, now: number): JourneyOutcome {
  return winningGoal(journey) ? "GOAL_REACHED" : ownOutcomeOf(journey, now);
}

function ownOutcomeOf(journey: Journey, now: number): OwnOutcome {
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
  { watermarks, types, named }: {
    watermarks: ReadonlyMap<string, Watermark>;
    types: ReadonlySet<string>;
    named: ReadonlySet<string>;
  },
  event: ArrivedEvent,
  counted: Watermark,
  visits: Journey["visits"],
): string | undefined {
  if (!watermarks.has(event.source) && watermarks.size >= MAX_SOURCES) {
    return `source: a session has at most ${MAX_SOURCES} sources; begin another session`;
  }
  if (counted.ahead.length > MAX_GAPS) {
    return tooManyGaps(MAX_GAPS, event, counted);
  }
  if (!types.has(event.type) && types.size >= MAX_TYPES) {
    return `type: a session has at most ${MAX_TYPES} types of events; put what differs into properties`;
  }
  if (event.visitorId && !named.has(event.visitorId) && named.size >= MAX_VISITORS) {
    return `visitorId: a session names at most ${MAX_VISITORS} visitors; begin another session`;
  }
  if (visits.length > MAX_VISITS) {
    return `occurredAt: a session has at most ${MAX_VISITS} visits, stretches of activity without a pause of 30 minutes; begin another session`;
  }
  return undefined;
}

function tooManyGaps(most: number, { seq }: ArrivedEvent, { hi }: Watermark): string {
  const of = most === MAX_GAPS ? `before ${seq}` : "in all sources of the session";
  return `seq: more than ${most} gaps are open ${of}; send the missing events first (all up to ${hi} are recorded)`;
}

function startOf(tenantId: string, event: ArrivedEvent): Journey {
  return {
    tenantId,
    sessionId: event.sessionId,
    visitor: undefined,
    otherIds: [],
    startedAt: event.occurredAt,
    endedAt: event.occurredAt,
    eventCount: 0,
    userMessageCount: 0,
    botMessageCount: 0,
    firstQuestion: undefined,
    decided: undefined,
    engagedAt: undefined,
    lastPage: undefined,
    goals: { version: 0, reached: [] },
    visits: [],
    types: [],
    watermarks: {},
    chunks: { count: 0, maxSpanMs: 0, mark: NO_MARK },
    lastArrivalAt: event.receivedAt,
    keepDays: DEFAULT_KEEP_DAYS,
  };
}

/** Adds what one event says to the journey that is given, which is this function's own: batches have hundreds. */
function addEvent(journey: { -readonly [Name in keyof Journey]: Journey[Name] }, event: ArrivedEvent): void {
  const { occurredAt, source, seq, type, text, visitorId, page } = event;
  const at: EventPosition = { occurredAt, source, seq };
  journey.startedAt = Math.min(journey.startedAt, occurredAt);
  journey.endedAt = Math.max(journey.endedAt, occurredAt);
  journey.eventCount += 1;
  journey.lastArrivalAt = Math.max(journey.lastArrivalAt, event.receivedAt);
  if (visitorId) journey.visitor = earlier(journey.visitor, { ...at, visitorId });
  if (type === "MESSAGE_SENT") {
    journey.userMessageCount += 1;
    if (text !== undefined && saysSomething(text)) {
      const short = text.length <= MAX_QUESTION_CHARS ? text : undefined;
      journey.firstQuestion = earlier(journey.firstQuestion, { ...at, text: short });
    }
  }
  if (type === "MESSAGE_RECEIVED") journey.botMessageCount += 1;
  if (isDeciding(type)) journey.decided = stronger(journey.decided, { ...at, type });
  if (type === "FORM_STARTED" || type === "MESSAGE_SENT") {
    journey.engagedAt = Math.min(journey.engagedAt ?? occurredAt, occurredAt);
  }
  if (page) {
    journey.lastPage = later(journey.lastPage, { ...at, page: page.length <= MAX_PAGE_CHARS ? page : undefined });
  }
}

/** Whether there is anything to be seen in a text: spaces of any width, and what only steers how others look, say nothing. */
function saysSomething(text: string): boolean {
  return /[^\p{White_Space}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u.test(text);
}

function earlier<T extends EventPosition>(a: T | undefined, b: T): T {
  return a && compareEvents(a, b) <= 0 ? a : b;
}

function later<T extends EventPosition>(a: T | undefined, b: T): T {
  return a && compareEvents(a, b) >= 0 ? a : b;
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
  if (visits.some(([from, to]) => at >= from && at <= to)) return visits;
  const near = visits.filter(([from, to]) => at >= from - IDLE_MS && at <= to + IDLE_MS);
  const from = Math.min(at, ...near.map(([start]) => start));
  const to = Math.max(at, ...near.map(([, end]) => end));
  const others = visits.filter((visit) => !near.includes(visit));
  return [...others, [from, to] as const].sort(([a], [b]) => a - b);
}

function sorted(watermarks: ReadonlyMap<string, Watermark>): Record<string, Watermark> {
  return Object.fromEntries([...watermarks].sort(([a], [b]) => (a < b ? -1 : 1)));
}
