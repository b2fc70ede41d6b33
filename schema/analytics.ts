import type { Resolvers } from "./types.generated.ts";

export const analyticsResolvers = {
  Query: {
    sessionAnalytics: (_, { range, timeZone }, { viewer, services }) =>
      services.analytics.sessions(viewer.tenantId, undefined, range, timeZone),
    journeyAnalytics: (_, { range, timeZone }, { viewer, services }) =>
      services.analytics.journeys(viewer.tenantId, range, timeZone),
  },
  Sensor: {
    analytics: ({ sensorId }, { range, timeZone }, { viewer, services }) =>
      services.analytics.sessions(viewer.tenantId, sensorId, range, timeZone),
  },
  SessionAnalytics: {
    durationPercentiles: (numbers) => numbers.durationPercentiles(),
    averageTimeBetweenSessions: (numbers) => numbers.averageTimeBetweenSessions(),
    peakHour: (numbers) => numbers.peakHour(),
    byDay: (numbers) => numbers.byDay(),
    byWeek: (numbers) => numbers.byWeek(),
    byMonth: (numbers) => numbers.byMonth(),
    byHourOfWeek: (numbers) => numbers.byHourOfWeek(),
    topSensors: (numbers, { first }) => numbers.topSensors(first),
  },
  JourneyAnalytics: {
    durationPercentiles: (numbers) => numbers.durationPercentiles(),
    byDay: (numbers) => numbers.byDay(),
  },
} satisfies Resolvers;
