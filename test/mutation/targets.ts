/**
 * What `npm run mutate` plants faults in, and the tests that have to find them. The tests of a target are those that state
 * its laws without a server, so that a fault costs milliseconds; what only a flow finds counts as not found.
 */
export type Target = {
  files: readonly string[];
  tests: readonly string[];
  /** Tests of these files that take seconds, by their names: they judge no fault. */
  without?: RegExp;
};

const unit = (...names: string[]) => names.map((name) => `test/unit/${name}.test.ts`);

export const TARGETS: Readonly<Record<string, Target>> = {
  core: {
    files: [
      "watermark",
      "keys",
      "page",
      "check",
      "range",
      "stream-position",
      "ids",
      "writes",
    ].map((name) => `api/core/${name}.ts`),
    tests: unit(
      "watermark",
      "core-input",
      "core-page",
      "core-writes",
      "keys",
      "tenant-keys",
    ),
  },
  counting: {
    files: [
      "api/aws/counting.ts",
      ...["stream", "late", "decode", "failures"].map((name) => `api/ingest/${name}.ts`),
    ],
    tests: [
      ...unit(
        "counting",
        "first-counts",
        "stream-laws",
        "late-parts",
        "late-ways",
        "erase-projections",
      ),
      ...unit("hour-laws", "measure-laws"),
    ],
  },
  projections: {
    files: [
      "api/ingest/projections/counts.ts",
      "api/ingest/projections/rollups.ts",
    ],
    tests: unit(
      "count-projections",
      "stream-laws",
      "erase-projections",
      "analytics-rollups",
    ),
  },
  journeys: {
    files: ["rules", "chunk", "item", "counted"].map((name) => `api/journeys/${name}.ts`),
    tests: unit(
      "journey-rules",
      "journey-kept",
      "journey-orders",
      "journey-sets",
      "journey-counted",
    ),
    without: /100,000 events|hundreds of visits|nothing compresses/,
  },
  "journey-services": {
    files: [
      "lists",
      "follow",
      "active",
      "keep",
      "goals",
      "raw",
      "visitors",
      "erase",
    ].map((name) => `api/journeys/${name}.ts`),
    tests: unit(
      ...[
        "journey-lists",
        "journey-persons",
        "journey-follower",
        "journey-active",
        "journey-keep",
        "journey-goals",
        "raw-events",
        "journey-erase",
      ],
      "journey-stores",
    ),
    without: /ten thousand|two thousand/,
  },
  keys: {
    files: [
      "api/auth/keys.ts",
      "api/auth/keysets.ts",
      "api/auth/apikeys/service.ts",
      "api/auth/apikeys/store.ts",
    ],
    tests: unit("api-keys", "auth-signer", "access-stores", "auth-secret", "auth-keys", "auth-remote", "auth"),
    without: /npm run token|kill at any moment/,
  },
  sessions: {
    files: ["rules", "pauses", "line", "numbers", "plausible", "thinning"].map((
      name,
    ) => `api/sessions/${name}.ts`),
    tests: [
      ...unit(
        "session-rules",
        "session-said",
        "session-pause-rules",
        "session-line-rules",
      ),
      ...unit("session-numbers", "session-thinning"),
    ],
  },
  metrics: {
    files: ["rules", "changes", "late-hours", "alert-rules", "measures"].map((
      name,
    ) => `api/metrics/${name}.ts`),
    tests: unit(
      "metric-rules",
      "metric-changes",
      "metric-watch",
      "alert-laws",
      "late-parts",
      "measure-laws",
      "counting",
      "hour-laws",
      "late-hours",
    ),
  },
  "metric-stores": {
    files: ["store", "records", "measure-store", "alert-store", "beats"].map((
      name,
    ) => `api/metrics/${name}.ts`),
    tests: unit(
      ...["metric-repairs", "first-counts", "attached-orders", "measure-laws"],
      ...[
        "alert-laws",
        "beats",
        "metric-watch",
        "hour-laws",
        "record-laws",
        "record-lists",
        "audit-parts",
      ],
    ),
  },
  analytics: {
    files: [
      ...["rules", "bins", "cells"].map((name) => `api/analytics/${name}.ts`),
      "api/core/zone.ts",
    ],
    tests: unit(
      "analytics-rules",
      "analytics-bins",
      "analytics-rollups",
      "analytics-zone",
      "rollup-store",
    ),
  },
  "analytics-stores": {
    files: ["store", "reading"].map((name) => `api/analytics/${name}.ts`),
    tests: unit("rollup-store", "rollup-reading", "analytics-reading"),
  },
  live: {
    files: [
      ...["feed", "latest", "shared", "log-feed", "hub"].map((name) => `api/live/${name}.ts`),
      "api/auth/endings.ts",
    ],
    tests: unit(
      "follow",
      "shared-feeds",
      "shared-latest",
      "log-feed",
      "endings",
    ),
  },
  rates: {
    files: ["address", "counters", "shares"].map((name) => `api/rates/${name}.ts`),
    tests: unit("rates", "shares"),
  },
  review: {
    files: ["lease", "save", "sweep", "store"].map((name) => `api/review/${name}.ts`),
    tests: unit(
      "review-saves",
      "review-slices",
      "review-laws",
      "review-copies",
    ),
  },
  sockets: {
    files: ["api/sockets/connections.ts", "api/sockets/store.ts"],
    tests: unit("socket-laws", "socket-messages"),
  },
  infra: {
    files: ["infra/rules.ts"],
    tests: ["test/infra/rule-laws.test.ts"],
  },
  webhooks: {
    files: ["rules", "deliver", "signature", "store"].map((name) => `api/webhooks/${name}.ts`),
    tests: unit("webhooks", "webhook-laws", "webhook-stores", "webhook-topics"),
  },
  accounts: {
    files: ["rules", "store", "usernames"].map((name) => `api/auth/accounts/${name}.ts`),
    tests: unit("auth-usernames", "account-laws"),
  },
  jobs: {
    files: [
      "api/jobs/removals.ts",
      "api/jobs/audit.ts",
      "api/jobs/ticker.ts",
      "api/removals/store.ts",
    ],
    tests: unit("job-laws", "access-stores"),
  },
  schema: {
    files: ["schema/access.ts", "schema/cost.ts"],
    tests: [
      ...unit("entry-limits"),
      "test/schema/access.test.ts",
      "test/schema/cost.test.ts",
    ],
  },
};

const store = (folder: string, name: string) => [`api/${folder}/${name}.ts`];
const stored = (...names: string[]) => names.map((name) => `test/store/${name}.test.ts`);
const flows = (...names: string[]) => names.map((name) => `test/flow/${name}.test.ts`);

/**
 * Files with conditions for DynamoDB, planted by `npm run mutate -- conditions`, and the tests that have to find them: units are
 * asked first, the others only where none of these does.
 */
export const CONDITIONS: readonly Target[] = [
  {
    files: store("metrics", "store"),
    tests: unit("metric-repairs", "first-counts", "late-ways", "audit-parts"),
  },
  {
    files: store("metrics", "measure-store"),
    tests: unit("measure-laws", "alert-laws"),
  },
  { files: store("metrics", "alert-store"), tests: unit("alert-laws") },
  { files: store("metrics", "beats"), tests: unit("beats") },
  { files: store("metrics", "bounds"), tests: unit("name-bounds") },
  { files: store("metrics", "late-hours"), tests: unit("metric-watch", "late-hours") },
  {
    files: store("metrics", "records"),
    tests: unit("attached-orders", "record-lists", "record-corrections"),
  },
  {
    files: store("aws", "counting"),
    tests: unit("counting", "first-counts", "rollup-store"),
  },
  {
    files: store("analytics", "store"),
    tests: unit("rollup-store", "analytics-rollups"),
  },
  { files: store("sockets", "connections"), tests: unit("socket-laws", "socket-messages") },
  { files: store("sockets", "store"), tests: unit("socket-laws") },
  {
    files: store("webhooks", "store"),
    tests: unit("webhook-laws", "webhook-stores"),
  },
  {
    files: store("webhooks", "deliver"),
    tests: unit("webhook-laws", "webhook-stores"),
  },
  {
    files: store("removals", "store"),
    tests: unit("job-laws", "access-stores"),
  },
  {
    files: store("review", "store"),
    tests: unit("review-slices", "review-saves"),
  },
  {
    files: store("review", "log"),
    tests: unit("review-slices", "review-saves"),
  },
  {
    files: store("auth/apikeys", "store"),
    tests: [...unit("access-stores"), ...stored("api-keys")],
  },
  {
    files: store("auth/accounts", "store"),
    tests: [...unit("access-stores"), ...stored("accounts")],
  },
  {
    files: store("journeys", "store"),
    tests: [...unit("journey-stores"), ...flows("journeys-laws")],
  },
  {
    files: store("journeys", "erasures"),
    tests: [...unit("journey-erasures"), ...flows("erase-races")],
  },
  {
    files: store("journeys", "settings"),
    tests: unit("remembered-settings", "journey-stores"),
  },
  { files: store("journeys", "trails"), tests: unit("journey-stores") },
  { files: store("journeys", "visitors"), tests: unit("journey-stores", "journey-erase") },
  { files: store("journeys", "recount"), tests: unit("journey-stores") },
  ...["store", "line-store", "lists", "erasures", "recount", "change-log", "quarantine"].map((
    name,
  ) => ({
    files: store("sessions", name),
    tests: unit(
      "session-stores",
      "session-ghosts",
      "session-lines",
      "session-limits",
      "motion-recount",
    ),
  })),
];
