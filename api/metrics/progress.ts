import type { Clock } from "../core/clock.ts";
import { SECOND_MS } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { OWN_SOURCES, type StreamedTable } from "../resources.ts";
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
  const countedUpTo = new Map<Counted, { at: number; notedAt: number }>();
  const consumers = new Map<string, number>();
  const told = new Map<string, number>();

  function ownOf(source: Counted): number | undefined {
    const own = countedUpTo.get(source);
    return own && clock() - own.notedAt < NOTED_HOLDS_MS ? own.at : undefined;
  }

  return {
    /** Everything that was written to the table until `at` is counted; of `sources`, where they are given. */
    note(
      { name, table, sources }: { name: string; table: string; sources?: readonly string[] | undefined },
      at: number,
    ): void {
      consumers.set(name, at);
      const counted = ([...SOURCES, OWN_SOURCES] as const).filter((source) =>
        TABLE_OF[source] === table && (sources?.includes(source) ?? true)
      );
      const notedAt = clock();
      for (const source of counted) countedUpTo.set(source, { at, notedAt });
      const behindMs = notedAt - at;
      if (behindMs < STALLED_MS) told.delete(name);
      else if (behindMs >= (told.get(name) ?? 0) + STALLED_MS) {
        told.set(name, behindMs);
        log.warn("counting is behind", { consumer: name, seconds: Math.round(behindMs / SECOND_MS) });
      }
    },

    /** Undefined where nobody ever said. */
    async caughtUpAt(source: MetricSource): Promise<number | undefined> {
      const counted = countedAs(source);
      return ownOf(counted) ?? await beats?.caughtUpAt(TABLE_OF[counted], counted);
    },

    /**
     * Whether all that was written until `at` is counted: what an audit has to know before it takes a difference for one. This
     * process may have to wait until a beat of now is through the stream.
     */
    async isPast(source: MetricSource, at: number): Promise<boolean> {
      const counted = countedAs(source);
      const own = ownOf(counted);
      if (own !== undefined) return own >= at;
      return beats ? await beats.pass(TABLE_OF[counted], passMs) : true;
    },

    /** What `/metrics` shows of it. */
    measurement: {
      name: "sojourn_stream_lag_seconds",
      help: "For so long records have waited to be counted, by what takes them from their stream.",
      label: "consumer",
      read: () => Object.fromEntries([...consumers].map(([name, at]) => [name, Math.max(0, clock() - at) / SECOND_MS])),
    },
  };
}

/** Sources that tenants name are counted together. */
function countedAs(source: MetricSource): Counted {
  return isOwnSource(source) ? OWN_SOURCES : source as Counted;
}

export type Progress = Pick<ReturnType<typeof createProgress>, "caughtUpAt" | "isPast">;
