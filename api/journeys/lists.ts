import pMap from "p-map";
import * as v from "valibot";
import type { Item } from "../aws/dynamo.ts";
import { MAX_AHEAD_MS } from "../core/check.ts";
import { type Clock, DAY_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { createCursors, type PageArgs, type PageRequest, pages, parsePage, toPage } from "../core/page.ts";
import { parseRange, type RangeInput, type TimeRange } from "../core/range.ts";
import type { JourneyConfiguration } from "./configure.ts";
import { type Goals, isExpired, type Journey, type JourneyOutcome, type JourneyPage, LIMITS } from "./model.ts";
import { type DerivedCount, readTrailsOf } from "./reading.ts";
import { outcomeOf } from "./rules.ts";
import { asksForTrail, isAsked, isInTrail, parseSought, type Sought, type SoughtInput } from "./sought.ts";
import type { JourneyStore, ListPosition, ListQuery } from "./store.ts";
import { readWhole } from "./timeline.ts";
import type { TrailStore } from "./trails.ts";

export type JourneyFilter = SoughtInput & {
  range?: RangeInput | null | undefined;
  outcome?: JourneyOutcome | null | undefined;
  visitorId?: string | null | undefined;
  did?: readonly string[] | null | undefined;
  didNot?: readonly string[] | null | undefined;
  goal?: string | null | undefined;
};

/** A page of journeys, with the range that was read and whether journeys of before it are left out. */
export type JourneyList = JourneyPage & {
  range: TimeRange;
  hasEarlier: () => Promise<boolean>;
  /** How many there are in all, counted up to `MAX_COUNTED`; inexact where there are more. */
  total: () => Promise<JourneyTotal>;
  /** False where too many journeys changed a moment ago to be read from their events: some may be missing. */
  isComplete: boolean;
};
export type JourneyTotal = { count: number; isExact: boolean };

/** A list is counted so far. */
export const MAX_COUNTED = 10_000;

type Query = ListQuery & { sought?: Sought };

/** A person, as far as ids tell. Not seen where only an alias named it, or all journeys have expired. */
export type Visitor = { ids: readonly string[]; firstSeenAt: number | undefined; lastSeenAt: number | undefined };

const MAX_PAGE = 100;
const MAX_FILTER_TYPES = 20;
/** Ids of a person that are read at the same time. */
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

type Request = PageRequest<ListPosition>;
const LATEST: Request = { wanted: 0, isBackward: false, from: undefined };

/** Lists of journeys: a tenant's, or a person's under whichever id. */
export function createJourneyLists(
  { store, trails, configuration, clock, requireIndex }: {
    store: JourneyStore;
    trails: TrailStore;
    configuration: Pick<JourneyConfiguration, "of" | "current">;
    clock: Clock;
    requireIndex: () => void;
  },
) {
  return {
    /**
     * One page of the tenant's journeys, latest start first. Full unless it is the last. `isWhole`: of all times where the
     * filter names none, as in a file, which cannot say what it leaves out.
     */
    async list(tenantId: string, filter: JourneyFilter, page: PageArgs, isWhole = false): Promise<JourneyList> {
      requireIndex();
      const cursors = createCursors("journeys", [tenantId, canonical(filter)], listPosition);
      const request = parsePage(page, MAX_PAGE, cursors);
      const query = await toQuery(tenantId, filter, request.from?.fromAt, isWhole);
      const { fromAt, toAt } = query;
      const derived = { read: 0, unread: 0 };
      return {
        ...toPage(
          await read(query, request, derived),
          request,
          ({ startedAt, sessionId }) => cursors.encode([startedAt, sessionId, fromAt]),
        ),
        range: { fromAt, toAt },
        hasEarlier: async () => fromAt > 0 && await latestStart({ ...query, fromAt: 0, toAt: fromAt }) !== undefined,
        total: () => total(query),
        isComplete: derived.unread === 0,
      };
    },

    /**
     * A person by any id: its ids, the one asked for first; 100 of them, or all with `isWhole`. Undefined where nothing is known
     * of it.
     */
    async findVisitor(tenantId: string, visitorId: string, isWhole = false): Promise<Visitor | undefined> {
      requireIndex();
      if (!isVisitorId(visitorId)) return undefined;
      const all = { tenantId, fromAt: 0, toAt: clock() + MAX_AHEAD_MS + 1 };
      const ids = await (isWhole ? store.findAllIds(tenantId, visitorId) : store.findIds(tenantId, visitorId));
      const [latest] = await read({ ...all, visitorId }, LATEST);
      if (!latest && ids.length === 1) return undefined;
      const firsts = await Promise.all(ids.map((id) => store.findFirst(tenantId, id)));
      const starts = firsts.filter((at) => at !== undefined);
      return {
        ids,
        firstSeenAt: starts.length > 0 ? Math.min(...starts) : undefined,
        lastSeenAt: latest?.endedAt,
      };
    },

    /** The journeys that name an id. */
    async *listNamed(tenantId: string, id: string): AsyncGenerator<Journey[]> {
      const all = { tenantId, fromAt: 0, toAt: clock() + MAX_AHEAD_MS + 1 };
      const next = (startKey?: Item) => store.listNamed(all, id, { limit: MAX_PAGE, ascending: false, startKey });
      for await (const { journeys } of pages(next)) yield await listed(journeys, all);
    },
  };

  /** The matching journeys from a position on, one more than wanted where there are so many. */
  async function read(
    query: Query,
    request: Request,
    derived: DerivedCount = { read: 0, unread: 0 },
  ): Promise<Journey[]> {
    const { visitorId, fromAt, toAt } = query;
    const { from, isBackward } = request;
    // A store refuses what begins outside the range, as cursors may of a clock ahead of ours, and such as somebody made up.
    const isPast = from && (isBackward ? from.startedAt >= toAt : from.startedAt < fromAt);
    if (fromAt >= toAt || isPast) return [];
    if (visitorId === undefined) return await readTenant(query, request, derived);
    return await readVisitor({ ...query, visitorId }, request, derived);
  }

  async function total(query: Query): Promise<JourneyTotal> {
    const derived = { read: 0, unread: 0 };
    const rows = await read(query, { wanted: MAX_COUNTED, isBackward: false, from: undefined }, derived);
    return { count: Math.min(rows.length, MAX_COUNTED), isExact: rows.length <= MAX_COUNTED && derived.unread === 0 };
  }

  async function readTenant(query: Query, request: Request, derived: DerivedCount): Promise<Journey[]> {
    const { wanted, isBackward, from } = request;
    const isInside = from && query.fromAt <= from.startedAt && from.startedAt < query.toAt;
    const rows: Journey[] = [];
    const next = (position?: ListPosition) =>
      store.list(query, isSelective(query) ? FILTERED_ROWS : wanted + 1 - rows.length, position, isBackward);
    for await (const { journeys } of pages(next, isInside ? from : undefined)) {
      rows.push(...await having(await listed(journeys, query), query, derived));
      if (rows.length > wanted) break;
    }
    return rows;
  }

  /** Of a person, under whichever id: the nearest of each id, merged. */
  async function readVisitor(
    query: Query & { visitorId: string },
    request: Request,
    derived: DerivedCount,
  ): Promise<Journey[]> {
    const { wanted, isBackward, from } = request;
    // What can be no id names nobody.
    const ids = isVisitorId(query.visitorId) ? await store.findIds(query.tenantId, query.visitorId) : [];
    const isAfter = (one: ListPosition, other: ListPosition) => isBackward ? isLater(other, one) : isLater(one, other);
    const rest = {
      ...query,
      ...(from && isBackward ? { fromAt: Math.max(query.fromAt, from.startedAt) } : {}),
      ...(from && !isBackward ? { toAt: Math.min(query.toAt, from.startedAt + 1) } : {}),
    };
    const found = new Map<string, Journey>();
    await pMap(ids, async (id) => {
      const own: Journey[] = [];
      const next = (startKey?: Item) =>
        store.listNamed(rest, id, { limit: wanted + 1, ascending: isBackward, startKey });
      for await (const { journeys, endsAt } of pages(next)) {
        const some = (await listed(journeys, query)).filter((journey) => !from || isAfter(journey, from));
        own.push(...await having(some, query, derived));
        // Of several that started at the same instant the page may lack some.
        if (own.length > wanted && endsAt !== own[wanted]!.startedAt) break;
      }
      for (const journey of own) found.set(journey.sessionId, journey);
    }, { concurrency: CONCURRENCY });
    return [...found.values()].sort((a, b) => (isAfter(a, b) ? 1 : -1));
  }

  /** Those that a list shows, but for what takes a trail to tell. */
  async function listed(journeys: readonly Journey[], query: Query): Promise<Journey[]> {
    const now = clock();
    const kept = journeys.filter((journey) => !isExpired(journey, now));
    const found = (await configuration.current(query.tenantId, kept)).filter((journey) => matches(journey, query, now));
    const { sought } = query;
    if (!sought || sought.words.length === 0) return found;
    return await pickWhere(found, async (journey) => isAsked(sought, await questionOf(journey)));
  }

  /** Those whose events have what is sought. */
  async function having(journeys: readonly Journey[], { sought }: Query, derived: DerivedCount): Promise<Journey[]> {
    if (!sought || !asksForTrail(sought)) return [...journeys];
    const found = await readTrailsOf({ store, trails, clock }, journeys, derived);
    return journeys.filter(({ sessionId }) => {
      const trail = found.get(sessionId);
      return trail !== undefined && isInTrail(sought, trail);
    });
  }

  async function questionOf(journey: Journey): Promise<string> {
    const { firstQuestion } = journey;
    if (firstQuestion === undefined || firstQuestion.text !== undefined) return firstQuestion?.text ?? "";
    const { source, seq } = firstQuestion;
    const { events } = await readWhole(store, journey);
    return events.find((event) => event.source === source && event.seq === seq)?.text ?? "";
  }

  /**
   * What a list reads. Without a range, all journeys; but where a filter may pass over most of them, those of 30 days up
   * to the latest one. `begunAt`: where the range of the pages before began, so that a page of the last hours has what the
   * one before promised, also where the hours have passed it by now.
   */
  async function toQuery(
    tenantId: string,
    filter: JourneyFilter,
    begunAt: number | undefined,
    isWhole: boolean,
  ): Promise<Query> {
    const now = clock();
    const { goals } = await configuration.of(tenantId);
    const sought = parseSought(filter);
    const query = {
      tenantId,
      sought,
      asked: sought.words.length > 0,
      goal: parseGoal(filter.goal, goals),
      goalsVersion: goals.version,
      visitorId: filter.visitorId ?? undefined,
      outcome: filter.outcome ?? undefined,
      did: parseTypes("did", filter.did),
      didNot: parseTypes("didNot", filter.didNot),
    };
    if (filter.range) {
      const range = parseRange(filter.range, now);
      if (filter.range.last === undefined) return { ...query, ...range };
      // A clock that is ahead of ours has its events now, too.
      return { ...query, fromAt: begunAt ?? range.fromAt, toAt: now + MAX_AHEAD_MS + 1 };
    }
    const all = { ...query, fromAt: 0, toAt: now + MAX_AHEAD_MS + 1 };
    if (isWhole) return all;
    if (begunAt !== undefined) return { ...all, fromAt: begunAt };
    const isLong = isSelective(query) && query.visitorId === undefined;
    const latest = isLong ? await latestStart(all) : undefined;
    return latest === undefined ? all : { ...all, fromAt: Math.max(0, latest - DEFAULT_RANGE_MS) };
  }

  /** When the latest of the visitor's or tenant's journeys in a range started. */
  async function latestStart({ tenantId, visitorId, fromAt, toAt }: ListQuery): Promise<number | undefined> {
    const [latest] = await read({ tenantId, visitorId, fromAt, toAt }, LATEST);
    return latest?.startedAt;
  }
}

async function pickWhere(
  journeys: readonly Journey[],
  holds: (journey: Journey) => Promise<boolean>,
): Promise<Journey[]> {
  const held = await pMap(journeys, holds, { concurrency: CONCURRENCY });
  return journeys.filter((_, i) => held[i]);
}

function isVisitorId(id: string): boolean {
  return id.length >= 1 && id.length <= LIMITS.visitorIdChars && id.isWellFormed();
}

function matches(journey: Journey, { outcome, did = [], didNot = [], goal }: ListQuery, now: number): boolean {
  const { types, goals } = journey;
  if (goal !== undefined && !goals.reached.some(({ goalId }) => goalId === goal)) return false;
  if (!did.every((type) => types.includes(type)) || didNot.some((type) => types.includes(type))) return false;
  return outcome === undefined || outcomeOf(journey, now) === outcome;
}

/** Whether a journey comes later in the list than another: earlier in time. */
function isLater(journey: ListPosition, other: ListPosition): boolean {
  if (journey.startedAt !== other.startedAt) return journey.startedAt < other.startedAt;
  return journey.sessionId > other.sessionId;
}

/** Whether most rows may be read in vain. */
function isSelective(
  { outcome, did = [], didNot = [], goal, sought }: Omit<Query, "tenantId" | "fromAt" | "toAt">,
): boolean {
  if (sought && (sought.words.length > 0 || asksForTrail(sought))) return true;
  return outcome !== undefined || goal !== undefined || did.length + didNot.length > 0;
}

/** The goal of a filter. Throws InvalidInputError where the tenant has none of that id. */
function parseGoal(goalId: string | null | undefined, { list }: Goals): string | undefined {
  if (goalId == null || list.some((goal) => goal.goalId === goalId)) return goalId ?? undefined;
  const names = list.map((goal) => goal.goalId).join(", ") || "none; name some by configureJourneys";
  throw new InvalidInputError([{ path: ["filter", "goal"], message: `must be a goal of the tenant: ${names}` }]);
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
function canonical({ range, outcome, visitorId, did, didNot, goal, ...filter }: JourneyFilter) {
  const { last, between } = range ?? {};
  const sought = parseSought(filter);
  return [
    last ?? null,
    between?.from ?? null,
    between?.to ?? null,
    outcome ?? null,
    visitorId ?? null,
    did ?? null,
    didNot ?? null,
    ...(goal == null ? [] : [goal]),
    ...(asksForTrail(sought) || sought.words.length > 0 ? [sought] : []),
  ];
}
