import type { Buckets } from "./objects.ts";
import type { Queues } from "./queues.ts";
import type { Tables } from "./tables.ts";

/** All that keeps data. `topicArns` name the SNS topics that webhooks may: the installation's own first, then those of others. */
export type Stores = { tables: Tables; buckets: Buckets; queues: Queues; topicArns: readonly string[] };
