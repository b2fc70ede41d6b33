import type { Buckets } from "./objects.ts";
import type { Queues } from "./queues.ts";
import type { Tables } from "./tables.ts";

/** All that keeps data. */
export type Stores = { tables: Tables; buckets: Buckets; queues: Queues };
