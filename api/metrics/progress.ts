import type { Clock } from "../core/clock.ts";
import { SECOND_MS } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { type MetricSource, SOURCES } from "./model.ts";

/** The table whose stream counts each source. */
export const TABLE_OF: Record<MetricSource, string> = {
  ITEMS: "records",
  SCORE_RESULTS: "records",
  TASKS: "records",
  EVALUATIONS: "records",
  SESSIONS: "sessions",
  MOTION_EVENTS: "sessions",
  JOURNEYS: "journeys",
  JOURNEY_EVENTS: "journeys",
  REVIEWS: "reviews",
};

/** Behind for so long, something is wrong: it is said once, and again each time it got that much worse. */
const STALLED_MS = 60 * SECOND_MS;

/** Until when everything written is counted, as far as this process knows: it does where it reads the streams to their end. */
export function createProgress(clock: Clock, log: Pick<Log, "warn">) {
  const countedUpTo = new Map<MetricSource, number>();
  const consumers = new Map<string, number>();
  const told = new Map<string, number>();
  return {
    /** Everything that was written to the table before `at` is counted; of `sources`, where they are given. */
    note(
      { name, table, sources }: { name: string; table: string; sources?: readonly string[] | undefined },
      at: number,
    ): void {
      consumers.set(name, at);
      const counted = SOURCES.filter((source) => TABLE_OF[source] === table && (sources?.includes(source) ?? true));
      for (const source of counted) countedUpTo.set(source, at);
      const behindMs = clock() - at;
      if (behindMs < STALLED_MS) told.delete(name);
      else if (behindMs >= (told.get(name) ?? 0) + STALLED_MS) {
        told.set(name, behindMs);
        log.warn("counting is behind", { consumer: name, seconds: Math.round(behindMs / SECOND_MS) });
      }
    },
    caughtUpAt: (source: MetricSource): number | undefined => countedUpTo.get(source),
    /** What `/metrics` shows of it. */
    measurement: {
      name: "sojourn_stream_lag_seconds",
      help: "For so long records have waited to be counted, by what takes them from their stream.",
      label: "consumer",
      read: () => Object.fromEntries([...consumers].map(([name, at]) => [name, Math.max(0, clock() - at) / SECOND_MS])),
    },
  };
}
