import type { Analytics } from "../analytics/service.ts";
import { toItemChanges } from "./projections/rollups.ts";
import type { StreamRecord, Streams } from "../aws/streams.ts";
import { type Clock, DAY_MS, HOUR_MS } from "../core/clock.ts";
import { AppError, UnavailableError } from "../core/errors.ts";
import type { RangeInput } from "../core/range.ts";
import { createChunkReader, type ErasureStore } from "../journeys/erasures.ts";
import type { JourneyStore } from "../journeys/store.ts";
import type { Audits } from "../metrics/audit.ts";
import type { AttachedTable, CountChange } from "../metrics/model.ts";
import { groupByHour, hourOf } from "../metrics/rules.ts";
import type { Metrics } from "../metrics/service.ts";
import type { MetricStore } from "../metrics/store.ts";
import { createAttachedIngest } from "./attached.ts";
import { createDecoder, type StreamTable } from "./decode.ts";
import { createLateIngest } from "./late.ts";
import type { Quarantine } from "./quarantine.ts";
import type { AuditRollups } from "../analytics/audit.ts";
import { createStreamIngest, type StreamIngestOptions } from "./stream.ts";
import { createWorker, type WorkerOptions } from "./worker.ts";

export type StreamPathsOptions = Omit<WorkerOptions, "handle"> & {
  metrics: Pick<Metrics, "count" | "lateWrites" | "wakeAll">;
  store: Pick<MetricStore, "keepForeign" | "takeBackForeign" | "writeOnce">;
  audit: Audits;
  auditRollups: AuditRollups;
  rollups: Pick<Analytics, "roll" | "lateWrites">;
  chunks: Pick<JourneyStore, "readAllChunks">;
  erasures: Pick<ErasureStore, "isSettled" | "settle">;
  sessionExpired: StreamIngestOptions["sessionExpired"];
  quarantine: Quarantine;
  streams: Pick<Streams, "readRange">;
  /** Full names of our tables with streams, by their short ones. */
  tables: Readonly<Record<StreamTable, string>>;
  attached: readonly AttachedTable[];
  clock: Clock;
};

/** The two ways of a record of a stream: in its turn, and late. Tables of others go the same ways. */
export function createStreamPaths(options: StreamPathsOptions) {
  const { metrics, store, audit, rollups, erasures, quarantine, tables, attached, sessionExpired, clock } = options;
  const readChunks = createChunkReader(options.chunks, erasures);
  const add: Quarantine["add"] = (table, record, reason) => quarantine.add(table, record, reason);
  const ingestOwn = createStreamIngest({
    readChunks,
    count: (changes) => metrics.count(changes),
    roll: (changes) => rollups.roll(changes),
    sessionExpired,
    journeyErased: (tenantId, sessionId) => erasures.settle(tenantId, sessionId),
    quarantine: add,
  });
  const decode = createDecoder(readChunks);
  const foreign = new Map(attached.map((spec) => [spec.table, spec]));
  const keeping = {
    keep: (record: Parameters<MetricStore["keepForeign"]>[0]) => store.keepForeign(record, clock()),
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
      return { parts: [], done: () => {} };
    }
    const { counts, change } = await decode(table as StreamTable, record);
    if (record.isExpiry && table === "sessions" && record.before) await sessionExpired(record.before);
    const parts = [...metrics.lateWrites(counts), ...(change ? rollups.lateWrites(toItemChanges(change)) : [])];
    return { parts, done: () => metrics.wakeAll(counts) };
  }

  /** Takes a part of a table's stream, in order. A throw means again. */
  async function ingestStream(table: string, records: readonly StreamRecord[]): Promise<void> {
    const spec = foreign.get(table);
    if (spec) return await ingestForeign(spec, records);
    await ingestOwn(table as StreamTable, records);
  }

  async function countAgain(table: string, records: readonly StreamRecord[]): Promise<string | undefined> {
    await ingestStream(table, records);
    if (foreign.has(table)) return undefined;
    const doubtful = new Set<string>();
    for (const [{ tenantId, source, at }] of await groupsOf(table as StreamTable, records)) {
      const report = audit.canAudit(source) &&
        await audit.audit(tenantId, { source, range: hourRange(at), repair: true });
      if (report && report.unsettled > 0) throw new UnavailableError("the stream");
      if (!report || report.differences.length > report.repaired) doubtful.add(source);
    }
    for (const [tenantId, range] of daysOf(table as StreamTable, records)) {
      if (!await isMended(tenantId, table, range)) doubtful.add("analytics");
    }
    if (doubtful.size === 0) return undefined;
    return `counted as far as no watermark had passed it; ${[...doubtful].join(", ")} may lack what came before that`;
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
