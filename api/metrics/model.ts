import { DIMENSION_KEY, MAX_DIMENSIONS, OWN_SOURCES, RECORDED_SOURCES, type RecordedSource } from "../resources.ts";
import * as v from "valibot";
import { fieldName, instant, parseInput, tooFarAhead, words } from "../core/check.ts";
import { MINUTE_MS } from "../core/clock.ts";
import type { StreamPosition } from "../core/stream-position.ts";

/** What is there to be counted in every tenant. The first four are records of clients; the rest the other domains keep. */
export const SOURCES = [
  ...RECORDED_SOURCES,
  "SESSIONS",
  "MOTION_EVENTS",
  "JOURNEYS",
  "JOURNEY_EVENTS",
  "REVIEWS",
] as const;
/** One of these, or a name that the tenant gave to records of its own: `checkout.paid`. */
export type MetricSource = string;

const OWN_SOURCE = /^[a-z][a-z0-9_.-]{0,63}$/;
export const OWN_SOURCE_RULE = "1 to 64 of a-z, 0-9, `_`, `.` and `-`, beginning with a letter";

/** A name in small letters is a tenant's own. */
export function isOwnSource(source: string): boolean {
  return OWN_SOURCE.test(source);
}

/** Whether its single records are kept in the table `records`. */
export function isRecorded(source: string): boolean {
  return isOwnSource(source) || (RECORDED_SOURCES as readonly string[]).includes(source);
}

/** How the keys of records end: what counts them waits for each of ours by itself, and for all of the tenants' together. */
export function recordPart(source: string): string {
  return isOwnSource(source) ? `${source}#${OWN_SOURCES}` : source;
}

export const BUCKET_MINUTES = { ONE_MINUTE: 1, FIVE_MINUTES: 5, FIFTEEN_MINUTES: 15, ONE_HOUR: 60 } as const;
export const PERIODS = { DAY: "day", WEEK: "week", MONTH: "month" } as const;
/** Days, weeks and months are those of a zone's calendar; the others are aligned in UTC. */
export type Period = keyof typeof PERIODS;
export type FixedSize = keyof typeof BUCKET_MINUTES;
export type BucketSize = FixedSize | Period;

export function isPeriod(size: BucketSize): size is Period {
  return Object.hasOwn(PERIODS, size);
}

/** A record as it is kept: (tenant, source, recordId) once, for ever. */
export type MetricRecord = {
  source: MetricSource;
  recordId: string;
  at: number;
  /** To six digits after the point. */
  value?: number | undefined;
  dimensions: Dimensions;
};

/** What a record is told apart by, such as country NL: sorted by key, no key twice. */
export type Dimensions = readonly (readonly [key: string, value: string])[];

/**
 * A table of others whose items count: the names of the attributes that say whose and when, and what they count as; and of those
 * that say what they measure, `dimensions` by their keys.
 */
export type AttachedTable = { table: string; source: RecordedSource; tenant: string; at: string } & {
  value?: string | undefined;
  dimensions?: Readonly<Record<string, string>> | undefined;
};
/** A record of another table, and where its stream told of it. */
export type RecordVersion =
  & { tenantId: string; source: RecordedSource; recordId: string }
  & Pick<StreamPosition, "shard" | "sequence" | "arrivedAt">;
export type ForeignRecord = RecordVersion & {
  at: number;
  /** Undefined where its table says nothing of that: then what is known stays. */
  measures?: Pick<MetricRecord, "value" | "dimensions"> | undefined;
};

/** A thing that counts now, as a recount finds it: when it happened, and when it was written last. */
export type Counted = { at: number; arrivedAt: number };
/** The same with what it measures. */
export type CountedRecord = Counted & Pick<MetricRecord, "value" | "dimensions">;
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
  /** What the records say beside that they are there; those that say nothing have none. */
  measures?: readonly Measure[];
  /** True where the thing is gone because its time had come: it stays counted, and a recount does not find it. */
  isExpired?: true;
};

/** A record with a number or dimensions, that counts from now on (1) or no more (-1). */
export type Measure = { n: 1 | -1; value?: number | undefined; dimensions: Dimensions };

/** The counts of one tenant, source and hour as they are kept: sums of its minutes are the larger buckets. */
export type HourBucket = {
  source: MetricSource;
  hourAt: number;
  /** Count and version by minute, 0 to 59; what is missing is 0 of version 0. */
  minutes: ReadonlyMap<number, { count: number; version: number; expired: number }>;
  /** What the records measure; undefined where nobody asked. */
  slots?: readonly Slot[] | undefined;
  /** The same by each value of a dimension; undefined where nobody asked. */
  groups?: readonly Slot[] | undefined;
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
  /** Of the records that have a number; undefined where nobody asked. */
  measured?: Measured | undefined;
  /** The same bucket of the records with each value of a dimension; undefined where nobody asked. */
  parts?: (() => MetricPart[]) | undefined;
};

/** Those of a bucket's records that have a dimension. */
export type MetricPart = { dimension: { key: string; value: string }; bucket: MetricBucket };

/** Of which records: all with a number, or those with a dimension of this key and value. */
export type Group = { key: string; value: string } | undefined;

/** What the records of a minute come to. */
export type Cell = {
  /** Records, and those of them with a number. */
  n: number;
  values: number;
  /** Millionths. */
  units: bigint;
  min: number | undefined;
  max: number | undefined;
  /** A number was taken away, which may have been the least or the greatest: only the records say what is now. */
  isInDoubt: boolean;
};

/** A quarter of an hour of one group as it is kept. */
export type Slot = { group: Group; slotAt: number; version: number; cells: ReadonlyMap<number, Cell> };

/** What the numbers of some records come to. `min` and `max` are undefined where there are none, or it is not known yet. */
export type Measured = { values: number; sum: number; min: number | undefined; max: number | undefined };

export type MetricSeries = {
  source: MetricSource;
  /** Of the records that have this only. */
  dimension?: { key: string; value: string } | undefined;
  size: BucketSize;
  buckets: MetricBucket[];
  total: number;
  /** Everything recorded up to here is counted; undefined where that is not known. */
  countedUpTo: number | undefined;
};

/** A quarter of 90 days by the hour is 2,161 buckets. */
export const LIMITS = {
  recordsPerBatch: 500,
  recordIdChars: 128,
  bucketsPerSeries: 2_200,
  ownSources: 100,
  dimensions: MAX_DIMENSIONS,
  dimensionValueChars: 64,
  /** Different pairs of key and value of a source in an hour. */
  pairsAnHour: 100,
  value: 1e12,
  /** Series that a query by a dimension gives, those with the most records. */
  seriesBy: 100,
  bucketsBy: 22_000,
  /** Of days, weeks and months. */
  rangeDays: 400,
} as const;

/** A bucket can still grow in the ordinary way until so long after its end. */
export const GRACE_MS = MINUTE_MS;

/** Numbers are kept to so many digits after the point. */
export const DIGITS = 6;

const source = v.pipe(
  v.string("must be text"),
  v.check(
    isRecorded,
    `must be one of ${
      RECORDED_SOURCES.join(", ")
    }, or a name of your own: ${OWN_SOURCE_RULE}; the other sources are counted by the service itself`,
  ),
);
export const value = v.pipe(
  v.number("must be a number"),
  v.check((n) => Math.abs(n) <= LIMITS.value, (i) => `must be from -10^12 to 10^12, got ${i.input}`),
  v.transform((n) => Number(n.toFixed(DIGITS))),
);
export const dimensionKey = v.pipe(
  v.string("must be text"),
  v.regex(
    DIMENSION_KEY,
    "must be 1 to 32 of A-Z, a-z, 0-9, `_`, `.` and `-`, beginning with a letter",
  ),
);
export const dimensionValue = words(LIMITS.dimensionValueChars);
const dimension = v.strictObject({
  key: dimensionKey,
  value: dimensionValue,
}, (issue) => {
  if (issue.expected === "Object") return "must be an object of key and value";
  return issue.expected === "never" ? "is no field of a dimension" : "is missing";
});
const dimensions = v.pipe(
  v.array(v.unknown(), "must be a list"),
  v.check(
    (all) => all.length <= LIMITS.dimensions,
    (issue) => `must be at most ${LIMITS.dimensions}, are ${issue.input.length}`,
  ),
  v.array(dimension),
  v.check((all) => new Set(all.map(({ key }) => key)).size === all.length, "must not have a key twice"),
  v.transform((all) => all.map(({ key, value }) => [key, value] as const).sort(([a], [b]) => (a < b ? -1 : 1))),
);

/** An id may be a number, which is the same id as its text. */
const recordId = v.pipe(
  v.union(
    [v.string(), v.pipe(v.number(), v.safeInteger(), v.transform(String))],
    "must be text, or a whole number from -(2^53-1) to 2^53-1; send a longer one as text",
  ),
  words(LIMITS.recordIdChars),
);
const record = v.strictObject({
  source,
  recordId,
  at: instant,
  value: v.nullish(value),
  dimensions: v.nullish(dimensions, []),
}, (issue) => {
  if (issue.expected === "Object") return "must be an object";
  return issue.expected === "never" ? "is no field of a record" : "is missing";
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
  | {
    status: "CONFLICT";
    reason: string;
    stands: number;
    standsValue: number | undefined;
    standsDimensions: Dimensions;
  };

/** Wrong fields of a record that are named. */
const MAX_REASONS = 5;

/** Each record of a batch, or why it can never be one. Throws InvalidInputError where the batch itself is wrong. */
export function parseRecords(input: unknown, now: number): (MetricRecord | { reason: string })[] {
  return parseInput(batch, input).records.map((one) => {
    const parsed = v.safeParse(record, one, { abortPipeEarly: true });
    if (!parsed.success) {
      const reasons = parsed.issues.map((issue) => `${fieldName(v.getDotPath(issue), "record")}: ${issue.message}`);
      return { reason: reasons.slice(0, MAX_REASONS).join("; ") };
    }
    const ahead = tooFarAhead(parsed.output.at, now);
    return ahead ? { reason: `at: ${ahead}` } : { ...parsed.output, value: parsed.output.value ?? undefined };
  });
}

const correction = v.object({
  source,
  recordId: words(LIMITS.recordIdChars),
  expectedAt: instant,
  expectedValue: v.nullish(value),
  isWithoutValue: v.nullish(v.boolean()),
  expectedDimensions: v.nullish(dimensions),
  isTakenBack: v.nullish(v.boolean()),
  at: v.nullish(instant),
  value: v.nullish(value),
  dimensions: v.nullish(dimensions),
});

/**
 * A record as it should be: at another time, or no more where `at` is null. What the sender saw of it is `expectedAt`; its number
 * where `expectedValue` says it, that it had none where `isWithoutValue` does; its dimensions where `expectedDimensions` says them;
 * and that it was taken back where `isTakenBack` does.
 */
export type Correction = v.InferOutput<typeof correction>;

/** Throws InvalidInputError. */
export function parseCorrection(input: unknown, now: number): Correction {
  return parseInput(correction, input, ({ at, value, dimensions, isTakenBack, expectedValue, isWithoutValue }) => {
    if (isWithoutValue && typeof expectedValue === "number") {
      return [{ path: ["isWithoutValue"], message: "must not stand beside expectedValue: it has a number, or none" }];
    }
    if (typeof at === "number") {
      const message = tooFarAhead(at, now);
      return message ? [{ path: ["at"], message }] : [];
    }
    // Whoever corrects a number alone must not take the record back by that.
    const beside = { value, dimensions, isTakenBack: isTakenBack || undefined };
    const [given] = Object.entries(beside).find(([, one]) => one !== undefined && one !== null) ?? [];
    const message = `is missing beside ${given}: give the time that the record should have, be it the one that it has`;
    return given === undefined ? [] : [{ path: ["at"], message }];
  });
}
