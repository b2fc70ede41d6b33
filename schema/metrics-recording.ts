import { HOUR_MS } from "../api/core/clock.ts";
import { lengthOf, type RangeInput } from "../api/core/range.ts";
import type { AuditReport, BucketDifference as BucketDifferenceModel } from "../api/metrics/audit.ts";
import { builder, entries } from "./builder.ts";
import { TimeRange } from "./common.ts";
import { InvalidInputError, orInvalid } from "./errors.ts";
import { MetricBucket, MetricSource } from "./metrics.ts";

/** An hour that is counted again costs as much as a field, whatever is selected of the result. */
const COST_OF_AUDIT = {
  by: ["input"] as const,
  weigh: ({ input }: { input: { range: RangeInput } }) => ({ own: Math.ceil(lengthOf(input.range) / HOUR_MS) }),
};

const MetricRecordInput = builder.inputType("MetricRecordInput", {
  description: "One record to count.",
  fields: (t) => ({
    source: t.field({ type: MetricSource, required: true, description: "One of the first four sources." }),
    recordId: t.id({ required: true, description: "The record's own id: (tenant, source, recordId) is counted once." }),
    at: t.field({ type: "DateTime", required: true, description: "From 1990 to 10 minutes from now." }),
  }),
});

const RecordMetricsInput = builder.inputType("RecordMetricsInput", {
  description: "Records to count.",
  fields: (t) => ({ records: t.field({ type: [MetricRecordInput], required: true, description: "1 to 500." }) }),
});

const RecordMetricsPayload = builder.objectRef<
  { __typename: "RecordMetricsPayload"; accepted: number; duplicates: number }
>("RecordMetricsPayload").implement({
  description: "What became of the records.",
  access: "METRICS_WRITE",
  fields: (t) => ({
    accepted: t.exposeInt("accepted", { description: "Records kept now." }),
    duplicates: t.exposeInt("duplicates", { description: "Records that were kept before." }),
  }),
});

const RecordMetricsResult = builder.unionType("RecordMetricsResult", {
  description: "What became of the records, or why they were refused.",
  types: [RecordMetricsPayload, InvalidInputError],
});

const AuditMetricsInput = builder.inputType("AuditMetricsInput", {
  description: "What to count again.",
  fields: (t) => ({
    source: t.field({
      type: MetricSource,
      required: true,
      description:
        "What is counted. Of MOTION_EVENTS and REVIEWS no single records are kept: they cannot be counted again.",
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
    repaired: t.exposeInt("repaired", { description: "How many of them were corrected." }),
  }),
});

const AuditMetricsResult = builder.unionType("AuditMetricsResult", {
  description: "The recount, or what is wrong with the input.",
  types: [AuditMetricsPayload, InvalidInputError],
});

entries.mutationFields((t) => ({
  recordMetrics: t.field({
    type: RecordMetricsResult,
    description: "Keeps records to be counted, each once. Buckets follow within a second.",
    access: "METRICS_WRITE",
    args: { input: t.arg({ type: RecordMetricsInput, required: true, description: "The records." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => ({
        __typename: "RecordMetricsPayload" as const,
        ...await services.metrics.record(viewer.tenantId, input),
      })),
  }),

  auditMetrics: t.field({
    type: AuditMetricsResult,
    description:
      "Counts the records again, says every bucket that is wrong, and corrects it where asked to. Expected: none, ever.",
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
