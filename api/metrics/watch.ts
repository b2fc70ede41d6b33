import * as v from "valibot";
import pMap from "p-map";
import { type Clock, HOUR_MS, MINUTE_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { createCursors } from "../core/page.ts";
import type { Hub } from "../live/hub.ts";
import { MAX_HINTS } from "../live/feed.ts";
import { type Begin, createSharedFeeds } from "../live/shared.ts";
import {
  changesSince,
  type Given,
  hourKeyOf,
  lastOfEach,
  type MetricUpdate,
  NOTHING,
  type Snapshot,
  type State,
  toSnapshot,
  windowStart,
} from "./changes.ts";
import { LATE_SLACK_MS } from "./late-hours.ts";
import {
  BUCKET_MINUTES,
  type BucketSize,
  type FixedSize,
  type HourBucket,
  isPeriod,
  isRecorded,
  type MetricSource,
  SOURCES,
} from "./model.ts";
import { emptyHour, hourOf, toBucket } from "./rules.ts";
import { parseKey } from "./series.ts";
import { metricsKey } from "./service.ts";
import type { MetricStore } from "./store.ts";

export type { MetricUpdate } from "./changes.ts";

/** A bucket is given at most ten times a second, and four times where so many watch that it takes long. */
const INTERVAL_MS = [100, 250] as const;
/** So many late hours are remembered for those who read slowly. */
const MAX_LATE_HOURS = 1_000;
/** Whoever was away for longer begins anew. */
const MAX_AWAY_MS = 7 * 24 * HOUR_MS;
/** So often it is asked which late hours other processes counted into: no hub says so without Redis. */
const LOOK_MS = 5_000;
const LATE_READS_AT_ONCE = 8;
const MAX_SOURCES = 20;
/** In a cursor, stands before the start of its window, where hours stand before their last bucket. */
const WINDOW = "";

const position = v.array(v.tuple([v.string(), v.string(), v.pipe(v.number(), v.safeInteger())]));

/** What buckets show beside how many: what the records measure, and the same by each value of a dimension of this key. */
export type Detail = { isMeasured?: boolean; by?: string | null | undefined };

export type MetricWatchOptions = {
  store: MetricStore;
  hub: Hub;
  clock: Clock;
  pollMs?: number | undefined;
  /** So many late hours are looked for, and told to who comes back, at once. */
  maxLate?: number;
};

/**
 * The buckets of the last two hours as they are, or with a cursor those that changed since, then each change: absolute
 * counts, of whatever process. A slow reader gets the newest state. All who watch the same share one reader of the store,
 * and get the same objects. Throws InvalidInputError for a cursor of another feed.
 */
export function createMetricWatch({ store, hub, clock, pollMs, maxLate = MAX_LATE_HOURS }: MetricWatchOptions) {
  const followShared = createSharedFeeds<Snapshot, State, MetricUpdate>();

  return function watchMetrics(
    tenantId: string,
    sources: readonly MetricSource[],
    asked: BucketSize,
    after: string | null | undefined,
    signal: AbortSignal,
    { isMeasured = false, by }: Detail = {},
  ): AsyncGenerator<MetricUpdate> {
    if (isPeriod(asked)) {
      const message = "must be ONE_HOUR or less: larger buckets are sums of these, as `metrics` gives them";
      throw new InvalidInputError([{ path: ["size"], message }]);
    }
    const size: FixedSize = asked;
    const known: readonly string[] = SOURCES;
    // In one order, so that who watches the same shares it.
    const wanted = [...new Set(sources)].sort((a, b) => known.indexOf(a) - known.indexOf(b) || (a < b ? -1 : 1));
    if (wanted.length > MAX_SOURCES) {
      const message = `must be at most ${MAX_SOURCES}, are ${wanted.length}; subscribe to the others by themselves`;
      throw new InvalidInputError([{ path: ["sources"], message }]);
    }
    const dimension = by === null || by === undefined ? undefined : parseKey(by);
    const listHours: MetricStore["listHours"] = (...asked) => listDetailed(asked, isMeasured, dimension);
    if (wanted.length === 0) {
      throw new InvalidInputError([{ path: ["sources"], message: "must name at least one source" }]);
    }
    const cursors = createCursors("metric buckets", [tenantId, wanted, size], position);
    const encode = (given: Given, from: number, now: number) =>
      cursors.encode([[WINDOW, `${now}`, from], ...[...given].map(([key, [version, start]]) => [key, version, start])]);

    /** Reads what all who watch the same are shown. */
    function createReader() {
      let looks: { source: string; look: ReturnType<MetricStore["lateHours"]["follow"]> }[] | undefined;
      let lookedAt = -Infinity;
      /** Of more hints than are kept some were lost. */
      let isAll = false;

      async function findLate(now: number): Promise<string[]> {
        if (hub.rest || now - lookedAt < LOOK_MS) return [];
        looks ??= wanted.map((source) => ({ source, look: store.lateHours.follow(tenantId, source) }));
        const lists = await Promise.all(looks.map(async ({ source, look }) => {
          const hours = await look(now, { isAll, most: maxLate });
          return hours.map((hourAt) => hourKeyOf({ source, hourAt }));
        }));
        const found = lists.flat();
        // There may be more.
        if (found.length < maxLate) [lookedAt, isAll] = [now, false];
        return found;
      }

      return async (previous: Snapshot | undefined, hints: readonly string[]): Promise<Snapshot> => {
        const now = clock();
        const fromHour = hourOf(windowStart(now, size));
        isAll ||= hints.length >= MAX_HINTS;
        const late = new Set([...hints, ...await findLate(now)]);
        const [hours, hinted] = await Promise.all([
          windowOf(listHours, tenantId, wanted, fromHour, now),
          hintedHours(listHours, tenantId, wanted, [...late], fromHour, now),
        ]);
        return toSnapshot(previous, size, now, hours, hinted, maxLate);
      };
    }

    const follow = (state: State, begin?: Begin<Snapshot, State, MetricUpdate>) =>
      followShared(
        JSON.stringify([tenantId, wanted, size, isMeasured, dimension]),
        {
          hub,
          key: metricsKey(tenantId),
          read: createReader(),
          diff: (snapshot, given) => changesSince(snapshot, given, encode),
          intervalMs: INTERVAL_MS,
          pollMs,
        },
        state,
        signal,
        begin,
      );

    /** The buckets of hours before a cursor's window that were counted into since it was given. */
    async function olderSince(since: number, seenAt: number, given: Given): Promise<MetricUpdate[]> {
      const lists = await Promise.all(wanted.map(async (source) => {
        const hours = await store.lateHours.changedSince(tenantId, source, seenAt - LATE_SLACK_MS, hourOf(since));
        return hours.map((hour) => ({ source, ...hour }));
      }));
      const late = lists.flat();
      if (late.length > maxLate) {
        const message = `was away while ${late.length} hours of before were counted into, and at most ${maxLate} ` +
          "are told; leave it out to begin anew, and read older hours with `metrics`";
        throw new InvalidInputError([{ path: ["after"], message }]);
      }
      const now = clock();
      const buckets = await pMap(late, async ({ source, hourAt, minutes }) => {
        const [hour] = await listHours(tenantId, source, hourAt, hourAt + 1);
        const length = BUCKET_MINUTES[size];
        const places = new Set([...minutes].map((minute) => Math.floor(minute / length) * length));
        return hour ? [...places].map((minute) => toBucket(source, size, hourAt + minute * MINUTE_MS, hour, now)) : [];
      }, { concurrency: LATE_READS_AT_ONCE });
      // The cursor stays where it was: whoever is cut here gets all of it again.
      return buckets.flat().map((bucket) => ({ cursor: encode(given, since, seenAt), bucket }));
    }

    /** Goes on after a cursor: first what left the window meanwhile, which the feed does not show any more. */
    async function* resume(
      { round }: Snapshot,
      given: Given,
      since: number,
      seenAt: number,
    ): AsyncGenerator<MetricUpdate, State> {
      const now = clock();
      const window = windowStart(now, size);
      const older = await olderSince(since, seenAt, given);
      yield* older;
      const before = { given: lastOfEach(older), till: now + LATE_SLACK_MS + 2 * LOOK_MS };
      const state: State = { given, isFirst: false, round, ...(older.length > 0 ? { before } : {}) };
      if (hourOf(since) >= hourOf(window)) return state;
      const hours = await windowOf(listHours, tenantId, wanted, hourOf(since), hourOf(window) - 1);
      const snapshot = toSnapshot(undefined, size, now, hours, [], 0);
      const missed = changesSince({ ...snapshot, from: since }, state, encode);
      yield* missed.messages;
      return { ...missed.state, round };
    }

    const resumed = cursors.decode(after);
    if (!resumed) return follow(NOTHING);
    const since = sinceOf(resumed, windowStart(clock(), size));
    if (since < clock() - MAX_AWAY_MS) {
      throw new InvalidInputError([{
        path: ["after"],
        message: "is older than a week; leave it out to begin anew, and read what lies between with `metrics`",
      }]);
    }
    const hours = resumed.filter(([key]) => key !== WINDOW);
    const given: Given = new Map(hours.map(([key, version, start]) => [key, [version, start]]));
    return follow(NOTHING, (snapshot) => resume(snapshot, given, since, seenOf(resumed, since)));
  };

  /** Hours with what was asked for of what their records measure: a query more for each. */
  async function listDetailed(
    [tenantId, source, fromAt, toAt]: Parameters<MetricStore["listHours"]>,
    isMeasured: boolean,
    dimension: string | undefined,
  ): Promise<HourBucket[]> {
    // Before the rest: numbers are written before the version that tells of them.
    const hours = await store.listHours(tenantId, source, fromAt, toAt);
    if (!isRecorded(source)) return hours;
    const list = async (key: string | undefined) => {
      const [from, to] = [hourOf(fromAt), hourOf(toAt - 1) + HOUR_MS];
      return Map.groupBy(
        await store.measures.listSlots(tenantId, source, key, from, to),
        ({ slotAt }) => hourOf(slotAt),
      );
    };
    const [slots, groups] = await Promise.all([
      isMeasured ? list(undefined) : undefined,
      dimension === undefined ? undefined : list(dimension),
    ]);
    return hours.map((hour) => ({
      ...hour,
      ...(slots ? { slots: slots.get(hour.hourAt) ?? [] } : {}),
      ...(groups ? { groups: groups.get(hour.hourAt) ?? [] } : {}),
    }));
  }

  /** All hours of the sources in a stretch of time, also those that nothing was counted into, by source, ascending. */
  async function windowOf(
    listHours: MetricStore["listHours"],
    tenantId: string,
    sources: readonly MetricSource[],
    fromHour: number,
    toAt: number,
  ): Promise<HourBucket[]> {
    const lists = await Promise.all(sources.map(async (source) => {
      const stored = await listHours(tenantId, source, fromHour, toAt + HOUR_MS);
      const found = new Map(stored.map((hour) => [hour.hourAt, hour]));
      for (let hourAt = fromHour; hourAt <= toAt; hourAt += HOUR_MS) {
        if (!found.has(hourAt)) found.set(hourAt, emptyHour(source, hourAt));
      }
      return [...found.values()].sort((a, b) => a.hourAt - b.hourAt);
    }));
    return lists.flat();
  }

  /** The hours outside of the window that someone said were counted into. */
  async function hintedHours(
    listHours: MetricStore["listHours"],
    tenantId: string,
    sources: readonly MetricSource[],
    hints: readonly string[],
    fromHour: number,
    now: number,
  ): Promise<HourBucket[]> {
    const hours = await Promise.all(hints.map(async (hint) => {
      const [name, at] = hint.split(" ");
      const source = sources.find((each) => each === name);
      const hourAt = Number(at);
      if (!source || !Number.isSafeInteger(hourAt) || (hourAt >= fromHour && hourAt <= now + HOUR_MS)) return [];
      return await listHours(tenantId, source, hourAt, hourAt + 1);
    }));
    return hours.flat();
  }
}

/** When a cursor was given; those of before only say when their window began. */
function seenOf(cursor: v.InferOutput<typeof position>, since: number): number {
  const seen = cursor.find(([key]) => key === WINDOW)?.[1];
  return seen ? Number(seen) : since;
}

/** The start of the window that a cursor was given in. */
function sinceOf(cursor: v.InferOutput<typeof position>, otherwise: number): number {
  const starts = cursor.filter(([key]) => key === WINDOW).map(([, , from]) => from);
  return Math.min(otherwise, ...starts);
}
