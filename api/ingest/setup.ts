import type { Analytics } from "../analytics/service.ts";
import { toItemChanges } from "./projections/rollups.ts";
import pMap from "p-map";
import type { StreamRecord, Streams } from "../aws/streams.ts";
import { type Clock, DAY_MS, HOUR_MS } from "../core/clock.ts";
import { AppError, UnavailableError } from "../core/errors.ts";
import type { RangeInput } from "../core/range.ts";
import { createChunkReader, type ErasureStore } from "../journeys/erasures.ts";
import type { JourneyStore } from "../journeys/store.ts";
import type { Audits } from "../metrics/audit.ts";
import { type Beats, isBeat } from "../metrics/beats.ts";
import type { AttachedTable, CountChange } from "../metrics/model.ts";
import { findBeyondBounds } from "../metrics/recording.ts";
import { groupByHour, hourOf } from "../metrics/rules.ts";
import type { Metrics } from "../metrics/service.ts";
import type { MetricStore } from "../metrics/store.ts";
import { createAttachedIngest } from "./attached.ts";
import { createDecoder, type StreamTable } from "./decode.ts";
import type { Failures } from "./failures.ts";
import { createLateIngest } from "./late.ts";
import type { Quarantine } from "./quarantine.ts";
import type { AuditRollups } from "../analytics/audit.ts";
import {
  createStreamIngest,
  isPassing,
  journeyImagesOf,
  reasonOf,
  sessionChangesOf,
  type StreamIngestOptions,
} from "./stream.ts";
import { createWorker, type WorkerOptions } from "./worker.ts";

export type StreamPathsOptions = Omit<WorkerOptions, "handle"> & {
  metrics: Pick<Metrics, "count" | "lateWrites" | "tell">;
  store: Pick<MetricStore, "keepForeign" | "takeBackForeign" | "writeOnce" | "admitSources" | "admitPairs">;
  audit: Audits;
  auditRollups: AuditRollups;
  rollups: Pick<Analytics, "roll" | "lateWrites">;
  chunks: Pick<JourneyStore, "readAllChunks">;
  erasures: Pick<ErasureStore, "isSettled" | "settle">;
  readMotion: StreamIngestOptions["readMotion"];
  sessionExpired: StreamIngestOptions["sessionExpired"];
  sessionsChanged: StreamIngestOptions["sessionsChanged"];
  journeysChanged: StreamIngestOptions["journeysChanged"];
  quarantine: Quarantine;
  /** Told how far the streams are handled. */
  beats?: Pick<Beats, "handled" | "note">;
  failures: Pick<Failures, "add" | "find" | "remove">;
  streams: Pick<Streams, "readRange">;
  /** Full names of our tables with streams, by their short ones. */
  tables: Readonly<Record<StreamTable, string>>;
  attached: readonly AttachedTable[];
  clock: Clock;
};

/** So long after it was written nothing that counted a record has forgotten it: watermarks stay for some hours more. */
const WATERMARK_SURE_MS = DAY_MS;
/** One audit waits for a second, so that what is on its way is no difference. */
const AUDITS_AT_ONCE = 50;
/** Parts of one transaction, beside its marker. */
const MAX_PARTS = 50;

/** The two ways of a record of a stream: in its turn, and late. Tables of others go the same ways. */
export function createStreamPaths(options: StreamPathsOptions) {
  const {
    metrics,
    store,
    audit,
    rollups,
    erasures,
    quarantine,
    tables,
    attached,
    readMotion,
    sessionExpired,
    sessionsChanged,
    journeysChanged,
    clock,
  } = options;
  const readChunks = createChunkReader(options.chunks, erasures);
  const add: Quarantine["add"] = (table, record, reason) => quarantine.add(table, record, reason);
  const ingestOwn = createStreamIngest({
    readChunks,
    readMotion,
    count: (changes) => metrics.count(changes),
    roll: (changes) => rollups.roll(changes),
    sessionExpired,
    sessionsChanged,
    journeysChanged,
    journeyErased: (tenantId, sessionId) => erasures.settle(tenantId, sessionId),
    quarantine: add,
  });
  /** Does all that hangs on a part of a stream, and counts nothing. */
  const followOwn = createStreamIngest({
    readChunks,
    readMotion,
    count: () => Promise.resolve(),
    roll: () => Promise.resolve(),
    sessionExpired,
    sessionsChanged,
    journeysChanged,
    journeyErased: (tenantId, sessionId) => erasures.settle(tenantId, sessionId),
    quarantine: add,
  });
  const decode = createDecoder(readChunks, readMotion);
  const foreign = new Map(attached.map((spec) => [spec.table, spec]));
  const keeping = {
    keep: (record: Parameters<MetricStore["keepForeign"]>[0]) => store.keepForeign(record, clock()),
    async findBeyond({ tenantId, measures, ...record }: Parameters<MetricStore["keepForeign"]>[0]) {
      if (!measures || measures.dimensions.length === 0) return undefined;
      return [...(await findBeyondBounds(store, tenantId, [{ ...record, ...measures }])).values()][0];
    },
    takeBack: (version: Parameters<MetricStore["takeBackForeign"]>[0]) => store.takeBackForeign(version),
    clock,
  };
  const ingestForeign = createAttachedIngest({ ...keeping, quarantine: add });
  /** Late, nothing goes to quarantine any more: the message itself stays. */
  const ingestForeignLate = createAttachedIngest({ ...keeping, quarantine: refuse });

  /** Parts that count a record of ours; a record of another table is kept, which is done once in itself. */
  async function writesOf(table: string, record: StreamRecord) {
    const spec = foreign.get(table);
    if (spec) {
      await ingestForeignLate(spec, [record]);
      return { parts: [], done: () => Promise.resolve() };
    }
    const { counts, change } = await decode(table as StreamTable, record);
    if (change) await sessionsChanged(sessionChangesOf([change]));
    if (change) await journeysChanged(journeyImagesOf([change]));
    const parts = [...metrics.lateWrites(counts), ...(change ? rollups.lateWrites(toItemChanges(change)) : [])];
    const done = async () => {
      await metrics.tell(counts);
      if (record.isExpiry && table === "sessions" && record.before) await sessionExpired(record.before);
    };
    return { parts, done };
  }

  /** Takes a part of a table's stream, in order. A throw means again. */
  async function ingestStream(table: string, records: readonly StreamRecord[]): Promise<void> {
    const spec = foreign.get(table);
    if (spec) return await ingestForeign(spec, records);
    const own = table as StreamTable;
    const { beats } = options;
    try {
      await ingestOwn(own, records.filter((record) => !isBeat(record)));
    } catch (error) {
      // The failure itself is what is told; that it cannot be noted is of no more interest.
      await beats?.note(own, records, false).catch(() => {});
      throw error;
    }
    const passed = records.filter(isBeat);
    if (passed.length > 0) await beats?.handled(own, passed);
    await beats?.note(own, records, true);
  }

  /**
   * Counts a part that was given up, and then audits what it touches: a watermark may have passed it meanwhile. After a day
   * the watermark that knows what was counted of it may be gone, so then nothing but the audits tell. What expired is marked
   * as such whatever watermarks say: marked twice it leaves a doubt, marked never an audit would take it out of its count.
   */
  async function countAgain(table: string, all: readonly StreamRecord[]): Promise<string | undefined> {
    if (foreign.has(table)) {
      await ingestStream(table, all);
      return undefined;
    }
    const own = table as StreamTable;
    const records = all.filter((record) => !isBeat(record));
    const sureFrom = clock() - WATERMARK_SURE_MS;
    const [expired, changed] = [true, false].map((isExpiry) => records.filter((one) => one.isExpiry === isExpiry));
    for (const record of expired!) await markExpired(own, record);
    const isSure = changed!.every(({ arrivedAt }) => arrivedAt > sureFrom);
    await (isSure ? ingestOwn : followOwn)(own, changed!);
    const doubtful = new Set<string>();
    await pMap(await groupsOf(own, records), async ([{ tenantId, source, at }]) => {
      if (!audit.canAudit(source)) return void doubtful.add(source);
      const report = await audit.audit(tenantId, { source, range: hourRange(at), repair: true });
      if (report.unsettled > 0 || report.short > 0) throw new UnavailableError("the stream");
      if (report.inDoubt > 0 || report.differences.length + report.measureDifferences.length > report.repaired) {
        doubtful.add(source);
      }
    }, { concurrency: AUDITS_AT_ONCE });
    await pMap(daysOf(own, records), async ([tenantId, range]) => {
      if (!await isMended(tenantId, own, range)) doubtful.add("analytics");
    }, { concurrency: AUDITS_AT_ONCE });
    if (doubtful.size === 0) return undefined;
    return `counted as far as no watermark had passed it; ${[...doubtful].join(", ")} may lack what came before that`;
  }

  async function markExpired(table: StreamTable, record: StreamRecord): Promise<void> {
    try {
      const { parts, done } = await writesOf(table, record);
      for (let from = 0; from < parts.length; from += MAX_PARTS) {
        const marker = `expired#${table}#${record.shard}#${record.sequence}#${from}`;
        await store.writeOnce(marker, parts.slice(from, from + MAX_PARTS));
      }
      await done();
    } catch (error) {
      if (isPassing(error)) throw error;
      await add(table, record, reasonOf(error));
    }
  }

  async function isMended(tenantId: string, table: string, range: RangeInput): Promise<boolean> {
    const of = table === "sessions" ? "SESSIONS" : "JOURNEYS";
    const report = await options.auditRollups(tenantId, { of, range, repair: true });
    if (report.unsettled > 0) throw new UnavailableError("the stream");
    return report.daysInDoubt.length === 0 && report.differences.length === report.repaired;
  }

  async function groupsOf(table: StreamTable, records: readonly StreamRecord[]): Promise<[CountChange][]> {
    const decoded = await Promise.allSettled(records.map((record) => decode(table, record)));
    const counts = decoded.flatMap((result) => (result.status === "fulfilled" ? result.value.counts : []));
    return groupByHour(counts) as [CountChange][];
  }

  return {
    ingestStream,
    /** Takes a part of one shard that failed for most of a day, as Lambda's failure destination does: the rest goes on. */
    giveUp: (streamArn: string, records: readonly StreamRecord[]) => options.failures.add(streamArn, records, clock()),
    /** The name by which a stream's table goes here, by the stream's ARN; undefined where it is none of ours. */
    tableOf,

    /** Takes messages of the late queue; gives the ids of those to try again. */
    ingestLate: createWorker({
      ...options,
      handle: createLateIngest({
        ...options,
        tableOf,
        countAgain,
        writesOf,
        writeOnce: (marker, parts) => store.writeOnce(marker, parts),
      }),
    }),
  };

  /** A stream's ARN ends in `table/NAME/stream/LABEL`. */
  function tableOf(streamArn: string): string | undefined {
    const name = /table\/([^/]+)\/stream\//.exec(streamArn)?.[1];
    if (name === undefined || foreign.has(name)) return name;
    return Object.entries(tables).find(([, full]) => full === name)?.[0];
  }
}

/** The UTC days of the sessions or journeys that records show, by tenant. */
function daysOf(table: StreamTable, records: readonly StreamRecord[]): [tenantId: string, range: RangeInput][] {
  if (table !== "sessions" && table !== "journeys") return [];
  const days = records.flatMap(({ keys, before, after }) =>
    [before, after].flatMap((image) => {
      if (!Number.isSafeInteger(image?.startedAt)) return [];
      const from = Math.floor((image!.startedAt as number) / DAY_MS) * DAY_MS;
      return [[String(keys.pk).split("#")[0]!, from] as const];
    })
  );
  const unique = new Map(days.map(([tenantId, from]) => [`${tenantId} ${from}`, [tenantId, from] as const]));
  return [...unique.values()].map(([tenantId, from]) => [tenantId, { between: { from, to: from + DAY_MS } }]);
}

/** The hour of an instant, as a range. */
function hourRange(at: number): RangeInput {
  return { between: { from: hourOf(at), to: hourOf(at) + HOUR_MS } };
}

function refuse(_table: string, _record: StreamRecord, reason: string): Promise<void> {
  return Promise.reject(new AppError("UNCOUNTABLE", reason));
}
