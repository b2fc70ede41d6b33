import type { CustomStudyKind, DeckOrder } from "./documents.ts";

/** What a custom study takes, in the words of people. `days`: it looks so far back or ahead. */
export const STUDIES: readonly { kind: CustomStudyKind; title: string; days?: string }[] = [
  { kind: "FORGOTTEN", title: "What was forgotten, for looking only", days: "In the last days" },
  { kind: "AHEAD", title: "What comes due soon, ahead of time", days: "Within days" },
  { kind: "PREVIEW", title: "New cards, for looking only", days: "Made in the last days" },
  { kind: "CRAM_NEW", title: "New cards, as they were made" },
  { kind: "CRAM_DUE", title: "What is due" },
  { kind: "CRAM_REVIEWED", title: "What is not new, by chance" },
  { kind: "CRAM_ALL", title: "Any cards, for looking only" },
];

export const ORDERS: readonly { order: DeckOrder; title: string }[] = [
  { order: "RANDOM", title: "By chance" },
  { order: "DUE_FIRST", title: "Due first" },
  { order: "OLDEST_REVIEWED_FIRST", title: "Answered longest ago" },
  { order: "SHORTEST_INTERVAL_FIRST", title: "Shortest interval" },
  { order: "LONGEST_INTERVAL_FIRST", title: "Longest interval" },
  { order: "MOST_LAPSES_FIRST", title: "Forgotten most often" },
  { order: "OLDEST_ADDED_FIRST", title: "Made first" },
  { order: "NEWEST_ADDED_FIRST", title: "Made last" },
  { order: "LEAST_RETRIEVABLE_FIRST", title: "Least likely known" },
  { order: "MOST_RETRIEVABLE_FIRST", title: "Most likely known" },
];
