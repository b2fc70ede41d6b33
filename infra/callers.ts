/** The functions that callers meet: behind CloudFront where there is a name, and behind an alias where releases are careful. */
export const CANARIES = ["http", "stream", "sockets"] as const;
export const ALIAS = "live";
