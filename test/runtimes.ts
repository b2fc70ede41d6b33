/**
 * What runs on Node alone, where `npm test` runs the rest on Deno too. A test runs on both where it asks something of a runtime:
 * HTTP and sockets, the SDK's way to the stores, SQLite and threads, cryptography, processes and files; so does one flow of each
 * domain. What says how rules and stores go together asks of them what those ask already, and starts the same process, browser or
 * function whatever runs the test. `BOTH_RUNTIMES=1 npm test` runs all of it on both.
 */
export const ON_NODE_ALONE: Readonly<Record<string, readonly string[]>> = {
  browser: ["*"],
  infra: ["*"],
  rules: ["*"],
  schema: ["*"],
  flow: [
    ...["access-matrix", "active-time", "alerts", "analytics-*", "audits", "browser", "columns", "erase*", "journey-*"],
    ...[
      "journeys-*",
      "load-own",
      "metrics-*",
      "paging",
      "recount",
      "redrive",
      "remove-tenant",
      "restore",
      "sessions-*",
    ],
    ...["start", "visitors"],
  ],
  unit: [
    ...[
      "analytics-*",
      "attached-orders",
      "beats",
      "core-*",
      "counting",
      "erase-projections",
      "export-list",
      "framings",
    ],
    ...[
      "journey-*",
      "keys",
      "late-parts",
      "local-install",
      "memory-dynamo",
      "metric-*",
      "metrics-sim",
      "progress",
      "review-answers",
    ],
    ...["review-compare", "review-copies", "review-file-merge*", "review-laws", "review-memory", "review-queue"],
    ...["review-render", "review-schedule", "review-search", "review-sm2*", "review-stats", "reviews-sim"],
    ...[
      "rollup-store",
      "session-thinning",
      "sessions-orders",
      "socket-laws",
      "stream-laws",
      "tenant-keys",
      "watermark",
      "webhook-laws",
    ],
  ],
};
