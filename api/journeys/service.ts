import pMap from "p-map";
import * as v from "valibot";
import { MAX_AHEAD_MS } from "../core/check.ts";
import { type Clock, DAY_MS } from "../core/clock.ts";
import { InvalidInputError, NotIndexedError } from "../core/errors.ts";
import { createCursors, type PageArgs, type PageRequest, pages, parsePage, toPage } from "../core/page.ts";
import { parseRange, type RangeInput, type TimeRange } from "../core/range.ts";
import type { Hub } from "../live/hub.ts";
import { eventCursors, type Seen } from "./cursor.ts";
import type { ErasureStore } from "./erasures.ts";
import { keepEvents } from "./keep.ts";
import {
  clockAhead,
  type EventPosition,
  type Journey,
  type JourneyEvent,
  type JourneyEventPage,
  type JourneyOutcome,
  type JourneyPage,
  KEEP_MS,
  LIMITS,
  parseBatch,
  parseEvent,
  type RecordedEvent,
} from "./model.ts";
import type { RawEvents } from "./raw.ts";
import { compareEvents, ERASED, outcomeOf, type Verdict } from "./rules.ts";
import type { JourneyStore, ListPosition, ListQuery } from "./store.ts";
import { readStretch, withSteps } from "./timeline.ts";

export type JourneysOptions = {
  store: JourneyStore;
  erasures: ErasureStore;
  raw: RawEvents;
  hub: Hub;
  clock: Clock;
  /** False: events are kept in the object store only. */
  indexed: boolean;
};

export type JourneyFilter = {
  range?: RangeInput | null | undefined;
  outcome?: JourneyOutcome | null | undefined;
  visitorId?: string | null | undefined;
  did?: readonly string[] | null | undefined;
  didNot?: readonly string[] | null | undefined;
};

/** A page of journeys, with the range that was read and whether journeys of before it are left out. */
export type JourneyList = JourneyPage & { range: TimeRange; hasEarlier: () => Promise<boolean> };

export type Journeys = ReturnType<typeof createJourneys>;

type EventRequest = PageRequest<Seen>;

const MAX_PAGE = { journeys: 100, events: 500 };
const MAX_FILTER_TYPES = 20;
/** Journeys of one batch that are written at the same time. */
const CONCURRENCY = 16;
/** Rows read at a time where most of them may not match. */
const FILTERED_ROWS = 250;

/** What a filter reads where no range is given. */
const DEFAULT_RANGE_MS = 30 * DAY_MS;

const listPosition = v.pipe(
  v.tuple([
    v.pipe(v.number(), v.safeInteger()),
    v.pipe(v.string(), v.maxLength(LIMITS.sessionIdChars)),
    v.pipe(v.number(), v.safeInteger()),
  ]),
  v.transform(([startedAt, sessionId, fromAt]) => ({ startedAt, sessionId, fromAt })),
);

/** The key under which the hub tells of a journey's changes. */
export function journeyKey(tenantId: string, sessionId: string): string {
  return `journey:${tenantId}#${sessionId}`;
}

export function createJourneys({ store, erasures, raw, hub, clock, indexed }: JourneysOptions) {
  const requireIndex = () => {
    if (!indexed) throw new NotIndexedError();
  };

  async function find(tenantId: string, sessionIds: readonly string[]): Promise<Map<string, Journey>> {
    requireIndex();
    const known = sessionIds.filter((id) => id.length >= 1 && id.length <= LIMITS.sessionIdChars && id.isWellFormed());
    if (known.length === 0) return new Map();
    const found = await store.find(tenantId, [...new Set(known)]);
    return new Map([...found].filter(([, journey]) => !isExpired(journey, clock())));
  }

  return {
    /** The journeys that exist among these sessions, by session. */
    find,

    /**
     * Records a batch: one verdict for each event, in order. When it answers, the events are in the object store and
     * counted. `sentAt` is the sender's clock when it sent: where that is wrong, the events' times are corrected. Throws
     * InvalidInputError for a batch that is too small or large, UnavailableError where a store failed: the same batch
     * again completes it.
     */
    async record(tenantId: string, inputs: readonly unknown[], sentAt?: number | null): Promise<Verdict[]> {
      parseBatch(inputs);
      const now = clock();
      const aheadMs = clockAhead(sentAt, now);
      const parsed = inputs.map((input) => parseEvent(input, now, aheadMs));
      const events = parsed.flatMap((p) => ("event" in p ? [p.event] : []));
      const verdicts = events.length > 0 ? await keep(tenantId, events, now) : [];
      let next = 0;
      return parsed.map((p) =>
        "event" in p ? verdicts[next++]! : { status: "REJECTED", code: "INVALID_EVENT", reason: p.reason }
      );
    },

    /** One page of the tenant's journeys, latest start first. Full unless it is the last. */
    async list(tenantId: string, filter: JourneyFilter, page: PageArgs): Promise<JourneyList> {
      requireIndex();
      const cursors = createCursors("journeys", [tenantId, canonical(filter)], listPosition);
      const request = parsePage(page, MAX_PAGE.journeys, cursors);
      const { wanted, isBackward, from } = request;
      const query = await toQuery(tenantId, filter, from?.fromAt);
      const rows: Journey[] = [];
      const read = (position?: ListPosition) =>
        store.list(query, isSelective(query) ? FILTERED_ROWS : wanted + 1 - rows.length, position, isBackward);
      for await (const { journeys } of pages(read, from)) {
        const now = clock();
        rows.push(...journeys.filter((journey) => !isExpired(journey, now) && matches(journey, query, now)));
        if (rows.length > wanted) break;
      }
      const { fromAt, toAt } = query;
      return {
        ...toPage(rows, request, ({ startedAt, sessionId }) => cursors.encode([startedAt, sessionId, fromAt])),
        range: { fromAt, toAt },
        hasEarlier: async () => fromAt > 0 && await latestStart({ ...query, fromAt: 0, toAt: fromAt }) !== undefined,
      };
    },

    /** One page of a journey's events in the order in which they occurred. Backward, the whole journey is read. */
    async listEvents(journey: Journey, page: PageArgs): Promise<JourneyEventPage> {
      const cursors = eventCursors(journey.tenantId, journey.sessionId);
      const request = parsePage(page, MAX_PAGE.events, cursors);
      const read = request.isBackward ? readBefore : readAfter;
      const { eventCount } = journey;
      return toPage(
        await read(journey, request),
        request,
        (node) => cursors.encode({ before: {}, within: journey.watermarks, at: node, step: node.step, eventCount }),
      );
    },

    outcome: (journey: Journey): JourneyOutcome => outcomeOf(journey, clock()),

    /** The event that decided the outcome, where one did. */
    findOutcomeEvent: (journey: Journey): Promise<JourneyEvent | undefined> => findEventAt(journey, journey.decided),

    /** The event with a source's number, where the journey has it. */
    findEvent: (
      journey: Journey,
      { source, seq }: { source: string; seq: number },
    ): Promise<JourneyEvent | undefined> =>
      findEventBy(journey, (event) => event.source === source && event.seq === seq),

    /** The text of the first message that the visitor sent. */
    async findFirstQuestion(journey: Journey): Promise<string | undefined> {
      return journey.firstQuestion?.text ?? (await findEventAt(journey, journey.firstQuestion))?.text;
    },
  };

  /**
   * What a list reads. Without a range, all journeys; but where a filter may pass over most of them, those of 30 days up
   * to the latest one. `fromAt`: where the range of the pages before began.
   */
  async function toQuery(tenantId: string, filter: JourneyFilter, fromAt: number | undefined): Promise<ListQuery> {
    const now = clock();
    const query = {
      tenantId,
      visitorId: filter.visitorId ?? undefined,
      outcome: filter.outcome ?? undefined,
      did: parseTypes("did", filter.did),
      didNot: parseTypes("didNot", filter.didNot),
    };
    if (filter.range) {
      const range = parseRange(filter.range, now);
      // A clock that is ahead of ours has its events now, too.
      return { ...query, ...range, toAt: filter.range.last === undefined ? range.toAt : now + MAX_AHEAD_MS + 1 };
    }
    const all = { ...query, fromAt: 0, toAt: now + MAX_AHEAD_MS + 1 };
    if (fromAt !== undefined) return { ...all, fromAt };
    const latest = isSelective(query) ? await latestStart(all) : undefined;
    return latest === undefined ? all : { ...all, fromAt: Math.max(0, latest - DEFAULT_RANGE_MS) };
  }

  /** When the latest of the visitor's or tenant's journeys in a range started. */
  async function latestStart({ tenantId, visitorId, fromAt, toAt }: ListQuery): Promise<number | undefined> {
    const { journeys: [latest] } = await store.list({ tenantId, visitorId, fromAt, toAt }, 1, undefined);
    return latest?.startedAt;
  }

  /** The events after a place, one more than wanted where there are so many. */
  async function readAfter(journey: Journey, { wanted, from }: EventRequest): Promise<JourneyEvent[]> {
    const isStepKnown = from === undefined || from.eventCount === journey.eventCount;
    const { events } = isStepKnown
      ? await readStretch(store, journey, from?.at, wanted + 1)
      : await readStretch(store, journey, undefined, journey.eventCount);
    const later = events.filter((event) => !from || compareEvents(event, from.at) > 0);
    return withSteps(later.slice(0, wanted + 1), isStepKnown ? from?.step ?? 0 : events.length - later.length);
  }

  /** The events before a place, the last of them first. */
  async function readBefore(journey: Journey, { wanted, from }: EventRequest): Promise<JourneyEvent[]> {
    const { events } = await readStretch(store, journey, undefined, journey.eventCount);
    const earlier = withSteps(events, 0).filter((event) => !from || compareEvents(event, from.at) < 0);
    return earlier.slice(-wanted - 1).reverse();
  }

  async function findEventAt(journey: Journey, at: EventPosition | undefined): Promise<JourneyEvent | undefined> {
    return at && await findEventBy(journey, (event) => compareEvents(event, at) === 0);
  }

  /** Reads the whole journey: only then is known at which step an event is. */
  async function findEventBy(
    journey: Journey,
    isMeant: (event: JourneyEvent) => boolean,
  ): Promise<JourneyEvent | undefined> {
    const { events } = await readStretch(store, journey, undefined, journey.eventCount);
    return withSteps(events, 0).find(isMeant);
  }

  async function keep(tenantId: string, events: readonly RecordedEvent[], now: number): Promise<Verdict[]> {
    const sessions = Map.groupBy(events.keys(), (index) => events[index]!.sessionId);
    const kept = raw.keep(tenantId, events, now);
    if (!indexed) {
      await kept;
      return events.map(() => ({ status: "ACCEPTED" }));
    }
    // Reading what is known may run beside the upload; writing waits until the events are safe.
    const [{ receivedAt, isNew }, { journeys: known, erased }] = await Promise.all([
      kept,
      store.look(tenantId, [...sessions.keys()]),
    ]);
    const verdicts: Verdict[] = [];
    const unwritten: string[] = [];
    const outdone = new Set<RecordedEvent>();
    await pMap(sessions, async ([sessionId, indexes]) => {
      if (erased.has(sessionId)) return;
      const own = indexes.map((index) => ({ ...events[index]!, receivedAt }));
      const decision = await keepEvents({ store, clock }, tenantId, known.get(sessionId), own);
      for (const event of decision.outdone) outdone.add(events[indexes[own.indexOf(event)]!]!);
      indexes.forEach((index, i) => (verdicts[index] = decision.verdicts[i]!));
      if (decision.added.length > 0) hub.wake(journeyKey(tenantId, sessionId));
      if (decision.isErased) erased.add(sessionId);
      else if (isNew && decision.added.length === 0) unwritten.push(sessionId);
    }, { concurrency: CONCURRENCY });
    if (outdone.size > 0) await markOutdone(tenantId, events, outdone);
    const gone = erased.union(await erasedSince(tenantId, unwritten));
    if (gone.size === 0) return verdicts;
    await withdraw(tenantId, events, gone);
    return events.map(({ sessionId }, i) => gone.has(sessionId) ? ERASED : verdicts[i]!);
  }

  /**
   * A write would have met the tombstone. Where none was due, the journey may have been erased after it was read and
   * before the batch was stored, so that the erasure did not see the batch: it is looked at again.
   */
  async function erasedSince(tenantId: string, sessionIds: readonly string[]): Promise<ReadonlySet<string>> {
    return sessionIds.length === 0 ? new Set() : (await store.look(tenantId, sessionIds)).erased;
  }

  /** Notes with the stored batch which of its events a replay by arrival must not count. */
  async function markOutdone(tenantId: string, events: readonly RecordedEvent[], outdone: ReadonlySet<RecordedEvent>) {
    const lost = new Set([...outdone].map((event) => lineId(event)));
    await raw.rewrite(raw.keyOf(tenantId, events), (line) => lost.has(lineId(line)) ? "OUTDONE" : "KEEP");
  }

  /** Takes back what was stored of sessions that were erased. */
  async function withdraw(
    tenantId: string,
    events: readonly RecordedEvent[],
    sessions: ReadonlySet<string>,
  ): Promise<void> {
    await raw.rewrite(raw.keyOf(tenantId, events), ({ sessionId }) => sessions.has(sessionId) ? "DROP" : "KEEP");
    await pMap(sessions, (sessionId) => erasures.scrub(tenantId, sessionId, clock()), { concurrency: CONCURRENCY });
  }
}

function lineId({ sessionId, source, seq }: Pick<RecordedEvent, "sessionId" | "source" | "seq">): string {
  return JSON.stringify([sessionId, source, seq]);
}

function isExpired(journey: Journey, now: number): boolean {
  return journey.lastArrivalAt + KEEP_MS < now;
}

function matches(journey: Journey, query: ListQuery, now: number): boolean {
  return query.outcome === undefined || outcomeOf(journey, now) === query.outcome;
}

/** Whether most rows may be read in vain. */
function isSelective({ outcome, did = [], didNot = [] }: Pick<ListQuery, "outcome" | "did" | "didNot">): boolean {
  return outcome !== undefined || did.length + didNot.length > 0;
}

/** The types of a filter, each once. Throws InvalidInputError. */
function parseTypes(name: "did" | "didNot", types: readonly string[] | null | undefined): string[] {
  const given = types ?? [];
  if (given.length > MAX_FILTER_TYPES) {
    throw new InvalidInputError([{
      path: ["filter", name],
      message: `must hold at most ${MAX_FILTER_TYPES} types, has ${given.length}`,
    }]);
  }
  if (given.some((type) => !/^[A-Z][A-Z0-9_]{0,63}$/.test(type))) {
    throw new InvalidInputError([{
      path: ["filter", name],
      message: "must hold types in upper snake case, such as PAGE_VIEWED",
    }]);
  }
  return [...new Set(given)];
}

/** A filter's parts in a fixed order, so that equal filters have equal cursors. */
function canonical({ range, outcome, visitorId, did, didNot }: JourneyFilter) {
  const { last, between } = range ?? {};
  return [
    last ?? null,
    between?.from ?? null,
    between?.to ?? null,
    outcome ?? null,
    visitorId ?? null,
    did ?? null,
    didNot ?? null,
  ];
}
