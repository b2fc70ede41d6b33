import type { BucketSize, MetricSource } from "../api/metrics/model.ts";
import type { Context } from "./context.ts";
import type { Subscribe } from "./guard.ts";
import { orInvalid } from "./results.ts";
import type { Resolvers } from "./types.generated.ts";

export const metricResolvers = {
  Query: {
    metrics: (_, { sources, size, range }, { viewer, services }) =>
      services.metrics.series(viewer.tenantId, sources, size, range),
  },
  Mutation: {
    recordMetrics: (_, { input }, { viewer, services }) =>
      orInvalid(async () => ({
        __typename: "RecordMetricsPayload",
        ...await services.metrics.record(viewer.tenantId, input),
      })),
    auditMetrics: (_, { input }, { viewer, services }) =>
      orInvalid(async () => ({
        __typename: "AuditMetricsPayload",
        ...await services.auditMetrics(viewer.tenantId, { ...input, repair: input.repair ?? false }),
      })),
  },
} satisfies Resolvers;

export const metricStreams = {
  metricBuckets: (({ sources, size, after }, context, signal) =>
    context.services.watchMetrics(
      (context as Context).viewer.tenantId,
      sources,
      size,
      after,
      signal,
    )) satisfies Subscribe<{ sources: MetricSource[]; size: BucketSize; after?: string | null }>,
};
