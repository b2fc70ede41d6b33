import pMap from "p-map";
import { type Clock, HOUR_MS } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { formatInstant } from "../core/time.ts";
import type { Active, AuditMark, AuditPart } from "../metrics/audit-marks.ts";
import type { Audits } from "../metrics/audit.ts";
import { hourOf } from "../metrics/rules.ts";
import type { MetricStore } from "../metrics/store.ts";

export type AuditJobOptions = Audits & {
  store: Pick<MetricStore, "listActive" | "audits">;
  clock: Clock;
  log: Log;
  /** Told how many buckets were wrong. */
  raise: (differences: number) => void;
};

/** A part that a function does: it begins nothing more after `untilAt`, and the next start goes on. */
export type Part = AuditPart & { untilAt: number };

/** They wait for the store most of the time. */
const AT_ONCE = 4;
/** Audits of a part between two notes of how far it has come, each of which costs a write. */
const BETWEEN_MARKS = 50;
/** What fails so often in its turn is passed over, and told: others would never be looked at. */
const MOST_ATTEMPTS = 3;
const NOTHING = { audited: 0, records: 0, minuteBuckets: 0, differences: 0, unsettled: 0 };
type Sums = typeof NOTHING;

/**
 * Counts the hour just closed again, of every tenant or of a part of them, and says in one line what it found. Any difference raises
 * the alarm; nothing is repaired, so that somebody looks. A part goes on where it was, when it ran out of time or failed: first
 * through the hour that it was at, then through the newest.
 */
export function createAuditJob(options: AuditJobOptions) {
  const { store, clock, log, canAudit } = options;
  const chunksOf = async function* (hourAt: number, part?: AuditPart, after?: Active): AsyncGenerator<Active[]> {
    for await (const page of store.listActive(hourAt, part, after)) {
      for (let i = 0; i < page.length; i += BETWEEN_MARKS) yield page.slice(i, i + BETWEEN_MARKS);
    }
  };
  const auditAll = (hourAt: number, some: readonly Active[], sums: Sums) =>
    pMap(some.filter(({ source }) => canAudit(source)), (one) => auditOne(options, hourAt, one, sums), {
      concurrency: AT_ONCE,
    });

  /** One hour of a part, from where it was; gives the sums, and whether it came to the end. */
  async function auditPart(part: Part, begun: AuditMark): Promise<{ sums: Sums; isDone: boolean }> {
    const { hourAt } = begun;
    const sums = { ...NOTHING, ...begun.sums };
    const mark = (more: Partial<AuditMark>) => store.audits.put(part, { ...begun, sums, ...more }, clock());
    let { attempts, after } = begun;
    for await (const some of chunksOf(hourAt, part, after)) {
      if (clock() >= part.untilAt) return { sums, isDone: false };
      await mark({ ...(after ? { after } : {}), attempts: attempts + 1 });
      // Of their own: where one fails others are under way still, and would add to what goes on.
      const found = { ...NOTHING };
      try {
        await auditAll(hourAt, some, found);
        for (const key of Object.keys(found) as (keyof Sums)[]) sums[key] += found[key];
      } catch (error) {
        if (attempts + 1 < MOST_ATTEMPTS) throw error;
        const tenants = [...new Set(some.map(({ tenantId }) => tenantId))];
        log.error("an audit failed again and again, and is passed over", {
          hour: formatInstant(hourAt),
          tenants,
          error,
        });
      }
      [attempts, after] = [0, some.at(-1)!];
      await mark({ after, attempts });
    }
    await mark({ ...(after ? { after } : {}), attempts: 0, isDone: true });
    return { sums, isDone: true };
  }

  function tell(hourAt: number, sums: Sums): void {
    if (sums.differences > 0) options.raise(sums.differences);
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
  }

  return async function auditHour(part?: Part): Promise<Record<string, number>> {
    const newestAt = hourOf(clock()) - HOUR_MS;
    if (!part) {
      const sums = { ...NOTHING };
      for await (const some of chunksOf(newestAt)) await auditAll(newestAt, some, sums);
      tell(newestAt, sums);
      return sums;
    }
    const all = { ...NOTHING };
    for (;;) {
      const last = await store.audits.find(part);
      const isNew = !last || last.isDone && last.hourAt < newestAt;
      if (last?.isDone && !isNew) return all;
      const begun = isNew ? { hourAt: newestAt, isDone: false, attempts: 0, sums: NOTHING } : last;
      const { sums, isDone } = await auditPart(part, begun);
      for (const key of Object.keys(all) as (keyof Sums)[]) all[key] += sums[key] - (begun.sums[key] ?? 0);
      if (!isDone) return all;
      tell(begun.hourAt, sums);
    }
  };
}

async function auditOne(
  { audit, log }: Pick<AuditJobOptions, "audit" | "log">,
  hourAt: number,
  { tenantId, source }: Active,
  sums: Sums,
): Promise<void> {
  const range = { between: { from: hourAt, to: hourAt + HOUR_MS } };
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
}
