/**
 * What runs on both runtimes; all else runs on Node alone, where `npm test` runs everything. A test runs on both where it asks
 * something of a runtime: HTTP and sockets, the SDK's way to the stores, SQLite and threads, cryptography, time zones, processes and
 * files; so does one flow of each domain. What says how rules and stores go together asks of them what those ask already, and starts
 * the same process, browser or function whatever runs the test. `BOTH_RUNTIMES=1 npm test` runs all of it on both.
 */
export const ON_BOTH: Readonly<Record<string, readonly string[]>> = {
  flow: [
    ...["accounts", "analytics", "clients", "collect", "door", "exports", "front", "generated-operations", "hostile"],
    ...["http*", "identity-providers", "ingest", "journeys", "keys", "load", "metrics", "readme", "redis"],
    ...[
      "review",
      "review-files",
      "review-hostile",
      "review-media",
      "review-optimize",
      "sessions",
      "sockets",
      "tracing",
    ],
    ...["webhooks", "webhook-topics"],
  ],
  store: ["accounts", "api-keys", "contract", "embedded", "stream-upkeep"],
  unit: [
    ...["auth*", "aws-*", "config-*", "entry-limits", "files-keep", "http-errors", "lambda-*", "load-when"],
    ...["local-pump", "local-s3-rules", "local-system", "pages", "pipe", "rates*", "stream-consumers", "webhooks"],
    ...["review-doors", "review-file-check", "review-file-export", "review-file-kinds", "review-file-package"],
    ...["review-file-random", "review-file-schema18", "review-fsrs-kanji", "review-optimize", "review-transfer"],
    ...["review-work", "slow-sockets", "socket-messages"],
  ],
};
