import * as v from "valibot";
import { parseInput, whole, words } from "../core/check.ts";
import {
  BUCKET_MINUTES,
  type FixedSize,
  isOwnSource,
  isRecorded,
  type MetricSource,
  OWN_SOURCE_RULE,
  SOURCES,
} from "./model.ts";

export const MEASURES = ["COUNT", "SUM", "AVERAGE", "MIN", "MAX"] as const;
export type AlertMeasure = (typeof MEASURES)[number];
export type AlertState = "OK" | "RINGING";

/** What is watched: buckets of a source of which `lasting` in a row are above or below a number. */
export type AlertRule = {
  source: MetricSource;
  size: FixedSize;
  measure: AlertMeasure;
  condition: "ABOVE" | "BELOW";
  threshold: number;
  lasting: number;
};

export type Alert = AlertRule & {
  alertId: string;
  tenantId: string;
  name: string;
  createdAt: number;
  createdBy: string;
  state: AlertState;
  /** When it came into its state: the end of the bucket that decided. */
  since: number;
  /** Buckets in a row that were so, up to the last one judged. */
  streak: number;
  /** The end of the last bucket that was judged: each is judged once. */
  judgedTo: number;
  /** Grows with each write, also of what was judged: the next one's condition. */
  version: number;
  /** Grows with each change by a person: what the next one says that they saw. 1 in alerts of before there was this. */
  ruleVersion: number;
};

/** Somebody changed an alert since a person saw it; `current` undefined: it is no more, or never was. */
export type AlertConflict = {
  __typename: "AlertConflictError";
  code: "VERSION_CONFLICT";
  message: string;
  current: Alert | undefined;
};

/** An alert came into another state. */
export type AlertChange = {
  /** Place in the history: when it was decided, and of which alert and bucket. */
  changeId: string;
  tenantId: string;
  alertId: string;
  name: string;
  state: AlertState;
  /** Why without a bucket: the rule was changed, or the alert was deleted. */
  reason: "BUCKET" | "CONFIGURED" | "DELETED";
  at: number;
  source: MetricSource;
  size: FixedSize;
  measure: AlertMeasure;
  threshold: number;
  bucketStart: number | undefined;
  bucketEnd: number | undefined;
  /** What the bucket came to. */
  value: number | undefined;
};

export const ALERT_LIMITS = { alerts: 100, idChars: 64, nameChars: 100, lasting: 100 } as const;

const rule = v.object({
  alertId: v.pipe(
    v.string("must be text"),
    v.regex(/^[\w.-]{1,64}$/, "must be 1 to 64 of A-Z, a-z, 0-9, `_`, `.` and `-`"),
  ),
  name: words(ALERT_LIMITS.nameChars),
  source: v.pipe(
    v.string("must be text"),
    v.check(
      (source) => (SOURCES as readonly string[]).includes(source) || isOwnSource(source),
      `must be one of ${SOURCES.join(", ")}, or a name of your own: ${OWN_SOURCE_RULE}`,
    ),
  ),
  size: v.picklist(
    Object.keys(BUCKET_MINUTES) as FixedSize[],
    `must be one of ${Object.keys(BUCKET_MINUTES).join(", ")}`,
  ),
  measure: v.nullish(v.picklist(MEASURES), "COUNT"),
  condition: v.picklist(["ABOVE", "BELOW"]),
  threshold: v.pipe(
    v.number("must be a number"),
    v.check((n) => Math.abs(n) <= 1e15, "must be from -10^15 to 10^15"),
  ),
  lasting: v.pipe(
    v.nullish(v.number("must be a whole number"), 1),
    v.check(
      (n) => Number.isInteger(n) && n >= 1 && n <= ALERT_LIMITS.lasting,
      (issue) => `must be 1 to ${ALERT_LIMITS.lasting} buckets, got ${issue.input}`,
    ),
  ),
});
export type NewAlert = v.InferOutput<typeof rule>;

const seen = v.object({ expectedVersion: v.nullish(whole(0, Number.MAX_SAFE_INTEGER)) });

/** The `ruleVersion` that a person saw, 0 of one that is not there; undefined where they did not say. Throws InvalidInputError. */
export function parseSeenVersion(input: unknown): number | undefined {
  return parseInput(seen, input).expectedVersion ?? undefined;
}

/** Throws InvalidInputError. */
export function parseAlert(input: unknown): NewAlert {
  return parseInput(rule, input, ({ source, measure, condition, threshold }) => {
    const isAlways = condition === "BELOW" ? threshold <= 0 : threshold < 0;
    if (measure === "COUNT" && isAlways) {
      const why = condition === "BELOW"
        ? "no count is below that: it would never ring"
        : "every count is: it would never end";
      return [{ path: ["threshold"], message: `must be ${condition === "BELOW" ? "above 0" : "0 or more"}; ${why}` }];
    }
    if (measure === "COUNT" || isRecorded(source)) return [];
    const message = `must be COUNT for ${source}, whose records have no numbers; it is ${measure}`;
    return [{ path: ["measure"], message }];
  });
}
