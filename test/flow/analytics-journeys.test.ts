import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { between, journeyNumbers } from "../kit/analytics.ts";
import { startMemoryApp, startTestApp, type TestApp } from "../kit/app.ts";
import { type EventInput, record } from "../kit/journeys.ts";

const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 9, 25, 9, 40);
const clock = { now: NOW };
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => clock.now });
});
beforeEach(() => {
  clock.now = NOW;
});
afterAll(() => api.stop());

const iso = (at: number) => new Date(at).toISOString();
const event = (sessionId: string, seq: number, type: string, at: number): EventInput => (
  { sessionId, seq, type, occurredAt: iso(at) }
);

async function numbers(tenant: string, from = NOW - 3 * DAY, to = NOW + HOUR, zone = "UTC") {
  await api.settle();
  return await journeyNumbers(api, tenant, between(from, to), zone);
}

/** Outcomes that there are, by name. */
function outcomesOf({ outcomes }: { outcomes: { outcome: string; journeys: number }[] }) {
  expect(outcomes.map(({ outcome }) => outcome)).toEqual([
    ...["GOAL_REACHED", "FORM_COMPLETED", "CTA_CLICKED", "LINK_CLICKED", "ABANDONED", "BROWSING"],
  ]);
  return Object.fromEntries(
    outcomes.filter(({ journeys }) => journeys !== 0).map((own) => [own.outcome, own.journeys]),
  );
}

describe("numbers over journeys", () => {
  test("count journeys, events, messages, outcomes and durations, by days of the zone that was asked for", async () => {
    const start = Date.UTC(2026, 9, 24, 22, 5);
    await record(api, "all", [
      event("form", 1, "FORM_STARTED", start),
      event("form", 2, "FORM_COMPLETED", start + 4 * MIN),
      event("link", 1, "PAGE_VIEWED", start - HOUR),
      event("link", 2, "LINK_CLICKED", start - HOUR + 10_000),
      event("chat", 1, "MESSAGE_SENT", start + HOUR),
      event("chat", 2, "MESSAGE_RECEIVED", start + HOUR + MIN),
      event("chat", 3, "MESSAGE_SENT", start + HOUR + 2 * MIN),
      event("look", 1, "PAGE_VIEWED", start + 2 * HOUR),
    ]);
    const found = await numbers("all", Date.UTC(2026, 9, 23, 22), NOW, "Europe/Madrid");
    expect(outcomesOf(found)).toEqual({ FORM_COMPLETED: 1, LINK_CLICKED: 1, ABANDONED: 1, BROWSING: 1 });
    expect(found).toMatchObject({ totalJourneys: 4, totalEvents: 8, conversionRate: 0.5, averageMessages: 0.75 });
    // Durations in order: 0 s, 10 s, 2 min, 4 min; at most 2 % off.
    const { p50, p95, p99 } = found.durationPercentiles;
    for (const [percentile, exact] of [[p50, 10_000], [p95, 240_000], [p99, 240_000]]) {
      expect(Math.abs(percentile - exact)).toBeLessThanOrEqual(exact * 0.02);
    }
    // The day of 25 hours begins at 22:00 UTC.
    expect(found.byDay).toEqual([
      { start: "2026-10-23T22:00:00.000Z", journeys: 1, events: 2, conversions: 1 },
      { start: "2026-10-24T22:00:00.000Z", journeys: 3, events: 6, conversions: 1 },
    ]);
    const utc = await numbers("all", Date.UTC(2026, 9, 24), Date.UTC(2026, 9, 25));
    expect(utc.byDay).toEqual([{ start: "2026-10-24T00:00:00.000Z", journeys: 3, events: 7, conversions: 2 }]);
  });

  test("count a journey as abandoned when 30 minutes have passed, at most a minute late, without a write", async () => {
    const last = NOW - 10_000;
    await record(api, "wait", [event("w", 1, "FORM_STARTED", NOW - 5 * MIN), event("w", 2, "PAGE_VIEWED", last)]);
    expect(outcomesOf(await numbers("wait"))).toEqual({ BROWSING: 1 });
    clock.now = last + 30 * MIN;
    expect(outcomesOf(await numbers("wait"))).toEqual({ BROWSING: 1 });
    clock.now = last + 31 * MIN;
    expect(outcomesOf(await numbers("wait"))).toEqual({ ABANDONED: 1 });
    clock.now = NOW + MIN;
    await record(api, "wait", [event("w", 3, "PAGE_VIEWED", NOW + MIN)]);
    clock.now = NOW + 30 * MIN;
    expect(outcomesOf(await numbers("wait"))).toEqual({ BROWSING: 1 });
    clock.now = NOW + 32 * MIN;
    expect(outcomesOf(await numbers("wait"))).toEqual({ ABANDONED: 1 });
    await record(api, "wait", [event("w", 4, "CTA_CLICKED", NOW + 32 * MIN)]);
    expect(outcomesOf(await numbers("wait"))).toEqual({ CTA_CLICKED: 1 });
    clock.now = NOW + 3 * HOUR;
    expect(outcomesOf(await numbers("wait"))).toEqual({ CTA_CLICKED: 1 });
  });

  test("keep one who came back only to look as abandoned", async () => {
    await record(api, "back", [event("b", 1, "MESSAGE_SENT", NOW - 2 * HOUR), event("b", 2, "PAGE_VIEWED", NOW - MIN)]);
    expect(outcomesOf(await numbers("back"))).toEqual({ ABANDONED: 1 });
  });

  test("move with events that come late, also to another day, and stay when streams are delivered again", async () => {
    await record(api, "late", [event("l", 2, "PAGE_VIEWED", NOW - HOUR)]);
    expect((await numbers("late")).byDay.map(({ journeys }: { journeys: number }) => journeys)).toEqual([0, 0, 0, 1]);
    await record(api, "late", [event("l", 1, "MESSAGE_SENT", NOW - DAY)]);
    const moved = await numbers("late");
    expect(moved.byDay.map(({ journeys, events }: Record<string, number>) => [journeys, events])).toEqual([
      ...[[0, 0], [0, 0], [1, 2], [0, 0]],
    ]);
    const other = await startTestApp({ system: api.system, clock: () => clock.now });
    await other.settle();
    await other.stop();
    expect(await numbers("late")).toEqual(moved);
  });

  test("over a range without journeys are zeros and nulls", async () => {
    expect(await numbers("none", NOW - HOUR, NOW)).toEqual({
      totalJourneys: 0,
      totalEvents: 0,
      outcomes: ["GOAL_REACHED", "FORM_COMPLETED", "CTA_CLICKED", "LINK_CLICKED", "ABANDONED", "BROWSING"].map((
        outcome,
      ) => (
        { outcome, journeys: 0 }
      )),
      conversionRate: null,
      averageMessages: null,
      durationPercentiles: null,
      byDay: [{ start: iso(Date.UTC(2026, 9, 25)), journeys: 0, events: 0, conversions: 0 }],
    });
  });
});
