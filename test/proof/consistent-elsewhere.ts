/**
 * Reads whose need a sequence of requests does not show, by the beginning of their place: they take a race, more than a few hundred
 * items, or a person's collection. What is wrong where they are old, and what goes through it.
 */
export const HELD_ELSEWHERE: Readonly<Record<string, string>> = {
  "api/analytics/audit.ts": "two looks that are equally old agree, and a repair by them stays wrong (proof:metrics)",
  "api/sessions/recount.ts": "two looks that are equally old agree, and a repair by them stays wrong (proof:metrics)",
  "api/review/log.ts": "two looks that are equally old agree, and a repair by them stays wrong (proof:metrics)",
  "api/journeys/erasures.ts": "what was written a moment before an erasure would stay (test/flow/erase-races.test.ts)",
  "api/metrics/measure-store.ts":
    "an alert is judged once, and an audit takes a part for done, right after the last count (unit/alert-laws, unit/metric-repairs)",
  "api/metrics/store.ts":
    "an alert is judged once, and an audit takes a part for done, right after the last count (unit/alert-laws, unit/metric-repairs)",
  "api/sessions/erasures.ts":
    "what was written a moment before an erasure would stay (test/flow/sessions-erase.test.ts)",
  "api/journeys/store.ts":
    "a page of a timeline would miss events that its journey counts (test/flow/journeys.test.ts, over a store in one place)",
  "api/sessions/store.ts":
    "sheets of batches, of which a session of some hundreds has one (test/flow/sessions-input.test.ts)",
};

/** Places that no step reaches, with why an old answer would be wrong there and what goes through it. */
export const NOT_REACHED: Readonly<Record<string, string>> = {
  "api/entry/lambda/socket-service.ts":
    "who reads for sockets reads once and does not look again: all that it reads is as it is (test/flow/sockets.test.ts)",
  "api/jobs/tenant-data.ts":
    "a socket that was opened a moment ago would stay when its list is gone (test/flow/remove-tenant.test.ts)",
  "api/journeys/erasures.ts":
    "the journey of somebody else that names the erased person; lost races are read again (test/flow/erase-races.test.ts)",
  "api/journeys/store.ts":
    "a chunk of a moment ago would keep another time to live than its journey (test/flow/expired.test.ts)",
  "api/journeys/timeline.ts":
    "what a late batch repeats is held against the chunks near it: an old answer would take a repeat for another event (proof:journey-orders)",
  "api/journeys/trails.ts":
    "a journey that is about to be looked at would be summed up twice (test/flow/journey-follow.test.ts)",
  "api/metrics/audit-marks.ts":
    "how far the audit of all tenants has come: an old answer would look at the same tenants again (test/flow/metrics-audit.test.ts)",
  "api/metrics/store.ts":
    "a part that was counted late, and comes again, would be tried for ever (test/unit/late-parts.test.ts)",
  "api/review/log.ts": "a recount would miss the answers of a journal that is not saved yet (proof:metrics)",
  "api/sessions/store.ts":
    "the item that an erasure takes out of the counts, as it was last (test/flow/sessions-erase.test.ts)",
};
