import pMap from "p-map";
import type { TransactWrite } from "../aws/dynamo.ts";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { MIN_AT } from "../core/check.ts";
import { parseRange, type RangeInput } from "../core/range.ts";
import type { Hub } from "../live/hub.ts";
import { type BucketSize, type CountChange, type MetricSeries, type MetricSource, parseRecords } from "./model.ts";
import { alignRange, groupByHour, hourOf, toSeries } from "./rules.ts";
import type { MetricStore } from "./store.ts";

export type Metrics = ReturnType<typeof createMetrics>;

const CONCURRENCY = 32;

/** The key under which the hub tells of a tenant's counts, with source and hour. */
export function metricsKey(tenantId: string): string {
  return `metrics:${tenantId}`;
}

export type MetricsOptions = {
  store: MetricStore;
  hub: Hub;
  clock: Clock;
  /** Until when everything written is counted, where this process knows it because it reads the stream itself. */
  caughtUpAt: (source: MetricSource) => number | undefined;
};

export function createMetrics({ store, hub, clock, caughtUpAt }: MetricsOptions) {
  return {
    /** Keeps records, each once by (tenant, source, recordId); the table's stream counts them. Throws InvalidInputError. */
    async record(tenantId: string, input: unknown): Promise<{ accepted: number; duplicates: number }> {
      const records = parseRecords(input, clock());
      const kept = await pMap(records, (record) => store.keep(tenantId, record, clock()), { concurrency: CONCURRENCY });
      const accepted = kept.filter(Boolean).length;
      return { accepted, duplicates: records.length - accepted };
    },

    /**
     * Counts a part of a stream: one write for each hour that it touches, nothing read. What was counted before is left
     * out, whoever counted it and however the stream was cut.
     */
    async count(changes: readonly CountChange[]): Promise<void> {
      await pMap(groupByHour(changes), countHour, { concurrency: CONCURRENCY });
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
        const hours = await store.listHours(tenantId, source, fromAt, toAt);
        return toSeries(source, size, { fromAt, toAt }, hours, now, caughtUpAt(source));
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
