import { countOf, dateTimeOf } from "../../core/zone.svelte.ts";
import type { KeptAsideQuery } from "./documents.ts";

type Row = KeptAsideQuery["quarantined"]["nodes"][number];

/** What of a device is kept aside, for people. */
export function whatOf({ kind, at, sessionId, batchOffset, count }: Row): string {
  if (kind === "MOTION") return `motion at ${at ? dateTimeOf(at) : "no time"}`;
  const readings = count > 0 ? countOf(count, "reading") : "what it states of its time";
  // Readings that lie far from a session's others are of no one batch.
  return kind === "READINGS" ? `${readings} of ${sessionId}` : `batch ${batchOffset} of ${sessionId}: ${readings}`;
}
