/** Every function of the service on AWS, as plain data: its size, and what it may touch of `resources.ts`. */
import type { buckets, queues, tables } from "./resources.ts";

/**
 * What a function may do with a table or bucket. Each holds the one before: `read` gets, queries and lists, `write` puts and
 * updates, `remove` deletes.
 */
export type Use = "read" | "write" | "remove";
/**
 * `send` looks the queue up and sends; `take` is what its event source needs; `both` is both; `feed` sends, and asks how many
 * wait.
 */
export type QueueUse = "send" | "take" | "both" | "feed";

/** One Lambda function: how large, and what of all that is stored it may touch. Names are the keys of the specs above. */
export type FunctionSpec = {
  name: string;
  /** Its source, from the project's root; the handler is exported as `handler`. */
  entry: string;
  memoryMb: number;
  timeoutSeconds: number;
  about: string;
  tables: Partial<Record<keyof typeof tables, Use>>;
  buckets: Partial<Record<keyof typeof buckets, Use>>;
  queues: Partial<Record<keyof typeof queues, QueueUse>>;
  /** Queues whose dead-letter queue it sends to itself, with the reason. */
  deadLetters: readonly (keyof typeof queues)[];
  /** Whether it reads the streams of tables. */
  streams: boolean;
  /** Whether it checks or signs tokens, and so reads the signing keys. */
  tokens: boolean;
  /** Whether it sends to the WebSockets that API Gateway holds. */
  pushes?: boolean;
  /** Whether it publishes to the topics that webhooks may name. */
  publishes?: boolean;
};

/** What subscriptions show. */
const FOLLOWED = {
  journeys: "read",
  trails: "read",
  records: "read",
  buckets: "read",
  rollups: "read",
  accounts: "read",
  // Notes which keys are in use, and who was refused.
  access: "write",
  sessions: "read",
  sensors: "read",
  reviews: "read",
} as const satisfies FunctionSpec["tables"];

export const functions = {
  http: {
    name: "http",
    entry: "api/entry/lambda/http.ts",
    memoryMb: 1_769,
    timeoutSeconds: 29,
    about: "Queries and mutations behind API Gateway's HTTP API.",
    tables: {
      journeys: "remove",
      trails: "remove",
      records: "write",
      // Alerts, by who made them.
      buckets: "remove",
      rollups: "read",
      accounts: "remove",
      access: "write",
      sessions: "remove",
      sensors: "remove",
      reviews: "write",
      webhooks: "write",
    },
    buckets: { events: "remove", readings: "remove", collections: "remove" },
    // What was parked is sent to its queue again; who holds sockets is told of logins that are over.
    queues: { ingest: "feed", late: "send", wakes: "send" },
    deadLetters: [],
    streams: false,
    tokens: true,
    // A test of a webhook.
    publishes: true,
  },
  stream: {
    name: "stream",
    entry: "api/entry/lambda/stream.ts",
    memoryMb: 512,
    // Lambda does not say that a client has gone: so long the last of its streams goes on, and costs.
    timeoutSeconds: 300,
    about: "Subscriptions as server-sent events behind a REST API that streams.",
    tables: FOLLOWED,
    buckets: { events: "read", readings: "read", collections: "read" },
    queues: {},
    deadLetters: [],
    streams: false,
    tokens: true,
  },
  sockets: {
    name: "sockets",
    entry: "api/entry/lambda/sockets.ts",
    memoryMb: 1_024,
    timeoutSeconds: 29,
    about: "Messages of WebSockets that API Gateway holds open: subscriptions begin and end.",
    tables: { ...FOLLOWED, sockets: "remove" },
    buckets: { events: "read", readings: "read", collections: "read" },
    queues: { wakes: "send" },
    deadLetters: [],
    streams: false,
    tokens: true,
    pushes: true,
  },
  push: {
    name: "push",
    entry: "api/entry/lambda/push.ts",
    memoryMb: 512,
    timeoutSeconds: 60,
    about: "Gives those who follow something over WebSockets what is new.",
    tables: { ...FOLLOWED, access: "read", sockets: "remove" },
    buckets: { events: "read", readings: "read", collections: "read" },
    // It reminds itself of what changes with time too.
    queues: { wakes: "both" },
    deadLetters: ["wakes"],
    streams: false,
    tokens: true,
    pushes: true,
  },
  ingest: {
    name: "ingest",
    entry: "api/entry/lambda/ingest.ts",
    memoryMb: 512,
    timeoutSeconds: 30,
    about: "Messages of the queue `ingest`.",
    // Buckets: the names that tenants may give only so often.
    tables: { records: "write", buckets: "write", journeys: "remove", sessions: "remove", sensors: "write" },
    buckets: { events: "write", readings: "write" },
    queues: { ingest: "take" },
    deadLetters: ["ingest"],
    streams: false,
    tokens: false,
  },
  rollup: {
    name: "rollup",
    entry: "api/entry/lambda/rollup.ts",
    memoryMb: 512,
    timeoutSeconds: 60,
    about: "Counts what the tables' streams bring.",
    tables: {
      journeys: "remove",
      trails: "write",
      records: "write",
      buckets: "write",
      rollups: "write",
      sessions: "remove",
      sensors: "write",
      // Who follows what.
      sockets: "read",
    },
    buckets: { events: "write" },
    queues: { late: "send", wakes: "send" },
    deadLetters: [],
    streams: true,
    tokens: false,
  },
  late: {
    name: "late",
    entry: "api/entry/lambda/late.ts",
    memoryMb: 512,
    timeoutSeconds: 30,
    about: "Messages of the queue `late`: counts what could not be counted in its turn.",
    tables: {
      journeys: "remove",
      trails: "write",
      records: "write",
      buckets: "write",
      rollups: "write",
      sessions: "remove",
      sensors: "write",
      // Answers are counted again from there; and beats go through each stream that is counted.
      reviews: "write",
    },
    buckets: { events: "remove" },
    queues: { late: "take" },
    deadLetters: ["late"],
    streams: true,
    tokens: false,
  },
  schedule: {
    name: "schedule",
    entry: "api/entry/lambda/schedule.ts",
    memoryMb: 1_024,
    timeoutSeconds: 300,
    about: 'One job a call, named by the event: {"job": "end-idle-sessions"}.',
    tables: {
      journeys: "remove",
      trails: "remove",
      records: "remove",
      buckets: "remove",
      rollups: "remove",
      access: "remove",
      sessions: "remove",
      sensors: "remove",
      reviews: "remove",
      webhooks: "remove",
      sockets: "remove",
    },
    buckets: { events: "remove", readings: "remove", collections: "remove" },
    // Who holds sockets is told of alerts.
    queues: { wakes: "send" },
    deadLetters: [],
    streams: false,
    tokens: false,
    publishes: true,
  },
} as const satisfies Record<string, FunctionSpec>;
