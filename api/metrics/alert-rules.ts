import { MINUTE_MS } from "../core/clock.ts";
import { formatInstant } from "../core/time.ts";
import type { Alert, AlertChange, AlertConflict, AlertMeasure, AlertRule, AlertState } from "./alert-model.ts";
import { BUCKET_MINUTES, GRACE_MS, type MetricBucket } from "./model.ts";

/** The end of the last bucket that is over at an instant. */
export function lastEnd(now: number, size: AlertRule["size"]): number {
  const bucketMs = BUCKET_MINUTES[size] * MINUTE_MS;
  return Math.floor((now - GRACE_MS) / bucketMs) * bucketMs;
}

/**
 * What a bucket comes to. Without any number the sum is 0, so that takings that stop are below; the average, the least and the
 * greatest are undefined, which is neither above nor below anything.
 */
export function valueOf({ count, measured }: MetricBucket, measure: AlertMeasure): number | undefined {
  if (measure === "COUNT") return count;
  if (!measured || measured.values === 0) return measure === "SUM" ? 0 : undefined;
  if (measure === "SUM") return measured.sum;
  if (measure === "AVERAGE") return measured.sum / measured.values;
  return measure === "MIN" ? measured.min : measured.max;
}

export function isSo(
  { condition, threshold }: Pick<AlertRule, "condition" | "threshold">,
  value: number | undefined,
): boolean {
  if (value === undefined) return false;
  return condition === "ABOVE" ? value > threshold : value < threshold;
}

/** What an alert's next buckets make of it, in order: how it is then, and where it came into another state. */
export function judge(alert: Alert, buckets: readonly MetricBucket[]): {
  streak: number;
  state: AlertState;
  since: number;
  turns: { state: AlertState; bucket: MetricBucket; value: number | undefined }[];
} {
  let { streak, state, since } = alert;
  const turns: { state: AlertState; bucket: MetricBucket; value: number | undefined }[] = [];
  for (const bucket of buckets) {
    const value = valueOf(bucket, alert.measure);
    streak = isSo(alert, value) ? Math.min(streak + 1, alert.lasting) : 0;
    const next = streak >= alert.lasting ? "RINGING" : "OK";
    if (next === state) continue;
    state = next;
    since = bucket.end;
    turns.push({ state, bucket, value });
  }
  return { streak, state, since, turns };
}

/** Whether two rules watch the same, so that what was seen by one holds for the other. */
export function isSameRule(a: AlertRule, b: AlertRule): boolean {
  return (["source", "size", "measure", "condition", "threshold", "lasting"] as const).every((name) =>
    a[name] === b[name]
  );
}

/** What is wrong with changing an alert that a person saw at a version; undefined: nothing. */
export function conflictOf(current: Alert | undefined, seen: number | undefined): AlertConflict | undefined {
  const at = current?.ruleVersion ?? 0;
  if (seen === undefined || seen === at) return undefined;
  const message = current
    ? `The alert is at version ${at}, not ${seen}: look at what changed, then say it again with expectedVersion ${at}.`
    : `There is no such alert any more, and you saw version ${seen}: with expectedVersion 0 it is made anew.`;
  return { __typename: "AlertConflictError", code: "VERSION_CONFLICT", message, current };
}

/** What a webhook tells: instants as text, as the contract shows them. */
export function toData({ at, bucketStart, bucketEnd, ...change }: Omit<AlertChange, "tenantId">): object {
  const shown = (instant: number | undefined) => (instant === undefined ? null : formatInstant(instant));
  return {
    ...change,
    ...{
      at: formatInstant(at),
      bucketStart: shown(bucketStart),
      bucketEnd: shown(bucketEnd),
      value: change.value ?? null,
    },
  };
}

export function toChange(
  alert: Alert,
  state: AlertState,
  at: number,
  why: { reason: "BUCKET"; bucket: MetricBucket; value: number | undefined } | { reason: "CONFIGURED" | "DELETED" },
): AlertChange {
  const { tenantId, alertId, name, source, size, measure, threshold } = alert;
  const bucket = why.reason === "BUCKET" ? why.bucket : undefined;
  return {
    changeId: [String(at).padStart(13, "0"), alertId, bucket?.end ?? why.reason].join("#"),
    ...{ tenantId, alertId, name, state, reason: why.reason, at, source, size, measure, threshold },
    ...{ bucketStart: bucket?.start, bucketEnd: bucket?.end, value: why.reason === "BUCKET" ? why.value : undefined },
  };
}
