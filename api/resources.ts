/** Every stored thing, as plain data, for the stores, `local/` and `infra/`. Full names are `PREFIX-NAME`, as configured. */

export type KeyType = "S" | "N";
export type Key = { name: string; type: KeyType };
export type IndexSpec = {
  partition: Key;
  sort: Key;
  /** The attributes that it carries beside the keys; all of them where absent. */
  include?: readonly string[];
};
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
export type BucketSpec = {
  name: string;
  /** Objects whose keys begin so are of use for a while only, and may be deleted after so many days. */
  expireAfterDays?: Readonly<Record<string, number>>;
  /** Objects that are seldom read after so many days: they may be kept more cheaply, if they are read as before. */
  coolAfterDays?: Readonly<Record<string, number>>;
  /** True where pages put objects themselves, by a link. */
  takesUploads?: boolean;
};
export type QueueSpec = {
  name: string;
  /** Seconds a received message stays hidden; six times the consumer's time limit. */
  visibilitySeconds: number;
  /** Where a message goes after `maxReceives` tries, or at once where it can never work. */
  deadLetter: { name: string; maxReceives: number; retentionSeconds: number };
};

const text = (name: string): Key => ({ name, type: "S" });
const number = (name: string): Key => ({ name, type: "N" });

/**
 * What the lists of sessions carry. What changes with each motion or batch is not among it, so that such a write costs
 * no index; `done` holds it for a session that is over.
 */
const LISTED_OF_SESSION = [
  ...["status", "user", "endedBy", "endedAt", "playback", "createdAt", "done"],
  ...["labels", "pinned", "version"],
];

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
  /** What is read of many journeys at once, and which of them changed; `api/journeys/trails.ts` lists the access patterns. */
  trails: {
    name: "trails",
    partition: text("pk"),
    sort: text("sk"),
    indexes: { byStart: { partition: text("tenant"), sort: number("startedAt") } },
    ttlAttribute: "ttl",
    stream: false,
  },
  /** What clients and attached tables give to be counted: one item a record, for ever. */
  records: {
    name: "records",
    partition: text("pk"),
    sort: text("sk"),
    indexes: { byTime: { partition: text("tenantSource"), sort: number("at"), include: ["recordedAt"] } },
    stream: true,
  },
  /** One item for each tenant, source and hour, with a counter a minute. */
  buckets: {
    name: "buckets",
    partition: text("pk"),
    sort: text("sk"),
    indexes: { byHour: { partition: text("hourShard"), sort: text("pk"), include: [] } },
    /** Of what says which old hours changed. */
    ttlAttribute: "ttl",
    stream: false,
  },
  /** Numbers over sessions and journeys by UTC day and quarter-hour; `api/analytics/cells.ts` lists the keys. */
  rollups: {
    name: "rollups",
    partition: text("pk"),
    sort: text("sk"),
    indexes: {},
    ttlAttribute: "ttl",
    stream: false,
  },
  /** One item per account, keyed by username. */
  accounts: { name: "accounts", partition: text("pk"), indexes: {}, ttlAttribute: "ttl", stream: false },
  /** Keys of devices, servers and pages, and what happened at the door; `api/auth/apikeys/store.ts` lists the keys. */
  access: {
    name: "access",
    partition: text("pk"),
    sort: text("sk"),
    /** Sparse: a tenant's keys. */
    indexes: { byTenant: { partition: text("tenant"), sort: number("createdAt") } },
    ttlAttribute: "ttl",
    stream: false,
  },
  /** One SESSION item a session, with what belongs to it; `api/sessions/store.ts` lists the access patterns. */
  sessions: {
    name: "sessions",
    partition: text("pk"),
    sort: text("sk"),
    indexes: {
      byStart: { partition: text("tenant"), sort: number("startedAt"), include: ["sensorKey", ...LISTED_OF_SESSION] },
      bySensor: { partition: text("sensorKey"), sort: number("startedAt"), include: ["tenant", ...LISTED_OF_SESSION] },
      /** Sparse: sessions that have notes, with these, for those who look for words in them. */
      byNote: {
        partition: text("noted"),
        sort: number("startedAt"),
        include: ["tenant", "sensorKey", "notes", ...LISTED_OF_SESSION],
      },
      /** Sparse: running sessions only, by the instant at which they have to be looked at. */
      byCheck: { partition: text("checkShard"), sort: number("checkAt"), include: [] },
    },
    ttlAttribute: "ttl",
    stream: true,
  },
  /** One item a sensor, and one a tenant with its settings. */
  sensors: {
    name: "sensors",
    partition: text("pk"),
    indexes: { byTenant: { partition: text("tenant"), sort: text("sensorId") } },
    stream: false,
  },
  /** One lease a person: whose turn it is, where the collection's file is, and the answers that are not in it yet. */
  reviews: {
    name: "reviews",
    partition: text("pk"),
    sort: text("sk"),
    indexes: {
      /** Sparse: what the sweeper has to look at. */
      byCheck: { partition: text("checkShard"), sort: number("checkAt"), include: [] },
    },
    stream: true,
  },
  /** Where events are told to, what is on its way there, and what came of it; `api/webhooks/store.ts` lists the keys. */
  webhooks: {
    name: "webhooks",
    partition: text("pk"),
    sort: text("sk"),
    indexes: {
      /** Sparse: what is to be sent. */
      byDue: { partition: text("dueShard"), sort: number("dueAt"), include: [] },
    },
    ttlAttribute: "ttl",
    stream: false,
  },
  /** WebSockets that API Gateway holds for functions, and what they follow; `api/sockets/store.ts` lists the keys. */
  sockets: {
    name: "sockets",
    partition: text("pk"),
    sort: text("sk"),
    indexes: {},
    ttlAttribute: "ttl",
    stream: false,
  },
} as const satisfies Record<string, TableSpec>;

export const buckets = {
  /** Raw events as they were accepted: the source of truth; the same in columns; files of journeys; parts of streams that were given up. */
  events: {
    name: "events",
    coolAfterDays: { "events/": 90, "parquet/": 90 },
    // What was refused goes with its message on the dead-letter queue.
    expireAfterDays: { "aws/lambda/": 30, "exports/": 1, "parked/": 14 },
  },
  /** Readings of devices, one object a batch; files of sessions, whose links are good for minutes. */
  readings: { name: "readings", coolAfterDays: { "readings/": 90 }, expireAfterDays: { "exports/": 1 } },
  /** Collections of flashcards: their files and media; uploads and exports, whose links are good for minutes. */
  collections: { name: "collections", expireAfterDays: { "uploads/": 1, "exports/": 1 }, takesUploads: true },
} as const satisfies Record<string, BucketSpec>;

export const queues = {
  /** Batches of journey events from other systems. */
  ingest: {
    name: "ingest",
    visibilitySeconds: 180,
    deadLetter: { name: "ingest-dead", maxReceives: 5, retentionSeconds: 1_209_600 },
  },
  /** Records of streams that could not be counted in their turn. */
  late: {
    name: "late",
    visibilitySeconds: 180,
    deadLetter: { name: "late-dead", maxReceives: 5, retentionSeconds: 1_209_600 },
  },
  /** Groups of subscribers over WebSockets by functions that there may be something for. */
  wakes: {
    name: "wakes",
    visibilitySeconds: 360,
    deadLetter: { name: "wakes-dead", maxReceives: 5, retentionSeconds: 1_209_600 },
  },
} as const satisfies Record<string, QueueSpec>;

/** Where webhooks may publish to, beside what `WEBHOOK_TOPICS` names: whoever runs the installation subscribes to it. */
export const topics = { webhooks: { name: "webhooks" } } as const satisfies Record<string, { name: string }>;

/** Where a part of a stream goes that failed for most of a day: whole, below `prefix`; a message of the queue says so. */
export const failures = { bucket: "events", prefix: "aws/lambda/", queue: "late" } as const satisfies {
  bucket: keyof typeof buckets;
  prefix: keyof typeof buckets.events.expireAfterDays;
  queue: keyof typeof queues;
};

/** A part of a stream that fails is tried again until its first record is so old. A stream keeps them for 24 hours. */
export const GIVE_UP_SECONDS = 20 * 3_600;

/** Work that is due again and again, wherever the service runs. */
export type ScheduleSpec = {
  name: string;
  everySeconds: number;
  about: string;
  /** On AWS so many functions do a part each, since each has five minutes; EventBridge starts at most five by a rule. */
  parts?: number;
  /** On AWS it is started so often: what broke off goes on then, and where nothing did, nothing is done. */
  resumesSeconds?: number;
};
/** EventBridge starts nothing more often than this. */
const MIN_RULE_SECONDS = 60;

export const schedules = {
  /** Twice a minute: an idle end is known at most a minute after the timeout. */
  endIdleSessions: { name: "end-idle-sessions", everySeconds: 30, about: "Ends sessions without motion or batches." },
  saveReviews: { name: "save-reviews", everySeconds: 30, about: "Ends idle reviews and writes collections." },
  followJourneys: { name: "follow-journeys", everySeconds: 30, about: "Sums up journeys that ended; rebuilds them." },
  judgeAlerts: { name: "judge-alerts", everySeconds: 10, about: "Judges buckets that are over." },
  deliverWebhooks: { name: "deliver-webhooks", everySeconds: 5, about: "Sends what webhooks are called for." },
  compactEvents: {
    name: "compact-events",
    everySeconds: 21_600,
    about: "Makes columns of the raw events of closed days.",
  },
  auditMetrics: {
    name: "audit-metrics",
    everySeconds: 3_600,
    about: "Counts the hour just closed again.",
    parts: 4,
    resumesSeconds: 300,
  },
  removeTenants: { name: "remove-tenants", everySeconds: 300, about: "Removes what deleted accounts left." },
} as const satisfies Record<string, ScheduleSpec>;

/** How often a schedule starts the function: a process that stays keeps its own, shorter time. */
export function ruleSeconds({ everySeconds, resumesSeconds = everySeconds }: ScheduleSpec): number {
  return Math.max(resumesSeconds, MIN_RULE_SECONDS);
}

/** The full name of a table, bucket or queue in one installation. */
export function fullName(prefix: string, spec: { name: string }): string {
  return `${prefix}-${spec.name}`;
}

/** The full names of the tables that have a stream, by their short ones. */
export function streamedTables(prefix: string): Record<StreamedTable, string> {
  const streamed = Object.entries<TableSpec>(tables).filter(([, spec]) => spec.stream);
  return Object.fromEntries(streamed.map(([name, spec]) => [name, fullName(prefix, spec)])) as Record<
    StreamedTable,
    string
  >;
}

/** The attributes of a table's and its indexes' keys, each once: what DynamoDB wants to be told of. */
export function keyAttributes(...keyed: readonly { partition: Key; sort?: Key }[]): Key[] {
  const keys = keyed.flatMap(({ partition, sort }) => [partition, ...(sort ? [sort] : [])]);
  return [...new Map(keys.map((key) => [key.name, key])).values()];
}

/** What an index carries beside the keys: all attributes, none, or these. */
export function projectionOf({ include }: IndexSpec): { type: "ALL" | "KEYS_ONLY" | "INCLUDE"; attributes?: string[] } {
  if (!include) return { type: "ALL" };
  return include.length === 0 ? { type: "KEYS_ONLY" } : { type: "INCLUDE", attributes: [...include] };
}

/** The short name of a table with a stream. */
export type StreamedTable = {
  [Name in keyof typeof tables]: (typeof tables)[Name]["stream"] extends true ? Name : never;
}[keyof typeof tables];

/** What a record is told apart by: so many at most, each of a key such as `country`. */
export const MAX_DIMENSIONS = 5;
export const DIMENSION_KEY = /^[A-Za-z][A-Za-z0-9_.-]{0,31}$/;

/** The sources whose single records are kept in the table `records`; the service counts the other sources itself. */
export const RECORDED_SOURCES = ["ITEMS", "SCORE_RESULTS", "TASKS", "EVALUATIONS"] as const;
/** In keys and settings: all sources that tenants name themselves. */
export const OWN_SOURCES = "OWN";
export type RecordedSource = (typeof RECORDED_SOURCES)[number];

/** So many records of a source are counted at once, or as many as came within so many seconds. */
export type Batching = Readonly<Record<string, { records: number; seconds: number }>>;
