import type { AuditRollups, RolledUp } from "../analytics/audit.ts";
import { DAY_MS, HOUR_MS } from "../core/clock.ts";
import type { TimeRange } from "../core/range.ts";
import { formatInstant } from "../core/time.ts";
import type { Audits } from "../metrics/audit.ts";
import { type MetricSource, SOURCES } from "../metrics/model.ts";
import { hourOf } from "../metrics/rules.ts";
import type { MetricStore } from "../metrics/store.ts";

/** What a recount of one source, or of the rollups of sessions or journeys, found: in words, and how much is wrong still. */
export type Recounted = { tenantId: string; of: string; line: string; wrong: number };

export type RecountOptions = {
  audits: Audits;
  auditRollups: AuditRollups;
  store: Pick<MetricStore, "listActive" | "listSources">;
};

const ROLLED_UP: readonly RolledUp[] = ["SESSIONS", "JOURNEYS"];
/** Rollups are counted again for so many days at once. */
const MAX_DAYS = 31;
const SHOWN = 5;

/** Counts everything of a range again, of one tenant or of all that have counts in it, and sets right what is wrong with `repair`. */
export function createRecount({ audits, auditRollups, store }: RecountOptions) {
  return async function* recount(
    { tenantId, range, repair }: { tenantId?: string | undefined; range: TimeRange; repair: boolean },
  ): AsyncGenerator<Recounted> {
    for (const tenant of tenantId === undefined ? await tenantsIn(range) : [tenantId]) {
      const own = await store.listSources(tenant);
      for (const source of [...SOURCES, ...own]) yield await ofSource(tenant, source, range, repair);
      for (const kind of ROLLED_UP) yield await ofRollups(tenant, kind, range, repair);
    }
  };

  async function tenantsIn({ fromAt, toAt }: TimeRange): Promise<string[]> {
    const found = new Set<string>();
    for (let hourAt = hourOf(fromAt); hourAt < toAt; hourAt += HOUR_MS) {
      for await (const page of store.listActive(hourAt)) for (const { tenantId } of page) found.add(tenantId);
    }
    return [...found].sort();
  }

  async function ofSource(
    tenantId: string,
    source: MetricSource,
    { fromAt, toAt }: TimeRange,
    repair: boolean,
  ): Promise<Recounted> {
    const range = { between: { from: fromAt, to: toAt } };
    const report = await audits.audit(tenantId, { source, range, repair });
    const counts = report.differences.map(({ bucket, recounted }) =>
      `${formatInstant(bucket.start)} has ${bucket.count}, not ${recounted}`
    );
    const measured = report.measureDifferences.map(({ start, dimension, found, recounted }) =>
      `${formatInstant(start)}${dimension ? ` ${dimension.key} ${dimension.value}` : ""} ` +
      `has ${JSON.stringify(found)}, not ${JSON.stringify(recounted)}`
    );
    const all = [...counts, ...measured];
    const what = `${report.recordsCounted} in ${report.bucketsChecked} minutes`;
    return said(tenantId, source, what, { ...report, differences: all }, all);
  }

  async function ofRollups(
    tenantId: string,
    of: RolledUp,
    { fromAt, toAt }: TimeRange,
    repair: boolean,
  ): Promise<Recounted> {
    const sums = { things: 0, days: 0, differences: 0, repaired: 0, unsettled: 0, inDoubt: 0 };
    const shown: string[] = [];
    for (let from = fromAt; from < toAt; from += MAX_DAYS * DAY_MS) {
      const range = { between: { from, to: Math.min(toAt, from + MAX_DAYS * DAY_MS) } };
      const report = await auditRollups(tenantId, { of, range, repair });
      sums.things += report.thingsCounted;
      sums.days += report.daysChecked;
      sums.differences += report.differences.length;
      sums.repaired += report.repaired;
      sums.unsettled += report.unsettled;
      sums.inDoubt += report.daysInDoubt.length;
      shown.push(...report.differences.map((one) => `${one.item} ${one.number} is ${one.count}, not ${one.recounted}`));
    }
    const what = `${sums.things} in ${sums.days} days`;
    return said(tenantId, `rollups of ${of}`, what, { ...sums, differences: { length: sums.differences } }, shown);
  }
}

/** A line such as `demo ITEMS: 60 in 1440 minutes, 2 differences (2 set right)`. */
function said(
  tenantId: string,
  of: string,
  what: string,
  { differences, repaired, unsettled, inDoubt }: {
    differences: { length: number };
    repaired: number;
    unsettled: number;
    inDoubt: number;
  },
  shown: readonly string[],
): Recounted {
  const parts = [
    `${what}, ${differences.length} differences`,
    ...(repaired > 0 ? [`${repaired} set right`] : []),
    ...(unsettled > 0 ? [`${unsettled} not settled: run it again`] : []),
    ...(inDoubt > 0 ? [`${inDoubt} in doubt: something of them has expired`] : []),
  ];
  const examples = shown.slice(0, SHOWN).map((text) => `\n  ${text}`).join("");
  const wrong = differences.length - repaired + unsettled;
  return { tenantId, of, line: `${tenantId} ${of}: ${parts.join(", ")}${examples}`, wrong };
}
