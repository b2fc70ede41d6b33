import pMap from "p-map";
import type { TransactWrite } from "../aws/dynamo.ts";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { MIN_AT } from "../core/check.ts";
import { parseRange, type RangeInput } from "../core/range.ts";
import type { Hub } from "../live/hub.ts";
import type { RecordedSource } from "../resources.ts";
import {
  type BucketSize,
  type CountChange,
  type MetricReceipt,
  type MetricRecord,
  type MetricSeries,
  type MetricSource,
  parseCorrection,
  parseRecords,
} from "./model.ts";
import { alignRange, firstOfEach, groupByHour, hourOf, judgeRecord, recordKey, toSeries } from "./rules.ts";
import type { MetricStore } from "./store.ts";

export type Metrics = ReturnType<typeof createMetrics>;

/** Receipts in the order of the records, and how many there are of each kind. */
export type RecordedMetrics = {
  accepted: number;
  duplicates: number;
  conflicts: number;
  rejected: number;
  receipts: MetricReceipt[];
};
/** A record as it is after a correction, or why it was not corrected: `stands` is the time that it has. */
export type CorrectedMetric =
  | { kind: "DONE"; source: RecordedSource; recordId: string; at: number | undefined }
  | { kind: "CONFLICT"; stands: number }
  | { kind: "NOT_FOUND" };

const CONCURRENCY = 32;

/** The key under which the hub tells of a tenant's counts, with source and hour. */
export function metricsKey(tenantId: string): string {
  return `metrics:${tenantId}`;
}

export type MetricsOptions = {
  store: MetricStore;
  hub: Hub;
  clock: Clock;
  /** Until when everything written is counted; undefined where nobody knows. */
  caughtUpAt: (source: MetricSource) => Promise<number | undefined>;
};

export function createMetrics({ store, hub, clock, caughtUpAt }: MetricsOptions) {
  return {
    /**
     * Keeps records, each once by (tenant, source, recordId); the table's stream counts them. One that is wrong, or known with
     * another time, is told and holds up no other. Throws InvalidInputError where the batch itself is wrong.
     */
    async record(tenantId: string, input: unknown): Promise<RecordedMetrics> {
      const now = clock();
      const parsed = parseRecords(input, now);
      const first = firstOfEach(parsed.filter((one): one is MetricRecord => !("reason" in one)));
      const kept = await store.keepAll(tenantId, [...first.values()], now);
      const stands = new Map([...first.keys()].map((key, i) => [key, kept[i]!]));
      const receipts = parsed.map((one): MetricReceipt => {
        if ("reason" in one) return { status: "REJECTED", reason: one.reason };
        const key = recordKey(one);
        return judgeRecord(one, stands.get(key)!, first.get(key) === one);
      });
      const countOf = (status: MetricReceipt["status"]) => receipts.filter((own) => own.status === status).length;
      return {
        accepted: countOf("ACCEPTED"),
        duplicates: countOf("DUPLICATE"),
        conflicts: countOf("CONFLICT"),
        rejected: countOf("REJECTED"),
        receipts,
      };
    },

    /**
     * Moves a record to another time, or takes it back; its buckets follow by the stream. Doing it again changes nothing.
     * Throws InvalidInputError.
     */
    async correct(tenantId: string, input: unknown): Promise<CorrectedMetric> {
      const now = clock();
      const correction = parseCorrection(input, now);
      const { source, recordId, at } = correction;
      const stands = await store.correctRecord(tenantId, correction, now);
      if (!stands) return { kind: "NOT_FOUND" };
      const isAsAsked = at === null || at === undefined ? stands.isGone : !stands.isGone && stands.at === at;
      if (!stands.ok && !isAsAsked) return { kind: "CONFLICT", stands: stands.at };
      return { kind: "DONE", source, recordId, at: stands.isGone ? undefined : stands.at };
    },

    /**
     * Counts a part of a stream: one write for each hour that it touches, nothing read. What was counted before is left
     * out, whoever counted it and however the stream was cut.
     */
    async count(changes: readonly CountChange[]): Promise<void> {
      await pMap(groupByHour(changes), countHour, { concurrency: CONCURRENCY });
      // After the counts, so that whoever reads that an hour changed finds it so.
      const bySeries = Map.groupBy(changes, ({ tenantId, source }) => `${tenantId} ${source}`);
      await pMap(bySeries.values(), (own) => store.lateHours.note(own, clock()), { concurrency: CONCURRENCY });
    },

    /** What counts a record of a stream that was left out in its turn: parts of transactions that say they are done once. */
    lateWrites: (changes: readonly CountChange[]): TransactWrite[] =>
      groupByHour(changes).map((own) => store.lateWrite(own)),

    /** Tells those who watch that counts changed. */
    wakeAll(changes: readonly CountChange[]): void {
      for (const [{ tenantId, source, at }] of groupByHour(changes) as [CountChange][]) {
        wake(tenantId, source, hourOf(at));
      }
    },

    /** The counts of a range, a series for each source. Throws InvalidInputError. */
    async series(
      tenantId: string,
      sources: readonly MetricSource[],
      size: BucketSize,
      range: RangeInput,
    ): Promise<MetricSeries[]> {
      if (sources.length === 0) {
        throw new InvalidInputError([{ path: ["sources"], message: "must name at least one source" }]);
      }
      const now = clock();
      const { fromAt, toAt } = alignRange(parseRange(range, now), size);
      // Nothing is recorded before, and keys of hours have no sign.
      if (fromAt < MIN_AT) {
        throw new InvalidInputError([{ path: ["range", "between", "from"], message: "must be 1990 or later" }]);
      }
      return await pMap(new Set(sources), async (source) => {
        // Before the hours are read: then they hold at least what it says.
        const caughtUp = await caughtUpAt(source);
        const hours = await store.listHours(tenantId, source, fromAt, toAt);
        return toSeries(source, size, { fromAt, toAt }, hours, now, caughtUp);
      });
    },
  };

  function wake(tenantId: string, source: MetricSource, hourAt: number): void {
    hub.wake(metricsKey(tenantId), `${source} ${hourAt}`);
  }

  async function countHour(changes: CountChange[]): Promise<void> {
    const { tenantId, source, at } = changes[0]!;
    await store.count(changes, clock());
    wake(tenantId, source, hourOf(at));
  }
}
