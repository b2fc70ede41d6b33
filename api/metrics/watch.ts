import * as v from "valibot";
import { type Clock, HOUR_MS, MINUTE_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { createCursors } from "../core/page.ts";
import { follow } from "../live/feed.ts";
import type { Hub } from "../live/hub.ts";
import {
  BUCKET_MINUTES,
  type BucketSize,
  type HourBucket,
  type MetricBucket,
  type MetricSource,
  SOURCES,
} from "./model.ts";
import { formatVersion, hourOf, toBucket } from "./rules.ts";
import { metricsKey } from "./service.ts";
import type { MetricStore } from "./store.ts";

export type MetricUpdate = { cursor: string; bucket: MetricBucket };

const WINDOW_MS = 2 * HOUR_MS;
/** A bucket is given at most four times a second. */
const INTERVAL_MS = 250;
/** The version of a bucket that nothing was counted into. */
const NEVER = formatVersion(0);

/** Of each hour the last bucket given, by version, then place: buckets of an hour are given in that order. */
type Given = ReadonlyMap<string, readonly [version: string, start: number]>;
type State = { given: Given; isFirst: boolean };

const position = v.array(v.tuple([v.string(), v.string(), v.pipe(v.number(), v.safeInteger())]));

/**
 * The buckets of the last two hours as they are, or with a cursor those that changed since, then each change: absolute
 * counts, of whatever process. A slow reader gets the newest state. Throws InvalidInputError for a cursor of another feed.
 */
export function createMetricWatch({ store, hub, clock }: { store: MetricStore; hub: Hub; clock: Clock }) {
  return function watchMetrics(
    tenantId: string,
    sources: readonly MetricSource[],
    size: BucketSize,
    after: string | null | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<MetricUpdate> {
    const wanted = SOURCES.filter((source) => sources.includes(source));
    if (wanted.length === 0) {
      throw new InvalidInputError([{ path: ["sources"], message: "must name at least one source" }]);
    }
    const cursors = createCursors("metric buckets", [tenantId, wanted, size], position);

    async function read(
      { given, isFirst }: State,
      hints: readonly string[],
    ): Promise<{ messages: MetricUpdate[]; state: State }> {
      const now = clock();
      const from = Math.floor((now - WINDOW_MS) / (BUCKET_MINUTES[size] * MINUTE_MS)) * BUCKET_MINUTES[size] *
        MINUTE_MS;
      const state = new Map(given);
      const messages: MetricUpdate[] = [];
      for (const hour of await hoursOf(wanted, from, now, hints)) {
        const key = `${hour.source} ${hour.hourAt}`;
        for (const bucket of bucketsOf(hour, size, now)) {
          const last = state.get(key);
          const isCounted = bucket.version > NEVER;
          const isNew = last ? compare([bucket.version, bucket.start], last) > 0 : isCounted;
          const isShown = isFirst && bucket.start >= from && bucket.start <= now;
          if (!isNew && !isShown) continue;
          if (isCounted) state.set(key, [bucket.version, bucket.start]);
          // The window begins within its first hour; what lies before it is over when the feed begins.
          if (isFirst && bucket.start < from && hour.hourAt === hourOf(from)) continue;
          messages.push({
            cursor: cursors.encode([...state].map(([hourKey, [version, start]]) => [hourKey, version, start])),
            bucket,
          });
        }
      }
      return { messages, state: { given: recent(state, from), isFirst: false } };
    }

    async function hoursOf(
      all: readonly MetricSource[],
      from: number,
      now: number,
      hints: readonly string[],
    ): Promise<HourBucket[]> {
      const lists = await Promise.all(all.map(async (source) => {
        const found = new Map(
          (await store.listHours(tenantId, source, from, now + HOUR_MS)).map((hour) => [hour.hourAt, hour]),
        );
        for (let hourAt = hourOf(from); hourAt <= now; hourAt += HOUR_MS) {
          if (!found.has(hourAt)) found.set(hourAt, { source, hourAt, minutes: new Map() });
        }
        for (const hint of hints) {
          const [hintedSource, hourAt] = hint.split(" ") as [string, string];
          if (hintedSource !== source || found.has(Number(hourAt))) continue;
          const [hour] = await store.listHours(tenantId, source, Number(hourAt), Number(hourAt) + 1);
          if (hour) found.set(hour.hourAt, hour);
        }
        return [...found.values()].sort((a, b) => a.hourAt - b.hourAt);
      }));
      return lists.flat();
    }

    const resumed = cursors.decode(after);
    const given: Given = new Map((resumed ?? []).map(([key, version, start]) => [key, [version, start] as const]));
    return follow<State, MetricUpdate>({
      hub,
      key: metricsKey(tenantId),
      state: { given, isFirst: resumed === undefined },
      read,
      signal,
      intervalMs: INTERVAL_MS,
    });
  };
}

/** The buckets of an hour in the order in which they are given. */
function bucketsOf(hour: HourBucket, size: BucketSize, now: number): MetricBucket[] {
  const length = BUCKET_MINUTES[size];
  return Array.from(
    { length: 60 / length },
    (_, i) => toBucket(hour.source, size, hour.hourAt + i * length * MINUTE_MS, hour, now),
  )
    .sort((a, b) => compare([a.version, a.start], [b.version, b.start]));
}

function compare(a: readonly [string, number], b: readonly [string, number]): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] - b[1];
}

/** Hours that left the window need no memory. */
function recent(given: Given, from: number): Given {
  return new Map([...given].filter(([key]) => Number(key.split(" ")[1]) >= hourOf(from)));
}
