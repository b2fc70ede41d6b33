import type { TestApp } from "./app.ts";

const PERIOD = `{ start sessions motionEvents totalDuration playbackSuccessRate }`;
export const SESSION_NUMBERS = `totalSessions activeSessions completedSessions totalMotionEvents
  averageMotionEventsPerSession totalDuration averageDuration durationPercentiles { p50 p95 p99 }
  averageTimeBetweenSessions peakHour sessionsWithPlayback playbackSuccessRate
  byDay ${PERIOD} byWeek ${PERIOD} byMonth ${PERIOD} byHourOfWeek { weekday hour sessions }
  topSensors(first: 100) { sensor { sensorId } sessions motionEvents }`;
const JOURNEY_NUMBERS = `totalJourneys totalEvents outcomes { outcome journeys } conversionRate averageMessages
  durationPercentiles { p50 p95 p99 } byDay { start journeys events conversions }`;

const SESSIONS = `query ($range: TimeRange!, $zone: TimeZone! = "UTC") {
  sessionAnalytics(range: $range, timeZone: $zone) { ${SESSION_NUMBERS} } }`;
const SENSOR = `query ($id: String!, $range: TimeRange!, $zone: TimeZone! = "UTC") {
  sensor(sensorId: $id) { analytics(range: $range, timeZone: $zone) { ${SESSION_NUMBERS} } } }`;
const JOURNEYS = `query ($range: TimeRange!, $zone: TimeZone! = "UTC") {
  journeyAnalytics(range: $range, timeZone: $zone) { ${JOURNEY_NUMBERS} } }`;

/** A range by its ends in epoch milliseconds, as the API takes it. */
export function between(from: number, to: number) {
  return { between: { from: new Date(from).toISOString(), to: new Date(to).toISOString() } };
}

/** All numbers over the sessions of a tenant, or of one sensor. Throws where the request failed. */
export async function sessionNumbers(
  api: TestApp,
  tenantId: string,
  range: object,
  { zone = "UTC", sensorId }: { zone?: string; sensorId?: string } = {},
  // oxlint-disable-next-line no-explicit-any
): Promise<any> {
  if (sensorId === undefined) return (await dataOf(api, tenantId, SESSIONS, { range, zone })).sessionAnalytics;
  return (await dataOf(api, tenantId, SENSOR, { id: sensorId, range, zone })).sensor.analytics;
}

/** All numbers over the journeys of a tenant. Throws where the request failed. */
// oxlint-disable-next-line no-explicit-any
export async function journeyNumbers(api: TestApp, tenantId: string, range: object, zone = "UTC"): Promise<any> {
  return (await dataOf(api, tenantId, JOURNEYS, { range, zone })).journeyAnalytics;
}

async function dataOf(api: TestApp, tenantId: string, query: string, variables: object) {
  const answer = await api.ask(tenantId, query, variables);
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}
