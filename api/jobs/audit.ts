import pMap from "p-map";
import { type Clock, HOUR_MS } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { formatInstant } from "../core/time.ts";
import type { Audits } from "../metrics/audit.ts";
import { hourOf } from "../metrics/rules.ts";
import type { MetricSource } from "../metrics/model.ts";
import type { MetricStore } from "../metrics/store.ts";

export type AuditJobOptions = Audits & {
  store: Pick<MetricStore, "listActive">;
  clock: Clock;
  log: Log;
  /** Told how many buckets were wrong. */
  raise: (differences: number) => void;
};

/** One of several parts of all tenants, which are looked at apart. */
export type Part = { index: number; of: number };

/** They wait for the store most of the time. */
const AT_ONCE = 4;

/**
 * Counts the hour just closed again, of every tenant or of a part of them, and says in one line what it found. Any difference raises the alarm;
 * nothing is repaired, so that somebody looks.
 */
export function createAuditJob({ audit, canAudit, store, clock, log, raise }: AuditJobOptions) {
  return async function auditHour(part?: Part): Promise<Record<string, number>> {
    const hourAt = hourOf(clock()) - HOUR_MS;
    const range = { between: { from: hourAt, to: hourAt + HOUR_MS } };
    const sums = { audited: 0, records: 0, minuteBuckets: 0, differences: 0, unsettled: 0 };
    const auditOne = async ({ tenantId, source }: { tenantId: string; source: MetricSource }) => {
      const report = await audit(tenantId, { source, range, repair: false, isThorough: false });
      sums.audited += 1;
      sums.records += report.recordsCounted;
      sums.minuteBuckets += report.bucketsChecked;
      const differences = report.differences.length + report.measureDifferences.length;
      sums.differences += differences;
      sums.unsettled += report.unsettled;
      if (differences === 0) return;
      log.error("buckets are wrong; run auditMetrics with repair", {
        tenantId,
        source,
        hour: formatInstant(hourAt),
        minutes: report.differences.slice(0, 10).map(({ bucket, recounted }) => ({
          start: formatInstant(bucket.start),
          count: bucket.count,
          recounted,
        })),
        measures: report.measureDifferences.slice(0, 10).map(({ start, ...one }) => (
          { start: formatInstant(start), ...one }
        )),
      });
    };
    for await (const page of store.listActive(hourAt, part)) {
      await pMap(page.filter(({ source }) => canAudit(source)), auditOne, { concurrency: AT_ONCE });
    }
    if (sums.differences > 0) raise(sums.differences);
    log.info("the hour just closed was audited", {
      hour: formatInstant(hourAt),
      ...sums,
      buckets: {
        "1": sums.minuteBuckets,
        "5": sums.minuteBuckets / 5,
        "15": sums.minuteBuckets / 15,
        "60": sums.audited,
      },
    });
    return sums;
  };
}
