import type { Clock } from "../core/clock.ts";
import { DAY_MS, SECOND_MS } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { OWN_SOURCES, type StreamedTable } from "../resources.ts";
import type { Measurement } from "../core/telemetry.ts";
import type { Beats } from "./beats.ts";
import { isOwnSource, type MetricSource, SOURCES } from "./model.ts";

type Counted = (typeof SOURCES)[number] | typeof OWN_SOURCES;

/** The table whose stream counts each source. */
export const TABLE_OF: Record<Counted, StreamedTable> = {
  ITEMS: "records",
  SCORE_RESULTS: "records",
  TASKS: "records",
  EVALUATIONS: "records",
  SESSIONS: "sessions",
  MOTION_EVENTS: "sessions",
  JOURNEYS: "journeys",
  JOURNEY_EVENTS: "journeys",
  REVIEWS: "reviews",
  [OWN_SOURCES]: "records",
};

/** Behind for so long, something is wrong: it is said once, and again each time it got that much worse. */
const STALLED_MS = 60 * SECOND_MS;

/** What a process notes of the streams that it reads itself holds for so long. */
const NOTED_HOLDS_MS = 10 * SECOND_MS;
/** A beat is through its stream after a second or two, where nothing holds it up. */
const PASS_MS = 3 * SECOND_MS;

/**
 * Until when everything written is counted. A process that reads the streams to their end knows it; any other asks the beats
 * that go through them.
 */
export function createProgress(
  clock: Clock,
  log: Pick<Log, "warn">,
  beats?: Pick<Beats, "caughtUpAt" | "pass">,
  passMs = PASS_MS,
) {
  const countedUpTo = new Map<Counted, { at: number; allAt: number; notedAt: number }>();
  const consumers = new Map<string, number>();
  const shards = new Map<string, { consumer: string; shard: string; since: number }>();
  const handled = new Map<string, number>();
  const gaps = new Map<string, number>();
  const quarantined = new Map<string, number>();
  const audited = new Map<string, number>();
  const told = new Map<string, number>();

  function ownOf(source: Counted): { at: number; allAt: number } | undefined {
    const own = countedUpTo.get(source);
    return own && clock() - own.notedAt < NOTED_HOLDS_MS ? own : undefined;
  }

  return {
    /**
     * Everything that was written to the table until `at` is counted; of `sources`, where they are given. `isAll`: nothing
     * more was there, so `at` is this process's own time; else it is the table's, just before what waits.
     */
    note(
      { name, table, sources }: { name: string; table: string; sources?: readonly string[] | undefined },
      at: number,
      isAll: boolean,
    ): void {
      consumers.set(name, at);
      const counted = ([...SOURCES, OWN_SOURCES] as const).filter((source) =>
        TABLE_OF[source] === table && (sources?.includes(source) ?? true)
      );
      const notedAt = clock();
      const known = Math.min(at, gaps.get(name) ?? Infinity);
      for (const source of counted) {
        const allAt = isAll ? known : countedUpTo.get(source)?.allAt ?? -Infinity;
        countedUpTo.set(source, { at: known, allAt, notedAt });
      }
      const behindMs = notedAt - at;
      if (behindMs < STALLED_MS) told.delete(name);
      else if (behindMs >= (told.get(name) ?? 0) + STALLED_MS) {
        told.set(name, behindMs);
        log.warn("counting is behind", { consumer: name, seconds: Math.round(behindMs / SECOND_MS) });
      }
    },

    /** Since when a consumer is behind in a shard, and how many records it handled there just now. */
    noteShard({ name: consumer }: { name: string }, shard: string, since: number, records: number): void {
      shards.set(`${consumer} ${shard}`, { consumer, shard, since });
      handled.set(consumer, (handled.get(consumer) ?? 0) + records);
    },

    /**
     * Records were dropped before a consumer handled them. Nothing tells which: until this process ends, after an audit, its
     * sources are counted up to a day before, no further.
     */
    noteGap({ name }: { name: string }): void {
      gaps.set(name, clock() - DAY_MS);
    },

    noteQuarantined: (table: string): unknown => quarantined.set(table, (quarantined.get(table) ?? 0) + 1),
    noteAudited: (source: string, records: number): unknown =>
      audited.set(source, (audited.get(source) ?? 0) + records),

    /** Undefined where nobody ever said. */
    async caughtUpAt(source: MetricSource): Promise<number | undefined> {
      const counted = countedAs(source);
      return ownOf(counted)?.at ?? await beats?.caughtUpAt(TABLE_OF[counted], counted);
    },

    /**
     * Whether all that was written until `at`, by this process's clock, is counted: what an audit has to know before it takes a
     * difference for one. Of two clocks one is behind: at 10:00:00 here a session is seen that the table got at 10:00:05 by its
     * own. That the stream is counted up to 10:00:04 by the table's clock says nothing of it. Where this process has not
     * come to the stream's end since, only a beat of now tells, for which it may have to wait.
     */
    async isPast(source: MetricSource, at: number): Promise<boolean> {
      const counted = countedAs(source);
      const own = ownOf(counted);
      if (own && own.at < at) return false;
      if (own && own.allAt >= at) return true;
      return beats ? await beats.pass(TABLE_OF[counted], passMs) : own === undefined;
    },

    /** What `/metrics` shows of it. */
    measurements: [{
      name: "sojourn_stream_lag_seconds",
      help: "For so long records have waited to be counted, by what takes them from their stream.",
      labels: ["consumer"],
      read: () => [...consumers].map(([consumer, at]) => ({ labels: { consumer }, value: lagOf(at) })),
    }, {
      name: "sojourn_stream_shard_lag_seconds",
      help: "The same for each shard of a stream.",
      labels: ["consumer", "shard"],
      read: () =>
        [...shards.values()].map(({ consumer, shard, since }) => ({
          labels: { consumer, shard },
          value: lagOf(since),
        })),
    }, {
      name: "sojourn_stream_records_handled",
      help: "Records of streams that this process has handled, by what takes them.",
      labels: ["consumer"],
      read: () => [...handled].map(([consumer, value]) => ({ labels: { consumer }, value })),
    }, {
      name: "sojourn_stream_records_quarantined",
      help: "Records of streams that this process could not count in their turn, by table. Expected: none.",
      labels: ["table"],
      read: () => [...quarantined].map(([table, value]) => ({ labels: { table }, value })),
    }, {
      name: "sojourn_audited_records",
      help: "Records that audits of this process have counted again, by source.",
      labels: ["source"],
      read: () => [...audited].map(([source, value]) => ({ labels: { source }, value })),
    }] satisfies Measurement[],
  };

  function lagOf(since: number): number {
    return Math.max(0, clock() - since) / SECOND_MS;
  }
}

/** Sources that tenants name are counted together. */
function countedAs(source: MetricSource): Counted {
  return isOwnSource(source) ? OWN_SOURCES : source as Counted;
}

export type Progress = Pick<ReturnType<typeof createProgress>, "caughtUpAt" | "isPast">;
