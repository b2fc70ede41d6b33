import pMap from "p-map";
import type { TransactWrite } from "../aws/dynamo.ts";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Hub } from "../live/hub.ts";
import { isLate } from "./late-hours.ts";
import { toSlotChanges } from "./measures.ts";
import { createMeasuring } from "./measuring.ts";
import {
  type Correction,
  type CountChange,
  type Dimensions,
  type MetricReceipt,
  type MetricRecord,
  type MetricSource,
  parseCorrection,
  parseRecords,
} from "./model.ts";
import { findBeyondBounds } from "./recording.ts";
import { firstOfEach, groupByHour, hourOf, judgeRecord, recordKey } from "./rules.ts";
import { createSeries } from "./series.ts";
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
/** A record as it is after a correction, or why it was not corrected: `stands` is the time that it has, or had when it was taken back. */
export type CorrectedMetric =
  | { kind: "DONE"; at: number | undefined } & Pick<MetricRecord, "source" | "recordId" | "value" | "dimensions">
  | {
    kind: "CONFLICT";
    stands: number;
    standsValue: number | undefined;
    standsDimensions: Dimensions;
    isTakenBack: boolean;
  }
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
  const measuring = createMeasuring(store);
  return {
    measuring,

    /** The sources that a tenant named itself, in order. */
    listOwnSources: (tenantId: string): Promise<string[]> => store.listSources(tenantId),

    /** The counts of a range, a series for each source. Throws InvalidInputError. */
    series: createSeries({ store, measuring, clock, caughtUpAt }),

    /**
     * Keeps records, each once by (tenant, source, recordId); the table's stream counts them. One that is wrong, or known with
     * another time, is told and holds up no other. Throws InvalidInputError where the batch itself is wrong.
     */
    async record(tenantId: string, input: unknown): Promise<RecordedMetrics> {
      const now = clock();
      const parsed = parseRecords(input, now);
      const valid = parsed.filter((one): one is MetricRecord => !("reason" in one));
      const beyond = await findBeyondBounds(store, tenantId, valid);
      const first = firstOfEach(valid.filter((one) => !beyond.has(one)));
      const kept = await store.keepAll(tenantId, [...first.values()], now);
      const stands = new Map([...first.keys()].map((key, i) => [key, kept[i]!]));
      const receipts = parsed.map((one): MetricReceipt => {
        if ("reason" in one) return { status: "REJECTED", reason: one.reason };
        const reason = beyond.get(one);
        if (reason !== undefined) return { status: "REJECTED", reason };
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
      const { source, recordId, at, value, dimensions } = correction;
      if (typeof at === "number") await checkRoom(tenantId, correction, at);
      const stands = await store.correctRecord(tenantId, correction, now);
      if (!stands) return { kind: "NOT_FOUND" };
      const isThere = !stands.isGone && stands.at === at && (typeof value !== "number" || stands.value === value) &&
        (!dimensions || JSON.stringify(stands.dimensions) === JSON.stringify(dimensions));
      const isAsAsked = at === null || at === undefined ? stands.isGone : isThere;
      if (!stands.ok && !isAsAsked) {
        const { at: standsAt, value: standsValue, dimensions: standsDimensions, isGone } = stands;
        return { kind: "CONFLICT", stands: standsAt, standsValue, standsDimensions, isTakenBack: isGone };
      }
      const is = { value: stands.value, dimensions: stands.dimensions };
      return { kind: "DONE", source, recordId, at: stands.isGone ? undefined : stands.at, ...is };
    },

    /**
     * Counts a part of a stream: one write for each hour that it touches, nothing read. What was counted before is left
     * out, whoever counted it and however the stream was cut.
     */
    async count(changes: readonly CountChange[]): Promise<void> {
      // Before the counts: a new version of a bucket tells of its numbers too.
      await measuring.count(toSlotChanges(changes), clock());
      const now = clock();
      const hours = groupByHour(changes);
      const begun = await store.begin(hours, now);
      await pMap(hours, async (own) => {
        if (!begun.has(own)) await store.count(own, now);
        if (!isLate(own[0]!.at, now)) wakeHour(own);
      }, { concurrency: CONCURRENCY });
      await tellLate(changes, now);
    },

    /** What counts a record of a stream that was left out in its turn: parts of transactions that say they are done once. */
    lateWrites: (changes: readonly CountChange[]): TransactWrite[] => [
      ...toSlotChanges(changes).map((own) => store.measures.lateWrite(own)),
      ...groupByHour(changes).map((own) => store.lateWrite(own)),
    ],

    /** Tells those who watch, and who will come back, that counts changed. */
    async tell(changes: readonly CountChange[]): Promise<void> {
      const now = clock();
      groupByHour(changes).filter(([first]) => !isLate(first!.at, now)).forEach(wakeHour);
      await tellLate(changes, now);
    },
  };

  /**
   * Of hours that no feed shows any more. They are noted after they are counted, so that whoever reads that they changed finds them
   * so, and told after that, so that who comes back meanwhile finds the note, or is told.
   */
  async function tellLate(changes: readonly CountChange[], now: number): Promise<void> {
    const late = changes.filter(({ at }) => isLate(at, now));
    const bySeries = Map.groupBy(late, ({ tenantId, source }) => `${tenantId} ${source}`);
    await pMap(bySeries.values(), (own) => store.lateHours.note(own, now), { concurrency: CONCURRENCY });
    groupByHour(late).forEach(wakeHour);
  }

  /** A record that is moved takes its dimensions along, or gets others, only where an hour has room for them. */
  async function checkRoom(tenantId: string, correction: Correction, at: number): Promise<void> {
    const record = await store.findRecord(tenantId, correction);
    if (!record) return;
    const dimensions = correction.dimensions ?? record.dimensions;
    if (dimensions.length === 0 || (!correction.dimensions && hourOf(record.at) === hourOf(at))) return;
    const [reason] = (await findBeyondBounds(store, tenantId, [{ ...record, at, dimensions }])).values();
    if (reason === undefined) return;
    throw new InvalidInputError([{ path: [correction.dimensions ? "dimensions" : "at"], message: reason }]);
  }

  function wakeHour(changes: readonly CountChange[]): void {
    const { tenantId, source, at } = changes[0]!;
    hub.wake(metricsKey(tenantId), `${source} ${hourOf(at)}`);
  }
}
