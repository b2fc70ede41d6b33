/**
 * Every stored thing, as plain data: read by the stores, by `local/` and by `infra/`, so each exists once.
 * Full names are `PREFIX-NAME`; the prefix comes from the configuration.
 */

export type KeyType = "S" | "N";
export type Key = { name: string; type: KeyType };
export type IndexSpec = { partition: Key; sort: Key };
export type TableSpec = {
  name: string;
  partition: Key;
  sort?: Key;
  indexes: Record<string, IndexSpec>;
  /** The attribute, in epoch seconds, after which an item may be deleted. */
  ttlAttribute?: string;
  /** True where changes are read back as a stream of old and new images. */
  stream: boolean;
};
export type BucketSpec = { name: string };
export type QueueSpec = {
  name: string;
  /** Seconds a received message stays hidden; six times the consumer's time limit. */
  visibilitySeconds: number;
  /** Where a message goes after `maxReceives` tries, or at once where it can never work. */
  deadLetter: { name: string; maxReceives: number; retentionSeconds: number };
};

const text = (name: string): Key => ({ name, type: "S" });
const number = (name: string): Key => ({ name, type: "N" });

export const tables = {
  /** One META item and chunks of events per journey; `api/journeys/store.ts` lists the access patterns. */
  journeys: {
    name: "journeys",
    partition: text("pk"),
    sort: text("sk"),
    indexes: {
      byStart: { partition: text("tenant"), sort: number("startedAt") },
      byVisitor: { partition: text("visitorKey"), sort: number("startedAt") },
    },
    ttlAttribute: "ttl",
    stream: true,
  },
  /** One item per account, keyed by username. */
  accounts: { name: "accounts", partition: text("pk"), indexes: {}, stream: false },
} as const satisfies Record<string, TableSpec>;

export const buckets = {
  /** Raw events as they were accepted: the source of truth. */
  events: { name: "events" },
} as const satisfies Record<string, BucketSpec>;

export const queues = {
  /** Batches of journey events from other systems. */
  ingest: {
    name: "ingest",
    visibilitySeconds: 180,
    deadLetter: { name: "ingest-dead", maxReceives: 5, retentionSeconds: 1_209_600 },
  },
} as const satisfies Record<string, QueueSpec>;

/** The full name of a table, bucket or queue in one installation. */
export function fullName(prefix: string, spec: { name: string }): string {
  return `${prefix}-${spec.name}`;
}
