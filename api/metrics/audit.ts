import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import { type Clock, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { parseRange, type RangeInput, type TimeRange } from "../core/range.ts";
import type { Hub } from "../live/hub.ts";
import {
  createMeasureAudit,
  isAgreed,
  type MeasureDifference,
  toDifference,
  type WrongCell,
} from "./audit-measures.ts";
import {
  type Counted,
  type CountedRecord,
  type HourBucket,
  isRecorded,
  type MetricBucket,
  type MetricSource,
  type Recount,
  type Slot,
  SOURCES,
} from "./model.ts";
import { compareHour, emptyHour, hourOf, minutesInDoubt, minutesShort, toBucket, type Wrong } from "./rules.ts";
import type { Progress } from "./progress.ts";
import { checkStart } from "./series.ts";
import { metricsKey } from "./service.ts";
import type { MetricStore } from "./store.ts";

export type BucketDifference = { bucket: MetricBucket; recounted: number };
export type AuditReport = {
  recordsCounted: number;
  /** Buckets of one minute. */
  bucketsChecked: number;
  differences: BucketDifference[];
  /** Of numbers and dimensions: minutes of groups. */
  measureDifferences: MeasureDifference[];
  /** Of both. */
  repaired: number;
  /** Hours of which two looks did not agree, or nobody knows whether the stream was read: nothing is said of them. */
  unsettled: number;
  /** Minutes of which something has expired, and not as much as is not found any more: they may be short of something else. */
  inDoubt: number;
  /** Minutes that hold less than is found, where some of that is too young to tell whether another was left out. */
  short: number;
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
  /** What the records measure, by group and minute. */
  wrongCells: ReadonlyMap<string, WrongCell>;
  inDoubt: number;
  short: number;
};
const sizeOf = ({ wrong, wrongCells }: Pick<Look, "wrong" | "wrongCells">) => wrong.size + wrongCells.size;

type Found = Pick<Look, "hour" | "wrong" | "wrongCells">;
type Of = { tenantId: string; source: MetricSource; isThorough: boolean };

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
 * to have read the stream past the first look. What records measure is compared likewise, but for minutes of which something is
 * on its way or has expired. A repair is conditional on the version of the hour that was read, so it is never
 * added to what the stream counts meanwhile.
 */
export function createAudit(
  { store, hub, clock, progress, onAudited, recountOf, recheckMs = RECHECK_MS }: AuditOptions,
) {
  const measures = createMeasureAudit(store);

  /**
   * What records measure costs a read of each record. Without `isThorough` they are read only where some of it is kept: a source
   * that is only counted costs its index, and one whose numbers were all lost is not found out.
   */
  async function audit(
    tenantId: string,
    { source, range, repair, isThorough = true }: {
      source: MetricSource;
      range: RangeInput;
      repair: boolean;
      isThorough?: boolean;
    },
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
    checkStart(fromAt);
    const report: AuditReport = {
      recordsCounted: 0,
      bucketsChecked: (toAt - fromAt) / MINUTE_MS,
      differences: [],
      measureDifferences: [],
      repaired: 0,
      unsettled: 0,
      inDoubt: 0,
      short: 0,
    };
    for (let at = fromAt; at < toAt; at = hourOf(at) + WINDOW_MS) {
      const window = { fromAt: at, toAt: Math.min(toAt, hourOf(at) + WINDOW_MS) };
      await auditWindow({ tenantId, source, isThorough }, window, repair, report);
    }
    onAudited?.(source, report.recordsCounted);
    return report;
  }

  async function auditWindow(
    of: Of,
    window: TimeRange,
    repair: boolean,
    report: AuditReport,
  ): Promise<void> {
    const { source } = of;
    const looks = await look(of, window);
    report.recordsCounted += looks.reduce((sum, { things }) => sum + things, 0);
    // What is said of an hour is what its last look says: what was wrong in the first may be too young to tell by then.
    const close = ({ inDoubt, short }: Look) => {
      report.inDoubt += inDoubt;
      report.short += short;
    };
    looks.filter((one) => sizeOf(one) === 0).forEach(close);
    let suspects = looks.filter((one) => sizeOf(one) > 0);
    for (let tries = MAX_TRIES; suspects.length > 0; tries--) {
      const seenAt = clock();
      if (recheckMs > 0) await pause(recheckMs);
      const again = await pMap(suspects, ({ range }) => look(of, range), { concurrency: CONCURRENCY });
      // Whoever reads the streams knows whether they showed everything that the first look could have met.
      const isRead = await progress.isPast(source, seenAt);
      const left: Look[] = [];
      for (const [i, [now]] of again.entries()) {
        if (!now) continue;
        if (sizeOf(now) === 0) {
          close(now);
          continue;
        }
        const found: Found = isRead
          ? { hour: now.hour, wrong: agreed(suspects[i]!, now), wrongCells: agreedCells(suspects[i]!, now) }
          : { hour: now.hour, wrong: new Map(), wrongCells: new Map() };
        const isSure = sizeOf(found) === sizeOf(now);
        const isTold = (isSure || tries === 1) && (!repair || await correct(of, found, report));
        if (isTold) note(found, report);
        if (isTold && isSure) close(now);
        else if (tries > 1) left.push(now);
        else {
          close(now);
          report.unsettled++;
        }
      }
      suspects = left;
    }
  }

  /** Sets what is wrong and in no doubt. False where something was counted meanwhile: only another look tells what is right. */
  async function correct(
    { tenantId, source }: Of,
    { hour, wrong, wrongCells }: Found,
    report: AuditReport,
  ): Promise<boolean> {
    const bySlot = Map.groupBy(wrongCells.values(), ({ slot }) => slot);
    const set = await pMap(
      bySlot.values(),
      async (cells) => await measures.correct(tenantId, source, cells) ? cells : [],
      { concurrency: CONCURRENCY },
    );
    const isAll = set.flat().length === wrongCells.size;
    report.repaired += set.flat().length;
    // After the numbers, which a new version of their minute tells of.
    const measured = set.flat().map(({ at }) => minuteOf(hour, at));
    const settled = [...wrong].filter(([, { isSettled }]) => isSettled);
    const counts = new Map([
      ...measured.map((minute) => [minute, hour.minutes.get(minute)?.count ?? 0] as const),
      ...settled.map(([minute, { recounted }]) => [minute, recounted] as const),
    ]);
    if (counts.size === 0) return isAll;
    if (!await store.correct(tenantId, hour, counts)) return false;
    report.repaired += settled.length;
    const by = { tenantId, source, shard: "audit", sequence: `${hour.hourAt}-${hour.version}` };
    const changed = [...counts.keys()].map((minute) => ({ ...by, at: hour.hourAt + minute * MINUTE_MS }));
    await store.lateHours.note(changed, clock());
    hub.wake(metricsKey(tenantId), `${hour.source} ${hour.hourAt}`);
    return isAll;
  }

  /** The hours of a range with what they hold and should hold. Buckets are read first: what comes later is not settled. */
  async function look({ tenantId, source, isThorough }: Of, { fromAt, toAt }: TimeRange): Promise<Look[]> {
    const now = clock();
    const whole = { fromAt, toAt };
    const hours = await store.listHours(tenantId, source, fromAt, toAt, { consistent: true });
    const kept: Slot[] = isRecorded(source) ? await measures.listKept(tenantId, source, whole) : [];
    const records: CountedRecord[] | undefined = isRecorded(source) && (isThorough || kept.length > 0)
      ? await store.listMeasured(tenantId, source, fromAt, toAt)
      : undefined;
    const things: Counted[] = records ?? [];
    if (!records) { for await (const page of recountOf(source)!(tenantId, fromAt, toAt)) things.push(...page); }
    const caughtUp = await progress.caughtUpAt(source);
    const settledAt = Math.max(now - STREAM_KEEPS_MS, caughtUp === undefined ? 0 : caughtUp - SECOND_MS);
    const byHour = Map.groupBy(things, ({ at }) => hourOf(at));
    const known = new Map(hours.map((hour) => [hour.hourAt, hour]));
    const pending = new Set(things.filter(({ arrivedAt }) => arrivedAt >= settledAt).map(({ at }) => minuteAt(at)));
    const isSure = (at: number) => {
      const hour = known.get(hourOf(at));
      return !pending.has(at) && !hour?.minutes.get(minuteOf(hour, at))?.expired;
    };
    const cells = records
      ? await measures.compare({ tenantId, source, range: whole }, kept, records, isSure)
      : new Map();
    const cellsByHour = Map.groupBy(cells as Map<string, WrongCell>, ([, { at }]) => hourOf(at));
    return [...new Set([...known.keys(), ...byHour.keys(), ...cellsByHour.keys()])].sort((a, b) => a - b).map(
      (hourAt) => {
        const range = { fromAt: Math.max(fromAt, hourAt), toAt: Math.min(toAt, hourAt + HOUR_MS) };
        const hour: HourBucket = known.get(hourAt) ?? emptyHour(source, hourAt);
        const own = byHour.get(hourAt) ?? [];
        const wrong = compareHour(hour, range, own, settledAt);
        const wrongCells = new Map(cellsByHour.get(hourAt));
        return {
          hour,
          things: own.length,
          range,
          wrong,
          wrongCells,
          inDoubt: minutesInDoubt(hour, range, own),
          short: minutesShort(hour, range, own, settledAt),
        };
      },
    );
  }

  function note({ hour, wrong, wrongCells }: Found, { differences, measureDifferences }: AuditReport): void {
    for (const cell of wrongCells.values()) {
      if (measureDifferences.length < MAX_DIFFERENCES) measureDifferences.push(toDifference(hour.source, cell));
    }
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

function agreedCells(before: Look, now: Look): Map<string, WrongCell> {
  return new Map([...now.wrongCells].filter(([name, cell]) => isAgreed(before.wrongCells.get(name), cell)));
}

function minuteAt(at: number): number {
  return Math.floor(at / MINUTE_MS) * MINUTE_MS;
}

function minuteOf({ hourAt }: HourBucket, at: number): number {
  return Math.floor((at - hourAt) / MINUTE_MS);
}

function wholeMinutes({ fromAt, toAt }: TimeRange): TimeRange {
  return { fromAt: Math.floor(fromAt / MINUTE_MS) * MINUTE_MS, toAt: Math.ceil(toAt / MINUTE_MS) * MINUTE_MS };
}
