import { createAnalytics } from "../../api/analytics/service.ts";
import { createRollupStore } from "../../api/analytics/store.ts";
import type { Dynamo, Item } from "../../api/aws/dynamo.ts";
import type { Objects } from "../../api/aws/objects.ts";
import type { QueueMessage } from "../../api/aws/queues.ts";
import type { StreamRecord, Streams } from "../../api/aws/streams.ts";
import type { StreamTable } from "../../api/ingest/decode.ts";
import { createFailures } from "../../api/ingest/failures.ts";
import { createQuarantine } from "../../api/ingest/quarantine.ts";
import { createRollupAudit } from "../../api/analytics/audit.ts";
import { cellsOf } from "../../api/ingest/projections/rollups.ts";
import { createStreamPaths } from "../../api/ingest/setup.ts";
import { createErasureStore } from "../../api/journeys/erasures.ts";
import type { RawEvents } from "../../api/journeys/raw.ts";
import { createJourneyRecounts } from "../../api/journeys/recount.ts";
import { createJourneys } from "../../api/journeys/service.ts";
import { createJourneyConfiguration } from "../../api/journeys/configure.ts";
import { createTrailStore } from "../../api/journeys/trails.ts";
import { createJourneyStore } from "../../api/journeys/store.ts";
import { createHub } from "../../api/live/hub.ts";
import { toData } from "../../api/metrics/alert-rules.ts";
import { createAlertStore } from "../../api/metrics/alert-store.ts";
import { createAlerts } from "../../api/metrics/alerts.ts";
import { createAudit } from "../../api/metrics/audit.ts";
import { isRecorded, type Recount } from "../../api/metrics/model.ts";
import type { MetricSource } from "../../api/metrics/model.ts";
import { createMetrics } from "../../api/metrics/service.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import { createSessionLists } from "../../api/sessions/lists.ts";
import { createLineStore } from "../../api/sessions/line-store.ts";
import { createMotionReader, createMotionRecount } from "../../api/sessions/recount.ts";
import { createReviewLog } from "../../api/review/log.ts";
import type { Sessions } from "../../api/sessions/service.ts";
import { createDelivery } from "../../api/webhooks/deliver.ts";
import type { Send } from "../../api/webhooks/send.ts";
import { createWebhookStore } from "../../api/webhooks/store.ts";
import { silentLog } from "../kit/local.ts";
import { DYNAMO_METHODS, type MemoryDynamo } from "../kit/memory-dynamo.ts";

/** The tables whose streams are counted. */
export const STREAMED = ["records", "sessions", "journeys", "reviews"] as const satisfies readonly StreamTable[];
export type { StreamTable };

/** What a process of the service offers to the simulation. */
export type Services = ReturnType<typeof wire>;

export const LATE_QUEUE = "late";
export const DEAD_QUEUE = "late-dead";
/** Parts are short here: so that hours are begun by both ways. */
const HOURS_BEGUN_TOGETHER = 2;

/** The store, and what other hands do to it. */
export type WorldDynamo = Dynamo & Pick<MemoryDynamo, "removeIf">;
export const METHODS: readonly string[] = [...DYNAMO_METHODS, "removeIf"];

/** The real services and the real consumer of streams over a store: the one place that knows how they are put together. */
export function wire({ dynamo, objects, send, raw, sessions, clock, caughtUpAt, isPast, post, readRange }: {
  dynamo: WorldDynamo;
  objects: Pick<Objects, "find" | "replace" | "remove">;
  send: (queue: string, body: string) => Promise<void>;
  raw: Pick<RawEvents, "keep">;
  sessions: Sessions;
  clock: () => number;
  /** Until when all that was written to a source's table was delivered. */
  caughtUpAt: (source: MetricSource) => number;
  /** Whether all that was written to it until then, by the process's clock, was delivered. */
  isPast: (source: MetricSource, at: number) => boolean;
  /** What a webhook is told. */
  post: Send extends (...args: never[]) => infer Answer ? (body: string) => Answer : never;
  readRange: Streams["readRange"];
}) {
  const hub = createHub();
  const store = createMetricStore(dynamo, { records: "records", buckets: "buckets" }, HOURS_BEGUN_TOGETHER);
  const journeyStore = createJourneyStore(dynamo, "journeys");
  const lists = createSessionLists(dynamo, { sessions: "sessions", sensors: "sensors" });
  const lineStore = createLineStore(dynamo, { sessions: "sessions", sensors: "sensors" });
  const progress = {
    caughtUpAt: (source: MetricSource) => Promise.resolve(caughtUpAt(source)),
    isPast: (source: MetricSource, at: number) => Promise.resolve(isPast(source, at)),
  };
  const metrics = createMetrics({ store, hub, clock, caughtUpAt: progress.caughtUpAt });
  const analytics = createAnalytics({
    store: createRollupStore(dynamo, "rollups"),
    sessions,
    lists,
    clock,
    indexed: true,
  });
  const recounts = createJourneyRecounts(dynamo, "journeys", journeyStore);
  const recountOf: Record<string, Recount> = {
    JOURNEYS: (...args) => recounts.journeys(...args),
    JOURNEY_EVENTS: (...args) => recounts.events(...args),
    SESSIONS: (...args) => lists.listStarts(...args),
    MOTION_EVENTS: createMotionRecount(dynamo, "sessions", lineStore),
    REVIEWS: (...args) => createReviewLog(dynamo, "reviews").listAnswers(...args),
  };
  const audit = createAudit({
    store,
    hub,
    clock,
    progress,
    recountOf: (source) =>
      isRecorded(source) ? (tenantId, ...range) => store.listRecords(tenantId, source, ...range) : recountOf[source],
    recheckMs: 0,
  });
  const auditRollups = createRollupAudit({
    dynamo,
    tables: { SESSIONS: "sessions", JOURNEYS: "journeys" },
    store: createRollupStore(dynamo, "rollups"),
    hasExpired: (...args) => store.hasExpired(...args),
    isPast: progress.isPast,
    cellsOf,
    clock,
    recheckMs: 0,
  });
  const paths = createStreamPaths({
    metrics,
    store,
    rollups: analytics,
    readMotion: createMotionReader(lineStore),
    sessionExpired: (image) => sessions.expired(image),
    sessionsChanged: () => Promise.resolve(),
    journeysChanged: () => Promise.resolve(),
    chunks: journeyStore,
    // Nobody erases here.
    erasures: { settle: () => Promise.resolve(), isSettled: () => Promise.resolve(false) },
    audit,
    auditRollups,
    quarantine: createQuarantine({
      objects: objects as Objects,
      queues: { send },
      lateQueue: LATE_QUEUE,
      log: silentLog,
    }),
    failures: createFailures({ objects: objects as Objects, queues: { send }, lateQueue: LATE_QUEUE }),
    streams: { readRange },
    tables: { records: "records", sessions: "sessions", journeys: "journeys", reviews: "reviews" },
    attached: [],
    queues: { send },
    deadLetter: { queue: DEAD_QUEUE, maxReceives: 5 },
    clock,
    log: silentLog,
  });
  const webhooks = createWebhookStore(dynamo, "webhooks");
  const alertStore = createAlertStore(dynamo, "buckets");
  const alerts = createAlerts({
    alerts: alertStore,
    ...{ store, measuring: metrics.measuring, hub, clock, caughtUpAt: progress.caughtUpAt },
    wakeElsewhere: () => Promise.resolve(),
    tell: ({ tenantId, ...change }) =>
      webhooks.eventWrite(
        { tenantId, type: "ALERT_CHANGED", id: change.changeId, at: change.at, data: toData(change) },
        clock(),
      ),
  });
  return {
    alerts,
    alertStore,
    webhooks,
    deliver: createDelivery({ store: webhooks, send: (_, { body }) => post(body), clock }),
    dynamo,
    sessions,
    metrics,
    analytics,
    journeys: createJourneys({
      store: journeyStore,
      trails: createTrailStore(dynamo, "trails"),
      erasures: createErasureStore(dynamo, "journeys"),
      raw: raw as RawEvents,
      configuration: createJourneyConfiguration({
        store: journeyStore,
        trails: createTrailStore(dynamo, "trails"),
        clock,
      }),
      hub,
      clock,
      indexed: true,
    }),
    audit: audit.audit,
    auditRollups,
    ingest: (table: StreamTable, records: readonly StreamRecord[]) => paths.ingestStream(table, records),
    ingestLate: (messages: readonly QueueMessage[]) => paths.ingestLate(messages),
  };
}

/** What a bucket item says of its hour: counts by minute of the epoch, and every version in it. Undefined: no bucket. */
export function readBucket(item: Item) {
  const [tenantId, source, isNote] = (item.pk as string).split("#");
  if (tenantId === "late" || isNote || source === "alerts" || source === "changes") return undefined;
  const first = Number(item.sk) / 60_000;
  const counts: [minute: number, n: number][] = [];
  const versions: Record<string, number> = { version: item.version as number };
  for (const [name, value] of Object.entries(item)) {
    if (/^m\d/.test(name)) counts.push([first + Number(name.slice(1)), value as number]);
    else if (/^x\d/.test(name)) versions[name] = value as number;
  }
  return { series: `${tenantId} ${source}`, counts, versions };
}

/** A record that could not be counted, as a person mends it. */
export function mendParked(body: Uint8Array): Uint8Array {
  const record = JSON.parse(Buffer.from(body).toString("utf8")) as StreamRecord;
  const mended = { ...record, before: mend(record.before), after: mend(record.after) };
  return Buffer.from(JSON.stringify(mended));
}

/** A record says itself (`meant`) what a person would find out. */
function mend(image: Item | undefined): Item | undefined {
  return image?.meant === undefined ? image : { ...image, at: image.meant };
}
