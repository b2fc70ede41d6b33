import * as v from "valibot";
import { MAX_AHEAD_MS } from "../core/check.ts";
import type { Clock } from "../core/clock.ts";
import { NotIndexedError } from "../core/errors.ts";
import { createCursors, type PageArgs, parsePage, toPage } from "../core/page.ts";
import { parseRange, type RangeInput, type TimeRange } from "../core/range.ts";
import type { JourneyConfiguration } from "./configure.ts";
import { type Breakdown, createFunnelReader, type FunnelInput, parseFunnel, type Reached, valueOf } from "./funnel.ts";
import type { JourneyList, JourneyTotal } from "./lists.ts";
import { type Journey, LIMITS } from "./model.ts";
import { createPathCounter, createPathReader, parsePaths, type Path, type PathCounts } from "./paths.ts";
import { createTrailReader, type Derived, type Tally } from "./reading.ts";
import type { JourneyStore, ListPosition } from "./store.ts";
import type { Trail } from "./trail.ts";
import type { TrailStore } from "./trails.ts";

export type Explorer = ReturnType<typeof createExplorer>;

/** What was read for an answer. `end`: where a further one goes on, where not all was read. */
export type Reading = {
  journeys: number;
  events: number;
  isComplete: boolean;
  end: string | undefined;
  /** The last journey that was read, where not all was. */
  until: ListPosition | undefined;
};

/** The part of a tenant's journeys that an answer is about. `name` says which question, for cursors. */
type Stretch = { tenantId: string; range: TimeRange; after: ListPosition | undefined; name: unknown; derived: Derived };

/** The journeys that a number counts. */
export type Selection = Stretch & {
  /** Where the count ended, where it did not read all. */
  until: () => Promise<ListPosition | undefined>;
  matches: (trail: Trail) => boolean;
};

export type FunnelGroupCounts = {
  /** Null stands for journeys without a value, and `isOther` for those with any value that is not told. */
  value: string | null;
  isOther: boolean;
  /** Of each step, the ms from the first step to it of each journey that came so far. */
  steps: readonly number[][];
};
export type FunnelCounts = Reading & { all: readonly number[][]; groups: readonly FunnelGroupCounts[] };

/** A funnel that was asked for; nothing is read before something of it is. */
export type Funnel = Stretch & {
  input: FunnelInput;
  counts: () => Promise<FunnelCounts>;
  /** The journeys that came to a step, or to that one and no further; of a group where one is given. */
  select: (step: number, isDropOff: boolean, group?: FunnelGroupCounts) => Promise<Selection>;
};

/** Paths that were asked for. */
export type Paths = Stretch & {
  counts: () => Promise<Reading & { paths: number; levels: PathCounts["levels"] }>;
  /** The journeys that are at a name at a step, that end there, or that go on from it to another. */
  select: (of: { level: number; name: string | null; ends?: boolean; to?: string | null }) => Promise<Selection>;
};

/** One answer reads so many journeys; a further one goes on from there. */
const MAX_JOURNEYS = 300_000;
const PAGE_ROWS = 250;
const MAX_PAGE = 100;

/** Where an answer went on, and where the range of the first one began: hours that go by leave out nothing that is still to come. */
type Begun = ListPosition & { fromAt?: number | undefined };
/** A journey of a list, and how many were read up to it. */
type Counted = Begun & { read: number };

const whole = v.pipe(v.number(), v.safeInteger());
const session = v.pipe(v.string(), v.maxLength(LIMITS.sessionIdChars));
const counted = v.pipe(
  v.tuple([whole, session, whole, v.optional(whole)]),
  v.transform(([startedAt, sessionId, read, fromAt]): Counted => ({ startedAt, sessionId, read, fromAt })),
);
const position = v.pipe(
  v.tuple([whole, session, v.optional(whole)]),
  v.transform(([startedAt, sessionId, fromAt]): Begun => ({ startedAt, sessionId, fromAt })),
);

/** Paths and funnels over a tenant's journeys, and the lists behind each of their numbers. */
export function createExplorer(
  { store, trails, configuration, clock, indexed, maxJourneys = MAX_JOURNEYS }: {
    store: JourneyStore;
    trails: TrailStore;
    configuration: Pick<JourneyConfiguration, "of" | "current">;
    clock: Clock;
    indexed: boolean;
    maxJourneys?: number;
  },
) {
  const readTrails = createTrailReader({ store, trails, configuration, clock });

  function begin(tenantId: string, range: RangeInput, after: string | null | undefined, name: unknown) {
    if (!indexed) throw new NotIndexedError();
    const now = clock();
    const parsed = parseRange(range, now);
    const cursors = createCursors("journeys read", [tenantId, rangeName(range), name], position);
    const from = cursors.decode(after);
    return {
      stretch: {
        tenantId,
        // A clock that is ahead of ours has its events now, too.
        range: range.last === undefined
          ? parsed
          : { fromAt: from?.fromAt ?? parsed.fromAt, toAt: now + MAX_AHEAD_MS + 1 },
        after: from && { startedAt: from.startedAt, sessionId: from.sessionId },
        name: [rangeName(range), name],
        derived: new Map() as Derived,
      },
      cursors,
    };
  }

  /** Reads the stretch as far as one answer goes. */
  async function readAll(
    { tenantId, range, after, derived }: Stretch,
    encode: (position: unknown) => string,
    take: (trail: Trail) => void,
  ): Promise<Reading> {
    const tally: Tally = { journeys: 0, events: 0, unread: 0 };
    let taken = 0;
    let last: Trail | undefined;
    for await (
      const part of readTrails({ tenantId, fromAt: range.fromAt, lastAt: range.toAt - 1, after }, tally, derived)
    ) {
      for (const trail of part) {
        if (taken === maxJourneys) {
          const until = { startedAt: last!.startedAt, sessionId: last!.sessionId };
          const end = encode([until.startedAt, until.sessionId, range.fromAt]);
          return { journeys: taken, events: tally.events, isComplete: false, end, until };
        }
        take(trail);
        last = trail;
        taken++;
      }
    }
    return { journeys: taken, events: tally.events, isComplete: tally.unread === 0, end: undefined, until: undefined };
  }

  return {
    /** Throws InvalidInputError. */
    async funnel(tenantId: string, range: RangeInput, given: unknown, after?: string | null): Promise<Funnel> {
      const { goals } = await configuration.of(tenantId);
      const input = parseFunnel(given, goals);
      const { stretch, cursors } = begin(tenantId, range, after, ["funnel", input, goals.version]);
      const reach = createFunnelReader(input, goals);
      const counts = once(async () => {
        const counter = createFunnelCounter(input);
        const reading = await readAll(stretch, cursors.encode, (trail) => counter.add(trail, reach(trail)));
        return { ...reading, ...counter.result() };
      });
      return {
        ...stretch,
        input,
        counts,
        async select(step, isDropOff, group) {
          const { breakdown } = input;
          const told = group?.isOther ? toldOf((await counts()).groups) : undefined;
          return {
            ...stretch,
            name: [stretch.name, step, isDropOff, group?.value, group?.isOther],
            until: async () => (await counts()).until,
            matches: (trail) => {
              const reached = reach(trail).length;
              if (isDropOff ? reached !== step + 1 : reached <= step) return false;
              if (!group) return true;
              const value = valueOf(trail, breakdown!) ?? null;
              return told ? value !== null && !told.has(value) : value === group.value;
            },
          };
        },
      };
    },

    /** Throws InvalidInputError. */
    async paths(tenantId: string, range: RangeInput, given: unknown, after?: string | null): Promise<Paths> {
      const { goals } = await configuration.of(tenantId);
      const input = parsePaths(given, goals);
      const { stretch, cursors } = begin(tenantId, range, after, ["paths", input, goals.version]);
      const pathOf = createPathReader(input, goals);
      const counts = once(async () => {
        const counter = createPathCounter(input);
        const reading = await readAll(stretch, cursors.encode, (trail) => {
          const path = pathOf(trail);
          if (path) counter.add(path);
        });
        const { journeys: paths, levels } = counter.result();
        return { ...reading, paths, levels };
      });
      return {
        ...stretch,
        counts,
        async select({ level, name, ends = false, to }) {
          // Who is not told one by one is known once all is counted.
          const levels = name === null || to === null ? (await counts()).levels : [];
          const isAt = (path: Path, at: number, wanted: string | null) => {
            const own = path[at]?.name;
            if (own === undefined) return false;
            return wanted === null ? !levels[at]?.told.has(own) : own === wanted;
          };
          return {
            ...stretch,
            name: [stretch.name, level, name, ends, to === undefined ? "any" : [to]],
            until: async () => (await counts()).until,
            matches: (trail) => {
              const path = pathOf(trail);
              if (!path || !isAt(path, level, name)) return false;
              if (ends && path.length !== level + 1) return false;
              return to === undefined || isAt(path, level + 1, to);
            },
          };
        },
      };
    },

    /** One page of the journeys that a number counts, latest start first. */
    async list(selection: Promise<Selection>, page: PageArgs): Promise<JourneyList> {
      const asked = await selection;
      const { tenantId, after, until, name, derived, matches } = asked;
      const cursors = createCursors("journeys counted", [tenantId, name, after], counted);
      const request = parsePage(page, MAX_PAGE, cursors);
      const range = { ...asked.range, fromAt: request.from?.fromAt ?? asked.range.fromAt };
      const { isBackward, wanted } = request;
      const bounds = { tenantId, fromAt: range.fromAt, lastAt: range.toAt - 1, limit: PAGE_ROWS };
      const from = request.from ?? (isBackward ? undefined : after);
      const last = isBackward && !request.from ? await until() : undefined;
      const tally: Tally = { journeys: 0, events: 0, unread: 0 };
      const found: Counted[] = [];
      let read = request.from?.read ?? 0;
      for await (const part of readTrails({ ...bounds, after: from, isBackward }, tally, derived)) {
        for (const trail of part) {
          // A count that did not read all ended here.
          if (!isBackward && read === maxJourneys) break;
          read += isBackward ? -1 : 1;
          const isCounted = (!after || isAfter(trail, after)) && (!last || !isAfter(trail, last));
          const { startedAt, sessionId } = trail;
          if (isCounted && matches(trail)) found.push({ startedAt, sessionId, read });
        }
        if (found.length > wanted || (!isBackward && read === maxJourneys)) break;
      }
      const rows = found.slice(0, wanted + 1);
      const ordinals = new Map(rows.map(({ sessionId, read }) => [sessionId, read]));
      return {
        ...toPage(
          await load(tenantId, rows),
          request,
          ({ startedAt, sessionId }) => cursors.encode([startedAt, sessionId, ordinals.get(sessionId), range.fromAt]),
        ),
        range,
        hasEarlier: () => isAny(tenantId, range.fromAt - 1),
        total: () => total({ ...asked, range }),
        isComplete: tally.unread === 0,
      };
    },
  };

  async function isAny(tenantId: string, lastAt: number): Promise<boolean> {
    const { trails: found } = await trails.list(tenantId, {
      fromAt: 0,
      lastAt,
      ascending: false,
      limit: 1,
    });
    return found.length > 0;
  }

  /** The number that the list opens, counted again: what was derived from events is not derived again. */
  async function total(selected: Selection): Promise<JourneyTotal> {
    let count = 0;
    const { isComplete, end } = await readAll(selected, JSON.stringify, (trail) => {
      if (selected.matches(trail)) count++;
    });
    return { count, isExact: isComplete || end !== undefined };
  }

  async function load(tenantId: string, rows: readonly ListPosition[]): Promise<Journey[]> {
    const found = await store.find(tenantId, rows.map(({ sessionId }) => sessionId));
    const journeys = rows.flatMap(({ sessionId }) => found.get(sessionId) ?? []);
    return await configuration.current(tenantId, journeys);
  }
}

/** Counts how far journeys came, all together and by the value that breaks them down. */
function createFunnelCounter({ steps, breakdown }: FunnelInput) {
  const all: number[][] = steps.map(() => []);
  const byValue = new Map<string | null, number[][]>();
  return {
    add(trail: Trail, reached: Reached): void {
      if (reached.length === 0) return;
      const value = breakdown && (valueOf(trail, breakdown) ?? null);
      let own: number[][] | undefined;
      if (value !== undefined) {
        own = byValue.get(value);
        if (!own) byValue.set(value, own = steps.map(() => []));
      }
      reached.forEach((at, step) => {
        all[step]!.push(at - reached[0]!);
        own?.[step]!.push(at - reached[0]!);
      });
    },
    result: () => ({ all, groups: breakdown ? groupsOf(byValue, breakdown, steps.length) : [] }),
  };
}

/** The values with the most journeys at the first step, then what has another value, then what has none. */
function groupsOf(
  byValue: ReadonlyMap<string | null, number[][]>,
  { top }: Breakdown,
  steps: number,
): FunnelGroupCounts[] {
  const values = [...byValue].filter((entry): entry is [string, number[][]] => entry[0] !== null)
    .sort(([a, x], [b, y]) => y[0]!.length - x[0]!.length || (a < b ? -1 : 1));
  const rest = values.slice(top);
  const none = byValue.get(null);
  return [
    ...values.slice(0, top).map(([value, own]) => ({ value, isOther: false, steps: own })),
    ...(rest.length > 0
      ? [{
        value: null,
        isOther: true,
        steps: Array.from({ length: steps }, (_, i) => rest.flatMap(([, own]) => own[i]!)),
      }]
      : []),
    ...(none ? [{ value: null, isOther: false, steps: none }] : []),
  ];
}

function toldOf(groups: readonly FunnelGroupCounts[]): ReadonlySet<string> {
  return new Set(groups.flatMap(({ value }) => value ?? []));
}

/** Whether a journey comes later in a list than another. */
function isAfter(a: ListPosition, b: ListPosition): boolean {
  return a.startedAt < b.startedAt || (a.startedAt === b.startedAt && a.sessionId > b.sessionId);
}

function rangeName({ last, between }: RangeInput) {
  return [last ?? null, between?.from ?? null, between?.to ?? null];
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}
