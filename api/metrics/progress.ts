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

/** Until when everything written is counted, as far as this process knows: it does where it reads the streams to their end. */
export function createProgress() {
  const caughtUp = new Map<MetricSource, number>();
  return {
    /** Everything that was written to the table before `at` is counted; of `sources`, where they are given. */
    note({ table, sources }: { table: string; sources?: readonly string[] | undefined }, at: number): void {
      const counted = SOURCES.filter((source) => TABLE_OF[source] === table && (sources?.includes(source) ?? true));
      for (const source of counted) caughtUp.set(source, at);
    },
    caughtUpAt: (source: MetricSource): number | undefined => caughtUp.get(source),
  };
}
