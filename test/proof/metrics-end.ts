import type { Item } from "../../api/aws/dynamo.ts";
import { fromItem as journeyOf } from "../../api/journeys/item.ts";
import { outcomeOf } from "../../api/journeys/rules.ts";
import { BUCKET_MINUTES, type BucketSize, type MetricSource } from "../../api/metrics/model.ts";
import { fromItem as sessionOf } from "../../api/sessions/item.ts";
import { durationOf } from "../../api/sessions/rules.ts";
import type { Oracle } from "./metrics-oracle.ts";
import { readBucket, type Services } from "./metrics-wiring.ts";

const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;
/** A series holds at most 1,500 buckets. */
const MAX_MINUTES = 1_440;

export type Must = (law: string, found: unknown, expected: unknown) => void;

/** Every bucket of every source and size equals the oracle's count, and no other bucket holds anything. */
export async function checkBuckets(
  services: Services,
  items: readonly Item[],
  oracle: Oracle,
  must: Must,
) {
  let checked = 0;
  for (const [series, minutes] of oracle.now) {
    const [tenantId, source] = series.split(" ") as [string, MetricSource];
    const kept = items.flatMap((item) => readBucket(item) ?? []).filter((bucket) => bucket.series === series);
    const sum = kept.flatMap(({ counts }) => counts).reduce((all, [, n]) => all + n, 0);
    must(`all of ${series} is counted`, sum, [...minutes.values()].reduce((all, n) => all + n, 0));
    for (const [from, to] of stretchesOf([...minutes.keys()])) {
      const range = { between: { from: from * MINUTE_MS, to: to * MINUTE_MS } };
      for (const [size, length] of Object.entries(BUCKET_MINUTES) as [BucketSize, number][]) {
        const [found] = await services.metrics.series(tenantId, { sources: [source], size, range });
        const expected = new Map<number, number>();
        for (const [minute, n] of minutes) {
          const start = Math.floor(minute / length) * length;
          if (minute >= from && minute < to && n !== 0) expected.set(start, (expected.get(start) ?? 0) + n);
        }
        checked += found!.buckets.length;
        must(
          `every bucket of ${series} of ${size} equals the count`,
          found!.buckets.filter(({ count }) => count !== 0).map(({ start, count }) => [start / MINUTE_MS, count]),
          [...expected].filter(([, n]) => n !== 0).sort(([a], [b]) => a - b),
        );
      }
    }
  }
  for (const item of items) {
    const bucket = readBucket(item);
    if (!bucket || oracle.now.has(bucket.series)) continue;
    must("nothing is counted that was not written", [bucket.series, bucket.counts.filter(([, n]) => n !== 0)], [
      bucket.series,
      [],
    ]);
  }
  return checked;
}

/** A journey no part of which has expired shows each event at the time at which it was counted, whatever other writers have stored besides. */
export async function checkTimelines(
  services: Services,
  oracle: Oracle,
  isWhole: (journey: string) => boolean,
  must: Must,
) {
  for (const [name, times] of oracle.timelines) {
    if (!isWhole(name)) continue;
    const [tenantId, sessionId] = name.split(" ") as [string, string];
    const journey = (await services.journeys.find(tenantId, [sessionId])).get(sessionId);
    if (!journey) continue;
    const { edges } = await services.journeys.listEvents(journey, { first: 500 });
    must(
      `the timeline of ${name} is what was counted`,
      edges.map(({ node }) => node.occurredAt),
      times.toSorted((a, b) => a - b),
    );
  }
}

/** Whole hours that hold all minutes, cut where a long time lies between. */
export function stretchesOf(minutes: readonly number[]): [from: number, to: number][] {
  const stretches: [number, number][] = [];
  for (const hour of [...new Set(minutes.map((minute) => minute - (minute % HOUR_MINUTES)))].sort((a, b) => a - b)) {
    const last = stretches.at(-1);
    if (last && hour + HOUR_MINUTES - last[0] <= MAX_MINUTES) last[1] = hour + HOUR_MINUTES;
    else stretches.push([hour, hour + HOUR_MINUTES]);
  }
  return stretches;
}

/** What analytics say equals what the last images of sessions and journeys say; those that expired are still in it. */
export async function checkRollups(
  services: Services,
  tenantId: string,
  oracle: Oracle,
  [fromAt, now]: readonly [fromAt: number, now: number],
  must: Must,
) {
  const own = (table: string, part: string) =>
    oracle.images(table).filter(({ pk, sk }) =>
      (pk as string).startsWith(`${tenantId}#`) && (sk as string).split("#")[1] === part
    );
  // What was merged into another leaves a stub, which says where it went and counts for nothing.
  const sessions = own("sessions", "SESSION").filter(({ startedAt }) => startedAt !== undefined).map((item) =>
    sessionOf(item)!
  );
  const journeys = own("journeys", "META").map(journeyOf);
  const range = { between: { from: fromAt, to: now } };
  const found = await services.analytics.sessions(tenantId, undefined, range, { timeZone: "UTC" });
  const durations = sessions.map(durationOf).filter((ms) => ms !== undefined);
  must("sessions are rolled up", {
    totalSessions: found.totalSessions,
    completedSessions: found.completedSessions,
    totalMotionEvents: found.totalMotionEvents,
    totalDuration: found.totalDuration,
    started: found.sessionsWithPlayback,
  }, {
    totalSessions: sessions.length,
    completedSessions: durations.length,
    totalMotionEvents: total(sessions.map((session) => session.motionEventCount)),
    totalDuration: total(durations),
    started: sessions.filter(({ playback }) => playback.started).length,
  });
  const days = Map.groupBy(sessions, ({ startedAt }) => dayOf(startedAt));
  must(
    "sessions are rolled up by day",
    found.byDay().filter((day) => day.sessions > 0).map((
      day,
    ) => [day.start, day.sessions, day.motionEvents, day.totalDuration]),
    [...days].sort(([a], [b]) => a - b).map(([start, all]) => [
      start,
      all.length,
      total(all.map((session) => session.motionEventCount)),
      total(all.map((session) => durationOf(session) ?? 0)),
    ]),
  );
  mustBeNear(await found.durationPercentiles(), durations, must);
  for (const [sensorId, all] of Map.groupBy(sessions, (session) => session.sensorId)) {
    const sensor = await services.analytics.sessions(tenantId, sensorId, range, { timeZone: "UTC" });
    must(`sensor ${sensorId} is rolled up`, [sensor.totalSessions, sensor.totalMotionEvents, sensor.totalDuration], [
      all.length,
      total(all.map((session) => session.motionEventCount)),
      total(all.map((session) => durationOf(session) ?? 0)),
    ]);
  }
  const told = await services.analytics.journeys(tenantId, range, { timeZone: "UTC" });
  const outcomes = Map.groupBy(journeys, (journey) => outcomeOf(journey, now));
  must("journeys are rolled up", {
    journeys: told.totalJourneys,
    events: told.totalEvents,
    outcomes: Object.fromEntries(
      told.outcomes.filter((one) => one.journeys > 0).map((one) => [one.outcome, one.journeys]),
    ),
  }, {
    journeys: journeys.length,
    events: total(journeys.map((journey) => journey.eventCount)),
    outcomes: Object.fromEntries([...outcomes].map(([outcome, all]) => [outcome, all.length])),
  });
  mustBeNear(await told.durationPercentiles(), journeys.map(({ startedAt, endedAt }) => endedAt - startedAt), must);
}

/** By nearest rank, at most 2 % off. */
function mustBeNear(found: { p50: number; p95: number; p99: number } | null, all: readonly number[], must: Must): void {
  const sorted = [...all].sort((a, b) => a - b);
  if (sorted.length === 0) return must("no duration has no percentiles", found, null);
  for (const [name, percent] of [["p50", 50], ["p95", 95], ["p99", 99]] as const) {
    const exact = sorted[Math.ceil((percent * sorted.length) / 100) - 1]!;
    const isNear = found !== null && Math.abs(found[name] - exact) <= exact * 0.02;
    must(`${name} is at most 2 % off: ${found?.[name]} for ${exact}`, isNear, true);
  }
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, n) => sum + n, 0);
}

function dayOf(at: number): number {
  return at - (at % 86_400_000);
}
