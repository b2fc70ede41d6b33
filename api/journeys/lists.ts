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
import { outcomeOf } from "./rules.ts";
import type { JourneyStore, ListPosition, ListQuery } from "./store.ts";

export type JourneyFilter = {
  range?: RangeInput | null | undefined;
  outcome?: JourneyOutcome | null | undefined;
  visitorId?: string | null | undefined;
  did?: readonly string[] | null | undefined;
  didNot?: readonly string[] | null | undefined;
  goal?: string | null | undefined;
};

/** A page of journeys, with the range that was read and whether journeys of before it are left out. */
export type JourneyList = JourneyPage & { range: TimeRange; hasEarlier: () => Promise<boolean> };

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
  { store, configuration, clock, requireIndex }: {
    store: JourneyStore;
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
      const query = await toQuery(tenantId, filter, isWhole ? 0 : request.from?.fromAt);
      const { fromAt, toAt } = query;
      return {
        ...toPage(
          await read(query, request),
          request,
          ({ startedAt, sessionId }) => cursors.encode([startedAt, sessionId, fromAt]),
        ),
        range: { fromAt, toAt },
        hasEarlier: async () => fromAt > 0 && await latestStart({ ...query, fromAt: 0, toAt: fromAt }) !== undefined,
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
  function read(query: ListQuery, request: Request): Promise<Journey[]> {
    const { visitorId } = query;
    return visitorId === undefined ? readTenant(query, request) : readVisitor({ ...query, visitorId }, request);
  }

  async function readTenant(query: ListQuery, { wanted, isBackward, from }: Request): Promise<Journey[]> {
    const rows: Journey[] = [];
    const next = (position?: ListPosition) =>
      store.list(query, isSelective(query) ? FILTERED_ROWS : wanted + 1 - rows.length, position, isBackward);
    for await (const { journeys } of pages(next, from)) {
      rows.push(...await listed(journeys, query));
      if (rows.length > wanted) break;
    }
    return rows;
  }

  /** Of a person, under whichever id: the nearest of each id, merged. */
  async function readVisitor(query: ListQuery & { visitorId: string }, request: Request): Promise<Journey[]> {
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
        own.push(...(await listed(journeys, query)).filter((journey) => !from || isAfter(journey, from)));
        // Of several that started at the same instant the page may lack some.
        if (own.length > wanted && endsAt !== own[wanted]!.startedAt) break;
      }
      for (const journey of own) found.set(journey.sessionId, journey);
    }, { concurrency: CONCURRENCY });
    return [...found.values()].sort((a, b) => (isAfter(a, b) ? 1 : -1)).slice(0, wanted + 1);
  }

  async function listed(journeys: readonly Journey[], query: ListQuery): Promise<Journey[]> {
    const now = clock();
    const kept = journeys.filter((journey) => !isExpired(journey, now));
    return (await configuration.current(query.tenantId, kept)).filter((journey) => matches(journey, query, now));
  }

  /**
   * What a list reads. Without a range, all journeys; but where a filter may pass over most of them, those of 30 days up
   * to the latest one. `fromAt`: where the range of the pages before began.
   */
  async function toQuery(tenantId: string, filter: JourneyFilter, fromAt: number | undefined): Promise<ListQuery> {
    const now = clock();
    const { goals } = await configuration.of(tenantId);
    const query = {
      tenantId,
      goal: parseGoal(filter.goal, goals),
      goalsVersion: goals.version,
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
  { outcome, did = [], didNot = [], goal }: Omit<ListQuery, "tenantId" | "fromAt" | "toAt">,
): boolean {
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
function canonical({ range, outcome, visitorId, did, didNot, goal }: JourneyFilter) {
  const { last, between } = range ?? {};
  return [
    last ?? null,
    between?.from ?? null,
    between?.to ?? null,
    outcome ?? null,
    visitorId ?? null,
    did ?? null,
    didNot ?? null,
    ...(goal == null ? [] : [goal]),
  ];
}
