import { RECORDED_SOURCES, type RecordedSource } from "../resources.ts";
import * as v from "valibot";
import { instant, parseInput, tooFarAhead, words } from "../core/check.ts";
import { MINUTE_MS } from "../core/clock.ts";
import type { StreamPosition } from "../core/stream-position.ts";

/** What is counted. The first four are kept as records here; the rest is counted from what the other domains keep. */
export const SOURCES = [
  ...RECORDED_SOURCES,
  "SESSIONS",
  "MOTION_EVENTS",
  "JOURNEYS",
  "JOURNEY_EVENTS",
  "REVIEWS",
] as const;
export type MetricSource = (typeof SOURCES)[number];

export const BUCKET_MINUTES = { ONE_MINUTE: 1, FIVE_MINUTES: 5, FIFTEEN_MINUTES: 15, ONE_HOUR: 60 } as const;
export type BucketSize = keyof typeof BUCKET_MINUTES;

/** A record as it is kept: (tenant, source, recordId) once, for ever. */
export type MetricRecord = { source: RecordedSource; recordId: string; at: number };

/** A table of others whose items count: the names of the attributes that say whose and when, and what they count as. */
export type AttachedTable = { table: string; source: RecordedSource; tenant: string; at: string };
/** A record of another table, and where its stream told of it. */
export type RecordVersion =
  & { tenantId: string; source: RecordedSource; recordId: string }
  & Pick<StreamPosition, "shard" | "sequence" | "arrivedAt">;
export type ForeignRecord = RecordVersion & { at: number };

/** A thing that counts now, as a recount finds it: when it happened, and when it was written last. */
export type Counted = { at: number; arrivedAt: number };
/** Pages of all things of a tenant that count in a range. */
export type Recount = (tenantId: string, fromAt: number, toAt: number) => AsyncIterable<readonly Counted[]>;

/**
 * One thing that changes a count: `n` more (or fewer) of the source at an instant. Its place in the stream that it came
 * from says whether it was counted.
 */
export type CountChange = StreamPosition & {
  tenantId: string;
  source: MetricSource;
  at: number;
  n: number;
  /** True where the thing is gone because its time had come: it stays counted, and a recount does not find it. */
  isExpired?: true;
};

/** The counts of one tenant, source and hour as they are kept: sums of its minutes are the larger buckets. */
export type HourBucket = {
  source: MetricSource;
  hourAt: number;
  /** Count and version by minute, 0 to 59; what is missing is 0 of version 0. */
  minutes: ReadonlyMap<number, { count: number; version: number; expired: number }>;
  /** Grows with each write. */
  version: number;
};

/** A bucket as clients see it. */
export type MetricBucket = {
  source: MetricSource;
  size: BucketSize;
  start: number;
  end: number;
  count: number;
  closed: boolean;
  version: string;
};

export type MetricSeries = {
  source: MetricSource;
  size: BucketSize;
  buckets: MetricBucket[];
  total: number;
  /** Everything recorded up to here is counted; undefined where that is not known. */
  countedUpTo: number | undefined;
};

/** A quarter of 90 days by the hour is 2,161 buckets. */
export const LIMITS = { recordsPerBatch: 500, recordIdChars: 128, bucketsPerSeries: 2_200 } as const;

/** A bucket can still grow in the ordinary way until so long after its end. */
export const GRACE_MS = MINUTE_MS;

const record = v.object({
  source: v.picklist(
    RECORDED_SOURCES,
    `must be one of ${RECORDED_SOURCES.join(", ")}; the other sources are counted by the service itself`,
  ),
  recordId: words(LIMITS.recordIdChars),
  at: instant,
});
const batch = v.object({
  records: v.pipe(
    v.array(v.unknown()),
    v.check(
      (all) => all.length >= 1 && all.length <= LIMITS.recordsPerBatch,
      (issue) =>
        `must hold 1 to ${LIMITS.recordsPerBatch} records, has ${issue.input.length}; send more in further requests`,
    ),
  ),
});

/** What became of one record of a batch. */
export type MetricReceipt =
  | { status: "ACCEPTED" | "DUPLICATE" }
  | { status: "REJECTED"; reason: string }
  /** The id is known with another time, which stands. */
  | { status: "CONFLICT"; reason: string; stands: number };

/** Each record of a batch, or why it can never be one. Throws InvalidInputError where the batch itself is wrong. */
export function parseRecords(input: unknown, now: number): (MetricRecord | { reason: string })[] {
  return parseInput(batch, input).records.map((one) => {
    const parsed = v.safeParse(record, one);
    if (!parsed.success) {
      const reasons = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "record"}: ${issue.message}`);
      return { reason: reasons.join("; ") };
    }
    const ahead = tooFarAhead(parsed.output.at, now);
    return ahead ? { reason: `at: ${ahead}` } : parsed.output;
  });
}

const correction = v.object({
  source: v.picklist(RECORDED_SOURCES, `must be one of ${RECORDED_SOURCES.join(", ")}`),
  recordId: words(LIMITS.recordIdChars),
  expectedAt: instant,
  at: v.nullish(instant),
});

/** A record as it should be: at another time, or no more where `at` is null. `expectedAt` is what the sender saw. */
export type Correction = v.InferOutput<typeof correction>;

/** Throws InvalidInputError. */
export function parseCorrection(input: unknown, now: number): Correction {
  return parseInput(correction, input, ({ at }) => {
    const message = typeof at === "number" ? tooFarAhead(at, now) : undefined;
    return message ? [{ path: ["at"], message }] : [];
  });
}
