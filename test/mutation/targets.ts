/**
 * What `npm run mutate` plants faults in, and the tests that have to find them. The tests of a target are those that state
 * its laws without a server, so that a fault costs milliseconds; what only a flow finds counts as not found.
 */
export type Target = { files: readonly string[]; tests: readonly string[] };

const unit = (...names: string[]) => names.map((name) => `test/unit/${name}.test.ts`);

export const TARGETS: Readonly<Record<string, Target>> = {
  core: {
    files: ["watermark", "keys", "page", "check", "range", "stream-position", "ids", "writes"].map((name) =>
      `api/core/${name}.ts`
    ),
    tests: unit("watermark", "core-input", "core-page", "core-writes", "keys", "tenant-keys"),
  },
  counting: {
    files: ["api/aws/counting.ts", "api/ingest/stream.ts", "api/ingest/late.ts", "api/ingest/decode.ts"],
    tests: unit("counting", "stream-laws", "late-parts", "erase-projections"),
  },
  projections: {
    files: ["api/ingest/projections/counts.ts", "api/ingest/projections/rollups.ts"],
    tests: unit("stream-laws", "erase-projections", "analytics-rollups"),
  },
  journeys: {
    files: ["rules", "chunk", "item", "counted"].map((name) => `api/journeys/${name}.ts`),
    tests: unit("journey-rules", "journey-sets", "journey-counted"),
  },
  sessions: {
    files: ["rules", "line", "numbers", "plausible"].map((name) => `api/sessions/${name}.ts`),
    tests: unit("sessions-orders", "session-thinning", "memory-dynamo"),
  },
  metrics: {
    files: ["rules", "changes", "late-hours", "alert-rules"].map((name) => `api/metrics/${name}.ts`),
    tests: unit("metric-rules", "metric-changes", "metric-watch", "alert-laws"),
  },
  analytics: {
    files: ["rules", "bins", "cells", "zone"].map((name) => `api/analytics/${name}.ts`),
    tests: unit("analytics-bins", "analytics-rollups", "analytics-zone", "rollup-store"),
  },
  webhooks: {
    files: ["rules", "deliver", "signature", "store"].map((name) => `api/webhooks/${name}.ts`),
    tests: unit("webhooks", "webhook-laws"),
  },
  accounts: {
    files: ["api/auth/accounts/rules.ts"],
    tests: ["test/store/accounts.test.ts"],
  },
  jobs: {
    files: ["api/jobs/removals.ts", "api/jobs/audit.ts", "api/jobs/ticker.ts", "api/removals/store.ts"],
    tests: unit("job-laws"),
  },
  schema: {
    files: ["schema/access.ts", "schema/cost.ts"],
    tests: [...unit("entry-limits"), "test/schema/access.test.ts", "test/schema/cost.test.ts"],
  },
};
