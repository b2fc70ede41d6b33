import pMap from "p-map";
import type { Clock } from "../core/clock.ts";
import { NotIndexedError } from "../core/errors.ts";
import { type PageArgs, type PageRequest, parsePage, toPage } from "../core/page.ts";
import type { Hub } from "../live/hub.ts";
import type { JourneyConfiguration } from "./configure.ts";
import { eventCursors, type Seen } from "./cursor.ts";
import { eventId } from "./counted.ts";
import type { ErasureStore } from "./erasures.ts";
import { isAlike, keepEvents } from "./keep.ts";
import { createJourneyLists } from "./lists.ts";
import {
  type ArrivedEvent,
  eventName,
  type EventPosition,
  isExpired,
  type Journey,
  type JourneyEvent,
  type JourneyEventPage,
  type JourneyOutcome,
  LIMITS,
  parseBatch,
  parseEvent,
  type RecordedEvent,
} from "./model.ts";
import type { RawEvents } from "./raw.ts";
import { compareEvents, ERASED, isFull, isVisible, outcomeOf, type Verdict, winningGoal } from "./rules.ts";
import type { JourneyStore } from "./store.ts";
import type { TrailStore } from "./trails.ts";
import { readStretch, withSteps } from "./timeline.ts";

export type JourneysOptions = {
  store: JourneyStore;
  trails: TrailStore;
  erasures: ErasureStore;
  raw: RawEvents;
  configuration: JourneyConfiguration;
  hub: Hub;
  clock: Clock;
  /** False: events are kept in the object store only. */
  indexed: boolean;
};

export type Journeys = ReturnType<typeof createJourneys>;

type EventRequest = PageRequest<Seen>;

const MAX_EVENTS = 500;
/** Journeys of one batch that are written at the same time. */
const CONCURRENCY = 16;
/** The session in the name of an event; undefined where the text is none. */
function parseEventName(name: string): string | undefined {
  try {
    const [sessionId] = JSON.parse(name);
    return typeof sessionId === "string" ? sessionId : undefined;
  } catch {
    return undefined;
  }
}

/** The key under which the hub tells of a journey's changes. */
export function journeyKey(tenantId: string, sessionId: string): string {
  return `journey:${tenantId}#${sessionId}`;
}

export function createJourneys(options: JourneysOptions) {
  const { store, trails, erasures, raw, configuration, hub, clock, indexed } = options;
  const requireIndex = () => {
    if (!indexed) throw new NotIndexedError();
  };

  async function find(tenantId: string, sessionIds: readonly string[]): Promise<Map<string, Journey>> {
    requireIndex();
    const known = sessionIds.filter((id) => id.length >= 1 && id.length <= LIMITS.sessionIdChars && id.isWellFormed());
    if (known.length === 0) return new Map();
    const found = await store.find(tenantId, [...new Set(known)]);
    const kept = [...found.values()].filter((journey) => !isExpired(journey, clock()));
    return new Map((await configuration.current(tenantId, kept)).map((journey) => [journey.sessionId, journey]));
  }

  return {
    /** The journeys that exist among these sessions, by session. */
    find,
    ...createJourneyLists({ store, trails, configuration, clock, requireIndex }),

    /**
     * Records a batch: one verdict for each event, in order. When it answers, the events are in the object store and
     * counted. `sentAt` is the sender's clock when it sent: where that is wrong, the events' times are corrected. Throws
     * InvalidInputError for a batch that is too small or large, UnavailableError where a store failed: the same batch
     * again completes it.
     */
    async record(tenantId: string, inputs: readonly unknown[], sentAt?: number | null): Promise<Verdict[]> {
      parseBatch(inputs);
      const now = clock();
      const parsed = inputs.map((input) => parseEvent(input, now, sentAt));
      const events = parsed.flatMap((p) => ("event" in p ? [p.event] : []));
      const verdicts = events.length > 0 ? await keep(tenantId, events, now) : [];
      let next = 0;
      return parsed.map((p) =>
        "event" in p ? verdicts[next++]! : { status: "REJECTED", code: "INVALID_EVENT", reason: p.reason }
      );
    },

    /** One page of a journey's events in the order in which they occurred. Backward, the whole journey is read. */
    async listEvents(journey: Journey, page: PageArgs): Promise<JourneyEventPage> {
      const cursors = eventCursors(journey.tenantId, journey.sessionId);
      const request = parsePage(page, MAX_EVENTS, cursors);
      const read = request.isBackward ? readBefore : readAfter;
      const { eventCount } = journey;
      return toPage(
        await read(journey, request),
        request,
        (node) => cursors.encode({ before: {}, within: journey.watermarks, at: node, step: node.step, eventCount }),
      );
    },

    outcome: (journey: Journey): JourneyOutcome => outcomeOf(journey, clock()),

    winningGoal,

    /** The event that decided the outcome, where one did. */
    findOutcomeEvent: (journey: Journey): Promise<JourneyEvent | undefined> =>
      findEventAt(journey, winningGoal(journey) ?? journey.decided),

    /**
     * The events that exist among these, by the text of `eventName`. Each journey is read whole and once, however many of
     * its events are asked for: only then is known at which step one is.
     */
    async findEvents(tenantId: string, names: readonly string[]): Promise<Map<string, JourneyEvent>> {
      const wanted = new Set(names);
      const sessions = names.flatMap((name) => parseEventName(name) ?? []);
      const found = new Map<string, JourneyEvent>();
      await pMap((await find(tenantId, sessions)).values(), async (journey) => {
        const { events } = await readStretch(store, journey, undefined, journey.eventCount);
        for (const event of withSteps(events, 0)) {
          const name = eventName(event);
          if (wanted.has(name)) found.set(name, event);
        }
      }, { concurrency: CONCURRENCY });
      return found;
    },

    /** The text of the first message that the visitor sent. */
    async findFirstQuestion(journey: Journey): Promise<string | undefined> {
      return journey.firstQuestion?.text ?? (await findEventAt(journey, journey.firstQuestion))?.text;
    },
  };

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
    const [{ receivedAt, isNew, isMarked }, { journeys: known, erased, policy }] = await Promise.all([
      kept,
      store.lookToWrite(tenantId, [...sessions.keys()]),
    ]);
    // What is sent again after its journey was deleted is a journey again, from now on.
    const isOver = isExpired({ lastArrivalAt: receivedAt, keepDays: policy.keepDays }, now);
    const arrival = { receivedAt: isOver ? now : receivedAt };
    const verdicts: Verdict[] = [];
    const unwritten: string[] = [];
    const outdone = new Set<string>();
    const counted = new Map<string, ArrivedEvent>();
    const full: RecordedEvent[] = [];
    let isTakenNow = false;
    await pMap(sessions, async ([sessionId, indexes]) => {
      if (erased.has(sessionId)) return;
      const own = indexes.map((index) => ({ ...events[index]!, ...arrival }));
      const decision = await keepEvents({ store, clock }, tenantId, known.get(sessionId), own, policy);
      for (const event of decision.outdone) outdone.add(eventName(event));
      own.forEach((event, i) => {
        const verdict = decision.verdicts[i]!;
        verdicts[indexes[i]!] = verdict;
        const first = decision.stored.get(eventId(event));
        if (first) counted.set(eventName(event), first);
        else if (isFull(verdict)) full.push(event);
      });
      isTakenNow ||= !isNew && decision.added.length > 0;
      if (decision.added.length > 0) hub.wake(journeyKey(tenantId, sessionId));
      if (decision.isErased) erased.add(sessionId);
      else if (isNew && decision.added.length === 0) unwritten.push(sessionId);
    }, { concurrency: CONCURRENCY });
    // What had no room may have found it at this try.
    if (outdone.size > 0 || isMarked || isTakenNow) await markLines(tenantId, events, outdone, counted);
    if (full.length > 0 && await isOneCounted(tenantId, full)) {
      const again = await keep(tenantId, events, now);
      return verdicts.map((verdict, i) => verdict?.status === "ACCEPTED" ? verdict : again[i]!);
    }
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

  /**
   * Notes with the stored batch which of its events a replay by arrival must not count. Of several lines of one number the one that is
   * counted, if any, is never among them.
   */
  async function markLines(
    tenantId: string,
    events: readonly RecordedEvent[],
    outdone: ReadonlySet<string>,
    counted: ReadonlyMap<string, ArrivedEvent>,
  ): Promise<void> {
    await raw.rewrite(raw.keyOf(tenantId, events), (line) => {
      const name = eventName(line);
      const first = counted.get(name);
      if (first && isAlike(line, first)) return "COUNTED";
      return outdone.has(name) ? "OUTDONE" : "KEEP";
    });
  }

  /** Whether somebody found room for one of these before its line was marked, and so did not see the mark. */
  async function isOneCounted(tenantId: string, events: readonly RecordedEvent[]): Promise<boolean> {
    const { journeys } = await store.look(tenantId, [...new Set(events.map(({ sessionId }) => sessionId))]);
    return events.some((event) => isVisible(journeys.get(event.sessionId)?.watermarks ?? {}, event));
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
