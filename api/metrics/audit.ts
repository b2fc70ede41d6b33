import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import { type Clock, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { parseRange, type RangeInput, type TimeRange } from "../core/range.ts";
import type { Hub } from "../live/hub.ts";
import { type Counted, type HourBucket, type MetricBucket, type MetricSource, type Recount, SOURCES } from "./model.ts";
import { compareHour, emptyHour, hourOf, minutesInDoubt, toBucket, type Wrong } from "./rules.ts";
import type { Progress } from "./progress.ts";
import { metricsKey } from "./service.ts";
import type { MetricStore } from "./store.ts";

export type BucketDifference = { bucket: MetricBucket; recounted: number };
export type AuditReport = {
  recordsCounted: number;
  /** Buckets of one minute. */
  bucketsChecked: number;
  differences: BucketDifference[];
  repaired: number;
  /** Hours of which two looks did not agree, or nobody knows whether the stream was read: nothing is said of them. */
  unsettled: number;
  /** Minutes of which something has expired, and not as much as is not found any more: they may be short of something else. */
  inDoubt: number;
};

export type AuditOptions = {
  store: MetricStore;
  hub: Hub;
  clock: Clock;
  progress: Progress;
  /** What counts the things of a source again that count now; undefined where no single ones are kept. */
  recountOf: (source: MetricSource) => Recount | undefined;
  /** Told how many records were counted again. */
  onAudited?: (source: MetricSource, records: number) => void;
  /** A difference is looked at again after so long. */
  recheckMs?: number | undefined;
};

/** What an hour holds, how many things it should count, and where the two differ. */
type Look = {
  hour: HourBucket;
  things: number;
  range: TimeRange;
  wrong: ReadonlyMap<number, Wrong>;
  inDoubt: number;
};

/** So much is looked at in one go. */
const WINDOW_MS = 7 * DAY_MS;
/** A stream keeps its records so long: what is older was counted, or never will be. */
const STREAM_KEEPS_MS = DAY_MS;
const MAX_DIFFERENCES = 1_000;
const MAX_TRIES = 5;
const CONCURRENCY = 8;
const RECHECK_MS = SECOND_MS;

/**
 * Recounts from what is kept, and reports a difference only where nothing explains it. Of a minute with 10 records, the last of
 * which the stream has not delivered yet, both 9 and 10 are right. A record that moved to another minute between reading the
 * bucket and reading the records looks like a difference once, never twice: so a second look has to agree, and this process has
 * to have read the stream past the first look. A repair is conditional on the version of the hour that was read, so it is never
 * added to what the stream counts meanwhile.
 */
export function createAudit(
  { store, hub, clock, progress, onAudited, recountOf, recheckMs = RECHECK_MS }: AuditOptions,
) {
  async function audit(
    tenantId: string,
    { source, range, repair }: { source: MetricSource; range: RangeInput; repair: boolean },
  ): Promise<AuditReport> {
    const recount = recountOf(source);
    if (!recount) {
      const known = SOURCES.filter(recountOf).join(", ");
      throw new InvalidInputError([{
        path: ["source"],
        message:
          `${source} keeps no record of each event to count again; audit one of ${known}, or a source of your own`,
      }]);
    }
    const now = clock();
    const { fromAt, toAt } = wholeMinutes(parseRange(range, now));
    const report: AuditReport = {
      recordsCounted: 0,
      bucketsChecked: (toAt - fromAt) / MINUTE_MS,
      differences: [],
      repaired: 0,
      unsettled: 0,
      inDoubt: 0,
    };
    for (let at = fromAt; at < toAt; at = hourOf(at) + WINDOW_MS) {
      await auditWindow(tenantId, source, { fromAt: at, toAt: Math.min(toAt, hourOf(at) + WINDOW_MS) }, repair, report);
    }
    onAudited?.(source, report.recordsCounted);
    return report;
  }

  async function auditWindow(
    tenantId: string,
    source: MetricSource,
    window: TimeRange,
    repair: boolean,
    report: AuditReport,
  ): Promise<void> {
    const looks = await look(tenantId, source, window);
    report.recordsCounted += looks.reduce((sum, { things }) => sum + things, 0);
    report.inDoubt += looks.reduce((sum, { inDoubt }) => sum + inDoubt, 0);
    let suspects = looks.filter(({ wrong }) => wrong.size > 0);
    for (let tries = MAX_TRIES; suspects.length > 0; tries--) {
      const seenAt = clock();
      if (recheckMs > 0) await pause(recheckMs);
      const again = await pMap(suspects, ({ range }) => look(tenantId, source, range), { concurrency: CONCURRENCY });
      // Whoever reads the streams knows whether they showed everything that the first look could have met.
      const isRead = await progress.isPast(source, seenAt);
      const left: Look[] = [];
      for (const [i, [now]] of again.entries()) {
        if (!now || now.wrong.size === 0) continue;
        const wrong = isRead ? agreed(suspects[i]!, now) : new Map<number, Wrong>();
        const isSure = wrong.size === now.wrong.size;
        const isTold = (isSure || tries === 1) && (!repair || await correct(tenantId, now.hour, wrong, report));
        if (isTold) note(now.hour, wrong, report);
        if (isTold && isSure) continue;
        if (tries > 1) left.push(now);
        else report.unsettled++;
      }
      suspects = left;
    }
  }

  /** Sets what is wrong and in no doubt. False where something was counted meanwhile: only another look tells what is right. */
  async function correct(
    tenantId: string,
    hour: HourBucket,
    wrong: ReadonlyMap<number, Wrong>,
    report: AuditReport,
  ): Promise<boolean> {
    const settled = [...wrong].filter(([, { isSettled }]) => isSettled);
    if (settled.length === 0) return true;
    const counts = new Map(settled.map(([minute, { recounted }]) => [minute, recounted]));
    if (!await store.correct(tenantId, hour, counts)) return false;
    report.repaired += counts.size;
    hub.wake(metricsKey(tenantId), `${hour.source} ${hour.hourAt}`);
    return true;
  }

  /** The hours of a range with what they hold and should hold. Buckets are read first: what comes later is not settled. */
  async function look(tenantId: string, source: MetricSource, { fromAt, toAt }: TimeRange): Promise<Look[]> {
    const now = clock();
    const hours = await store.listHours(tenantId, source, fromAt, toAt);
    const things: Counted[] = [];
    for await (const page of recountOf(source)!(tenantId, fromAt, toAt)) things.push(...page);
    const caughtUp = await progress.caughtUpAt(source);
    const settledAt = Math.max(now - STREAM_KEEPS_MS, caughtUp === undefined ? 0 : caughtUp - SECOND_MS);
    const byHour = Map.groupBy(things, ({ at }) => hourOf(at));
    const known = new Map(hours.map((hour) => [hour.hourAt, hour]));
    return [...new Set([...known.keys(), ...byHour.keys()])].sort((a, b) => a - b).map((hourAt) => {
      const range = { fromAt: Math.max(fromAt, hourAt), toAt: Math.min(toAt, hourAt + HOUR_MS) };
      const hour: HourBucket = known.get(hourAt) ?? emptyHour(source, hourAt);
      const own = byHour.get(hourAt) ?? [];
      const wrong = compareHour(hour, range, own, settledAt);
      return { hour, things: own.length, range, wrong, inDoubt: minutesInDoubt(hour, range, own) };
    });
  }

  function note(hour: HourBucket, wrong: ReadonlyMap<number, Wrong>, { differences }: AuditReport): void {
    for (const [minute, { recounted }] of wrong) {
      if (differences.length === MAX_DIFFERENCES) return;
      const start = hour.hourAt + minute * MINUTE_MS;
      differences.push({ bucket: toBucket(hour.source, "ONE_MINUTE", start, hour, clock()), recounted });
    }
  }

  return {
    audit,
    /** Whether a source's things are kept one by one, and so can be counted again. */
    canAudit: (source: MetricSource): boolean => recountOf(source) !== undefined,
  };
}

export type Audits = ReturnType<typeof createAudit>;
export type AuditMetrics = Audits["audit"];

/** The minutes that two looks find wrong in the same way. What was on its way between them is no difference. */
function agreed(before: Look, now: Look): Map<number, Wrong> {
  const countIn = ({ hour }: Look, minute: number) => hour.minutes.get(minute)?.count ?? 0;
  return new Map(
    [...now.wrong].filter(([minute, { recounted }]) =>
      before.wrong.get(minute)?.recounted === recounted && countIn(before, minute) === countIn(now, minute)
    ),
  );
}

function wholeMinutes({ fromAt, toAt }: TimeRange): TimeRange {
  return { fromAt: Math.floor(fromAt / MINUTE_MS) * MINUTE_MS, toAt: Math.ceil(toAt / MINUTE_MS) * MINUTE_MS };
}
