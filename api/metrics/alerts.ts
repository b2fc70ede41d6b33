import pMap from "p-map";
import * as v from "valibot";
import type { TransactWrite } from "../aws/dynamo.ts";
import { type Clock, MINUTE_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { createCursors, type Page, parseFirst } from "../core/page.ts";
import { LOST, retryLost } from "../core/writes.ts";
import type { Hub } from "../live/hub.ts";
import {
  type Alert,
  ALERT_LIMITS,
  type AlertChange,
  type AlertConflict,
  parseAlert,
  parseSeenVersion,
} from "./alert-model.ts";
import { conflictOf, isSameRule, judge, lastEnd, toChange } from "./alert-rules.ts";
import type { AlertStore } from "./alert-store.ts";
import type { Measuring } from "./measuring.ts";
import { BUCKET_MINUTES, isRecorded, type MetricBucket, type MetricSource } from "./model.ts";
import { toSeries, withMeasures } from "./rules.ts";
import type { MetricStore } from "./store.ts";

export type Alerts = ReturnType<typeof createAlerts>;

export type AlertsOptions = {
  alerts: AlertStore;
  store: Pick<MetricStore, "listHours">;
  measuring: Pick<Measuring, "list">;
  hub: Hub;
  /** Tells those who follow alerts elsewhere. Never throws. */
  wakeElsewhere: (tenantId: string) => Promise<void>;
  clock: Clock;
  caughtUpAt: (source: MetricSource) => Promise<number | undefined>;
  /** What tells the world of a change, as a part of the transaction that makes it. */
  tell: (change: AlertChange) => TransactWrite;
};

const MAX_PAGE = 100;
const AT_ONCE = 16;
/** So many buckets are judged in one go, and the next after it: each may turn an alert, and a transaction holds a hundred parts. */
const BUCKETS_AT_ONCE = 40;

export function alertsKey(tenantId: string): string {
  return `alerts:${tenantId}`;
}

/**
 * Alerts over buckets that are over. Each bucket is judged once, in order: an alert says how far it was judged, and is written
 * on the condition that nobody judged it further, in one transaction with the history and with what tells others. So a crash
 * between judging and telling is no gap, and two processes make no two changes.
 */
export function createAlerts({ alerts, store, measuring, hub, wakeElsewhere, clock, caughtUpAt, tell }: AlertsOptions) {
  return {
    /** In the order of their names. */
    async list(tenantId: string): Promise<Alert[]> {
      return (await alerts.listAlerts(tenantId)).sort((a, b) => (a.name < b.name ? -1 : 1));
    },

    /**
     * Makes an alert, or changes the one of this id. One with the same rule goes on; another rule begins anew, with the bucket
     * that is running. Where it is as asked already, nothing is written: said again after an answer that was lost, it is no
     * conflict. Throws InvalidInputError.
     */
    async configure(tenantId: string, userId: string, input: unknown): Promise<Alert | AlertConflict> {
      const asked = parseAlert(input);
      const seen = parseSeenVersion(input);
      return await retryLost(async () => {
        const now = clock();
        const before = await alerts.findAlert(tenantId, asked.alertId);
        if (before && before.name === asked.name && isSameRule(before, asked)) return before;
        const conflict = conflictOf(before, seen);
        if (conflict) return conflict;
        if (!before && (await alerts.listAlerts(tenantId)).length >= ALERT_LIMITS.alerts) {
          const message = `would be one more than the ${ALERT_LIMITS.alerts} that a tenant may have; delete one first`;
          throw new InvalidInputError([{ path: ["alertId"], message }]);
        }
        const versions = { version: (before?.version ?? 0) + 1, ruleVersion: (before?.ruleVersion ?? 0) + 1 };
        const after: Alert = before && isSameRule(before, asked) ? { ...before, ...asked, ...versions } : {
          ...{ ...asked, ...versions, tenantId },
          ...{ createdAt: before?.createdAt ?? now, createdBy: before?.createdBy ?? userId },
          ...{ state: "OK", since: now, streak: 0, judgedTo: startOf(now, asked.size) },
        };
        const isEnded = before?.state === "RINGING" && after.state === "OK";
        const changes = isEnded ? [toChange(after, "OK", now, { reason: "CONFIGURED" })] : [];
        return await write(before, after, changes) ? after : LOST;
      });
    },

    /** The alert as it was; undefined where the tenant has none such. Throws InvalidInputError. */
    async remove(tenantId: string, alertId: string, input: unknown = {}): Promise<Alert | AlertConflict | undefined> {
      const seen = parseSeenVersion(input);
      return await retryLost(async () => {
        const before = await find(tenantId, alertId);
        if (!before) return undefined;
        const conflict = conflictOf(before, seen);
        if (conflict) return conflict;
        const changes = before.state === "RINGING" ? [toChange(before, "OK", clock(), { reason: "DELETED" })] : [];
        return await write(before, undefined, changes) ? before : LOST;
      });
    },

    /** The history, latest first. Throws InvalidInputError where `first` or `after` cannot be. */
    async history(
      tenantId: string,
      { first, after, alertId }: {
        first: number;
        after?: string | null | undefined;
        alertId?: string | null | undefined;
      },
    ): Promise<Page<AlertChange>> {
      const cursors = createCursors("alert changes", [tenantId, alertId ?? null], v.string());
      const limit = parseFirst(first, MAX_PAGE);
      const position = cursors.decode(after);
      const asked = { alertId: alertId ?? undefined, limit: limit + 1, after: position };
      const isPossible = asked.alertId === undefined || isAlertId(asked.alertId);
      const found = isPossible ? await alerts.listChanges(tenantId, asked) : [];
      return {
        edges: found.slice(0, limit).map((node) => ({ cursor: cursors.encode(node.changeId), node })),
        hasNextPage: found.length > limit,
        hasPreviousPage: position !== undefined,
      };
    },

    /** The job that judges all alerts whose buckets are over. Any number of processes may run it. */
    async sweep(): Promise<Record<string, number>> {
      const did = { alerts: 0, judged: 0, changed: 0 };
      for await (const page of alerts.listAll()) {
        did.alerts += page.length;
        await pMap(page, async (alert) => {
          const { judged, changed } = await judgeNext(alert);
          did.judged += judged;
          did.changed += changed;
        }, { concurrency: AT_ONCE });
      }
      return did;
    },
  };

  async function find(tenantId: string, alertId: string): Promise<Alert | undefined> {
    return isAlertId(alertId) ? await alerts.findAlert(tenantId, alertId) : undefined;
  }

  async function judgeNext(first: Alert): Promise<{ judged: number; changed: number }> {
    const did = { judged: 0, changed: 0 };
    for (let alert = first;;) {
      const now = clock();
      const bucketMs = BUCKET_MINUTES[alert.size] * MINUTE_MS;
      // What this process knows to be uncounted is waited for.
      const known = Math.min(now, await caughtUpAt(alert.source) ?? now);
      const toAt = Math.min(lastEnd(known, alert.size), alert.judgedTo + BUCKETS_AT_ONCE * bucketMs);
      if (toAt <= alert.judgedTo) return did;
      const buckets = await bucketsOf(alert, alert.judgedTo, toAt, now);
      const { turns, ...judged } = judge(alert, buckets);
      const after: Alert = { ...alert, ...judged, judgedTo: toAt, version: alert.version + 1 };
      const changes = turns.map(({ state, ...turn }) => toChange(after, state, now, { reason: "BUCKET", ...turn }));
      if (!await write(alert, after, changes)) return did;
      did.judged += buckets.length;
      did.changed += changes.length;
      alert = after;
    }
  }

  async function bucketsOf(
    { tenantId, source, size, measure }: Alert,
    fromAt: number,
    toAt: number,
    now: number,
  ): Promise<MetricBucket[]> {
    const bucketMs = BUCKET_MINUTES[size] * MINUTE_MS;
    const bounds = Array.from({ length: (toAt - fromAt) / bucketMs + 1 }, (_, i) => fromAt + i * bucketMs);
    // As they are: what was counted a moment ago is in them, and nobody looks again.
    const asIs = { consistent: true };
    const counts = toSeries(source, size, bounds, await store.listHours(tenantId, source, fromAt, toAt, asIs), now);
    if (measure === "COUNT" || !isRecorded(source)) return counts.buckets;
    return withMeasures(counts, await measuring.list(tenantId, source, undefined, fromAt, toAt, asIs)).buckets;
  }

  async function write(
    before: Alert | undefined,
    after: Alert | undefined,
    changes: readonly AlertChange[],
  ): Promise<boolean> {
    const isWritten = await alerts.write(before, after, changes, changes.map(tell));
    if (isWritten && changes.length > 0) {
      const { tenantId } = changes[0]!;
      hub.wake(alertsKey(tenantId));
      await wakeElsewhere(tenantId);
    }
    return isWritten;
  }
}

/** Where the bucket of an instant begins. */
function startOf(at: number, size: Alert["size"]): number {
  const bucketMs = BUCKET_MINUTES[size] * MINUTE_MS;
  return Math.floor(at / bucketMs) * bucketMs;
}

/** Whether an alert may be called so. */
function isAlertId(text: string): boolean {
  return /^[\w.-]{1,64}$/.test(text);
}
