/** The functions that callers meet: behind CloudFront where there is a name, and behind an alias where releases are careful. */
export const CANARIES = ["http", "stream", "sockets"] as const;
export const ALIAS = "live";
/** The containers among what releases move, and in a task: what CodeDeploy sends requests to. */
export const CONTAINERS = "container";
export const CONTAINER = { name: "api", port: 4_000 } as const;
