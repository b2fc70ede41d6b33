import { readFile } from "node:fs/promises";
import type { GraphQLSchema } from "graphql";
import { accountResolvers } from "./accounts.ts";
import { analyticsResolvers } from "./analytics.ts";
import { attachResolvers } from "./attach.ts";
import { ACCESS, type Access, guarded, guardedStream, type Subscribe } from "./guard.ts";
import { journeyResolvers, journeyStreams } from "./journeys.ts";
import { metricResolvers, metricStreams } from "./metrics.ts";
import { nodeResolvers } from "./nodes.ts";
import { reviewResolvers, reviewStreams } from "./review.ts";
import { sessionResolvers, sessionStreams } from "./sessions.ts";
import { scalars } from "./scalars.ts";

/** The contract with its resolvers, each entry point behind its guard. */
export async function buildSchema(now: () => number): Promise<GraphQLSchema> {
  const sdl = await readFile(new URL("schema.graphql", import.meta.url), "utf8");
  const { Query: accountQueries, Mutation: accountMutations } = accountResolvers;
  const { Query: journeyQueries, Mutation: journeyMutations, ...journeyTypes } = journeyResolvers;
  const { Query: sessionQueries, Mutation: sessionMutations, ...sessionTypes } = sessionResolvers;
  const { Query: metricQueries, Mutation: metricMutations } = metricResolvers;
  const { Query: analyticsQueries, Sensor: sensorAnalytics, ...analyticsTypes } = analyticsResolvers;
  const { Query: reviewQueries, Mutation: reviewMutations, ...reviewTypes } = reviewResolvers;
  const { Query: nodeQueries, ...nodeTypes } = nodeResolvers;
  return attachResolvers(sdl, {
    ...scalars,
    ...sessionTypes,
    ...journeyTypes,
    ...reviewTypes,
    ...nodeTypes,
    ...analyticsTypes,
    Sensor: { ...sessionTypes.Sensor, ...sensorAnalytics },
    Query: guardAll(ACCESS.Query, {
      ...accountQueries,
      ...nodeQueries,
      ...sessionQueries,
      ...journeyQueries,
      ...metricQueries,
      ...reviewQueries,
      ...analyticsQueries,
    }),
    Mutation: guardAll(ACCESS.Mutation, {
      ...accountMutations,
      ...sessionMutations,
      ...journeyMutations,
      ...metricMutations,
      ...reviewMutations,
    }),
    Subscription: guardStreams(ACCESS.Subscription, {
      ...journeyStreams,
      ...sessionStreams,
      ...metricStreams,
      ...reviewStreams,
    }, now),
  });
}

/** A resolver for every entry point: one that is missing does not compile. */
function guardAll<Name extends string>(access: Record<Name, Access>, resolvers: Record<Name, unknown>) {
  const names = Object.keys(access) as Name[];
  return Object.fromEntries(names.map((name) => [name, guarded(access[name], resolvers[name] as never)]));
}

function guardStreams<Name extends string>(
  access: Record<Name, Access>,
  streams: Record<Name, Subscribe<never>>,
  now: () => number,
) {
  const names = Object.keys(access) as Name[];
  return Object.fromEntries(names.map((name) => [name, {
    subscribe: guardedStream(access[name], streams[name], now),
    resolve: (message: unknown) => message,
  }]));
}
