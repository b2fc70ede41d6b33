import type { BucketSize } from "./documents.ts";

/** What the service counts, in the words of people. */
export const SOURCES: readonly { source: string; title: string }[] = [
  { source: "JOURNEY_EVENTS", title: "Events of journeys" },
  { source: "JOURNEYS", title: "Journeys" },
  { source: "SESSIONS", title: "Sessions" },
  { source: "MOTION_EVENTS", title: "Motion" },
  { source: "REVIEWS", title: "Reviews" },
  { source: "TASKS", title: "Tasks" },
  { source: "ITEMS", title: "Items" },
  { source: "SCORE_RESULTS", title: "Score results" },
  { source: "EVALUATIONS", title: "Evaluations" },
];

export const SIZES: readonly { size: BucketSize; title: string; ms: number }[] = [
  { size: "ONE_MINUTE", title: "1 minute", ms: 60_000 },
  { size: "FIVE_MINUTES", title: "5 minutes", ms: 300_000 },
  { size: "FIFTEEN_MINUTES", title: "15 minutes", ms: 900_000 },
  { size: "ONE_HOUR", title: "1 hour", ms: 3_600_000 },
  { size: "DAY", title: "1 day", ms: 86_400_000 },
  { size: "WEEK", title: "1 week", ms: 7 * 86_400_000 },
];

export const titleOf = (source: string): string => SOURCES.find((one) => one.source === source)?.title ?? source;
