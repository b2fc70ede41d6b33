import { HOUR_MS } from "../api/core/clock.ts";
import { lengthOf, type RangeInput } from "../api/core/range.ts";
import type { AuditReport, BucketDifference as BucketDifferenceModel } from "../api/metrics/audit.ts";
import type { Dimensions, MetricReceipt as MetricReceiptModel } from "../api/metrics/model.ts";
import type { CorrectedMetric, RecordedMetrics } from "../api/metrics/service.ts";
import { formatInstant } from "../api/core/time.ts";
import { builder, entries } from "./builder.ts";
import { TimeRange } from "./common.ts";
import { errorType, InvalidInputError, notFound, NotFoundError, orInvalid, type UserErrorModel } from "./errors.ts";
import type { MeasureDifference as MeasureDifferenceModel } from "../api/metrics/audit-measures.ts";
import { MetricBucket, MetricDimension } from "./metrics.ts";

/** An hour that is counted again costs as much as a field, whatever is selected of the result. */
const COST_OF_AUDIT = {
  by: ["input"] as const,
  weigh: ({ input }: { input: { range: RangeInput } }) => ({ own: Math.ceil(lengthOf(input.range) / HOUR_MS) }),
};

type MetricConflict = UserErrorModel<"MetricConflictError", "VERSION_CONFLICT"> & {
  stands: number;
  standsValue: number | undefined;
  standsDimensions: Dimensions;
  isTakenBack: boolean;
};

const toDimensions = (dimensions: Dimensions) => dimensions.map(([key, value]) => ({ key, value }));

const RecordMetricsInput = builder.inputType("RecordMetricsInput", {
  description: "Records to count.",
  fields: (t) => ({
    records: t.field({
      type: ["MetricRecordInput"],
      required: { list: true, items: false },
      description: "1 to 500. One that is null is refused by its receipt, like any other that is no record.",
    }),
  }),
});

const MetricReceiptStatus = builder.enumType("MetricReceiptStatus", {
  description: "What became of a record.",
  values: {
    ACCEPTED: { description: "Kept now; its bucket follows." },
    DUPLICATE: { description: "Kept before, just so, or taken back since. Nothing changed." },
    CONFLICT: {
      description:
        "Kept before at another time, or with another number or other dimensions, which stand. Nothing changed; `correctMetric` changes it.",
    },
    REJECTED: { description: "Can never be kept as it is." },
  },
});

const MetricReceipt = builder.objectRef<MetricReceiptModel>("MetricReceipt").implement({
  description: "What became of one record.",
  access: "METRICS_WRITE",
  fields: (t) => ({
    status: t.field({ type: MetricReceiptStatus, description: "In a word.", resolve: ({ status }) => status }),
    reason: t.string({
      nullable: true,
      description: "What is wrong with it, and what to do; null where nothing is.",
      resolve: (receipt) => ("reason" in receipt ? receipt.reason : null),
    }),
    stands: t.field({
      type: "DateTime",
      nullable: true,
      description: "Of a CONFLICT: the time that the record has.",
      resolve: (receipt) => ("stands" in receipt ? receipt.stands : null),
    }),
    standsValue: t.float({
      nullable: true,
      description: "Of a CONFLICT: the number that the record has; null where it has none.",
      resolve: (receipt) => ("standsValue" in receipt ? receipt.standsValue : null),
    }),
    standsDimensions: t.field({
      type: [MetricDimension],
      nullable: true,
      description: "Of a CONFLICT: the dimensions that the record has, by their keys.",
      resolve: (receipt) => ("standsDimensions" in receipt ? toDimensions(receipt.standsDimensions) : null),
    }),
  }),
});

const RecordMetricsPayload = builder.objectRef<RecordedMetrics & { __typename: "RecordMetricsPayload" }>(
  "RecordMetricsPayload",
).implement({
  description: "What became of the records.",
  access: "METRICS_WRITE",
  fields: (t) => ({
    accepted: t.exposeInt("accepted", { description: "Records kept now." }),
    duplicates: t.exposeInt("duplicates", { description: "Records that were kept before." }),
    conflicts: t.exposeInt("conflicts", { description: "Records that were kept before in another way." }),
    rejected: t.exposeInt("rejected", { description: "Records that can never be kept as they are." }),
    receipts: t.expose("receipts", {
      type: [MetricReceipt],
      description: "One for each record, in their order.",
    }),
  }),
});

const RecordMetricsResult = builder.unionType("RecordMetricsResult", {
  description: "What became of the records, or why they were refused.",
  types: [RecordMetricsPayload, InvalidInputError],
});

const MetricDimensionInput = builder.inputType("MetricDimensionInput", {
  description: "What a record is told apart by.",
  fields: (t) => ({
    key: t.string({
      required: true,
      description: "1 to 32 of A-Z, a-z, 0-9, `_`, `.` and `-`, beginning with a letter.",
    }),
    value: t.string({ required: true, description: "1 to 64 characters." }),
  }),
});

const CorrectMetricInput = builder.inputType("CorrectMetricInput", {
  description: "A record, and how it should be.",
  fields: (t) => ({
    source: t.field({
      type: "MetricSource",
      required: true,
      description: "One of the first four sources, or a name of your own.",
    }),
    recordId: t.id({ required: true, description: "The record's own id." }),
    expectedAt: t.field({
      type: "DateTime",
      required: true,
      description: "The time that it has, as you know it; the last one that it had, where it is taken back.",
    }),
    expectedValue: t.float({
      description:
        "The number that it has, as you know it. It is not asked for where this is null or left out: of two who change it the later holds.",
    }),
    isWithoutValue: t.boolean({
      required: true,
      defaultValue: false,
      description: "True: as you know it, it has no number.",
    }),
    expectedDimensions: t.field({
      type: [MetricDimensionInput],
      description:
        "The dimensions that it has, as you know them, all of them; none where the list is empty. They are not asked for where this is null or left out: of two who change them the later holds.",
    }),
    isTakenBack: t.boolean({
      required: true,
      defaultValue: false,
      description: "True: as you know it, it is taken back, and comes back as it should be.",
    }),
    at: t.field({
      type: "DateTime",
      description:
        "The time that it should have, to 10 minutes from now. Null or left out, with nothing beside it: it is taken back.",
    }),
    value: t.float({ description: "The number that it should have; it stays as it is where null or left out." }),
    dimensions: t.field({
      type: [MetricDimensionInput],
      description:
        "The dimensions that it should have, all of them, at most 5; none where the list is empty. They stay as they are where null or left out.",
    }),
  }),
});

type Corrected = Extract<CorrectedMetric, { kind: "DONE" }> & { __typename: "CorrectMetricPayload" };

const CorrectMetricPayload = builder.objectRef<Corrected>("CorrectMetricPayload").implement({
  description: "The record as it is.",
  access: "METRICS_WRITE",
  fields: (t) => ({
    source: t.expose("source", { type: "MetricSource", description: "What it counts as." }),
    recordId: t.exposeID("recordId", { description: "The record's own id." }),
    at: t.expose("at", {
      type: "DateTime",
      nullable: true,
      description: "The time that it has; null where it is taken back. It stays known, so that it does not come again.",
    }),
    value: t.exposeFloat("value", { nullable: true, description: "The number that it has; null where it has none." }),
    dimensions: t.field({
      type: [MetricDimension],
      description: "The dimensions that it has, by their keys.",
      resolve: ({ dimensions }) => toDimensions(dimensions),
    }),
  }),
});

const MetricConflictError = errorType<MetricConflict>("MetricConflictError", {
  description:
    "The record is not as expected: somebody moved it, gave it another number or other dimensions, or took it back. Nothing was changed.",
  code: "VERSION_CONFLICT",
  message: "What it is now.",
  fields: (t) => ({
    stands: t.expose("stands", {
      type: "DateTime",
      description: "The time that it has, or had when it was taken back.",
    }),
    standsValue: t.exposeFloat("standsValue", {
      nullable: true,
      description: "The number that it has; null where it has none.",
    }),
    standsDimensions: t.field({
      type: [MetricDimension],
      description: "The dimensions that it has, by their keys.",
      resolve: ({ standsDimensions }) => toDimensions(standsDimensions),
    }),
    isTakenBack: t.exposeBoolean("isTakenBack", { description: "Whether it is taken back." }),
  }),
});

const CorrectMetricResult = builder.unionType("CorrectMetricResult", {
  description: "The record as it is, or why nothing was changed.",
  types: [CorrectMetricPayload, MetricConflictError, NotFoundError, InvalidInputError],
});

const AuditMetricsInput = builder.inputType("AuditMetricsInput", {
  description: "What to count again.",
  fields: (t) => ({
    source: t.field({
      type: "MetricSource",
      required: true,
      description: "What is counted.",
    }),
    range: t.field({
      type: TimeRange,
      required: true,
      description: "Of the records' own time; widened to whole minutes.",
    }),
    repair: t.boolean({
      required: true,
      defaultValue: false,
      description:
        "True: correct the buckets that are wrong. A minute with records that were written in the last moments is left as it is.",
    }),
  }),
});

const BucketDifference = builder.objectRef<BucketDifferenceModel>("BucketDifference").implement({
  description: "A bucket that does not say what the records say.",
  access: "ADMIN",
  fields: (t) => ({
    bucket: t.expose("bucket", { type: MetricBucket, nullable: true, description: "The bucket as it was." }),
    recounted: t.exposeInt("recounted", { description: "What it should count." }),
  }),
});

const MeasuredMinute = builder.objectRef<MeasureDifferenceModel["found"]>("MeasuredMinute").implement({
  description: "What the records of a minute come to: those with a number, or those of one dimension.",
  access: "ADMIN",
  fields: (t) => ({
    count: t.exposeInt("count", { description: "How many records." }),
    values: t.exposeInt("values", { description: "How many of them have a number." }),
    sum: t.exposeFloat("sum", { description: "The sum of these." }),
    min: t.exposeFloat("min", {
      nullable: true,
      description: "The least; null where there are none, or it is not known.",
    }),
    max: t.exposeFloat("max", { nullable: true, description: "The greatest, likewise." }),
  }),
});

const MeasureDifference = builder.objectRef<MeasureDifferenceModel>("MeasureDifference").implement({
  description: "A minute whose numbers or dimensions do not say what the records say.",
  access: "ADMIN",
  fields: (t) => ({
    start: t.field({ type: "DateTime", resolve: ({ start }) => start, description: "The minute." }),
    dimension: t.field({
      type: MetricDimension,
      nullable: true,
      resolve: ({ dimension }) => dimension ?? null,
      description: "Of records with this only; null: of all that have a number.",
    }),
    found: t.expose("found", { type: MeasuredMinute, nullable: true, description: "What was kept." }),
    recounted: t.expose("recounted", { type: MeasuredMinute, nullable: true, description: "What the records say." }),
  }),
});

const AuditMetricsPayload = builder.objectRef<AuditReport & { __typename: "AuditMetricsPayload" }>(
  "AuditMetricsPayload",
).implement({
  description:
    "A recount of the records against the buckets. What was written in the last moments may be counted already or not, and what has expired is counted and not found again: neither makes a difference.",
  access: "ADMIN",
  fields: (t) => ({
    recordsCounted: t.exposeInt("recordsCounted", { description: "The records that were found in the range." }),
    bucketsChecked: t.exposeInt("bucketsChecked", {
      description: "Buckets of one minute that were compared; larger ones are their sums.",
    }),
    differences: t.expose("differences", {
      type: [BucketDifference],
      description: "The buckets of one minute that are wrong, as they were; at most the first 1,000.",
    }),
    measureDifferences: t.expose("measureDifferences", {
      type: [MeasureDifference],
      description:
        "The minutes whose numbers, or records of one dimension, are wrong, as they were; at most the first 1,000. Minutes of which something has expired are left out.",
    }),
    repaired: t.exposeInt("repaired", { description: "How many of both were corrected." }),
  }),
});

const AuditMetricsResult = builder.unionType("AuditMetricsResult", {
  description: "The recount, or what is wrong with the input.",
  types: [AuditMetricsPayload, InvalidInputError],
});

entries.mutationFields((t) => ({
  recordMetrics: t.field({
    type: RecordMetricsResult,
    description:
      "Keeps records to be counted, each once. A record that is wrong holds up no other. Buckets follow within a second.",
    access: "METRICS_WRITE",
    args: { input: t.arg({ type: RecordMetricsInput, required: true, description: "The records." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => ({
        __typename: "RecordMetricsPayload" as const,
        ...await services.metrics.record(viewer.tenantId, input),
      })),
  }),

  correctMetric: t.field({
    type: CorrectMetricResult,
    description:
      "Moves a record to another time, gives it another number or other dimensions, or takes it back. Its buckets follow within a second. Doing it again changes nothing.",
    access: "METRICS_WRITE",
    args: { input: t.arg({ type: CorrectMetricInput, required: true, description: "The record." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => correctedOf(await services.metrics.correct(viewer.tenantId, input))),
  }),

  auditMetrics: t.field({
    type: AuditMetricsResult,
    description:
      "Counts the records again, says every bucket that is wrong, and corrects it where asked to: how many they are, and what they measure, in all and by dimension. Expected: none, ever.",
    access: "ADMIN",
    args: { input: t.arg({ type: AuditMetricsInput, required: true, description: "What to count again." }) },
    cost: COST_OF_AUDIT,
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => ({
        __typename: "AuditMetricsPayload" as const,
        ...await services.auditMetrics(viewer.tenantId, input),
      })),
  }),
}));

function correctedOf(corrected: CorrectedMetric) {
  if (corrected.kind === "DONE") return { __typename: "CorrectMetricPayload" as const, ...corrected };
  if (corrected.kind === "NOT_FOUND") return notFound("There is no such record.");
  const { stands, standsValue, standsDimensions, isTakenBack } = corrected;
  const number = standsValue === undefined ? "" : ` with the number ${standsValue}`;
  const words = standsDimensions.map(([key, value]) => `${key}=${value}`).join(", ");
  const message = isTakenBack
    ? `The record was taken back, at ${formatInstant(stands)}; \`isTakenBack: true\` brings it back.`
    : `The record is at ${formatInstant(stands)}${number}${words && ` and ${words}`}; correct it from there.`;
  return {
    ...{ __typename: "MetricConflictError" as const, code: "VERSION_CONFLICT" as const, message },
    ...{ stands, standsValue, standsDimensions, isTakenBack },
  };
}
